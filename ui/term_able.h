/* SPDX-License-Identifier: MIT */
/* Whether term_open will take a kind of terminal, asked before it is opened. */
#ifndef UPFRONT_UI_TERM_ABLE_H
#define UPFRONT_UI_TERM_ABLE_H

#include <stdbool.h>

/* Terminfo knows `type` (TERM; NULL: none), and it can place the cursor and clear. Nothing is written. */
bool term_is_able(const char *type);

#endif
