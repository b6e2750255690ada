/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong with a receiver of events, by name. Below HTTP, where no request is ever answered:
 *
 *   hang      takes the connection, reads, says nothing (under https: in the middle of the handshake)
 *   deaf      listens, and accepts nobody: its queue is full, so that the kernel drops who else comes
 *   drip      a byte of the header each tenth of a second
 *   reset     RST;  close  at once;  garbage  no HTTP
 *   flood     header lines without end;  interim  1xx answers without end
 *
 * In the answer to a request that was read:
 *
 *   cut       200 and the half of a body;  huge  200 and a body without end;  slow-body  200, then a byte now and then
 *   chunked   200 in several pieces: nothing is wrong with it
 *   reset-after   the request is taken, its sender gets RST
 */
#ifndef UPFRONT_TESTS_LIB_TROUBLE_H
#define UPFRONT_TESTS_LIB_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

struct bufferevent;
struct event_base;
struct evhttp_request;
struct trouble;

bool trouble_is_below_http(const char *name);
bool trouble_is_in_answer(const char *name);

/* `name`: one of the above; it and `base` stay the caller's. */
struct trouble *trouble_create(struct event_base *base, const char *name);
/* Ends the connections it owns. NULL is fine. */
void trouble_destroy(struct trouble *self);

/* How much of what has no end (flood, interim, huge) was written so far: somebody took it, or had room for it. */
size_t trouble_said_bytes(const struct trouble *self);

/* Does it to a fresh connection, and owns that from then on. */
void trouble_with_connection(struct trouble *self, struct bufferevent *connection);
/* Does it to the answer to a request; `text` is the body that would have been right. */
void trouble_with_answer(struct trouble *self, struct evhttp_request *request, const char *text);

#endif
