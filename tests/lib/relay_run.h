/* SPDX-License-Identifier: MIT */
/* The built `upfront-telemetry` with a relay, under the hands of a test that plays the supervisor. */
#ifndef UPFRONT_TESTS_LIB_RELAY_RUN_H
#define UPFRONT_TESTS_LIB_RELAY_RUN_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#define RELAY_RUN_TOKEN "0123456789abcdef0123456789abcdef"
#define RELAY_RUN_ID "3f8a1c52-6b7d-4e90-8a1b-2c3d4e5f6071"

struct relay_run {
	pid_t pid;
	int fd; /* the supervisor's end */
	int listen_fd; /* the supervisor's, too */
	int port;
	char url[80]; /* what ${relay} would be */
};

/*
 * Lets events of a small shop through: page_opened {page: home|chart, count: int, ratio: number, dark: bool}, started {}, api_request; pages of
 * http://localhost:3000. What comes out goes to `host` (a receiver, or file:/PATH). The outbox lies in `folder`; NULL: in memory.
 */
void relay_run_start(struct relay_run *self, const char *folder, const char *host);
/* Again, on the same port, when the one before was killed. */
void relay_run_again(struct relay_run *self, const char *folder, const char *host);
void relay_run_kill(struct relay_run *self);
/* The end of the stack. */
void relay_run_end(struct relay_run *self);

/* Sends it all on a new connection and returns the answer's status; 0: none came. */
int relay_run_say(const struct relay_run *self, const void *bytes, size_t size_bytes);

/* Where tests/sdk/run.sh is to keep what it installs: in the build folder, for builds of all kinds. */
void relay_run_cache(char path[PATH_MAX]);

#endif
