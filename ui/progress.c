/* SPDX-License-Identifier: MIT */
#include "ui/progress.h"

#include "config/figure.h"
#include "ui/model.h"
#include "ui/sgr.h"
#include "ui/text.h"
#include "ui/theme.h"
#include "ui/unit_progress.h"

#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS_MAX 24u
#define WORD_COLUMNS 10u /* "restarting" */
#define TIME_COLUMNS 6u

struct state_row {
	const char *word;
	char sign;
	uint32_t utf8_sign;
	enum theme_role role;
};
#define STATE_ROW(state, word, sign, utf8_sign, role, rank) {word, sign, utf8_sign, role},
static const struct state_row states[] = {UNIT_STATES(STATE_ROW)};
#undef STATE_ROW

/* One line on its way: what does not fit is cut. */
struct drawing {
	FILE *out;
	const struct theme *theme;
	unsigned column, columns; /* used, and to be used at most */
};

/* ---- One line ---- */

static void begin_role(const struct drawing *self, enum theme_role role)
{
	char spelt[SGR_SPELT_BYTES];

	sgr_spell(theme_style(self->theme, role), spelt);
	fputs(spelt, self->out);
}

static void end_role(const struct drawing *self, enum theme_role role)
{
	const struct theme_style style = theme_style(self->theme, role);

	if (style.attributes != 0 || style.foreground != THEME_DEFAULT || style.background != THEME_DEFAULT)
		fputs("\033[m", self->out);
}

static void put_point(struct drawing *self, uint32_t point)
{
	char bytes[4];

	if (self->column == self->columns)
		return;
	fwrite(bytes, 1, text_encode(point, bytes), self->out);
	self->column++;
}

/* At most `room` columns of it. */
static void put_text(struct drawing *self, const char *text, unsigned room, enum theme_role role)
{
	const char *end = text + strlen(text);
	const unsigned left = self->columns - self->column, limit = self->column + (room < left ? room : left);
	const bool whole = text_columns(text, strlen(text), self->theme->utf8) <= limit - self->column;
	struct text_char c;

	begin_role(self, role);
	for (; text_next(text, end, self->theme->utf8, &c); text += c.bytes) {
		const unsigned columns = c.points[0] == '\n' ? 1 : c.columns;
		char bytes[4];

		if (self->column + columns > limit - (whole || limit == self->column ? 0 : 1))
			break;
		for (unsigned i = 0; i < c.count; i++)
			fwrite(bytes, 1, text_encode(c.points[i] == '\n' ? ' ' : c.points[i], bytes), self->out);
		self->column += columns;
	}
	if (!whole)
		put_point(self, self->theme->more_right);
	end_role(self, role);
}

static void pad_to(struct drawing *self, unsigned column)
{
	while (self->column < column && self->column < self->columns) {
		fputc(' ', self->out);
		self->column++;
	}
}

static void end_line(struct drawing *self)
{
	fputc('\n', self->out);
	self->column = 0;
}

/* ---- Times: whole seconds while they run, all by one beat, so that the block changes once a second ---- */

static int64_t beat_ms(const struct stack_model *model, const struct progress_look *look)
{
	return model->now_ms - (model->now_ms - look->since_ms) % 1000;
}

static void spell_running(int64_t running_ms, char *text, size_t size_bytes)
{
	text[0] = '\0';
	if (running_ms >= 1000 && running_ms < 60000)
		snprintf(text, size_bytes, "%llds", (long long)running_ms / 1000);
	else if (running_ms >= 60000)
		figure_duration(running_ms, text, size_bytes);
}

static void spell_unit(const struct stack_model *model, const struct progress_look *look,
		       const struct progress_unit *unit, char *text, size_t size_bytes)
{
	text[0] = '\0';
	if (unit->done)
		figure_duration(unit->took_ms, text, size_bytes);
	else if (unit->since_ms >= 0)
		spell_running(beat_ms(model, look) - unit->since_ms, text, size_bytes);
}

/* ---- Lines ---- */

