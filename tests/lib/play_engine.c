/* SPDX-License-Identifier: MIT */
#include "tests/lib/play_engine.h"

#include "config/err.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define UNITS_MAX 64u
#define LINE_BYTES 1024

static struct compose_setup setup = {
	.endpoint = {.dial = DIAL_UNIX, .path = (char *)"/nowhere", .shown = (char *)"unix:///nowhere", .local = true},
	.cli = {.shown = (char *)"docker compose", .version = (char *)"2.29.7", .major = 2},
	.version = (char *)"20.10.24",
};
static int ends[2] = {-1, -1}; /* the engine's; the test's */

/* ---- The engine ---- */

struct played {
	const struct service *service; /* NULL: never heard of */
	int replica;
	bool asked, runs;
	int exit_code; /* when due */
	bool exit_due;
};

struct engine {
	struct engine_options options;
	struct played units[UNITS_MAX];
	struct event *orders, *due;
	char line[LINE_BYTES];
	size_t used;
	bool hold, deaf, stuck, close_due;
	pid_t child;
};

static void trace(const struct engine *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void trace(const struct engine *self, const char *format, ...)
{
	char path[256], text[LINE_BYTES];
	va_list args;
	int fd, length;

	va_start(args, format);
	length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(path, sizeof path, "%s/trace", self->options.state_dir);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)length) < 0 || close(fd) < 0)
		abort();
}

static const char *name_of(const struct engine *self, unsigned unit)
{
	return unit < UNITS_MAX && self->units[unit].service != NULL ? self->units[unit].service->name : "?";
}

static void report_started(struct engine *self, unsigned unit, pid_t pid, bool has_health)
{
	char id[64];

	self->units[unit].asked = false;
	self->units[unit].runs = true;
	snprintf(id, sizeof id, "id-%s-%d", name_of(self, unit), self->units[unit].replica);
	self->options.events->started(self->options.context, unit,
				      &(struct engine_start){.pid = pid, .has_health = has_health, .id = id});
}

static void report_exited(struct engine *self, unsigned unit, const struct engine_exit *how)
{
	self->units[unit].asked = false;
	self->units[unit].runs = how->restarting;
	self->options.events->exited(self->options.context, unit, how);
	self->options.events->output_ended(self->options.context, unit);
}

/* Answers come later, from the loop. */
static void on_due(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < UNITS_MAX; i++) {
		struct played *unit = &self->units[i];

		if (unit->exit_due) {
			unit->exit_due = false;
			if (unit->runs)
				report_exited(self, i, &(struct engine_exit){.code = unit->exit_code});
			else if (unit->asked)
				report_exited(self, i, &(struct engine_exit){.code = 0});
		} else if (unit->asked && !self->hold) {
			report_started(self, i, 0, false);
		}
	}
	if (self->close_due) {
		self->close_due = false;
		self->options.events->closed(self->options.context, NULL);
	}
}

static void soon(struct engine *self)
{
	event_active(self->due, EV_TIMEOUT, 0);
}

static void played_start(struct engine *self, unsigned unit, const struct service *service, int replica)
{
	self->units[unit] = (struct played){.service = service, .replica = replica, .asked = true};
	trace(self, "start %s %d\n", service->name, replica);
	if (self->options.stack->telemetry != NULL)
		trace(self, "told %s\n", strmap_find(self->options.telemetry, "UPFRONT_TELEMETRY"));
	soon(self);
}

static int end(struct engine *self, unsigned unit, int code)
{
	if (unit >= UNITS_MAX || (!self->units[unit].runs && !self->units[unit].asked))
		return -ESRCH;
	if (self->deaf)
		return 0;
	self->units[unit].exit_due = true;
	self->units[unit].exit_code = code;
	soon(self);
	return 0;
}

static int played_stop(struct engine *self, unsigned unit, int signal, int64_t grace_ms)
{
	trace(self, "stop %s %d %lld\n", name_of(self, unit), signal, (long long)grace_ms);
	return end(self, unit, 0);
}

static int played_signal(struct engine *self, unsigned unit, int signal)
{
	trace(self, "signal %s %d\n", name_of(self, unit), signal);
	return unit < UNITS_MAX && self->units[unit].runs ? 0 : -ESRCH;
}

