/* SPDX-License-Identifier: MIT */
/* What the control API says, as JSON; the shapes are described in openapi.yaml. The caller deletes what it gets; NULL: out of memory. */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_JSON_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct consent_decision;
struct err;
struct stack;
struct supervisor;
struct supervisor_changes;
struct probe_spec;
struct secrets;
struct supervisor_unit;
struct svc;

#define CTL_JSON_VERSION 1

struct cJSON *ctl_json_unit(const struct supervisor *supervisor, const struct supervisor_unit *unit);
/* All that is known of it; reads /proc. */
struct cJSON *ctl_json_detail(const struct supervisor *supervisor, const struct supervisor_unit *unit);
struct cJSON *ctl_json_units(const struct supervisor *supervisor);
struct cJSON *ctl_json_stack(const struct supervisor *supervisor);
struct cJSON *ctl_json_consent(const struct consent_decision *consent);
struct cJSON *ctl_json_stats(const struct supervisor *supervisor);

/* Which service needs which: ctl_json.c. */
struct cJSON *ctl_json_graph(const struct stack *stack);
struct cJSON *ctl_json_changes(const struct supervisor_changes *changes);
struct cJSON *ctl_json_error(const struct err *err);

/* Adds text that may hold any bytes: what is not UTF-8 becomes U+FFFD, so that the answer stays JSON. NULL becomes null. */
void ctl_json_add_text(struct cJSON *object, const char *name, const char *text);
/* The same of text that may hold what the stack file was filled in with. */
void ctl_json_add_masked(struct cJSON *object, const char *name, const char *text, const struct secrets *secrets);
/* A whole number; null while it is not known. */
void ctl_json_add_time(struct cJSON *object, const char *name, bool known, int64_t value_ms);
/* "SIGTERM" */
void ctl_json_add_signal(struct cJSON *object, const char *name, int signal);
/* Adds "probe" with kind and target, and returns it; null, and NULL, where the unit has none. */
struct cJSON *ctl_json_add_probe(struct cJSON *object, const struct svc *svc, const struct secrets *secrets);

/* Adds "engine": what containers run on, or null. */
void ctl_json_add_engine(struct cJSON *object, const struct supervisor *supervisor);

#endif
