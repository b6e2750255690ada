/* SPDX-License-Identifier: MIT */
/* The native engine in a loop of its own, with units as a test declares them, and what it reports of each: for the tests of the engine. */
#ifndef UPFRONT_TESTS_UNIT_ENGINE_NATIVE_SCENE_H
#define UPFRONT_TESTS_UNIT_ENGINE_NATIVE_SCENE_H

#include "launcher/engine/engine.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/process/notify.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UNITS 4
#define TEXT_BYTES 8192

struct seen {
	char events[256]; /* "started exited(3) output_ended" */
	char text[2][TEXT_BYTES]; /* by stream; what does not fit is only counted */
	size_t bytes[2];
	char failure[512], status[64];
	enum err_code failure_code;
	struct engine_exit exit;
	pid_t pid;
	int ended; /* number of reports that a run has ended */
	bool cleared, output_ended;
};

struct bench {
	struct event_base *base;
	struct event *signals;
	int signal_fd;
	struct engine *engine;
	struct service service[UNITS];
	struct seen seen[UNITS];
	struct stack stack;
	struct strmap environment, telemetry;
	bool hold; /* output is refused */
	bool in_start;
	int strangers;
	pid_t other; /* a child of ours that is no unit; 0: none */
};

/* ---- What the engine reports ---- */

static inline struct seen *note(struct bench *bench, unsigned unit, const char *event)
{
	struct seen *seen = &bench->seen[unit];
	size_t used = strlen(seen->events);

	assert_false(bench->in_start); /* reports come from the loop */
	snprintf(seen->events + used, sizeof seen->events - used, "%s%s", used > 0 ? " " : "", event);
	return seen;
}

static inline void on_started(void *context, unsigned unit, const struct engine_start *start)
{
	note(context, unit, "started")->pid = start->pid;
}

static inline void on_start_failed(void *context, unsigned unit, const struct err *why)
{
	struct seen *seen = note(context, unit, "failed");

	assert_true(why->count > 0);
	snprintf(seen->failure, sizeof seen->failure, "%s", why->items[0].message);
	seen->failure_code = why->code;
	seen->ended++;
}

static inline void on_exited(void *context, unsigned unit, const struct engine_exit *how)
{
	char event[64];
	struct seen *seen;

	snprintf(event, sizeof event, "%s(%d)%s", how->signaled ? "killed" : "exited",
		 how->signaled ? how->signal : how->code, how->leftovers ? "+" : "");
	seen = note(context, unit, event);
	seen->exit = *how;
	seen->ended++;
}

static inline void on_cleared(void *context, unsigned unit)
{
	note(context, unit, "cleared")->cleared = true;
}

static inline void on_notified(void *context, unsigned unit, const struct notify_message *message)
{
	struct seen *seen = note(context, unit, message->ready ? "ready" : "said");

	snprintf(seen->status, sizeof seen->status, "%.60s", message->status);
}

static inline bool on_output(void *context, unsigned unit, enum engine_stream stream, const char *bytes,
			     size_t size_bytes, int64_t time_ms)
{
	struct bench *bench = context;
	struct seen *seen = &bench->seen[unit];
	size_t used = strlen(seen->text[stream]), room = TEXT_BYTES - 1 - used;

	(void)time_ms;
	memcpy(seen->text[stream] + used, bytes, size_bytes < room ? size_bytes : room);
	seen->bytes[stream] += size_bytes;
	return !bench->hold;
}

static inline void on_output_ended(void *context, unsigned unit)
{
	note(context, unit, "output_ended")->output_ended = true;
}

static inline bool is_other(void *context, pid_t pid)
{
	const struct bench *bench = context;

	return pid == bench->other;
}

static const struct engine_events events = {.started = on_started,
					    .start_failed = on_start_failed,
					    .exited = on_exited,
					    .cleared = on_cleared,
					    .notified = on_notified,
					    .output = on_output,
					    .output_ended = on_output_ended,
					    .is_other = is_other};

/* ---- The loop around it ---- */

