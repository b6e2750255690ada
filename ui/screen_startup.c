/* SPDX-License-Identifier: MIT */
#include "ui/screen_startup.h"

#include "config/figure.h"
#include "ui/screen_parts.h"
#include "ui/startup_bars.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define STORY_BYTES 2048u
#define STORY_ROWS_MAX 5u
#define NAME_COLUMNS_MIN 7u /* SERVICE */
#define NAME_COLUMNS_MAX 24u
#define WIDE_COLUMNS 60u
#define TITLE_COLUMNS 16u /* the title, the key, and what is between */
/* From here on the legend has a row that takes whole words. */
#define LEGEND_COLUMNS 80u
/* Below this there are no bars. */
#define BAR_COLUMNS_MIN 6u
/* A start is called slow when it took so much longer than any of the others. */
#define SLOW_PERCENT 110

/* What there is room for, from the top. */
struct startup_layout {
	unsigned heading, scale, list; /* rows of each; 0: left out */
	unsigned legend, story, starts;
	unsigned gap; /* rows between the parts below */
	unsigned name_at, name_columns, bar_at, bar_columns, ready_at, ready_columns;
};

/* ---- Words ---- */

static void story_of(const struct screen_context *context, char text[STORY_BYTES])
{
	const struct unit_model *unit = screen_unit(context->model, context->unit);

	text[0] = '\0';
	if (unit != NULL)
		startup_story(context->model, unit, text, STORY_BYTES);
}

/* Tenths, and after a minute seconds, would be another screen each time for nobody's good. */
static void add_total(struct parts_text *text, const struct stack_model *model, bool wide)
{
	int64_t total_ms = startup_total_ms(model);
	char figure[FIGURE_BYTES];

	if (model->up_after_ms >= 0) {
		figure_duration(model->up_after_ms, figure, sizeof(figure));
		parts_add(text, "%s%s", wide ? "ready in " : "", figure);
	} else if (model->state == STACK_STARTING) {
		if (total_ms < 60000)
			snprintf(figure, sizeof(figure), "%llds", (long long)(total_ms / 1000));
		else
			figure_uptime(total_ms, figure, sizeof(figure));
		parts_add(text, "%s%s%s", wide ? "not ready after " : "", figure, wide ? "" : " so far");
	} else {
		parts_add(text, "was never ready");
	}
}

static void heading_text(const struct stack_model *model, bool wide, char *out, size_t size_bytes)
{
	const struct unit_model *chain[STARTUP_CHAIN_MAX];
	struct parts_text text = {.text = out, .size_bytes = size_bytes};
	size_t count = startup_chain(model, chain);

	out[0] = '\0';
	add_total(&text, model, wide);
	if (count < 2)
		return;
	if (wide)
		parts_add(&text, "   slowest chain%s: ", model->up_after_ms >= 0 ? "" : " so far");
	else
		parts_add(&text, ": ");
	for (size_t i = 0; i < count; i++)
		parts_add(&text, "%s%s", i > 0 ? " > " : "", chain[i]->name);
}

/* In all words, or in as few as it takes to name the whole chain. */
static void draw_heading(const struct screen_context *context, struct frame *window)
{
	char rest[1024];
	unsigned room = window->columns > TITLE_COLUMNS ? window->columns - TITLE_COLUMNS : 0;

	heading_text(context->model, true, rest, sizeof(rest));
	if (text_columns(rest, strlen(rest), context->theme->utf8) > room)
		heading_text(context->model, false, rest, sizeof(rest));
	parts_heading(context, window, "Start-up", rest, KEY_SCREEN_STARTUP, ACTION_SHOW_STARTUP);
}

/* True when this start, the last of them, took clearly longer than each of the others. */
static bool is_slow(const struct stack_model *model)
{
	size_t last = model->start_count - 1;

	if (model->up_after_ms < 0 || model->start_count < 2)
		return false;
	for (size_t i = 0; i < last; i++)
		if (model->starts_ms[last] * 100 <= model->starts_ms[i] * SLOW_PERCENT)
			return false;
	return true;
}

