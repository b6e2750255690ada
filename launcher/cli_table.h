/* SPDX-License-Identifier: MIT */
/* upfront's own commands and options as telemetry/sanitize.h reads them, made from the tables that the parser works by. */
#ifndef UPFRONT_LAUNCHER_CLI_TABLE_H
#define UPFRONT_LAUNCHER_CLI_TABLE_H

#include "config/command_table.h"

struct pool;

/* Lives as long as the pool. */
const struct command_table *cli_table_make(struct pool *pool);

#endif
