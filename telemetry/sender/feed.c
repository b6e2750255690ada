/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/feed.h"

#include "telemetry/wire.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char *copy_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? strdup(member->valuestring) : NULL;
}

static void read_config(const cJSON *object, struct feed_message *message)
{
	struct feed_config *config = &message->config;
	const cJSON *notice = cJSON_GetObjectItemCaseSensitive(object, "notice");

	config->host = copy_member(object, "host");
	config->key = copy_member(object, "key");
	config->app = copy_member(object, "app");
	config->outbox = copy_member(object, "outbox");
	config->ledger = copy_member(object, "ledger");
	config->notice = cJSON_IsNumber(notice) ? notice->valueint : 0;
	if (config->host && config->key && config->app)
		message->kind = FEED_CONFIG;
	else
		feed_config_finish(config);
}

static void read_event(const cJSON *object, const char *text, struct feed_message *message)
{
	message->uuid = copy_member(object, "uuid");
	message->name = copy_member(object, "event");
	message->event = strdup(text);
	if (message->uuid && message->name && message->event) {
		message->kind = FEED_EVENT;
		return;
	}
	free(message->uuid);
	free(message->name);
	free(message->event);
	message->uuid = message->name = message->event = NULL;
}

void feed_receive(int fd, char *buffer, struct feed_message *message)
{
	ssize_t length;
	cJSON *object;

	*message = (struct feed_message){.kind = FEED_NOTHING};
	do {
		length = recv(fd, buffer, WIRE_BYTES_MAX, MSG_DONTWAIT | MSG_TRUNC);
	} while (length < 0 && errno == EINTR);
	if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (length <= 0) {
		message->kind = FEED_END;
		return;
	}
	message->kind = FEED_WRONG;
	if ((size_t)length > WIRE_BYTES_MAX)
		return;
	buffer[length] = '\0';
	if (strlen(buffer) != (size_t)length)
		return;
	object = cJSON_ParseWithOpts(buffer + 1, NULL, 1);
	if (cJSON_IsObject(object) && buffer[0] == WIRE_CONFIG)
		read_config(object, message);
	else if (cJSON_IsObject(object) && buffer[0] == WIRE_EVENT)
		read_event(object, buffer + 1, message);
	cJSON_Delete(object);
}

void feed_config_finish(struct feed_config *self)
{
	free(self->host);
	free(self->key);
	free(self->app);
	free(self->outbox);
	free(self->ledger);
	*self = (struct feed_config){0};
}
