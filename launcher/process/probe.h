/* SPDX-License-Identifier: MIT */
/*
 * One unit's probe: asks once when told to, and reports once, from the loop. When to ask is svc's to decide.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_PROBE_H
#define UPFRONT_LAUNCHER_PROCESS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct event_base;
struct probe;
struct probe_spec;

/* `detail` is the answer in words ("connection refused", "HTTP 503", "exit code 1: no such file"); borrowed. */
typedef void probe_result(void *context, bool well, const char *detail);

struct probe_options {
	struct event_base *base;
	const struct probe_spec *spec; /* outlives the probe */
	char *const *environment; /* for exec; outlives the probe */
	const char *cwd;
	const char *user;
	probe_result *result;
	void *context;
};

struct probe *probe_create(const struct probe_options *options, struct err *err);
/* One attempt; ends in exactly one result within the spec's timeout. An attempt under way is left alone. */
void probe_attempt(struct probe *self);
/* Ends an attempt without a result. */
void probe_cancel(struct probe *self);
/* Output of the unit, for the log kind: a match reports at once. Other kinds ignore it. */
void probe_feed(struct probe *self, const char *bytes, size_t size_bytes);
/* An exec attempt's process ended; true when it was ours. `status` as by waitid: code and whether a signal. */
bool probe_reaped(struct probe *self, pid_t pid, bool signaled, int code);
void probe_destroy(struct probe *self);

#endif
