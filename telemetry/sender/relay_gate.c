/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_gate.h"

#include "config/clock.h"
#include "telemetry/sender/relay.h"
#include "telemetry/sender/relay_body.h"
#include "telemetry/wire.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 50 /* while somebody waits, or is waited for */
#define OVERSIZE_BYTES (RELAY_BODY_MAX + 64u * 1024u)

static const char too_large[] = "HTTP/1.1 413 Payload Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
				"Connection: close\r\n\r\n" RELAY_TOO_LARGE_TEXT;

struct guest {
	struct relay_gate *gate;
	struct bufferevent *bufferevent; /* evhttp's; NULL: nobody */
	int fd; /* evhttp's: may be closed, and another file by now; -1: not known yet */
	ino_t inode; /* tells */
	int64_t since_ms; /* its request began; idle: its last one ended */
	size_t held_bytes; /* of its request so far; 0: idle */
	bool paused, leaves;
	bool refused; /* its answer has been given; what it still says is thrown away */
};

struct door {
	struct evconnlistener *listener; /* belongs to evhttp */
	struct event *knock; /* somebody waits while we do not accept */
};

struct relay_gate {
	struct event *settle; /* looks at newcomers, whose descriptor is known only after they were let in */
	struct event *tick;
	struct guest guests[RELAY_CONNECTIONS_MAX];
	struct door doors[WIRE_RELAYS_MAX];
	size_t door_count;
	uint64_t oversized;
	int request_ms;
	bool full, closed;
};

/* ---- Guests ---- */

static bool is_open(const struct guest *guest)
{
	struct stat status;

	if (!guest->bufferevent || guest->fd < 0)
		return guest->bufferevent != NULL;
	return fstat(guest->fd, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == guest->inode;
}

static size_t count_guests(struct relay_gate *self)
{
	size_t count = 0;

	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		if (is_open(&self->guests[i]))
			count++;
		else
			self->guests[i].bufferevent = NULL;
	}
	return count;
}

static struct guest *free_guest(struct relay_gate *self)
{
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		if (!self->guests[i].bufferevent)
			return &self->guests[i];
	}
	return NULL;
}

static struct guest *guest_of(struct relay_gate *self, const struct bufferevent *bufferevent)
{
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		if (self->guests[i].bufferevent == bufferevent && is_open(&self->guests[i]))
			return &self->guests[i];
	}
	return NULL;
}

static void turn_out(struct guest *guest)
{
	shutdown(guest->fd, SHUT_RDWR);
	/* Whoever goes on sending would be read on in spite of that: Linux tells the end when all has been read. */
	bufferevent_trigger_event(guest->bufferevent, BEV_EVENT_READING | BEV_EVENT_EOF, BEV_OPT_DEFER_CALLBACKS);
	guest->leaves = true;
}

/* Something of it lies unread: it is we who are late. */
static bool is_unread(const struct guest *guest)
{
	int unread = 0;

	return ioctl(guest->fd, FIONREAD, &unread) == 0 && unread > 0;
}

/* ---- How much is held ---- */

static const struct guest *largest(struct relay_gate *self, size_t *total_bytes)
{
	const struct guest *found = NULL;

	*total_bytes = 0;
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		const struct guest *guest = &self->guests[i];

		if (!guest->bufferevent)
			continue;
		*total_bytes += guest->held_bytes;
		if (!found || guest->held_bytes > found->held_bytes)
			found = guest;
	}
	return found;
}

static bool may_be_read(struct relay_gate *self, const struct guest *guest)
{
	size_t total_bytes;
	const struct guest *first = largest(self, &total_bytes);

	return total_bytes <= RELAY_HELD_MAX || guest == first || guest->held_bytes <= RELAY_SMALL_BYTES;
}

static void tick_soon(struct relay_gate *self)
{
	const struct timeval delay = {.tv_usec = TICK_MS * 1000};

	if (!event_pending(self->tick, EV_TIMEOUT, NULL))
		event_add(self->tick, &delay);
}

