/* SPDX-License-Identifier: MIT */
#include "launcher/command/act.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/client/slow_stop.h"
#include "launcher/command/live.h"
#include "launcher/command/unit_json.h"
#include "launcher/command/watch.h"
#include "ui/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One unit that is acted on, from the answer to the request until it is where it was to be. */
struct target {
	char *name, *service;
	char state[24]; /* before the request */
	pid_t pid;
	int64_t since_ms; /* when its own part began, wall clock */
	int64_t took_ms; /* of one that is done */
	bool had_ended; /* before the request */
	bool begun; /* it has moved since the request */
	bool done, failed;
};

struct acting {
	struct watch watch;
	const struct act *act;
	struct target *targets;
	size_t count;
	struct live live;
};

void act_say(const struct cli_context *context, const char *format, ...)
{
	char *line = NULL, *text = NULL;
	va_list list;

	if (context->globals.quiet)
		return;
	va_start(list, format);
	if (vasprintf(&line, format, list) >= 0)
		text = text_harmless(line);
	va_end(list);
	if (text != NULL)
		fprintf(stderr, "upfront: %s\n", text);
	free(text);
	free(line);
}

void act_print_json(const struct watch *watch, const char *const *names)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddNumberToObject(object, "version", 1);
	list = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; i < watch->view.count; i++) {
		cJSON *unit;

		if (!watch_is_meant(names, &watch->view.units[i]))
			continue;
		unit = cJSON_CreateObject();
		unit_json_add(unit, &watch->view.units[i]);
		cJSON_AddItemToArray(list, unit);
	}
	unit_json_print(object);
}

bool act_is_started(const struct view_unit *unit)
{
	static const char *const states[] = {"running", "ready", "unhealthy", "completed", NULL};

	for (size_t i = 0; states[i] != NULL; i++)
		if (strcmp(unit->state, states[i]) == 0)
			return true;
	return strcmp(unit->state, "starting") == 0 && view_unit_runs(unit);
}

/* ---- The request ---- */

static char *make_body(const struct act *act)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *names;
	char *text;

	if (act->names[0] != NULL) {
		names = cJSON_AddArrayToObject(object, "services");
		for (const char *const *name = act->names; *name != NULL; name++)
			cJSON_AddItemToArray(names, cJSON_CreateString(*name));
	}
	if (act->no_deps)
		cJSON_AddTrueToObject(object, "no_deps");
	if (act->timeout_ms >= 0)
		cJSON_AddNumberToObject(object, "timeout_ms", (double)act->timeout_ms);
	if (act->signal != NULL)
		cJSON_AddStringToObject(object, "signal", act->signal);
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	return text;
}

static int add_target(struct acting *self, const char *name)
{
	const struct view_unit *unit = view_find_name(&self->watch.view, name);
	struct target *target = &self->targets[self->count];

	*target = (struct target){.name = strdup(name),
				  .service = strdup(unit != NULL ? unit->service : name),
				  .since_ms = clock_wall_ms()};
	self->count++;
	if (target->name == NULL || target->service == NULL)
		return -ENOMEM;
	if (unit != NULL) {
		snprintf(target->state, sizeof(target->state), "%s", unit->state);
		target->pid = unit->pid;
		target->had_ended = view_unit_has_ended(unit);
	}
	return 0;
}

static int request(struct acting *self, struct err *err)
{
	char *body = make_body(self->act), target[64];
	const cJSON *list, *name;
	cJSON *answer = NULL;
	int result = -EIO;

	snprintf(target, sizeof(target), "/v1/stack/%s", self->act->action);
	if (body == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	answer = watch_call(&self->watch.client, "POST", target, body, err);
	if (answer == NULL)
		goto out;
	list = cJSON_GetObjectItemCaseSensitive(answer, "services");
	self->targets = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*self->targets));
	result = self->targets != NULL ? 0 : -ENOMEM;
	cJSON_ArrayForEach(name, list)
	{
		if (result == 0 && cJSON_IsString(name))
			result = add_target(self, name->valuestring);
	}
	if (result < 0)
		err_set(err, ERR_INTERNAL, "out of memory");
