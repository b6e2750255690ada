/* SPDX-License-Identifier: MIT */
#include "launcher/engine/native.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/proc_table.h"
#include "launcher/process/proc_watch.h"
#include "launcher/process/spawn.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Unit ids are the supervisor's small integers; anything beyond is a mistake of ours. */
#define UNITS_MAX 65536u
/* Above this many services roomy pipes could use up what the kernel grants a user (pipe-user-pages-soft). */
#define ROOMY_SERVICES_MAX 16u

/* How often it is tried to see what is left, when that cannot be told. */
#define LOOKS_MAX 50
#define LOOK_AGAIN_US 10000

struct native_unit *native_find_unit(const struct engine *self, unsigned id)
{
	return id < self->unit_count ? self->units[id] : NULL;
}

/* ---- Who has a report to make, and who is whose ---- */

static void list(struct native_unit *unit)
{
	struct native_unit **end = unit->engine->due_end;

	if (unit->listed)
		return;
	unit->listed = true;
	unit->next_due = NULL;
	*end = unit;
	unit->engine->due_end = &unit->next_due;
}

static struct native_unit *unlist_all(struct engine *self)
{
	struct native_unit *first = self->due;

	self->due = NULL;
	self->due_end = &self->due;
	return first;
}

void native_report_soon(struct native_unit *unit)
{
	list(unit);
	event_active(unit->engine->report, EV_TIMEOUT, 0);
}

static struct native_unit **bucket_of(struct engine *self, pid_t pid)
{
	return &self->by_pid[(size_t)pid % NATIVE_PID_BUCKETS];
}

struct native_unit *native_find_main(struct engine *self, pid_t pid)
{
	struct native_unit *unit = *bucket_of(self, pid);

	while (unit != NULL && unit->pid != pid)
		unit = unit->next_by_pid;
	return unit;
}

static void set_main(struct native_unit *unit, pid_t pid)
{
	struct native_unit **link = bucket_of(unit->engine, pid);

	unit->pid = unit->leader = pid;
	unit->next_by_pid = *link;
	*link = unit;
}

static void forget_main(struct native_unit *unit)
{
	struct native_unit **link = bucket_of(unit->engine, unit->pid);

	while (*link != unit)
		link = &(*link)->next_by_pid;
	*link = unit->next_by_pid;
	unit->pid = 0;
}

/* ---- Reports ---- */

/*
 * True when it is known what is left. Memory and descriptors may be there again in a moment, and until then nothing is told: a
 * unit would start beside what it has left. What is not found in the end is not waited for; the guard's sweep finds it.
 */
static bool know_leftovers(struct engine *self)
{
	if (!self->look_for_leftovers)
		return true;
	if (native_find_leftovers(self) < 0 && ++self->looks < LOOKS_MAX &&
	    event_add(self->report, &(struct timeval){.tv_usec = LOOK_AGAIN_US}) == 0)
		return false;
	self->look_for_leftovers = false;
	self->looks = 0;
	return true;
}

static void report_exit(struct native_unit *unit)
{
	struct engine *self = unit->engine;

	unit->exit.leftovers = unit->has_leftovers = unit->left.count > 0;
	unit->exit_due = false;
	unit->end_due = true;
	native_output_drain(unit);
	native_notify_drain(unit);
	native_notify_close(unit);
	self->options.events->exited(self->options.context, unit->id, &unit->exit);
}

static void report_leftovers(struct native_unit *unit)
{
	struct engine *self = unit->engine;

	if (unit->left.count > 0 && unit->killing)
		native_kill_leftovers(unit);
	if (unit->left.count > 0)
		return;
	unit->has_leftovers = false;
	self->options.events->cleared(self->options.context, unit->id);
}

void native_report_start(struct native_unit *unit)
{
	struct engine *self = unit->engine;

	if (!unit->start_due)
		return;
	unit->start_due = false;
	self->options.events->started(self->options.context, unit->id, &(struct engine_start){.pid = unit->leader});
}

