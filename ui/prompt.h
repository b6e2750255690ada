/* SPDX-License-Identifier: MIT */
/*
 * prompt - the consent dialog in line mode: the same words, and a word typed as the answer. For small and plain terminals,
 * and for people who are read to. Reads standard input, writes standard error.
 */
#ifndef UPFRONT_UI_PROMPT_H
#define UPFRONT_UI_PROMPT_H

#include "config/decide.h"

#include <stdbool.h>

struct consent_model;
struct signals;

/* What is typed, whatever its case. Anything else is explained and asked again, PROMPT_UNKNOWN_MAX times. */
#define PROMPT_UNKNOWN_MAX 5
/* Texts can be asked for this often. */
#define PROMPT_TEXTS_MAX 50

enum prompt_word { PROMPT_EMPTY, PROMPT_YES, PROMPT_NO, PROMPT_NEVER, PROMPT_VIEW, PROMPT_NOTICE, PROMPT_UNKNOWN };

/* What a typed line means; spaces around it don't matter. Pure. */
enum prompt_word prompt_read_word(const char *line);

/* Asks. *fatal_signal as in ui_ask_consent. */
enum consent_answer prompt_ask(const struct consent_model *model, const struct signals *signals, bool utf8,
			       int *fatal_signal);

#endif