static inline void on_signal(evutil_socket_t fd, short what, void *context)
{
	struct bench *bench = context;
	struct signalfd_siginfo info;
	siginfo_t child = {0};

	(void)what;
	while (read(fd, &info, sizeof info) > 0)
		;
	while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG) == 0 && child.si_pid != 0) {
		struct engine_exit how = {.signaled = child.si_code != CLD_EXITED};

		if (how.signaled)
			how.signal = child.si_status;
		else
			how.code = child.si_status;
		if (!engine_native.reaped(bench->engine, child.si_pid, &how))
			bench->strangers++;
		child.si_pid = 0;
	}
}

static inline int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct engine_options options = {.marker = "UPFRONT_STACK=test", .events = &events, .context = bench};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bench->base = event_base_new();
	bench->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	bench->signals = event_new(bench->base, bench->signal_fd, EV_READ | EV_PERSIST, on_signal, bench);
	event_add(bench->signals, NULL);
	strmap_init(&bench->environment);
	strmap_init(&bench->telemetry);
	strmap_set(&bench->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&bench->environment, "SHARED", "of up");
	strmap_set(&bench->environment, "UPFRONT_TELEMETRY", "of up");
	strmap_set(&bench->telemetry, "UPFRONT_TELEMETRY", "off");
	for (size_t i = 0; i < UNITS; i++)
		strmap_init(&bench->service[i].environment);
	bench->stack.services = bench->service;
	bench->stack.service_count = UNITS;
	options.base = bench->base;
	options.stack = &bench->stack;
	options.environment = &bench->environment;
	options.telemetry = &bench->telemetry;
	bench->engine = engine_native.create(&options, NULL);
	assert_non_null(bench->engine);
	*state = bench;
	return 0;
}

/* The engine's end kills what still runs; then nothing may be left of any test. */
static inline int teardown(void **state)
{
	struct bench *bench = *state;
	int64_t deadline = children_now_ms() + 5000;
	bool none;

	engine_native.destroy(bench->engine);
	do {
		struct signalfd_siginfo info;

		while (waitpid(-1, NULL, WNOHANG) > 0 || read(bench->signal_fd, &info, sizeof info) > 0)
			;
		none = children_none_left();
	} while (!none && children_now_ms() < deadline &&
		 children_readable(bench->signal_fd, (int)(deadline - children_now_ms())));
	guard_sweep(NULL, 2000);
	event_free(bench->signals);
	event_base_free(bench->base);
	close(bench->signal_fd);
	for (size_t i = 0; i < UNITS; i++)
		strmap_finish(&bench->service[i].environment);
	strmap_finish(&bench->environment);
	strmap_finish(&bench->telemetry);
	free(bench);
	return none ? 0 : -1;
}

static inline void run_loop_until(struct bench *bench, bool (*holds)(const struct bench *bench))
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;

	while (!holds(bench)) {
		struct timeval second = {.tv_sec = 1};

		if (children_now_ms() > deadline)
			fail_msg("waited in vain; unit 0: %s; said \"%s\"", bench->seen[0].events,
				 bench->seen[0].text[ENGINE_STDOUT]);
		event_base_loopexit(bench->base, &second);
		event_base_loop(bench->base, EVLOOP_ONCE);
	}
}

static inline bool has_ended(const struct bench *bench)
{
	return bench->seen[0].ended > 0;
}

static inline bool output_has_ended(const struct bench *bench)
{
	return bench->seen[0].output_ended;
}

static inline bool is_cleared(const struct bench *bench)
{
	return bench->seen[0].cleared;
}

static inline bool has_said_ready(const struct bench *bench)
{
	return strstr(bench->seen[0].text[ENGINE_STDOUT], "ready") != NULL;
}

static inline void start(struct bench *bench, unsigned unit, const char *const *argv)
{
	bench->service[unit].name = "test";
	bench->service[unit].argv = argv;
	bench->in_start = true;
	engine_native.start(bench->engine, unit, &bench->service[unit], 1);
	bench->in_start = false;
}

/* Unit 0 as a shell script. The array lives in the caller's frame: the engine reads argv only while starting. */
#define START_SCRIPT(bench, unit, script)                                         \
	do {                                                                      \
		const char *const start_argv[] = {"/bin/sh", "-c", script, NULL}; \
		start(bench, unit, start_argv);                                   \
	} while (0)

#endif
