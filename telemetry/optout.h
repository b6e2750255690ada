/* SPDX-License-Identifier: MIT */
/*
 * Variables by which well-known software is told not to report: set in every managed service when the answer is
 * no. Each is documented by its product; `source` says where.
 */
#ifndef UPFRONT_TELEMETRY_OPTOUT_H
#define UPFRONT_TELEMETRY_OPTOUT_H

#include <stddef.h>

struct optout {
	const char *variable, *value, *product, *source;
};

const struct optout *optout_table(size_t *count);

#endif
