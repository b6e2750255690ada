/* SPDX-License-Identifier: MIT */
#include "launcher/process/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/clock.h"
#include "config/err.h"
#include "config/utf8.h"

/*
 * A flood costs whoever makes it. A service that says a few things is heard at once; one that goes on is heard after rests, in which
 * its messages gather, to be told of together, and in the end it waits for room in the queue.
 */
#define MESSAGES_AT_ONCE 256
#define WINDOW_MS 100
#define TURNS_FREE 20 /* in a window */
#define REST_US 2000
/* More than the kernel queues for one socket, unless it was told to; a living sender may go on for ever. */
#define DRAIN_MAX 4096

struct notify {
	struct notify_options options;
	int fd;
	struct event *readable, *rested;
	int64_t window_ms; /* when it began */
	int turns; /* in it */
	uint64_t ignored;
	char address[16];
};

/* ---- What is said ---- */

static bool is_word(const char *bytes, size_t size_bytes, const char *word)
{
	return strlen(word) == size_bytes && memcmp(bytes, word, size_bytes) == 0;
}

/* Digits only; -1 for anything else, or more than `max`. */
static int64_t read_number(const char *bytes, size_t size_bytes, int64_t max)
{
	int64_t number = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		if (bytes[i] < '0' || bytes[i] > '9' || number > (max - (bytes[i] - '0')) / 10)
			return -1;
		number = number * 10 + (bytes[i] - '0');
	}
	return size_bytes > 0 ? number : -1;
}

/* What is no printable text becomes '?': it goes to screens and into JSON. */
static void take_status(struct notify_message *message, const char *bytes, size_t size_bytes)
{
	char *to = message->status;

	for (size_t chars = 0; size_bytes > 0 && chars < NOTIFY_STATUS_CHARS; chars++) {
		size_t length = utf8_length(bytes, size_bytes);

		if (length == 0 || utf8_is_control(utf8_point(bytes, length))) {
			*to++ = '?';
			length = length == 0 ? 1 : length;
		} else {
			memcpy(to, bytes, length);
			to += length;
		}
		bytes += length;
		size_bytes -= length;
	}
	*to = '\0';
	message->has_status = true;
}

static bool take_line(struct notify_message *message, const char *line, size_t size_bytes)
{
	const char *equals = memchr(line, '=', size_bytes);
	size_t name_bytes = equals != NULL ? (size_t)(equals - line) : 0;
	const char *value = line + name_bytes + 1;
	size_t value_bytes = equals != NULL ? size_bytes - name_bytes - 1 : 0;
	bool yes = is_word(value, value_bytes, "1");
	int64_t number;

	if (equals == NULL)
		return false;
	if (is_word(line, name_bytes, "STATUS")) {
		take_status(message, value, value_bytes);
	} else if (is_word(line, name_bytes, "READY") && yes) {
		message->ready = true;
		message->reloading = false;
	} else if (is_word(line, name_bytes, "RELOADING") && yes) {
		message->reloading = true;
	} else if (is_word(line, name_bytes, "STOPPING") && yes) {
		message->stopping = true;
	} else if (is_word(line, name_bytes, "WATCHDOG") && yes) {
		message->watchdog = true;
	} else if (is_word(line, name_bytes, "WATCHDOG") && is_word(value, value_bytes, "trigger")) {
		message->trouble = true;
	} else if (is_word(line, name_bytes, "ERRNO")) {
		number = read_number(value, value_bytes, 4095); /* the kernel's highest */
		if (number < 0)
			return false;
		message->error = (int)number;
	} else if (is_word(line, name_bytes, "EXTEND_TIMEOUT_USEC")) {
		number = read_number(value, value_bytes, INT64_MAX);
		if (number <= 0)
			return false;
		message->extend_ms = number / 1000 + (number % 1000 != 0);
	} else {
		return false;
	}
	return true;
}

bool notify_parse(const char *bytes, size_t size_bytes, struct notify_message *message)
{
	bool known = false;

	while (size_bytes > 0) {
		const char *end = memchr(bytes, '\n', size_bytes);
		size_t line_bytes = end != NULL ? (size_t)(end - bytes) : size_bytes;

		known = take_line(message, bytes, line_bytes) || known;
		line_bytes += end != NULL;
		bytes += line_bytes;
		size_bytes -= line_bytes;
	}
	return known;
}

/* ---- Hearing ---- */

