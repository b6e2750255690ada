/* SPDX-License-Identifier: MIT */
/* screen_telemetry - what holds for usage statistics, as the dashboard shows it: the supervisor's answer, and the ledger's events of this run. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_TELEMETRY_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_TELEMETRY_H

#include <stdint.h>

struct err;
struct screen_telemetry;
struct telemetry_model;

#define SCREEN_SENT_MAX 200u

struct screen_telemetry *screen_telemetry_create(void);
void screen_telemetry_destroy(struct screen_telemetry *self);

/*
 * Takes an answer of GET /v1/telemetry in, and reads what the ledger of `app` has from `since_ms` (wall clock) on: the newest SCREEN_SENT_MAX. The
 * model is good until the next call. NULL with `err` set for what is no such answer.
 */
const struct telemetry_model *screen_telemetry_take(struct screen_telemetry *self, const char *app, int64_t since_ms,
						    const char *answer, struct err *err);

#endif
