/* SPDX-License-Identifier: MIT */
/* help_keys - the keys of the dashboard as `upfront help keys` prints them: by place, from the table that the screen itself goes by. */
#ifndef UPFRONT_LAUNCHER_COMMAND_HELP_KEYS_H
#define UPFRONT_LAUNCHER_COMMAND_HELP_KEYS_H

#include <stdio.h>

void help_keys_print(FILE *out);

#endif
