/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_event.h"

#include "telemetry/hash.h"
#include "telemetry/route.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/relay_rules.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond it a double does not hold every whole number */
#define CLIENT_ID_BYTES_MAX 200u /* of a client's uuid */

/* ---- Text ---- */

void relay_text_add(struct relay_text *self, const char *bytes, size_t size_bytes)
{
	size_t room = self->room ? self->room : 4096;
	char *grown;

	while (room < self->size_bytes + size_bytes)
		room *= 2;
	if (room != self->room) {
		grown = realloc(self->bytes, room);
		if (!grown) {
			self->failed = true;
			return;
		}
		self->bytes = grown;
		self->room = room;
	}
	memcpy(self->bytes + self->size_bytes, bytes, size_bytes);
	self->size_bytes += size_bytes;
}

void relay_text_finish(struct relay_text *self)
{
	free(self->bytes);
	*self = (struct relay_text){0};
}

static void add(struct relay_text *out, const char *text)
{
	relay_text_add(out, text, strlen(text));
}

/* The shortest form that reads back as the same number. */
static void add_number(struct relay_text *out, double value)
{
	char text[32];

	if (value == floor(value) && fabs(value) <= WHOLE_MAX) {
		snprintf(text, sizeof(text), "%lld", (long long)value);
	} else {
		snprintf(text, sizeof(text), "%.15g", value);
		if (strtod(text, NULL) != value)
			snprintf(text, sizeof(text), "%.17g", value);
	}
	add(out, text);
}

/* ---- Time and uuid ---- */

static bool is_recent(const struct relay_event *self, int64_t time_ms)
{
	return time_ms <= self->now_ms && time_ms >= self->now_ms - RELAY_AGE_MAX_MS;
}

/* The time in a client's uuid of version 7; -1: it is none. */
static int64_t uuid_time_ms(const char *uuid)
{
	char lower[ID_BYTES], digits[13];

	if (strlen(uuid) != ID_BYTES - 1)
		return -1;
	for (size_t i = 0; i < ID_BYTES; i++)
		lower[i] = uuid[i] >= 'A' && uuid[i] <= 'F' ? (char)(uuid[i] - 'A' + 'a') : uuid[i];
	if (!id_is_valid(lower, 7))
		return -1;
	memcpy(digits, lower, 8);
	memcpy(digits + 8, lower + 9, 5);
	digits[12] = '\0';
	return strtoll(digits, NULL, 16);
}

/* What does not change when the client tries again comes first. */
static int64_t event_time_ms(const struct relay_event *self, const cJSON *timestamp, const char *uuid,
			     const cJSON *offset)
{
	int64_t time_ms = cJSON_IsString(timestamp) ? relay_time_ms(timestamp->valuestring) : -1;

	if (is_recent(self, time_ms))
		return time_ms;
	time_ms = uuid ? uuid_time_ms(uuid) : -1;
	if (is_recent(self, time_ms))
		return time_ms;
	if (cJSON_IsNumber(offset) && offset->valuedouble >= 0 && offset->valuedouble <= (double)RELAY_AGE_MAX_MS)
		return self->now_ms - (int64_t)offset->valuedouble;
	return self->now_ms;
}

/* The time's 48 bits, then 74 of a digest of the client's, which tells nothing of it to whoever does not have our token. */
static void make_uuid(struct relay_event *self, int64_t time_ms, const char *client)
{
	static const char variants[] = "89ab";
	char known[CLIENT_ID_BYTES_MAX + 64], digest[HASH_TEXT_BYTES];
	int written;

	if (!client || !*client || strlen(client) > CLIENT_ID_BYTES_MAX) {
		id_event(time_ms, self->uuid);
		return;
	}
	written = snprintf(known, sizeof(known), "%.40s %s", self->rules->token, client);
	hash_text(known, (size_t)written, digest);
	/* Of the variant's hexadecimal digit two bits are free. */
	snprintf(self->uuid, sizeof(self->uuid), "%08x-%04x-7%.3s-%c%.3s-%.12s", (unsigned)(time_ms >> 16 & 0xffffffff),
		 (unsigned)(time_ms & 0xffff), digest, variants[digest[3] & 3], digest + 4, digest + 7);
}

/* ---- Properties ---- */

static bool add_property(struct relay_text *out, const struct relay_property *rule, const cJSON *value)
{
	const char *json = NULL;
	double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
	bool whole = number == floor(number) && fabs(number) <= WHOLE_MAX;

	if (rule->kind == KIND_BOOL && cJSON_IsBool(value))
		json = cJSON_IsTrue(value) ? "true" : "false";
	for (size_t i = 0; rule->kind == KIND_WORD && cJSON_IsString(value) && i < rule->word_count && !json; i++) {
		if (strcmp(rule->words[i].text, value->valuestring) == 0)
			json = rule->words[i].json;
	}
	if (!json && !(rule->kind == KIND_NUMBER && isfinite(number)) && !(rule->kind == KIND_INT && whole))
		return false;
	add(out, rule->json);
	if (json)
		add(out, json);
	else
		add_number(out, number);
	return true;
}

/* What clients add of their own accord: nobody meant it to be sent. */
static bool is_of_client(const char *name)
{
	return name[0] == '$' || strcmp(name, "token") == 0 || strcmp(name, "distinct_id") == 0;
}

/*
 * The client's value for each declared property, in their order. False: one of them is there twice. Linear in what the client sent, for
 * a table of fixed size.
 */
