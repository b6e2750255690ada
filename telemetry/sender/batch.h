/* SPDX-License-Identifier: MIT */
/* The request body. */
#ifndef UPFRONT_TELEMETRY_SENDER_BATCH_H
#define UPFRONT_TELEMETRY_SENDER_BATCH_H

#include <stddef.h>

struct outbox_batch;

#define BATCH_EVENTS_MAX 100
#define BATCH_BYTES_MAX (1024u * 1024u) /* a quarter of what a request may have: it is held several times over */

/*
 * {"api_key":...,"batch":[...],"sent_at":...} on one line, events byte for byte as they were kept. The caller frees;
 * NULL when out of memory.
 */
char *batch_body(const char *key, const struct outbox_batch *batch, const char *sent_at, size_t *size_bytes);

#endif
