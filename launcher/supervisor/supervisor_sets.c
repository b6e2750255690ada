/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Log readers and clients may still speak of a unit that is gone: its id rests while so many others have left after it. */
#define IDS_AT_REST 256u

/* ---- Generations ---- */

struct generation *generation_create(struct stack *stack, struct stack_source *source)
{
	struct generation *self = calloc(1, sizeof *self);

	if (self != NULL)
		*self = (struct generation){.stack = stack, .source = source, .references = 1};
	return self;
}

void generation_release(struct generation *self)
{
	if (self == NULL || --self->references > 0)
		return;
	if (self->is_ours)
		stack_destroy(self->stack);
	if (self->is_ours && self->before == NULL)
		stack_source_destroy(self->source);
	generation_release(self->before);
	free(self);
}

/* The present one is the supervisor's own until another takes its place. */
void generations_finish(struct supervisor *self)
{
	if (self->generation == NULL && self->stack_is_ours)
		stack_destroy(self->stack);
	generation_release(self->first);
	generation_release(self->generation);
	self->first = self->generation = NULL;
}

/* ---- Ids ---- */

static int grow_ids(struct supervisor *self)
{
	size_t limit = self->id_limit > 0 ? self->id_limit * 2 : 16;
	struct unit **by_id = reallocarray(self->by_id, limit, sizeof(struct unit *));
	char **names;

	if (by_id == NULL)
		return -ENOMEM;
	self->by_id = by_id;
	names = reallocarray(self->left_names, limit, sizeof(char *));
	if (names == NULL)
		return -ENOMEM;
	self->left_names = names;
	memset(by_id + self->id_limit, 0, (limit - self->id_limit) * sizeof(struct unit *));
	memset(names + self->id_limit, 0, (limit - self->id_limit) * sizeof(char *));
	self->id_limit = limit;
	return 0;
}

static unsigned take_left_id(struct supervisor *self, unsigned id)
{
	free(self->left_names[id]);
	self->left_names[id] = NULL;
	self->left_count--;
	return id;
}

/* The id of the last unit of this name; else a fresh one, or one that has rested. */
static int take_id(struct supervisor *self, const char *name, unsigned *id)
{
	for (size_t i = 0; self->left_count > 0 && i < self->id_limit; i++) {
		if (self->left_names[i] != NULL && strcmp(self->left_names[i], name) == 0) {
			*id = take_left_id(self, (unsigned)i);
			return 0;
		}
	}
	for (size_t i = 0; self->left_count > IDS_AT_REST && i < self->id_limit; i++) {
		size_t at = self->next_left++ % self->id_limit;

		if (self->left_names[at] != NULL) {
			*id = take_left_id(self, (unsigned)at);
			return 0;
		}
	}
	if (self->ids_used == self->id_limit && grow_ids(self) < 0)
		return -ENOMEM;
	*id = (unsigned)self->ids_used++;
	return 0;
}

/* ---- Sets ---- */

struct unit_set *unit_sets_make(const struct stack *stack)
{
	struct unit_set *sets = calloc(stack->service_count + 1, sizeof *sets);

	for (size_t i = 0; sets != NULL && i < stack->service_count; i++) {
		for (size_t d = 0; d < stack->services[i].depends_on_count; d++) {
			const struct dependency *dependency = &stack->services[i].depends_on[d];

			if (dependency->index < stack->service_count && dependency->condition == DEPEND_COMPLETED)
				sets[dependency->index].one_shot = true;
		}
	}
	return sets;
}

void unit_sets_destroy(struct unit_set *sets, size_t count)
{
	for (size_t i = 0; sets != NULL && i < count; i++)
		free(sets[i].units);
	free(sets);
}

int unit_set_append(struct unit_set *self, struct unit *unit)
{
	struct unit **grown = reallocarray(self->units, self->count + 1, sizeof(struct unit *));

	if (grown == NULL)
		return -ENOMEM;
	self->units = grown;
	self->units[self->count++] = unit;
	return 0;
}

int units_check_count(const struct stack *stack, const size_t *replicas, struct err *err)
{
	size_t total = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		size_t count = replicas != NULL ? replicas[i] : service->replicas > 0 ? (size_t)service->replicas : 0;

		total += count < UNITS_MAX + 1 ? count : UNITS_MAX + 1;
		if (total > UNITS_MAX)
			return err_at(err, ERR_CONFIG, service->place,
				      "too many processes: with service '%s' the stack has more than %u", service->name,
				      UNITS_MAX);
	}
	return 0;
}

/* ---- One unit ---- */

