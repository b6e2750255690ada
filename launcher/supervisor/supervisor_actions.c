/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/stack.h"
#include "launcher/supervisor/order.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- What can be seen ---- */

const char *stack_phase_name(enum stack_phase phase)
{
	static const char *const names[] = {
#define PHASE_NAME(name, text) [name] = text,
		STACK_PHASES(PHASE_NAME)
#undef PHASE_NAME
	};

	return (size_t)phase < sizeof names / sizeof names[0] ? names[phase] : "unknown";
}

size_t supervisor_unit_count(const struct supervisor *self)
{
	return self->unit_count;
}

void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit)
{
	const struct unit *from = &self->units[index];

	*unit = (struct supervisor_unit){.id = from->id,
					 .name = from->name,
					 .service = unit_service(from),
					 .replica = from->replica,
					 .svc = &from->svc,
					 .pid = from->pid,
					 .why = from->why,
					 .changed_ms = from->changed_ms};
}

const struct stack *supervisor_stack(const struct supervisor *self)
{
	return self->stack;
}

const struct consent_decision *supervisor_consent(const struct supervisor *self)
{
	return &self->consent;
}

const struct strmap *supervisor_telemetry_environment(const struct supervisor *self)
{
	return &self->telemetry_environment;
}

enum stack_phase supervisor_phase(const struct supervisor *self)
{
	return self->phase;
}

const struct err *supervisor_failure(const struct supervisor *self)
{
	return err_is_set(&self->failure) ? &self->failure : NULL;
}

const char *supervisor_failed_unit(const struct supervisor *self)
{
	return self->failed != NULL ? self->failed->name : NULL;
}

struct output *supervisor_output(struct supervisor *self)
{
	return self->output;
}

void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context)
{
	self->observer = observer;
	self->observer_context = context;
}

void supervisor_told(struct supervisor *self)
{
	if (self->phase != PHASE_OVER)
		return;
	self->listener_gone = true;
	supervisor_touch(self);
}

/* ---- Which units are meant ---- */

/* Beside the services that are named: none, those they need, or those that need them. */
enum spread { SPREAD_NONE, SPREAD_NEEDS, SPREAD_DEPENDENTS };

struct selection {
	bool *units; /* what is meant */
	bool *named; /* what was named itself */
};

static void selection_finish(struct selection *self)
{
	free(self->units);
	free(self->named);
}

/* A single replica is meant by its own name, "web-2"; the first one bears its service's. */
static const struct unit *find_replica(const struct supervisor *self, const char *name)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (self->units[i].replica > 1 && strcmp(self->units[i].name, name) == 0)
			return &self->units[i];
	}
	return NULL;
}

static int add_services(const struct supervisor *self, const char *const *names, enum spread spread, bool *units,
			struct err *err)
{
	bool *services = calloc(self->stack->service_count + 1, sizeof *services);
	int rc;

	if (services == NULL)
		return err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
	if (spread == SPREAD_DEPENDENTS)
		rc = order_dependents(self->stack, names, services, err);
	else
		rc = order_select(self->stack, names, spread == SPREAD_NONE, services, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++)
		units[i] = units[i] || services[self->units[i].service];
	free(services);
	return rc;
}

/* No names: all. The caller finishes the selection, also after an error. */
static int selection_make(struct selection *selection, const struct supervisor *self, const char *const *names,
			  enum spread spread, struct err *err)
{
	size_t count = 0, left = 0;
	const char **services;
	int rc = 0;

	while (names != NULL && names[count] != NULL)
		count++;
	services = calloc(count + 1, sizeof *services);
	*selection = (struct selection){calloc(self->unit_count + 1, sizeof(bool)),
					calloc(self->unit_count + 1, sizeof(bool))};
	if (services == NULL || selection->units == NULL || selection->named == NULL) {
		free(services);
		return err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		const struct unit *replica =
			stack_find_service(self->stack, names[i]) == NULL ? find_replica(self, names[i]) : NULL;

		if (replica != NULL)
			selection->units[replica->id] = selection->named[replica->id] = true;
		else
			services[left++] = names[i];
	}
	if (count == 0 || left > 0) {
		rc = add_services(self, services, SPREAD_NONE, selection->named, err);
		if (rc == 0)
			rc = add_services(self, services, spread, selection->units, err);
	}
	free(services);
	return rc;
}

/* ---- Actions ---- */

static int refuse_when_ending(const struct supervisor *self, struct err *err)
{
	if (self->phase == PHASE_STARTING || self->phase == PHASE_UP)
		return 0;
	return err_set(err, ERR_NOT_RUNNING, "the stack is being taken down");
}

