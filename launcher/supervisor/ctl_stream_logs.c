/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_stream_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wants(const struct follower *self, unsigned unit)
{
	return self->units == NULL || (unit < self->unit_count && self->units[unit]);
}

static void add_frame(struct follower *self, const struct output_line *line)
{
	evbuffer_add_printf(self->pending, "%u %d %lld %zu %c\n", line->unit, line->stream, (long long)line->time_ms,
			    line->size_bytes, line->partial ? 'p' : '-');
	evbuffer_add(self->pending, line->bytes, line->size_bytes);
	evbuffer_add(self->pending, "\n", 1);
}

void follower_add_dropped(struct follower *self)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)self->dropped);

	evbuffer_add_printf(self->pending, "%u 0 %lld %d d\n%s\n", UINT_MAX, (long long)clock_wall_ms(), length, text);
	self->dropped = 0;
	follower_schedule(self);
}

static void observe_line(void *context, const struct output_line *line)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (!follower->gets_lines || follower->request == NULL || !wants(follower, line->unit))
			continue;
		if (follower_unread_bytes(follower) + line->size_bytes > CTL_STREAM_BUFFER_MAX) {
			follower->dropped++;
			continue;
		}
		if (follower->dropped > 0)
			follower_add_dropped(follower);
		add_frame(follower, line);
		follower_schedule(follower);
	}
}

void follower_add_wake(struct follower *self)
{
	evbuffer_add_printf(self->pending, "%u 0 %lld 0 w\n\n", UINT_MAX, (long long)clock_wall_ms());
	self->wake_due = false;
	self->woken_ms = clock_monotonic_ms();
}

/* Now, or when the last one is long enough ago: a service that floods wakes nobody for every read. */
void follower_wake(struct follower *self)
{
	int64_t left_ms = self->woken_ms + CTL_STREAM_WAKE_MS - clock_monotonic_ms();

	if (left_ms <= 0)
		follower_schedule(self);
	else
		event_add(self->flush, &(struct timeval){.tv_usec = (suseconds_t)left_ms * 1000});
}

void ctl_streams_observe_writing(void *context, unsigned unit)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (!follower->gets_woken || follower->wake_due || !wants(follower, unit))
			continue;
		follower->wake_due = true;
		follower_wake(follower);
	}
}

void follower_read_lines(struct follower *self, bool on)
{
	struct ctl_streams *streams = self->streams;
	struct output *output = supervisor_output(streams->supervisor);

	if (self->gets_lines == on)
		return;
	self->gets_lines = on;
	streams->line_readers += on ? 1 : (size_t)-1;
	if (output != NULL && streams->line_readers == (on ? 1 : 0))
		output_observe(output, on ? observe_line : NULL, streams);
}

/* What is remembered is walked twice: counted, then given - so the newest lines are kept and nothing is copied between. */
struct tail_walk {
	struct follower *follower;
	size_t *lines; /* by unit; lines not yet passed */
	size_t line_limit; /* of each unit */
	size_t bytes; /* not yet passed, of lines within the limit */
	bool counting;
};

static void visit_tail(void *context, const struct output_line *line)
{
	struct tail_walk *walk = context;
	struct follower *self = walk->follower;

	if (line->unit >= self->unit_count || !wants(self, line->unit))
		return;
	if (walk->counting) {
		walk->lines[line->unit]++;
		walk->bytes += line->size_bytes;
		return;
	}
	walk->bytes -= line->size_bytes;
	if (walk->lines[line->unit]-- > walk->line_limit)
		return;
	if (walk->bytes + line->size_bytes > CTL_STREAM_TAIL_MAX)
		self->dropped++;
	else
		add_frame(self, line);
}

static int add_tail(struct follower *self, const struct ctl_log_query *query)
{
	struct output *output = supervisor_output(self->streams->supervisor);
	struct tail_walk walk = {.follower = self, .line_limit = query->has_tail ? query->tail : SIZE_MAX};

	if (output == NULL)
		return 0;
	walk.lines = calloc(self->unit_count + 1, sizeof(*walk.lines));
	if (walk.lines == NULL)
		return -ENOMEM;
	walk.counting = true;
	output_tail(output, UINT_MAX, SIZE_MAX, visit_tail, &walk);
	walk.counting = false;
	output_tail(output, UINT_MAX, SIZE_MAX, visit_tail, &walk);
	free(walk.lines);
	return 0;
}

static bool is_asked_for(const struct follower *self, const struct supervisor_unit *unit)
{
	for (char **name = self->services; *name != NULL; name++) {
		if (strcmp(*name, unit->service->name) == 0 || strcmp(*name, unit->name) == 0)
			return true;
	}
	return false;
}

static int make_room(struct follower *self, size_t id)
{
	size_t count = id + 1;
	bool *units;

	if (id < self->unit_count)
		return 0;
	if (self->services != NULL) {
		units = realloc(self->units, count * sizeof(*units));
		if (units == NULL)
			return -ENOMEM;
		memset(units + self->unit_count, 0, (count - self->unit_count) * sizeof(*units));
		self->units = units;
	}
	self->unit_count = count;
	return 0;
}

void follower_learn_unit(struct follower *self, size_t id)
{
	struct supervisor_unit unit;

	if (!supervisor_find_unit(self->streams->supervisor, id, &unit) || make_room(self, id) < 0)
		return;
	if (self->units != NULL)
		self->units[id] = !unit.gone && is_asked_for(self, &unit);
}

static int copy_names(struct follower *self, const char *const *services)
{
	size_t count = 0;

	while (services[count] != NULL)
		count++;
	self->services = calloc(count + 1, sizeof(*self->services));
	for (size_t i = 0; self->services != NULL && i < count; i++) {
		self->services[i] = strdup(services[i]);
		if (self->services[i] == NULL)
			return -ENOMEM;
	}
	return self->services != NULL ? 0 : -ENOMEM;
}

/* Units are named by id; ids are small. */
static int select_units(struct follower *self, const char *const *services)
{
	const struct supervisor *supervisor = self->streams->supervisor;
	struct supervisor_unit unit;

	if (services != NULL && services[0] != NULL) {
		if (copy_names(self, services) < 0)
			return -ENOMEM;
		self->units = calloc(1, sizeof(*self->units));
		if (self->units == NULL)
			return -ENOMEM;
		self->unit_count = 1;
	}
	for (size_t i = 0; i < supervisor_unit_count(supervisor); i++) {
		supervisor_unit(supervisor, i, &unit);
		follower_learn_unit(self, unit.id);
	}
	return 0;
}

int ctl_streams_logs(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_log_query *query)
{
	struct follower *follower;
	int result = follower_begin(self, request, FOLLOW_LOGS, "application/x-upfront-log", &follower);

	if (result < 0)
		return result;
	/* The answer has begun: running out of memory from here on costs the lines, not the stream. */
	if (select_units(follower, query->services) == 0 && !query->wake)
		add_tail(follower, query);
	if (follower->dropped > 0)
		follower_add_dropped(follower);
	follower_schedule(follower);
	follower->gets_woken = query->wake;
	follower_read_lines(follower, query->follow && !query->wake);
	if (!query->follow && !query->wake)
		follower_end(follower);
	return 0;
}
