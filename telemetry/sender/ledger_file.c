/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/ledger_file.h"

#include "config/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Another sender's write is over in far less; the loop must not stand still for longer. */
#define TAKE_TRIES 50
#define TAKE_PAUSE_MS 2

#define EVENT_MARK "\",\"uuid\":" /* behind the time of an event's line */
#define HEAD_BYTES (sizeof(LEDGER_SENT) - 1 + LEDGER_TIME_BYTES + sizeof(EVENT_MARK) - 1)

bool ledger_file_is_same(const struct ledger_file *self, const struct ledger_file *other)
{
	return self->inode == other->inode && self->device == other->device;
}

bool ledger_file_is_at(const char *path, const struct ledger_file *self)
{
	struct stat status;

	return path && self->inode && lstat(path, &status) == 0 && status.st_ino == self->inode &&
	       status.st_dev == self->device;
}

/* One try: -EAGAIN when somebody has it, or it was no longer the file at `path` once it was locked. */
static int try_to_take(const char *path, bool create, struct ledger_file *found)
{
	int fd = paths_open_own(AT_FDCWD, path, O_RDWR | O_APPEND | (create ? O_CREAT : 0), NULL);
	struct stat status;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0) {
		*found = (struct ledger_file){.device = status.st_dev, .inode = status.st_ino};
		if (ledger_file_is_at(path, found))
			return fd;
	}
	close(fd);
	return -EAGAIN;
}

int ledger_file_take(const char *path, bool create, struct ledger_file *self)
{
	const struct timespec pause = {.tv_nsec = TAKE_PAUSE_MS * 1000000L};
	struct ledger_file found = {0};
	int fd = try_to_take(path, create, &found);

	for (int i = 0; i < TAKE_TRIES && fd == -EAGAIN; i++) {
		nanosleep(&pause, NULL);
		fd = try_to_take(path, create, &found);
	}
	if (fd >= 0 && !ledger_file_is_same(&found, self))
		*self = found;
	return fd;
}

/* ---- reading ---- */

static bool is_event_line(const char *line)
{
	return strncmp(line, LEDGER_SENT, sizeof(LEDGER_SENT) - 1) == 0 && strlen(line) >= HEAD_BYTES &&
	       strncmp(line + sizeof(LEDGER_SENT) - 1 + LEDGER_TIME_BYTES, EVENT_MARK, sizeof(EVENT_MARK) - 1) == 0;
}

/* A stream of its own from `from` on; the descriptor's position is shared, and means nothing where all is appended. */
static FILE *stream_of(int fd, off_t from)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *stream = copy >= 0 ? fdopen(copy, "r") : NULL;

	if (!stream && copy >= 0)
		close(copy);
	if (stream && fseeko(stream, from, SEEK_SET) < 0) {
		fclose(stream);
		return NULL;
	}
	return stream;
}

/* The first bytes of the next line; false at the end. The rest of a long line is passed over. */
static bool next_head(FILE *stream, char head[HEAD_BYTES + 1])
{
	size_t length = 0;
	int byte = getc_unlocked(stream);

	if (byte == EOF)
		return false;
	for (; byte != EOF && byte != '\n'; byte = getc_unlocked(stream))
		if (length < HEAD_BYTES)
			head[length++] = (char)byte;
	head[length] = '\0';
	return true;
}

size_t ledger_file_events(int fd, struct ledger_file *self)
{
	char head[HEAD_BYTES + 1];
	struct stat status;
	FILE *stream;

	if (fstat(fd, &status) < 0 || status.st_size == self->seen_bytes)
		return self->events;
	stream = stream_of(fd, self->seen_bytes);
	while (stream && next_head(stream, head))
		self->events += is_event_line(head);
	if (stream)
		fclose(stream);
	self->seen_bytes = status.st_size;
	return self->events;
}

/* ---- writing ---- */

/* A line that was torn by a kill in the middle of it is ended first. */
static int end_torn_line(int fd, off_t size_bytes)
{
	char last = '\n';

	if (size_bytes > 0 && pread(fd, &last, 1, size_bytes - 1) != 1)
		return -EIO;
	return last == '\n' || write(fd, "\n", 1) == 1 ? 0 : -EIO;
}

int ledger_file_write(int fd, const struct iovec *parts, int count)
{
	struct stat status;
	ssize_t wanted = 0, written;
	int result;

	for (int i = 0; i < count; i++)
		wanted += (ssize_t)parts[i].iov_len;
	if (fstat(fd, &status) < 0)
		return -errno;
	result = end_torn_line(fd, status.st_size);
	if (result < 0)
		return result;
	written = writev(fd, parts, count);
	if (written == wanted)
		return 0;
	result = written < 0 ? -errno : -ENOSPC;
	/* A part of it tells nothing, and what is cut off here was not sent. */
	return ftruncate(fd, status.st_size) < 0 ? -errno : result;
}

int ledger_file_rotate(const char *path, const char *before, int fd, struct ledger_file *self)
{
	int result = rename(path, before) < 0 ? -errno : 0;

	close(fd);
	return result < 0 ? result : ledger_file_take(path, true, self);
}

/* ---- age ---- */

/* Where the first line stands that was sent at `oldest` or later; 0: there is none older before it; -1: all are older. */
static off_t find_kept(int fd, const char *oldest)
{
	char head[HEAD_BYTES + 1];
	FILE *stream = stream_of(fd, 0);
	bool older = false;
	off_t at = 0, kept = 0;

	while (stream && next_head(stream, head)) {
		if (strncmp(head, LEDGER_SENT, sizeof(LEDGER_SENT) - 1) == 0) {
			if (strncmp(head + sizeof(LEDGER_SENT) - 1, oldest, LEDGER_TIME_BYTES) >= 0) {
				kept = older ? at : 0;
				older = false;
				break;
			}
			older = true;
		}
		at = ftello(stream);
	}
	if (stream)
		fclose(stream);
	return older ? -1 : kept;
}

/* The file from `from` on takes the file's place. */
static void keep_from(int fd, const char *path, off_t from)
{
	char *name;
	int copy;
	ssize_t moved;

	if (asprintf(&name, "%s.new", path) < 0)
		return;
	unlink(name);
	copy = paths_open_own(AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL, NULL);
	if (copy < 0) {
		free(name);
		return;
	}
	do {
		moved = sendfile(copy, fd, &from, 1 << 20);
	} while (moved > 0);
	close(copy);
	if (moved < 0 || rename(name, path) < 0)
		unlink(name);
	free(name);
}

static void trim_one(int fd, const char *path, const char *oldest)
{
	off_t from = find_kept(fd, oldest);

	if (from < 0)
		unlink(path);
	else if (from > 0)
		keep_from(fd, path, from);
}

void ledger_file_trim(const char *path, const char *before, const char *oldest)
{
	struct ledger_file file = {0};
	int fd = ledger_file_take(path, false, &file), older;

	/* Whoever rotates has the newer one locked; where there is none, nobody does. */
	if (fd < 0 && fd != -ENOENT)
		return;
	older = paths_open_own(AT_FDCWD, before, O_RDONLY, NULL);
	if (older >= 0) {
		trim_one(older, before, oldest);
		close(older);
	}
	if (fd >= 0) {
		trim_one(fd, path, oldest);
		close(fd);
	}
}
