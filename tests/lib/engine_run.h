/* SPDX-License-Identifier: MIT */
/*
 * A container engine of a test's own: Debian's dockerd with its data and its socket apart from any other engine on the machine, so that it can be
 * killed, in a network namespace that the test moves into with all that it starts: no bridge, address or rule of the machine is touched. It
 * needs root. Images are made on the spot from the static busybox; nothing is fetched.
 *
 * engine_run_begin skips the running case, and says why, where no engine can run: no dockerd, no root, or a kernel that does not let it. An engine
 * that should run and does not fails it.
 */
#ifndef UPFRONT_TESTS_LIB_ENGINE_RUN_H
#define UPFRONT_TESTS_LIB_ENGINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct world;

#define ENGINE_PATH_MAX 256u
/* This machine as containers see it there. */
#define ENGINE_BRIDGE "172.17.0.1"

struct engine_run {
	char dir[ENGINE_PATH_MAX];
	char socket[ENGINE_PATH_MAX];
	char host[ENGINE_PATH_MAX + 8]; /* "unix:///..." */
	pid_t pid; /* 0: it does not run */
};

void engine_run_begin(struct engine_run *self);
/* All containers go, then the engine, then what it kept. Fails when it does not end. Harmless before begin. */
void engine_run_end(struct engine_run *self);

/* kill -9 of the engine; what it runs goes on. */
void engine_run_kill(struct engine_run *self);
/* Again, after that. */
void engine_run_start(struct engine_run *self);

/* The static busybox under this name; `change` (NULL: none) as of a Dockerfile: "HEALTHCHECK ...". */
void engine_run_image(const struct engine_run *self, const char *name, const char *change);
/* Output of `docker ARGS` (one line for the shell, `%`-formatted); the test fails when that does. The caller frees. */
char *engine_run_docker(const struct engine_run *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, and how it ended is all that counts. */
int engine_run_try(const struct engine_run *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines of `docker ps -aq` or of anything: how many. */
size_t engine_run_count(const struct engine_run *self, const char *docker_args);

/*
 * Programs of the world find this engine, and no settings of the person who runs the tests; of DOCKER_CONFIG, if it is set, only the Compose
 * plugin in it.
 */
void engine_run_lend(const struct engine_run *self, struct world *world);

#endif
