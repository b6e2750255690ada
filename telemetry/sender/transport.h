/* SPDX-License-Identifier: MIT */
/* How a batch body leaves: one attempt at a time, from the loop, with one answer. */
#ifndef UPFRONT_TELEMETRY_SENDER_TRANSPORT_H
#define UPFRONT_TELEMETRY_SENDER_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct transport;

struct transport_answer {
	int status; /* HTTP status of a complete answer header (a file: 200), whatever becomes of its body; 0: none came */
	int64_t retry_after_s; /* 0: not asked for */
};

typedef void transport_done(void *context, const struct transport_answer *answer);

/* The first member of each kind of transport. */
struct transport {
	/*
	 * Begins an attempt; `body` (JSON, one line, no newline) is copied. `done` is called once, from the loop
	 * and never from within this call, after timeout_ms at the latest. Not while another attempt is under way.
	 * Returns 0, or -errno and no call.
	 */
	int (*send)(struct transport *self, const char *body, size_t size_bytes, int64_t timeout_ms,
		    transport_done *done, void *context);
	void (*destroy)(struct transport *self);
};

/*
 * https (TLS 1.2 or newer, the certificate always verified), or http to this machine, by libcurl: POST {host}/batch/. A redirect is an answer
 * like any other and never followed. Proxies come from the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY, also in lower case) and are
 * not asked for this machine; whom to trust: transport_trust.h. Nothing is kept: no cookie, no file. NULL when `host` is neither, or
 * holds a password, a query or a fragment.
 */
struct transport *transport_curl_create(struct event_base *base, const char *host);

/* Appends each body as one line to a file (made 0600). NULL when `path` is not absolute. */
struct transport *transport_file_create(struct event_base *base, const char *path);

/* The one or the other, by what `host` begins with; NULL: neither. */
struct transport *transport_create(struct event_base *base, const char *host);

#endif
