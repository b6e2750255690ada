/* SPDX-License-Identifier: MIT */
/* screen_watch - hears of changes of the stack file: inotify(7) on its folder, since editors put a new file in its place. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_WATCH_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_WATCH_H

#include <stdbool.h>

/* Returns a descriptor to be polled, or -1: then nobody is told. */
int screen_watch_open(const char *file);
/* Takes what came; true when it was about this file. */
bool screen_watch_read(int fd, const char *file);

#endif
