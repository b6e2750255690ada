/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/proc_table.h"
#include "launcher/process/spawn.h"
#include "launcher/supervisor/source_job.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After the stack is up: first its clients hear of it, and what they do then is done. */
#define LATE_MS 50
/* All sources together have this long, and no more of them run at once than a machine hardly notices. */
#define JOBS_LIMIT_MS 1000
#define JOBS_AT_ONCE 8

struct report {
	struct supervisor *supervisor;
	struct telemetry *telemetry;
	struct event *late, *sender_timer, *jobs_timer;
	int print_fd; /* ours to close once the event is out; -1: none */
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
		if (supervisor->units[i]->pid != 0)
			return true;
	}
	return false;
}

/* A walk through /proc: never where somebody waits. */
static void measure(struct report *self)
{
	const struct supervisor *supervisor = self->supervisor;
	struct proc_table table;

	if (!any_runs(supervisor) || proc_table_read(&table) < 0)
		return;
	for (size_t i = 0; i < supervisor->unit_count; i++) {
		struct proc_usage usage;

		if (supervisor->units[i]->pid == 0 || proc_table_usage(&table, supervisor->units[i]->pid, &usage) < 0)
			continue;
		self->facts.services_rss_bytes += usage.rss_bytes;
		self->facts.services_cpu_user_us += usage.cpu_user_us;
		self->facts.services_cpu_system_us += usage.cpu_system_us;
	}
	proc_table_finish(&table);
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

static void let_telemetry_go(struct report *self)
{
	self->supervisor->telemetry_dropped += telemetry_dropped(self->telemetry);
	telemetry_close(self->telemetry);
	self->telemetry = NULL;
	if (self->print_fd >= 0)
		close(self->print_fd);
	self->print_fd = -1;
}

/* Whoever reads what is printed would wait for its end as long as the stack runs. */
static void told(struct report *self)
{
	if (self->print_fd >= 0)
		let_telemetry_go(self);
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
	telemetry_capture(self->telemetry,
			  &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = &self->facts});
	told(self);
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
		telemetry_capture(self->telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START_FAILED,
									     .facts = &self->facts});
		told(self);
		return;
	}
	self->pending = true;
	if (!ends) {
		telemetry_start(self->telemetry);
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
		telemetry_drop(self->telemetry);
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

uint64_t report_dropped(const struct supervisor *supervisor)
{
	const struct report *self = supervisor->report;

	return supervisor->telemetry_dropped + (self != NULL ? telemetry_dropped(self->telemetry) : 0);
}

/* ---- The sender, and its end ---- */

static void on_sender_due(evutil_socket_t fd, short what, void *context)
{
	struct report *self = context;

	(void)fd;
	(void)what;
	telemetry_restart(self->telemetry);
}

static void sender_ended(struct report *self)
{
	int64_t delay_ms = telemetry_sender_exited(self->telemetry);

	if (delay_ms < 0)
		return;
	if (self->sender_timer == NULL)
		self->sender_timer = event_new(self->supervisor->base, -1, 0, on_sender_due, self);
	if (self->sender_timer != NULL)
		event_add(self->sender_timer, &(struct timeval){.tv_sec = (time_t)(delay_ms / 1000),
								.tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)});
}

bool report_started(const struct supervisor *supervisor, pid_t pid)
{
	const struct report *self = supervisor->report;

	if (self == NULL)
		return false;
	for (size_t i = 0; i < self->jobs_started; i++) {
		if (self->jobs[i].pid == pid)
			return true;
	}
	return pid == telemetry_sender_pid(self->telemetry);
}

bool report_reaped(struct supervisor *supervisor, pid_t pid, const struct engine_exit *how)
{
	struct report *self = supervisor->report;

	if (self == NULL)
		return false;
	if (pid == telemetry_sender_pid(self->telemetry)) {
		sender_ended(self);
		return true;
	}
	for (size_t i = 0; i < self->jobs_started; i++) {
		if (!source_job_reaped(&self->jobs[i], pid, !how->signaled && how->code == 0))
			continue;
		self->jobs_running--;
		run_jobs(self);
		return true;
	}
	return false;
}

