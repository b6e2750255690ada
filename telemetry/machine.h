/* SPDX-License-Identifier: MIT */
/* What an event says about this machine and this process. */
#ifndef UPFRONT_TELEMETRY_MACHINE_H
#define UPFRONT_TELEMETRY_MACHINE_H

#include <stdint.h>

struct machine {
	char platform_version
		[16]; /* "6.1": the first two numbers of the kernel's release, nothing a builder wrote behind them */
	char arch[32]; /* uname's */
	const char *node_arch; /* the same as Node names it */
};

void machine_init(struct machine *self);

/* Node's word for a machine name of uname; "other" when it has none. */
const char *machine_node_arch(const char *arch);

/* The first two numbers of a kernel release; "0.0" when it does not begin with two. */
void machine_release(const char *release, char *version, unsigned size_bytes);

/* Order as in the catalogue: rss, heapTotal, heapUsed, external, arrayBuffers; bytes. */
void machine_memory(int64_t values[5]);

/* user, system; microseconds, of this process. */
void machine_cpu(int64_t values[2]);

#endif
