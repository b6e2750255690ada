/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_text_file.h"

#include "config/err.h"
#include "launcher/logs/log_text_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_END_BLOCKS 4 /* are looked through for problems */

static struct log_text_file *of(struct log_text *text)
{
	return (struct log_text_file *)text;
}

/* ---- Items ---- */

bool log_text_item_at(struct log_text_file *self, int64_t place, struct log_item *item)
{
	struct log_order *order = &self->order;
	const size_t notes = log_order_notes_before(order, place + 1);
	const struct log_note *note = notes > 0 ? &order->notes[notes - 1] : NULL;
	int64_t v = (place + 1) / LOG_ORDER_PLACES - 1;

	if (v >= order->end)
		v = order->end - 1;
	if (v < order->start && note == NULL) {
		note = order->note_count > 0 ? order->notes : NULL;
		v = order->start;
		/* Nothing stands at or before it: the first item. */
		if (note != NULL && (note->place < log_text_place(v) || v >= order->end)) {
			*item = (struct log_item){note->place, note, note->place / LOG_ORDER_PLACES};
			return true;
		}
		note = NULL;
	}
	if (v >= order->start && v < order->end) {
		v = log_window_piece_start(&self->view, v);
		if (note == NULL || note->place < log_text_place(v)) {
			*item = (struct log_item){log_text_place(v), NULL, v};
			return true;
		}
	}
	if (note == NULL)
		return false;
	*item = (struct log_item){note->place, note, note->place / LOG_ORDER_PLACES};
	return true;
}

/* What a pattern makes of a note is learnt once. */
bool log_text_note_wanted(struct log_text_file *self, struct log_note *note, unsigned wanted)
{
	struct log_scan *scan = &self->scan;
	char text[LOG_ORDER_NOTE_BYTES];
	size_t size;

	if (note->epoch != scan->epoch) {
		size = log_order_note_text(note, text);
		note->epoch = scan->epoch;
		note->passes = log_scan_wants(scan, text, size, LOG_TEXT_ANY);
		note->hit = log_scan_wants(scan, text, size, LOG_TEXT_HIT);
		note->problem = log_scan_wants(scan, text, size, LOG_TEXT_PROBLEM);
	}
	return ((wanted & LOG_TEXT_ANY) && note->passes) || ((wanted & LOG_TEXT_HIT) && note->hit) ||
	       ((wanted & LOG_TEXT_PROBLEM) && note->problem);
}

bool log_text_item_wanted(struct log_text_file *self, const struct log_item *item, unsigned wanted)
{
	struct log_piece piece;

	if (item->note != NULL)
		return log_text_note_wanted(self, &self->order.notes[item->note - self->order.notes], wanted);
	if (wanted == LOG_TEXT_ANY && self->scan.filter == NULL)
		return true;
	log_window_piece(&self->view, item->from, &piece);
	return log_scan_wants(&self->scan, piece.bytes, piece.size_bytes, wanted);
}

int64_t log_text_count_notes(struct log_text_file *self, size_t from, size_t to, unsigned wanted)
{
	int64_t count = 0;

	for (size_t i = from; i < to; i++)
		count += log_text_note_wanted(self, &self->order.notes[i], wanted);
	return count;
}

/* ---- Lines ---- */

static void fill_note(struct log_text_file *self, const struct log_item *item, struct log_text_line *line)
{
	const struct log_order *order = &self->order;
	const struct log_note *note = item->note, *next = note + 1;
	const struct log_order_unit *unit = &order->units[note->unit];

	*line = (struct log_text_line){
		.at = item->place,
		.next = log_text_place(item->from),
		.kind = LOG_TEXT_NOTE,
		.bytes = self->note,
		.size_bytes = log_order_note_text(note, self->note),
		.time_wall_ms = note->time_ms,
		.service = unit->label,
		.service_number = unit->number,
	};
	if (next < order->notes + order->note_count && next->place < line->next)
		line->next = next->place;
}

