/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/figure.h"
#include "config/settings.h"
#include "launcher/client/view.h"
#include "launcher/process/fd.h"
#include "launcher/screen/screen_detail.h"
#include "launcher/screen/screen_model.h"
#include "launcher/screen/screen_private.h"
#include "launcher/screen/screen_telemetry.h"
#include "launcher/screen/screen_watch.h"
#include "ui/dash.h"
#include "ui/term.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nobody sees more frames than this, nor reads a flood that replaces itself more often. */
#define FRAME_MS 33
#define FLOOD_FRAME_MS 100
#define FLOOD_FRAME_MAX_MS 200
/* Of a flood, on average: a large screen is drawn less often, down to five times a second. */
#define FLOOD_BYTES_PER_MS 24
/* What changes seldom changes alone: one that is stopped is stopping first. */
#define GATHER_MS 12
/* A terminal that takes nothing is asked again this often. */
#define STUFFED_MS 500
#define WORK_US 1500

/* ---- Opening and closing ---- */

static int open_terminal(struct screen *self)
{
	const struct ui_options *ui = self->options.ui;
	bool utf8;
	int result;

	self->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (self->locale != (locale_t)0)
		self->locale_before = uselocale(self->locale);
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	result = term_open(ui->term, &self->term);
	if (result < 0)
		return result;
	self->theme = theme_make(utf8, term_has_lines(self->term));
	theme_dress(&self->theme, ui->no_color || ui->color == UI_COLOR_NEVER ? 0 : term_colors(self->term),
		    &self->wishes.theme, NULL, 0);
	term_use_theme(self->term, &self->theme);
	term_never_wait(self->term);
	return 0;
}

static void take_size(struct screen *self)
{
	struct term_size size = term_size_now();

	term_resize(self->term, size);
	frame_finish(&self->frame);
	if (frame_init(&self->frame, size.rows, size.columns) != 0)
		return;
	dash_take_size(self->dash, self->frame.rows, self->frame.columns);
	self->pressed = true;
}

static void take_model(struct screen *self)
{
	if (!self->stale)
		return;
	self->stale = false;
	const struct stack_model *model = screen_model_fill(self->model, self->options.view, clock_monotonic_ms());
	if (self->lines != NULL)
		line_dash_take_model(self->lines, model);
	else
		dash_take_model(self->dash, model);
}

/* The first of them, and how many more: a line above the footer is all the room there is. */
static void tell_wrong_settings(struct screen *self)
{
	const struct err *wrong = &self->wrong_settings;
	char text[512], more[48] = "";

	if (wrong->count == 0)
		return;
	const struct err_item *item = &wrong->items[0];
	if (wrong->count + wrong->dropped > 1)
		snprintf(more, sizeof(more), " (and %zu more)", wrong->count + wrong->dropped - 1);
	snprintf(text, sizeof(text), "%s:%d:%d: %s%s", item->file != NULL ? item->file : "settings", item->line,
		 item->column, item->message, more);
	if (self->lines != NULL)
		line_dash_say(self->lines, text);
	else
		dash_say(self->dash, text, true);
}

static int make_dash(struct screen *self)
{
	const struct dash_options dash = {
		.theme = &self->theme,
		.keys = &self->wishes.keys,
		.actions = &self->actions,
		.mouse = self->wishes.mouse,
		.asks_to_leave = self->wishes.asks_to_leave,
	};

	self->dash = dash_create(&dash);
	if (self->dash == NULL)
		return -ENOMEM;
	/* From the first key on: what is pasted by accident must not be taken for commands. */
	term_take_text(self->term, true);
	term_take_mouse(self->term, dash.mouse);
	return 0;
}

static int make_parts(struct screen *self)
{
	const struct screen_model_options model = {
		.app = self->options.app,
		.version = self->options.version,
		.project = self->options.project,
		.file = self->options.file,
		.attached = self->options.attached,
	};

	int result;

	screen_fill_actions(self);
	self->model = screen_model_create(&model);
	self->detail = screen_detail_create();
	self->telemetry = screen_telemetry_create();
	if (self->model == NULL || self->detail == NULL || self->telemetry == NULL)
		return -ENOMEM;
	result = self->options.lines ? screen_lines_open(self) : make_dash(self);
	if (result == 0)
		tell_wrong_settings(self);
	return result;
}

