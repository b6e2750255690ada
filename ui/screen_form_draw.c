/* SPDX-License-Identifier: MIT */
#include "ui/screen_form.h"

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/screen.h"
#include "ui/screen_form_parts.h"
#include "ui/setup_form.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define BOX_COLUMNS 80u
#define BOX_ROWS 24u
/* From this text width on there is room for whole sentences. */
#define WIDE_COLUMNS 60u
/* Columns in front of an answer: under the question, behind its sign. */
#define INDENT 2u
/* Longer answers than this scroll. */
#define ANSWER_COLUMNS_MAX 60u
/* "(*) " in front of a choice, and between two. */
#define CHOICE_SIGN 4u
#define CHOICE_GAP 2u
#define WORDS_MAX 640u
#define SAVE_LABEL "[ Save and go on ]"

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* ---- Which questions are there ---- */

static size_t seen_count(const struct setup_form *form)
{
	size_t count = 0;

	for (size_t i = 0; i < form->model->count; i++)
		count += setup_form_applies(form, i);
	return count;
}

/* How many of them stand before this one. */
static size_t seen_before(const struct setup_form *form, size_t index)
{
	size_t count = 0;

	for (size_t i = 0; i < index && i < form->model->count; i++)
		count += setup_form_applies(form, i);
	return count;
}

/* ---- Layout ---- */

struct form_layout form_layout_make(const struct setup_form *form, const struct form_view *view)
{
	struct form_layout self = {.box = {.columns = min(view->columns, BOX_COLUMNS)}};
	unsigned wanted = (unsigned)seen_count(form) * FORM_BLOCK_ROWS, fixed = 2 + 3; /* border; save, words, footer */

	/* Two more: a row about the whole, and an empty one behind the questions. */
	self.box.rows = min(view->rows, fixed + wanted + 3 > BOX_ROWS ? fixed + wanted + 3 : BOX_ROWS);
	self.box.row = (view->rows - self.box.rows) / 2;
	self.box.column = (view->columns - self.box.columns) / 2;
	self.column = self.box.column + 2;
	self.columns = self.box.columns > 4 ? self.box.columns - 4 : 1;
	self.wide = self.columns >= WIDE_COLUMNS;
	unsigned room = self.box.rows > fixed ? self.box.rows - fixed : 0;
	self.about = room >= 2 * FORM_BLOCK_ROWS + 3;
	self.list.row = self.box.row + 1 + (self.about ? 2 : 0);
	self.list.column = self.column;
	self.list.columns = self.columns;
	self.list.rows = (room - (self.about ? 2 : 0)) / FORM_BLOCK_ROWS * FORM_BLOCK_ROWS;
	self.footer_row = self.box.row + self.box.rows - 2;
	self.words_row = self.footer_row - 1;
	self.save_row = self.words_row - 1;
	return self;
}

size_t form_fitted_top(const struct setup_form *form, const struct form_view *view, const struct form_layout *layout)
{
	struct screen_list list = {.selected = seen_before(form, view->focus), .top = view->top};

	screen_list_fit(&list, seen_count(form), layout->list.rows / FORM_BLOCK_ROWS);
	return list.top;
}

/* ---- Drawing ---- */

struct painter {
	const struct setup_form *form;
	const struct form_view *view;
	const struct theme *theme;
	struct frame *frame;
	struct form_layout layout;
	unsigned cursor_row, cursor_column; /* where it is to stand in the end */
};

static void put_words(struct painter *self, unsigned row, unsigned indent, const char *words, enum theme_role role)
{
	frame_label(self->frame, row, self->layout.column + indent, self->layout.columns - indent, words, role,
		    self->theme->utf8);
}

static unsigned width_of(const struct painter *self, const char *text)
{
	return text_columns(text, strlen(text), self->theme->utf8);
}

static void set_cursor(struct painter *self, unsigned row, unsigned column)
{
	self->cursor_row = row;
	self->cursor_column = column;
}

