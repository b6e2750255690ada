/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "launcher/process/proc_table.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

int supervisor_measure(const struct supervisor *self, struct engine_stats *stats)
{
	return engines_stats(self, stats);
}

int supervisor_sample(struct supervisor *self, struct engine_sample *samples)
{
	return engines_sample(self, samples);
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
