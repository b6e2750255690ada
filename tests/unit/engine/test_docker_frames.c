/* SPDX-License-Identifier: MIT */
/* A container's stream as the engine packs it: with and without a terminal, with times, cut anywhere, and nonsense. */
#include "launcher/engine/docker_frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T0 "2026-11-21T10:00:00.000000001Z "
#define T1 "2026-11-21T10:00:01.5Z "
#define T2 "2026-11-21T10:00:02Z "
#define T0_NS INT64_C(1795255200000000001)

/* What comes out: "1:text" or "2:text" of one stream after the other, and the time of the last. */
struct heard {
	char text[2][40000];
	int64_t time_ms[2];
	bool hold;
};

static bool hear(void *context, enum engine_stream stream, const char *bytes, size_t size, int64_t time_ms)
{
	struct heard *heard = context;

	assert_true(size > 0);
	strncat(heard->text[stream], bytes, size);
	heard->time_ms[stream] = time_ms;
	return !heard->hold;
}

static size_t frame(char *to, int stream, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, (char[]){(char)stream, 0, 0, 0, 0, (char)(size >> 16), (char)(size >> 8), (char)size}, 8);
	memcpy(to + 8, text, size);
	return size + 8;
}

static int feed(struct docker_frames *frames, struct heard *heard, const char *bytes, size_t size, size_t step)
{
	int result = 0;

	*heard = (struct heard){0};
	for (size_t at = 0; at < size && result == 0; at += step)
		result = docker_frames_feed(frames, bytes + at, size - at < step ? size - at : step, hear, heard, NULL);
	return result;
}

struct part {
	int stream;
	const char *text;
};

static void test_cut_anywhere(void **state)
{
	static const struct {
		bool raw, stamped;
		int64_t since_ns;
		struct part parts[6];
		const char *out, *err;
	} cases[] = {
		/* As it comes. */
		{false,
		 false,
		 0,
		 {{1, "hello\nwor"}, {2, "oh"}, {1, "ld"}, {3, "!"}, {0, "."}},
		 "hello\nworld.",
		 "oh!"},
		{true, false, 0, {{0, "\x01\x02 raw\r\n"}}, "\x01\x02 raw\r\n", ""},
		/* Times are taken off, of each stream, also where a long line comes in pieces. */
		{false, true, 0, {{1, T0 "a\n"}, {2, T0 "b\n"}, {1, T1 "\n"}}, "a\n\n", "b\n"},
		{false, true, 0, {{1, T0 "one "}, {2, T0 "x\n"}, {1, T1 "line\n"}}, "one line\n", "x\n"},
		{false, true, 0, {{1, T0 "a\n" T1 "b\n"}}, "a\nb\n", ""},
		{true, true, 0, {{0, T0 "a\r\n" T1 "b\r\n" T1 "/ # "}}, "a\r\nb\r\n/ # ", ""},
		/* Only what the engine puts in front is its time. */
		{false, true, 0, {{1, T0 T1 "a\n"}}, T1 "a\n", ""},
		/* Without one, all is text. */
		{false,
		 true,
		 0,
		 {{1, "2026-11-21 no\n"}, {1, "2026-11-21T10:00:00"}, {1, "\n"}},
		 "2026-11-21 no\n2026-11-21T10:00:00\n",
		 ""},
		{true,
		 true,
		 0,
		 {{0, "1234567890123456789012345678901234567890123 x\n"}},
		 "1234567890123456789012345678901234567890123 x\n",
		 ""},
		/* What was had before. */
		{false,
		 true,
		 T0_NS,
		 {{1, T0 "a\n"}, {2, T1 "b\n"}, {1, T0 "lo"}, {1, T0 "ng\n"}, {1, T1 "c\n"}},
		 "c\n",
		 "b\n"},
		{true, true, T0_NS, {{0, T0 "a\r\n" T1 "b\r\n"}}, "b\r\n", ""},
		{false, true, T0_NS - 1, {{1, T0 "a\n"}}, "a\n", ""},
	};
	struct heard *heard = malloc(sizeof(*heard));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char bytes[1024];
		size_t size = 0;

		for (size_t n = 0; n < 6 && cases[i].parts[n].text != NULL; n++)
			if (cases[i].raw)
				size += (size_t)sprintf(bytes + size, "%s", cases[i].parts[n].text);
			else
				size += frame(bytes + size, cases[i].parts[n].stream, cases[i].parts[n].text);
		for (size_t step = 1; step <= size; step += 3) {
			struct docker_frames frames;

			docker_frames_init(&frames, cases[i].raw, cases[i].stamped, cases[i].since_ns);
			assert_int_equal(feed(&frames, heard, bytes, size, step), 0);
			if (strcmp(heard->text[0], cases[i].out) != 0 || strcmp(heard->text[1], cases[i].err) != 0)
				fail_msg("case %zu, step %zu: '%s' '%s'", i, step, heard->text[0], heard->text[1]);
		}
	}
	free(heard);
}

