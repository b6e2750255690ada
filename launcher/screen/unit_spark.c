/* SPDX-License-Identifier: MIT */
#include "launcher/screen/unit_spark.h"

#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

/* A service that uses less than this of a processor draws a low line, not a mountain range. */
#define CPU_FULL_MIN 10.0f
/* Memory that moves by less than this share of itself is flat. */
#define MEMORY_FLAT 0.05f
#define LEVEL_MAX ((float)(THEME_RAMP - 1))
#define MEMORY_LEVEL 4

void unit_sparks_init(struct unit_sparks *self)
{
	*self = (struct unit_sparks){0};
}

void unit_sparks_finish(struct unit_sparks *self)
{
	free(self->units);
	unit_sparks_init(self);
}

/* Where it stands, or would stand. */
static size_t place_of(const struct unit_sparks *self, unsigned id)
{
	size_t from = 0, to = self->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (self->units[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static struct unit_history *find(const struct unit_sparks *self, unsigned id)
{
	size_t place = place_of(self, id);

	return place < self->count && self->units[place].id == id ? &self->units[place] : NULL;
}

static struct unit_history *add(struct unit_sparks *self, unsigned id)
{
	const size_t place = place_of(self, id);
	struct unit_history *grown = reallocarray(self->units, self->count + 1, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	self->units = grown;
	memmove(&grown[place + 1], &grown[place], (self->count - place) * sizeof(*grown));
	self->count++;
	grown[place] = (struct unit_history){.id = id};
	return &grown[place];
}

static void begin(struct unit_history *self, float rss, int64_t now_ms)
{
	self->cell_ms = now_ms;
	for (size_t i = 0; i < SPARK_CELLS; i++)
		self->rss[i] = rss;
}

/* Time goes on: each cell that has passed is like the last one. */
static void advance(struct unit_history *self, int64_t now_ms)
{
	for (size_t i = 0; i < SPARK_CELLS && now_ms - self->cell_ms >= UNIT_SPARK_CELL_MS; i++) {
		memmove(self->cpu, self->cpu + 1, (SPARK_CELLS - 1) * sizeof(self->cpu[0]));
		memmove(self->rss, self->rss + 1, (SPARK_CELLS - 1) * sizeof(self->rss[0]));
		self->cell_ms += UNIT_SPARK_CELL_MS;
	}
	if (now_ms - self->cell_ms >= UNIT_SPARK_CELL_MS)
		self->cell_ms = now_ms;
}

void unit_sparks_take(struct unit_sparks *self, unsigned id, double cpu_percent, int64_t rss_bytes, int64_t now_ms)
{
	const float cpu = cpu_percent > 0 ? (float)cpu_percent : 0;
	const float rss = rss_bytes > 0 ? (float)((double)rss_bytes / (1024.0 * 1024.0)) : 0;
	struct unit_history *unit = find(self, id);

	if (unit == NULL) {
		unit = add(self, id);
		if (unit == NULL)
			return;
		begin(unit, rss, now_ms);
	}
	advance(unit, now_ms);
	unit->cpu[SPARK_CELLS - 1] = cpu;
	unit->rss[SPARK_CELLS - 1] = rss;
}

void unit_sparks_forget(struct unit_sparks *self, unsigned id)
{
	struct unit_history *unit = find(self, id);

	if (unit == NULL)
		return;
	self->count--;
	memmove(unit, unit + 1, (size_t)(self->units + self->count - unit) * sizeof(*unit));
}

static uint8_t level_of(float share)
{
	const float level = share * LEVEL_MAX + 0.5f;

	return level >= LEVEL_MAX ? (uint8_t)LEVEL_MAX : level > 0 ? (uint8_t)level : 0;
}

static void spread(const float *values, float *low, float *high)
{
	*low = *high = values[0];
	for (size_t i = 1; i < SPARK_CELLS; i++) {
		*low = values[i] < *low ? values[i] : *low;
		*high = values[i] > *high ? values[i] : *high;
	}
}

static void fill_cpu(const float *values, struct spark *spark)
{
	float low, high;

	spread(values, &low, &high);
	high = high > CPU_FULL_MIN ? high : CPU_FULL_MIN;
	for (size_t i = 0; i < SPARK_CELLS; i++)
		spark->level[i] = level_of(values[i] / high);
}

static void fill_memory(const float *values, struct spark *spark)
{
	float low, high;

	spread(values, &low, &high);
	for (size_t i = 0; i < SPARK_CELLS; i++)
		spark->level[i] = high - low <= high * MEMORY_FLAT ? (high > 0 ? MEMORY_LEVEL : 0)
								   : level_of((values[i] - low / 2) / (high - low / 2));
}

void unit_sparks_fill(struct unit_sparks *self, unsigned id, int64_t now_ms, struct spark *cpu, struct spark *memory)
{
	struct unit_history *unit = find(self, id);

	memset(cpu, SPARK_NONE, sizeof(*cpu));
	memset(memory, SPARK_NONE, sizeof(*memory));
	if (unit == NULL)
		return;
	advance(unit, now_ms);
	fill_cpu(unit->cpu, cpu);
	fill_memory(unit->rss, memory);
}
