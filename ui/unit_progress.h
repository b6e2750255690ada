/* SPDX-License-Identifier: MIT */
/*
 * unit_progress - what an engine is busy with before a unit can start, as words and as a bar: "pulling 45% 12.3/27.1 MB", "building step 3 of 7".
 * Sizes are decimal, as engines tell them. Pure.
 */
#ifndef UPFRONT_UI_UNIT_PROGRESS_H
#define UPFRONT_UI_UNIT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct theme;
struct unit_progress;

/* Cells of the longest bar, and of the shortest that says anything. */
#define UNIT_BAR_MAX 16u
#define UNIT_BAR_MIN 6u

/* "" when nothing is worked on. */
void unit_progress_words(const struct unit_progress *self, char *text, size_t size_bytes);
/* "pulling 45%", for where the whole does not fit; only of what has a percentage. */
void unit_progress_brief(const struct unit_progress *self, char *text, size_t size_bytes);
/* 0 to 100; -1: how much there is to do is not known. */
int unit_progress_percent(const struct unit_progress *self);
/* How many cells a bar gets where `room` are left behind a text that it keeps a blank from; 0: none. */
unsigned unit_progress_bar_cells(const struct unit_progress *self, unsigned room);
/* Fills `cells` characters of a bar. */
void unit_progress_bar(const struct unit_progress *self, const struct theme *theme, uint32_t *points, unsigned cells);

#endif
