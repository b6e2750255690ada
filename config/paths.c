/* SPDX-License-Identifier: MIT */
#include "config/paths.h"

#include "config/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe that says nothing for this long is given up, so that a script never hangs on a forgotten one. */
#define PATHS_PIPE_TIMEOUT_MS 30000
#define PATHS_READ_STEP_BYTES 65536u

/* XDG: a base folder that is not absolute is to be ignored. */
static const char *paths_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static char *paths_join(const char *folder, const char *rest)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, rest) < 0 ? NULL : path;
}

/* $`variable`/`rest`, else $HOME/`fallback`/`rest`; NULL when neither is set. */
static char *paths_xdg(const char *variable, const char *fallback, const char *rest)
{
	const char *base = paths_variable(variable);
	char *folder;
	char *path;

	if (base)
		return paths_join(base, rest);
	base = paths_variable("HOME");
	if (!base)
		return NULL;
	folder = paths_join(base, fallback);
	path = folder ? paths_join(folder, rest) : NULL;
	free(folder);
	return path;
}

char *paths_user_settings(void)
{
	return paths_xdg("XDG_CONFIG_HOME", ".config", "upfront/config.yaml");
}

const char *paths_policy(void)
{
	return UPFRONT_SYSCONFDIR "/upfront/config.yaml";
}

/* A name becomes one component of a path: none may climb out of the folder it is put in. */
static bool paths_is_component(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/') &&
	       strlen(name) <= NAME_MAX - sizeof(".sock");
}

static int paths_state_below(const char *folder, const char *name, char **path, struct err *err)
{
	char *rest;
	char *found;

	if (!paths_is_component(name))
		return err_set(err, ERR_CONFIG, "cannot make a folder of the name '%s'", name);
	rest = paths_join(folder, name);
	if (!rest)
		return err_set(err, ERR_INTERNAL, "out of memory");
	found = paths_xdg("XDG_STATE_HOME", ".local/state", rest);
	free(rest);
	if (!found) {
		err_set(err, ERR_MISSING, "no place for the state of '%s': neither HOME nor XDG_STATE_HOME is set",
			name);
		err_hint(err, "set XDG_STATE_HOME to a folder of yours, for example XDG_STATE_HOME=/var/lib/me");
		return -ENOENT;
	}
	*path = found;
	return 0;
}

int paths_state(const char *project, char **path, struct err *err)
{
	return paths_state_below("upfront", project, path, err);
}

/* "MyApp" and "myapp" are one app everywhere else, so they share a folder; what a file system dislikes becomes '_'. */
int paths_app_state(const char *app, char **path, struct err *err)
{
	char *name = strndup(app, NAME_MAX - 16);
	int result;

	if (!name)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (char *at = name; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
		else if (*at == '/' || (unsigned char)*at < 0x20 || (*at == '.' && at == name))
			*at = '_';
	}
	result = paths_state_below("upfront/.apps", name, path, err);
	free(name);
	return result;
}

