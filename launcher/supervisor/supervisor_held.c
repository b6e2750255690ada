/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "launcher/supervisor/supervisor_telemetry.h"
#include "telemetry/object_counts.h"

#include <stdlib.h>
#include <string.h>

#define HELD_MAX 200u

struct held {
	struct telemetry_event event; /* speaks of one of the next two */
	struct telemetry_request request; /* its texts are static */
	struct telemetry_command command;
	void *texts; /* of the command */
};

/* Copies `text` to where *at stands. */
static const char *put(char **at, const char *text)
{
	const char *copy = *at;

	*at = stpcpy(*at, text) + 1;
	return copy;
}

static bool copy_command(struct held *self, const struct telemetry_command *from)
{
	size_t size_bytes = strlen(from->command) + 1 + from->arg_count * sizeof(char *) +
			    from->object_count * sizeof(struct telemetry_count);
	struct telemetry_count *counts;
	const char **args;
	char *at;

	for (size_t i = 0; i < from->arg_count; i++)
		size_bytes += strlen(from->args[i]) + 1;
	for (size_t i = 0; i < from->object_count; i++)
		size_bytes += strlen(from->object_counts[i].name) + 1;
	self->texts = malloc(size_bytes);
	if (self->texts == NULL)
		return false;
	counts = self->texts;
	args = (const char **)(counts + from->object_count);
	at = (char *)(args + from->arg_count);
	self->command = *from;
	self->command.command = put(&at, from->command);
	for (size_t i = 0; i < from->arg_count; i++)
		args[i] = put(&at, from->args[i]);
	for (size_t i = 0; i < from->object_count; i++)
		counts[i] =
			(struct telemetry_count){put(&at, from->object_counts[i].name), from->object_counts[i].count};
	self->command.args = args;
	self->command.object_counts = from->object_counts != NULL ? counts : NULL;
	return true;
}

static bool hold(struct supervisor *supervisor, const struct telemetry_event *event)
{
	struct held *self;

	if (supervisor->held == NULL)
		supervisor->held = calloc(HELD_MAX, sizeof(struct held));
	if (supervisor->held == NULL || supervisor->held_count == HELD_MAX)
		return false;
	self = &supervisor->held[supervisor->held_count];
	*self = (struct held){.event = *event};
	if (event->kind == TELEMETRY_API_REQUEST) {
		self->request = *event->request;
		self->event.request = &self->request;
	} else {
		if (!copy_command(self, event->command))
			return false;
		self->event.command = &self->command;
	}
	supervisor->held_count++;
	return true;
}

void held_note(struct supervisor *self, struct telemetry_event event)
{
	event.time_ms = clock_wall_ms();
	if (self->sender == NULL)
		return;
	if (report_is_told(self))
		sender_capture(self, &event);
	else if (!hold(self, &event))
		telemetry_drop(sender_telemetry(self));
}

void held_send(struct supervisor *self)
{
	for (size_t i = 0; i < self->held_count; i++)
		sender_capture(self, &self->held[i].event);
	held_drop(self);
}

void held_drop(struct supervisor *self)
{
	for (size_t i = 0; i < self->held_count; i++)
		free(self->held[i].texts);
	free(self->held);
	self->held = NULL;
	self->held_count = 0;
}
