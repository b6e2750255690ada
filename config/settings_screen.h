/* SPDX-License-Identifier: MIT */
/* settings_screen - what a settings file says of the screen, read into its part of struct settings. */
#ifndef UPFRONT_CONFIG_SETTINGS_SCREEN_H
#define UPFRONT_CONFIG_SETTINGS_SCREEN_H

struct node;
struct settings_screen;

/* Entries of `keys` and `colors` each. */
#define SETTINGS_SCREEN_MAX 200u

/* As it is when nothing is said. */
void settings_screen_init(struct settings_screen *self);
/* `path` must live as long as `self`. What is wrong stands in self->trouble. */
void settings_screen_read(struct settings_screen *self, const char *path, const struct node *root);
void settings_screen_finish(struct settings_screen *self);

#endif
