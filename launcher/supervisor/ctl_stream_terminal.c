/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_stream_private.h"

#include "launcher/process/output.h"
#include "launcher/process/terminal_modes.h"
#include "launcher/supervisor/supervisor.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/*
 * A sequence that was cut is given up by CAN, colours are ended: so much of the screen is right that the word itself can be read. The
 * screen is not; a program that draws it whole does so when it is told a size.
 */
void follower_add_gap(struct follower *self)
{
	evbuffer_add_printf(self->pending, "\030\033[m\r\n[upfront: %llu bytes were left out here]\r\n",
			    (unsigned long long)self->dropped);
	self->dropped = 0;
	follower_schedule(self);
}

static void add_bytes(struct follower *self, const char *bytes, size_t size_bytes)
{
	if (self->dropped > 0 || follower_unread_bytes(self) + size_bytes > CTL_STREAM_TERMINAL_MAX ||
	    evbuffer_add(self->pending, bytes, size_bytes) < 0)
		self->dropped += size_bytes;
	follower_schedule(self);
}

void ctl_streams_observe_bytes(void *context, unsigned unit, const char *bytes, size_t size_bytes)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next)
		if (follower->kind == FOLLOW_TERMINAL && follower->request != NULL && follower->terminal == unit)
			add_bytes(follower, bytes, size_bytes);
}

void follower_learn_end(struct follower *self)
{
	struct supervisor_unit unit;

	if (!supervisor_find_unit(self->streams->supervisor, self->terminal, &unit) || unit.gone ||
	    svc_has_ended(unit.svc) || supervisor_check_terminal(self->streams->supervisor, unit.id, NULL) < 0)
		self->ends = true;
	if (self->ends)
		follower_schedule(self);
}

struct recent {
	char bytes[CTL_STREAM_TERMINAL_RECENT];
	size_t count;
};

static void take_recent(void *context, unsigned unit, const char *bytes, size_t size_bytes)
{
	struct recent *self = context;

	(void)unit;
	memcpy(self->bytes + self->count, bytes, size_bytes);
	self->count += size_bytes;
}

/* What was written last, on a terminal in the state that all of it has led to. Without memory it begins with what comes. */
static void add_recent(struct follower *self)
{
	const struct terminal_modes *modes = supervisor_terminal_modes(self->streams->supervisor, self->terminal);
	struct output *output = supervisor_output(self->streams->supervisor);
	struct recent *recent = calloc(1, sizeof(*recent));
	char begin[TERMINAL_MODES_TEXT_MAX] = "";

	if (modes != NULL)
		terminal_modes_begin(modes, begin);
	add_bytes(self, begin, strlen(begin));
	if (recent != NULL && output != NULL) {
		output_recent(output, self->terminal, sizeof(recent->bytes), take_recent, recent);
		add_bytes(self, recent->bytes, terminal_modes_silence(recent->bytes, recent->count));
	}
	free(recent);
}

int ctl_streams_terminal(struct ctl_streams *self, struct evhttp_request *request, unsigned unit)
{
	struct follower *follower;
	int result = follower_begin(self, request, FOLLOW_TERMINAL, "application/octet-stream", &follower);

	if (result < 0)
		return result;
	follower->terminal = unit;
	add_recent(follower);
	follower_schedule(follower);
	return 0;
}