static void draw_sign(struct painter *self, size_t index, unsigned row)
{
	static const struct {
		enum unit_state sign;
		enum theme_role role;
	} looks[] = {
		[SETUP_FINE] = {UNIT_READY, ROLE_GOOD},      [SETUP_EMPTY] = {UNIT_WAITING, ROLE_IDLE},
		[SETUP_NO_MATCH] = {UNIT_FAILED, ROLE_WARN}, [SETUP_NO_CHOICE] = {UNIT_FAILED, ROLE_WARN},
		[SETUP_REFUSED] = {UNIT_FAILED, ROLE_WARN},
	};
	enum setup_problem problem = setup_form_problem(self->form, index);

	if (self->view->checking && self->view->checked == index)
		problem = SETUP_EMPTY;

	frame_put(self->frame, row, self->layout.column, unit_state_sign(looks[problem].sign, self->theme),
		  looks[problem].role);
}

/* All in one row where they fit: the one that is taken has a dot, and is in reverse while it has focus. */
static void draw_choices_wide(struct painter *self, size_t index, unsigned row, bool focused)
{
	const char *const *choices = self->form->model->fields[index].choices;
	const char *taken = setup_form_text(self->form, index);
	unsigned column = self->layout.column + INDENT;

	for (size_t i = 0; choices[i] != NULL; i++) {
		bool is_taken = strcmp(choices[i], taken) == 0;
		unsigned width = CHOICE_SIGN + width_of(self, choices[i]);

		frame_text(self->frame, row, column, CHOICE_SIGN, is_taken ? "(*) " : "( ) ", CHOICE_SIGN, ROLE_PLAIN,
			   false);
		frame_label(self->frame, row, column + CHOICE_SIGN, width - CHOICE_SIGN, choices[i], ROLE_PLAIN,
			    self->theme->utf8);
		if (focused && is_taken)
			frame_mark(self->frame, row, column, width, ROLE_FOCUS);
		if (focused && (is_taken || (i == 0 && *taken == '\0')))
			set_cursor(self, row, column + 1);
		column += width + CHOICE_GAP;
	}
}

/* Else one at a time. */
static void draw_choices_narrow(struct painter *self, size_t index, unsigned row, bool focused)
{
	const char *const *choices = self->form->model->fields[index].choices;
	const char *taken = setup_form_text(self->form, index);
	unsigned column = self->layout.column + INDENT, room = self->layout.columns - INDENT;
	size_t count = 0, at = 0;
	char where[32];

	for (; choices[count] != NULL; count++)
		if (strcmp(choices[count], taken) == 0)
			at = count + 1;
	int size =
		snprintf(where, sizeof(where), at > 0 ? " > %zu of %zu" : " > %zu choices", at > 0 ? at : count, count);
	unsigned behind = size > 0 ? (unsigned)size : 0, used;
	frame_text(self->frame, row, column, 2, "< ", 2, ROLE_PLAIN, false);
	used = frame_label(self->frame, row, column + 2, room > behind + 2 ? room - behind - 2 : 1,
			   at > 0 ? taken : "none", ROLE_PLAIN, self->theme->utf8);
	frame_label(self->frame, row, column + 2 + used, behind, where, ROLE_PLAIN, false);
	if (!focused)
		return;
	frame_mark(self->frame, row, column, used + 4, ROLE_FOCUS);
	set_cursor(self, row, column + 2);
}

static void draw_choices(struct painter *self, size_t index, unsigned row, bool focused)
{
	const char *const *choices = self->form->model->fields[index].choices;
	unsigned wanted = 0;

	for (size_t i = 0; choices[i] != NULL && wanted <= self->layout.columns; i++)
		wanted += CHOICE_SIGN + width_of(self, choices[i]) + (i > 0 ? CHOICE_GAP : 0);
	if (wanted + INDENT <= self->layout.columns)
		draw_choices_wide(self, index, row, focused);
	else
		draw_choices_narrow(self, index, row, focused);
}

static void draw_fixed(struct painter *self, size_t index, unsigned row)
{
	const struct setup_field *field = &self->form->model->fields[index];
	const char *value = field->value != NULL ? field->value : "";

	put_words(self, row, INDENT, *value == '\0' ? "(empty)" : field->secret ? "********" : value, ROLE_PLAIN);
}

