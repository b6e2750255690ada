/* SPDX-License-Identifier: MIT */
/* Answers as a hostile peer could give them: whole, in single bytes, torn, lying about their length, without end. */
#include "launcher/process/http_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct outcome {
	int result; /* 0: complete, or -errno */
	int status;
	char body[256];
};

/* Feeds `answer` in pieces of `step` bytes, then the end of the connection. */
static struct outcome read_answer(const char *answer, size_t size, size_t step)
{
	struct http_answer *http = malloc(sizeof(*http));
	struct outcome outcome = {0};
	size_t body = 0, at = 0;

	http_answer_init(http);
	while (at < size && !http_answer_is_done(http)) {
		size_t used, count = size - at < step ? size - at : step;
		ssize_t placed = http_answer_feed(http, answer + at, count, &used, outcome.body + body,
						  sizeof(outcome.body) - 1 - body);

		if (placed < 0) {
			outcome.result = (int)placed;
			break;
		}
		assert_true(used <= count && (used > 0 || placed > 0));
		at += used;
		body += (size_t)placed;
	}
	if (outcome.result == 0)
		outcome.result = http_answer_end(http);
	outcome.status = http->status;
	free(http);
	return outcome;
}

static void test_answers(void **state)
{
	static const struct {
		const char *answer;
		int result, status;
		const char *body;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 200, "hello"},
		{"HTTP/1.1 200\r\ncontent-length:5  \r\n\r\nhello, more", 0, 200, "hello"},
		{"HTTP/1.0 404 Not Found\r\n\r\nuntil the end", 0, 404, "until the end"},
		{"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 0, 200, "ok"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n, y\r\n0\r\n\r\n", 0, 200,
		 "hello, y"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", 0, 200, ""},
		{"HTTP/1.1 204 No Content\r\n\r\n", 0, 204, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 0, 200, "hello"},
		/* Cut off. */
		{"", -EPROTO, 0, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", -EPROTO, 200, "hell"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", -EPROTO, 200, "hello"},
		/* Two lengths, impossible lengths, no length. */
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n", -EPROTO, 200, "ok"},
		/* No HTTP. */
		{"SSH-2.0-OpenSSH\r\n", -EPROTO, 0, ""},
		{"HTTP/2.0 200 OK\r\n\r\n", -EPROTO, 0, ""},
		{"HTTP/1.1 2000 OK\r\n\r\n", -EPROTO, 0, ""},
		{"HTTP/1.1 100 Continue\r\n\r\n", -EPROTO, 100, ""},
		{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", -EPROTO, 200, ""},
		{"HTTP/1.1 200 OK\r\n: no name\r\n\r\n", -EPROTO, 200, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t step = 1; step < 80; step += 13) {
			struct outcome outcome = read_answer(cases[i].answer, strlen(cases[i].answer), step);

			if (outcome.result != cases[i].result || strcmp(outcome.body, cases[i].body) != 0)
				fail_msg("case %zu, step %zu: %d '%s'", i, step, outcome.result, outcome.body);
			assert_int_equal(outcome.status, cases[i].status);
		}
	}
}

static void test_header_limits(void **state)
{
	char *answer = calloc(1, 70000);
	size_t size;

	(void)state;
	size = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\nX: ");
	memset(answer + size, 'a', HTTP_ANSWER_LINE_MAX);
	assert_int_equal(read_answer(answer, size + HTTP_ANSWER_LINE_MAX, 1000).result, -EPROTO);
	size = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\n");
	while (size < HTTP_ANSWER_HEADERS_MAX + 100)
		size += (size_t)sprintf(answer + size, "X: some value\r\n");
	size += (size_t)sprintf(answer + size, "\r\n");
	assert_int_equal(read_answer(answer, size, 1000).result, -EPROTO);
	free(answer);
}

/* What follows a switch of protocols is all body, but only where one was asked for. */
static void test_upgrade(void **state)
{
	static const char answer[] = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw\r\n0\r\n";
	struct http_answer *http = malloc(sizeof(*http));
	char body[64] = "";
	size_t used;

	(void)state;
	http_answer_init(http);
	assert_int_equal(http_answer_feed(http, answer, sizeof(answer) - 1, &used, body, sizeof(body)), -EPROTO);
	http_answer_init(http);
	http->may_upgrade = true;
	assert_int_equal(http_answer_feed(http, answer, sizeof(answer) - 1, &used, body, sizeof(body)), 8);
	assert_string_equal(body, "raw\r\n0\r\n");
	assert_int_equal(http->status, 101);
	assert_true(http_answer_has_head(http) && !http_answer_is_done(http));
	assert_int_equal(http_answer_end(http), 0);
	free(http);
}

static void count_header(void *context, const char *name, const char *value)
{
	size_t *count = context;

	if (strcmp(name, "Some-Name") == 0 && strcmp(value, "a: value") == 0)
		(*count)++;
}

/* Each header is told, and whether the connection can be used again is known. */
static void test_headers(void **state)
{
	static const struct {
		const char *answer;
		bool closes;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nSome-Name:  a: value \r\nContent-Length: 0\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nSome-Name: a: value\r\nContent-Length: 0\r\n\r\n",
		 false},
		{"HTTP/1.1 200 OK\r\nconnection: Close\r\nSome-Name: a: value\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.0 200 OK\r\nSome-Name: a: value\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.1 200 OK\r\nSome-Name: a: value\r\n\r\n", true},
	};
	struct http_answer *http = malloc(sizeof(*http));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = 0, used;
		char body[8];

		http_answer_init(http);
		http->header = count_header;
		http->context = &count;
		assert_int_equal(
			http_answer_feed(http, cases[i].answer, strlen(cases[i].answer), &used, body, sizeof(body)), 0);
		assert_int_equal(count, 1);
		assert_true(http_answer_has_head(http));
		assert_int_equal(http->closes, cases[i].closes);
	}
	free(http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_header_limits),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
