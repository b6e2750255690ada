/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay.h"

#include "config/clock.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/relay_access.h"
#include "telemetry/sender/relay_answer.h"
#include "telemetry/sender/relay_body.h"
#include "telemetry/sender/relay_event.h"
#include "telemetry/sender/relay_gate.h"
#include "telemetry/sender/relay_route.h"
#include "telemetry/sender/relay_rules.h"
#include "telemetry/wire.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES_MAX (64u * 1024u) /* a GET carries its events in the address */
#define EVENTS_MAX 2000u /* of one request: they are kept all or none, and so are held together */
#define SEEN_MAX 20000u /* of one request, those that are dropped among them: each takes its time */
#define EVENTS_BYTES_MAX (3u * 1024u * 1024u)
#define PIECES_MAX 64

struct relay {
	struct outbox *outbox; /* not owned */
	relay_changed *changed;
	void *context;
	struct relay_access *access;
	struct relay_rules *rules;
	struct evhttp *http;
	struct relay_gate *gate;
	struct relay_counts counts;
};

/* ---- The events of one request ---- */

struct kept {
	size_t offset; /* of its text */
	char uuid[ID_BYTES];
	const char *name;
};

struct take {
	struct relay *relay;
	struct relay_event event;
	struct relay_text text;
	struct kept *kept;
	size_t kept_count, kept_room;
	size_t seen, nameless;
	uint64_t dropped;
};

static int keep(struct take *self, size_t offset)
{
	struct kept *kept;

	if (self->kept_count == EVENTS_MAX || self->text.size_bytes > EVENTS_BYTES_MAX)
		return -E2BIG;
	if (self->kept_count == self->kept_room) {
		size_t room = self->kept_room ? 2 * self->kept_room : 32;

		kept = realloc(self->kept, room * sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		self->kept = kept;
		self->kept_room = room;
	}
	kept = &self->kept[self->kept_count++];
	kept->offset = offset;
	kept->name = self->event.name;
	memcpy(kept->uuid, self->event.uuid, ID_BYTES);
	return 0;
}

static int on_event(void *context, const char *text, size_t size_bytes)
{
	struct take *self = context;
	size_t offset = self->text.size_bytes;

	if (++self->seen > SEEN_MAX)
		return -E2BIG;
	switch (text ? relay_event_make(&self->event, text, size_bytes, &self->text) : RELAY_DROPPED) {
	case RELAY_MADE:
		self->dropped += self->event.lost;
		return keep(self, offset);
	case RELAY_NAMELESS:
		self->nameless++;
		self->dropped++;
		return 0;
	case RELAY_DROPPED:
		self->dropped++;
		return 0;
	default:
		return -ENOMEM;
	}
}

static void take_finish(struct take *self)
{
	relay_text_finish(&self->text);
	free(self->kept);
}

/* All of them or none: a client that hears nothing good sends all of them again. */
static enum relay_fault append(struct take *self)
{
	struct outbox_new *events;
	int result;

	if (self->kept_count == 0)
		return RELAY_FINE;
	events = calloc(self->kept_count, sizeof(*events));
	if (!events)
		return RELAY_BUSY;
	for (size_t i = 0; i < self->kept_count; i++)
		events[i] = (struct outbox_new){.uuid = self->kept[i].uuid,
						.name = self->kept[i].name,
						.event = self->text.bytes + self->kept[i].offset};
	result = outbox_append_all(self->relay->outbox, events, self->kept_count, self->event.now_ms);
	free(events);
	return result < 0 ? RELAY_BUSY : RELAY_FINE;
}

/* ---- The body ---- */

static bool is_word(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

/* `query` as it came: what is compared needs no escapes. */
static void read_packing(const char *query, struct relay_packing *packing)
{
	for (const char *at = query; at && *at; at += *at == '&') {
		size_t size = strcspn(at, "&");

		if (strncmp(at, "compression=", 12) == 0) {
			packing->is_gzip |=
				is_word(at + 12, size - 12, "gzip") || is_word(at + 12, size - 12, "gzip-js");
			packing->is_base64 |= is_word(at + 12, size - 12, "base64");
		}
		at += size;
	}
}

static enum relay_fault feed_post(struct evhttp_request *request, struct relay_body *body)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	enum relay_fault fault = RELAY_FINE;

	/* What has been read is freed at once. */
	while (fault == RELAY_FINE && evbuffer_get_length(input) > 0) {
		struct evbuffer_iovec piece;

		evbuffer_peek(input, -1, NULL, &piece, 1);
		fault = relay_body_feed(body, piece.iov_base, piece.iov_len);
		evbuffer_drain(input, piece.iov_len);
	}
	return fault;
}

static enum relay_fault read_events(struct evhttp_request *request, const char *query, struct take *take)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *type = evhttp_find_header(headers, "Content-Type");
	const char *encoding = evhttp_find_header(headers, "Content-Encoding");
	bool is_post = evhttp_request_get_command(request) == EVHTTP_REQ_POST;
	struct relay_packing packing = {.is_form = !is_post};
	struct relay_body *body;
	enum relay_fault fault;

	read_packing(query, &packing);
	packing.is_gzip |= is_post && encoding && strcasecmp(encoding, "gzip") == 0;
	packing.is_form |= type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
	/* A client that asks by GET, or by POST without a body, has its events in the address. */
	if (is_post && evbuffer_get_length(evhttp_request_get_input_buffer(request)) == 0) {
		is_post = false;
		packing.is_form = true;
	}
	if (!is_post && (!query || !strstr(query, "data=")))
		return RELAY_EMPTY;
	body = relay_body_create(&packing, on_event, take);
	if (!body)
		return RELAY_BUSY;
	fault = is_post ? feed_post(request, body) : relay_body_feed(body, query, strlen(query));
	if (fault == RELAY_FINE)
		fault = relay_body_end(body);
	relay_body_destroy(body);
	if (fault == RELAY_FINE && take->seen == 0)
		fault = RELAY_NO_EVENT;
	if (fault == RELAY_FINE && take->nameless == take->seen)
		fault = RELAY_NO_NAME;
	return fault;
}

