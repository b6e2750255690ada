/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/process/guard.h"
#include "launcher/process/output.h"
#include "launcher/process/reserve.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/order.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* When the terminal dies the whole stack is to be gone within 2 s: services get the first second. */
#define LEASH_GRACE_MS 1000
#define LEASH_KILL_ALL_MS 1400
#define LEASH_GIVE_UP_MS 1800
#define FAREWELL_TURNS 4
#define LOOP_FAILED_MS 10
#define GUARD_SWEEP_MS 1500

/* What upfront says to its own processes, and to services only on purpose. */
static const char *const own_variables[] = {"UPFRONT_STACK", "UPFRONT_UNIT", "UPFRONT_METRICS", "UPFRONT_TELEMETRY",
					    "UPFRONT_TELEMETRY_PRINT"};
/* What whoever started upfront waits to hear from upfront itself; a service with `notify` gets its own. */
static const char *const starter_variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

/* ---- Children, signals, the other processes of upfront ---- */

static struct engine_exit exit_of(const siginfo_t *info)
{
	struct engine_exit how = {0};

	if (info->si_code == CLD_EXITED) {
		how.code = info->si_status;
	} else {
		how.signaled = true;
		how.signal = info->si_status;
		how.core = info->si_code == CLD_DUMPED;
	}
	return how;
}

static void reap_children(struct supervisor *self)
{
	for (;;) {
		siginfo_t info = {0};
		struct engine_exit how;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (info.si_pid == 0)
			break;
		how = exit_of(&info);
		if (engines_reaped(self, info.si_pid, &how))
			continue;
		if (!units_probe_reaped(self, info.si_pid, &how))
			(void)telemetry_reaped(self, info.si_pid, &how);
	}
}

static bool guard_has_died(const struct supervisor *self)
{
	struct pollfd guard = {.fd = self->options->guard_fd, .events = POLLIN};

	return self->options->guard_fd > 0 && poll(&guard, 1, 0) > 0;
}

/* Nobody is left to clean up after us: everything ends now. */
static void abandon(struct supervisor *self)
{
	self->guard_is_dead = true;
	self->done = true;
	event_base_loopbreak(self->base);
}

static void on_guard(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	abandon(context);
}

static void on_signal(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *self = context;
	struct signalfd_siginfo info;

	(void)what;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo != SIGTERM)
			continue;
		if (guard_has_died(self)) {
			abandon(self);
			return;
		}
		if (self->phase == PHASE_STARTING)
			self->end_signal = SIGTERM;
		supervisor_down(self, DOWN_ASKED, -1);
	}
	reap_children(self);
}

static void terminal_died(struct supervisor *self)
{
	int64_t now = clock_monotonic_ms();

	self->listener_gone = self->ended_early = true;
	self->error_type = ERROR_INTERRUPTED;
	self->kill_all_ms = now + LEASH_KILL_ALL_MS;
	self->give_up_ms = now + LEASH_GIVE_UP_MS;
	supervisor_begin_stop(self, LEASH_GRACE_MS);
	supervisor_touch(self);
}

static void on_leash(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *self = context;
	char ignored[64];
	ssize_t got = read(fd, ignored, sizeof ignored);

	(void)what;
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	event_del(self->leash);
	if (!self->detached)
		terminal_died(self);
}

/* ---- Beginning and end ---- */

static int make_loop(struct supervisor *self)
{
	struct event_config *config;

	reserve_for_libevent();
	config = event_config_new();
	if (config == NULL)
		return -ENOMEM;
	/* Millisecond deadlines need a clock that does not jump in steps of four. */
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_IGNORE_ENV);
	self->base = event_base_new_with_config(config);
	event_config_free(config);
	if (self->base == NULL)
		return -ENOMEM;
	self->settle = event_new(self->base, -1, 0, supervisor_on_settle, self);
	self->timer = event_new(self->base, -1, 0, supervisor_on_timer, self);
	return self->settle == NULL || self->timer == NULL ? -ENOMEM : 0;
}

static int watch(struct supervisor *self, int fd, event_callback_fn callback, struct event **event)
{
	*event = event_new(self->base, fd, EV_READ | EV_PERSIST, callback, self);
	return *event == NULL || event_add(*event, NULL) < 0 ? -ENOMEM : 0;
}

