/* SPDX-License-Identifier: MIT */
/*
 * One unit's probe: asks once when told to, and reports once, from the loop. When to ask is svc's to decide.
 *
 *   http   GET; the status line decides, redirects are not followed      log   a line of output matches; needs no asking, see probe_feed
 *   tcp    a connection is accepted                                      exec  a command ends with 0
 *   unix   the same on a unix socket                                     notify is no probe: see notify.h
 *
 * The timeout is that of the whole attempt, looking up a name included. Names that are neither numeric nor localhost are
 * looked up by libevent's resolver (hosts file and DNS).
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
struct spawn_users;

/*
 * `detail` is the answer in words ("connection refused", "HTTP 503", "exit code 1: no such file"): valid UTF-8 without control characters;
 * borrowed. The probe may be destroyed from here.
 */
typedef void probe_result(void *context, bool well, const char *detail);

struct probe_options {
	struct event_base *base;
	const struct probe_spec *spec; /* outlives the probe */
	char *const *environment; /* for exec; outlives the probe */
	const char *cwd;
	const char *user; /* for exec, as in spawn_options */
	struct spawn_users *users; /* likewise; outlives the probe */
	probe_result *result;
	void *context;
};

struct probe *probe_create(const struct probe_options *options, struct err *err);
/* One attempt; ends in exactly one result within the spec's timeout. An attempt under way is left alone. */
void probe_attempt(struct probe *self);
/* Ends an attempt without a result; the log kind forgets what it has seen. */
void probe_cancel(struct probe *self);
/*
 * Output of the unit, for the log kind: a match reports at once, also when no attempt is under way, and every later attempt
 * succeeds. Other kinds ignore it.
 */
void probe_feed(struct probe *self, const char *bytes, size_t size_bytes);
/*
 * An exec attempt's process ended; true when it was ours. `code` is the exit code, or the signal. The owner of the loop reaps:
 * without this call the result is a timeout. A process that was killed at its timeout is told of later, without a result.
 */
bool probe_reaped(struct probe *self, pid_t pid, bool signaled, int code);
void probe_destroy(struct probe *self);

#endif
