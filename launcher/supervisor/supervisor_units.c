/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "launcher/process/output.h"
#include "launcher/process/probe.h"
#include "launcher/supervisor/supervisor_telemetry.h"
#include "launcher/supervisor/unit_story.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A start for which memory is wanting is tried again for two seconds. */
#define START_AGAIN_MS 50
#define START_TRIES_MAX 40

const struct service *unit_service(const struct unit *self)
{
	return self->leaving ? self->definition : &self->supervisor->stack->services[self->service];
}

void unit_set_why(struct unit *self, const char *why)
{
	char *copy = why != NULL ? strdup(why) : NULL;

	free(self->why);
	self->why = copy;
}

/* ---- Why a unit failed ---- */

static enum telemetry_error start_error_type(const struct err *error)
{
	static const enum telemetry_error types[] = {
		[ERR_CAUSE_OTHER] = ERROR_OTHER,
		[ERR_CAUSE_COMMAND] = ERROR_COMMAND_NOT_FOUND,
		[ERR_CAUSE_EXECUTABLE] = ERROR_NOT_EXECUTABLE,
		[ERR_CAUSE_DIRECTORY] = ERROR_WORKING_DIR,
		[ERR_CAUSE_USER] = ERROR_USER,
		[ERR_CAUSE_MEMORY] = ERROR_OTHER,
		[ERR_CAUSE_ANOTHER] = ERROR_DEPENDENCY_FAILED,
	};

	return types[error->cause];
}

static void describe_probe(const struct probe_spec *probe, const struct secrets *secrets, char *text, size_t size_bytes)
{
	char *masked = NULL;

	switch (probe->kind) {
	case PROBE_HTTP:
		snprintf(text, size_bytes, "http %s", probe->url);
		break;
	case PROBE_TCP:
		snprintf(text, size_bytes, "tcp %s:%d", probe->host, probe->port);
		break;
	case PROBE_UNIX:
		snprintf(text, size_bytes, "unix %s", probe->path);
		break;
	case PROBE_LOG:
		snprintf(text, size_bytes, "a log line that matches '%s'", probe->regex);
		break;
	case PROBE_EXEC:
		masked = secrets_mask(secrets, probe_exec_text(probe));
		snprintf(text, size_bytes, "'%s'", masked != NULL ? masked : probe_exec_text(probe));
		free(masked);
		break;
	default:
		snprintf(text, size_bytes, "%s", probe_kind_name(probe->kind));
		break;
	}
}

void unit_add_reasons(struct err *err, const struct err *why, struct err_place place, const char *name)
{
	for (size_t i = 0; i < why->count; i++) {
		const struct err_item *item = &why->items[i];
		const struct err_place own = {item->file, item->line, item->column};

		if (name != NULL)
			err_at(err, why->code, own.file != NULL ? own : place, "service '%s': %s", name, item->message);
		else
			err_at(err, why->code, own.file != NULL ? own : place, "%s", item->message);
		if (item->hint != NULL)
			err_hint(err, "%s", item->hint);
	}
	if (err_is_set(why))
		err_set_cause(err, why->cause);
}

enum telemetry_error unit_explain(const struct unit *self, struct err *err)
{
	const struct svc *svc = &self->svc;
	const struct err_place place = unit_service(self)->place;
	const char *why = self->why != NULL ? self->why : "no reason is known";
	char probe[256];

