/* SPDX-License-Identifier: MIT */
/* Inside log_text_file: its state, and the items that a text consists of. */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_TEXT_PRIVATE_H
#define UPFRONT_LAUNCHER_LOGS_LOG_TEXT_PRIVATE_H

#include "launcher/logs/log_scan.h"
#include "launcher/logs/log_text_file.h"

/* A piece of a line, or a note. */
struct log_item {
	int64_t place;
	const struct log_note *note; /* NULL: a piece */
	int64_t from; /* the piece's offset; of a note the offset that it stands in front of */
};

struct log_text_file {
	struct log_text base;
	struct log_order order;
	struct log_scan scan;
	struct log_window view; /* what is on the screen; scanning has its own */
	char *title;
	char note[LOG_ORDER_NOTE_BYTES];
	char trouble[384];
	bool no_memory;
	int64_t near; /* offset: what is around it is counted first */
	int64_t forward, back; /* blocks to be counted next */
	/* What find_next or find_before could not find at once. */
	bool seeking;
	bool seek_back;
	unsigned seek_wanted;
	int64_t seek_block, seek_last;
};

static inline int64_t log_text_place(int64_t v)
{
	return v * LOG_ORDER_PLACES + LOG_ORDER_PLACES - 1;
}

/* The last item at or before the place, else the first of all. False for an empty text. */
bool log_text_item_at(struct log_text_file *self, int64_t place, struct log_item *item);
bool log_text_note_wanted(struct log_text_file *self, struct log_note *note, unsigned wanted);
/* Whether the item passes the filter and is one of `wanted`. */
bool log_text_item_wanted(struct log_text_file *self, const struct log_item *item, unsigned wanted);

int64_t log_text_count_notes(struct log_text_file *self, size_t from, size_t to, unsigned wanted);

/* Places that a caller may make up. */
static inline int64_t log_text_clip(const struct log_text_file *self, int64_t place)
{
	const int64_t end = log_text_place(self->order.end);

	return place < 0 ? -1 : place > end ? end : place;
}

/* log_text_numbers.c */
int64_t log_text_number(struct log_text *text, int64_t at);
int64_t log_text_hit_number(struct log_text *text, int64_t at);
enum log_text_found log_text_go_to_number(struct log_text *text, int64_t number, int64_t *at);
enum log_text_found log_text_go_to_share(struct log_text *text, unsigned thousandths, int64_t *at);
enum log_text_found log_text_go_to_time(struct log_text *text, int64_t time_wall_ms, int64_t *at);
int64_t log_text_count_from(struct log_text *text, int64_t from, int64_t max);

/* log_text_find.c: what cannot be found at once is LATER, and log_text_seek looks for it. */
/* The offset of the first piece that begins in [from, to) and is wanted; set only when it is there. */
enum log_text_found log_text_find_piece(struct log_text_file *self, int64_t from, int64_t to, unsigned wanted,
					int64_t *found);
enum log_text_found log_text_find_next(struct log_text_file *self, int64_t place, unsigned wanted,
				       struct log_item *item);
enum log_text_found log_text_find_before(struct log_text_file *self, int64_t place, unsigned wanted,
					 struct log_item *item);
/* Goes on with what could not be found at once; true while it is not over. */
bool log_text_seek(struct log_text_file *self, int64_t deadline_us);

#endif