out:
	cJSON_Delete(answer);
	free(body);
	return result;
}

/* ---- What goes along, and why ---- */

static bool is_named(const struct acting *self, const struct target *target)
{
	for (const char *const *name = self->act->names; *name != NULL; name++)
		if (strcmp(*name, target->service) == 0 || strcmp(*name, target->name) == 0)
			return true;
	return self->act->names[0] == NULL;
}

static bool depends(const struct service *service, const char *other)
{
	for (size_t i = 0; service != NULL && i < service->depends_on_count; i++)
		if (strcmp(service->depends_on[i].service, other) == 0)
			return true;
	return false;
}

/* A service acted on that this one depends on (`upwards`), or that depends on this one; by the stack file as it is now. */
static const char *reason_for(const struct acting *self, const struct target *target, bool upwards)
{
	const struct stack *stack = self->watch.project.stack;

	for (size_t i = 0; stack != NULL && i < self->count; i++) {
		const char *other = self->targets[i].service;
		const struct service *service = stack_find_service(stack, upwards ? target->service : other);

		if (strcmp(other, target->service) != 0 && depends(service, upwards ? other : target->service))
			return other;
	}
	/* What was named may be where it was to be already. */
	for (const char *const *name = self->act->names; stack != NULL && *name != NULL; name++)
		if (depends(stack_find_service(stack, upwards ? target->service : *name),
			    upwards ? *name : target->service))
			return *name;
	return NULL;
}

static void say_along(const struct acting *self)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct target *target = &self->targets[i];
		const char *why;

		if (is_named(self, target))
			continue;
		switch (self->act->goal) {
		case ACT_STOPPED:
			why = reason_for(self, target, true);
			act_say(self->watch.context, "%s stops first%s%s", target->name,
				why != NULL ? ": it depends on " : "", why != NULL ? why : "");
			break;
		case ACT_RESTARTED:
			why = reason_for(self, target, true);
			act_say(self->watch.context, "%s restarts too%s%s", target->name,
				why != NULL ? ": it depends on " : "", why != NULL ? why : "");
			break;
		default:
			why = reason_for(self, target, false);
			if (strcmp(target->state, "ready") != 0 && strcmp(target->state, "running") != 0)
				act_say(self->watch.context, "%s starts first%s%s%s", target->name,
					why != NULL ? ": " : "", why != NULL ? why : "",
					why != NULL ? " needs it" : "");
			break;
		}
	}
}

/* ---- Waiting ---- */

static bool is_reached(const struct acting *self, const struct target *target, const struct view_unit *unit)
{
	const bool again = target->begun || !target->had_ended;

	switch (self->act->goal) {
	case ACT_STOPPED:
		return view_unit_has_ended(unit);
	case ACT_STARTED:
		return again && act_is_started(unit);
	case ACT_READY:
		return again && view_unit_is_settled(unit) && unit->wanted;
	case ACT_RESTARTED:
		return target->begun && act_is_started(unit);
	case ACT_KILLED:
		return unit->pid != target->pid || view_unit_has_ended(unit);
	case ACT_SIGNALLED:
		return true;
	}
	return true;
}

/* It will not get there any more: failed for good, or somebody else stops it. */
static bool is_lost(const struct acting *self, const struct target *target, const struct view_unit *unit)
{
	if (self->act->goal == ACT_STOPPED || self->act->goal == ACT_KILLED || self->act->goal == ACT_SIGNALLED)
		return false;
	/* How it had ended before is not how it ends now. */
	return view_unit_has_ended(unit) && (target->begun || !target->had_ended);
}

