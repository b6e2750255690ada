/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_follow.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command_report.h"
#include "launcher/logs/log_reader.h"
#include "launcher/client/slow_stop.h"
#include "launcher/command/up_report.h"
#include "launcher/engine/containers_end.h"
#include "launcher/process/guard.h"
#include "launcher/project.h"
#include "launcher/screen/screen.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_MS 100
#define SWEEP_MS 2000
#define TRIM_DELAY_MS 250
#define FLUSH_MS 5000
#define STEP_BYTES (128u * 1024u)
/* A supervisor whose guard was killed ends at once and says so; it is not waited for longer than this. */
#define ORPHAN_MS 1500

/* With -d only the last words are kept, which need no file. */
static void take_frame(void *context, const struct log_frame *frame)
{
	struct follow *self = context;

	if (self->archive == NULL && self->screen == NULL && !frame->dropped)
		last_words_add(&self->last_words, frame->unit, frame->bytes, frame->size_bytes);
}

static void take_line(void *context, const struct log_archive_line *line)
{
	follow_print_line(context, line);
}

static void take_gap(void *context, const char *unit, uint64_t size_bytes)
{
	follow_add_gap(context, unit, size_bytes);
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

static void post(struct follow *self, const char *target, const char *body);

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct follow *self = context;

	if (!self->fitted) {
		fit_names(self);
		self->fitted = true;
	}
	follow_track_block(self);
	if (self->screen != NULL)
		screen_take_change(self->screen, unit);
	else if (unit != NULL)
		follow_say_change(self, unit);
	else
		follow_say_engine(self);
	if (unit != NULL && self->stop_signal == 0 && up_abort_take(&self->abort, unit)) {
		follow_say_abort(self, unit);
		post(self, "/v1/stack/down", NULL);
	}
	if (unit == NULL && view_is(view, "up") && !self->was_up) {
		self->was_up = true;
		if (self->screen == NULL)
			follow_say_up(self);
		follow_open_page(self);
	}
}

static void take_usage(void *context, const struct view *view, const struct view_unit *unit)
{
	struct follow *self = context;

	(void)view;
	if (self->screen != NULL)
		screen_take_usage(self->screen, unit);
}

/* ---- Asking the supervisor ---- */

static void post(struct follow *self, const char *target, const char *body)
{
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	int status, result;

	/* A supervisor that has gone already did what is asked here; one that is too busy is asked again. */
	result = ctl_client_call(&self->options->client, "POST", target, body, FOLLOW_CALL_MS, &status, &answer,
				 &trouble);
	self->unsent = result == -ETIMEDOUT || result == -EAGAIN ? target : NULL;
	self->unsent_body = body;
	free(answer);
	err_finish(&trouble);
}

static bool wants_detach(const struct follow *self)
{
	return self->options->project->stack->on_hangup == HANGUP_DETACH;
}

/* The first time in order, then at once. */
static void ask_to_stop(struct follow *self, int signal_number)
{
	if (self->stop_signal != 0) {
		post(self, "/v1/stack/down", "{\"grace_ms\":0}");
		return;
	}
	self->stop_signal = signal_number;
	follow_end_block(self);
	if (self->screen == NULL)
		follow_say(self, signal_number == SIGINT ? "stopping (Ctrl-C again: at once)" : "stopping");
	post(self, "/v1/stack/down", NULL);
}

static void leave_running(struct follow *self)
{
	post(self, "/v1/stack/detach", NULL);
	self->end = FOLLOW_LEFT;
}

