/* SPDX-License-Identifier: MIT */
/*
 * log_scan - a stream of lines gone through, a stretch at a time: which pieces (log_window) pass the filter and are wanted, and how many. What
 * is learnt of whole blocks is kept (text_blocks).
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_SCAN_H
#define UPFRONT_LAUNCHER_LOGS_LOG_SCAN_H

#include "launcher/logs/log_window.h"
#include "launcher/logs/text_blocks.h"
#include "launcher/logs/text_match.h"

struct log_scan {
	struct log_order *order;
	struct log_window window;
	struct text_blocks blocks;
	struct text_match *search, *filter; /* NULL: none */
	struct text_match *problems;
	bool except; /* what the filter matches is left out */
	unsigned epoch; /* another with each pattern: what notes are known to be holds of one */
	/* The block that is being counted, when its slice was over. */
	int64_t block, at, found;
	enum text_count counting;
};

/* False ends it. `bytes` without the line's end. */
typedef bool log_scan_visit(void *context, int64_t from, const char *bytes, size_t size_bytes);

int log_scan_init(struct log_scan *self, struct log_order *order);
void log_scan_finish(struct log_scan *self);

/* Takes the pattern over (NULL: none) and forgets what it has made wrong. */
void log_scan_set_search(struct log_scan *self, struct text_match *search);
void log_scan_set_filter(struct log_scan *self, struct text_match *filter, bool except);

/* What there is of the stream is another than before: where it began and ended. Returns 0 or -ENOMEM. */
int log_scan_update(struct log_scan *self, int64_t start_before, int64_t end_before);

/* Whether a line passes the filter and is one of `wanted` (enum log_text_wanted). */
bool log_scan_wants(struct log_scan *self, const char *bytes, size_t size_bytes, unsigned wanted);

/*
 * Calls `visit` for each piece that begins in [from, to), at most TEXT_BLOCK_BYTES, passes the filter and is wanted. Returns where it came
 * to: `to`; less when the deadline (clock_us) came first; -1 when the visitor ended it.
 */
int64_t log_scan_each(struct log_scan *self, int64_t from, int64_t to, unsigned wanted, int64_t deadline_us,
		      log_scan_visit *visit, void *context);

/* Learns a count of block `number`; false when the deadline came first: asked again, it goes on. */
bool log_scan_count(struct log_scan *self, int64_t number, enum text_count count, int64_t deadline_us);
/* How many lines begin in [from, to) of one block. */
int64_t log_scan_count_lines(struct log_scan *self, int64_t from, int64_t to);
/* Counts what log_scan_each would visit. */
int64_t log_scan_count_wanted(struct log_scan *self, int64_t from, int64_t to, unsigned wanted);

#endif
