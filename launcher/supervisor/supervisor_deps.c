/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"

#include <stdio.h>
#include <stdlib.h>

bool unit_is_hopeless(const struct unit *self)
{
	if (self->svc.state == SVC_FAILED)
		return true;
	if (self->svc.state == SVC_UNHEALTHY && !self->svc.was_ready)
		return true;
	/* A program that is not there will not come by trying again, whatever the restart policy. */
	return !self->ever_started && self->start_error.code == ERR_MISSING;
}

bool unit_is_optional(const struct unit *self)
{
	const struct supervisor *supervisor = self->supervisor;
	bool found = false;

	for (size_t i = 0; i < supervisor->unit_count; i++) {
		const struct unit *other = supervisor->units[i];
		const struct service *service = unit_service(other);

		for (size_t d = 0; other->member && !other->leaving && d < service->depends_on_count; d++) {
			if (service->depends_on[d].index != self->service)
				continue;
			if (service->depends_on[d].required)
				return false;
			found = true;
		}
	}
	return found;
}

enum verdict { NOT_YET, HOLDS, NEVER };

/*
 * Between containers the Compose program sees to it, in the one call that names both: it is enough that the other was asked to start.
 */
static bool is_asked_for(const struct unit *unit)
{
	switch (unit->svc.state) {
	case SVC_STARTING:
	case SVC_RUNNING:
	case SVC_READY:
	case SVC_UNHEALTHY:
	case SVC_BACKOFF:
	case SVC_COMPLETED:
		return true;
	default:
		return false;
	}
}

static bool is_as_needed(const struct service *dependent, const struct unit *unit, const struct dependency *dependency)
{
	if (dependent->kind == SERVICE_CONTAINER && unit_service(unit)->kind == SERVICE_CONTAINER)
		return is_asked_for(unit);
	return svc_satisfies(&unit->svc, dependency->condition);
}

/*
 * One replica of what is depended on. A service outside of what runs (`--no-deps`, an inactive selection) is nobody's to wait for;
 * one that is to be stopped or restarted is as good as gone already.
 */
static enum verdict judge_unit(const struct service *dependent, const struct unit *unit,
			       const struct dependency *dependency)
{
	if (!unit->member)
		return HOLDS;
	if (unit->ask != ASK_NOTHING)
		return NOT_YET;
	if (is_as_needed(dependent, unit, dependency))
		return HOLDS;
	if (!dependency->required && unit_is_hopeless(unit))
		return HOLDS;
	if (!svc_never_will(&unit->svc, dependency->condition))
		return NOT_YET;
	if (!dependency->required)
		return HOLDS;
	return unit->supervisor->options->watched ? NOT_YET : NEVER;
}

static const char *broken_promise(enum depend_condition condition)
{
	switch (condition) {
	case DEPEND_HEALTHY:
		return "will not get healthy";
	case DEPEND_COMPLETED:
		return "did not complete successfully";
	case DEPEND_STARTED:
		break;
	}
	return "does not run";
}

/* Not yet: *awaited is the first that is not as it is needed. */
static enum verdict judge(struct unit *self, unsigned *awaited)
{
	struct supervisor *supervisor = self->supervisor;
	const struct service *service = unit_service(self);
	enum verdict verdict = HOLDS;

	for (size_t d = 0; d < service->depends_on_count; d++) {
		const struct dependency *dependency = &service->depends_on[d];
		size_t index = dependency->index;

		if (index >= supervisor->stack->service_count)
			continue;
		for (size_t u = 0; u < supervisor->sets[index].count; u++) {
			const struct unit *other = supervisor->sets[index].units[u];
			char why[256];

			switch (judge_unit(service, other, dependency)) {
			case HOLDS:
				break;
			case NOT_YET:
				if (verdict == HOLDS)
					*awaited = (unsigned)d;
				verdict = NOT_YET;
				break;
			case NEVER:
				snprintf(why, sizeof why, "its dependency '%s' %s%s%s%s", other->name,
					 broken_promise(dependency->condition), other->why != NULL ? " (" : "",
					 other->why != NULL ? other->why : "", other->why != NULL ? ")" : "");
				unit_set_why(self, why);
				self->by_reload = self->by_reload || other->by_reload;
				return NEVER;
			}
		}
	}
	return verdict;
}

/*
 * Who is still needed: something that stands on it is there yet and asked to go first. Noted in the units themselves, and for the
 * present definitions in their sets, so that it takes no memory.
 */
