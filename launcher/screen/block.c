/* SPDX-License-Identifier: MIT */
#include "launcher/screen/block.h"

#include "config/clock.h"
#include "config/settings.h"
#include "launcher/client/view.h"
#include "launcher/process/fd.h"
#include "launcher/screen/screen_model.h"
#include "ui/model.h"
#include "ui/progress.h"
#include "ui/term.h"
#include "ui/theme.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DRAW_MS 100
/* While somebody drags the edge of a window, nothing is drawn. */
#define RESIZE_MS 150

struct block {
	struct block_options options;
	struct screen_model *model;
	struct theme theme;
	locale_t locale, locale_before;
	sigset_t mask_before;
	int signal_fd;
	bool on, ending, dirty;
	char *title;
	const char *reached;
	block_judge *judge;
	const void *context;
	struct block_unit *units;
	size_t unit_count;
	int64_t since_ms, drawn_ms, resized_ms;
	char *shown; /* what stands on the terminal, the cursor below it; "": nothing */
	char *bytes; /* what block_take gave last */
};

/* ---- Opening ---- */

static void take_signals(struct block *self)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGWINCH);
	sigaddset(&signals, SIGCONT);
	self->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd >= 0)
		sigprocmask(SIG_BLOCK, &signals, &self->mask_before);
}

static void make_theme(struct block *self, unsigned colors, bool lines)
{
	const struct settings_screen *settings = self->options.settings;
	struct theme_wish wish = {0};
	char problem[160];
	bool utf8;

	self->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (self->locale != (locale_t)0)
		self->locale_before = uselocale(self->locale);
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (settings != NULL)
		wish = (struct theme_wish){settings->theme, &settings->colors, settings->ascii};
	self->theme = theme_make(utf8 && !wish.ascii, lines);
	theme_dress(&self->theme, colors, &wish, problem, sizeof(problem));
}

struct block *block_open(const struct block_options *options)
{
	const struct screen_model_options model = {.app = options->project, .project = options->project};
	struct block *self;
	unsigned colors;
	bool lines;

	if (options->ui->plain || isatty(STDERR_FILENO) != 1 || !ui_color_wanted(options->ui, STDERR_FILENO) ||
	    !term_can_move(options->ui->term, &colors, &lines))
		return NULL;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return NULL;
	self->options = *options;
	self->signal_fd = -1;
	self->model = screen_model_create(&model);
	self->shown = strdup("");
	if (self->model == NULL || self->shown == NULL) {
		block_close(self);
		return NULL;
	}
	make_theme(self, colors, lines);
	take_signals(self);
	return self;
}

void block_close(struct block *self)
{
	if (self == NULL)
		return;
	if (self->signal_fd >= 0)
		sigprocmask(SIG_SETMASK, &self->mask_before, NULL);
	fd_close(&self->signal_fd);
	if (self->locale != (locale_t)0) {
		uselocale(self->locale_before);
		freelocale(self->locale);
	}
	screen_model_destroy(self->model);
	free(self->title);
	free(self->units);
	free(self->shown);
	free(self->bytes);
	free(self);
}

/* ---- What it is about ---- */

static void forget_shown(struct block *self)
{
	self->shown[0] = '\0';
}

int64_t block_begin_ms(const struct view *view)
{
	return clock_monotonic_ms() - (view->begin_ms > 0 ? clock_wall_ms() - view->begin_ms : 0);
}

void block_end(struct block *self)
{
	if (self != NULL && self->on)
		self->ending = self->dirty = true;
}

bool block_is_on(const struct block *self)
{
	return self != NULL && self->on;
}

void block_change(struct block *self)
{
	if (self != NULL && self->on)
		self->dirty = true;
}

static bool has_ended(const struct view_unit *unit)
{
	return strcmp(unit->state, "stopped") == 0 || strcmp(unit->state, "failed") == 0 ||
	       strcmp(unit->state, "completed") == 0;
}

/* Its work is done, or it is there for others. */
static bool is_there(const struct view_unit *unit)
{
	return strcmp(unit->state, "ready") == 0 ||
	       (strcmp(unit->state, "running") == 0 && !unit->has_probe && !unit->one_shot);
}

/* Of one that nobody asks whether it is ready there is no time to tell. */
void block_judge_ready(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged)
{
	const struct view_start *start = &unit->start;
	const int64_t there_ms = has_ended(unit) ? start->ended_ms : start->ready_ms;

	judged->meant = judged->meant || unit->wanted || !has_ended(unit);
	judged->done = is_there(unit) || has_ended(unit);
	if (start->launched_ms >= 0)
		judged->since_ms = now_ms - (clock_monotonic_ms() - block_begin_ms(context)) + start->launched_ms;
	judged->took_ms =
		(unit->has_probe || has_ended(unit)) && start->launched_ms >= 0 && there_ms >= start->launched_ms
			? there_ms - start->launched_ms
			: -1;
}

void block_judge_stopped(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged)
{
	(void)context;
	if (!judged->looked)
		judged->meant = !has_ended(unit);
	if (strcmp(unit->state, "stopping") == 0 && judged->since_ms < 0)
		judged->since_ms = now_ms;
	if (has_ended(unit) && !judged->done)
		judged->took_ms = judged->since_ms >= 0 ? now_ms - judged->since_ms : -1;
	judged->done = has_ended(unit);
}

/* ---- Looking ---- */

/* Most stay where they were. */
static struct block_unit *find_or_add(struct block *self, size_t place, unsigned id)
{
	struct block_unit *grown;

