/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_TIMEOUT_MS 30000

struct docker *docker_create(struct event_base *base, const struct docker_endpoint *endpoint,
			     const struct strmap *environment)
{
	struct docker *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->base = base;
	self->endpoint = endpoint;
	self->environment = environment;
	LIST_INIT(&self->calls);
	LIST_INIT(&self->kept);
	return self;
}

struct docker *docker_create_still(struct event_base *base, const struct docker_endpoint *endpoint,
				   const struct strmap *environment)
{
	struct docker *self = docker_create(base, endpoint, environment);

	if (self != NULL)
		self->reaps = true;
	return self;
}

void docker_destroy(struct docker *self)
{
	if (self == NULL)
		return;
	while (!LIST_EMPTY(&self->calls))
		docker_call_cancel(LIST_FIRST(&self->calls));
	while (!LIST_EMPTY(&self->kept))
		docker_link_destroy(LIST_FIRST(&self->kept));
	free(self);
}

bool docker_owns(const struct docker *self, pid_t pid)
{
	for (size_t i = 0; i < DOCKER_CHILDREN_MAX && pid > 0; i++)
		if (self->children[i] == pid)
			return true;
	return false;
}

bool docker_reaped(struct docker *self, pid_t pid)
{
	for (size_t i = 0; i < DOCKER_CHILDREN_MAX && pid > 0; i++)
		if (self->children[i] == pid) {
			self->children[i] = 0;
			return true;
		}
	return false;
}

/* ---- Connections that are kept ---- */

struct docker_link *docker_take_kept(struct docker *self, struct docker_call *call)
{
	struct docker_link *link = LIST_FIRST(&self->kept);

	if (link == NULL)
		return NULL;
	LIST_REMOVE(link, entry);
	self->kept_count--;
	link->call = call;
	return link;
}

void docker_keep(struct docker *self, struct docker_link *link)
{
	struct evbuffer *in = bufferevent_get_input(link->stream), *out = bufferevent_get_output(link->stream);

	/* With more to come, or something still to go, it is not at its beginning. */
	if (self->kept_count == DOCKER_KEPT_MAX || evbuffer_get_length(in) > 0 || evbuffer_get_length(out) > 0 ||
	    !(bufferevent_get_enabled(link->stream) & EV_WRITE)) {
		docker_link_destroy(link);
		return;
	}
	link->call = NULL;
	link->used = true;
	LIST_INSERT_HEAD(&self->kept, link, entry);
	self->kept_count++;
}

/* ---- The version ---- */

/* "1.41" as 1041; -1: no version. */
static int version_number(const char *text)
{
	char *end;
	long major, minor;

	if (text == NULL || !isdigit((unsigned char)text[0]))
		return -1;
	major = strtol(text, &end, 10);
	if (*end != '.' || !isdigit((unsigned char)end[1]))
		return -1;
	minor = strtol(end + 1, &end, 10);
	return *end == '\0' && major < 1000 && minor < 1000 ? (int)(major * 1000 + minor) : -1;
}

/* Which version is spoken with an engine that knows those from `oldest` to `newest`; NULL: it is too old. */
static const char *choose_version(const char *newest, const char *oldest)
{
	if (version_number(newest) < version_number(DOCKER_API_OLDEST))
		return NULL;
	if (version_number(newest) < version_number(DOCKER_API_VERSION))
		return newest;
	/* Engines give up old versions; what is asked for here has not changed since. */
	return version_number(oldest) > version_number(DOCKER_API_VERSION) ? oldest : DOCKER_API_VERSION;
}

/* The calls that wait go on, or end for this reason. */
static void wake_all(struct docker *self, int error, const char *why)
{
	struct docker_call *call;

	if (error == 0) {
		LIST_FOREACH(call, &self->calls, entry)
		if (call->state == CALL_WAITS)
			docker_call_wake(call);
		return;
	}
	/* Each may end others, or begin new ones, or end us: those wait for a turn of their own. */
	LIST_FOREACH(call, &self->calls, entry)
	if (call->state == CALL_WAITS && call->ended_error == 0) {
		call->ended_error = error;
		snprintf(call->ended_why, sizeof(call->ended_why), "%s", why != NULL ? why : "");
		docker_call_wake(call);
	}
}

static void on_version(void *context, const struct docker_answer *answer)
{
	struct docker *self = context;
	const char *newest = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer->body, "ApiVersion"));
	const char *oldest = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer->body, "MinAPIVersion"));
	const char *chosen = choose_version(newest, oldest);
	char why[160];

	self->version_call = NULL;
	self->version_state = VERSION_UNKNOWN;
	if (answer->error != 0) {
		wake_all(self, answer->error, answer->message);
	} else if (version_number(newest) < 0) {
		snprintf(why, sizeof(why), "what answers there is no container engine (status %d)", answer->status);
		wake_all(self, -EPROTO, why);
	} else if (chosen == NULL || strlen(chosen) >= sizeof(self->version)) {
		snprintf(why, sizeof(why), "it speaks version %.15s of the API, %s (Docker 18.09) or newer is needed",
			 newest, DOCKER_API_OLDEST);
		wake_all(self, -EPROTONOSUPPORT, why);
	} else {
		snprintf(self->version, sizeof(self->version), "%s", chosen);
		self->version_state = VERSION_KNOWN;
		wake_all(self, 0, NULL);
	}
}

bool docker_is_ready(struct docker *self, struct docker_call *call)
{
	const struct docker_request request = {
		.method = "GET",
		.path = "/version",
		.timeout_ms = VERSION_TIMEOUT_MS,
		.done = on_version,
		.context = self,
	};

	if (call->unversioned || self->version_state == VERSION_KNOWN)
		return true;
	if (self->version_state == VERSION_ASKED)
		return false;
	self->version_call = docker_begin(self, &request);
	if (self->version_call == NULL) {
		call->ended_error = -ENOMEM;
		docker_call_wake(call);
		return false;
	}
	self->version_call->unversioned = true;
	self->version_state = VERSION_ASKED;
	return false;
}

void docker_lost(struct docker *self)
{
	if (self->version_state == VERSION_KNOWN)
		self->version_state = VERSION_UNKNOWN;
}
