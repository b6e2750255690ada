/* SPDX-License-Identifier: MIT */
/* The end of usage statistics at once, for `telemetry off` and `forget`: what is kept goes, and every running stack of the app stops sending. */
#ifndef UPFRONT_LAUNCHER_COMMAND_TELEMETRY_END_H
#define UPFRONT_LAUNCHER_COMMAND_TELEMETRY_END_H

#include "config/strmap.h"

struct err;

typedef int telemetry_visit_app(const char *app, struct err *err);

struct telemetry_end {
	const char *app; /* NULL: every app */
	telemetry_visit_app
		*remove; /* telemetry_wipe or telemetry_forget; called before and after the stacks are told */
	int removed; /* what it said it has removed of `app` */
	struct strmap ended; /* the keys: running projects whose statistics were on */
};

/* What could not be ended or removed is in `err`; all else is, nevertheless. telemetry_end_finish in any case. */
void telemetry_end_now(struct telemetry_end *self, struct err *err);
void telemetry_end_finish(struct telemetry_end *self);

/* Every app something was ever kept of, by the name of its folder. */
void telemetry_each_app(telemetry_visit_app *visit, struct err *err);

#endif