static void report_unit(struct native_unit *unit)
{
	struct engine *self = unit->engine;
	const struct engine_events *events = self->options.events;
	bool had_leftovers = unit->has_leftovers;

	native_report_start(unit);
	if (unit->failure_due) {
		struct err failure = unit->failure;

		unit->failure_due = false;
		err_init(&unit->failure);
		events->start_failed(self->options.context, unit->id, &failure);
		err_finish(&failure);
	}
	if (unit->exit_due)
		report_exit(unit);
	else if (had_leftovers)
		report_leftovers(unit);
	if (unit->end_due && !native_output_is_open(unit)) {
		unit->end_due = false;
		events->output_ended(self->options.context, unit->id);
	}
}

static void native_report(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	if (!know_leftovers(self))
		return;
	for (struct native_unit *unit = unlist_all(self), *next; unit != NULL; unit = next) {
		next = unit->next_due;
		unit->listed = false;
		report_unit(unit);
		if (unit->has_leftovers)
			list(unit);
	}
}

/* ---- Starting ---- */

static struct native_unit *get_unit(struct engine *self, unsigned id)
{
	struct native_unit *unit = native_find_unit(self, id);

	if (unit != NULL || id >= UNITS_MAX)
		return unit;
	if (id >= self->unit_count) {
		size_t count = (size_t)id + 1;
		struct native_unit **units = realloc(self->units, count * sizeof(struct native_unit *));

		if (units == NULL)
			return NULL;
		memset(units + self->unit_count, 0, (count - self->unit_count) * sizeof(struct native_unit *));
		self->units = units;
		self->unit_count = count;
	}
	unit = calloc(1, sizeof *unit);
	if (unit == NULL)
		return NULL;
	*unit = (struct native_unit){.engine = self, .id = id, .stdin_fd = -1, .failure = ERR_INIT};
	for (size_t i = 0; i < 2; i++)
		unit->streams[i] = (struct native_stream){-1, NULL, unit, (enum engine_stream)i};
	snprintf(unit->mark, sizeof unit->mark, "UPFRONT_UNIT=%d.%u", (int)getpid(), id);
	return self->units[id] = unit;
}

static int make_environment(const struct native_unit *unit, char ***result)
{
	const struct engine *self = unit->engine;
	struct strmap map;
	int rc;

	strmap_init(&map);
	rc = service_environment(unit->service, self->options.environment, self->options.telemetry, &map);
	if (rc == 0 && self->options.marker != NULL)
		rc = strmap_set_pair(&map, self->options.marker);
	if (rc == 0)
		rc = strmap_set_pair(&map, unit->mark);
	if (rc == 0)
		rc = native_notify_environment(unit, &map);
	if (rc == 0) {
		*result = strmap_to_environ(&map);
		rc = *result == NULL ? -ENOMEM : 0;
	}
	strmap_finish(&map);
	return rc;
}

/* Ours was raised for the many pipes; programs that walk all descriptors, or use select, get what we had got. */
static int make_ulimits(const struct native_unit *unit, struct service_ulimit **ulimits, size_t *count)
{
	const struct service *service = unit->service;
	const struct rlimit *files = &unit->engine->files;
	struct service_ulimit *list = calloc(service->ulimit_count + 1, sizeof *list);
	bool declared = false;

	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < service->ulimit_count; i++) {
		list[i] = service->ulimits[i];
		declared = declared || list[i].resource == RLIMIT_NOFILE;
	}
	*count = service->ulimit_count;
	if (!declared && files->rlim_cur != RLIM_INFINITY) {
		list[(*count)++] =
			(struct service_ulimit){RLIMIT_NOFILE, (int64_t)files->rlim_cur,
						files->rlim_max == RLIM_INFINITY ? -1 : (int64_t)files->rlim_max};
	}
	*ulimits = list;
	return 0;
}

