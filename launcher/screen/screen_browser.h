/* SPDX-License-Identifier: MIT */
/*
 * screen_browser - opens a URL by xdg-open, beside the screen: a session of its own, no terminal, and nobody waits for it. It stays when the screen
 * goes. It is our child, so that it is known whether there is such a program, and that it does not stay as a dead one when it has ended.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_BROWSER_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_BROWSER_H

#include <stddef.h>
#include <sys/types.h>

/* Of xdg-open, which may live as long as the browser it has started. */
#define BROWSERS_MAX 16u

struct screen_browser {
	int pidfd; /* of the last one, to poll for; -1: none */
	pid_t pids[BROWSERS_MAX]; /* not reaped yet; the last one is the last */
	size_t count;
};

enum browser_end { BROWSER_RUNS, BROWSER_ENDED, BROWSER_MISSING };

void browser_init(struct screen_browser *self);
void browser_finish(struct screen_browser *self);
/* `environment` as execve takes it. -EAGAIN when as many as can be remembered still run, -errno. */
int browser_start(struct screen_browser *self, const char *url, const char *const *environment);
/* After pidfd was ready: what became of the last one. */
enum browser_end browser_step(struct screen_browser *self);

#endif