	if (err_is_set(&self->start_error)) {
		unit_add_reasons(err, &self->start_error, place, self->name);
		return start_error_type(&self->start_error);
	}
	if (svc->state == SVC_UNHEALTHY && svc_probe(svc)->kind == PROBE_NOTIFY) {
		err_at(err, ERR_FAILED, place, "service '%s' did not get ready: notify: %s", self->name, why);
		return ERROR_UNHEALTHY;
	}
	if (svc->state == SVC_UNHEALTHY && svc_probe(svc)->kind == PROBE_ENGINE) {
		err_at(err, ERR_FAILED, place, "service '%s' did not get ready: its health check: %s", self->name, why);
		return ERROR_UNHEALTHY;
	}
	if (svc->state == SVC_UNHEALTHY) {
		describe_probe(svc_readiness(svc), &self->supervisor->stack->secrets, probe, sizeof probe);
		err_at(err, ERR_FAILED, place, "service '%s' did not get ready: %s: asked %d times, last answer: %s",
		       self->name, probe, svc->probe_attempts, why);
		return ERROR_UNHEALTHY;
	}
	if (!svc->has_exited) {
		err_at(err, ERR_FAILED, place, "service '%s' cannot start: %s", self->name, why);
		return ERROR_DEPENDENCY_FAILED;
	}
	if (svc->restarts > 0 && !svc->gave_up)
		err_at(err, ERR_FAILED, place, "service '%s' failed: %s, after %d restarts", self->name, why,
		       svc->restarts);
	else
		err_at(err, ERR_FAILED, place, "service '%s' failed: %s", self->name, why);
	return svc->last_exit.signaled ? ERROR_SIGNALED : ERROR_EXITED;
}

/* ---- What runs it ---- */

struct svc_policy unit_policy(const struct service *definition)
{
	const bool by_engine = definition->kind == SERVICE_CONTAINER;
	struct svc_policy policy = {.restart = definition->restart, .stop = definition->stop, .by_engine = by_engine};

	/* What a container's health check runs is in the container: nothing that could be asked from this machine. */
	if (by_engine) {
		policy.readiness = &definition->ready;
		policy.has_health = definition->healthcheck.kind != PROBE_NONE;
	} else {
		policy.readiness = service_readiness(definition);
		policy.liveness = service_liveness(definition);
	}
	return policy;
}

/* ---- Probes ---- */

void unit_probe_result(void *context, bool well, const char *detail)
{
	struct unit *unit = context;

	unit_start_probed(&unit->start, supervisor_since_begin_ms(unit->supervisor));
	unit_story_answer(&unit->story, well, detail, clock_wall_ms());
	unit_set_why(unit, detail);
	unit_step(unit, well ? SVC_PROBE_WELL : SVC_PROBE_ILL);
}

/* Nobody asked, so nobody answered: says what was waited for, and how long. */
static void set_why_by_silence(struct unit *self)
{
	const struct svc *svc = &self->svc;
	const char *wanted = svc->was_ready ? "WATCHDOG=1" : "READY=1";
	int64_t waited_ms = svc->was_ready ? svc_probe(svc)->watchdog_ms : clock_monotonic_ms() - svc->started_ms;
	char text[96];

	/* A timer that was late by some milliseconds is not worth telling. */
	if (waited_ms >= 1000)
		snprintf(text, sizeof text, "no %s came within %lld s", wanted, (long long)waited_ms / 1000);
	else
		snprintf(text, sizeof text, "no %s came within %lld ms", wanted, (long long)waited_ms);
	unit_set_why(self, text);
}

static char **make_probe_environment(const struct unit *self)
{
	const struct supervisor *supervisor = self->supervisor;
	char **result = NULL;
	struct strmap map;
	int rc;

	strmap_init(&map);
	/* What is set for a container is not meant for programs of this machine. */
	if (unit_service(self)->kind == SERVICE_CONTAINER) {
		rc = strmap_merge(&map, &supervisor->environment);
		if (rc == 0)
			rc = strmap_merge(&map, &supervisor->telemetry_environment);
	} else {
		rc = service_environment(unit_service(self), &supervisor->environment,
					 &supervisor->telemetry_environment, &map);
	}
	if (rc == 0 && supervisor->options->marker_value != NULL)
		rc = strmap_set(&map, "UPFRONT_STACK", supervisor->options->marker_value);
	if (rc == 0)
		result = strmap_to_environ(&map);
	strmap_finish(&map);
	return result;
}

static void drop_probe(struct unit *self)
{
	probe_destroy(self->probe);
	free(self->probe_environment);
	self->probe = NULL;
	self->probe_environment = NULL;
	self->probe_broken = false;
}

