/* SPDX-License-Identifier: MIT */
#include "ui/screen_consent.h"

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/model.h"
#include "ui/text.h"

#include <string.h>

#define BOX_COLUMNS 80u
#define BOX_ROWS 24u
#define QUESTION_ROWS_MAX 2u
/* From this text width on the long labels and the whole line about Esc and Ctrl-C fit. */
#define WIDE_COLUMNS 75u
#define HINTS_MAX 2

/* Empty lines, in the order in which they are given where there is room. */
enum gap { GAP_QUESTION, GAP_ANSWERS, GAP_MESSAGE, GAP_CONTROLS, GAP_COUNT };

struct control {
	enum consent_focus focus;
	const char *label;
	unsigned row, column;
};

struct consent_layout {
	struct frame_area box;
	struct frame_area text; /* where summary or brief goes */
	const char *body; /* summary or brief */
	unsigned item_indent;
	unsigned scroll_max;
	bool wide;
	const char *hints[HINTS_MAX]; /* lines below the message */
	unsigned hint_count;
	char question[1024]; /* cut to QUESTION_ROWS_MAX lines */
	unsigned question_rows;
	unsigned message_row;
	struct control controls[FOCUS_COUNT - 1];
};

static unsigned minus(unsigned a, unsigned b)
{
	return a > b ? a - b : 0;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A question that takes too many lines does so because of a long name in it: that is what is cut. */
static void fit_question(struct consent_layout *self, const struct consent_model *model, bool utf8)
{
	unsigned columns = self->text.columns, budget = columns * QUESTION_ROWS_MAX;

	do {
		text_elide(model->question, budget, utf8, self->question, sizeof(self->question));
		self->question_rows = text_wrap_count(self->question, columns, 0, utf8);
	} while (self->question_rows > QUESTION_ROWS_MAX && --budget > 0);
	self->question_rows = min(self->question_rows, QUESTION_ROWS_MAX);
}

static const char *const labels_wide[] = {
	[FOCUS_YES] = "[ Y   Yes, send       ]",
	[FOCUS_NO] = "[ N   No, do not send ]",
	[FOCUS_PREVIEW] = "[V] View exact data",
	[FOCUS_NOTICE] = "[P] Full notice",
	[FOCUS_NO_FOR_GOOD] = "[D] No, and don't ask again",
};

static const char *const labels_narrow[] = {
	[FOCUS_YES] = "[Y] Yes, send     ", [FOCUS_NO] = "[N] No, don't send",        [FOCUS_PREVIEW] = "[V] View",
	[FOCUS_NOTICE] = "[P] Notice",      [FOCUS_NO_FOR_GOOD] = "[D] No, for good",
};

/* Lays the controls from `first` to `last` out in one row, centred, at most `gap_max` columns apart. */
static void place_row(struct consent_layout *self, enum consent_focus first, enum consent_focus last, unsigned row,
		      unsigned gap_max)
{
	const char *const *labels = self->wide ? labels_wide : labels_narrow;
	unsigned inner = minus(self->box.columns, 2), gaps = (unsigned)(last - first), used = 0;

	for (enum consent_focus i = first; i <= last; i++)
		used += (unsigned)strlen(labels[i]);
	unsigned gap = min(minus(inner, used + 2) / gaps, gap_max);
	unsigned column = self->box.column + 1 + minus(inner, used + gap * gaps) / 2;
	for (enum consent_focus i = first; i <= last; i++) {
		self->controls[i - 1] = (struct control){i, labels[i], row, column};
		column += (unsigned)strlen(labels[i]) + gap;
	}
}

/*
 * The lines below the message. The short message names Esc itself, the brief does not say how to change one's mind; what does not
 * fit is left out before the text has to scroll. Takes the rows from `room`.
 */
static void choose_hints(struct consent_layout *self, bool brief, unsigned lines, unsigned *room)
{
	if (brief && lines < *room) {
		self->hints[self->hint_count++] = "Change later: upfront telemetry off";
		--*room;
	}
	if (!self->wide && lines < *room) {
		self->hints[self->hint_count++] = "Ctrl-C: quit, start nothing.";
		--*room;
	}
}

/* Chooses the text: the summary where it fits, else the brief. Returns its lines. */
static unsigned choose_body(struct consent_layout *self, const struct consent_model *model, unsigned rows, bool utf8,
			    unsigned *room)
{
	unsigned columns = self->text.columns, indent = self->item_indent;
	unsigned lines = text_wrap_count(model->summary, columns, indent, utf8);
	unsigned fixed = 2 + self->question_rows + 3 + self->hint_count; /* border, question, controls, messages */
	unsigned all = fixed + lines + GAP_COUNT + (self->wide ? 0 : 1);

	self->box.rows = min(rows, all > BOX_ROWS ? all : BOX_ROWS);
	*room = minus(self->box.rows, fixed);
	bool brief = lines > *room;
	self->body = brief ? model->brief : model->summary;
	if (brief)
		lines = text_wrap_count(model->brief, columns, indent, utf8);
	choose_hints(self, brief, lines, room);
	return lines;
}

static void place_rows(struct consent_layout *self, const struct consent_model *model, unsigned rows, bool utf8)
{
	unsigned room;

	if (self->wide)
		self->hints[self->hint_count++] =
			"Esc: nothing sent this run, no answer stored.  Ctrl-C: quit, start nothing.";
	unsigned lines = choose_body(self, model, rows, utf8, &room);
	unsigned gaps = min(minus(room, lines), GAP_COUNT), spare = minus(room, lines + gaps);
	self->box.row = (rows - self->box.rows) / 2;
	self->text.row = self->box.row + 1 + self->question_rows + (gaps > GAP_QUESTION);
	self->text.rows = min(lines, room);
	self->scroll_max = lines - self->text.rows;
	unsigned row = self->text.row + self->text.rows + (gaps > GAP_ANSWERS) + min(spare / 2, 3);
	place_row(self, FOCUS_YES, FOCUS_NO, row, 10);
	row += gaps > GAP_CONTROLS ? 2 : 1;
	place_row(self, FOCUS_PREVIEW, FOCUS_NO_FOR_GOOD, row, 3);
	self->message_row = row + 1 + (gaps > GAP_MESSAGE);
}

static void layout_make(struct consent_layout *self, const struct consent_model *model, const struct consent_view *view,
			bool utf8)
{
	memset(self, 0, sizeof(*self));
	self->box.columns = min(view->columns, BOX_COLUMNS);
	self->box.column = (view->columns - self->box.columns) / 2;
	self->text.column = self->box.column + 2;
	self->text.columns = self->box.columns > 4 ? self->box.columns - 4 : 1;
	self->wide = self->text.columns >= WIDE_COLUMNS;
	self->item_indent = self->wide ? 2 : 0;
	fit_question(self, model, utf8);
	place_rows(self, model, view->rows, utf8);
}

static void draw_lines(struct frame *frame, struct frame_area area, const char *text, unsigned skip,
		       unsigned item_indent, enum theme_role role, bool utf8)
{
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, text, area.columns, item_indent, utf8);
	for (unsigned i = 0; i < skip + area.rows && text_wrap_next(&wrap, &line); i++)
		if (i >= skip)
			frame_text(frame, area.row + i - skip, area.column + line.indent, area.columns - line.indent,
				   line.start, line.bytes, role, utf8);
}

