/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include "config/figure.h"
#include "ui/screen_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- The footer ---- */

static const enum key_action of_problem[] = {ACTION_RESTART, ACTION_SHOW_DETAIL, ACTION_STOP, ACTION_CHOOSE,
					     ACTION_NOTHING};
static const enum key_action of_start[] = {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_RESTART, ACTION_STOP,
					   ACTION_NOTHING};
static const enum key_action of_waiting[] = {ACTION_SHOW_DETAIL, ACTION_SHOW_GRAPH, ACTION_START,
					     ACTION_STOP,        ACTION_CHOOSE,     ACTION_NOTHING};
static const enum key_action of_stopping[] = {ACTION_CHOOSE, ACTION_KILL, ACTION_SHOW_DETAIL, ACTION_NOTHING};
static const enum key_action of_ready[] = {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_RESTART, ACTION_STOP,
					   ACTION_NOTHING};
static const enum key_action of_stopped[] = {ACTION_START, ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_NOTHING};
static const enum key_action of_marked[] = {ACTION_RESTART,  ACTION_STOP,       ACTION_START,  ACTION_KILL,
					    ACTION_ALL_LOGS, ACTION_UNMARK_ALL, ACTION_NOTHING};
static const enum key_action of_typing[] = {ACTION_CHOOSE, ACTION_CANCEL, ACTION_NOTHING};
static const enum key_action of_all[] = {ACTION_SEARCH, ACTION_ALL_LOGS, ACTION_SHOW_STARTUP, ACTION_SHOW_PALETTE,
					 ACTION_NOTHING};

static const enum key_action *const by_state[UNIT_STATE_COUNT] = {
	[UNIT_FAILED] = of_problem,  [UNIT_UNHEALTHY] = of_problem, [UNIT_RESTARTING] = of_problem,
	[UNIT_STARTING] = of_start,  [UNIT_STOPPING] = of_stopping, [UNIT_WAITING] = of_waiting,
	[UNIT_READY] = of_ready,     [UNIT_RUNNING] = of_ready,     [UNIT_DONE] = of_stopped,
	[UNIT_STOPPED] = of_stopped,
};

static void add(struct screen_footer *footer, enum key_action action)
{
	for (size_t i = 0; i < footer->count; i++)
		if (footer->actions[i] == action)
			return;
	if (footer->count < SCREEN_FOOTER_MAX)
		footer->actions[footer->count++] = action;
}

static void add_all(struct screen_footer *footer, const enum key_action *actions)
{
	for (; *actions != ACTION_NOTHING; actions++)
		add(footer, *actions);
}

void services_footer(const struct services_view *self, const struct screen_context *context,
		     struct screen_footer *footer)
{
	const struct stack_model *model = context->model;
	const struct unit_model *unit = screen_unit(model, context->unit);
	const struct unit_model *problem = screen_next_problem(model, context->unit);

	footer->count = 0;
	if (self->narrowing) {
		add_all(footer, of_typing);
		return;
	}
	if (self->mark_count > 0)
		add_all(footer, of_marked);
	else if (unit != NULL)
		add_all(footer, by_state[unit->state]);
	if (problem != NULL && problem != unit)
		add(footer, ACTION_NEXT_PROBLEM);
	if (unit != NULL && unit->open != NULL && unit->started_ms >= 0 && self->mark_count == 0)
		add(footer, ACTION_OPEN_URL);
	add_all(footer, of_all);
}

/* ---- The sentence above it ---- */

struct sentence {
	char *text;
	size_t size_bytes, used;
};

static void add_text(struct sentence *self, const char *text)
{
	size_t size = strlen(text);

	if (self->used + size >= self->size_bytes)
		return;
	memcpy(self->text + self->used, text, size + 1);
	self->used += size;
}

/* What a key does, in the words of this moment; nothing when it would not fit as a whole. */
static void add_key(struct sentence *self, const struct services_view *view, const struct screen_context *context,
		    enum key_action action, const char *does)
{
	char key[KEY_NAME_MAX], item[KEY_NAME_MAX + 64];

