/* SPDX-License-Identifier: MIT */
/* `attach` without a name: the running stack, until it ends or the person leaves. */
#ifndef UPFRONT_LAUNCHER_COMMAND_ATTACH_H
#define UPFRONT_LAUNCHER_COMMAND_ATTACH_H

struct cli_context;
struct err;

/* Returns the exit code: 0 when the person left or the stack ended well. */
int attach_stack(const struct cli_context *context, struct err *err);

#endif