static void fill(struct log_text_file *self, const struct log_item *item, struct log_text_line *line)
{
	const struct log_order *order = &self->order;
	const struct log_order_unit *unit;
	struct log_piece piece;
	struct log_span span;
	size_t note;

	if (item->note != NULL) {
		fill_note(self, item, line);
		return;
	}
	log_window_piece(&self->view, item->from, &piece);
	span = log_order_span_at(order, item->from);
	unit = &order->units[span.unit];
	*line = (struct log_text_line){
		.at = item->place,
		.next = log_text_place(piece.next),
		.kind = LOG_TEXT_OUTPUT,
		.bytes = piece.bytes,
		.size_bytes = piece.size_bytes,
		.time_wall_ms = span.time_ms,
		.service = unit->label,
		.service_number = unit->number,
		.error_stream = span.error_stream,
		.continues = piece.continues,
		.partial = !piece.ended &&
			   (piece.next == order->end || log_order_breaks_in(order, piece.next, piece.next + 1) > 0),
	};
	note = log_order_notes_before(order, item->place);
	if (note < order->note_count && order->notes[note].place < line->next)
		line->next = order->notes[note].place;
}

static enum log_text_found give(struct log_text_file *self, enum log_text_found found, const struct log_item *item,
				struct log_text_line *line)
{
	if (found == LOG_TEXT_THERE)
		fill(self, item, line);
	return found;
}

static int64_t text_end(struct log_text *text)
{
	return log_text_place(of(text)->order.end);
}

static bool is_final(const struct log_text_file *self, enum text_count count)
{
	return !self->order.building && text_blocks_complete(&self->scan.blocks, count);
}

static int64_t text_start(struct log_text *text)
{
	struct log_text_file *self = of(text);
	struct log_item item;

	if (!log_text_item_at(self, INT64_MIN / 2, &item))
		return text_end(text);
	/* All has been looked at, and nothing passes. */
	if (self->scan.filter != NULL && is_final(self, TEXT_PASSED) && self->scan.blocks.sums[TEXT_PASSED] == 0 &&
	    log_text_count_notes(self, 0, self->order.note_count, LOG_TEXT_ANY) == 0)
		return text_end(text);
	return item.place;
}

static enum log_text_found text_line(struct log_text *text, int64_t at, struct log_text_line *line)
{
	struct log_text_file *self = of(text);
	struct log_item item;

	if (self->order.building)
		return LOG_TEXT_LATER;
	if (at >= text_end(text) || !log_text_item_at(self, at, &item))
		return LOG_TEXT_NONE;
	if (log_text_item_wanted(self, &item, LOG_TEXT_ANY))
		return give(self, LOG_TEXT_THERE, &item, line);
	return give(self, log_text_find_next(self, item.place, LOG_TEXT_ANY, &item), &item, line);
}

static enum log_text_found text_find_next(struct log_text *text, int64_t at, unsigned wanted,
					  struct log_text_line *line)
{
	struct log_item item;

	return give(of(text), log_text_find_next(of(text), log_text_clip(of(text), at), wanted, &item), &item, line);
}

static enum log_text_found text_find_before(struct log_text *text, int64_t at, unsigned wanted,
					    struct log_text_line *line)
{
	struct log_item item;

	return give(of(text), log_text_find_before(of(text), log_text_clip(of(text), at), wanted, &item), &item, line);
}

/* ---- Patterns ---- */

static void count_from_here(struct log_text_file *self, int64_t near)
{
	self->near = near;
	self->forward = near / self->scan.blocks.block_bytes;
	self->back = self->forward - 1;
	self->seeking = false;
}

static int set_pattern(const char *pattern, size_t size_bytes, struct text_match **match, char *problem,
		       size_t problem_bytes)
{
	*match = NULL;
	return size_bytes == 0 ? 0 : text_match_create(pattern, size_bytes, match, problem, problem_bytes);
}

static int text_search(struct log_text *text, const char *pattern, size_t size_bytes, int64_t near, char *problem,
		       size_t problem_bytes)
{
	struct log_text_file *self = of(text);
	struct text_match *match;
	int result = set_pattern(pattern, size_bytes, &match, problem, problem_bytes);

	if (result < 0)
		return result;
	log_scan_set_search(&self->scan, match);
	near = log_text_clip(of(text), near) / LOG_ORDER_PLACES;
	count_from_here(self, near > self->order.start ? near : self->order.start);
	return 0;
}