/* A new one for each run: what the last run's output or answers said is no word on this one. */
static void renew_probe(struct unit *self)
{
	const struct service *service = unit_service(self);
	const bool here = service->kind == SERVICE_NATIVE;
	const struct probe_spec *spec = svc_probe(&self->svc);
	struct probe_options options = {.base = self->supervisor->base,
					.spec = spec,
					.cwd = here ? service->working_dir : self->supervisor->stack->dir,
					.user = here ? service->user : NULL,
					.users = self->supervisor->users,
					.result = unit_probe_result,
					.context = self};
	struct err err = ERR_INIT;

	drop_probe(self);
	self->probe_spec = spec;
	if (spec == NULL || spec->kind == PROBE_NOTIFY || spec->kind == PROBE_ENGINE)
		return;
	if (spec->kind == PROBE_EXEC) {
		self->probe_environment = make_probe_environment(self);
		options.environment = self->probe_environment;
	}
	if (spec->kind != PROBE_EXEC || self->probe_environment != NULL)
		self->probe = probe_create(&options, &err);
	if (self->probe == NULL)
		unit_set_why(self, err.count > 0 ? err.items[0].message : "out of memory");
	err_finish(&err);
}

bool units_probe_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (self->units[i]->probe != NULL &&
		    probe_reaped(self->units[i]->probe, pid, how->signaled, how->signaled ? how->signal : how->code))
			return true;
	}
	return false;
}

/* ---- Performing ---- */

bool unit_start_later(struct unit *self)
{
	if (self->start_tries >= START_TRIES_MAX)
		return false;
	self->start_tries++;
	self->start_again_ms = clock_monotonic_ms() + START_AGAIN_MS;
	supervisor_touch(self->supervisor);
	return true;
}

static void start_now(struct unit *self)
{
	const struct probe_spec *spec;

	self->start_again_ms = 0;
	renew_probe(self);
	spec = self->probe_spec;
	/* One that listens must be there before the service says anything. */
	if (spec != NULL && spec->kind == PROBE_LOG && self->probe == NULL && unit_start_later(self))
		return;
	unit_engine_start(self);
}

void unit_begin_run(struct unit *self)
{
	struct supervisor *supervisor = self->supervisor;

	err_finish(&self->start_error);
	err_init(&self->start_error);
	unit_set_why(self, NULL);
	unit_word_forget(&self->word);
	unit_set_progress(self, NULL);
	drop_probe(self);
	unit_start_launched(&self->start, supervisor_since_begin_ms(supervisor));
	if (supervisor->output != NULL)
		output_begin(supervisor->output, self->id, clock_wall_ms());
	self->modes = (struct terminal_modes){0};
}

static void perform_start(struct unit *self)
{
	unit_begin_run(self);
	self->start_tries = 0;
	start_now(self);
}

static void perform(struct unit *self, const struct svc_effects *effects)
{
	if (effects->silent)
		set_why_by_silence(self);
	if (effects->stop_probe && self->probe != NULL)
		probe_cancel(self->probe);
	if (effects->stop)
		(void)unit_engine_stop(self, effects->signal, effects->grace_ms);
	else if (effects->signal != 0)
		(void)unit_engine_signal(self, effects->signal);
	if (effects->kill)
		unit_engine_kill(self);
	if (effects->start)
		perform_start(self);
	/* One that could not be made, for want of memory, is tried again when it is due next. */
	if (effects->probe && (self->probe == NULL || self->probe_spec != svc_probe(&self->svc)))
		renew_probe(self);
	if (effects->probe && self->probe != NULL)
		probe_attempt(self->probe);
	else if (effects->probe)
		self->probe_broken = true;
}

static void note_change(struct unit *self, enum svc_state before)
{
	const int limit = self->svc.policy.restart.limit;
	char why[512];

	self->changed_ms = clock_wall_ms();
	unit_start_changed(&self->start, &self->svc, supervisor_since_begin_ms(self->supervisor));
	/* Restarted for ill health: decided at the probe's answer, and begun now. */
	if (before == SVC_UNHEALTHY && self->svc.state == SVC_STOPPING && self->svc.restart_wanted)
		self->takes_along = true;
	if (self->svc.state != SVC_FAILED || !self->svc.gave_up)
		return;
	snprintf(why, sizeof why, "gave up after %d restart%s: %s", limit, limit == 1 ? "" : "s",
		 self->why != NULL ? self->why : "no reason is known");
	unit_set_why(self, why);
}

