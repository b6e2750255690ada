/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/order.h"

#include "config/stack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A cycle is told in full up to this many services; a longer one by its beginning and its length. */
#define CYCLE_NAMES_MAX 12

/* ---- The reverse graph: who depends on me ---- */

struct dependents {
	size_t *first; /* service_count + 1 entries: those of i are items[first[i]] ... items[first[i + 1] - 1] */
	size_t *items;
};

static void dependents_finish(struct dependents *self)
{
	free(self->first);
	free(self->items);
}

static bool counts(const struct stack *stack, const struct dependency *dependency)
{
	return dependency->index < stack->service_count;
}

static int dependents_make(const struct stack *stack, struct dependents *self)
{
	size_t n = stack->service_count, total = 0;

	for (size_t i = 0; i < n; i++)
		total += stack->services[i].depends_on_count;
	self->first = calloc(n + 2, sizeof *self->first);
	self->items = calloc(total + 1, sizeof *self->items);
	if (self->first == NULL || self->items == NULL)
		return -ENOMEM;
	/* Counting sort: sizes two places on, then offsets one place on, which filling moves to their own place. */
	for (size_t i = 0; i < n; i++) {
		for (size_t d = 0; d < stack->services[i].depends_on_count; d++) {
			if (counts(stack, &stack->services[i].depends_on[d]))
				self->first[stack->services[i].depends_on[d].index + 2]++;
		}
	}
	for (size_t i = 2; i < n + 2; i++)
		self->first[i] += self->first[i - 1];
	for (size_t i = 0; i < n; i++) {
		for (size_t d = 0; d < stack->services[i].depends_on_count; d++) {
			if (counts(stack, &stack->services[i].depends_on[d]))
				self->items[self->first[stack->services[i].depends_on[d].index + 1]++] = i;
		}
	}
	return 0;
}

/* ---- Checks ---- */

/* Compose refuses this too: nothing would ever say "healthy". A container's image may bring its own healthcheck. */
static void check_health_is_declared(const struct stack *stack, struct err *err)
{
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		for (size_t d = 0; d < service->depends_on_count; d++) {
			const struct dependency *dependency = &service->depends_on[d];
			const struct service *other;
			const struct probe_spec *probe;

			if (!counts(stack, dependency) || dependency->condition != DEPEND_HEALTHY)
				continue;
			other = &stack->services[dependency->index];
			probe = service_readiness(other);
			if (other->kind != SERVICE_NATIVE || (probe != NULL && probe->kind != PROBE_NONE))
				continue;
			err_at(err, ERR_CONFIG, dependency->place,
			       "service '%s' waits for '%s' to be healthy, but '%s' declares no healthcheck",
			       service->name, other->name, other->name);
			err_hint(err, "give '%s' a healthcheck or x-upfront.ready, or wait for service_started",
				 other->name);
		}
	}
}

/* ---- Cycles ---- */

static const struct dependency *open_dependency(const struct stack *stack, const bool *placed, size_t index)
{
	const struct service *service = &stack->services[index];

	for (size_t d = 0; d < service->depends_on_count; d++) {
		if (counts(stack, &service->depends_on[d]) && !placed[service->depends_on[d].index])
			return &service->depends_on[d];
	}
	return NULL;
}

static void append(char *text, size_t size_bytes, const char *more)
{
	size_t used = strlen(text);

	if (used + 1 < size_bytes)
		strncat(text, more, size_bytes - used - 1);
}

/*
 * Every service that could not be placed has a dependency that could not be placed either: following those must come
 * back to where it has been. Told from the cycle's first service in the file on.
 */
