/* SPDX-License-Identifier: MIT */
#include "launcher/client/slow_stop.h"

#include "launcher/client/news.h"
#include "launcher/client/view.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX 5u
/* Those that are due soon are said with those that are due: one line, not many. */
#define TOGETHER_MS 500

int64_t slow_stop_next_ms(const struct view *view)
{
	int64_t next_ms = 0;

	for (size_t i = 0; i < view->count; i++) {
		const struct view_unit *unit = &view->units[i];

		if (unit->slow_ms > 0 && (next_ms == 0 || unit->slow_ms < next_ms))
			next_ms = unit->slow_ms;
	}
	return next_ms;
}

static void add_name(FILE *out, const char *name, size_t index, size_t count)
{
	if (index < NAMES_MAX)
		fprintf(out, "%s%s", index == 0 ? "" : index + 1 == count ? " and " : ", ", name);
	else if (index == NAMES_MAX)
		fprintf(out, " and %zu more", count - NAMES_MAX);
}

static bool is_due(const struct view_unit *unit, int64_t now_ms)
{
	return unit->slow_ms > 0 && unit->slow_ms - TOGETHER_MS <= now_ms;
}

char *slow_stop_line(struct view *view, int64_t now_ms)
{
	const int64_t next_ms = slow_stop_next_ms(view);
	size_t count = 0, index = 0, size;
	int64_t kill_ms = 0;
	char left[32], *line = NULL;
	FILE *out;

	if (next_ms == 0 || next_ms > now_ms || (out = open_memstream(&line, &size)) == NULL)
		return NULL;
	for (size_t i = 0; i < view->count; i++)
		count += is_due(&view->units[i], now_ms) ? 1 : 0;
	fputs("still waiting for ", out);
	for (size_t i = 0; i < view->count; i++) {
		struct view_unit *unit = &view->units[i];

		if (!is_due(unit, now_ms))
			continue;
		add_name(out, unit->name, index++, count);
		if (unit->kill_ms > kill_ms)
			kill_ms = unit->kill_ms;
		unit->slow_ms = now_ms + SLOW_STOP_AGAIN_MS;
	}
	fputs(" to end", out);
	if (kill_ms > now_ms) {
		news_duration(kill_ms - now_ms, left, sizeof(left));
		fprintf(out, ": %s killed in %s%s", count == 1 ? "it is" : "they are", count == 1 ? "" : "at most ",
			left);
	}
	if (fclose(out) == 0)
		return line;
	free(line);
	return NULL;
}