	if (place < self->unit_count && self->units[place].unit == id)
		return &self->units[place];
	for (size_t i = 0; i < self->unit_count; i++)
		if (self->units[i].unit == id)
			return &self->units[i];
	grown = reallocarray(self->units, self->unit_count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->units = grown;
	grown[self->unit_count] = (struct block_unit){.unit = id, .since_ms = -1, .took_ms = -1};
	return &grown[self->unit_count++];
}

/* Returns how many have a line, in the order of the view; the caller frees *units. */
static size_t judge_all(struct block *self, int64_t now_ms, struct progress_unit **units)
{
	const struct view *view = self->options.view;
	size_t count = 0;

	*units = calloc(view->count + 1, sizeof(**units));
	for (size_t i = 0; *units != NULL && i < view->count; i++) {
		struct block_unit *unit = find_or_add(self, i, view->units[i].id);

		if (unit == NULL)
			break;
		self->judge(self->context, &view->units[i], now_ms, unit);
		unit->looked = true;
		if (unit->meant)
			(*units)[count++] = (struct progress_unit){
				.unit = i, .done = unit->done, .since_ms = unit->since_ms, .took_ms = unit->took_ms};
	}
	return count;
}

void block_begin(struct block *self, const char *title, const char *reached, int64_t since_ms, block_judge *judge,
		 const void *context)
{
	struct progress_unit *unused;

	forget_shown(self);
	free(self->title);
	self->title = title != NULL ? strdup(title) : NULL;
	self->reached = reached;
	self->judge = judge;
	self->context = context;
	self->unit_count = 0;
	self->since_ms = since_ms;
	self->drawn_ms = 0;
	self->on = self->dirty = true;
	self->ending = false;
	/* How they stand now is looked at now: all may be over before anything is drawn. */
	judge_all(self, clock_monotonic_ms(), &unused);
	free(unused);
}

static char *make_text(struct block *self, struct term_size size, int64_t now_ms)
{
	const struct stack_model *model = screen_model_fill(self->model, self->options.view, now_ms);
	struct progress_unit *units = NULL;
	const size_t count = judge_all(self, now_ms, &units);
	const struct progress_look look = {
		.theme = &self->theme,
		.rows = size.rows,
		.columns = size.columns,
		.title = self->title != NULL ? self->title : model->app,
		.reached = self->reached,
		.since_ms = self->since_ms,
		.took_ms = self->ending ? now_ms - self->since_ms : -1,
		.units = units,
		.unit_count = count,
	};
	char *text = units != NULL && count > 0 && count <= model->unit_count ? progress_text(model, &look) : NULL;

	free(units);
	return text;
}

/* ---- What is written ---- */

int block_fd(const struct block *self)
{
	return self != NULL && self->on ? self->signal_fd : -1;
}

static void read_signals(struct block *self, int64_t now_ms)
{
	struct signalfd_siginfo info;

	while (self->signal_fd >= 0 && read(self->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		self->dirty = true;
		if (info.ssi_signo == SIGCONT)
			forget_shown(self);
		else
			self->resized_ms = now_ms;
	}
}

int64_t block_due_ms(const struct block *self)
{
	int64_t due_ms;

	if (self == NULL || !self->on)
		return 0;
	if (self->dirty) {
		due_ms = self->drawn_ms + DRAW_MS;
		return self->resized_ms + RESIZE_MS > due_ms ? self->resized_ms + RESIZE_MS : due_ms;
	}
	/* The next beat, while there is something to count. */
	for (size_t i = 0; i < self->unit_count; i++)
		if (self->units[i].meant && !self->units[i].done)
			return self->since_ms + ((self->drawn_ms - self->since_ms) / 1000 + 1) * 1000;
	return 0;
}

/* Lines that were drawn for a wider terminal may take more rows by now. */
static void check_size(struct block *self, struct term_size size)
{
	if (self->shown[0] == '\0' || progress_columns(self->shown, self->theme.utf8) < size.columns)
		return;
	forget_shown(self);
	self->dirty = true;
}

/* What has scrolled away over the upper edge cannot be drawn on any more. */
static void cut_shown(struct block *self, struct term_size size)
{
	size_t lines = 0;
	char *from = self->shown;

	for (const char *at = from; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	for (; lines + 1 > size.rows && lines > 0; lines--)
		from = strchr(from, '\n') + 1;
	if (from == self->shown)
		return;
	memmove(self->shown, from, strlen(from) + 1);
	self->dirty = true;
}

static bool is_due(const struct block *self, int64_t now_ms)
{
	const int64_t due_ms = block_due_ms(self);

	return self->on && (self->ending || (due_ms != 0 && now_ms >= due_ms));
}

/* What is to stand there from now on; NULL: what stands there stays. */
static char *next_text(struct block *self, int64_t now_ms)
{
	const struct term_size size = term_size_now();

	check_size(self, size);
	cut_shown(self, size);
	if (!is_due(self, now_ms))
		return NULL;
	self->drawn_ms = now_ms;
	self->dirty = false;
	return make_text(self, size, now_ms);
}

const char *block_take(struct block *self, const char *above, size_t above_bytes, size_t *size_bytes)
{
	const int64_t now_ms = clock_monotonic_ms();
	char *text = NULL;
	FILE *out;

	*size_bytes = 0;
	read_signals(self, now_ms);
	if (above_bytes == 0 && !is_due(self, now_ms))
		return "";
	free(self->bytes);
	self->bytes = NULL;
	out = open_memstream(&self->bytes, size_bytes);
	if (out == NULL)
		return "";
	if (self->on)
		text = next_text(self, now_ms);
	progress_put(self->shown, text != NULL ? text : self->shown, above, above_bytes, out);
	if (text != NULL) {
		free(self->shown);
		self->shown = text;
	}
	if (self->ending) {
		self->on = self->ending = false;
		forget_shown(self);
	}
	if (fclose(out) != 0)
		*size_bytes = 0;
	return self->bytes != NULL ? self->bytes : "";
}
