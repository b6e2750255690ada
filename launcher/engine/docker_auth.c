/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_auth.h"

#include "config/strmap.h"
#include "launcher/engine/base64.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX (1024u * 1024u)
#define HEADER_NAME "X-Registry-Auth: "
/* A helper says so instead of a name when it knows a token. */
#define TOKEN_NAME "<token>"

/* ---- Wiped, not only freed ---- */

static void forget(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

static void wipe(cJSON *value)
{
	for (cJSON *item = value; item != NULL; item = item->next) {
		wipe(item->child);
		if (item->valuestring != NULL)
			explicit_bzero(item->valuestring, strlen(item->valuestring));
	}
}

static void forget_json(cJSON *json)
{
	wipe(json);
	cJSON_Delete(json);
}

void docker_auth_finish(struct docker_auth *self)
{
	free(self->helper);
	forget(self->header);
	*self = (struct docker_auth){.header = NULL};
}

/* ---- The header ---- */

static const char *text_of(const cJSON *map, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(map, name);

	return cJSON_IsString(value) ? value->valuestring : "";
}

static char *header_of(const char *registry, const char *user, const char *password, const char *token)
{
	cJSON *json = cJSON_CreateObject();
	char *text = NULL, *code = NULL, *header = NULL;

	if (*token != '\0') {
		cJSON_AddStringToObject(json, "identitytoken", token);
	} else {
		cJSON_AddStringToObject(json, "username", user);
		cJSON_AddStringToObject(json, "password", password);
	}
	cJSON_AddStringToObject(json, "serveraddress", registry);
	text = cJSON_PrintUnformatted(json);
	code = text != NULL ? base64url_encode(text, strlen(text)) : NULL;
	if (code != NULL && asprintf(&header, HEADER_NAME "%s", code) < 0)
		header = NULL;
	forget_json(json);
	forget(text);
	forget(code);
	return header;
}

/* "name:password", base64. */
static char *header_of_pair(const char *registry, const char *code)
{
	size_t size_bytes = 0;
	char *pair = base64_decode(code, &size_bytes);
	char *colon = pair != NULL ? strchr(pair, ':') : NULL;
	char *header = NULL;

	if (colon != NULL && colon != pair && strlen(pair) == size_bytes) {
		*colon = '\0';
		header = header_of(registry, pair, colon + 1, "");
		*colon = ':';
	}
	forget(pair);
	return header;
}

static char *header_of_entry(const char *registry, const cJSON *entry)
{
	const char *token = text_of(entry, "identitytoken");
	const char *user = text_of(entry, "username");

	if (*token != '\0')
		return header_of(registry, "", "", token);
	if (*text_of(entry, "auth") != '\0')
		return header_of_pair(registry, text_of(entry, "auth"));
	return *user != '\0' ? header_of(registry, user, text_of(entry, "password"), "") : NULL;
}

/* ---- The configuration ---- */

/* Its path as the client finds it; false: there is no such place. */
static bool config_path(const struct strmap *environment, char path[PATH_MAX])
{
	const char *folder = strmap_find(environment, "DOCKER_CONFIG");
	const char *home = strmap_find(environment, "HOME");
	int length = -1;

	if (folder != NULL && *folder != '\0')
		length = snprintf(path, PATH_MAX, "%s/config.json", folder);
	else if (home != NULL && *home != '\0')
		length = snprintf(path, PATH_MAX, "%s/.docker/config.json", home);
	return length > 0 && length < PATH_MAX;
}

static cJSON *read_config(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	cJSON *json = NULL;
	char *text = NULL;
	size_t used = 0, size_bytes;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > (off_t)CONFIG_BYTES_MAX)
		goto out;
	size_bytes = (size_t)status.st_size;
	text = calloc(1, size_bytes + 1);
	while (text != NULL && used < size_bytes) {
		const ssize_t got = read(fd, text + used, size_bytes - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	json = text != NULL ? cJSON_ParseWithLength(text, used) : NULL;
out:
	if (text != NULL)
		explicit_bzero(text, used);
	free(text);
	close(fd);
	return json;
}

/* The host of an entry, which may be written as an address; *length of it. */
static const char *host_of(const char *name, size_t *length)
{
	const char *scheme = strstr(name, "://");
	const char *host = scheme != NULL ? scheme + 3 : name;

	*length = strcspn(host, "/");
	return host;
}

static bool same_host(const char *a, const char *b)
{
	size_t a_length, b_length;
	const char *a_host = host_of(a, &a_length), *b_host = host_of(b, &b_length);

	return a_length == b_length && memcmp(a_host, b_host, a_length) == 0;
}

static const cJSON *find_entry(const cJSON *auths, const char *registry)
{
	const cJSON *entry = cJSON_GetObjectItemCaseSensitive(auths, registry);

	if (entry != NULL || auths == NULL)
		return entry;
	for (entry = auths->child; entry != NULL; entry = entry->next)
		if (entry->string != NULL && same_host(entry->string, registry))
			return entry;
	return NULL;
}

/* Part of a program's name, and nothing that could lead elsewhere. */
static bool helper_is_name(const char *helper)
{
	return *helper != '\0' &&
	       strspn(helper, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(helper);
}

void docker_auth_find(struct docker_auth *self, const struct strmap *environment, const char *registry)
{
	char path[PATH_MAX];
	cJSON *config = config_path(environment, path) ? read_config(path) : NULL;
	const char *helper = text_of(cJSON_GetObjectItemCaseSensitive(config, "credHelpers"), registry);

	*self = (struct docker_auth){.header = NULL};
	if (*helper == '\0')
		helper = text_of(config, "credsStore");
	if (helper_is_name(helper))
		self->helper = strdup(helper);
	else
		self->header = header_of_entry(registry,
					       find_entry(cJSON_GetObjectItemCaseSensitive(config, "auths"), registry));
	forget_json(config);
}

void docker_auth_take(struct docker_auth *self, const char *registry, const char *text, size_t size_bytes)
{
	cJSON *answer = cJSON_ParseWithLength(text, size_bytes);
	const char *user = text_of(answer, "Username"), *secret = text_of(answer, "Secret");

	forget(self->header);
	self->header = NULL;
	if (*secret != '\0' && strcmp(user, TOKEN_NAME) == 0)
		self->header = header_of(registry, "", "", secret);
	else if (*user != '\0')
		self->header = header_of(registry, user, secret, "");
	forget_json(answer);
}
