/* SPDX-License-Identifier: MIT */
/*
 * Inside probe: what the kinds share. A kind begins an attempt when told to and ends it with probe_decide(), at any time, also before
 * `begin` returns: the result is handed out later, from the loop. Timeout and the rule of one result an attempt are not its concern.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_PROBE_KIND_H
#define UPFRONT_LAUNCHER_PROCESS_PROBE_KIND_H

#include "launcher/process/probe.h"

#define PROBE_DETAIL_BYTES 512

struct event;

struct probe_kind_ops {
	/* Prepares self->state; what is wrong with the spec is told here. */
	int (*open)(struct probe *self, struct err *err);
	void (*begin)(struct probe *self);
	/* Ends what `begin` began, if it is still under way. No result follows. */
	void (*stop)(struct probe *self);
	/* After a cancelled attempt: what was learned belongs to a run that is over. Or NULL. */
	void (*forget)(struct probe *self);
	/* Takes self->state apart, which may be NULL or half prepared. */
	void (*close)(struct probe *self);
	/* What is said when time is up; NULL: "timed out after ...". */
	void (*explain_timeout)(const struct probe *self, char *text, size_t size_bytes);
	void (*feed)(struct probe *self, const char *bytes, size_t size_bytes); /* or NULL */
	bool (*reaped)(struct probe *self, pid_t pid, bool signaled, int code); /* or NULL */
};

struct probe {
	struct probe_options options;
	const struct probe_kind_ops *kind;
	void *state;
	bool running; /* an attempt has begun, its result has not been handed out */
	bool decided; /* its result is known */
	bool well;
	struct event *timeout, *later;
	char detail[PROBE_DETAIL_BYTES];
};

extern const struct probe_kind_ops probe_kind_http, probe_kind_tcp, probe_kind_unix, probe_kind_log, probe_kind_exec;

/* The result; detail as by printf, control characters in it are made visible. Without an attempt under way it is reported all the same. */
void probe_decide(struct probe *self, bool well, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
