/* SPDX-License-Identifier: MIT */
#include "launcher/client/view.h"

#include "config/clock.h"
#include "config/signal_name.h"
#include "launcher/client/slow_stop.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_KEPT_BYTES 4096

void view_init(struct view *self)
{
	memset(self, 0, sizeof(*self));
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
	memset(self, 0, sizeof(*self));
}

void view_finish(struct view *self)
{
	for (size_t i = 0; i < self->count; i++)
		unit_finish(&self->units[i]);
	free(self->units);
	free(self->open);
	free(self->failed_unit);
	free(self->line);
	err_finish(&self->failure);
	view_init(self);
}

/* ---- JSON, taken with care ---- */

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int64_t number_of(const cJSON *object, const char *name, int64_t otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble > -9e15 && item->valuedouble < 9e15))
		return otherwise;
	return (int64_t)item->valuedouble;
}

static int int_of(const cJSON *object, const char *name)
{
	int64_t value = number_of(object, name, 0);

	return value > 0 && value < INT32_MAX ? (int)value : 0;
}

static bool truth_of(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static char *copy_of(const cJSON *object, const char *name)
{
	const char *text = text_of(object, name);

	return text != NULL ? strdup(text) : NULL;
}

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
	const cJSON *ports = cJSON_GetObjectItemCaseSensitive(object, "ports");
	const cJSON *port;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	cJSON_ArrayForEach(port, ports)
	{
		const char *host = text_of(port, "host"), *protocol = text_of(port, "protocol");
		int from = int_of(port, "published"), to = int_of(port, "published_end");

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

	if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, "ports")) > 0)
		text = ports_of(object);
	keep_text(&self->ports, text != NULL ? text : "");
	free(text);
}

static void take_probe(struct view_unit *self, const cJSON *object)
{
	const cJSON *probe = cJSON_GetObjectItemCaseSensitive(object, "probe");
	const char *target = text_of(probe, "target");

	char *place = NULL;

	self->has_probe = cJSON_IsObject(probe);
	keep_text(&self->probe_kind, text_of(probe, "kind"));
	self->probe_attempts = int_of(probe, "attempts");
	if (target != NULL && int_of(probe, "port") > 0 && asprintf(&place, "%s:%d", target, int_of(probe, "port")) < 0)
		place = NULL;
	keep_text(&self->probe_target, place != NULL ? place : target);
	free(place);
}

/* A signal is told by its name. */
static void take_exit(struct view_unit *self, const cJSON *how)
{
	const char *name = text_of(how, "signal");
	int signal = 0;

	self->exit_signaled = name != NULL ? signal_parse(name, &signal) : (signal = int_of(how, "signal")) > 0;
	self->exit_value = self->exit_signaled ? signal : int_of(how, "code");
}

static void take_stopping(struct view_unit *self, const cJSON *object, int64_t slow_ms)
{
	const int64_t now_ms = clock_monotonic_ms(), kill_in_ms = number_of(object, "kill_in_ms", -1);

	if (strcmp(self->state, "stopping") != 0)
		return;
	self->slow_ms = slow_ms > 0 ? slow_ms : now_ms + SLOW_STOP_MS;
	self->kill_ms = kill_in_ms >= 0 ? now_ms + kill_in_ms : 0;
}

static bool take_unit(struct view_unit *self, const cJSON *object)
{
	const cJSON *how = cJSON_GetObjectItemCaseSensitive(object, "exit");
	const cJSON *loop = cJSON_GetObjectItemCaseSensitive(object, "crash_loop");
	const char *state = text_of(object, "state");
	const char *trouble = text_of(object, "log_trouble");
	const struct view_unit was = *self;

	if (text_of(object, "name") == NULL || text_of(object, "service") == NULL || state == NULL)
		return false;
	*self = (struct view_unit){.name = was.name,
				   .service = was.service,
				   .probe_kind = was.probe_kind,
				   .probe_target = was.probe_target,
				   .ports = was.ports,
				   .why = was.why,
				   .status = was.status,
				   .open = was.open};
	memcpy(self->before, was.state, sizeof(self->before));
	memcpy(self->log_trouble_before, was.log_trouble, sizeof(self->log_trouble_before));
	snprintf(self->log_trouble, sizeof(self->log_trouble), "%s", trouble != NULL ? trouble : "");
	self->log_bytes_lost = number_of(object, "log_bytes_lost", 0);
	snprintf(self->state, sizeof(self->state), "%s", state);
	self->id = (unsigned)int_of(object, "id");
	keep_text(&self->name, text_of(object, "name"));
	keep_text(&self->service, text_of(object, "service"));
	self->pid = int_of(object, "pid");
	self->restarts = int_of(object, "restarts");
	self->uptime_ms = number_of(object, "uptime_ms", -1);
	self->settles_ms = clock_monotonic_ms() + SUPERVISOR_SETTLE_MS - (self->uptime_ms > 0 ? self->uptime_ms : 0);
	self->ready_after_ms = number_of(object, "ready_after_ms", -1);
	self->backoff_ms = number_of(object, "backoff_ms", -1);
	self->changed_ms = number_of(object, "changed_ms", 0);
	self->passed_over = truth_of(object, "passed_over");
	self->wanted = truth_of(object, "wanted");
	self->settled = truth_of(object, "settled");
	self->one_shot = truth_of(object, "one_shot");
	self->has_exited = cJSON_IsObject(how);
	take_exit(self, how);
	self->crash_exits = int_of(loop, "exits");
	self->crash_within_ms = number_of(loop, "within_ms", 0);
	self->next_try_ms = number_of(loop, "next_try_in_ms", 0);
	take_ports(self, object);
	keep_text(&self->why, text_of(object, "why"));
	keep_text(&self->status, text_of(object, "status"));
	keep_text(&self->open, text_of(object, "open"));
	take_probe(self, object);
	take_stopping(self, object, was.slow_ms);
	return self->name != NULL && self->service != NULL;
}

