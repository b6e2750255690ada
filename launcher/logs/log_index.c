/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_index.h"

#include "launcher/process/output_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read at once of one file; the writer keeps it below half of this. */
#define INDEX_BYTES_MAX (2 * OUTPUT_INDEX_SIZE_MAX)
#define OPEN_TRIES 8

/* Lines put together from several files. */
struct text {
	char *bytes;
	size_t size_bytes;
};

void log_index_init(struct log_index *self, const char *dir)
{
	*self = (struct log_index){.dir = dir, .fd = -1};
}

void log_index_finish(struct log_index *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

void log_index_skip(struct log_index *self, const struct log_index_mark *mark)
{
	self->skip = *mark;
}

struct log_index_mark log_index_end(const char *dir)
{
	struct log_index_mark mark = {0, 0};
	struct stat status;
	char *path = NULL;

	if (asprintf(&path, "%s/index", dir) < 0)
		return mark;
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		mark = (struct log_index_mark){status.st_ino, status.st_size};
	free(path);
	return mark;
}

static int open_file(const struct log_index *self, const char *name)
{
	char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", self->dir, name) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	return fd;
}

static bool is_same(int fd, int other)
{
	struct stat one, two;

	if (fd < 0 || other < 0)
		return fd < 0 && other < 0;
	return fstat(fd, &one) == 0 && fstat(other, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

/* Appends the whole lines behind *offset, and moves it there. */
static void read_lines(int fd, int64_t *offset, struct text *text)
{
	struct stat status;
	size_t wanted, size = 0;
	char *grown;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= *offset)
		return;
	wanted = status.st_size - *offset < INDEX_BYTES_MAX ? (size_t)(status.st_size - *offset) : INDEX_BYTES_MAX;
	grown = realloc(text->bytes, text->size_bytes + wanted + 1);
	if (grown == NULL)
		return;
	text->bytes = grown;
	grown += text->size_bytes;
	while (size < wanted) {
		ssize_t count = pread(fd, grown + size, wanted - size, *offset + (int64_t)size);

		if (count <= 0 && !(count < 0 && errno == EINTR))
			break;
		size += count > 0 ? (size_t)count : 0;
	}
	while (size > 0 && grown[size - 1] != '\n')
		size--;
	/* A record holds no zero byte; one that does must not hide those behind it. */
	for (char *at = grown; (at = memchr(at, '\0', (size_t)(grown + size - at))) != NULL;)
		*at++ = '?';
	grown[size] = '\0';
	text->size_bytes += size;
	*offset += (int64_t)size;
}

/* Where to begin in a file: behind the mark if it is the one the mark speaks of. */
static bool find_mark(const struct log_index *self, int fd, int64_t *offset)
{
	struct stat status;

	if (fd < 0 || self->skip.inode == 0 || fstat(fd, &status) < 0 || status.st_ino != self->skip.inode ||
	    status.st_size < self->skip.offset)
		return false;
	*offset = self->skip.offset;
	return true;
}

/* Both files as they stood at one moment: when the older one is the same before and after, none moved in between. */
static void open_first(struct log_index *self, struct text *text)
{
	int older = -1, again = -1;
	int64_t offset = 0;

	for (int i = 0; i < OPEN_TRIES; i++) {
		older = open_file(self, "index.1");
		self->fd = open_file(self, "index");
		again = open_file(self, "index.1");
		if (is_same(older, again) || i + 1 == OPEN_TRIES)
			break;
		log_index_finish(self);
		close(older);
		close(again);
		older = again = -1;
	}
	/* Numbers of files are used again: the newer file with the mark's number is the one if the mark lies in it. */
	if (older >= 0 && !find_mark(self, self->fd, &self->offset)) {
		find_mark(self, older, &offset);
		read_lines(older, &offset, text);
	}
	if (older >= 0)
		close(older);
	else
		find_mark(self, self->fd, &self->offset);
	if (again >= 0)
		close(again);
}

/* True when what we read has become index.1 and another has taken its place. */
static bool follow_rotation(struct log_index *self, struct text *text)
{
	struct log_index_mark now = log_index_end(self->dir);
	struct stat status;
	int fd;

	/* The usual case, asked often: a look at its name is enough. */
	if (fstat(self->fd, &status) == 0 && status.st_ino == now.inode)
		return false;
	fd = open_file(self, "index");
	if (fd < 0 || is_same(fd, self->fd)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	/* Nobody writes to it any more, so this is its rest. */
	read_lines(self->fd, &self->offset, text);
	close(self->fd);
	self->fd = fd;
	self->offset = 0;
	return true;
}

char *log_index_read(struct log_index *self)
{
	struct text text = {NULL, 0};

	if (self->fd < 0)
		open_first(self, &text);
	if (self->fd >= 0) {
		read_lines(self->fd, &self->offset, &text);
		if (follow_rotation(self, &text))
			read_lines(self->fd, &self->offset, &text);
	}
	if (text.size_bytes == 0) {
		free(text.bytes);
		return NULL;
	}
	return text.bytes;
}

/* A number of digits alone, up to 18 of them, and what ends it. */
static const char *take_number(const char *at, int64_t *number)
{
	int digits = 0;

	for (*number = 0; *at >= '0' && *at <= '9' && digits < 18; digits++)
		*number = *number * 10 + (*at++ - '0');
	return digits > 0 ? at : NULL;
}

static const char *take_word(const char *at, char word[LOG_INDEX_NAME_BYTES])
{
	size_t length = strcspn(at, " ");

	if (length == 0 || length >= LOG_INDEX_NAME_BYTES)
		return NULL;
	memcpy(word, at, length);
	word[length] = '\0';
	return at + length;
}

static const char *take_size(const char *at, uint64_t *size)
{
	char *end;

	if (*at < '0' || *at > '9')
		return NULL;
	errno = 0;
	*size = strtoull(at, &end, 10);
	return errno == 0 ? end : NULL;
}

bool log_record_parse(const char *line, struct log_record *record)
{
	const char *at = take_number(line, &record->time_ms);

	record->word[0] = '\0';
	if (at == NULL || at[0] != ' ' || at[1] == '\0' || at[2] != ' ')
		return false;
	record->kind = at[1];
	at = take_word(at + 3, record->unit);
	if (at == NULL || *at != ' ' || (at = take_number(at + 1, &record->offset)) == NULL || *at != ' ' ||
	    (at = take_size(at + 1, &record->size)) == NULL)
		return false;
	if (*at == ' ' && (at = take_word(at + 1, record->word)) == NULL)
		return false;
	/* A unit's name becomes part of a path. */
	return *at == '\0' && strchr(record->unit, '/') == NULL && record->unit[0] != '.';
}
