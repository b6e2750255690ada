/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_follow.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/last_words.h"
#include "launcher/command/log_reader.h"
#include "launcher/command/news.h"
#include "launcher/command/outlet.h"
#include "launcher/command/view.h"
#include "launcher/process/guard.h"
#include "launcher/project.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL_TIMEOUT_MS 5000
#define SWEEP_MS 2000
#define FLUSH_MS 5000
/* A supervisor whose guard was killed ends at once and says so; it is not waited for longer than this. */
#define ORPHAN_MS 1500

enum follow_end { FOLLOW_ON, FOLLOW_LEFT, FOLLOW_OVER };

struct follow {
	const struct up_follow_options *options;
	struct err *err;
	struct view view;
	struct ctl_stream *events, *logs;
	struct log_reader *reader;
	struct last_words last_words;
	struct outlet out, news; /* stdout and stderr */
	struct plain plain;
	FILE *format; /* what plain writes to: `text` */
	char *text;
	size_t text_bytes;
	int signal_fd;
	bool fitted; /* names are known and measured */
	bool was_up;
	bool failure_said;
	bool timed_out;
	bool reader_gone; /* `upfront | head`: nobody looks any more */
	int stop_signal; /* the first one that asked to end */
	bool guard_gone;
	int64_t guard_gone_ms;
	siginfo_t guard_end;
	enum follow_end end;
};

/* ---- Saying ---- */

static void say(struct follow *self, const char *line)
{
	if (self->options->context->globals.quiet)
		return;
	outlet_put(&self->news, "upfront: ", strlen("upfront: "));
	outlet_put(&self->news, line, strlen(line));
	outlet_put(&self->news, "\n", 1);
}

static void say_up(struct follow *self)
{
	char after[32], *line = NULL;

	news_duration(clock_monotonic_ms() - self->options->begin_ms, after, sizeof(after));
	if (asprintf(&line, "%s is up (%s)%s%s", self->options->project->name, after,
		     self->view.open != NULL ? ": " : "", self->view.open != NULL ? self->view.open : "") < 0)
		return;
	say(self, line);
	free(line);
}

/* Who failed and was not needed: before the stack was up it could still have been the end of it. */
static void say_left_out(struct follow *self)
{
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];
		char *line = unit->wanted && !unit->settled ? news_why_not_ready(unit) : NULL;

		if (line != NULL)
			say(self, line);
		free(line);
	}
}

static void print_line(struct follow *self, struct outlet *to, const char *service, const struct log_frame *frame)
{
	const struct plain_line line = {
		.service = service,
		.index = frame->unit,
		.bytes = frame->bytes,
		.size_bytes = frame->size_bytes,
		.time_ms = frame->time_ms,
		.partial = frame->partial,
	};

	rewind(self->format);
	plain_write(&self->plain, &line);
	if (fflush(self->format) == 0)
		outlet_put(to, self->text, self->text_bytes);
}

static void take_frame(void *context, const struct log_frame *frame)
{
	struct follow *self = context;
	const struct view_unit *unit = view_find(&self->view, frame->unit);
	char note[96];

	if (frame->dropped) {
		snprintf(note, sizeof(note), "%.*s lines were left out here: they came faster than they could be shown",
			 (int)(frame->size_bytes < 20 ? frame->size_bytes : 20), frame->bytes);
		say(self, note);
	} else if (self->options->detach) {
		last_words_add(&self->last_words, frame->unit, frame->bytes, frame->size_bytes);
	} else {
		print_line(self, &self->out, unit != NULL ? unit->name : "?", frame);
	}
}

static void fit_names(struct follow *self)
{
	const char **names = calloc(self->view.count + 1, sizeof(*names));

	if (names == NULL)
		return;
	for (size_t i = 0; i < self->view.count; i++)
		names[i] = self->view.units[i].name;
	plain_fit(&self->plain, names);
	free(names);
}

/* At once: stopping the rest may take a while. */
static void say_failure(struct follow *self)
{
	char *text = err_render(&self->view.failure, "upfront");

	if (text != NULL)
		outlet_put(&self->news, text, strlen(text));
	free(text);
	self->failure_said = true;
}

/* Before the stack is up a unit that fails is what the failure is about, or fails because of it. */
static char *news_of(const struct follow *self, const struct view_unit *unit)
{
	if (!self->was_up && strcmp(unit->state, "failed") == 0)
		return NULL;
	return news_of_unit(unit);
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct follow *self = context;
	char *line = unit != NULL ? news_of(self, unit) : NULL;

	if (!self->fitted) {
		fit_names(self);
		self->fitted = true;
	}
	if (line != NULL)
		say(self, line);
	free(line);
	if (err_is_set(&view->failure) && !self->failure_said)
		say_failure(self);
	if (unit == NULL && view_is(view, "up") && !self->was_up) {
		self->was_up = true;
		say_up(self);
		say_left_out(self);
	}
}

