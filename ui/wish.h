/* SPDX-License-Identifier: MIT */
/*
 * wish - what the person's settings file wants of the screen, held against what there is: actions, keys, roles, colours, themes. What is wrong is
 * told with its place and the nearest word, and left out; the rest holds.
 */
#ifndef UPFRONT_UI_WISH_H
#define UPFRONT_UI_WISH_H

#include "config/strmap.h"
#include "ui/keys.h"
#include "ui/theme.h"

#include <stdbool.h>

struct err;
struct settings_screen;

struct wish {
	struct keymap keys;
	struct theme_wish theme; /* for theme_dress; points into this and the settings */
	struct strmap colors; /* those that are understood */
	bool mouse, asks_to_leave;
};

/*
 * `settings` (NULL: nothing is wished for) and `self` must stay where they are. `warning` (may be NULL) gets a message for each value that is
 * wrong. Finish with wish_finish.
 */
void wish_read(struct wish *self, const struct settings_screen *settings, struct err *warning);
void wish_finish(struct wish *self);

#endif
