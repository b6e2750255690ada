/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/supervisor/order.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which units are meant ---- */

/* Beside the services that are named: none, those they need, or those that need them. */
enum spread { SPREAD_NONE, SPREAD_NEEDS, SPREAD_DEPENDENTS };

/* By id. */
struct selection {
	bool *units; /* what is meant */
	bool *named; /* what was named itself */
	struct unit **acted; /* what is acted on, in this order; ends with NULL */
	size_t acted_count;
};

static void selection_finish(struct selection *self)
{
	free(self->units);
	free(self->named);
	free(self->acted);
}

/* A single replica is meant by its own name, "web-2"; the first one bears its service's. */
static const struct unit *find_replica(const struct supervisor *self, const char *name)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		if (unit->replica > 1 && !unit->leaving && strcmp(unit->name, name) == 0)
			return unit;
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
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		units[unit->id] = units[unit->id] || (!unit->leaving && services[unit->service]);
	}
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
	*selection =
		(struct selection){calloc(self->id_limit + 1, sizeof(bool)), calloc(self->id_limit + 1, sizeof(bool)),
				   calloc(self->unit_count + 1, sizeof(struct unit *)), 0};
	if (services == NULL || selection->units == NULL || selection->named == NULL || selection->acted == NULL) {
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

static void act_on(struct selection *self, struct unit *unit)
{
	self->acted[self->acted_count++] = unit;
}

/* The names of what is acted on go to who asked. */
static int tell_names(const struct selection *self, const char ***names, struct err *err)
{
	if (names == NULL)
		return 0;
	*names = calloc(self->acted_count + 1, sizeof **names);
	if (*names == NULL)
		return err_set(err, ERR_INTERNAL, "cannot name the services: out of memory");
	for (size_t i = 0; i < self->acted_count; i++)
		(*names)[i] = self->acted[i]->name;
	return 0;
}

/* ---- Actions ---- */

int supervisor_refuse_when_ending(const struct supervisor *self, struct err *err)
{
	if (self->phase == PHASE_STARTING || self->phase == PHASE_UP)
		return 0;
	return err_set(err, ERR_NOT_RUNNING, "the stack is being taken down");
}

static bool is_to_be_started(const struct unit *unit)
{
	return unit_has_ended(unit) || !unit->svc.wanted || unit->svc.state == SVC_BACKOFF || unit->ask == ASK_STOP;
}

/* Units of the sets in the order of a start, or backwards in that of a stop. */
static struct unit **units_in_order(const struct supervisor *self, bool backwards, size_t *count)
{
	struct unit **list = calloc(self->unit_count + 1, sizeof(struct unit *));
	size_t services = self->stack->service_count;

	*count = 0;
	for (size_t i = 0; list != NULL && self->unit_count > 0 && i < services; i++) {
		const struct unit_set *set = &self->sets[self->order[backwards ? services - 1 - i : i]];

		for (size_t u = 0; u < set->count; u++)
			list[(*count)++] = set->units[backwards ? set->count - 1 - u : u];
	}
	return list;
}

static int begin(struct supervisor *self, const struct supervisor_request *request, enum spread spread,
		 struct selection *selection, struct err *err)
{
	int rc = supervisor_refuse_when_ending(self, err);

	if (rc == 0)
		rc = selection_make(selection, self, request->names, request->alone ? SPREAD_NONE : spread, err);
	return rc;
}

int supervisor_start(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		     struct err *err)
{
	struct selection selection = {0};
	struct unit **list = NULL;
	size_t count = 0;
	int rc = begin(self, request, SPREAD_NEEDS, &selection, err);

	if (rc == 0 && (list = units_in_order(self, false, &count)) == NULL)
		rc = err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (selection.units[list[i]->id] && is_to_be_started(list[i]))
			rc = containers_check(self, unit_service(list[i]), err);
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		/* A job that is only needed by what was named has done its work. */
		if (!selection.units[list[i]->id] ||
		    (!selection.named[list[i]->id] && list[i]->svc.state == SVC_COMPLETED))
			continue;
		if (is_to_be_started(list[i]))
			act_on(&selection, list[i]);
		if (request->dry_run)
			continue;
		/* What the start under way did not ask for cannot make it fail. */
		if (is_to_be_started(list[i]))
			list[i]->by_reload = !list[i]->member && self->phase == PHASE_STARTING;
		list[i]->member = true;
		list[i]->ask = ASK_NOTHING;
	}
	if (rc == 0)
		rc = tell_names(&selection, names, err);
	for (size_t i = 0; rc == 0 && !request->dry_run && i < selection.acted_count; i++)
		unit_step(selection.acted[i], SVC_WANT_UP);
	free(list);
	selection_finish(&selection);
	return rc;
}

