/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/spawn.h"
#include "launcher/supervisor/source_job.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

/* After the stack is up: first its clients hear of it, and what they do then is done. */
#define LATE_MS 50
/* All sources together have this long, and no more of them run at once than a machine hardly notices. */
#define JOBS_LIMIT_MS 1000
#define JOBS_AT_ONCE 8

struct report {
	struct supervisor *supervisor;
	struct event *late, *jobs_timer;
	struct generation *generation; /* that `services` and their jobs speak of */
	bool reported; /* the one event of this start is sent, or due */
	bool due; /* it is to be measured */
	bool pending; /* it waits for its sources */
	struct telemetry_facts facts;
	struct telemetry_service *services;
	struct source_job *jobs; /* of the services with a version to ask for, then of the properties */
	size_t job_count, jobs_started, jobs_running;
	size_t *service_job; /* by entry of `services`: index into jobs, or SIZE_MAX */
	const char **values; /* facts.exec_values */
	size_t value_count, first_value_job;
	char **environment;
};

/* ---- What is reported ---- */

static bool is_ready(const struct supervisor *self, size_t service)
{
	for (size_t u = 0; u < self->sets[service].count; u++) {
		if (!svc_is_settled(&self->sets[service].units[u]->svc))
			return false;
	}
	return true;
}

static bool takes_part(const struct supervisor *self, size_t service)
{
	for (size_t u = 0; u < self->sets[service].count; u++) {
		if (self->sets[service].units[u]->member)
			return true;
	}
	return false;
}

static void list_services(struct report *self)
{
	const struct supervisor *supervisor = self->supervisor;

	/* No units: it failed before there was anything to count. */
	for (size_t i = 0; supervisor->unit_count > 0 && i < supervisor->stack->service_count; i++) {
		const struct service *service = &supervisor->stack->services[i];

		if (!takes_part(supervisor, i))
			continue;
		self->service_job[self->facts.service_count] = SIZE_MAX;
		self->services[self->facts.service_count++] =
			(struct telemetry_service){service->name, service->version.text, is_ready(supervisor, i)};
		if (service->kind == SERVICE_CONTAINER)
			self->facts.container_count++;
		else
			self->facts.native_count++;
	}
	self->facts.services = self->services;
}

static bool any_runs(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->unit_count; i++) {
		if (supervisor->units[i]->svc.has_process)
			return true;
	}
	return false;
}

/* A walk through /proc, and a question to the engine of containers: never where somebody waits. */
static void measure(struct report *self)
{
	const struct supervisor *supervisor = self->supervisor;
	struct engine_stats *stats = calloc(supervisor->unit_count + 1, sizeof *stats);

	if (stats != NULL && any_runs(supervisor) && engines_stats(supervisor, stats) == 0) {
		for (size_t i = 0; i < supervisor->unit_count; i++) {
			self->facts.services_rss_bytes += stats[i].rss_bytes;
			self->facts.services_cpu_user_us += stats[i].cpu_user_us;
			self->facts.services_cpu_system_us += stats[i].cpu_system_us;
		}
	}
	free(stats);
}

/* What must be noted at the moment itself. */
static int make_facts(struct report *self)
{
	const struct supervisor *supervisor = self->supervisor;
	size_t services = supervisor->stack->service_count + 1;

	self->value_count = telemetry_exec_properties(supervisor->options->stack, NULL, 0);
	self->services = calloc(services, sizeof *self->services);
	self->service_job = calloc(services, sizeof *self->service_job);
	self->values = calloc(self->value_count + 1, sizeof *self->values);
	self->jobs = calloc(services + self->value_count, sizeof *self->jobs);
	if (self->services == NULL || self->service_job == NULL || self->values == NULL || self->jobs == NULL)
		return -ENOMEM;
	self->facts.exec_values = self->values;
	self->facts.time_ms = clock_wall_ms();
	self->facts.ready_ms = clock_monotonic_ms() - supervisor->options->begin_ms;
	list_services(self);
	self->generation = supervisor->generation;
	if (self->generation != NULL)
		self->generation->references++;
	return 0;
}

/* ---- Sources that are programs ---- */

static void add_property_jobs(struct report *self)
{
	const struct telemetry_property **list = calloc(self->value_count + 1, sizeof(*list));

	if (list != NULL)
		(void)telemetry_exec_properties(self->supervisor->options->stack, list, self->value_count);
	for (size_t i = 0; list != NULL && i < self->value_count; i++)
		self->jobs[self->job_count++] = SOURCE_JOB(list[i]->argv, list[i]->pattern);
	free(list);
}

static void add_jobs(struct report *self)
{
	for (size_t i = 0; i < self->facts.service_count; i++) {
		const struct service *service = stack_find_service(self->generation->stack, self->services[i].name);

		if (service == NULL || service->version.argv == NULL)
			continue;
		self->service_job[i] = self->job_count;
		self->jobs[self->job_count++] = SOURCE_JOB(service->version.argv, service->version.pattern);
	}
	self->first_value_job = self->job_count;
	add_property_jobs(self);
}