static bool has_ended(const struct unit *unit)
{
	return unit->svc.state == SVC_STOPPED || unit->svc.state == SVC_FAILED || unit->svc.state == SVC_COMPLETED;
}

int supervisor_start(struct supervisor *self, const char *const *names, bool alone, struct err *err)
{
	struct selection selection = {0};
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = selection_make(&selection, self, names, alone ? SPREAD_NONE : SPREAD_NEEDS, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		if (!selection.units[i])
			continue;
		/* A job that is only needed by what was named has done its work. */
		if (!selection.named[i] && unit->svc.state == SVC_COMPLETED)
			continue;
		unit->member = true;
		unit->ask = ASK_NOTHING;
		if (has_ended(unit) || !unit->svc.wanted || unit->svc.state == SVC_BACKOFF)
			unit_step(unit, SVC_WANT_UP);
	}
	selection_finish(&selection);
	return rc;
}

int supervisor_stop(struct supervisor *self, const char *const *names, struct err *err)
{
	struct selection selection = {0};
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = selection_make(&selection, self, names, SPREAD_DEPENDENTS, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		if (selection.units[i] && (unit->svc.state != SVC_STOPPING || unit->svc.wanted))
			unit->ask = ASK_STOP;
	}
	if (rc == 0)
		supervisor_touch(self);
	selection_finish(&selection);
	return rc;
}

/* True when one of the marked units belongs to a service that this one wants to be restarted with. */
static bool goes_along(const struct supervisor *self, const struct unit *unit, const bool *marked)
{
	const struct service *service = unit_service(unit);

	for (size_t d = 0; d < service->depends_on_count; d++) {
		size_t index = service->depends_on[d].index;

		if (index >= self->stack->service_count || !service->depends_on[d].restart)
			continue;
		for (size_t u = self->first_unit[index]; u < self->first_unit[index + 1]; u++) {
			if (marked[u])
				return true;
		}
	}
	return false;
}

/* Dependencies come first in the order, so once through it reaches all that go along. */
static void spread_restart(const struct supervisor *self, bool *marked)
{
	for (size_t i = 0; self->unit_count > 0 && i < self->stack->service_count; i++) {
		size_t index = self->order[i];

		for (size_t u = self->first_unit[index]; u < self->first_unit[index + 1]; u++) {
			if (!marked[u] && !has_ended(&self->units[u]))
				marked[u] = goes_along(self, &self->units[u], marked);
		}
	}
}

int supervisor_restart(struct supervisor *self, const char *const *names, struct err *err)
{
	bool all = names == NULL || names[0] == NULL;
	struct selection selection = {0};
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = selection_make(&selection, self, names, SPREAD_NONE, err);
	if (rc == 0)
		spread_restart(self, selection.units);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		/* "All" means what runs: jobs that are done, and services nobody started, are not dragged in. */
		if (!selection.units[i] || (all && has_ended(unit)))
			continue;
		unit->member = true;
		unit->ask = ASK_RESTART;
	}
	if (rc == 0)
		supervisor_touch(self);
	selection_finish(&selection);
	return rc;
}

int supervisor_signal(struct supervisor *self, const char *const *names, int signal, struct err *err)
{
	struct selection selection = {0};
	bool reached = false;
	int rc;

	if (signal <= 0 || signal >= NSIG)
		return err_set(err, ERR_USAGE, "no such signal: %d", signal);
	rc = selection_make(&selection, self, names, SPREAD_NONE, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		if (selection.units[i] && self->engine_ops->signal(self->engine, self->units[i].id, signal) == 0)
			reached = true;
	}
	selection_finish(&selection);
	if (rc == 0 && !reached)
		rc = err_set(err, ERR_FAILED, "nothing to signal: none of these services is running");
	return rc;
}

void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms)
{
	if (self->phase == PHASE_STARTING && !err_is_set(&self->failure))
		report_failure(self, reason == DOWN_TIMED_OUT ? ERROR_START_TIMEOUT : ERROR_STOPPED);
	supervisor_begin_stop(self, grace_limit_ms);
}

void supervisor_detach(struct supervisor *self)
{
	self->detached = true;
	if (self->leash != NULL)
		event_del(self->leash);
}

uint64_t supervisor_telemetry_dropped(const struct supervisor *self)
{
	return report_dropped(self);
}

void supervisor_withdraw(struct supervisor *self)
{
	report_withdraw(self);
	if (self->consent.state != CONSENT_ON)
		return;
	self->consent.state = CONSENT_OFF;
	self->consent.reason = CONSENT_BY_ANSWER;
	supervisor_changed(self, SIZE_MAX);
}