static int spawn(struct native_unit *unit, const struct native_ends *ends, struct err *err)
{
	const struct service *service = unit->service;
	struct spawn_options options = {.argv = service->argv,
					.cwd = service->working_dir,
					.user = service->user,
					.users = unit->engine->options.users,
					.stdin_fd = ends->in,
					.stdout_fd = ends->out,
					.stderr_fd = ends->err,
					.keep_fd = -1,
					.foreground_tty = ends->tty,
					.death_signal = SIGKILL};
	struct service_ulimit *ulimits = NULL;
	struct child child = {0, -1};
	char **environment = NULL;
	int rc = make_environment(unit, &environment);

	if (rc == 0)
		rc = make_ulimits(unit, &ulimits, &options.ulimit_count);
	if (rc < 0) {
		err_set(err, ERR_FAILED, "cannot start '%s': %s", service->argv[0], strerror(-rc));
		goto out;
	}
	options.environment = environment;
	options.pid_text = native_notify_pid_text(unit, environment);
	options.ulimits = ulimits;
	rc = spawn_child(&options, &child, err);
	if (rc < 0)
		goto out;
	set_main(unit, child.pid);
	/* Only we reap it, and say so by reaped(): until then its pid cannot become another's, so no pidfd is kept. */
	close(child.pidfd);
out:
	free(ulimits);
	free(environment);
	return rc;
}

static void forget_last_run(struct native_unit *unit)
{
	struct engine *self = unit->engine;

	native_output_drain(unit);
	native_output_close(unit);
	native_notify_close(unit);
	if (unit->end_due)
		self->options.events->output_ended(self->options.context, unit->id);
	unit->end_due = unit->killing = unit->has_leftovers = false;
	unit->group_signal = 0;
	proc_list_finish(&unit->seen);
	unit->seen = (struct proc_list){0};
	unit->left.count = 0;
	err_finish(&unit->failure);
	err_init(&unit->failure);
}

static int watch_output(struct native_unit *unit, struct err *err)
{
	int rc = native_output_watch(unit);

	if (rc < 0)
		err_set(err, ERR_FAILED, "cannot start '%s': %s", unit->service->argv[0], strerror(-rc));
	return rc;
}

static int start_unit(struct native_unit *unit, struct err *err)
{
	struct native_ends ends;
	int rc;

	if (unit->service->kind == SERVICE_CONTAINER)
		return err_set(err, ERR_MISSING, "it is a container, and there is no container engine to run it");
	if (unit->service->argv == NULL || unit->service->argv[0] == NULL)
		return err_set(err, ERR_CONFIG, "there is no command to run");
	rc = native_output_open(unit, &ends, err);
	if (rc < 0)
		return rc;
	rc = native_notify_open(unit, err);
	/* Before anybody runs: a process whose output could not be heard would have to be killed. */
	if (rc == 0)
		rc = watch_output(unit, err);
	if (rc == 0)
		rc = spawn(unit, &ends, err);
	native_ends_close(&ends);
	if (rc == -ENOMEM)
		err_set_cause(err, ERR_CAUSE_MEMORY);
	if (rc < 0) {
		native_output_close(unit);
		native_notify_close(unit);
	}
	return rc;
}

static void native_start(struct engine *self, unsigned id, const struct service *service, int replica)
{
	struct native_unit *unit = get_unit(self, id);

	(void)replica;
	if (unit == NULL) { /* nowhere to note what is due: the one report made on the spot */
		struct err err = ERR_INIT;

		err_set(&err, ERR_FAILED, "cannot start it: out of memory");
		err_set_cause(&err, ERR_CAUSE_MEMORY);
		self->options.events->start_failed(self->options.context, id, &err);
		err_finish(&err);
		return;
	}
	if (unit->pid != 0 || unit->exit_due)
		return;
	forget_last_run(unit);
	unit->service = service;
	if (start_unit(unit, &unit->failure) == 0)
		unit->start_due = true;
	else
		unit->failure_due = true;
	native_report_soon(unit);
}

