/* SPDX-License-Identifier: MIT */
/*
 * The stack's end. First (ending) nothing is started any more: what waits for a call is told as not started, a call under way is ended. Once all units
 * have ended (close) containers_end takes away what carries the project's label; a project that no call of ours has named is not ours.
 *
 * An engine that is away is waited for, at most CLOSE_AWAY_MS; then `closed` says which containers may still run. The note (containers_end.h) is removed
 * only when nothing is left: with it the next command on the project knows.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/containers_end.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define CLOSE_AWAY_MS 10000
#define NAMES_BYTES 400u

void compose_ending(struct engine *self)
{
	self->ending = true;
	compose_call_stop(self, false);
	compose_due(self);
}

/* ---- The last word ---- */

static void tell_closed(struct engine *self, const struct err *why)
{
	if (self->closed)
		return;
	self->closed = true;
	if (self->close_limit != NULL)
		event_free(self->close_limit);
	self->close_limit = NULL;
	if (why == NULL && self->call.made && self->options.state_dir != NULL)
		containers_note_remove(self->options.state_dir);
	if (self->options.events->closed != NULL)
		self->options.events->closed(self->options.context, why);
}

/* "web, db-2"; those that nobody knows to have ended. */
static bool name_left(const struct engine *self, char names[NAMES_BYTES])
{
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];
		int size;

		if (part == NULL || (part->state == PART_NONE && part->container[0] == '\0'))
			continue;
		size = part->replica > 1
			       ? snprintf(names + used, NAMES_BYTES - used, "%s%s-%d", used > 0 ? ", " : "", part->name,
					  part->replica)
			       : snprintf(names + used, NAMES_BYTES - used, "%s%s", used > 0 ? ", " : "", part->name);
		if (size < 0 || (size_t)size >= NAMES_BYTES - used) {
			snprintf(names + (used < NAMES_BYTES - 6 ? used : NAMES_BYTES - 6), 6, ", ...");
			return true;
		}
		used += (size_t)size;
	}
	return used > 0;
}

static void tell_away(struct engine *self)
{
	struct err why = ERR_INIT;
	char names[NAMES_BYTES];
	bool known = name_left(self, names);

	err_set(&why, ERR_MISSING, "containers of '%s' may still be there%s%s: the container engine is away: %s",
		self->stack->name, known ? ": " : "", names, self->options.compose->endpoint.shown);
	err_hint(&why, "once it is back, 'upfront -p %s down' takes them away", self->stack->name);
	tell_closed(self, &why);
	err_finish(&why);
}

/* ---- Getting there ---- */

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	self->close_late = true;
	compose_due(self);
}

static void wait_for_engine(struct engine *self)
{
	struct timeval limit = {.tv_sec = CLOSE_AWAY_MS / 1000, .tv_usec = CLOSE_AWAY_MS % 1000 * 1000};

	if (self->close_limit != NULL)
		return;
	self->close_limit = event_new(self->options.base, -1, 0, on_limit, self);
	if (self->close_limit == NULL || event_add(self->close_limit, &limit) < 0)
		self->close_late = true;
}

static void on_ended(void *context, size_t ended, const struct err *why)
{
	struct engine *self = context;

	(void)ended;
	self->end = NULL;
	err_finish(&self->end_why);
	err_init(&self->end_why);
	if (why == NULL) {
		tell_closed(self, NULL);
		return;
	}
	/* Because the engine went? Then it is done again when it is back. */
	err_set(&self->end_why, why->code, "%s", why->count > 0 ? why->items[0].message : "they cannot be taken away");
	if (why->count > 0 && why->items[0].hint != NULL)
		err_hint(&self->end_why, "%s", why->items[0].hint);
	compose_suspect(self);
	compose_due(self);
}

static void begin_end(struct engine *self)
{
	struct containers_end_options options = {
		.project = self->stack->name, .dir = self->call.dir, .volumes = self->volumes};

	self->end = containers_end_begin(self->docker, &options, on_ended, self);
	if (self->end != NULL) {
		compose_watch_pulse(self);
		return;
	}
	err_set(&self->end_why, ERR_FAILED, "containers of '%s' cannot be taken away: out of memory",
		self->stack->name);
	tell_closed(self, &self->end_why);
}

void compose_close_next(struct engine *self)
{
	if (!self->closing || self->closed || self->run != NULL || self->pull != NULL)
		return;
	if (!self->call.made) {
		tell_closed(self, NULL);
		return;
	}
	if (!self->reachable) {
		containers_end_cancel(self->end);
		self->end = NULL;
		err_finish(&self->end_why);
		err_init(&self->end_why);
		wait_for_engine(self);
		if (self->close_late)
			tell_away(self);
		return;
	}
	if (self->end != NULL || self->returning || self->ping != NULL)
		return;
	if (err_is_set(&self->end_why))
		tell_closed(self, &self->end_why);
	else
		begin_end(self);
}

void compose_close(struct engine *self, bool volumes)
{
	self->closing = self->ending = true;
	self->volumes = volumes;
	compose_call_stop(self, false);
	compose_due(self);
}

void compose_close_finish(struct engine *self)
{
	containers_end_cancel(self->end);
	self->end = NULL;
	if (self->close_limit != NULL)
		event_free(self->close_limit);
	self->close_limit = NULL;
	err_finish(&self->end_why);
}
