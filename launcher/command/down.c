/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/view.h"
#include "launcher/project.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define CALL_TIMEOUT_MS 10000

struct down_options {
	int64_t timeout_ms;
};

static const struct cli_option down_table[] = {
	{'t', "timeout", CLI_SECONDS, "SECONDS", "wait at most this long before services are killed", NULL,
	 .offset = offsetof(struct down_options, timeout_ms)},
	{.name = NULL},
};

static int post_down(const struct ctl_client *client, const struct down_options *options, struct err *err)
{
	char body[64], *answer = NULL;
	int status, result;

	snprintf(body, sizeof(body), "{\"grace_ms\": %lld}", (long long)options->timeout_ms);
	result = ctl_client_call(client, "POST", "/v1/stack/down", options->timeout_ms > 0 ? body : NULL,
				 CALL_TIMEOUT_MS, &status, &answer, err);
	if (result == 0 && status != 202)
		view_take_error(answer, status, err);
	free(answer);
	return result < 0 || err_is_set(err) ? -EIO : 0;
}

/* The event stream ends when the supervisor does; the lock is free when the guard has gone too. */
static void wait_end(struct ctl_stream *events, const struct project *project)
{
	struct pollfd pollfd = {.fd = ctl_stream_fd(events), .events = POLLIN};
	char buffer[16384];
	ssize_t count;

	do {
		if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
			break;
		count = ctl_stream_read(events, buffer, sizeof(buffer));
	} while (count > 0 || count == -EAGAIN);
	project_wait_ended(project);
}

static int take_down(const struct project *project, const struct ctl_client *client, const struct down_options *options,
		     struct err *err)
{
	struct ctl_stream *events = NULL;
	int result = ctl_stream_open(client, "/v1/events", &events, err);

	if (result == 0)
		result = post_down(client, options, err);
	if (result == 0)
		wait_end(events, project);
	ctl_stream_close(events);
	return result;
}

static void say_not_running(const struct project *project, bool quiet)
{
	int strays = project_sweep(project);

	if (strays > 0)
		fprintf(stderr, "upfront: project '%s' was not running; %d process%s that it had left %s ended\n",
			project->name, strays, strays == 1 ? "" : "es", strays == 1 ? "was" : "were");
	else if (!quiet)
		fprintf(stderr, "upfront: project '%s' is not running\n", project->name);
}

static int end_running(const struct project *project, const struct cli_context *context, struct err *err)
{
	struct ctl_client client = {NULL};
	struct err absent = ERR_INIT;
	int result = project_connect(project, &client, &absent);

	if (result == 0) {
		result = take_down(project, &client, context->options, err);
	} else if (absent.code == ERR_NOT_RUNNING) {
		fprintf(stderr, "upfront: project '%s' is still being asked about or already ending; waiting for it\n",
			project->name);
		project_wait_ended(project);
		result = 0;
	} else {
		err_move(err, &absent);
	}
	err_finish(&absent);
	ctl_client_close(&client);
	return result;
}

static int down_run(struct cli_context *context, struct err *err)
{
	struct project project;

	project_init(&project);
	if (project_find(&project, context, err) < 0)
		goto out;
	if (!project_is_running(&project))
		say_not_running(&project, context->globals.quiet);
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
		"its stop_grace_period, or after --timeout if that is shorter.",
	.options = down_table,
	.options_size = sizeof(struct down_options),
	.run = down_run,
};