static int text_filter(struct log_text *text, const char *pattern, size_t size_bytes, bool except, char *problem,
		       size_t problem_bytes)
{
	struct log_text_file *self = of(text);
	struct text_match *match;
	int result = set_pattern(pattern, size_bytes, &match, problem, problem_bytes);

	if (result < 0)
		return result;
	log_scan_set_filter(&self->scan, match, except);
	count_from_here(self, self->near);
	return 0;
}

static size_t text_hits(struct log_text *text, const struct log_text_line *line, size_t *offsets, size_t *sizes,
			size_t max)
{
	struct text_match *search = of(text)->scan.search;

	return search == NULL ? 0 : text_match_each(search, line->bytes, line->size_bytes, offsets, sizes, max);
}

/* ---- State ---- */

static const char *find_trouble(struct log_text_file *self)
{
	if (self->no_memory || self->order.no_memory)
		return "not all can be shown: out of memory";
	for (size_t i = 0; i < self->order.unit_count; i++) {
		const struct text_file *file = &self->order.units[i].file;

		if (file->error == 0)
			continue;
		snprintf(self->trouble, sizeof(self->trouble), "cannot open %s: %s", file->name, strerror(file->error));
		return self->trouble;
	}
	return NULL;
}

static int64_t count_problems(const struct log_text_file *self)
{
	const struct text_blocks *blocks = &self->scan.blocks;
	const int64_t last = blocks->first + (int64_t)blocks->count;
	int64_t sum = 0;

	for (int64_t number = last - NEAR_END_BLOCKS; number < last; number++) {
		const struct text_block *block = text_blocks_at(blocks, number);

		if (block != NULL && (block->known & TEXT_COUNT_BIT(TEXT_PROBLEMS)) == 0)
			return -1;
		sum += block != NULL ? block->counts[TEXT_PROBLEMS] : 0;
	}
	return sum;
}

/* Of what is counted first of what is not final. */
static unsigned percent_of(const struct log_text_file *self)
{
	const struct text_blocks *blocks = &self->scan.blocks;
	enum text_count count = TEXT_LINES;

	if (self->order.building)
		return self->order.text_bytes > 0 ? (unsigned)(self->order.text_at * 100 / self->order.text_bytes) : 0;
	if (self->scan.search != NULL && !text_blocks_complete(blocks, TEXT_HITS))
		count = TEXT_HITS;
	else if (!text_blocks_complete(blocks, TEXT_PASSED))
		count = TEXT_PASSED;
	return blocks->count > 0 ? (unsigned)(blocks->known[count] * 100 / blocks->count) : 100;
}

static void text_status(struct log_text *text, struct log_text_status *status)
{
	struct log_text_file *self = of(text);
	const struct text_blocks *blocks = &self->scan.blocks;
	const size_t notes = self->order.note_count;

	*status = (struct log_text_status){
		.lines = is_final(self, TEXT_LINES) ? blocks->sums[TEXT_LINES] : -1,
		.shown_lines = blocks->sums[TEXT_PASSED] + log_text_count_notes(self, 0, notes, LOG_TEXT_ANY),
		.shown_final = is_final(self, TEXT_PASSED),
		.percent = percent_of(self),
		.size_bytes = self->order.end - self->order.start,
		.problems = count_problems(self),
		.trouble = find_trouble(self),
	};
	if (self->scan.search == NULL)
		return;
	status->hits = blocks->sums[TEXT_HITS] + log_text_count_notes(self, 0, notes, LOG_TEXT_HIT);
	status->hits_final = is_final(self, TEXT_HITS);
}

static void update(struct log_text_file *self, int64_t start, int64_t end)
{
	if (self->order.start != start || end < self->view.to)
		log_window_forget(&self->view);
	if (log_scan_update(&self->scan, start, end) < 0)
		self->no_memory = true;
}

static bool text_refresh(struct log_text *text)
{
	struct log_text_file *self = of(text);
	const int64_t start = self->order.start, end = self->order.end;

	if (!log_order_refresh(&self->order))
		return false;
	update(self, start, end);
	return true;
}

/* What is to be known of every block; of one that is at hand all at once. False when the deadline came first. */
static bool count_block(struct log_text_file *self, int64_t block, int64_t deadline_us)
{
	return (self->scan.search == NULL || log_scan_count(&self->scan, block, TEXT_HITS, deadline_us)) &&
	       log_scan_count(&self->scan, block, TEXT_PASSED, deadline_us) &&
	       log_scan_count(&self->scan, block, TEXT_LINES, deadline_us) &&
	       (deadline_us == 0 || log_order_clock_us() < deadline_us);
}

