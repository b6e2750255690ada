/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach.h"

#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/command/act.h"
#include "launcher/command/logs.h"
#include "launcher/command/outlet.h"
#include "launcher/command/signal_end.h"
#include "launcher/command/watch.h"
#include "launcher/logs/log_archive.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Of each service, to begin with. */
#define TAIL_LINES 10
#define READS_MAX 16
#define STEP_BYTES 262144u

struct attached {
	struct watch watch;
	struct ctl_stream *writing; /* tells that there is more in the files */
	char *dir; /* <state>/logs */
	struct log_archive_query query;
	struct log_archive *archive;
	struct plain plain; /* into `lines` */
	char *lines;
	size_t lines_bytes;
	struct outlet outlet; /* so that whoever reads slowly can still leave */
	bool writing_over;
	int signal; /* by which it is left; 0: none */
};

static void take_line(void *context, const struct log_archive_line *taken)
{
	struct attached *self = context;
	const struct plain_line line = logs_plain_line(&self->watch.view, taken);

	plain_write(&self->plain, &line);
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct attached *self = context;
	char *text = unit != NULL ? news_of_unit(unit) : NULL;

	(void)view;
	if (text != NULL)
		act_say(self->watch.context, "%s", text);
	free(text);
}

static void fit_names(struct attached *self)
{
	const struct view *view = &self->watch.view;
	const char **names = calloc(view->count + 1, sizeof(*names));

	for (size_t i = 0; names != NULL && i < view->count; i++)
		names[i] = view->units[i].name;
	if (names != NULL)
		plain_fit(&self->plain, names);
	free(names);
}

