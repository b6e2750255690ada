/* SPDX-License-Identifier: MIT */
/*
 * What the files of the dashboard share: dash.c (life, models, what is due), dash_keys.c (keys to views), dash_go.c (from view to view, leaving),
 * dash_acts.c (what is done to units), dash_boxes.c (what is asked), dash_logs.c (the logs that are open), dash_mouse.c, dash_draw.c.
 */
#ifndef UPFRONT_UI_DASH_PRIVATE_H
#define UPFRONT_UI_DASH_PRIVATE_H

#include "ui/actions.h"
#include "ui/dash.h"
#include "ui/frame.h"
#include "ui/screen.h"
#include "ui/screen_boxes.h"
#include "ui/screen_detail.h"
#include "ui/screen_events.h"
#include "ui/screen_graph.h"
#include "ui/screen_help.h"
#include "ui/screen_log.h"
#include "ui/screen_services.h"
#include "ui/screen_startup.h"
#include "ui/screen_telemetry.h"

/* A view stands at most once in the pile. */
#define DASH_PLACES_MAX 12u
/* Logs that stay open, with their places; the one not seen for longest is closed. */
#define DASH_LOGS_MAX 8u

/* Whose log. */
enum dash_log_of { LOG_OF_UNIT, LOG_OF_ALL, LOG_OF_MARKED };

struct dash_log {
	struct log_view view;
	bool used; /* the rest means something */
	enum dash_log_of of;
	unsigned unit; /* LOG_OF_UNIT */
	uint64_t marks; /* LOG_OF_MARKED: which */
	uint64_t seen; /* the higher, the later */
};

enum dash_front { FRONT_NOTHING, FRONT_MENU, FRONT_LEAVE };

/* Where things stood when last drawn: what a click means. */
struct dash_layout {
	struct frame_area view, log, footer; /* log: rows 0 when none is seen */
	struct frame_area front; /* what a box had to stand in */
	enum key_screen footer_screen;
	struct screen_footer items;
};

/* Something that waits for an answer before it is done. */
struct dash_request {
	enum unit_act act;
	int number;
	char **names; /* ends with NULL; NULL: nothing waits */
};

struct dash {
	struct dash_options options;
	struct screen_context context;
	unsigned rows, columns;
	enum key_screen places[DASH_PLACES_MAX]; /* the pile; the lowest are the services */
	size_t depth;

	struct services_view services;
	struct startup_view startup;
	struct graph_view graph;
	struct detail_view detail;
	struct telemetry_view telemetry;
	struct events_view events;
	struct help_view help;
	struct dash_log logs[DASH_LOGS_MAX];
	uint64_t log_clock;
	enum dash_log_of log_of; /* in the log's own view */

	enum dash_front front;
	struct menu_view menu;
	struct dash_request request;

	char words[SCREEN_WORDS_MAX];
	bool words_last;
	char announced[128]; /* what was told last of the changed stack file */
	bool stop_asked, killing;
	bool stopping_seen; /* the last model said so */
	size_t problems_seen; /* units of the last model that were one */
	bool mouse;
	bool mouse_in_log; /* a drag that began there */
	bool pasting;
	unsigned wishes;
	unsigned looked_at; /* id of the unit whose story was asked for; 0: none */
	bool looks_at_telemetry;
	/* How many replicas were asked for last, of which unit, when there were so many. */
	unsigned scaled_unit;
	int scaled_from, scaled_to;

	bool dirty, log_dirty;
	struct frame drawn, scratch; /* as last drawn; to compare with */
	bool has_drawn;
	struct dash_layout seen;
};

/* ---- dash_go.c ---- */

