/* SPDX-License-Identifier: MIT */
/* Inside log_order: the records of logs/index become spans, breaks and notes. */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_ORDER_RECORDS_H
#define UPFRONT_LAUNCHER_LOGS_LOG_ORDER_RECORDS_H

#include "launcher/logs/log_order.h"

#define LOG_ORDER_BUFFER_BYTES 16384u
#define LOG_ORDER_OFFSET_MAX (INT64_C(1) << 40) /* no record speaks of more: sums cannot overflow */

/* Takes in what is new in the index and in the files; log_order_work goes through the records. */
void log_order_hear(struct log_order *self);
/* Where the stream begins and ends as the files are now. */
void log_order_measure(struct log_order *self);

/* log_order_store.c: out of memory costs the item. */
bool log_order_push_span(struct log_order *self, const struct log_span *span);
void log_order_add_break(struct log_order *self, int64_t v);
/* In front of `v`, and behind all notes there are. */
void log_order_add_note(struct log_order *self, struct log_order_unit *unit, const struct log_record *record,
			int64_t v);
/* Drops what lies before the stream's beginning. */
void log_order_forget_old(struct log_order *self);
/* From `v` on lines may be others than they were. */
void log_order_change(struct log_order *self, int64_t v);

/* log_order_merge.c: of several units. [at, to) of the unit's run is what the record tells of. */
void log_order_take_lines(struct log_order *self, struct log_order_unit *unit, int64_t at, int64_t to,
			  const struct log_record *record);
/* Nothing comes to the line any more that has no end. */
void log_order_end_line(struct log_order *self, struct log_order_unit *unit);
/* All of the index has been gone through: puts in front what it does not tell of, and gives all their offsets. */
void log_order_finish_building(struct log_order *self);

#endif
