/* SPDX-License-Identifier: MIT */
/*
 * The endpoints of the control API: the one table of methods and path templates, and what answers each. A template is what
 * telemetry may name (api_request); the path itself never leaves.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_ROUTES_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_ROUTES_H

#include <stddef.h>

struct ctl_streams;
struct evhttp_request;
struct supervisor;

/* Answers one request whole, or begins its stream. */
void ctl_routes_answer(struct evhttp_request *request, struct supervisor *supervisor, struct ctl_streams *streams);

/* An error answer in JSON with this HTTP status. */
void ctl_routes_refuse(struct evhttp_request *request, int status, const char *message);

/* The i-th route, for the check of openapi.yaml: "GET /v1/stack"; NULL behind the last. */
const char *ctl_routes_name(size_t index);

#endif