/* ---- Asking the supervisor ---- */

static void post(struct follow *self, const char *target, const char *body)
{
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	int status;

	/* A supervisor that has gone already did what is asked here. */
	if (ctl_client_call(&self->options->client, "POST", target, body, CALL_TIMEOUT_MS, &status, &answer,
			    &trouble) == 0)
		free(answer);
	err_finish(&trouble);
}

static bool wants_detach(const struct follow *self)
{
	return self->options->project->stack->on_hangup == HANGUP_DETACH;
}

static void take_signal(struct follow *self)
{
	struct signalfd_siginfo info;

	if (read(self->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && self->stop_signal == 0 && wants_detach(self)) {
		post(self, "/v1/stack/detach", NULL);
		self->end = FOLLOW_LEFT;
	} else if (self->stop_signal == 0) {
		self->stop_signal = (int)info.ssi_signo;
		say(self, info.ssi_signo == SIGINT ? "stopping (Ctrl-C again: at once)" : "stopping");
		post(self, "/v1/stack/down", NULL);
	} else {
		post(self, "/v1/stack/down", "{\"grace_ms\":0}");
	}
}

/* ---- Ends ---- */

static bool is_started(const struct view_unit *unit)
{
	if (!unit->wanted || strcmp(unit->state, "waiting") == 0 || strcmp(unit->state, "stopped") == 0)
		return !unit->wanted;
	return strcmp(unit->state, "starting") != 0 || unit->pid > 0;
}

static bool all_started(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (!is_started(&view->units[i]))
			return false;
	return view->phase[0] != '\0';
}

static void check_goal(struct follow *self)
{
	if (!self->options->detach || self->end != FOLLOW_ON || self->stop_signal != 0 || self->timed_out)
		return;
	if (self->was_up || (!self->options->wait && view_is(&self->view, "starting") && all_started(&self->view)))
		self->end = FOLLOW_LEFT;
}

/* Probes that only fail again change no state and make no event: the latest answers are asked for. */
static void refresh(struct follow *self)
{
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	int status;

	if (ctl_client_call(&self->options->client, "GET", "/v1/services", NULL, CALL_TIMEOUT_MS, &status, &answer,
			    &trouble) == 0)
		view_take_services(&self->view, answer, &trouble);
	free(answer);
	err_finish(&trouble);
}

static void add_unready(struct follow *self)
{
	char limit[32];

	refresh(self);
	news_duration(self->options->wait_timeout_ms, limit, sizeof(limit));
	err_set(self->err, ERR_TIMEOUT, "project '%s' was not ready after %s, so it was taken down",
		self->options->project->name, limit);
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];
		char *text = unit->wanted && !unit->settled ? news_why_not_ready(unit) : NULL;

		if (text != NULL)
			err_set(self->err, ERR_TIMEOUT, "%s", text);
		free(text);
	}
	err_hint(self->err, "upfront logs shows what the services wrote");
}

static void check_timeout(struct follow *self)
{
	const int64_t limit_ms = self->options->wait_timeout_ms;

	if (limit_ms < 0 || self->was_up || self->timed_out || self->stop_signal != 0 ||
	    clock_monotonic_ms() - self->options->begin_ms < limit_ms)
		return;
	self->timed_out = true;
	/* Said as it stands now: on the way down every probe fails. */
	add_unready(self);
	post(self, "/v1/stack/down", "{\"reason\":\"timeout\"}");
}

/* Whoever watched has left, which ends a stack that lives for its watcher. A disk that is full is no such sign. */
static void check_reader(struct follow *self)
{
	if (!self->out.reader_gone || self->reader_gone || self->stop_signal != 0)
		return;
	self->reader_gone = true;
	say(self, "nobody reads the output any more, stopping");
	post(self, "/v1/stack/down", NULL);
}

static void take_guard(struct follow *self)
{
	memset(&self->guard_end, 0, sizeof(self->guard_end));
	if (waitid(P_PIDFD, (id_t)self->options->guard.pidfd, &self->guard_end, WEXITED) < 0 && errno == EINTR)
		return;
	self->guard_gone = true;
	self->guard_gone_ms = clock_monotonic_ms();
}

/* ---- The loop ---- */

