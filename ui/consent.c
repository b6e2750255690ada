/* SPDX-License-Identifier: MIT */
/*
 * Runs the dialog: events in, pure steps, frames out. One question, then everything - signal mask, locale, terminal - is as it was.
 */
#include "ui/ui.h"

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/model.h"
#include "ui/prompt.h"
#include "ui/screen_consent.h"
#include "ui/screen_pager.h"
#include "ui/signals.h"
#include "ui/term.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What must be done before the next wait. The cursor moves with the data here: no key moves it alone. */
enum dirty { DIRTY_SIZE = 1, DIRTY_DATA = 2 };

enum dialog_end { DIALOG_GOES_ON, DIALOG_ANSWERED, DIALOG_TOO_SMALL, DIALOG_FAILED };

struct dialog {
	const struct consent_model *model;
	const struct signals *signals;
	struct term *term;
	struct theme theme;
	struct consent_view view;
	struct pager_view pager;
	struct pager_text paged;
	bool paging; /* the pager is in front */
	bool suspended; /* the terminal is not ours to draw on */
	unsigned dirty;
	enum dialog_end end;
	enum consent_answer answer;
	int fatal_signal;
};

static void end_with(struct dialog *self, enum consent_answer answer)
{
	self->answer = answer;
	self->end = DIALOG_ANSWERED;
}

static void draw(struct dialog *self)
{
	struct frame frame;

	self->dirty = 0;
	if (frame_init(&frame, self->view.rows, self->view.columns) != 0) {
		self->end = DIALOG_FAILED;
		return;
	}
	if (self->paging)
		pager_draw(&self->paged, &self->pager, &self->theme, &frame);
	else
		consent_draw(self->model, &self->view, &self->theme, &frame);
	term_show(self->term, &frame);
	frame_finish(&frame);
}

static void take_size(struct dialog *self, struct term_size size)
{
	if (size.rows < CONSENT_ROWS_MIN || size.columns < CONSENT_COLUMNS_MIN) {
		self->end = DIALOG_TOO_SMALL;
		return;
	}
	self->view.rows = size.rows < FRAME_ROWS_MAX ? size.rows : FRAME_ROWS_MAX;
	self->view.columns = size.columns < FRAME_COLUMNS_MAX ? size.columns : FRAME_COLUMNS_MAX;
	if (self->paging)
		pager_resize(&self->paged, &self->pager, &self->theme, self->view.rows, self->view.columns);
}

static void paint(struct dialog *self)
{
	if ((self->dirty & DIRTY_SIZE) != 0) {
		struct term_size size = term_size_now();
		term_resize(self->term, size);
		take_size(self, size);
	}
	if (self->dirty != 0 && self->end == DIALOG_GOES_ON)
		draw(self);
}

static void open_pager(struct dialog *self, const char *title, const char *text)
{
	self->paged = (struct pager_text){.title = title, .text = text};
	self->pager = (struct pager_view){.rows = self->view.rows, .columns = self->view.columns};
	self->paging = true;
}

/* Gives the terminal back while the process is stopped. */
static void suspend(struct dialog *self)
{
	term_suspend(self->term);
	signals_stop();
	self->suspended = true;
}

static void resume(struct dialog *self)
{
	self->suspended = false;
	term_resume(self->term);
	self->dirty |= DIRTY_SIZE | DIRTY_DATA;
}

static void repaint(struct dialog *self)
{
	term_repaint(self->term);
	self->dirty |= DIRTY_DATA;
}

static void take_pager_key(struct dialog *self, uint32_t key)
{
	struct pager_view before = self->pager;

	switch (pager_step(&self->paged, &self->pager, &self->theme, key)) {
	case PAGER_STAY:
		if (before.top != self->pager.top || before.hint != self->pager.hint)
			self->dirty |= DIRTY_DATA;
		break;
	case PAGER_BACK:
		self->paging = false;
		self->dirty |= DIRTY_DATA;
		break;
	case PAGER_QUIT:
		end_with(self, CONSENT_QUIT);
		break;
	case PAGER_SUSPEND:
		suspend(self);
		break;
	case PAGER_REPAINT:
		repaint(self);
		break;
	}
}

