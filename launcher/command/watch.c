/* SPDX-License-Identifier: MIT */
#include "launcher/command/watch.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/client/slow_stop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

void watch_init(struct watch *self, const struct cli_context *context)
{
	*self = (struct watch){.context = context, .signal_fd = -1};
	project_init(&self->project);
	view_init(&self->view);
}

void watch_finish(struct watch *self)
{
	ctl_stream_close(self->events);
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	view_finish(&self->view);
	ctl_client_close(&self->client);
	project_finish(&self->project);
	watch_init(self, self->context);
}

int watch_take_signals(struct watch *self, struct err *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	self->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd < 0)
		return err_set(err, ERR_INTERNAL, "cannot wait for signals: %s", strerror(errno));
	return 0;
}

static void take_change(void *context, const struct view *view, const struct view_unit *unit)
{
	struct watch *self = context;

	self->seen = true;
	if (self->changed != NULL)
		self->changed(self->changed_context, view, unit);
}

/* All that it has to say comes as one piece: it is a line of JSON. */
static int refused(const struct watch *self, char *answer, size_t size_bytes, struct err *err)
{
	answer[size_bytes] = '\0';
	view_take_error(answer, ctl_stream_status(self->events), err);
	return -EBUSY;
}

/* A stream that ends without an end: whoever sent it has died. */
static bool has_died(int result)
{
	return result == -EPROTO || result == -ECONNRESET || result == -EPIPE;
}

int watch_read(struct watch *self, struct err *err)
{
	char buffer[16384];
	ssize_t count = ctl_stream_read(self->events, buffer, sizeof(buffer) - 1);
	int result = (int)count;

	if (count > 0 && ctl_stream_status(self->events) >= 300)
		return refused(self, buffer, (size_t)count, err);
	if (count > 0)
		result = view_feed(&self->view, buffer, (size_t)count, take_change, self);
	if (count > 0 && result == 0)
		return 1;
	if (result == 0 || result == -EAGAIN)
		return result;
	/* A stack that is over may take its last byte with it. */
	if (view_is(&self->view, "over"))
		return 0;
	/* One that ends may have taken the connection, but not answered on it. */
	if (!self->seen && ctl_client_is_gone(&self->client))
		return 0;
	if (has_died(result) && ctl_client_is_gone(&self->client)) {
		err_set(err, ERR_FAILED,
			"the supervisor of project '%s' ended unexpectedly; its services are ended, too",
			self->project.name);
		err_hint(err, "start the stack again with: upfront%s up", project_option(&self->project));
		return result;
	}
	err_set(err, ERR_FAILED, "lost the supervisor of project '%s': %s", self->project.name, strerror(-result));
	return result;
}

int watch_step_until(struct watch *self, int64_t until_ms, struct err *err)
{
	for (;;) {
		struct pollfd polls[] = {{.fd = ctl_stream_fd(self->events), .events = POLLIN},
					 {.fd = self->signal_fd, .events = POLLIN}};
		const int64_t now_ms = clock_monotonic_ms();
		int64_t left = -1;
		int result;

		if (self->deadline_ms != 0)
			left = self->deadline_ms > now_ms ? self->deadline_ms - now_ms : 0;
		if (until_ms != 0 && (left < 0 || until_ms - now_ms < left))
			left = until_ms > now_ms ? until_ms - now_ms : 0;
		result = poll(polls, 2, left > 60000 ? 60000 : (int)left);
		if (result < 0 && errno != EINTR)
			return err_set(err, ERR_INTERNAL, "cannot wait: %s", strerror(errno));
		if (result > 0 && polls[1].revents != 0)
			return -EINTR;
		result = watch_read(self, err);
		if (result != -EAGAIN)
			return result;
		if (self->deadline_ms != 0 && clock_monotonic_ms() >= self->deadline_ms)
			return -ETIMEDOUT;
		if (until_ms != 0 && clock_monotonic_ms() >= until_ms)
			return -EAGAIN;
	}
}

int watch_step(struct watch *self, struct err *err)
{
	return watch_step_until(self, 0, err);
}

static bool is_settling(const struct view_unit *unit)
{
	return unit->settled && strcmp(unit->state, "running") == 0 && clock_monotonic_ms() < unit->settles_ms;
}

bool view_unit_is_settled(const struct view_unit *unit)
{
	return unit->settled && !is_settling(unit);
}