static unsigned name_columns(const struct stack_model *model, const struct progress_look *look)
{
	unsigned widest = 0;

	for (size_t i = 0; i < look->unit_count; i++) {
		const char *name = model->units[look->units[i].unit].name;
		const unsigned columns = text_columns(name, strlen(name), look->theme->utf8);

		widest = columns > widest ? columns : widest;
	}
	if (widest > NAME_COLUMNS_MAX)
		widest = NAME_COLUMNS_MAX;
	return widest > look->columns / 3 ? look->columns / 3 : widest;
}

/* While it stops: when that ends at the latest. Otherwise why it is as it is. */
static void spell_why(const struct stack_model *model, const struct progress_look *look, const struct unit_model *unit,
		      char *text, size_t size_bytes)
{
	char left[FIGURE_BYTES];

	if (unit->state == UNIT_STOPPING && unit->kill_ms > model->now_ms) {
		spell_running(unit->kill_ms - beat_ms(model, look) + 999, left, sizeof(left));
		snprintf(text, size_bytes, "is killed in %s", left);
		return;
	}
	/* Of what is well there is nothing to explain. */
	if (unit->state == UNIT_READY || unit->state == UNIT_RUNNING || unit->state == UNIT_STOPPED)
		text[0] = '\0';
	else
		snprintf(text, size_bytes, "%s", unit->why != NULL ? unit->why : "");
}

/* Behind the words, where there is room. */
static void draw_bar(struct drawing *self, const struct unit_progress *progress)
{
	const unsigned cells = unit_progress_bar_cells(progress, self->columns - self->column);
	uint32_t points[UNIT_BAR_MAX];

	if (cells == 0)
		return;
	unit_progress_bar(progress, self->theme, points, cells);
	put_point(self, ' ');
	begin_role(self, ROLE_BUSY);
	for (unsigned i = 0; i < cells; i++)
		put_point(self, points[i]);
	end_role(self, ROLE_BUSY);
}

static void draw_unit(struct drawing *self, const struct stack_model *model, const struct progress_look *look,
		      const struct progress_unit *progress, unsigned names)
{
	const struct unit_model *unit = &model->units[progress->unit];
	const struct state_row *state = &states[unit->state];
	char took[FIGURE_BYTES], why[256];
	unsigned column;

	begin_role(self, state->role);
	put_point(self, self->theme->lines ? state->utf8_sign : (uint32_t)state->sign);
	put_point(self, ' ');
	put_text(self, state->word, WORD_COLUMNS, ROLE_PLAIN);
	end_role(self, state->role);
	pad_to(self, 2 + WORD_COLUMNS + 2);
	column = self->column + names;
	put_text(self, unit->name, names, ROLE_PLAIN);
	spell_unit(model, look, progress, took, sizeof(took));
	spell_why(model, look, unit, why, sizeof(why));
	if (took[0] != '\0') {
		pad_to(self, column + 2 + TIME_COLUMNS - (unsigned)strlen(took));
		put_text(self, took, TIME_COLUMNS, ROLE_PLAIN);
	}
	if (why[0] != '\0') {
		pad_to(self, column + 2 + TIME_COLUMNS + 2);
		put_text(self, why, self->columns, ROLE_PLAIN);
		draw_bar(self, &unit->progress);
	}
	end_line(self);
}

static void draw_head(struct drawing *self, const struct stack_model *model, const struct progress_look *look)
{
	const bool stops = model->state == STACK_STOPPING || model->state == STACK_OVER;
	char text[96], took[FIGURE_BYTES];
	size_t there = 0, failed = 0;

	for (size_t i = 0; i < look->unit_count; i++) {
		const bool lost = !stops && model->units[look->units[i].unit].state == UNIT_FAILED;

		failed += lost ? 1 : 0;
		there += look->units[i].done && !lost ? 1 : 0;
	}
	put_text(self, look->title, self->columns / 2, ROLE_TITLE);
	if (failed > 0) {
		pad_to(self, self->column + 2);
		snprintf(text, sizeof(text), "%zu FAILED", failed);
		put_text(self, text, self->columns, ROLE_BAD);
	}
	if (look->took_ms >= 0)
		figure_duration(look->took_ms, took, sizeof(took));
	else
		spell_running(model->now_ms - look->since_ms, took, sizeof(took));
	snprintf(text, sizeof(text), "  %zu of %zu %s%s%s", there, look->unit_count, look->reached,
		 took[0] != '\0' ? "  " : "", took);
	put_text(self, text, self->columns, ROLE_PLAIN);
	end_line(self);
}