static int open_archive(struct attached *self, struct err *err)
{
	int result = 0;

	if (asprintf(&self->dir, "%s/logs", self->watch.project.state_dir) < 0) {
		self->dir = NULL;
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	self->query = (struct log_archive_query){.dir = self->dir,
						 .run_ms = logs_last_run_ms(&self->watch.project),
						 .has_tail = true,
						 .tail = TAIL_LINES};
	self->archive = log_archive_open(&self->query, &result);
	if (self->archive == NULL)
		return err_set(err, ERR_FAILED, "cannot read the logs in %s: %s", self->dir, strerror(-result));
	return 0;
}

static int open_streams(struct attached *self, struct err *err)
{
	struct watch *watch = &self->watch;
	int result = watch_open(watch, err);

	if (result == 0)
		result = ctl_stream_open(&watch->client, "/v1/logs?wake=1&tail=0", &self->writing, err);
	if (result < 0)
		return result;
	fit_names(self);
	return open_archive(self, err);
}

/* What comes is only word that there is more. */
static void take_word(struct attached *self)
{
	char ignored[4096];
	ssize_t count = 1;

	for (int i = 0; !self->writing_over && i < READS_MAX && count > 0; i++)
		count = ctl_stream_read(self->writing, ignored, sizeof(ignored));
	self->writing_over = self->writing_over || (count <= 0 && count != -EAGAIN);
}

static void hand_over(struct attached *self)
{
	fflush(self->plain.out);
	outlet_put(&self->outlet, self->lines, self->lines_bytes);
	rewind(self->plain.out);
}

/* True while there is more to be had at once. */
static bool take_lines(struct attached *self)
{
	bool more;

	if (outlet_is_full(&self->outlet))
		return false;
	more = log_archive_step(self->archive, STEP_BYTES, take_line, self);
	hand_over(self);
	return more;
}

/* Waits for whatever comes next, as long as `wait_ms`; false when the person wants to leave. */
static bool await(struct attached *self, int wait_ms)
{
	struct pollfd polls[] = {
		{.fd = self->watch.signal_fd, .events = POLLIN},
		{.fd = outlet_is_empty(&self->outlet) ? -1 : self->outlet.fd, .events = POLLOUT},
		{.fd = ctl_stream_fd(self->watch.events), .events = POLLIN},
		{.fd = self->writing_over ? -1 : ctl_stream_fd(self->writing), .events = POLLIN},
	};
	struct signalfd_siginfo info;

	(void)poll(polls, sizeof(polls) / sizeof(polls[0]), wait_ms);
	if (polls[1].revents != 0)
		outlet_write(&self->outlet);
	if (polls[0].revents != 0 && read(self->watch.signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		self->signal = (int)info.ssi_signo;
	return self->signal == 0 && !self->outlet.closed;
}

/* The stack is over: what it wrote is shown to its end, at the pace of whoever reads. */
static void take_rest(struct attached *self)
{
	bool more = true;

	while (more || !outlet_is_empty(&self->outlet)) {
		struct pollfd polls[] = {{.fd = self->watch.signal_fd, .events = POLLIN},
					 {.fd = self->outlet.fd, .events = POLLOUT}};

		if (more && !outlet_is_full(&self->outlet)) {
			more = log_archive_step(self->archive, STEP_BYTES, take_line, self);
			if (!more)
				log_archive_rest(self->archive, take_line, self);
			hand_over(self);
		}
		if (self->outlet.closed || poll(polls, 2, -1) <= 0 || polls[0].revents != 0)
			return;
		outlet_write(&self->outlet);
	}
}

/* Until the stack is over, or the person leaves: 0. */
static int follow(struct attached *self, struct err *err)
{
	int result = -EAGAIN;
	bool more = true;

	while (result == -EAGAIN && await(self, more ? 0 : -1)) {
		take_word(self);
		more = take_lines(self);
		do
			result = watch_step_until(&self->watch, 1, err);
		while (result > 0);
		/* A signal is for the next look. */
		if (result == -EINTR)
			result = -EAGAIN;
	}
	if (result == -EAGAIN)
		return 0;
	take_rest(self);
	if (result == 0 && !view_is(&self->watch.view, "over"))
		result = err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly",
				 self->watch.project.name);
	return result;
}

/* As the product calls itself; the project's name where it cannot be asked. */
static void say_left(const struct watch *watch)
{
	struct err trouble = ERR_INIT;
	cJSON *stack = watch_call(&watch->client, "GET", "/v1/stack", NULL, &trouble);
	const char *app = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(stack, "app"));
	const char *option = project_option(&watch->project);

	act_say(watch->context, "%s goes on: upfront%s attach; stop it: upfront%s down",
		app != NULL ? app : watch->project.name, option, option);
	cJSON_Delete(stack);
	err_finish(&trouble);
}

static void finish(struct attached *self)
{
	log_archive_close(self->archive);
	ctl_stream_close(self->writing);
	outlet_finish(&self->outlet);
	if (self->plain.out != NULL)
		fclose(self->plain.out);
	free(self->lines);
	free(self->dir);
	watch_finish(&self->watch);
}

int attach_stack(const struct cli_context *context, struct err *err)
{
	struct attached self = {.signal = 0};
	struct watch *watch = &self.watch;

	watch_init(watch, context);
	watch->screen = true;
	watch->changed = take_change;
	watch->changed_context = &self;
	outlet_init(&self.outlet, STDOUT_FILENO);
	self.plain = (struct plain){
		.out = open_memstream(&self.lines, &self.lines_bytes),
		.color = ui_color_wanted(&context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.prefix = true,
	};
	if (self.plain.out == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (watch_take_signals(watch, err) == 0 && open_streams(&self, err) == 0) {
		act_say(context, "attached to %s; Ctrl-C leaves", watch->project.name);
		if (follow(&self, err) == 0 && self.signal == SIGINT)
			say_left(watch);
	}
	if (!err_is_set(err) && view_is(&watch->view, "over") && err_is_set(&watch->view.failure)) {
		err_move(err, &watch->view.failure);
		err->code = ERR_FAILED;
	}
	finish(&self);
	if (self.signal != 0 && self.signal != SIGINT)
		signal_end_die(self.signal);
	return (int)err->code;
}
