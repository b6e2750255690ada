/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_gate.h"

#include "config/clock.h"
#include "config/err.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many make room in one turn of the loop. */
#define LEAVE_MAX 16u
/* When no connection could be taken. */
#define FAILED_PAUSE_MS 100
#define PAUSE_MS 2

enum guest_state {
	GUEST_NONE,
	GUEST_SILENT, /* has not sent a whole request */
	GUEST_ANSWERED,
	GUEST_STREAM,
	GUEST_LEAVING, /* shut down; evhttp has not closed it yet */
};

struct guest {
	enum guest_state state;
	int fd; /* evhttp's: may be closed, and another file by now */
	ino_t inode; /* tells */
	int64_t since_ms; /* in this state */
};

struct ctl_gate {
	int listen_fd; /* not owned */
	struct evconnlistener *listener; /* belongs to evhttp */
	struct event *resume; /* takes connections again after a pause */
	struct event *settle; /* looks at the newcomer before anything of it is read */
	struct event *overdue; /* ends those whose request takes too long */
	struct bufferevent *newcomer; /* a reference; its descriptor is known only after it was let in */
	struct guest guests[CTL_GATE_MAX];
	uint64_t tokens_us; /* one connection costs 1000000 / CTL_GATE_RATE */
	int64_t tokens_ms; /* when they were counted */
};

/* ---- Guests ---- */

static bool is_open(const struct guest *guest)
{
	struct stat status;

	return guest->state != GUEST_NONE && fstat(guest->fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       status.st_ino == guest->inode;
}

/* evhttp does not tell when a connection ends, so the table is compared with what is. */
static size_t count_guests(struct ctl_gate *self)
{
	size_t count = 0;

	for (size_t i = 0; i < CTL_GATE_MAX; i++) {
		if (is_open(&self->guests[i]))
			count++;
		else
			self->guests[i].state = GUEST_NONE;
	}
	return count;
}

static void set_state(struct guest *guest, enum guest_state state)
{
	guest->state = state;
	guest->since_ms = clock_monotonic_ms();
}

static void turn_out(struct guest *guest)
{
	shutdown(guest->fd, SHUT_RDWR);
	set_state(guest, GUEST_LEAVING);
}

static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Something of it lies unread: it is we who are late. */
static bool is_unread(const struct guest *guest)
{
	int unread = 0;

	return ioctl(guest->fd, FIONREAD, &unread) == 0 && unread > 0;
}

static bool may_leave(const struct guest *guest, enum guest_state state, int64_t age_ms)
{
	if (guest->state != state)
		return false;
	if (state == GUEST_SILENT)
		return age_ms >= CTL_GATE_ANSWER_MS || (age_ms >= CTL_GATE_GRACE_MS && !is_unread(guest));
	return age_ms >= CTL_GATE_ANSWER_MS;
}

/* The one who has been longest in `state` and may be asked to leave; NULL: nobody. */
static struct guest *oldest(struct ctl_gate *self, enum guest_state state)
{
	const int64_t now_ms = clock_monotonic_ms();
	struct guest *found = NULL;

	for (size_t i = 0; i < CTL_GATE_MAX; i++) {
		struct guest *guest = &self->guests[i];

		if (may_leave(guest, state, now_ms - guest->since_ms) &&
		    (found == NULL || guest->since_ms < found->since_ms))
			found = guest;
	}
	return found;
}

static void make_room(struct ctl_gate *self)
{
	for (size_t i = 0; i < LEAVE_MAX; i++) {
		struct guest *guest = oldest(self, GUEST_SILENT);

		if (guest == NULL)
			guest = oldest(self, GUEST_ANSWERED);
		if (guest == NULL)
			return;
		turn_out(guest);
	}
}

/* ---- The newcomer ---- */

static struct guest *free_guest(struct ctl_gate *self)
{
	for (size_t i = 0; i < CTL_GATE_MAX; i++)
		if (self->guests[i].state == GUEST_NONE)
			return &self->guests[i];
	return NULL;
}

static void settle_newcomer(struct ctl_gate *self)
{
	struct bufferevent *bufferevent = self->newcomer;
	struct guest *guest = free_guest(self);
	struct stat status;
	int fd;

	if (bufferevent == NULL)
		return;
	self->newcomer = NULL;
	fd = bufferevent_getfd(bufferevent);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		if (!is_ours(fd) || guest == NULL) {
			shutdown(fd, SHUT_RDWR);
		} else {
			guest->fd = fd;
			guest->inode = status.st_ino;
			set_state(guest, GUEST_SILENT);
		}
	}
	bufferevent_decref(bufferevent);
}