/* True when `path` is a folder itself (no link to one), ours, and closed to writers other than us. */
static bool paths_is_private(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

int paths_socket(const char *project, char **path, struct err *err)
{
	const char *runtime = paths_variable("XDG_RUNTIME_DIR");
	char *state = NULL;
	int result;

	*path = NULL;
	if (!paths_is_component(project))
		return err_set(err, ERR_CONFIG, "cannot make a socket of the name '%s'", project);
	if (runtime && paths_is_private(runtime)) {
		if (asprintf(path, "%s/upfront/%s.sock", runtime, project) < 0)
			*path = NULL;
	} else {
		result = paths_state(project, &state, err);
		if (result < 0)
			return result;
		*path = paths_join(state, "control.sock");
		free(state);
	}
	return *path ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int paths_refuse_owner(const char *path, uid_t owner, struct err *err)
{
	const struct passwd *user = getpwuid(owner);
	int result;

	if (user)
		result = err_set(err, ERR_MISSING, "cannot use folder %s: it belongs to %s", path, user->pw_name);
	else
		result =
			err_set(err, ERR_MISSING, "cannot use folder %s: it belongs to user %u", path, (unsigned)owner);
	err_hint(err, "remove it, or set XDG_STATE_HOME and XDG_RUNTIME_DIR to folders of yours");
	return result;
}

static int paths_check_private(const char *path, struct err *err)
{
	struct stat status;
	int result;

	if (lstat(path, &status) < 0)
		return err_set(err, ERR_MISSING, "cannot look at folder %s: %s", path, strerror(errno));
	if (S_ISLNK(status.st_mode)) {
		result = err_set(err, ERR_MISSING, "cannot use folder %s: it is a symbolic link", path);
		err_hint(err, "remove the link; to keep state elsewhere, set XDG_STATE_HOME");
		return result;
	}
	if (!S_ISDIR(status.st_mode)) {
		result = err_set(err, ERR_MISSING, "cannot make folder %s: a file of that name is in the way", path);
		err_hint(err, "move %s away", path);
		return result;
	}
	if (status.st_uid != geteuid())
		return paths_refuse_owner(path, status.st_uid, err);
	if (status.st_mode & (S_IWGRP | S_IWOTH)) {
		result = err_set(err, ERR_MISSING, "cannot use folder %s: others may write to it (mode %04o)", path,
				 (unsigned)(status.st_mode & 07777));
		err_hint(err, "chmod go-w %s", path);
		return result;
	}
	return 0;
}

/* Whoever owns or may write to the folder above can put another in the place of what lies in it. */
static int paths_check_parent(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	struct stat status;
	int result = 0;

	if (!parent)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (stat(parent, &status) < 0) {
		result = err_set(err, ERR_MISSING, "cannot look at folder %s: %s", parent, strerror(errno));
	} else if (status.st_uid != geteuid() && status.st_uid != 0) {
		result = paths_refuse_owner(parent, status.st_uid, err);
	} else if ((status.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH) {
		result = err_set(err, ERR_MISSING,
				 "cannot use folder %s: others may write to the one above, %s (mode %04o)", path,
				 parent, (unsigned)(status.st_mode & 07777));
		err_hint(err, "chmod o-w %s", parent);
	}
	free(parent);
	return result;
}

int paths_make_private(const char *path, struct err *err)
{
	char *copy = strdup(path);
	size_t length;
	int result = 0;

	if (!copy)
		return err_set(err, ERR_INTERNAL, "out of memory");
	length = strlen(copy);
	/* With a slash at the end the kernel would look through a link. */
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	/* Mostly it is there already, or only it is missing. */
	if (mkdir(copy, 0700) == 0 || errno == EEXIST) {
		result = paths_check_private(copy, err);
		goto out;
	}
	for (char *at = copy + (copy[0] == '/');; at++) {
		char kept = *at;

		if (kept != '/' && kept != '\0')
			continue;
		*at = '\0';
		if (*copy && access(copy, F_OK) < 0 && errno == ENOENT)
			result = paths_check_parent(copy, err);
		if (result < 0)
			goto out;
		/* All that is missing is made 0700: the XDG specification asks it of the parents too. */
		if (*copy && mkdir(copy, 0700) < 0 && errno != EEXIST) {
			int error = errno;
			struct stat status;

			/* A read-only file system says so before it says that the folder exists. */
			if (kept == '\0' || stat(copy, &status) < 0 || !S_ISDIR(status.st_mode)) {
				result = err_set(err, ERR_MISSING, "cannot make folder %s: %s", copy, strerror(error));
				err_hint(err, "make it, or set XDG_STATE_HOME to a folder that can be written to");
				goto out;
			}
		}
		*at = kept;
		if (kept == '\0')
			break;
	}
	result = paths_check_private(copy, err);
	if (result == 0)
		result = paths_check_parent(copy, err);
out:
	free(copy);
	return result;
}

static int paths_write_all(int descriptor, const char *bytes, size_t size_bytes)
{
	while (size_bytes) {
		ssize_t written = write(descriptor, bytes, size_bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size_bytes -= (size_t)written;
	}
	return 0;
}

/* Makes a rename last through a power cut; some file systems cannot, and the file is whole all the same. */
static int paths_sync_folder(const char *folder)
{
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;

	if (descriptor < 0)
		return errno == EACCES ? 0 : -errno;
	if (fsync(descriptor) < 0 && errno != EINVAL && errno != EROFS)
		result = -errno;
	close(descriptor);
	return result;
}

static int paths_replace(const char *path, const void *bytes, size_t size_bytes, mode_t mode, bool lasting)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	char *temporary = NULL;
	int descriptor = -1;
	int result = -ENOMEM;

	if (!folder || asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		goto out;
	}
	descriptor = mkostemp(temporary, O_CLOEXEC);
	if (descriptor < 0) {
		result = -errno;
		goto out;
	}
	result = paths_write_all(descriptor, bytes, size_bytes);
	if (result < 0)
		goto out_unlink;
	if (fchmod(descriptor, mode) < 0 || (lasting && fsync(descriptor) < 0) || rename(temporary, path) < 0) {
		result = -errno;
		goto out_unlink;
	}
	result = lasting ? paths_sync_folder(folder) : 0;
	goto out;
out_unlink:
	unlink(temporary);
out:
	if (descriptor >= 0)
		close(descriptor);
	free(temporary);
	free(folder);
	return result;
}

int paths_write_file(const char *path, const void *bytes, size_t size_bytes, mode_t mode)
{
	return paths_replace(path, bytes, size_bytes, mode, true);
}

int paths_write_passing(const char *path, const void *bytes, size_t size_bytes, mode_t mode)
{
	return paths_replace(path, bytes, size_bytes, mode, false);
}

/* Waits until a pipe has something to say, or nobody is left to say it. */
static int paths_wait_readable(int descriptor)
{
	struct pollfd poll_fd = {.fd = descriptor, .events = POLLIN};
	int count;

	do {
		count = poll(&poll_fd, 1, PATHS_PIPE_TIMEOUT_MS);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	return count ? 0 : -ETIMEDOUT;
}

static int paths_read_all(int descriptor, bool is_pipe, size_t limit_bytes, char **bytes, size_t *size_bytes)
{
	size_t capacity = 0;
	size_t size = 0;
	char *buffer = NULL;
	int result = 0;

	for (;;) {
		ssize_t got;

		if (capacity - size < 2) {
			char *grown = realloc(buffer, capacity + (capacity ? capacity : PATHS_READ_STEP_BYTES));

			if (!grown) {
				result = -ENOMEM;
				goto out;
			}
			buffer = grown;
			capacity += capacity ? capacity : PATHS_READ_STEP_BYTES;
		}
		result = is_pipe ? paths_wait_readable(descriptor) : 0;
		if (result < 0)
			goto out;
		got = read(descriptor, buffer + size, capacity - size - 1);
		if (got < 0 && (errno == EINTR || (is_pipe && errno == EAGAIN)))
			continue;
		if (got < 0) {
			result = -errno;
			goto out;
		}
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > limit_bytes) {
			result = -EFBIG;
			goto out;
		}
	}
	buffer[size] = '\0';
	*bytes = buffer;
	*size_bytes = size;
	buffer = NULL;
out:
	free(buffer);
	return result;
}

int paths_read_file(const char *path, size_t limit_bytes, char **bytes, size_t *size_bytes)
{
	/* Not to wait for a writer while opening; a device is not even opened for good. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int result;

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) < 0)
		result = -errno;
	else if (S_ISDIR(status.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		result = -ENODEV;
	else if (S_ISREG(status.st_mode) && (uintmax_t)status.st_size > limit_bytes)
		result = -EFBIG;
	else
		result = paths_read_all(descriptor, S_ISFIFO(status.st_mode), limit_bytes, bytes, size_bytes);
	close(descriptor);
	return result;
}

int paths_read_descriptor(int descriptor, size_t limit_bytes, char **bytes, size_t *size_bytes)
{
	return paths_read_all(descriptor, false, limit_bytes, bytes, size_bytes);
}

/* ---- Files of our own ---- */

const char *paths_flaw(const struct stat *status)
{
	if (S_ISLNK(status->st_mode))
		return "it is a symbolic link";
	if (!S_ISREG(status->st_mode))
		return "it is not a regular file";
	if (status->st_nlink > 1)
		return "it has a second name (hard link)";
	if (status->st_uid != geteuid())
		return "it belongs to somebody else";
	return NULL;
}

int paths_open_own(int folder, const char *path, int flags, const char **flaw)
{
	struct stat status;
	const char *why = NULL;
	/* Not blocking: what lies there may be a pipe without a reader. */
	int descriptor = openat(folder, path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	int error = descriptor < 0 ? errno : 0;

	if (error == ELOOP)
		why = "it is a symbolic link";
	else if (error == ENXIO || error == EISDIR)
		why = "it is not a regular file";
	else if (error == 0 && fstat(descriptor, &status) < 0)
		error = errno;
	else if (error == 0)
		why = paths_flaw(&status);
	if (!why && error == 0)
		return descriptor;
	if (descriptor >= 0)
		close(descriptor);
	if (why && flaw)
		*flaw = why;
	return why ? -EPERM : -error;
}

int paths_read_own(const char *path, size_t limit_bytes, char **bytes, size_t *size_bytes, const char **flaw)
{
	int descriptor = paths_open_own(AT_FDCWD, path, O_RDONLY, flaw);
	int result;

	if (descriptor < 0)
		return descriptor;
	result = paths_read_all(descriptor, false, limit_bytes, bytes, size_bytes);
	close(descriptor);
	return result;
}

int paths_write_own(const char *path, const void *bytes, size_t size_bytes, const char **flaw)
{
	struct stat status;
	const char *why = lstat(path, &status) == 0 ? paths_flaw(&status) : NULL;

	if (why && flaw)
		*flaw = why;
	return why ? -EPERM : paths_write_file(path, bytes, size_bytes, 0600);
}

const char *paths_read_reason(int result)
{
	switch (-result) {
	case EISDIR:
		return "it is a folder";
	case ENODEV:
	case ENXIO:
		return "it is neither a file nor a pipe";
	case EFBIG:
		return "it is too large";
	case ETIMEDOUT:
		return "nothing was written to the pipe for 30 seconds";
	default:
		return strerror(-result);
	}
}

char *paths_program_dir(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
	char *slash;

	if (length <= 0 || (size_t)length >= sizeof(path))
		return NULL;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	slash[slash == path] = '\0';
	return strdup(path);
}