/* ---- Signals ---- */

static bool asks_to_end(int signal_number)
{
	return signal_number == SIGTERM || signal_number == SIGINT || signal_number == SIGQUIT ||
	       signal_number == SIGHUP;
}

static int signal_leftovers(struct native_unit *unit, int signal_number)
{
	int rc = -ESRCH;

	for (size_t i = 0; i < unit->left.count; i++) {
		const struct proc_id *id = &unit->left.items[i];

		if (getpgid(id->pid) == unit->leader && unit->group_signal == signal_number)
			rc = 0;
		else if (proc_signal(id, signal_number) == 0)
			rc = 0;
	}
	return rc;
}

static int native_signal(struct engine *self, unsigned id, int signal_number)
{
	struct native_unit *unit = native_find_unit(self, id);

	if (unit == NULL)
		return -ESRCH;
	if (unit->pid == 0)
		return signal_leftovers(unit, signal_number);
	native_remember(unit);
	unit->group_signal = signal_number;
	if (kill(-unit->pid, signal_number) < 0)
		return -errno;
	/* A stopped process would only learn of it when it is too late. */
	if (asks_to_end(signal_number))
		(void)kill(-unit->pid, SIGCONT);
	return 0;
}

static void native_kill(struct engine *self, unsigned id)
{
	struct native_unit *unit = native_find_unit(self, id);

	if (unit == NULL)
		return;
	unit->killing = true;
	if (unit->pid == 0) {
		native_kill_leftovers(unit);
		if (unit->has_leftovers && unit->left.count == 0)
			native_report_soon(unit);
		return;
	}
	native_remember(unit);
	(void)kill(-unit->pid, SIGKILL);
	for (size_t i = 0; i < unit->seen.count; i++)
		(void)proc_signal(&unit->seen.items[i], SIGKILL);
}

/* ---- The rest of the operations ---- */

static void native_resume_output(struct engine *self, unsigned id)
{
	struct native_unit *unit = native_find_unit(self, id);

	if (unit != NULL && unit->held)
		native_output_hold(unit, false);
}

static int native_stats(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats)
{
	struct proc_usage *usages = calloc(count + 1, sizeof(*usages));
	pid_t *roots = calloc(count + 1, sizeof(*roots));
	int *fds = calloc(count + 1, sizeof(*fds));
	struct proc_table table = {0};
	int result = -ENOMEM;

	if (usages == NULL || roots == NULL || fds == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const struct native_unit *unit = native_find_unit(self, units[i]);

		roots[i] = unit != NULL ? unit->pid : 0;
	}
	result = proc_table_read(&table);
	if (result == 0)
		result = proc_table_usages(&table, roots, count, usages, fds);
	for (size_t i = 0; result == 0 && i < count; i++) {
		stats[i] = (struct engine_stats){
			.rss_bytes = usages[i].rss_bytes,
			.cpu_user_us = usages[i].cpu_user_us,
			.cpu_system_us = usages[i].cpu_system_us,
			.processes = usages[i].processes,
			.threads = usages[i].threads,
			.fds = fds[i],
		};
	}
out:
	proc_table_finish(&table);
	free(usages);
	free(roots);
	free(fds);
	return result;
}

static int native_sample(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples)
{
	struct proc_watch_usage *usages;
	pid_t *roots;
	int result = -ENOMEM;

	if (units == NULL) {
		proc_watch_destroy(self->watch);
		self->watch = NULL;
		return 0;
	}
	if (self->watch == NULL)
		self->watch = proc_watch_create();
	usages = calloc(count + 1, sizeof(*usages));
	roots = calloc(count + 1, sizeof(*roots));
	if (self->watch == NULL || usages == NULL || roots == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const struct native_unit *unit = native_find_unit(self, units[i]);

		roots[i] = unit != NULL ? unit->pid : 0;
	}
	result = proc_watch_measure(self->watch, roots, count, clock_monotonic_ms(), usages);
	for (size_t i = 0; result == 0 && i < count; i++)
		samples[i] = (struct engine_sample){usages[i].rss_bytes, usages[i].cpu_us, usages[i].processes};
out:
	free(usages);
	free(roots);
	return result;
}