static void read_events(struct follow *self)
{
	char buffer[16384];
	ssize_t count = ctl_stream_read(self->events, buffer, sizeof(buffer));

	if (count == -EAGAIN)
		return;
	if (count > 0 && self->options->context->globals.json && !self->options->detach)
		outlet_put(&self->out, buffer, (size_t)count);
	if (count > 0 && view_feed(&self->view, buffer, (size_t)count, take_change, self) == 0)
		return;
	ctl_stream_close(self->events);
	self->events = NULL;
}

static void read_logs(struct follow *self)
{
	char buffer[16384];
	ssize_t count = ctl_stream_read(self->logs, buffer, sizeof(buffer));

	if (count == -EAGAIN)
		return;
	if (count > 0 && log_reader_feed(self->reader, buffer, (size_t)count, take_frame, self) == 0)
		return;
	ctl_stream_close(self->logs);
	self->logs = NULL;
}

static int poll_timeout(const struct follow *self)
{
	int64_t left;

	if (self->guard_gone)
		return ORPHAN_MS;
	if (self->options->wait_timeout_ms < 0 || self->was_up || self->timed_out || self->stop_signal != 0)
		return -1;
	left = self->options->begin_ms + self->options->wait_timeout_ms - clock_monotonic_ms();
	return left <= 0 ? 0 : left < 60000 ? (int)left : 60000;
}

enum { WATCH_SIGNAL, WATCH_GUARD, WATCH_EVENTS, WATCH_LOGS, WATCH_OUT, WATCH_NEWS, WATCH_COUNT };

static void fill_polls(const struct follow *self, struct pollfd polls[WATCH_COUNT])
{
	/* Lines of units that are not known yet wait for the first snapshot. */
	const bool logs = self->logs != NULL && self->fitted && !outlet_is_full(&self->out);
	const bool events = self->events != NULL && !outlet_is_full(&self->news);

	for (size_t i = 0; i < WATCH_COUNT; i++)
		polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	polls[WATCH_SIGNAL].fd = self->signal_fd;
	polls[WATCH_GUARD].fd = self->guard_gone ? -1 : self->options->guard.pidfd;
	polls[WATCH_EVENTS].fd = events ? ctl_stream_fd(self->events) : -1;
	polls[WATCH_LOGS].fd = logs ? ctl_stream_fd(self->logs) : -1;
	polls[WATCH_OUT].fd = outlet_is_empty(&self->out) ? -1 : self->out.fd;
	polls[WATCH_OUT].events = POLLOUT;
	polls[WATCH_NEWS].fd = outlet_is_empty(&self->news) ? -1 : self->news.fd;
	polls[WATCH_NEWS].events = POLLOUT;
}

static void step(struct follow *self)
{
	struct pollfd polls[WATCH_COUNT];

	fill_polls(self, polls);
	if (poll(polls, WATCH_COUNT, poll_timeout(self)) < 0)
		return;
	if (polls[WATCH_SIGNAL].revents != 0)
		take_signal(self);
	if (polls[WATCH_EVENTS].revents != 0)
		read_events(self);
	if (polls[WATCH_LOGS].revents != 0)
		read_logs(self);
	if (polls[WATCH_OUT].revents != 0)
		outlet_write(&self->out);
	if (polls[WATCH_NEWS].revents != 0)
		outlet_write(&self->news);
	if (polls[WATCH_GUARD].revents != 0)
		take_guard(self);
	check_reader(self);
	check_timeout(self);
	check_goal(self);
	/* Once the guard has gone nobody writes any more, so both streams come to their end. */
	if (self->guard_gone &&
	    ((self->events == NULL && self->logs == NULL) || clock_monotonic_ms() - self->guard_gone_ms >= ORPHAN_MS))
		self->end = FOLLOW_OVER;
}

/* What is still in line goes out, unless nobody reads it or the person has had enough. */
static void flush_outlets(struct follow *self)
{
	int64_t deadline_ms = clock_monotonic_ms() + FLUSH_MS;

	while (!outlet_is_empty(&self->out) || !outlet_is_empty(&self->news)) {
		struct pollfd polls[WATCH_COUNT];

		fill_polls(self, polls);
		polls[WATCH_GUARD].fd = polls[WATCH_EVENTS].fd = polls[WATCH_LOGS].fd = -1;
		if (poll(polls, WATCH_COUNT, FLUSH_MS) <= 0 || polls[WATCH_SIGNAL].revents != 0 ||
		    clock_monotonic_ms() > deadline_ms)
			return;
		if (polls[WATCH_OUT].revents != 0 || polls[WATCH_NEWS].revents != 0)
			deadline_ms = clock_monotonic_ms() + FLUSH_MS;
		if (polls[WATCH_OUT].revents != 0)
			outlet_write(&self->out);
		if (polls[WATCH_NEWS].revents != 0)
			outlet_write(&self->news);
	}
}

