/* SPDX-License-Identifier: MIT */
#include "tests/lib/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUICK_TURNS 3

double measure_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

struct measure measure_begin(int argc, char **argv, int turns)
{
	const bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;

	return (struct measure){.turns = quick ? QUICK_TURNS : turns, .strict = !quick};
}

void measure_heading(const char *what)
{
	printf("\n| %-38s | %-46s | %-24s | %-8s |\n| --- | --- | --- | --- |\n", what, "found", "wanted", "");
	fflush(stdout);
}

void measure_row(struct measure *self, bool good, bool timed, const char *what, const char *found, const char *wanted)
{
	const bool counted = !timed || self->strict;

	printf("| %-38s | %-46s | %-24s | %-8s |\n", what, found, wanted,
	       good      ? "ok"
	       : counted ? "MISSED"
			 : "missed, not counted");
	fflush(stdout);
	if (good || !counted)
		self->passed++;
	else
		self->failed++;
}

void measure_ratio(struct measure *self, const char *what, struct series *ours, struct series *floor, double limit)
{
	const double mine = series_median(ours), least = series_median(floor);
	char found[64], wanted[64];

	snprintf(found, sizeof(found), "%.2f ms, floor %.2f ms: %.2fx", mine, least, mine / least);
	snprintf(wanted, sizeof(wanted), "<= %.2fx the floor", limit);
	measure_row(self, mine <= limit * least, true, what, found, wanted);
}

int measure_end(const struct measure *self)
{
	const char *path = getenv("TEST_TOTALS");
	FILE *file = path != NULL ? fopen(path, "ae") : NULL;

	printf("%d passed, %d failed, 0 skipped\n", self->passed, self->failed);
	if (file != NULL) {
		fprintf(file, "%d %d 0\n", self->passed, self->failed);
		fclose(file);
	}
	return self->failed > 0;
}

void series_add(struct series *self, double value)
{
	if (self->count < MEASURE_TURNS_MAX)
		self->values[self->count++] = value;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

double series_quantile(struct series *self, double share)
{
	int at = (int)(share * self->count);

	if (self->count == 0)
		return -1;
	qsort(self->values, (size_t)self->count, sizeof(double), by_value);
	return self->values[at < self->count ? at : self->count - 1];
}

double series_median(struct series *self)
{
	return series_quantile(self, 0.5);
}