static bool sort_properties(struct relay_event *self, const struct relay_property *rules, size_t count,
			    const cJSON *properties, const cJSON *values[RELAY_PROPERTIES_MAX])
{
	const cJSON *item;

	memset(values, 0, count * sizeof(values[0]));
	cJSON_ArrayForEach(item, properties)
	{
		size_t i = 0;

		while (i < count && strcmp(rules[i].name, item->string) != 0)
			i++;
		if (i == count)
			self->lost |= !is_of_client(item->string);
		else if (values[i])
			return false;
		else
			values[i] = item;
	}
	return true;
}

static bool add_declared(struct relay_event *self, const struct relay_declared *declared, const cJSON *properties,
			 struct relay_text *out)
{
	const cJSON *values[RELAY_PROPERTIES_MAX];

	if (!sort_properties(self, declared->properties, declared->property_count, properties, values))
		return false;
	for (size_t i = 0; i < declared->property_count; i++) {
		if (values[i] && !add_property(out, &declared->properties[i], values[i]))
			return false;
	}
	return true;
}

/* ---- api_request ---- */

static bool in_range(const cJSON *item, double least, double most)
{
	return cJSON_IsNumber(item) && item->valuedouble >= least && item->valuedouble <= most;
}

/* All four, or none: a request of which something is missing is not as declared. */
static bool add_request(struct relay_event *self, const cJSON *properties, struct relay_text *out)
{
	static char endpoint[] = "endpoint", method[] = "method", status[] = "status_code", duration[] = "duration_ms";
	static const struct relay_property rules[] = {
		{.name = endpoint}, {.name = method}, {.name = status}, {.name = duration}};
	const cJSON *values[RELAY_PROPERTIES_MAX];
	cJSON *template;
	char *json, text[96];

	if (!sort_properties(self, rules, 4, properties, values) || !cJSON_IsString(values[0]) ||
	    !cJSON_IsString(values[1]) || !in_range(values[2], 100, 599) ||
	    values[2]->valuedouble != floor(values[2]->valuedouble) || !in_range(values[3], 0, WHOLE_MAX))
		return false;
	template = cJSON_CreateStringReference(route_match((const char *const *)self->rules->routes,
							   self->rules->route_count, values[0]->valuestring,
							   strlen(values[0]->valuestring)));
	json = cJSON_PrintUnformatted(template);
	cJSON_Delete(template);
	out->failed |= !json;
	add(out, ",\"endpoint\":");
	add(out, json ? json : "");
	free(json);
	snprintf(text, sizeof(text), ",\"method\":\"%s\",\"status_code\":%d,\"duration_ms\":%lld",
		 route_method(values[1]->valuestring), values[2]->valueint, (long long)(values[3]->valuedouble + 0.5));
	add(out, text);
	return true;
}

/* ---- The event ---- */

/* The member of that name; *twice when there are two. */
static const cJSON *find_once(const cJSON *object, const char *name, bool *twice)
{
	const cJSON *item, *found = NULL;

	cJSON_ArrayForEach(item, object)
	{
		if (strcmp(item->string, name) == 0) {
			*twice |= found != NULL;
			found = item;
		}
	}
	return found;
}

static void add_envelope(struct relay_event *self, const struct relay_declared *declared, int64_t time_ms,
			 struct relay_text *out)
{
	char time[TIME_BYTES];

	time_text(time_ms, time);
	add(out, "{\"uuid\":\"");
	add(out, self->uuid);
	add(out, "\",\"event\":");
	add(out, declared->json);
	add(out, ",\"distinct_id\":\"");
	add(out, self->rules->distinct_id);
	add(out, "\",\"timestamp\":\"");
	add(out, time);
	add(out, "\",\"properties\":{");
	add(out, self->rules->common);
}

static enum relay_verdict make(struct relay_event *self, const cJSON *event, struct relay_text *out)
{
	bool twice = false, good;
	const cJSON *name = find_once(event, "event", &twice), *uuid = find_once(event, "uuid", &twice);
	const cJSON *timestamp = find_once(event, "timestamp", &twice), *offset = find_once(event, "offset", &twice);
	const cJSON *properties = find_once(event, "properties", &twice);
	const char *client = cJSON_IsString(uuid) ? uuid->valuestring : NULL;
	const struct relay_declared *declared;
	int64_t time_ms;

	if (!cJSON_IsString(name) || !*name->valuestring)
		return RELAY_NAMELESS;
	declared = relay_rules_event(self->rules, name->valuestring);
	if (!declared || twice || (properties && !cJSON_IsObject(properties)))
		return RELAY_DROPPED;
	self->name = declared->name;
	time_ms = event_time_ms(self, timestamp, client, offset);
	make_uuid(self, time_ms, client);
	add_envelope(self, declared, time_ms, out);
	good = declared->is_request ? add_request(self, properties, out)
				    : add_declared(self, declared, properties, out);
	relay_text_add(out, "}}", sizeof("}}"));
	return good ? RELAY_MADE : RELAY_DROPPED;
}

enum relay_verdict relay_event_make(struct relay_event *self, const char *text, size_t size_bytes,
				    struct relay_text *out)
{
	cJSON *event = cJSON_ParseWithLength(text, size_bytes);
	size_t begin = out->size_bytes;
	enum relay_verdict verdict;

	self->lost = false;
	/* It is JSON, by relay_scan: what cannot be parsed, there was no memory for. */
	if (!event)
		return RELAY_FAILED;
	verdict = make(self, event, out);
	cJSON_Delete(event);
	if (out->failed)
		verdict = RELAY_FAILED;
	else if (verdict == RELAY_MADE && out->size_bytes - begin > OUTBOX_EVENT_BYTES_MAX)
		verdict = RELAY_DROPPED;
	if (verdict != RELAY_MADE)
		out->size_bytes = begin;
	return verdict;
}
