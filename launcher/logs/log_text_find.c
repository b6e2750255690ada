/* SPDX-License-Identifier: MIT */
/* Stepping from line to line: block by block where only some of them are wanted. */
#include "launcher/logs/log_text_private.h"

#define AT_ONCE_US 700 /* as long may a step look around itself */
#define NEAR_BYTES 4096

struct first {
	int64_t from; /* -1: none */
};

static bool take_first(void *context, int64_t from, const char *bytes, size_t size_bytes)
{
	struct first *first = context;

	(void)bytes;
	(void)size_bytes;
	first->from = from;
	return false;
}

static bool take_last(void *context, int64_t from, const char *bytes, size_t size_bytes)
{
	(void)take_first(context, from, bytes, size_bytes);
	return true;
}

/* Whether the block may have one: 0 no, 1 yes, -1 not known by the deadline. */
static int look_into(struct log_text_file *self, int64_t block, unsigned wanted, int64_t deadline_us)
{
	const struct {
		unsigned wanted;
		enum text_count count;
	} needed[] = {{LOG_TEXT_ANY, TEXT_PASSED}, {LOG_TEXT_HIT, TEXT_HITS}, {LOG_TEXT_PROBLEM, TEXT_PROBLEMS}};

	for (size_t i = 0; i < 3; i++) {
		const struct text_block *known = text_blocks_at(&self->scan.blocks, block);

		if ((wanted & needed[i].wanted) == 0 || (needed[i].wanted == LOG_TEXT_HIT && self->scan.search == NULL))
			continue;
		if (known == NULL)
			return 0;
		if ((known->known & TEXT_COUNT_BIT(needed[i].count)) == 0 &&
		    (log_order_clock_us() >= deadline_us ||
		     !log_scan_count(&self->scan, block, needed[i].count, deadline_us)))
			return -1;
		if (known->counts[needed[i].count] > 0)
			return 1;
	}
	return 0;
}

/* ANY is all there is to it. */
static unsigned simplify(unsigned wanted)
{
	return wanted == 0 || (wanted & LOG_TEXT_ANY) ? LOG_TEXT_ANY : wanted;
}

static int64_t first_in(struct log_text_file *self, int64_t from, int64_t to, unsigned wanted)
{
	struct first first = {-1};

	for (; from < to && first.from < 0; from += TEXT_BLOCK_BYTES)
		(void)log_scan_each(&self->scan, from, to - from > TEXT_BLOCK_BYTES ? from + TEXT_BLOCK_BYTES : to,
				    wanted, 0, take_first, &first);
	return first.from;
}

/* Mostly it is near: whoever goes up through a filtered text asks for each line. */
static int64_t last_in(struct log_text_file *self, int64_t from, int64_t to, unsigned wanted)
{
	struct first last = {-1};

	for (int64_t step = NEAR_BYTES; to > from && last.from < 0; step = step < TEXT_BLOCK_BYTES ? 4 * step : step) {
		int64_t begin = to - from > step ? to - step : from;

		(void)log_scan_each(&self->scan, begin, to, wanted, 0, take_last, &last);
		to = begin;
	}
	return last.from;
}

static enum log_text_found look_later(struct log_text_file *self, bool back, unsigned wanted, int64_t block,
				      int64_t last)
{
	self->seeking = true;
	self->seek_back = back;
	self->seek_wanted = wanted;
	self->seek_block = block;
	self->seek_last = last;
	return LOG_TEXT_LATER;
}

enum log_text_found log_text_find_piece(struct log_text_file *self, int64_t from, int64_t to, unsigned wanted,
					int64_t *found)
{
	const int64_t block_bytes = self->scan.blocks.block_bytes, deadline_us = log_order_clock_us() + AT_ONCE_US;
	int64_t piece;

	from = from > self->order.start ? from : self->order.start;
	if (wanted == LOG_TEXT_ANY && self->scan.filter == NULL) {
		piece = from < to ? log_window_piece_start(&self->view, from) : to;
		if (piece < from)
			piece = log_window_piece_end(&self->view, piece);
		*found = piece;
		return piece < to ? LOG_TEXT_THERE : LOG_TEXT_NONE;
	}
	for (int64_t block = from / block_bytes; from < to; block++) {
		int64_t stop = (block + 1) * block_bytes < to ? (block + 1) * block_bytes : to;
		int here = look_into(self, block, wanted, deadline_us);

		if (here < 0)
			return look_later(self, false, wanted, block, (to - 1) / block_bytes);
		piece = here > 0 ? first_in(self, from, stop, wanted) : -1;
		if (piece >= 0) {
			*found = piece;
			return LOG_TEXT_THERE;
		}
		from = stop;
	}
	return LOG_TEXT_NONE;
}

