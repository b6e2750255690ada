/* SPDX-License-Identifier: MIT */
/*
 * The relay: an HTTP server that unmodified PostHog clients take for PostHog, set by host and key alone. It listens on sockets that the
 * supervisor opened. What it lets through is what the stack file declares:
 *
 *   a request    POST /r/TOKEN/{batch|capture|e|i/v0/e|track|engage}[/], GET with ?data= (as posthog-js does), OPTIONS for listed
 *                origins; flags and decide: "none".
 *                The token must be right (compared in constant time), Host must name one of our addresses, Origin must be absent or listed;
 *                events of a page (Sec-Fetch-Site tells) come with one.
 *                Bodies of at most RELAY_BODY_MAX bytes, RELAY_UNPACKED_MAX unpacked, at most RELAY_CONNECTIONS_MAX connections.
 *   a body       JSON, gzip (by header, ?compression= or magic bytes), base64 form data; one event, an array, a batch
 *   an event     made anew: a declared name, declared properties of the declared kinds, the stack's common properties, its distinct_id, the
 *                privacy flags. The uuid is made from the client's (so that a retry is the same event) and tells nothing of it; the timestamp is
 *                the client's when it is one of the last day. Everything else is dropped and counted. `api_request`: its endpoint goes
 *                through telemetry/route.h.
 *
 * An answer of 200 comes after the events are in the outbox. A full outbox (90 %) is 503 with Retry-After: clients keep theirs.
 *
 *   relay          listening, who is let in, answers
 *   relay_gate     how many are let in, and how much of them is held
 *   relay_access   token, Host and Origin
 *   relay_route    what is asked for; relay_answer: what is answered
 *   relay_body     unpacks a body; relay_scan: cuts it into events, without ever holding more than one of them
 *   relay_rules    what is declared
 *   relay_event    makes an event anew; relay_time: its client's time
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_H

#include <stddef.h>
#include <stdint.h>

#define RELAY_BODY_MAX (4u * 1024u * 1024u)
#define RELAY_UNPACKED_MAX (20u * 1024u * 1024u)
#define RELAY_CONNECTIONS_MAX 64

struct cJSON;
struct event_base;
struct outbox;
struct relay;

struct relay_counts {
	uint64_t relayed, dropped, refused; /* as in struct telemetry_counts */
};

/* Called when the counts have changed: after events were appended, mostly, so there is something to send. */
typedef void relay_changed(void *context);

/*
 * Serves the listening sockets (WIRE_RELAY_FD on) as `config` says: the "relay" object of telemetry/wire.h, which is not kept. NULL when it is no
 * such object or out of memory. `outbox` stays the caller's.
 */
struct relay *relay_create(struct event_base *base, const struct cJSON *config, struct outbox *outbox,
			   relay_changed *changed, void *context);
/* Other common properties from now on. */
void relay_common(struct relay *self, const struct cJSON *common);
/* The stack has ended: no new connections; what is being answered is. */
void relay_end(struct relay *self);
struct relay_counts relay_counts(const struct relay *self);
void relay_destroy(struct relay *self);

#endif
