/* SPDX-License-Identifier: MIT */
/* Which Compose program there is: candidates in their order, each asked for its version once. */
#include "launcher/engine/compose_cli.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/paths.h"
#include "config/strmap.h"
#include "launcher/engine/compose_version.h"
#include "launcher/engine/docker_endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIND_TIMEOUT_MS 15000
/* Of that, what is left for each that comes after the one that is asked. */
#define NEXT_TIMEOUT_MS 3000
#define CANDIDATES 3u
#define PATH_BYTES_MAX 4096u

struct candidate {
	const char *program; /* looked for on PATH */
	const char *command; /* of it; NULL: none */
	const char *shown;
	bool plugin; /* the command is a file of its own */
	char *path; /* of the program; NULL: not installed */
	char *file; /* what changes when it is another version; NULL: that cannot be told */
	const char *flaw; /* why it cannot be used; NULL: it can, or is not installed */
};

/* ---- Files ---- */

/* 0: a program; -EACCES: there, and cannot be run; -ENOENT. */
static int look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return -ENOENT;
	return access(path, X_OK) == 0 ? 0 : -EACCES;
}

/* "dir/name" into *path if that is a program, or the first thing of the name that is none. */
static int try_path(const char *dir, size_t length, const char *name, char **path)
{
	char joined[PATH_BYTES_MAX];
	int result;

	/* A folder that depends on where we stand is no place for programs. */
	if (length == 0 || *dir != '/' ||
	    snprintf(joined, sizeof joined, "%.*s/%s", (int)length, dir, name) >= (int)sizeof joined)
		return -ENOENT;
	result = look_at(joined);
	if (result == -ENOENT || (result == -EACCES && *path != NULL))
		return result;
	free(*path);
	*path = strdup(joined);
	return *path != NULL ? result : -ENOMEM;
}

/* As the shell finds it; 0, -ENOENT, or -EACCES with *path of what cannot be run. */
static int find_on_path(const struct strmap *environment, const char *name, char **path)
{
	const char *at = strmap_find(environment, "PATH");
	int worst = -ENOENT;

	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, ":");
		int result = try_path(at, length, name, path);

		if (result == 0)
			return 0;
		worst = result == -EACCES ? result : worst;
		at += length + (at[length] == ':');
	}
	return worst;
}

/* Where Docker's own client looks for plugins. */
static int find_plugin(const struct strmap *environment, char **path)
{
	static const char *const folders[] = {"/usr/local/lib/docker/cli-plugins",
					      "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
					      "/usr/libexec/docker/cli-plugins"};
	static const char name[] = "docker-compose";
	const char *config = strmap_find(environment, "DOCKER_CONFIG");
	const char *home = strmap_find(environment, "HOME");
	char own[PATH_BYTES_MAX] = "";
	int result, worst = -ENOENT;

	if (config != NULL && *config != '\0')
		snprintf(own, sizeof own, "%s/cli-plugins", config);
	else if (home != NULL && *home != '\0')
		snprintf(own, sizeof own, "%s/.docker/cli-plugins", home);
	result = try_path(own, strlen(own), name, path);
	for (size_t i = 0; result != 0 && i < sizeof folders / sizeof *folders; i++) {
		worst = result == -EACCES ? result : worst;
		result = try_path(folders[i], strlen(folders[i]), name, path);
	}
	return result == 0 ? 0 : worst;
}

static void look_for(struct candidate *self, const struct strmap *environment)
{
	int result = find_on_path(environment, self->program, &self->path);

	if (result == -EACCES)
		self->flaw = "cannot be executed";
	if (result != 0)
		return;
	if (self->plugin) {
		result = find_plugin(environment, &self->file);
		if (result == -EACCES)
			self->flaw = "cannot be executed";
		else if (result != 0) {
			free(self->path);
			self->path = NULL;
		}
	} else if (self->command == NULL) {
		self->file = strdup(self->path);
	}
}

/* ---- What is told ---- */

struct story {
	char text[512];
};

static void __attribute__((format(printf, 2, 3))) tell(struct story *self, const char *format, ...)
{
	size_t used = strlen(self->text);
	va_list arguments;

	if (used > 0 && used + 2 < sizeof self->text) {
		memcpy(self->text + used, ", ", 3);
		used += 2;
	}
	va_start(arguments, format);
	vsnprintf(self->text + used, sizeof self->text - used, format, arguments);
	va_end(arguments);
}

static int nothing_found(const struct story *broken, const char *too_old, struct err *err)
{
	if (too_old != NULL)
		err_set(err, ERR_MISSING, "the Compose program that is installed is too old: %s; %s or newer is needed",
			broken->text, COMPOSE_OLDEST);
	else if (*broken->text != '\0')
		err_set(err, ERR_MISSING, "no Compose program that is installed works: %s", broken->text);
	else
		err_set(err, ERR_MISSING, "containers need a Compose program, and none is installed");
	err_hint(err, "install Docker's Compose plugin ('docker compose'), or docker-compose");
	return -ENOENT;
}

