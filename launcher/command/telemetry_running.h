/* SPDX-License-Identifier: MIT */
/* What the running stack does about telemetry, as its control API tells it (GET /v1/telemetry in openapi.yaml). */
#ifndef UPFRONT_LAUNCHER_COMMAND_TELEMETRY_RUNNING_H
#define UPFRONT_LAUNCHER_COMMAND_TELEMETRY_RUNNING_H

struct cJSON;
struct project;

/* The answer, which the caller deletes; NULL when nothing runs or it gives none. */
struct cJSON *telemetry_running(const struct project *project);

/* "--telemetry=on", "you answered yes", or what the stack says itself: why it is on or off. Lives as long as `running`. */
const char *telemetry_running_why(const struct cJSON *running);

/* "on" or "off"; what is neither counts as off. */
const char *telemetry_running_state(const struct cJSON *running);

#endif
