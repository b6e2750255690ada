/* SPDX-License-Identifier: MIT */
/* Rows of measurements: medians beside their floor, one table that can be pasted into a document, and a verdict each. */
#ifndef UPFRONT_TESTS_LIB_MEASURE_H
#define UPFRONT_TESTS_LIB_MEASURE_H

#include <stdbool.h>

#define MEASURE_TURNS_MAX 512

struct measure {
	int turns;
	bool strict; /* a missed time fails, too */
	int passed, failed;
};

struct series {
	double values[MEASURE_TURNS_MAX];
	int count;
};

double measure_now_ms(void);
/* Full: `turns` of each measurement. Quick, when argv says so: 3, and nothing that depends on the machine's load can fail. */
struct measure measure_begin(int argc, char **argv, int turns);
void measure_heading(const char *what);
/* One row; `timed` rows count only in a strict run. */
void measure_row(struct measure *self, bool good, bool timed, const char *what, const char *found, const char *wanted);
/* The two medians in milliseconds, and whether the first is at most `limit` times the second. */
void measure_ratio(struct measure *self, const char *what, struct series *ours, struct series *floor, double limit);
/* Adds to the totals of a whole check; the program's exit code. */
int measure_end(const struct measure *self);

void series_add(struct series *self, double value);
double series_median(struct series *self); /* sorts */
/* The value that `share` of all do not exceed; sorts. */
double series_quantile(struct series *self, double share);

#endif
