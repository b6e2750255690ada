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
#include <time.h>

struct following {
	struct watch watch;
	char phase[16]; /* as last said */
	bool broken; /* nobody reads what we write */
};

static void print_time(int64_t time_ms)
{
	const time_t seconds = (time_t)(time_ms / 1000);
	struct tm local;
	char text[32] = "";

	if (localtime_r(&seconds, &local) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("%s.%03d  ", text, (int)(time_ms % 1000));
}

static void print_text(const char *text)
{
	char *harmless = text_harmless(text);

	fputs(harmless != NULL ? harmless : "?", stdout);
	free(harmless);
}

static void add_head(cJSON *object, const char *event, int64_t time_ms)
{
	cJSON_AddNumberToObject(object, "version", 1);
	cJSON_AddStringToObject(object, "event", event);
	cJSON_AddNumberToObject(object, "time_ms", (double)time_ms);
}

static void tell_unit(const struct following *self, const struct view_unit *unit)
{
	const int64_t time_ms = unit->changed_ms > 0 ? unit->changed_ms : clock_wall_ms();
	char delay[32];
	cJSON *object;

	if (self->watch.context->globals.json) {
		object = cJSON_CreateObject();
		add_head(object, "service", time_ms);
		unit_json_add(object, unit);
		if (unit->before[0] != '\0')
			cJSON_AddStringToObject(object, "before", unit->before);
		else
			cJSON_AddNullToObject(object, "before");
		unit_json_print(object);
		return;
	}
	print_time(time_ms);
	print_text(unit->name);
	if (strcmp(unit->state, "back-off") == 0 && unit->is_container) {
		printf(" is in back-off, its engine tries again");
	} else if (strcmp(unit->state, "back-off") == 0) {
		news_duration(unit->backoff_ms, delay, sizeof(delay));
		printf(" is in back-off, next try in %s", delay);
	} else {
		printf(" is %s", unit->state);
	}
	if (unit->why != NULL && unit->why[0] != '\0' && strcmp(unit->state, "ready") != 0) {
		fputs(": ", stdout);
		print_text(unit->why);
	}
	putchar('\n');
}

static void tell_stack(struct following *self, const char *phase)
{
	cJSON *object;

	if (self->watch.context->globals.json) {
		object = cJSON_CreateObject();
		add_head(object, "stack", clock_wall_ms());
		cJSON_AddStringToObject(object, "name", self->watch.project.name);
		cJSON_AddStringToObject(object, "phase", phase);
		unit_json_print(object);
		return;
	}
	print_time(clock_wall_ms());
	print_text(self->watch.project.name);
	printf(" is %s\n", phase);
}

/* Only what changed: a service is told of again when its probe has a new answer, which is no event. */
static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct following *self = context;

	if (unit != NULL && strcmp(unit->state, unit->before) != 0)
		tell_unit(self, unit);
	if (unit == NULL && strcmp(view->phase, self->phase) != 0) {
		snprintf(self->phase, sizeof(self->phase), "%s", view->phase);
		tell_stack(self, self->phase);
	}
	if (fflush(stdout) != 0 && errno == EPIPE)
		self->broken = true;
}

static int events_run(struct cli_context *context, struct err *err)
{
	struct following self = {.phase = ""};
	int result;

	watch_init(&self.watch, context);
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	/* First: what is there already is told while the stream is opened. */
	result = watch_take_signals(&self.watch, err);
	if (result == 0)
		result = watch_open(&self.watch, err);
	if (result == 0)
		do
			result = watch_step(&self.watch, err);
		while (result > 0 && !self.broken);
	if (result == 0 && !view_is(&self.watch.view, "over"))
		err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly", self.watch.project.name);
	watch_finish(&self.watch);
	return (int)err->code;
}

const struct cli_command command_events = {
	.name = "events",
	.args = "",
	.summary = "show what changes in the running stack, as it happens",
	.text = "One line a change, until the stack is over or Ctrl-C: first the state of each service now, then every "
		"change.\n"
		"With --json one object a line.",
	.run = events_run,
};