static void take_values(struct report *self)
{
	for (size_t i = 0; i < self->facts.service_count; i++) {
		if (self->service_job[i] < self->job_count)
			self->services[i].version = self->jobs[self->service_job[i]].value;
	}
	for (size_t i = 0; i < self->value_count && self->first_value_job + i < self->job_count; i++)
		self->values[i] = self->jobs[self->first_value_job + i].value;
}

static void send_start(struct report *self)
{
	if (!self->pending)
		return;
	self->pending = false;
	if (self->jobs_timer != NULL)
		event_del(self->jobs_timer);
	for (size_t i = 0; i < self->job_count; i++)
		source_job_cancel(&self->jobs[i]);
	take_values(self);
	sender_capture(self->supervisor,
		       &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = &self->facts});
	held_send(self->supervisor);
	sender_printed(self->supervisor);
}

static void run_jobs(struct report *self)
{
	const struct supervisor *supervisor = self->supervisor;

	while (self->jobs_started < self->job_count && self->jobs_running < JOBS_AT_ONCE) {
		struct source_job *job = &self->jobs[self->jobs_started++];

		if (source_job_start(job, self->environment, supervisor->stack->dir) == 0)
			self->jobs_running++;
	}
	if (self->jobs_running == 0)
		send_start(self);
}

static void on_jobs_late(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	send_start(context);
}

static void arm_jobs(struct report *self)
{
	struct supervisor *supervisor = self->supervisor;

	self->environment = strmap_to_environ(&supervisor->environment);
	self->jobs_timer = event_new(supervisor->base, -1, 0, on_jobs_late, self);
	if (self->environment == NULL || self->jobs_timer == NULL ||
	    event_add(self->jobs_timer, &(struct timeval){.tv_sec = JOBS_LIMIT_MS / 1000}) < 0)
		self->jobs_started = self->job_count; /* none is run: their values are null */
}

/* `ends`: there is no time for sources, their values are null. */
static void tell(struct report *self, bool ends)
{
	if (!self->due)
		return;
	self->due = false;
	measure(self);
	if (self->facts.error_type != NULL) {
		sender_capture(self->supervisor,
			       &(struct telemetry_event){.kind = TELEMETRY_SERVER_START_FAILED, .facts = &self->facts});
		held_send(self->supervisor);
		sender_printed(self->supervisor);
		return;
	}
	self->pending = true;
	if (!ends) {
		sender_start(self->supervisor);
		add_jobs(self);
	}
	if (self->job_count > 0)
		arm_jobs(self);
	run_jobs(self);
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	tell(context, false);
}

static void note(struct supervisor *supervisor, const char *error_type)
{
	struct report *self = supervisor->report;

	if (self == NULL || self->reported)
		return;
	self->reported = true;
	if (make_facts(self) < 0) {
		telemetry_drop(sender_telemetry(supervisor));
		return;
	}
	self->facts.error_type = error_type;
	self->due = true;
	event_add(self->late, &(struct timeval){.tv_usec = LATE_MS * 1000});
}

void report_start(struct supervisor *supervisor)
{
	note(supervisor, NULL);
}

void report_failure(struct supervisor *supervisor, enum telemetry_error error)
{
	note(supervisor, telemetry_error_name(error));
}

/* ---- Life ---- */

int report_open(struct supervisor *supervisor)
{
	struct report *self = calloc(1, sizeof *self);

	if (self == NULL)
		return -ENOMEM;
	self->supervisor = supervisor;
	self->late = event_new(supervisor->base, -1, 0, on_late, self);
	if (self->late == NULL) {
		free(self);
		return -ENOMEM;
	}
	supervisor->report = self;
	return 0;
}

void report_send(struct supervisor *supervisor)
{
	if (supervisor->report == NULL)
		return;
	tell(supervisor->report, true);
	send_start(supervisor->report);
}

bool report_is_told(const struct supervisor *supervisor)
{
	const struct report *self = supervisor->report;

	return self == NULL || (self->reported && !self->due && !self->pending);
}

bool report_started(const struct supervisor *supervisor, pid_t pid)
{
	const struct report *self = supervisor->report;

	for (size_t i = 0; self != NULL && i < self->jobs_started; i++) {
		if (self->jobs[i].pid == pid)
			return true;
	}
	return false;
}

bool report_reaped(struct supervisor *supervisor, pid_t pid, const struct engine_exit *how)
{
	struct report *self = supervisor->report;

	for (size_t i = 0; self != NULL && i < self->jobs_started; i++) {
		if (!source_job_reaped(&self->jobs[i], pid, !how->signaled && how->code == 0))
			continue;
		self->jobs_running--;
		run_jobs(self);
		return true;
	}
	return false;
}

void report_close(struct supervisor *supervisor)
{
	struct report *self = supervisor->report;

	if (self == NULL)
		return;
	supervisor->report = NULL;
	generation_release(self->generation);
	for (size_t i = 0; i < self->job_count; i++)
		source_job_finish(&self->jobs[i]);
	event_free(self->late);
	if (self->jobs_timer != NULL)
		event_free(self->jobs_timer);
	free(self->environment);
	free(self->services);
	free(self->service_job);
	free(self->values);
	free(self->jobs);
	free(self);
}