static void take_signal(struct follow *self)
{
	struct signalfd_siginfo info;

	if (read(self->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && self->stop_signal == 0 && wants_detach(self))
		leave_running(self);
	else
		ask_to_stop(self, (int)info.ssi_signo);
}

/* What a person at the dashboard wants of the stack as a whole. A terminal that is gone is a hang-up. */
static void step_screen(struct follow *self, const struct pollfd *polls)
{
	enum leave_how how;

	if (screen_step(self->screen, polls) < 0 && self->stop_signal == 0 && self->end == FOLLOW_ON) {
		if (wants_detach(self))
			leave_running(self);
		else
			ask_to_stop(self, SIGHUP);
	}
	if (!screen_leaves(self->screen, &how))
		return;
	if (how == LEAVE_DETACH)
		leave_running(self);
	else
		ask_to_stop(self, SIGINT);
}

/* ---- Ends ---- */

static bool is_started(const struct view_unit *unit)
{
	if (!unit->wanted || strcmp(unit->state, "waiting") == 0 || strcmp(unit->state, "stopped") == 0)
		return !unit->wanted;
	return strcmp(unit->state, "starting") != 0 || view_unit_runs(unit);
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
	if (!self->was_up && (self->options->wait || !view_is(&self->view, "starting") || !all_started(&self->view)))
		return;
	self->end = FOLLOW_LEFT;
	if (!self->was_up) {
		follow_say_started(self);
		follow_say_unopened(self);
	}
}

static void check_timeout(struct follow *self)
{
	const int64_t limit_ms = self->options->wait_timeout_ms;

	if (limit_ms < 0 || self->was_up || self->timed_out || self->stop_signal != 0 ||
	    clock_monotonic_ms() - self->options->begin_ms < limit_ms)
		return;
	self->timed_out = true;
	/* Said as it stands now: on the way down every probe fails. */
	follow_add_unready(self);
	post(self, "/v1/stack/down", "{\"reason\":\"timeout\"}");
}

/* Whoever watched has left, which ends a stack that lives for its watcher. A disk that is full is no such sign. */
static void check_reader(struct follow *self)
{
	if (!self->out.reader_gone || self->reader_gone || self->stop_signal != 0)
		return;
	self->reader_gone = true;
	follow_say(self, "nobody reads the output any more, stopping");
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
	char buffer[65536];
	ssize_t count = ctl_stream_read(self->events, buffer, sizeof(buffer));

	if (count == -EAGAIN)
		return;
	if (count > 0 && self->options->context->globals.json && !self->options->detach)
		outlet_put(&self->out, buffer, (size_t)count);
	if (count > 0 && view_feed(&self->view, buffer, (size_t)count, take_change, self) == 0) {
		if (self->trim_ms == 0)
			self->trim_ms = clock_monotonic_ms() + TRIM_DELAY_MS;
		return;
	}
	ctl_stream_close(self->events);
	self->events = NULL;
	self->view.line_bytes = 0;
}

/* The supervisor lives, so a stream that broke (it was out of memory, say) is asked for anew; the first line then tells all. */
static bool lacks_events(const struct follow *self)
{
	return self->events == NULL && !self->guard_gone && !view_is(&self->view, "over");
}

static int open_events(struct follow *self, struct err *err)
{
	char target[64] = "/v1/events";

	if (self->screen != NULL)
		snprintf(target, sizeof(target), VIEW_EVENTS_WITH_USAGE, SCREEN_USAGE_MS);
	return ctl_stream_open(&self->options->client, target, &self->events, err);
}

static void open_events_again(struct follow *self)
{
	struct err trouble = ERR_INIT;

	(void)open_events(self, &trouble);
	err_finish(&trouble);
}

/* Lines of units that are not known yet wait for the first snapshot. */
static bool can_show_more(const struct follow *self)
{
	return self->archive != NULL && self->more && self->fitted && !outlet_is_full(&self->out) && !self->out.closed;
}

static void show_more(struct follow *self)
{
	while (can_show_more(self))
		self->more = log_archive_step(self->archive, STEP_BYTES, take_line, self);
}

static void read_logs(struct follow *self)
{
	char buffer[16384];
	ssize_t count = ctl_stream_read(self->logs, buffer, sizeof(buffer));

	self->more = true;
	if (self->screen != NULL)
		screen_take_logs(self->screen);
	if (count == -EAGAIN)
		return;
	if (count > 0 && log_reader_feed(self->reader, buffer, (size_t)count, take_frame, self) == 0)
		return;
	ctl_stream_close(self->logs);
	self->logs = NULL;
}

static int time_for_work(const struct follow *self)
{
	int64_t left;

	if (can_show_more(self))
		return 0;
	if (self->guard_gone)
		return ORPHAN_MS;
	if (self->unsent != NULL || lacks_events(self))
		return RETRY_MS;
	/* Nobody wakes us: the supervisor had no stream left to give. */
	if (self->archive != NULL && self->logs == NULL && self->events != NULL)
		return RETRY_MS;
	if (self->options->wait_timeout_ms < 0 || self->was_up || self->timed_out || self->stop_signal != 0)
		return -1;
	left = self->options->begin_ms + self->options->wait_timeout_ms - clock_monotonic_ms();
	return left <= 0 ? 0 : left < 60000 ? (int)left : 60000;
}

/* Many services tell much at once, in JSON: a moment after, the memory for that goes back. */
static void give_back(struct follow *self)
{
	if (self->trim_ms == 0 || clock_monotonic_ms() < self->trim_ms)
		return;
	self->trim_ms = 0;
	malloc_trim(0);
}

static int least_timeout(int timeout_ms, int64_t at_ms)
{
	int64_t left_ms = at_ms - clock_monotonic_ms();

	if (at_ms == 0 || (timeout_ms >= 0 && left_ms >= timeout_ms))
		return timeout_ms;
	return left_ms <= 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000;
}

enum { WATCH_SIGNAL, WATCH_GUARD, WATCH_EVENTS, WATCH_LOGS, WATCH_OUT, WATCH_NEWS, WATCH_BLOCK, WATCH_COUNT };
#define WATCH_SCREEN WATCH_COUNT /* its places follow */

/* Where news goes out. */
static const struct outlet *news_of(const struct follow *self)
{
	return self->live.block != NULL ? &self->terminal : &self->news;
}

static void write_outlets(struct follow *self, const struct pollfd polls[WATCH_COUNT])
{
	follow_write_block(self, false);
	if (polls[WATCH_OUT].revents != 0)
		outlet_write(&self->out);
	if (polls[WATCH_NEWS].revents != 0)
		outlet_write(self->live.block != NULL ? &self->terminal : &self->news);
}

static void fill_polls(const struct follow *self, struct pollfd polls[WATCH_COUNT])
{
	const bool logs = self->logs != NULL && self->fitted;
	const bool events = self->events != NULL && !outlet_is_full(news_of(self));

	for (size_t i = 0; i < WATCH_COUNT; i++)
		polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	polls[WATCH_SIGNAL].fd = self->signal_fd;
	polls[WATCH_GUARD].fd = self->guard_gone ? -1 : self->options->guard.pidfd;
	polls[WATCH_EVENTS].fd = events ? ctl_stream_fd(self->events) : -1;
	polls[WATCH_LOGS].fd = logs ? ctl_stream_fd(self->logs) : -1;
	polls[WATCH_OUT].fd = outlet_is_empty(&self->out) || self->shared ? -1 : self->out.fd;
	polls[WATCH_OUT].events = POLLOUT;
	polls[WATCH_NEWS].fd = outlet_is_empty(news_of(self)) ? -1 : news_of(self)->fd;
	polls[WATCH_NEWS].events = POLLOUT;
	polls[WATCH_BLOCK].fd = block_fd(self->live.block);
}

static void step(struct follow *self)
{
	struct pollfd polls[WATCH_COUNT + SCREEN_POLLS_MAX];
	int timeout_ms = least_timeout(time_for_work(self), self->trim_ms);
	nfds_t places = WATCH_COUNT;
	int count;

	fill_polls(self, polls);
	if (self->screen != NULL) {
		places += screen_fill_polls(self->screen, &polls[WATCH_SCREEN]);
		timeout_ms = least_timeout(timeout_ms, screen_due_ms(self->screen));
	} else {
		timeout_ms = least_timeout(timeout_ms, slow_stop_next_ms(&self->view));
		timeout_ms = least_timeout(timeout_ms,
					   outlet_is_empty(&self->terminal) ? block_due_ms(self->live.block) : 0);
	}
	count = poll(polls, places, timeout_ms);
	if (self->screen == NULL)
		follow_say_slow(self);
	if (count < 0)
		return;
	give_back(self);
	self->more = self->more || (count == 0 && self->logs == NULL);
	if (polls[WATCH_SIGNAL].revents != 0)
		take_signal(self);
	if (polls[WATCH_EVENTS].revents != 0)
		read_events(self);
	if (polls[WATCH_LOGS].revents != 0)
		read_logs(self);
	if (self->screen != NULL)
		step_screen(self, &polls[WATCH_SCREEN]);
	show_more(self);
	follow_say_gaps(self, false);
	write_outlets(self, polls);
	if (polls[WATCH_GUARD].revents != 0)
		take_guard(self);
	if (self->unsent != NULL && !self->guard_gone)
		post(self, self->unsent, self->unsent_body);
	if (lacks_events(self))
		open_events_again(self);
	check_reader(self);
	check_timeout(self);
	check_goal(self);
	/* Once the guard has gone nobody writes any more, so both streams come to their end. */
	if (self->guard_gone &&
	    ((self->events == NULL && self->logs == NULL) || clock_monotonic_ms() - self->guard_gone_ms >= ORPHAN_MS))
		self->end = FOLLOW_OVER;
}

/* What is still in the files and in line goes out, unless nobody reads it or the person has had enough. */
static void flush_outlets(struct follow *self)
{
	int64_t deadline_ms = clock_monotonic_ms() + FLUSH_MS;

	self->more = self->end == FOLLOW_OVER;
	for (;;) {
		struct pollfd polls[WATCH_COUNT];

		show_more(self);
		if (self->archive != NULL && !self->more && self->end == FOLLOW_OVER && !self->out.closed)
			log_archive_rest(self->archive, take_line, self);
		follow_say_gaps(self, !self->more);
		follow_write_block(self, false);
		if (outlet_is_empty(&self->out) && outlet_is_empty(&self->news) && outlet_is_empty(&self->terminal))
			return;
		fill_polls(self, polls);
		polls[WATCH_GUARD].fd = polls[WATCH_EVENTS].fd = polls[WATCH_LOGS].fd = polls[WATCH_BLOCK].fd = -1;
		if (poll(polls, WATCH_COUNT, FLUSH_MS) <= 0 || polls[WATCH_SIGNAL].revents != 0 ||
		    clock_monotonic_ms() > deadline_ms) {
			outlet_give_up(&self->out);
			return;
		}
		if (polls[WATCH_OUT].revents != 0 || polls[WATCH_NEWS].revents != 0)
			deadline_ms = clock_monotonic_ms() + FLUSH_MS;
		write_outlets(self, polls);
	}
}

/* A terminal that cannot show it gets lines. */
static int open_dashboard(struct follow *self)
{
	const struct up_follow_options *options = self->options;
	struct screen_options screen;
	int result;

	if (options->screen == NULL)
		return 0;
	screen = *options->screen;
	screen.client = &options->client;
	screen.view = &self->view;
	screen.logs = options->logs;
	result = screen_open(&screen, &self->screen, self->err);
	return err_is_set(self->err) ? result : 0;
}

/* The files as they are read by whoever follows in the foreground. */
static int open_logs(struct follow *self)
{
	const struct up_follow_options *options = self->options;
	int result = 0;

	if (options->context->globals.json && !options->detach)
		return 0;
	if (!options->detach && self->screen == NULL) {
		self->query =
			(struct log_archive_query){.dir = options->logs, .from = &options->logs_from, .gap = take_gap};
		self->archive = log_archive_open(&self->query, &result);
		self->more = true;
		if (self->archive == NULL)
			return err_set(self->err, ERR_INTERNAL, "cannot read the logs: %s", strerror(-result));
	}
	return ctl_stream_open(&options->client, options->detach ? "/v1/logs?follow=1" : "/v1/logs?wake=1&tail=0",
			       &self->logs, self->err);
}

static int open_all(struct follow *self)
{
	const struct up_follow_options *options = self->options;
	int result = 0;

	view_init(&self->view);
	self->view.usage_changed = take_usage;
	last_words_init(&self->last_words);
	strmap_init(&self->left_out);
	outlet_init(&self->out, STDOUT_FILENO);
	outlet_init(&self->news, STDERR_FILENO);
	self->signal_fd = signalfd(-1, options->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	self->reader = malloc(sizeof(*self->reader));
	self->format = open_memstream(&self->text, &self->text_bytes);
	if (self->signal_fd < 0 || self->reader == NULL || self->format == NULL)
		return err_set(self->err, ERR_FAILED, "cannot follow the stack: %s", strerror(errno));
	log_reader_init(self->reader);
	self->plain = (struct plain){
		.out = self->format,
		.color = ui_color_wanted(&options->context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.timestamps = options->timestamps,
		.prefix = true,
	};
	result = open_dashboard(self);
	if (result < 0)
		return result;
	follow_open_block(self);
	/* The events last: a stack that is over stays until somebody has heard of it there, and then is gone at once. */
	result = open_logs(self);
	if (result == 0)
		result = open_events(self, self->err);
	return result;
}

static void close_all(struct follow *self)
{
	screen_close(self->screen);
	ctl_stream_close(self->events);
	ctl_stream_close(self->logs);
	log_archive_close(self->archive);
	for (size_t i = 0; i < self->prefix_count; i++)
		free(self->prefixes[i].bytes);
	free(self->prefixes);
	for (size_t i = 0; i < self->gap_count; i++)
		free(self->gaps[i].name);
	free(self->gaps);
	if (self->format != NULL)
		fclose(self->format);
	free(self->text);
	free(self->reader);
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	outlet_finish(&self->out);
	outlet_finish(&self->news);
	follow_close_block(self);
	last_words_finish(&self->last_words);
	strmap_finish(&self->left_out);
	up_pulls_finish(&self->pulls);
	view_finish(&self->view);
}

/* True when there is nobody to follow because all is over already: that is what counts then, not that nobody was there. */
static bool ended_before(struct follow *self)
{
	struct pollfd guard = {.fd = self->options->guard.pidfd, .events = POLLIN};

	if (self->err->code != ERR_NOT_RUNNING || poll(&guard, 1, ORPHAN_MS) <= 0)
		return false;
	take_guard(self);
	err_finish(self->err);
	return true;
}

/* A guard that ended well has swept already, all but the sender, which ends by itself. */
static void sweep(const struct follow *self)
{
	const struct guard_spared spared = {.strangers = self->options->strangers};
	const struct project *project = self->options->project;
	const char *socket_path = self->options->client.socket_path;
	size_t ended;

	if (self->end == FOLLOW_LEFT || self->guard_end.si_code == CLD_EXITED)
		return;
	guard_sweep_sparing(NULL, &spared, SWEEP_MS);
	/* We may have stood still for as long as you like: what is there of another run by now is not ours to take away. */
	if (project_is_running(project))
		return;
	if (socket_path != NULL)
		(void)unlink(socket_path);
	supervisor_remove_files(socket_path, project->name);
	(void)containers_sweep(project->state_dir, &self->options->context->environment, UP_SWEEP_CONTAINERS_MS, &ended,
			       NULL);
}

int up_follow(const struct up_follow_options *options, struct err *err)
{
	struct follow self = {.options = options, .err = err, .abort = options->abort, .signal_fd = -1};
	bool had_screen = false;
	int code;

	if (open_all(&self) < 0) {
		code = ended_before(&self) ? follow_report_over(&self) : (int)err->code;
		sweep(&self);
		goto out;
	}
	while (self.end == FOLLOW_ON)
		step(&self);
	had_screen = self.screen != NULL;
	screen_close(self.screen);
	self.screen = NULL;
	follow_end_block(&self);
	/* Before the last lines and words, which may wait for a reader: no service waits with them. */
	sweep(&self);
	/* What they wrote comes before what became of them. */
	if (self.end == FOLLOW_OVER && self.archive != NULL)
		flush_outlets(&self);
	if (had_screen)
		follow_say_farewell(&self);
	code = self.end == FOLLOW_LEFT ? 0 : follow_report_over(&self);
	flush_outlets(&self);
out:
	/* Whom we leave behind hears from us; a supervisor that has ended told of this `up` itself. */
	if (self.end != FOLLOW_LEFT)
		command_report_settle(options->context->report);
	close_all(&self);
	return code;
}
