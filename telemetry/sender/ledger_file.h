/* SPDX-License-Identifier: MIT */
/* The ledger's files: taken under a lock, appended to as a whole, rotated, trimmed. */
#ifndef UPFRONT_TELEMETRY_SENDER_LEDGER_FILE_H
#define UPFRONT_TELEMETRY_SENDER_LEDGER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct iovec;

/* How lines begin; the time behind LEDGER_SENT has LEDGER_TIME_BYTES, then comes what tells an event's line from a batch's. */
#define LEDGER_SENT "{\"sent\":\""
#define LEDGER_RESULT "{\"result\":\""
#define LEDGER_TIME_BYTES 24u

/* A file that was taken, and what is known of it. Zero: none. */
struct ledger_file {
	dev_t device;
	ino_t inode;
	off_t seen_bytes; /* how far lines have been counted */
	size_t events; /* lines of events up to there */
};

bool ledger_file_is_same(const struct ledger_file *self, const struct ledger_file *other);
/* Whether it is the one at `path`. */
bool ledger_file_is_at(const char *path, const struct ledger_file *self);

/*
 * Opens (0600 when made; only if `create`) and locks the file that is at `path` now; closing the descriptor lets go of both. Waits a tenth of a
 * second for the lock. *self is begun anew when it is another file than before. The descriptor or -errno.
 */
int ledger_file_take(const char *path, bool create, struct ledger_file *self);

/* Lines of events in a taken file. */
size_t ledger_file_events(int fd, struct ledger_file *self);

/* Appends to a taken file: all or nothing, on a line of its own. 0 or -errno. */
int ledger_file_write(int fd, const struct iovec *parts, int count);

/* The taken file becomes the one before; gives back `fd` and takes a new one at `path`, or -errno. */
int ledger_file_rotate(const char *path, const char *before, int fd, struct ledger_file *self);

/* What was sent before `oldest` (as the lines have it) goes from both files. */
void ledger_file_trim(const char *path, const char *before, const char *oldest);

#endif
