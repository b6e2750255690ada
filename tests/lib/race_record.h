/* SPDX-License-Identifier: MIT */
/* What tests/helpers/reporter writes into its FIFO, whole, when it runs. */
#ifndef UPFRONT_TESTS_LIB_RACE_RECORD_H
#define UPFRONT_TESTS_LIB_RACE_RECORD_H

#include <stdint.h>

struct race_record {
	int64_t time_ns; /* monotonic */
	int64_t pid;
};

#endif
