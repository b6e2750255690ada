/* SPDX-License-Identifier: MIT */
/* What arrives on the socket from `upfront` (telemetry/wire.h), read and checked. */
#ifndef UPFRONT_TELEMETRY_SENDER_FEED_H
#define UPFRONT_TELEMETRY_SENDER_FEED_H

#include <stddef.h>

struct feed_config {
	char *host, *key, *app;
	char *outbox, *ledger; /* NULL: in memory */
	int notice;
};

enum feed_kind {
	FEED_NOTHING, /* no message now */
	FEED_END, /* the stack has ended */
	FEED_CONFIG,
	FEED_EVENT,
	FEED_WRONG /* not a message we know; skipped */
};

struct feed_message {
	enum feed_kind kind;
	struct feed_config config; /* FEED_CONFIG: the caller's, feed_config_finish */
	char *uuid, *name, *event; /* FEED_EVENT: the caller frees all three */
};

/* Receives one message into `buffer` of WIRE_BYTES_MAX + 1 bytes; never blocks. */
void feed_receive(int fd, char *buffer, struct feed_message *message);

void feed_config_finish(struct feed_config *self);

#endif
