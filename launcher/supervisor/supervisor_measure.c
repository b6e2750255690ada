/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int supervisor_measure(const struct supervisor *self, struct engine_stats *stats)
{
	unsigned *ids = calloc(self->unit_count + 1, sizeof(*ids));
	int result;

	if (ids == NULL)
		return -ENOMEM;
	memset(stats, 0, self->unit_count * sizeof(*stats));
	for (size_t i = 0; i < self->unit_count; i++)
		ids[i] = self->units[i]->id;
	result = self->engine != NULL ? self->engine_ops->stats(self->engine, ids, self->unit_count, stats) : -ESRCH;
	free(ids);
	return result;
}

int64_t supervisor_started_ms(const struct supervisor *self)
{
	return self->started_ms;
}