static bool may_speak(const struct notify *self, const struct msghdr *header)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
	     part = CMSG_NXTHDR((struct msghdr *)header, part)) {
		struct ucred sender;

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS ||
		    part->cmsg_len < CMSG_LEN(sizeof sender))
			continue;
		memcpy(&sender, CMSG_DATA(part), sizeof sender);
		return sender.uid == 0 || sender.uid == geteuid() || sender.uid == self->options.user;
	}
	return false;
}

/* One message; false when there is none. `known` becomes true when it said something. */
static bool hear_one(struct notify *self, struct notify_message *message, bool *known)
{
	char bytes[NOTIFY_MESSAGE_BYTES];
	/* Room for the sender's credentials alone: descriptors, which would come behind them, find none. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec part = {bytes, sizeof bytes};
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t got = recvmsg(self->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return errno == EINTR;
	if ((header.msg_flags & MSG_TRUNC) != 0 || !may_speak(self, &header))
		self->ignored++;
	else if (notify_parse(bytes, (size_t)got, message))
		*known = true;
	return true;
}

/* True when there may be more than `limit` messages. */
static bool hear(struct notify *self, int limit)
{
	struct notify_message message = {0};
	bool known = false;
	int count = 0;

	while (count < limit && hear_one(self, &message, &known))
		count++;
	if (known)
		self->options.heard(self->options.context, &message);
	return count == limit;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct notify *self = context;
	int64_t now_ms = clock_monotonic_ms();

	(void)fd, (void)what;
	if (now_ms - self->window_ms >= WINDOW_MS) {
		self->window_ms = now_ms;
		self->turns = 0;
	}
	self->turns++;
	if ((hear(self, MESSAGES_AT_ONCE) || self->turns > TURNS_FREE) &&
	    event_add(self->rested, &(struct timeval){.tv_usec = REST_US}) == 0)
		event_del(self->readable);
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
	struct notify *self = context;

	(void)fd, (void)what;
	/* Out of memory: tried again, for a service that is never heard again would be restarted for its silence. */
	if (event_add(self->readable, NULL) < 0)
		(void)event_add(self->rested, &(struct timeval){.tv_usec = REST_US});
}

/* ---- Life ---- */

/* The kernel chooses the name: five hexadecimal digits nobody else has. */
static int open_socket(struct notify *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size_bytes = sizeof address;
	const int on = 1;

	self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The credentials first: a message that came before would have none. */
	if (self->fd < 0 || setsockopt(self->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
	    bind(self->fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
	    getsockname(self->fd, (struct sockaddr *)&address, &size_bytes) < 0)
		return -errno;
	size_bytes -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1; /* the name follows a zero byte */
	if (size_bytes >= sizeof self->address)
		return -ENAMETOOLONG;
	snprintf(self->address, sizeof self->address, "@%.*s", (int)size_bytes, address.sun_path + 1);
	return 0;
}

struct notify *notify_create(const struct notify_options *options, struct err *err)
{
	struct notify *self = calloc(1, sizeof *self);
	int rc = -ENOMEM;

	if (self == NULL)
		goto failed;
	self->options = *options;
	self->fd = -1;
	rc = open_socket(self);
	if (rc < 0)
		goto failed;
	self->readable = event_new(options->base, self->fd, EV_READ | EV_PERSIST, on_readable, self);
	self->rested = evtimer_new(options->base, on_rested, self);
	if (self->readable != NULL && self->rested != NULL && event_add(self->readable, NULL) == 0)
		return self;
	rc = -ENOMEM;
failed:
	notify_destroy(self);
	err_set(err, ERR_FAILED, "cannot make the socket by which it says that it is ready (NOTIFY_SOCKET): %s",
		strerror(-rc));
	if (rc == -ENOMEM)
		err_set_cause(err, ERR_CAUSE_MEMORY);
	return NULL;
}

const char *notify_address(const struct notify *self)
{
	return self->address;
}

void notify_drain(struct notify *self)
{
	(void)hear(self, DRAIN_MAX);
}

uint64_t notify_ignored(const struct notify *self)
{
	return self->ignored;
}

void notify_destroy(struct notify *self)
{
	if (self == NULL)
		return;
	if (self->readable != NULL)
		event_free(self->readable);
	if (self->rested != NULL)
		event_free(self->rested);
	if (self->fd >= 0)
		close(self->fd);
	free(self);
}
