/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay.h"

#include "telemetry/id.h"
#include "telemetry/sender/relay_gate.h"
#include "tests/unit/sender/relay_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <fcntl.h>
#include <zlib.h>

#define ONE "{\"event\":\"started\",\"uuid\":\"u1\"}"
#define BATCH "{\"api_key\":\"phc_x\",\"batch\":[" ONE ",{\"event\":\"page_opened\",\"properties\":{\"count\":7}}]}"

static struct scene scene;

static int setup(void **state)
{
	(void)state;
	scene_begin(&scene, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_end(&scene);
	return 0;
}

/* Names of the events in the outbox, each with a blank behind it; all are well-formed and ours. */
static char *take_names(void)
{
	char *text = scene_take(&scene), *names = strdup(""), *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *event = cJSON_Parse(line);
		const cJSON *properties = cJSON_GetObjectItem(event, "properties");
		char *longer;

		assert_true(id_is_valid(cJSON_GetObjectItem(event, "uuid")->valuestring, 7));
		assert_true(time_is_valid(cJSON_GetObjectItem(event, "timestamp")->valuestring));
		assert_string_equal(cJSON_GetObjectItem(event, "distinct_id")->valuestring, SCENE_ID);
		assert_string_equal(cJSON_GetObjectItem(properties, "$ip")->valuestring, "0.0.0.0");
		assert_int_equal(cJSON_GetArraySize(event), 5);
		assert_true(asprintf(&longer, "%s%s ", names, cJSON_GetObjectItem(event, "event")->valuestring) > 0);
		free(names);
		names = longer;
		cJSON_Delete(event);
	}
	free(text);
	return names;
}

static void assert_names(const char *wanted)
{
	char *names = take_names();

	assert_string_equal(names, wanted);
	free(names);
}

/* ---- Packing ---- */

static void *gzip(const void *bytes, size_t size_bytes, size_t *packed_bytes)
{
	z_stream stream = {0};
	void *packed = malloc(size_bytes + 1024);

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)bytes;
	stream.avail_in = (unsigned)size_bytes;
	stream.next_out = packed;
	stream.avail_out = (unsigned)size_bytes + 1024;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	*packed_bytes = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

/* In the alphabet of forms, escaped as they are; the caller frees. */
static char *base64(const void *bytes, size_t size_bytes, bool escaped)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = bytes;
	char *text = calloc(size_bytes + 1, 4), *at = text;

	for (size_t i = 0; i < size_bytes; i += 3) {
		uint32_t quad = (uint32_t)from[i] << 16;
		size_t left = size_bytes - i;

		quad |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
		quad |= left > 2 ? from[i + 2] : 0;
		for (int j = 0; j < 4; j++) {
			char c = (size_t)j > left ? '=' : digits[quad >> (18 - 6 * j) & 63];

			if (escaped && (c == '+' || c == '/' || c == '='))
				at += sprintf(at, "%%%02X", (unsigned)c);
			else
				*at++ = c;
		}
	}
	return text;
}

enum packing { PLAIN, GZIP, BASE64, FORM, FORM_RAW, FORM_JSON, FORM_GZIP, CUT_GZIP, GET, GET_GZIP };

