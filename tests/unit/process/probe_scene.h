/* SPDX-License-Identifier: MIT */
/* One probe in a loop of its own, and what came of it: for the tests of the probe kinds. */
#ifndef UPFRONT_TESTS_UNIT_PROCESS_PROBE_SCENE_H
#define UPFRONT_TESTS_UNIT_PROCESS_PROBE_SCENE_H

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/guard.h"
#include "launcher/process/probe.h"
#include "tests/lib/children.h"

static char *probe_environment[] = {(char *)"PATH=/usr/bin:/bin", (char *)"COLOUR=green", NULL};

/* One probe, and what came of it. */
struct scene {
	struct event_base *base;
	struct event *child_ended;
	struct probe_spec spec;
	struct probe *probe;
	int results;
	bool well, reap, destroy_in_result;
	char detail[600];
};

static inline void on_result(void *context, bool well, const char *detail)
{
	struct scene *self = context;
	self->results++;
	self->well = well;
	snprintf(self->detail, sizeof self->detail, "%s", detail);
	if (self->destroy_in_result) {
		probe_destroy(self->probe);
		self->probe = NULL;
	}
	event_base_loopbreak(self->base);
}

/* As the supervisor: reaps for all, asks each who it was. */
static inline void on_child(evutil_socket_t number, short what, void *context)
{
	(void)number, (void)what;
	struct scene *self = context;
	int status;
	pid_t pid;
	while (self->reap && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		bool signaled = WIFSIGNALED(status);
		if (self->probe)
			probe_reaped(self->probe, pid, signaled, signaled ? WTERMSIG(status) : WEXITSTATUS(status));
		event_base_loopbreak(self->base);
	}
}

static inline void scene_open(struct scene *self, enum probe_kind kind)
{
	*self = (struct scene){.base = event_base_new(), .reap = true};
	self->spec = (struct probe_spec){
		.kind = kind, .timeout_ms = CHILDREN_DEADLINE_MS, .status_min = 200, .status_max = 399};
	self->child_ended = evsignal_new(self->base, SIGCHLD, on_child, self);
	event_add(self->child_ended, NULL);
}

static inline void scene_make(struct scene *self)
{
	struct err err = ERR_INIT;
	struct probe_options options = {
		.base = self->base,
		.spec = &self->spec,
		.environment = probe_environment,
		.result = on_result,
		.context = self,
	};
	if (!self->probe)
		self->probe = probe_create(&options, &err);
	if (!self->probe)
		fail_msg("%s", err.items[0].message);
}

/* Runs the loop until one more result is there. */
static inline void scene_await(struct scene *self)
{
	int before = self->results;
	struct timeval limit = {.tv_sec = CHILDREN_DEADLINE_MS / 1000};
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	event_base_loopexit(self->base, &limit);
	while (self->results == before && children_now_ms() < deadline)
		event_base_loop(self->base, EVLOOP_ONCE);
	assert_int_equal(self->results, before + 1);
}

static inline void scene_ask(struct scene *self)
{
	scene_make(self);
	probe_attempt(self->probe);
	scene_await(self);
}

static inline void scene_close(struct scene *self)
{
	probe_destroy(self->probe);
	event_free(self->child_ended);
	event_base_free(self->base);
	guard_sweep(NULL, CHILDREN_DEADLINE_MS);
	assert_true(children_none_left());
}

static inline void assert_answer(const struct scene *self, bool well, const char *detail)
{
	if (self->well != well || strcmp(self->detail, detail) != 0)
		fail_msg("%s \"%s\" instead of %s \"%s\"", self->well ? "well" : "ill", self->detail,
			 well ? "well" : "ill", detail);
}

#endif