static struct unit *find_leaver(const struct supervisor *self, const char *name)
{
	for (size_t i = self->unit_count; i > 0 && self->units[i - 1]->leaving; i--) {
		if (strcmp(self->units[i - 1]->name, name) == 0)
			return self->units[i - 1];
	}
	return NULL;
}

/* Services cannot share a name; a replica can have that of a service. */
static bool name_is_taken(const struct supervisor *self, const char *name, int replica)
{
	bool may_be = replica > 1 || self->has_replicas;

	for (size_t i = 0; may_be && i < self->ids_used; i++) {
		if (self->by_id[i] != NULL && strcmp(self->by_id[i]->name, name) == 0)
			return true;
	}
	return false;
}

static int no_memory(const char *name, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "cannot prepare service '%s': out of memory", name);
}

static struct unit *unit_create(struct supervisor *self, const struct service *definition,
				struct generation *generation, int replica, char *name)
{
	const struct svc_policy policy = unit_policy(definition);
	struct unit *unit = calloc(1, sizeof *unit);

	if (unit == NULL)
		return NULL;
	*unit = (struct unit){.supervisor = self,
			      .service = SIZE_MAX,
			      .replica = replica,
			      .name = name,
			      .generation = generation,
			      .definition = definition,
			      .leaving = true, /* until it is settled in */
			      .fresh = true,
			      .ask_limit_ms = -1,
			      .start_error = ERR_INIT,
			      .waited_for = UINT_MAX,
			      .start = UNIT_START_INIT,
			      .changed_ms = clock_wall_ms()};
	svc_init(&unit->svc, &policy);
	generation->references++;
	return unit;
}

static int declare_output(struct supervisor *self, const struct unit *unit, struct err *err)
{
	const struct service *service = unit->definition;
	int rc;

	if (self->output == NULL)
		return 0;
	rc = output_add(self->output, unit->id, unit->name, service->log_max_size_bytes, service->log_max_files, err);
	if (rc == 0)
		output_set_service(self->output, unit->id, service->name);
	return rc;
}

static char *make_name(const struct service *service, int replica)
{
	char *name;

	if (replica <= 1)
		return strdup(service->name);
	return asprintf(&name, "%s-%d", service->name, replica) >= 0 ? name : NULL;
}

static void unit_discard(struct unit *self)
{
	struct supervisor *supervisor = self->supervisor;

	unit_engine_forget(self);
	if (supervisor->output != NULL)
		output_remove(supervisor->output, self->id, clock_wall_ms());
	supervisor->by_id[self->id] = NULL;
	/* Its name moves to the place where its id rests; without memory for that the id is not used again. */
	supervisor->left_names[self->id] = strdup(self->name);
	supervisor->left_count += supervisor->left_names[self->id] != NULL;
	unit_finish(self);
	free(self);
}

int unit_add(struct supervisor *self, const struct service *definition, struct generation *generation, int replica,
	     struct unit **unit, struct err *err)
{
	char *name = make_name(definition, replica);
	struct unit *added = name != NULL ? find_leaver(self, name) : NULL;
	int rc;

	if (added != NULL) {
		free(name);
		*unit = added;
		return 0;
	}
	if (name != NULL && name_is_taken(self, name, replica)) {
		rc = err_at(err, ERR_CONFIG, definition->place, "replica %d of '%s' would be named as service '%s' is",
			    replica, definition->name, name);
		free(name);
		return rc;
	}
	if (name != NULL)
		added = unit_create(self, definition, generation, replica, name);
	if (added == NULL) {
		free(name);
		return no_memory(definition->name, err);
	}
	if (take_id(self, name, &added->id) < 0) {
		unit_finish(added);
		free(added);
		return no_memory(definition->name, err);
	}
	self->by_id[added->id] = added;
	self->has_replicas = self->has_replicas || replica > 1;
	rc = declare_output(self, added, err);
	if (rc < 0) {
		unit_discard(added);
		return rc;
	}
	*unit = added;
	return 0;
}

void unit_take_back(struct unit *self)
{
	if (self->fresh)
		unit_discard(self);
}

void unit_settle_in(struct unit *self, size_t service)
{
	self->leaving = self->fresh = false;
	self->service = service;
	self->svc.policy.one_shot = self->supervisor->sets[service].one_shot;
}

void unit_bring_up(struct unit *self)
{
	self->member = true;
	self->ask = ASK_NOTHING;
	self->ask_limit_ms = -1;
	if (self->generation != self->supervisor->generation && !svc_is_gone(&self->svc))
		self->ask = ASK_RESTART;
	else
		unit_step(self, SVC_WANT_UP);
	supervisor_touch(self->supervisor);
}

