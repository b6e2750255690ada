/* SPDX-License-Identifier: MIT */
#include "ui/dialog.h"

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/signals.h"
#include "ui/term.h"
#include "ui/theme.h"

#include <signal.h>
#include <unistd.h>

/* What must be done before the next wait. The cursor moves with the data here: no key moves it alone. */
enum dirty { DIRTY_SIZE = 1, DIRTY_DATA = 2 };

struct dialog {
	const struct dialog_screen *screen;
	const struct signals *signals;
	struct term *term;
	struct theme theme;
	unsigned rows, columns;
	bool suspended; /* the terminal is not ours to draw on */
	unsigned dirty;
	enum dialog_end end;
	int fatal_signal;
};

static void draw(struct dialog *self)
{
	struct frame frame;

	self->dirty = 0;
	if (frame_init(&frame, self->rows, self->columns) != 0) {
		self->end = DIALOG_FAILED;
		return;
	}
	self->screen->draw(self->screen->context, &self->theme, &frame);
	term_show(self->term, &frame);
	frame_finish(&frame);
}

static void take_size(struct dialog *self, struct term_size size)
{
	if (size.rows < self->screen->rows_min || size.columns < self->screen->columns_min) {
		self->end = DIALOG_TOO_SMALL;
		return;
	}
	self->rows = size.rows < FRAME_ROWS_MAX ? size.rows : FRAME_ROWS_MAX;
	self->columns = size.columns < FRAME_COLUMNS_MAX ? size.columns : FRAME_COLUMNS_MAX;
	self->screen->resize(self->screen->context, &self->theme, self->rows, self->columns);
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

static void take_move(struct dialog *self, enum dialog_move move)
{
	switch (move) {
	case DIALOG_STAYS:
		break;
	case DIALOG_CHANGED:
		self->dirty |= DIRTY_DATA;
		break;
	case DIALOG_DONE:
		self->end = DIALOG_OVER;
		break;
	case DIALOG_SUSPENDS:
		suspend(self);
		break;
	case DIALOG_REPAINTS:
		term_repaint(self->term);
		self->dirty |= DIRTY_DATA;
		break;
	}
}

static void take_key(struct dialog *self, uint32_t key)
{
	take_move(self, self->screen->key(self->screen->context, &self->theme, key));
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
			self->end = DIALOG_INTERRUPTED;
			break;
		case SIGNALS_FATAL:
			self->end = DIALOG_GONE;
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
			self->end = DIALOG_GONE;
		else if (key == UI_KEY_CTRL('\\'))
			kill(0, SIGQUIT); /* what the terminal would have made of it; taken as the signal it is */
		else
			take_key(self, key);
	}
}

/*
 * What was typed before the question stood on the screen answers nothing: the screen says that keys count only after such input has
 * been thrown away.
 */
static void begin(struct dialog *self)
{
	term_take_text(self->term, self->screen->takes_text);
	take_size(self, term_size_now());
	self->dirty = DIRTY_DATA;
	paint(self);
	term_flush_input(self->term);
	if (self->screen->ready != NULL)
		self->screen->ready(self->screen->context);
	self->dirty = DIRTY_DATA;
}

static void run(struct dialog *self)
{
	begin(self);
	for (;;) {
		struct signals_ready ready = {0};
		int watched = self->screen->watch != NULL ? self->screen->watch(self->screen->context) : -1;
		paint(self);
		if (self->end != DIALOG_GOES_ON)
			return;
		if (signals_wait_also(self->signals, STDIN_FILENO, watched, &ready) != 0)
			self->end = DIALOG_GONE;
		if (ready.signal)
			take_signals(self);
		if (ready.input)
			take_keys(self);
		/* A key may have ended what was waited for. */
		if (ready.also && self->end == DIALOG_GOES_ON && !self->suspended &&
		    self->screen->watch(self->screen->context) == watched)
			take_move(self, self->screen->watched(self->screen->context));
		if (self->suspended)
			take_signals(self);
	}
}

enum dialog_end dialog_run(const struct dialog_screen *screen, const struct signals *signals, const char *type,
			   bool utf8, int *fatal_signal)
{
	struct dialog self = {.screen = screen, .signals = signals};
	struct term_size size = term_size_now();

	if (size.rows < screen->rows_min || size.columns < screen->columns_min)
		return DIALOG_TOO_SMALL;
	if (term_open(type, &self.term) != 0)
		return DIALOG_FAILED;
	self.theme = theme_make(utf8, term_has_lines(self.term));
	run(&self);
	term_close(self.term);
	if (self.fatal_signal != 0)
		*fatal_signal = self.fatal_signal;
	return self.end;
}
