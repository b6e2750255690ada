/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/command.h"
#include "launcher/command/watch.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLICAS_MAX 1000 /* as in a stack file */

struct wish {
	char *service;
	int replicas;
};

struct scaling {
	struct watch watch;
	struct wish *wishes;
	const char **names; /* of the wishes, ending with NULL */
	size_t count;
};

static int parse(const char *text, struct wish *wish, struct err *err)
{
	const char *sign = strchr(text, '=');
	char *end;
	long replicas;

	errno = 0;
	replicas = sign != NULL ? strtol(sign + 1, &end, 10) : -1;
	if (sign == NULL || sign == text || errno != 0 || end == sign + 1 || *end != '\0' || replicas < 0 ||
	    replicas > REPLICAS_MAX) {
		err_set(err, ERR_USAGE, "scale: wanted SERVICE=NUMBER, a number from 0 to %d, found '%s'", REPLICAS_MAX,
			text);
		err_hint(err, "upfront scale web=3");
		return -EINVAL;
	}
	wish->service = strndup(text, (size_t)(sign - text));
	wish->replicas = (int)replicas;
	return wish->service != NULL ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int parse_all(struct scaling *self, const struct cli_context *context, struct err *err)
{
	int result = 0;

	self->wishes = calloc(context->arg_count + 1, sizeof(*self->wishes));
	self->names = calloc(context->arg_count + 1, sizeof(*self->names));
	if (self->wishes == NULL || self->names == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; result == 0 && i < context->arg_count; i++) {
		result = parse(context->args[i], &self->wishes[i], err);
		self->names[i] = self->wishes[i].service;
		self->count++;
	}
	return result;
}

static int ask(const struct scaling *self, const struct wish *wish, struct err *err)
{
	char *target = NULL, body[64];
	cJSON *answer = NULL;

	snprintf(body, sizeof(body), "{\"replicas\":%d}", wish->replicas);
	if (asprintf(&target, "/v1/services/%s/scale", wish->service) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	answer = watch_call(&self->watch.client, "POST", target, body, err);
	free(target);
	if (answer == NULL)
		return -EIO;
	cJSON_Delete(answer);
	return 0;
}

/* Counts replicas that are where they are to be; false while one is on its way. A failed one is where it stays. */
static bool is_reached(const struct scaling *self, const struct wish *wish)
{
	int there = 0;

	for (size_t i = 0; i < self->watch.view.count; i++) {
		const struct view_unit *unit = &self->watch.view.units[i];

		if (strcmp(unit->service, wish->service) != 0)
			continue;
		if (!act_is_started(unit) && !view_unit_has_ended(unit))
			return false;
		there += wish->replicas > 0 || !view_unit_has_ended(unit);
	}
	return there == wish->replicas;
}

static bool all_reached(const struct scaling *self)
{
	for (size_t i = 0; i < self->count; i++)
		if (!is_reached(self, &self->wishes[i]))
			return false;
	return true;
}

static void report(const struct scaling *self, struct err *err)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct wish *wish = &self->wishes[i];
		int running = 0;

		for (size_t u = 0; u < self->watch.view.count; u++) {
			const struct view_unit *unit = &self->watch.view.units[u];

			if (strcmp(unit->service, wish->service) != 0)
				continue;
			running += act_is_started(unit);
			if (strcmp(unit->state, "failed") == 0) {
				err_set(err, ERR_FAILED, "%s has failed%s%s", unit->name, unit->why != NULL ? ": " : "",
					unit->why != NULL ? unit->why : "");
				watch_hint_logs(&self->watch, unit, err);
			}
		}
		act_say(self->watch.context, "%s runs %d replica%s", wish->service, running, running == 1 ? "" : "s");
	}
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	const struct scaling *self = context;

	(void)view;
	if (unit == NULL || unit->before[0] == '\0' || strcmp(unit->state, unit->before) == 0 ||
	    !watch_is_meant(self->names, unit))
		return;
	if (strcmp(unit->state, "running") == 0 || strcmp(unit->state, "ready") == 0)
		act_say(self->watch.context, "%s started", unit->name);
	else if (strcmp(unit->state, "stopped") == 0)
		act_say(self->watch.context, "%s stopped", unit->name);
}

/* A service may have no replica now: then the file knows of it, or else the supervisor does. */
static int check_names(const struct scaling *self, struct err *err)
{
	const struct watch *watch = &self->watch;
	int result = 0;

	for (size_t i = 0; result == 0 && i < self->count; i++) {
		const char *const names[] = {self->wishes[i].service, NULL};

		if (watch->project.stack != NULL && stack_find_service(watch->project.stack, names[0]) == NULL)
			result = watch_check_names(watch, names, err);
	}
	return result;
}

/* Whether a program can share its port with itself is not to be seen from here. */
static void say_shared_ports(const struct scaling *self, const struct wish *wish)
{
	const struct stack *stack = self->watch.project.stack;
	const struct service *service = stack != NULL ? stack_find_service(stack, wish->service) : NULL;

	for (size_t i = 0; service != NULL && i < service->port_count; i++) {
		const int from = service->ports[i].published, to = service->ports[i].published_end;

		if (from > 0 && wish->replicas > (to > from ? to - from + 1 : 1))
			act_say(self->watch.context,
				"%s declares port %d, which its %d replicas share: all but one may fail to get it",
				wish->service, from, wish->replicas);
	}
}

static int scale_run(struct cli_context *context, struct err *err)
{
	struct scaling self = {.count = 0};
	int result;

	watch_init(&self.watch, context);
	result = parse_all(&self, context, err);
	if (result == 0)
		result = watch_open(&self.watch, err);
	if (result == 0)
		result = check_names(&self, err);
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	for (size_t i = 0; result == 0 && i < self.count; i++) {
		say_shared_ports(&self, &self.wishes[i]);
		result = ask(&self, &self.wishes[i], err);
	}
	if (result == 0) {
		result = 1;
		while (result > 0 && !all_reached(&self))
			result = watch_step(&self.watch, err);
		if (result == 0)
			err_set(err, ERR_FAILED, "the stack ended meanwhile");
		if (result > 0)
			report(&self, err);
		if (result > 0 && context->globals.json)
			act_print_json(&self.watch, self.names);
	}
	for (size_t i = 0; i < self.count; i++)
		free(self.wishes[i].service);
	free(self.wishes);
	free(self.names);
	watch_finish(&self.watch);
	return (int)err->code;
}

const struct cli_command command_scale = {
	.name = "scale",
	.args = "SERVICE=N...",
	.summary = "run this many replicas of a service",
	.text = "Holds until the stack ends. More are started by the service's own conditions; of fewer those with the "
		"highest\n"
		"numbers stop.",
	.args_min = 1,
	.args_max = -1,
	.run = scale_run,
};
