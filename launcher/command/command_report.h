/* SPDX-License-Identifier: MIT */
/*
 * What is told of a command that has ended, and to whom: the supervisor that it reached, if that runs with a yes (its answers say so)
 * and nothing says off to whoever typed the command. Any "off" wins here too: one of this caller's environment or settings. It is one
 * write to the control socket that nobody waits for, and changes neither output nor exit code. All that leaves is sanitised first.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_COMMAND_REPORT_H
#define UPFRONT_LAUNCHER_COMMAND_COMMAND_REPORT_H

#include "launcher/client/ctl_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_context;
struct err;
struct stack;
struct telemetry_command;

struct command_report {
	const char *const *args; /* as typed, behind the program's name */
	size_t arg_count;
	int64_t begin_ms; /* monotonic */
	struct ctl_heard heard; /* what the commands' clients listen with */
	char *app; /* of the stack that was read; NULL: not known */
	bool project_off; /* its file says off */
	bool is_settled; /* told, or for somebody else to tell */
};

void command_report_init(struct command_report *self, int argc, char *const *argv);
void command_report_finish(struct command_report *self);
/* Whose command it is. `self` NULL: does nothing. */
void command_report_note_stack(struct command_report *self, const struct stack *stack);
/* The supervisor tells of this command itself, or it is told otherwise. NULL is fine. */
void command_report_settle(struct command_report *self);

/* True for the exit codes by which shells tell of a signal from the terminal, or from whoever ends things in order. */
bool command_report_is_interruption(int code);

/* True when what is told of a command would be heard, and nothing says off. `self` may be NULL. */
bool command_report_is_wanted(const struct command_report *self, const struct cli_context *context);
/* Tells it, whoever asked before; `command` holds sanitised texts only. */
void command_report_tell(const struct command_report *self, const struct telemetry_command *command);

/*
 * Tells of the command of `context`, once, when it is wanted. `code` is its exit code, `err` what it says went wrong (NULL: nothing).
 * For whoever takes the supervisor down: before that, as main comes too late then.
 */
void command_report_end(struct command_report *self, const struct cli_context *context, int code,
			const struct err *err);

#endif
