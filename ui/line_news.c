/* SPDX-License-Identifier: MIT */
/* What has changed since the last model, a line each. */
#include "config/figure.h"
#include "ui/line_private.h"
#include "ui/screen.h"

#include <stdlib.h>
#include <string.h>

/* Who has ended by itself and runs again for so long is well again. */
#define WELL_AFTER_MS 5000

static struct line_told *find_told(struct line_dash *self, size_t place, const struct unit_model *unit)
{
	struct line_told *grown;

	if (place < self->told_count && self->told[place].unit == unit->id)
		return &self->told[place];
	for (size_t i = 0; i < self->told_count; i++)
		if (self->told[i].unit == unit->id)
			return &self->told[i];
	grown = reallocarray(self->told, self->told_count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->told = grown;
	grown[self->told_count] = (struct line_told){.unit = unit->id, .state = UNIT_WAITING};
	return &grown[self->told_count++];
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text != NULL && text[0] != '\0' ? text : otherwise;
}

static void tell(struct line_dash *self, const struct unit_model *unit)
{
	char took[FIGURE_BYTES] = "";

	switch (unit->state) {
	case UNIT_FAILED:
	case UNIT_UNHEALTHY:
	case UNIT_RESTARTING:
		if (unit->outlook != NULL)
			line_add(self, "%s", unit->outlook);
		else
			line_add(self, "%s is %s: %s.", unit->name, unit_state_word(unit->state),
				 or_else(unit->why, "why is not known"));
		break;
	case UNIT_READY:
		if (unit->start.ready_ms >= 0 && unit->restarts == 0)
			figure_duration(unit->start.ready_ms, took, sizeof(took));
		line_add(self, "%s is ready%s%s.", unit->name, took[0] != '\0' ? " after " : "", took);
		break;
	case UNIT_RUNNING:
		line_add(self, "%s runs.", unit->name);
		break;
	case UNIT_DONE:
		line_add(self, "%s is done%s%s.", unit->name, unit->why != NULL ? ": " : "", or_else(unit->why, ""));
		break;
	case UNIT_STOPPED:
		line_add(self, "%s has stopped.", unit->name);
		break;
	default:
		break;
	}
}

/* What is pulled or built is told when it begins: how far it is stands in the answer to status. */
static void tell_work(struct line_dash *self, struct line_told *told, const struct unit_model *unit)
{
	const struct unit_progress *progress = &unit->progress;

	if (progress->work == told->work)
		return;
	told->work = progress->work;
	if (!self->told_stack)
		return;
	if (progress->work == WORK_PULLING)
		line_add(self, "%s: pulling %s.", unit->name, or_else(progress->text, "its image"));
	else if (progress->work == WORK_BUILDING)
		line_add(self, "%s: building its image.", unit->name);
}

static void tell_engine(struct line_dash *self)
{
	const struct engine_model *engine = &self->model->engine;
	const char *name = or_else(engine->name, "The container engine");

	if (engine->away == self->told_away)
		return;
	self->told_away = engine->away;
	if (engine->away)
		line_add(self, "%s does not answer%s%s; containers are told of as they were.", name,
			 engine->why != NULL ? ": " : "", or_else(engine->why, ""));
	else
		line_add(self, "%s answers again.", name);
}

/* On its way somewhere: news is where it gets to. */
static bool is_passing(enum unit_state state)
{
	return state == UNIT_STARTING || state == UNIT_STOPPING || state == UNIT_WAITING;
}

static bool runs_well(const struct stack_model *model, const struct unit_model *unit)
{
	return unit->state == UNIT_READY || unit->state == UNIT_DONE || unit->state == UNIT_STOPPED ||
	       (unit->state == UNIT_RUNNING && unit->started_ms >= 0 &&
		model->now_ms - unit->started_ms >= WELL_AFTER_MS);
}

static bool has_news(struct line_dash *self, struct line_told *told, const struct unit_model *unit)
{
	const bool ended = unit->state == UNIT_FAILED || unit->state == UNIT_RESTARTING;
	const char *exit = ended ? or_else(unit->last_exit, "") : "";
	bool news;

	if (is_passing(unit->state))
		return false;
	if (told->failing && !ended && unit->state != UNIT_UNHEALTHY && !runs_well(self->model, unit)) {
		const int64_t well_ms = unit->started_ms + WELL_AFTER_MS;

		if (unit->state == UNIT_RUNNING && (self->due_ms < 0 || well_ms < self->due_ms))
			self->due_ms = well_ms;
		return false;
	}
	/* Once more for the same reason is no news; that it is given up is. */
	news = unit->state != told->state || strcmp(exit, told->exit) != 0;
	if (told->failing && unit->state == UNIT_RESTARTING && strcmp(exit, told->exit) == 0)
		news = false;
	if (ended)
		told->failing = true;
	else if (runs_well(self->model, unit))
		told->failing = false;
	told->state = unit->state;
	snprintf(told->exit, sizeof(told->exit), "%s", exit);
	return news;
}

static void tell_stack(struct line_dash *self)
{
	const struct stack_model *model = self->model;
	char took[FIGURE_BYTES];

	switch (model->state) {
	case STACK_UP:
		if (self->told_state == STACK_LOST) {
			line_add(self, "The supervisor of %s answers again.", model->app);
			break;
		}
		figure_duration(model->up_after_ms, took, sizeof(took));
		line_add(self, "%s is up%s%s.", model->app, took[0] != '\0' ? " after " : "", took);
		break;
	case STACK_STOPPING:
		line_add(self, "%s stops.", model->app);
		break;
	case STACK_OVER:
		line_add(self, "%s is over.", model->app);
		break;
	case STACK_LOST:
		line_add(self, "The supervisor of %s does not answer.", model->app);
		break;
	default:
		break;
	}
}

static void tell_file(struct line_dash *self)
{
	const char *now = self->model->changed_file;

	if (now != NULL && (self->changed == NULL || strcmp(now, self->changed) != 0))
		line_add(self, "The stack file differs from what runs: %s; reload applies it.", now);
	free(self->changed);
	self->changed = now != NULL ? strdup(now) : NULL;
}

/* To begin with it is said how all is; after that what has changed. */
void line_news(struct line_dash *self)
{
	const struct stack_model *model = self->model;
	const bool first = !self->told_stack && model->unit_count > 0;

	self->due_ms = -1;
	for (size_t i = 0; i < model->unit_count; i++) {
		struct line_told *told;

		told = find_told(self, i, &model->units[i]);
		if (told != NULL && has_news(self, told, &model->units[i]) && self->told_stack)
			tell(self, &model->units[i]);
		if (told != NULL)
			tell_work(self, told, &model->units[i]);
	}
	if (self->told_stack && model->state != self->told_state)
		tell_stack(self);
	self->told_state = model->state;
	if (self->told_stack) {
		tell_engine(self);
		tell_file(self);
	}
	self->told_away = model->engine.away;
	if (!first)
		return;
	self->told_stack = true;
	line_tell_status(self);
	if (self->options.reads)
		line_add(self, "Type help for what can be done here.");
}