static void ask(struct unit *unit, enum unit_ask what, int64_t grace_limit_ms)
{
	unit->ask = what;
	unit->ask_limit_ms = grace_limit_ms;
}

int supervisor_stop(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		    struct err *err)
{
	struct selection selection = {0};
	struct unit **list = NULL;
	size_t count = 0;
	int rc = begin(self, request, SPREAD_DEPENDENTS, &selection, err);

	if (rc == 0 && (list = units_in_order(self, true, &count)) == NULL)
		rc = err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (selection.units[list[i]->id] && !unit_has_ended(list[i]))
			act_on(&selection, list[i]);
	}
	if (rc == 0)
		rc = tell_names(&selection, names, err);
	for (size_t i = 0; rc == 0 && !request->dry_run && i < count; i++) {
		/* One on its way down for good already is not asked again: that would only hold its dependencies up. */
		if (selection.units[list[i]->id] && (list[i]->svc.state != SVC_STOPPING || list[i]->svc.wanted))
			ask(list[i], ASK_STOP, request->grace_limit_ms);
		else if (selection.units[list[i]->id])
			svc_limit_stop(&list[i]->svc, request->grace_limit_ms, clock_monotonic_ms());
	}
	if (rc == 0)
		supervisor_touch(self);
	free(list);
	selection_finish(&selection);
	return rc;
}

int supervisor_restart(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		       struct err *err)
{
	bool all = request->names == NULL || request->names[0] == NULL;
	struct selection selection = {0};
	struct unit **list = NULL;
	size_t count = 0;
	int rc = begin(self, request, SPREAD_NONE, &selection, err);

	if (rc == 0 && (list = units_in_order(self, true, &count)) == NULL)
		rc = err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
	if (rc == 0 && !request->alone)
		deps_spread_restart(self, selection.units);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		/* "All" means what runs: jobs that are done, and services nobody started, are not dragged in. */
		if (selection.units[list[i]->id] && !(all && unit_has_ended(list[i])))
			act_on(&selection, list[i]);
	}
	if (rc == 0)
		rc = tell_names(&selection, names, err);
	for (size_t i = 0; rc == 0 && !request->dry_run && i < selection.acted_count; i++) {
		selection.acted[i]->member = true;
		selection.acted[i]->by_reload = false;
		ask(selection.acted[i], ASK_RESTART, request->grace_limit_ms);
	}
	if (rc == 0)
		supervisor_touch(self);
	free(list);
	selection_finish(&selection);
	return rc;
}

int supervisor_signal(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		      struct err *err)
{
	struct selection selection = {0};
	int result, rc;

	if (request->signal <= 0 || request->signal >= NSIG)
		return err_set(err, ERR_USAGE, "no such signal: %d", request->signal);
	rc = selection_make(&selection, self, request->names, SPREAD_NONE, err);
	for (size_t i = 0; rc == 0 && i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		if (!selection.units[unit->id] || (!unit->svc.has_process && !unit->svc.has_leftovers))
			continue;
		result = request->dry_run ? 0 : unit_engine_signal(unit, request->signal);
		if (result == 0)
			act_on(&selection, unit);
		else if (result == -EAGAIN && selection.acted_count == 0)
			rc = err_set(err, ERR_FAILED, "cannot signal '%s': the container engine cannot be reached",
				     unit->name);
	}
	if (rc == 0 && selection.acted_count == 0)
		rc = err_set(err, ERR_FAILED, "nothing to signal: none of these services is running");
	if (rc == 0)
		rc = tell_names(&selection, names, err);
	selection_finish(&selection);
	return rc;
}

/* ---- Scale ---- */