/* The last piece that begins in [from, to) and is wanted. */
static enum log_text_found find_back(struct log_text_file *self, int64_t from, int64_t to, unsigned wanted,
				     int64_t *found)
{
	const int64_t block_bytes = self->scan.blocks.block_bytes, deadline_us = log_order_clock_us() + AT_ONCE_US;

	from = from > self->order.start ? from : self->order.start;
	if (wanted == LOG_TEXT_ANY && self->scan.filter == NULL) {
		*found = from < to ? log_window_piece_start(&self->view, to - 1) : -1;
		return *found >= from ? LOG_TEXT_THERE : LOG_TEXT_NONE;
	}
	for (int64_t block = (to - 1) / block_bytes; from < to; block--) {
		int64_t begin = block * block_bytes > from ? block * block_bytes : from;
		int here = look_into(self, block, wanted, deadline_us);

		if (here < 0)
			return look_later(self, true, wanted, block, from / block_bytes);
		*found = here > 0 ? last_in(self, begin, to, wanted) : -1;
		if (*found >= 0)
			return LOG_TEXT_THERE;
		to = begin;
	}
	return LOG_TEXT_NONE;
}

static struct log_item item_of_note(const struct log_note *note)
{
	return (struct log_item){note->place, note, note->place / LOG_ORDER_PLACES};
}

enum log_text_found log_text_find_next(struct log_text_file *self, int64_t place, unsigned wanted,
				       struct log_item *item)
{
	struct log_order *order = &self->order;
	size_t note = log_order_notes_before(order, place + 1);
	int64_t from = (place + 1) / LOG_ORDER_PLACES, to = order->end, found;
	enum log_text_found result;

	if (order->building)
		return LOG_TEXT_LATER;
	wanted = simplify(wanted);
	while (note < order->note_count && !log_text_note_wanted(self, &order->notes[note], wanted))
		note++;
	if (note < order->note_count)
		to = order->notes[note].place / LOG_ORDER_PLACES;
	result = log_text_find_piece(self, from, to, wanted, &found);
	if (result == LOG_TEXT_THERE)
		*item = (struct log_item){log_text_place(found), NULL, found};
	if (result != LOG_TEXT_NONE || note == order->note_count)
		return result;
	*item = item_of_note(&order->notes[note]);
	return LOG_TEXT_THERE;
}

enum log_text_found log_text_find_before(struct log_text_file *self, int64_t place, unsigned wanted,
					 struct log_item *item)
{
	struct log_order *order = &self->order;
	size_t note = log_order_notes_before(order, place);
	int64_t from = order->start, to = place / LOG_ORDER_PLACES, found;
	enum log_text_found result;

	if (order->building)
		return LOG_TEXT_LATER;
	wanted = simplify(wanted);
	while (note > 0 && !log_text_note_wanted(self, &order->notes[note - 1], wanted))
		note--;
	if (note > 0)
		from = order->notes[note - 1].place / LOG_ORDER_PLACES;
	result = find_back(self, from, to < order->end ? to : order->end, wanted, &found);
	if (result == LOG_TEXT_THERE)
		*item = (struct log_item){log_text_place(found), NULL, found};
	if (result != LOG_TEXT_NONE || note == 0)
		return result;
	*item = item_of_note(&order->notes[note - 1]);
	return LOG_TEXT_THERE;
}

bool log_text_seek(struct log_text_file *self, int64_t deadline_us)
{
	const struct text_blocks *blocks = &self->scan.blocks;

	while (self->seeking) {
		int here;

		if (self->seek_back ? self->seek_block < self->seek_last : self->seek_block > self->seek_last)
			break;
		/* The text may have lost its beginning meanwhile. */
		if (!self->seek_back && self->seek_block < blocks->first)
			self->seek_block = blocks->first;
		here = look_into(self, self->seek_block, self->seek_wanted, deadline_us);
		if (here < 0)
			return true;
		if (here > 0)
			break;
		self->seek_block += self->seek_back ? -1 : 1;
		if (log_order_clock_us() >= deadline_us)
			return true;
	}
	self->seeking = false;
	return false;
}
