/* SPDX-License-Identifier: MIT */
/* x-upfront.telemetry: what services may say through the relay - their events, the API's routes, and the pages that are let in. */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/utf8.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KIND_TEXT(name, text) text,

/* ---- services ---- */

static void read_kind(struct reader *self, const struct node_pair *pair, struct telemetry_field *field)
{
	static const char *const kinds[] = {TELEMETRY_KINDS(KIND_TEXT) NULL};
	const struct node *value = pair->value;
	const char *text = value->kind == NODE_SCALAR ? value->text : "";
	int index;

	if (value->kind == NODE_LIST) {
		field->kind = KIND_WORD;
		field->words = reader_word_list(self, pair->key, value);
		return;
	}
	if (strcmp(text, "string") == 0 || strcmp(text, "text") == 0 || strcmp(text, "enum") == 0) {
		err_at(self->err, ERR_CONFIG, value->place,
		       "property '%s': '%s' is no kind: free text could carry anything", pair->key, text);
		err_hint(self->err,
			 "list the words it may be, for example [fast, slow]; other kinds are bool, number and int");
		return;
	}
	index = reader_word(self, pair->key, value, "kind", kinds);
	if (index >= 0)
		field->kind = (enum telemetry_kind)index;
}

static void read_field(struct reader *self, const struct node_pair *pair, struct telemetry_field *field)
{
	field->name = pool_strdup(self->pool, pair->key);
	field->place = pair->key_place;
	if (property_is_ours(pair->key))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "property '%s' is one of upfront's own, and cannot be declared for services", pair->key);
	else if (!property_name_is_valid(pair->key) || strchr(pair->key, '$') ||
		 strlen(pair->key) > TELEMETRY_NAME_BYTES_MAX)
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of a property: wanted at most %u letters, digits, '_', '.' and '-', a letter "
		       "first",
		       pair->key, TELEMETRY_NAME_BYTES_MAX);
	read_kind(self, pair, field);
}

static void check_event_name(struct reader *self, const struct node_pair *pair)
{
	static const char *const own[] = {"server_start", "server_start_failed", "cli_command"};

	if (!*pair->key || *pair->key == '$' || !utf8_is_plain(pair->key, TELEMETRY_NAME_BYTES_MAX)) {
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of an event: wanted at most %u bytes on one line, and '$' is reserved",
		       pair->key, TELEMETRY_NAME_BYTES_MAX);
		return;
	}
	if (strcmp(pair->key, "api_request") == 0) {
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "event 'api_request' is upfront's own: services report it without a declaration");
		err_hint(self->err, "declare the API's routes in 'telemetry.routes' instead");
		return;
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (strcmp(pair->key, own[i]) == 0)
			err_at(self->err, ERR_CONFIG, pair->key_place,
			       "event '%s' is upfront's own, and no service can report it", pair->key);
	}
}

static void read_event(struct reader *self, const struct node_pair *pair, struct telemetry_event_decl *event)
{
	struct telemetry_field *fields;

	event->name = pool_strdup(self->pool, pair->key);
	event->place = pair->key_place;
	check_event_name(self, pair);
	if (!reader_want_map(self, pair->key, pair->value) ||
	    !reader_is_within(self, pair->key, pair->value, TELEMETRY_PROPERTIES_MAX, "properties"))
		return;
	fields = pool_array(self->pool, pair->value->count, sizeof(*fields));
	for (size_t i = 0; i < pair->value->count; i++)
		read_field(self, &pair->value->pairs[i], &fields[i]);
	event->fields = fields;
	event->field_count = pair->value->count;
}

void read_events(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct telemetry_decl *decl = field;
	struct telemetry_event_decl *events;

	if (!reader_want_map(self, key, value) || !reader_is_within(self, key, value, TELEMETRY_EVENTS_MAX, "events"))
		return;
	events = pool_array(self->pool, value->count, sizeof(*events));
	for (size_t i = 0; i < value->count; i++)
		read_event(self, &value->pairs[i], &events[i]);
	decl->events = events;
	decl->event_count = value->count;
}

void check_events_and_common(struct reader *self, const struct telemetry_decl *decl)
{
	struct node *common = node_create(self->load->pool, NODE_MAP, decl->place);

	for (size_t i = 0; i < decl->common_count; i++)
		reader_is_new(self, common, decl->common[i].name);
	for (size_t i = 0; i < decl->event_count; i++) {
		for (size_t k = 0; k < decl->events[i].field_count; k++) {
			const struct telemetry_field *field = &decl->events[i].fields[k];

			if (node_find(common, field->name))
				err_at(self->err, ERR_CONFIG, field->place,
				       "property '%s' of event '%s' is declared in 'common' already: every event has "
				       "it",
				       field->name, decl->events[i].name);
		}
	}
}

/* ---- routes ---- */

#define ROUTE_WANTED "a route such as /api/v1/charts/{id}"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* What is wrong with one segment, or NULL. */
static const char *segment_problem(const char *segment, size_t length, bool last)
{
	size_t name;

	if ((length == 1 && *segment == '.') || (length == 2 && strncmp(segment, "..", 2) == 0))
		return "has a segment '.' or '..', which no request can match";
	if (*segment != '{')
		return memchr(segment, '{', length) || memchr(segment, '}', length)
			       ? "has braces within a segment: {name} takes a whole one"
			       : NULL;
	name = strchr(NAME_LETTERS, segment[1]) && segment[1] ? strspn(segment + 1, NAME_LETTERS "0123456789") : 0;
	if (name == 0 || (segment[1 + name] != '}' && strncmp(segment + 1 + name, "...}", 4) != 0))
		return "has a parameter without a plain name: wanted {name}, or {name...} at the end";
	if (1 + name + (segment[1 + name] == '.' ? 4 : 1) != length)
		return "has braces within a segment: {name} takes a whole one";
	return segment[1 + name] == '.' && !last ? "has {...} before its end, where it takes all the rest" : NULL;
}