static void played_kill(struct engine *self, unsigned unit)
{
	trace(self, "kill %s\n", name_of(self, unit));
	(void)end(self, unit, 137);
}

static void played_ending(struct engine *self)
{
	trace(self, "ending\n");
}

static void played_forget(struct engine *self, unsigned unit)
{
	if (unit < UNITS_MAX && self->units[unit].service != NULL)
		trace(self, "forget %s\n", name_of(self, unit));
	if (unit < UNITS_MAX)
		self->units[unit].service = NULL;
}

static void played_renew(struct engine *self, const struct stack *stack, const struct stack_source *source)
{
	const char *told = strmap_find(self->options.telemetry, "UPFRONT_TELEMETRY");

	(void)source;
	trace(self, "renew %zu %s\n", stack->service_count, told != NULL ? told : "nothing");
}

static void played_close(struct engine *self, bool volumes)
{
	trace(self, volumes ? "close volumes\n" : "close\n");
	self->close_due = !self->stuck;
	soon(self);
}

static void played_resume(struct engine *self, unsigned unit)
{
	(void)self;
	(void)unit;
}

static int played_type(struct engine *self, unsigned unit, const char *bytes, size_t size_bytes)
{
	trace(self, "type %s %.*s\n", name_of(self, unit), (int)size_bytes, bytes);
	return 0;
}

static int played_resize(struct engine *self, unsigned unit, unsigned rows, unsigned columns)
{
	trace(self, "resize %s %ux%u\n", name_of(self, unit), rows, columns);
	return 0;
}

static int played_stats(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats)
{
	for (size_t i = 0; i < count; i++)
		stats[i] = self->units[units[i]].runs ? (struct engine_stats){.rss_bytes = 7777777, .processes = 7}
						      : (struct engine_stats){0};
	return 0;
}

static int played_sample(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples)
{
	for (size_t i = 0; units != NULL && i < count; i++)
		samples[i] = self->units[units[i]].runs ? (struct engine_sample){.rss_bytes = 7777777, .processes = 7}
							: (struct engine_sample){0};
	return 0;
}

static bool played_reaped(struct engine *self, pid_t pid, const struct engine_exit *how)
{
	if (pid != self->child)
		return false;
	self->child = 0;
	trace(self, "child ended by %d\n", how->signaled ? how->signal : 0);
	return true;
}

static bool played_owns(const struct engine *self, pid_t pid)
{
	return pid == self->child;
}

/* ---- What it is told ---- */

static unsigned find(const struct engine *self, const char *name)
{
	for (unsigned i = 0; i < UNITS_MAX; i++) {
		if (self->units[i].service != NULL && strcmp(self->units[i].service->name, name) == 0)
			return i;
	}
	fprintf(stderr, "the played engine knows no '%s'\n", name);
	abort();
}

static void tell_of_unit(struct engine *self, const char *order, const char *name, const char *rest)
{
	const struct engine_events *events = self->options.events;
	void *context = self->options.context;
	const unsigned unit = find(self, name);
	struct err why = ERR_INIT;
	long long first = 0, second = 0;
	char work[16] = "";
	int used = 0;

	if (strcmp(order, "started") == 0) {
		report_started(self, unit, (pid_t)atoi(rest), strstr(rest, "health") != NULL);
	} else if (strcmp(order, "exited") == 0) {
		const struct engine_exit how = {.code = atoi(rest), .restarting = strstr(rest, "restarting") != NULL};

		report_exited(self, unit, &how);
	} else if (strcmp(order, "start_failed") == 0) {
		self->units[unit].asked = false;
		err_set(&why, ERR_FAILED, "%s", rest);
		events->start_failed(context, unit, &why);
		err_finish(&why);
	} else if (strcmp(order, "rest") == 0) {
		events->output_ended(context, unit);
	} else if (strcmp(order, "health") == 0) {
		events->health(context, unit, strcmp(rest, "well") == 0, "the check says so");
	} else if (strcmp(order, "output") == 0) {
		char text[LINE_BYTES];

		sscanf(rest, "%lld %n", &first, &used);
		snprintf(text, sizeof text, "%s\n", rest + used);
		events->output(context, unit, ENGINE_STDOUT, text, strlen(text), first);
	} else if (sscanf(rest, "%15s %lld %lld %n", work, &first, &second, &used) == 3) {
		const enum engine_work kind = strcmp(work, "pulling") == 0    ? ENGINE_PULLING
					      : strcmp(work, "building") == 0 ? ENGINE_BUILDING
									      : ENGINE_CREATING;

		events->progress(context, unit, &(struct engine_progress){kind, first, second, rest + used});
	} else {
		events->progress(context, unit, NULL);
	}
}

