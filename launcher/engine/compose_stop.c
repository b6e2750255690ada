/* SPDX-License-Identifier: MIT */
/*
 * Asked to end. What is wanted is noted with the part, and asked of the engine when that makes sense:
 *
 *   it runs, or waits for its next run   at once
 *   a call is to start it                once it has started; if nobody else needs the call it is ended first
 *   it only waits for a call             never: it is told as not started
 *   the engine is away                   when it is back, and it still runs
 *
 * The answer to a stop says nothing of how it ended: the container is looked at, and that tells the exit even if the event was lost.
 */
#include "launcher/engine/compose_parts.h"

#include "launcher/engine/docker_api.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* How long an engine may take beyond what the container may. */
#define ANSWER_MS 20000
/* More than that is forever. */
#define GRACE_MS_MAX (24 * 3600 * 1000)

static bool is_callable(const struct engine *self)
{
	return self->reachable;
}

/* ---- What the engine is asked ---- */

static void on_stopped(void *context, const struct docker_answer *answer)
{
	struct part *part = context;
	struct engine *self = part->engine;

	part->stop = NULL;
	if (answer->error != 0) {
		/* Too late is an answer of a kind: who asked has a limit, and kills. */
		if (answer->error != -ETIMEDOUT)
			part->stop_due = true;
		part->look_due = true;
		compose_suspect(self);
		return;
	}
	compose_look(part);
}

static void ask_engine(struct part *part, const char *what, int timeout_ms)
{
	struct engine *self = part->engine;
	char path[COMPOSE_ID_BYTES + 64];

	docker_call_cancel(part->stop);
	snprintf(path, sizeof path, "/containers/%s/%s", part->container, what);
	part->stop = docker_begin(
		self->docker,
		&(struct docker_request){
			.method = "POST", .path = path, .timeout_ms = timeout_ms, .done = on_stopped, .context = part});
	part->signalled = true;
	compose_watch_pulse(self);
}

void compose_stop_pursue(struct part *part)
{
	char what[64];

	if (!part->stop_due || !compose_is_told(part) || part->container[0] == '\0' || !is_callable(part->engine))
		return;
	part->stop_due = false;
	if (part->want == PART_WANT_KILL && part->state != PART_RESTARTING) {
		ask_engine(part, "kill", ANSWER_MS);
	} else if (part->want != PART_WANT_RUN) {
		/* One that waits for its next run cannot be killed; to stop it ends the waiting. */
		int64_t grace_ms = part->want == PART_WANT_KILL ? 0 : part->grace_ms;

		snprintf(what, sizeof what, "stop?t=%d", (int)((grace_ms + 999) / 1000));
		ask_engine(part, what, (int)grace_ms + ANSWER_MS);
	}
	if (part->want != PART_WANT_RUN && part->state == PART_RUNS)
		part->state = PART_STOPPING;
}

/* ---- Operations ---- */

static bool is_needed(const struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];

		if (part != NULL && part->state == PART_CALLED && part->want == PART_WANT_RUN)
			return true;
	}
	return false;
}

static int want(struct engine *self, unsigned unit, enum part_want wanted, int64_t grace_ms)
{
	struct part *part = compose_find(self, unit);

	if (part == NULL || part->state == PART_NONE)
		return -ESRCH;
	if (part->want >= wanted && part->stop != NULL)
		return 0;
	part->want = wanted;
	part->grace_ms = grace_ms < 0 ? 0 : grace_ms > GRACE_MS_MAX ? GRACE_MS_MAX : grace_ms;
	part->stop_due = true;
	if (part->state == PART_CALLED && !is_needed(self))
		compose_call_stop(self, wanted == PART_WANT_KILL);
	if (part->state == PART_RUNS)
		part->state = PART_STOPPING;
	compose_stop_pursue(part);
	compose_due(self);
	return 0;
}

int compose_stop(struct engine *self, unsigned unit, int signal_number, int64_t grace_ms)
{
	(void)signal_number; /* the container has its own */
	return want(self, unit, PART_WANT_STOP, grace_ms);
}

void compose_kill(struct engine *self, unsigned unit)
{
	(void)want(self, unit, PART_WANT_KILL, 0);
}

static void on_signalled(void *context, const struct docker_answer *answer)
{
	if (answer->error != 0)
		compose_suspect(context);
}

int compose_signal(struct engine *self, unsigned unit, int signal_number)
{
	struct part *part = compose_find(self, unit);
	char path[COMPOSE_ID_BYTES + 64];

	if (part == NULL || !compose_is_told(part) || part->exit_told || part->container[0] == '\0')
		return -ESRCH;
	if (!is_callable(self))
		return -EAGAIN;
	snprintf(path, sizeof path, "/containers/%s/kill?signal=%d", part->container, signal_number);
	if (docker_begin(self->docker, &(struct docker_request){.method = "POST",
								.path = path,
								.timeout_ms = ANSWER_MS,
								.done = on_signalled,
								.context = self}) == NULL)
		return -ENOMEM;
	part->signalled = true;
	return 0;
}
