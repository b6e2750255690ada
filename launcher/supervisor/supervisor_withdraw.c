/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/spawn.h"
#include "launcher/supervisor/supervisor_telemetry.h"
#include "telemetry/records.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* All notices that are programs together have this long, and no more of them run at once. */
#define NOTICES_LIMIT_S 10
#define NOTICES_AT_ONCE 8u

/* The programs that pass the withdrawal on. */
struct withdrawal {
	struct supervisor *supervisor;
	struct event *limit;
	char **environment;
	struct notice {
		const char *const *argv;
		pid_t pid; /* 0: does not run */
	} * notices;
	size_t count, begun, running;
};

/* ---- Services are told ---- */

static const struct withdraw_notice *notice_for_all(const struct supervisor *self)
{
	return self->stack->telemetry != NULL ? &self->stack->telemetry->on_withdraw : NULL;
}

static bool runs(const struct unit *unit)
{
	return unit->svc.has_process && unit->svc.state != SVC_BACKOFF;
}

/* The pid is its own only as long as its end was not fetched: the engine may know of that before the unit does. */
static void send_signal(const struct unit *unit, int signal)
{
	siginfo_t info;

	if (unit->definition->kind == SERVICE_CONTAINER) {
		(void)unit_engine_signal(unit, signal);
		return;
	}
	if (waitid(P_PID, (id_t)unit->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		(void)kill(unit->pid, signal);
}

static void run_notices(struct withdrawal *self)
{
	const struct supervisor *supervisor = self->supervisor;

	while (self->begun < self->count && self->running < NOTICES_AT_ONCE) {
		struct notice *notice = &self->notices[self->begun++];
		const struct spawn_options options = {.argv = notice->argv,
						      .environment = self->environment,
						      .cwd = supervisor->stack->dir,
						      .stdin_fd = -1,
						      .stdout_fd = -1,
						      .stderr_fd = -1,
						      .keep_fd = -1,
						      .death_signal = SIGKILL};
		struct child child;

		if (spawn_child(&options, &child, NULL) < 0)
			continue;
		close(child.pidfd);
		notice->pid = child.pid;
		self->running++;
	}
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	withdraw_close(context);
}

/* With what services are told from here on: a one-off command would get the same. */
static char **make_environment(const struct supervisor *self)
{
	struct strmap map;
	char **result = NULL;
	int rc;

	strmap_init(&map);
	rc = strmap_merge(&map, &self->environment);
	if (rc == 0)
		rc = strmap_merge(&map, &self->telemetry_environment);
	if (rc == 0 && self->options->marker_value != NULL)
		rc = strmap_set(&map, "UPFRONT_STACK", self->options->marker_value);
	if (rc == 0)
		result = strmap_to_environ(&map);
	strmap_finish(&map);
	return result;
}

static struct withdrawal *withdrawal_create(struct supervisor *supervisor)
{
	struct withdrawal *self = calloc(1, sizeof *self);

	if (self == NULL)
		return NULL;
	self->supervisor = supervisor;
	self->environment = make_environment(supervisor);
	self->notices = calloc(supervisor->stack->service_count + 1, sizeof *self->notices);
	self->limit = event_new(supervisor->base, -1, 0, on_limit, supervisor);
	if (self->environment == NULL || self->notices == NULL || self->limit == NULL ||
	    event_add(self->limit, &(struct timeval){.tv_sec = NOTICES_LIMIT_S}) < 0) {
		supervisor->withdrawal = self;
		withdraw_close(supervisor);
		return NULL;
	}
	return self;
}

/* A program runs once for each service that names it, and once for all that name none. */
static void tell_services(struct supervisor *supervisor)
{
	struct withdrawal *self = withdrawal_create(supervisor);
	const struct withdraw_notice *all = notice_for_all(supervisor);
	bool all_told = false;

	for (size_t i = 0; supervisor->unit_count > 0 && i < supervisor->stack->service_count; i++) {
		const struct withdraw_notice *own = supervisor->stack->services[i].on_withdraw;
		const struct withdraw_notice *notice = own != NULL ? own : all;
		bool any = false;

		for (size_t u = 0; notice != NULL && u < supervisor->sets[i].count; u++) {
			const struct unit *unit = supervisor->sets[i].units[u];

			any = any || runs(unit);
			if (runs(unit) && notice->signal != 0)
				send_signal(unit, notice->signal);
		}
		if (!any || notice->argv == NULL || self == NULL || (own == NULL && all_told))
			continue;
		all_told = all_told || own == NULL;
		self->notices[self->count++].argv = notice->argv;
	}
	supervisor->withdrawal = self;
	if (self == NULL)
		return;
	run_notices(self);
	if (self->running == 0)
		withdraw_close(supervisor);
}

bool withdraw_started(const struct supervisor *supervisor, pid_t pid)
{
	const struct withdrawal *self = supervisor->withdrawal;

	for (size_t i = 0; self != NULL && i < self->begun; i++) {
		if (self->notices[i].pid == pid)
			return true;
	}
	return pid > 0 && pid == supervisor->last_sender;
}

/* What it was writing when it was killed goes too. */
static void wipe(const struct supervisor *self)
{
	struct err ignored = ERR_INIT;

	(void)telemetry_wipe(self->options->stack->app, &ignored);
	err_finish(&ignored);
}

bool withdraw_reaped(struct supervisor *supervisor, pid_t pid)
{
	struct withdrawal *self = supervisor->withdrawal;

	if (pid == supervisor->last_sender) {
		supervisor->last_sender = -1;
		if (supervisor->is_wiped)
			wipe(supervisor);
		return true;
	}
	for (size_t i = 0; self != NULL && i < self->begun; i++) {
		if (self->notices[i].pid != pid)
			continue;
		self->notices[i].pid = 0;
		self->running--;
		run_notices(self);
		if (self->running == 0)
			withdraw_close(supervisor);
		return true;
	}
	return false;
}

void withdraw_close(struct supervisor *supervisor)
{
	struct withdrawal *self = supervisor->withdrawal;

	if (self == NULL)
		return;
	supervisor->withdrawal = NULL;
	for (size_t i = 0; i < self->begun; i++) {
		if (self->notices[i].pid != 0)
			(void)kill(-self->notices[i].pid, SIGKILL);
	}
	if (self->limit != NULL)
		event_free(self->limit);
	free(self->environment);
	free(self->notices);
	free(self);
}

/* ---- What starts from here on ---- */

/* The same services in the same places: only what they are told may differ, or units would lose their place. */
static bool fits(const struct stack *stack, const struct stack *off)
{
	if (off->service_count != stack->service_count)
		return false;
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i], *other = &off->services[i];

		if (strcmp(service->name, other->name) != 0 || service->kind != other->kind ||
		    service->depends_on_count != other->depends_on_count)
			return false;
		for (size_t d = 0; d < service->depends_on_count; d++) {
			if (service->depends_on[d].index != other->depends_on[d].index ||
			    service->depends_on[d].condition != other->depends_on[d].condition)
				return false;
		}
	}
	return true;
}

