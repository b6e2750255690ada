/* SPDX-License-Identifier: MIT */
/* The dashboard of the built upfront on a pseudo terminal (term.h, vt_world.h): that it stands there, and that the terminal is given back. */
#ifndef UPFRONT_TESTS_LIB_DASH_RUN_H
#define UPFRONT_TESTS_LIB_DASH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct vt;
struct world;

/* `upfront up`, or `upfront attach` when the stack runs already; returns when the main view is seen. vt_finish ends it. */
struct vt *dash_run_up(const struct world *world, unsigned rows, unsigned columns);
struct vt *dash_run_attach(const struct world *world, unsigned rows, unsigned columns);
/* Waits until the main view is seen, with the footer of a place where nothing is open. */
void dash_run_expect_main(struct vt *vt);

/* What the bytes so far have made of a private mode ("\033[?2004h"): 1 on, 0 off, restored or never touched. */
int dash_run_mode(const struct vt *vt, unsigned mode);
/* Line discipline, alternate screen, cursor, pastes, mouse and wheel are as they were before. */
void dash_run_assert_restored(const struct vt *vt);
/* It has ended with this exit code, and the terminal is as before. Finishes `vt`. */
void dash_run_expect_exit(struct vt *vt, int code);

/* terminal -> guard -> supervisor -> services: found by walking up from the process whose command line holds `service`. */
pid_t dash_run_supervisor(const struct world *world, const char *service);
pid_t dash_run_guard(const struct world *world, const char *service);

#endif