/* ---- Requests ---- */

static void tell(struct relay *self)
{
	if (self->changed)
		self->changed(self->context);
}

static void refuse(struct relay *self, struct evhttp_request *request, int status, const char *text)
{
	self->counts.refused++;
	tell(self);
	relay_answer_error(request, status, text, 0);
}

static void refuse_body(struct relay *self, struct evhttp_request *request, enum relay_fault fault)
{
	static const struct {
		int status;
		const char *text;
	} faults[] = {
#define RELAY_ROW(name, status, text) [name] = {status, text},
		RELAY_FAULTS(RELAY_ROW)
#undef RELAY_ROW
	};

	self->counts.refused++;
	tell(self);
	relay_answer_error(request, faults[fault].status, faults[fault].text,
			   fault == RELAY_FULL   ? RELAY_FULL_S
			   : fault == RELAY_BUSY ? RELAY_BUSY_S
						 : 0);
}

static void capture(struct relay *self, struct evhttp_request *request, const char *query)
{
	struct take take = {.relay = self, .event = {.rules = self->rules, .now_ms = clock_wall_ms()}};
	enum relay_fault fault;

	if (relay_access_is_nameless_page(evhttp_request_get_input_headers(request))) {
		refuse(self, request, 403,
		       "pages name their origin when they send events: let the request be a CORS one");
		return;
	}
	/* A person's no removed the file: nobody keeps anything any more, the clients neither. */
	if (outbox_is_wiped(self->outbox)) {
		relay_answer_taken(request, query);
		return;
	}
	if (outbox_is_nearly_full(self->outbox)) {
		refuse_body(self, request, RELAY_FULL);
		return;
	}
	fault = read_events(request, query, &take);
	if (fault == RELAY_FINE)
		fault = append(&take);
	if (fault == RELAY_FINE) {
		self->counts.relayed += take.kept_count;
		self->counts.dropped += take.dropped;
		relay_answer_taken(request, query);
		if (take.kept_count + take.dropped > 0)
			tell(self);
	} else {
		refuse_body(self, request, fault);
	}
	take_finish(&take);
}