static bool is_counted(const struct log_text_file *self)
{
	return is_final(self, TEXT_LINES) && is_final(self, TEXT_PASSED) &&
	       (self->scan.search == NULL || is_final(self, TEXT_HITS));
}

/* From the reader's place to the end, then from there to the beginning. True while there is more. */
static bool count_on(struct log_text_file *self, int64_t deadline_us)
{
	const struct text_blocks *blocks = &self->scan.blocks;

	if (is_counted(self))
		return false;
	if (self->back >= blocks->first + (int64_t)blocks->count)
		count_from_here(self, self->near);
	for (; self->forward < blocks->first + (int64_t)blocks->count; self->forward++)
		if (!count_block(self, self->forward, deadline_us))
			return true;
	for (; self->back >= blocks->first; self->back--)
		if (!count_block(self, self->back, deadline_us))
			return true;
	/* What has come, or gone, since. */
	if (!is_counted(self))
		self->forward = blocks->first;
	return !is_counted(self);
}

static bool count_problems_on(struct log_text_file *self, int64_t deadline_us)
{
	const struct text_blocks *blocks = &self->scan.blocks;
	const int64_t last = blocks->first + (int64_t)blocks->count;

	for (int64_t number = last - NEAR_END_BLOCKS; number < last; number++)
		if (!log_scan_count(&self->scan, number, TEXT_PROBLEMS, deadline_us))
			return true;
	return false;
}

static bool text_work(struct log_text *text, int64_t budget_us)
{
	struct log_text_file *self = of(text);
	const int64_t start = self->order.start, end = self->order.end;
	const int64_t deadline_us = log_order_clock_us() + budget_us;
	bool more = log_order_work(&self->order, deadline_us);

	if (self->order.changed != INT64_MAX || self->order.end != end || self->order.start != start)
		update(self, start, end);
	return more || log_text_seek(self, deadline_us) || count_on(self, deadline_us) ||
	       count_problems_on(self, deadline_us);
}

/* ---- Life ---- */

static const struct log_text_ops ops = {
	.start = text_start,
	.end = text_end,
	.line = text_line,
	.find_next = text_find_next,
	.find_before = text_find_before,
	.search = text_search,
	.filter = text_filter,
	.hits = text_hits,
	.number = log_text_number,
	.hit_number = log_text_hit_number,
	.go_to_number = log_text_go_to_number,
	.go_to_share = log_text_go_to_share,
	.go_to_time = log_text_go_to_time,
	.count_from = log_text_count_from,
	.status = text_status,
	.refresh = text_refresh,
	.work = text_work,
};

int log_text_open(const struct log_text_options *options, struct log_text **text, struct err *err)
{
	struct log_text_file *self = NULL;
	const char *title = options->title;

	if (options->unit_count > LOG_TEXT_UNITS_MAX)
		return err_set(err, ERR_FAILED, "cannot show the logs of %zu units at once: at most %u",
			       options->unit_count, LOG_TEXT_UNITS_MAX);
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		goto out;
	if (log_order_init(&self->order, options->dir, options->units, options->unit_count, options->run_ms) < 0)
		goto out;
	if (title == NULL)
		title = options->unit_count == 1 ? self->order.units[0].label : "all services";
	self->title = strdup(title);
	self->base = (struct log_text){&ops, self->title, options->unit_count != 1};
	if (self->title == NULL || log_window_init(&self->view, &self->order) < 0 ||
	    log_scan_init(&self->scan, &self->order) < 0)
		goto out;
	count_from_here(self, self->order.start);
	*text = &self->base;
	return 0;
out:
	if (self != NULL)
		log_text_close(&self->base);
	return err_set(err, ERR_FAILED, "cannot show the log: out of memory");
}

void log_text_close(struct log_text *text)
{
	struct log_text_file *self = of(text);

	if (text == NULL)
		return;
	log_scan_finish(&self->scan);
	log_window_finish(&self->view);
	log_order_finish(&self->order);
	free(self->title);
	free(self);
}
