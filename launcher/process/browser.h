/* SPDX-License-Identifier: MIT */
/*
 * browser - opens a URL as if from a shell of its own: a session without a terminal, nobody's child but init's, so that it outlives us and
 * is neither waited for nor swept away with the stack.
 *
 * Which program: that of $BROWSER; in the Windows Subsystem for Linux what opens the browser of Windows; xdg-open; sensible-browser. Where
 * nothing can be shown (no display, as over ssh) only $BROWSER is asked, and not for a browser in text, which would need the terminal. The URL is
 * one argument, and no shell sees it.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_BROWSER_H
#define UPFRONT_LAUNCHER_PROCESS_BROWSER_H

#include <stdbool.h>
#include <stddef.h>

#define BROWSER_URL_MAX 2048u

/* True for http://... and https://... without anything that stands in no URL. */
bool browser_takes(const char *url);

/*
 * `environment` as execve takes it. 0, and *fd (close-on-exec, does not block; the caller closes it) will say whether the program could be run;
 * -EINVAL: no such URL; -ENXIO: there is no display; -ENOENT: there is no program for it; -errno.
 */
int browser_open(const char *url, const char *const *environment, int *fd);
/* 0: it runs; -EAGAIN: not known yet, *fd becomes readable; -errno: it could not be run. */
int browser_result(int fd);

/* The program that would be asked, without its arguments, into `path`; results as of browser_open. Nothing is run. */
int browser_find(const char *const *environment, char *path, size_t size_bytes);

#endif
