/* SPDX-License-Identifier: MIT */
/* Private to ctl_routes and ctl_act: a request on its way, and the forms of an answer. */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_CALL_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_CALL_H

#include <sys/queue.h>

#include <event2/keyvalq_struct.h>

struct cJSON;
struct ctl_streams;
struct err;
struct evhttp_request;
struct supervisor;

/* One request on its way to an answer. */
struct ctl_call {
	struct evhttp_request *request;
	struct supervisor *supervisor;
	struct ctl_streams *streams;
	char *name; /* {name} of the path, decoded; NULL: the route has none */
	struct evkeyvalq query;
	struct cJSON *body; /* an object, or NULL when none was sent */
};

/* Deletes `object`, a plain one, after its version was put in front. */
void ctl_answer_versioned(struct evhttp_request *request, int status, struct cJSON *object);
void ctl_answer_err(struct evhttp_request *request, int status, const struct err *err);
void ctl_answer_accepted(struct evhttp_request *request);

/* ---- ctl_act.c: what changes services ---- */

void ctl_post_start(struct ctl_call *call);
void ctl_post_stop(struct ctl_call *call);
void ctl_post_restart(struct ctl_call *call);
void ctl_post_kill(struct ctl_call *call);
void ctl_post_stack_start(struct ctl_call *call);
void ctl_post_stack_stop(struct ctl_call *call);
void ctl_post_stack_restart(struct ctl_call *call);
void ctl_post_stack_kill(struct ctl_call *call);
void ctl_post_scale(struct ctl_call *call);
void ctl_post_reload(struct ctl_call *call);

#endif
