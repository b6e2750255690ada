/* SPDX-License-Identifier: MIT */
/*
 * What PostHog's own clients were seen to send (tests/data/relay: headers and bodies as they were, values made up), and what is made of it. The clients
 * themselves: tests/e2e/test_relay_sdk.c.
 */
#include "tests/unit/sender/relay_scene.h"

#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <zlib.h>

#define FOLDER "tests/data/relay"

/* Client, the properties of the last event that comes of it (NULL: none does), how many do. */
static const struct {
	const char *name, *properties;
	int events;
	int status;
	const char *answer; /* stands in it; NULL: that there are no flags */
} rows[] = {
	{"node", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"python", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"python-gzip", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"go", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"js", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"js-gzip", "\"page\":\"chart\",\"count\":4,\"dark\":false", 2, 200, NULL},
	{"js-flags", NULL, 0, 200, NULL},
	{"js-flags-form", NULL, 0, 200, NULL},
	{"chromium", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"chromium-gzip", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"chromium-beacon-gzip", "\"page\":\"chart\",\"count\":4,\"dark\":false", 2, 200, NULL},
	{"chromium-beacon-form", "\"page\":\"home\",\"count\":3,\"dark\":true", 1, 200, NULL},
	{"chromium-flags-gzip", NULL, 0, 200, NULL},
	{"chromium-settings", NULL, 0, 200, "all[\"phc_canary\"]="},
	{"chromium-preflight", NULL, 0, 204, "Access-Control-Allow-Headers: content-type\r\n"},
};

static char *pack_gzip(const char *text, size_t *size_bytes)
{
	z_stream stream = {0};
	size_t room = strlen(text) + 1024;
	char *packed = malloc(room);

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)text;
	stream.avail_in = (unsigned)strlen(text);
	stream.next_out = (unsigned char *)packed;
	stream.avail_out = (unsigned)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	*size_bytes = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

static char *pack_base64_form(const char *text, size_t *size_bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t left = strlen(text);
	char *packed = malloc(3 * (4 * left / 3 + 4) + 8), *at = stpcpy(packed, "data=");

	/* Escaped as URLSearchParams does it: all three are letters to base64, and more than that to a form. */
	while (left > 0) {
		size_t taken = left < 3 ? left : 3;
		uint32_t quad = 0;

		for (size_t i = 0; i < 3; i++)
			quad = quad << 8 | (i < taken ? (unsigned char)text[i] : 0);
		for (size_t i = 0; i < 4; i++) {
			char digit = i > taken ? '=' : digits[quad >> (18 - 6 * i) & 63];

			at += sprintf(at, strchr("+/=", digit) ? "%%%02X" : "%c", digit);
		}
		text += taken;
		left -= taken;
	}
	*size_bytes = (size_t)(at - packed);
	return packed;
}

/* Plain JSON in a form, each byte of it escaped. */
static char *pack_form(const char *text, size_t *size_bytes)
{
	char *packed = malloc(3 * strlen(text) + 8), *at = stpcpy(packed, "data=");

	for (; *text; text++)
		at += sprintf(at, "%%%02X", (unsigned char)*text);
	*size_bytes = (size_t)(at - packed);
	return packed;
}

static const char *member(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static int play(struct scene *scene, const cJSON *recorded)
{
	const char *text = member(recorded, "body"), *packing = member(recorded, "packing");
	size_t size_bytes = strlen(text);
	const cJSON *header;
	char headers[2048], line[256], *body;
	int status;

	snprintf(headers, sizeof(headers), "Host: 127.0.0.1:%d\r\n", scene->port);
	snprintf(line, sizeof(line), "%s /r/" SCENE_TOKEN "%s", member(recorded, "method"), member(recorded, "path"));

	cJSON_ArrayForEach(header, cJSON_GetObjectItem(recorded, "headers"))
	{
		size_t used = strlen(headers);

		snprintf(headers + used, sizeof(headers) - used, "%s: %s\r\n", header->string, header->valuestring);
	}
	body = strcmp(packing, "gzip") == 0          ? pack_gzip(text, &size_bytes)
	       : strcmp(packing, "form") == 0        ? pack_form(text, &size_bytes)
	       : strcmp(packing, "form-base64") == 0 ? pack_base64_form(text, &size_bytes)
						     : strdup(text);
	status = scene_ask(scene, line, headers, body, size_bytes);
	free(body);
	return status;
}

static void test_what_clients_send_is_taken_as_declared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64], *text, *events;
		struct scene scene;
		cJSON *recorded;
		size_t size_bytes;

		scene_begin(&scene, 0);
		snprintf(name, sizeof(name), "%s.json", rows[i].name);
		text = children_slurp(FOLDER, name, &size_bytes);
		recorded = cJSON_Parse(text);
		assert_non_null(recorded);
		print_message("%s: %s\n", rows[i].name, member(recorded, "client"));
		assert_int_equal(play(&scene, recorded), rows[i].status);
		events = scene_take(&scene);
		if (rows[i].properties) {
			char *wanted;

			assert_true(asprintf(&wanted, "\"properties\":{" SCENE_COMMON ",%s}}\n", rows[i].properties) >
				    0);
			assert_non_null(strstr(events, wanted));
			assert_string_equal(strstr(events, wanted), wanted);
			free(wanted);
		} else {
			assert_string_equal(events, "");
			assert_non_null(strstr(scene.answer, rows[i].answer ? rows[i].answer : "\"flags\":{}"));
		}
		assert_int_equal(relay_counts(scene.relay).relayed, rows[i].events);
		assert_null(strstr(events, "canary"));
		if (!rows[i].answer)
			assert_null(strstr(scene.answer, "canary"));
		free(events);
		free(text);
		cJSON_Delete(recorded);
		scene_end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_clients_send_is_taken_as_declared),
	};

	close(WIRE_RELAY_FD);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
