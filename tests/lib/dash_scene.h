/* SPDX-License-Identifier: MIT */
/*
 * A dashboard to press keys on, without a terminal: the stack of dash_sample.h, the logs of log_sample.h, and a journal of what was asked
 * for, a line each: "act stop db", "along stop db", "leave stop", "log api", "close api", "look api", "url http://...".
 */
#ifndef UPFRONT_TESTS_LIB_DASH_SCENE_H
#define UPFRONT_TESTS_LIB_DASH_SCENE_H

#include "ui/actions.h"
#include "ui/dash.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/model.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DASH_SCENE_ROW_BYTES 4096u

struct dash_scene {
	struct dash *dash;
	struct stack_model *model;
	struct theme theme;
	struct keymap keys;
	struct actions actions;
	struct frame frame; /* as last drawn */
	bool mono;
	char journal[16384];
	int logs_open;
	struct log_text *last_log; /* that was opened */
	bool must_tell; /* the model was changed by something that was asked for */
};

struct dash_scene_options {
	/* "trouble", "calm", "starting", "stopping", "attached", "many", "containers", "away", "reported" (telemetry is on), "changed" (the stack file) */
	const char *sample;
	unsigned rows, columns; /* 0: 24, 80 */
	bool ascii, mono, never_asks;
};

/* Fails the test when something does not work. Keys are read from the first draw on. */
void dash_scene_start(struct dash_scene *self, const struct dash_scene_options *options);
/* All logs must be closed then. */
void dash_scene_end(struct dash_scene *self);
/* A key, and what it brings about. */
void dash_scene_press(struct dash_scene *self, uint32_t key);
void dash_scene_type(struct dash_scene *self, const char *letters);
void dash_scene_size(struct dash_scene *self, unsigned rows, unsigned columns);
/* The model has changed. */
void dash_scene_tell(struct dash_scene *self);
void dash_scene_draw(struct dash_scene *self);
/* One row of the screen as text, without blanks at its end; valid until the next call. */
const char *dash_scene_row(const struct dash_scene *self, unsigned row);
/* The row that holds it, from the top; -1: none. */
int dash_scene_find(const struct dash_scene *self, const char *text);
/* As golden screens have it. The caller frees. */
char *dash_scene_shot(struct dash_scene *self);
/* The journal since the last call. */
const char *dash_scene_told(struct dash_scene *self);

#endif
