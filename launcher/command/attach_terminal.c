/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach_terminal.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/command/attach_screen.h"
#include "launcher/command/attach_typing.h"
#include "launcher/command/outlet.h"
#include "launcher/command/watch.h"
#include "ui/signals.h"
#include "ui/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define KEY_LEAVE '\035'
#define KEY_INTERRUPT '\003'
/* For what was typed last to arrive, and for a slow terminal to take the end. */
#define LEAVE_MS 1000
/* For the word on how it ended, once it has. */
#define WORD_MS 2000

struct attach {
	const struct attach_terminal_options *options;
	struct watch *watch;
	struct ctl_stream *bytes; /* of the service */
	struct outlet outlet; /* to the person's terminal */
	struct attach_screen screen;
	struct attach_typing typing;
	struct signals signals;
	pid_t pid; /* of the service, as last seen; 0: none */
	bool begun; /* it has a terminal, and we have it */
	char *notice; /* to be said between two runs; NULL: nothing */
	bool bytes_over, events_over, keys_over;
	bool left;
	int signal; /* by which it is left; 0: none */
	int64_t until_ms; /* monotonic: the end, whatever is still due; 0: open */
};

/* ---- The person's side ---- */

static void leave(struct attach *self, int signal)
{
	if (self->left)
		return;
	self->left = true;
	self->signal = signal;
	self->until_ms = clock_monotonic_ms() + LEAVE_MS;
}

