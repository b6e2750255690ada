/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include "config/figure.h"
#include "ui/text.h"
#include "ui/unit_progress.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 256u
#define FACT_CPU 5u
#define FACT_MEMORY 7u
#define FIELD_COLUMNS 16u
#define FIELD_LEAST 6u

struct pen {
	const struct services_view *view;
	const struct screen_context *context;
	const struct services_layout *layout;
	struct frame *frame;
	unsigned row, left; /* where the row is that is drawn */
};

static unsigned put_text(const struct pen *pen, unsigned at, unsigned columns, const char *text, enum theme_role role)
{
	return frame_label(pen->frame, pen->row, pen->left + at, columns, text, role, pen->context->theme->utf8);
}

static void put_right(const struct pen *pen, unsigned at, unsigned columns, const char *text, enum theme_role role)
{
	unsigned wanted = services_columns_of(text, pen->context->theme->utf8);

	put_text(pen, wanted < columns ? at + columns - wanted : at, columns, text, role);
}

/* ---- Headings ---- */

static const char *heading_of(enum services_column column)
{
	static const char *const headings[COLUMN_COUNT] = {
#define COLUMN_HEADING(name, heading) [name] = heading,
		SERVICES_COLUMNS(COLUMN_HEADING)
#undef COLUMN_HEADING
	};

	return headings[column];
}

/* The column that is sorted by has an arrow at its open side: down for the largest first, as the rows go. */
static void draw_heading(const struct pen *pen, const struct services_slot *slot)
{
	const struct theme *theme = pen->context->theme;
	bool sorted = pen->view->sort == slot->column;
	bool merged = slot->column == COLUMN_WHY && pen->layout->form == FORM_MERGED;
	const char *text = merged ? "WHY / PORT" : heading_of(slot->column);
	enum theme_role role = sorted ? ROLE_TITLE : ROLE_PLAIN;
	unsigned wanted = (unsigned)strlen(text);
	/* Signs stand in front of the words of states: so does nothing in their heading. */
	unsigned at = slot->at + (slot->right ? slot->columns - wanted : slot->column == COLUMN_STATE ? 2 : 0);
	bool ascends = slot->right == pen->view->turned;

	frame_text(pen->frame, pen->row, pen->left + at, wanted, text, wanted, role, true);
	if (sorted)
		frame_put(pen->frame, pen->row, pen->left + (slot->right ? at - 1 : at + wanted),
			  ascends ? theme->more_above : theme->more_below, role);
	if (slot->spark_cells > 0)
		put_text(pen, slot->at + slot->columns + 1, slot->spark_cells,
			 slot->spark_cells == SPARK_CELLS ? "last 2 min" : "1 min", ROLE_PLAIN);
}

/* ---- Cells ---- */

/* Cut in the middle: names of one stack begin alike or end alike. */
static void elide_name(const char *name, unsigned columns, bool utf8, char *out, size_t size)
{
	const char *end = name + strlen(name), *tail = name, *mark = utf8 ? "\xe2\x80\xa6" : columns < 8 ? "." : "...";
	unsigned total = text_columns(name, strlen(name), utf8), mark_columns = utf8 || columns < 8 ? 1 : 3;
	unsigned room = columns > mark_columns ? columns - mark_columns : 0, used = 0, left = total;
	struct text_char c;
	size_t head = 0;

	for (; text_next(name + head, end, utf8, &c) && used + c.columns <= (room + 1) / 2; head += c.bytes)
		used += c.columns;
	for (; left > room - used && text_next(tail, end, utf8, &c); tail += c.bytes)
		left -= c.columns;
	snprintf(out, size, "%.*s%s%s", (int)head, name, mark, tail);
}

static void draw_name(const struct pen *pen, const struct services_slot *slot, const struct unit_model *unit,
		      bool selected)
{
	bool marked = services_is_marked(pen->view, unit->id), utf8 = pen->context->theme->utf8;
	enum theme_role role = selected ? ROLE_SELECTED : marked ? ROLE_MARKED : ROLE_PLAIN;
	char name[NAME_BYTES];

	if (marked && slot->at > 0)
		frame_put(pen->frame, pen->row, pen->left + slot->at - 1, '*', ROLE_KEY);
	if (services_columns_of(unit->name, utf8) <= slot->columns) {
		put_text(pen, slot->at, slot->columns, unit->name, role);
		return;
	}
	elide_name(unit->name, slot->columns, utf8, name, sizeof(name));
	put_text(pen, slot->at, slot->columns, name, role);
}

static void draw_state(const struct pen *pen, const struct services_slot *slot, const struct unit_model *unit)
{
	enum theme_role role = unit_state_role(unit->state);
	const char *word = unit_state_word(unit->state);

	if (slot->columns < strlen(word) + 2)
		word = unit->state == UNIT_RESTARTING ? "restarts" : unit->state == UNIT_UNHEALTHY ? "unwell" : word;
	frame_put(pen->frame, pen->row, pen->left + slot->at, unit_state_sign(unit->state, pen->context->theme), role);
	if (slot->columns > 2)
		put_text(pen, slot->at + 2, slot->columns - 2, word, role);
}

