/* SPDX-License-Identifier: MIT */
/* Asking a stack's setup questions, and keeping the answers: what `setup` and `up` do alike. */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_ASK_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_ASK_H

struct cli_context;
struct err;
struct setup;
struct strmap;

/*
 * Asks all of them, with the answers as they are, and writes what was changed into .env; the names go into `kept` (without values). Returns
 * 0, a positive exit code when the person quit (130) or a signal ended it (129, 143), or -errno with `err` set. Left without saving,
 * `kept` is as it was.
 */
int setup_ask(const struct cli_context *context, const struct setup *setup, struct strmap *kept, struct err *err);

/*
 * Names each question that applies and has no answer, with its place and how to answer it. `why` nobody was asked, NULL: the person left.
 * Returns -EINVAL.
 */
int setup_say_missing(const struct setup *setup, const char *why, struct err *err);

/* One line on stderr, unless -q: what was saved, and where. */
void setup_say_kept(const struct cli_context *context, const struct setup *setup, const struct strmap *kept);

#endif
