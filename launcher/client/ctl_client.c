/* SPDX-License-Identifier: MIT */
#include "launcher/client/ctl_client.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/paths.h"
#include "launcher/process/http_answer.h"
#include "launcher/supervisor/ctl_address.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 5000
#define TARGET_BYTES_MAX 4096u
#define GONE_TRIES 20
#define GONE_RETRY_MS 10

struct ctl_stream {
	int fd;
	struct ctl_heard *heard;
	struct http_answer http;
	bool telemetry_on; /* "Upfront-Telemetry: on" was among the headers */
	char in[16384];
	size_t in_start, in_end;
};

/* A socket of another user at our path is no supervisor of ours. */
static int check_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.uid == geteuid() ? 0 : -EPERM;
}

/* `flags` beside SOCK_CLOEXEC. */
static int connect_socket(const char *path, int flags)
{
	struct timeval limit = {.tv_sec = CONNECT_TIMEOUT_MS / 1000};
	struct ctl_address address;
	int fd, result;

	result = ctl_address_make(&address, path);
	if (result < 0)
		return result;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0) {
		result = -errno;
		goto out;
	}
	/* Bounds connect() too: it waits while the backlog is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&address.name, address.size_bytes) < 0)
		result = -errno;
	else
		result = check_peer(fd);
	if (result < 0) {
		close(fd);
		goto out;
	}
	result = fd;
out:
	ctl_address_finish(&address);
	return result;
}

static bool means_not_running(int result)
{
	return result == -ENOENT || result == -ECONNREFUSED || result == -ENOTDIR;
}

/* How a connection ends when its peer does, or before it was accepted. */
static bool means_broken(int result)
{
	return result == -ECONNRESET || result == -EPIPE || result == -EPROTO;
}

bool ctl_client_is_gone(const struct ctl_client *self)
{
	for (int i = 0; i < GONE_TRIES; i++) {
		int fd = connect_socket(self->socket_path, 0);

		if (fd < 0)
			return means_not_running(fd);
		close(fd);
		poll(NULL, 0, GONE_RETRY_MS);
	}
	return false;
}

static int say_gone(const struct ctl_client *self, int result, struct err *err)
{
	if (self->project != NULL)
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running any more", self->project);
	else
		err_set(err, ERR_NOT_RUNNING, "the stack is not running any more");
	return result;
}

static int connect_or_say(const struct ctl_client *self, struct err *err)
{
	int fd = connect_socket(self->socket_path, 0);

	if (fd >= 0)
		return fd;
	if (means_not_running(fd))
		return say_gone(self, fd, err);
	err_set(err, ERR_FAILED, "cannot reach the supervisor: %s: %s", self->socket_path, strerror(-fd));
	return fd;
}

