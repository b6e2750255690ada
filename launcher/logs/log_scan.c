/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_scan.h"

#include "ui/log_text.h"

#include <errno.h>
#include <string.h>

#define LINES_A_LOOK 16u /* at the clock */
#define CONTEXT_BYTES 256
/* Words of trouble; what only holds one within another word is none ("terror", "errors: 0" is). */
static const char problem_words[] =
	"\\b(error|warn|fatal|panic|exception|traceback|critical|failed|failure|segfault|alert|emerg)";

int log_scan_init(struct log_scan *self, struct log_order *order)
{
	char problem[16];
	int result;

	*self = (struct log_scan){.order = order, .block = -1, .epoch = 1};
	text_blocks_init(&self->blocks);
	result = log_window_init(&self->window, order);
	if (result == 0)
		result = text_match_create(problem_words, strlen(problem_words), &self->problems, problem,
					   sizeof(problem));
	if (result == 0)
		result = text_blocks_span(&self->blocks, order->start, order->end);
	return result;
}

void log_scan_finish(struct log_scan *self)
{
	text_match_destroy(self->search);
	text_match_destroy(self->filter);
	text_match_destroy(self->problems);
	text_blocks_finish(&self->blocks);
	log_window_finish(&self->window);
}

static void forget(struct log_scan *self, int64_t first, int64_t last, unsigned bits)
{
	text_blocks_forget(&self->blocks, first, last, bits);
	self->block = -1;
}

void log_scan_set_search(struct log_scan *self, struct text_match *search)
{
	text_match_destroy(self->search);
	self->search = search;
	self->epoch++;
	forget(self, 0, INT64_MAX, TEXT_COUNT_BIT(TEXT_HITS));
}

void log_scan_set_filter(struct log_scan *self, struct text_match *filter, bool except)
{
	text_match_destroy(self->filter);
	self->filter = filter;
	self->except = filter != NULL && except;
	self->epoch++;
	forget(self, 0, INT64_MAX,
	       TEXT_COUNT_BIT(TEXT_PASSED) | TEXT_COUNT_BIT(TEXT_HITS) | TEXT_COUNT_BIT(TEXT_PROBLEMS));
}

int log_scan_update(struct log_scan *self, int64_t start_before, int64_t end_before)
{
	const int64_t block_bytes = self->blocks.block_bytes;
	/* The last piece may have become longer; what begins behind a place depends on two cells before it. */
	int64_t changed = end_before - 2 * LOG_CELL_BYTES;
	int result;

	if (self->order->changed < changed)
		changed = self->order->changed;
	self->order->changed = INT64_MAX;
	if (self->order->start != start_before || end_before < self->window.to)
		log_window_forget(&self->window);
	result = text_blocks_span(&self->blocks, self->order->start, self->order->end);
	forget(self, changed / block_bytes, INT64_MAX, ~0u);
	if (self->order->start != start_before)
		forget(self, self->order->start / block_bytes, (self->order->start + 2 * LOG_CELL_BYTES) / block_bytes,
		       ~0u);
	return result;
}

/* ---- Lines ---- */

bool log_scan_wants(struct log_scan *self, const char *bytes, size_t size_bytes, unsigned wanted)
{
	if (self->filter != NULL && text_match_line(self->filter, bytes, size_bytes) == self->except)
		return false;
	return (wanted & LOG_TEXT_ANY) ||
	       ((wanted & LOG_TEXT_HIT) && self->search != NULL && text_match_line(self->search, bytes, size_bytes)) ||
	       ((wanted & LOG_TEXT_PROBLEM) && text_match_line(self->problems, bytes, size_bytes));
}

/* True when a line is cut at `cut`, a multiple of LOG_CELL_BYTES. */
static bool is_cut(struct log_scan *self, int64_t cut)
{
	size_t size;
	const char *bytes;

	if (cut - LOG_CELL_BYTES < self->order->start || cut >= self->order->end)
		return false;
	bytes = log_window_at(&self->window, cut - CONTEXT_BYTES, cut, &size);
	if (memrchr(bytes, '\n', size) != NULL)
		return false;
	bytes = log_window_at(&self->window, cut - LOG_CELL_BYTES, cut, &size);
	return memrchr(bytes, '\n', size) == NULL &&
	       log_order_breaks_in(self->order, cut - LOG_CELL_BYTES + 1, cut + 1) == 0;
}

static int64_t count_cuts(struct log_scan *self, int64_t from, int64_t to)
{
	int64_t count = 0;

	for (int64_t cut = (from + LOG_CELL_BYTES - 1) / LOG_CELL_BYTES * LOG_CELL_BYTES; cut < to;
	     cut += LOG_CELL_BYTES)
		count += is_cut(self, cut);
	return count;
}