	if (!keymap_key(context->keys, KEY_SCREEN_SERVICES, action, key))
		return;
	snprintf(item, sizeof(item), "   %s %s", key, does);
	unsigned room = view->area.columns > 2 ? view->area.columns - 2 : 0;
	if (services_columns_of(self->text, context->theme->utf8) + (unsigned)strlen(item) <= room)
		add_text(self, item);
}

static void tell_problem(struct sentence *self, const struct unit_model *unit)
{
	if (unit->outlook != NULL && unit->outlook[0] != '\0') {
		add_text(self, unit->outlook);
		return;
	}
	add_text(self, unit->name);
	add_text(self, " is ");
	add_text(self, unit_state_word(unit->state));
	if (unit->why != NULL && unit->why[0] != '\0') {
		add_text(self, ": ");
		add_text(self, unit->why);
	}
	add_text(self, ".");
}

static void tell_selected(struct sentence *self, const struct services_view *view, const struct screen_context *context,
			  const struct unit_model *unit)
{
	bool tries = unit->state != UNIT_UNHEALTHY;

	tell_problem(self, unit);
	add_key(self, view, context, ACTION_SHOW_DETAIL, "why");
	add_key(self, view, context, ACTION_RESTART, tries ? "try now" : "restart");
	add_key(self, view, context, ACTION_STOP, tries ? "stop trying" : "stop");
}

static void tell_engine(struct sentence *self, const struct stack_model *model)
{
	add_text(self, model->engine.name != NULL ? model->engine.name : "The container engine");
	add_text(self, " does not answer");
	if (model->engine.why != NULL && model->engine.why[0] != '\0') {
		add_text(self, " (");
		add_text(self, model->engine.why);
		add_text(self, ")");
	}
	add_text(self, "; containers are as last heard of.");
}

void services_outlook(const struct services_view *self, const struct screen_context *context, char *text,
		      size_t size_bytes)
{
	const struct stack_model *model = context->model;
	const struct unit_model *unit = screen_unit(model, context->unit);
	const struct unit_model *problem = screen_next_problem(model, context->unit);
	struct sentence sentence = {text, size_bytes, 0};

	if (size_bytes == 0)
		return;
	text[0] = '\0';
	if (model->state == STACK_STOPPING || model->state == STACK_OVER || model->state == STACK_LOST)
		return;
	if (model->engine.away) {
		tell_engine(&sentence, model);
	} else if (unit != NULL && unit_state_is_problem(unit->state)) {
		tell_selected(&sentence, self, context, unit);
	} else if (problem != NULL) {
		tell_problem(&sentence, problem);
		add_key(&sentence, self, context, ACTION_NEXT_PROBLEM, "goes there");
	} else if (model->changed_file != NULL) {
		add_text(&sentence, parts_file_name(model->file));
		add_text(&sentence, " has changed: ");
		add_text(&sentence, model->changed_file);
		add_key(&sentence, self, context, ACTION_RELOAD, "applies it");
	}
}

/* ---- Time ---- */

int64_t services_due_ms(const struct services_view *self, const struct screen_context *context)
{
	const struct stack_model *model = context->model;
	struct services_layout layout;
	struct services_rows rows;
	int64_t due_ms = -1;

	services_layout_of(self, model, self->area, &layout);
	if (layout.header.rows > 0 && services_header_counts(model)) {
		const int64_t from_ms = model->engine.away ? model->engine.away_ms : model->begin_ms;

		due_ms = model->now_ms + 1000 - (model->now_ms - from_ms) % 1000;
	}
	if (services_slot_of(&layout, COLUMN_UPTIME) == NULL)
		return due_ms;
	services_rows_make(self, model, context->unit, &rows);
	for (size_t i = self->list.top; i < rows.count && i < self->list.top + layout.table.rows; i++) {
		const struct unit_model *unit = &model->units[rows.at[i]];
		int64_t next_ms = model->now_ms + figure_uptime_lasts_ms(model->now_ms - unit->started_ms);
		if (unit->started_ms >= 0 && (due_ms < 0 || next_ms < due_ms))
			due_ms = next_ms;
	}
	return due_ms;
}
