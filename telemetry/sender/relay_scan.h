/* SPDX-License-Identifier: MIT */
/*
 * Cuts a request's JSON, which comes in pieces, into its events, and holds one of them at a time. Reads JSON to the letter
 * (RFC 8259, UTF-8, no lone surrogates, at most RELAY_DEPTH_MAX deep), so that what is handed on needs no second look. Three shapes:
 *
 *   {"batch": [event, ...], ...}     [event, ...]     event
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_SCAN_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_SCAN_H

#include <stddef.h>

#define RELAY_DEPTH_MAX 127u
#define RELAY_EVENT_MAX 1000000u /* bytes of one event; a larger one is wrong */
#define RELAY_VALUES_MAX 20000u /* values in one event: it is parsed, and each costs memory */

struct relay_scan;

/*
 * One event: JSON text of an object, zero-terminated, which holds during the call only; NULL for one that is wrong (no object, too
 * large, a NUL in a string). Below 0 ends the scan with that result.
 */
typedef int relay_scan_found(void *context, const char *text, size_t size_bytes);

struct relay_scan *relay_scan_create(relay_scan_found *found, void *context);
void relay_scan_destroy(struct relay_scan *self);

/* 0, -EBADMSG: no JSON, or none of these shapes; -ENOMEM; what `found` returned. After an error: destroy. */
int relay_scan_feed(struct relay_scan *self, const char *bytes, size_t size_bytes);
/* The text is over. -EBADMSG when it is not whole. */
int relay_scan_end(struct relay_scan *self);

#endif
