/* SPDX-License-Identifier: MIT */
/* Answers as PostHog gives them, to the clients of a service that has no flags, surveys or recordings. */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_ANSWER_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_ANSWER_H

#include "telemetry/sender/relay_route.h"

struct evhttp_request;

#define RELAY_FULL_S 30 /* Retry-After: something must have been sent by then */
#define RELAY_BUSY_S 1

/* A sentence. `retry_after_s` 0: not again. */
void relay_answer_error(struct evhttp_request *request, int status, const char *text, int retry_after_s);
/* Events were taken. `query` as in the address (NULL: none): a beacon gets no body. */
void relay_answer_taken(struct evhttp_request *request, const char *query);
/* Everything but events. */
void relay_answer_none(struct evhttp_request *request, const struct relay_target *target, const char *query);
/* OPTIONS of a page that may ask. */
void relay_answer_preflight(struct evhttp_request *request);
/* The page at `origin` may read the answer. */
void relay_answer_admit(struct evhttp_request *request, const char *origin);

#endif
