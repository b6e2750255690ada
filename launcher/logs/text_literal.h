/* SPDX-License-Identifier: MIT */
/*
 * text_literal - what can be said of a regular expression without running it: some bytes that stand in every match, which a vector scan finds
 * many times faster than any engine tries line after line. Pure. Where the pattern is not understood to the letter, nothing is said.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_TEXT_LITERAL_H
#define UPFRONT_LAUNCHER_LOGS_TEXT_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_LITERAL_MAX 64u

struct text_literal {
	unsigned char bytes[TEXT_LITERAL_MAX]; /* in lower case where case does not count */
	unsigned char folds[TEXT_LITERAL_MAX]; /* 0x20 for a letter whose case does not count, else 0 */
	size_t size; /* 0: there is none */
	size_t first, second; /* offsets of the two rarest: what the scan looks for */
};

struct text_pattern {
	struct text_literal literal;
	bool whole; /* the pattern is the literal and nothing else */
	bool within_lines; /* no match holds a line end or depends on what stands in another line */
	bool has_capital; /* a letter that stands for itself is a capital one */
	bool has_characters; /* something in it may stand for a character of several bytes */
};

/* Case is ignored where `fold` says so, by the rules of Unicode with `utf`. */
void text_pattern_read(const char *pattern, size_t size_bytes, bool fold, bool utf, struct text_pattern *found);

/* The first place in [from, to) where the literal stands whole; NULL: nowhere. */
const char *text_literal_find(const struct text_literal *self, const char *from, const char *to);

#endif
