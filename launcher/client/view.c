/* SPDX-License-Identifier: MIT */
#include "launcher/client/view.h"

#include "config/clock.h"
#include "config/signal_name.h"
#include "launcher/client/json_member.h"
#include "launcher/client/slow_stop.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_KEPT_BYTES 4096

static const struct view_usage unknown_usage = {.cpu_percent = -1, .rss_bytes = -1, .processes = -1};

void view_init(struct view *self)
{
	*self = (struct view){.up_after_ms = -1, .usage = unknown_usage};
	err_init(&self->failure);
}

static void unit_finish(struct view_unit *self)
{
	free(self->name);
	free(self->service);
	free(self->probe_kind);
	free(self->probe_target);
	free(self->ports);
	free(self->why);
	free(self->status);
	free(self->open);
	free(self->waits_for);
	free(self->waits_condition);
	free(self->start.waited_for);
	free(self->image);
	free(self->container);
	free(self->progress.text);
	memset(self, 0, sizeof(*self));
}

void view_finish(struct view *self)
{
	for (size_t i = 0; i < self->count; i++)
		unit_finish(&self->units[i]);
	free(self->units);
	free(self->project);
	free(self->app);
	free(self->app_version);
	free(self->dir);
	free(self->open);
	free(self->consent_text);
	free(self->failed_unit);
	free(self->line);
	free(self->engine.name);
	free(self->engine.version);
	free(self->engine.address);
	free(self->engine.compose);
	free(self->engine.why);
	free(self->engine.untold_why);
	err_finish(&self->failure);
	view_init(self);
}

/* ---- JSON ---- */

/* What has not changed stays where it is: many small pieces that move with every event would lie all over the heap. */
static void keep_text(char **to, const char *text)
{
	if (text != NULL && *to != NULL && strcmp(text, *to) == 0)
		return;
	free(*to);
	*to = text != NULL ? strdup(text) : NULL;
}

static char *ports_of(const cJSON *object)
{
	const cJSON *ports = json_member(object, "ports");
	const cJSON *port;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	cJSON_ArrayForEach(port, ports)
	{
		const char *host = json_text(port, "host"), *protocol = json_text(port, "protocol");
		int from = json_int(port, "published"), to = json_int(port, "published_end");

		if (from == 0)
			continue;
		fflush(out);
		fprintf(out, "%s%s%s%d", size > 0 ? ", " : "", host != NULL ? host : "", host != NULL ? ":" : "", from);
		if (to > from)
			fprintf(out, "-%d", to);
		if (protocol != NULL && strcmp(protocol, "tcp") != 0)
			fprintf(out, "/%s", protocol);
	}
	fclose(out);
	return text;
}

static void take_ports(struct view_unit *self, const cJSON *object)
{
	char *text = NULL;

	if (cJSON_GetArraySize(json_member(object, "ports")) > 0)
		text = ports_of(object);
	keep_text(&self->ports, text != NULL ? text : "");
	free(text);
}

static void take_probe(struct view_unit *self, const cJSON *object)
{
	const cJSON *probe = json_member(object, "probe");
	const char *target = json_text(probe, "target");

	char *place = NULL;

	self->has_probe = cJSON_IsObject(probe);
	keep_text(&self->probe_kind, json_text(probe, "kind"));
	self->probe_attempts = json_int(probe, "attempts");
	if (target != NULL && json_int(probe, "port") > 0 &&
	    asprintf(&place, "%s:%d", target, json_int(probe, "port")) < 0)
		place = NULL;
	keep_text(&self->probe_target, place != NULL ? place : target);
	free(place);
}

/* A signal is told by its name. */
static void take_exit(struct view_unit *self, const cJSON *how)
{
	const char *name = json_text(how, "signal");
	int signal = 0;

	self->exit_signaled = name != NULL ? signal_parse(name, &signal) : (signal = json_int(how, "signal")) > 0;
	self->exit_value = self->exit_signaled ? signal : json_int(how, "code");
}