/*
 * evhttp would answer with a page, and to one who asks whether it may send so much (Expect) not at all: it waits for the body. A client that is
 * cut off while it sends would not hear the answer, so it is listened to, for as long as a request may take.
 */
static void refuse(struct guest *guest)
{
	int fd = bufferevent_getfd(guest->bufferevent);

	guest->refused = true;
	guest->gate->oversized++;
	/* Nothing was said before on a connection whose request is not whole: it fits. */
	send(fd, too_large, sizeof(too_large) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *context)
{
	struct guest *guest = context;

	if (info->n_added == 0)
		return;
	if (guest->held_bytes == 0)
		guest->since_ms = clock_monotonic_ms();
	if (!guest->refused) {
		guest->held_bytes += info->n_added;
		if (guest->held_bytes >= OVERSIZE_BYTES)
			refuse(guest);
	}
	if (guest->refused)
		evbuffer_drain(buffer, evbuffer_get_length(buffer));
	if (!may_be_read(guest->gate, guest)) {
		guest->paused = true;
		bufferevent_disable(guest->bufferevent, EV_READ);
	}
	tick_soon(guest->gate);
}

static void resume(struct relay_gate *self)
{
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		struct guest *guest = &self->guests[i];

		if (!guest->bufferevent || !guest->paused || !may_be_read(self, guest))
			continue;
		guest->paused = false;
		guest->since_ms = clock_monotonic_ms();
		bufferevent_enable(guest->bufferevent, EV_READ);
	}
}

/* ---- The doors ---- */

static void open_doors(struct relay_gate *self, bool open)
{
	self->full = !open;
	for (size_t i = 0; i < self->door_count; i++) {
		if (open && !self->closed) {
			evconnlistener_enable(self->doors[i].listener);
			continue;
		}
		evconnlistener_disable(self->doors[i].listener);
		if (!self->closed)
			event_add(self->doors[i].knock, NULL);
	}
}

static void make_room(struct relay_gate *self)
{
	struct guest *found = NULL;

	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		struct guest *guest = &self->guests[i];

		/* One that leaves will have made room by the next look. */
		if (guest->leaves)
			return;
		if (guest->held_bytes == 0 && guest->fd >= 0 && !is_unread(guest) &&
		    (!found || guest->since_ms < found->since_ms))
			found = guest;
	}
	if (found)
		turn_out(found);
}

static void on_knock(evutil_socket_t fd, short what, void *context)
{
	struct relay_gate *self = context;

	(void)fd;
	(void)what;
	if (count_guests(self) < RELAY_CONNECTIONS_MAX) {
		open_doors(self, true);
		return;
	}
	make_room(self);
	/* Asked again then: the one at the door does not go away. */
	tick_soon(self);
}

static void settle_newcomers(struct relay_gate *self)
{
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		struct guest *guest = &self->guests[i];
		struct bufferevent *bufferevent = guest->bufferevent;
		struct stat status;

		if (!bufferevent || guest->fd >= 0)
			continue;
		guest->fd = bufferevent_getfd(bufferevent);
		if (guest->fd >= 0 && fstat(guest->fd, &status) == 0)
			guest->inode = status.st_ino;
		else
			guest->bufferevent = NULL;
		bufferevent_decref(bufferevent);
	}
}

static void on_settle(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	settle_newcomers(context);
}

/* Called by evhttp for each connection it has taken, before it knows its descriptor. */
static struct bufferevent *connection_begins(struct event_base *base, void *context)
{
	struct bufferevent *bufferevent = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct relay_gate *self = context;
	struct guest *guest;

	if (!bufferevent)
		return NULL;
	count_guests(self);
	guest = free_guest(self);
	/* Cannot be, with the doors shut: then at least it is not counted against anybody. */
	if (!guest)
		return bufferevent;
	*guest = (struct guest){.gate = self, .bufferevent = bufferevent, .fd = -1, .since_ms = clock_monotonic_ms()};
	evbuffer_add_cb(bufferevent_get_input(bufferevent), on_input, guest);
	bufferevent_incref(bufferevent);
	event_active(self->settle, EV_TIMEOUT, 0);
	if (!free_guest(self))
		open_doors(self, false);
	return bufferevent;
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(context);
}

