/* SPDX-License-Identifier: MIT */
/*
 * The container engine's API (Docker's, which Podman speaks too) from a loop: requests that call back, streams that go on. Nothing here
 * blocks, and nothing decides. One connection a request; those of short requests are kept and used again. What the engine sends is
 * taken as hostile: bounded (DOCKER_BODY_MAX for whole bodies, DOCKER_LINE_MAX for a line of a stream), parsed by cJSON.
 *
 * A call ends in exactly one `done`, from the loop and never from inside the function that began it. docker_call_cancel ends it silently.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_API_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cJSON;
struct docker;
struct docker_call;
struct docker_endpoint;
struct err;
struct event_base;
struct strmap;

#define DOCKER_BODY_MAX (16u * 1024u * 1024u)
#define DOCKER_LINE_MAX (1024u * 1024u)
/* The version is asked for unversioned; from then on every path begins with this, or with what is next to it of those that the engine has. */
#define DOCKER_API_VERSION "1.41"
/* Older ones lack what is needed (Docker 18.09). */
#define DOCKER_API_OLDEST "1.39"

/* `endpoint` and `environment` (for a client program) must outlive it. NULL: out of memory. */
struct docker *docker_create(struct event_base *base, const struct docker_endpoint *endpoint,
			     const struct strmap *environment);
void docker_destroy(struct docker *self); /* with all calls, silently */
/*
 * A child of this process ended; true when it was one of its own (`docker system dial-stdio`). Whoever owns SIGCHLD says so: nobody else
 * reaps them.
 */
bool docker_reaped(struct docker *self, pid_t pid);
/* True for such a child that is not reaped yet. */
bool docker_owns(const struct docker *self, pid_t pid);

/* How a call ended. */
struct docker_answer {
	int error; /* 0, or -errno: no connection (-ECONNREFUSED, -ENOENT, -EACCES...), broken off (-EPIPE), too late (-ETIMEDOUT) */
	int status; /* HTTP; 0 with an error */
	const struct cJSON *body; /* of a whole answer; NULL: none, or no JSON */
	const char *message; /* what the engine says was wrong, else the words for `error`; "" when all is well */
};
typedef void docker_done(void *context, const struct docker_answer *answer);

struct docker_request {
	const char *method; /* "GET" */
	const char *path; /* "/containers/json?all=1", below the version; what needs it is escaped by docker_escape */
	const char *body; /* JSON; NULL: none */
	const char *header; /* one more line without its end, "X-Registry-Auth: ..."; NULL: none */
	int timeout_ms; /* until the end of a whole answer; for streams until its headers; 0: none */
	docker_done *done;
	/*
	 * Streams only: each is called with what has come, borrowed. At most one is set. `json`: each value of a stream of JSON values (events, pull).
	 * `bytes`: the body as it comes. Returning false holds the stream back until docker_call_resume.
	 */
	void (*json)(void *context, const struct cJSON *value);
	bool (*bytes)(void *context, const char *bytes, size_t size_bytes);
	/* Headers of a stream have come with a 2xx: it stands. NULL: nobody wants to know. */
	void (*open)(void *context);
	void *context;
};
/* NULL: out of memory. The call is the engine's until `done`. */
struct docker_call *docker_begin(struct docker *self, const struct docker_request *request);
void docker_call_cancel(struct docker_call *self); /* NULL is nothing */
void docker_call_resume(struct docker_call *self);
/*
 * An upgraded connection (attach): bytes to the container's standard input; never waits. -ENOBUFS: too much waits already. Only for requests to
 * /containers/ID/attach, whose `bytes` then gets what comes back.
 */
int docker_call_type(struct docker_call *self, const char *bytes, size_t size_bytes);

/* Percent-encodes for a path or a query, into the caller's memory; NULL: out of memory. */
char *docker_escape(const char *text);
/* Nanoseconds since the epoch of "2026-11-21T10:00:00.123456789Z" (an offset is understood); -1: no such thing. */
int64_t docker_time_ns(const char *text, size_t size_bytes);

/* ---- Standing still ---- */

/*
 * For commands without a loop: the same, waited for, at most timeout_ms. *body (may be NULL) belongs to the caller. 0, -errno as `error`
 * above, or -EREMOTEIO for a status other than 2xx, with ERR_MISSING (the engine is not there, not running, not permitted, too old: with
 * the mend as hint) or ERR_FAILED (all else) in `err`.
 */
int docker_ask(const struct docker_endpoint *endpoint, const struct strmap *environment, const char *method,
	       const char *path, int timeout_ms, struct cJSON **body, struct err *err);

/* The words and the mend for a call that got no answer, or was refused. */
void docker_explain(const struct docker_endpoint *endpoint, const struct docker_answer *answer, struct err *err);

#endif
