/* SPDX-License-Identifier: MIT */
/* The word in a line of a log that says how bad it is: "ERROR", "[warn]", "level=fatal". */
#ifndef UPFRONT_UI_LOG_LEVEL_H
#define UPFRONT_UI_LOG_LEVEL_H

#include "ui/theme.h"

#include <stddef.h>

/* ROLE_BAD or ROLE_WARN and where the word stands; ROLE_PLAIN: there is none near the beginning, or the line has colours of its own. */
enum theme_role log_level_find(const char *bytes, size_t size_bytes, size_t *offset, size_t *length);

#endif
