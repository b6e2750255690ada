/* SPDX-License-Identifier: MIT */
/*
 * live - live progress in a command that waits: a block of lines on standard error (screen/block.h) where a terminal can show it, and nothing
 * anywhere else. Commands that write lines as well let them go through it.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_LIVE_H
#define UPFRONT_LAUNCHER_COMMAND_LIVE_H

#include "config/settings.h"
#include "launcher/screen/block.h"

struct cli_context;
struct view;

struct live {
	struct block *block; /* NULL: lines are written */
	struct settings settings;
	char *settings_path;
};

/* Not with -q and --json. Always leaves a usable self; `view` outlives it. */
void live_open(struct live *self, const struct cli_context *context, const struct view *view, const char *project);
/* What stands there stays; draws its last state first. All zero is taken. */
void live_close(struct live *self);

/* Brings the terminal up to date, if that is due. */
void live_step(struct live *self);
/* The earlier of the two moments, of which 0 is none: `until_ms` and when live_step has something to do. */
int64_t live_until_ms(const struct live *self, int64_t until_ms);
/* A line, above the block. */
void live_say(struct live *self, const char *line);

#endif
