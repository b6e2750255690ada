/* SPDX-License-Identifier: MIT */
/*
 * text_file - what a unit has written, the row UNIT.log.N ... UNIT.log, as one run of bytes. A place in it is a 64-bit number that stays what
 * it is while the last file grows and while files are moved up the row; when the oldest goes, the run begins later. A file that shrinks, or
 * is replaced by somebody else, begins the run anew behind its old end: no place is ever used twice.
 *
 * Bytes are read by pread(2) into a buffer of the caller's, never mapped: a file that shrinks while somebody looks at it gives fewer bytes
 * instead of SIGBUS, nothing of it counts as our memory, and a buffer that stays in the processor's cache makes it no slower than
 * the page faults of a mapping.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_TEXT_FILE_H
#define UPFRONT_LAUNCHER_LOGS_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TEXT_FILE_PARTS_MAX 104u

struct text_part {
	int fd;
	dev_t device;
	ino_t inode;
	int64_t at; /* place of its first byte */
	int64_t size_bytes;
};

struct text_file {
	char *dir, *name; /* of the newest: "UNIT.log" */
	size_t hold; /* so many files that have left the row are kept */
	size_t limit; /* so many may be open */
	struct text_part *parts; /* oldest first, each behind the one before */
	size_t count;
	int64_t end;
	bool shrunk; /* a read met fewer bytes than there were */
	int error; /* why the newest could not be opened; 0: it could, or is not there */
};

enum text_file_news {
	TEXT_FILE_SAME,
	TEXT_FILE_GREW, /* or has gone on in another file */
	TEXT_FILE_ANEW /* all that was known has gone: the run begins at what was its end */
};

/* Returns 0, also when there is no file (yet); -ENOMEM. At most `limit` files (at least 1) are held open, the oldest are left out. */
int text_file_init(struct text_file *self, const char *dir, const char *unit, size_t hold, size_t limit);
void text_file_finish(struct text_file *self);

int64_t text_file_start(const struct text_file *self);
int64_t text_file_end(const struct text_file *self);

/* What has been written since: two calls of the system when that is nothing. */
enum text_file_news text_file_refresh(struct text_file *self);

/* The bytes from `at` on, as many as there are. What cannot be read any more (the file shrank) is given as zero bytes. */
size_t text_file_read(struct text_file *self, int64_t at, char *bytes, size_t size_bytes);

/* Place of the first byte of the file with this number that is at least `back` files behind the newest; -1: it has gone. 0: whichever is there. */
int64_t text_file_find(const struct text_file *self, ino_t inode, size_t back, int64_t *size_bytes);

#endif
