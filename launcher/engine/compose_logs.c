/* SPDX-License-Identifier: MIT */
/*
 * While a container runs its log is followed; once it has ended what is left of it is read by a request that does not follow, because
 * engines differ in whether and when they end a stream that does. Each request begins a little before where the one before it was left, and
 * docker_frames leaves out what was had.
 */
#include "launcher/engine/compose_parts.h"

#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 256
#define LINE_BYTES 400
/* After a stream that ended while its container runs: it may be about to end, or the engine to go. */
#define SOON_MS 200
/* After an answer that was none, and while the engine is away. */
#define LATER_MS 500
#define DRIVER_TIMEOUT_MS 10000

static void read_log(struct part *part);

/* ---- What is told ---- */

static bool take(void *context, enum engine_stream stream, const char *bytes, size_t size_bytes, int64_t time_ms)
{
	struct part *part = context;
	const struct engine_options *options = &part->engine->options;

	return options->events->output(options->context, part->id, stream, bytes, size_bytes, time_ms);
}

/* False when the part has been forgotten over it. */
static bool tell_end(struct part *part)
{
	struct engine *self = part->engine;
	const unsigned id = part->id;

	part->end_due = false;
	self->options.events->output_ended(self->options.context, id);
	return compose_find(self, id) == part;
}

/* A line of ours among the unit's own, once a container: who looks for its output looks there. */
static void tell_why(struct part *part, const char *why)
{
	char line[LINE_BYTES];
	int length;

	if (part->logs_told)
		return;
	part->logs_told = true;
	length = snprintf(line, sizeof(line), "upfront: its output cannot be shown: %.300s\n", why);
	if (!take(part, ENGINE_STDERR, line, (size_t)length, 0))
		part->held = true;
}

/* ---- Once more ---- */

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct part *part = context;

	(void)fd;
	(void)what;
	if (part->logs == NULL && !part->held && (part->logs_wanted || part->end_due))
		read_log(part);
}

static void retry_in(struct part *part, int pause_ms)
{
	const struct timeval pause = {.tv_usec = pause_ms * 1000};

	if (part->logs_retry == NULL)
		part->logs_retry = evtimer_new(part->engine->options.base, on_retry, part);
	if (part->logs_retry != NULL)
		evtimer_add(part->logs_retry, &pause);
}

static void stop_reading(struct part *part)
{
	docker_call_cancel(part->logs);
	part->logs = NULL;
	if (part->logs_retry != NULL)
		evtimer_del(part->logs_retry);
}

/* Nothing more can be had of this container's output. */
static void give_up(struct part *part)
{
	part->logs_wanted = part->end_again = false;
	if (part->end_due)
		(void)tell_end(part);
}

/* ---- Logs that cannot be read ---- */

static void on_driver(void *context, const struct docker_answer *answer)
{
	struct part *part = context;
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(answer->body, "HostConfig");
	const cJSON *type =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(config, "LogConfig"), "Type");
	char why[LINE_BYTES];

	part->logs = NULL;
	if (!cJSON_IsString(type))
		snprintf(why, sizeof(why), "the engine's log driver does not give it back");
	else if (strcmp(type->valuestring, "none") == 0)
		snprintf(why, sizeof(why), "its log driver is 'none', which keeps nothing");
	else
		snprintf(why, sizeof(why), "its log driver '%.60s' takes it elsewhere, and it is read there",
			 type->valuestring);
	tell_why(part, why);
	give_up(part);
}

static void ask_driver(struct part *part)
{
	char path[PATH_BYTES];
	const struct docker_request request = {
		.method = "GET", .path = path, .timeout_ms = DRIVER_TIMEOUT_MS, .done = on_driver, .context = part};

	snprintf(path, sizeof(path), "/containers/%s/json", part->logs_container);
	part->logs = docker_begin(part->engine->docker, &request);
	if (part->logs == NULL)
		give_up(part);
}

