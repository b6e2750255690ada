/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/stack.h"
#include "config/stack_diff.h"
#include "launcher/process/ports.h"
#include "launcher/supervisor/order.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The other stack, ready to take the place of the present one; until then nothing is another than before. */
struct reload {
	struct supervisor *supervisor;
	struct generation *generation;
	const struct stack *stack; /* of the generation */
	struct stack *stack_off; /* what it would be after a withdrawal; NULL: the same */
	struct stack *for_containers; /* as containers see it; NULL: the same */
	size_t *order;
	struct stack_diff diff;
	bool *member; /* by service: it is to run */
	size_t *replicas; /* by service */
	struct unit_set *sets;
};

static void reload_finish(struct reload *self)
{
	if (self->sets != NULL)
		unit_sets_destroy(self->sets, self->stack->service_count);
	stack_diff_finish(&self->diff);
	free(self->order);
	free(self->member);
	free(self->replicas);
	generation_release(self->generation);
	stack_destroy(self->stack_off);
	stack_destroy(self->for_containers);
}

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "cannot read the stack again: out of memory");
}

/* ---- Reading and checking ---- */

static int read_again(struct reload *self, const struct supervisor_reload *request, struct err *err)
{
	const struct supervisor *supervisor = self->supervisor;
	const struct stack_source *source =
		supervisor->generation->source != NULL ? supervisor->generation->source : supervisor->options->source;
	const struct stack_options changes = {.files = request->files,
					      .env_files = request->env_files,
					      .profiles = request->profiles,
					      .project = supervisor->stack->name};
	struct stack_source *again = NULL;
	struct stack *stack = NULL;
	int rc;

	if (source == NULL)
		return err_set(err, ERR_CONFIG, "the stack was not read from a file and cannot be read again");
	rc = stack_source_reopen(source, &changes, &again, err);
	if (rc < 0)
		return rc;
	rc = stack_resolve(again, &(struct stack_resolve_options){.overrides = &supervisor->telemetry_environment},
			   &stack, err);
	if (rc == 0 && (self->generation = generation_create(stack, again)) == NULL) {
		stack_destroy(stack);
		rc = no_memory(err);
	}
	if (rc < 0) {
		stack_source_destroy(again);
		return rc;
	}
	self->generation->is_ours = true;
	self->stack = stack;
	telemetry_prepare_stack(supervisor, again, stack, &self->stack_off);
	return telemetry_resolve_for_containers(supervisor, again, stack, &self->for_containers, err);
}

static bool was_member(const struct supervisor *supervisor, size_t service)
{
	const struct unit_set *set = &supervisor->sets[service];

	for (size_t i = 0; i < set->count; i++) {
		if (set->units[i]->member)
			return true;
	}
	return set->count == 0 && supervisor->options->member == NULL;
}

/* What ran goes on; what is new runs if all was to run, or if one that runs needs it. */
static void choose_members(struct reload *self)
{
	const struct supervisor *supervisor = self->supervisor;

	for (size_t i = 0; i < self->stack->service_count; i++) {
		size_t before = self->diff.services[i].before;

		self->member[i] =
			before == SIZE_MAX ? supervisor->options->member == NULL : was_member(supervisor, before);
	}
	for (size_t i = self->stack->service_count; i > 0; i--) {
		const struct service *service = &self->stack->services[self->order[i - 1]];

		for (size_t d = 0; self->member[self->order[i - 1]] && d < service->depends_on_count; d++) {
			size_t index = service->depends_on[d].index;

			if (index < self->stack->service_count && self->diff.services[index].kind == STACK_ADDED)
				self->member[index] = true;
		}
	}
}

static void choose_replicas(struct reload *self)
{
	for (size_t i = 0; i < self->stack->service_count; i++) {
		const struct service *service = &self->stack->services[i];
		size_t before = self->diff.services[i].before;

		self->replicas[i] = service->replicas > 0 ? (size_t)service->replicas : 0;
		/* Scaled by a person, and the file still says what it said: the person's word holds. */
		if (before != SIZE_MAX && self->supervisor->stack->services[before].replicas == service->replicas)
			self->replicas[i] = self->supervisor->sets[before].count;
	}
}

