/* SPDX-License-Identifier: MIT */
/*
 * log_text - what services have written, as a text to look around in: the whole files, not a ring. The screen draws from it and steps through
 * it by this table of functions; the launcher makes it of files (launcher/logs/log_text_*.h), tests make it of lines. Places in it are
 * numbers that rise from line to line and mean nothing else; a place stays what it is while the text grows, and while its beginning is
 * rotated away only becomes smaller than `start`.
 *
 * No call takes long: what needs the whole text (searching, filtering, counting lines) is begun by a call and goes on in `work`, in
 * slices, nearest to the reader first; `status` tells how far it is.
 */
#ifndef UPFRONT_UI_LOG_TEXT_H
#define UPFRONT_UI_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line is given in pieces, each smaller than this; all but the first continue. One of half this size is never cut. */
#define LOG_TEXT_LINE_MAX 16384u
#define LOG_TEXT_HITS_MAX 64u

enum log_text_kind {
	LOG_TEXT_OUTPUT,
	LOG_TEXT_NOTE /* upfront's own word in between: "= started, pid 4711", "= exited with code 3 after 0.2s" */
};

struct log_text_line {
	int64_t at; /* its place */
	int64_t next; /* of the line behind it; the text's end when it is the last */
	enum log_text_kind kind;
	const char *bytes; /* as they were written, without the line's end; valid until the next line is given */
	size_t size_bytes;
	int64_t time_wall_ms; /* when its first byte arrived; -1: not known (any more) */
	const char *service; /* who wrote it; stays valid */
	unsigned service_number; /* for its colour; stable */
	bool error_stream;
	bool continues; /* a piece of the line before it */
	bool partial; /* it has no end (yet) */
};

enum log_text_found {
	LOG_TEXT_THERE,
	LOG_TEXT_NONE, /* there is no such line */
	LOG_TEXT_LATER /* not known yet: `work` looks for it; ask again after it did something */
};

/* A bit each: what find_next and find_before look for. */
enum log_text_wanted {
	LOG_TEXT_ANY = 1, /* the next line */
	LOG_TEXT_HIT = 2, /* one in which the search pattern occurs */
	LOG_TEXT_PROBLEM = 4 /* one that looks like an error or a warning */
};

struct log_text_status {
	int64_t lines; /* in the text, filtered or not; -1: not counted yet */
	int64_t shown_lines; /* with a filter: that pass it, so far */
	bool shown_final;
	int64_t hits; /* lines with the search pattern, so far; with a filter only those that pass it */
	bool hits_final;
	unsigned percent; /* of what `work` is at */
	int64_t size_bytes;
	int64_t problems; /* lines that look like errors or warnings near the end that was looked at; -1: not counted */
	const char *trouble; /* why it cannot be read (further): "cannot open api.log: permission denied"; NULL: none */
};

struct log_text;

struct log_text_ops {
	/* Of what passes the filter. An empty text: start == end. */
	int64_t (*start)(struct log_text *self);
	int64_t (*end)(struct log_text *self);
	/* The line that holds `at`, or the first behind it that passes the filter. */
	enum log_text_found (*line)(struct log_text *self, int64_t at, struct log_text_line *line);
	/* The first that begins behind, the last that begins before `at` and is `wanted`. */
	enum log_text_found (*find_next)(struct log_text *self, int64_t at, unsigned wanted,
					 struct log_text_line *line);
	enum log_text_found (*find_before)(struct log_text *self, int64_t at, unsigned wanted,
					   struct log_text_line *line);
	/*
	 * A regular expression (PCRE2), case counts as soon as it holds a capital letter; "" ends the search. -EINVAL with the reason in
	 * `problem` ("missing ) at 4"); the search before goes on then. The search begins near `near`.
	 */
	int (*search)(struct log_text *self, const char *pattern, size_t size_bytes, int64_t near, char *problem,
		      size_t problem_bytes);
	/* Only lines that match, or with `except` those that do not; "" ends the filter. Errors as above. */
	int (*filter)(struct log_text *self, const char *pattern, size_t size_bytes, bool except, char *problem,
		      size_t problem_bytes);
	/* Where the search pattern stands in a line: offsets and sizes in bytes; returns how many, at most `max`. */
	size_t (*hits)(struct log_text *self, const struct log_text_line *line, size_t *offsets, size_t *sizes,
		       size_t max);
	/* The line's number from 1 on, as the whole file counts; -1 while it is not known. */
	int64_t (*number)(struct log_text *self, int64_t at);
	/* How many hits stand before and at `at`; -1 while it is not known. */
	int64_t (*hit_number)(struct log_text *self, int64_t at);
	/* The place of a line's number, of a share of the text (0 to 1000), of a moment. */
	enum log_text_found (*go_to_number)(struct log_text *self, int64_t number, int64_t *at);
	enum log_text_found (*go_to_share)(struct log_text *self, unsigned thousandths, int64_t *at);
	enum log_text_found (*go_to_time)(struct log_text *self, int64_t time_wall_ms, int64_t *at);
	/* How many lines that pass the filter begin from `from` on, at most `max` (for "214 new below"). */
	int64_t (*count_from)(struct log_text *self, int64_t from, int64_t max);
	void (*status)(struct log_text *self, struct log_text_status *status);
	/* Takes in what has been written since; true when there is something new. Cheap when there is not. */
	bool (*refresh)(struct log_text *self);
	/* Goes on with what was begun, for about so long; true while there is more to do. */
	bool (*work)(struct log_text *self, int64_t budget_us);
};

/* First member of whatever implements it. */
struct log_text {
	const struct log_text_ops *ops;
	const char *title; /* "api", "api, engine", "all services" */
	bool merged; /* lines are of several services: each is shown with its name */
};

#endif
