/* SPDX-License-Identifier: MIT */
/*
 * Is the engine there, and what happens in it.
 *
 *   connect    one stream of events, of this project's containers and of what matters in their lives; from where the last one broke off
 *   open       it flows: whatever happens from now on is heard, so that the list that is asked for now leaves no gap
 *   listed     reachable; each part's container is looked at
 *   looked     all are: what was put off while the engine was away is done (compose_returned)
 *   lost       the stream ended, or a call could not reach the engine and neither could a ping: told at once, tried again after 100 ms, later every 2 s
 *
 * A stream that stands says nothing while nothing happens, and costs nothing. An engine that hangs does not end it: so for as long as something
 * is under way that somebody waits for, the engine is pinged twice a second. Nothing is asked of it while nothing is under way.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 2000
#define OPEN_MS 2000
#define PING_MS 1500
#define PULSE_MS 500

static const struct timeval *to_timeval(int ms, struct timeval *tv)
{
	*tv = (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	return tv;
}

/* ---- Gone ---- */

static void explain_lost(struct engine *self, const struct docker_answer *answer, struct err *why)
{
	const struct docker_endpoint *endpoint = &self->options.compose->endpoint;

	if (answer != NULL && (answer->error != 0 || answer->status / 100 != 2)) {
		docker_explain(endpoint, answer, why);
		return;
	}
	err_set(why, ERR_MISSING, "the container engine has gone away: %s", endpoint->shown);
	err_hint(why, "it is waited for; what runs in it is seen to when it is back");
}

/* Nothing of what was asked will be answered any more, or not in time; what it was about is asked again when the engine is back. */
static void drop_calls(struct engine *self)
{
	docker_call_cancel(self->events);
	docker_call_cancel(self->list);
	docker_call_cancel(self->ping);
	self->events = self->list = self->ping = NULL;
	self->list_again = false;
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL)
			continue;
		docker_call_cancel(part->inspect);
		docker_call_cancel(part->stop);
		part->inspect = part->stop = NULL;
		part->inspect_again = part->look_due = false;
	}
}

void compose_watch_lost(struct engine *self, const struct docker_answer *answer)
{
	struct timeval pause;

	self->reachable = self->returning = false;
	if (!self->told_away) {
		struct err why = ERR_INIT;

		self->told_away = true;
		explain_lost(self, answer, &why);
		if (self->options.events->reachable != NULL)
			self->options.events->reachable(self->options.context, &why);
		err_finish(&why);
	}
	drop_calls(self);
	compose_call_lost(self);
	(void)event_add(self->retry, to_timeval(self->retry_ms, &pause));
	self->retry_ms = self->retry_ms * 2 < RETRY_MAX_MS ? self->retry_ms * 2 : RETRY_MAX_MS;
	compose_due(self);
}

/* ---- Is it there? ---- */

static void look_at_due(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || !part->look_due)
			continue;
		compose_look(part);
		compose_stop_pursue(part);
	}
}

static void on_ping(void *context, const struct docker_answer *answer)
{
	struct engine *self = context;

	self->ping = NULL;
	if (answer->error != 0) {
		compose_watch_lost(self, answer);
		return;
	}
	look_at_due(self);
	compose_due(self);
}

void compose_suspect(struct engine *self)
{
	if (self->events == NULL || self->ping != NULL)
		return;
	self->ping = docker_begin(
		self->docker,
		&(struct docker_request){
			.method = "GET", .path = "/_ping", .timeout_ms = PING_MS, .done = on_ping, .context = self});
}

static bool is_busy(const struct engine *self)
{
	if (self->run != NULL || self->pull != NULL || self->end != NULL)
		return true;
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->stop != NULL)
			return true;
	return false;
}

static void on_pulse(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	if (!is_busy(self))
		return;
	compose_suspect(self);
	compose_watch_pulse(self);
}

void compose_watch_pulse(struct engine *self)
{
	struct timeval pause;

	if (!event_pending(self->pulse, EV_TIMEOUT, NULL))
		(void)event_add(self->pulse, to_timeval(PULSE_MS, &pause));
}

void compose_watch_looked(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->inspect != NULL)
			return;
	if (!self->returning || self->list != NULL)
		return;
	self->returning = false;
	compose_returned(self);
}

void compose_watch_listed(struct engine *self)
{
	if (self->reachable)
		return;
	self->reachable = self->returning = true;
	self->retry_ms = RETRY_FIRST_MS;
	if (!self->told_away)
		return;
	self->told_away = false;
	if (self->options.events->reachable != NULL)
		self->options.events->reachable(self->options.context, NULL);
}

/* ---- Events ---- */

static const char *read_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static int64_t read_time(const cJSON *event)
{
	const cJSON *nano = cJSON_GetObjectItemCaseSensitive(event, "timeNano");
	const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(event, "time");

	/* Read as a double it is off by some hundred nanoseconds, which is no matter. */
	if (cJSON_IsNumber(nano) && nano->valuedouble > 0 && nano->valuedouble < 9e18)
		return (int64_t)nano->valuedouble;
	if (cJSON_IsNumber(seconds) && seconds->valuedouble > 0 && seconds->valuedouble < 9e9)
		return (int64_t)seconds->valuedouble * 1000000000;
	return 0;
}

