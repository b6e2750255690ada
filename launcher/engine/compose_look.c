/* SPDX-License-Identifier: MIT */
/*
 * A container is looked at (inspect) whenever something may have happened to it: an event, an answer, the end of a call, the engine's
 * return. What is told comes from the difference between what inspect says and what was told before, so it does not matter which events were
 * lost, or came twice.
 *
 * A run is known by the time of its start. In this order: the end of the run that was told, if another has begun since (its exit code is the one
 * that the event told); the start of that other; its end if that has come, or how it is.
 *
 * While a call is under way, how a container is says nothing: it may be the one of before, about to be made anew. What counts then is that it was seen
 * to start (part->fresh), and after the call that it runs (part->settling).
 *
 * Whoever is told may ask for anything in return, even that the part be forgotten: after each telling it is looked up anew.
 */
#include "launcher/engine/compose_parts.h"

#include "launcher/engine/container_state.h"
#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An engine holds a container's lock while it starts it, and that takes as long as it takes. */
#define LOOK_MS 10000
/* What Docker says of a run that ended while nobody was there to see how. */
#define CODE_UNKNOWN 255

/* ---- Telling ---- */

/* True when it is still the same part in the same state: nobody who was told has asked for something else. */
static bool is_still(const struct engine *self, unsigned id, const struct part *part, enum part_state state)
{
	return compose_find(self, id) == part && part->state == state;
}

static bool tell_start(struct part *part, const struct container_state *now)
{
	struct engine *self = part->engine;
	struct engine_start start = {.has_health = now->health != CONTAINER_UNASKED};
	enum part_state state = part->want == PART_WANT_RUN ? PART_RUNS : PART_STOPPING;
	unsigned id = part->id;
	char name[13];

	snprintf(name, sizeof name, "%.12s", part->container);
	free(part->why);
	part->why = NULL;
	part->started_ns = now->started_ns;
	part->exit_told = part->oom = part->signalled = part->paused = false;
	part->killed_by = 0;
	part->fresh = part->settling = part->unsure = false;
	part->health = PART_HEALTH_UNTOLD;
	part->has_health = start.has_health;
	part->tty = now->tty;
	part->stdin_open = now->stdin_open;
	part->pid =
		now->running && self->options.compose->endpoint.local && compose_pid_is_here(now->pid, part->container)
			? now->pid
			: 0;
	part->state = state;
	start.pid = part->pid;
	start.id = name;
	self->options.events->started(self->options.context, id, &start);
	if (!is_still(self, id, part, state))
		return false;
	compose_logs_follow(part);
	return true;
}

static bool tell_exit(struct part *part, int code, bool oom, bool restarting)
{
	struct engine *self = part->engine;
	struct engine_exit how = {.oom = part->oom || oom, .restarting = restarting};
	enum part_state state = restarting ? PART_RESTARTING : PART_NONE;
	unsigned id = part->id;

	/* The engine knows no signals, only codes: one that we have sent, or the kernel, or somebody by the engine is told as what it was. */
	if (code > 128 && code <= 128 + 64 &&
	    (part->signalled || code - 128 == part->killed_by || (how.oom && code == 137))) {
		how.signaled = true;
		how.signal = code - 128;
	} else {
		how.code = code;
	}
	part->exit_told = true;
	part->paused = part->oom = false;
	part->pid = 0;
	part->state = state;
	if (!restarting)
		part->stop_due = false;
	self->options.events->exited(self->options.context, id, &how);
	if (compose_find(self, id) != part)
		return false;
	compose_logs_finish(part);
	return is_still(self, id, part, state);
}

static bool tell_health(struct part *part, bool well, const char *detail)
{
	struct engine *self = part->engine;
	enum part_state state = part->state;
	unsigned id = part->id;

	part->health = well ? PART_WELL : PART_ILL;
	if (self->options.events->health == NULL)
		return true;
	self->options.events->health(self->options.context, id, well, detail);
	return is_still(self, id, part, state);
}

static void look_at_health(struct part *part, const struct container_state *now)
{
	bool was_paused = part->paused;

	part->paused = now->paused;
	if (now->paused) {
		if (!was_paused)
			(void)tell_health(part, false, "paused");
		return;
	}
	if (was_paused)
		part->health = PART_HEALTH_UNTOLD;
	if (now->health == CONTAINER_HEALTHY && part->health != PART_WELL)
		(void)tell_health(part, true, now->detail);
	else if (now->health == CONTAINER_UNHEALTHY && part->health != PART_ILL)
		(void)tell_health(part, false, now->detail);
	else if (now->health == CONTAINER_UNASKED && was_paused)
		(void)tell_health(part, true, "");
}