/* Focus is shown three ways: other brackets, the question in bold, and the hardware cursor. */
static void draw_line(struct painter *self, size_t index, unsigned row, bool focused)
{
	const struct setup_entry *entry = &self->form->entries[index];
	unsigned column = self->layout.column + INDENT;
	unsigned room = min(self->layout.columns - INDENT - 2, ANSWER_COLUMNS_MAX);
	struct line_edit shown = entry->edit;

	shown.secret = shown.secret && !(focused && self->view->shown);
	line_edit_draw(&shown, self->theme, self->frame, row, column + 1, room);
	explicit_bzero(&shown, sizeof(shown));
	if (focused)
		set_cursor(self, self->frame->cursor_row, self->frame->cursor_column);
	if (entry->kept && entry->edit.size_bytes == 0)
		frame_label(self->frame, row, column + 1, room, "(kept; typing replaces it)", ROLE_PLAIN, false);
	frame_put(self->frame, row, column, focused ? '>' : '[', focused ? ROLE_FOCUS : ROLE_PLAIN);
	frame_put(self->frame, row, column + 1 + room, focused ? '<' : ']', focused ? ROLE_FOCUS : ROLE_PLAIN);
}

static void draw_block(struct painter *self, size_t index, unsigned row)
{
	const struct setup_field *field = &self->form->model->fields[index];
	bool focused = index == self->view->focus, checking = self->view->checking && self->view->checked == index;
	enum setup_problem problem = setup_form_problem(self->form, index);
	char words[WORDS_MAX];

	draw_sign(self, index, row);
	put_words(self, row, INDENT, field->label, focused ? ROLE_TITLE : ROLE_PLAIN);
	if (field->fixed)
		draw_fixed(self, index, row + 1);
	else if (field->choices != NULL)
		draw_choices(self, index, row + 1, focused);
	else
		draw_line(self, index, row + 1, focused);
	setup_form_words(self->form, index, !self->layout.wide, words, sizeof(words));
	put_words(self, row + 2, INDENT, checking ? "checking..." : words,
		  problem == SETUP_NO_MATCH || problem == SETUP_REFUSED ? ROLE_ALERT : ROLE_PLAIN);
}

static void draw_list(struct painter *self)
{
	size_t top = form_fitted_top(self->form, self->view, &self->layout), seen = 0;
	unsigned rows = self->layout.list.rows, edge = self->layout.box.column + self->layout.box.columns - 1;

	for (size_t i = 0; i < self->form->model->count; i++) {
		if (!setup_form_applies(self->form, i))
			continue;
		if (seen >= top && (seen - top + 1) * FORM_BLOCK_ROWS <= rows)
			draw_block(self, i, self->layout.list.row + (unsigned)(seen - top) * FORM_BLOCK_ROWS);
		seen++;
	}
	if (top > 0)
		frame_put(self->frame, self->layout.list.row, edge, self->theme->more_above, ROLE_TITLE);
	if ((seen - top) * FORM_BLOCK_ROWS > rows && rows > 0)
		frame_put(self->frame, self->layout.list.row + rows - 1, edge, self->theme->more_below, ROLE_TITLE);
	if (seen * FORM_BLOCK_ROWS > rows)
		frame_legend(self->frame, self->layout.box, "more questions: Tab, Shift-Tab", self->theme);
}

/* "Still missing: LLM provider, OpenAI API key" */
static void missing_words(const struct setup_form *form, char *words, size_t size_bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < form->model->count && used < size_bytes; i++) {
		enum setup_problem problem = setup_form_problem(form, i);
		if (!setup_form_applies(form, i) || problem == SETUP_FINE || problem == SETUP_REFUSED)
			continue;
		int size = snprintf(words + used, size_bytes - used, "%s%s",
				    used > 0 ? ", " : "Still missing: ", form->model->fields[i].label);
		used += size > 0 ? (size_t)size : 0;
	}
}

/* What can be done where one is. */
static const char *hint_of(const struct painter *self)
{
	bool wide = self->layout.wide;

	if (self->view->focus == self->form->model->count)
		return setup_form_open_count(self->form, NULL) > 0 ? "Enter: go to what is missing."
		       : wide                                      ? "Enter: keep these answers and go on."
								   : "Enter: keep these answers.";
	const struct setup_field *field = &self->form->model->fields[self->view->focus];
	if (field->choices != NULL)
		return wide ? "Left and Right choose, or the first letter; Enter goes on."
			    : "Left, Right: choose. Enter: next.";
	if (field->secret)
		return wide ? "Stars stand for what you type; Ctrl-T shows it. Enter goes on."
			    : "Ctrl-T: show. Enter: next.";
	return wide ? "Type the answer; Enter goes on." : "Type. Enter: next.";
}

