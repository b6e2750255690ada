/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_parts.h"

#include <cjson/cJSON.h>

/* Numbers in JSON are the engine's word: none is taken that would not fit. */
#define NUMBER_MAX 9e15

static const cJSON *member(const cJSON *map, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(map, name);
}

/* -1: not said. */
static int64_t number(const cJSON *map, const char *name)
{
	const cJSON *value = member(map, name);

	if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > NUMBER_MAX)
		return -1;
	return (int64_t)value->valuedouble;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is kept of files that nobody has read lately would be given back at once: it is not counted. Version 1 and 2 name it differently. */
static int64_t memory_of(const cJSON *memory)
{
	const cJSON *detail = member(memory, "stats");
	const int64_t usage = number(memory, "usage");
	int64_t inactive = number(detail, "total_inactive_file");

	if (inactive < 0)
		inactive = number(detail, "inactive_file");
	if (usage < 0)
		return 0;
	return inactive > 0 && inactive < usage ? usage - inactive : usage;
}

void compose_stats_read(const struct cJSON *body, struct engine_stats *stats)
{
	const cJSON *cpu = member(member(body, "cpu_stats"), "cpu_usage");
	const int64_t total_ns = number(cpu, "total_usage");
	const int64_t user_ns = number(cpu, "usage_in_usermode");
	const int64_t tasks = number(member(body, "pids_stats"), "current");

	*stats = (struct engine_stats){.rss_bytes = memory_of(member(body, "memory_stats")), .fds = -1};
	/* The two kinds are counted in larger steps than their sum. */
	if (total_ns > 0) {
		stats->cpu_user_us = least(user_ns > 0 ? user_ns : 0, total_ns) / 1000;
		stats->cpu_system_us = total_ns / 1000 - stats->cpu_user_us;
	}
	/* It counts threads; how many processes they make up it does not say. */
	stats->threads = (int)least(tasks > 1 ? tasks : 1, INT32_MAX);
	stats->processes = 1;
}
