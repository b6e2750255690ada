/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_parts.h"

#include "config/clock.h"
#include "launcher/engine/docker_api.h"
#include "launcher/process/cgroup.h"
#include "launcher/process/proc_table.h"
#include "launcher/process/proc_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 256
/* More processes in one container than that are found by parentage only. */
#define PIDS_MAX 2048u
/* The engine is not asked of one container more often than that. */
#define ASK_MS 500
#define ASK_TIMEOUT_MS 10000

/* What is kept of one unit. */
struct counted {
	struct engine *engine;
	char container[COMPOSE_ID_BYTES];
	pid_t pid;
	char list[CGROUP_PATH_BYTES]; /* of its processes; "": not to be read */
	pid_t *pids; /* on that list when it was last read */
	size_t pid_count;
	pid_t *tops; /* of them, those that none of them started */
	size_t top_count;
	struct docker_call *call; /* containers elsewhere */
	int64_t asked_ms;
	struct engine_stats last; /* all zero: not known yet */
};

struct compose_stats {
	struct counted **items; /* by unit; NULL where nothing was asked */
	size_t count;
	struct proc_watch *watch; /* NULL: nobody follows */
	pid_t list[PIDS_MAX]; /* as it is read */
};

/* Roots of all units that were asked of, those of one unit one behind the other. */
struct roots {
	pid_t *pids;
	size_t *owners; /* which of the units */
	size_t count, capacity;
};

bool compose_pid_is_here(pid_t pid, const char *container)
{
	return cgroup_names(NULL, pid, container);
}

/* ---- What is kept ---- */

static void counted_forget(struct counted *self)
{
	struct engine *engine = self->engine;

	docker_call_cancel(self->call);
	free(self->pids);
	free(self->tops);
	*self = (struct counted){.engine = engine};
}

void compose_stats_destroy(struct compose_stats *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->count; i++) {
		if (self->items[i] != NULL)
			counted_forget(self->items[i]);
		free(self->items[i]);
	}
	free(self->items);
	proc_watch_destroy(self->watch);
	free(self);
}

static struct compose_stats *stats_of(struct engine *engine)
{
	if (engine->stats == NULL)
		engine->stats = calloc(1, sizeof(*engine->stats));
	return engine->stats;
}

/* That of a unit that runs; NULL: it does not, or no memory. */
static struct counted *counted_of(struct engine *engine, unsigned unit)
{
	struct compose_stats *self = engine->stats;
	const struct part *part = compose_find(engine, unit);
	struct counted *item;

	if (part == NULL || part->container[0] == '\0' || (part->state != PART_RUNS && part->state != PART_STOPPING))
		return NULL;
	if (unit >= self->count) {
		const size_t count = (size_t)unit + 16;
		struct counted **items = reallocarray(self->items, count, sizeof(*items));

		if (items == NULL)
			return NULL;
		memset(items + self->count, 0, (count - self->count) * sizeof(*items));
		self->items = items;
		self->count = count;
	}
	if (self->items[unit] == NULL)
		self->items[unit] = calloc(1, sizeof(*item));
	item = self->items[unit];
	if (item == NULL)
		return NULL;
	item->engine = engine;
	if (item->pid == part->pid && strcmp(item->container, part->container) == 0)
		return item;
	counted_forget(item);
	item->pid = part->pid;
	snprintf(item->container, sizeof(item->container), "%s", part->container);
	if (item->pid > 0 && cgroup_find_list(NULL, item->pid, item->container, item->list) < 0)
		item->list[0] = '\0';
	return item;
}

/* ---- Processes of this machine ---- */

static bool has_pid(const pid_t *pids, size_t count, pid_t pid)
{
	size_t low = 0;

	while (low < count) {
		const size_t middle = low + (count - low) / 2;

		if (pids[middle] == pid)
			return true;
		if (pids[middle] < pid)
			low = middle + 1;
		else
			count = middle;
	}
	return false;
}

