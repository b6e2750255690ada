/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_running.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/consent_sources.h"
#include "launcher/client/news.h"
#include "launcher/command/telemetry_running.h"
#include "launcher/command/unit_json.h"
#include "launcher/command/watch.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum change { CHANGE_ADD, CHANGE_REMOVE, CHANGE_CHANGE };

/* A service that the reload touches. */
struct affected {
	char *service;
	enum change change;
	bool moved; /* it has begun; of one that did not run nothing is waited for but where it goes */
};

struct bringing {
	const struct up_running_options *options;
	struct watch watch;
	struct affected *items;
	size_t count;
	int64_t begin_ms;
	cJSON *changes; /* the answer of the reload */
};

/* ---- What is to be done ---- */

static char *make_body(const struct bringing *self, bool dry_run)
{
	const struct stack_source *source = self->options->project->source;
	const char *const *profiles = stack_source_profiles(source);
	const char *const *env_files = stack_source_env_files(source);
	cJSON *object = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(object, "files");
	char *text;

	for (size_t i = 0; stack_source_path(source, i) != NULL; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(stack_source_path(source, i)));
	list = cJSON_AddArrayToObject(object, "env_files");
	/* What was found beside the file is found there again. */
	for (; self->options->context->globals.env_files != NULL && *env_files != NULL; env_files++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*env_files));
	list = cJSON_AddArrayToObject(object, "profiles");
	for (; profiles != NULL && *profiles != NULL; profiles++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*profiles));
	cJSON_AddBoolToObject(object, "dry_run", dry_run);
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	return text;
}

static cJSON *reload(const struct bringing *self, bool dry_run, struct err *err)
{
	char *body = make_body(self, dry_run);
	cJSON *answer = NULL;

	if (body == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else
		answer = watch_call(&self->watch.client, "POST", "/v1/stack/reload", body, err);
	free(body);
	return answer;
}

/* What failed or completed starts again when it is changed; what a person stopped stays where it is. */
static bool will_move(const struct view_unit *unit)
{
	return unit->wanted || !view_unit_has_ended(unit);
}

static int add_item(struct bringing *self, const char *service, enum change change)
{
	struct affected *item = &self->items[self->count];
	const char *const names[] = {service, NULL};

	*item = (struct affected){.service = strdup(service), .change = change, .moved = true};
	if (item->service == NULL)
		return -ENOMEM;
	for (size_t i = 0; change == CHANGE_CHANGE && i < self->watch.view.count; i++)
		if (watch_is_meant(names, &self->watch.view.units[i]) && will_move(&self->watch.view.units[i]))
			item->moved = false;
	self->count++;
	return 0;
}

static int take_changes(struct bringing *self, struct err *err)
{
	static const char *const lists[] = {
		[CHANGE_ADD] = "added", [CHANGE_REMOVE] = "removed", [CHANGE_CHANGE] = "changed"};
	size_t total = 0;
	int result = 0;

	for (size_t i = 0; i < 3; i++)
		total += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(self->changes, lists[i]));
	self->items = calloc(total + 1, sizeof(*self->items));
	for (size_t i = 0; self->items != NULL && i < 3; i++) {
		const cJSON *entry;

		cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(self->changes, lists[i]))
		{
			const char *name = cJSON_GetStringValue(
				i == CHANGE_CHANGE ? cJSON_GetObjectItemCaseSensitive(entry, "service") : entry);

			if (result == 0 && name != NULL)
				result = add_item(self, name, (enum change)i);
		}
	}
	if (self->items == NULL || result < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

static const cJSON *keys_of(const struct bringing *self, const char *service)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(self->changes, "changed"))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "service"));

		if (name != NULL && strcmp(name, service) == 0)
			return cJSON_GetObjectItemCaseSensitive(entry, "keys");
	}
	return NULL;
}

static char *join(const cJSON *words)
{
	const cJSON *word;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	cJSON_ArrayForEach(word, words)
	{
		const char *value = cJSON_GetStringValue(word);

		fprintf(out, "%s%s", word == words->child ? "" : ", ", value != NULL ? value : "?");
	}
	fclose(out);
	return text;
}

static void say_changes(const struct bringing *self)
{
	static const char *const verbs[] = {
		[CHANGE_ADD] = "add", [CHANGE_REMOVE] = "remove", [CHANGE_CHANGE] = "change"};

	for (size_t i = 0; i < self->count; i++) {
		const struct affected *item = &self->items[i];
		char *keys = item->change == CHANGE_CHANGE ? join(keys_of(self, item->service)) : NULL;

		act_say(self->options->context, "%s %s%s%s", verbs[item->change], item->service,
			keys != NULL && keys[0] != '\0' ? ": " : "", keys != NULL ? keys : "");
		free(keys);
	}
	if (cJSON_GetObjectItemCaseSensitive(self->changes, "telemetry") != NULL)
		act_say(self->options->context, "the telemetry block differs: it is heard at the next start, until "
						"then the answer given holds");
}

/* ---- Waiting ---- */

