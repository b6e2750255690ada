/* SPDX-License-Identifier: MIT */
/*
 * Where a build of an image failed, from what a Compose program prints meanwhile: the step, and the last line that it wrote. The classic
 * builder's output follows its "Step 3/7 : RUN ..."; BuildKit says once more at the end, between two rules, what the failed step wrote. Pure.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_BUILD_FAULT_H
#define UPFRONT_LAUNCHER_ENGINE_BUILD_FAULT_H

#include "launcher/engine/build_line.h"

#include <stdbool.h>

#define BUILD_FAULT_STEP_BYTES 160u
#define BUILD_FAULT_SAID_BYTES 320u

/* All zero is a beginning. */
struct build_fault {
	char service[BUILD_LINE_WORD_BYTES]; /* "": it was not said whose image it is */
	char step[BUILD_FAULT_STEP_BYTES]; /* "RUN make"; "": none was seen */
	char said[BUILD_FAULT_SAID_BYTES]; /* "": nothing */
	bool quoted, over; /* between BuildKit's two rules; behind them */
};

void build_fault_line(struct build_fault *self, const char *line);
/* A step was seen, and it may be of this service's image. */
bool build_fault_is_of(const struct build_fault *self, const char *service);

#endif