/* What there is no room for, in words. */
static void draw_rest(struct drawing *self, const struct progress_look *look, size_t left, size_t left_done)
{
	char text[96];

	if (left == left_done)
		snprintf(text, sizeof(text), "... and %zu more %s", left, look->reached);
	else
		snprintf(text, sizeof(text), "... and %zu more, %zu of them %s", left, left_done, look->reached);
	put_text(self, text, self->columns, ROLE_PLAIN);
	end_line(self);
}

static void draw_units(struct drawing *self, const struct stack_model *model, const struct progress_look *look,
		       size_t room)
{
	const unsigned names = name_columns(model, look);
	const bool all = look->unit_count <= room;
	const size_t wanted = all ? look->unit_count : room > 0 ? room - 1 : 0;
	size_t busy = 0, rest, shown = 0, left_done = 0;

	for (size_t i = 0; i < look->unit_count; i++)
		busy += look->units[i].done ? 0 : 1;
	rest = busy < wanted ? wanted - busy : 0; /* room for those that are done */
	for (size_t i = 0; i < look->unit_count; i++) {
		const bool done = look->units[i].done;

		if (shown < wanted && (!done || all || rest > 0)) {
			rest -= done && !all ? 1 : 0;
			draw_unit(self, model, look, &look->units[i], names);
			shown++;
		} else {
			left_done += done ? 1 : 0;
		}
	}
	if (!all && room > 0)
		draw_rest(self, look, look->unit_count - shown, left_done);
}

char *progress_text(const struct stack_model *model, const struct progress_look *look)
{
	struct drawing drawing = {.theme = look->theme, .columns = look->columns > 1 ? look->columns - 1 : 1};
	char *text = NULL;
	size_t size;

	drawing.out = open_memstream(&text, &size);
	if (drawing.out == NULL)
		return NULL;
	draw_head(&drawing, model, look);
	draw_units(&drawing, model, look, look->rows > 2 ? look->rows - 2 : 0);
	if (fclose(drawing.out) == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- What is written ---- */

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

static void move_down(size_t lines, FILE *out)
{
	if (lines > 0)
		fprintf(out, "\033[%zuB", lines);
}

static void put_difference(const char *before, const char *now, FILE *out)
{
	size_t left = count_lines(before), same = 0;

	fprintf(out, "\033[%zuA\r", left);
	while (*now != '\0') {
		const size_t length = strcspn(now, "\n"), old = strcspn(before, "\n");

		if (left > 0 && length == old && memcmp(now, before, length) == 0) {
			same++;
		} else {
			move_down(same, out);
			same = 0;
			/* Cleared first: in the last column some terminals clear what was written there. */
			fputs("\033[K", out);
			fwrite(now, 1, length, out);
			fputc('\n', out);
		}
		now += length + (now[length] == '\n' ? 1 : 0);
		if (left > 0) {
			before += old + 1;
			left--;
		}
	}
	move_down(same, out);
	/* What was typed meanwhile stands behind the cursor, and lines of a larger block before. */
	fputs("\033[J", out);
}

void progress_put(const char *before, const char *now, const char *above, size_t above_bytes, FILE *out)
{
	const size_t lines = count_lines(before);

	if (above_bytes == 0 && strcmp(before, now) == 0)
		return;
	if (above_bytes == 0 && lines > 0) {
		put_difference(before, now, out);
		return;
	}
	if (lines > 0)
		fprintf(out, "\033[%zuA\r\033[J", lines);
	if (above_bytes > 0)
		fwrite(above, 1, above_bytes, out);
	fputs(now, out);
}

unsigned progress_columns(const char *text, bool utf8)
{
	unsigned widest = 0, columns = 0;
	const char *end = text + strlen(text);
	struct theme_style style = {0};

	while (text < end) {
		const size_t sequence = sgr_read(text, end, &style);
		struct text_char c;

		if (sequence > 0) {
			text += sequence;
			continue;
		}
		if (!text_next(text, end, utf8, &c))
			break;
		columns = c.columns == 0 ? 0 : columns + c.columns;
		widest = columns > widest ? columns : widest;
		text += c.bytes;
	}
	return widest;
}