static const struct {
	const char *path, *headers;
	enum packing packing;
	const char *body;
	int status;
	const char *names;
} rows[] = {
	/* paths and shapes */
	{"/batch/", "", PLAIN, BATCH, 200, "started page_opened "},
	{"/batch", "Content-Type: application/json\r\n", PLAIN, BATCH, 200, "started page_opened "},
	{"/capture/", "", PLAIN, ONE, 200, "started "},
	{"/e/?ip=0&_=1&ver=1.2", "Content-Type: text/plain\r\n", PLAIN, "[" ONE "]", 200, "started "},
	{"/i/v0/e/", "", PLAIN, ONE, 200, "started "},
	{"/track", "", PLAIN, ONE, 200, "started "},
	{"/engage/", "", PLAIN, "{\"$set\":{\"a\":1},\"$distinct_id\":\"x\"}", 400, ""},
	{"/batch/?beacon=1", "", PLAIN, BATCH, 204, "started page_opened "},
	/* packed */
	{"/batch/", "Content-Encoding: gzip\r\n", GZIP, BATCH, 200, "started page_opened "},
	{"/batch/?compression=gzip", "", GZIP, BATCH, 200, "started page_opened "},
	{"/e/?compression=gzip-js", "Content-Type: text/plain\r\n", GZIP, BATCH, 200, "started page_opened "},
	{"/e/", "", GZIP, BATCH, 200, "started page_opened "},
	{"/e/?compression=base64", "", BASE64, BATCH, 200, "started page_opened "},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", FORM, BATCH, 200, "started page_opened "},
	{"/e/", "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n", FORM_RAW, BATCH, 200,
	 "started page_opened "},
	{"/e/?compression=base64", "Content-Type: text/plain\r\n", FORM, BATCH, 200, "started page_opened "},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", FORM_GZIP, BATCH, 200, "started page_opened "},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", FORM_JSON, ONE, 200, "started "},
	{"/e/", "", GET, ONE, 200, "started "},
	{"/e/", "", GET_GZIP, BATCH, 200, "started page_opened "},
	/* wrong ones */
	{"/batch/", "Content-Encoding: gzip\r\n", PLAIN, BATCH, 400, ""},
	{"/batch/", "Content-Encoding: gzip\r\n", CUT_GZIP, BATCH, 400, ""},
	{"/e/", "", CUT_GZIP, BATCH, 400, ""},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", PLAIN, ONE, 400, ""},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", PLAIN, "data=%zz", 400, ""},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", PLAIN, "data=!!!!", 400, ""},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", PLAIN, "data=e30a%3", 400, ""},
	{"/e/", "Content-Type: application/x-www-form-urlencoded\r\n", PLAIN, "data=A", 400, ""},
	{"/e/", "", PLAIN, "", 400, ""},
	{"/e/", "", PLAIN, "x", 400, ""},
	{"/batch/", "", PLAIN, "{\"batch\":[]}", 400, ""},
	{"/batch/", "", PLAIN, "[]", 400, ""},
	{"/batch/", "", PLAIN, "{\"batch\":[{\"a\":1}]}", 400, ""},
	{"/batch/", "", PLAIN, BATCH "x", 400, ""},
	{"/batch/", "", PLAIN, "{\"batch\":[" ONE ",{\"event\":\"\xff\"}]}", 400, ""},
	/* some of it */
	{"/batch/", "", PLAIN, "{\"batch\":[" ONE ",{\"event\":\"canary\"},5,{}]}", 200, "started "},
	{"/batch/", "", PLAIN, "{\"batch\":[{\"event\":\"canary\"}]}", 200, ""},
	{"/batch/", "", PLAIN, "[{\"event\":\"$identify\",\"$set\":{\"email\":\"canary\"}}]", 200, ""},
};

static char *pack(enum packing packing, const char *text, size_t *size_bytes)
{
	char *packed = NULL, *inner = NULL, *body = NULL;

	*size_bytes = strlen(text);
	if (packing == GZIP || packing == CUT_GZIP || packing == FORM_GZIP || packing == GET_GZIP)
		packed = gzip(text, *size_bytes, size_bytes);
	if (packing == PLAIN)
		return strdup(text);
	if (packing == GZIP || packing == CUT_GZIP) {
		*size_bytes -= packing == CUT_GZIP ? 5 : 0;
		return packed;
	}
	if (packing != FORM_JSON)
		inner = base64(packed ? packed : text, *size_bytes, packing != BASE64 && packing != FORM_RAW);
	assert_true(asprintf(&body, "%s%s%s",
			     packing == BASE64     ? ""
			     : packing == FORM_RAW ? "x=1&data="
						   : "data=",
			     inner ? inner : text, packing == FORM ? "&compression=base64" : "") > 0);
	*size_bytes = strlen(body);
	free(inner);
	free(packed);
	return body;
}

