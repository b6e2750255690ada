/* SPDX-License-Identifier: MIT */
/* The logs that are open: those seen last keep their place, search and wrap until one comes back. */
#include "ui/dash_private.h"

#include <string.h>

/* The log pane below the services has room; so small, its keys would act on what nobody sees. */
static bool has_pane(const struct dash *self)
{
	struct frame_area view = dash_view_area(self->rows, self->columns);

	return services_log_area(&self->services, self->context.model, view).rows > 0;
}

bool dash_log_has_focus(const struct dash *self)
{
	return self->services.log_focus && has_pane(self);
}

/* Which log is seen; false when none is. */
static bool wanted_log(const struct dash *self, enum dash_log_of *of)
{
	if (dash_place(self) == KEY_SCREEN_LOG) {
		*of = self->log_of;
		return true;
	}
	*of = LOG_OF_UNIT;
	return dash_place(self) == KEY_SCREEN_SERVICES && !dash_is_stopping(self) && has_pane(self);
}

/* The marks as one number, so that other marks are another log. */
static uint64_t marks_number(const struct dash *self)
{
	uint64_t number = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < self->services.mark_count; i++)
		number = (number ^ self->services.marks[i]) * UINT64_C(0x100000001b3);
	return number;
}

static bool is_it(const struct dash *self, const struct dash_log *log, enum dash_log_of of)
{
	if (!log->used || log->of != of)
		return false;
	if (of == LOG_OF_UNIT)
		return log->unit == self->context.unit;
	return of == LOG_OF_ALL || log->marks == marks_number(self);
}

static struct dash_log *find_log(struct dash *self, enum dash_log_of of)
{
	for (size_t i = 0; i < DASH_LOGS_MAX; i++)
		if (is_it(self, &self->logs[i], of))
			return &self->logs[i];
	return NULL;
}

static void close_log(struct dash *self, struct dash_log *log)
{
	const struct actions *actions = self->context.actions;
	struct log_text *text = log->view.text;

	if (!log->used)
		return;
	log_view_finish(&log->view);
	if (text != NULL && actions->close_log != NULL)
		actions->close_log(actions->context, text);
	*log = (struct dash_log){.used = false};
}

void dash_logs_close(struct dash *self)
{
	for (size_t i = 0; i < DASH_LOGS_MAX; i++)
		close_log(self, &self->logs[i]);
}

/* Names of those whose log it is; NULL for all. */
static const char *const *names_of(const struct dash *self, enum dash_log_of of,
				   const char *names[SERVICES_MARKS_MAX + 1])
{
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);

	if (of == LOG_OF_ALL)
		return NULL;
	names[0] = NULL;
	if (of == LOG_OF_MARKED) {
		services_chosen(&self->services, &self->context, names);
	} else if (unit != NULL) {
		names[0] = unit->name;
		names[1] = NULL;
	}
	return names;
}

static void open_text(struct dash *self, struct dash_log *log)
{
	const struct actions *actions = self->context.actions;
	const char *names[SERVICES_MARKS_MAX + 1], *why = "logs cannot be shown here";
	const char *const *of = names_of(self, log->of, names);
	struct log_text *text = NULL;

	if (of != NULL && of[0] == NULL)
		why = "there is no service";
	else if (actions->open_log != NULL)
		text = actions->open_log(actions->context, of, &why);
	log_view_take(&log->view, text, why);
}

/* A free place, else that of the one not seen for longest. */
static struct dash_log *free_place(struct dash *self)
{
	struct dash_log *oldest = &self->logs[0];

	for (size_t i = 0; i < DASH_LOGS_MAX; i++) {
		if (!self->logs[i].used)
			return &self->logs[i];
		if (self->logs[i].seen < oldest->seen)
			oldest = &self->logs[i];
	}
	close_log(self, oldest);
	return oldest;
}

void dash_logs_settle(struct dash *self)
{
	enum dash_log_of of;

	if (!wanted_log(self, &of))
		return;
	struct dash_log *log = find_log(self, of);
	if (log == NULL) {
		log = free_place(self);
		*log = (struct dash_log){.used = true, .of = of, .unit = self->context.unit};
		log->marks = marks_number(self);
		log_view_init(&log->view);
		open_text(self, log);
	} else if (log->seen != self->log_clock && log->view.text != NULL && log_view_refresh(&log->view)) {
		/* One that was not seen meanwhile was not told that it has grown. */
		self->dirty = true;
	}
	if (log->seen != self->log_clock || log->seen == 0)
		log->seen = ++self->log_clock;
}

void dash_take_logs(struct dash *self)
{
	enum dash_log_of of;
	struct dash_log *log = wanted_log(self, &of) ? find_log(self, of) : NULL;

	/* Those that are not seen now are looked at when they are. */
	self->log_clock++;
	if (log == NULL)
		return;
	log->seen = self->log_clock;
	if (log->view.text == NULL)
		dash_logs_retry(self);
	else if (log_view_refresh(&log->view))
		self->log_dirty = true;
}

void dash_logs_retry(struct dash *self)
{
	enum dash_log_of of;
	struct dash_log *log = wanted_log(self, &of) ? find_log(self, of) : NULL;

	if (log == NULL || log->view.text != NULL)
		return;
	open_text(self, log);
	self->log_dirty = self->log_dirty || log->view.text != NULL;
}

struct log_view *dash_seen_log(struct dash *self)
{
	enum dash_log_of of;
	struct dash_log *log = wanted_log(self, &of) ? find_log(self, of) : NULL;

	return log != NULL ? &log->view : NULL;
}