static void draw_spark(const struct pen *pen, const struct services_slot *slot, const struct spark *spark,
		       enum theme_role role)
{
	unsigned from = SPARK_CELLS - slot->spark_cells;

	for (unsigned i = 0; i < slot->spark_cells; i++) {
		uint8_t level = spark->level[from + i];
		if (level < THEME_RAMP)
			frame_put(pen->frame, pen->row, pen->left + slot->at + slot->columns + 1 + i,
				  pen->context->theme->ramp[level], role);
	}
}

/* In words, with a bar behind them where there is room; fewer words before fewer letters. */
static void draw_progress(const struct pen *pen, const struct services_slot *slot, const struct unit_model *unit)
{
	const bool utf8 = pen->context->theme->utf8;
	const char *words = unit->why;
	uint32_t points[UNIT_BAR_MAX];
	unsigned used, cells;
	char brief[32];

	if (services_columns_of(words, utf8) > slot->columns) {
		unit_progress_brief(&unit->progress, brief, sizeof(brief));
		words = brief;
	}
	used = put_text(pen, slot->at, slot->columns, words, ROLE_PLAIN);
	cells = unit_progress_bar_cells(&unit->progress, slot->columns - used);
	unit_progress_bar(&unit->progress, pen->context->theme, points, cells);
	for (unsigned i = 0; i < cells; i++)
		frame_put(pen->frame, pen->row, pen->left + slot->at + used + 1 + i, points[i], ROLE_BUSY);
}

/* Why, else in the forms with few columns what there is to say of one that is well. */
static void draw_why(const struct pen *pen, const struct services_slot *slot, const struct unit_model *unit)
{
	enum theme_role role = unit_state_is_problem(unit->state) ? unit_state_role(unit->state) : ROLE_PLAIN;
	char cpu[FIGURE_BYTES], memory[FIGURE_BYTES];

	if (unit->why != NULL && unit_progress_percent(&unit->progress) >= 0) {
		draw_progress(pen, slot, unit);
	} else if (unit->why != NULL && unit->why[0] != '\0') {
		put_text(pen, slot->at, slot->columns, unit->why, role);
	} else if (pen->layout->form == FORM_MERGED && unit->ports != NULL) {
		put_text(pen, slot->at, slot->columns, unit->ports, ROLE_PLAIN);
	} else if (pen->layout->form == FORM_FACTS && unit->rss_bytes >= 0) {
		figure_cpu(unit->cpu_percent, cpu, sizeof(cpu));
		figure_bytes(unit->rss_bytes, memory, sizeof(memory));
		put_right(pen, slot->at, FACT_CPU - 1, cpu, ROLE_PLAIN);
		put_text(pen, slot->at + FACT_CPU - 1, 1, "%", ROLE_PLAIN);
		put_right(pen, slot->at + FACT_CPU, FACT_MEMORY, memory, ROLE_PLAIN);
	}
}

/* What is not known, or is nothing, is left empty: a table of zeros and dashes hides what is there. */
static void draw_figure(const struct pen *pen, const struct services_slot *slot, const struct unit_model *unit)
{
	char text[FIGURE_BYTES] = "";

	if (slot->column == COLUMN_RESTARTS && unit->restarts > 0)
		snprintf(text, sizeof(text), unit->restarts > 9999 ? ">10k" : "%d", unit->restarts);
	else if (slot->column == COLUMN_UPTIME && unit->started_ms >= 0)
		figure_uptime(pen->context->model->now_ms - unit->started_ms, text, sizeof(text));
	else if (slot->column == COLUMN_CPU && unit->cpu_percent >= 0)
		figure_cpu(unit->cpu_percent, text, sizeof(text));
	else if (slot->column == COLUMN_MEMORY && unit->rss_bytes >= 0)
		figure_bytes(unit->rss_bytes, text, sizeof(text));
	put_right(pen, slot->at, slot->columns, text, ROLE_PLAIN);
	if (slot->spark_cells > 0)
		draw_spark(pen, slot, slot->column == COLUMN_CPU ? &unit->cpu : &unit->memory,
			   slot->column == COLUMN_CPU ? ROLE_BUSY : ROLE_NOTE);
}

static void draw_row(const struct pen *pen, const struct unit_model *unit, bool selected)
{
	if (selected)
		frame_put(pen->frame, pen->row, pen->left + pen->layout->pointer, '>', ROLE_SELECTED);
	for (size_t i = 0; i < pen->layout->count; i++) {
		const struct services_slot *slot = &pen->layout->slots[i];
		if (slot->column == COLUMN_STATE)
			draw_state(pen, slot, unit);
		else if (slot->column == COLUMN_NAME)
			draw_name(pen, slot, unit, selected);
		else if (slot->column == COLUMN_WHY)
			draw_why(pen, slot, unit);
		else if (slot->column == COLUMN_PORTS && unit->ports != NULL)
			put_text(pen, slot->at, slot->columns, unit->ports, ROLE_PLAIN);
		else
			draw_figure(pen, slot, unit);
	}
}

