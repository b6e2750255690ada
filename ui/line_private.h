/* SPDX-License-Identifier: MIT */
/* Inside of line mode: the one struct, and what its files do for each other. */
#ifndef UPFRONT_UI_LINE_PRIVATE_H
#define UPFRONT_UI_LINE_PRIVATE_H

#include "ui/actions.h"
#include "ui/line_dash.h"

#include <stdio.h>

enum line_question {
	LINE_ASKS_NOTHING,
	LINE_ASKS_ACT, /* yes: the request */
	LINE_ASKS_STOP_ALL,
	LINE_ASKS_RELOAD,
	LINE_ASKS_LEAVE /* stop, leave, stay */
};

/* What the next model, or the next answer, is to bring; a bit each. */
enum line_wanted { LINE_WANTS_DETAIL = 1, LINE_WANTS_TELEMETRY = 2, LINE_WANTS_SENT = 4, LINE_WANTS_ANSWER = 8 };

/* What was said last of a unit. */
struct line_told {
	unsigned unit; /* id */
	enum unit_state state;
	char exit[32];
	enum unit_work work; /* that was told */
	bool failing; /* it ended by itself, and has not shown yet that it runs well again */
};

struct line_dash {
	struct line_dash_options options;
	const struct stack_model *model;
	FILE *out; /* what is to be written: `bytes` */
	char *bytes;
	size_t size_bytes, left_out; /* lines that nobody took in time */
	char *taken; /* as line_dash_take_text gave it */
	bool prompted; /* the cursor stands behind a prompt */
	enum line_question question;
	struct act_request request; /* that is asked about; names as below */
	char *names[LINE_ARGUMENTS_MAX + 1];
	unsigned wanted; /* enum line_wanted */
	unsigned detail; /* of this unit */
	bool detail_all; /* nothing folded */
	size_t sent; /* of this event; 0: the list */
	struct line_told *told;
	size_t told_count;
	enum stack_state told_state;
	bool told_away; /* that the container engine does not answer */
	bool told_stack; /* there was a model before */
	char *changed; /* what was said of the stack file; NULL: nothing */
	int64_t due_ms;
	struct log_text *found, *followed; /* NULL: none */
	int64_t found_end, followed_at;
};

/* ---- line_dash.c ---- */
/* A line, or several; made harmless, whoever wrote it. Its end is added. */
__attribute__((format(printf, 2, 3))) void line_add(struct line_dash *self, const char *format, ...);
/* Bytes of a service, colours left out. */
void line_add_source(struct line_dash *self, const char *bytes, size_t size_bytes);
/* The unit of a name or of the beginning of one; otherwise says why not, and NULL. */
const struct unit_model *line_find_unit(struct line_dash *self, const char *name);
/* The words typed behind the word, as units' names, ending with NULL; "all" and services stand for their units. False: said why not. */
bool line_find_names(struct line_dash *self, char *const *words, const char *names[LINE_ARGUMENTS_MAX + 1]);
/* A whole number from 1 on; false: said why not. */
bool line_read_count(struct line_dash *self, const char *text, long max, long *number);

/* ---- line_news.c ---- */
void line_news(struct line_dash *self);

/* ---- line_tell.c ---- */
void line_tell_status(struct line_dash *self);
/* One unit in a line. */
void line_tell_unit(struct line_dash *self, const struct unit_model *unit);
void line_tell_why(struct line_dash *self, const char *name, bool all);
void line_tell_detail(struct line_dash *self);
void line_tell_startup(struct line_dash *self);
void line_tell_graph(struct line_dash *self);
void line_tell_events(struct line_dash *self, long count);
void line_tell_telemetry(struct line_dash *self);
void line_tell_sent(struct line_dash *self);
void line_tell_help(struct line_dash *self, const char *word);

/* ---- line_act.c ---- */
void line_act(struct line_dash *self, enum unit_act act, int number, char *const *words);
void line_act_kill(struct line_dash *self, char *const *words);
void line_act_scale(struct line_dash *self, const char *name, const char *count);
void line_act_open(struct line_dash *self, const char *name);
void line_act_stop_all(struct line_dash *self);
void line_act_leave(struct line_dash *self);
void line_act_detach(struct line_dash *self);
void line_act_answer(struct line_dash *self, const char *answer);
void line_act_drop(struct line_dash *self);

/* ---- line_logs.c ---- */
void line_log(struct line_dash *self, const char *name, long count);
void line_find(struct line_dash *self, const char *name, const char *pattern);
void line_follow(struct line_dash *self, char *const *words);
void line_quiet(struct line_dash *self, bool say);
void line_close_found(struct line_dash *self);

#endif
