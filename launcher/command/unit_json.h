/* SPDX-License-Identifier: MIT */
/* How commands tell of one unit with --json: one object a line, with the same members everywhere ("JSON OUTPUT" in the man page). */
#ifndef UPFRONT_LAUNCHER_COMMAND_UNIT_JSON_H
#define UPFRONT_LAUNCHER_COMMAND_UNIT_JSON_H

struct cJSON;
struct view_unit;

/* Adds name, service, state, code, signal, restarts, ready_after_ms and why. */
void unit_json_add(struct cJSON *object, const struct view_unit *unit);

/* One line on stdout, at once; deletes `object`. */
void unit_json_print(struct cJSON *object);

#endif
