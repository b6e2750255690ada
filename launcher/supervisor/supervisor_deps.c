/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

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
		const struct unit *other = &supervisor->units[i];
		const struct service *service = unit_service(other);

		for (size_t d = 0; other->member && d < service->depends_on_count; d++) {
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
 * One replica of what is depended on. A service outside of what runs (`--no-deps`, an inactive selection) is nobody's to wait for;
 * one that is to be stopped or restarted is as good as gone already.
 */
static enum verdict judge_unit(const struct unit *unit, const struct dependency *dependency)
{
	if (!unit->member)
		return HOLDS;
	if (unit->ask != ASK_NOTHING)
		return NOT_YET;
	if (svc_satisfies(&unit->svc, dependency->condition))
		return HOLDS;
	if (!dependency->required && unit_is_hopeless(unit))
		return HOLDS;
	if (!svc_never_will(&unit->svc, dependency->condition))
		return NOT_YET;
	return dependency->required ? NEVER : HOLDS;
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

static enum verdict judge(struct unit *self)
{
	struct supervisor *supervisor = self->supervisor;
	const struct service *service = unit_service(self);
	enum verdict verdict = HOLDS;

	for (size_t d = 0; d < service->depends_on_count; d++) {
		const struct dependency *dependency = &service->depends_on[d];
		size_t index = dependency->index;

		if (index >= supervisor->stack->service_count)
			continue;
		for (size_t u = supervisor->first_unit[index]; u < supervisor->first_unit[index + 1]; u++) {
			const struct unit *other = &supervisor->units[u];
			char why[256];

			switch (judge_unit(other, dependency)) {
			case HOLDS:
				break;
			case NOT_YET:
				verdict = NOT_YET;
				break;
			case NEVER:
				snprintf(why, sizeof why, "its dependency '%s' %s%s%s%s", other->name,
					 broken_promise(dependency->condition), other->why != NULL ? " (" : "",
					 other->why != NULL ? other->why : "", other->why != NULL ? ")" : "");
				unit_set_why(self, why);
				return NEVER;
			}
		}
	}
	return verdict;
}

/* True when something of a service that depends on this one is still there and asked to go first. */
static bool *find_needed(const struct supervisor *self)
{
	bool *needed = calloc(self->stack->service_count + 1, sizeof *needed);

	for (size_t i = 0; needed != NULL && i < self->unit_count; i++) {
		const struct unit *unit = &self->units[i];
		const struct service *service = unit_service(unit);

		if (svc_is_gone(&unit->svc) || (unit->ask == ASK_NOTHING && unit->svc.state != SVC_STOPPING))
			continue;
		for (size_t d = 0; d < service->depends_on_count; d++) {
			if (service->depends_on[d].index < self->stack->service_count)
				needed[service->depends_on[d].index] = true;
		}
	}
	return needed;
}

static void settle_asks(struct supervisor *self)
{
	bool any = false, *needed;

	for (size_t i = 0; i < self->unit_count && !any; i++)
		any = self->units[i].ask != ASK_NOTHING;
	if (!any)
		return;
	needed = find_needed(self); /* out of memory: all at once is better than not at all */
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];
		enum unit_ask ask = unit->ask;

		if (ask == ASK_NOTHING)
			continue;
		if (needed != NULL && needed[unit->service] && !svc_is_gone(&unit->svc))
			continue;
		unit->ask = ASK_NOTHING;
		unit_step(unit, ask == ASK_RESTART ? SVC_WANT_RESTART : SVC_WANT_DOWN);
	}
	free(needed);
}

static void settle_waiting(struct supervisor *self)
{
	for (size_t i = 0; i < self->stack->service_count; i++) {
		size_t index = self->order[i];

		for (size_t u = self->first_unit[index]; u < self->first_unit[index + 1]; u++) {
			struct unit *unit = &self->units[u];

			if (unit->svc.state != SVC_WAITING || unit->ask != ASK_NOTHING)
				continue;
			switch (judge(unit)) {
			case HOLDS:
				unit_step(unit, SVC_CONDITIONS_HOLD);
				break;
			case NEVER:
				unit_step(unit, SVC_CONDITIONS_FAIL);
				break;
			case NOT_YET:
				break;
			}
		}
	}
}

void deps_settle(struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = &self->units[i];

		if (!unit->probe_broken)
			continue;
		unit->probe_broken = false;
		unit_step(unit, SVC_PROBE_ILL);
	}
	settle_asks(self);
	if (self->phase == PHASE_STARTING || self->phase == PHASE_UP)
		settle_waiting(self);
}

bool deps_all_gone(const struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (!svc_is_gone(&self->units[i].svc) || self->units[i].ask != ASK_NOTHING)
			return false;
	}
	return true;
}