/* Finds who none of them started: the main process, and what was put into the container later. */
static int find_tops(struct counted *self, const pid_t *pids, size_t count)
{
	pid_t *copy = calloc(count + 1, sizeof(*copy));
	pid_t *tops = calloc(count + 1, sizeof(*tops));
	size_t top_count = 0;

	if (copy == NULL || tops == NULL) {
		free(copy);
		free(tops);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct proc_entry entry;

		copy[i] = pids[i];
		if (proc_entry_read(pids[i], &entry) == 0 && !has_pid(pids, count, entry.parent))
			tops[top_count++] = pids[i];
	}
	free(self->pids);
	free(self->tops);
	self->pids = copy;
	self->pid_count = count;
	self->tops = tops;
	self->top_count = top_count;
	return 0;
}

/* The same list as the last time has the same tops: as a rule one small file is all that is read. */
static void look_up_tops(struct compose_stats *self, struct counted *item)
{
	const ssize_t count = item->list[0] != '\0' ? cgroup_read_list(item->list, self->list, PIDS_MAX) : -ENOENT;

	if (count > 0 && item->tops != NULL && (size_t)count == item->pid_count &&
	    memcmp(self->list, item->pids, (size_t)count * sizeof(pid_t)) == 0)
		return;
	if (count <= 0 || find_tops(item, self->list, (size_t)count) < 0)
		item->top_count = 0;
}

static int roots_add(struct roots *self, pid_t pid, size_t owner)
{
	if (self->count == self->capacity) {
		const size_t capacity = self->capacity * 2 + 64;
		pid_t *pids = reallocarray(self->pids, capacity, sizeof(*pids));
		size_t *owners;

		if (pids == NULL)
			return -ENOMEM;
		self->pids = pids;
		owners = reallocarray(self->owners, capacity, sizeof(*owners));
		if (owners == NULL)
			return -ENOMEM;
		self->owners = owners;
		self->capacity = capacity;
	}
	self->pids[self->count] = pid;
	self->owners[self->count++] = owner;
	return 0;
}

static int add_roots(struct compose_stats *self, struct counted *item, size_t owner, struct roots *roots)
{
	int result = 0;

	look_up_tops(self, item);
	if (item->top_count == 0)
		return roots_add(roots, item->pid, owner);
	for (size_t i = 0; result == 0 && i < item->top_count; i++)
		result = roots_add(roots, item->tops[i], owner);
	return result;
}

static void roots_finish(struct roots *self)
{
	free(self->pids);
	free(self->owners);
}

/* ---- Containers elsewhere ---- */

static void on_answer(void *context, const struct docker_answer *answer)
{
	struct counted *self = context;

	self->call = NULL;
	if (answer->error < 0)
		compose_suspect(self->engine);
	else if (answer->status == 200)
		compose_stats_read(answer->body, &self->last);
}

/* Asks again, in the background: what is known is what was answered the last time. */
static void ask(struct counted *self)
{
	const int64_t now_ms = clock_monotonic_ms();
	char path[PATH_BYTES];
	const struct docker_request request = {
		.method = "GET", .path = path, .timeout_ms = ASK_TIMEOUT_MS, .done = on_answer, .context = self};

	if (self->call != NULL || !self->engine->reachable || (self->asked_ms > 0 && now_ms - self->asked_ms < ASK_MS))
		return;
	self->asked_ms = now_ms;
	snprintf(path, sizeof(path), "/containers/%s/stats?stream=false&one-shot=true", self->container);
	self->call = docker_begin(self->engine->docker, &request);
}

/* ---- Both ---- */

/* Whose processes are here goes into `roots`; of the others `last` is what is known, into elsewhere[i]. */
static int gather(struct engine *engine, const unsigned *units, size_t count, struct roots *roots,
		  const struct counted **elsewhere)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++) {
		struct counted *item = counted_of(engine, units[i]);

		elsewhere[i] = NULL;
		if (item != NULL && item->pid > 0) {
			result = add_roots(engine->stats, item, i, roots);
		} else if (item != NULL) {
			ask(item);
			elsewhere[i] = item;
		}
	}
	return result;
}

