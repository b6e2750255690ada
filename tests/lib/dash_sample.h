/* SPDX-License-Identifier: MIT */
/*
 * A running stack for the dashboard to show: WrenAI with six services, of which api fails, ui starts and worker waits; or the same once
 * all is well. Times are those of the drawings: the stack began 12 minutes ago.
 */
#ifndef UPFRONT_TESTS_LIB_DASH_SAMPLE_H
#define UPFRONT_TESTS_LIB_DASH_SAMPLE_H

#include "ui/model.h"

#include <stdbool.h>
#include <stddef.h>

#define DASH_SAMPLE_NOW_MS INT64_C(720000)
/* Half past two in the afternoon of 2025-11-21, UTC. */
#define DASH_SAMPLE_WALL_MS INT64_C(1763735400000)
#define DASH_SAMPLE_UNITS 6u
#define DASH_SAMPLE_MANY_MAX 400u

enum dash_sample_unit { SAMPLE_API, SAMPLE_DB, SAMPLE_ENGINE, SAMPLE_UI, SAMPLE_WORKER, SAMPLE_MIGRATE };

/* Each call fills one and the same storage anew. api's id is 1, and so on in the order of the enum. */
struct stack_model *dash_sample(void); /* in trouble */
struct stack_model *dash_sample_calm(void); /* all ready */
struct stack_model *dash_sample_starting(void); /* 5 s after the begin, nothing wrong */
struct stack_model *dash_sample_stopping(void);
struct stack_model *dash_sample_containers(void); /* 6 s after the begin: images are pulled and built */
struct stack_model *dash_sample_away(void); /* all ready in containers; their engine has not answered for 3 s */
/* The six and `count` - 6 more, ready and quiet: svc-007 and on. */
struct stack_model *dash_sample_many(size_t count);
/* The units of the model the last call returned, to be changed by tests. */
struct unit_model *dash_sample_units(void);
const struct detail_model *dash_sample_detail(void); /* api's */
const struct telemetry_model *dash_sample_telemetry(bool on); /* on: three events sent, one waits */

#endif