static void tell_size(struct attach *self)
{
	struct winsize size = {0};

	if (self->screen.taken && ioctl(self->screen.in, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		attach_typing_resize(&self->typing, size.ws_row, size.ws_col);
}

static void take_terminal(struct attach *self)
{
	if (attach_screen_take(&self->screen) < 0)
		self->keys_over = true;
	tell_size(self);
}

/* With what is still due to it, as long as it takes it. */
static void give_terminal_back(struct attach *self)
{
	char reset[TERMINAL_MODES_TEXT_MAX];

	attach_screen_give_back(&self->screen, reset);
	outlet_put(&self->outlet, reset, strlen(reset));
	for (int64_t until_ms = clock_monotonic_ms() + LEAVE_MS, left_ms = LEAVE_MS;
	     !outlet_is_empty(&self->outlet) && left_ms > 0; left_ms = until_ms - clock_monotonic_ms()) {
		struct pollfd pollfd = {.fd = self->outlet.fd, .events = POLLOUT};

		if (poll(&pollfd, 1, (int)left_ms) > 0)
			outlet_write(&self->outlet);
	}
}

static void suspend(struct attach *self)
{
	give_terminal_back(self);
	signals_stop();
	take_terminal(self);
}

/* Stopped by SIGSTOP, which nobody is told of: the shell may have set the terminal as it likes it. */
static void take_again(struct attach *self)
{
	if (self->screen.taken && attach_screen_take(&self->screen) == 0)
		tell_size(self);
}

static void take_signals(struct attach *self)
{
	enum signals_event event;
	int number = 0;

	while ((event = signals_next(&self->signals, &number)) != SIGNALS_NONE) {
		if (event == SIGNALS_RESIZE)
			tell_size(self);
		else if (event == SIGNALS_STOP)
			suspend(self);
		else if (event == SIGNALS_CONTINUE)
			take_again(self);
		else if (event == SIGNALS_INTERRUPT)
			leave(self, 0);
		else if (event == SIGNALS_FATAL)
			leave(self, number);
	}
}

/* Ctrl-], also as terminals send it where the program asked for keys to be told apart (CSI u, modifyOtherKeys). */
static const char *find_leave(const char *keys, size_t count, bool types)
{
	static const char *const told_apart[] = {"\033[93;5u", "\033[27;5;93~"};
	const char *found = memchr(keys, KEY_LEAVE, count);

	for (size_t i = 0; found == NULL && i < sizeof(told_apart) / sizeof(told_apart[0]); i++)
		found = memmem(keys, count, told_apart[i], strlen(told_apart[i]));
	/* Where nobody can be typed to, it can only be meant for us. */
	if (found == NULL && !types)
		found = memchr(keys, KEY_INTERRUPT, count);
	return found;
}

static void ring_bell(struct attach *self)
{
	if (self->options->resets)
		outlet_put(&self->outlet, "\a", 1);
}

static void take_keys(struct attach *self)
{
	size_t room = attach_typing_room(&self->typing);
	char keys[4096];
	const char *end;
	ssize_t count = read(self->screen.in, keys, room < sizeof(keys) ? room : sizeof(keys));

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count <= 0) {
		self->keys_over = true;
		leave(self, SIGHUP); /* the terminal is gone */
		return;
	}
	end = find_leave(keys, (size_t)count, self->options->types);
	if (self->options->types)
		attach_typing_put(&self->typing, keys, end != NULL ? (size_t)(end - keys) : (size_t)count);
	else if (end == NULL)
		ring_bell(self);
	if (end != NULL)
		leave(self, 0);
}

/* ---- The service's side ---- */

/* An answer that is no stream: the error it carries. */
static int refuse(const struct attach *self, const char *bytes, size_t size_bytes, struct err *err)
{
	char text[4096];

	if (size_bytes >= sizeof(text))
		size_bytes = sizeof(text) - 1;
	memcpy(text, bytes, size_bytes);
	text[size_bytes] = '\0';
	view_take_error(text, ctl_stream_status(self->bytes), err);
	return -EINVAL;
}

/* Only now is it known that there is a terminal. */
static void begin_to_show(struct attach *self)
{
	self->begun = true;
	if (self->options->greeting != NULL)
		fprintf(stderr, "upfront: %s\n", self->options->greeting);
	take_terminal(self);
}

/* No more than the terminal has taken: what it shows is to be what is. */
static int take_bytes(struct attach *self, struct err *err)
{
	char bytes[16384];
	ssize_t count = ctl_stream_read(self->bytes, bytes, sizeof(bytes));
	const int status = ctl_stream_status(self->bytes);

	if (count >= 0 && status != 0 && status != 200)
		return refuse(self, bytes, (size_t)count, err);
	if (status == 200 && !self->begun)
		begin_to_show(self);
	if (count == -EAGAIN)
		return 0;
	if (count > 0) {
		attach_screen_note(&self->screen, bytes, (size_t)count);
		outlet_put(&self->outlet, bytes, (size_t)count);
		return 0;
	}
	self->bytes_over = true;
	if (self->until_ms == 0)
		self->until_ms = clock_monotonic_ms() + WORD_MS;
	return 0;
}

/* What a run leaves on is not the next one's. */
static void say_notice(struct attach *self)
{
	char reset[TERMINAL_MODES_TEXT_MAX] = "", *text = text_harmless(self->notice);

	if (self->options->resets)
		terminal_modes_end(&self->screen.modes, reset);
	outlet_put(&self->outlet, reset, strlen(reset));
	if (!self->watch->context->globals.quiet && text != NULL && self->options->resets) {
		outlet_put(&self->outlet, "\r\nupfront: ", 11);
		outlet_put(&self->outlet, text, strlen(text));
		outlet_put(&self->outlet, "\r\n", 2);
	} else if (!self->watch->context->globals.quiet && text != NULL) {
		fprintf(stderr, "upfront: %s\n", text);
	}
	self->screen.modes = (struct terminal_modes){0};
	free(text);
	free(self->notice);
	self->notice = NULL;
}

/* Each change by itself: a run that ends and the next one that begins may be told of in one go. */
static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct attach *self = context;
	char *text;

	/* A snapshot makes up for changes that were not told. */
	if (unit == NULL)
		unit = view_find_name(view, self->options->unit);
	if (unit == NULL || strcmp(unit->name, self->options->unit) != 0)
		return;
	text = unit->pid == 0 && !view_unit_has_ended(unit) ? news_of_unit(unit) : NULL;
	if (text != NULL) {
		free(self->notice);
		self->notice = text;
	}
	if (unit->pid > 0 && unit->pid != self->pid)
		tell_size(self);
	self->pid = unit->pid;
}

static int take_events(struct attach *self, struct err *err)
{
	struct err trouble = ERR_INIT;
	int result;

	do
		result = watch_step_until(self->watch, 1, &trouble);
	while (result > 0);
	if (result != -EAGAIN)
		self->events_over = true;
	if (self->events_over && self->until_ms == 0)
		self->until_ms = clock_monotonic_ms() + WORD_MS;
	/* The other stream may still bring what was written before. */
	if (result < 0 && result != -EAGAIN && !err_is_set(err))
		err_move(err, &trouble);
	err_finish(&trouble);
	return 0;
}

/* ---- Both ---- */

static bool has_ended(const struct attach *self)
{
	const struct view_unit *unit = view_find_name(&self->watch->view, self->options->unit);

	return unit == NULL || view_unit_has_ended(unit);
}

static bool is_over(const struct attach *self)
{
	if (self->until_ms != 0 && clock_monotonic_ms() >= self->until_ms)
		return true;
	if (self->left)
		return attach_typing_is_done(&self->typing) || self->signal != 0;
	return self->outlet.closed ||
	       (self->bytes_over && outlet_is_empty(&self->outlet) && (self->events_over || has_ended(self)));
}

