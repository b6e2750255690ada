/* SPDX-License-Identifier: MIT */
/*
 * Inside of ctl_stream: a follower, and what each kind of stream does for it.
 *
 *   ctl_stream          a follower's life: its answer begins, is written as fast as its peer reads, and ends
 *   ctl_stream_events   changes of the stack, a JSON object a line
 *   ctl_stream_logs     lines of output as frames, or word that there are more in the files
 *   ctl_stream_terminal bytes of one terminal, as they come
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_STREAM_PRIVATE_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_STREAM_PRIVATE_H

#include "launcher/supervisor/ctl_stream.h"
#include "launcher/supervisor/ctl_telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct event;
struct event_base;
struct evhttp_connection;
struct evhttp_request;
struct supervisor;

enum follower_kind { FOLLOW_EVENTS, FOLLOW_LOGS, FOLLOW_TERMINAL };

struct follower {
	struct ctl_streams *streams;
	struct follower *next;
	enum follower_kind kind;
	struct evhttp_request *request; /* NULL: the answer has ended */
	struct evhttp_connection *connection;
	struct evbuffer *pending; /* not yet handed to evhttp: one chunk a turn of the loop, not one a line */
	struct event *flush;
	bool writing; /* a chunk is on its way: chunk_written will come */
	bool chunked; /* HTTP/1.0 peers get a body that ends with the connection */
	uint64_t dropped; /* changes, lines or bytes that did not reach a peer too slow for them */
	struct ctl_noted noted;
	/* Events. */
	unsigned *late; /* units of an ending stack whose changes are told together, in the order of the last ones */
	size_t late_count, late_room;
	int64_t late_ms; /* monotonic: when they are told */
	bool says_over; /* the last event has been put in line */
	int64_t usage_ms; /* how often it wants to hear what units use; 0: not at all */
	bool knows_usage; /* has been told of all; what moves from then on is enough */
	/* Logs. */
	bool gets_lines, gets_woken; /* as they come */
	bool wake_due;
	int64_t woken_ms; /* monotonic */
	char **services; /* the names that were asked for; NULL: all */
	bool *units; /* wanted ones by id; NULL: all */
	size_t unit_count;
	/* A terminal. */
	unsigned terminal; /* the unit's id */
	bool ends; /* nothing more is to come: the answer ends with what is due */
};

struct ctl_streams {
	struct event_base *base;
	struct supervisor *supervisor;
	struct follower *first;
	size_t count;
	struct ctl_usage *usage;
	size_t line_readers; /* lines are made only while there are any */
};

/* ---- ctl_stream.c ---- */

/* Begins the answer. The stream lives as long as both sides want, so the request time limits end here. -EBUSY: there are too many. */
int follower_begin(struct ctl_streams *streams, struct evhttp_request *request, enum follower_kind kind,
		   const char *content_type, struct follower **follower);
/* What is pending is written in this turn of the loop. */
void follower_schedule(struct follower *self);
/* Of its peer: pending, and with evhttp. */
size_t follower_unread_bytes(const struct follower *self);
/* Ends the answer with what is due. */
void follower_end(struct follower *self);
/* Units are measured as often as the most eager of the followers asks for. */
void ctl_streams_measure(struct ctl_streams *self);

/* ---- ctl_stream_events.c ---- */

/* All as it is now; what was dropped before is made up for. */
void follower_add_snapshot(struct follower *self);
/* `id`: the unit's, or SIZE_MAX for the stack. */
void follower_add_change(struct follower *self, size_t id);
/* What units use: all, if it has not heard of it yet, or what has moved. A slow peer hears all of it later. */
void follower_add_usage(struct follower *self, bool moved);
/* Changes that were put off. */
void follower_tell_late(struct follower *self);

/* ---- ctl_stream_logs.c ---- */

/* How many lines were left out. */
void follower_add_dropped(struct follower *self);
/* Has it told that there is more in the files: now, or when the last word is long enough ago. */
void follower_wake(struct follower *self);
/* That word. */
void follower_add_wake(struct follower *self);
/* Units come and go while they are followed, and ids come back with other names. */
void follower_learn_unit(struct follower *self, size_t id);
/* Gives it lines as they come, or no longer: they are made only while somebody reads them. */
void follower_read_lines(struct follower *self, bool on);
/* output_on_writing of a struct ctl_streams. */
void ctl_streams_observe_writing(void *context, unsigned unit);

/* ---- ctl_stream_terminal.c ---- */

/* How many bytes were left out. */
void follower_add_gap(struct follower *self);
/* Its unit changed: has it come to its end? */
void follower_learn_end(struct follower *self);
/* output_on_bytes of a struct ctl_streams. */
void ctl_streams_observe_bytes(void *context, unsigned unit, const char *bytes, size_t size_bytes);

#endif