/* ---- Where things stand ---- */

static unsigned name_columns(const struct stack_model *model, unsigned columns, bool utf8)
{
	unsigned longest = NAME_COLUMNS_MIN, most = columns / 3 < NAME_COLUMNS_MAX ? columns / 3 : NAME_COLUMNS_MAX;

	for (size_t i = 0; i < model->unit_count && longest < most; i++) {
		unsigned own = text_columns(model->units[i].name, strlen(model->units[i].name), utf8);
		longest = own > longest ? own : longest;
	}
	return longest < most ? longest : most;
}

static void lay_columns(struct startup_layout *self, const struct stack_model *model, unsigned columns, bool utf8)
{
	bool wide = columns >= WIDE_COLUMNS;
	unsigned used;

	self->name_at = columns < 12 ? 1 : wide ? 3 : 2;
	self->name_columns = name_columns(model, columns, utf8);
	self->ready_columns = wide ? 16 : 10;
	self->bar_at = self->name_at + self->name_columns + (wide ? 2 : 1);
	used = self->bar_at + self->ready_columns + 1;
	self->bar_columns = used + BAR_COLUMNS_MIN <= columns ? columns - used : 0;
	if (self->bar_columns == 0)
		self->bar_at = self->name_at + self->name_columns;
	self->ready_at = self->bar_at + self->bar_columns + (self->bar_columns > 0 ? 0 : 1);
	if (self->ready_at + self->ready_columns > columns) {
		self->ready_columns = self->ready_at + 5 <= columns ? columns - self->ready_at : 0;
		if (self->ready_columns == 0)
			self->name_columns = columns > self->name_at ? columns - self->name_at : 0;
	}
}

/* Takes `rows` and a gap of what is left when there is room. */
static unsigned take(unsigned *left, unsigned rows, unsigned gap)
{
	if (rows == 0 || *left < rows + gap)
		return 0;
	*left -= rows + gap;
	return rows;
}

static struct startup_layout lay_out(const struct screen_context *context, const struct frame *window,
				     const char *story)
{
	const struct stack_model *model = context->model;
	struct startup_layout self = {0};
	unsigned left = window->rows, least;
	unsigned story_rows =
		text_wrap_count(story, window->columns > 3 ? window->columns - 3 : 1, 0, context->theme->utf8);

	lay_columns(&self, model, window->columns, context->theme->utf8);
	self.gap = window->rows >= 16;
	self.heading = left >= 4 ? take(&left, 1, 0) : 0;
	self.scale = left >= 8 && self.bar_columns > 0 ? take(&left, 2, 0) : 0;
	/* The bars have the first half for sure; what the words leave is theirs, too. */
	least = (left + 1) / 2;
	if (least > model->unit_count)
		least = (unsigned)model->unit_count;
	left -= least;
	self.story = take(&left, story_rows < STORY_ROWS_MAX ? story_rows : STORY_ROWS_MAX, self.gap);
	self.legend = self.bar_columns > 0 ? take(&left, window->columns >= WIDE_COLUMNS ? 1 : 2, self.gap) : 0;
	self.starts = model->start_count > 0 ? take(&left, window->columns >= WIDE_COLUMNS ? 1 : 2, self.gap) : 0;
	self.list = least + left;
	if (self.list > model->unit_count)
		self.list = (unsigned)model->unit_count;
	return self;
}

/* ---- Drawing ---- */

static void draw_scale(const struct startup_layout *layout, const struct startup_scale *scale, struct frame *window,
		       unsigned row, bool utf8)
{
	unsigned every = (unsigned)(scale->tick_ms / scale->column_ms), free_from = 0;
	char label[FIGURE_BYTES];

	frame_label(window, row, layout->name_at, layout->name_columns, "SERVICE", ROLE_TITLE, utf8);
	frame_label(window, row, layout->ready_at + layout->ready_columns - 5, 5, "READY", ROLE_TITLE, utf8);
	for (unsigned i = 0; i < scale->columns; i++) {
		bool tick = every > 0 && i % every == 0;
		frame_put(window, row + 1, layout->bar_at + i, tick ? '|' : '-', ROLE_FRAME);
		if (!tick || i < free_from)
			continue;
		startup_tick_label(scale, (int64_t)i * scale->column_ms, label, sizeof(label));
		if (i + strlen(label) <= layout->bar_columns)
			free_from = i + 1 +
				    frame_text(window, row, layout->bar_at + i, layout->bar_columns - i, label,
					       strlen(label), ROLE_PLAIN, utf8);
	}
}