static int check_members(const struct reload *self, struct err *err)
{
	for (size_t i = 0; i < self->stack->service_count; i++) {
		const struct service *service = &self->stack->services[i];
		int rc;

		if (!self->member[i])
			continue;
		rc = containers_check(self->supervisor, service, err);
		if (rc == 0)
			rc = supervisor_note_user(self->supervisor->users, service, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool runs_older(const struct unit_set *set, const struct generation *older)
{
	for (size_t u = 0; u < set->count; u++) {
		if (set->units[u]->generation == older && !unit_has_ended(set->units[u]))
			return true;
	}
	return false;
}

/* A withdrawal left running what was started by the answer before it: that is to become like the file now, too. */
static int compare_older(struct reload *self)
{
	const struct supervisor *supervisor = self->supervisor;
	const struct generation *older = supervisor->generation->before;
	struct stack_diff diff = {0};

	if (older == NULL)
		return 0;
	if (stack_diff_make(&diff, older->stack, self->stack) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < self->stack->service_count; i++) {
		struct stack_diff_service *at = &self->diff.services[i];

		if (at->kind == STACK_SAME && diff.services[i].kind == STACK_CHANGED &&
		    runs_older(&supervisor->sets[at->before], older))
			*at = diff.services[i];
	}
	stack_diff_finish(&diff);
	return 0;
}

/* As before a start; but a port that passes from one service to another is still held by the first. */
static int check_ports(const struct reload *self, struct err *err)
{
	bool *begins = calloc(self->stack->service_count + 1, sizeof *begins);
	int rc = begins == NULL ? no_memory(err) : 0;

	for (size_t i = 0; rc == 0 && i < self->stack->service_count; i++) {
		enum stack_difference kind = self->diff.services[i].kind;

		begins[i] = self->member[i] && (kind == STACK_ADDED || kind == STACK_CHANGED);
	}
	if (rc == 0)
		rc = ports_check(self->stack, begins, self->supervisor->stack, err);
	free(begins);
	return rc;
}

static int prepare(struct reload *self, const struct supervisor_reload *request, struct err *err)
{
	int rc = supervisor_refuse_when_ending(self->supervisor, err);

	if (rc == 0)
		rc = read_again(self, request, err);
	if (rc == 0 && self->stack->service_count == 0)
		rc = err_set(err, ERR_CONFIG, "project '%s' has no services", self->stack->name);
	if (rc == 0)
		rc = order_make(self->stack, &self->order, NULL, err);
	if (rc < 0)
		return rc;
	self->member = calloc(self->stack->service_count + 1, sizeof *self->member);
	self->replicas = calloc(self->stack->service_count + 1, sizeof *self->replicas);
	if (self->member == NULL || self->replicas == NULL ||
	    stack_diff_make(&self->diff, self->supervisor->stack, self->stack) < 0 || compare_older(self) < 0)
		return no_memory(err);
	choose_members(self);
	choose_replicas(self);
	rc = units_check_count(self->stack, self->replicas, err);
	if (rc == 0)
		rc = check_members(self, err);
	if (rc == 0)
		rc = check_ports(self, err);
	return rc;
}

/* ---- Telling ---- */

static int tell_changes(const struct reload *self, supervisor_tell_changes *tell, void *context, struct err *err)
{
	size_t count = self->diff.count + 1, added = 0, removed = 0;
	struct supervisor_changes changes = {.unchanged_count = stack_diff_count(&self->diff, STACK_SAME),
					     .telemetry = self->diff.telemetry};
	const char **names = calloc(2 * count, sizeof *names);
	struct supervisor_change *changed = calloc(count, sizeof *changed);
	int rc = names == NULL || changed == NULL ? no_memory(err) : 0;

	for (size_t i = 0; rc == 0 && i < self->diff.count; i++) {
		const struct stack_diff_service *at = &self->diff.services[i];

		if (at->kind == STACK_ADDED)
			names[added++] = at->name;
		else if (at->kind == STACK_REMOVED)
			names[count + removed++] = at->name;
		else if (at->kind != STACK_SAME)
			changed[changes.changed_count++] = (struct supervisor_change){at->name, at->keys};
	}
	if (rc == 0) {
		changes.added = names;
		changes.removed = names + count;
		changes.changed = changed;
		tell(context, &changes);
	}
	free(names);
	free(changed);
	return rc;
}

/* ---- Putting it in place ---- */

static void take_back(struct reload *self)
{
	for (size_t i = 0; self->sets != NULL && i < self->stack->service_count; i++) {
		for (size_t u = 0; u < self->sets[i].count; u++)
			unit_take_back(self->sets[i].units[u]);
	}
}

/* The units there will be: those that stay, and new ones. */
static int make_sets(struct reload *self, struct err *err)
{
	struct supervisor *supervisor = self->supervisor;
	size_t total = 0;

	self->sets = unit_sets_make(self->stack);
	if (self->sets == NULL)
		return no_memory(err);
	for (size_t i = 0; i < self->stack->service_count; i++) {
		size_t before = self->diff.services[i].before;
		const struct unit_set *old = before != SIZE_MAX ? &supervisor->sets[before] : NULL;

		total += self->replicas[i];
		for (size_t u = 0; u < self->replicas[i]; u++) {
			struct unit *unit = old != NULL && u < old->count ? old->units[u] : NULL;
			int rc = unit != NULL ? 0
					      : unit_add(supervisor, &self->stack->services[i], self->generation,
							 (int)u + 1, &unit, err);

			if (rc < 0)
				return rc;
			if (unit_set_append(&self->sets[i], unit) < 0) {
				unit_take_back(unit);
				return no_memory(err);
			}
		}
	}
	return units_reserve(supervisor, total) < 0 ? no_memory(err) : 0;
}

/* While the old graph still stands: who goes, and what those that are stopped need until then. */
static void part_with_the_old(struct reload *self)
{
	struct supervisor *supervisor = self->supervisor;

	for (size_t i = 0; i < self->diff.count; i++) {
		const struct stack_diff_service *at = &self->diff.services[i];
		struct unit_set *old = at->before != SIZE_MAX ? &supervisor->sets[at->before] : NULL;
		size_t stay = at->after != SIZE_MAX ? self->replicas[at->after] : 0;

		for (size_t u = 0; old != NULL && u < old->count; u++) {
			if (u >= stay || at->kind == STACK_CHANGED)
				unit_keep_needs(old->units[u]);
		}
	}
	for (size_t i = 0; i < self->diff.count; i++) {
		const struct stack_diff_service *at = &self->diff.services[i];
		struct unit_set *old = at->before != SIZE_MAX ? &supervisor->sets[at->before] : NULL;

		for (size_t u = at->after != SIZE_MAX ? self->replicas[at->after] : 0; old != NULL && u < old->count;
		     u++)
			unit_leave(old->units[u], -1);
	}
}

static void swap(struct reload *self)
{
	struct supervisor *supervisor = self->supervisor;
	struct generation *old = supervisor->generation;
	struct stack *theirs;

	unit_sets_destroy(supervisor->sets, supervisor->stack->service_count);
	free(supervisor->order);
	supervisor->sets = self->sets;
	supervisor->order = self->order;
	supervisor->stack = self->generation->stack;
	supervisor->stack_is_ours = true;
	supervisor->generation = self->generation;
	stack_destroy(supervisor->stack_off);
	supervisor->stack_off = self->stack_off;
	self->stack_off = NULL;
	/* What it was goes once their engine has the new one. */
	theirs = supervisor->containers.stack;
	supervisor->containers.stack = self->for_containers;
	self->for_containers = theirs;
	self->sets = NULL;
	self->order = NULL;
	self->generation = NULL;
	generation_release(old);
}

/* Only its dependencies kept it down, and those may be others now. */
static bool waits_for_a_mend(const struct unit *unit)
{
	return unit->svc.state == SVC_FAILED && unit->svc.wanted && !unit->svc.has_exited && !unit->svc.start_failed;
}

/* All that is to be done, noted: the next settling begins it. */
static void ask_the_new(struct reload *self, bool *restarted)
{
	struct supervisor *supervisor = self->supervisor;

	for (size_t i = 0; i < supervisor->stack->service_count; i++) {
		const struct unit_set *set = &supervisor->sets[i];
		bool changed = self->diff.services[i].kind == STACK_CHANGED;

		for (size_t u = 0; u < set->count; u++) {
			struct unit *unit = set->units[u];
			bool joins = unit->leaving;

			unit_settle_in(unit, i);
			if (joins && self->member[i]) {
				unit->by_reload = true;
				unit_bring_up(unit);
			} else if (!joins && changed && unit->svc.wanted && unit->ask != ASK_STOP) {
				restarted[unit->id] = unit->by_reload = true;
				unit->ask = ASK_RESTART;
			} else if (!joins && waits_for_a_mend(unit)) {
				unit->by_reload = true;
				unit_step(unit, SVC_WANT_UP);
			}
		}
	}
}

static void go_along(struct supervisor *supervisor, bool *restarted)
{
	deps_spread_restart(supervisor, restarted);
	for (size_t i = 0; i < supervisor->unit_count; i++) {
		struct unit *unit = supervisor->units[i];

		if (!restarted[unit->id] || unit->ask != ASK_NOTHING)
			continue;
		unit->by_reload = true;
		unit->ask = ASK_RESTART;
	}
}

static int apply(struct reload *self, struct err *err)
{
	struct supervisor *supervisor = self->supervisor;
	bool *restarted = NULL;
	int rc = make_sets(self, err);

	if (rc == 0) {
		restarted = calloc(supervisor->id_limit + 1, sizeof *restarted);
		rc = restarted == NULL ? no_memory(err) : 0;
	}
	if (rc < 0) {
		take_back(self);
		return rc;
	}
	part_with_the_old(self);
	swap(self);
	engines_renew(supervisor);
	ask_the_new(self, restarted);
	units_list(supervisor);
	go_along(supervisor, restarted);
	free(restarted);
	supervisor_touch(supervisor);
	supervisor_changed(supervisor, SIZE_MAX);
	return 0;
}

int supervisor_reload(struct supervisor *self, const struct supervisor_reload *request, supervisor_tell_changes *tell,
		      void *context, struct err *err)
{
	struct reload reload = {.supervisor = self};
	int rc = prepare(&reload, request, err);

	if (rc == 0)
		rc = tell_changes(&reload, tell, context, err);
	if (rc == 0 && !request->dry_run)
		rc = apply(&reload, err);
	reload_finish(&reload);
	return rc;
}