static void report_destroy(struct report *self)
{
	let_telemetry_go(self);
	generation_release(self->generation);
	for (size_t i = 0; i < self->job_count; i++)
		source_job_finish(&self->jobs[i]);
	event_free(self->late);
	if (self->sender_timer != NULL)
		event_free(self->sender_timer);
	if (self->jobs_timer != NULL)
		event_free(self->jobs_timer);
	free(self->environment);
	free(self->services);
	free(self->service_job);
	free(self->values);
	free(self->jobs);
	free(self);
}

void report_close(struct supervisor *supervisor)
{
	struct report *self = supervisor->report;

	if (self == NULL)
		return;
	tell(self, true);
	send_start(self);
	supervisor->report = NULL;
	report_destroy(self);
}

static void tell_off(struct supervisor *supervisor)
{
	if (supervisor->telemetry_off.count == 0)
		return; /* services are told off already */
	strmap_finish(&supervisor->telemetry_environment);
	supervisor->telemetry_environment = supervisor->telemetry_off;
	strmap_init(&supervisor->telemetry_off);
}

void report_withdraw(struct supervisor *supervisor)
{
	struct report *self = supervisor->report;

	tell_off(supervisor);
	if (self == NULL)
		return;
	supervisor->report = NULL;
	supervisor->telemetry_dropped += telemetry_dropped(self->telemetry);
	telemetry_withdraw(self->telemetry);
	self->telemetry = NULL;
	report_destroy(self);
}

/* ---- What services are told ---- */

static struct report *report_create(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	struct report *self = calloc(1, sizeof *self);

	if (self == NULL)
		return NULL;
	self->supervisor = supervisor;
	self->print_fd = -1;
	self->late = event_new(supervisor->base, -1, 0, on_late, self);
	if (self->late != NULL)
		self->telemetry = telemetry_open(supervisor->stack, options->environment,
						 options->print_fd > 0 ? options->print_fd : STDERR_FILENO, NULL);
	if (self->telemetry != NULL) {
		self->print_fd = options->print_fd > 0 ? options->print_fd : -1;
		return self;
	}
	if (self->late != NULL)
		event_free(self->late);
	free(self);
	return NULL;
}

static void open_report(struct supervisor *supervisor)
{
	supervisor->report = report_create(supervisor);
	if (supervisor->report == NULL && supervisor->options->print_fd > 0)
		close(supervisor->options->print_fd);
}

int telemetry_prepare(struct supervisor *self, struct err *err)
{
	const struct telemetry *telemetry;
	struct stack *resolved = NULL;
	int rc;

	if (self->consent.state == CONSENT_ON)
		open_report(self);
	/* Where telemetry could not be opened there is no gate for the services' own events either: they are told "off". */
	telemetry = self->report != NULL ? self->report->telemetry : NULL;
	rc = telemetry_environment(
		self->stack, telemetry != NULL, NULL, telemetry != NULL ? telemetry_distinct_id(telemetry) : NULL,
		telemetry != NULL ? telemetry_session_id(telemetry) : NULL, &self->telemetry_environment);
	if (rc == 0 && telemetry != NULL)
		rc = telemetry_environment(self->stack, false, NULL, NULL, NULL, &self->telemetry_off);
	if (rc < 0)
		return err_set(err, ERR_INTERNAL, "cannot prepare what services are told on telemetry: %s",
			       strerror(-rc));
	if (self->options->source == NULL || !stack_depends_on(self->stack, &self->telemetry_environment))
		return 0;
	rc = stack_resolve(self->options->source,
			   &(struct stack_resolve_options){.overrides = &self->telemetry_environment}, &resolved, err);
	if (rc < 0)
		return rc;
	self->stack = resolved;
	self->stack_is_ours = true;
	return 0;
}