static void draw_ready(const struct startup_layout *layout, const struct stack_model *model,
		       const struct unit_model *unit, struct frame *window, unsigned row, bool utf8)
{
	const struct unit_start *start = &unit->start;
	const bool failed = startup_has_failed(model, unit);
	const char *word = start->ready_ms >= 0 && !failed ? "" : unit_state_word(unit->state);
	bool both = layout->ready_columns >= 16;
	char time[FIGURE_BYTES] = "";
	unsigned columns;

	if (!failed && (start->ready_ms >= 0 || start->ended_ms >= 0))
		figure_duration(start->ready_ms >= 0 ? start->ready_ms : start->ended_ms, time, sizeof(time));
	columns = (unsigned)strlen(time);
	if (columns > layout->ready_columns)
		columns = layout->ready_columns;
	/* Where only one of them fits, "done" goes for its time, and any other word for itself. */
	if (word[0] != '\0' && (both || columns == 0 || unit->state != UNIT_DONE)) {
		frame_text(window, row, layout->ready_at, layout->ready_columns, word, strlen(word),
			   unit_state_role(unit->state), utf8);
		if (!both)
			return;
	}
	frame_text(window, row, layout->ready_at + layout->ready_columns - columns, columns, time, strlen(time),
		   ROLE_PLAIN, utf8);
}

static bool is_in_chain(const struct unit_model *unit, const struct unit_model *const *chain, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (chain[i] == unit)
			return true;
	return false;
}

static void draw_list(const struct startup_view *self, const struct screen_context *context,
		      const struct startup_layout *layout, const struct startup_scale *scale, struct frame *window,
		      unsigned row)
{
	const struct stack_model *model = context->model;
	const struct unit_model *chain[STARTUP_CHAIN_MAX];
	size_t count = startup_chain(model, chain);

	for (unsigned i = 0; i < layout->list && self->list.top + i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[self->list.top + i];
		bool selected = self->list.top + i == self->list.selected;

		if (selected)
			frame_put(window, row + i, 0, '>', ROLE_SELECTED);
		if (is_in_chain(unit, chain, count) && (!selected || layout->name_at > 1))
			frame_put(window, row + i, layout->name_at > 1 ? 1 : 0, '*', ROLE_ALERT);
		frame_label(window, row + i, layout->name_at, layout->name_columns, unit->name,
			    selected ? ROLE_SELECTED : ROLE_PLAIN, context->theme->utf8);
		for (unsigned column = 0; column < scale->columns && layout->bar_columns > 0; column++) {
			char sign = startup_sign(model, unit, scale, column);
			frame_put(window, row + i, layout->bar_at + column, (uint32_t)sign, startup_sign_role(sign));
		}
		draw_ready(layout, context->model, unit, window, row + i, context->theme->utf8);
	}
	parts_more(context->theme, window, row, layout->list, self->list.top > 0,
		   self->list.top + layout->list < model->unit_count);
}

static void draw_legend(const struct startup_layout *layout, struct frame *window, unsigned row, bool utf8)
{
	static const struct {
		char sign;
		const char *words[2];
	} items[] = {
#define LEGEND_ROW(letter, role, words, brief) {letter, {brief, words}},
		STARTUP_SIGNS(LEGEND_ROW)
#undef LEGEND_ROW
	};
	unsigned at = layout->name_at, last = row + layout->legend - 1;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const char *words = items[i].words[window->columns >= LEGEND_COLUMNS];
		unsigned columns = (unsigned)strlen(words) + 2;
		if (at + columns > window->columns && row < last) {
			row++;
			at = layout->name_at;
		}
		if (at + columns > window->columns)
			continue;
		frame_put(window, row, at, (uint32_t)items[i].sign, startup_sign_role(items[i].sign));
		frame_text(window, row, at + 2, columns, words, strlen(words), ROLE_PLAIN, utf8);
		at += columns + 2;
	}
}