static void note_needs(struct supervisor *self, const struct unit *unit)
{
	const struct service *service = unit_service(unit);

	for (size_t i = 0; i < unit->need_count; i++) {
		if (self->by_id[unit->needs[i]] != NULL)
			self->by_id[unit->needs[i]]->is_needed = true;
	}
	for (size_t d = 0; unit->needs == NULL && !unit->leaving && d < service->depends_on_count; d++) {
		if (service->depends_on[d].index < self->stack->service_count)
			self->sets[service->depends_on[d].index].is_needed = true;
	}
}

static void note_needed(struct supervisor *self)
{
	for (size_t i = 0; i < self->stack->service_count; i++)
		self->sets[i].is_needed = false;
	for (size_t i = 0; i < self->unit_count; i++)
		self->units[i]->is_needed = false;
	for (size_t i = 0; i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		if (!svc_is_gone(&unit->svc) && (unit->ask != ASK_NOTHING || unit->svc.state == SVC_STOPPING))
			note_needs(self, unit);
	}
}

static bool is_needed(const struct unit *unit)
{
	return unit->is_needed || (!unit->leaving && unit->supervisor->sets[unit->service].is_needed);
}

static void do_as_asked(struct unit *unit)
{
	enum unit_ask ask = unit->ask;

	svc_limit_stop(&unit->svc, unit->ask_limit_ms, clock_monotonic_ms());
	unit->ask = ASK_NOTHING;
	unit->ask_limit_ms = -1;
	unit_step(unit, ask == ASK_RESTART ? SVC_WANT_RESTART : SVC_WANT_DOWN);
}

static void settle_asks(struct supervisor *self)
{
	bool any = false;

	for (size_t i = 0; i < self->unit_count && !any; i++)
		any = self->units[i]->ask != ASK_NOTHING;
	if (!any)
		return;
	note_needed(self);
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		if (unit->ask != ASK_NOTHING && (svc_is_gone(&unit->svc) || !is_needed(unit)))
			do_as_asked(unit);
	}
}

/* ---- Who goes along ---- */

bool unit_has_ended(const struct unit *self)
{
	return self->svc.state == SVC_STOPPED || self->svc.state == SVC_FAILED || self->svc.state == SVC_COMPLETED;
}

static bool any_marked(const struct unit_set *set, const bool *marked)
{
	for (size_t i = 0; i < set->count; i++) {
		if (marked[set->units[i]->id])
			return true;
	}
	return false;
}

/* True when one of the marked units belongs to a service that this one wants to be restarted with. */
static bool goes_along(const struct supervisor *self, const struct service *service, const bool *marked)
{
	for (size_t d = 0; d < service->depends_on_count; d++) {
		size_t index = service->depends_on[d].index;

		if (service->depends_on[d].restart && index < self->stack->service_count &&
		    any_marked(&self->sets[index], marked))
			return true;
	}
	return false;
}

/* Dependencies come first in the order, so once through it reaches all that go along. */
void deps_spread_restart(const struct supervisor *self, bool *marked)
{
	for (size_t i = 0; self->unit_count > 0 && i < self->stack->service_count; i++) {
		const struct unit_set *set = &self->sets[self->order[i]];
		bool goes = set->count > 0 && goes_along(self, unit_service(set->units[0]), marked);

		for (size_t u = 0; goes && u < set->count; u++) {
			if (!unit_has_ended(set->units[u]))
				marked[set->units[u]->id] = true;
		}
	}
}

/*
 * Whoever is restarted for ill health takes along those that declared it. Out of memory they stay marked, and it is done at the
 * next settling.
 */
static void settle_going_along(struct supervisor *self)
{
	bool any = false, *marked;

	for (size_t i = 0; i < self->unit_count && !any; i++)
		any = self->units[i]->takes_along;
	if (!any)
		return;
	marked = calloc(self->id_limit + 1, sizeof *marked);
	if (marked == NULL) {
		supervisor_touch_soon(self);
		return;
	}
	for (size_t i = 0; i < self->unit_count; i++)
		marked[self->units[i]->id] = self->units[i]->takes_along;
	deps_spread_restart(self, marked);
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		if (marked[unit->id] && !unit->takes_along && unit->ask == ASK_NOTHING)
			unit->ask = ASK_RESTART;
		unit->takes_along = false;
	}
	free(marked);
}

/* ---- Who waits for whom ---- */

/* As its dependent judges it: NULL when every unit of it is as it is needed, else the first that is not. */
static const struct unit *first_unmet(const struct supervisor *self, const struct service *dependent,
				      const struct dependency *dependency)
{
	const size_t index = dependency->index;

	for (size_t u = 0; index < self->stack->service_count && u < self->sets[index].count; u++) {
		if (judge_unit(dependent, self->sets[index].units[u], dependency) != HOLDS)
			return self->sets[index].units[u];
	}
	return NULL;
}

