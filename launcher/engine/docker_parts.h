/* SPDX-License-Identifier: MIT */
/*
 * Inside of the client of the container engine's API.
 *
 *   docker_api      the client: its calls, the version that is spoken, connections that are kept
 *   docker_call     one call: request, answer, stream, its one end
 *   docker_link     one connection: to a socket, or to a child of the engine's own client
 *   docker_values   a stream of JSON values, cut into them
 *   docker_text     what is written into paths, and read from times
 *   docker_explain  words and mends
 *   docker_ask      the same standing still
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_PARTS_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_PARTS_H

#include "launcher/engine/docker_api.h"
#include "launcher/process/http_answer.h"
#include "launcher/process/spawn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct bufferevent;
struct cJSON;
struct dial;
struct evbuffer;
struct event;
struct event_base;

/* ---- Where ---- */

#define DOCKER_SOCKET "/var/run/docker.sock"

struct docker_places {
	const char *docker_socket, *podman_socket; /* of root's Podman */
};
/* docker_endpoint_find, with the fixed places named. */
int docker_endpoint_find_at(const struct strmap *environment, const struct docker_places *places,
			    struct docker_endpoint *self, struct err *err);

/* ---- A stream of JSON values ---- */

/* Objects, one after the other, with white space between them or none; each of at most DOCKER_LINE_MAX bytes. Begins with zeros. */
struct docker_values {
	char *bytes; /* of the value that has not ended */
	size_t size_bytes, capacity;
	int depth;
	bool in_text, escaped;
};
/* Returning false ends the feeding. */
typedef bool docker_values_take(void *context, const struct cJSON *value);
/* 0; -EPROTO: no such stream; -EFBIG; -ENOMEM. */
int docker_values_feed(struct docker_values *self, const char *bytes, size_t size_bytes, docker_values_take *take,
		       void *context);
void docker_values_finish(struct docker_values *self);

/* ---- A connection ---- */

#define DOCKER_WORDS_BYTES 512u

struct docker_link {
	LIST_ENTRY(docker_link) entry;
	struct docker *docker;
	struct docker_call *call; /* NULL: it is kept, and waits for the next one */
	struct dial *dial; /* until it is connected */
	struct bufferevent *stream;
	bool used; /* an answer has come by it before */
	/* Of a child. */
	struct child child; /* pid 0: none */
	int words_fd; /* its standard error */
	struct event *words_ready;
	char words[DOCKER_WORDS_BYTES]; /* the last of what it said there */
	size_t words_bytes;
};

/* NULL: out of memory. Opens: docker_call_up or docker_call_down follows, possibly before this returns. */
struct docker_link *docker_link_create(struct docker *docker, struct docker_call *call);
void docker_link_open(struct docker_link *self);
void docker_link_destroy(struct docker_link *self); /* NULL is nothing */
/* What its child said last, in one line; "" for nothing. */
const char *docker_link_words(struct docker_link *self);

/* What the link tells its call: it is connected; there are bytes; it has ended (0: well, else -errno) and why, in words or NULL. */
void docker_call_up(struct docker_call *self);
void docker_call_readable(struct docker_call *self);
void docker_call_down(struct docker_call *self, int error, const char *why);

/* ---- The client ---- */

#define DOCKER_KEPT_MAX 4
#define DOCKER_CHILDREN_MAX 256

enum docker_version_state { VERSION_UNKNOWN, VERSION_ASKED, VERSION_KNOWN };

LIST_HEAD(docker_calls, docker_call);
LIST_HEAD(docker_links, docker_link);

struct docker {
	struct event_base *base;
	const struct docker_endpoint *endpoint;
	const struct strmap *environment;
	bool reaps; /* its children are its own to reap: nobody else in this process does */
	enum docker_version_state version_state;
	char version[16];
	struct docker_call *version_call;
	struct docker_calls calls;
	struct docker_links kept;
	size_t kept_count;
	pid_t children[DOCKER_CHILDREN_MAX]; /* not reaped yet; 0: free */
};

/* The call can be made now; else it waits, and is started, or failed, once the version is known. */
bool docker_is_ready(struct docker *self, struct docker_call *call);
/* A kept connection, now the call's; NULL: none. */
struct docker_link *docker_take_kept(struct docker *self, struct docker_call *call);
/* A connection that its call needs no more and that can take another. */
void docker_keep(struct docker *self, struct docker_link *link);
/* It is not there any more, and who comes in its place may speak another version. */
void docker_lost(struct docker *self);

/* ---- A call ---- */

enum docker_call_state {
	CALL_WAITS, /* for its turn, or for the version */
	CALL_OPENS, /* its connection */
	CALL_HEAD, /* the answer's head is awaited */
	CALL_BODY,
	CALL_OVER /* it has been told, or is not to be */
};

struct docker_call {
	LIST_ENTRY(docker_call) entry;
	struct docker *docker;
	char *method, *path, *body, *header;
	bool attach, unversioned;
	int timeout_ms;
	docker_done *done;
	void (*json)(void *context, const struct cJSON *value);
	bool (*bytes)(void *context, const char *bytes, size_t size_bytes);
	void (*open)(void *context);
	void *context;

	enum docker_call_state state;
	struct docker_link *link;
	struct event *turn; /* goes on from the loop */
	struct event *timer;
	struct http_answer http;
	struct docker_values values;
	struct evbuffer *whole; /* body of an answer that is taken whole */
	struct evbuffer *typed; /* until the stream stands */
	bool streams; /* its body goes to `json` or `bytes` */
	bool held; /* by who takes the bytes */
	bool ended; /* the peer has closed */
	int ended_error; /* of its connection, or why it does not begin */
	char ended_why[DOCKER_WORDS_BYTES];
	bool retried;
	unsigned busy; /* being worked on: whoever ends it leaves the memory to that one */
};

/* Starts or fails it from the loop. */
void docker_call_wake(struct docker_call *self);
/* Ends it now; only from the loop. Nothing of the call may be used afterwards. `why` may be NULL. */
void docker_call_fail(struct docker_call *self, int error, const char *why);

/* As docker_create, for who stands still: its children are its own to reap. */
struct docker *docker_create_still(struct event_base *base, const struct docker_endpoint *endpoint,
				   const struct strmap *environment);
/* Runs the loop until *is_over, at most limit_ms; false: it is not. */
bool docker_wait(struct event_base *base, const bool *is_over, int limit_ms);
/* The words for an error, when nobody has better ones. */
const char *docker_error_words(int error);

#endif
