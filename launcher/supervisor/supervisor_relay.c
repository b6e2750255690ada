/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/engine/compose.h"
#include "launcher/supervisor/supervisor_telemetry.h"
#include "telemetry/relay_port.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Clients that are answered by us: so many at once, for so long, and so much of each in a turn of the loop. */
#define GUESTS_MAX 64u
#define GUEST_MS 2000
#define GUEST_BYTES_A_TURN (4u * 1024u * 1024u)
/* When no connection could be taken: out of descriptors, most likely. */
#define PAUSE_MS 100
/* Place of the address that containers are told of. */
#define BRIDGE 1

/*
 * Who takes a client: nobody looks while the sender does (two processes would race for each); before it runs the first client has it
 * started; and when it never will again, or cannot be told what to let through, each client is answered here, and nothing it says is kept.
 */
enum ears { EARS_CLOSED, EARS_WAKE_SENDER, EARS_ANSWER };

struct guest {
	struct relay *relay;
	struct event *event; /* NULL: nobody */
	int64_t until_ms;
};

struct relay {
	struct supervisor *supervisor;
	struct relay_port port;
	struct telemetry_relay offer;
	enum ears ears;
	struct event *listening[WIRE_RELAYS_MAX];
	struct event *resume;
	struct guest guests[GUESTS_MAX];
	size_t guest_count;
};

static void close_ears(struct relay *self)
{
	for (size_t i = 0; i < self->port.count; i++)
		event_del(self->listening[i]);
	event_del(self->resume);
}

static void open_ears(struct relay *self)
{
	for (size_t i = 0; self->guest_count < GUESTS_MAX && i < self->port.count; i++)
		event_add(self->listening[i], NULL);
}

static void set_ears(struct relay *self, enum ears ears)
{
	if (self->ears == ears)
		return;
	self->ears = ears;
	close_ears(self);
	if (ears != EARS_CLOSED)
		open_ears(self);
}

/* ---- Clients that are answered here ---- */

static void dismiss(struct guest *guest)
{
	struct relay *self = guest->relay;
	int fd = event_get_fd(guest->event);

	event_free(guest->event);
	guest->event = NULL;
	close(fd);
	if (self->guest_count-- == GUESTS_MAX && self->ears == EARS_ANSWER)
		open_ears(self);
}

static void await_guest(struct guest *guest)
{
	int64_t left_ms = guest->until_ms - clock_monotonic_ms();

	if (left_ms <= 0 ||
	    event_add(guest->event, &(struct timeval){.tv_sec = (time_t)(left_ms / 1000),
						      .tv_usec = (suseconds_t)(left_ms % 1000 * 1000)}) < 0)
		dismiss(guest);
}

/* What it sends is thrown away by the kernel (tcp(7), MSG_TRUNC): not a byte of it comes here. */
static void on_guest(evutil_socket_t fd, short what, void *context)
{
	ssize_t got = what & EV_READ ? recv(fd, NULL, GUEST_BYTES_A_TURN, MSG_TRUNC | MSG_DONTWAIT) : 0;

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		await_guest(context);
	else
		dismiss(context);
}

/* A client that is sent away before it has sent everything may never read its answer: it stays until it is done. */
static void keep(struct relay *self, int fd)
{
	struct guest *guest = self->guests;

	while (guest->event != NULL)
		guest++;
	guest->event = event_new(self->supervisor->base, fd, EV_READ, on_guest, guest);
	if (guest->event == NULL) {
		close(fd);
		return;
	}
	guest->relay = self;
	guest->until_ms = clock_monotonic_ms() + GUEST_MS;
	if (++self->guest_count == GUESTS_MAX)
		close_ears(self);
	await_guest(guest);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	open_ears(context);
}

static void answer(struct relay *self, size_t index)
{
	int fd = relay_port_answer(&self->port, index);

	if (fd >= 0) {
		keep(self, fd);
	} else if (fd != -EAGAIN && fd != -ECONNABORTED && fd != -EINTR) {
		close_ears(self);
		event_add(self->resume, &(struct timeval){.tv_usec = PAUSE_MS * 1000});
	}
}

static void on_client(evutil_socket_t fd, short what, void *context)
{
	struct relay *self = context;

	(void)what;
	if (self->ears == EARS_WAKE_SENDER) {
		sender_start(self->supervisor);
		return;
	}
	for (size_t i = 0; i < self->port.count; i++) {
		if (self->port.fds[i] == fd)
			answer(self, i);
	}
}

/* ---- Life ---- */

