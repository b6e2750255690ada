/* SPDX-License-Identifier: MIT */
/*
 * Variables by which well-known software is told not to report: set in every managed service when the answer is
 * no. Each is a product's own: documented, or read by its code. `source` says where, as "OWNER/REPOSITORY PATH" or "docs: PAGE". One that
 * switches off more than reporting has no place here (an update check that is the report itself does).
 */
#ifndef UPFRONT_TELEMETRY_OPTOUT_H
#define UPFRONT_TELEMETRY_OPTOUT_H

#include <stddef.h>

struct optout {
	const char *variable, *value, *product, *source;
};

const struct optout *optout_table(size_t *count);

#endif
