/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/report.h"

#include "config/clock.h"
#include "telemetry/wire.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct report {
	struct event *timer;
	int fd;
	report_collect *collect;
	void *context;
	struct report_counts told;
	int64_t told_ms; /* monotonic; 0: never */
};

/* Where nobody reads, or nobody is left, it is told with the next change. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct report *self = context;
	struct report_counts counts = {0};
	char text[512];
	int length;

	(void)fd;
	(void)what;
	self->collect(self->context, &counts);
	if (memcmp(&counts, &self->told, sizeof(counts)) == 0)
		return;
	length = snprintf(text, sizeof(text),
			  "%c{\"queued\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"refused\":%" PRIu64
			  ",\"evicted\":%" PRIu64 ",\"relayed\":%" PRIu64 ",\"relay_dropped\":%" PRIu64
			  ",\"relay_refused\":%" PRIu64 ",\"dropped\":%" PRIu64 "}",
			  WIRE_COUNTS, counts.queued, counts.delivered, counts.refused, counts.evicted, counts.relayed,
			  counts.relay_dropped, counts.relay_refused, counts.dropped);
	self->told_ms = clock_monotonic_ms();
	if (send(self->fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
		self->told = counts;
}

struct report *report_create(struct event_base *base, int fd, report_collect *collect, void *context)
{
	struct report *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct report){.fd = fd, .collect = collect, .context = context};
	self->timer = event_new(base, -1, 0, on_timer, self);
	if (!self->timer) {
		free(self);
		return NULL;
	}
	return self;
}

void report_destroy(struct report *self)
{
	if (!self)
		return;
	event_free(self->timer);
	free(self);
}

void report_changed(struct report *self)
{
	int64_t wait_ms;
	struct timeval wait = {0};

	if (!self || event_pending(self->timer, EV_TIMEOUT, NULL))
		return;
	wait_ms = self->told_ms ? self->told_ms + WIRE_COUNTS_MS - clock_monotonic_ms() : 0;
	if (wait_ms > 0)
		wait = (struct timeval){.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
	event_add(self->timer, &wait);
}