static void draw_starts(const struct startup_layout *layout, const struct screen_context *context, struct frame *window,
			unsigned row)
{
	const struct stack_model *model = context->model;
	char figure[FIGURE_BYTES], out[256];
	struct parts_text text = {.text = out, .size_bytes = sizeof(out)};

	parts_add(&text, model->start_count > 1 ? "Last %zu starts:" : "Last start:", model->start_count);
	for (size_t i = 0; i < model->start_count; i++) {
		figure_duration(model->starts_ms[i], figure, sizeof(figure));
		parts_add(&text, "%s%s", i > 0 ? "  " : " ", figure);
	}
	if (is_slow(model))
		parts_add(&text, " - this one, the slowest of them");
	parts_paragraph(context->theme, window, row, layout->starts, layout->name_at, out, ROLE_PLAIN);
}

static void draw_story(const struct startup_layout *layout, const struct screen_context *context, struct frame *window,
		       unsigned row, const char *story)
{
	frame_put(window, row, 0, '>', ROLE_SELECTED);
	parts_paragraph(context->theme, window, row, layout->story, 2, story, ROLE_PLAIN);
}

void startup_draw(struct startup_view *self, const struct screen_context *context, struct frame *frame,
		  struct frame_area area)
{
	struct frame window = frame_window(frame, area);
	char text[STORY_BYTES];
	unsigned row = 0;

	if (window.rows == 0 || window.columns == 0)
		return;
	story_of(context, text);
	struct startup_layout layout = lay_out(context, &window, text);
	struct startup_scale scale = startup_scale_make(startup_total_ms(context->model), layout.bar_columns);
	self->rows = layout.list;
	parts_follow_unit(&self->list, context->model, context->unit);
	screen_list_fit(&self->list, context->model->unit_count, self->rows);

	if (layout.heading > 0) {
		draw_heading(context, &window);
		row++;
	}
	if (layout.scale > 0)
		draw_scale(&layout, &scale, &window, row, context->theme->utf8);
	row += layout.scale;
	draw_list(self, context, &layout, &scale, &window, row);
	frame_cursor(frame, area.row + row + (unsigned)(self->list.selected - self->list.top), area.column);
	row += layout.list;
	if (layout.legend > 0) {
		draw_legend(&layout, &window, row + layout.gap, context->theme->utf8);
		row += layout.gap + layout.legend;
	}
	if (layout.story > 0) {
		draw_story(&layout, context, &window, row + layout.gap, text);
		row += layout.gap + layout.story;
	}
	if (layout.starts > 0)
		draw_starts(&layout, context, &window, row + layout.gap);
}

/* ---- Keys ---- */

enum screen_go startup_step(struct startup_view *self, struct screen_context *context, enum key_action action)
{
	char text[STORY_BYTES];

	if (parts_step_units(&self->list, context, self->rows, action))
		return GO_NOWHERE;
	switch (action) {
	case ACTION_CHOOSE:
		return GO_LOG;
	case ACTION_SHOW_DETAIL:
		return GO_DETAIL;
	case ACTION_SHOW_GRAPH:
		return GO_GRAPH;
	case ACTION_COPY:
		story_of(context, text);
		parts_copy(context, text);
		return GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_CANCEL:
		return GO_BACK;
	default:
		return GO_UNTAKEN;
	}
}

void startup_footer(const struct startup_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	(void)self;
	(void)context;
	*footer = (struct screen_footer){
		.actions = {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_SHOW_GRAPH, ACTION_COPY, ACTION_RESTART,
			    ACTION_NEXT_PROBLEM},
		.count = 6,
	};
}
