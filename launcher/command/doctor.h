/* SPDX-License-Identifier: MIT */
/*
 * doctor - what this machine lacks for a stack, with the mend for each. It looks and asks: nothing of the stack file is executed, nothing is
 * made, and no socket is opened but those that ports are tried with, unconnected, and a container engine's own on this machine.
 *
 *   doctor             the command: which checks there are, in which order
 *   doctor_machine     kernel, terminal, folders, limits
 *   doctor_stack       what the stack file needs: programs, folders, users, ports, answers, templates, telemetry
 *   doctor_containers  the container engine, the Compose program, images, the way for the relay
 *   doctor_report      what was found, as a table and as JSON
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_DOCTOR_H
#define UPFRONT_LAUNCHER_COMMAND_DOCTOR_H

#include "launcher/project.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_context;
struct err;

/* X(state, word): what was looked at is as it should be; could be better; is missing or taken; is wrong in a file. */
#define DOCTOR_STATES(X)             \
	X(DOCTOR_OK, "ok")           \
	X(DOCTOR_WARN, "warn")       \
	X(DOCTOR_MISSING, "missing") \
	X(DOCTOR_WRONG, "wrong")
#define DOCTOR_ENUMERATOR(state, word) state,
enum doctor_state { DOCTOR_STATES(DOCTOR_ENUMERATOR) DOCTOR_STATE_COUNT };
#undef DOCTOR_ENUMERATOR

struct doctor_row {
	const char *check; /* a word that stays: "kernel", "service"; static */
	char *subject; /* of which there are several: "web"; NULL: none */
	enum doctor_state state;
	char *found;
	char *hint; /* NULL: none */
};

struct doctor {
	const struct cli_context *context;
	struct project project;
	bool *member; /* services that are meant; NULL: all */
	bool runs; /* this project, from this folder */
	struct doctor_row *rows;
	size_t count;
	bool failed; /* a row was lost: out of memory */
};

/* `subject` and `hint` may be NULL. */
__attribute__((format(printf, 6, 7))) void doctor_add(struct doctor *self, const char *check, const char *subject,
						      enum doctor_state state, const char *hint, const char *found,
						      ...);
/* A row for each message of `err`, which is empty afterwards; secrets of the stack are masked. */
void doctor_take(struct doctor *self, const char *check, const char *subject, enum doctor_state state, struct err *err);
bool doctor_means(const struct doctor *self, size_t service);

/* ---- doctor_machine.c ---- */
void doctor_check_machine(struct doctor *self);
/* Folders that a start makes and writes to; with the project's name. */
void doctor_check_folders(struct doctor *self);
void doctor_check_limits(struct doctor *self);
/* Free room where `path` lies, or would; what is needed of it stands beside. */
void doctor_check_room(struct doctor *self, const char *check, const char *path);

/* ---- doctor_stack.c ---- */
/* Before the stack can be resolved. */
void doctor_check_setup(struct doctor *self, struct err *err);
void doctor_check_stack(struct doctor *self);

/* ---- doctor_containers.c: nothing for a stack without containers ---- */
void doctor_check_containers(struct doctor *self);

/* ---- doctor_report.c ---- */
/* -q: only what is not as it should be. */
void doctor_print_table(const struct doctor *self, bool quiet);
int doctor_print_json(const struct doctor *self, struct err *err);
size_t doctor_count(const struct doctor *self, enum doctor_state state);
void doctor_finish_rows(struct doctor *self);

#endif