static void say_done(const struct acting *self, const struct target *target, const struct view_unit *unit,
		     const char *duration)
{
	const struct cli_context *context = self->watch.context;
	const bool completed = strcmp(unit->state, "completed") == 0;

	switch (self->act->goal) {
	case ACT_STOPPED:
		if (!target->begun)
			act_say(context, "%s is stopped already", target->name);
		else
			act_say(context, "%s stopped (%s%s)", target->name, duration,
				view_unit_was_killed(unit) ? ", killed" : "");
		break;
	case ACT_STARTED:
	case ACT_READY:
		if (!target->begun)
			act_say(context, "%s is %s already", target->name, unit->state);
		else
			act_say(context, "%s %s (%s)", target->name,
				completed                           ? "has completed"
				: strcmp(unit->state, "ready") == 0 ? "is ready"
								    : "started",
				duration);
		break;
	case ACT_RESTARTED:
		act_say(context, "%s %s (%s)", target->name, completed ? "ran again" : "restarted", duration);
		break;
	case ACT_KILLED:
		act_say(context, "%s was killed", target->name);
		break;
	case ACT_SIGNALLED:
		act_say(context, "%s was sent to %s", self->act->signal, target->name);
		break;
	}
}

static void look_at(struct acting *self, struct target *target, const struct view_unit *unit)
{
	char duration[32];

	if (strcmp(unit->state, target->state) != 0 || unit->pid != target->pid)
		target->begun = true;
	/* Its own part begins when its turn has come: others may have had to go first. */
	if ((strcmp(unit->state, "stopping") == 0 ||
	     (strcmp(unit->state, "starting") == 0 && self->act->goal != ACT_RESTARTED)) &&
	    unit->changed_ms > target->since_ms && strcmp(unit->state, unit->before) != 0)
		target->since_ms = unit->changed_ms;
	if (target->done)
		return;
	target->failed = is_lost(self, target, unit) && !is_reached(self, target, unit);
	target->done = target->failed || is_reached(self, target, unit);
	if (!target->done || target->failed)
		return;
	target->took_ms = unit->changed_ms > target->since_ms ? unit->changed_ms - target->since_ms : 0;
	if (block_is_on(self->live.block))
		return;
	news_duration(target->took_ms, duration, sizeof(duration));
	say_done(self, target, unit, duration);
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct acting *self = context;

	(void)view;
	block_change(self->live.block);
	for (size_t i = 0; unit != NULL && i < self->count; i++)
		if (strcmp(self->targets[i].name, unit->name) == 0)
			look_at(self, &self->targets[i], unit);
}

/* A unit may be where it was to be before its first event. */
static bool all_done(struct acting *self)
{
	bool done = true;

	for (size_t i = 0; i < self->count; i++) {
		const struct view_unit *unit = view_find_name(&self->watch.view, self->targets[i].name);

		if (unit != NULL && !self->targets[i].done)
			look_at(self, &self->targets[i], unit);
		done = done && (unit == NULL || self->targets[i].done);
	}
	return done;
}

static void add_failures(const struct acting *self, struct err *err)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct view_unit *unit = view_find_name(&self->watch.view, self->targets[i].name);

		if (!self->targets[i].failed || unit == NULL)
			continue;
		err_set(err, ERR_FAILED, "%s is %s%s%s", unit->name, unit->state, unit->why != NULL ? ": " : "",
			unit->why != NULL ? unit->why : "");
		watch_hint_logs(&self->watch, unit, err);
	}
}

/* ---- Live ---- */

static void judge(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged)
{
	const struct acting *self = context;

	judged->meant = false;
	for (size_t i = 0; i < self->count; i++) {
		const struct target *target = &self->targets[i];

		if (strcmp(target->name, unit->name) != 0)
			continue;
		judged->meant = true;
		judged->done = target->done;
		judged->since_ms = target->begun ? now_ms - (clock_wall_ms() - target->since_ms) : -1;
		judged->took_ms = target->begun && !target->failed ? target->took_ms : -1;
		return;
	}
}