static void relay_destroy(struct relay *self)
{
	for (size_t i = 0; i < GUESTS_MAX; i++) {
		if (self->guests[i].event != NULL)
			dismiss(&self->guests[i]);
	}
	for (size_t i = 0; i < WIRE_RELAYS_MAX; i++) {
		if (self->listening[i] != NULL)
			event_free(self->listening[i]);
	}
	if (self->resume != NULL)
		event_free(self->resume);
	relay_port_close(&self->port);
	free(self);
}

/* What cannot be had for containers is no reason for the others to go without. */
static int open_port(struct relay *self)
{
	struct supervisor *supervisor = self->supervisor;
	const struct compose_setup *setup = supervisor->options->compose;
	const char *addresses[] = {"127.0.0.1", setup != NULL ? setup->bridge : NULL};
	char *why = supervisor->bridge_trouble;
	int rc;

	if (addresses[BRIDGE] == NULL) {
		if (setup != NULL)
			snprintf(why, sizeof supervisor->bridge_trouble, "%s",
				 setup->bridge_why != NULL ? setup->bridge_why
							   : "nothing leads from them to this machine");
		return relay_port_open(&self->port, addresses, 1);
	}
	rc = relay_port_open(&self->port, addresses, 2);
	if (rc == 0)
		return 0;
	snprintf(why, sizeof supervisor->bridge_trouble, "no port could be opened on %s (%s)", addresses[BRIDGE],
		 strerror(-rc));
	return relay_port_open(&self->port, addresses, 1);
}

int relay_open(struct supervisor *supervisor)
{
	struct relay *self = calloc(1, sizeof *self);
	int rc;

	if (self == NULL)
		return -ENOMEM;
	self->supervisor = supervisor;
	rc = open_port(self);
	self->resume = event_new(supervisor->base, -1, 0, on_resume, self);
	for (size_t i = 0; rc == 0 && i < self->port.count; i++) {
		self->listening[i] =
			event_new(supervisor->base, self->port.fds[i], EV_READ | EV_PERSIST, on_client, self);
		rc = self->listening[i] == NULL ? -ENOMEM : 0;
	}
	if (rc == 0 && self->resume == NULL)
		rc = -ENOMEM;
	if (rc < 0) {
		relay_destroy(self);
		return rc;
	}
	self->offer = relay_port_relay(&self->port);
	supervisor->relay = self;
	return 0;
}

const struct telemetry_relay *relay_offer(const struct supervisor *supervisor)
{
	return supervisor->relay != NULL ? &supervisor->relay->offer : NULL;
}

char *relay_url(const struct supervisor *supervisor, enum service_kind kind)
{
	const size_t index = kind == SERVICE_CONTAINER ? BRIDGE : 0;
	const struct relay *self = supervisor->relay;

	return self != NULL && index < self->port.count ? relay_port_url(&self->port, index) : NULL;
}

bool relay_reaches_containers(const struct supervisor *supervisor)
{
	return supervisor->relay != NULL && supervisor->relay->port.count > BRIDGE;
}

const char *relay_token(const struct supervisor *supervisor)
{
	return supervisor->relay != NULL ? supervisor->relay->port.token : NULL;
}

static enum ears ears_of(const struct supervisor *supervisor)
{
	if (sender_is_lost(supervisor) || !sender_takes_clients(supervisor))
		return EARS_ANSWER;
	return sender_serves(supervisor) ? EARS_CLOSED : EARS_WAKE_SENDER;
}

void relay_follow(struct supervisor *supervisor)
{
	if (supervisor->relay != NULL)
		set_ears(supervisor->relay, ears_of(supervisor));
}

void relay_show(const struct supervisor *supervisor, struct supervisor_telemetry *shown)
{
	const struct relay *self = supervisor->relay;

	shown->relay = "none";
	if (supervisor->bridge_trouble[0] != '\0')
		shown->bridge_why = supervisor->bridge_trouble;
	shown->relay_why = supervisor->relay_why;
	if (self == NULL)
		return;
	shown->relay = self->ears == EARS_ANSWER ? "answering" : "serving";
	shown->relay_address = self->port.addresses[0];
	if (relay_reaches_containers(supervisor))
		shown->bridge_address = self->port.addresses[BRIDGE];
	if (self->ears != EARS_ANSWER)
		shown->relay_why = NULL;
	else if (supervisor->consent.state != CONSENT_ON)
		shown->relay_why = "usage statistics are off: clients are answered, and nothing they send is read";
	else if (sender_is_lost(supervisor))
		shown->relay_why =
			"upfront-telemetry ended too often: clients are answered, and what they send is lost";
	else
		shown->relay_why = "the stack file declares more than upfront-telemetry can be told: clients are "
				   "answered, and what they send is lost";
}

void relay_close(struct supervisor *supervisor)
{
	if (supervisor->relay != NULL)
		relay_destroy(supervisor->relay);
	supervisor->relay = NULL;
}
