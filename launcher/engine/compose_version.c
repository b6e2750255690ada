/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_version.h"

#include "config/paths.h"
#include "config/strmap.h"
#include "launcher/process/inquiry.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_BYTES_MAX 8192u

/* ---- Numbers ---- */

static bool is_version(const char *text)
{
	const char *digits = text + (*text == 'v');

	return *digits >= '0' && *digits <= '9' && strlen(text) <= COMPOSE_VERSION_BYTES_MAX &&
	       text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_~")] == '\0';
}

/* The number there, and *text behind it and its dot; 0 when there is none. */
static long next_number(const char **text)
{
	char *end;
	long number;

	if (**text < '0' || **text > '9') {
		*text += strlen(*text);
		return 0;
	}
	number = strtol(*text, &end, 10);
	*text = end + (*end == '.');
	return number;
}

bool compose_version_is_before(const char *version, const char *other)
{
	version += *version == 'v';
	other += *other == 'v';
	while (*version != '\0' || *other != '\0') {
		long mine = next_number(&version), theirs = next_number(&other);

		if (mine != theirs)
			return mine < theirs;
	}
	return false;
}

/* ---- Asking ---- */

/* The first line that is a version, in place; NULL: there is none. */
static char *find_version(char *output)
{
	char *rest = NULL;

	for (char *line = strtok_r(output, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t")] = '\0';
		if (is_version(line))
			return line;
	}
	return NULL;
}

/* Waits for its end. */
static enum inquiry_state wait_for(struct inquiry *inquiry, int *code)
{
	struct pollfd ready = {.fd = inquiry_poll_fd(inquiry), .events = POLLIN};
	enum inquiry_state state;

	while ((state = inquiry_step(inquiry, code)) == INQUIRY_RUNS)
		(void)poll(&ready, 1, -1);
	return state;
}

char *compose_version_ask(const char *const *argv, const struct strmap *environment, int limit_ms, const char **flaw)
{
	char **environ_text = strmap_to_environ(environment);
	const struct inquiry_options options = {
		.argv = argv, .environment = environ_text, .cwd = "/", .limit_ms = limit_ms};
	struct inquiry *inquiry = NULL;
	char *output = NULL, *version = NULL, *found;
	size_t size_bytes;
	int code = 0;

	*flaw = "cannot be started";
	if (environ_text == NULL || inquiry_start(&options, &inquiry, NULL) < 0)
		goto out;
	switch (wait_for(inquiry, &code)) {
	case INQUIRY_TIMED_OUT:
		*flaw = "does not answer when it is asked for its version";
		goto out;
	case INQUIRY_EXITED:
		if (code == 0)
			break;
		/* fall through */
	default:
		*flaw = "fails when it is asked for its version";
		goto out;
	}
	output = strdup(inquiry_output(inquiry, &size_bytes));
	found = output != NULL ? find_version(output) : NULL;
	if (found == NULL)
		*flaw = "does not say which version it is";
	else
		version = strdup(found);
out:
	inquiry_destroy(inquiry);
	free(output);
	free(environ_text);
	return version;
}

/* ---- Keeping ---- */

/* What tells one file from the next of the same name. */
static bool identify(const char *program, char *text, size_t size_bytes)
{
	struct stat status;

	if (stat(program, &status) < 0)
		return false;
	snprintf(text, size_bytes, "%lld %lld.%09ld", (long long)status.st_size, (long long)status.st_mtim.tv_sec,
		 status.st_mtim.tv_nsec);
	return true;
}

char *compose_version_recall(const char *cache_path, const char *program)
{
	char now[96], *bytes = NULL, *version = NULL;
	const char *path, *file, *kept;
	size_t size;
	cJSON *json;

	if (cache_path == NULL || !identify(program, now, sizeof now) ||
	    paths_read_own(cache_path, CACHE_BYTES_MAX, &bytes, &size, NULL) < 0)
		return NULL;
	json = cJSON_Parse(bytes);
	path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "path"));
	file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "file"));
	kept = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "version"));
	if (path != NULL && file != NULL && kept != NULL && strcmp(path, program) == 0 && strcmp(file, now) == 0 &&
	    is_version(kept))
		version = strdup(kept);
	cJSON_Delete(json);
	free(bytes);
	return version;
}

void compose_version_keep(const char *cache_path, const char *program, const char *version)
{
	char now[96], *text;
	cJSON *json;

	if (cache_path == NULL || !identify(program, now, sizeof now))
		return;
	json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "path", program);
	cJSON_AddStringToObject(json, "file", now);
	cJSON_AddStringToObject(json, "version", version);
	text = cJSON_PrintUnformatted(json);
	/* Somebody waits, and a disk may take its time: what is lost or torn is asked again. */
	if (text != NULL)
		(void)paths_write_passing(cache_path, text, strlen(text), 0600);
	cJSON_free(text);
	cJSON_Delete(json);
}
