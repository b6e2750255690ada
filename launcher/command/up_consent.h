/* SPDX-License-Identifier: MIT */
/* The asking of `up`: decides on telemetry for this run, asks if it may, keeps what was answered. */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_CONSENT_H
#define UPFRONT_LAUNCHER_COMMAND_UP_CONSENT_H

#include "config/decide.h"

struct cli_context;
struct err;
struct stack;

/*
 * Returns 0 with *decision set (ON or OFF), a positive exit code when the person wants nothing started (130) or a signal ended the
 * dialog (129, 143), or -errno with `err` set.
 */
int up_consent(const struct cli_context *context, const struct stack *stack, const struct consent_said *said,
	       struct consent_decision *decision, struct err *err);

/*
 * The question once more, while the stack runs: shows it and returns what was answered. Of a no the receipt is kept, and that it is for good; the
 * stack is yet to be told (its withdrawal also wipes). All else keeps nothing: a yes can only be given at the start of a run.
 */
enum consent_answer up_consent_again(const struct cli_context *context, const struct stack *stack);

#endif
