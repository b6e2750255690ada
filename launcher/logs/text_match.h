/* SPDX-License-Identifier: MIT */
/*
 * text_match - a regular expression (PCRE2, the only file that sees it) held against lines, one by one or many at once. Case counts as soon as the
 * pattern holds a capital letter that stands for itself. Bytes that are no UTF-8 match nothing but bytes.
 *
 * Most lines are never looked at one by one: where every match holds a literal (text_literal), lines without it are passed over; where no
 * match can reach from one line into another, many lines are given to the engine at once; else line by line. How long the engine tries is
 * bounded: a line on which a pattern backtracks without end counts as one without a match.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_TEXT_MATCH_H
#define UPFRONT_LAUNCHER_LOGS_TEXT_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_MATCH_PATTERN_MAX 4096u

struct text_match;

/* 0; -ENOMEM; -EINVAL with the reason in `problem`: "missing ) at 4". */
int text_match_create(const char *pattern, size_t size_bytes, struct text_match **match, char *problem,
		      size_t problem_bytes);
void text_match_destroy(struct text_match *self);

/* Whether it occurs in a line, given without its end. */
bool text_match_line(struct text_match *self, const char *bytes, size_t size_bytes);
/* Where, at most `max` times; empty matches are left out. Returns how many. */
size_t text_match_each(struct text_match *self, const char *bytes, size_t size_bytes, size_t *offsets, size_t *sizes,
		       size_t max);

enum text_match_found {
	TEXT_MATCH_NONE, /* in no line */
	TEXT_MATCH_MAYBE, /* no line before the one that holds `at` has it */
	TEXT_MATCH_SURE /* and that one has it, at `at`, unless its end is "\r\n" or it is longer than what counts as one */
};

/* The next line of many (whole ones, with their ends) that has it. [from, to) begins at the beginning of a line. */
enum text_match_found text_match_next(struct text_match *self, const char *from, const char *to, const char **at);

#endif
