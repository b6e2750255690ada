/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "launcher/process/proc_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of all units, by index; the caller frees. */
static unsigned *list_ids(const struct supervisor *self)
{
	unsigned *ids = calloc(self->unit_count + 1, sizeof(*ids));

	for (size_t i = 0; ids != NULL && i < self->unit_count; i++)
		ids[i] = self->units[i]->id;
	return ids;
}

int supervisor_measure(const struct supervisor *self, struct engine_stats *stats)
{
	unsigned *ids = list_ids(self);
	int result;

	if (ids == NULL)
		return -ENOMEM;
	memset(stats, 0, self->unit_count * sizeof(*stats));
	result = self->engine != NULL ? self->engine_ops->stats(self->engine, ids, self->unit_count, stats) : -ESRCH;
	free(ids);
	return result;
}

int supervisor_sample(struct supervisor *self, struct engine_sample *samples)
{
	unsigned *ids;
	int result;

	if (self->engine == NULL)
		return -ESRCH;
	if (samples == NULL)
		return self->engine_ops->sample(self->engine, NULL, 0, NULL);
	ids = list_ids(self);
	if (ids == NULL)
		return -ENOMEM;
	result = self->engine_ops->sample(self->engine, ids, self->unit_count, samples);
	free(ids);
	return result;
}

static int64_t time_us(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

int supervisor_sample_self(const struct supervisor *self, struct engine_sample *sample)
{
	struct proc_entry entry;
	struct rusage usage;
	int result = proc_entry_read(getpid(), &entry);

	(void)self;
	if (result < 0)
		return result;
	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return -errno;
	*sample = (struct engine_sample){.rss_bytes = (int64_t)entry.rss_pages * sysconf(_SC_PAGESIZE),
					 .cpu_us = time_us(&usage.ru_utime) + time_us(&usage.ru_stime),
					 .processes = 1};
	return 0;
}

int64_t supervisor_started_ms(const struct supervisor *self)
{
	return self->started_ms;
}
