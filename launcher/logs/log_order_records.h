/* SPDX-License-Identifier: MIT */
/* Inside log_order: the records of logs/index become spans, breaks and notes. */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_ORDER_RECORDS_H
#define UPFRONT_LAUNCHER_LOGS_LOG_ORDER_RECORDS_H

#include "launcher/logs/log_order.h"

#define LOG_ORDER_BUFFER_BYTES 16384u

/* Takes in what is new in the index and in the files; log_order_work goes through the records. */
void log_order_hear(struct log_order *self);
/* Where the stream begins and ends as the files are now. */
void log_order_measure(struct log_order *self);

#endif
