/* SPDX-License-Identifier: MIT */
#include "tests/lib/posthog.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

#define SEEN_PARTS 8192u

struct posthog {
	char *key;
	cJSON *seen[SEEN_PARTS]; /* uuid -> event text; in parts, so that a hundred thousand are soon found */
};

struct posthog *posthog_create(const char *key)
{
	struct posthog *self = calloc(1, sizeof(*self));

	self->key = key ? strdup(key) : NULL;
	for (size_t i = 0; i < SEEN_PARTS; i++)
		self->seen[i] = cJSON_CreateObject();
	return self;
}

void posthog_destroy(struct posthog *self)
{
	free(self->key);
	for (size_t i = 0; i < SEEN_PARTS; i++)
		cJSON_Delete(self->seen[i]);
	free(self);
}

void posthog_verdict_finish(struct posthog_verdict *verdict)
{
	cJSON_Delete(verdict->body);
	cJSON_Delete(verdict->findings);
	memset(verdict, 0, sizeof(*verdict));
}

static int refuse(struct posthog_verdict *verdict, int status, const char *text)
{
	verdict->status = status;
	snprintf(verdict->text, sizeof(verdict->text), "%s", text);
	return -1;
}

__attribute__((format(printf, 2, 3))) static void find(struct posthog_verdict *verdict, const char *format, ...)
{
	char text[400];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	cJSON_AddItemToArray(verdict->findings, cJSON_CreateString(text));
}

/* ---- the body: headers, gzip, UTF-8, JSON ---- */

