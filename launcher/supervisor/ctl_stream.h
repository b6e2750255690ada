/* SPDX-License-Identifier: MIT */
/*
 * The streams of the control API: events, log frames and the bytes of a terminal, each to any number of followers. A follower that does not read is
 * never waited for. Beyond CTL_STREAM_BUFFER_MAX of unread output a log follower loses lines, which are counted and told in a frame of
 * their own; an event follower loses changes, and gets a fresh snapshot as soon as it reads again; of a terminal bytes are left out, and it is said where. In an ending stack only the last change
 * of a unit within 10 ms is told. Who reads the files is only woken: at once after a pause, then every CTL_STREAM_WAKE_MS at most, and never
 * twice before it has read.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_STREAM_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_noted;
struct ctl_streams;
struct err;
struct event_base;
struct evhttp_request;
struct supervisor;

#define CTL_STREAM_BUFFER_MAX (1024u * 1024u)
/* What `tail` gives at once: the newest lines up to this size. */
#define CTL_STREAM_TAIL_MAX (8u * 1024u * 1024u)
#define CTL_STREAM_WAKE_MS 5
/* Less of a terminal: whoever looks at it wants to see what is, and not what was. */
#define CTL_STREAM_TERMINAL_MAX (256u * 1024u)
/* What it begins with: a screenful or so. */
#define CTL_STREAM_TERMINAL_RECENT (16u * 1024u)
/* Some of the 64 connections stay free for short requests. */
#define CTL_STREAM_COUNT_MAX 48u

struct ctl_streams *ctl_streams_create(struct event_base *base, struct supervisor *supervisor, struct err *err);
/* Ends every stream with what is due to it (bounded in time), then frees. The requests belong to evhttp again. */
void ctl_streams_destroy(struct ctl_streams *self);

size_t ctl_streams_count(const struct ctl_streams *self);

/* Begin a stream as the answer to `request`; -EBUSY when there are too many. `usage_ms`: how often units are measured for it; 0: never. */
int ctl_streams_events(struct ctl_streams *self, struct evhttp_request *request, int64_t usage_ms);

/* The stream that is the answer to `request` is reported so once its peer has had enough of it; the end of the stack ends it unheard. */
void ctl_streams_note(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_noted *noted);

struct ctl_log_query {
	const char *const *services; /* ends with NULL; NULL: all. Known names. */
	bool follow;
	bool wake; /* follow only, no lines: told that there is more in the files */
	bool has_tail; /* the last `tail` lines of each unit, else all that is remembered */
	size_t tail;
};
int ctl_streams_logs(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_log_query *query);

/* The bytes of this unit's terminal, until the unit has ended and will not start by itself. It has one. */
int ctl_streams_terminal(struct ctl_streams *self, struct evhttp_request *request, unsigned unit);

#endif
