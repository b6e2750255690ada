/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/feed.h"

#include "telemetry/sender/outbox.h"
#include "telemetry/wire.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define UUID_BYTES_MAX 64u

struct feed {
	int fd;
	char *buffer; /* one message; its pages are used as far as messages are long */
};

struct feed *feed_create(int fd)
{
	struct feed *self = calloc(1, sizeof(*self));
	int start = 0;

	if (!self)
		return NULL;
	self->fd = fd;
	self->buffer = malloc(WIRE_BYTES_MAX + 1);
	/* Looking begins at the front, however far a sender before us had looked. */
	if (!self->buffer || setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof(start)) < 0) {
		feed_destroy(self);
		return NULL;
	}
	return self;
}

void feed_destroy(struct feed *self)
{
	if (!self)
		return;
	free(self->buffer);
	free(self);
}

void feed_rewind(struct feed *self)
{
	int start = 0;

	setsockopt(self->fd, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof(start));
}

static char *copy_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? strdup(member->valuestring) : NULL;
}

static bool read_config(cJSON *object, struct feed_config *config)
{
	const cJSON *notice = cJSON_GetObjectItemCaseSensitive(object, "notice");

	config->host = copy_member(object, "host");
	config->key = copy_member(object, "key");
	config->app = copy_member(object, "app");
	config->outbox = copy_member(object, "outbox");
	config->ledger = copy_member(object, "ledger");
	config->notice = cJSON_IsNumber(notice) ? notice->valueint : 0;
	config->relay = cJSON_DetachItemFromObjectCaseSensitive(object, "relay");
	return config->host && config->key && config->app;
}

/* Neither needs quoting in the ledger, nor can break its lines. */
static bool is_plain_uuid(const char *uuid)
{
	size_t length = strlen(uuid);

	for (const char *at = uuid; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-')
			return false;
	return length > 0 && length <= UUID_BYTES_MAX;
}

static bool is_one_line(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ')
			return false;
	return true;
}

static bool read_event(const cJSON *object, const char *text, size_t size_bytes, struct feed_message *message)
{
	message->uuid = copy_member(object, "uuid");
	message->name = copy_member(object, "event");
	message->event = strdup(text);
	message->size_bytes = size_bytes;
	return message->uuid && message->name && message->event && is_plain_uuid(message->uuid) && is_one_line(text) &&
	       size_bytes <= OUTBOX_EVENT_BYTES_MAX;
}

static enum feed_kind read_message(const char *text, size_t size_bytes, struct feed_message *message)
{
	cJSON *object = cJSON_ParseWithOpts(text + 1, NULL, 1);
	enum feed_kind kind = FEED_WRONG;

	if (!cJSON_IsObject(object))
		goto out;
	if (text[0] == WIRE_CONFIG && read_config(object, &message->config))
		kind = FEED_CONFIG;
	else if (text[0] == WIRE_EVENT && read_event(object, text + 1, size_bytes - 1, message))
		kind = FEED_EVENT;
	if (text[0] == WIRE_COMMON) {
		message->common = object;
		return FEED_COMMON;
	}
out:
	cJSON_Delete(object);
	return kind;
}

/*
 * Bytes of the next message, 0: the end, -EAGAIN: none now. An end that is seen is looked at again: the kernel reports it also when the last
 * messages and the end have come just behind its own look at the queue; and when the other end was closed with what we told it unread, it
 * says so (ECONNRESET) once, in front of the messages that are still there.
 */
static ssize_t look(const struct feed *self)
{
	ssize_t length = -1;

	for (int ends = 0; ends < 2;) {
		length = recv(self->fd, self->buffer, WIRE_BYTES_MAX, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
		if (length > 0)
			return length;
		if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return -EAGAIN;
		ends += length == 0 || errno != EINTR;
	}
	return 0;
}

void feed_look(struct feed *self, struct feed_message *message)
{
	ssize_t length = look(self);

	*message = (struct feed_message){.kind = length < 0 ? FEED_NOTHING : FEED_END};
	if (length <= 0)
		return;
	message->kind = FEED_WRONG;
	if ((size_t)length > WIRE_BYTES_MAX)
		return;
	self->buffer[length] = '\0';
	if (strlen(self->buffer) != (size_t)length)
		return;
	message->kind = read_message(self->buffer, (size_t)length, message);
	if (message->kind == FEED_WRONG)
		feed_message_finish(message);
}

void feed_take(struct feed *self, size_t count)
{
	char byte;

	for (size_t i = 0; i < count; i++)
		while (recv(self->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) < 0 &&
		       (errno == EINTR || errno == ECONNRESET))
			continue;
	feed_rewind(self);
}

void feed_message_finish(struct feed_message *self)
{
	feed_config_finish(&self->config);
	cJSON_Delete(self->common);
	free(self->uuid);
	free(self->name);
	free(self->event);
	self->common = NULL;
	self->uuid = self->name = self->event = NULL;
}

void feed_config_finish(struct feed_config *self)
{
	free(self->host);
	free(self->key);
	free(self->app);
	free(self->outbox);
	free(self->ledger);
	cJSON_Delete(self->relay);
	*self = (struct feed_config){0};
}