static int report_cycle(const struct stack *stack, const bool *placed, struct err *err)
{
	size_t at = 0, start, length = 0;
	char names[2048] = "";

	while (placed[at])
		at++;
	for (size_t i = 0; i < stack->service_count; i++)
		at = open_dependency(stack, placed, at)->index; /* now surely inside the cycle */
	start = at;
	for (size_t i = open_dependency(stack, placed, at)->index; i != at;
	     i = open_dependency(stack, placed, i)->index)
		start = i < start ? i : start;
	at = start;
	do {
		if (length < CYCLE_NAMES_MAX) {
			append(names, sizeof names, stack->services[at].name);
			append(names, sizeof names, " -> ");
		}
		at = open_dependency(stack, placed, at)->index;
		length++;
	} while (at != start);
	if (length > CYCLE_NAMES_MAX)
		append(names, sizeof names, "... -> ");
	append(names, sizeof names, stack->services[start].name);
	err_at(err, ERR_CONFIG, open_dependency(stack, placed, start)->place, "dependency cycle: %s", names);
	err_hint(err, "take one of these %zu dependencies out of depends_on", length);
	return -EINVAL;
}

/* ---- Order ---- */

struct placing {
	const struct stack *stack;
	struct dependents dependents;
	size_t *missing; /* dependencies not placed yet, by service */
	size_t *wave;
	bool *placed;
	size_t *queue;
	size_t placed_count;
};

static void placing_finish(struct placing *self)
{
	dependents_finish(&self->dependents);
	free(self->missing);
	free(self->wave);
	free(self->placed);
	free(self->queue);
}

static int placing_init(struct placing *self, const struct stack *stack)
{
	size_t n = stack->service_count + 1;

	*self = (struct placing){.stack = stack};
	self->missing = calloc(n, sizeof *self->missing);
	self->wave = calloc(n, sizeof *self->wave);
	self->placed = calloc(n, sizeof *self->placed);
	self->queue = calloc(n, sizeof *self->queue);
	if (self->missing == NULL || self->wave == NULL || self->placed == NULL || self->queue == NULL)
		return -ENOMEM;
	return dependents_make(stack, &self->dependents);
}

/* Takes services whose dependencies are all placed, one after the other; a wave is one more than the dependencies' latest. */
static void place_all(struct placing *self)
{
	const struct stack *stack = self->stack;
	size_t tail = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		for (size_t d = 0; d < stack->services[i].depends_on_count; d++)
			self->missing[i] += counts(stack, &stack->services[i].depends_on[d]);
		if (self->missing[i] == 0)
			self->queue[tail++] = i;
	}
	while (self->placed_count < tail) {
		size_t at = self->queue[self->placed_count++];

		self->placed[at] = true;
		for (size_t d = self->dependents.first[at]; d < self->dependents.first[at + 1]; d++) {
			size_t dependent = self->dependents.items[d];

			if (self->wave[dependent] <= self->wave[at])
				self->wave[dependent] = self->wave[at] + 1;
			if (--self->missing[dependent] == 0)
				self->queue[tail++] = dependent;
		}
	}
}

