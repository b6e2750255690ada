/* SPDX-License-Identifier: MIT */
/*
 * up_pulls - what is pulled and built before services can start, in lines, for who has neither a dashboard nor a block: that it begins, how far it is
 * every ten seconds, that it is done. An image that several services wait for is told of once.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_PULLS_H
#define UPFRONT_LAUNCHER_COMMAND_UP_PULLS_H

#include <stddef.h>
#include <stdint.h>

struct pull_told;
struct view_unit;

#define UP_PULLS_EVERY_MS 10000

/* All zero: nothing was told. */
struct up_pulls {
	struct pull_told *items;
	size_t count;
};

/* A unit has changed. The line to be said, which the caller frees; NULL: none. */
char *up_pulls_take(struct up_pulls *self, const struct view_unit *unit, int64_t now_ms);
void up_pulls_finish(struct up_pulls *self);

#endif
