/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_access.h"

#include <cjson/cJSON.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#define PREFIX "/r/"

struct texts {
	char **list;
	size_t count;
};

struct relay_access {
	struct texts hosts, origins;
	char *token;
};

static int add_text(struct texts *texts, const char *text)
{
	char **list = realloc(texts->list, (texts->count + 1) * sizeof(*list));

	if (!list)
		return -1;
	texts->list = list;
	list[texts->count] = strdup(text);
	return list[texts->count++] ? 0 : -1;
}

static void finish_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i]);
	free(texts->list);
}

static bool has_text(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strcasecmp(texts->list[i], text) == 0)
			return true;
	}
	return false;
}

/* The address itself, and this machine by its name: both can only be asked for by whoever means this machine. */
static int add_address(struct relay_access *self, const char *address)
{
	const char *port = strrchr(address, ':');
	char name[32];

	if (!port)
		return -1;
	snprintf(name, sizeof(name), "localhost%.6s", port);
	return add_text(&self->hosts, address) < 0 ? -1 : add_text(&self->hosts, name);
}

static int read_config(struct relay_access *self, const cJSON *config)
{
	const cJSON *item, *token = cJSON_GetObjectItemCaseSensitive(config, "token");

	if (!cJSON_IsString(token) || !*token->valuestring)
		return -1;
	self->token = strdup(token->valuestring);
	if (!self->token)
		return -1;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(config, "addresses"))
	{
		if (!cJSON_IsString(item) || add_address(self, item->valuestring) < 0)
			return -1;
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(config, "origins"))
	{
		if (!cJSON_IsString(item) || add_text(&self->origins, item->valuestring) < 0)
			return -1;
	}
	return self->hosts.count > 0 ? 0 : -1;
}

struct relay_access *relay_access_create(const cJSON *config)
{
	struct relay_access *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	if (read_config(self, config) < 0) {
		relay_access_destroy(self);
		return NULL;
	}
	return self;
}

void relay_access_destroy(struct relay_access *self)
{
	if (!self)
		return;
	finish_texts(&self->hosts);
	finish_texts(&self->origins);
	free(self->token);
	free(self);
}

/* Two of one header: no client of good will sends that. Counted as a text that nothing is equal to. */
static const char *single(struct evkeyvalq *headers, const char *name)
{
	const struct evkeyval *header;
	const char *found = NULL;

	TAILQ_FOREACH(header, headers, next)
	{
		if (strcasecmp(header->key, name) == 0)
			found = found ? "" : header->value;
	}
	return found;
}

enum relay_admission relay_access_check(const struct relay_access *self, struct evkeyvalq *headers, const char **origin)
{
	const char *host = single(headers, "Host");

	*origin = single(headers, "Origin");
	if (!host || !has_text(&self->hosts, host))
		return RELAY_WRONG_HOST;
	if (*origin && !has_text(&self->origins, *origin))
		return RELAY_WRONG_ORIGIN;
	return RELAY_ADMITTED;
}

bool relay_access_is_nameless_page(struct evkeyvalq *headers)
{
	const char *site = single(headers, "Sec-Fetch-Site");

	/* "none": somebody typed the address. */
	return site && !single(headers, "Origin") && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

const char *relay_access_path(const struct relay_access *self, const char *path)
{
	const char *token, *end;
	size_t wanted = strlen(self->token);
	volatile unsigned char difference = 0;

	if (strncmp(path, PREFIX, sizeof(PREFIX) - 1) != 0)
		return NULL;
	token = path + sizeof(PREFIX) - 1;
	end = token + strcspn(token, "/");
	if ((size_t)(end - token) != wanted)
		return NULL;
	for (size_t i = 0; i < wanted; i++)
		difference = (unsigned char)(difference | (token[i] ^ self->token[i]));
	return difference ? NULL : end;
}