static void test_each_way_to_pack_events_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size_bytes;
		char *body = pack(rows[i].packing, rows[i].body, &size_bytes), line[2048], host[64];
		int status;

		snprintf(host, sizeof(host), "Host: 127.0.0.1:%d\r\n", scene.port);
		snprintf(line, sizeof(line), "GET /r/" SCENE_TOKEN "%s?%s", rows[i].path, body);
		status = rows[i].packing < GET ? scene_post(&scene, rows[i].path, rows[i].headers, body, size_bytes)
					       : scene_ask(&scene, line, host, NULL, 0);
		print_message("%zu %s %d %s\n", i, rows[i].path, rows[i].packing, rows[i].body);
		assert_int_equal(status, rows[i].status);
		if (status == 200)
			assert_non_null(strstr(scene.answer, "\r\n\r\n{\"status\":\"Ok\"}"));
		if (status >= 400)
			assert_non_null(strstr(scene.answer, "Content-Type: text/plain"));
		assert_null(strstr(scene.answer, "Access-Control"));
		assert_names(rows[i].names);
		free(body);
	}
}

/* ---- Who is let in ---- */

static const struct {
	const char *line, *headers;
	int status;
	const char *answer; /* stands in the answer; begins with '!': does not */
} doors[] = {
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 200, "Ok"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: localhost:PORT\r\n", 200, "Ok"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: LOCALHOST:PORT\r\n", 200, "Ok"},
	{"POST /r/" SCENE_TOKEN "/e/", "", 421, "Host"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1\r\n", 421, "Host"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: evil.example:PORT\r\n", 421, "Host"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT.evil.example\r\n", 421, "Host"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nHost: evil.example\r\n", 421, "Host"},
	{"POST http://127.0.0.1:PORT/r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 421, "proxy"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\n", 200,
	 "Access-Control-Allow-Origin: http://localhost:3000\r\n"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3001\r\n", 403,
	 "!Access-Control"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nOrigin: null\r\n", 403, "!Access-Control"},
	{"POST /r/" SCENE_TOKEN "/e/",
	 "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\nOrigin: http://evil.example\r\n", 403,
	 "!Access-Control"},
	/* a browser's: an address in a page that names no origin, one that does, one that somebody typed; and what is no browser */
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: cross-site\r\n", 403, "origin"},
	{"GET /r/" SCENE_TOKEN "/e/?data=%7B%22event%22:%22started%22%7D",
	 "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n", 403, "origin"},
	{"POST /r/" SCENE_TOKEN "/e/",
	 "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\nSec-Fetch-Site: cross-site\r\n", 200, "Ok"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: none\r\n", 200, "Ok"},
	{"POST /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nSec-Fetch-Mode: cors\r\n", 200, "Ok"},
	{"GET /r/" SCENE_TOKEN "/array/phc_x/config.js", "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: cross-site\r\n", 200,
	 "all[\"phc_x\"]="},
	{"OPTIONS /r/" SCENE_TOKEN "/e/",
	 "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Headers: content-type\r\n"
	 "Access-Control-Request-Private-Network: true\r\n",
	 204, "Access-Control-Allow-Private-Network: true\r\nAccess-Control-Max-Age: 600\r\n"},
	{"OPTIONS /r/" SCENE_TOKEN "/e/",
	 "Host: 127.0.0.1:PORT\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Private-Network: true\r\n", 403,
	 "!Access-Control"},
	{"OPTIONS /r/" SCENE_TOKEN "/e/",
	 "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Headers: content-type\r\n",
	 204, "Access-Control-Allow-Headers: content-type\r\n"},
	/* a beacon that is JSON asks first, too, and its browser wants this to be said */
	{"OPTIONS /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\n", 204,
	 "Access-Control-Allow-Credentials: true\r\n"},
	{"OPTIONS /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\nOrigin: http://evil.example\r\n", 403,
	 "!Access-Control"},
	{"POST /r/0123456789abcdef0123456789abcdee/e/", "Host: 127.0.0.1:PORT\r\n", 401, "invalid or has expired"},
	{"POST /r/0123456789abcdef0123456789abcdef0/e/", "Host: 127.0.0.1:PORT\r\n", 401, "invalid or has expired"},
	{"POST /r//e/", "Host: 127.0.0.1:PORT\r\n", 401, "invalid or has expired"},
	{"POST /batch/", "Host: 127.0.0.1:PORT\r\n", 401, "invalid or has expired"},
	{"POST /", "Host: 127.0.0.1:PORT\r\nOrigin: http://localhost:3000\r\n", 401, "!Access-Control"},
	{"PUT /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 405, ""},
	{"DELETE /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 405, ""},
	{"POST /r/" SCENE_TOKEN "/elsewhere", "Host: 127.0.0.1:PORT\r\n", 404, ""},
	{"POST /r/" SCENE_TOKEN, "Host: 127.0.0.1:PORT\r\n", 404, ""},
	{"GET /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 400, "missing data"},
	{"HEAD /r/" SCENE_TOKEN "/e/", "Host: 127.0.0.1:PORT\r\n", 200, ""},
	/* what else clients ask for */
	{"POST /r/" SCENE_TOKEN "/flags/?v=2", "Host: 127.0.0.1:PORT\r\n", 200, "\"flags\":{}"},
	{"POST /r/" SCENE_TOKEN "/flags?v=2&config=true", "Host: 127.0.0.1:PORT\r\n", 200,
	 "\"sessionRecording\":false"},
	{"POST /r/" SCENE_TOKEN "/decide/?v=3", "Host: 127.0.0.1:PORT\r\n", 200, "\"featureFlags\":{}"},
	{"POST /r/" SCENE_TOKEN "/decide/", "Host: 127.0.0.1:PORT\r\n", 200, "\"featureFlags\":[]"},
	{"GET /r/" SCENE_TOKEN "/array/phc_x/config", "Host: 127.0.0.1:PORT\r\n", 200, "\"hasFeatureFlags\":false"},
	{"GET /r/" SCENE_TOKEN "/array/phc_x/config.js", "Host: 127.0.0.1:PORT\r\n", 200, "all[\"phc_x\"]="},
	{"GET /r/" SCENE_TOKEN "/array/%22];evil/config.js", "Host: 127.0.0.1:PORT\r\n", 404, "!evil"},
	{"GET /r/" SCENE_TOKEN "/static/recorder.js?v=1.2", "Host: 127.0.0.1:PORT\r\n", 200, "application/javascript"},
	{"GET /r/" SCENE_TOKEN "/static/1.2.3/surveys.js", "Host: 127.0.0.1:PORT\r\n", 200, "application/javascript"},
	{"GET /r/" SCENE_TOKEN "/static/x", "Host: 127.0.0.1:PORT\r\n", 404, ""},
	{"GET /r/" SCENE_TOKEN "/api/surveys/?token=x", "Host: 127.0.0.1:PORT\r\n", 200, "\"surveys\":[]"},
	{"GET /r/" SCENE_TOKEN "/api/feature_flag/local_evaluation?token=x", "Host: 127.0.0.1:PORT\r\n", 200,
	 "\"flags\":[]"},
	{"POST /r/" SCENE_TOKEN "/s/?compression=gzip-js", "Host: 127.0.0.1:PORT\r\n", 200, "Ok"},
};

/* PORT in it becomes ours. */
static void fill(const char *from, char *to, size_t size)
{
	size_t used = 0;

	while (*from && used + 8 < size) {
		if (strncmp(from, "PORT", 4) == 0) {
			used += (size_t)sprintf(to + used, "%d", scene.port);
			from += 4;
		} else {
			to[used++] = *from++;
		}
	}
	to[used] = '\0';
}

static void test_only_who_means_this_relay_is_answered(void **state)
{
	uint64_t refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		char line[512], headers[512];
		bool capture = strstr(doors[i].line, "POST") && strstr(doors[i].line, "/e/");

		fill(doors[i].line, line, sizeof(line));
		fill(doors[i].headers, headers, sizeof(headers));
		print_message("%s %s\n", line, headers);
		assert_int_equal(scene_ask(&scene, line, headers, ONE, capture ? strlen(ONE) : 0), doors[i].status);
		refused += doors[i].status >= 400 && doors[i].status != 404;
		if (doors[i].answer[0] == '!')
			assert_null(strstr(scene.answer, doors[i].answer + 1));
		else
			assert_non_null(strstr(scene.answer, doors[i].answer));
		assert_names(doors[i].status == 200 && capture ? "started " : "");
	}
	assert_int_equal(relay_counts(scene.relay).refused, refused);
}

/* ---- Limits ---- */

static void test_a_bomb_ends_early(void **state)
{
	size_t size_bytes = 64u * 1024u * 1024u, packed_bytes;
	char *zeros = malloc(size_bytes);
	void *packed;

	(void)state;
	memset(zeros, ' ', size_bytes);
	packed = gzip(zeros, size_bytes, &packed_bytes);
	free(zeros);
	assert_int_equal(scene_post(&scene, "/batch/", "", packed, packed_bytes), 413);
	free(packed);
	assert_names("");
}

static void test_a_body_that_is_too_large_is_told_so(void **state)
{
	char *body = calloc(RELAY_BODY_MAX + 200000, 1);

	(void)state;
	assert_int_equal(scene_post(&scene, "/batch/", "", body, RELAY_BODY_MAX + 200000), 413);
	assert_non_null(strstr(scene.answer, "text/plain"));
	assert_non_null(strstr(scene.answer, "maximum event size exceeded"));
	assert_int_equal(relay_counts(scene.relay).refused, 1);
	assert_int_equal(scene_post(&scene, "/batch/", "", body, RELAY_BODY_MAX + 1), 413);
	assert_non_null(strstr(scene.answer, "text/plain"));
	assert_int_equal(relay_counts(scene.relay).refused, 2);
	memset(body, ' ', RELAY_BODY_MAX);
	memcpy(body, "[" ONE, sizeof("[" ONE) - 1);
	body[RELAY_BODY_MAX - 1] = ']';
	assert_int_equal(scene_post(&scene, "/batch/", "", body, RELAY_BODY_MAX), 200);
	assert_names("started ");
	free(body);
}

/* curl and what stands on it ask first when they have much to say. */
static void test_who_asks_first_is_answered_however_much_it_would_say(void **state)
{
	const size_t sizes[] = {strlen(ONE), RELAY_BODY_MAX + 1, 2 * RELAY_BODY_MAX};
	char *body = calloc(2 * RELAY_BODY_MAX, 1);

	(void)state;
	memcpy(body, ONE, strlen(ONE));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd = scene_connect(&scene), length;
		char head[256];

		length = snprintf(head, sizeof(head),
				  "POST /r/" SCENE_TOKEN "/batch/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
				  "Content-Length: %zu\r\nExpect: 100-continue\r\n\r\n",
				  scene.port, sizes[i]);
		assert_int_equal(scene_say(&scene, fd, head, (size_t)length, false), 100);
		assert_int_equal(scene_say(&scene, fd, body, sizes[i], false), sizes[i] > RELAY_BODY_MAX ? 413 : 200);
		close(fd);
	}
	assert_names("started ");
	assert_int_equal(relay_counts(scene.relay).refused, 2);
	free(body);
}

/* So many events of that name in one request; its status. */
static int post_many(const char *name, size_t count)
{
	size_t used = 1;
	char *body = malloc(count * 40 + 2);
	int status;

	body[0] = '[';
	for (size_t i = 0; i < count; i++)
		used += (size_t)sprintf(body + used, "%s{\"event\":\"%s\"}", i > 0 ? "," : "", name);
	body[used++] = ']';
	status = scene_post(&scene, "/batch/", "", body, used);
	free(body);
	return status;
}

static void test_too_many_events_at_once_are_none(void **state)
{
	(void)state;
	assert_int_equal(post_many("started", 2001), 413);
	assert_int_equal(post_many("canary", 20001), 413);
	assert_names("");
	assert_int_equal(post_many("canary", 20000), 200);
	assert_int_equal(post_many("started", 2000), 200);
	assert_int_equal(relay_counts(scene.relay).relayed, 2000);
}

static void test_a_nearly_full_outbox_asks_for_patience(void **state)
{
	char *events;
	int sent = 0;

	(void)state;
	scene_end(&scene);
	scene_begin(&scene, 4000);
	while (scene_post(&scene, "/e/", "", "{\"event\":\"started\"}", 19) == 200)
		sent++;
	assert_int_equal(scene.status, 503);
	assert_non_null(strstr(scene.answer, "Retry-After: 30\r\n"));
	assert_in_range(sent, 5, 20);
	events = scene_take(&scene);
	free(events);
	assert_int_equal(scene_post(&scene, "/e/", "", "{\"event\":\"started\"}", 19), 200);
}

static void test_one_connection_serves_many_requests(void **state)
{
	int fd = scene_connect(&scene);
	char request[512];
	int length =
		snprintf(request, sizeof(request),
			 "POST /r/" SCENE_TOKEN "/e/ HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %zu\r\n\r\n%s",
			 scene.port, strlen(ONE), ONE);

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(scene_say(&scene, fd, request, (size_t)length, false), 200);
	close(fd);
	/* The same uuid each time, but another time of arrival: only a client that tells a time is recognised. */
	assert_true(relay_counts(scene.relay).relayed == 200);
	assert_int_equal(scene.changes, 200);
}

static void test_a_retry_is_the_same_event(void **state)
{
	char body[256], time[TIME_BYTES];

	(void)state;
	time_text(time_now_ms() - 1000, time);
	snprintf(body, sizeof(body), "{\"event\":\"started\",\"uuid\":\"u\",\"timestamp\":\"%s\"}", time);
	assert_int_equal(scene_post(&scene, "/e/", "", body, strlen(body)), 200);
	assert_int_equal(scene_post(&scene, "/e/", "", body, strlen(body)), 200);
	assert_names("started ");
}

static void test_more_clients_than_can_be_are_served_one_after_the_other(void **state)
{
	int fds[RELAY_CONNECTIONS_MAX + 8];

	(void)state;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = scene_connect(&scene);
	/* All places are taken by those who say nothing; one of them makes room. */
	assert_int_equal(scene_post(&scene, "/e/", "", ONE, strlen(ONE)), 200);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	assert_int_equal(scene_post(&scene, "/e/", "", ONE, strlen(ONE)), 200);
}

static void test_large_requests_at_once_wait_for_each_other(void **state)
{
	enum { CLIENTS = 6, BYTES = 3 * 1024 * 1024 };
	int fds[CLIENTS], open = CLIENTS;
	size_t said[CLIENTS] = {0}, length;
	char *request = malloc(BYTES + 512);

	(void)state;
	length = (size_t)sprintf(
		request, "POST /r/" SCENE_TOKEN "/e/ HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n\r\n",
		scene.port, BYTES);
	memset(request + length, ' ', BYTES);
	memcpy(request + length, ONE, strlen(ONE));
	length += BYTES;
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = scene_connect(&scene);
	for (int turn = 0; turn < SCENE_TURNS_MAX && open > 0; turn++) {
		for (int i = 0; i < CLIENTS; i++) {
			char answer[1024];
			ssize_t count = fds[i] < 0 ? -1
						   : send(fds[i], request + said[i], length - said[i],
							  MSG_NOSIGNAL | MSG_DONTWAIT);

			said[i] += count > 0 ? (size_t)count : 0;
			if (fds[i] < 0 || said[i] < length)
				continue;
			count = recv(fds[i], answer, sizeof(answer) - 1, MSG_DONTWAIT);
			if (count > 0) {
				answer[count] = '\0';
				assert_memory_equal(answer, "HTTP/1.1 200", 12);
				close(fds[i]);
				fds[i] = -1;
				open--;
			}
		}
		scene_turn(&scene);
	}
	assert_int_equal(open, 0);
	assert_int_equal(relay_counts(scene.relay).relayed, CLIENTS);
	free(request);
}

static void test_after_the_end_nobody_comes_in(void **state)
{
	struct timeval soon = {.tv_usec = 50000};
	char byte;
	int fd;

	(void)state;
	relay_end(scene.relay);
	fd = scene_connect(&scene); /* the supervisor's socket listens on */
	assert_true(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) > 0);
	event_base_loopexit(scene.base, &soon);
	event_base_dispatch(scene.base);
	assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) < 0);
	close(fd);
}

