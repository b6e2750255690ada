/* SPDX-License-Identifier: MIT */
#include "launcher/client/news.h"
#include "launcher/command/table.h"
#include "launcher/command/top.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS 32

enum {
	CELL_NAME,
	CELL_STATE,
	CELL_CPU,
	CELL_MEM,
	CELL_THREADS,
	CELL_FDS,
	CELL_PROCS,
	CELL_RESTARTS,
	CELL_UPTIME,
	CELL_COUNT
};

static const struct table_column columns[CELL_COUNT] = {
	{.title = "NAME", .limit = NAME_COLUMNS}, {.title = "STATE"},
	{.title = "CPU%", .right = true},         {.title = "MEM", .right = true},
	{.title = "THREADS", .right = true},      {.title = "FDS", .right = true},
	{.title = "PROCS", .right = true},        {.title = "RESTARTS", .right = true},
	{.title = "UPTIME", .right = true},
};

static const struct {
	const char *key;
	size_t cell;
} counts[] = {{"threads", CELL_THREADS}, {"fds", CELL_FDS}, {"processes", CELL_PROCS}, {"restarts", CELL_RESTARTS}};

#define COUNT_COUNT (sizeof(counts) / sizeof(counts[0]))

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = get(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(get(object, name));

	return value != NULL ? value : "";
}

void top_bytes(int64_t bytes, char *out, size_t size_bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(out, size_bytes, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static bool is_meant(const char *const *names, const cJSON *unit)
{
	if (names == NULL || names[0] == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, text(unit, "name")) == 0 || strcmp(*names, text(unit, "service")) == 0)
			return true;
	return false;
}

static const cJSON *find_unit(const cJSON *sample, const char *name)
{
	const cJSON *unit;

	cJSON_ArrayForEach(unit, get(sample, "units"))
	{
		if (strcmp(text(unit, "name"), name) == 0)
			return unit;
	}
	return NULL;
}

static double cpu_us(const cJSON *usage)
{
	return number(usage, "cpu_user_us") + number(usage, "cpu_system_us");
}

/* Of one processor. Less than before means that a child has ended whom nobody of the unit waited for. */
static double percent(const cJSON *before, const cJSON *after, double interval_us)
{
	double used;

	/* Another process than before: all it has used, it has used since. */
	if (before == NULL || number(before, "pid") != number(after, "pid"))
		used = cpu_us(after);
	else
		used = cpu_us(after) - cpu_us(before);
	if (interval_us <= 0 || used <= 0)
		return 0;
	return (double)(int64_t)(used * 1000 / interval_us + 0.5) / 10;
}

/* By the clock of the supervisor, which took both samples. */
static double interval_us(const cJSON *before, const cJSON *after)
{
	return 1000 * (number(get(after, "supervisor"), "uptime_ms") - number(get(before, "supervisor"), "uptime_ms"));
}

static cJSON *with_percent(const cJSON *before, const cJSON *usage, double interval)
{
	cJSON *copy = cJSON_Duplicate(usage, true);

	if (copy != NULL)
		cJSON_AddNumberToObject(copy, "cpu_percent", percent(before, usage, interval));
	return copy;
}

/* Unknown in one is unknown in the sum. */
static void add_total(cJSON *object, const cJSON *units)
{
	static const char *const keys[] = {"cpu_percent", "rss_bytes", "threads",     "fds",
					   "processes",   "restarts",  "cpu_user_us", "cpu_system_us"};
	cJSON *total = cJSON_AddObjectToObject(object, "total");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *unit;
		double sum = 0;

		cJSON_ArrayForEach(unit, units)
		{
			double value = number(unit, keys[i]);

			sum = value < 0 || sum < 0 ? -1 : sum + value;
		}
		if (i == 0)
			sum = (double)(int64_t)(sum * 10 + 0.5) / 10;
		cJSON_AddNumberToObject(total, keys[i], sum);
	}
}

struct cJSON *top_json(const struct cJSON *before, const struct cJSON *after, const char *const *names)
{
	const double interval = interval_us(before, after);
	cJSON *object = cJSON_CreateObject();
	const cJSON *unit;
	cJSON *units;

	cJSON_AddNumberToObject(object, "version", 1);
	cJSON_AddNumberToObject(object, "interval_ms", interval / 1000);
	units = cJSON_AddArrayToObject(object, "units");
	cJSON_ArrayForEach(unit, get(after, "units"))
	{
		if (is_meant(names, unit))
			cJSON_AddItemToArray(units,
					     with_percent(find_unit(before, text(unit, "name")), unit, interval));
	}
	add_total(object, units);
	cJSON_AddItemToObject(object, "supervisor",
			      with_percent(get(before, "supervisor"), get(after, "supervisor"), interval));
	return object;
}

static void add_row(struct table *table, const char *name, const char *state, const cJSON *usage)
{
	char room[CELL_COUNT][32] = {{0}};
	const char *cells[CELL_COUNT] = {[CELL_NAME] = name, [CELL_STATE] = state};
	const bool runs = number(usage, "processes") > 0;

	if (runs) {
		snprintf(room[CELL_CPU], sizeof(room[0]), "%.1f", number(usage, "cpu_percent"));
		top_bytes((int64_t)number(usage, "rss_bytes"), room[CELL_MEM], sizeof(room[0]));
	}
	for (size_t i = 0; i < COUNT_COUNT; i++)
		if (cJSON_IsNumber(get(usage, counts[i].key)) && number(usage, counts[i].key) >= 0 &&
		    (runs || counts[i].cell == CELL_RESTARTS))
			snprintf(room[counts[i].cell], sizeof(room[0]), "%.0f", number(usage, counts[i].key));
	if (cJSON_IsNumber(get(usage, "uptime_ms")))
		news_duration((int64_t)number(usage, "uptime_ms"), room[CELL_UPTIME], sizeof(room[0]));
	for (size_t i = CELL_CPU; i < CELL_COUNT; i++)
		cells[i] = room[i][0] != '\0' ? room[i] : NULL;
	table_add(table, cells);
}

void top_print(const struct cJSON *before, const struct cJSON *after, const char *const *names, FILE *out)
{
	cJSON *object = top_json(before, after, names);
	struct table table;
	const cJSON *unit;

	table_init(&table, columns, CELL_COUNT);
	cJSON_ArrayForEach(unit, get(object, "units"))
	{
		add_row(&table, text(unit, "name"), text(unit, "state"), unit);
	}
	add_row(&table, "(total)", "", get(object, "total"));
	add_row(&table, "(upfront)", "", get(object, "supervisor"));
	table_print(&table, out);
	table_finish(&table);
	cJSON_Delete(object);
}