/* ---- The end ---- */

static void put_last_word(void *context, const char *bytes, size_t size_bytes)
{
	struct follow *self = context;
	const struct log_frame frame = {.bytes = bytes, .size_bytes = size_bytes};

	print_line(self, &self->news, NULL, &frame);
}

/* A foreground `up` has shown everything already. */
static void show_last_words(struct follow *self)
{
	const struct view_unit *unit = view_find_name(&self->view, self->view.failed_unit);
	char *line = NULL;

	if (!self->options->detach || unit == NULL || last_words_count(&self->last_words, unit->id) == 0 ||
	    asprintf(&line, "the last lines of %s:", unit->name) < 0)
		return;
	say(self, line);
	free(line);
	/* They belong to the error, and so to stderr. */
	self->plain.prefix = false;
	self->plain.terminal = isatty(STDERR_FILENO) == 1;
	last_words_each(&self->last_words, unit->id, put_last_word, self);
}

static int report_crash(struct follow *self, const char *who)
{
	err_set(self->err, ERR_INTERNAL, "the %s ended unexpectedly; every service was ended", who);
	err_hint(self->err, "start the stack again with: upfront up");
	return ERR_INTERNAL;
}

static int report_over(struct follow *self)
{
	const bool guard_well = self->guard_end.si_code == CLD_EXITED;
	const int code = guard_well ? self->guard_end.si_status : ERR_INTERNAL;

	if (!guard_well)
		return report_crash(self, "guard process");
	if (code != 0 && !view_is(&self->view, "over") && !err_is_set(&self->view.failure))
		return report_crash(self, "supervisor process");
	if (self->timed_out)
		return ERR_TIMEOUT;
	if (self->stop_signal != 0)
		return self->was_up ? 0 : 128 + self->stop_signal;
	if (self->reader_gone)
		return 0;
	show_last_words(self);
	if (code != 0 && code < 128 && !self->failure_said)
		err_set(self->err, ERR_FAILED, "project '%s' ended with code %d", self->options->project->name, code);
	return code;
}

static int open_all(struct follow *self)
{
	const struct up_follow_options *options = self->options;
	int result;

	view_init(&self->view);
	last_words_init(&self->last_words);
	outlet_init(&self->out, STDOUT_FILENO);
	outlet_init(&self->news, STDERR_FILENO);
	self->signal_fd = signalfd(-1, options->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	self->reader = malloc(sizeof(*self->reader));
	self->format = open_memstream(&self->text, &self->text_bytes);
	if (self->signal_fd < 0 || self->reader == NULL || self->format == NULL)
		return err_set(self->err, ERR_INTERNAL, "cannot follow the stack: %s", strerror(errno));
	log_reader_init(self->reader);
	self->plain = (struct plain){
		.out = self->format,
		.color = ui_color_wanted(&options->context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.timestamps = options->timestamps,
		.prefix = true,
	};
	result = ctl_stream_open(&options->client, "/v1/events", &self->events, self->err);
	if (result == 0 && !(options->context->globals.json && !options->detach))
		result = ctl_stream_open(&options->client, "/v1/logs?follow=1", &self->logs, self->err);
	return result;
}

static void close_all(struct follow *self)
{
	ctl_stream_close(self->events);
	ctl_stream_close(self->logs);
	if (self->format != NULL)
		fclose(self->format);
	free(self->text);
	free(self->reader);
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	outlet_finish(&self->out);
	outlet_finish(&self->news);
	last_words_finish(&self->last_words);
	view_finish(&self->view);
}

int up_follow(const struct up_follow_options *options, struct err *err)
{
	const struct guard_spared spared = {.strangers = options->strangers};
	struct follow self = {.options = options, .err = err, .signal_fd = -1};
	int code = ERR_INTERNAL;

	if (open_all(&self) < 0)
		goto out;
	while (self.end == FOLLOW_ON)
		step(&self);
	code = self.end == FOLLOW_LEFT ? 0 : report_over(&self);
	flush_outlets(&self);
out:
	/* A guard that ended well has swept already, all but the sender, which ends by itself. */
	if (self.end != FOLLOW_LEFT && self.guard_end.si_code != CLD_EXITED)
		guard_sweep_sparing(options->client.socket_path, &spared, SWEEP_MS);
	close_all(&self);
	return code;
}
