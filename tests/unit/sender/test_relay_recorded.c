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
} rows[] = {
	{"node", "\"page\":\"home\",\"count\":3,\"dark\":true", 1},
	{"python", "\"page\":\"home\",\"count\":3,\"dark\":true", 1},
	{"python-gzip", "\"page\":\"home\",\"count\":3,\"dark\":true", 1},
	{"go", "\"page\":\"home\",\"count\":3,\"dark\":true", 1},
	{"js", "\"page\":\"home\",\"count\":3,\"dark\":true", 1},
	{"js-gzip", "\"page\":\"chart\",\"count\":4,\"dark\":false", 2},
	{"js-flags", NULL, 0},
	{"js-flags-form", NULL, 0},
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

/* Plain JSON in a form, each byte of it escaped: base64 is tried in test_relay.c. */
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
	char headers[2048] = "", *body;
	int status;

	cJSON_ArrayForEach(header, cJSON_GetObjectItem(recorded, "headers"))
	{
		size_t used = strlen(headers);

		snprintf(headers + used, sizeof(headers) - used, "%s: %s\r\n", header->string, header->valuestring);
	}
	body = strcmp(packing, "gzip") == 0   ? pack_gzip(text, &size_bytes)
	       : strcmp(packing, "form") == 0 ? pack_form(text, &size_bytes)
					      : strdup(text);
	status = scene_post(scene, member(recorded, "path"), headers, body, size_bytes);
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
		assert_int_equal(play(&scene, recorded), 200);
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
			assert_non_null(strstr(scene.answer, "\"flags\":{}"));
		}
		assert_int_equal(relay_counts(scene.relay).relayed, rows[i].events);
		assert_null(strstr(events, "canary"));
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
