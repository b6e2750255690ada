/* SPDX-License-Identifier: MIT */
/*
 * setup_prompt - the setup questions in line mode: the same words, one question after the other, and at the end what was answered, to be kept
 * or gone through once more. Secrets are not shown as they are typed.
 */
#ifndef UPFRONT_UI_SETUP_PROMPT_H
#define UPFRONT_UI_SETUP_PROMPT_H

#include "ui/ui.h"

struct setup_form;
struct signals;

/* A question is asked this often before the whole is left. */
#define SETUP_PROMPT_TRIES_MAX 5u
/* All of them are gone through this often. */
#define SETUP_PROMPT_ROUNDS_MAX 20u

/* *fatal_signal is set when a signal ended it. */
enum setup_end setup_prompt_ask(struct setup_form *form, const struct signals *signals, bool utf8, int *fatal_signal);

#endif
