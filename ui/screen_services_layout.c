/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include "ui/text.h"
#include "ui/unit_progress.h"

#include <string.h>

/* Rows of the area. */
#define LOG_NEEDS 8u
#define HEADER_NEEDS 4u
#define RULE_NEEDS 30u /* a line under the header */
#define LOG_ROWS_MIN 3u
#define LIST_ROWS_LOW 8u /* that a list may take on a low screen, though it is more than half */

/* Columns of the area. */
#define HEADINGS_NEED 60u
#define SIGN_NEEDS 3u
#define MARGIN 1u
#define STATE_WORD 10u /* "restarting" */
#define STATE_WORD_NARROW 8u /* longer ones are said otherwise */
#define SIGN_AND_BLANK 2u
#define GAP 2u
#define RESTARTS 4u
#define UPTIME 4u
#define CPU 4u
#define MEMORY 4u
#define NAME_MIN 7u
#define NAME_MIN_NARROW 6u
#define WHY_WIDE 24u
#define WHY_MERGED 20u
#define FACTS 12u
#define PORTS_MIN 4u
#define PORTS_MAX 20u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* ---- Rows ---- */

/* How many of `rows` the log gets when the list wants `wanted`. */
static unsigned log_rows_of(const struct services_view *self, unsigned rows, unsigned wanted, unsigned list_min)
{
	unsigned list_most = most(rows / 2, least(rows - LOG_ROWS_MIN, LIST_ROWS_LOW));
	long log = (long)(rows - least(wanted, list_most)) + self->split;
	long log_most = (long)rows - (long)list_min;

	return (unsigned)(log < (long)LOG_ROWS_MIN ? (long)LOG_ROWS_MIN : log > log_most ? log_most : log);
}

static struct frame_area cut_top(struct frame_area *area, unsigned rows)
{
	struct frame_area top = *area;

	top.rows = least(rows, area->rows);
	area->row += top.rows;
	area->rows -= top.rows;
	return top;
}

static struct frame_area cut_bottom(struct frame_area *area, unsigned rows)
{
	struct frame_area bottom = *area;

	bottom.rows = least(rows, area->rows);
	area->rows -= bottom.rows;
	bottom.row = area->row + area->rows;
	return bottom;
}

void services_layout_areas(const struct services_view *self, const struct stack_model *model, struct frame_area area,
			   struct services_layout *layout)
{
	bool headings = area.columns >= HEADINGS_NEED && area.rows >= HEADER_NEEDS;
	bool field = self->narrowing || self->narrow.text[0] != '\0' || self->mark_count > 0;
	bool has_log = area.rows >= LOG_NEEDS;
	unsigned units = (unsigned)least((unsigned)model->unit_count, SERVICES_UNITS_MAX);

	*layout = (struct services_layout){.log = area};
	if (self->zoomed && has_log)
		return;
	layout->header = cut_top(&area, area.rows < HEADER_NEEDS ? 0 : area.rows < RULE_NEEDS ? 1 : 2);
	/* A blank row behind the last unit: the line of what is typed or marked has its place there, so nothing moves for it. */
	unsigned wanted = headings + units + 1;
	layout->log = cut_bottom(&area, has_log ? log_rows_of(self, area.rows, wanted, headings + 2u) : 0);
	layout->headings = cut_top(&area, headings ? 1 : 0);
	layout->field = cut_bottom(&area, field && (area.rows > 1 || self->narrowing) ? 1 : 0);
	layout->table = area;
}

struct frame_area services_log_area(const struct services_view *self, const struct stack_model *model,
				    struct frame_area area)
{
	struct services_layout layout;

	services_layout_areas(self, model, area, &layout);
	return layout.log;
}

/* ---- Columns ---- */

unsigned services_columns_of(const char *text, bool utf8)
{
	size_t size = 0;

	for (; text[size] != '\0'; size++)
		if ((unsigned char)text[size] < 0x20 || (unsigned char)text[size] >= 0x7f)
			return text_columns(text, strlen(text), utf8);
	return (unsigned)size;
}

static void grow(struct services_view *self, enum services_column column, unsigned columns)
{
	if (self->widths[column] < columns)
		self->widths[column] = columns;
}

/* What the columns of text want; those of figures are as wide as figures get. */
static void take_widths(struct services_view *self, const struct screen_context *context, struct frame_area area)
{
	const struct stack_model *model = context->model;
	bool utf8 = context->theme->utf8;

	if (self->area.columns != area.columns)
		memset(self->widths, 0, sizeof(self->widths));
	self->area = area;
	for (size_t i = 0; i < model->unit_count && i < SERVICES_UNITS_MAX; i++) {
		const struct unit_model *unit = &model->units[i];
		grow(self, COLUMN_NAME, services_columns_of(unit->name, utf8));
		if (unit->why != NULL)
			grow(self, COLUMN_WHY,
			     services_columns_of(unit->why, utf8) +
				     (unit_progress_percent(&unit->progress) >= 0 ? 1 + UNIT_BAR_MAX : 0));
		if (unit->ports != NULL)
			grow(self, COLUMN_PORTS, services_columns_of(unit->ports, utf8));
	}
}

/* Puts columns one behind the other. */
struct row {
	struct services_layout *layout;
	unsigned at;
};

static void add(struct row *row, enum services_column column, unsigned columns, bool right)
{
	row->layout->slots[row->layout->count++] =
		(struct services_slot){.column = column, .at = row->at, .columns = columns, .right = right};
	row->at += columns + GAP;
}

static void add_spark(struct row *row, unsigned cells)
{
	if (cells == 0)
		return;
	row->layout->slots[row->layout->count - 1].spark_cells = cells;
	row->at += 1 + cells;
}