static bool is_utf8(const unsigned char *at, size_t size_bytes)
{
	const unsigned char *end = at + size_bytes;

	while (at < end) {
		int more = *at < 0x80                  ? 0
			   : *at >= 0xc2 && *at < 0xe0 ? 1
			   : (*at & 0xf0) == 0xe0      ? 2
			   : *at >= 0xf0 && *at < 0xf5 ? 3
						       : -1;
		unsigned first = *at;

		if (more < 0 || end - at <= more)
			return false;
		for (int i = 1; i <= more; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return false;
		}
		if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
		    (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
			return false;
		at += more + 1;
	}
	return true;
}

/* -1 when the bytes are no complete gzip stream, -2 when they unpack to too much. */
static int unpack(const void *packed, size_t packed_bytes, char **text, size_t *size_bytes)
{
	z_stream stream = {.next_in = (Bytef *)packed, .avail_in = (uInt)packed_bytes};
	size_t capacity = 0, length = 0;
	char *bytes = NULL;
	int result;

	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return -1;
	do {
		capacity += 1024 * 1024;
		bytes = realloc(bytes, capacity);
		stream.next_out = (Bytef *)bytes + length;
		stream.avail_out = (uInt)(capacity - length);
		result = inflate(&stream, Z_NO_FLUSH);
		length = capacity - stream.avail_out;
	} while (result == Z_OK && capacity < POSTHOG_UNPACKED_MAX + 1024 * 1024 &&
		 (stream.avail_in > 0 || stream.avail_out == 0));
	inflateEnd(&stream);
	if (result != Z_STREAM_END || length > POSTHOG_UNPACKED_MAX) {
		free(bytes);
		return length > POSTHOG_UNPACKED_MAX ? -2 : -1;
	}
	*text = bytes;
	*size_bytes = length;
	return 0;
}

static int read_body(const struct posthog_request *request, struct posthog_verdict *verdict)
{
	const char *type = request->content_type ? request->content_type : "";
	const char *encoding = request->content_encoding;
	const unsigned char *bytes = request->body;
	char *text = NULL, message[160];
	size_t size_bytes = request->size_bytes;
	int result = 0;

	if (size_bytes > POSTHOG_WIRE_MAX)
		return refuse(verdict, 413, "maximum event size exceeded");
	if (size_bytes == 0)
		return refuse(verdict, 400, "request missing data payload");
	if (strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0)
		return refuse(verdict, 400, "failed to decode request: expected form data in POST request payload");
	if (strcasecmp(type, "application/json") != 0)
		find(verdict, "content type is '%s'", type);
	if (encoding && strcasecmp(encoding, "gzip") != 0)
		return refuse(verdict, 400, "failed to decode request: invalid UTF8 in request payload");
	if (encoding || (size_bytes > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8)) {
		result = unpack(bytes, size_bytes, &text, &size_bytes);
		if (result < 0)
			return result == -2 ? refuse(verdict, 413, "maximum event size exceeded")
					    : refuse(verdict, 400, "failed to decode request: invalid GZIP data");
	}
	if (!is_utf8(text ? (unsigned char *)text : bytes, size_bytes)) {
		result = refuse(verdict, 400, "failed to decode request: invalid UTF8 in request payload");
	} else if (posthog_json_error(text ? text : (const char *)bytes, size_bytes)) {
		snprintf(message, sizeof(message), "failed to parse request: %s",
			 posthog_json_error(text ? text : (const char *)bytes, size_bytes));
		result = refuse(verdict, 400, message);
	} else {
		verdict->body = cJSON_ParseWithLength(text ? text : (const char *)bytes, size_bytes);
		if (!verdict->body)
			result = refuse(verdict, 400, "failed to parse request: unreadable");
	}
	free(text);
	return result;
}

/* ---- its shape ---- */

#define HYDRATE "failed to hydrate events from request: non-engage request missing event name attribute"

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* serde refuses a field that stands twice. */
static bool has_twice(const cJSON *object)
{
	const cJSON *one, *other;

	cJSON_ArrayForEach(one, object)
	{
		for (other = one->next; other; other = other->next) {
			if (strcmp(one->string, other->string) == 0)
				return true;
		}
	}
	return false;
}

/* NULL, or text of the form wanted. */
static bool is_absent_or(const cJSON *value, int (*is_kind)(const cJSON *))
{
	return !value || cJSON_IsNull(value) || is_kind(value);
}

static int is_string(const cJSON *value)
{
	return cJSON_IsString(value);
}

static int is_object(const cJSON *value)
{
	return cJSON_IsObject(value);
}

static int is_bool(const cJSON *value)
{
	return cJSON_IsBool(value);
}

static const char *text_of(const cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : "";
}

/* The forms Rust's uuid crate reads: hyphenated, 32 digits, braced, urn. */
static bool is_uuid(const char *text)
{
	size_t digits = 0, length;

	if (strncmp(text, "urn:uuid:", 9) == 0)
		text += 9;
	length = strlen(text);
	if (length == 38 && text[0] == '{' && text[37] == '}') {
		text++;
		length = 36;
	}
	if (length != 36 && length != 32)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool hyphen = length == 36 && (i == 8 || i == 13 || i == 18 || i == 23);

		if (hyphen ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
		digits += !hyphen;
	}
	return digits == 32;
}

static int check_key(const struct posthog *self, const cJSON *body, struct posthog_verdict *verdict)
{
	const cJSON *key = member(body, "api_key"), *token = member(body, "token");
	const char *text;

	if (key && token)
		return refuse(verdict, 400, HYDRATE);
	key = key ? key : token;
	if (!key)
		return refuse(verdict, 401, "event submitted without an api_key");
	if (!cJSON_IsString(key))
		return refuse(verdict, 400, HYDRATE);
	text = key->valuestring;
	if (!*text)
		return refuse(verdict, 401, "API key is not valid: empty");
	if (strlen(text) > 64)
		return refuse(verdict, 401, "API key is not valid: too_long");
	for (const char *c = text; *c; c++) {
		if (*c & 0x80)
			return refuse(verdict, 401, "API key is not valid: not_ascii");
	}
	if (strncmp(text, "phx_", 4) == 0)
		return refuse(verdict, 401, "API key is not valid: personal_api_key");
	if (self->key && strcmp(self->key, text) != 0)
		return refuse(verdict, 401, "The provided API key is invalid or has expired.");
	return 0;
}

static int check_distinct_id(const cJSON *event, struct posthog_verdict *verdict)
{
	const cJSON *id = member(event, "distinct_id");

	if (!id)
		id = member(event, "$distinct_id");
	if (!id)
		id = member(member(event, "properties"), "distinct_id");
	if (!id || cJSON_IsNull(id) || (cJSON_IsString(id) && !*id->valuestring))
		return refuse(verdict, 400, "event submitted without a distinct_id");
	return 0;
}

static int check_event_shape(const cJSON *event, struct posthog_verdict *verdict)
{
	const cJSON *uuid = member(event, "uuid"), *properties = member(event, "properties"), *cookieless;
	const cJSON *offset = member(event, "offset");
	char *text;
	size_t size_bytes;

	if (!cJSON_IsObject(event) || has_twice(event) || !cJSON_IsString(member(event, "event")) ||
	    !is_absent_or(uuid, is_string) || !is_absent_or(member(event, "timestamp"), is_string) ||
	    (properties && !cJSON_IsObject(properties)) || !is_absent_or(member(event, "$set"), is_object) ||
	    !is_absent_or(member(event, "$set_once"), is_object) ||
	    (offset && !cJSON_IsNull(offset) &&
	     (!cJSON_IsNumber(offset) || offset->valuedouble != (double)(int64_t)offset->valuedouble)) ||
	    (*text_of(uuid) && !is_uuid(uuid->valuestring)))
		return refuse(verdict, 400, HYDRATE);
	if (!*text_of(member(event, "event")))
		return refuse(verdict, 400, "event submitted with an empty event name");
	if (check_distinct_id(event, verdict) < 0)
		return -1;
	cookieless = member(properties, "$cookieless_mode");
	if (cookieless && !cJSON_IsBool(cookieless))
		return refuse(verdict, 400, "event submitted with invalid cookieless mode");
	text = cJSON_PrintUnformatted(event);
	size_bytes = strlen(text);
	free(text);
	return size_bytes > POSTHOG_EVENT_MAX ? refuse(verdict, 413, "Event rejected by kafka during send") : 0;
}

/* ---- what is accepted and should not be sent ---- */

/* YYYY-MM-DDTHH:MM:SS.mmmZ, as milliseconds since 1970; -1 when it is not. */
static int64_t time_ms(const char *text)
{
	struct tm parts = {0};
	int ms, used = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms, &used) != 7 ||
	    used != 24 || strlen(text) != 24)
		return -1;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return (int64_t)timegm(&parts) * 1000 + ms;
}