static void take_key(struct dialog *self, uint32_t key)
{
	struct consent_view before = self->view;

	switch (consent_step(self->model, &self->view, &self->theme, key, &self->answer)) {
	case CONSENT_STAY:
		if (before.focus != self->view.focus || before.scroll != self->view.scroll ||
		    before.say != self->view.say)
			self->dirty |= DIRTY_DATA;
		break;
	case CONSENT_ANSWERED:
		self->end = DIALOG_ANSWERED;
		break;
	case CONSENT_SHOW_PREVIEW:
		open_pager(self, "What would be sent first, exactly", self->model->preview);
		self->dirty |= DIRTY_DATA;
		break;
	case CONSENT_SHOW_NOTICE:
		open_pager(self, "Full notice", self->model->notice);
		self->dirty |= DIRTY_DATA;
		break;
	case CONSENT_SUSPEND:
		suspend(self);
		break;
	case CONSENT_REPAINT:
		repaint(self);
		break;
	}
}

static void take_signals(struct dialog *self)
{
	while (self->end == DIALOG_GOES_ON) {
		switch (signals_next(self->signals, &self->fatal_signal)) {
		case SIGNALS_NONE:
			/*
			 * Stopping is followed by a SIGCONT, or by none where nobody could continue us: one resume for both. What
			 * else came meanwhile goes first: after `kill %1` there is nothing to go on with.
			 */
			if (self->suspended)
				resume(self);
			return;
		case SIGNALS_INTERRUPT:
			end_with(self, CONSENT_QUIT);
			break;
		case SIGNALS_FATAL:
			end_with(self, CONSENT_NOT_THIS_RUN);
			break;
		case SIGNALS_STOP:
			suspend(self);
			break;
		case SIGNALS_CONTINUE: /* stopped from outside, it has lost the screen all the same */
			self->suspended = true;
			break;
		case SIGNALS_RESIZE:
			self->dirty |= DIRTY_SIZE | DIRTY_DATA;
			break;
		}
	}
}

static void take_keys(struct dialog *self)
{
	uint32_t key;
	int got;

	while (self->end == DIALOG_GOES_ON && !self->suspended && (got = term_read_key(self->term, &key)) != 0) {
		if (got < 0)
			end_with(self, CONSENT_NOT_THIS_RUN);
		else if (key == UI_KEY_CTRL('\\'))
			kill(0, SIGQUIT); /* what the terminal would have made of it; taken as the signal it is */
		else if (self->paging)
			take_pager_key(self, key);
		else
			take_key(self, key);
	}
}

/*
 * What was typed before the question stood on the screen answers nothing: the line that asks for a key appears only after such
 * input has been thrown away.
 */
static void begin(struct dialog *self)
{
	self->view = (struct consent_view){.say = SAY_NOT_YET};
	take_size(self, term_size_now());
	self->dirty = DIRTY_DATA;
	paint(self);
	term_flush_input(self->term);
	self->view.say = SAY_HOW;
	self->dirty = DIRTY_DATA;
}

static void run(struct dialog *self)
{
	begin(self);
	for (;;) {
		struct signals_ready ready = {0};
		paint(self);
		if (self->end != DIALOG_GOES_ON)
			return;
		if (signals_wait(self->signals, STDIN_FILENO, &ready) != 0)
			end_with(self, CONSENT_NOT_THIS_RUN);
		if (ready.signal)
			take_signals(self);
		if (ready.input)
			take_keys(self);
		if (self->suspended)
			take_signals(self);
	}
}

/* DIALOG_TOO_SMALL or DIALOG_FAILED: not answered, line mode can still ask. */
static enum dialog_end ask_on_screen(struct dialog *self, const char *type, bool utf8)
{
	struct term_size size = term_size_now();

	if (size.rows < CONSENT_ROWS_MIN || size.columns < CONSENT_COLUMNS_MIN)
		return DIALOG_TOO_SMALL;
	if (term_open(type, &self->term) != 0)
		return DIALOG_FAILED;
	self->theme = theme_make(utf8, term_has_lines(self->term));
	run(self);
	term_close(self->term);
	return self->end;
}

enum consent_answer ui_ask_consent(const struct consent_model *model, const struct ui_options *options,
				   int *fatal_signal)
{
	struct signals signals;
	struct dialog dialog = {.model = model, .signals = &signals, .answer = CONSENT_NOT_THIS_RUN};

	*fatal_signal = 0;
	if (signals_open(&signals) != 0)
		return CONSENT_NOT_THIS_RUN;
	/* Widths and encoding follow the person's locale for as long as the question takes, whatever the program's is. */
	locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0),
		 old = own != (locale_t)0 ? uselocale(own) : (locale_t)0;
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (options->plain || ask_on_screen(&dialog, options->term, utf8) != DIALOG_ANSWERED)
		dialog.answer = prompt_ask(model, &signals, utf8, &dialog.fatal_signal);
	if (own != (locale_t)0) {
		uselocale(old);
		freelocale(own);
	}
	signals_close(&signals);
	*fatal_signal = dialog.fatal_signal;
	return dialog.answer;
}
