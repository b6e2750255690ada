/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/command_report.h"
#include "launcher/command/down_volumes.h"
#include "launcher/command/live.h"
#include "launcher/command/unit_json.h"
#include "launcher/client/news.h"
#include "launcher/client/slow_stop.h"
#include "launcher/client/view.h"
#include "launcher/project.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_TIMEOUT_MS 10000
/* The guard gives up after 10 s. */
#define CLEAR_UP_MS 15000

struct down_options {
	int64_t timeout_ms; /* -1: each service's own */
	bool volumes; /* of containers */
};

static const struct cli_option down_table[] = {
	{'t', "timeout", CLI_SECONDS, "SECONDS", "wait at most this long before services are killed", NULL,
	 .offset = offsetof(struct down_options, timeout_ms)},
	{'v', "volumes", CLI_FLAG, NULL, "remove the volumes of containers as well", NULL,
	 .offset = offsetof(struct down_options, volumes)},
	{.name = NULL},
};

static int post_down(const struct ctl_client *client, const struct down_options *options, struct err *err)
{
	char grace[48] = "", body[96], *answer = NULL;
	int status, result;

	if (options->timeout_ms >= 0)
		snprintf(grace, sizeof(grace), ", \"grace_ms\": %lld", (long long)options->timeout_ms);
	snprintf(body, sizeof(body), "{\"volumes\": %s%s}", options->volumes ? "true" : "false", grace);
	result = ctl_client_call(client, "POST", "/v1/stack/down", body, CALL_TIMEOUT_MS, &status, &answer, err);
	if (result == 0 && status != 202)
		view_take_error(answer, status, err);
	free(answer);
	return result < 0 || err_is_set(err) ? -EIO : 0;
}

/* A descriptor for the end of the run that answers here, and of no later one; -errno. */
static int watch_run(const struct ctl_client *client)
{
	char *answer = NULL;
	const cJSON *pid;
	cJSON *object;
	int status, result;

	result = ctl_client_call(client, "GET", "/v1/stack", NULL, CALL_TIMEOUT_MS, &status, &answer, NULL);
	if (result < 0)
		return result;
	object = cJSON_Parse(answer);
	pid = cJSON_GetObjectItemCaseSensitive(object, "supervisor_pid");
	result = cJSON_IsNumber(pid) && pid->valuedouble > 1 && pid->valuedouble < INT_MAX
			 ? project_watch_run((pid_t)pid->valuedouble)
			 : -ESRCH;
	cJSON_Delete(object);
	free(answer);
	return result;
}

/* The stack on its way down, as it is watched. */
struct ending {
	const struct cli_context *context;
	const struct project *project;
	struct view view;
	struct live live;
};

static void say_slow(struct ending *self)
{
	char *line = slow_stop_line(&self->view, clock_monotonic_ms());

	/* The block counts down to it. */
	if (line != NULL && !block_is_on(self->live.block) && !self->context->globals.quiet)
		live_say(&self->live, line);
	free(line);
}

/* A line for each that has ended, where no block shows it. */
static void say_stopped(struct ending *self, const struct view_unit *unit)
{
	char *line = NULL;

	if (unit != NULL && self->live.block == NULL && !self->context->globals.quiet &&
	    strcmp(unit->state, "stopped") == 0)
		line = news_of_unit(unit);
	if (line != NULL)
		live_say(&self->live, line);
	free(line);
}

/* Once there is something to be seen of the stack. */
static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct ending *self = context;
	char title[128];

	say_stopped(self, unit);
	if (self->live.block != NULL && !block_is_on(self->live.block) && !view_is(view, "over")) {
		snprintf(title, sizeof(title), "Stopping %s", view->app != NULL ? view->app : self->project->name);
		block_begin(self->live.block, title, "stopped", clock_monotonic_ms(), block_judge_stopped, NULL);
	}
	block_change(self->live.block);
}

/* As `stop` prints it: the units, as they were seen last. `view` NULL: nothing ran. */
static void print_json(const struct view *view)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddNumberToObject(object, "version", 1);
	list = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; view != NULL && i < view->count; i++) {
		cJSON *unit = cJSON_CreateObject();

		unit_json_add(unit, &view->units[i]);
		cJSON_AddItemToArray(list, unit);
	}
	unit_json_print(object);
}