/* A signal is sent, and that is all there is to see. */
static void begin_block(struct acting *self)
{
	static const char *const reached[] = {[ACT_STOPPED] = "stopped",
					      [ACT_STARTED] = "started",
					      [ACT_READY] = "ready",
					      [ACT_RESTARTED] = "restarted"};
	const struct watch *watch = &self->watch;

	if (self->act->goal == ACT_KILLED || self->act->goal == ACT_SIGNALLED || self->count == 0)
		return;
	live_open(&self->live, watch->context, &watch->view, watch->project.name);
	if (self->live.block != NULL)
		block_begin(self->live.block, NULL, reached[self->act->goal], clock_monotonic_ms(), judge, self);
}

static void say_slow(struct acting *self)
{
	char *line = slow_stop_line(&self->watch.view, clock_monotonic_ms());

	/* The block counts down to it. */
	if (line != NULL && !block_is_on(self->live.block))
		act_say(self->watch.context, "%s", line);
	free(line);
}

static int wait_done(struct acting *self, struct err *err)
{
	int result = 1;

	begin_block(self);
	/* What it was before the answer tells nothing: an event may still be on its way. */
	while (result > 0 && !all_done(self)) {
		say_slow(self);
		live_step(&self->live);
		result = watch_step_settling(&self->watch, live_until_ms(&self->live, 0), err);
	}
	live_close(&self->live);
	if (result == 0 && self->act->goal == ACT_STOPPED)
		act_say(self->watch.context, "project '%s' has ended", self->watch.project.name);
	else if (result == 0)
		err_set(err, ERR_FAILED, "the stack ended meanwhile");
	return result < 0 ? result : 0;
}

static void say_nothing(const struct acting *self)
{
	const struct view *view = &self->watch.view;

	if (self->act->names[0] == NULL)
		act_say(self->watch.context, "nothing to %s", self->act->action);
	for (size_t i = 0; self->act->names[0] != NULL && i < view->count; i++)
		if (watch_is_meant(self->act->names, &view->units[i]))
			act_say(self->watch.context, "%s is %s already", view->units[i].name, view->units[i].state);
}

/* A stack nobody watches stays when all of it is stopped. */
static void say_stays(const struct acting *self)
{
	const struct view *view = &self->watch.view;

	for (size_t i = 0; i < view->count; i++)
		if (!view_unit_has_ended(&view->units[i]))
			return;
	if (self->act->goal == ACT_STOPPED && self->count > 0 && view_is(view, "up"))
		act_say(self->watch.context,
			"project '%s' stays: upfront%s start starts it again, upfront%s down ends it",
			self->watch.project.name, project_option(&self->watch.project),
			project_option(&self->watch.project));
}

int act_run(const struct cli_context *context, const struct act *act, struct err *err)
{
	struct acting self = {.act = act};

	watch_init(&self.watch, context);
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	if (watch_open(&self.watch, err) < 0 || watch_check_names(&self.watch, act->names, err) < 0 ||
	    request(&self, err) < 0)
		goto out;
	if (self.count == 0)
		say_nothing(&self);
	say_along(&self);
	if (wait_done(&self, err) == 0 && !err_is_set(err)) {
		add_failures(&self, err);
		say_stays(&self);
	}
	if (context->globals.json && self.targets != NULL) {
		const char **names = calloc(self.count + 1, sizeof(*names));

		for (size_t i = 0; names != NULL && i < self.count; i++)
			names[i] = self.targets[i].name;
		act_print_json(&self.watch, names != NULL && self.count > 0 ? names : (const char *const[]){"", NULL});
		free(names);
	}
out:
	for (size_t i = 0; i < self.count; i++) {
		free(self.targets[i].name);
		free(self.targets[i].service);
	}
	free(self.targets);
	watch_finish(&self.watch);
	return (int)err->code;
}
