/* SPDX-License-Identifier: MIT */
/* Where a line stands in the whole, and which one stands there: sums over blocks, and a look into one of them. */
#include "launcher/logs/log_text_private.h"

#define COUNT_AT_ONCE_US 700

static struct log_text_file *of(struct log_text *text)
{
	return (struct log_text_file *)text;
}

int64_t log_text_number(struct log_text *text, int64_t at)
{
	struct log_text_file *self = of(text);
	const int64_t block_bytes = self->scan.blocks.block_bytes;
	struct log_item item;
	int64_t before, v, count;

	if (self->order.building || !log_text_item_at(self, log_text_clip(self, at), &item))
		return -1;
	/* A note has that of the line before it. */
	v = item.note != NULL ? item.from - 1 : item.from;
	if (v < self->order.start)
		v = self->order.start;
	before = text_blocks_before(&self->scan.blocks, v / block_bytes, TEXT_LINES);
	if (before < 0)
		return -1;
	count = before + log_scan_count_lines(&self->scan, v / block_bytes * block_bytes, v + 1);
	return count > 0 ? count : 1;
}

int64_t log_text_hit_number(struct log_text *text, int64_t at)
{
	struct log_text_file *self = of(text);
	const int64_t block_bytes = self->scan.blocks.block_bytes;
	struct log_item item;
	int64_t before, v;

	if (self->order.building || !log_text_item_at(self, log_text_clip(self, at), &item))
		return -1;
	v = item.note != NULL ? item.from : item.from + 1;
	before = text_blocks_before(&self->scan.blocks, v / block_bytes, TEXT_HITS);
	if (before < 0)
		return -1;
	before += log_text_count_notes(self, 0, log_order_notes_before(&self->order, item.place + 1), LOG_TEXT_HIT);
	return before + log_scan_count_wanted(&self->scan, v / block_bytes * block_bytes, v, LOG_TEXT_HIT);
}

enum log_text_found log_text_go_to_number(struct log_text *text, int64_t number, int64_t *at)
{
	struct log_text_file *self = of(text);
	int64_t before, block, from, bytes = self->scan.blocks.block_bytes;

	if (self->order.building)
		return LOG_TEXT_LATER;
	number = number > 1 ? number : 1;
	block = text_blocks_find(&self->scan.blocks, number, TEXT_LINES, &before);
	if (block < 0)
		return block == -1 ? LOG_TEXT_LATER : LOG_TEXT_NONE;
	/* By halves, until nothing but its beginning is left. */
	for (from = block * bytes; bytes > 1;) {
		int64_t half = bytes / 2, count = log_scan_count_lines(&self->scan, from, from + half);

		if (before + count >= number) {
			bytes = half;
			continue;
		}
		before += count;
		from += half;
		bytes -= half;
	}
	/* It has gone: its file was emptied or left the row. */
	if (from < self->order.start)
		return LOG_TEXT_NONE;
	*at = log_text_place(from);
	return LOG_TEXT_THERE;
}

enum log_text_found log_text_go_to_share(struct log_text *text, unsigned thousandths, int64_t *at)
{
	struct log_text_file *self = of(text);
	const struct log_order *order = &self->order;
	const int64_t size = order->end - order->start;
	struct log_item item;
	int64_t v;

	if (order->building)
		return LOG_TEXT_LATER;
	thousandths = thousandths < 1000 ? thousandths : 1000;
	v = order->start + size / 1000 * thousandths + size % 1000 * thousandths / 1000;
	/* The very ends are those of the notes, too. */
	if (!log_text_item_at(self, thousandths == 0 ? -1 : log_text_place(v), &item))
		return LOG_TEXT_NONE;
	*at = item.place;
	return LOG_TEXT_THERE;
}

enum log_text_found log_text_go_to_time(struct log_text *text, int64_t time_wall_ms, int64_t *at)
{
	struct log_text_file *self = of(text);
	struct log_item item;
	int64_t v;

	if (self->order.text_bytes > 0 || !self->order.heard || self->order.building)
		return LOG_TEXT_LATER;
	v = log_order_find_time(&self->order, time_wall_ms);
	if (v < self->order.start || !log_text_item_at(self, log_text_place(v), &item))
		return LOG_TEXT_NONE;
	/* The record may go on with a line that began before; the next line is the first of that moment. */
	if (item.note == NULL && item.from < v &&
	    log_text_find_next(self, item.place, LOG_TEXT_ANY, &item) != LOG_TEXT_THERE)
		return LOG_TEXT_NONE;
	*at = item.place;
	return LOG_TEXT_THERE;
}

int64_t log_text_count_from(struct log_text *text, int64_t from, int64_t max)
{
	struct log_text_file *self = of(text);
	struct log_order *order = &self->order;
	const int64_t block_bytes = self->scan.blocks.block_bytes,
		      deadline_us = log_order_clock_us() + COUNT_AT_ONCE_US;
	int64_t count, v, stop;

	from = log_text_clip(self, from);
	count = log_text_count_notes(self, log_order_notes_before(order, from), order->note_count, LOG_TEXT_ANY);
	v = (from + LOG_ORDER_PLACES) / LOG_ORDER_PLACES - 1;
	v = v > order->start ? v : order->start;
	/* What is left of the block that it stands in; whole ones are summed up. */
	if (v % block_bytes != 0 && v < order->end) {
		stop = (v / block_bytes + 1) * block_bytes;
		count += log_scan_count_wanted(&self->scan, v, stop, LOG_TEXT_ANY);
		v = stop;
	}
	for (; v < order->end && count < max; v += block_bytes) {
		const struct text_block *block = text_blocks_at(&self->scan.blocks, v / block_bytes);

		if (block == NULL || !log_scan_count(&self->scan, v / block_bytes, TEXT_PASSED, deadline_us))
			break;
		count += block->counts[TEXT_PASSED];
	}
	return count < max ? count : max;
}
