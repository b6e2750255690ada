/* SPDX-License-Identifier: MIT */
/*
 * What has gone wrong with a unit, kept for who wants to see how it came: the last answers of its probe and its last ends. A unit
 * whose probe was always well and that never ended has no story, and costs nothing.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_UNIT_STORY_H
#define UPFRONT_LAUNCHER_SUPERVISOR_UNIT_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_exit;

#define STORY_ANSWERS_MAX 16u
#define STORY_EXITS_MAX 8u
#define STORY_TEXT_BYTES 256u /* of an answer, at most */

/* Equal ones in a row are one. */
struct story_answer {
	int64_t time_ms; /* wall clock, of the first of them */
	char *text; /* NULL: it said nothing */
	unsigned count;
	bool ok;
};

struct story_exit {
	int64_t time_ms; /* wall clock */
	int64_t ran_ms;
	int value; /* code or signal */
	bool signaled;
};

struct unit_story {
	struct story_answer *answers; /* the oldest first */
	struct story_exit *exits; /* likewise */
	unsigned answer_count, exit_count;
};

/*
 * These make the story when there is something to tell: an ill answer, or any after one; an end. Without memory for it, it is not
 * told. *self is NULL before the first.
 */
void unit_story_answer(struct unit_story **self, bool ok, const char *text, int64_t time_ms);
void unit_story_exit(struct unit_story **self, const struct engine_exit *how, int64_t ran_ms, int64_t time_ms);

/* NULL is nothing. */
void unit_story_destroy(struct unit_story *self);

#endif
