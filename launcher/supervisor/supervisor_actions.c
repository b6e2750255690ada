/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/stack.h"
#include "launcher/supervisor/order.h"
#include "telemetry/catalog.h"

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

/*
 * Marks the units of the named services; a single replica is meant by its own name ("web-2"). `spread` is the services' selection:
 * order_select or order_dependents, or NULL for the named alone. No names: all.
 */
enum spread { SPREAD_NONE, SPREAD_NEEDS, SPREAD_DEPENDENTS };

static struct unit *find_replica(const struct supervisor *self, const char *name)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (self->units[i].replica > 1 && strcmp(self->units[i].name, name) == 0)
			return &self->units[i];
	}
	return NULL;
}

static int mark_services(const struct supervisor *self, const char *const *names, enum spread spread, bool *services,
			 struct err *err)
{
	if (spread == SPREAD_DEPENDENTS)
		return order_dependents(self->stack, names, services, err);
	return order_select(self->stack, names, spread == SPREAD_NONE, services, err);
}

/* *units: one entry a unit, the caller frees. *named likewise: those that were named themselves (may be NULL). */
static int mark_units(const struct supervisor *self, const char *const *names, enum spread spread, bool **units,
		      bool **named, struct err *err)
{
	bool all = names == NULL || names[0] == NULL;
	size_t count = 0, services_count = 0;
	const char **services_named;
	bool *services, *spread_services, *result, *own;
	int rc = -ENOMEM;

	while (!all && names[count] != NULL)
		count++;
	services_named = calloc(count + 1, sizeof *services_named);
	services = calloc(self->stack->service_count + 1, sizeof *services);
	spread_services = calloc(self->stack->service_count + 1, sizeof *spread_services);
	result = calloc(self->unit_count + 1, sizeof *result);
	own = calloc(self->unit_count + 1, sizeof *own);
	if (services_named == NULL || services == NULL || spread_services == NULL || result == NULL || own == NULL) {
		err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		struct unit *replica =
			stack_find_service(self->stack, names[i]) == NULL ? find_replica(self, names[i]) : NULL;

		if (replica != NULL)
			result[replica->id] = own[replica->id] = true;
		else
			services_named[services_count++] = names[i];
	}
	rc = 0;
	if (all || services_count > 0) {
		rc = mark_services(self, services_named, SPREAD_NONE, services, err);
		if (rc == 0)
			rc = mark_services(self, services_named, spread, spread_services, err);
	}
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		own[i] = own[i] || services[self->units[i].service];
		result[i] = result[i] || spread_services[self->units[i].service];
	}
out:
	free(services_named);
	free(services);
	free(spread_services);
	if (rc == 0) {
		*units = result;
		result = NULL;
		if (named != NULL) {
			*named = own;
			own = NULL;
		}
	}
	free(result);
	free(own);
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
	bool *units = NULL, *named = NULL;
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = mark_units(self, names, alone ? SPREAD_NONE : SPREAD_NEEDS, &units, &named, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		if (!units[i])
			continue;
		/* A job that is only needed by what was named has done its work. */
		if (!named[i] && unit->svc.state == SVC_COMPLETED)
			continue;
		unit->member = true;
		unit->ask = ASK_NOTHING;
		if (has_ended(unit) || !unit->svc.wanted || unit->svc.state == SVC_BACKOFF)
			unit_step(unit, SVC_WANT_UP);
	}
	free(units);
	free(named);
	return rc;
}

int supervisor_stop(struct supervisor *self, const char *const *names, struct err *err)
{
	bool *units = NULL;
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = mark_units(self, names, SPREAD_DEPENDENTS, &units, NULL, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		if (units[i] && (self->units[i].svc.state != SVC_STOPPING || self->units[i].svc.wanted))
			self->units[i].ask = ASK_STOP;
	}
	if (rc == 0)
		supervisor_touch(self);
	free(units);
	return rc;
}

/* Those that declare `restart: true` on a dependency go with it, and so on. */
static void spread_restart(const struct supervisor *self, bool *units)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < self->unit_count; i++) {
			const struct service *service = unit_service(&self->units[i]);

			if (units[i] || has_ended(&self->units[i]))
				continue;
			for (size_t d = 0; d < service->depends_on_count && !units[i]; d++) {
				size_t index = service->depends_on[d].index;

				if (index >= self->stack->service_count || !service->depends_on[d].restart)
					continue;
				for (size_t u = self->first_unit[index]; u < self->first_unit[index + 1]; u++)
					units[i] = units[i] || units[u];
			}
			more = more || units[i];
		}
	}
}

int supervisor_restart(struct supervisor *self, const char *const *names, struct err *err)
{
	bool all = names == NULL || names[0] == NULL;
	bool *units = NULL;
	int rc = refuse_when_ending(self, err);

	if (rc == 0)
		rc = mark_units(self, names, SPREAD_NONE, &units, NULL, err);
	if (rc == 0)
		spread_restart(self, units);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		/* "All" means what runs: jobs that are done, and services nobody started, are not dragged in. */
		if (!units[i] || (all && has_ended(unit)))
			continue;
		unit->member = true;
		unit->ask = ASK_RESTART;
	}
	if (rc == 0)
		supervisor_touch(self);
	free(units);
	return rc;
}

int supervisor_signal(struct supervisor *self, const char *const *names, int signal, struct err *err)
{
	bool *units = NULL, reached = false;
	int rc;

	if (signal <= 0 || signal >= NSIG)
		return err_set(err, ERR_USAGE, "no such signal: %d", signal);
	rc = mark_units(self, names, SPREAD_NONE, &units, NULL, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < self->unit_count; i++) {
		if (units[i] && self->engine_ops->signal(self->engine, self->units[i].id, signal) == 0)
			reached = true;
	}
	free(units);
	return reached ? 0 : err_set(err, ERR_FAILED, "nothing to signal: none of these services is running");
}

void supervisor_down(struct supervisor *self, int64_t grace_limit_ms)
{
	if (self->phase == PHASE_STARTING && !err_is_set(&self->failure))
		report_failure(self, catalog_error_type_name(ERROR_STOPPED));
	supervisor_begin_stop(self, grace_limit_ms);
}

void supervisor_detach(struct supervisor *self)
{
	self->detached = true;
	if (self->leash != NULL)
		event_del(self->leash);
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
