/* SPDX-License-Identifier: MIT */
/*
 * A container engine that is played, in the test's own loop, on a unix socket in a folder of its own: it knows /version, answers what
 * the test has said it answers, and keeps what was asked. A route is a method and a pattern (as the shell's) of a path without its version,
 * with its query: "POST", "/containers/X/stop*". What was said last counts; nothing said is 404.
 *
 * A call that nobody answers at once stays open until the test answers it, streams to it, or hangs up: that is how something takes long.
 */
#ifndef UPFRONT_TESTS_LIB_DOCKER_PLAY_H
#define UPFRONT_TESTS_LIB_DOCKER_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct docker_endpoint;
struct docker_play;
struct docker_play_call;
struct event_base;

struct docker_play *docker_play_create(struct event_base *base);
void docker_play_destroy(struct docker_play *self);
const char *docker_play_socket(const struct docker_play *self);
/* Where it listens; the caller finishes it. */
void docker_play_endpoint(const struct docker_play *self, struct docker_endpoint *endpoint);

/* All connections are cut, and nobody listens: with its socket file there still (refused), or not. And it is back. */
void docker_play_away(struct docker_play *self, bool socket_stays);
void docker_play_back(struct docker_play *self);

/*
 * From here on it is a process of its own that serves, for what stands still while it asks; what is said and asked of `self` afterwards is
 * no more of it. docker_play_join ends it.
 */
pid_t docker_play_fork(struct docker_play *self);
void docker_play_join(pid_t pid);

/* ---- What it answers ---- */

/* `status` and `body` (JSON; NULL: none) at once. */
void docker_play_route(struct docker_play *self, const char *method, const char *pattern, int status, const char *body);
/* As `handle` does: now, later by the test, or never. NULL: it stays open. */
typedef void docker_play_handle(void *context, struct docker_play_call *call);
void docker_play_handler(struct docker_play *self, const char *method, const char *pattern, docker_play_handle *handle,
			 void *context);

void docker_play_answer(struct docker_play_call *call, int status, const char *body);
/* A body in chunks that goes on until docker_play_end; each piece is a chunk. */
void docker_play_stream(struct docker_play_call *call);
/* The connection becomes the container's standard streams. */
void docker_play_upgrade(struct docker_play_call *call);
void docker_play_send(struct docker_play_call *call, const void *bytes, size_t size_bytes);
void docker_play_send_text(struct docker_play_call *call, const char *text);
/* Bytes as they are, whether they make sense or not. */
void docker_play_send_raw(struct docker_play_call *call, const void *bytes, size_t size_bytes);
void docker_play_end(struct docker_play_call *call);
void docker_play_hang_up(struct docker_play_call *call);

/* A piece as the engine packs it for a container without a terminal: stream 1 or 2. */
void docker_play_send_frame(struct docker_play_call *call, int stream, const char *text);

/* ---- What it was asked ---- */

const char *docker_play_path(const struct docker_play_call *call); /* with the query, without the version */
const char *docker_play_version(const struct docker_play_call *call); /* "1.41"; "" for none */
const char *docker_play_head(const struct docker_play_call *call); /* all of the request up to its body */
const char *docker_play_body(const struct docker_play_call *call);
const char *docker_play_typed(const struct docker_play_call *call); /* what came after an upgrade */
bool docker_play_is_open(const struct docker_play_call *call); /* not answered to its end, and still connected */

/* How many such requests have come; the last of them (NULL: none). Calls are kept until the end. */
size_t docker_play_count(const struct docker_play *self, const char *method, const char *pattern);
struct docker_play_call *docker_play_last(const struct docker_play *self, const char *method, const char *pattern);
/* How many connections were made so far, and how many are open. */
size_t docker_play_connected(const struct docker_play *self);
size_t docker_play_open_count(const struct docker_play *self);

/* ---- Waiting, in the loop; the test fails at its deadline ---- */

/* Until `count` such requests have come; the last of them. */
struct docker_play_call *docker_play_await(struct docker_play *self, const char *method, const char *pattern,
					   size_t count);
/* Until `*flag`, or until `is_so`. */
void docker_play_until(struct docker_play *self, const bool *flag);
void docker_play_until_so(struct docker_play *self, bool (*is_so)(void *context), void *context);

#endif
