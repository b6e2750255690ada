/* SPDX-License-Identifier: MIT */
#include "ui/unit_progress.h"

#include "ui/model.h"
#include "ui/theme.h"

#include <stdio.h>

int unit_progress_percent(const struct unit_progress *self)
{
	if (self->work == WORK_NONE || self->total <= 0 || self->done < 0)
		return -1;
	if (self->done >= self->total)
		return 100;
	/* What comes from elsewhere may be any number. */
	return (int)((double)self->done / (double)self->total * 100);
}

/* Both in the unit of the larger one. */
static void spell_sizes(int64_t done, int64_t total, char *text, size_t size_bytes)
{
	static const struct {
		int64_t bytes;
		const char *name;
	} units[] = {{1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"}, {1, "B"}};
	const int64_t larger = total > done ? total : done;
	size_t unit = 0;

	while (unit < 3 && larger < units[unit].bytes)
		unit++;
	const double scale = (double)units[unit].bytes;
	const int decimals = unit < 3 ? 1 : 0;

	if (total > 0)
		snprintf(text, size_bytes, "%.*f/%.*f %s", decimals, (double)done / scale, decimals,
			 (double)total / scale, units[unit].name);
	else
		snprintf(text, size_bytes, "%.*f %s", decimals, (double)done / scale, units[unit].name);
}

static void spell_pulling(const struct unit_progress *self, char *text, size_t size_bytes)
{
	const int percent = unit_progress_percent(self);
	char sizes[64];

	spell_sizes(self->done, self->total, sizes, sizeof(sizes));
	if (percent >= 0)
		snprintf(text, size_bytes, "pulling %d%% %s", percent, sizes);
	else if (self->done > 0)
		snprintf(text, size_bytes, "pulling %s", sizes);
	else
		snprintf(text, size_bytes, "pulling%s%s", self->text != NULL ? " " : "",
			 self->text != NULL ? self->text : "");
}

void unit_progress_words(const struct unit_progress *self, char *text, size_t size_bytes)
{
	text[0] = '\0';
	switch (self->work) {
	case WORK_NONE:
		break;
	case WORK_PULLING:
		spell_pulling(self, text, size_bytes);
		break;
	case WORK_BUILDING:
		if (self->total > 0)
			snprintf(text, size_bytes, "building step %lld of %lld", (long long)self->done,
				 (long long)self->total);
		else
			snprintf(text, size_bytes, "building%s%s", self->text != NULL ? ": " : "",
				 self->text != NULL ? self->text : "");
		break;
	case WORK_CREATING:
		snprintf(text, size_bytes, "creating its container");
		break;
	}
}

void unit_progress_brief(const struct unit_progress *self, char *text, size_t size_bytes)
{
	snprintf(text, size_bytes, "%s %d%%", self->work == WORK_BUILDING ? "building" : "pulling",
		 unit_progress_percent(self));
}

unsigned unit_progress_bar_cells(const struct unit_progress *self, unsigned room)
{
	if (unit_progress_percent(self) < 0 || room < 1 + UNIT_BAR_MIN)
		return 0;
	return room - 1 < UNIT_BAR_MAX ? room - 1 : UNIT_BAR_MAX;
}

void unit_progress_bar(const struct unit_progress *self, const struct theme *theme, uint32_t *points, unsigned cells)
{
	const int percent = unit_progress_percent(self);
	const unsigned full = percent > 0 ? (unsigned)percent * cells / 100 : 0;

	for (unsigned i = 0; i < cells; i++)
		points[i] = i < full ? (theme->lines ? 0x2588 : '#') : theme->lines ? 0x2591 : '.';
}