void unit_keep_needs(struct unit *self)
{
	const struct supervisor *supervisor = self->supervisor;
	const struct service *service = unit_service(self);
	size_t count = 0;

	if (self->needs != NULL || self->leaving || svc_is_gone(&self->svc))
		return;
	for (size_t d = 0; d < service->depends_on_count; d++) {
		if (service->depends_on[d].index < supervisor->stack->service_count)
			count += supervisor->sets[service->depends_on[d].index].count;
	}
	self->needs = calloc(count + 1, sizeof *self->needs);
	for (size_t d = 0; self->needs != NULL && d < service->depends_on_count; d++) {
		const struct unit_set *set = service->depends_on[d].index < supervisor->stack->service_count
						     ? &supervisor->sets[service->depends_on[d].index]
						     : NULL;

		for (size_t u = 0; set != NULL && u < set->count; u++)
			self->needs[self->need_count++] = set->units[u]->id;
	}
}

void unit_leave(struct unit *self, int64_t grace_limit_ms)
{
	unit_keep_needs(self);
	/* The definition may go with its stack: what it leaves with is that of its last run. */
	self->leaving = true;
	self->service = SIZE_MAX;
	self->member = self->by_reload = false;
	self->ask = ASK_STOP;
	self->ask_limit_ms = grace_limit_ms;
}

/* ---- All of them ---- */

void units_list(struct supervisor *self)
{
	size_t count = 0, leavers = 0;

	/* Room was made when they were added. */
	for (size_t i = 0; i < self->stack->service_count; i++) {
		for (size_t u = 0; u < self->sets[i].count; u++)
			self->units[count++] = self->sets[i].units[u];
	}
	for (size_t id = 0; id < self->ids_used; id++) {
		if (self->by_id[id] != NULL && self->by_id[id]->leaving)
			self->units[count + leavers++] = self->by_id[id];
	}
	self->unit_count = count + leavers;
}

int units_reserve(struct supervisor *self, size_t more)
{
	struct unit **units = reallocarray(self->units, self->unit_count + more + 1, sizeof(struct unit *));

	if (units == NULL)
		return -ENOMEM;
	self->units = units;
	return 0;
}

bool units_sweep(struct supervisor *self)
{
	size_t kept = 0, before = self->unit_count;

	/* They stand at the end. */
	while (kept < before && !self->units[kept]->leaving)
		kept++;
	self->unit_count = kept;
	for (size_t i = kept; i < before; i++) {
		struct unit *unit = self->units[i];

		if (unit->ask != ASK_NOTHING || !unit_has_ended(unit) || !svc_is_gone(&unit->svc)) {
			self->units[self->unit_count++] = unit;
			continue;
		}
		unit->gone = true;
		supervisor_changed(self, unit->id);
		unit_discard(unit);
	}
	return self->unit_count < before;
}

int units_make(struct supervisor *self, struct err *err)
{
	const struct stack *stack = self->stack;
	size_t total = 0;
	int rc = units_check_count(stack, NULL, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < stack->service_count; i++)
		total += stack->services[i].replicas > 0 ? (size_t)stack->services[i].replicas : 0;
	self->generation = generation_create(self->stack, NULL);
	self->sets = unit_sets_make(stack);
	if (self->generation == NULL || self->sets == NULL || units_reserve(self, total) < 0)
		return err_set(err, ERR_INTERNAL, "cannot prepare the services: out of memory");
	self->generation->is_ours = self->stack_is_ours;
	self->first = self->generation;
	self->first->references++;
	for (size_t i = 0; i < stack->service_count; i++) {
		for (int r = 1; r <= stack->services[i].replicas; r++) {
			struct unit *unit;

			rc = unit_add(self, &stack->services[i], self->generation, r, &unit, err);
			if (rc < 0)
				return rc;
			if (unit_set_append(&self->sets[i], unit) < 0) {
				unit_discard(unit);
				return no_memory(stack->services[i].name, err);
			}
			unit_settle_in(unit, i);
			self->units[self->unit_count++] = unit;
		}
	}
	return 0;
}

void units_finish(struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		unit_finish(self->units[i]);
		free(self->units[i]);
	}
	for (size_t i = 0; i < self->id_limit; i++)
		free(self->left_names[i]);
	if (self->sets != NULL)
		unit_sets_destroy(self->sets, self->stack->service_count);
	free(self->units);
	free(self->by_id);
	free(self->left_names);
	self->units = self->by_id = NULL;
	self->left_names = NULL;
	self->sets = NULL;
	self->unit_count = self->id_limit = self->ids_used = self->left_count = 0;
}
