/* SPDX-License-Identifier: MIT */
/*
 * The relay in this process, over a real socket and an outbox in memory; whoever tests it asks, turns its loop, and looks at what the outbox
 * then holds. Shared by tests and fuzz targets: no assertions of either in here, what goes wrong aborts.
 */
#ifndef UPFRONT_TESTS_UNIT_SENDER_RELAY_SCENE_H
#define UPFRONT_TESTS_UNIT_SENDER_RELAY_SCENE_H

#include "telemetry/sender/outbox.h"
#include "telemetry/sender/relay.h"
#include "telemetry/wire.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCENE_TOKEN "0123456789abcdef0123456789abcdef"
#define SCENE_ID "3f8a1c52-6b7d-4e90-8a1b-2c3d4e5f6071"
#define SCENE_COMMON                                                                                          \
	"\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\",\"$lib\":\"upfront\"," \
	"\"app_version\":\"1.4.2\",\"is_ci\":false"
#define SCENE_EVENTS                                                                                              \
	"{\"page_opened\":{\"page\":[\"home\",\"chart\",\"a \\\"b\\\"\"],\"count\":\"int\",\"ratio\":\"number\"," \
	"\"dark\":\"bool\"},\"started\":{}}"
#define SCENE_ANSWER_BYTES 8192
#define SCENE_TURNS_MAX 200000

struct scene {
	struct event_base *base;
	struct relay *relay;
	struct outbox *outbox;
	int port;
	int changes; /* how often the relay said so */
	char answer[SCENE_ANSWER_BYTES];
	int status; /* of the last answer; 0: the connection ended without one */
};

static inline void scene_changed(void *context)
{
	struct scene *self = context;

	self->changes++;
}

/* Listens on a free port, at the descriptor that the sender inherits. */
static inline int scene_listen(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	if (fd != WIRE_RELAY_FD && (dup2(fd, WIRE_RELAY_FD) < 0 || close(fd) < 0))
		abort();
	return ntohs(address.sin_port);
}

static inline char *scene_config(int port)
{
	char *text;

	if (asprintf(&text,
		     "{\"listeners\":1,\"addresses\":[\"127.0.0.1:%d\"],\"token\":\"" SCENE_TOKEN
		     "\",\"origins\":[\"http://localhost:3000\"],\"distinct_id\":\"" SCENE_ID
		     "\",\"common\":{" SCENE_COMMON "},\"events\":" SCENE_EVENTS
		     ",\"routes\":[\"/api/charts/{id}\",\"/api/health\"]}",
		     port) < 0)
		abort();
	return text;
}

/* `bytes_max` 0: as large an outbox as always. Call it before anything else takes descriptor WIRE_RELAY_FD. */
static inline void scene_begin(struct scene *self, int64_t bytes_max)
{
	struct outbox_options options = {.endpoint = "h k", .notice = 3, .bytes_max = bytes_max};
	char *text;
	cJSON *config;

	*self = (struct scene){.port = scene_listen()};
	self->base = event_base_new();
	self->outbox = outbox_open(&options, 0);
	text = scene_config(self->port);
	config = cJSON_Parse(text);
	self->relay = relay_create(self->base, config, self->outbox, scene_changed, self);
	cJSON_Delete(config);
	free(text);
	if (!self->relay)
		abort();
}

static inline void scene_end(struct scene *self)
{
	relay_destroy(self->relay);
	outbox_close(self->outbox);
	event_base_free(self->base);
	close(WIRE_RELAY_FD);
}

static inline int scene_connect(const struct scene *self)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)self->port)};
	/* From many addresses: a fuzzer makes more connections than one has ports, which stay taken for a minute. */
	static uint32_t connections;
	struct sockaddr_in own = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + ++connections % 60000);
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		abort();
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		/* libFuzzer's clock; it goes on by itself. */
		struct pollfd done = {.fd = fd, .events = POLLOUT};

		if (errno != EINTR)
			abort();
		while (poll(&done, 1, -1) < 0 && errno == EINTR)
			continue;
	}
	return fd;
}

static inline void scene_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

