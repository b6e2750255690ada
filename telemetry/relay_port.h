/* SPDX-License-Identifier: MIT */
/*
 * The relay's listening sockets. The supervisor opens them before services start, keeps them open as long as the stack runs - so that no
 * stranger takes the port, not after a withdrawal either - and lends them to the sender, which accepts.
 */
#ifndef UPFRONT_TELEMETRY_RELAY_PORT_H
#define UPFRONT_TELEMETRY_RELAY_PORT_H

#include "telemetry/telemetry.h"
#include "telemetry/wire.h"

#define RELAY_TOKEN_BYTES 33 /* 128 random bits as hex digits, and a NUL */
#define RELAY_ADDRESS_BYTES 32

struct relay_port {
	int fds[WIRE_RELAYS_MAX];
	char addresses[WIRE_RELAYS_MAX][RELAY_ADDRESS_BYTES]; /* "127.0.0.1:41234" */
	const char *address_list[WIRE_RELAYS_MAX];
	size_t count;
	char token[RELAY_TOKEN_BYTES];
};

/*
 * Listens on a free port of each of the IPv4 addresses ("127.0.0.1" first; the others take its port if it is free there) and makes the token.
 * Descriptors are close-on-exec and non-blocking, and numbered above those of the sender's end; a connection comes up once its client
 * has said something. Returns 0 or -errno with nothing open.
 */
int relay_port_open(struct relay_port *self, const char *const *addresses, size_t count);
void relay_port_close(struct relay_port *self);

/* For telemetry_open; points into `self`. */
struct telemetry_relay relay_port_relay(const struct relay_port *self);

/* "http://127.0.0.1:41234/r/TOKEN", without a final slash: what ${relay} is filled with. The caller frees. */
char *relay_port_url(const struct relay_port *self, size_t index);

/*
 * One client, after a withdrawal: accepts on listening socket `index`, answers 200 with a body that every PostHog client takes, and returns the connected
 * descriptor, half closed: the caller discards what comes in until its end, and closes it. Reads nothing. -EAGAIN: nobody is there.
 */
int relay_port_answer(const struct relay_port *self, size_t index);

#endif
