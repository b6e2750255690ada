/* SPDX-License-Identifier: MIT */
/*
 * setup_checks - the answers of a form put before the model's checker, one after the other, before they are kept. Whoever waits does it as it
 * is used to: a dialog beside its keys, line mode and scripts by setup_checks_wait.
 */
#ifndef UPFRONT_UI_SETUP_CHECKS_H
#define UPFRONT_UI_SETUP_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

struct setup_form;
struct signals;

struct setup_checks {
	struct setup_form *form;
	size_t index; /* the field that is being checked; the number of fields: none */
};

/*
 * Begins with the first answer that no check has found fine yet. True when something runs; else all was said already: setup_checks_passed
 * and setup_form_refused tell what.
 */
bool setup_checks_begin(struct setup_checks *self, struct setup_form *form);
bool setup_checks_run(const struct setup_checks *self);
/* -1 when nothing runs. */
int setup_checks_poll_fd(const struct setup_checks *self);
/* When that can be read. True while something runs. */
bool setup_checks_step(struct setup_checks *self);
/* Every answer that is to be checked was, and found fine. */
bool setup_checks_passed(const struct setup_form *form);
/* What runs is ended, and nothing noted of it. */
void setup_checks_cancel(struct setup_checks *self);

enum setup_checks_end {
	SETUP_CHECKS_DONE,
	SETUP_CHECKS_INTERRUPTED, /* Ctrl-C: what ran was ended, as below */
	SETUP_CHECKS_FATAL /* by a signal: *fatal_signal */
};
/* Waits for the end of all. */
enum setup_checks_end setup_checks_wait(struct setup_checks *self, const struct signals *signals, int *fatal_signal);

#endif