static void test_common_properties_can_change(void **state)
{
	cJSON *common = cJSON_Parse("{" SCENE_COMMON ",\"plan\":\"pro\"}"), *wrong = cJSON_Parse("{\"plan\":\"x\"}");
	char *text;

	(void)state;
	relay_common(scene.relay, common);
	relay_common(scene.relay, wrong);
	assert_int_equal(scene_post(&scene, "/e/", "", ONE, strlen(ONE)), 200);
	text = scene_take(&scene);
	assert_non_null(strstr(text, "\"properties\":{" SCENE_COMMON ",\"plan\":\"pro\"}}"));
	free(text);
	cJSON_Delete(common);
	cJSON_Delete(wrong);
}

static void test_a_configuration_that_lacks_something_is_none(void **state)
{
	static const char *const members[] = {"listeners", "addresses", "token", "distinct_id", "common"};
	char *text = scene_config(scene.port);

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		cJSON *config = cJSON_Parse(text);

		cJSON_DeleteItemFromObject(config, members[i]);
		assert_null(relay_create(scene.base, config, scene.outbox, NULL, NULL));
		cJSON_Delete(config);
	}
	assert_null(relay_create(scene.base, NULL, scene.outbox, NULL, NULL));
	free(text);
}

/* ---- Counting ---- */

