/* SPDX-License-Identifier: MIT */
/*
 * A strict reading of what PostHog's capture service accepts at /batch/: whatever it would refuse is refused here
 * with the same status, and what it would take but should not be sent (an address, a person's profile, a retry
 * that is not the same event) is a finding.
 */
#ifndef UPFRONT_TESTS_LIB_POSTHOG_H
#define UPFRONT_TESTS_LIB_POSTHOG_H

#include <stddef.h>

struct cJSON;
struct posthog;

#define POSTHOG_WIRE_MAX (20u * 1024u * 1024u)
#define POSTHOG_UNPACKED_MAX (100u * 1024u * 1024u)
#define POSTHOG_EVENT_MAX 1000000u

struct posthog_request {
	const char *content_type, *content_encoding; /* NULL: no such header */
	const void *body;
	size_t size_bytes;
};

struct posthog_verdict {
	int status; /* 200, 400, 401, 413 */
	char text[200]; /* as the service words it */
	struct cJSON *body; /* the parsed request, NULL unless it is JSON */
	struct cJSON *findings; /* array of strings */
};

/* Remembers events by uuid, to see whether a retry is the same event. `key` NULL: any key that is well-formed. */
struct posthog *posthog_create(const char *key);
void posthog_destroy(struct posthog *self);

void posthog_check(struct posthog *self, const struct posthog_request *request, struct posthog_verdict *verdict);
void posthog_verdict_finish(struct posthog_verdict *verdict);

/* NULL when `text` is JSON to the letter of RFC 8259 as serde_json reads it; else what is wrong. */
const char *posthog_json_error(const char *text, size_t size_bytes);

#endif
