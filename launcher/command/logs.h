/* SPDX-License-Identifier: MIT */
/* What others who show logs need of the command. */
#ifndef UPFRONT_LAUNCHER_COMMAND_LOGS_H
#define UPFRONT_LAUNCHER_COMMAND_LOGS_H

#include <stdint.h>

struct project;

/* Wall clock: when the last run began, which may be the present one; 0: not known. */
int64_t logs_last_run_ms(const struct project *project);

#endif
