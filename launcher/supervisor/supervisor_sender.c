/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/stack.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

struct sender {
	struct supervisor *supervisor;
	struct telemetry *telemetry;
	struct event *again; /* when it is to be started again */
	struct event *hearing; /* NULL: nothing to hear yet */
	int print_fd; /* ours to close once the event is out; -1: none */
	bool printed; /* to a descriptor: no process, ever */
	bool started, lost;
};

static void on_word(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;

	(void)fd;
	(void)what;
	telemetry_hear(self->telemetry);
}

static void stop_hearing(struct sender *self)
{
	if (self->hearing != NULL)
		event_free(self->hearing);
	self->hearing = NULL;
}

/* The socket comes with the first start and goes with the last: what is heard follows it. */
static void follow(struct sender *self)
{
	int fd = telemetry_fd(self->telemetry);

	if (fd < 0 || (self->hearing != NULL && event_get_fd(self->hearing) != fd))
		stop_hearing(self);
	if (fd >= 0 && self->hearing == NULL) {
		self->hearing = event_new(self->supervisor->base, fd, EV_READ | EV_PERSIST, on_word, self);
		if (self->hearing != NULL)
			event_add(self->hearing, NULL);
	}
	relay_follow(self->supervisor);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;

	(void)fd;
	(void)what;
	telemetry_restart(self->telemetry);
	self->lost = telemetry_sender_pid(self->telemetry) <= 0;
	follow(self);
}

static void sender_destroy(struct sender *self)
{
	stop_hearing(self);
	if (self->again != NULL)
		event_free(self->again);
	if (self->print_fd >= 0)
		close(self->print_fd);
	free(self);
}

bool sender_open(struct supervisor *supervisor, const struct telemetry_relay *relay)
{
	const struct supervisor_options *options = supervisor->options;
	struct sender *self = calloc(1, sizeof *self);

	if (self == NULL)
		return false;
	self->supervisor = supervisor;
	self->print_fd = options->print_fd > 0 ? options->print_fd : -1;
	self->printed = telemetry_is_printed(options->environment);
	self->again = event_new(supervisor->base, -1, 0, on_again, self);
	if (self->again != NULL)
		self->telemetry = telemetry_open(supervisor->stack, options->environment,
						 self->print_fd >= 0 ? self->print_fd : STDERR_FILENO, relay);
	if (self->telemetry == NULL) {
		sender_destroy(self);
		return false;
	}
	supervisor->sender = self;
	return true;
}

struct telemetry *sender_telemetry(const struct supervisor *supervisor)
{
	return supervisor->sender != NULL ? supervisor->sender->telemetry : NULL;
}

void sender_start(struct supervisor *supervisor)
{
	struct sender *self = supervisor->sender;

	if (self == NULL || self->started || self->printed)
		return;
	self->started = true;
	telemetry_start(self->telemetry);
	self->lost = telemetry_sender_pid(self->telemetry) <= 0;
	follow(self);
}

void sender_capture(struct supervisor *supervisor, const struct telemetry_event *event)
{
	if (supervisor->sender == NULL)
		return;
	sender_start(supervisor);
	telemetry_capture(supervisor->sender->telemetry, event);
}

bool sender_serves(const struct supervisor *supervisor)
{
	const struct sender *self = supervisor->sender;

	return self != NULL && self->started && !self->lost;
}

bool sender_is_lost(const struct supervisor *supervisor)
{
	return supervisor->sender == NULL || supervisor->sender->lost;
}

bool sender_takes_clients(const struct supervisor *supervisor)
{
	return telemetry_serves_relay(sender_telemetry(supervisor));
}

bool sender_is(const struct supervisor *supervisor, pid_t pid)
{
	return supervisor->sender != NULL && pid == telemetry_sender_pid(supervisor->sender->telemetry);
}

void sender_ended(struct supervisor *supervisor)
{
	struct sender *self = supervisor->sender;
	int64_t delay_ms = telemetry_sender_exited(self->telemetry);

	if (delay_ms < 0 ||
	    event_add(self->again, &(struct timeval){.tv_sec = (time_t)(delay_ms / 1000),
						     .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)}) < 0)
		self->lost = true;
	follow(self);
}

void sender_printed(struct supervisor *supervisor)
{
	if (supervisor->sender != NULL && supervisor->sender->print_fd >= 0)
		sender_close(supervisor, false);
}

void sender_close(struct supervisor *supervisor, bool withdraw)
{
	struct sender *self = supervisor->sender;

	if (self == NULL)
		return;
	supervisor->sender = NULL;
	stop_hearing(self);
	supervisor->telemetry_counts = telemetry_counts(self->telemetry);
	supervisor->last_sender = telemetry_sender_pid(self->telemetry);
	if (withdraw)
		telemetry_withdraw(self->telemetry);
	else
		telemetry_close(self->telemetry);
	sender_destroy(self);
}
