/* SPDX-License-Identifier: MIT */
/*
 * What commands print with --json where it is not the control API's own answer: one object with "version": 1 in front, then the members
 * that a comment beside the maker lists. Members may be added in a version, never taken away.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_JSON_OUT_H
#define UPFRONT_LAUNCHER_COMMAND_JSON_OUT_H

struct cJSON;
struct err;

#define JSON_OUT_VERSION 1

/* {"version": 1}; NULL when out of memory, which cJSON's functions and json_out_print take. */
struct cJSON *json_out_create(void);
/* Prints the object and deletes it. */
int json_out_print(struct cJSON *object, struct err *err);

#endif
