/* SPDX-License-Identifier: MIT */
/*
 * A small stack made by hand and run by a real supervisor in a forked child. Services write what they do into one file of
 * the play's folder, "trace", whose lines tell the order; what the supervisor says on stderr lands in "errors". Meant as
 * state of a cmocka test: play_setup and play_teardown fit cmocka_unit_test_setup_teardown.
 */
#ifndef UPFRONT_TESTS_LIB_PLAY_H
#define UPFRONT_TESTS_LIB_PLAY_H

#include "config/decide.h"
#include "config/stack.h"
#include "config/strmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct command_table;
struct compose_setup;
struct engine_ops;
struct sanitized;

#define PLAY_SERVICES_MAX 6
#define PLAY_DEPENDS_MAX 3

struct play {
	char *folder;
	struct stack stack;
	struct service services[PLAY_SERVICES_MAX];
	struct dependency dependencies[PLAY_SERVICES_MAX][PLAY_DEPENDS_MAX];
	const char *argv[PLAY_SERVICES_MAX][4];
	struct strmap environment;
	bool member[PLAY_SERVICES_MAX];
	bool select; /* only members are brought up */
	struct stack_source *source; /* resolved anew by the supervisor; NULL: the stack is final */
	struct consent_decision consent; /* off unless changed */
	const struct command_table *commands; /* the one that is upfront's; NULL: none */
	const struct sanitized *command; /* what its `up` was typed as; NULL: it is not told */
	const struct compose_setup *compose; /* play_engine.h; NULL: no engine for containers */
	const struct engine_ops *compose_ops;
	bool watched; /* by a person: what fails stays */
	int leash[2]; /* [0] the supervisor's; -1: detached */
	int guard_fd;
	int print_fd; /* where events are printed; 0: into "errors" */
	int listen_fd;
	char socket_path[100]; /* fits an address */
	char mark[64]; /* in the environment of every process of the stack */
	pid_t pid;
	int64_t begin_ms;
	int64_t linger_ms; /* so long a detached stack that has ended can still be asked; 0: 400 */
};

int play_setup(void **state);
int play_teardown(void **state);

/* A script as a service, in /bin/sh; `say WORDS` in it adds a line to the trace. */
struct service *play_add(struct play *play, const char *name, const char *script);
void play_depends(struct play *play, size_t from, size_t on, enum depend_condition condition);
/* Stays until it is told to end, and says both: "NAME runs", "NAME ends". */
#define PLAY_SERVER(name) "trap 'say " name " ends; exit 0' TERM; say " name " runs; while :; do sleep 0.02; done"

/* Such servers by these names (the last is NULL), with a control socket. */
void play_serve(struct play *play, ...) __attribute__((sentinel));

void play_begin(struct play *play);
/* Opens the control socket; before play_begin. */
void play_listen(struct play *play);
/* Its exit code; fails when a process of the stack, or the socket, is left. */
int play_end(struct play *play);

/* Asks by the control socket that the stack be taken down; it ends well. */
void play_down(struct play *play);

/* How often `text` stands in a file of the folder. */
int play_count(const struct play *play, const char *file, const char *text);
bool play_traced(const struct play *play, const char *text, int times);
/* Waits until `text` stands there so many times. */
void play_await_in(const struct play *play, const char *file, const char *text, int times);
void play_await(const struct play *play, const char *text, int times);
/* The whole trace is this. */
void play_assert_trace(const struct play *play, const char *wanted);
void play_assert_said(const struct play *play, const char *text);

#endif