static void add_usage(struct engine_stats *stats, const struct proc_usage *usage, int fds)
{
	stats->rss_bytes += usage->rss_bytes;
	stats->cpu_user_us += usage->cpu_user_us;
	stats->cpu_system_us += usage->cpu_system_us;
	stats->processes += usage->processes;
	stats->threads += usage->threads;
	stats->fds = fds < 0 || stats->fds < 0 ? -1 : stats->fds + fds;
}

static int measure(const struct roots *roots, struct engine_stats *stats)
{
	struct proc_usage *usages = calloc(roots->count + 1, sizeof(*usages));
	int *fds = calloc(roots->count + 1, sizeof(*fds));
	struct proc_table table = {0};
	int result = usages != NULL && fds != NULL ? proc_table_read(&table) : -ENOMEM;

	if (result == 0)
		result = proc_table_usages(&table, roots->pids, roots->count, usages, fds);
	for (size_t i = 0; result == 0 && i < roots->count; i++)
		add_usage(&stats[roots->owners[i]], &usages[i], fds[i]);
	proc_table_finish(&table);
	free(usages);
	free(fds);
	return result;
}

int compose_stats(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats)
{
	const struct counted **elsewhere = calloc(count + 1, sizeof(const struct counted *));
	struct roots roots = {0};
	int result = elsewhere != NULL && stats_of(self) != NULL ? 0 : -ENOMEM;

	if (result == 0)
		result = gather(self, units, count, &roots, elsewhere);
	for (size_t i = 0; result == 0 && i < count; i++)
		stats[i] = elsewhere[i] != NULL ? elsewhere[i]->last : (struct engine_stats){0};
	if (result == 0 && roots.count > 0)
		result = measure(&roots, stats);
	roots_finish(&roots);
	free(elsewhere);
	return result;
}

static int measure_short(struct compose_stats *self, const struct roots *roots, struct engine_sample *samples)
{
	struct proc_watch_usage *usages = calloc(roots->count + 1, sizeof(*usages));
	int result = -ENOMEM;

	if (self->watch == NULL)
		self->watch = proc_watch_create();
	if (self->watch != NULL && usages != NULL)
		result = proc_watch_measure(self->watch, roots->pids, roots->count, clock_monotonic_ms(), usages);
	for (size_t i = 0; result == 0 && i < roots->count; i++) {
		struct engine_sample *sample = &samples[roots->owners[i]];

		sample->rss_bytes += usages[i].rss_bytes;
		sample->cpu_us += usages[i].cpu_us;
		sample->processes += usages[i].processes;
	}
	free(usages);
	return result;
}

int compose_sample(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples)
{
	const struct counted **elsewhere;
	struct roots roots = {0};
	int result = -ENOMEM;

	if (units == NULL) {
		compose_stats_destroy(self->stats);
		self->stats = NULL;
		return 0;
	}
	elsewhere = calloc(count + 1, sizeof(const struct counted *));
	if (elsewhere != NULL && stats_of(self) != NULL)
		result = gather(self, units, count, &roots, elsewhere);
	for (size_t i = 0; result == 0 && i < count; i++) {
		const struct engine_stats *last = elsewhere[i] != NULL ? &elsewhere[i]->last : NULL;

		samples[i] = (struct engine_sample){0};
		if (last != NULL)
			samples[i] = (struct engine_sample){last->rss_bytes, last->cpu_user_us + last->cpu_system_us,
							    last->processes};
	}
	if (result == 0 && roots.count > 0)
		result = measure_short(self->stats, &roots, samples);
	roots_finish(&roots);
	free(elsewhere);
	return result;
}
