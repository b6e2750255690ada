/* SPDX-License-Identifier: MIT */
/*
 * What a call came to, once its run has ended and all its containers were looked at. Parts that are still PART_CALLED by then have not started: they have
 * failed, by what was said of them - unless nobody can know (the engine went away meanwhile), or it was ended for the sake of others, or the
 * engine is at odds with itself about a container; then they are asked for again.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/compose_explain.h"
#include "launcher/engine/docker_api.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMAKES_MAX 2
#define REMOVE_MS 30000

void compose_tell_progress(struct part *part, const struct engine_progress *progress)
{
	const struct engine_options *options = &part->engine->options;

	if (options->events->progress != NULL)
		options->events->progress(options->context, part->id, progress);
}

static void fail_part(struct part *part, const struct err *why)
{
	const struct engine_options *options = &part->engine->options;

	free(part->why);
	part->why = NULL;
	part->settling = part->unsure = false;
	part->state = PART_NONE;
	options->events->start_failed(options->context, part->id, why);
}

static void fail_unwanted(struct part *part)
{
	struct err why = ERR_INIT;

	err_set(&why, ERR_FAILED, "it was stopped before it had started");
	fail_part(part, &why);
	err_finish(&why);
}

void compose_call_fail_all(struct engine *self, const struct err *why)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			fail_part(self->parts[i], why);
}

/* `only_own`: not if it only was not started because of another. */
static void fail_missed(struct part *part, bool only_own)
{
	struct engine *self = part->engine;
	const struct service *service = part->service;
	struct compose_failure failure = {.stack = self->stack,
					  .service = part->name,
					  .image = service != NULL ? service->image : NULL,
					  .complaint = self->call.complaint != NULL ? self->call.complaint : "",
					  .own = part->why,
					  .fault = service != NULL && service->has_build ? &self->fault : NULL,
					  .program = self->options.compose->cli.shown,
					  .code = self->call.code};
	struct err why = ERR_INIT;

	if (compose_explain(&failure, &why) || !only_own) {
		secrets_mask_err(&self->stack->secrets, &why);
		fail_part(part, &why);
	}
	err_finish(&why);
}

static void ask_again(struct part *part)
{
	part->state = PART_ASKED;
	part->unsure = true;
	part->settling = part->fresh = false;
	compose_tell_progress(part, NULL);
}

/*
 * An engine that died while it started a container may find a task of it when it is back that it cannot take over, and refuses every start of this container
 * from then on. One made anew starts.
 */
static bool is_stuck(const struct part *part)
{
	const char *complaint = part->engine->call.complaint;
	const char *const said[] = {part->why, complaint};

	if (part->container[0] == '\0' || part->remakes >= REMAKES_MAX)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *at = said[i] != NULL ? strstr(said[i], part->container) : NULL;

		if (at != NULL && strncmp(at + strlen(part->container), ": already exists", 16) == 0)
			return true;
	}
	return false;
}

static void on_removed(void *context, const struct docker_answer *answer)
{
	struct part *part = context;

	part->stop = NULL;
	if (answer->error != 0)
		compose_suspect(part->engine);
	compose_due(part->engine);
}

static void remake(struct part *part)
{
	struct engine *self = part->engine;
	char path[COMPOSE_ID_BYTES + 64];

	part->remakes++;
	docker_call_cancel(part->stop);
	snprintf(path, sizeof path, "/containers/%s?force=1", part->container);
	part->stop = docker_begin(self->docker, &(struct docker_request){.method = "DELETE",
									 .path = path,
									 .timeout_ms = REMOVE_MS,
									 .done = on_removed,
									 .context = part});
	compose_watch_pulse(self);
	ask_again(part);
}

void compose_call_forget(struct engine *self)
{
	free(self->call.complaint);
	self->call.complaint = NULL;
	self->call.fetching[0] = self->call.unfetched[0] = '\0';
	self->call.over = self->call.cut = self->call.lost = false;
	if (self->run_limit != NULL)
		event_free(self->run_limit);
	self->run_limit = NULL;
}

static bool is_settling(const struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->settling)
			return true;
	return false;
}

/* Those that cannot be started are made anew; true: there were such, and the others may only have waited for them. */
static bool remake_stuck(struct engine *self)
{
	bool any = false;

	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_CALLED || part->want != PART_WANT_RUN || self->ending ||
		    !is_stuck(part))
			continue;
		remake(part);
		any = true;
	}
	return any;
}

/* All are looked at: those that are still waited for have not started. */
void compose_call_conclude(struct engine *self)
{
	bool again;

	if (is_settling(self))
		return;
	again = remake_stuck(self) || self->call.lost || self->call.cut;
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_CALLED)
			continue;
		if (part->want != PART_WANT_RUN || self->ending)
			fail_unwanted(part);
		else if (again)
			ask_again(part);
		else
			fail_missed(part, true);
	}
	/* First whose trouble it is, then those that it was brought to. */
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			fail_missed(self->parts[i], false);
	compose_call_forget(self);
	compose_due(self);
}

void compose_call_settle(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || !part->settling || part->container[0] != '\0')
			continue;
		part->settling = false;
	}
	if (self->call.over)
		compose_due(self);
}

void compose_call_fail(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];
		bool asked = part != NULL && part->state == PART_ASKED && !part->unsure;

		if (asked && (part->want != PART_WANT_RUN || self->ending))
			fail_unwanted(part);
	}
}

void compose_call_lost(struct engine *self)
{
	self->call.lost = true;
	if (self->run != NULL || self->pull != NULL)
		return;
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			ask_again(self->parts[i]);
	compose_call_forget(self);
}