static unsigned name_columns(const struct services_view *self, unsigned columns, unsigned at_least)
{
	return least(most(self->widths[COLUMN_NAME], at_least), most(columns / 4, at_least));
}

/* False, and nothing is laid out, when the reasons would have too little room. */
static bool make_wide(const struct services_view *self, unsigned columns, unsigned cells,
		      struct services_layout *layout)
{
	unsigned ports = least(most(self->widths[COLUMN_PORTS], PORTS_MIN), PORTS_MAX);
	unsigned name = name_columns(self, columns, NAME_MIN);
	unsigned state = SIGN_AND_BLANK + STATE_WORD, margin = MARGIN + 2;
	unsigned figures = RESTARTS + GAP + UPTIME + GAP + CPU + 1 + cells + GAP + MEMORY + 1 + cells;
	unsigned others = margin + state + GAP + name + GAP + GAP + figures + GAP + ports;
	struct row row = {layout, margin};

	if (columns < others + WHY_WIDE)
		return false;
	layout->form = FORM_WIDE;
	layout->pointer = MARGIN;
	add(&row, COLUMN_STATE, state, false);
	add(&row, COLUMN_NAME, name, false);
	add(&row, COLUMN_WHY, least(columns - others, most(self->widths[COLUMN_WHY], WHY_WIDE)), false);
	add(&row, COLUMN_RESTARTS, RESTARTS, true);
	add(&row, COLUMN_UPTIME, UPTIME, true);
	add(&row, COLUMN_CPU, CPU, true);
	add_spark(&row, cells);
	add(&row, COLUMN_MEMORY, MEMORY, true);
	add_spark(&row, cells);
	add(&row, COLUMN_PORTS, ports, false);
	return true;
}

static bool make_merged(const struct services_view *self, unsigned columns, unsigned cells, bool restarts, bool uptime,
			struct services_layout *layout)
{
	unsigned name = name_columns(self, columns, NAME_MIN), state = SIGN_AND_BLANK + STATE_WORD;
	unsigned others = MARGIN + state + GAP + name + GAP + (restarts ? RESTARTS + GAP : 0) +
			  (uptime ? UPTIME + GAP : 0) + CPU + (cells > 0 ? 1 + cells : 0) + GAP + MEMORY + GAP;
	struct row row = {layout, MARGIN};

	if (columns < others + WHY_MERGED)
		return false;
	layout->form = FORM_MERGED;
	add(&row, COLUMN_STATE, state, false);
	add(&row, COLUMN_NAME, name, false);
	if (restarts)
		add(&row, COLUMN_RESTARTS, RESTARTS, true);
	if (uptime)
		add(&row, COLUMN_UPTIME, UPTIME, true);
	add(&row, COLUMN_CPU, CPU, true);
	add_spark(&row, cells);
	add(&row, COLUMN_MEMORY, MEMORY, true);
	add(&row, COLUMN_WHY, columns - others, false);
	return true;
}

static bool make_facts(const struct services_view *self, unsigned columns, struct services_layout *layout)
{
	unsigned name = name_columns(self, columns, NAME_MIN_NARROW);
	unsigned state = SIGN_AND_BLANK + STATE_WORD_NARROW;
	unsigned others = MARGIN + state + 1 + name + 1;
	struct row row = {layout, MARGIN};

	if (columns < others + FACTS)
		return false;
	layout->form = FORM_FACTS;
	add(&row, COLUMN_STATE, state, false);
	row.at--;
	add(&row, COLUMN_NAME, name, false);
	row.at--;
	add(&row, COLUMN_WHY, columns - others, false);
	return true;
}

/* What is left: a sign, the name, and of the reason what fits. */
static void make_names(const struct services_view *self, unsigned columns, struct services_layout *layout)
{
	unsigned room = columns - MARGIN - SIGN_AND_BLANK;
	unsigned name = least(most(self->widths[COLUMN_NAME], 1), room < 16 ? room : room / 2);
	struct row row = {layout, MARGIN};

	layout->form = FORM_NAMES;
	add(&row, COLUMN_STATE, 1, false);
	row.at--;
	add(&row, COLUMN_NAME, name, false);
	row.at--;
	if (row.at + 4 <= columns)
		add(&row, COLUMN_WHY, columns - row.at, false);
}

void services_layout_of(const struct services_view *self, const struct stack_model *model, struct frame_area area,
			struct services_layout *layout)
{
	unsigned columns = area.columns;

	services_layout_areas(self, model, area, layout);
	if (columns < SIGN_NEEDS) {
		layout->form = FORM_SIGN;
		return;
	}
	if (columns >= HEADINGS_NEED &&
	    (make_wide(self, columns, SPARK_CELLS, layout) || make_wide(self, columns, SPARK_CELLS / 2, layout)))
		return;
	/* The order in which a narrow screen does without. */
	if (columns >= HEADINGS_NEED &&
	    (make_merged(self, columns, SPARK_CELLS / 2, true, true, layout) ||
	     make_merged(self, columns, 0, true, true, layout) || make_merged(self, columns, 0, false, true, layout) ||
	     make_merged(self, columns, 0, false, false, layout)))
		return;
	if (!make_facts(self, columns, layout))
		make_names(self, columns, layout);
}

void services_layout_make(struct services_view *self, const struct screen_context *context, struct frame_area area,
			  struct services_layout *layout)
{
	take_widths(self, context, area);
	services_layout_of(self, context->model, area, layout);
}

const struct services_slot *services_slot_of(const struct services_layout *layout, enum services_column column)
{
	for (size_t i = 0; i < layout->count; i++)
		if (layout->slots[i].column == column)
			return &layout->slots[i];
	return NULL;
}