static void settle(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	settle_newcomer(context);
}

/* ---- The door ---- */

static void pause_accepting(struct ctl_gate *self, int pause_ms)
{
	const struct timeval delay = {.tv_usec = pause_ms * 1000};

	evconnlistener_disable(self->listener);
	event_add(self->resume, &delay);
}

static void count_tokens(struct ctl_gate *self)
{
	const uint64_t most_us = CTL_GATE_BURST * (1000000u / CTL_GATE_RATE);
	const int64_t now_ms = clock_monotonic_ms();

	self->tokens_us += (uint64_t)(now_ms - self->tokens_ms) * 1000u;
	self->tokens_ms = now_ms;
	if (self->tokens_us > most_us)
		self->tokens_us = most_us;
}

static bool may_enter(struct ctl_gate *self)
{
	count_tokens(self);
	return self->tokens_us >= 1000000u / CTL_GATE_RATE && count_guests(self) < CTL_GATE_MAX;
}

static bool is_awaited(const struct ctl_gate *self)
{
	struct pollfd door = {.fd = self->listen_fd, .events = POLLIN};

	return poll(&door, 1, 0) > 0;
}

static void resume_accepting(evutil_socket_t fd, short what, void *context)
{
	struct ctl_gate *self = context;

	(void)fd;
	(void)what;
	settle_newcomer(self);
	if (may_enter(self)) {
		evconnlistener_enable(self->listener);
		return;
	}
	/* As long as nobody wants in, nobody has to leave. */
	if (is_awaited(self) && count_guests(self) == CTL_GATE_MAX)
		make_room(self);
	pause_accepting(self, is_awaited(self) ? PAUSE_MS : FAILED_PAUSE_MS / 4);
}

static void end_overdue(evutil_socket_t fd, short what, void *context)
{
	const struct timeval again = {.tv_sec = 1};
	const int64_t now_ms = clock_monotonic_ms();
	struct ctl_gate *self = context;
	bool silent = false;

	(void)fd;
	(void)what;
	count_guests(self);
	for (size_t i = 0; i < CTL_GATE_MAX; i++) {
		struct guest *guest = &self->guests[i];

		if (guest->state != GUEST_SILENT)
			continue;
		silent = true;
		if (now_ms - guest->since_ms >= CTL_GATE_REQUEST_MS)
			turn_out(guest);
	}
	if (silent)
		event_add(self->overdue, &again);
}

/* Called by evhttp for each connection it has taken, before it knows its descriptor. */
static struct bufferevent *connection_begins(struct event_base *base, void *context)
{
	const struct timeval limit = {.tv_sec = CTL_GATE_REQUEST_MS / 1000};
	struct ctl_gate *self = context;
	struct bufferevent *bufferevent = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	settle_newcomer(self);
	count_tokens(self);
	self->tokens_us -= self->tokens_us < 1000000u / CTL_GATE_RATE ? self->tokens_us : 1000000u / CTL_GATE_RATE;
	if (bufferevent != NULL) {
		bufferevent_incref(bufferevent);
		self->newcomer = bufferevent;
		event_active(self->settle, EV_TIMEOUT, 0);
	}
	if (!event_pending(self->overdue, EV_TIMEOUT, NULL))
		event_add(self->overdue, &limit);
	/* The newcomer is not in the table yet. */
	if (count_guests(self) + 1 >= CTL_GATE_MAX || self->tokens_us < 1000000u / CTL_GATE_RATE)
		pause_accepting(self, PAUSE_MS);
	return bufferevent;
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(context);
}