/* ---- The whole ---- */

/* A terminal of one or two columns: the worst sign on one row, else a sign each. */
static void draw_signs(const struct pen *pen, const struct services_rows *rows, struct frame_area area)
{
	const struct stack_model *model = pen->context->model;
	const struct unit_model *worst = NULL;

	for (size_t i = 0; i < model->unit_count; i++)
		if (worst == NULL || unit_state_rank(model->units[i].state) < unit_state_rank(worst->state))
			worst = &model->units[i];
	for (unsigned i = 0; i < area.rows && pen->view->list.top + i < rows->count && worst != NULL; i++) {
		enum unit_state state =
			area.rows == 1 ? worst->state : model->units[rows->at[pen->view->list.top + i]].state;
		frame_put(pen->frame, area.row + i, area.column, unit_state_sign(state, pen->context->theme),
			  unit_state_role(state));
	}
}

/* Marks at the right edge: there is more above, below. */
static void draw_more(const struct pen *pen, const struct services_rows *rows, struct frame_area area)
{
	const struct theme *theme = pen->context->theme;
	size_t top = pen->view->list.top;

	if (area.rows < 2)
		return;
	if (top > 0)
		frame_put(pen->frame, area.row, area.column + area.columns - 1, theme->more_above, ROLE_TITLE);
	if (top + area.rows < rows->count)
		frame_put(pen->frame, area.row + area.rows - 1, area.column + area.columns - 1, theme->more_below,
			  ROLE_TITLE);
}

void services_draw_table(const struct services_view *self, const struct screen_context *context,
			 const struct services_layout *layout, const struct services_rows *rows, struct frame *frame)
{
	struct pen pen = {self, context, layout, frame, layout->headings.row, layout->table.column};
	size_t top = self->list.top;

	if (layout->form == FORM_SIGN) {
		draw_signs(&pen, rows, layout->table);
		return;
	}
	for (size_t i = 0; layout->headings.rows > 0 && i < layout->count; i++)
		draw_heading(&pen, &layout->slots[i]);
	for (unsigned i = 0; i < layout->table.rows && top + i < rows->count; i++) {
		pen.row = layout->table.row + i;
		draw_row(&pen, &context->model->units[rows->at[top + i]], top + i == self->list.selected);
	}
	draw_more(&pen, rows, layout->table);
}

/* Says the key that does it, when there is one. */
static void add_key(const struct screen_context *context, enum key_action action, const char *does, char *text,
		    size_t size)
{
	size_t used = strlen(text);
	char key[KEY_NAME_MAX];

	if (keymap_key(context->keys, KEY_SCREEN_SERVICES, action, key))
		snprintf(text + used, size - used, ", %s %s", key, does);
}

static void spell_field(const struct services_view *self, const struct screen_context *context,
			const struct services_rows *rows, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	if (self->narrow.text[0] != '\0' || self->narrowing) {
		if (rows->count == 0 && rows->hidden > 0)
			snprintf(text, size, "nothing matches, Esc shows all %zu", rows->hidden);
		else
			snprintf(text, size, "%zu hidden by filter, Esc shows", rows->hidden);
	}
	used = strlen(text);
	if (self->mark_count > 0) {
		snprintf(text + used, size - used, "%s%zu marked", used > 0 ? "   " : "", self->mark_count);
		add_key(context, ACTION_UNMARK_ALL, "unmarks", text, size);
	}
}

void services_draw_field(const struct services_view *self, const struct screen_context *context,
			 const struct services_layout *layout, const struct services_rows *rows, struct frame *frame)
{
	const struct theme *theme = context->theme;
	unsigned row = layout->field.row, at = layout->field.column + layout->pointer;
	unsigned columns = layout->field.columns - layout->pointer;
	bool filter = self->narrowing || self->narrow.text[0] != '\0';
	char text[160];

	if (layout->field.rows == 0)
		return;
	spell_field(self, context, rows, text, sizeof(text));
	unsigned says = services_columns_of(text, theme->utf8), typed = 0;
	if (filter) {
		/* Room for a word, so that what is said behind it stands still while one types. */
		typed = 1 + services_columns_of(self->narrow.text, theme->utf8) + 1;
		typed = typed > FIELD_COLUMNS ? typed : FIELD_COLUMNS;
		unsigned most = columns > says + 2 + FIELD_LEAST ? columns - says - 2 : self->narrowing ? columns : 0;
		typed = typed < most ? typed : most;
	}
	if (typed > 1) {
		frame_put(frame, row, at, '/', ROLE_KEY);
		if (self->narrowing)
			line_edit_draw(&self->narrow, theme, frame, row, at + 1, typed - 1);
		else
			frame_label(frame, row, at + 1, typed - 1, self->narrow.text, ROLE_PLAIN, theme->utf8);
		typed += 2;
	}
	if (typed < columns)
		frame_label(frame, row, at + typed, columns - typed, text, filter ? ROLE_ALERT : ROLE_PLAIN,
			    theme->utf8);
}