static void take_stopping(struct view_unit *self, const cJSON *object, int64_t slow_ms)
{
	const int64_t now_ms = clock_monotonic_ms(), kill_in_ms = json_number(object, "kill_in_ms", -1);

	if (strcmp(self->state, "stopping") != 0)
		return;
	self->slow_ms = slow_ms > 0 ? slow_ms : now_ms + SLOW_STOP_MS;
	self->kill_ms = kill_in_ms >= 0 ? now_ms + kill_in_ms : 0;
}

/* Null is taken for -1. */
static void take_start(struct view_unit *self, const cJSON *object)
{
	const cJSON *start = json_member(object, "start");

	self->start.launched_ms = json_number(start, "launched_ms", -1);
	self->start.probed_ms = json_number(start, "probed_ms", -1);
	self->start.ready_ms = json_number(start, "ready_ms", -1);
	self->start.ended_ms = json_number(start, "ended_ms", -1);
	keep_text(&self->start.waited_for, json_text(start, "waited_for"));
}

static void take_waiting(struct view_unit *self, const cJSON *object)
{
	const cJSON *awaited = json_member(object, "waits_for");

	keep_text(&self->waits_for, json_text(awaited, "service"));
	keep_text(&self->waits_condition, json_text(awaited, "condition"));
}

static void take_container(struct view_unit *self, const cJSON *object)
{
	const cJSON *progress = json_member(object, "progress");
	const char *kind = json_text(object, "kind"), *work = json_text(progress, "work");

	self->is_container = kind != NULL && strcmp(kind, "container") == 0;
	keep_text(&self->image, json_text(object, "image"));
	keep_text(&self->container, json_text(object, "container"));
	snprintf(self->progress.work, sizeof(self->progress.work), "%s", work != NULL ? work : "");
	self->progress.done = json_number(progress, "done", 0);
	self->progress.total = json_number(progress, "total", 0);
	keep_text(&self->progress.text, json_text(progress, "text"));
}

static bool take_unit(struct view_unit *self, const cJSON *object)
{
	const cJSON *how = json_member(object, "exit");
	const cJSON *loop = json_member(object, "crash_loop");
	const char *state = json_text(object, "state");
	const char *trouble = json_text(object, "log_trouble");
	const struct view_unit was = *self;

	if (json_text(object, "name") == NULL || json_text(object, "service") == NULL || state == NULL)
		return false;
	*self = (struct view_unit){.name = was.name,
				   .service = was.service,
				   .probe_kind = was.probe_kind,
				   .probe_target = was.probe_target,
				   .ports = was.ports,
				   .why = was.why,
				   .status = was.status,
				   .open = was.open,
				   .waits_for = was.waits_for,
				   .waits_condition = was.waits_condition,
				   .start = was.start,
				   .image = was.image,
				   .container = was.container,
				   .progress = was.progress,
				   .usage = was.usage};
	memcpy(self->before, was.state, sizeof(self->before));
	memcpy(self->log_trouble_before, was.log_trouble, sizeof(self->log_trouble_before));
	snprintf(self->log_trouble, sizeof(self->log_trouble), "%s", trouble != NULL ? trouble : "");
	self->log_bytes_lost = json_number(object, "log_bytes_lost", 0);
	snprintf(self->state, sizeof(self->state), "%s", state);
	self->id = (unsigned)json_int(object, "id");
	keep_text(&self->name, json_text(object, "name"));
	keep_text(&self->service, json_text(object, "service"));
	self->pid = json_int(object, "pid");
	self->restarts = json_int(object, "restarts");
	self->uptime_ms = json_number(object, "uptime_ms", -1);
	self->settles_ms = clock_monotonic_ms() + SUPERVISOR_SETTLE_MS - (self->uptime_ms > 0 ? self->uptime_ms : 0);
	self->ready_after_ms = json_number(object, "ready_after_ms", -1);
	self->backoff_ms = json_number(object, "backoff_ms", -1);
	self->changed_ms = json_number(object, "changed_ms", 0);
	self->passed_over = json_truth(object, "passed_over");
	self->wanted = json_truth(object, "wanted");
	self->settled = json_truth(object, "settled");
	self->one_shot = json_truth(object, "one_shot");
	self->tty = json_truth(object, "tty");
	self->stdin_open = json_truth(object, "stdin_open");
	self->has_exited = cJSON_IsObject(how);
	take_exit(self, how);
	self->crash_exits = json_int(loop, "exits");
	self->crash_within_ms = json_number(loop, "within_ms", 0);
	self->next_try_ms = json_number(loop, "next_try_in_ms", -1);
	take_container(self, object);
	take_ports(self, object);
	keep_text(&self->why, json_text(object, "why"));
	keep_text(&self->status, json_text(object, "status"));
	keep_text(&self->open, json_text(object, "open"));
	take_probe(self, object);
	take_waiting(self, object);
	take_start(self, object);
	take_stopping(self, object, was.slow_ms);
	/* What has ended uses nothing any more, and what comes after it is told anew. */
	if (!view_unit_runs(self))
		self->usage = unknown_usage;
	return self->name != NULL && self->service != NULL;
}

