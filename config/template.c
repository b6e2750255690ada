/* SPDX-License-Identifier: MIT */
#include "config/template.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "config/stack_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* Other names are tried when a name for the file in the making is taken. */
#define NAMES_MAX 100

/* ---- Filling ---- */

static int fill_line(const char *text, struct err_place place, const struct interpolate_source *variables, FILE *out,
		     struct err *err)
{
	char *filled = NULL;
	int result = interpolate_text(text, place, variables, &filled, err);

	if (result == 0)
		fputs(filled, out);
	free(filled);
	return result;
}

/* Line by line, so that each knows its own. What is wrong is told of all of them. */
static int fill_lines(const char *name, char *text, const struct interpolate_source *variables, FILE *out,
		      struct err *err)
{
	struct err_place place = {name, 1, 1};
	int result = 0;

	for (char *line = text; *line; place.line++) {
		size_t length = strcspn(line, "\n");
		bool ended = line[length] == '\n';

		line[length] = '\0';
		if (fill_line(line, place, variables, out, err) < 0)
			result = -EINVAL;
		if (ended)
			fputc('\n', out);
		line += length + ended;
	}
	return result;
}

int template_fill(const char *name, const char *text, size_t size_bytes, const struct interpolate_source *variables,
		  char **filled, size_t *filled_size_bytes, struct err *err)
{
	struct err_place place = {name, 0, 0};
	char *bytes = NULL, *copy = NULL;
	FILE *out = NULL;
	int result;

	if (memchr(text, '\0', size_bytes))
		return err_at(err, ERR_CONFIG, place, "this is no text, so it cannot be a template");
	copy = strndup(text, size_bytes);
	out = open_memstream(&bytes, filled_size_bytes);
	result = copy && out ? fill_lines(name, copy, variables, out, err) : -ENOMEM;
	if (out && fclose(out) != 0 && result == 0)
		result = -ENOMEM;
	if (result == -ENOMEM)
		err_set(err, ERR_INTERNAL, "out of memory");
	if (result == 0)
		*filled = bytes;
	else
		free(bytes);
	free(copy);
	return result;
}

/* ---- Paths ---- */

/*
 * The folder that `path` lies in, from `folder` on; *name is its last step. `make`: missing ones are made. A descriptor or -errno (-ELOOP
 * and -ENOTDIR: a link, or no folder, is in the way).
 */
static int open_folder_of(int folder, const char *path, bool make, const char **name)
{
	char step[NAME_MAX + 1];
	int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);

	for (const char *slash; at >= 0 && (slash = strchr(path, '/')) != NULL;) {
		size_t length = (size_t)(slash - path);
		int next;

		path = slash + strspn(slash, "/");
		if (length > NAME_MAX) {
			close(at);
			return -ENAMETOOLONG;
		}
		memcpy(step, slash - length, length);
		step[length] = '\0';
		if (make && mkdirat(at, step, 0755) < 0 && errno != EEXIST)
			next = -errno;
		else if ((next = openat(at, step, FOLDER_FLAGS)) < 0)
			next = -errno;
		close(at);
		if (next < 0)
			return next;
		at = next;
	}
	*name = path;
	return at < 0 ? -errno : at;
}

static bool is_there(int folder, const char *path)
{
	struct stat status;
	const char *name;
	int at = open_folder_of(folder, path, false, &name);
	bool there = at >= 0 && fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0;

	if (at >= 0)
		close(at);
	return there;
}

static int read_template(int folder, const char *path, char **text, size_t *size_bytes)
{
	struct stat status;
	const char *name;
	int at = open_folder_of(folder, path, false, &name), fd, result;

	if (at < 0)
		return at;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	result = fd < 0 ? -errno : 0;
	close(at);
	if (result < 0)
		return result;
	if (fstat(fd, &status) < 0)
		result = -errno;
	else if (!S_ISREG(status.st_mode))
		result = S_ISDIR(status.st_mode) ? -EISDIR : -ENODEV;
	else
		result = paths_read_descriptor(fd, STACK_TEMPLATE_BYTES_MAX, text, size_bytes);
	close(fd);
	return result;
}

/* ---- Writing ---- */

