/* SPDX-License-Identifier: MIT */
/* screen_temp - a new file (0600) in TMPDIR, else /tmp, for something that another program is to read. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_TEMP_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_TEMP_H

#include <stdio.h>

/* *path begins with `stem`; the caller frees it, and removes the file. Not inherited by programs. -errno: there is neither. */
int screen_temp_open(const char *stem, char **path, FILE **out);
/* -errno when not all of it could be written: then the file is gone. */
int screen_temp_close(FILE *out, const char *path);

#endif
