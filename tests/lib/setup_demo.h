/* SPDX-License-Identifier: MIT */
/*
 * setup_demo - setup questions to answer. Without a terminal: a form, its view, and keys for both. On one: test programs of the terminal start
 * themselves again with "setup [--plain] [SAMPLE]", and run by hand the same shows the form to a person. What came of it goes to standard
 * output: "save|left|quit, signal N" and, saved, a line KEY=value for each answer that is to be kept.
 *
 * Samples: "wren" (nothing is answered), "again" (the same, answered, one by the environment), "many" (twelve questions), "hostile",
 * "checks" (both answers are checked: "bad" is refused, "slow" waits until it is stopped, all else is fine).
 */
#ifndef UPFRONT_TESTS_SETUP_DEMO_H
#define UPFRONT_TESTS_SETUP_DEMO_H

#include "ui/frame.h"
#include "ui/screen_form.h"
#include "ui/setup_form.h"

/* NULL: no such sample. */
const struct setup_model *setup_sample(const char *name);

struct setup_scene {
	struct setup_form form;
	struct form_view view;
	struct theme theme;
	struct frame frame; /* as last drawn */
	enum form_move move; /* what the last key asked for */
};

void setup_scene_start(struct setup_scene *self, const char *sample, unsigned rows, unsigned columns, bool ascii);
void setup_scene_end(struct setup_scene *self);
void setup_scene_press(struct setup_scene *self, uint32_t key);
void setup_scene_type(struct setup_scene *self, const char *letters);
void setup_scene_draw(struct setup_scene *self);
/* The row that holds it, from the top; -1: none. */
int setup_scene_find(const struct setup_scene *self, const char *text);
/* As golden screens have it. The caller frees. */
char *setup_scene_shot(const struct setup_scene *self);

/* argv[0] is "setup". Returns the exit code. */
int setup_demo_main(int argc, char **argv);

#endif
