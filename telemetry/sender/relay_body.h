/* SPDX-License-Identifier: MIT */
/*
 * A request's body as PostHog's clients pack it, unpacked on the way: form data ("data=..."), base64, gzip, in this order, each where it is
 * announced or to be seen by the first bytes; then JSON (relay_scan.h). Nothing is ever held unpacked but the event that is being read.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_BODY_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_BODY_H

#include "telemetry/sender/relay_scan.h"

#include <stdbool.h>
#include <stddef.h>

struct relay_body;

struct relay_packing {
	bool is_form; /* by its content type; "data=" in front says so, too */
	bool is_base64, is_gzip; /* announced */
};

#define RELAY_TOO_LARGE_TEXT "maximum event size exceeded: the body is too large, send it in parts"
/* What can be wrong with a body, in the words of PostHog's service. X(enumerator, status, text) */
#define RELAY_FAULTS(X)                                                                                   \
	X(RELAY_FINE, 200, "")                                                                            \
	X(RELAY_EMPTY, 400, "request missing data payload")                                               \
	X(RELAY_NO_FORM, 400, "failed to decode request: expected form data in POST request payload")     \
	X(RELAY_NO_BASE64, 400, "failed to decode request: invalid base64 data")                          \
	X(RELAY_NO_GZIP, 400, "failed to decode request: invalid GZIP data")                              \
	X(RELAY_NO_JSON, 400, "failed to parse request: the body is no JSON of a known shape")            \
	X(RELAY_NO_EVENT, 400, "request holds no event")                                                  \
	X(RELAY_NO_NAME, 400,                                                                             \
	  "failed to hydrate events from request: non-engage request missing event name attribute")       \
	X(RELAY_TOO_LARGE, 413, RELAY_TOO_LARGE_TEXT)                                                     \
	X(RELAY_TOO_MANY, 413, "maximum event size exceeded: too many events in one request, send fewer") \
	X(RELAY_FULL, 503, "too many events wait to be sent, please retry")                               \
	X(RELAY_BUSY, 503, "transient error, please retry")
#define RELAY_ENUMERATOR(name, status, text) name,
enum relay_fault { RELAY_FAULTS(RELAY_ENUMERATOR) };
#undef RELAY_ENUMERATOR

/* `found` gets the events; what it returns below 0 ends the reading as RELAY_TOO_MANY (-E2BIG) or RELAY_BUSY. */
struct relay_body *relay_body_create(const struct relay_packing *packing, relay_scan_found *found, void *context);
void relay_body_destroy(struct relay_body *self);

/* The next piece. RELAY_FINE, or what is wrong: nothing more is to be fed then. */
enum relay_fault relay_body_feed(struct relay_body *self, const char *bytes, size_t size_bytes);
/* The body is over. */
enum relay_fault relay_body_end(struct relay_body *self);

#endif