/* Of at most TEXT_BLOCK_BYTES. */
static void count_stretch(struct log_scan *self, int64_t from, int64_t to, int64_t *lines, int64_t *pieces)
{
	int64_t ends, breaks;
	const char *bytes;
	size_t size;

	from = from > self->order->start ? from : self->order->start;
	to = to < self->order->end ? to : self->order->end;
	if (from >= to)
		return;
	/* Loaded with what is in front of it, which is_cut looks at. */
	(void)log_window_at(&self->window, from - CONTEXT_BYTES, to, &size);
	*pieces += count_cuts(self, from, to);
	ends = from == self->order->start;
	from += ends;
	breaks = (int64_t)log_order_breaks_in(self->order, from, to);
	bytes = log_window_at(&self->window, from - 1, to - 1, &size);
	ends += (int64_t)log_window_count_ends(bytes, size);
	*pieces += ends + breaks;
	*lines += ends + (self->order->merged ? breaks : 0);
}

static void count_both(struct log_scan *self, int64_t from, int64_t to, int64_t *lines, int64_t *pieces)
{
	*lines = *pieces = 0;
	for (; from < to; from += TEXT_BLOCK_BYTES)
		count_stretch(self, from, to - from > TEXT_BLOCK_BYTES ? from + TEXT_BLOCK_BYTES : to, lines, pieces);
}

int64_t log_scan_count_lines(struct log_scan *self, int64_t from, int64_t to)
{
	int64_t lines, pieces;

	count_both(self, from, to, &lines, &pieces);
	return lines;
}

/* ---- Going through a stretch ---- */

struct stretch {
	int64_t from, to, end; /* the first piece begins at `from`, the last before `to` and ends at `end` */
	unsigned wanted;
	int64_t deadline_us;
	unsigned lines;
	log_scan_visit *visit;
	void *context;
};

static bool is_over(struct stretch *stretch)
{
	return stretch->deadline_us > 0 && ++stretch->lines % LINES_A_LOOK == 0 &&
	       log_order_clock_us() >= stretch->deadline_us;
}

/* Piece after piece. */
static int64_t go_slowly(struct log_scan *self, struct stretch *stretch)
{
	struct log_piece piece;

	for (int64_t at = stretch->from; at < stretch->to; at = piece.next) {
		if (is_over(stretch))
			return at;
		log_window_piece(&self->window, at, &piece);
		if (piece.next <= at)
			break;
		if (log_scan_wants(self, piece.bytes, piece.size_bytes, stretch->wanted) &&
		    !stretch->visit(stretch->context, at, piece.bytes, piece.size_bytes))
			return -1;
	}
	return stretch->to;
}

/* What must occur in every line that is wanted; NULL: nothing special. */
static struct text_match *choose_driver(const struct log_scan *self, unsigned wanted)
{
	if (wanted & LOG_TEXT_ANY)
		return self->except ? NULL : self->filter;
	if (wanted == LOG_TEXT_HIT)
		return self->search;
	return wanted == LOG_TEXT_PROBLEM ? self->problems : NULL;
}

/* No line is cut or broken: from match to match. */
static int64_t go_fast(struct log_scan *self, struct stretch *stretch, struct text_match *driver)
{
	const bool filtered = driver != self->filter && self->filter != NULL;
	const char *bytes, *at, *end, *hit;
	size_t size;

	bytes = at = log_window_at(&self->window, stretch->from, stretch->end, &size);
	end = bytes + size;
	for (;;) {
		enum text_match_found found = text_match_next(driver, at, end, &hit);
		const char *line, *stop, *next;
		bool wanted;

		if (found == TEXT_MATCH_NONE || hit >= end)
			return stretch->to;
		line = memrchr(at, '\n', (size_t)(hit - at));
		line = line != NULL ? line + 1 : at;
		stop = memchr(hit, '\n', (size_t)(end - hit));
		next = stop != NULL ? stop + 1 : end;
		stop = stop != NULL ? stop : end;
		if (next > stop && stop > line && stop[-1] == '\r') {
			stop--;
			found = TEXT_MATCH_MAYBE;
		}
		wanted = found == TEXT_MATCH_SURE || text_match_line(driver, line, (size_t)(stop - line));
		if (wanted && filtered)
			wanted = text_match_line(self->filter, line, (size_t)(stop - line)) != self->except;
		if (wanted &&
		    !stretch->visit(stretch->context, stretch->from + (line - bytes), line, (size_t)(stop - line)))
			return -1;
		at = next;
		if (at < end && is_over(stretch))
			return stretch->from + (at - bytes);
	}
}

