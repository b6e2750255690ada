/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/client/news.h"
#include "launcher/command/unit_json.h"
#include "launcher/command/watch.h"
#include "ui/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The guard gives up after 10 s. */
#define CLEAR_UP_MS 15000

struct wait_options {
	bool ready;
	int64_t timeout_ms;
};

static const struct cli_option wait_table[] = {
	{0, "ready", CLI_FLAG, NULL, "until they are ready, instead of ended", NULL,
	 .offset = offsetof(struct wait_options, ready)},
	{0, "timeout", CLI_SECONDS, "SECONDS", "give up after this long: exit code 5", NULL,
	 .offset = offsetof(struct wait_options, timeout_ms)},
	{.name = NULL},
};

/* What was seen of one unit; by its name, because a unit that is scaled away and back is another one. */
struct seen {
	char *name;
	char *service;
	bool ended; /* at least once since we look */
	bool told; /* its state now was said */
	int code;
};

struct waiting {
	struct watch watch;
	const struct wait_options *options;
	const char *const *names; /* none: all */
	struct seen *seen;
	size_t count;
};

static struct seen *seen_of(struct waiting *self, const struct view_unit *unit)
{
	struct seen *grown;

	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->seen[i].name, unit->name) == 0)
			return &self->seen[i];
	grown = realloc(self->seen, (self->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->seen = grown;
	grown[self->count] = (struct seen){.name = strdup(unit->name), .service = strdup(unit->service)};
	if (grown[self->count].name == NULL || grown[self->count].service == NULL) {
		free(grown[self->count].name);
		free(grown[self->count].service);
		return NULL;
	}
	return &grown[self->count++];
}

static void say(const struct waiting *self, const struct view_unit *unit, char *line)
{
	const struct cli_globals *globals = &self->watch.context->globals;
	char *text = line != NULL ? text_harmless(line) : NULL;
	cJSON *object;

	if (globals->json) {
		object = cJSON_CreateObject();
		cJSON_AddNumberToObject(object, "version", 1);
		unit_json_add(object, unit);
		unit_json_print(object);
	} else if (!globals->quiet && text != NULL) {
		puts(text);
		fflush(stdout);
	}
	free(text);
	free(line);
}

static char *ready_line(const struct view_unit *unit)
{
	char *text = NULL, after[32];

	if (strcmp(unit->state, "completed") == 0)
		return asprintf(&text, "%s has completed", unit->name) >= 0 ? text : NULL;
	news_duration(unit->ready_after_ms, after, sizeof(after));
	return asprintf(&text, "%s is %s (%s)", unit->name, unit->state, after) >= 0 ? text : NULL;
}

static void look_at(struct waiting *self, const struct view_unit *unit)
{
	struct seen *seen = watch_is_meant(self->names, unit) ? seen_of(self, unit) : NULL;
	bool reached;

	if (seen == NULL)
		return;
	reached = self->options->ready ? view_unit_is_settled(unit) && unit->wanted : view_unit_has_ended(unit);
	/* A service that nobody started or named is no news. */
	if (reached && !seen->told &&
	    (self->names[0] != NULL || unit->has_exited || strcmp(unit->state, "stopped") != 0))
		say(self, unit, self->options->ready ? ready_line(unit) : news_of_end(unit));
	seen->told = reached;
	if (reached && !self->options->ready) {
		seen->ended = true;
		seen->code = view_unit_exit_code(unit);
	}
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	(void)view;
	if (unit != NULL)
		look_at(context, unit);
}

/* ---- Until they have ended ---- */

static bool all_ended(const struct waiting *self)
{
	for (size_t i = 0; i < self->count; i++)
		if (!self->seen[i].ended)
			return false;
	return true;
}

/* The first that is not 0, in the order in which they were named. */
static int exit_code(const struct waiting *self)
{
	for (const char *const *name = self->names; *name != NULL; name++)
		for (size_t i = 0; i < self->count; i++)
			if (self->seen[i].code != 0 &&
			    (strcmp(self->seen[i].name, *name) == 0 || strcmp(self->seen[i].service, *name) == 0))
				return self->seen[i].code;
	return 0;
}

static void say_not_ended(const struct waiting *self, struct err *err)
{
	char limit[32];

	news_duration(self->options->timeout_ms, limit, sizeof(limit));
	for (size_t i = 0; i < self->count; i++)
		if (!self->seen[i].ended)
			err_set(err, ERR_TIMEOUT, "%s has not ended after %s", self->seen[i].name, limit);
}

static int wait_ended(struct waiting *self, struct err *err)
{
	int result;

	do {
		if (all_ended(self))
			return exit_code(self);
		result = watch_step(&self->watch, err);
	} while (result > 0);
	if (result == -ETIMEDOUT)
		say_not_ended(self, err);
	else if (result == 0 && all_ended(self))
		return exit_code(self);
	else if (result == 0)
		err_set(err, ERR_FAILED, "the stack ended before all of them were seen to end");
	return (int)err->code;
}

/* ---- Until the stack is over ---- */

static int wait_over(struct waiting *self, struct err *err)
{
	struct watch *watch = &self->watch;
	int run = watch->view.supervisor_pid > 1 ? project_watch_run(watch->view.supervisor_pid) : -1;
	int result;

	do
		result = watch_step(watch, err);
	while (result > 0);
	if (result == -ETIMEDOUT)
		err_set(err, ERR_TIMEOUT, "project '%s' has not ended in time", watch->project.name);
	else if (result == 0 && !view_is(&watch->view, "over"))
		err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly", watch->project.name);
	else if (result == 0 && run >= 0)
		project_wait_run(&watch->project, run, CLEAR_UP_MS, err);
	if (run >= 0)
		close(run);
	if (!err_is_set(err) && err_is_set(&watch->view.failure)) {
		err_move(err, &watch->view.failure);
		err->code = ERR_FAILED;
	}
	return (int)err->code;
}

/* ---- Until they are ready ---- */

/* True when it will not get there by itself; a service that nobody named may be left out. */
static bool is_lost(const struct waiting *self, const struct view_unit *unit)
{
	const bool named = self->names[0] != NULL;

	if (strcmp(unit->state, "failed") == 0)
		return named || !unit->passed_over;
	return view_unit_has_ended(unit) && !unit->settled && named;
}

/* Before the stack is up for the first time a failure may still turn out to be one that was not needed. */
static bool check_ready(struct waiting *self, struct err *err)
{
	const struct view *view = &self->watch.view;
	const bool named = self->names[0] != NULL;
	bool ready = named || !view_is(view, "starting");

	for (size_t i = 0; i < view->count; i++) {
		const struct view_unit *unit = &view->units[i];
		char *why;

		if (!watch_is_meant(self->names, unit))
			continue;
		if (is_lost(self, unit) && (named || !view_is(view, "starting"))) {
			why = news_why_not_ready(unit);
			err_set(err, ERR_FAILED, "%s", why != NULL ? why : unit->name);
			free(why);
		} else if ((unit->wanted || named) && !view_unit_is_settled(unit) && !unit->passed_over) {
			ready = false;
		}
		/* Some come to count without an event. */
		look_at(self, unit);
	}
	if (view_is(view, "stopping") && !err_is_set(err))
		err_set(err, ERR_FAILED, "project '%s' is being taken down", self->watch.project.name);
	return ready;
}

static void say_unready(struct waiting *self, struct err *err)
{
	const struct view *view = &self->watch.view;
	char limit[32];

	news_duration(self->options->timeout_ms, limit, sizeof(limit));
	err_set(err, ERR_TIMEOUT, "not ready after %s", limit);
	for (size_t i = 0; i < view->count; i++) {
		const struct view_unit *unit = &view->units[i];
		char *why = watch_is_meant(self->names, unit) && unit->wanted && !unit->settled
				    ? news_why_not_ready(unit)
				    : NULL;

		if (why != NULL)
			err_set(err, ERR_TIMEOUT, "%s", why);
		free(why);
	}
	err_hint(err, "upfront%s logs shows what the services wrote", project_option(&self->watch.project));
}

static int wait_ready(struct waiting *self, struct err *err)
{
	int result;

	for (;;) {
		bool ready = check_ready(self, err);

		if (err_is_set(err) || ready)
			return (int)err->code;
		result = watch_step_settling(&self->watch, 0, err);
		if (result > 0)
			continue;
		if (result == -ETIMEDOUT)
			say_unready(self, err);
		else if (result == 0 && err_is_set(&self->watch.view.failure))
			err_move(err, &self->watch.view.failure);
		else if (result == 0)
			err_set(err, ERR_FAILED, "the stack ended before it was ready");
		return (int)err->code;
	}
}

static int wait_run(struct cli_context *context, struct err *err)
{
	struct waiting self = {.options = context->options, .names = (const char *const *)context->args};
	int code;

	watch_init(&self.watch, context);
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	if (self.options->timeout_ms >= 0)
		self.watch.deadline_ms = clock_monotonic_ms() + self.options->timeout_ms;
	if (watch_open(&self.watch, err) < 0 || watch_check_names(&self.watch, self.names, err) < 0)
		code = (int)err->code;
	else if (self.options->ready)
		code = wait_ready(&self, err);
	else
		code = context->arg_count > 0 ? wait_ended(&self, err) : wait_over(&self, err);
	for (size_t i = 0; i < self.count; i++) {
		free(self.seen[i].name);
		free(self.seen[i].service);
	}
	free(self.seen);
	watch_finish(&self.watch);
	return code;
}

const struct cli_command command_wait = {
	.name = "wait",
	.args = "[SERVICE...]",
	.summary = "wait until services have ended, or are ready",
	.text = "With names: until each has ended. The exit code is the service's own (128 + n for signal n); of "
		"several the\n"
		"first that is not 0. Without names: until the stack is over, 0 or 1. With --ready: until they are "
		"ready,\n"
		"one-shot services have ended well; 1 when one has failed for good.",
	.options = wait_table,
	.options_size = sizeof(struct wait_options),
	.args_max = -1,
	.run = wait_run,
};
