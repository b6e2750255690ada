/* SPDX-License-Identifier: MIT */
/* What the control API says, as JSON; the shapes are described in openapi.yaml. The caller deletes what it gets; NULL: out of memory. */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_JSON_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_JSON_H

#include <stddef.h>

struct cJSON;
struct consent_decision;
struct err;
struct supervisor;
struct supervisor_changes;
struct supervisor_unit;

#define CTL_JSON_VERSION 1

struct cJSON *ctl_json_unit(const struct supervisor *supervisor, const struct supervisor_unit *unit);
struct cJSON *ctl_json_units(const struct supervisor *supervisor);
struct cJSON *ctl_json_stack(const struct supervisor *supervisor);
struct cJSON *ctl_json_consent(const struct consent_decision *consent);
struct cJSON *ctl_json_stats(const struct supervisor *supervisor);
struct cJSON *ctl_json_changes(const struct supervisor_changes *changes);
struct cJSON *ctl_json_error(const struct err *err);

/* Adds text that may hold any bytes: what is not UTF-8 becomes U+FFFD, so that the answer stays JSON. NULL becomes null. */
void ctl_json_add_text(struct cJSON *object, const char *name, const char *text);

#endif
