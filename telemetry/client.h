/* SPDX-License-Identifier: MIT */
/* What telemetry.h leaves out of the client: the seams its tests hold on to. */
#ifndef UPFRONT_TELEMETRY_CLIENT_H
#define UPFRONT_TELEMETRY_CLIENT_H

struct stack;
struct strmap;
struct telemetry;
struct telemetry_relay;

#define CLIENT_RESTARTS_MAX 5
#define CLIENT_BACKOFF_MS 1000 /* the first; doubled each time */

/* telemetry_open with the path of the sender program given; NULL: found beside ours, else in ../libexec/upfront. */
struct telemetry *client_open(const struct stack *stack, const struct strmap *environment, int print_fd,
			      const struct telemetry_relay *relay, const char *program);

#endif