static int watch_others(struct supervisor *self)
{
	const struct supervisor_options *options = self->options;
	sigset_t set;
	int rc;

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd < 0)
		return -errno;
	rc = watch(self, self->signal_fd, on_signal, &self->signals);
	if (rc == 0 && options->leash_fd >= 0)
		rc = watch(self, options->leash_fd, on_leash, &self->leash);
	if (rc == 0 && options->guard_fd > 0)
		rc = watch(self, options->guard_fd, on_guard, &self->guard);
	self->detached = options->leash_fd < 0;
	return rc;
}

static int make_environment(struct supervisor *self)
{
	int rc = self->options->environment != NULL ? strmap_merge(&self->environment, self->options->environment) : 0;

	for (size_t i = 0; i < sizeof own_variables / sizeof own_variables[0]; i++)
		strmap_remove(&self->environment, own_variables[i]);
	for (size_t i = 0; i < sizeof starter_variables / sizeof starter_variables[0]; i++)
		strmap_remove(&self->environment, starter_variables[i]);
	return rc;
}

/* Clients report what went wrong; where none can connect, and nothing can be left for them, stderr is the only way to be heard. */
static void say_to_nobody_else(const struct err *err)
{
	char *text = err_is_set(err) ? err_render(err, "upfront") : NULL;

	if (text != NULL)
		fputs(text, stderr);
	free(text);
}

static int open_doors(struct supervisor *self, struct err *err)
{
	char *logs = NULL;
	int rc = make_loop(self);

	if (rc == 0)
		rc = watch_others(self);
	if (rc == 0)
		rc = make_environment(self);
	if (rc < 0) {
		err_set(err, ERR_FAILED, "cannot begin to supervise: %s", strerror(-rc));
		goto out;
	}
	if (self->options->state_dir != NULL) {
		if (asprintf(&logs, "%s/logs", self->options->state_dir) < 0)
			logs = NULL;
		self->output = logs != NULL ? output_create(logs, err) : NULL;
		rc = self->output == NULL ? -EIO : 0;
		if (rc == 0) {
			output_on_trouble(self->output, unit_log_trouble, self);
			(void)output_gather(self->output, self->base);
		}
	}
	if (rc == 0 && self->options->listen_fd >= 0) {
		self->ctl = ctl_create(self->base, self->options->listen_fd, self, err);
		rc = self->ctl == NULL ? -EIO : 0;
	}
	if (rc < 0 && !err_is_set(err))
		err_set(err, ERR_FAILED, "cannot begin to supervise: out of memory");
out:
	free(logs);
	return rc;
}

/* The selection was made on the stack as shown; that of the answer may list its services differently. */
static bool is_selected(const struct supervisor *self, const struct service *service)
{
	const bool *member = self->options->member;
	const struct stack *shown = self->options->stack;

	if (member == NULL)
		return true;
	for (size_t i = 0; i < shown->service_count; i++) {
		if (strcmp(shown->services[i].name, service->name) == 0)
			return member[i];
	}
	return false;
}

static int bring_up(struct supervisor *self, struct err *err)
{
	int rc = telemetry_prepare(self, err);

	if (rc == 0)
		rc = order_make(self->stack, &self->order, NULL, err);
	if (rc == 0)
		rc = units_make(self, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++)
		self->units[i]->member = is_selected(self, unit_service(self->units[i]));
	if (rc == 0)
		rc = units_find_users(self, err);
	if (rc == 0)
		rc = engines_make(self, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < self->unit_count; i++) {
		if (self->units[i]->member)
			unit_step(self->units[i], SVC_WANT_UP);
	}
	supervisor_touch(self);
	return 0;
}

/* Nothing has been started: the clients are told why, and that is all. */
static void give_up_before_the_start(struct supervisor *self)
{
	if (!err_is_set(&self->failure))
		err_set(&self->failure, ERR_INTERNAL, "cannot bring the stack up: out of memory");
	units_finish(self);
	report_failure(self, self->error_type);
	supervisor_set_phase(self, PHASE_STOPPING);
	supervisor_touch(self);
}