int watch_step_settling(struct watch *self, int64_t at_ms, struct err *err)
{
	int64_t until_ms = slow_stop_next_ms(&self->view);
	int result;

	if (at_ms != 0 && (until_ms == 0 || at_ms < until_ms))
		until_ms = at_ms;
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];

		if (is_settling(unit) && (until_ms == 0 || unit->settles_ms < until_ms))
			until_ms = unit->settles_ms;
	}
	result = watch_step_until(self, until_ms, err);
	return result == -EAGAIN ? 1 : result;
}

static int open_events(struct watch *self, struct err *err)
{
	char target[64] = "/v1/events";

	if (self->usage_ms > 0)
		snprintf(target, sizeof(target), VIEW_EVENTS_WITH_USAGE, self->usage_ms);
	return ctl_stream_open(&self->client, target, &self->events, err);
}

int watch_open(struct watch *self, struct err *err)
{
	const int64_t deadline_ms = self->deadline_ms;
	int result = project_find(&self->project, self->context, err);

	/* However short the command's own time is, what holds now is to be seen. */
	self->deadline_ms = clock_monotonic_ms() + WATCH_CALL_MS;
	if (result == 0)
		result = project_connect(&self->project, &self->client, err);
	self->client.screen = self->screen;
	if (result == 0)
		result = open_events(self, err);
	while (result == 0 && !self->seen) {
		result = watch_step(self, err);
		result = result > 0    ? 0
			 : result == 0 ? err_set(err, ERR_NOT_RUNNING, "project '%s' is not running any more",
						 self->project.name)
				       : result;
	}
	self->deadline_ms = deadline_ms;
	if (result < 0 && result != -EINTR && !err_is_set(err))
		err_set(err, ERR_TIMEOUT, "project '%s' did not answer in time", self->project.name);
	return result;
}

bool watch_is_meant(const char *const *names, const struct view_unit *unit)
{
	if (names == NULL || names[0] == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, unit->service) == 0 || strcmp(*names, unit->name) == 0)
			return true;
	return false;
}

static bool has_name(const struct view *view, const char *name)
{
	const char *const names[] = {name, NULL};

	for (size_t i = 0; i < view->count; i++)
		if (watch_is_meant(names, &view->units[i]))
			return true;
	return false;
}

/* By the stack file as it is now, if there is one. */
static bool is_declared(const struct watch *self, const char *name)
{
	return self->project.stack != NULL && stack_find_service(self->project.stack, name) != NULL;
}

int watch_check_names(const struct watch *self, const char *const *names, struct err *err)
{
	const struct view *view = &self->view;
	const char **known = calloc(view->count + 1, sizeof(*known));
	int result = 0;

	if (known == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < view->count; i++)
		known[i] = view->units[i].name;
	for (; result == 0 && names != NULL && *names != NULL; names++) {
		if (has_name(view, *names))
			continue;
		if (is_declared(self, *names)) {
			result = err_set(err, ERR_USAGE, "service '%s' has no replica in the running stack", *names);
			err_hint(err, "upfront%s scale %s=1 starts one; what is new in the stack file, upfront%s up",
				 project_option(&self->project), *names, project_option(&self->project));
			continue;
		}
		result = err_set(err, ERR_USAGE, "no such service: '%s'", *names);
		if (err_nearest(*names, known) != NULL)
			err_hint(err, "did you mean '%s'?", err_nearest(*names, known));
		else
			err_hint(err, "upfront%s ps shows the services", project_option(&self->project));
	}
	free(known);
	return result;
}

void watch_hint_logs(const struct watch *self, const struct view_unit *unit, struct err *err)
{
	if (unit->has_exited)
		err_hint(err, "upfront%s logs %s", project_option(&self->project), unit->name);
}

struct cJSON *watch_call(const struct ctl_client *client, const char *method, const char *target, const char *body,
			 struct err *err)
{
	cJSON *object = NULL;
	char *answer = NULL;
	int status;

	if (ctl_client_call(client, method, target, body, WATCH_CALL_MS, &status, &answer, err) < 0)
		return NULL;
	if (status >= 300)
		view_take_error(answer, status, err);
	else
		object = cJSON_Parse(answer);
	if (object == NULL && !err_is_set(err))
		err_set(err, ERR_FAILED, "the supervisor's answer is not understood");
	free(answer);
	return object;
}

bool view_unit_has_ended(const struct view_unit *unit)
{
	return strcmp(unit->state, "completed") == 0 || strcmp(unit->state, "failed") == 0 ||
	       (strcmp(unit->state, "stopped") == 0 && !unit->wanted);
}

int view_unit_exit_code(const struct view_unit *unit)
{
	if (unit->has_exited)
		return unit->exit_signaled ? 128 + unit->exit_value : unit->exit_value;
	return strcmp(unit->state, "failed") == 0 ? ERR_FAILED : 0;
}
