/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Two units change places when one has left the other by so much: less is not worth a jump. */
#define CPU_SHARE 0.25
#define CPU_POINTS 1.0
#define MEMORY_SHARE 0.1
#define MEMORY_BYTES 1048576.0

static const char *const words[COLUMN_COUNT] = {
	[COLUMN_NONE] = "the order of the file",
	[COLUMN_STATE] = "state",
	[COLUMN_NAME] = "name",
	[COLUMN_WHY] = "reason",
	[COLUMN_RESTARTS] = "restarts",
	[COLUMN_UPTIME] = "up-time",
	[COLUMN_CPU] = "cpu",
	[COLUMN_MEMORY] = "memory",
	[COLUMN_PORTS] = "port",
};

const char *services_column_word(enum services_column column)
{
	return words[column];
}

static size_t units_of(const struct stack_model *model)
{
	return model->unit_count < SERVICES_UNITS_MAX ? model->unit_count : SERVICES_UNITS_MAX;
}

static const char *text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* ---- Comparing ---- */

struct comparison {
	const struct stack_model *model;
	enum services_column sort;
	bool turned;
};

/* What a column of figures says of a unit, the larger the further up; negative: nothing is known. */
static double figure_of(const struct unit_model *unit, const struct comparison *by)
{
	switch (by->sort) {
	case COLUMN_RESTARTS:
		return unit->restarts;
	case COLUMN_UPTIME:
		return unit->started_ms < 0 ? -1 : (double)(by->model->now_ms - unit->started_ms);
	case COLUMN_CPU:
		return unit->cpu_percent >= 0 ? unit->cpu_percent : -1;
	case COLUMN_MEMORY:
		return (double)unit->rss_bytes;
	default:
		return -1;
	}
}

static const char *text_of(const struct unit_model *unit, enum services_column sort)
{
	return text_or_empty(sort == COLUMN_NAME ? unit->name : sort == COLUMN_WHY ? unit->why : unit->ports);
}

static bool is_text(enum services_column sort)
{
	return sort == COLUMN_NAME || sort == COLUMN_WHY || sort == COLUMN_PORTS;
}

static int sign_of(double a, double b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

/* Below 0: `a` stands above `b`. What is not known stands at the end, also when the order is turned. */
static int compare_units(const struct unit_model *a, const struct unit_model *b, const struct comparison *by)
{
	int order = 0;

	if (by->sort == COLUMN_STATE) {
		order = sign_of(unit_state_rank(a->state), unit_state_rank(b->state));
	} else if (is_text(by->sort)) {
		const char *one = text_of(a, by->sort), *other = text_of(b, by->sort);
		if ((*one == '\0') != (*other == '\0'))
			return *one == '\0' ? 1 : -1;
		order = strverscmp(one, other);
	} else {
		double one = figure_of(a, by), other = figure_of(b, by);
		if ((one < 0) != (other < 0))
			return one < 0 ? 1 : -1;
		order = sign_of(other, one);
	}
	return by->turned ? -order : order;
}

static int compare_places(const void *a, const void *b, void *by)
{
	const struct comparison *comparison = by;
	const uint32_t *one = a, *other = b;
	const struct unit_model *units = comparison->model->units;
	int order = compare_units(&units[one[0]], &units[other[0]], comparison);

	return order != 0 ? order : one[1] < other[1] ? -1 : 1;
}

/* ---- The order ---- */

static bool same_service(const struct unit_model *a, const struct unit_model *b)
{
	return a->service != NULL && b->service != NULL && strcmp(a->service, b->service) == 0;
}

size_t services_first_replica(const struct stack_model *model, size_t at)
{
	const struct unit_model *unit = &model->units[at];

	if (unit->replicas <= 1)
		return at;
	for (size_t i = 0; i < at; i++)
		if (model->units[i].replicas > 1 && same_service(&model->units[i], unit))
			return i;
	return at;
}

/* The file's order: {place in the model, rank in this order} of each unit. */
static void order_by_file(const struct stack_model *model, uint32_t (*places)[2], size_t count)
{
	size_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (services_first_replica(model, i) != i)
			continue;
		places[used++][0] = i;
		for (uint32_t k = i + 1; k < count && model->units[i].replicas > 1; k++)
			if (same_service(&model->units[i], &model->units[k]) && services_first_replica(model, k) == i)
				places[used++][0] = k;
	}
	for (size_t i = 0; i < count; i++)
		places[i][1] = (uint32_t)i;
}

