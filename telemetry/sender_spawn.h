/* SPDX-License-Identifier: MIT */
/* Starts `upfront-telemetry`, or whatever stands in its place in a test. */
#ifndef UPFRONT_TELEMETRY_SENDER_SPAWN_H
#define UPFRONT_TELEMETRY_SENDER_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

/*
 * In a session of its own, so that no key of the terminal reaches it; default signals; three descriptors at /dev/null, `fd` as WIRE_FD and
 * the listening sockets from WIRE_RELAY_FD on, and nothing else of ours. Descriptors stay the caller's. Returns 0 or -errno.
 */
int sender_spawn(const char *program, char *const *environment, int fd, const int *listeners, size_t listener_count,
		 pid_t *pid);

#endif
