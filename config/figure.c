/* SPDX-License-Identifier: MIT */
#include "config/figure.h"

#include <stdio.h>
#include <string.h>

#define CPU_LEAST 0.5 /* what is less reads 0 */
#define CPU_MOVES_SHARE 0.12
#define CPU_MOVES_POINTS 0.3
#define CPU_MAX 99000.0 /* more than any machine has */
#define BYTES_MOVE_SHARE 0.02
/* What a few megabytes differ by from one child process to the next. */
#define BYTES_MOVE_LEAST (256 * 1024)
#define BYTES_MOVE_FROM (1024 * 1024)

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static double distance(double a, double b)
{
	return a < b ? b - a : a - b;
}

/* ---- Processor ---- */

/* NaN counts as not known, too. */
static bool is_known(double percent)
{
	return percent >= 0;
}

void figure_cpu(double percent, char *text, size_t size_bytes)
{
	long long tens;

	if (!is_known(percent)) {
		snprintf(text, size_bytes, "-");
		return;
	}
	if (percent > CPU_MAX)
		percent = CPU_MAX;
	tens = (long long)((percent + 5) / 10);
	if (percent < CPU_LEAST)
		snprintf(text, size_bytes, "0");
	else if (percent < 9.95)
		snprintf(text, size_bytes, "%.1f", percent);
	else if (percent < 99.5)
		snprintf(text, size_bytes, "%.0f", percent);
	else
		snprintf(text, size_bytes, "%lld", tens * 10);
}

bool figure_cpu_moves(double shown_percent, double percent)
{
	char shown[FIGURE_BYTES], now[FIGURE_BYTES];
	double left;

	if (!is_known(shown_percent) || !is_known(percent))
		return is_known(shown_percent) != is_known(percent);
	left = distance(shown_percent, percent);
	if (left <= CPU_MOVES_SHARE * shown_percent || left <= CPU_MOVES_POINTS)
		return false;
	figure_cpu(shown_percent, shown, sizeof shown);
	figure_cpu(percent, now, sizeof now);
	return strcmp(shown, now) != 0;
}

/* ---- Memory ---- */

void figure_bytes(int64_t bytes, char *text, size_t size_bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 0) {
		snprintf(text, size_bytes, "-");
		return;
	}
	/* What would take four digits is already a small number of the next unit. */
	while (value >= 999.5) {
		value /= 1024;
		unit++;
	}
	if (bytes == 0)
		snprintf(text, size_bytes, "0");
	else if (unit > 0 && value < 9.95)
		snprintf(text, size_bytes, "%.1f%c", value, units[unit]);
	else
		snprintf(text, size_bytes, "%.0f%c", value, units[unit]);
}

bool figure_bytes_moves(int64_t shown_bytes, int64_t bytes)
{
	const double left = distance((double)shown_bytes, (double)bytes);
	char shown[FIGURE_BYTES], now[FIGURE_BYTES];

	if (shown_bytes < 0 || bytes < 0)
		return (shown_bytes < 0) != (bytes < 0);
	if (left <= BYTES_MOVE_SHARE * (double)shown_bytes ||
	    (left <= BYTES_MOVE_LEAST && shown_bytes > BYTES_MOVE_FROM && bytes > BYTES_MOVE_FROM))
		return false;
	figure_bytes(shown_bytes, shown, sizeof shown);
	figure_bytes(bytes, now, sizeof now);
	return strcmp(shown, now) != 0;
}

/* ---- Times ---- */

static int64_t coarsest(int64_t uptime_ms)
{
	return uptime_ms < HOUR_MS ? MINUTE_MS : uptime_ms < DAY_MS ? HOUR_MS : DAY_MS;
}

void figure_uptime(int64_t uptime_ms, char *text, size_t size_bytes)
{
	const int64_t unit_ms = coarsest(uptime_ms);

	if (uptime_ms < 0)
		snprintf(text, size_bytes, "%s", "");
	else if (uptime_ms < MINUTE_MS)
		snprintf(text, size_bytes, "<1m");
	else
		snprintf(text, size_bytes, "%lld%c", (long long)(uptime_ms / unit_ms),
			 unit_ms == MINUTE_MS ? 'm'
			 : unit_ms == HOUR_MS ? 'h'
					      : 'd');
}

int64_t figure_uptime_lasts_ms(int64_t uptime_ms)
{
	const int64_t unit_ms = coarsest(uptime_ms);

	return uptime_ms < 0 ? MINUTE_MS : unit_ms - uptime_ms % unit_ms;
}

static void two_units(char *text, size_t size_bytes, int64_t coarse, char coarse_unit, int64_t fine, char fine_unit)
{
	snprintf(text, size_bytes, "%lld%c%02lld%c", (long long)coarse, coarse_unit, (long long)fine, fine_unit);
}

void figure_duration(int64_t duration_ms, char *text, size_t size_bytes)
{
	if (duration_ms < 0)
		snprintf(text, size_bytes, "%s", "");
	else if (duration_ms < 100)
		snprintf(text, size_bytes, "%lldms", (long long)duration_ms);
	else if (duration_ms < 10 * SECOND_MS - 50)
		snprintf(text, size_bytes, "%lld.%llds", (long long)(duration_ms + 50) / 1000,
			 (long long)(duration_ms + 50) / 100 % 10);
	else if (duration_ms < 10 * SECOND_MS)
		snprintf(text, size_bytes, "10s");
	else if (duration_ms < MINUTE_MS)
		snprintf(text, size_bytes, "%llds", (long long)(duration_ms / SECOND_MS));
	else if (duration_ms < HOUR_MS)
		two_units(text, size_bytes, duration_ms / MINUTE_MS, 'm', duration_ms % MINUTE_MS / SECOND_MS, 's');
	else if (duration_ms < DAY_MS)
		two_units(text, size_bytes, duration_ms / HOUR_MS, 'h', duration_ms % HOUR_MS / MINUTE_MS, 'm');
	else
		two_units(text, size_bytes, duration_ms / DAY_MS, 'd', duration_ms % DAY_MS / HOUR_MS, 'h');
}
