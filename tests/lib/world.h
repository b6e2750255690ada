/* SPDX-License-Identifier: MIT */
/*
 * A world for one test of the whole program: a fresh folder (HOME, XDG folders, a stack folder), the environment programs get,
 * and the duty to leave nothing. world_end fails the test when a process or a socket of it is left.
 *
 * A process belongs to the world when its environment carries the world's mark or its working folder lies in the world's.
 * Meant as state of a cmocka test: world_setup and world_teardown fit cmocka_unit_test_setup_teardown.
 */
#ifndef UPFRONT_TESTS_LIB_WORLD_H
#define UPFRONT_TESTS_LIB_WORLD_H

#include "config/strmap.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORLD_PATH_MAX 512
#define WORLD_PROCESSES_MAX 512u

struct world {
	char dir[WORLD_PATH_MAX / 2]; /* the folder all is in */
	char stack[WORLD_PATH_MAX]; /* <dir>/stack: where programs start */
	char state[WORLD_PATH_MAX]; /* $XDG_STATE_HOME/upfront */
	char bin_dir[WORLD_PATH_MAX]; /* the built programs: $UPFRONT_BIN_DIR, or the build folder of this test */
	struct strmap environment;
};

/* Makes the folders; the environment is HOME, the XDG variables, PATH, TERM=xterm, LANG=C.UTF-8, TMPDIR and no more. */
void world_begin(struct world *self);
/* Waits up to 2 s for every process of the world to end; fails if one stays, or if a socket file is left. Removes the folder. */
void world_end(struct world *self);
int world_setup(void **state);
int world_teardown(void **state);

/* value NULL: unset. */
void world_setenv(struct world *self, const char *name, const char *value);
/* Writes <stack>/<name>; missing folders are made. Text that begins "#!" becomes executable. */
void world_write(const struct world *self, const char *name, const char *text);
void world_write_bytes(const struct world *self, const char *name, const void *bytes, size_t size_bytes);
/* Copies what a folder of the source tree holds into the stack folder (tests run at the top of the tree). */
void world_copy(const struct world *self, const char *source);
/* Absolute path of <stack>/<name>; valid until the fourth next call. */
const char *world_path(const struct world *self, const char *name);
/* Contents of <stack>/<name>, or NULL when it is not there. The caller frees. */
char *world_read(const struct world *self, const char *name);
bool world_has(const struct world *self, const char *name);
/* Path of the first file named `name` anywhere below the world, or NULL; valid until the next call. */
const char *world_search(const struct world *self, const char *name);
size_t world_sockets(const struct world *self);

/* Living processes of the world whose command line holds `text` ("": any); zombies do not count. Fills `pids` (may be NULL). */
size_t world_processes(const struct world *self, const char *text, pid_t *pids, size_t max);
/* The one such process; 0 when there is none, the lowest pid when there are several. */
pid_t world_find(const struct world *self, const char *text);
/* Waits until there is no such process; fails, naming them, after limit_ms. */
void world_wait_gone(const struct world *self, const char *text, int limit_ms);

/* A TCP port of 127.0.0.1 that was free a moment ago. */
int world_free_port(void);
int64_t world_now_ms(void); /* monotonic */
/* Waits a moment between two looks at something that cannot be waited for; fails when `since_ms` lies limit_ms back. */
void world_pause(int64_t since_ms, int limit_ms, const char *waited_for);

#endif