/* Docker's words; Podman has its own for some. */
static bool is_action(const char *action, const char *docker, const char *podman)
{
	return strcmp(action, docker) == 0 || strcmp(action, podman) == 0;
}

static int read_code(const cJSON *attributes)
{
	const char *text = read_text(attributes, "exitCode");
	long code;

	if (*text == '\0')
		text = read_text(attributes, "containerExitCode");
	code = strtol(text, NULL, 10);
	return code >= 0 && code <= INT_MAX ? (int)code : 0;
}

/* 0: it is not said. */
static int read_signal(const cJSON *attributes)
{
	const long number = strtol(read_text(attributes, "signal"), NULL, 10);

	return number > 0 && number <= 64 ? (int)number : 0;
}

/* Whom it is about; one that starts becomes the part's, whichever was before. */
static struct part *find_part(struct engine *self, const char *id, const cJSON *labels, bool starts)
{
	struct part *part = compose_find_container(self, id);

	if (part == NULL && starts)
		part = compose_find_labels(self, labels);
	if (part != NULL && starts) {
		compose_set_container(part, id);
		part->fresh = true;
	}
	return part;
}

static void on_event(void *context, const struct cJSON *event)
{
	struct engine *self = context;
	const cJSON *actor = cJSON_GetObjectItemCaseSensitive(event, "Actor");
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(actor, "Attributes");
	const char *action = read_text(event, "Action");
	const char *id = read_text(actor, "ID");
	int64_t at_ns = read_time(event);
	struct part *part;

	if (at_ns > self->events_since_ns)
		self->events_since_ns = at_ns;
	if (strcmp(read_text(event, "Type"), "container") != 0 || !compose_id_is_sound(id))
		return;
	part = find_part(self, id, attributes, strcmp(action, "start") == 0);
	if (part == NULL)
		return;
	if (strcmp(action, "kill") == 0) {
		part->killed_by = read_signal(attributes);
		return;
	}
	if (is_action(action, "die", "died"))
		compose_note_death(part, at_ns, read_code(attributes));
	else if (strcmp(action, "oom") == 0)
		part->oom = true;
	/* Not listed yet: then all are looked at anyway. */
	if (!self->reachable)
		return;
	if (is_action(action, "destroy", "remove"))
		compose_gone(part);
	else
		compose_look(part);
}

static void on_open(void *context)
{
	compose_list(context);
}

static void on_events_ended(void *context, const struct docker_answer *answer)
{
	struct engine *self = context;

	self->events = NULL;
	compose_watch_lost(self, answer);
}

/* What says nothing of a container's life (each run of a health check is three events) is not even sent. */
static char *make_path(const struct engine *self)
{
	static const char *const kinds[] = {"start",         "restart", "die",     "died",    "oom",    "kill",
					    "health_status", "pause",   "unpause", "destroy", "remove", NULL};
	cJSON *filters = cJSON_CreateObject();
	cJSON *labels = cJSON_AddArrayToObject(filters, "label");
	cJSON *types = cJSON_AddArrayToObject(filters, "type");
	cJSON *events = cJSON_AddArrayToObject(filters, "event");
	char label[512];
	char *text = NULL, *escaped = NULL, *path = NULL;

	snprintf(label, sizeof label, "com.docker.compose.project=%s", self->stack->name);
	cJSON_AddItemToArray(labels, cJSON_CreateString(label));
	cJSON_AddItemToArray(types, cJSON_CreateString("container"));
	for (size_t i = 0; kinds[i] != NULL; i++)
		cJSON_AddItemToArray(events, cJSON_CreateString(kinds[i]));
	text = cJSON_PrintUnformatted(filters);
	escaped = text != NULL ? docker_escape(text) : NULL;
	if (escaped == NULL)
		goto out;
	if (self->events_since_ns == 0) {
		if (asprintf(&path, "/events?filters=%s", escaped) < 0)
			path = NULL;
	} else if (asprintf(&path, "/events?since=%" PRId64 ".%09" PRId64 "&filters=%s",
			    self->events_since_ns / 1000000000, self->events_since_ns % 1000000000, escaped) < 0) {
		path = NULL;
	}
out:
	free(escaped);
	free(text);
	cJSON_Delete(filters);
	return path;
}

static void connect_events(struct engine *self)
{
	char *path = make_path(self);

	if (path != NULL)
		self->events = docker_begin(self->docker, &(struct docker_request){.method = "GET",
										   .path = path,
										   .timeout_ms = OPEN_MS,
										   .done = on_events_ended,
										   .json = on_event,
										   .open = on_open,
										   .context = self});
	free(path);
	if (self->events == NULL)
		compose_watch_lost(self, NULL);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	if (self->events == NULL)
		connect_events(self);
}

/* ---- Life ---- */

int compose_watch_begin(struct engine *self, struct err *err)
{
	self->retry_ms = RETRY_FIRST_MS;
	self->retry = event_new(self->options.base, -1, 0, on_retry, self);
	self->pulse = event_new(self->options.base, -1, 0, on_pulse, self);
	if (self->retry == NULL || self->pulse == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	/* From the loop, as everything that may report. */
	event_active(self->retry, EV_TIMEOUT, 0);
	return 0;
}

void compose_watch_end(struct engine *self)
{
	drop_calls(self);
	if (self->retry != NULL)
		event_free(self->retry);
	if (self->pulse != NULL)
		event_free(self->pulse);
	self->retry = self->pulse = NULL;
}