/* Focus is shown three ways: other brackets, reverse, and the hardware cursor on the key's letter. */
static void draw_control(struct frame *frame, const struct control *control, bool focused)
{
	unsigned width = (unsigned)strlen(control->label), close = (unsigned)strcspn(control->label, "]");
	unsigned key = control->label[1] == ' ' ? 2 : 1;

	frame_text(frame, control->row, control->column, width, control->label, width, ROLE_PLAIN, false);
	frame_mark(frame, control->row, control->column + key, 1, ROLE_KEY);
	if (!focused)
		return;
	frame_put(frame, control->row, control->column, '>', ROLE_FOCUS);
	frame_put(frame, control->row, control->column + close, '<', ROLE_FOCUS);
	frame_mark(frame, control->row, control->column, width, ROLE_FOCUS);
	frame_cursor(frame, control->row, control->column + key);
}

static const char *message_text(const struct consent_view *view, bool wide)
{
	static const char *const wide_texts[] = {
		[FOCUS_NONE] = "Press Y or N. Nothing is chosen yet.",
		[FOCUS_YES] = "Enter: yes, send. You are asked again at the next start.",
		[FOCUS_NO] = "Enter: no, do not send. You are asked again at the next start.",
		[FOCUS_PREVIEW] = "Enter: see the first event exactly as it would be sent.",
		[FOCUS_NOTICE] = "Enter: read the full notice.",
		[FOCUS_NO_FOR_GOOD] = "Enter: no, and you are not asked again for this app.",
	};
	static const char *const narrow_texts[] = {
		[FOCUS_NONE] = "Nothing is chosen. Esc: not this run",
		[FOCUS_YES] = "Enter: yes, send. Asked again later.",
		[FOCUS_NO] = "Enter: don't send. Asked again later",
		[FOCUS_PREVIEW] = "Enter: see the exact first event.",
		[FOCUS_NOTICE] = "Enter: read the full notice.",
		[FOCUS_NO_FOR_GOOD] = "Enter: no, and never asked again.",
	};

	switch (view->say) {
	case SAY_NOT_YET:
		return "";
	case SAY_NOTHING_CHOSEN:
		return "Press Y or N. Nothing is chosen yet.";
	case SAY_UNKNOWN_KEY:
		return wide ? "That key does nothing here. Press Y or N, or Esc for not this run."
			    : "No such key. Press Y or N, or Esc.";
	case SAY_HOW:
		break;
	}
	return (wide ? wide_texts : narrow_texts)[view->focus];
}

