/* SPDX-License-Identifier: MIT */
/* The request body: what was kept, byte for byte, in its wrapping; and when it is packed. */
#include "telemetry/id.h"
#include "telemetry/sender/batch.h"
#include "telemetry/sender/gzip.h"
#include "telemetry/sender/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <zlib.h>

static void test_times_are_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{999, "1970-01-01T00:00:00.999Z"},
		{1795249246007, "2026-11-21T08:20:46.007Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[TIME_BYTES];

		time_text(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static struct outbox_event event(const char *text)
{
	return (struct outbox_event){.text = (char *)text, .size_bytes = strlen(text)};
}

static void check_body(const char *key, const char *const *texts, size_t count, const char *wanted)
{
	struct outbox_event events[3];
	struct outbox_batch batch = {events, count};
	size_t size_bytes = 0;
	char *body;

	for (size_t i = 0; i < count; i++)
		events[i] = event(texts[i]);
	body = batch_body(key, &batch, "2026-11-21T08:20:46.007Z", &size_bytes);
	assert_non_null(body);
	assert_string_equal(body, wanted);
	assert_int_equal(size_bytes, strlen(wanted));
	assert_null(strchr(body, '\n'));
	free(body);
}

static void test_events_stand_in_it_as_they_were_kept(void **state)
{
	/* Spaces, escapes and the order of fields are nobody's to change: a retry is the same event. */
	static const char *const texts[] = {"{\"uuid\": \"1\", \"b\":1.50,\"a\":\"\\u00e9 caf\303\251\"}", "{}",
					    "{\"c\":[ ]}"};

	(void)state;
	check_body("phc_x", texts, 1,
		   "{\"api_key\":\"phc_x\",\"batch\":[{\"uuid\": \"1\", \"b\":1.50,\"a\":\"\\u00e9 caf\303\251\"}],"
		   "\"sent_at\":\"2026-11-21T08:20:46.007Z\"}");
	check_body("phc_x", texts + 1, 2,
		   "{\"api_key\":\"phc_x\",\"batch\":[{},{\"c\":[ ]}],\"sent_at\":\"2026-11-21T08:20:46.007Z\"}");
	check_body("a\"b\\c\n", texts + 1, 1,
		   "{\"api_key\":\"a\\\"b\\\\c\\n\",\"batch\":[{}],\"sent_at\":\"2026-11-21T08:20:46.007Z\"}");
}

static void assert_unpacks_to(const void *packed, size_t packed_bytes, const void *wanted, size_t size_bytes)
{
	z_stream stream = {.next_in = (Bytef *)packed, .avail_in = (uInt)packed_bytes};
	char *unpacked = malloc(size_bytes + 1);

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_out = (Bytef *)unpacked;
	stream.avail_out = (uInt)size_bytes + 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, size_bytes);
	assert_int_equal(stream.avail_in, 0);
	assert_memory_equal(unpacked, wanted, size_bytes);
	inflateEnd(&stream);
	free(unpacked);
}

static void test_packed_where_it_pays(void **state)
{
	static const struct {
		const char *what;
		size_t size_bytes;
		bool random, packed;
	} rows[] = {
		{"nothing", 0, false, false},
		{"a single event", 400, false, false},
		{"just too small", GZIP_LEAST_BYTES - 1, false, false},
		{"just large enough", GZIP_LEAST_BYTES, false, true},
		{"a full batch", BATCH_BYTES_MAX + 4096, false, true},
		{"what cannot be packed", 65536, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *bytes = malloc(rows[i].size_bytes + 1);
		size_t packed_bytes = 0;
		void *packed;

		for (size_t at = 0; at < rows[i].size_bytes; at++)
			bytes[at] = "{\"event\":\"server_start\"},"[at % 25];
		for (size_t at = 0; rows[i].random && at < rows[i].size_bytes; at += 256)
			assert_int_equal(getrandom(bytes + at, 256, 0), 256);
		packed = gzip_pack(bytes, rows[i].size_bytes, &packed_bytes);
		if ((packed != NULL) != rows[i].packed)
			fail_msg("%s: %spacked", rows[i].what, packed ? "" : "not ");
		if (packed) {
			assert_true(packed_bytes < rows[i].size_bytes * 9 / 10);
			assert_unpacks_to(packed, packed_bytes, bytes, rows[i].size_bytes);
		}
		free(packed);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_utc_with_milliseconds),
		cmocka_unit_test(test_events_stand_in_it_as_they_were_kept),
		cmocka_unit_test(test_packed_where_it_pays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