/* What has failed is an error of this command when it had to do with it. */
static bool is_reported(const struct bringing *self, const struct view_unit *unit)
{
	bool touched = self->options->wait && !unit->passed_over;

	for (size_t i = 0; i < self->count; i++)
		touched = touched || strcmp(self->items[i].service, unit->service) == 0;
	return touched && strcmp(unit->state, "failed") == 0;
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct bringing *self = context;
	char *line;

	(void)view;
	if (unit == NULL || strcmp(unit->state, unit->before) == 0 || self->changes == NULL)
		return;
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->items[i].service, unit->service) == 0)
			self->items[i].moved = true;
	/* That it failed is said with the reason, at the end. */
	line = is_reported(self, unit) ? NULL : news_of_unit(unit);
	if (line != NULL)
		act_say(self->options->context, "%s", line);
	free(line);
}

/* False for a service of which the file wants no replica at all. */
static bool is_to_run(const struct bringing *self, const char *name)
{
	const struct service *service = stack_find_service(self->options->project->stack, name);

	return service != NULL && service->replicas > 0;
}

static bool is_reached(const struct bringing *self, const struct affected *item)
{
	size_t there = 0;

	for (size_t i = 0; i < self->watch.view.count; i++) {
		const struct view_unit *unit = &self->watch.view.units[i];

		if (strcmp(unit->service, item->service) != 0)
			continue;
		there++;
		if (item->change == CHANGE_REMOVE || view_unit_has_ended(unit))
			continue;
		if (self->options->wait ? !view_unit_is_settled(unit) : !act_is_started(unit))
			return false;
	}
	if (item->change == CHANGE_REMOVE)
		return there == 0;
	return item->moved && (there > 0 || !is_to_run(self, item->service));
}

/* Also what was not touched counts for --wait: it may still be on its way. */
static bool all_reached(const struct bringing *self)
{
	const struct view *view = &self->watch.view;

	for (size_t i = 0; i < self->count; i++)
		if (!is_reached(self, &self->items[i]))
			return false;
	for (size_t i = 0; self->options->wait && i < view->count; i++)
		if (view->units[i].wanted && !view_unit_is_settled(&view->units[i]) &&
		    !view_unit_has_ended(&view->units[i]))
			return false;
	return true;
}

static void say_unready(const struct bringing *self, struct err *err)
{
	char limit[32];

	news_duration(self->options->wait_timeout_ms, limit, sizeof(limit));
	err_set(err, ERR_TIMEOUT, "project '%s' is not ready after %s; it runs on", self->options->project->name,
		limit);
	for (size_t i = 0; i < self->watch.view.count; i++) {
		const struct view_unit *unit = &self->watch.view.units[i];
		char *why = unit->wanted && !unit->settled ? news_why_not_ready(unit) : NULL;

		if (why != NULL)
			err_set(err, ERR_TIMEOUT, "%s", why);
		free(why);
	}
}

static void add_failures(const struct bringing *self, struct err *err)
{
	for (size_t i = 0; i < self->watch.view.count; i++) {
		const struct view_unit *unit = &self->watch.view.units[i];

		if (!is_reported(self, unit))
			continue;
		err_set(err, ERR_FAILED, "%s has failed%s%s", unit->name, unit->why != NULL ? ": " : "",
			unit->why != NULL ? unit->why : "");
		watch_hint_logs(&self->watch, unit, err);
	}
}

static int wait_reached(struct bringing *self, struct err *err)
{
	int result = 1;

	while (result > 0 && !all_reached(self))
		result = watch_step_settling(&self->watch, 0, err);
	if (result == -ETIMEDOUT)
		say_unready(self, err);
	else if (result == 0)
		err_set(err, ERR_FAILED, "project '%s' ended meanwhile", self->options->project->name);
	add_failures(self, err);
	return err_is_set(err) ? -EIO : 0;
}

/* ---- Telemetry ---- */

/* Any off wins, also one that has come after the yes this run was started with. */
static int settle_telemetry(const struct bringing *self, struct err *err)
{
	const struct up_running_options *options = self->options;
	cJSON *running = telemetry_running(options->project);
	const bool is_on = strcmp(telemetry_running_state(running), "on") == 0;
	struct consent_sources sources;
	enum consent_reason reason;
	cJSON *answer = NULL;
	char body[64];
	int result = consent_sources_read(&sources, options->context, options->project->stack, options->said, err);

	if (result == 0 && is_on && consent_says_off(&sources.inputs, &reason)) {
		snprintf(body, sizeof(body), "{\"reason\":\"%s\"}", consent_reason_word(reason));
		answer = watch_call(&self->watch.client, "POST", "/v1/telemetry/withdraw", body, err);
		result = answer != NULL ? 0 : -EIO;
		if (result == 0)
			act_say(options->context, "usage statistics: off for the rest of this run (%s)",
				consent_reason_text(reason));
	} else if (result == 0 && !is_on && options->said->flag == CONSENT_FLAG_ON) {
		act_say(options->context,
			"--telemetry=on was not given: this run is off, which holds until the next start");
	}
	cJSON_Delete(answer);
	cJSON_Delete(running);
	consent_sources_finish(&sources);
	return result;
}