void unit_step_event(struct unit *self, const struct svc_event *event)
{
	const enum svc_state before = self->svc.state;
	struct svc_effects effects = svc_step(&self->svc, event, clock_monotonic_ms());

	/* What its probe has answered is no reason to end. */
	if (effects.stop && (before == SVC_READY || before == SVC_STARTING))
		unit_set_why(self, NULL);
	if (effects.changed)
		note_change(self, before);
	perform(self, &effects);
	if (effects.changed) {
		/* Whoever hears of it and looks at the log files finds what was written before. */
		if (self->supervisor->output != NULL)
			output_flush(self->supervisor->output);
		supervisor_changed(self->supervisor, self->id);
	}
	supervisor_touch(self->supervisor);
}

void unit_step(struct unit *self, enum svc_event_kind kind)
{
	unit_step_event(self, &(struct svc_event){.kind = kind});
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0)
		return a_ms + b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

int64_t units_deadline(const struct supervisor *self)
{
	int64_t earliest = 0;

	for (size_t i = 0; i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		earliest = earlier(earliest, earlier(svc_deadline(&unit->svc), unit->start_again_ms));
	}
	return earliest;
}

/* Unless it is to stop by now: then there is nothing to start any more. */
static void start_again(struct unit *self)
{
	if (self->svc.state == SVC_STARTING) {
		start_now(self);
		return;
	}
	self->start_again_ms = 0;
	unit_step(self, SVC_START_FAILED);
}

void units_timer(struct supervisor *self)
{
	int64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];
		int64_t deadline = svc_deadline(&unit->svc);

		if (deadline != 0 && deadline <= now)
			unit_step(unit, SVC_TIMER);
		if (unit->start_again_ms != 0 && unit->start_again_ms <= now)
			start_again(unit);
	}
}

/* ---- Renewing ---- */

void unit_renew(struct unit *self)
{
	struct generation *current = self->supervisor->generation;
	const struct service *before = self->definition;
	struct svc_policy policy;

	free(self->needs);
	self->needs = NULL;
	self->need_count = 0;
	if (self->generation == current || self->leaving)
		return;
	drop_probe(self);
	self->probe_spec = NULL;
	/* What it was before another engine drives it, the one before need not keep. */
	if (before->kind != unit_service(self)->kind)
		unit_engine_forget(self);
	generation_release(self->generation);
	self->generation = current;
	current->references++;
	self->definition = unit_service(self);
	policy = unit_policy(self->definition);
	policy.one_shot = self->svc.policy.one_shot;
	svc_renew(&self->svc, &policy);
	if (self->supervisor->output != NULL)
		output_set_limits(self->supervisor->output, self->id, self->definition->log_max_size_bytes,
				  self->definition->log_max_files);
}

void unit_finish(struct unit *self)
{
	drop_probe(self);
	err_finish(&self->start_error);
	generation_release(self->generation);
	free(self->needs);
	free(self->name);
	free(self->why);
	free(self->container);
	free(self->progress.text);
	unit_word_forget(&self->word);
	unit_story_destroy(self->story);
}

/* ---- Users ---- */

int supervisor_note_user(struct spawn_users *users, const struct service *service, struct err *err)
{
	const struct spawn_user *user;
	struct err trouble = ERR_INIT;
	int rc;

	if (service->user == NULL || service->kind == SERVICE_CONTAINER)
		return 0;
	rc = spawn_users_get(users, service->user, &user, &trouble);
	if (rc < 0)
		unit_add_reasons(err, &trouble, service->place, service->name);
	err_finish(&trouble);
	return rc;
}

int units_find_users(struct supervisor *self, struct err *err)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];
		int rc = supervisor_note_user(self->users, unit_service(unit), unit->member ? err : NULL);

		if (rc < 0 && unit->member)
			return rc;
	}
	return 0;
}