static struct view_unit *find(const struct view *self, unsigned id)
{
	/* Mostly their ids are their places. */
	if (id < self->count && self->units[id].id == id)
		return &self->units[id];
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i].id == id)
			return &self->units[i];
	return NULL;
}

static struct view_unit *unit_of(struct view *self, unsigned id)
{
	struct view_unit *known = find(self, id), *grown;

	if (known != NULL)
		return known;
	if (self->count >= VIEW_UNITS_MAX)
		return NULL;
	grown = realloc(self->units, (self->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->units = grown;
	memset(&grown[self->count], 0, sizeof(*grown));
	grown[self->count].id = id;
	grown[self->count].usage = unknown_usage;
	return &grown[self->count++];
}

static struct view_unit *take_service(struct view *self, const cJSON *object)
{
	struct view_unit *unit = unit_of(self, (unsigned)json_int(object, "id"));

	return unit != NULL && take_unit(unit, object) ? unit : NULL;
}

static void remove_at(struct view *self, size_t index)
{
	unit_finish(&self->units[index]);
	memmove(&self->units[index], &self->units[index + 1], (self->count - index - 1) * sizeof(*self->units));
	self->count--;
}

static void remove_unit(struct view *self, const cJSON *object)
{
	for (size_t i = 0; cJSON_IsObject(object) && i < self->count; i++) {
		if (self->units[i].id == (unsigned)json_int(object, "id")) {
			remove_at(self, i);
			return;
		}
	}
}

static int take_services(struct view *self, const cJSON *list)
{
	const cJSON *object;

	if (!cJSON_IsArray(list))
		return -EPROTO;
	for (size_t i = 0; i < self->count; i++)
		self->units[i].listed = false;
	cJSON_ArrayForEach(object, list)
	{
		struct view_unit *unit = take_service(self, object);

		if (unit == NULL)
			return -EPROTO;
		unit->listed = true;
	}
	/* What the list no longer has went while nobody was looking. */
	for (size_t i = self->count; i > 0; i--)
		if (!self->units[i - 1].listed)
			remove_at(self, i - 1);
	return 0;
}

static enum err_code code_of(int64_t number)
{
	return number >= ERR_FAILED && number <= ERR_NOT_RUNNING ? (enum err_code)number : ERR_FAILED;
}

static void take_messages(struct err *err, const cJSON *error)
{
	const cJSON *message;
	enum err_code code = code_of(json_number(error, "code", ERR_FAILED));

	cJSON_ArrayForEach(message, json_member(error, "messages"))
	{
		const char *text = json_text(message, "message"), *hint = json_text(message, "hint");
		struct err_place place = {json_text(message, "file"), json_int(message, "line"),
					  json_int(message, "column")};

		if (text == NULL)
			continue;
		if (place.file != NULL)
			err_at(err, code, place, "%s", text);
		else
			err_set(err, code, "%s", text);
		if (hint != NULL)
			err_hint(err, "%s", hint);
	}
}

static void take_consent(struct view *self, const cJSON *consent)
{
	const char *state = json_text(consent, "state"), *reason = json_text(consent, "reason");

	snprintf(self->consent_state, sizeof(self->consent_state), "%s", state != NULL ? state : "");
	snprintf(self->consent_reason, sizeof(self->consent_reason), "%s", reason != NULL ? reason : "");
	keep_text(&self->consent_text, json_text(consent, "text"));
}

static void take_times(struct view *self, const cJSON *object)
{
	const cJSON *start;

	self->begin_ms = json_number(object, "begin_ms", 0);
	self->up_after_ms = json_number(object, "up_after_ms", -1);
	self->start_count = 0;
	cJSON_ArrayForEach(start, json_member(object, "starts"))
	{
		if (self->start_count < VIEW_STARTS_MAX && cJSON_IsNumber(start) && start->valuedouble >= 0 &&
		    start->valuedouble < 9e15)
			self->starts_ms[self->start_count++] = (int64_t)start->valuedouble;
	}
}

static void take_engine(struct view_engine *self, const cJSON *engine)
{
	self->was_away = self->away;
	self->away = cJSON_IsFalse(json_member(engine, "reachable"));
	if (!self->away)
		self->away_ms = 0;
	else if (!self->was_away)
		self->away_ms = clock_monotonic_ms();
	keep_text(&self->name, json_text(engine, "name"));
	keep_text(&self->version, json_text(engine, "version"));
	keep_text(&self->address, json_text(engine, "address"));
	keep_text(&self->compose, json_text(engine, "compose"));
	keep_text(&self->why, json_text(engine, "why"));
	keep_text(&self->untold_why, json_text(engine, "untold_why"));
}

static int take_stack(struct view *self, const cJSON *object)
{
	const cJSON *failure = json_member(object, "failure");
	const char *phase = json_text(object, "phase");

	if (phase == NULL)
		return -EPROTO;
	snprintf(self->phase, sizeof(self->phase), "%s", phase);
	keep_text(&self->project, json_text(object, "project"));
	keep_text(&self->app, json_text(object, "app"));
	keep_text(&self->app_version, json_text(object, "app_version"));
	keep_text(&self->dir, json_text(object, "dir"));
	keep_text(&self->open, json_text(object, "open"));
	take_consent(self, json_member(object, "consent"));
	take_times(self, object);
	take_engine(&self->engine, json_member(object, "engine"));
	self->supervisor_pid = json_int(object, "supervisor_pid");
	free(self->failed_unit);
	self->failed_unit = json_copy(object, "failed_unit");
	if (cJSON_IsObject(failure) && !err_is_set(&self->failure))
		take_messages(&self->failure, failure);
	return 0;
}

/* ---- Figures ---- */

static void take_usage(struct view_usage *self, const cJSON *object)
{
	const cJSON *percent = json_member(object, "cpu_percent");
	const bool known = cJSON_IsNumber(percent) && percent->valuedouble >= 0 && percent->valuedouble < 1e9;

	self->cpu_percent = known ? percent->valuedouble : -1;
	self->rss_bytes = json_number(object, "rss_bytes", -1);
	if (self->rss_bytes < 0)
		self->rss_bytes = -1;
	self->processes = json_number(object, "processes", -1) >= 0 ? json_int(object, "processes") : -1;
}

/* A probe that has not said yes yet has been asked again. */
static void take_probing(struct view_unit *self, const cJSON *probe)
{
	if (!cJSON_IsObject(probe))
		return;
	self->probe_attempts = json_int(probe, "attempts");
	keep_text(&self->why, json_text(probe, "why"));
}

/* One that is not known, or has ended since it was measured, is passed over. */
static void take_figures(struct view *self, const cJSON *object, void *context)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_member(object, "units"))
	{
		struct view_unit *unit =
			cJSON_IsNumber(json_member(item, "id")) ? find(self, (unsigned)json_int(item, "id")) : NULL;

		if (unit == NULL || !view_unit_runs(unit))
			continue;
		if (json_member(item, "cpu_percent") != NULL)
			take_usage(&unit->usage, item);
		take_probing(unit, json_member(item, "probe"));
		if (self->usage_changed != NULL)
			self->usage_changed(context, self, unit);
	}
	if (cJSON_IsObject(json_member(object, "supervisor")))
		take_usage(&self->usage, json_member(object, "supervisor"));
	self->usage.processes = -1;
	if (self->usage_changed != NULL)
		self->usage_changed(context, self, NULL);
}

