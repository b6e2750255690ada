/* SPDX-License-Identifier: MIT */
/* Asks the setup questions: as a form on the full screen where there is one, else in line mode, with what was typed by then. */
#include "ui/ui.h"

#include "ui/dialog.h"
#include "ui/screen_form.h"
#include "ui/setup_checks.h"
#include "ui/setup_form.h"
#include "ui/setup_prompt.h"
#include "ui/signals.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

struct setup_dialog {
	struct setup_form *form;
	struct form_view view;
	struct setup_checks checks;
	enum setup_end end;
};

static void resize(void *context, const struct theme *theme, unsigned rows, unsigned columns)
{
	struct setup_dialog *self = context;

	(void)theme;
	form_resize(self->form, &self->view, rows, columns);
}

static void draw(void *context, const struct theme *theme, struct frame *frame)
{
	const struct setup_dialog *self = context;

	form_draw(self->form, &self->view, theme, NULL, frame);
}

static void ready(void *context)
{
	struct setup_dialog *self = context;

	self->view.ready = true;
}

static enum dialog_move end_with(struct setup_dialog *self, enum setup_end end)
{
	self->end = end;
	return DIALOG_DONE;
}

/* What the checks have come to, when none runs any more. */
static enum dialog_move end_checks(struct setup_dialog *self)
{
	if (setup_checks_passed(self->form))
		return end_with(self, SETUP_SAVE);
	form_checked(self->form, &self->view, setup_form_refused(self->form) == self->form->model->count);
	return DIALOG_CHANGED;
}

static enum dialog_move begin_checks(struct setup_dialog *self)
{
	if (!setup_checks_begin(&self->checks, self->form))
		return end_checks(self);
	form_check(&self->view, self->checks.index);
	return DIALOG_CHANGED;
}

static int watch(void *context)
{
	const struct setup_dialog *self = context;

	return setup_checks_poll_fd(&self->checks);
}

static enum dialog_move watched(void *context)
{
	struct setup_dialog *self = context;

	if (!setup_checks_step(&self->checks))
		return end_checks(self);
	form_check(&self->view, self->checks.index);
	return DIALOG_CHANGED;
}

static enum dialog_move take_key(void *context, const struct theme *theme, uint32_t key)
{
	struct setup_dialog *self = context;

	(void)theme;
	switch (form_step(self->form, &self->view, NULL, key)) {
	case FORM_SAVE:
		return begin_checks(self);
	case FORM_STOP_CHECK:
		setup_checks_cancel(&self->checks);
		form_checked(self->form, &self->view, true);
		break;
	case FORM_LEAVE:
		return end_with(self, SETUP_LEFT);
	case FORM_QUIT:
		return end_with(self, SETUP_QUIT);
	case FORM_SUSPEND:
		return DIALOG_SUSPENDS;
	case FORM_REPAINT:
		return DIALOG_REPAINTS;
	case FORM_STAY:
		break;
	}
	return DIALOG_CHANGED;
}

/* False: not answered, line mode can still ask. */
static bool ask_on_screen(struct setup_dialog *self, const struct signals *signals, const char *type, bool utf8,
			  int *fatal_signal)
{
	const struct dialog_screen screen = {
		.rows_min = FORM_ROWS_MIN,
		.columns_min = FORM_COLUMNS_MIN,
		.takes_text = true,
		.context = self,
		.resize = resize,
		.draw = draw,
		.key = take_key,
		.ready = ready,
		.watch = watch,
		.watched = watched,
	};
	enum dialog_end end;

	form_begin(self->form, &self->view);
	end = dialog_run(&screen, signals, type, utf8, fatal_signal);
	setup_checks_cancel(&self->checks);
	switch (end) {
	case DIALOG_INTERRUPTED:
		self->end = SETUP_QUIT;
		return true;
	case DIALOG_GONE:
		self->end = SETUP_LEFT;
		return true;
	case DIALOG_OVER:
		return true;
	default:
		return false;
	}
}

enum setup_end ui_ask_setup(struct setup_form *form, const struct ui_options *options, int *fatal_signal)
{
	struct setup_dialog dialog = {.form = form, .end = SETUP_LEFT};
	struct signals signals;

	*fatal_signal = 0;
	if (signals_open(&signals) != 0)
		return SETUP_LEFT;
	/* As for the consent dialog: the person's locale for as long as it takes. */
	locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0),
		 old = own != (locale_t)0 ? uselocale(own) : (locale_t)0;
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (options->plain || !ask_on_screen(&dialog, &signals, options->term, utf8, fatal_signal))
		dialog.end = setup_prompt_ask(form, &signals, utf8, fatal_signal);
	if (own != (locale_t)0) {
		uselocale(old);
		freelocale(own);
	}
	signals_close(&signals);
	return dialog.end;
}