static void draw_words(struct painter *self)
{
	char words[WORDS_MAX] = "";

	if (self->view->checking || self->view->stopped) {
		put_words(self, self->layout.words_row, 0,
			  self->view->checking
				  ? (self->layout.wide ? "Checking the answers. Esc stops it, and nothing is saved."
						       : "Checking. Esc: stop.")
			  : self->layout.wide ? "The check was stopped. Nothing is saved."
					      : "Stopped. Nothing is saved.",
			  ROLE_PLAIN);
		return;
	}
	if (self->view->leaving) {
		put_words(self, self->layout.words_row, 0,
			  self->layout.wide ? "Leave without saving? Esc again: leave. Any other key: stay."
					    : "Not saved! Esc: leave. Else: stay.",
			  ROLE_ALERT);
		return;
	}
	if (self->view->refused)
		missing_words(self->form, words, sizeof(words));
	if (words[0] != '\0')
		put_words(self, self->layout.words_row, 0, words, ROLE_ALERT);
	else if (self->view->ready)
		put_words(self, self->layout.words_row, 0, hint_of(self), ROLE_PLAIN);
}

static void draw_save(struct painter *self)
{
	size_t open = setup_form_open_count(self->form, NULL), refused = setup_form_refused(self->form);
	unsigned row = self->layout.save_row, column = self->layout.column, width = sizeof(SAVE_LABEL) - 1;
	char words[WORDS_MAX];

	frame_text(self->frame, row, column, width, SAVE_LABEL, width, ROLE_PLAIN, false);
	if (self->view->focus == self->form->model->count) {
		frame_put(self->frame, row, column, '>', ROLE_FOCUS);
		frame_put(self->frame, row, column + width - 1, '<', ROLE_FOCUS);
		frame_mark(self->frame, row, column, width, ROLE_FOCUS);
		set_cursor(self, row, column + 2);
	}
	/* Not all has been said then. */
	if (self->view->checking)
		words[0] = '\0';
	else if (open == 0 && refused < self->form->model->count)
		snprintf(words, sizeof(words), self->layout.wide ? "Not accepted: %s" : "Not accepted",
			 self->form->model->fields[refused].label);
	else if (open == 0)
		snprintf(words, sizeof(words), "%s",
			 self->layout.wide ? "Every question is answered." : "All answered.");
	else if (self->layout.wide)
		missing_words(self->form, words, sizeof(words));
	else
		snprintf(words, sizeof(words), "%zu missing", open);
	put_words(self, row, width + 2, words, ROLE_PLAIN);
}

static void draw_footer(struct painter *self, const struct keymap *keys)
{
	struct screen_footer footer = {{ACTION_NEXT, ACTION_CANCEL}, 2};
	struct frame_area area = {self->layout.footer_row, self->layout.column, 1, self->layout.columns};
	size_t focus = self->view->focus;

	if (focus < self->form->model->count && self->form->model->fields[focus].secret)
		footer.actions[footer.count++] = ACTION_SHOW_SECRET;
	footer.actions[footer.count++] = ACTION_PREVIOUS;
	screen_draw_footer(&footer, KEY_SCREEN_FORM, keys, self->theme, self->frame, area);
}

void form_draw(const struct setup_form *form, const struct form_view *view, const struct theme *theme,
	       const struct keymap *keys, struct frame *frame)
{
	struct painter self = {form, view, theme, frame, form_layout_make(form, view), 0, 0};
	char about[WORDS_MAX];

	frame_box(frame, self.layout.box, form->model->title, theme);
	if (self.layout.about) {
		snprintf(about, sizeof(about), "The answers are kept on this machine, in %s.", form->model->file);
		put_words(&self, self.layout.box.row + 1, 0, about, ROLE_PLAIN);
	}
	draw_list(&self);
	draw_save(&self);
	draw_words(&self);
	draw_footer(&self, keys);
	frame_cursor(frame, self.cursor_row, self.cursor_column);
}