static void answer_target(struct relay *self, struct evhttp_request *request, const char *path)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct relay_target target;

	relay_route_find(path, &target);
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_POST:
	case EVHTTP_REQ_GET:
		if (target.route == RELAY_CAPTURE)
			capture(self, request, query);
		else
			relay_answer_none(request, &target, query);
		break;
	case EVHTTP_REQ_HEAD:
		if (target.route == RELAY_CAPTURE)
			relay_answer_taken(request, query);
		else
			relay_answer_none(request, &target, query);
		break;
	case EVHTTP_REQ_OPTIONS:
		relay_answer_preflight(request);
		break;
	default:
		refuse(self, request, 405, "this address takes GET, HEAD, POST and OPTIONS");
	}
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct relay *self = context;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request)), *origin;

	relay_gate_asked(self->gate, request);
	/* An address as for a proxy names a host of its own: nobody who means this one sends it. */
	if (evhttp_request_get_uri(request)[0] != '/') {
		refuse(self, request, 421, "this is no proxy");
		return;
	}
	switch (relay_access_check(self->access, evhttp_request_get_input_headers(request), &origin)) {
	case RELAY_WRONG_HOST:
		refuse(self, request, 421, "the Host header names no address of this relay");
		return;
	case RELAY_WRONG_ORIGIN:
		refuse(self, request, 403,
		       "pages of this origin may not use this relay: it is not listed in the stack file");
		return;
	default:
		break;
	}
	path = path ? relay_access_path(self->access, path) : NULL;
	if (!path) {
		refuse(self, request, 401, "The provided API key is invalid or has expired.");
		return;
	}
	if (origin)
		relay_answer_admit(request, origin);
	if (evbuffer_get_length(evhttp_request_get_input_buffer(request)) > RELAY_BODY_MAX) {
		refuse_body(self, request, RELAY_TOO_LARGE);
		return;
	}
	answer_target(self, request, path);
}

/* ---- Life ---- */

static struct evhttp *http_create(struct relay *self, struct event_base *base)
{
	struct evhttp *http = evhttp_new(base);

	if (!http)
		return NULL;
	evhttp_set_max_headers_size(http, HEADER_BYTES_MAX);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						 EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http, on_request, self);
	return http;
}

struct relay *relay_create(struct event_base *base, const cJSON *config, struct outbox *outbox, relay_changed *changed,
			   void *context)
{
	const cJSON *listeners = cJSON_GetObjectItemCaseSensitive(config, "listeners");
	struct relay *self;

	if (!cJSON_IsNumber(listeners) || listeners->valueint < 1 || listeners->valueint > WIRE_RELAYS_MAX)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->outbox = outbox;
	self->changed = changed;
	self->context = context;
	self->access = relay_access_create(config);
	self->rules = relay_rules_create(config);
	self->http = self->access && self->rules ? http_create(self, base) : NULL;
	if (self->http)
		self->gate = relay_gate_create(base, self->http, WIRE_RELAY_FD, (size_t)listeners->valueint,
					       RELAY_REQUEST_MS);
	if (!self->gate) {
		relay_destroy(self);
		return NULL;
	}
	return self;
}

void relay_common(struct relay *self, const cJSON *common)
{
	/* One that will not do leaves the one before: it is true still. */
	relay_rules_common(self->rules, common);
}

void relay_end(struct relay *self)
{
	relay_gate_close(self->gate);
}

struct relay_counts relay_counts(const struct relay *self)
{
	struct relay_counts counts = self->counts;

	counts.refused += relay_gate_oversized(self->gate);
	return counts;
}

void relay_destroy(struct relay *self)
{
	if (!self)
		return;
	if (self->http)
		evhttp_free(self->http);
	relay_gate_destroy(self->gate);
	relay_rules_destroy(self->rules);
	relay_access_destroy(self->access);
	free(self);
}
