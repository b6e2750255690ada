/* SPDX-License-Identifier: MIT */
/* The request body. */
#ifndef UPFRONT_TELEMETRY_SENDER_BATCH_H
#define UPFRONT_TELEMETRY_SENDER_BATCH_H

#include <stddef.h>
#include <stdint.h>

struct outbox_batch;

#define BATCH_EVENTS_MAX 100
#define BATCH_BYTES_MAX (1024u * 1024u) /* a quarter of what a request may have: it is held several times over */
#define BATCH_TIME_BYTES 25

/* RFC 3339, UTC, milliseconds. */
void batch_time(int64_t now_ms, char text[BATCH_TIME_BYTES]);

/*
 * {"api_key":...,"batch":[...],"sent_at":...} on one line, events byte for byte as they were kept. The caller frees;
 * NULL when out of memory.
 */
char *batch_body(const char *key, const struct outbox_batch *batch, const char *sent_at, size_t *size_bytes);

#endif
