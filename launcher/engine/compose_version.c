/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_version.h"

#include "config/clock.h"
#include "config/paths.h"
#include "config/strmap.h"
#include "launcher/process/fd.h"
#include "launcher/process/spawn.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX 4096u
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

/* What there is by now; more than fits is read and forgotten. False at the end. */
static bool read_some(int fd, char *output, size_t *size)
{
	char bytes[1024];
	ssize_t got = read(fd, bytes, sizeof bytes);

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < got && *size < OUTPUT_BYTES_MAX; i++)
		output[(*size)++] = bytes[i] != '\0' ? bytes[i] : '\n';
	return got > 0;
}

/* Reads until the child has ended. False: too late. */
static bool wait_for(const struct child *child, int fd, int64_t deadline_ms, char *output)
{
	struct pollfd ready[2] = {{.fd = child->pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	size_t size = 0;
	bool ended = false;

	while (!ended) {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		int count = left_ms > 0 ? poll(ready, 2, (int)left_ms) : 0;

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		ended = ready[0].revents != 0;
		if (ready[1].revents != 0 && !read_some(fd, output, &size))
			ready[1].fd = -1;
	}
	/* The rest of what it had to say; its children may hold the pipe for as long as they like. */
	while (ready[1].fd >= 0 && poll(&ready[1], 1, 0) > 0 && size < OUTPUT_BYTES_MAX && read_some(fd, output, &size))
		;
	output[size] = '\0';
	return true;
}

char *compose_version_ask(const char *const *argv, const struct strmap *environment, int limit_ms, const char **flaw)
{
	char **environ_text = strmap_to_environ(environment);
	struct spawn_options options = {.argv = argv,
					.environment = environ_text,
					.cwd = "/",
					.stdin_fd = -1,
					.stderr_fd = -1,
					.keep_fd = -1,
					.death_signal = SIGKILL};
	int64_t deadline_ms = clock_monotonic_ms() + limit_ms;
	char output[OUTPUT_BYTES_MAX + 1] = "";
	struct child child = {-1, -1};
	char *version = NULL, *found;
	int ends[2] = {-1, -1}, status = -1;
	bool in_time = false;

	*flaw = "cannot be started";
	if (environ_text == NULL || pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		goto out;
	options.stdout_fd = ends[1];
	if (spawn_child(&options, &child, NULL) < 0)
		goto out;
	fd_close(&ends[1]);
	in_time = wait_for(&child, ends[0], deadline_ms, output);
	/* With all it has started. Reaped after that: until then nobody else can be this group. */
	(void)kill(-child.pid, SIGKILL);
	while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
		;
	found = find_version(output);
	if (!in_time)
		*flaw = "does not answer when it is asked for its version";
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		*flaw = "fails when it is asked for its version";
	else if (found == NULL)
		*flaw = "does not say which version it is";
	else
		version = strdup(found);
out:
	fd_close(&child.pidfd);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
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
	if (text != NULL)
		(void)paths_write_own(cache_path, text, strlen(text), NULL);
	cJSON_free(text);
	cJSON_Delete(json);
}