/* The event stream ends when the supervisor does, after which the guard has little left to do. */
static void watch_end(struct ending *self, struct ctl_stream *events)
{
	struct pollfd pollfd = {.fd = ctl_stream_fd(events), .events = POLLIN};
	char buffer[16384];
	ssize_t count;

	do {
		const int64_t next_ms = live_until_ms(&self->live, slow_stop_next_ms(&self->view));
		const int64_t left_ms = next_ms - clock_monotonic_ms();

		if (poll(&pollfd, 1, next_ms == 0 ? -1 : left_ms > 0 ? (int)left_ms : 0) < 0 && errno != EINTR)
			break;
		count = ctl_stream_read(events, buffer, sizeof(buffer));
		/* A stream that is not understood still tells by its end what is waited for. */
		if (count > 0)
			(void)view_feed(&self->view, buffer, (size_t)count, take_change, self);
		say_slow(self);
		live_step(&self->live);
	} while (count > 0 || count == -EAGAIN);
}

static int wait_end(struct ctl_stream *events, int run, const struct project *project,
		    const struct cli_context *context, struct err *err)
{
	struct ending self = {.context = context, .project = project};

	view_init(&self.view);
	live_open(&self.live, context, &self.view, project->name);
	watch_end(&self, events);
	live_close(&self.live);
	if (context->globals.json)
		print_json(&self.view);
	/* About no service: something of the stack could not be ended. */
	if (err_is_set(&self.view.failure) && self.view.failed_unit == NULL)
		err_move(err, &self.view.failure);
	view_finish(&self.view);
	if (run >= 0)
		(void)project_wait_run(project, run, CLEAR_UP_MS, err);
	return err_is_set(err) ? -EIO : 0;
}

static int take_down(const struct project *project, const struct ctl_client *client, const struct cli_context *context,
		     struct err *err)
{
	struct ctl_stream *events = NULL;
	int result = ctl_stream_open(client, "/v1/events", &events, err);
	int run = result == 0 ? watch_run(client) : -1;

	/* A stack may be gone in the instant that it is asked to go, and then there is nobody to tell. */
	if (result == 0)
		command_report_end(context->report, context, 0, NULL);
	if (result == 0)
		result = post_down(client, context->options, err);
	if (result == 0)
		result = wait_end(events, run, project, context, err);
	ctl_stream_close(events);
	if (run >= 0)
		close(run);
	return result;
}

static void say_not_running(const struct project *project, bool quiet)
{
	if (!quiet)
		fprintf(stderr, "upfront: project '%s' is not running\n", project->name);
}

static void say_asked(const struct project *project, bool quiet)
{
	if (!quiet)
		fprintf(stderr,
			"upfront: project '%s' is not running: its question waits for an answer in another terminal\n",
			project->name);
}

static int end_running(const struct project *project, const struct cli_context *context, struct err *err)
{
	struct ctl_client client = {0};
	struct err absent = ERR_INIT;
	int result = project_connect(project, &client, &absent);

	if (result == 0)
		result = take_down(project, &client, context, &absent);
	/* It may come to its end at any moment, also between two questions. */
	if (absent.code == ERR_NOT_RUNNING) {
		fprintf(stderr, "upfront: project '%s' is already ending; waiting for it\n", project->name);
		result = project_wait_unlocked(project, CLEAR_UP_MS, err);
	} else {
		err_move(err, &absent);
	}
	err_finish(&absent);
	ctl_client_close(&client);
	return result;
}

static int down_run(struct cli_context *context, struct err *err)
{
	const struct down_options *options = context->options;
	struct project project;

	project_init(&project);
	if (project_find(&project, context, err) < 0)
		goto out;
	if (context->globals.json && (!project_is_running(&project) || project_is_asked(&project)))
		print_json(NULL);
	if (!project_is_running(&project) && options->volumes && down_has_volumes(&project))
		down_volumes(&project, &context->environment, context->globals.quiet, err);
	if (!project_is_running(&project))
		say_not_running(&project, context->globals.quiet);
	else if (project_is_asked(&project))
		say_asked(&project, context->globals.quiet);
	else if (end_running(&project, context, err) == 0 && !context->globals.quiet)
		fprintf(stderr, "upfront: project '%s' is down\n", project.name);
out:
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_down = {
	.name = "down",
	.args = "",
	.summary = "stop the running stack and wait until everything has ended",
	.text = "Stops in reverse order. Nothing running is no error. A service that does not end by itself is killed "
		"after\n"
		"its stop_grace_period, or after --timeout if that is shorter. Containers and their networks are "
		"removed, and\n"
		"with --volumes their volumes, too, also when nothing runs any more.",
	.options = down_table,
	.options_size = sizeof(struct down_options),
	.run = down_run,
};