/* Within a wave the order of the file: a counting sort by wave over ascending indexes. */
static int sort_by_wave(const struct placing *self, size_t *order)
{
	size_t n = self->stack->service_count;
	size_t *offset = calloc(n + 2, sizeof *offset);

	if (offset == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		offset[self->wave[i] + 1]++;
	for (size_t i = 1; i <= n; i++)
		offset[i] += offset[i - 1];
	for (size_t i = 0; i < n; i++)
		order[offset[self->wave[i]]++] = i;
	free(offset);
	return 0;
}

int order_make(const struct stack *stack, size_t **order, size_t **wave, struct err *err)
{
	struct placing placing;
	struct err found = ERR_INIT;
	size_t *result = NULL;
	int rc = placing_init(&placing, stack);

	if (rc < 0)
		goto out;
	rc = -ENOMEM;
	result = calloc(stack->service_count + 1, sizeof *result);
	if (result == NULL)
		goto out;
	place_all(&placing);
	check_health_is_declared(stack, &found);
	if (placing.placed_count < stack->service_count)
		report_cycle(stack, placing.placed, &found);
	rc = -EINVAL;
	if (err_is_set(&found))
		goto out;
	rc = sort_by_wave(&placing, result);
	if (rc < 0)
		goto out;
	*order = result;
	result = NULL;
	if (wave != NULL) {
		*wave = placing.wave;
		placing.wave = NULL;
	}
out:
	if (rc == -ENOMEM)
		err_set(&found, ERR_INTERNAL, "cannot put the services in order: out of memory");
	if (err != NULL)
		err_move(err, &found);
	err_finish(&found);
	free(result);
	placing_finish(&placing);
	return rc;
}

/* ---- Selections ---- */

static int unknown_service(const struct stack *stack, const char *name, struct err *err)
{
	const char *nearest = stack_nearest_service(stack, name);
	int rc = err_set(err, ERR_USAGE, "no such service: '%s'", name);

	if (nearest != NULL)
		err_hint(err, "did you mean '%s'?", nearest);
	else
		err_hint(err, "`upfront config --services` lists the services");
	return rc;
}

/* Puts the named services (all, when none is named) into `list`; it has room for service_count entries. */
static int named_services(const struct stack *stack, const char *const *names, bool *seen, size_t *list, size_t *count,
			  struct err *err)
{
	bool all = names == NULL || names[0] == NULL;
	int rc = 0;

	*count = 0;
	for (size_t i = 0; all && i < stack->service_count; i++) {
		seen[i] = true;
		list[(*count)++] = i;
	}
	for (size_t i = 0; !all && names[i] != NULL; i++) {
		const struct service *service = stack_find_service(stack, names[i]);
		size_t index;

		if (service == NULL) {
			rc = unknown_service(stack, names[i], err);
			continue;
		}
		index = (size_t)(service - stack->services);
		if (!seen[index])
			list[(*count)++] = index;
		seen[index] = true;
	}
	return rc;
}

static void reach(size_t index, bool *seen, size_t *list, size_t *count)
{
	if (!seen[index])
		list[(*count)++] = index;
	seen[index] = true;
}

enum direction { NAMED_ONLY, TO_DEPENDENCIES, TO_DEPENDENTS };

static int select_services(const struct stack *stack, const char *const *names, enum direction direction, bool *member,
			   struct err *err)
{
	size_t n = stack->service_count, count = 0;
	bool *seen = calloc(n + 1, sizeof *seen);
	size_t *list = calloc(n + 1, sizeof *list);
	struct dependents dependents = {0};
	int rc = -ENOMEM;

	if (seen == NULL || list == NULL || dependents_make(stack, &dependents) < 0) {
		err_set(err, ERR_INTERNAL, "cannot select services: out of memory");
		goto out;
	}
	rc = named_services(stack, names, seen, list, &count, err);
	if (rc < 0)
		goto out;
	for (size_t at = 0; at < count; at++) {
		const struct service *service = &stack->services[list[at]];

		for (size_t d = 0; direction == TO_DEPENDENCIES && d < service->depends_on_count; d++) {
			if (counts(stack, &service->depends_on[d]))
				reach(service->depends_on[d].index, seen, list, &count);
		}
		for (size_t d = dependents.first[list[at]];
		     direction == TO_DEPENDENTS && d < dependents.first[list[at] + 1]; d++)
			reach(dependents.items[d], seen, list, &count);
	}
	for (size_t i = 0; i < n; i++)
		member[i] = member[i] || seen[i];
out:
	dependents_finish(&dependents);
	free(seen);
	free(list);
	return rc;
}

int order_select(const struct stack *stack, const char *const *names, bool alone, bool *member, struct err *err)
{
	return select_services(stack, names, alone ? NAMED_ONLY : TO_DEPENDENCIES, member, err);
}

int order_dependents(const struct stack *stack, const char *const *names, bool *member, struct err *err)
{
	return select_services(stack, names, TO_DEPENDENTS, member, err);
}