/* ---- The three ways ---- */

static void print_json(const struct bringing *self, bool started)
{
	static const char *const names[] = {"added", "removed", "changed"};
	cJSON *object, *list;

	if (!self->options->context->globals.json)
		return;
	object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "version", 1);
	cJSON_AddBoolToObject(object, "started", started);
	for (size_t i = 0; i < 3; i++) {
		const cJSON *entries = cJSON_GetObjectItemCaseSensitive(self->changes, names[i]);

		if (cJSON_IsArray(entries))
			cJSON_AddItemToObject(object, names[i], cJSON_Duplicate(entries, true));
		else
			cJSON_AddArrayToObject(object, names[i]);
	}
	list = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; i < self->watch.view.count; i++) {
		cJSON *unit = cJSON_CreateObject();

		unit_json_add(unit, &self->watch.view.units[i]);
		cJSON_AddItemToArray(list, unit);
	}
	unit_json_print(object);
}

void up_running_print_json(const struct cli_context *context)
{
	const struct up_running_options options = {.context = context};
	struct bringing self = {.options = &options};
	struct err trouble = ERR_INIT;

	watch_init(&self.watch, context);
	(void)watch_open(&self.watch, &trouble);
	print_json(&self, true);
	watch_finish(&self.watch);
	err_finish(&trouble);
}

/* Those that somebody stopped, or that have failed, run again by `up`; jobs that are done are done. */
static bool find_stopped(const struct bringing *self, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < self->watch.view.count; i++) {
		const struct view_unit *unit = &self->watch.view.units[i];

		if (view_unit_has_ended(unit) && strcmp(unit->state, "completed") != 0 && !unit->passed_over)
			names[count++] = unit->name;
	}
	names[count] = NULL;
	return count > 0;
}

static void start(const struct bringing *self, const char *const *names, struct err *err)
{
	const struct act act = {
		.action = "start",
		.goal = self->options->wait ? ACT_READY : ACT_STARTED,
		.names = names,
		.no_deps = self->options->no_deps,
		.timeout_ms = -1,
	};

	act_run(self->options->context, &act, err);
}

static void bring(struct bringing *self, struct err *err)
{
	char after[32];

	cJSON_Delete(self->changes);
	self->begin_ms = clock_monotonic_ms();
	self->changes = reload(self, false, err);
	if (self->changes == NULL || wait_reached(self, err) < 0)
		return;
	news_duration(clock_monotonic_ms() - self->begin_ms, after, sizeof(after));
	act_say(self->options->context, "%s runs as the stack file says now (%s)", self->options->project->name, after);
	print_json(self, false);
}

static enum up_running_end nothing_differs(struct bringing *self, struct err *err)
{
	const char **stopped = calloc(self->watch.view.count + 1, sizeof(*stopped));
	enum up_running_end end = UP_RUNNING_DONE;

	if (stopped == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
	} else if (find_stopped(self, stopped)) {
		start(self, stopped, err);
	} else if (self->options->stay) {
		end = UP_RUNNING_SAME;
	} else if (!self->options->wait || wait_reached(self, err) == 0) {
		act_say(self->options->context, "%s is already running as the stack file says",
			self->options->project->name);
		print_json(self, false);
	}
	free(stopped);
	return end;
}

/* By itself nothing is opened here: whoever changes a running stack has its page already. */
static void open_page(const struct bringing *self)
{
	const char *url = up_open_url(&self->watch.view, NULL);
	char *line = url != NULL ? up_open_page(self->options->context, UP_OPEN_ASKED, url, false) : NULL;

	if (line != NULL)
		act_say(self->options->context, "%s", line);
	free(line);
}

/* What it says of itself when it is being taken down counts as gone: the lock then has the last word. */
enum up_running_end up_running(const struct up_running_options *options, struct err *err)
{
	struct bringing self = {.options = options};
	enum up_running_end end = UP_RUNNING_DONE;

	watch_init(&self.watch, options->context);
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	if (options->wait && options->wait_timeout_ms >= 0)
		self.watch.deadline_ms = clock_monotonic_ms() + options->wait_timeout_ms;
	if (watch_open(&self.watch, err) < 0 || settle_telemetry(&self, err) < 0)
		goto out;
	if (options->context->arg_count > 0) {
		start(&self, (const char *const *)options->context->args, err);
		goto out;
	}
	self.changes = reload(&self, true, err);
	if (self.changes == NULL || take_changes(&self, err) < 0)
		goto out;
	say_changes(&self);
	if (self.count > 0)
		bring(&self, err);
	else
		end = nothing_differs(&self, err);
	if (!err_is_set(err) && end == UP_RUNNING_DONE && options->open == UP_OPEN_ASKED &&
	    view_is(&self.watch.view, "up"))
		open_page(&self);
out:
	if (err->code == ERR_NOT_RUNNING)
		end = UP_RUNNING_GONE;
	for (size_t i = 0; i < self.count; i++)
		free(self.items[i].service);
	free(self.items);
	cJSON_Delete(self.changes);
	watch_finish(&self.watch);
	return end;
}