static void test_times(void **state)
{
	struct heard *heard = malloc(sizeof(*heard));
	struct docker_frames frames;
	char bytes[256];
	size_t size = frame(bytes, 1, T0 "a\n");

	(void)state;
	size += frame(bytes + size, 2, T1 "b\n");
	docker_frames_init(&frames, false, true, 0);
	assert_int_equal(feed(&frames, heard, bytes, size, size), 0);
	assert_int_equal(heard->time_ms[0], T0_NS / 1000000);
	assert_int_equal(heard->time_ms[1], T0_NS / 1000000 + 1500);
	assert_int_equal(frames.last_ns, T0_NS / 1000000 * 1000000 + 1500000000);
	/* Nothing given, nothing had. */
	docker_frames_init(&frames, false, true, INT64_MAX);
	assert_int_equal(feed(&frames, heard, bytes, size, size), 0);
	assert_int_equal(frames.last_ns, 0);
	free(heard);
}

/* On a terminal only its length tells where the engine has cut a line; what the program wrote there itself stays. */
static void test_long_line_of_a_terminal(void **state)
{
	struct heard *heard = malloc(sizeof(*heard));
	struct docker_frames frames;
	char *bytes = calloc(1, 40000);
	size_t size = (size_t)sprintf(bytes, "%s", T0);

	(void)state;
	memset(bytes + size, 'x', 16384);
	size += 16384;
	size += (size_t)sprintf(bytes + size, "%s", T1 "rest " T1 "\n" T1 "next\n");
	for (size_t step = 1; step < 40000; step = step * 7 + 1) {
		docker_frames_init(&frames, true, true, 0);
		assert_int_equal(feed(&frames, heard, bytes, size, step), 0);
		assert_string_equal(heard->text[0] + 16384, "rest " T1 "\nnext\n");
	}
	free(bytes);
	free(heard);
}

/*
 * The connection breaks at any byte, and what had come shortly before comes once more: as if it had not broken. Lines of both streams, out of
 * order to each other, several of one time, in pieces.
 */
static void test_again_from_any_byte(void **state)
{
	static const struct part parts[] = {{1, T0 "a\n"},    {2, T1 "e1\n"},   {1, T0 "b\n"},
					    {1, T0 "long "},  {1, T1 "line\n"}, {2, T1 "e2\n"},
					    {1, T1 "same\n"}, {1, T2 "z\n"},    {2, T2 "e3\n"}};
	const size_t count = sizeof(parts) / sizeof(*parts);
	struct heard *heard = malloc(sizeof(*heard));

	(void)state;
	for (size_t from = 0; from < 2; from++) {
		for (size_t cut = 0; cut < 500; cut++) {
			char bytes[1024];
			struct docker_frames frames;
			size_t size = 0;

			docker_frames_init(&frames, false, true, 0);
			*heard = (struct heard){0};
			for (size_t i = 0; i < count; i++)
				size += frame(bytes + size, parts[i].stream, parts[i].text);
			docker_frames_feed(&frames, bytes, cut < size ? cut : size, hear, heard, NULL);
			docker_frames_again(&frames);
			/* The oldest is not sent any more once younger ones of its stream had been given. */
			size = 0;
			for (size_t i = cut < 200 ? 0 : from; i < count; i++)
				size += frame(bytes + size, parts[i].stream, parts[i].text);
			docker_frames_feed(&frames, bytes, size, hear, heard, NULL);
			assert_string_equal(heard->text[0], "a\nb\nlong line\nsame\nz\n");
			assert_string_equal(heard->text[1], "e1\ne2\ne3\n");
		}
	}
	free(heard);
}

static void test_since(void **state)
{
	struct heard *heard = malloc(sizeof(*heard));
	struct docker_frames frames;
	char bytes[256];
	size_t size = frame(bytes, 2, T1 "b\n");

	(void)state;
	size += frame(bytes + size, 1, T0 "a\n");
	docker_frames_init(&frames, false, true, 0);
	assert_int_equal(docker_frames_since(&frames), 0);
	assert_int_equal(feed(&frames, heard, bytes, size, size), 0);
	assert_int_equal(docker_frames_since(&frames), T0_NS / 1000000000 + 1 - 2);
	free(heard);
}

static void test_held(void **state)
{
	struct heard *heard = calloc(1, sizeof(*heard));
	struct docker_frames frames;
	bool held = true;
	char bytes[64];
	size_t size = frame(bytes, 1, "a\n");

	(void)state;
	docker_frames_init(&frames, false, false, 0);
	assert_int_equal(docker_frames_feed(&frames, bytes, 4, hear, heard, &held), 0);
	assert_false(held);
	heard->hold = true;
	assert_int_equal(docker_frames_feed(&frames, bytes + 4, size - 4, hear, heard, &held), 0);
	assert_true(held);
	free(heard);
}

static void test_nonsense(void **state)
{
	static const char *const cases[] = {"HTTP/1.1", "\x04\0\0\0\0\0\0\x01", "\x01\x01\0\0\0\0\0\x01",
					    "\x01\0\0\x01\0\0\0\x01"};
	struct heard *heard = malloc(sizeof(*heard));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct docker_frames frames;

		docker_frames_init(&frames, false, false, 0);
		assert_int_equal(feed(&frames, heard, cases[i], 8, 3), -EPROTO);
		assert_string_equal(heard->text[0], "");
	}
	free(heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_long_line_of_a_terminal),
		cmocka_unit_test(test_again_from_any_byte),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
