/* SPDX-License-Identifier: MIT */
/* Private to ctl_routes, ctl_act and ctl_terminal: a request on its way, and the forms of an answer. */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_CALL_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_CALL_H

#include <stddef.h>
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
	struct cJSON *body; /* an object, or NULL when none was sent, or the route takes plain bytes */
};

/* Deletes `object`, a plain one, after its version was put in front. */
void ctl_answer_versioned(struct evhttp_request *request, int status, struct cJSON *object);
void ctl_answer_err(struct evhttp_request *request, int status, const struct err *err);
void ctl_answer_accepted(struct evhttp_request *request);
void ctl_answer_unknown_service(struct evhttp_request *request, const char *name);
void ctl_answer_stream_result(struct ctl_call *call, int result);

/* The first unit of this name, "web" or "web-2", by index; SIZE_MAX: none. */
size_t ctl_find_unit(const struct ctl_call *call, const char *name);

/* ---- ctl_terminal.c: a service's own terminal ---- */

void ctl_get_terminal(struct ctl_call *call);
void ctl_post_terminal(struct ctl_call *call);
void ctl_post_terminal_size(struct ctl_call *call);

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
