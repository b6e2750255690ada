/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 over the control socket: one request a connection, whole answers or streams. A small reader of our own, because
 * libevent 2.1 has no HTTP client over unix sockets; every byte it takes is treated as hostile and bounded.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_CTL_CLIENT_H
#define UPFRONT_LAUNCHER_CLIENT_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

#define CTL_CLIENT_BODY_MAX (16u * 1024u * 1024u)

/* What answers tell of the stack beside what was asked, for who looks when all requests are over. Begins with zeros. */
struct ctl_heard {
	char *socket_path; /* of the supervisor that was asked; NULL: none */
	bool telemetry_on; /* it runs with a yes, as its last answer said */
};

void ctl_heard_finish(struct ctl_heard *self);

struct ctl_client {
	char *socket_path;
	char *project; /* as messages name it; NULL: unknown */
	struct ctl_heard *heard; /* not owned; NULL: nobody looks */
	bool screen; /* its requests feed a screen, so they do not count as use of the API */
};

/* No running stack (no socket, nobody listens): ERR_NOT_RUNNING that names the project. */
int ctl_client_open(struct ctl_client *self, const char *project, struct err *err);
/* The same for a socket whose path is known. */
int ctl_client_open_at(struct ctl_client *self, const char *socket_path, const char *project, struct err *err);
void ctl_client_close(struct ctl_client *self);
/* From here on `heard` (may be NULL; outlives the client and its streams) takes what its answers tell. */
void ctl_client_listen(struct ctl_client *self, struct ctl_heard *heard);
/*
 * Whether nobody listens any more, asked when a connection broke: true at once or within a moment, since a supervisor that ends drops its
 * connections a little before its socket goes. A call and the opening of a stream ask by themselves, and then say ERR_NOT_RUNNING.
 */
bool ctl_client_is_gone(const struct ctl_client *self);

/* One request, waits for the whole answer (at most timeout_ms). `body` may be NULL. The caller frees *answer (zero-terminated). */
int ctl_client_call(const struct ctl_client *self, const char *method, const char *target, const char *body,
		    int timeout_ms, int *status, char **answer, struct err *err);

/*
 * A POST whose answer nobody waits for, nor whether it is taken: one write, which never blocks. What does not go through at once
 * does not go.
 */
void ctl_client_tell(const char *socket_path, const char *target, const char *body);

/* A stream: the connection is readable when there is more. */
struct ctl_stream;
int ctl_stream_open(const struct ctl_client *self, const char *target, struct ctl_stream **stream, struct err *err);
/* The same for any request: its answer comes as a stream does. `body` is JSON, or NULL. */
int ctl_stream_ask(const struct ctl_client *self, const char *method, const char *target, const char *body,
		   struct ctl_stream **stream, struct err *err);
/*
 * Bytes posted, and their answer as a stream, so that nobody waits for either. -EAGAIN: the supervisor is busy, ask again in a moment;
 * other -errno as ctl_stream_open, without a word. At most 4096 bytes.
 */
int ctl_stream_post(const struct ctl_client *self, const char *target, const char *type, const void *bytes,
		    size_t size_bytes, struct ctl_stream **stream);
int ctl_stream_fd(const struct ctl_stream *self);
/*
 * Takes what is there without waiting: > 0 bytes of body placed in `buffer`, 0 at the end of the stream, -EAGAIN when there
 * is nothing now, other -errno when the connection broke or the peer sent nonsense.
 */
ssize_t ctl_stream_read(struct ctl_stream *self, char *buffer, size_t size_bytes);
int ctl_stream_status(const struct ctl_stream *self); /* HTTP status once known, else 0 */
void ctl_stream_close(struct ctl_stream *self);

#endif
