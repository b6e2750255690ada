/* SPDX-License-Identifier: MIT */
#include "config/stack_source.h"

#include "config/pool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"upfront.yaml",        "compose.yaml",       "compose.yml",
				    "docker-compose.yaml", "docker-compose.yml", "Procfile"};
#define NAME_COUNT (sizeof(names) / sizeof(*names))

/* Compose lays such a file over the one it found. */
static const char *const over_names[] = {"compose.override.yaml", "compose.override.yml",
					 "docker-compose.override.yaml", "docker-compose.override.yml"};
#define OVER_COUNT (sizeof(over_names) / sizeof(*over_names))

/* Whether there is such a file, into *found. What cannot be told is not taken for "no". */
static int look_for(const char *path, bool *found, struct err *err)
{
	struct stat status;

	*found = lstat(path, &status) == 0;
	if (*found || errno == ENOENT || errno == ENOTDIR)
		return 0;
	err_set(err, ERR_CONFIG, "cannot look for a stack file: %s: %s", path, strerror(errno));
	return -EIO;
}

static const char *path_in(struct pool *pool, const char *dir, const char *name)
{
	return pool_printf(pool, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
}

/* The user behind sudo counts as the caller; the variable is believed only when root reads it. */
static bool owner_is_safe(const struct strmap *environment, uid_t owner)
{
	const char *sudo = strmap_find(environment, "SUDO_UID");
	char *end;
	unsigned long uid;

	if (owner == 0 || owner == geteuid())
		return true;
	if (geteuid() != 0 || !sudo || *sudo < '0' || *sudo > '9')
		return false;
	errno = 0;
	uid = strtoul(sudo, &end, 10);
	return errno == 0 && *end == '\0' && uid == owner;
}

/* Why `path` is not to be trusted, or NULL. A link is judged itself and by what it leads to. */
static const char *distrust(struct stack_source *self, const char *path)
{
	struct stat link;
	struct stat target;

	if (lstat(path, &link) < 0 || stat(path, &target) < 0)
		return pool_printf(self->pool, "it cannot be examined: %s", strerror(errno));
	if (!owner_is_safe(&self->environment, link.st_uid))
		return pool_printf(self->pool, "it belongs to user %lu", (unsigned long)link.st_uid);
	if (!owner_is_safe(&self->environment, target.st_uid))
		return pool_printf(self->pool, "it leads to a file of user %lu", (unsigned long)target.st_uid);
	if (target.st_mode & S_IWOTH)
		return "everybody may write to it";
	return NULL;
}

static int refuse(const char *path, const char *why, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s lies above the current folder and is not used: %s", path, why);
	err_hint(err, "to use it all the same, name it: upfront -f %s", path);
	return -EPERM;
}

/* A file in a folder above: safe only when folder and file are. */
static int check_above(struct stack_source *self, const char *dir, const char *path, struct err *err)
{
	const char *why = distrust(self, dir);

	if (why)
		return refuse(path, pool_printf(self->pool, "of its folder, %s", why), err);
	why = distrust(self, path);
	return why ? refuse(path, why, err) : 0;
}

static int add_if_there(const char *path, const char **found, size_t *count, struct err *err)
{
	bool there;
	int result = look_for(path, &there, err);

	if (there)
		found[(*count)++] = path;
	return result;
}

/* The stack file of one folder and what lies over it; *paths stays NULL when there is none. */
static int look_into(struct stack_source *self, const char *dir, bool above, const char *const **paths, struct err *err)
{
	const char **found = pool_array(self->pool, 4, sizeof(*found));
	size_t count = 0, checked;
	int result = 0;

	for (size_t i = 0; i < NAME_COUNT && !count; i++) {
		result = add_if_there(path_in(self->pool, dir, names[i]), found, &count, err);
		if (result < 0)
			return result;
	}
	if (!count)
		return 0;
	for (size_t i = 0; i < OVER_COUNT && count == 1 && strstr(found[0], "compose.y"); i++) {
		result = add_if_there(path_in(self->pool, dir, over_names[i]), found, &count, err);
		if (result < 0)
			return result;
	}
	/* Its .env decides on what is started as much as the file does. */
	checked = count;
	if (above)
		result = add_if_there(path_in(self->pool, dir, ".env"), found, &checked, err);
	for (size_t i = 0; above && result == 0 && i < checked; i++)
		result = check_above(self, dir, found[i], err);
	if (result < 0)
		return result;
	found[count] = NULL;
	*paths = found;
	return 0;
}

/* The real path of $HOME, NULL when there is none. */
static const char *home_folder(struct stack_source *self)
{
	const char *home = strmap_find(&self->environment, "HOME");
	char real[PATH_MAX];

	return home && *home == '/' && realpath(home, real) ? pool_strdup(self->pool, real) : NULL;
}

static int nothing_found(struct stack_source *self, const char *last, const char *why, struct err *err)
{
	err_set(err, ERR_CONFIG, "no stack file: looked for %s, %s, %s, %s, %s and %s in %s%s%s%s%s", names[0],
		names[1], names[2], names[3], names[4], names[5], self->start, last ? " and up to " : "",
		last ? last : "", why ? ", where the search ends: " : "", why ? why : "");
	err_hint(err, "describe your services in a compose.yaml here, or name another file with -f FILE");
	return -EINVAL;
}

int stack_find(struct stack_source *self, const char *const **paths, struct err *err)
{
	const char *home = home_folder(self);
	const char *dir = self->start;
	const char *last = NULL;
	struct stat here;
	int result;

	*paths = NULL;
	if (stat(dir, &here) < 0)
		return err_set(err, ERR_CONFIG, "%s: %s", dir, strerror(errno));
	for (bool above = false;; above = true) {
		struct stat folder;

		result = look_into(self, dir, above, paths, err);
		if (result < 0 || *paths)
			return result;
		if (above) {
			const char *why = distrust(self, dir);

			if (why)
				return nothing_found(self, dir, why, err);
			last = dir;
		}
		if (strcmp(dir, "/") == 0)
			return nothing_found(self, last, NULL, err);
		if (home && strcmp(dir, home) == 0)
			return nothing_found(self, last, "it is the home folder", err);
		dir = stack_path_dir(self->pool, dir);
		if (stat(dir, &folder) < 0 || folder.st_dev != here.st_dev)
			return nothing_found(self, last, last ? "above it lies another file system" : NULL, err);
	}
}
