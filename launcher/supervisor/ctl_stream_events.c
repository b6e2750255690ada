/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_stream_private.h"

#include "config/clock.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_usage.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 2048
#define LOST_AGAIN_US 50000 /* until what could not be told for want of memory is made up for */
#define LATE_MS 10

/* `object` was begun with errno at 0. */
static void add_json_line(struct follower *self, cJSON *object)
{
	/* cJSON goes on without what it has no memory for, and only malloc tells: nobody is to take a part for the whole. */
	const bool whole = errno != ENOMEM;
	char line[LINE_BYTES], *longer = NULL;
	const char *text = NULL;

	/* A change of one unit fits, and many of those come at once. */
	if (object != NULL && cJSON_PrintPreallocated(object, line, sizeof(line), false))
		text = line;
	else if (object != NULL)
		text = longer = cJSON_PrintUnformatted(object);
	/* With room for all of it, no half of a line can be left there. */
	if (whole && text != NULL && evbuffer_expand(self->pending, strlen(text) + 1) == 0) {
		evbuffer_add(self->pending, text, strlen(text));
		evbuffer_add(self->pending, "\n", 1);
		follower_schedule(self);
	} else {
		self->dropped++;
		self->says_over = false;
		if (event_add(self->flush, &(struct timeval){.tv_usec = LOST_AGAIN_US}) < 0)
			follower_schedule(self);
	}
	free(longer);
	cJSON_Delete(object);
}

static void note_over(struct follower *self)
{
	if (supervisor_phase(self->streams->supervisor) == PHASE_OVER)
		self->says_over = true;
}

void follower_add_snapshot(struct follower *self)
{
	struct supervisor *supervisor = self->streams->supervisor;
	cJSON *object;

	errno = 0;
	object = cJSON_CreateObject();
	note_over(self);
	self->late_count = 0;
	cJSON_AddStringToObject(object, "event", "snapshot");
	cJSON_AddNumberToObject(object, "version", CTL_JSON_VERSION);
	if (self->dropped > 0)
		cJSON_AddNumberToObject(object, "dropped", (double)self->dropped);
	cJSON_AddItemToObject(object, "stack", ctl_json_stack(supervisor));
	cJSON_AddItemToObject(object, "services", ctl_json_units(supervisor));
	self->dropped = 0;
	add_json_line(self, object);
}

static void add_now(struct follower *self, size_t id)
{
	struct supervisor *supervisor = self->streams->supervisor;
	struct supervisor_unit unit;
	cJSON *object;

	if (id != SIZE_MAX && !supervisor_find_unit(supervisor, id, &unit))
		return;
	if (self->dropped > 0 || follower_unread_bytes(self) > CTL_STREAM_BUFFER_MAX) {
		self->dropped++;
		return;
	}
	errno = 0;
	object = cJSON_CreateObject();
	note_over(self);
	if (id == SIZE_MAX) {
		cJSON_AddStringToObject(object, "event", "stack");
		cJSON_AddItemToObject(object, "stack", ctl_json_stack(supervisor));
	} else if (unit.gone) {
		cJSON *gone;

		cJSON_AddStringToObject(object, "event", "removed");
		gone = cJSON_AddObjectToObject(object, "unit");
		cJSON_AddNumberToObject(gone, "id", unit.id);
		ctl_json_add_text(gone, "name", unit.name);
	} else {
		cJSON_AddStringToObject(object, "event", "service");
		cJSON_AddItemToObject(object, "service", ctl_json_unit(supervisor, &unit));
	}
	add_json_line(self, object);
}

void follower_tell_late(struct follower *self)
{
	const size_t count = self->late_count;

	self->late_count = 0;
	for (size_t i = 0; i < count; i++)
		add_now(self, self->late[i]);
}

/* False when there is no memory to note it. */
static bool put_late(struct follower *self, size_t id)
{
	size_t kept = 0;

	if (self->late_count == self->late_room) {
		size_t room = self->late_room > 0 ? 2 * self->late_room : 64;
		unsigned *grown = reallocarray(self->late, room, sizeof(*grown));

		if (grown == NULL)
			return false;
		self->late = grown;
		self->late_room = room;
	}
	if (self->late_count == 0) {
		self->late_ms = clock_monotonic_ms() + LATE_MS;
		event_add(self->flush, &(struct timeval){.tv_usec = LATE_MS * 1000});
	}
	for (size_t i = 0; i < self->late_count; i++) {
		if (self->late[i] != id)
			self->late[kept++] = self->late[i];
	}
	self->late[kept++] = (unsigned)id;
	self->late_count = kept;
	return true;
}

/*
 * A stack that ends changes each unit at least twice within moments, and whoever follows takes longer for that than the ending
 * itself: the last change of each is told then. All else is told as it comes, behind what waits.
 */
void follower_add_change(struct follower *self, size_t id)
{
	if (id != SIZE_MAX && supervisor_phase(self->streams->supervisor) == PHASE_STOPPING && put_late(self, id))
		return;
	follower_tell_late(self);
	add_now(self, id);
}

void follower_add_usage(struct follower *self, bool moved)
{
	if (self->usage_ms == 0 || (self->knows_usage && !moved))
		return;
	if (self->dropped > 0 || follower_unread_bytes(self) > CTL_STREAM_BUFFER_MAX) {
		self->knows_usage = false;
		return;
	}
	errno = 0;
	add_json_line(self, ctl_usage_line(self->streams->usage, !self->knows_usage));
	self->knows_usage = self->dropped == 0;
}

int ctl_streams_events(struct ctl_streams *self, struct evhttp_request *request, int64_t usage_ms)
{
	struct follower *follower;
	int result = follower_begin(self, request, FOLLOW_EVENTS, "application/x-ndjson", &follower);

	if (result < 0)
		return result;
	follower_add_snapshot(follower);
	follower->usage_ms = usage_ms;
	if (usage_ms == 0)
		return 0;
	ctl_streams_measure(self);
	if (ctl_usage_is_known(self->usage))
		follower_add_usage(follower, false);
	return 0;
}