/* ---- Lines ---- */

static int take_line(struct view *self, const char *line, size_t size_bytes, view_changed *changed, void *context)
{
	cJSON *object = cJSON_ParseWithLength(line, size_bytes);
	const char *event = json_text(object, "event");
	const struct view_unit *unit = NULL;
	int result = -EPROTO;

	if (event == NULL)
		goto out;
	if (strcmp(event, "usage") == 0) {
		take_figures(self, object, context);
		result = 0;
		goto out;
	}
	if (strcmp(event, "snapshot") == 0) {
		result = take_services(self, json_member(object, "services"));
		if (result == 0)
			result = take_stack(self, json_member(object, "stack"));
		for (size_t i = 0; result == 0 && changed != NULL && i < self->count; i++)
			changed(context, self, &self->units[i]);
	} else if (strcmp(event, "removed") == 0) {
		remove_unit(self, json_member(object, "unit"));
		result = 0;
	} else if (strcmp(event, "stack") == 0) {
		result = take_stack(self, json_member(object, "stack"));
	} else if (strcmp(event, "service") == 0) {
		unit = take_service(self, json_member(object, "service"));
		result = unit != NULL ? 0 : -EPROTO;
	} else {
		/* A newer supervisor may say more than we know. */
		result = 0;
	}
	if (result == 0 && changed != NULL)
		changed(context, self, unit);
out:
	cJSON_Delete(object);
	return result;
}

