/* SPDX-License-Identifier: MIT */
/*
 * screen_model - what the dashboard shows (ui/model.h), made of the running stack as its event stream tells it (client/view.h): states in
 * people's words, figures, sparklines of the last two minutes, what has happened. Texts of the view are pointed at, so a model is good
 * until the view changes; then it is filled anew before anything is drawn from it.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_MODEL_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct detail_model;
struct screen_model;
struct stack_model;
struct telemetry_model;
struct view;
struct view_unit;

#define SCREEN_EVENTS_MAX 500u

struct screen_model_options {
	const char *app, *version; /* until the stack has said its own */
	const char *project, *file;
	bool attached;
};

/* The texts are borrowed. NULL when out of memory. */
struct screen_model *screen_model_create(const struct screen_model_options *options);
void screen_model_destroy(struct screen_model *self);

/* A unit has changed, or with NULL the stack; goes among the events when its state has. */
void screen_model_note(struct screen_model *self, const struct view *view, const struct view_unit *unit);
/* Figures of a unit have changed. */
void screen_model_take_usage(struct screen_model *self, const struct view_unit *unit, int64_t now_ms);

/* What is asked for beside; borrowed until the next such call, NULL: not there. */
void screen_model_set_detail(struct screen_model *self, const struct detail_model *detail);
void screen_model_set_telemetry(struct screen_model *self, const struct telemetry_model *telemetry);
/* The supervisor does not answer. */
void screen_model_set_lost(struct screen_model *self, bool lost);
/* How the stack file differs from what runs; copied. NULL: it does not. */
void screen_model_set_changed(struct screen_model *self, const char *text);

/* An answer of GET /v1/graph: who needs whom. */
void screen_model_take_graph(struct screen_model *self, const char *answer);

/* Monotonic `now_ms`. Without memory the model has no units. */
const struct stack_model *screen_model_fill(struct screen_model *self, const struct view *view, int64_t now_ms);

#endif
