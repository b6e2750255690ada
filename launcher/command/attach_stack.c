/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach.h"

#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/command/act.h"
#include "launcher/command/logs.h"
#include "launcher/command/signal_end.h"
#include "launcher/command/watch.h"
#include "launcher/logs/log_archive.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Of each service, to begin with. */
#define TAIL_LINES 10
#define READS_MAX 16

struct attached {
	struct watch watch;
	struct ctl_stream *writing; /* tells that there is more in the files */
	char *dir; /* <state>/logs */
	struct log_archive_query query;
	struct log_archive *archive;
	struct plain plain;
	struct signal_end end;
	int wait_fd; /* epoll of both streams */
	bool writing_over;
};

static void take_line(void *context, const struct log_archive_line *taken)
{
	struct attached *self = context;
	const struct view_unit *unit = view_find_name(&self->watch.view, taken->unit);
	const struct plain_line line = {
		.service = taken->unit,
		.index = unit != NULL ? unit->id : (unsigned)taken->index,
		.bytes = taken->bytes,
		.size_bytes = taken->size_bytes,
		.time_ms = taken->time_ms,
		.partial = taken->partial,
	};

	if (!ferror(stdout))
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

static int await(struct attached *self, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(self->wait_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_streams(struct attached *self, struct err *err)
{
	struct watch *watch = &self->watch;
	int result = watch_open(watch, err);

	if (result == 0)
		result = ctl_stream_open(&watch->client, "/v1/logs?wake=1&tail=0", &self->writing, err);
	if (result < 0)
		return result;
	self->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->wait_fd < 0 || await(self, ctl_stream_fd(watch->events)) < 0 ||
	    await(self, ctl_stream_fd(self->writing)) < 0)
		return err_set(err, ERR_INTERNAL, "cannot wait: %s", strerror(errno));
	fit_names(self);
	return open_archive(self, err);
}

/* What comes is only word that there is more. */
static void take_word(struct attached *self)
{
	char ignored[4096];
	ssize_t count = -EAGAIN;

	for (int i = 0; !self->writing_over && i < READS_MAX && (i == 0 || count > 0); i++)
		count = ctl_stream_read(self->writing, ignored, sizeof(ignored));
	if (!self->writing_over && count <= 0 && count != -EAGAIN) {
		self->writing_over = true;
		epoll_ctl(self->wait_fd, EPOLL_CTL_DEL, ctl_stream_fd(self->writing), NULL);
	}
}

/* Until the stack is over, 0 or -errno; or until the person leaves, 0. */
static int follow(struct attached *self, struct err *err)
{
	int result = -EAGAIN;

	while (result == -EAGAIN && self->end.signal == 0 && !ferror(stdout)) {
		take_word(self);
		log_archive_next(self->archive, take_line, self);
		fflush(stdout);
		do
			result = watch_step_until(&self->watch, 1, err);
		while (result > 0);
		if (result == -EAGAIN)
			signal_end_wait(&self->end, self->wait_fd);
	}
	log_archive_next(self->archive, take_line, self);
	if (result == 0)
		log_archive_rest(self->archive, take_line, self);
	fflush(stdout);
	if (result == 0 && !view_is(&self->watch.view, "over"))
		result = err_set(err, ERR_FAILED, "the supervisor of project '%s' ended unexpectedly",
				 self->watch.project.name);
	return result == -EAGAIN ? 0 : result;
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

int attach_stack(const struct cli_context *context, struct err *err)
{
	struct attached self = {.wait_fd = -1};
	struct watch *watch = &self.watch;
	int signal_number;

	watch_init(watch, context);
	watch->screen = true;
	watch->changed = take_change;
	watch->changed_context = &self;
	signal_end_init(&self.end);
	self.plain = (struct plain){
		.out = stdout,
		.color = ui_color_wanted(&context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.prefix = true,
	};
	if (open_streams(&self, err) == 0) {
		act_say(context, "attached to %s; Ctrl-C leaves", watch->project.name);
		if (follow(&self, err) == 0 && self.end.signal == SIGINT)
			say_left(watch);
	}
	if (!err_is_set(err) && view_is(&watch->view, "over") && err_is_set(&watch->view.failure)) {
		err_move(err, &watch->view.failure);
		err->code = ERR_FAILED;
	}
	signal_number = self.end.signal == SIGINT ? 0 : self.end.signal;
	log_archive_close(self.archive);
	free(self.dir);
	ctl_stream_close(self.writing);
	if (self.wait_fd >= 0)
		close(self.wait_fd);
	watch_finish(watch);
	signal_end_finish(&self.end);
	if (signal_number != 0)
		signal_end_die(signal_number);
	return (int)err->code;
}
