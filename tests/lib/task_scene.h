/* SPDX-License-Identifier: MIT */
/*
 * A person before the dashboard: a stack of six services, of which api fails with exit 3 until it is mended, worker waits for it and engine
 * floods when told to; what is pressed is counted. The screen is that of the real program on a real terminal.
 */
#ifndef UPFRONT_TESTS_LIB_TASK_SCENE_H
#define UPFRONT_TESTS_LIB_TASK_SCENE_H

#include "tests/lib/world.h"

#include <stdbool.h>
#include <stddef.h>

struct vt;

/* How the person sees it. */
struct task_look {
	const char *name;
	unsigned columns, rows;
	bool no_color;
	bool ascii; /* by the settings file */
	bool latin; /* LANG=C: nothing but ASCII can be shown */
	bool tmux;
	bool many; /* 194 quiet services before the six */
	size_t log_bytes; /* of db's log */
};

#define TASK_HITS 1906 /* lines with "slow" and status=500 in db's log */

struct task_scene {
	const struct task_look *look;
	struct world world;
	struct vt *vt;
	unsigned keys; /* pressed since task_begin */
	char task[96];
};

/* Starts the stack, by `up` on a terminal; does not wait for it. */
void task_start(struct task_scene *self, const struct task_look *look);
/* All is where it stays: api has failed, the others are ready. */
void task_settle(struct task_scene *self);
/* The same stack once more, in the same world. */
void task_start_again(struct task_scene *self);
/* `attach` in a terminal of its own. */
void task_attach(struct task_scene *self);
/* Waits until the program has ended and closes its terminal; returns all that then stood on the screen. The caller frees. */
char *task_leave(struct task_scene *self);
/* Takes down what still runs. */
void task_finish(struct task_scene *self);

/* A task begins, from the main screen with this service selected; nothing is counted yet. */
void task_begin(struct task_scene *self, const char *name, const char *selected);
/* What is pressed before, not counted; waits for the text on the screen ("": for nothing). */
void task_prepare(struct task_scene *self, const char *keys, const char *text);
/* Esc, and waits until the text has gone: what follows at once would be taken for the rest of a key. */
void task_escape(struct task_scene *self, const char *text);
/* One key, counted. A word in one go is task_word. */
void task_press(struct task_scene *self, const char *key);
void task_word(struct task_scene *self, const char *word);
/* Waits for the text, and fails when more than so many keys were pressed. */
void task_sees(struct task_scene *self, const char *text);
void task_gone(struct task_scene *self, const char *text);
/* In one row: the service's name, and this behind or before it. In the first row of the table: the name. */
void task_sees_row(struct task_scene *self, const char *name, const char *text);
void task_sees_first(struct task_scene *self, const char *name);
/* Goes down until the text is there; not counted: nothing is looked for, one reads. */
void task_read_down(struct task_scene *self, const char *text);
/* Of the lines of a flood: waits until they stand one below the other without a gap, and returns the number of the first. */
unsigned task_top_answer(struct task_scene *self);
void task_took(struct task_scene *self, unsigned keys_max);

/* A click where this text stands, a turn of the wheel over it, a drag from one text to the end of another: counted, each as one. */
void task_click(struct task_scene *self, const char *text);
void task_wheel(struct task_scene *self, const char *text, bool up);
void task_drag(struct task_scene *self, const char *from, const char *to);

/* api will start when it is started again; or no more. */
void task_mend(struct task_scene *self, bool mended);
/* engine writes so many lines, "answered 0" and on. */
void task_flood(struct task_scene *self, unsigned lines);
/* What was put on the clipboard last is this, byte for byte. */
void task_assert_copied(struct task_scene *self, const char *bytes);

/* The lines of which the tasks are made. */
extern const char task_error_line[], task_trace[];

#endif