static int check_scale(const struct supervisor *self, const struct service *service, size_t replicas, struct err *err)
{
	size_t *counts;
	int rc = containers_check(self, service, err);

	if (rc < 0)
		return rc;
	counts = calloc(self->stack->service_count + 1, sizeof *counts);
	if (counts == NULL)
		return err_set(err, ERR_INTERNAL, "cannot scale '%s': out of memory", service->name);
	for (size_t i = 0; i < self->stack->service_count; i++)
		counts[i] = self->sets[i].count;
	counts[service - self->stack->services] = replicas;
	if (units_check_count(self->stack, counts, NULL) < 0)
		rc = err_set(err, ERR_CONFIG, "cannot run %zu replicas of '%s': a stack has at most %u processes",
			     replicas, service->name, UNITS_MAX);
	else
		rc = supervisor_note_user(self->users, service, err);
	free(counts);
	return rc;
}

/* Adds what is missing; when one cannot be made, none is. */
static int scale_up(struct supervisor *self, size_t index, size_t replicas, struct err *err)
{
	const struct service *service = &self->stack->services[index];
	struct unit_set *set = &self->sets[index];
	size_t before = set->count;
	int rc = units_reserve(self, replicas - before) < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;

	for (size_t r = before; rc == 0 && r < replicas; r++) {
		struct unit *unit;

		rc = unit_add(self, service, self->generation, (int)r + 1, &unit, err);
		if (rc == 0 && unit_set_append(set, unit) < 0) {
			unit_take_back(unit);
			rc = err_set(err, ERR_INTERNAL, "cannot scale '%s': out of memory", service->name);
		}
	}
	if (rc < 0) {
		while (set->count > before)
			unit_take_back(set->units[--set->count]);
		return rc;
	}
	for (size_t r = before; r < replicas; r++)
		unit_settle_in(set->units[r], index);
	units_list(self);
	for (size_t r = before; r < replicas; r++)
		unit_bring_up(set->units[r]);
	return 0;
}

static void scale_down(struct supervisor *self, size_t index, size_t replicas, int64_t grace_limit_ms)
{
	struct unit_set *set = &self->sets[index];

	while (set->count > replicas) {
		unit_leave(set->units[set->count - 1], grace_limit_ms);
		set->count--;
	}
	units_list(self);
	supervisor_touch(self);
}

int supervisor_scale(struct supervisor *self, const char *name, size_t replicas, int64_t grace_limit_ms,
		     struct err *err)
{
	const char *const names[] = {name, NULL};
	const struct service *service = stack_find_service(self->stack, name);
	size_t index;
	int rc = supervisor_refuse_when_ending(self, err);

	if (rc < 0)
		return rc;
	if (service == NULL)
		return order_select(self->stack, names, true, NULL, err); /* which says what is near */
	rc = check_scale(self, service, replicas, err);
	if (rc < 0)
		return rc;
	index = (size_t)(service - self->stack->services);
	self->has_scaled = true;
	if (replicas > self->sets[index].count)
		return scale_up(self, index, replicas, err);
	scale_down(self, index, replicas, grace_limit_ms);
	return 0;
}

/* ---- The stack ---- */

/* What a person has looked at, and not mended, is why it did not come up. */
static enum telemetry_error why_not_up(const struct supervisor *self)
{
	for (size_t i = 0; self->options->watched && i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];
		struct err why = ERR_INIT;

		if (unit->member && unit_is_hopeless(unit) && !unit_is_optional(unit)) {
			enum telemetry_error error = unit_explain(unit, &why);

			err_finish(&why);
			return error;
		}
	}
	return ERROR_STOPPED;
}

void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms)
{
	if (self->phase == PHASE_STARTING && !err_is_set(&self->failure)) {
		self->ended_early = true;
		self->error_type = reason == DOWN_TIMED_OUT ? ERROR_START_TIMEOUT : why_not_up(self);
		report_failure(self, self->error_type);
	}
	supervisor_begin_stop(self, grace_limit_ms);
}

void supervisor_detach(struct supervisor *self)
{
	self->detached = true;
	if (self->leash != NULL)
		event_del(self->leash);
}

void supervisor_withdraw(struct supervisor *self, enum consent_reason reason)
{
	const bool was_on = self->consent.state == CONSENT_ON;

	withdraw_begin(self, reason);
	if (was_on)
		supervisor_changed(self, SIZE_MAX);
}