static void refused(struct part *part, const struct docker_answer *answer)
{
	if (answer->status == 404 || answer->status == 409)
		give_up(part); /* it has been removed, or is being removed */
	else if (answer->status == 501 || strstr(answer->message, "driver") != NULL)
		ask_driver(part);
	else {
		tell_why(part, answer->message);
		part->end_again = false;
		if ((!part->end_due || tell_end(part)) && part->logs_wanted)
			retry_in(part, LATER_MS);
	}
}

/* ---- The stream ---- */

static bool on_bytes(void *context, const char *bytes, size_t size_bytes)
{
	struct part *part = context;
	bool held = false;

	/* Of what is no such stream nothing more can be had: it passes unread. */
	if (docker_frames_feed(&part->frames, bytes, size_bytes, take, part, &held) < 0)
		tell_why(part, "the engine sends it in a way that is not understood");
	part->held = part->held || held;
	return !part->held;
}

static void on_done(void *context, const struct docker_answer *answer)
{
	struct part *part = context;

	part->logs = NULL;
	if (answer->error < 0) {
		compose_suspect(part->engine);
		retry_in(part, SOON_MS);
	} else if (answer->status >= 300) {
		refused(part, answer);
	} else if (part->end_due) {
		if (!tell_end(part))
			return;
		part->end_due = part->end_again;
		part->end_again = false;
		if (part->end_due || part->logs_wanted) /* ran again meanwhile */
			read_log(part);
	} else if (part->logs_wanted) {
		retry_in(part, SOON_MS);
	}
}

static void read_log(struct part *part)
{
	char path[PATH_BYTES];
	const struct docker_request request = {
		.method = "GET", .path = path, .done = on_done, .bytes = on_bytes, .context = part};

	if (!part->engine->reachable) {
		retry_in(part, LATER_MS);
		return;
	}
	docker_frames_again(&part->frames);
	snprintf(path, sizeof(path), "/containers/%s/logs?follow=%d&stdout=1&stderr=1&timestamps=1&since=%lld",
		 part->logs_container, part->end_due ? 0 : 1, (long long)docker_frames_since(&part->frames));
	part->logs = docker_begin(part->engine->docker, &request);
	if (part->logs == NULL)
		retry_in(part, LATER_MS);
}

/* Another container than before: nothing of its output was had. False when the part has been forgotten over the end of the other one's. */
static bool adopt(struct part *part)
{
	if (strcmp(part->logs_container, part->container) == 0)
		return true;
	stop_reading(part);
	if (part->end_due && !tell_end(part))
		return false;
	snprintf(part->logs_container, sizeof(part->logs_container), "%s", part->container);
	docker_frames_init(&part->frames, part->tty, true, 0);
	part->logs_told = part->end_again = false;
	return true;
}

void compose_logs_follow(struct part *part)
{
	if (!adopt(part))
		return;
	if (!part->logs_wanted)
		compose_terminal_begin(part);
	part->logs_wanted = true;
	if (part->logs == NULL && !part->held)
		read_log(part);
}

void compose_logs_finish(struct part *part)
{
	compose_terminal_end(part);
	if (!adopt(part))
		return;
	if (part->end_due) {
		/* Is being read; what it wrote in a run that has begun since then may not be among that. */
		part->end_again = part->end_again || part->logs_wanted;
		part->logs_wanted = false;
		return;
	}
	part->logs_wanted = false;
	stop_reading(part);
	part->end_due = true;
	if (!part->held)
		read_log(part);
}

void compose_logs_drop(struct part *part)
{
	compose_terminal_end(part);
	stop_reading(part);
	if (part->logs_retry != NULL)
		event_free(part->logs_retry);
	part->logs_retry = NULL;
	part->logs_wanted = part->held = part->end_due = part->end_again = false;
}

void compose_resume_output(struct engine *self, unsigned unit)
{
	struct part *part = compose_find(self, unit);

	if (part == NULL || !part->held)
		return;
	part->held = false;
	if (part->logs != NULL)
		docker_call_resume(part->logs);
	else if (part->logs_wanted || part->end_due)
		read_log(part);
}
