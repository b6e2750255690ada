/* SPDX-License-Identifier: MIT */
/*
 * What the control API has to do with telemetry. A client is told by a header of every answer that this run is reported; then it may tell
 * of the command it was, which is held against the tables of all commands. Requests are noted by the server
 * itself, by the template of their route - those of upfront's own screens are nobody's use and say so in a header.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_TELEMETRY_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_TELEMETRY_H

#include <stdbool.h>
#include <stdint.h>

struct ctl_call;
struct evhttp_request;
struct supervisor;

#define CTL_TELEMETRY_HEADER "Upfront-Telemetry" /* of an answer: "on", or it is not there */
#define CTL_CLIENT_HEADER "Upfront-Client" /* of a request */
#define CTL_CLIENT_SCREEN "screen"

void ctl_get_telemetry(struct ctl_call *call);
void ctl_post_withdraw(struct ctl_call *call);
void ctl_post_command(struct ctl_call *call);

/* Says in the answer to come whether this run is reported. */
void ctl_telemetry_head(struct evhttp_request *request, const struct supervisor *supervisor);

/* A request as it is reported; endpoint NULL: it is not. */
struct ctl_noted {
	const char *endpoint;
	const char *method;
	int64_t begin_ms; /* monotonic */
};

/* `endpoint`: the template of its route, or ROUTE_UNMATCHED. */
struct ctl_noted ctl_noted_begin(struct evhttp_request *request, const char *path, const char *endpoint);
/* It was answered, or its stream has ended. */
void ctl_noted_end(const struct ctl_noted *self, struct supervisor *supervisor, int status);

#endif