static int time_left_ms(const struct attach *self)
{
	int64_t next_ms = attach_typing_next_ms(&self->typing), now_ms = clock_monotonic_ms();

	if (next_ms == 0 || (self->until_ms != 0 && self->until_ms < next_ms))
		next_ms = self->until_ms;
	return next_ms == 0 ? -1 : next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static int step(struct attach *self, struct err *err)
{
	const bool idle = outlet_is_empty(&self->outlet);
	const bool keys = self->screen.taken && !self->keys_over && attach_typing_room(&self->typing) > 0;
	struct pollfd polls[] = {
		{.fd = self->signals.fd, .events = POLLIN},
		{.fd = idle ? -1 : self->outlet.fd, .events = POLLOUT},
		{.fd = self->bytes_over || !idle ? -1 : ctl_stream_fd(self->bytes), .events = POLLIN},
		{.fd = self->events_over ? -1 : ctl_stream_fd(self->watch->events), .events = POLLIN},
		{.fd = attach_typing_fd(&self->typing), .events = POLLIN},
		{.fd = keys && !self->left ? self->screen.in : -1, .events = POLLIN},
	};
	int result = 0;

	if (poll(polls, sizeof(polls) / sizeof(polls[0]), time_left_ms(self)) < 0)
		return errno == EINTR ? 0 : err_set(err, ERR_INTERNAL, "cannot wait: %s", strerror(errno));
	if (polls[1].revents != 0)
		outlet_write(&self->outlet);
	if (polls[2].revents != 0)
		result = take_bytes(self, err);
	if (polls[3].revents != 0 && result == 0)
		result = take_events(self, err);
	if (polls[4].revents != 0)
		attach_typing_take(&self->typing, clock_monotonic_ms());
	if (polls[5].revents != 0)
		take_keys(self);
	if (polls[0].revents != 0)
		take_signals(self);
	if (self->typing.was_refused)
		ring_bell(self);
	self->typing.was_refused = false;
	if (self->notice != NULL && outlet_is_empty(&self->outlet) && polls[2].revents == 0)
		say_notice(self);
	attach_typing_send(&self->typing, clock_monotonic_ms());
	return result;
}

static enum attach_end how_it_ended(const struct attach *self, int result, struct err *err)
{
	const char *project = self->watch->project.name;

	if (result < 0)
		return ATTACH_FAILED;
	if (self->left || self->outlet.closed)
		return ATTACH_LEFT;
	if (has_ended(self)) {
		/* Nothing is missing: it only came together with the end of all. */
		err_finish(err);
		err_init(err);
		return ATTACH_ENDED;
	}
	if (!err_is_set(err) && self->events_over)
		err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly", project);
	else if (!err_is_set(err))
		err_set(err, ERR_FAILED, "the terminal of %s has been closed", self->options->unit);
	return ATTACH_FAILED;
}

static int begin(struct attach *self, struct err *err)
{
	const struct attach_terminal_options *options = self->options;
	int result = attach_typing_init(&self->typing, &self->watch->client, options->unit);

	if (result < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = ctl_stream_open(&self->watch->client, self->typing.target, &self->bytes, err);
	if (result == 0 && signals_open(&self->signals) < 0)
		result = err_set(err, ERR_INTERNAL, "cannot wait for signals: %s", strerror(errno));
	return result;
}

enum attach_end attach_terminal(const struct attach_terminal_options *options, int *signal, struct err *err)
{
	struct attach *self = calloc(1, sizeof(*self));
	enum attach_end end = ATTACH_FAILED;
	int result;

	*signal = 0;
	if (self == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return end;
	}
	self->options = options;
	self->watch = options->watch;
	self->watch->changed = take_change;
	self->watch->changed_context = self;
	self->signals.fd = -1;
	outlet_init(&self->outlet, STDOUT_FILENO);
	attach_screen_init(&self->screen, options->keys ? STDIN_FILENO : -1, STDOUT_FILENO, options->resets);
	result = begin(self, err);
	while (result == 0 && !is_over(self))
		result = step(self, err);
	give_terminal_back(self);
	end = how_it_ended(self, result, err);
	*signal = self->signal;
	self->watch->changed = NULL;
	signals_close(&self->signals);
	ctl_stream_close(self->bytes);
	attach_typing_finish(&self->typing);
	outlet_finish(&self->outlet);
	free(self->notice);
	free(self);
	return end;
}