int ctl_client_open_at(struct ctl_client *self, const char *socket_path, const char *project, struct err *err)
{
	int fd = connect_socket(socket_path, 0);

	*self = (struct ctl_client){0};
	if (fd >= 0) {
		close(fd);
		self->socket_path = strdup(socket_path);
		self->project = strdup(project);
		if (self->socket_path != NULL && self->project != NULL)
			return 0;
		ctl_client_close(self);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	if (means_not_running(fd))
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running", project);
	else
		err_set(err, ERR_FAILED, "cannot reach the supervisor of project '%s': %s: %s", project, socket_path,
			strerror(-fd));
	return fd;
}

int ctl_client_open(struct ctl_client *self, const char *project, struct err *err)
{
	char *path = NULL;
	int result;

	*self = (struct ctl_client){0};
	result = paths_socket(project, &path, err);
	if (result == 0)
		result = ctl_client_open_at(self, path, project, err);
	free(path);
	return result;
}

void ctl_client_listen(struct ctl_client *self, struct ctl_heard *heard)
{
	self->heard = heard;
	if (heard == NULL)
		return;
	ctl_heard_finish(heard);
	heard->socket_path = strdup(self->socket_path);
}

void ctl_heard_finish(struct ctl_heard *self)
{
	free(self->socket_path);
	*self = (struct ctl_heard){0};
}

void ctl_client_close(struct ctl_client *self)
{
	free(self->socket_path);
	free(self->project);
	*self = (struct ctl_client){0};
}

/* A request is small and the peer reads it whole before it answers, so plain sends under the socket's time limit do. */
static int send_all(int fd, const char *bytes, size_t size_bytes)
{
	size_t sent = 0;

	while (sent < size_bytes) {
		ssize_t count = send(fd, bytes + sent, size_bytes - sent, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		sent += (size_t)count;
	}
	return 0;
}

static void take_header(void *context, const char *name, const char *value)
{
	struct ctl_stream *self = context;

	if (strcasecmp(name, "upfront-telemetry") == 0)
		self->telemetry_on = strcmp(value, "on") == 0;
}

static void begin(struct ctl_stream *self, int fd, struct ctl_heard *heard)
{
	self->fd = fd;
	self->heard = heard;
	http_answer_init(&self->http);
	self->http.header = take_header;
	self->http.context = self;
}

/* NULL when out of memory. The caller frees. */
static char *make_request(const char *method, const char *target, bool screen, const char *body)
{
	const char *client = screen ? "Upfront-Client: screen\r\n" : "";
	char *request = NULL;
	int length;

	if (body != NULL)
		length = asprintf(&request,
				  "%s %s HTTP/1.1\r\nHost: upfront\r\nConnection: close\r\n%s"
				  "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
				  method, target, client, strlen(body), body);
	else
		length = asprintf(&request, "%s %s HTTP/1.1\r\nHost: upfront\r\nConnection: close\r\n%s%s\r\n", method,
				  target, client, strcmp(method, "GET") == 0 ? "" : "Content-Length: 0\r\n");
	return length >= 0 ? request : NULL;
}

static int send_request(const struct ctl_client *self, int fd, const char *method, const char *target, const char *body)
{
	char *request;
	int result;

	if (strlen(target) > TARGET_BYTES_MAX || strpbrk(target, " \r\n") != NULL)
		return -EINVAL;
	request = make_request(method, target, self->screen, body);
	if (request == NULL)
		return -ENOMEM;
	result = send_all(fd, request, strlen(request));
	free(request);
	return result;
}

void ctl_client_tell(const char *socket_path, const char *target, const char *body)
{
	char *request = make_request("POST", target, false, body);
	int fd = request != NULL ? connect_socket(socket_path, SOCK_NONBLOCK) : -ENOMEM;

	if (fd >= 0) {
		(void)send(fd, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	free(request);
}

int ctl_stream_open(const struct ctl_client *self, const char *target, struct ctl_stream **stream, struct err *err)
{
	return ctl_stream_ask(self, "GET", target, NULL, stream, err);
}

int ctl_stream_ask(const struct ctl_client *self, const char *method, const char *target, const char *body,
		   struct ctl_stream **stream, struct err *err)
{
	struct ctl_stream *new_stream = NULL;
	int fd, result;

	fd = connect_or_say(self, err);
	if (fd < 0)
		return fd;
	result = send_request(self, fd, method, target, body);
	if (means_broken(result) && ctl_client_is_gone(self)) {
		say_gone(self, result, err);
		goto out;
	}
	if (result < 0) {
		err_set(err, ERR_FAILED, "cannot ask the supervisor: %s", strerror(-result));
		goto out;
	}
	new_stream = calloc(1, sizeof(*new_stream));
	if (new_stream == NULL) {
		result = err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	begin(new_stream, fd, self->heard);
	*stream = new_stream;
out:
	if (result < 0)
		close(fd);
	return result;
}

#define POST_BYTES_MAX 4096u

/* Head and body in one buffer: both go in one send, which fits whole into a socket nothing was sent on before. */
static char *make_post(const struct ctl_client *self, const char *target, const char *type, const void *bytes,
		       size_t size_bytes, size_t *total_bytes)
{
	const char *client = self->screen ? "Upfront-Client: screen\r\n" : "";
	char *request, *head = NULL;
	int length = asprintf(&head,
			      "POST %s HTTP/1.1\r\nHost: upfront\r\nConnection: close\r\n%s"
			      "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
			      target, client, type, size_bytes);

	if (length < 0)
		return NULL;
	*total_bytes = (size_t)length + size_bytes;
	request = realloc(head, *total_bytes + 1);
	if (request == NULL) {
		free(head);
		return NULL;
	}
	memcpy(request + length, bytes, size_bytes);
	return request;
}

int ctl_stream_post(const struct ctl_client *self, const char *target, const char *type, const void *bytes,
		    size_t size_bytes, struct ctl_stream **stream)
{
	struct ctl_stream *made = NULL;
	char *request = NULL;
	size_t total_bytes;
	ssize_t sent;
	int fd, result = -ENOMEM;

	if (size_bytes > POST_BYTES_MAX || strlen(target) > TARGET_BYTES_MAX || strpbrk(target, " \r\n") != NULL)
		return -EINVAL;
	fd = connect_socket(self->socket_path, SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	made = calloc(1, sizeof(*made));
	request = make_post(self, target, type, bytes, size_bytes, &total_bytes);
	if (made == NULL || request == NULL)
		goto out;
	sent = send(fd, request, total_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	result = sent < 0 ? -errno : (size_t)sent < total_bytes ? -EAGAIN : 0;
out:
	free(request);
	if (result < 0) {
		free(made);
		close(fd);
		return result;
	}
	begin(made, fd, self->heard);
	*stream = made;
	return 0;
}

int ctl_stream_fd(const struct ctl_stream *self)
{
	return self->fd;
}

int ctl_stream_status(const struct ctl_stream *self)
{
	return self->http.status;
}

void ctl_stream_close(struct ctl_stream *self)
{
	if (self == NULL)
		return;
	close(self->fd);
	free(self);
}

/* Returns > 0 when there are bytes to parse, 0 at the end of the connection, -errno else. */
static ssize_t refill(struct ctl_stream *self)
{
	ssize_t count;

	do {
		count = recv(self->fd, self->in, sizeof(self->in), MSG_DONTWAIT);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	self->in_start = 0;
	self->in_end = (size_t)count;
	return count;
}

ssize_t ctl_stream_read(struct ctl_stream *self, char *buffer, size_t size_bytes)
{
	for (;;) {
		ssize_t count;
		size_t used;

		if (http_answer_is_done(&self->http))
			return 0;
		if (self->http.state == HTTP_BROKEN)
			return -EPROTO;
		if (self->in_start == self->in_end) {
			count = refill(self);
			if (count < 0)
				return count;
			if (count == 0)
				return http_answer_end(&self->http);
		}
		count = http_answer_feed(&self->http, self->in + self->in_start, self->in_end - self->in_start, &used,
					 buffer, size_bytes);
		self->in_start += used;
		if (self->heard != NULL && http_answer_has_head(&self->http))
			self->heard->telemetry_on = self->telemetry_on;
		if (count != 0)
			return count;
	}
}

/* Waits until the stream is readable; -ETIMEDOUT when `deadline_ms` passes first. */
static int wait_readable(const struct ctl_stream *self, int64_t deadline_ms)
{
	struct pollfd pollfd = {.fd = self->fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		int count = poll(&pollfd, 1, left > 0 ? (int)left : 0);

		if (count > 0)
			return 0;
		if (count == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int read_answer(struct ctl_stream *stream, int64_t deadline_ms, char **answer)
{
	char *bytes = NULL;
	size_t size = 0, capacity = 0;
	ssize_t count;
	int result;

	for (;;) {
		if (capacity - size < 2) {
			char *grown;

			capacity = capacity == 0 ? 8192 : capacity * 2;
			result = -EFBIG;
			if (capacity > CTL_CLIENT_BODY_MAX)
				goto out;
			result = -ENOMEM;
			grown = realloc(bytes, capacity);
			if (grown == NULL)
				goto out;
			bytes = grown;
		}
		count = ctl_stream_read(stream, bytes + size, capacity - size - 1);
		result = (int)count;
		if (count == -EAGAIN)
			result = wait_readable(stream, deadline_ms);
		else if (count > 0)
			size += (size_t)count;
		else
			goto out;
		if (result < 0)
			goto out;
	}
out:
	if (result == 0) {
		bytes[size] = '\0';
		*answer = bytes;
	} else {
		free(bytes);
	}
	return result;
}

int ctl_client_call(const struct ctl_client *self, const char *method, const char *target, const char *body,
		    int timeout_ms, int *status, char **answer, struct err *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	struct ctl_stream stream = {.fd = -1};
	int fd, result;

	fd = connect_or_say(self, err);
	if (fd < 0)
		return fd;
	begin(&stream, fd, self->heard);
	result = send_request(self, stream.fd, method, target, body);
	if (result == 0)
		result = read_answer(&stream, deadline_ms, answer);
	close(stream.fd);
	if (result == -ETIMEDOUT || result == -EAGAIN)
		return err_set(err, ERR_TIMEOUT, "the supervisor did not answer within %d ms: %s %s", timeout_ms,
			       method, target);
	if (means_broken(result) && ctl_client_is_gone(self))
		return say_gone(self, result, err);
	if (result < 0)
		return err_set(err, ERR_FAILED, "no usable answer from the supervisor: %s %s: %s", method, target,
			       strerror(-result));
	*status = stream.http.status;
	return 0;
}
