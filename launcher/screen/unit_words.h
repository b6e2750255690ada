/* SPDX-License-Identifier: MIT */
/* unit_words - what a row of the dashboard says of a unit: its state as people are told it, why in a few words, and what happens next. */
#ifndef UPFRONT_LAUNCHER_SCREEN_UNIT_WORDS_H
#define UPFRONT_LAUNCHER_SCREEN_UNIT_WORDS_H

#include "ui/model.h"

#include <stddef.h>

struct view_unit;

#define UNIT_WORDS_MAX 200u

/* What its engine does before it can start; borrowed from the unit. */
struct unit_progress unit_words_progress(const struct view_unit *unit);
enum unit_state unit_words_state(const struct view_unit *unit);
/* "exit 3, again after 8s", "for api to be ready"; "" when there is nothing to say. */
void unit_words_why(const struct view_unit *unit, char *text, size_t size_bytes);
/* A sentence for a problem, "" otherwise. */
void unit_words_outlook(const struct view_unit *unit, char *text, size_t size_bytes);
/* "exit 3", "SIGKILL"; "" when it never ended. */
void unit_words_exit(const struct view_unit *unit, char *text, size_t size_bytes);
/* "started", "ready", "done": what a condition of depends_on waits for. */
const char *unit_words_condition(const char *condition);

#endif