/*
 * Out of descriptors, most likely: the services matter more, so wait a little rather than spin. What comes as context is evhttp's,
 * which set the listener up, and not ours.
 */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	const struct timeval delay = {.tv_usec = FAILED_PAUSE_MS * 1000};

	(void)context;
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener, &delay) == 0)
		evconnlistener_disable(listener);
}

/* evhttp closes the descriptor it listens on; ours stays the caller's. */
static int accept_for(struct ctl_gate *self, struct evhttp *http)
{
	int fd = fcntl(self->listen_fd, F_DUPFD_CLOEXEC, 3);
	struct evhttp_bound_socket *bound;

	if (fd < 0)
		return -errno;
	evhttp_set_bevcb(http, connection_begins, self);
	bound = evhttp_accept_socket_with_handle(http, fd);
	if (bound == NULL) {
		close(fd);
		return -ENOMEM;
	}
	self->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(self->listener, accept_failed);
	/* libevent has done so, but does not say when the kernel refused. */
	return evconnlistener_enable(self->listener) < 0 ? -EIO : 0;
}

/* ---- What the guests do ---- */

static struct guest *guest_of(struct ctl_gate *self, int fd)
{
	for (size_t i = 0; i < CTL_GATE_MAX; i++)
		if (self->guests[i].fd == fd && is_open(&self->guests[i]))
			return &self->guests[i];
	return NULL;
}

static bool is_anybody_silent(const struct ctl_gate *self)
{
	bool silent = self->newcomer != NULL;

	for (size_t i = 0; i < CTL_GATE_MAX && !silent; i++)
		silent = self->guests[i].state == GUEST_SILENT;
	return silent;
}

bool ctl_gate_asked(struct ctl_gate *self, int fd)
{
	struct guest *guest = guest_of(self, fd);

	if (guest == NULL || guest->state == GUEST_LEAVING)
		return false;
	set_state(guest, GUEST_ANSWERED);
	/* Nobody is waited for any more: a stack at rest is not woken for that. */
	if (!is_anybody_silent(self))
		event_del(self->overdue);
	return true;
}

void ctl_gate_streams(struct ctl_gate *self, int fd)
{
	struct guest *guest = guest_of(self, fd);

	if (guest != NULL)
		set_state(guest, GUEST_STREAM);
}

/* ---- Life ---- */

struct ctl_gate *ctl_gate_create(struct event_base *base, int listen_fd, struct evhttp *http, struct err *err)
{
	struct ctl_gate *self = calloc(1, sizeof(*self));
	int result = -ENOMEM;

	if (self == NULL)
		goto failed;
	self->listen_fd = listen_fd;
	self->resume = evtimer_new(base, resume_accepting, self);
	self->settle = evtimer_new(base, settle, self);
	self->overdue = evtimer_new(base, end_overdue, self);
	if (self->resume == NULL || self->settle == NULL || self->overdue == NULL)
		goto failed;
	result = accept_for(self, http);
	if (result == 0)
		return self;
failed:
	ctl_gate_destroy(self);
	err_set(err, ERR_FAILED, "cannot serve the control socket: %s", strerror(-result));
	return NULL;
}

void ctl_gate_destroy(struct ctl_gate *self)
{
	if (self == NULL)
		return;
	if (self->newcomer != NULL)
		bufferevent_decref(self->newcomer);
	if (self->resume != NULL)
		event_free(self->resume);
	if (self->settle != NULL)
		event_free(self->settle);
	if (self->overdue != NULL)
		event_free(self->overdue);
	free(self);
}