static int open_screen(struct screen *self)
{
	int result = open_terminal(self);

	if (result == 0)
		result = signals_open_terminal(&self->signals);
	if (result == 0)
		result = make_parts(self);
	if (result < 0)
		return result;
	take_size(self);
	term_flush_input(self->term);
	return 0;
}

int screen_open(const struct screen_options *options, struct screen **screen, struct err *err)
{
	struct screen *self = calloc(1, sizeof(*self));
	int result;

	if (self == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	self->options = *options;
	self->watch_fd = -1;
	self->signals.fd = -1;
	wish_read(&self->wishes, options->settings, &self->wrong_settings);
	outside_init(&self->outside);
	self->browser_fd = -1;
	screen_save_init(&self->save);
	ctl_calls_init(&self->calls, options->client, screen_take_answer, self);
	self->line.fd = -1;
	result = options->lines ? make_parts(self) : open_screen(self);
	if (result < 0) {
		screen_close(self);
		return result;
	}
	self->watch_fd = screen_watch_open(options->file);
	self->stale = true;
	screen_ask_graph(self);
	*screen = self;
	return 0;
}

void screen_close(struct screen *self)
{
	if (self == NULL)
		return;
	/* A pager that had to go may have left its own screen and modes: taken and given back, the terminal is as before it all. */
	if (outside_finish(&self->outside))
		screen_take_terminal(self);
	fd_close(&self->browser_fd);
	screen_lines_close(self);
	dash_destroy(self->dash);
	term_close(self->term);
	signals_close(&self->signals);
	ctl_calls_finish(&self->calls);
	screen_save_finish(&self->save);
	screen_detail_destroy(self->detail);
	screen_telemetry_destroy(self->telemetry);
	screen_model_destroy(self->model);
	frame_finish(&self->frame);
	wish_finish(&self->wishes);
	err_finish(&self->wrong_settings);
	fd_close(&self->watch_fd);
	free(self->watched);
	screen_names_finish(&self->asked);
	if (self->locale != (locale_t)0) {
		uselocale(self->locale_before);
		freelocale(self->locale);
	}
	free(self);
}

/* ---- What the caller tells ---- */

void screen_hear(struct screen *self)
{
	if (!silence_hear(&self->silence, clock_monotonic_ms()))
		return;
	screen_model_set_lost(self->model, false);
	self->stale = self->pressed = true;
}

/* What is asked anyway shows whether it answers; once it does not, something has to be asked for it to show. */
static void look_for_silence(struct screen *self)
{
	if (silence_look(&self->silence, ctl_calls_since_ms(&self->calls), clock_monotonic_ms())) {
		screen_model_set_lost(self->model, true);
		self->stale = self->pressed = true;
	}
	if (self->silence.lost && ctl_calls_since_ms(&self->calls) == 0)
		screen_ask_graph(self);
}

void screen_take_change(struct screen *self, const struct view_unit *unit)
{
	screen_hear(self);
	screen_model_note(self->model, self->options.view, unit);
	if (self->changed_ms == 0)
		self->changed_ms = clock_monotonic_ms();
	self->stale = true;
	/* That it has started or ended stands in its log too, also when it writes nothing. */
	self->logs_came = true;
	/* The first words of the stack, or a snapshot: what it is made of may be new. */
	if (unit == NULL)
		screen_ask_graph(self);
	/* Somebody else may have withdrawn. In lines what was told is not told once more by itself. */
	if (unit == NULL && self->lines == NULL)
		screen_ask_telemetry(self);
	if (unit != NULL && self->watched != NULL && strcmp(unit->name, self->watched) == 0)
		screen_ask_detail(self);
}

void screen_take_usage(struct screen *self, const struct view_unit *unit)
{
	screen_hear(self);
	if (unit != NULL)
		screen_model_take_usage(self->model, unit, clock_monotonic_ms());
	self->stale = true;
}

void screen_take_logs(struct screen *self)
{
	self->logs_came = true;
}

void screen_tell(struct screen *self, const char *text)
{
	if (self->lines != NULL)
		line_dash_say(self->lines, text);
	else
		dash_say(self->dash, text, false);
}

void screen_take_along(struct screen *self, const char *const *names)
{
	if (self->lines != NULL)
		line_dash_take_along(self->lines, names);
	else
		dash_take_along(self->dash, names);
}

void screen_drop_along(struct screen *self)
{
	if (self->lines != NULL)
		line_dash_drop_along(self->lines);
	else
		dash_drop_along(self->dash);
}

void screen_ask_reload(struct screen *self, const char *text)
{
	if (self->lines != NULL)
		line_dash_ask_reload(self->lines, text);
	else
		dash_ask_reload(self->dash, text);
}

void screen_tell_format(struct screen *self, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	screen_tell(self, text);
}

bool screen_leaves(struct screen *self, enum leave_how *how)
{
	if (!self->leaves)
		return false;
	self->leaves = false;
	*how = self->how;
	return true;
}

/* ---- The terminal: taken, lent, given back ---- */

void screen_give_terminal(struct screen *self)
{
	if (self->suspended)
		return;
	self->suspended = true;
	term_suspend(self->term);
}

/* What was typed has been thrown away, and the end of a paste with it: what comes next is typed. */
static void forget_paste(struct screen *self)
{
	if (self->dash != NULL)
		dash_take_key(self->dash, UI_KEY_PASTE_END);
}

void screen_take_terminal(struct screen *self)
{
	if (!self->suspended)
		return;
	self->suspended = false;
	term_resume(self->term);
	forget_paste(self);
	take_size(self);
}

/* Gives it back while the process is stopped; the stack goes on. */
static void stop_process(struct screen *self)
{
	screen_give_terminal(self);
	signals_stop();
}

/* Whoever had it meanwhile, a shell most likely, has left its own modes there. */
static void retake_terminal(struct screen *self)
{
	if (self->suspended)
		return;
	screen_give_terminal(self);
	screen_take_terminal(self);
}

static void take_signals(struct screen *self)
{
	int number;

	self->continued = false;
	for (;;) {
		switch (signals_next(&self->signals, &number)) {
		case SIGNALS_RESIZE:
			self->resized = true;
			break;
		case SIGNALS_STOP:
			stop_process(self);
			break;
		case SIGNALS_CONTINUE: /* stopped from outside, it has lost the screen all the same */
			retake_terminal(self);
			self->resized = true;
			break;
		default:
			/* One SIGCONT follows, or none where nobody could continue us. */
			if (self->suspended && self->outside.kind == OUTSIDE_NOTHING)
				screen_take_terminal(self);
			return;
		}
	}
}

/* ---- Keys ---- */

/* After whatever may have opened a question: a key, an answer. */
static void grant_wishes(struct screen *self)
{
	const unsigned wishes = self->dash != NULL ? dash_take_wishes(self->dash) : 0;

	if ((wishes & DASH_WISH_FLUSH) != 0 && !self->suspended) {
		term_flush_input(self->term);
		forget_paste(self);
	}
	if ((wishes & DASH_WISH_REPAINT) != 0)
		term_repaint(self->term);
}

static void take_key(struct screen *self, uint32_t key)
{
	self->pressed = true;
	if (key == UI_KEY_MOUSE) {
		struct term_mouse mouse = term_mouse(self->term);
		dash_take_mouse(self->dash, &mouse);
	} else {
		dash_take_key(self->dash, key);
	}
	grant_wishes(self);
}

static int take_keys(struct screen *self)
{
	uint32_t key;
	int got = 0;

	/* Bounded: somebody may hold a key down, or paste a book. */
	for (unsigned i = 0; i < 4096 && !self->suspended && (got = term_read_key(self->term, &key)) > 0; i++)
		take_key(self, key);
	return got < 0 ? got : 0;
}

/* ---- Drawing ---- */

/* Monotonic: of the next frame, when no key asks for it. */
static int64_t next_frame_ms(const struct screen *self)
{
	const int64_t paid_ms = (int64_t)(self->drawn_bytes / FLOOD_BYTES_PER_MS);
	int64_t pause_ms = FRAME_MS, next_ms;

	if (dash_is_flooding(self->dash))
		pause_ms = paid_ms < FLOOD_FRAME_MS       ? FLOOD_FRAME_MS
			   : paid_ms > FLOOD_FRAME_MAX_MS ? FLOOD_FRAME_MAX_MS
							  : paid_ms;
	next_ms = self->drawn_ms + pause_ms;
	return next_ms > self->changed_ms + GATHER_MS ? next_ms : self->changed_ms + GATHER_MS;
}

/* What is on the screen holds until then. */
static void take_due(struct screen *self)
{
	const int64_t due_ms = dash_due_ms(self->dash);

	self->changed_ms = 0;
	self->due_ms = due_ms >= 0 ? due_ms : 0;
}

static void draw(struct screen *self, int64_t now_ms)
{
	dash_draw(self->dash, &self->frame);
	self->drawn_bytes = term_show(self->term, &self->frame);
	self->drawn_ms = now_ms;
	self->pressed = false;
}

static void draw_if_due(struct screen *self)
{
	const int64_t now_ms = clock_monotonic_ms();
	int64_t next_ms;

	if (self->suspended || self->gone)
		return;
	/* Time alone has changed something. */
	if (self->due_ms != 0 && now_ms >= self->due_ms) {
		self->due_ms = 0;
		self->stale = true;
	}
	next_ms = self->pressed ? now_ms : next_frame_ms(self);
	if (!self->stale && !self->logs_came && !self->pressed && !dash_is_dirty(self->dash)) {
		self->changed_ms = 0;
		return;
	}
	self->stuffed = !term_takes_output(self->term);
	if (now_ms < next_ms || self->stuffed) {
		next_ms = now_ms < next_ms ? next_ms : now_ms + STUFFED_MS;
		self->due_ms = self->due_ms == 0 || next_ms < self->due_ms ? next_ms : self->due_ms;
		return;
	}
	take_model(self);
	if (self->logs_came) {
		self->logs_came = false;
		dash_take_logs(self->dash);
		/* What is new is counted and searched through as well. */
		self->working = true;
	}
	if (self->pressed || dash_is_dirty(self->dash))
		draw(self, now_ms);
	take_due(self);
}

/* ---- The caller's loop ---- */

enum { POLL_INPUT, POLL_OUTPUT, POLL_SIGNALS, POLL_OUTSIDE, POLL_STOPPED, POLL_BROWSER, POLL_WATCH, POLL_CALLS };
_Static_assert(POLL_CALLS + CTL_CALLS_MAX <= SCREEN_POLLS_MAX, "all that is waited for has a place");

size_t screen_fill_polls(const struct screen *self, struct pollfd *polls)
{
	for (size_t i = 0; i < POLL_CALLS; i++)
		polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	/* One that has hung up is readable for ever, and the stack may take its time to stop. */
	if (self->lines != NULL)
		screen_lines_fill_polls(self, &polls[POLL_INPUT], &polls[POLL_OUTSIDE]);
	else if (self->outside.kind == OUTSIDE_NOTHING && !self->suspended && !self->gone)
		polls[POLL_INPUT].fd = STDIN_FILENO;
	polls[POLL_OUTPUT] =
		(struct pollfd){.fd = self->term != NULL ? term_output_poll(self->term) : -1, .events = POLLOUT};
	polls[POLL_SIGNALS].fd = self->signals.fd;
	if (self->outside.kind != OUTSIDE_NOTHING)
		polls[POLL_OUTSIDE].fd = self->outside.pidfd;
	polls[POLL_STOPPED].fd = self->outside.signal_fd;
	polls[POLL_BROWSER].fd = self->browser_fd;
	polls[POLL_WATCH].fd = self->watch_fd;
	ctl_calls_fill_polls(&self->calls, &polls[POLL_CALLS]);
	return POLL_CALLS + CTL_CALLS_MAX;
}

int64_t screen_calls_due_ms(const struct screen *self)
{
	const int64_t due_ms = ctl_calls_due_ms(&self->calls);
	const int64_t silence_ms = silence_due_ms(&self->silence, ctl_calls_since_ms(&self->calls));

	return silence_ms != 0 && silence_ms < due_ms ? silence_ms : due_ms;
}

int64_t screen_due_ms(const struct screen *self)
{
	int64_t due_ms = screen_calls_due_ms(self);

	if (self->lines != NULL)
		return screen_lines_due_ms(self);
	if (self->telemetry_due_ms != 0 && (due_ms == 0 || self->telemetry_due_ms < due_ms))
		due_ms = self->telemetry_due_ms;

	const int64_t frame_ms = next_frame_ms(self);
	const bool waits = self->stale || self->logs_came || dash_is_dirty(self->dash);

	if (screen_save_is_on(&self->save))
		return 1;
	if (self->continued)
		return 1;
	if (self->suspended || self->gone)
		return due_ms;
	if (self->working || self->resized || (self->pressed && !self->stuffed))
		return 1;
	if (waits && self->due_ms == 0 && (due_ms == 0 || frame_ms < due_ms))
		due_ms = frame_ms;
	if (self->due_ms != 0 && (due_ms == 0 || self->due_ms < due_ms))
		due_ms = self->due_ms;
	return due_ms;
}

static void step_save(struct screen *self)
{
	struct err err = ERR_INIT;
	char *path = self->save.path != NULL ? strdup(self->save.path) : NULL;
	int result = screen_save_step(&self->save, &err);

	if (result < 0)
		screen_tell(self, err_is_set(&err) ? err.items[0].message : "the log could not be saved");
	if (result == 0) {
		char size[FIGURE_BYTES];
		figure_bytes(self->save.size_bytes, size, sizeof(size));
		screen_tell_format(self, "saved %s to %s", size, path != NULL ? path : "a file");
		screen_save_finish(&self->save);
	}
	free(path);
	err_finish(&err);
}

int screen_step(struct screen *self, const struct pollfd *polls)
{
	int result = 0;

	/* First of all: texts of a model that is older than the view may be gone, and a resize alone makes the dashboard look at them. */
	take_model(self);
	if (self->lines == NULL && (polls[POLL_SIGNALS].revents != 0 || self->continued))
		take_signals(self);
	if (polls[POLL_OUTSIDE].revents != 0 || polls[POLL_STOPPED].revents != 0)
		screen_outside_ready(self);
	if (polls[POLL_BROWSER].revents != 0)
		screen_browser_ready(self);
	if (polls[POLL_WATCH].revents != 0 && screen_watch_read(self->watch_fd, self->options.file))
		screen_ask_changes(self);
	if (polls[POLL_OUTPUT].revents != 0)
		self->stuffed = !term_takes_output(self->term);
	ctl_calls_step(&self->calls, &polls[POLL_CALLS]);
	look_for_silence(self);
	screen_ask_telemetry_again(self);
	grant_wishes(self);
	if (self->lines != NULL) {
		take_model(self);
		return screen_lines_step(self, &polls[POLL_INPUT], &polls[POLL_SIGNALS]);
	}
	if (self->resized && !self->suspended) {
		self->resized = false;
		take_size(self);
	}
	take_model(self);
	if (polls[POLL_INPUT].revents != 0 && !self->suspended)
		result = take_keys(self);
	self->gone = self->gone || result < 0;
	/* The thing that keys have asked for is seen before a search goes on. */
	draw_if_due(self);
	if (screen_save_is_on(&self->save))
		step_save(self);
	if (!self->suspended && !self->gone &&
	    (self->working || self->pressed || dash_is_dirty(self->dash) || polls[POLL_INPUT].revents != 0))
		self->working = dash_work(self->dash, WORK_US);
	return result;
}