static void examine_ids(const cJSON *event, struct posthog_verdict *verdict)
{
	static const char *const illegal[] = {"anonymous",
					      "guest",
					      "distinctid",
					      "distinct_id",
					      "id",
					      "not_authenticated",
					      "email",
					      "undefined",
					      "true",
					      "false",
					      "none",
					      "null",
					      "0",
					      "nan",
					      "backend",
					      "system",
					      "user",
					      "anonymous-user",
					      "[object object]",
					      "00000000-0000-0000-0000-000000000000"};
	const char *uuid = text_of(member(event, "uuid")), *id = text_of(member(event, "distinct_id"));
	int64_t time = time_ms(text_of(member(event, "timestamp")));
	uint64_t uuid_ms;
	unsigned high, low;

	if (time < 0)
		find(verdict, "timestamp '%s' is not RFC 3339 in UTC with milliseconds",
		     text_of(member(event, "timestamp")));
	if (strlen(uuid) != 36 || uuid[14] != '7' || !strchr("89ab", uuid[19]) || strpbrk(uuid, "ABCDEF")) {
		find(verdict, "uuid '%s' is not a lower-case version 7", uuid);
	} else if (sscanf(uuid, "%8x-%4x", &high, &low) == 2) {
		uuid_ms = (uint64_t)high << 16 | low;
		if (time >= 0 && llabs((long long)((int64_t)uuid_ms - time)) > 3LL * 24 * 3600 * 1000)
			find(verdict, "uuid and timestamp are days apart");
	}
	if (!cJSON_IsString(member(event, "distinct_id")) || strlen(id) > 200)
		find(verdict, "distinct_id is not a text of at most 200 bytes");
	for (size_t i = 0; i < sizeof(illegal) / sizeof(*illegal); i++) {
		if (strcasecmp(id, illegal[i]) == 0)
			find(verdict, "distinct_id '%s' is one that is refused for persons", id);
	}
	if (strlen(text_of(member(event, "event"))) > 200)
		find(verdict, "event name is longer than 200 bytes");
}