static void draw_messages(const struct consent_layout *layout, const struct consent_view *view, struct frame *frame)
{
	enum theme_role role =
		view->say == SAY_NOTHING_CHOSEN || view->say == SAY_UNKNOWN_KEY ? ROLE_ALERT : ROLE_PLAIN;
	unsigned column = layout->text.column, columns = layout->text.columns;

	unsigned used =
		frame_label(frame, layout->message_row, column, columns, message_text(view, layout->wide), role, false);
	for (unsigned i = 0; i < layout->hint_count; i++)
		frame_label(frame, layout->message_row + 1 + i, column, columns, layout->hints[i], ROLE_PLAIN, false);
	/* With nothing in focus the cursor waits behind the line that says what to press, where a screen reader reads it. */
	frame_cursor(frame, layout->message_row, column + min(used, columns - 1));
}

static void draw_more(const struct consent_layout *layout, unsigned scroll, const struct theme *theme,
		      struct frame *frame)
{
	unsigned edge = layout->box.column + layout->box.columns - 1;

	if (layout->scroll_max == 0 || layout->text.rows == 0)
		return;
	frame_legend(frame, layout->box, "more text: Page Up, Page Down", theme);
	if (scroll > 0)
		frame_put(frame, layout->text.row, edge, theme->more_above, ROLE_TITLE);
	if (scroll < layout->scroll_max)
		frame_put(frame, layout->text.row + layout->text.rows - 1, edge, theme->more_below, ROLE_TITLE);
}

void consent_draw(const struct consent_model *model, const struct consent_view *view, const struct theme *theme,
		  struct frame *frame)
{
	struct consent_layout layout;

	layout_make(&layout, model, view, theme->utf8);
	unsigned scroll = min(view->scroll, layout.scroll_max);
	struct frame_area question = {layout.box.row + 1, layout.text.column, layout.question_rows,
				      layout.text.columns};
	frame_box(frame, layout.box, model->title, theme);
	draw_lines(frame, question, layout.question, 0, 0, ROLE_QUESTION, theme->utf8);
	draw_lines(frame, layout.text, layout.body, scroll, layout.item_indent, ROLE_PLAIN, theme->utf8);
	draw_more(&layout, scroll, theme, frame);
	draw_messages(&layout, view, frame);
	for (unsigned i = 0; i < FOCUS_COUNT - 1; i++)
		draw_control(frame, &layout.controls[i], layout.controls[i].focus == view->focus);
}