int64_t log_scan_each(struct log_scan *self, int64_t from, int64_t to, unsigned wanted, int64_t deadline_us,
		      log_scan_visit *visit, void *context)
{
	struct stretch stretch = {.wanted = wanted, .deadline_us = deadline_us, .visit = visit, .context = context};
	struct text_match *driver = choose_driver(self, wanted);
	const int64_t wanted_to = to;

	from = from > self->order->start ? from : self->order->start;
	to = to < self->order->end ? to : self->order->end;
	if (from >= to || (wanted == LOG_TEXT_HIT && self->search == NULL))
		return wanted_to;
	(void)log_window_at(&self->window, from - CONTEXT_BYTES, to, &(size_t){0});
	stretch.from = log_window_piece_start(&self->window, from);
	if (stretch.from < from)
		stretch.from = log_window_piece_end(&self->window, stretch.from);
	if (stretch.from >= to)
		return wanted_to;
	stretch.to = to;
	stretch.end = log_window_piece_end(&self->window, log_window_piece_start(&self->window, to - 1));
	if (driver == NULL || count_cuts(self, stretch.from, stretch.end + 1) > 0 ||
	    log_order_breaks_in(self->order, stretch.from + 1, stretch.end + 1) > 0)
		from = go_slowly(self, &stretch);
	else
		from = go_fast(self, &stretch, driver);
	return from == to ? wanted_to : from;
}

/* ---- Counting ---- */

static bool count_one(void *context, int64_t from, const char *bytes, size_t size_bytes)
{
	int64_t *count = context;

	(void)from;
	(void)bytes;
	(void)size_bytes;
	(*count)++;
	return true;
}

/* Goes on with the sum over a block up to `to`; false when the deadline came first. */
static bool sum_up(struct log_scan *self, int64_t to, unsigned wanted, int64_t deadline_us)
{
	while (self->at < to) {
		int64_t stretch = to - self->at > TEXT_BLOCK_BYTES ? self->at + TEXT_BLOCK_BYTES : to;

		self->at = log_scan_each(self, self->at, stretch, wanted, deadline_us, count_one, &self->found);
		if (self->at < to && deadline_us > 0 && log_order_clock_us() >= deadline_us)
			return false;
	}
	return true;
}

/* Lines, and pieces too where there is no filter. */
static void learn_lines(struct log_scan *self, int64_t number, int64_t from, int64_t to)
{
	int64_t lines, pieces;

	count_both(self, from, to, &lines, &pieces);
	text_blocks_set(&self->blocks, number, TEXT_LINES, (uint32_t)lines);
	if (self->filter == NULL)
		text_blocks_set(&self->blocks, number, TEXT_PASSED, (uint32_t)pieces);
}

bool log_scan_count(struct log_scan *self, int64_t number, enum text_count count, int64_t deadline_us)
{
	static const unsigned wanted[TEXT_COUNTS] = {0, LOG_TEXT_ANY, LOG_TEXT_HIT, LOG_TEXT_PROBLEM};
	const int64_t from = number * self->blocks.block_bytes, to = from + self->blocks.block_bytes;
	const struct text_block *block = text_blocks_at(&self->blocks, number);
	/* Those that are left out are found faster than those that stay. */
	const bool except = self->except, turned = except && count == TEXT_PASSED;
	int64_t lines, pieces;
	bool done;

	if (block == NULL || (block->known & TEXT_COUNT_BIT(count)) != 0)
		return true;
	if (count == TEXT_LINES || (count == TEXT_PASSED && self->filter == NULL)) {
		learn_lines(self, number, from, to);
		return true;
	}
	if (self->block != number || self->counting != count) {
		self->block = number;
		self->counting = count;
		self->at = from;
		self->found = 0;
	}
	self->except = except && !turned;
	done = sum_up(self, to, wanted[count], deadline_us);
	self->except = except;
	if (!done)
		return false;
	if (turned) {
		count_both(self, from, to, &lines, &pieces);
		self->found = pieces - self->found;
	}
	text_blocks_set(&self->blocks, number, count, (uint32_t)self->found);
	self->block = -1;
	return true;
}

int64_t log_scan_count_wanted(struct log_scan *self, int64_t from, int64_t to, unsigned wanted)
{
	int64_t count = 0, lines, pieces;

	if (wanted == LOG_TEXT_ANY && self->filter == NULL) {
		count_both(self, from, to, &lines, &pieces);
		return pieces;
	}
	while (from < to)
		from = log_scan_each(self, from, to - from > TEXT_BLOCK_BYTES ? from + TEXT_BLOCK_BYTES : to, wanted, 0,
				     count_one, &count);
	return count;
}
