/* SPDX-License-Identifier: MIT */
#include "tests/chaos/chaos.h"

#include "config/err.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* xorshift64*; the high bits are the good ones. */
unsigned chaos_random(struct chaos *self, unsigned below)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return (unsigned)((self->random * 0x2545f4914f6cdd1du) >> 33) % below;
}

void chaos_log(struct chaos *self, const char *format, ...)
{
	va_list arguments;

	if (self->log_count == CHAOS_LOG_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(self->log[self->log_count++], sizeof(self->log[0]), format, arguments);
	va_end(arguments);
}

static const struct chaos_service *any_service(struct chaos *self)
{
	const struct chaos_service *service;

	do
		service = &chaos_services[chaos_random(self, (unsigned)chaos_service_count)];
	while (service == self->absent);
	return service;
}

/* ---- By the API ---- */

static bool ask(struct chaos *self, const char *service, const char *action, const char *body)
{
	char target[128];

	snprintf(target, sizeof(target), "/v1/services/%s/%s", service, action);
	return chaos_call(self, "POST", target, body);
}

static bool is_down(struct chaos *self, const struct chaos_api *api, const void *service)
{
	(void)self;
	for (size_t i = 0; i < api->count; i++)
		if (strcmp(api->units[i].service, service) == 0 && (api->units[i].pid > 0 || api->units[i].wanted))
			return false;
	return true;
}

static bool is_wanted(struct chaos *self, const struct chaos_api *api, const void *service)
{
	(void)self;
	for (size_t i = 0; i < api->count; i++)
		if (strcmp(api->units[i].service, service) == 0 &&
		    (!api->units[i].wanted || strcmp(api->units[i].state, "stopped") == 0))
			return false;
	return true;
}

static void stop(struct chaos *self)
{
	const struct chaos_service *service = any_service(self);

	while (service->keeps || service->restless)
		service = any_service(self);
	chaos_log(self, "stop %s", service->name);
	assert_true(ask(self, service->name, "stop", NULL));
	chaos_until(self, is_down, service->name, "a service that was asked to stop");
}

static void start(struct chaos *self)
{
	const struct chaos_service *service = any_service(self);

	chaos_log(self, "start %s", service->name);
	assert_true(ask(self, service->name, "start", NULL));
	chaos_until(self, is_wanted, service->name, "a service that was asked to start");
}

static void restart(struct chaos *self)
{
	const struct chaos_service *service = any_service(self);

	chaos_log(self, "restart %s", service->name);
	self->upsets++;
	assert_true(ask(self, service->name, "restart", NULL));
}

static void kill_by_name(struct chaos *self)
{
	static const char *const signals[] = {"SIGKILL", "SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP"};
	const struct chaos_service *service = any_service(self);
	const char *name = signals[chaos_random(self, 5)];
	char body[64];

	chaos_log(self, "kill -s %s %s", name, service->name);
	self->upsets++;
	snprintf(body, sizeof(body), "{\"signal\":\"%s\"}", name);
	/* Refused when nothing of it runs. */
	ask(self, service->name, "kill", body);
}

/* Several at once, nobody waits for anything. */
static void hurry(struct chaos *self)
{
	static const char *const actions[] = {"start", "restart", "restart", "kill"};

	for (unsigned i = 0; i < 4; i++) {
		const struct chaos_service *service = any_service(self);
		const char *action = actions[chaos_random(self, 4)];

		chaos_log(self, "%s %s, at once", action, service->name);
		self->upsets++;
		ask(self, service->name, action, NULL);
	}
}

/* Down to the last of it, and up again before it is down. */
static void stop_and_start(struct chaos *self)
{
	const struct chaos_service *service = any_service(self);

	while (service->keeps)
		service = any_service(self);
	chaos_log(self, "stop and start %s", service->name);
	assert_true(ask(self, service->name, "stop", NULL));
	assert_true(ask(self, service->name, "start", NULL));
	chaos_until(self, is_wanted, service->name, "a service that was asked to start");
}

static bool has_replicas(struct chaos *self, const struct chaos_api *api, const void *wanted)
{
	size_t count = 0;

	(void)self;
	for (size_t i = 0; i < api->count; i++)
		count += strcmp(api->units[i].service, "worker") == 0 ? 1 : 0;
	return count == *(const unsigned *)wanted;
}

static void scale(struct chaos *self)
{
	unsigned replicas = chaos_random(self, 7);
	char body[64];

	chaos_log(self, "scale worker=%u", replicas);
	self->upsets++;
	snprintf(body, sizeof(body), "{\"replicas\":%u}", replicas);
	assert_true(ask(self, "worker", "scale", body));
	chaos_until(self, has_replicas, &replicas, "as many workers as were asked for");
}

static bool is_edition(struct chaos *self, const struct chaos_api *api, const void *unused)
{
	(void)unused;
	for (size_t i = 0; self->absent != NULL && i < api->count; i++)
		if (strcmp(api->units[i].service, self->absent->name) == 0)
			return false;
	return true;
}

/* One service is another than before, one comes or goes. */
static void reload(struct chaos *self)
{
	const struct chaos_service *changed = any_service(self);

	self->absent = self->absent == NULL ? chaos_service_find("leaver") : NULL;
	self->upsets++;
	self->edition++;
	chaos_log(self, "reload, %s changed, leaver %s", changed->name, self->absent != NULL ? "gone" : "there again");
	chaos_write_stack(&self->world, self->edition, changed, self->absent);
	assert_true(chaos_call(self, "POST", "/v1/stack/reload", NULL));
	chaos_until(self, is_edition, NULL, "the service that was removed to be gone");
}

/* ---- By signals from outside ---- */

static bool any_process(struct chaos *self, bool main_process, struct stack_process *chosen)
{
	struct stack_process processes[CHAOS_PROCESSES_MAX];
	size_t count = stack_processes(&self->world, processes, CHAOS_PROCESSES_MAX), left = 0;

	for (size_t i = 0; i < count; i++)
		if ((strcmp(processes[i].name, "part-main") == 0) == main_process)
			processes[left++] = processes[i];
	if (left == 0)
		return false;
	*chosen = processes[chaos_random(self, (unsigned)left)];
	return true;
}

static void signal_one(struct chaos *self, bool main_process, int signal)
{
	struct stack_process process;

	if (!any_process(self, main_process, &process))
		return;
	chaos_log(self, "signal %d to %s %d of %s", signal, process.name, (int)process.pid, process.service);
	self->upsets++;
	kill(process.pid, signal);
}

static void kill_main(struct chaos *self)
{
	signal_one(self, true, SIGKILL);
}

static void kill_descendant(struct chaos *self)
{
	signal_one(self, false, SIGKILL);
}

static void suspend(struct chaos *self)
{
	signal_one(self, chaos_random(self, 3) > 0, SIGSTOP);
}

static void resume(struct chaos *self)
{
	struct stack_process processes[CHAOS_PROCESSES_MAX];
	size_t count = stack_processes(&self->world, processes, CHAOS_PROCESSES_MAX);

	chaos_log(self, "resume all");
	for (size_t i = 0; i < count; i++)
		if (processes[i].state == 'T')
			kill(processes[i].pid, SIGCONT);
}

/* ---- By commands and streams ---- */

static void ps(struct chaos *self)
{
	struct run run;

	chaos_log(self, "ps");
	run_upfront(&run, &self->world, "ps", NULL);
	run_assert_code(&run, 0);
	for (size_t i = 0; i < chaos_service_count; i++)
		/* Of the workers there may be none. */
		if (&chaos_services[i] != self->absent && chaos_services[i].replicas == 1 &&
		    strstr(run.out.bytes, chaos_services[i].name) == NULL)
			fail_msg("ps does not speak of %s:\n%s", chaos_services[i].name, run.out.bytes);
	run_finish(&run);
}

static void logs(struct chaos *self)
{
	const struct chaos_service *service = any_service(self);
	struct run run;

	chaos_log(self, "logs %s", service->name);
	run_upfront(&run, &self->world, "logs", "--tail", "5", service->name, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* A client comes, another one goes; those in between do not read. */
static void stream(struct chaos *self)
{
	struct ctl_stream **place = &self->streams[chaos_random(self, CHAOS_STREAMS_MAX)];
	struct err err = ERR_INIT;
	char buffer[512];

	if (*place != NULL) {
		chaos_log(self, "a stream ends");
		ctl_stream_read(*place, buffer, sizeof(buffer));
		ctl_stream_close(*place);
		*place = NULL;
		return;
	}
	chaos_log(self, "a stream begins");
	if (ctl_stream_open(&self->client, chaos_random(self, 2) == 0 ? "/v1/events" : "/v1/logs?follow=1&tail=10",
			    place, &err) < 0) {
		*place = NULL;
		fail_msg("no stream: %s", err.items[0].message);
	}
	err_finish(&err);
}

/* ---- The table: a line more, and it happens too. ---- */

static const struct action {
	void (*act)(struct chaos *self);
	unsigned weight;
	bool gentle; /* no reason for a stack not to come up */
} actions[] = {
	{stop, 4, false},      {start, 5, true},
	{restart, 4, true},    {kill_by_name, 4, false},
	{hurry, 2, false},     {stop_and_start, 2, false},
	{scale, 3, false},     {reload, 2, false},
	{kill_main, 6, false}, {kill_descendant, 4, false},
	{suspend, 3, false},   {resume, 3, true},
	{ps, 1, true},         {logs, 1, true},
	{stream, 4, true},
};

void chaos_act(struct chaos *self, bool gently)
{
	unsigned total = 0, at;

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		total += gently && !actions[i].gentle ? 0 : actions[i].weight;
	at = chaos_random(self, total);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		unsigned weight = gently && !actions[i].gentle ? 0 : actions[i].weight;

		if (at < weight) {
			actions[i].act(self);
			return;
		}
		at -= weight;
	}
}

static bool is_well(struct chaos *self, const struct chaos_api *api, const void *unused)
{
	(void)unused;
	for (size_t i = 0; i < api->count; i++) {
		const struct chaos_unit *unit = &api->units[i];

		if (!unit->settled && !chaos_service_find(unit->service)->restless) {
			snprintf(self->flaw, sizeof(self->flaw), "%s is '%s'", unit->name, unit->state);
			return false;
		}
	}
	return true;
}

void chaos_mend(struct chaos *self)
{
	resume(self);
	chaos_log(self, "start all");
	for (size_t i = 0; i < chaos_service_count; i++)
		if (&chaos_services[i] != self->absent)
			assert_true(ask(self, chaos_services[i].name, "start", NULL));
	chaos_until(self, is_well, NULL, "all services to be well again");
}