const struct dependency *unit_waits_for(const struct unit *self)
{
	const struct service *service = unit_service(self);

	for (size_t d = 0; self->svc.state == SVC_WAITING && !self->leaving && d < service->depends_on_count; d++) {
		if (first_unmet(self->supervisor, service, &service->depends_on[d]) != NULL)
			return &service->depends_on[d];
	}
	return NULL;
}

bool supervisor_unit_need(const struct supervisor *self, unsigned id, size_t index, struct supervisor_need *need)
{
	const struct unit *unit = id < self->id_limit ? self->by_id[id] : NULL;
	const struct service *service = unit != NULL && !unit->leaving ? unit_service(unit) : NULL;
	const struct unit *shown;
	size_t set;

	if (service == NULL || index >= service->depends_on_count)
		return false;
	set = service->depends_on[index].index;
	shown = first_unmet(self, service, &service->depends_on[index]);
	*need = (struct supervisor_need){.dependency = &service->depends_on[index], .met = shown == NULL};
	if (shown == NULL && set < self->stack->service_count && self->sets[set].count > 0)
		shown = self->sets[set].units[0];
	if (shown != NULL)
		need->state = svc_state_name(shown->svc.state);
	return true;
}

/* When it became what its dependent waits for; 0: it is not. */
static int64_t met_ms(const struct svc *svc, enum depend_condition condition)
{
	if (!svc_satisfies(svc, condition))
		return 0;
	switch (condition) {
	case DEPEND_STARTED:
		return svc->started_ms;
	case DEPEND_HEALTHY:
		return svc->ready_ms;
	case DEPEND_COMPLETED:
		return svc->ended_ms;
	}
	return 0;
}

/* It goes on: what was the last that it had waited for, before its first start? */
static void note_waited(struct unit *self)
{
	const struct supervisor *supervisor = self->supervisor;
	const struct service *service = unit_service(self);
	int64_t last_ms = 0;

	if (!self->has_waited || self->start.launched_ms >= 0)
		return;
	for (size_t d = 0; d < service->depends_on_count; d++) {
		const struct dependency *dependency = &service->depends_on[d];

		for (size_t u = 0; dependency->index < supervisor->stack->service_count &&
				   u < supervisor->sets[dependency->index].count;
		     u++) {
			const struct unit *other = supervisor->sets[dependency->index].units[u];
			int64_t time_ms = met_ms(&other->svc, dependency->condition);

			if (time_ms == 0 || time_ms < last_ms)
				continue;
			last_ms = time_ms;
			self->waited_for = other->id;
		}
	}
}

/* Its state stays while it waits for one after the other: told all the same. The first is told with the state. */
static void note_awaited(struct unit *self, unsigned awaited)
{
	const bool tell = self->has_waited && self->awaited != awaited;

	self->has_waited = true;
	self->awaited = awaited;
	if (tell)
		supervisor_changed(self->supervisor, self->id);
}

static void settle_waiting(struct supervisor *self)
{
	for (size_t i = 0; i < self->stack->service_count; i++) {
		const struct unit_set *set = &self->sets[self->order[i]];

		for (size_t u = 0; u < set->count; u++) {
			struct unit *unit = set->units[u];
			unsigned awaited = 0;

			if (unit->svc.state != SVC_WAITING || unit->ask != ASK_NOTHING)
				continue;
			switch (judge(unit, &awaited)) {
			case HOLDS:
				note_waited(unit);
				unit->has_waited = false;
				unit_renew(unit);
				unit_step(unit, SVC_CONDITIONS_HOLD);
				break;
			case NEVER:
				unit->has_waited = false;
				unit_step(unit, SVC_CONDITIONS_FAIL);
				break;
			case NOT_YET:
				note_awaited(unit, awaited);
				break;
			}
		}
	}
}

void deps_settle(struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		if (!unit->probe_broken)
			continue;
		unit->probe_broken = false;
		unit_step(unit, SVC_PROBE_ILL);
	}
	settle_going_along(self);
	settle_asks(self);
	if (self->phase == PHASE_STARTING || self->phase == PHASE_UP)
		settle_waiting(self);
}

bool deps_all_gone(const struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (!svc_is_gone(&self->units[i]->svc) || self->units[i]->ask != ASK_NOTHING)
			return false;
	}
	return true;
}