static struct view_unit *unit_of(struct view *self, unsigned id)
{
	struct view_unit *grown;

	/* Mostly their ids are their places. */
	if (id < self->count && self->units[id].id == id)
		return &self->units[id];
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i].id == id)
			return &self->units[i];
	if (self->count >= VIEW_UNITS_MAX)
		return NULL;
	grown = realloc(self->units, (self->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->units = grown;
	memset(&grown[self->count], 0, sizeof(*grown));
	grown[self->count].id = id;
	return &grown[self->count++];
}

static struct view_unit *take_service(struct view *self, const cJSON *object)
{
	struct view_unit *unit = unit_of(self, (unsigned)int_of(object, "id"));

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
		if (self->units[i].id == (unsigned)int_of(object, "id")) {
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
	enum err_code code = code_of(number_of(error, "code", ERR_FAILED));

	cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(error, "messages"))
	{
		const char *text = text_of(message, "message"), *hint = text_of(message, "hint");
		struct err_place place = {text_of(message, "file"), int_of(message, "line"), int_of(message, "column")};

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

static int take_stack(struct view *self, const cJSON *object)
{
	const cJSON *failure = cJSON_GetObjectItemCaseSensitive(object, "failure");
	const char *phase = text_of(object, "phase");

	if (phase == NULL)
		return -EPROTO;
	snprintf(self->phase, sizeof(self->phase), "%s", phase);
	free(self->open);
	self->open = copy_of(object, "open");
	self->supervisor_pid = int_of(object, "supervisor_pid");
	free(self->failed_unit);
	self->failed_unit = copy_of(object, "failed_unit");
	if (cJSON_IsObject(failure) && !err_is_set(&self->failure))
		take_messages(&self->failure, failure);
	return 0;
}

static int take_line(struct view *self, const char *line, size_t size_bytes, view_changed *changed, void *context)
{
	cJSON *object = cJSON_ParseWithLength(line, size_bytes);
	const char *event = text_of(object, "event");
	const struct view_unit *unit = NULL;
	int result = -EPROTO;

	if (event == NULL)
		goto out;
	if (strcmp(event, "snapshot") == 0) {
		result = take_services(self, cJSON_GetObjectItemCaseSensitive(object, "services"));
		if (result == 0)
			result = take_stack(self, cJSON_GetObjectItemCaseSensitive(object, "stack"));
		for (size_t i = 0; result == 0 && changed != NULL && i < self->count; i++)
			changed(context, self, &self->units[i]);
	} else if (strcmp(event, "removed") == 0) {
		remove_unit(self, cJSON_GetObjectItemCaseSensitive(object, "unit"));
		result = 0;
	} else if (strcmp(event, "stack") == 0) {
		result = take_stack(self, cJSON_GetObjectItemCaseSensitive(object, "stack"));
	} else if (strcmp(event, "service") == 0) {
		unit = take_service(self, cJSON_GetObjectItemCaseSensitive(object, "service"));
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
	int result = take_services(self, cJSON_GetObjectItemCaseSensitive(object, "services"));

	if (result < 0)
		err_set(err, ERR_FAILED, "the supervisor's answer is not understood");
	cJSON_Delete(object);
	return result;
}

const struct view_unit *view_find(const struct view *self, unsigned id)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i].id == id)
			return &self->units[i];
	return NULL;
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

	take_messages(err, cJSON_GetObjectItemCaseSensitive(object, "error"));
	if (!err_is_set(err))
		err_set(err, ERR_FAILED, "the supervisor answered with status %d", status);
	cJSON_Delete(object);
}