static void start_child(struct engine *self)
{
	self->child = fork();
	if (self->child == 0) {
		execl("/bin/sleep", "sleep", "1000", (char *)NULL);
		_exit(127);
	}
	trace(self, "child %d\n", (int)self->child);
}

static void obey(struct engine *self, char *line)
{
	const struct engine_events *events = self->options.events;
	char *order = strsep(&line, " ");
	char *rest = line != NULL ? line : (char *)"";
	struct err why = ERR_INIT;

	if (*rest != '\0')
		err_set(&why, ERR_MISSING, "%s", rest);
	if (strcmp(order, "hold") == 0) {
		self->hold = true;
	} else if (strcmp(order, "deaf") == 0) {
		self->deaf = true;
	} else if (strcmp(order, "stuck") == 0) {
		self->stuck = true;
	} else if (strcmp(order, "child") == 0) {
		start_child(self);
	} else if (strcmp(order, "away") == 0 || strcmp(order, "back") == 0) {
		events->reachable(self->options.context, *rest != '\0' ? &why : NULL);
	} else if (strcmp(order, "closed") == 0) {
		events->closed(self->options.context, *rest != '\0' ? &why : NULL);
	} else {
		char *name = strsep(&rest, " ");

		tell_of_unit(self, order, name, rest != NULL ? rest : "");
	}
	err_finish(&why);
}

static void on_orders(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;
	char byte;

	(void)what;
	while (read(fd, &byte, 1) == 1) {
		if (byte != '\n' && self->used + 1 < sizeof self->line) {
			self->line[self->used++] = byte;
			continue;
		}
		self->line[self->used] = '\0';
		self->used = 0;
		obey(self, self->line);
	}
}

static void played_destroy(struct engine *self)
{
	if (self->child > 0)
		kill(self->child, SIGKILL);
	event_free(self->orders);
	event_free(self->due);
	free(self);
}

static struct engine *played_create(const struct engine_options *options, struct err *err)
{
	struct engine *self = calloc(1, sizeof *self);

	(void)err;
	self->options = *options;
	self->due = event_new(options->base, -1, 0, on_due, self);
	self->orders = event_new(options->base, ends[0], EV_READ | EV_PERSIST, on_orders, self);
	event_add(self->orders, NULL);
	/* What it was told before comes first. */
	on_orders(ends[0], EV_READ, self);
	return self;
}

static const struct engine_ops engine_played = {
	.name = "played",
	.create = played_create,
	.start = played_start,
	.stop = played_stop,
	.signal = played_signal,
	.kill = played_kill,
	.ending = played_ending,
	.forget = played_forget,
	.renew = played_renew,
	.close = played_close,
	.resume_output = played_resume,
	.type = played_type,
	.resize = played_resize,
	.stats = played_stats,
	.sample = played_sample,
	.reaped = played_reaped,
	.owns = played_owns,
	.destroy = played_destroy,
};

/* ---- The test's side ---- */

void play_engine_join(struct play *play)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	play->compose = &setup;
	play->compose_ops = &engine_played;
}

void play_engine_leave(void)
{
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
		ends[i] = -1;
	}
}

struct service *play_add_container(struct play *play, const char *name)
{
	struct service *service = play_add(play, name, "");

	service->kind = SERVICE_CONTAINER;
	service->image = "shop/web:1.2";
	service->argv = NULL;
	return service;
}

void play_engine_tell(const char *format, ...)
{
	char text[LINE_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof text - 1, format, args);
	va_end(args);
	assert_true(length > 0 && (size_t)length < sizeof text - 1);
	text[length] = '\n';
	assert_int_equal(write(ends[1], text, (size_t)length + 1), length + 1);
}
