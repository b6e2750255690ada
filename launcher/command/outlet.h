/* SPDX-License-Identifier: MIT */
/*
 * Text on its way to a descriptor that may be slow (a pager, a stopped terminal): kept in a bounded buffer and written only when poll
 * says it fits, so that whoever writes never waits. The descriptor's own flags are left alone: it is shared with others. Terminals and pipes are
 * opened anew for that, because they may poll writable and yet not take all they are given.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_OUTLET_H
#define UPFRONT_LAUNCHER_COMMAND_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#define OUTLET_BYTES_MAX (16u * 1024u * 1024u)
#define OUTLET_BYTES_FULL \
	(512u * 1024u) /* what is fetched at once must fit in between, with a prefix for each empty line */

struct outlet {
	int fd;
	bool own_fd;
	bool at_once; /* takes any size without waiting */
	bool closed; /* cannot be written to any more: everything later is dropped */
	bool reader_gone; /* ... because the other end of the pipe is closed */
	char *bytes;
	size_t start, end, capacity;
};

void outlet_init(struct outlet *self, int fd);
void outlet_finish(struct outlet *self);
/* Nobody is waited for any more: what is in line and what would come is dropped. */
void outlet_give_up(struct outlet *self);

/* What is in line is dropped, what would come is not. */
void outlet_drop(struct outlet *self);

/* Puts text in line. What no longer fits is dropped; ask outlet_is_full first. */
void outlet_put(struct outlet *self, const char *bytes, size_t size_bytes);
/* The same for a line in two parts; its end is added. */
void outlet_put_line(struct outlet *self, const char *prefix, size_t prefix_bytes, const char *bytes,
		     size_t size_bytes);
bool outlet_is_empty(const struct outlet *self);
/* No more should be fetched. */
bool outlet_is_full(const struct outlet *self);

/* Writes one piece that poll said would fit. */
void outlet_write(struct outlet *self);

#endif
