/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/ctl_client.h"
#include "launcher/command/dashboard.h"
#include "launcher/command/watch.h"
#include "launcher/screen/screen_farewell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOGS_AGAIN_MS 1000
#define LOGS_TARGET "/v1/logs?wake=1&tail=0"

enum { POLL_EVENTS, POLL_LOGS, POLL_SIGNALS, POLL_SCREEN };

struct attached {
	struct watch watch;
	struct dashboard dashboard;
	struct screen *screen;
	struct ctl_stream *logs; /* NULL: there was no room for one more */
	int64_t logs_again_ms; /* monotonic: then */
	char *dir; /* <state>/logs */
	int signal_number; /* 0: none came */
	bool left;
};

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct attached *self = context;

	(void)view;
	if (self->screen != NULL)
		screen_take_change(self->screen, unit);
}

static void take_usage(void *context, const struct view *view, const struct view_unit *unit)
{
	struct watch *watch = context;
	struct attached *self = watch->changed_context;

	(void)view;
	if (self->screen != NULL)
		screen_take_usage(self->screen, unit);
}

/* What comes is only word that there is more. */
static void read_logs(struct attached *self)
{
	char ignored[4096];
	ssize_t count = ctl_stream_read(self->logs, ignored, sizeof(ignored));

	screen_take_logs(self->screen);
	if (count > 0 || count == -EAGAIN)
		return;
	ctl_stream_close(self->logs);
	self->logs = NULL;
	self->logs_again_ms = clock_monotonic_ms() + LOGS_AGAIN_MS;
}

/* Nobody wakes us: the files are looked at once a second, until there is room. */
static void look_at_logs(struct attached *self)
{
	struct err trouble = ERR_INIT;

	if (self->logs != NULL || clock_monotonic_ms() < self->logs_again_ms)
		return;
	self->logs_again_ms = clock_monotonic_ms() + LOGS_AGAIN_MS;
	screen_take_logs(self->screen);
	(void)ctl_stream_open(&self->watch.client, LOGS_TARGET, &self->logs, &trouble);
	err_finish(&trouble);
}

static void take_signal(struct attached *self)
{
	struct signalfd_siginfo info;

	if (read(self->watch.signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	self->left = true;
	self->signal_number = info.ssi_signo == SIGINT ? 0 : (int)info.ssi_signo;
}

static int timeout_of(const struct attached *self)
{
	int64_t due_ms = screen_due_ms(self->screen);

	if (self->logs == NULL && (due_ms == 0 || self->logs_again_ms < due_ms))
		due_ms = self->logs_again_ms;

	const int64_t left_ms = due_ms - clock_monotonic_ms();

	if (due_ms == 0)
		return -1;
	return left_ms <= 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000;
}

/* 1 to go on, 0 when the stack is over, -errno. */
static int step(struct attached *self, struct err *err)
{
	struct pollfd polls[POLL_SCREEN + SCREEN_POLLS_MAX] = {
		[POLL_EVENTS] = {.fd = ctl_stream_fd(self->watch.events), .events = POLLIN},
		[POLL_LOGS] = {.fd = self->logs != NULL ? ctl_stream_fd(self->logs) : -1, .events = POLLIN},
		[POLL_SIGNALS] = {.fd = self->watch.signal_fd, .events = POLLIN},
	};
	const size_t places = POLL_SCREEN + screen_fill_polls(self->screen, &polls[POLL_SCREEN]);
	enum leave_how how;
	int result = 1;

	if (poll(polls, places, timeout_of(self)) < 0)
		return errno == EINTR ? 1 : err_set(err, ERR_INTERNAL, "cannot wait: %s", strerror(errno));
	if (polls[POLL_SIGNALS].revents != 0)
		take_signal(self);
	if (polls[POLL_EVENTS].revents != 0)
		result = watch_read(&self->watch, err);
	if (result == -EAGAIN)
		result = 1;
	if (polls[POLL_LOGS].revents != 0)
		read_logs(self);
	look_at_logs(self);
	/* A terminal that is gone leaves: the stack is not ours. */
	if (screen_step(self->screen, &polls[POLL_SCREEN]) < 0)
		self->left = true;
	if (screen_leaves(self->screen, &how))
		self->left = true;
	return result;
}

static int open_all(struct attached *self, struct err *err)
{
	struct watch *watch = &self->watch;
	int result;

	watch->usage_ms = SCREEN_USAGE_MS;
	watch->view.usage_changed = take_usage;
	result = watch_open(watch, err);
	if (result == 0)
		result = watch_take_signals(watch, err);
	if (result < 0)
		return result;
	if (asprintf(&self->dir, "%s/logs", watch->project.state_dir) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	dashboard_init(&self->dashboard, watch->context, &watch->project, watch->project.stack);
	self->dashboard.options.client = &watch->client;
	self->dashboard.options.view = &watch->view;
	self->dashboard.options.logs = self->dir;
	self->dashboard.options.attached = true;
	result = screen_open(&self->dashboard.options, &self->screen, err);
	if (result == 0)
		result = ctl_stream_open(&watch->client, LOGS_TARGET, &self->logs, err);
	return result;
}

static void say_farewell(const struct attached *self)
{
	const struct farewell farewell = {
		.view = &self->watch.view,
		.name = self->watch.project.name,
		.project_option = project_option(&self->watch.project),
		.logs = self->dir,
		.now_wall_ms = clock_wall_ms(),
		.goes_on = self->left,
		.terminal = true,
	};

	if (!self->watch.context->globals.quiet)
		farewell_write(&farewell, stderr);
}

/* As whoever attaches in lines hears it. */
static void take_end(struct attached *self, struct err *err)
{
	struct view *view = &self->watch.view;

	if (self->left || err_is_set(err))
		return;
	if (!view_is(view, "over")) {
		err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly", self->watch.project.name);
	} else if (err_is_set(&view->failure)) {
		err_move(err, &view->failure);
		err->code = ERR_FAILED;
	}
}

int dashboard_attach(const struct cli_context *context, struct err *err)
{
	struct attached self = {0};
	int result;

	watch_init(&self.watch, context);
	self.watch.screen = true;
	self.watch.changed = take_change;
	self.watch.changed_context = &self;
	result = open_all(&self, err);
	while (result == 0 && !self.left) {
		int more = step(&self, err);

		if (more <= 0) {
			result = more;
			break;
		}
	}
	screen_close(self.screen);
	if (self.screen != NULL) {
		say_farewell(&self);
		take_end(&self, err);
	}
	if (self.screen == NULL && result < 0 && !err_is_set(err))
		result = -1;
	else
		result = self.signal_number != 0 ? 128 + self.signal_number : (int)err->code;
	ctl_stream_close(self.logs);
	dashboard_finish(&self.dashboard);
	free(self.dir);
	watch_finish(&self.watch);
	return result;
}
