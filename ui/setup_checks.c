/* SPDX-License-Identifier: MIT */
#include "ui/setup_checks.h"

#include "ui/setup_form.h"
#include "ui/signals.h"

static const struct setup_checker *checker_of(const struct setup_checks *self)
{
	return self->form->model->checker;
}

bool setup_checks_run(const struct setup_checks *self)
{
	return self->form != NULL && self->index < self->form->model->count;
}

/* What cannot be noted is as good as not checked, and does not pass. */
static void judge(struct setup_checks *self, const char *words)
{
	if (setup_form_judge(self->form, self->index, words) < 0)
		self->index = self->form->model->count;
}

/* From the field `index` on, as far as no program is needed. */
static bool go_on(struct setup_checks *self)
{
	char words[SETUP_VERDICT_BYTES];

	for (;;) {
		self->index = setup_form_unchecked(self->form, self->index);
		if (!setup_checks_run(self))
			return false;
		if (checker_of(self)->begin(checker_of(self)->context, self->index,
					    setup_form_text(self->form, self->index), words, sizeof(words)))
			return true;
		judge(self, words);
	}
}

bool setup_checks_begin(struct setup_checks *self, struct setup_form *form)
{
	*self = (struct setup_checks){.form = form};
	setup_form_forget_refusals(form);
	return go_on(self);
}

int setup_checks_poll_fd(const struct setup_checks *self)
{
	return setup_checks_run(self) ? checker_of(self)->poll_fd(checker_of(self)->context) : -1;
}

bool setup_checks_step(struct setup_checks *self)
{
	char words[SETUP_VERDICT_BYTES];

	if (!setup_checks_run(self))
		return false;
	switch (checker_of(self)->step(checker_of(self)->context, words, sizeof(words))) {
	case SETUP_CHECK_RUNS:
		return true;
	case SETUP_CHECK_FINE:
		judge(self, NULL);
		break;
	case SETUP_CHECK_REFUSED:
		judge(self, words);
		break;
	}
	return go_on(self);
}

bool setup_checks_passed(const struct setup_form *form)
{
	return setup_form_unchecked(form, 0) == form->model->count && setup_form_refused(form) == form->model->count;
}

void setup_checks_cancel(struct setup_checks *self)
{
	if (!setup_checks_run(self))
		return;
	checker_of(self)->cancel(checker_of(self)->context);
	self->index = self->form->model->count;
}

enum setup_checks_end setup_checks_wait(struct setup_checks *self, const struct signals *signals, int *fatal_signal)
{
	enum setup_checks_end end = SETUP_CHECKS_DONE;

	while (setup_checks_run(self) && end == SETUP_CHECKS_DONE) {
		struct signals_ready ready = {0};
		enum signals_event event = SIGNALS_NONE;

		if (signals_wait_also(signals, -1, setup_checks_poll_fd(self), &ready) != 0)
			end = SETUP_CHECKS_INTERRUPTED;
		if (ready.signal)
			event = signals_next(signals, fatal_signal);
		if (event == SIGNALS_STOP)
			signals_stop();
		else if (event == SIGNALS_INTERRUPT)
			end = SETUP_CHECKS_INTERRUPTED;
		else if (event == SIGNALS_FATAL)
			end = SETUP_CHECKS_FATAL;
		else if (ready.also)
			setup_checks_step(self);
	}
	if (end != SETUP_CHECKS_DONE)
		setup_checks_cancel(self);
	return end;
}
