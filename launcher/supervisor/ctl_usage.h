/* SPDX-License-Identifier: MIT */
/*
 * What units use, followed: one sampler for all who ask, none while nobody does. A figure is told when it reads otherwise than the one
 * that was told last (config/figure.h), so a stack at rest is silent however often it is measured. What is between two of its looks is one
 * figure, of which small moves are taken half: what jumps is told at once, what trembles is not.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_USAGE_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct ctl_usage;
struct event_base;
struct supervisor;

#define CTL_USAGE_MIN_MS 500
#define CTL_USAGE_MAX_MS 60000

/* Units were measured; `moved`: something reads otherwise than before. */
typedef void ctl_usage_measured(void *context, bool moved);

struct ctl_usage *ctl_usage_create(struct event_base *base, struct supervisor *supervisor, ctl_usage_measured *measured,
				   void *context);
void ctl_usage_destroy(struct ctl_usage *self);

/* From now on that often; 0: nobody asks. It measures a moment later, and soon again: two tell what one cannot. */
void ctl_usage_every(struct ctl_usage *self, int64_t interval_ms);
/* True once there is something to tell. */
bool ctl_usage_is_known(const struct ctl_usage *self);
/* The line to tell: of all units that run, or only of those that read otherwise since the measuring before. The caller deletes. */
struct cJSON *ctl_usage_line(const struct ctl_usage *self, bool all);

#endif
