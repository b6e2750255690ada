/* SPDX-License-Identifier: MIT */
/*
 * Asks the question: on the full screen where there is one, else in line mode. One question, then everything - signal mask, locale,
 * terminal - is as it was.
 */
#include "ui/ui.h"

#include "ui/dialog.h"
#include "ui/model.h"
#include "ui/prompt.h"
#include "ui/screen_consent.h"
#include "ui/screen_pager.h"
#include "ui/signals.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

struct question {
	const struct consent_model *model;
	struct consent_view view;
	struct pager_view pager;
	struct pager_text paged;
	bool paging; /* the pager is in front */
	enum consent_answer answer;
};

static void resize(void *context, const struct theme *theme, unsigned rows, unsigned columns)
{
	struct question *self = context;

	self->view.rows = rows;
	self->view.columns = columns;
	if (self->paging)
		pager_resize(&self->paged, &self->pager, theme, rows, columns);
}

static void draw(void *context, const struct theme *theme, struct frame *frame)
{
	const struct question *self = context;

	if (self->paging)
		pager_draw(&self->paged, &self->pager, theme, frame);
	else
		consent_draw(self->model, &self->view, theme, frame);
}

static void ready(void *context)
{
	struct question *self = context;

	self->view.say = SAY_HOW;
}

static enum dialog_move open_pager(struct question *self, const char *title, const char *text)
{
	self->paged = (struct pager_text){.title = title, .text = text};
	self->pager = (struct pager_view){.rows = self->view.rows, .columns = self->view.columns};
	self->paging = true;
	return DIALOG_CHANGED;
}

static enum dialog_move take_pager_key(struct question *self, const struct theme *theme, uint32_t key)
{
	struct pager_view before = self->pager;

	switch (pager_step(&self->paged, &self->pager, theme, key)) {
	case PAGER_STAY:
		break;
	case PAGER_BACK:
		self->paging = false;
		return DIALOG_CHANGED;
	case PAGER_QUIT:
		self->answer = CONSENT_QUIT;
		return DIALOG_DONE;
	case PAGER_SUSPEND:
		return DIALOG_SUSPENDS;
	case PAGER_REPAINT:
		return DIALOG_REPAINTS;
	}
	return before.top != self->pager.top || before.hint != self->pager.hint ? DIALOG_CHANGED : DIALOG_STAYS;
}

static enum dialog_move take_key(void *context, const struct theme *theme, uint32_t key)
{
	struct question *self = context;
	struct consent_view before = self->view;

	if (self->paging)
		return take_pager_key(self, theme, key);
	switch (consent_step(self->model, &self->view, theme, key, &self->answer)) {
	case CONSENT_STAY:
		break;
	case CONSENT_ANSWERED:
		return DIALOG_DONE;
	case CONSENT_SHOW_PREVIEW:
		return open_pager(self, "What would be sent first, exactly", self->model->preview);
	case CONSENT_SHOW_NOTICE:
		return open_pager(self, "Full notice", self->model->notice);
	case CONSENT_SUSPEND:
		return DIALOG_SUSPENDS;
	case CONSENT_REPAINT:
		return DIALOG_REPAINTS;
	}
	return before.focus != self->view.focus || before.scroll != self->view.scroll || before.say != self->view.say
		       ? DIALOG_CHANGED
		       : DIALOG_STAYS;
}

/* False: not answered, line mode can still ask. */
static bool ask_on_screen(struct question *self, const struct signals *signals, const char *type, bool utf8,
			  int *fatal_signal)
{
	const struct dialog_screen screen = {
		.rows_min = CONSENT_ROWS_MIN,
		.columns_min = CONSENT_COLUMNS_MIN,
		.context = self,
		.resize = resize,
		.draw = draw,
		.key = take_key,
		.ready = ready,
	};

	switch (dialog_run(&screen, signals, type, utf8, fatal_signal)) {
	case DIALOG_INTERRUPTED:
		self->answer = CONSENT_QUIT;
		return true;
	case DIALOG_GONE:
		self->answer = CONSENT_NOT_THIS_RUN;
		return true;
	case DIALOG_OVER:
		return true;
	default:
		return false;
	}
}

enum consent_answer ui_ask_consent(const struct consent_model *model, const struct ui_options *options,
				   int *fatal_signal)
{
	struct question question = {.model = model, .view = {.say = SAY_NOT_YET}, .answer = CONSENT_NOT_THIS_RUN};
	struct signals signals;

	*fatal_signal = 0;
	if (signals_open(&signals) != 0)
		return CONSENT_NOT_THIS_RUN;
	/* Widths and encoding follow the person's locale for as long as the question takes, whatever the program's is. */
	locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0),
		 old = own != (locale_t)0 ? uselocale(own) : (locale_t)0;
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (options->plain || !ask_on_screen(&question, &signals, options->term, utf8, fatal_signal))
		question.answer = prompt_ask(model, &signals, utf8, fatal_signal);
	if (own != (locale_t)0) {
		uselocale(old);
		freelocale(own);
	}
	signals_close(&signals);
	return question.answer;
}