/* Out of descriptors, most likely. What comes as context is evhttp's, which set the listener up, and not ours. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	const struct timeval delay = {.tv_usec = TICK_MS * 1000};

	(void)context;
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener, &delay) == 0)
		evconnlistener_disable(listener);
}

/* ---- Time ---- */

/* A stack at rest is not woken: this goes on only while a request is under way, or somebody waits to come in. */
static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct relay_gate *self = context;
	const int64_t now_ms = clock_monotonic_ms();
	bool busy = false;

	(void)fd;
	(void)what;
	count_guests(self);
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		struct guest *guest = &self->guests[i];

		if (!guest->bufferevent || guest->fd < 0 || guest->held_bytes == 0)
			continue;
		busy = true;
		if (!guest->paused && !guest->leaves && now_ms - guest->since_ms >= self->request_ms)
			turn_out(guest);
	}
	resume(self);
	for (size_t i = 0; self->full && !self->closed && i < self->door_count; i++)
		event_add(self->doors[i].knock, NULL);
	if (busy)
		tick_soon(self);
}

void relay_gate_asked(struct relay_gate *self, struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct guest *guest = guest_of(self, evhttp_connection_get_bufferevent(connection));

	if (!guest)
		return;
	guest->held_bytes = 0;
	guest->since_ms = clock_monotonic_ms();
	resume(self);
}

uint64_t relay_gate_oversized(const struct relay_gate *self)
{
	return self->oversized;
}

/* ---- Life ---- */

/* evhttp closes the descriptor it listens on; ours stays the caller's. */
static int add_door(struct relay_gate *self, struct event_base *base, struct evhttp *http, int fd)
{
	struct door *door = &self->doors[self->door_count];
	struct evhttp_bound_socket *bound;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return -1;
	bound = evhttp_accept_socket_with_handle(http, own);
	if (!bound) {
		close(own);
		return -1;
	}
	door->listener = evhttp_bound_socket_get_listener(bound);
	door->knock = event_new(base, fd, EV_READ, on_knock, self);
	if (!door->knock)
		return -1;
	self->door_count++;
	evconnlistener_set_error_cb(door->listener, accept_failed);
	/* libevent has done so, but does not say when the kernel refused. */
	return evconnlistener_enable(door->listener);
}

struct relay_gate *relay_gate_create(struct event_base *base, struct evhttp *http, int fd, size_t count, int request_ms)
{
	struct relay_gate *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->request_ms = request_ms;
	self->settle = event_new(base, -1, 0, on_settle, self);
	self->tick = event_new(base, -1, 0, on_tick, self);
	if (!self->settle || !self->tick)
		goto failed;
	evhttp_set_timeout(http, RELAY_IDLE_S);
	evhttp_set_bevcb(http, connection_begins, self);
	for (size_t i = 0; i < count; i++) {
		if (add_door(self, base, http, fd + (int)i) < 0)
			goto failed;
	}
	return self;
failed:
	relay_gate_destroy(self);
	return NULL;
}

void relay_gate_close(struct relay_gate *self)
{
	self->closed = true;
	for (size_t i = 0; i < self->door_count; i++) {
		evconnlistener_disable(self->doors[i].listener);
		event_del(self->doors[i].knock);
	}
}

void relay_gate_destroy(struct relay_gate *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
		if (self->guests[i].bufferevent && self->guests[i].fd < 0)
			bufferevent_decref(self->guests[i].bufferevent);
	}
	for (size_t i = 0; i < self->door_count; i++) {
		if (self->doors[i].knock)
			event_free(self->doors[i].knock);
	}
	if (self->settle)
		event_free(self->settle);
	if (self->tick)
		event_free(self->tick);
	free(self);
}