int view_feed(struct view *self, const char *bytes, size_t size_bytes, view_changed *changed, void *context)
{
	int result = 0;

	while (result == 0 && size_bytes > 0) {
		const char *end = memchr(bytes, '\n', size_bytes);
		size_t count = end != NULL ? (size_t)(end - bytes) : size_bytes;
		char *grown;

		if (self->line_bytes + count > VIEW_LINE_MAX)
			return -EPROTO;
		grown = realloc(self->line, self->line_bytes + count + 1);
		if (grown == NULL)
			return -ENOMEM;
		self->line = grown;
		memcpy(self->line + self->line_bytes, bytes, count);
		self->line_bytes += count;
		bytes += count;
		size_bytes -= count;
		if (end != NULL) {
			bytes++;
			size_bytes--;
			result = take_line(self, self->line, self->line_bytes, changed, context);
			/* That of a snapshot is long, and mostly the only one. */
			if (self->line_bytes > LINE_KEPT_BYTES) {
				free(self->line);
				self->line = NULL;
			}
			self->line_bytes = 0;
		}
	}
	return result;
}

int view_take_services(struct view *self, const char *answer, struct err *err)
{
	cJSON *object = cJSON_Parse(answer);
	int result = take_services(self, json_member(object, "services"));

	take_engine(&self->engine, json_member(object, "engine"));
	if (result < 0)
		err_set(err, ERR_FAILED, "the supervisor's answer is not understood");
	cJSON_Delete(object);
	return result;
}

bool view_unit_runs(const struct view_unit *unit)
{
	return unit->pid > 0 || unit->uptime_ms >= 0;
}

const struct view_unit *view_find(const struct view *self, unsigned id)
{
	return find(self, id);
}

const struct view_unit *view_find_name(const struct view *self, const char *name)
{
	for (size_t i = 0; name != NULL && i < self->count; i++)
		if (strcmp(self->units[i].name, name) == 0)
			return &self->units[i];
	return NULL;
}

bool view_unit_was_killed(const struct view_unit *unit)
{
	return unit->has_exited && unit->exit_signaled && unit->exit_value == SIGKILL;
}

bool view_is(const struct view *self, const char *phase)
{
	return strcmp(self->phase, phase) == 0;
}

void view_take_error(const char *answer, int status, struct err *err)
{
	cJSON *object = cJSON_Parse(answer);

	take_messages(err, json_member(object, "error"));
	if (!err_is_set(err))
		err_set(err, ERR_FAILED, "the supervisor answered with status %d", status);
	cJSON_Delete(object);
}
