/* SPDX-License-Identifier: MIT */
#include "launcher/logs/text_file.h"

#include "launcher/process/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *path_of(const struct text_file *self, size_t number)
{
	char *path = NULL;
	int length = number == 0 ? asprintf(&path, "%s/%s", self->dir, self->name)
				 : asprintf(&path, "%s/%s.%zu", self->dir, self->name, number);

	return length < 0 ? NULL : path;
}

/* Returns 0 or -errno. */
static int open_part(const struct text_file *self, size_t number, struct text_part *part)
{
	char *path = path_of(self, number);
	struct stat status;
	int result = 0;

	if (path == NULL)
		return -ENOMEM;
	*part = (struct text_part){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
	if (part->fd < 0)
		result = -errno;
	free(path);
	if (result < 0)
		return result;
	if (fstat(part->fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(part->fd);
		return -EINVAL;
	}
	part->device = status.st_dev;
	part->inode = status.st_ino;
	part->size_bytes = status.st_size;
	return 0;
}

static bool is_same(const struct text_part *part, dev_t device, ino_t inode)
{
	return part->inode == inode && part->device == device;
}

/*
 * Puts into `found` the files of the row from the newest upwards, as far as `known` (which may be NULL), and says how many. Files move up while
 * we look: one seen twice has done so. While they are moved there is one hole in the row.
 */
static size_t open_row(struct text_file *self, const struct text_part *known, struct text_part *found)
{
	size_t count = 0, holes = 0;

	self->error = 0;
	for (size_t number = 0; number <= OUTPUT_FILES_MAX && holes < 2 && count < self->limit; number++) {
		struct text_part *part = &found[count];
		int result = open_part(self, number, part);

		if (result < 0) {
			if (result != -ENOENT && number == 0)
				self->error = -result;
			holes++;
			continue;
		}
		holes = 0;
		if (known != NULL && is_same(known, part->device, part->inode)) {
			close(part->fd);
			break;
		}
		if (count > 0 && is_same(part - 1, part->device, part->inode))
			close(part->fd);
		else
			count++;
	}
	return count;
}

/* Those that `found` lists newest first become the end of the run. */
static void append(struct text_file *self, const struct text_part *found, size_t count)
{
	while (count-- > 0) {
		struct text_part *part = &self->parts[self->count++];

		*part = found[count];
		part->at = self->end;
		self->end += part->size_bytes;
	}
}

static void drop(struct text_file *self, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(self->parts[i].fd);
	self->count -= count;
	memmove(self->parts, self->parts + count, self->count * sizeof(self->parts[0]));
}

int text_file_init(struct text_file *self, const char *dir, const char *unit, size_t hold, size_t limit)
{
	struct text_part found[TEXT_FILE_PARTS_MAX];

	*self = (struct text_file){.hold = hold, .limit = limit};
	if (self->limit < 1)
		self->limit = 1;
	if (self->limit > TEXT_FILE_PARTS_MAX)
		self->limit = TEXT_FILE_PARTS_MAX;
	self->dir = strdup(dir);
	self->parts = calloc(TEXT_FILE_PARTS_MAX + 1, sizeof(self->parts[0]));
	if (asprintf(&self->name, "%s.log", unit) < 0)
		self->name = NULL;
	if (self->dir == NULL || self->name == NULL || self->parts == NULL) {
		text_file_finish(self);
		return -ENOMEM;
	}
	append(self, found, open_row(self, NULL, found));
	return 0;
}

void text_file_finish(struct text_file *self)
{
	drop(self, self->count);
	free(self->dir);
	free(self->name);
	free(self->parts);
	*self = (struct text_file){0};
}

int64_t text_file_start(const struct text_file *self)
{
	return self->count > 0 ? self->parts[0].at : self->end;
}

int64_t text_file_end(const struct text_file *self)
{
	return self->end;
}

static enum text_file_news begin_anew(struct text_file *self)
{
	struct text_part found[TEXT_FILE_PARTS_MAX];

	drop(self, self->count);
	self->shrunk = false;
	append(self, found, open_row(self, NULL, found));
	return TEXT_FILE_ANEW;
}

/* How far the newest has come; false when it became smaller. */
static bool measure(struct text_file *self, bool *grew)
{
	struct text_part *last = self->count > 0 ? &self->parts[self->count - 1] : NULL;
	struct stat status;

	*grew = false;
	if (last == NULL)
		return true;
	if (fstat(last->fd, &status) < 0 || status.st_size < last->size_bytes)
		return false;
	*grew = status.st_size > last->size_bytes;
	last->size_bytes = status.st_size;
	self->end = last->at + last->size_bytes;
	return true;
}

/* How many of the oldest are in the row no more, beyond those that are kept; how many must go to make room. */
static size_t count_gone(const struct text_file *self)
{
	struct stat status;
	size_t gone = 0, over;

	while (gone < self->count && (fstat(self->parts[gone].fd, &status) < 0 || status.st_nlink == 0))
		gone++;
	gone = gone > self->hold ? gone - self->hold : 0;
	over = self->count > self->limit ? self->count - self->limit : 0;
	return over > gone ? over : gone;
}

static bool has_moved(const struct text_file *self)
{
	const struct text_part *last = self->count > 0 ? &self->parts[self->count - 1] : NULL;
	char *path = path_of(self, 0);
	struct stat status;
	bool moved;

	/* Between two files there is none of that name. */
	moved = path != NULL && lstat(path, &status) == 0 &&
		(last == NULL || !is_same(last, status.st_dev, status.st_ino));
	free(path);
	return moved;
}

enum text_file_news text_file_refresh(struct text_file *self)
{
	struct text_part found[TEXT_FILE_PARTS_MAX];
	size_t count;
	bool grew, grew_before;

	if (self->shrunk || !measure(self, &grew))
		return begin_anew(self);
	if (!has_moved(self))
		return grew ? TEXT_FILE_GREW : TEXT_FILE_SAME;
	grew_before = grew;
	count = open_row(self, self->count > 0 ? &self->parts[self->count - 1] : NULL, found);
	/* What was written to it before it was moved. */
	if (!measure(self, &grew)) {
		for (size_t i = 0; i < count; i++)
			close(found[i].fd);
		return begin_anew(self);
	}
	/* Room for what has come. */
	if (self->count + count > TEXT_FILE_PARTS_MAX)
		drop(self, self->count + count - TEXT_FILE_PARTS_MAX);
	append(self, found, count);
	drop(self, count_gone(self));
	return count > 0 || grew || grew_before ? TEXT_FILE_GREW : TEXT_FILE_SAME;
}

static size_t part_of(const struct text_file *self, int64_t at)
{
	size_t i = self->count;

	/* Mostly it is one of the last. */
	while (i > 0 && self->parts[i - 1].at > at)
		i--;
	return i > 0 ? i - 1 : 0;
}

static size_t read_part(struct text_file *self, const struct text_part *part, int64_t at, char *bytes,
			size_t size_bytes)
{
	int64_t left = part->at + part->size_bytes - at;
	size_t wanted = (int64_t)size_bytes < left ? size_bytes : (size_t)left, done = 0;

	while (done < wanted) {
		ssize_t got = pread(part->fd, bytes + done, wanted - done, at - part->at + (int64_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			memset(bytes + done, 0, wanted - done);
			self->shrunk = true;
			break;
		}
		done += (size_t)got;
	}
	return wanted;
}

size_t text_file_read(struct text_file *self, int64_t at, char *bytes, size_t size_bytes)
{
	size_t done = 0;

	if (self->count == 0 || at < self->parts[0].at || at >= self->end)
		return 0;
	for (size_t i = part_of(self, at); i < self->count && done < size_bytes; i++) {
		const struct text_part *part = &self->parts[i];

		if (at + (int64_t)done < part->at + part->size_bytes)
			done += read_part(self, part, at + (int64_t)done, bytes + done, size_bytes - done);
	}
	return done;
}

int64_t text_file_find(const struct text_file *self, ino_t inode, size_t back, int64_t *size_bytes)
{
	for (size_t i = self->count; i > 0; i--) {
		const struct text_part *part = &self->parts[i - 1];

		if (self->count - i < back || (inode != 0 && part->inode != inode))
			continue;
		*size_bytes = part->size_bytes;
		return part->at;
	}
	return -1;
}
