/* SPDX-License-Identifier: MIT */
/*
 * setup_set - answers from the command line: `--set KEY=VALUE`, and `--set KEY=-` for one line of standard input. They are held against what
 * the form would hold them against, and kept as it would keep them; all of them or none.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_SET_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_SET_H

struct cli_context;
struct err;
struct setup;
struct strmap;

#define SETUP_SET_HELP "answer a setup question; KEY=- reads the answer from standard input"

/*
 * `sets` ends with NULL. The names of those that were written go into `kept`. ERR_USAGE for a key that no question has, ERR_CONFIG for a value
 * that does not fit. An answer to a question that does not apply is not kept, and one line says so. Returns 0, -errno, or a positive exit
 * code when a signal ended a check. What is typed behind a key that asks for a secret is starred in the process list once it is read.
 */
int setup_set(const struct cli_context *context, const struct setup *setup, const char *const *sets,
	      struct strmap *kept, struct err *err);

#endif