/* A detached stack has nobody to tell: whoever looks for it later finds why it is gone. False when nothing could be written. */
static bool keep_last_end(const struct supervisor *self)
{
	const struct err *failure = &self->failure;
	char *path = NULL;
	bool kept = true;

	if (self->options->state_dir == NULL ||
	    asprintf(&path, "%s/%s", self->options->state_dir, SUPERVISOR_LAST_END) < 0)
		return false;
	if (failure->count > 0)
		kept = paths_write_own(path, failure->items[0].message, strlen(failure->items[0].message), NULL) == 0;
	else
		(void)unlink(path);
	free(path);
	return kept;
}

static void finish(struct supervisor *self)
{
	struct event *const events[] = {self->settle, self->timer, self->signals, self->leash, self->guard};
	const bool told = self->ctl != NULL;
	bool kept;

	telemetry_end(self);
	kept = keep_last_end(self);
	engines_destroy(self);
	containers_finish(self);
	/*
	 * Before the clients hear of the end: one that does not read is waited for, and for the terminal the end of its streams is
	 * the sign that nobody sweeps but itself - it would end us in the middle of it.
	 */
	if (self->guard_is_dead) {
		guard_sweep(self->options->socket_path, GUARD_SWEEP_MS);
		containers_sweep_last(self);
	}
	ctl_destroy(self->ctl);
	if (!self->guard_is_dead && self->options->socket_path != NULL)
		unlink(self->options->socket_path);
	units_finish(self);
	telemetry_finish(self);
	if (self->output != NULL)
		output_destroy(self->output);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	if (self->base != NULL)
		event_base_free(self->base);
	starts_finish(self);
	/* Out of descriptors there are some again only now. */
	kept = kept || keep_last_end(self);
	if ((!kept || self->options->listen_fd < 0) && !told)
		say_to_nobody_else(&self->failure);
	generations_finish(self);
	strmap_finish(&self->environment);
	strmap_finish(&self->telemetry_environment);
	strmap_finish(&self->telemetry_before);
	strmap_finish(&self->telemetry_off);
	spawn_users_finish(&self->own_users);
	err_finish(&self->failure);
	free(self->marker);
	free(self->order);
	free(self->failed);
}

static int exit_code(const struct supervisor *self)
{
	if (self->guard_is_dead)
		return ERR_FAILED;
	if (err_is_set(&self->failure))
		return (int)self->failure.code;
	return self->end_signal != 0 ? 128 + self->end_signal : 0;
}

/* A loop that fails costs a turn, not the services; one that goes on failing does not cost the processor either. */
static void turn_loop(struct event_base *base)
{
	if (event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		(void)poll(NULL, 0, LOOP_FAILED_MS);
}

int supervisor_run(const struct supervisor_options *options)
{
	const int64_t now_ms = clock_monotonic_ms();
	struct supervisor self = {.options = options,
				  .signal_fd = -1,
				  .stack = options->stack,
				  .consent = options->consent,
				  .phase = PHASE_STARTING,
				  .started_ms = now_ms,
				  .begin_wall_ms = clock_wall_ms(),
				  .up_after_ms = -1,
				  .failure = ERR_INIT,
				  .error_type = ERROR_OTHER};
	int code;

	self.users = options->users != NULL ? options->users : &self.own_users;
	strmap_init(&self.environment);
	strmap_init(&self.telemetry_environment);
	strmap_init(&self.telemetry_before);
	strmap_init(&self.telemetry_off);
	containers_init(&self);
	if (options->begin_ms > 0)
		self.begin_wall_ms -= now_ms - options->begin_ms;
	starts_read(&self);
	if (open_doors(&self, &self.failure) == 0) {
		if (bring_up(&self, &self.failure) < 0)
			give_up_before_the_start(&self);
		while (!self.done)
			turn_loop(self.base);
		/* What is answered already goes out: a few turns that do not wait. */
		for (int turn = 0; turn < FAREWELL_TURNS && !self.guard_is_dead; turn++)
			(void)event_base_loop(self.base, EVLOOP_NONBLOCK);
	}
	code = exit_code(&self);
	secrets_mask_err(&self.stack->secrets, &self.failure);
	finish(&self);
	return code;
}
