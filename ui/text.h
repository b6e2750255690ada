/* SPDX-License-Identifier: MIT */
/*
 * text - UTF-8 as a terminal shows it: columns, line breaks, and hostile bytes made harmless.
 *
 * Text comes from stack files and services, so nothing in it is trusted: control characters become "^[" or "\x9b",
 * characters that turn the reading direction become "\u202e", bytes that are not UTF-8 become U+FFFD, and invisible
 * characters (joiners, variation selectors, tags) are left out: they move a frame differently on every terminal.
 * Columns are those of wcwidth(3) in the calling thread's locale, which is what the screen library counts with too.
 */
#ifndef UPFRONT_UI_TEXT_H
#define UPFRONT_UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest visible form: "\u202e". */
#define TEXT_POINTS_MAX 6
/* A base character and the combining ones that are kept; more are left out. */
#define TEXT_COMBINING_MAX 4

/* What one character of the text looks like. */
struct text_char {
	uint32_t points[TEXT_POINTS_MAX];
	unsigned count;
	unsigned columns; /* of all points together; 0 only for '\n' */
	size_t bytes; /* of the text that it stands for, left out ones in front of it included */
	bool spread; /* each point is a column of its own; otherwise a base and its combining characters */
};

/* One line of wrapped text: a piece of the source, and the columns to leave free in front of it. */
struct text_line {
	const char *start;
	size_t bytes;
	unsigned indent;
};

/* Walks over the lines of a text. Paragraphs end with '\n'; list items begin with "- " and hang. */
struct text_wrap {
	const char *at;
	const char *end;
	unsigned columns;
	unsigned item_indent; /* columns in front of a list item's dash */
	unsigned hang; /* indent of the lines that continue the paragraph */
	bool utf8;
	bool fresh; /* at the start of a paragraph */
};

/* Reads the character at `at`, of which `size` > 0 bytes are there. Returns its bytes, 0 when they are not UTF-8. */
size_t text_point(const char *at, size_t size, uint32_t *point);
/* Encodes `point` into at most 4 bytes; returns how many. */
size_t text_encode(uint32_t point, char out[4]);
/*
 * The harmless form of a character that must not reach a terminal, without a final NUL: returns its length, at most
 * TEXT_POINTS_MAX, or 0 when the character may be shown as it is.
 */
size_t text_visible(uint32_t point, char out[TEXT_POINTS_MAX]);

/*
 * One line of text for a terminal, whoever wrote it: control characters and those that turn the direction in their visible form, what is
 * no UTF-8 as U+FFFD, line ends as blanks. The caller frees; NULL when out of memory.
 */
char *text_harmless(const char *text);

/*
 * Looks at the character at `at`. False at the end (also when only left-out characters remain). '\n' is given as
 * itself. With `utf8` false only ASCII comes out: typographic signs are spelled with it, all else is '?'.
 */
bool text_next(const char *at, const char *end, bool utf8, struct text_char *out);

/* Columns of a text without line breaks. */
unsigned text_columns(const char *text, size_t size, bool utf8);

/* `columns` 0 counts as 1. The text must outlive the walk. */
void text_wrap_init(struct text_wrap *self, const char *text, unsigned columns, unsigned item_indent, bool utf8);
bool text_wrap_next(struct text_wrap *self, struct text_line *line);
/* How many lines the text takes. */
unsigned text_wrap_count(const char *text, unsigned columns, unsigned item_indent, bool utf8);

/*
 * Copies `text` into `out`, shortened to at most `columns` by an ellipsis in its middle: the end of a sentence is kept, what is
 * cut is a long name before it. The result is always terminated and never cuts a character.
 */
void text_elide(const char *text, unsigned columns, bool utf8, char *out, size_t out_size);

#endif
