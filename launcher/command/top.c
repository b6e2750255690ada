/* SPDX-License-Identifier: MIT */
#include "launcher/command/top.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/unit_json.h"
#include "launcher/command/watch.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ONE_SAMPLE_MS 500
#define INTERVAL_MIN_MS 100

struct top_options {
	int64_t interval_ms;
};

static const struct cli_option top_table[] = {
	{0, "interval", CLI_SECONDS, "SECONDS", "go on, with a table this often, until Ctrl-C", NULL,
	 .offset = offsetof(struct top_options, interval_ms)},
	{.name = NULL},
};

/* A terminal shows one table in its place, anything else one after the other. */
static void show(const struct watch *watch, const cJSON *before, const cJSON *after, bool again)
{
	const char *const *names = (const char *const *)watch->context->args;

	if (watch->context->globals.json) {
		unit_json_print(top_json(before, after, names));
		return;
	}
	if (again && isatty(STDOUT_FILENO) == 1 && !watch->context->globals.plain &&
	    ui_color_wanted(&watch->context->ui, STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	else if (again)
		putchar('\n');
	top_print(before, after, names, stdout);
	fflush(stdout);
}

/* Waits for the time of the next sample: > 0, or how watch_step_until ended. */
static int wait_until(struct watch *watch, int64_t until_ms, struct err *err)
{
	int result;

	do
		result = watch_step_until(watch, until_ms, err);
	while (result > 0);
	return result == -EAGAIN ? 1 : result;
}

static int sample(struct watch *watch, const struct top_options *options, struct err *err)
{
	const bool goes_on = options->interval_ms >= 0;
	const int64_t interval_ms = !goes_on                                 ? ONE_SAMPLE_MS
				    : options->interval_ms < INTERVAL_MIN_MS ? INTERVAL_MIN_MS
									     : options->interval_ms;
	int64_t due_ms = clock_monotonic_ms();
	cJSON *before = watch_call(&watch->client, "GET", "/v1/stats", NULL, err), *after;
	bool again = false;
	int result = before != NULL ? 1 : -EIO;

	while (result > 0) {
		due_ms += interval_ms;
		result = wait_until(watch, due_ms, err);
		after = result > 0 ? watch_call(&watch->client, "GET", "/v1/stats", NULL, err) : NULL;
		if (after == NULL)
			break;
		show(watch, before, after, again);
		cJSON_Delete(before);
		before = after;
		again = true;
		if (!goes_on)
			break;
	}
	cJSON_Delete(before);
	/* The end of the stack ends the watching, however it came. */
	if (goes_on && again && err->code == ERR_NOT_RUNNING) {
		err_finish(err);
		err_init(err);
	}
	if (!again && result == 0)
		err_set(err, ERR_NOT_RUNNING, "project '%s' ended meanwhile", watch->project.name);
	return (int)err->code;
}

static int top_run(struct cli_context *context, struct err *err)
{
	struct watch watch;

	watch_init(&watch, context);
	watch.screen = true;
	if (watch_open(&watch, err) == 0 && watch_check_names(&watch, (const char *const *)context->args, err) == 0 &&
	    watch_take_signals(&watch, err) == 0)
		sample(&watch, context->options, err);
	watch_finish(&watch);
	return (int)err->code;
}

const struct cli_command command_top = {
	.name = "top",
	.args = "[SERVICE...]",
	.summary = "show what services use: processor, memory, threads, descriptors",
	.text = "Of each service with all its descendants; CPU% is that of one processor, over the interval (half a "
		"second\n"
		"without --interval). The last lines are the sum and upfront itself.",
	.options = top_table,
	.options_size = sizeof(struct top_options),
	.args_max = -1,
	.run = top_run,
};