/* ---- What is other than what was told ---- */

/* The exit code of a run that had ended before the present one began. */
static int missed_code(const struct part *part, const struct container_state *now)
{
	bool is_known = part->death.at_ns > part->started_ns && part->death.at_ns <= now->started_ns;

	return is_known ? part->death.code : CODE_UNKNOWN;
}

/* False: this is not the time to say anything of it. */
static bool does_count(const struct part *part, const struct container_state *now)
{
	if (compose_is_told(part) || part->fresh)
		return true;
	if (part->state == PART_NONE)
		return now->running;
	/* Of a call that went well one that does not run any more was short; of another it is what had been there before. */
	return part->settling && (now->running || part->engine->call.code == 0);
}

static void miss(struct part *part, const char *why)
{
	free(part->why);
	part->why = *why != '\0' ? strdup(why) : NULL;
	part->settling = false;
	compose_due(part->engine);
}

static void compare(struct part *part, const struct container_state *now)
{
	bool settling = part->settling;
	bool is_new = now->started_ns > 0 && now->started_ns != part->started_ns;

	if (!does_count(part, now)) {
		if (settling)
			miss(part, now->error);
		return;
	}
	if (is_new && compose_is_told(part) && !part->exit_told &&
	    !tell_exit(part, missed_code(part, now), false, true))
		return;
	if (is_new && !tell_start(part, now))
		return;
	if (!compose_is_told(part)) {
		/* Nothing of it has run: the engine says why. */
		if (settling)
			miss(part, now->error);
		return;
	}
	if (now->running) {
		look_at_health(part, now);
		return;
	}
	if (!part->exit_told || (part->state == PART_RESTARTING && !now->restarting))
		(void)tell_exit(part, now->code, now->oom, now->restarting);
}

void compose_gone(struct part *part)
{
	struct engine *self = part->engine;
	unsigned id = part->id;
	int code = part->death.at_ns > part->started_ns ? part->death.code : 128 + 9;

	part->fresh = false;
	if (part->settling)
		miss(part, "");
	else if (compose_is_told(part))
		(void)tell_exit(part, code, false, false);
	if (compose_find(self, id) == part)
		part->container[0] = '\0';
}

void compose_note_death(struct part *part, int64_t at_ns, int code)
{
	part->death.at_ns = at_ns;
	part->death.code = code;
}

/* ---- Looking ---- */

static void take(struct part *part, const struct docker_answer *answer)
{
	struct container_state now;

	if (answer->error != 0) {
		part->look_due = true;
		compose_suspect(part->engine);
	} else if (answer->status == 404) {
		compose_gone(part);
	} else if (answer->status / 100 != 2 || container_state_read(answer->body, &now) < 0) {
		/* It cannot say. What an event has said must do. */
		if (part->settling)
			miss(part, answer->message);
		else if (compose_is_told(part) && !part->exit_told && part->death.at_ns > part->started_ns)
			(void)tell_exit(part, part->death.code, false, false);
	} else {
		compare(part, &now);
	}
}

static void on_inspected(void *context, const struct docker_answer *answer)
{
	struct part *part = context;
	struct engine *self = part->engine;
	unsigned id = part->id;
	bool again = part->inspect_again;

	part->inspect = NULL;
	part->inspect_again = false;
	/* What happened meanwhile may be older or newer than this answer; the next one is newer than both. */
	take(part, answer);
	if (compose_find(self, id) == part) {
		if (again)
			compose_look(part);
		compose_stop_pursue(part);
	}
	compose_watch_looked(self);
}

void compose_look(struct part *part)
{
	struct engine *self = part->engine;
	char path[COMPOSE_ID_BYTES + 64];

	part->look_due = false;
	if (part->container[0] == '\0')
		return;
	if (part->inspect != NULL) {
		part->inspect_again = true;
		return;
	}
	snprintf(path, sizeof path, "/containers/%s/json", part->container);
	part->inspect = docker_begin(
		self->docker,
		&(struct docker_request){
			.method = "GET", .path = path, .timeout_ms = LOOK_MS, .done = on_inspected, .context = part});
	if (part->inspect == NULL)
		part->look_due = true;
}