static void examine_privacy(const cJSON *event, struct posthog_verdict *verdict)
{
	static const char *const unwanted[] = {"$set",       "$set_once", "$unset",   "$groups",
					       "$device_id", "$os",       "$identify"};
	const cJSON *properties = member(event, "properties"), *field;

	if (!*text_of(member(properties, "$ip")))
		find(verdict, "$ip is not a text: the sender's address would be stored");
	else if (strcmp(text_of(member(properties, "$ip")), "0.0.0.0") != 0)
		find(verdict, "$ip is an address: %s", text_of(member(properties, "$ip")));
	if (!cJSON_IsTrue(member(properties, "$geoip_disable")))
		find(verdict, "$geoip_disable is not true");
	if (!cJSON_IsFalse(member(properties, "$process_person_profile")))
		find(verdict, "$process_person_profile is not false: a person's profile would be made");
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++) {
		if (member(properties, unwanted[i]) || member(event, unwanted[i]))
			find(verdict, "%s must not be sent", unwanted[i]);
	}
	if (has_twice(properties))
		find(verdict, "a property stands twice");
	cJSON_ArrayForEach(field, event)
	{
		if (strcmp(field->string, "uuid") != 0 && strcmp(field->string, "event") != 0 &&
		    strcmp(field->string, "distinct_id") != 0 && strcmp(field->string, "timestamp") != 0 &&
		    strcmp(field->string, "properties") != 0)
			find(verdict, "field '%s' would be dropped without a word", field->string);
	}
}

static cJSON *seen_part(const struct posthog *self, const char *uuid)
{
	unsigned sum = 5381;

	for (; *uuid; uuid++)
		sum = sum * 33 + (unsigned char)*uuid;
	return self->seen[sum % SEEN_PARTS];
}

static void examine_retry(struct posthog *self, const cJSON *event, struct posthog_verdict *verdict)
{
	const char *uuid = text_of(member(event, "uuid"));
	char *text = cJSON_PrintUnformatted(event);
	cJSON *seen = seen_part(self, uuid);
	const cJSON *before = member(seen, uuid);

	if (!before)
		cJSON_AddStringToObject(seen, uuid, text);
	else if (strcmp(before->valuestring, text) != 0)
		find(verdict, "event %s came again and is not the same", uuid);
	free(text);
}

static int check_shape(const struct posthog *self, struct posthog_verdict *verdict)
{
	const cJSON *body = verdict->body, *batch = member(body, "batch"), *event;

	if (!cJSON_IsObject(body) || !cJSON_IsArray(batch) || has_twice(body) ||
	    !is_absent_or(member(body, "sent_at"), is_string) ||
	    !is_absent_or(member(body, "historical_migration"), is_bool))
		return refuse(verdict, 400, HYDRATE);
	cJSON_ArrayForEach(event, batch)
	{
		if (check_event_shape(event, verdict) < 0)
			return -1;
	}
	if (cJSON_GetArraySize(batch) == 0)
		return refuse(verdict, 400, "request holds no event");
	return check_key(self, body, verdict);
}

void posthog_check(struct posthog *self, const struct posthog_request *request, struct posthog_verdict *verdict)
{
	const cJSON *event;

	*verdict =
		(struct posthog_verdict){.status = 200, .text = "{\"status\":\"Ok\"}", .findings = cJSON_CreateArray()};
	if (read_body(request, verdict) < 0 || check_shape(self, verdict) < 0)
		return;
	if (time_ms(text_of(member(verdict->body, "sent_at"))) < 0)
		find(verdict, "sent_at is missing or not RFC 3339 in UTC with milliseconds");
	cJSON_ArrayForEach(event, member(verdict->body, "batch"))
	{
		examine_ids(event, verdict);
		examine_privacy(event, verdict);
		examine_retry(self, event, verdict);
	}
}
