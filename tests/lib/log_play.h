/* SPDX-License-Identifier: MIT */
/* A log view (ui/screen_log.h) on a log of lines, with keys by their names in and rows of text out, and notes of what it asked for. */
#ifndef UPFRONT_TESTS_LIB_LOG_PLAY_H
#define UPFRONT_TESTS_LIB_LOG_PLAY_H

#include "tests/lib/log_sample.h"
#include "ui/actions.h"
#include "ui/screen_log.h"

#include <stdbool.h>

struct log_play {
	struct log_sample *sample;
	struct log_view view;
	struct actions actions;
	struct theme theme;
	struct screen_context context;
	struct frame frame;
	bool whole;
	enum screen_go go; /* of the last key */
	char asked[512]; /* what was asked for last: "copy 96", "save api.log 1000 1204" */
	char text[FRAME_ROWS_MAX * 256]; /* the last screen */
};

/* `sample` becomes the play's; NULL: there is no log. The screen holds the view, and its line of words at the bottom. */
void log_play_begin(struct log_play *self, struct log_sample *sample, unsigned rows, unsigned columns);
void log_play_end(struct log_play *self);
void log_play_resize(struct log_play *self, unsigned rows, unsigned columns);

/* Takes in what is new, as before a frame. */
bool log_play_refresh(struct log_play *self);
/* Goes on until nothing is left to do; returns how often. */
unsigned log_play_work(struct log_play *self);

/* Each character is a key, <Name> one by its name (keys.h); typed into the field when there is one. Draws after each. */
void log_play_keys(struct log_play *self, const char *keys);
void log_play_act(struct log_play *self, enum key_action action);
void log_play_mouse(struct log_play *self, int kind, unsigned row, unsigned column);

/* Draws, and gives the rows without blanks at their ends, each ended by '\n'. */
const char *log_play_draw(struct log_play *self);
/* One row as last drawn, without blanks at its end. */
const char *log_play_row(struct log_play *self, unsigned row);
/* The letters of the roles of a row (theme.h). */
const char *log_play_roles(struct log_play *self, unsigned row);
bool log_play_shows(struct log_play *self, const char *text);

#endif