/* ---- One after the other ---- */

/* 0 or -errno; `self` of a candidate that works. */
static int take(struct compose_cli *self, const struct candidate *candidate, char *version, const struct story *passed)
{
	const char *digits = version + (*version == 'v');

	self->argv[0] = strdup(candidate->path);
	self->argv[1] = candidate->command != NULL ? strdup(candidate->command) : NULL;
	self->shown = strdup(candidate->shown);
	self->version = strdup(digits);
	self->major = atoi(digits);
	if (*passed->text == '\0')
		self->why = strdup("it is the first choice");
	else if (asprintf(&self->why, "because %s", passed->text) < 0)
		self->why = NULL;
	if (self->argv[0] != NULL && (candidate->command == NULL || self->argv[1] != NULL) && self->shown != NULL &&
	    self->version != NULL && self->why != NULL)
		return 0;
	compose_cli_finish(self);
	return -ENOMEM;
}

/* The version, to be freed; NULL: it cannot be used, and `flaw` says why. */
static char *ask(struct candidate *candidate, const struct strmap *environment, const char *cache_path, int limit_ms)
{
	const char *const argv[] = {candidate->path, candidate->command != NULL ? candidate->command : "version",
				    candidate->command != NULL ? "version" : "--short",
				    candidate->command != NULL ? "--short" : NULL, NULL};
	char *version = candidate->file != NULL ? compose_version_recall(cache_path, candidate->file) : NULL;

	if (version != NULL)
		return version;
	version = compose_version_ask(argv, environment, limit_ms, &candidate->flaw);
	if (version != NULL && candidate->file != NULL)
		compose_version_keep(cache_path, candidate->file, version);
	return version;
}

static int choose(struct candidate *const *order, const struct strmap *environment, const char *cache_path,
		  struct compose_cli *self, struct err *err)
{
	struct story passed = {""}, broken = {""};
	const char *too_old = NULL;
	int64_t deadline_ms = clock_monotonic_ms() + FIND_TIMEOUT_MS;
	int others = -1;

	for (size_t i = 0; i < CANDIDATES; i++)
		others += order[i]->path != NULL && order[i]->flaw == NULL;
	for (size_t i = 0; i < CANDIDATES; i++) {
		struct candidate *candidate = order[i];
		char *version = NULL;

		if (candidate->path != NULL && candidate->flaw == NULL)
			version = ask(candidate, environment, cache_path,
				      (int)(deadline_ms - clock_monotonic_ms()) - NEXT_TIMEOUT_MS * others--);
		if (version != NULL && !compose_version_is_before(version, COMPOSE_OLDEST)) {
			int result = take(self, candidate, version, &passed);

			free(version);
			return result < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
		}
		if (version != NULL) {
			too_old = candidate->shown;
			tell(&broken, "'%s' is version %.40s", candidate->shown, version);
			tell(&passed, "'%s' is version %.40s", candidate->shown, version);
		} else if (candidate->flaw != NULL) {
			tell(&broken, "'%s' %s", candidate->shown, candidate->flaw);
			tell(&passed, "'%s' %s", candidate->shown, candidate->flaw);
		} else {
			tell(&passed, "'%s' is not installed", candidate->shown);
		}
		free(version);
	}
	return nothing_found(&broken, too_old, err);
}

int compose_cli_find(const struct docker_endpoint *endpoint, const struct strmap *environment, const char *cache_path,
		     struct compose_cli *self, struct err *err)
{
	struct candidate docker = {
		.program = "docker", .command = "compose", .shown = "docker compose", .plugin = true};
	struct candidate classic = {.program = "docker-compose", .shown = "docker-compose"};
	/* What it runs is a choice of its own: nothing tells when that changes. */
	struct candidate podman = {.program = "podman", .command = "compose", .shown = "podman compose"};
	struct candidate *const for_docker[] = {&docker, &classic, &podman};
	struct candidate *const for_podman[] = {&podman, &classic, &docker};
	struct candidate *const *order = endpoint->podman ? for_podman : for_docker;
	int result;

	*self = (struct compose_cli){.argv = {NULL}};
	for (size_t i = 0; i < CANDIDATES; i++)
		look_for(order[i], environment);
	result = choose(order, environment, cache_path, self, err);
	for (size_t i = 0; i < CANDIDATES; i++) {
		free(order[i]->path);
		free(order[i]->file);
	}
	return result;
}

void compose_cli_finish(struct compose_cli *self)
{
	for (size_t i = 0; i < COMPOSE_ARGV_MAX; i++)
		free(self->argv[i]);
	free(self->shown);
	free(self->version);
	free(self->why);
	*self = (struct compose_cli){.argv = {NULL}};
}
