/* SPDX-License-Identifier: MIT */
/*
 * screen_save - a piece of a log on its way into a file, a slice at a time: a log may be larger than anybody wants to wait for. The file is a
 * new one, written beside and renamed when it is whole; what is there already is not replaced.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_SAVE_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_SAVE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct log_text;

struct screen_save {
	struct log_text *text; /* NULL: nothing is being saved */
	int64_t at, to;
	int fd;
	char *path, *path_new;
	int64_t size_bytes; /* once it is whole */
};

void screen_save_init(struct screen_save *self);
/* What is half written is removed. */
void screen_save_finish(struct screen_save *self);
/* `path` may begin with "~/". -EBUSY while another is under way, -EEXIST, other -errno; `err` is set. */
int screen_save_begin(struct screen_save *self, struct log_text *text, int64_t from, int64_t to, const char *path,
		      const char *home, struct err *err);
bool screen_save_is_on(const struct screen_save *self);
/* Goes on for about a slice: 1 more is to come, 0 it is whole, -errno with `err` set. */
int screen_save_step(struct screen_save *self, struct err *err);

#endif