static void move_focus(struct consent_view *view, bool forward)
{
	unsigned count = FOCUS_COUNT - 1, at = (unsigned)view->focus; /* 1 to count; 0: nothing has focus */

	if (forward)
		at = at % count + 1;
	else
		at = at <= 1 ? count : at - 1;
	view->focus = (enum consent_focus)at;
}

/* Between the row of answers and the row below it, to what stands nearest. */
static enum consent_focus focus_above_below(enum consent_focus focus, bool down)
{
	static const enum consent_focus up_table[FOCUS_COUNT] = {
		FOCUS_NO_FOR_GOOD, FOCUS_YES, FOCUS_NO, FOCUS_YES, FOCUS_NO, FOCUS_NO,
	};
	static const enum consent_focus down_table[FOCUS_COUNT] = {
		FOCUS_YES, FOCUS_PREVIEW, FOCUS_NO_FOR_GOOD, FOCUS_PREVIEW, FOCUS_NOTICE, FOCUS_NO_FOR_GOOD,
	};

	return (down ? down_table : up_table)[focus];
}

static void scroll_by(struct consent_view *view, const struct consent_layout *layout, int lines)
{
	long to = (long)min(view->scroll, layout->scroll_max) + lines;

	view->scroll = to < 0 ? 0 : min((unsigned)to, layout->scroll_max);
}

static void move_vertically(const struct consent_model *model, struct consent_view *view, bool utf8,
			    enum key_action action)
{
	struct consent_layout layout;
	bool down = action == ACTION_DOWN || action == ACTION_PAGE_DOWN;

	layout_make(&layout, model, view, utf8);
	if (action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN) {
		int page = layout.text.rows > 1 ? (int)layout.text.rows - 1 : 1;
		scroll_by(view, &layout, down ? page : -page);
	} else if (layout.scroll_max > 0) {
		scroll_by(view, &layout, down ? 1 : -1);
	} else {
		view->focus = focus_above_below(view->focus, down);
	}
}

/* Enter or Space on the focused control is the control's own key. */
static enum key_action focused_action(enum consent_focus focus)
{
	static const enum key_action table[FOCUS_COUNT] = {
		[FOCUS_NONE] = ACTION_CHOOSE,   [FOCUS_YES] = ACTION_YES,
		[FOCUS_NO] = ACTION_NO,         [FOCUS_PREVIEW] = ACTION_PREVIEW,
		[FOCUS_NOTICE] = ACTION_NOTICE, [FOCUS_NO_FOR_GOOD] = ACTION_NO_FOR_GOOD,
	};

	return table[focus];
}

static enum consent_move answer_is(enum consent_answer value, enum consent_answer *answer)
{
	*answer = value;
	return CONSENT_ANSWERED;
}

enum consent_move consent_step(const struct consent_model *model, struct consent_view *view, const struct theme *theme,
			       uint32_t key, enum consent_answer *answer)
{
	enum key_action action = key_action(KEY_SCREEN_CONSENT, key);

	if (action == ACTION_CHOOSE)
		action = focused_action(view->focus);
	view->say = SAY_HOW;
	switch (action) {
	case ACTION_YES:
		return answer_is(CONSENT_YES, answer);
	case ACTION_NO:
		return answer_is(CONSENT_NO, answer);
	case ACTION_NO_FOR_GOOD:
		return answer_is(CONSENT_NO_FOR_GOOD, answer);
	case ACTION_NOT_THIS_RUN:
		return answer_is(CONSENT_NOT_THIS_RUN, answer);
	case ACTION_QUIT:
		return answer_is(CONSENT_QUIT, answer);
	case ACTION_PREVIEW:
		return CONSENT_SHOW_PREVIEW;
	case ACTION_NOTICE:
		return CONSENT_SHOW_NOTICE;
	case ACTION_SUSPEND:
		return CONSENT_SUSPEND;
	case ACTION_REPAINT:
		return CONSENT_REPAINT;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		move_focus(view, action == ACTION_NEXT);
		return CONSENT_STAY;
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		move_vertically(model, view, theme->utf8, action);
		return CONSENT_STAY;
	case ACTION_CHOOSE:
		view->say = SAY_NOTHING_CHOSEN;
		return CONSENT_STAY;
	default:
		view->say = SAY_UNKNOWN_KEY;
		return CONSENT_STAY;
	}
}