static void test_what_is_lost_is_counted(void **state)
{
	static const char body[] =
		"{\"batch\":[{\"event\":\"started\"},{\"event\":\"started\",\"properties\":{\"x\":1}},"
		"{\"event\":\"started\",\"properties\":{\"$lib\":\"y\"}},{\"event\":\"canary\"},7]}";
	struct relay_counts counts;

	(void)state;
	assert_int_equal(scene_post(&scene, "/batch/", "", body, strlen(body)), 200);
	counts = relay_counts(scene.relay);
	assert_int_equal(counts.relayed, 3);
	assert_int_equal(counts.dropped, 3);
	assert_int_equal(counts.refused, 0);
	assert_names("started started started ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_each_way_to_pack_events_is_read),
		CASE(test_only_who_means_this_relay_is_answered),
		CASE(test_a_bomb_ends_early),
		CASE(test_a_body_that_is_too_large_is_told_so),
		CASE(test_who_asks_first_is_answered_however_much_it_would_say),
		CASE(test_too_many_events_at_once_are_none),
		CASE(test_a_nearly_full_outbox_asks_for_patience),
		CASE(test_one_connection_serves_many_requests),
		CASE(test_a_retry_is_the_same_event),
		CASE(test_more_clients_than_can_be_are_served_one_after_the_other),
		CASE(test_large_requests_at_once_wait_for_each_other),
		CASE(test_after_the_end_nobody_comes_in),
		CASE(test_common_properties_can_change),
		CASE(test_a_configuration_that_lacks_something_is_none),
		CASE(test_what_is_lost_is_counted),
	};

	/* Whatever stands there: it is the sender's to listen on. */
	close(WIRE_RELAY_FD);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