static int write_all(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes) {
		ssize_t put = write(fd, bytes, size_bytes);

		if (put < 0 && errno != EINTR)
			return -errno;
		bytes += put > 0 ? put : 0;
		size_bytes -= put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* A file of a name of its own in the folder; `name` has room for NAME_MAX. */
static int open_new(int folder, char *name)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		int fd;

		snprintf(name, NAME_MAX + 1, ".upfront-%d-%d", (int)getpid(), i);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

/* -EEXIST: somebody else has made it meanwhile, and it stays theirs. */
static int put_in_place(int folder, const char *from, const char *to)
{
	if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* Not every file system can promise that in one step. */
	return renameat(folder, from, folder, to) < 0 ? -errno : 0;
}

static int write_file(int folder, const char *path, unsigned mode, const char *bytes, size_t size_bytes)
{
	char made[NAME_MAX + 1];
	const char *name;
	int at = open_folder_of(folder, path, true, &name), fd, result;

	if (at < 0)
		return at;
	fd = open_new(at, made);
	result = fd < 0 ? fd : write_all(fd, bytes, size_bytes);
	if (result == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		result = -errno;
	if (fd >= 0 && close(fd) < 0 && result == 0)
		result = -errno;
	if (result == 0)
		result = put_in_place(at, made, name);
	if (result < 0 && fd >= 0)
		unlinkat(at, made, 0);
	else
		(void)fsync(at);
	close(at);
	return result;
}

/* ---- The whole ---- */

struct variables {
	const struct stack_source *source;
	const char *project;
	struct err *warnings;
};

static const char *find_variable(void *context, const char *name)
{
	const struct variables *self = context;

	return strcmp(name, "COMPOSE_PROJECT_NAME") == 0 ? self->project : stack_source_variable(self->source, name);
}

static void note_unset(void *context, const char *name, struct err_place place)
{
	const struct variables *self = context;

	if (self->warnings)
		err_at(self->warnings, ERR_CONFIG, place, "variable '%s' is not set: nothing stands in its place",
		       name);
}

static const char *reason_of(int result)
{
	return result == -ELOOP || result == -ENOTDIR ? "a link, or what is no folder, is in the way"
						      : paths_read_reason(result);
}

static int cannot_read(const struct stack_template *template, int result, struct err *err)
{
	err_at(err, ERR_CONFIG, template->place, "cannot make %s: cannot read its template %s: %s", template->to,
	       template->from, reason_of(result));
	if (result == -ENOENT)
		err_hint(err, "put %s there, or write %s yourself: what is there is never changed", template->from,
			 template->to);
	return result;
}

int template_make(const struct stack_source *source, const char *project, const struct stack_template *template,
		  bool *made, struct err *warnings, struct err *err)
{
	struct variables variables = {source, project, warnings};
	const struct interpolate_source values = {find_variable, note_unset, &variables, NULL};
	char *text = NULL, *filled = NULL, *path = NULL;
	size_t size = 0, filled_size = 0;
	int folder = open(source->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	*made = false;
	if (folder < 0)
		return err_at(err, ERR_CONFIG, template->place, "cannot enter %s: %s", source->dir, strerror(errno));
	if (is_there(folder, template->to)) {
		close(folder);
		return 0;
	}
	result = read_template(folder, template->from, &text, &size);
	if (result < 0) {
		cannot_read(template, result, err);
		goto out;
	}
	if (asprintf(&path, "%s/%s", source->dir, template->from) < 0) {
		path = NULL;
		result = err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	result = template_fill(stack_source_shown(source, path), text, size, &values, &filled, &filled_size, err);
	if (result < 0)
		goto out;
	result = write_file(folder, template->to, template->mode, filled, filled_size);
	*made = result == 0;
	if (result == -EEXIST)
		result = 0;
	else if (result < 0)
		err_at(err, ERR_CONFIG, template->place, "cannot make %s: %s", template->to, reason_of(result));
out:
	/* Either may hold what was answered to a question for a secret. */
	if (filled)
		explicit_bzero(filled, filled_size);
	free(filled);
	free(text);
	free(path);
	close(folder);
	return result;
}
