/* SPDX-License-Identifier: MIT */
/*
 * What arrives on the socket from `upfront` (telemetry/wire.h), read and checked. A message is looked at first, and taken only once what it
 * says is done: whatever a killed sender had looked at is there for the next one.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_FEED_H
#define UPFRONT_TELEMETRY_SENDER_FEED_H

#include <stddef.h>

struct cJSON;
struct feed;

struct feed_config {
	char *host, *key, *app;
	char *outbox, *ledger; /* NULL: in memory, none */
	int notice;
	struct cJSON *relay; /* NULL: none */
};

enum feed_kind {
	FEED_NOTHING, /* no further message now */
	FEED_END, /* the stack has ended */
	FEED_CONFIG,
	FEED_COMMON,
	FEED_EVENT,
	FEED_WRONG /* not a message we know */
};

struct feed_message {
	enum feed_kind kind;
	struct feed_config config; /* FEED_CONFIG */
	struct cJSON *common; /* FEED_COMMON */
	char *uuid, *name, *event; /* FEED_EVENT */
	size_t size_bytes; /* of the event */
};

/* `fd` stays the caller's. NULL when out of memory or the socket is of another kind. */
struct feed *feed_create(int fd);
void feed_destroy(struct feed *self);

/* The first message that has not been taken, then the one behind it, and so on; never blocks. */
void feed_rewind(struct feed *self);
void feed_look(struct feed *self, struct feed_message *message);
/* Takes that many messages from the front, and rewinds. */
void feed_take(struct feed *self, size_t count);

/* Frees what a message holds; what was moved out of it is to be set to zero before. */
void feed_message_finish(struct feed_message *self);
void feed_config_finish(struct feed_config *self);

#endif