static void sort_anew(struct services_view *self, const struct stack_model *model)
{
	static const size_t pair = sizeof(uint32_t[2]);
	struct comparison by = {model, self->sort, self->turned};
	uint32_t places[SERVICES_UNITS_MAX][2];
	size_t count = units_of(model);

	order_by_file(model, places, count);
	if (self->sort != COLUMN_NONE)
		qsort_r(places, count, pair, compare_places, &by);
	for (size_t i = 0; i < count; i++) {
		size_t from = self->sort == COLUMN_NONE && self->turned ? count - 1 - i : i;
		self->order[i] = (struct services_place){model->units[places[from][0]].id, places[from][0]};
	}
	self->order_count = count;
	self->order_sort = self->sort;
	self->order_turned = self->turned;
}

/* False when units have come or gone. */
static bool order_follows(struct services_view *self, const struct stack_model *model)
{
	size_t count = units_of(model);

	if (self->order_count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct services_place *place = &self->order[i];
		if (place->at < count && model->units[place->at].id == place->id)
			continue;
		for (place->at = 0; place->at < count && model->units[place->at].id != place->id;)
			place->at++;
		if (place->at == count)
			return false;
	}
	return true;
}

/* True when a unit stands below another that it has left by more than a little. */
static bool figures_are_off(const struct services_view *self, const struct comparison *by)
{
	double share = self->sort == COLUMN_CPU ? CPU_SHARE : self->sort == COLUMN_MEMORY ? MEMORY_SHARE : 0;
	double least = self->sort == COLUMN_CPU ? CPU_POINTS : self->sort == COLUMN_MEMORY ? MEMORY_BYTES : 0;
	double extreme = -1;
	bool ended = false; /* only what is not known may follow */

	for (size_t i = 0; i < self->order_count; i++) {
		double here = figure_of(&by->model->units[self->order[i].at], by);
		if (here < 0) {
			ended = true;
			continue;
		}
		if (ended)
			return true;
		double more = by->turned ? extreme : here, less = by->turned ? here : extreme;
		if (extreme >= 0 && more > less * (1 + share) + least)
			return true;
		if (extreme < 0 || (by->turned ? here > extreme : here < extreme))
			extreme = here;
	}
	return false;
}

static bool order_is_off(const struct services_view *self, const struct stack_model *model)
{
	struct comparison by = {model, self->sort, self->turned};

	/* Reasons count down ("try 3 in 8s"): they are sorted when asked for. */
	if (self->sort == COLUMN_NONE || self->sort == COLUMN_WHY)
		return false;
	if (self->sort != COLUMN_STATE && !is_text(self->sort))
		return figures_are_off(self, &by);
	for (size_t i = 0; i + 1 < self->order_count; i++)
		if (compare_units(&model->units[self->order[i].at], &model->units[self->order[i + 1].at], &by) > 0)
			return true;
	return false;
}

void services_sort(struct services_view *self, const struct stack_model *model)
{
	if (self->sort != self->order_sort || self->turned != self->order_turned || !order_follows(self, model) ||
	    order_is_off(self, model))
		sort_anew(self, model);
}

/* ---- What is shown ---- */

/* Case counts as soon as something in capitals is looked for. */
static bool holds(const char *text, const char *wanted)
{
	for (const char *at = wanted; *at != '\0'; at++)
		if (isupper((unsigned char)*at))
			return strstr(text, wanted) != NULL;
	return strcasestr(text, wanted) != NULL;
}

bool services_matches(const struct services_view *self, const struct unit_model *unit)
{
	const char *wanted = self->narrow.text;

	return wanted[0] == '\0' || holds(text_or_empty(unit->name), wanted) ||
	       holds(unit_state_word(unit->state), wanted) || holds(text_or_empty(unit->why), wanted);
}

void services_rows_make(const struct services_view *self, const struct stack_model *model, unsigned id,
			struct services_rows *rows)
{
	size_t count = units_of(model), matching = 0;

	rows->count = rows->hidden = 0;
	for (size_t i = 0; i < self->order_count; i++) {
		uint32_t at = self->order[i].at;
		if (at >= count || model->units[at].id != self->order[i].id)
			continue;
		bool matches = services_matches(self, &model->units[at]);
		matching += matches;
		if (matches || model->units[at].id == id)
			rows->at[rows->count++] = (uint16_t)at;
		else
			rows->hidden++;
	}
	if (matching == 0) {
		rows->hidden += rows->count;
		rows->count = 0;
	}
}

size_t services_rows_find(const struct services_rows *rows, const struct stack_model *model, unsigned id)
{
	size_t i = 0;

	while (i < rows->count && model->units[rows->at[i]].id != id)
		i++;
	return i;
}

bool services_is_marked(const struct services_view *self, unsigned id)
{
	for (size_t i = 0; i < self->mark_count; i++)
		if (self->marks[i] == id)
			return true;
	return false;
}