/* The view at the top of the pile. */
enum key_screen dash_place(const struct dash *self);
/* Whose keys hold now: what stands in front, the log below the services, or the view. */
enum key_screen dash_screen(const struct dash *self);
bool dash_is_stopping(const struct dash *self);
void dash_push(struct dash *self, enum key_screen screen);
/* Straight to a view: back from it is the main one. */
void dash_straight(struct dash *self, enum key_screen screen);
void dash_pop(struct dash *self);
void dash_go(struct dash *self, enum screen_go go, enum key_action action);
void dash_show_unit(struct dash *self, const struct unit_model *unit);
void dash_next_problem(struct dash *self);
void dash_next_unit(struct dash *self, int step);
/* q on the main view. */
void dash_leave(struct dash *self);
void dash_leave_key(struct dash *self, uint32_t key);
void dash_interrupt(struct dash *self);
/* Opens, closes and asks for what the views that are seen now need. */
void dash_settle(struct dash *self);

/* ---- dash_keys.c ---- */

/* Does an action at the place that `screen` names; `key` is 0 when none was pressed for it. */
void dash_do(struct dash *self, enum key_screen screen, enum key_action action, uint32_t key);
/* The view's own step. */
enum screen_go dash_step(struct dash *self, enum key_screen screen, enum key_action action);
/* What a step has said becomes what is seen. */
void dash_take_words(struct dash *self);

/* ---- dash_acts.c ---- */

/* Whether it is one of the actions on units, files and the rest of the world; then it was done or words say why not. */
bool dash_act(struct dash *self, enum key_action action, uint32_t key);
/* On those who are meant, of whom it makes sense. `what` is what it is called when it cannot be done here. */
void dash_act_on_meant(struct dash *self, enum unit_act act, int number, const char *what);
/* Those who are meant: the marked ones or the selected one in the list and in their log; elsewhere the one that is looked at. */
size_t dash_meant(const struct dash *self, const char *names[SERVICES_MARKS_MAX + 1]);
/* Leaves of `names` those with whom it can be done; says why when none is left. */
size_t dash_sift(struct dash *self, enum unit_act act, const char *names[SERVICES_MARKS_MAX + 1], size_t count);
const struct unit_model *dash_unit_named(const struct stack_model *model, const char *name);
/* "api, db and 3 more" */
void dash_list_names(const char *const *names, char *text, size_t size_bytes);
/* Says why not. */
bool dash_can_act(struct dash *self, const char *what);
/* False, and says so, where nobody sees who would be meant. */
bool dash_is_clear_who(struct dash *self);
void dash_say_cannot(struct dash *self, const char *what);
void dash_do_request(struct dash *self, const struct act_request *request);
void dash_drop_request(struct dash *self);
/* The one that is to have other replicas; NULL and words when there is none. */
const struct unit_model *dash_scaled_unit(struct dash *self);
/* How many there are, or will be once what was asked for last is done. */
int dash_replicas_of(const struct dash *self, const struct unit_model *unit);
void dash_scale_to(struct dash *self, const struct unit_model *unit, int number);

/* ---- dash_boxes.c ---- */

void dash_kill_menu(struct dash *self);
void dash_sort_menu(struct dash *self);
void dash_scale_menu(struct dash *self);
void dash_open_meant(struct dash *self);
void dash_menu_chosen(struct dash *self, int value);
void dash_close_front(struct dash *self);

/* ---- dash_logs.c ---- */

/* The log that is seen, alone or below the services; NULL when none is. It was opened by dash_logs_settle. */
struct log_view *dash_seen_log(struct dash *self);
bool dash_log_has_focus(const struct dash *self);
void dash_logs_settle(struct dash *self);
void dash_logs_close(struct dash *self);
/* What could not be opened is tried again. */
void dash_logs_retry(struct dash *self);

/* ---- dash_draw.c ---- */

/* The part of a screen of this size that the views have, without what stands below it. */
struct frame_area dash_view_area(unsigned rows, unsigned columns);
void dash_draw_all(struct dash *self, struct frame *frame);
/* The view's items for its footer. */
void dash_footer(struct dash *self, enum key_screen screen, struct screen_footer *footer);

#endif