/*
 * As after a reload that restarts nothing: what runs goes on by the definition it was started from, and what is started next is
 * started from the one that was filled in with the no. Where that is another set of services, the next reload sees to it.
 */
static void swap_stack(struct supervisor *self)
{
	struct stack *off = self->stack_off;
	struct generation *generation;

	self->stack_off = NULL;
	if (off == NULL || self->generation == NULL || !fits(self->stack, off) ||
	    (generation = generation_create(off, self->generation->source)) == NULL) {
		stack_destroy(off);
		return;
	}
	generation->is_ours = true;
	generation->before = self->generation;
	self->generation = generation;
	self->stack = off;
	self->stack_is_ours = true;
}

/* What containers are told is what all are told, from here on. */
static void renew_engines(struct supervisor *self)
{
	struct stack *theirs = self->containers.stack;

	if (self->generation == NULL)
		return;
	self->containers.stack = NULL;
	engines_renew(self);
	stack_destroy(theirs);
}

static void tell_containers_off(struct containers *self)
{
	self->before = self->told;
	self->told = self->off;
	strmap_init(&self->off);
	strmap_finish(&self->block);
	self->block = self->block_off;
	strmap_init(&self->block_off);
}

static void tell_off(struct supervisor *self)
{
	if (self->telemetry_off.count == 0)
		return; /* services are told off already */
	self->telemetry_before = self->telemetry_environment;
	self->told_off_ms = clock_monotonic_ms();
	self->telemetry_environment = self->telemetry_off;
	strmap_init(&self->telemetry_off);
	tell_containers_off(&self->containers);
}

/* Theirs means all that waits; what the surroundings say means this run. Settings that cannot be read say off as well: that is nobody's no. */
static bool is_a_persons(enum consent_reason reason)
{
	return reason == CONSENT_BY_ANSWER;
}

void withdraw_begin(struct supervisor *self, enum consent_reason reason)
{
	report_close(self);
	held_drop(self);
	sender_close(self, true);
	if (is_a_persons(reason)) {
		self->is_wiped = true;
		self->telemetry_counts.queued = 0;
		wipe(self);
	}
	if (self->consent.state != CONSENT_ON)
		return;
	self->consent.state = CONSENT_OFF;
	self->consent.reason = reason;
	relay_follow(self);
	tell_off(self);
	swap_stack(self);
	renew_engines(self);
	tell_services(self);
}
