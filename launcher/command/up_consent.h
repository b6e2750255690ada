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

#endif
