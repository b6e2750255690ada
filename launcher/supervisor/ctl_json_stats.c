/* SPDX-License-Identifier: MIT */
/* What units and the supervisor itself use, measured when it is asked for. */
#include "config/clock.h"
#include "launcher/engine/engine.h"
#include "launcher/process/proc_table.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void add_usage(cJSON *object, const struct engine_stats *stats)
{
	cJSON_AddNumberToObject(object, "processes", stats->processes);
	cJSON_AddNumberToObject(object, "threads", stats->threads);
	cJSON_AddNumberToObject(object, "fds", stats->fds);
	cJSON_AddNumberToObject(object, "rss_bytes", (double)stats->rss_bytes);
	cJSON_AddNumberToObject(object, "cpu_user_us", (double)stats->cpu_user_us);
	cJSON_AddNumberToObject(object, "cpu_system_us", (double)stats->cpu_system_us);
}

static cJSON *unit_object(const struct supervisor_unit *unit, const struct engine_stats *stats)
{
	const bool runs = unit->svc->has_process && unit->svc->started_ms > 0;
	cJSON *object = cJSON_CreateObject();

	ctl_json_add_text(object, "name", unit->name);
	ctl_json_add_text(object, "service", unit->service->name);
	if (unit->pid > 0)
		cJSON_AddNumberToObject(object, "pid", unit->pid);
	else
		cJSON_AddNullToObject(object, "pid");
	cJSON_AddStringToObject(object, "state", svc_state_name(unit->svc->state));
	add_usage(object, stats);
	if (runs)
		cJSON_AddNumberToObject(object, "uptime_ms", (double)(clock_monotonic_ms() - unit->svc->started_ms));
	else
		cJSON_AddNullToObject(object, "uptime_ms");
	cJSON_AddNumberToObject(object, "restarts", unit->svc->restarts);
	return object;
}

static int64_t time_us(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

/* Of this process alone: what services use stands in their own lines, also what those used that it has reaped. */
static cJSON *own_object(const struct supervisor *supervisor)
{
	struct engine_stats stats = {.processes = 1, .fds = proc_count_fds(getpid())};
	struct proc_entry entry;
	struct rusage usage;
	cJSON *object = cJSON_CreateObject();

	if (proc_entry_read(getpid(), &entry) == 0) {
		stats.rss_bytes = (int64_t)entry.rss_pages * sysconf(_SC_PAGESIZE);
		stats.threads = entry.threads;
	}
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		stats.cpu_user_us = time_us(&usage.ru_utime);
		stats.cpu_system_us = time_us(&usage.ru_stime);
	}
	cJSON_AddNumberToObject(object, "pid", getpid());
	add_usage(object, &stats);
	cJSON_AddNumberToObject(object, "uptime_ms",
				(double)(clock_monotonic_ms() - supervisor_started_ms(supervisor)));
	return object;
}

cJSON *ctl_json_stats(const struct supervisor *supervisor)
{
	const size_t count = supervisor_unit_count(supervisor);
	struct engine_stats *stats = calloc(count + 1, sizeof(*stats));
	cJSON *object = NULL, *units;

	if (stats == NULL || supervisor_measure(supervisor, stats) < 0)
		goto out;
	object = cJSON_CreateObject();
	units = cJSON_AddArrayToObject(object, "units");
	for (size_t i = 0; i < count; i++) {
		struct supervisor_unit unit;

		supervisor_unit(supervisor, i, &unit);
		cJSON_AddItemToArray(units, unit_object(&unit, &stats[i]));
	}
	cJSON_AddItemToObject(object, "supervisor", own_object(supervisor));
out:
	free(stats);
	return object;
}