/* One turn of the loop, a millisecond at most. */
static inline void scene_turn(struct scene *self)
{
	const struct timeval soon = {.tv_usec = 1000};

	event_base_once(self->base, -1, EV_TIMEOUT, scene_tick, NULL, &soon);
	event_base_loop(self->base, EVLOOP_ONCE);
}

/* True when a whole answer stands in the buffer. */
static inline bool scene_is_answered(struct scene *self, size_t used)
{
	const char *end, *length;

	self->answer[used] = '\0';
	end = strstr(self->answer, "\r\n\r\n");
	if (!end)
		return false;
	length = strcasestr(self->answer, "\r\nContent-Length:");
	return !length || length > end || used >= (size_t)(end + 4 - self->answer) + strtoul(length + 17, NULL, 10);
}

/*
 * Says these bytes and listens until a whole answer has come, or the connection is over. `closes`: says that nothing more comes, and listens to the
 * end.
 */
static inline int scene_say(struct scene *self, int fd, const void *bytes, size_t size_bytes, bool closes)
{
	size_t said = 0, used = 0;
	ssize_t count = -1;

	self->status = 0;
	if (size_bytes == 0 && closes)
		shutdown(fd, SHUT_WR);
	for (int i = 0; i < SCENE_TURNS_MAX && count != 0; i++) {
		if (said < size_bytes) {
			count = send(fd, (const char *)bytes + said, size_bytes - said, MSG_NOSIGNAL | MSG_DONTWAIT);
			said = count > 0 ? said + (size_t)count : count < 0 && errno != EAGAIN ? size_bytes : said;
			if (said == size_bytes && closes)
				shutdown(fd, SHUT_WR);
		}
		event_base_loop(self->base, EVLOOP_NONBLOCK);
		count = recv(fd, self->answer + used, sizeof(self->answer) - 1 - used, MSG_DONTWAIT);
		if (count > 0)
			used += (size_t)count;
		if (count < 0 && errno != EAGAIN)
			count = 0;
		if (count > 0 && !closes && scene_is_answered(self, used))
			break;
		if (count < 0)
			scene_turn(self);
	}
	self->answer[used] = '\0';
	if (strncmp(self->answer, "HTTP/1.1 ", 9) == 0)
		self->status = atoi(self->answer + 9);
	return self->status;
}

/* A request on a connection of its own; `headers`: more lines, each with "\r\n". "HOST" in it stands for our address. */
static inline int scene_ask(struct scene *self, const char *line, const char *headers, const void *body,
			    size_t size_bytes)
{
	int fd = scene_connect(self), status;
	char *head, *whole;
	size_t length;

	if (asprintf(&head, "%s HTTP/1.1\r\nContent-Length: %zu\r\n%s\r\n", line, size_bytes, headers) < 0)
		abort();
	length = strlen(head);
	whole = malloc(length + size_bytes + 1);
	memcpy(whole, head, length);
	if (size_bytes > 0)
		memcpy(whole + length, body, size_bytes);
	status = scene_say(self, fd, whole, length + size_bytes, false);
	close(fd);
	free(whole);
	free(head);
	return status;
}

/* POST of a text to a path below the token, by a client that is let in. */
static inline int scene_post(struct scene *self, const char *path, const char *more, const void *body,
			     size_t size_bytes)
{
	char line[512], headers[1024];

	snprintf(line, sizeof(line), "POST /r/" SCENE_TOKEN "%s", path);
	snprintf(headers, sizeof(headers), "Host: 127.0.0.1:%d\r\n%s", self->port, more);
	return scene_ask(self, line, headers, body, size_bytes);
}

/* Takes all events out of the outbox: their texts, a line each. The caller frees. */
static inline char *scene_take(struct scene *self)
{
	char *text = strdup("");
	struct outbox_batch batch = {0};

	while (outbox_claim(self->outbox, 1000, 64u * 1024u * 1024u, 1, &batch) == 0 && batch.count > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			char *longer;

			if (asprintf(&longer, "%s%s\n", text, batch.events[i].text) < 0)
				abort();
			free(text);
			text = longer;
		}
		outbox_remove(self->outbox, &batch);
		outbox_batch_finish(&batch);
	}
	return text;
}

#endif