/* Nobody here sent it: neither a stop whose time was up nor a person by way of us. */
static bool ended_for_memory(struct native_unit *unit, const struct engine_exit *how)
{
	return how->signaled && how->signal == SIGKILL && !unit->killing && unit->group_signal != SIGKILL &&
	       oom_claim(&unit->engine->oom, clock_monotonic_ms());
}

static bool native_reaped(struct engine *self, pid_t pid, const struct engine_exit *how)
{
	struct native_unit *unit = native_find_main(self, pid);
	bool waiting = false;

	if (unit != NULL) {
		forget_main(unit);
		unit->exit = *how;
		unit->exit.oom = ended_for_memory(unit, how);
		unit->exit_due = true;
		self->look_for_leftovers = true;
		native_report_soon(unit);
		return true;
	}
	for (unit = self->due; unit != NULL && !waiting; unit = unit->next_due)
		waiting = unit->has_leftovers;
	/* A stranger: perhaps the last of what some unit left behind, or the parent of what is now ours. */
	if (waiting) {
		self->look_for_leftovers = true;
		event_active(self->report, EV_TIMEOUT, 0);
	}
	return false;
}

static void destroy_unit(struct native_unit *unit)
{
	if (unit == NULL)
		return;
	native_kill(unit->engine, unit->id);
	native_output_close(unit);
	native_notify_close(unit);
	proc_list_finish(&unit->seen);
	proc_list_finish(&unit->left);
	err_finish(&unit->failure);
	free(unit);
}

static void native_destroy(struct engine *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->unit_count; i++)
		destroy_unit(self->units[i]);
	if (self->report != NULL)
		event_free(self->report);
	proc_list_finish(&self->others);
	proc_watch_destroy(self->watch);
	free(self->units);
	free(self->buffer);
	free(self);
}

static void raise_file_limit(struct engine *self)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, &self->files) < 0)
		self->files = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	raised = self->files;
	raised.rlim_cur = raised.rlim_max;
	if (self->files.rlim_cur != raised.rlim_cur)
		(void)setrlimit(RLIMIT_NOFILE, &raised);
}

static struct engine *native_create(const struct engine_options *options, struct err *err)
{
	struct engine *self = calloc(1, sizeof *self);

	if (self == NULL)
		goto out;
	self->options = *options;
	self->due_end = &self->due;
	self->roomy_pipes = options->stack != NULL && options->stack->service_count <= ROOMY_SERVICES_MAX;
	self->buffer = malloc(NATIVE_READ_BYTES);
	self->report = event_new(options->base, -1, 0, native_report, self);
	if (self->buffer == NULL || self->report == NULL)
		goto out;
	raise_file_limit(self);
	oom_init(&self->oom, options->oom);
	return self;
out:
	err_set(err, ERR_FAILED, "cannot prepare to run services: out of memory");
	native_destroy(self);
	return NULL;
}

/* How long it may take is the caller's to watch. */
static int native_stop(struct engine *self, unsigned id, int signal, int64_t grace_ms)
{
	(void)grace_ms;
	return native_signal(self, id, signal);
}

const struct engine_ops engine_native = {
	.name = "native",
	.create = native_create,
	.start = native_start,
	.stop = native_stop,
	.signal = native_signal,
	.kill = native_kill,
	.ending = native_ending,
	.resume_output = native_resume_output,
	.type = native_terminal_type,
	.resize = native_terminal_resize,
	.stats = native_stats,
	.sample = native_sample,
	.reaped = native_reaped,
	.destroy = native_destroy,
};
