/* SPDX-License-Identifier: MIT */
/* What PostHog's clients ask for, by path. */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_ROUTE_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_ROUTE_H

#include <stddef.h>

enum relay_route {
	RELAY_NOWHERE,
	RELAY_CAPTURE, /* events */
	RELAY_FLAGS, /* feature flags: none */
	RELAY_DECIDE, /* the same, of old clients */
	RELAY_DEFINITIONS, /* flags to be decided by the client: none */
	RELAY_SETTINGS, /* what a page's client may do: nothing but events */
	RELAY_SETTINGS_SCRIPT, /* the same as a script; it names the client's key */
	RELAY_SCRIPT, /* a part of the client that is loaded later: an empty one */
	RELAY_SURVEYS, /* and other lists: empty */
	RELAY_DISCARD /* recordings of sessions, logs: taken and thrown away */
};

struct relay_target {
	enum relay_route route;
	const char *key; /* RELAY_SETTINGS_SCRIPT: points into the path; letters, digits, '_' and '-' only */
	size_t key_size;
};

/* `path` is what follows the token: "/batch/", "/i/v0/e". A slash at the end says nothing. */
void relay_route_find(const char *path, struct relay_target *target);

#endif
