/* SPDX-License-Identifier: MIT */
/*
 * Which requests are answered at all. A page that somebody opens can make a browser ask any address of this machine: a name of its own that
 * leads here is in Host, and where the page comes from is in Origin. What is not a browser has neither, but needs the token all the same.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_ACCESS_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;
struct evkeyvalq;
struct relay_access;

enum relay_admission { RELAY_ADMITTED, RELAY_WRONG_HOST, RELAY_WRONG_ORIGIN };

/* NULL when `config` (the "relay" object of telemetry/wire.h) has no token or no addresses, or out of memory. */
struct relay_access *relay_access_create(const struct cJSON *config);
void relay_access_destroy(struct relay_access *self);

/* `origin`: that of the page, when there is one; the header's own. */
enum relay_admission relay_access_check(const struct relay_access *self, struct evkeyvalq *headers,
					const char **origin);

/*
 * A page asks without naming its origin: a picture's or a script's address, a form, a link somebody followed. PostHog's clients never send
 * events so, and any page can.
 */
bool relay_access_is_nameless_page(struct evkeyvalq *headers);

/*
 * What follows "/r/TOKEN" in a path ("" or "/..."), or NULL: the token is another. How long this takes tells nothing of how much of it
 * was right.
 */
const char *relay_access_path(const struct relay_access *self, const char *path);

#endif
