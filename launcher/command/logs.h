/* SPDX-License-Identifier: MIT */
/* What others who show logs need of the command. */
#ifndef UPFRONT_LAUNCHER_COMMAND_LOGS_H
#define UPFRONT_LAUNCHER_COMMAND_LOGS_H

#include "ui/model.h"

#include <stdint.h>

struct log_archive_line;
struct project;
struct view;

/* Wall clock: when the last run began, which may be the present one; 0: not known. */
int64_t logs_last_run_ms(const struct project *project);
/* A line of the files as line mode writes it, in the colour that `up` shows its service in. */
struct plain_line logs_plain_line(const struct view *view, const struct log_archive_line *taken);

#endif
