/* SPDX-License-Identifier: MIT */
/* One attempt of the sender's transport in this process, and how it ended. */
#ifndef UPFRONT_TESTS_LIB_ATTEMPT_H
#define UPFRONT_TESTS_LIB_ATTEMPT_H

#include "telemetry/sender/transport.h"
#include "tests/lib/sender_run.h"

#include <stdint.h>

struct event_base;

#define ATTEMPT_EVENT                                                                                          \
	"{\"uuid\":\"01a1fd31-915c-7e0f-a4f7-b0619689e744\",\"event\":\"server_start\",\"distinct_id\":"       \
	"\"0190c0de-1111-4000-8000-000000000001\",\"timestamp\":\"2026-11-21T08:20:46.555Z\",\"properties\":{" \
	"\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\"}}"
#define ATTEMPT_BODY(events) "{\"api_key\":\"phc_x\",\"batch\":[" events "],\"sent_at\":\"2026-11-21T08:20:46.557Z\"}"

#define ATTEMPT_MS 400 /* what an attempt is given */
#define ATTEMPT_SLACK_MS 400 /* what a busy machine may add */

/* State of a cmocka case: attempt_setup, attempt_teardown. */
struct attempt {
	char *folder;
	struct event_base *base;
	struct receiver receiver;
	int answers; /* calls of `done` so far */
	struct transport_answer answer;
	int64_t took_ms;
};

int attempt_setup(void **state);
/* Fails when a process or an environment variable that matters to libcurl is left. */
int attempt_teardown(void **state);

/* Makes a transport, one attempt with `body`, and waits for its one answer, which is due after ATTEMPT_MS at the latest. */
void attempt_run(struct attempt *self, const char *host, const char *body);
/* The same against a receiver in that mood, which is left to the caller to stop; returns the status. */
int attempt_at(struct attempt *self, const char *mode, const char *const *options, const char *body);
/* `done` for those who send by themselves. */
void attempt_done(void *context, const struct transport_answer *answer);

#endif