static const char *route_problem(const char *text, size_t length)
{
	size_t segments = 0;

	if (length > TELEMETRY_TEXT_MAX)
		return "is longer than 200 bytes";
	if (strstr(text, "//"))
		return "has an empty segment";
	for (size_t at = 1, end; at < length; at = end + 1) {
		const char *problem;

		end = at + strcspn(text + at, "/");
		if (end > length)
			end = length;
		problem = segment_problem(text + at, end - at, end == length);
		if (problem)
			return problem;
		if (++segments > TELEMETRY_ROUTE_SEGMENTS_MAX)
			return "has more than 32 segments";
	}
	return NULL;
}

/* In the pool, without the slash at its end, which no match depends on; NULL after an error. */
static const char *read_route(struct reader *self, const char *key, const struct node *item)
{
	const char *text = reader_scalar(self, key, item, ROUTE_WANTED);
	const char *problem;
	size_t length;

	if (!text)
		return NULL;
	if (*text != '/' || strpbrk(text, " ?#;%\\<>") || !utf8_is_plain(text, strlen(text))) {
		reader_wanted(self, key, item, ROUTE_WANTED);
		return NULL;
	}
	length = strlen(text);
	if (length > 1 && text[length - 1] == '/')
		length--;
	problem = route_problem(text, length);
	if (!problem)
		return pool_strndup(self->pool, text, length);
	err_at(self->err, ERR_CONFIG, item->place, "'%s': '%s' %s", key, text, problem);
	return NULL;
}

/* ---- origins ---- */

#define ORIGIN_WANTED "an origin such as http://localhost:3000"

/* As a browser spells it in `Origin`, with IPv6 addresses in their short form; NULL when it is no host. */
static const char *origin_host(struct pool *pool, const char *host)
{
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];
	size_t length = strlen(host);
	char *lower = pool_strdup(pool, host);

	if (*host == '[') {
		if (length < 4 || host[length - 1] != ']' ||
		    inet_pton(AF_INET6, pool_strndup(pool, host + 1, length - 2), &v6) != 1)
			return NULL;
		return pool_printf(pool, "[%s]", inet_ntop(AF_INET6, &v6, text, sizeof(text)));
	}
	for (char *c = lower; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	return lower[strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789.-_")] ? NULL : lower;
}

static const char *read_origin(struct reader *self, const char *key, const struct node *item)
{
	const char *text = reader_scalar(self, key, item, ORIGIN_WANTED);
	bool https = text && strncasecmp(text, "https://", 8) == 0;
	const char *authority = text ? text + (https ? 8 : 7) : "", *host = NULL, *colon;
	long port = 0;
	size_t length;

	if (!text)
		return NULL;
	length = strlen(text);
	/* "http://localhost:" of a variable that is not set is the default port to a browser as well. */
	if (length > 0 && text[length - 1] == ':')
		length--;
	if (https || strncasecmp(text, "http://", 7) == 0)
		host = authority_host(self->load->pool, authority, length - (size_t)(authority - text));
	host = host ? origin_host(self->load->pool, host) : NULL;
	if (!host) {
		reader_wanted(self, key, item, ORIGIN_WANTED);
		return NULL;
	}
	colon = strrchr(authority, ':');
	if (colon && !strchr(colon, ']') && colon[1])
		port = strtol(colon + 1, NULL, 10);
	if (port == 0 || port == (https ? 443 : 80))
		return pool_printf(self->pool, "%s://%s", https ? "https" : "http", host);
	return pool_printf(self->pool, "%s://%s:%ld", https ? "https" : "http", host, port);
}

/* ---- Both ---- */

/* What is said twice counts once: files that are laid over each other may well do so. */
static const char *const *read_each(struct reader *self, const char *key, const struct node *value, size_t max,
				    const char *(*read)(struct reader *, const char *, const struct node *))
{
	struct node *seen = node_create(self->load->pool, NODE_MAP, value->place);
	const char **texts;
	size_t count = 0;

	if (!reader_want_list(self, key, value) || !reader_is_within(self, key, value, max, key))
		return NULL;
	texts = pool_array(self->pool, value->count + 1, sizeof(*texts));
	for (size_t i = 0; i < value->count; i++) {
		const char *text = read(self, key, value->items[i]);

		if (text && reader_is_new(self, seen, text))
			texts[count++] = text;
	}
	return count ? texts : NULL;
}

void read_routes(struct reader *self, const char *key, const struct node *value, void *field)
{
	((struct telemetry_decl *)field)->routes = read_each(self, key, value, TELEMETRY_ROUTES_MAX, read_route);
}

void read_origins(struct reader *self, const char *key, const struct node *value, void *field)
{
	((struct telemetry_decl *)field)->origins = read_each(self, key, value, TELEMETRY_ORIGINS_MAX, read_origin);
}
