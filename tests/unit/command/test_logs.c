/* SPDX-License-Identifier: MIT */
/* Lines on their way to the screen: frames of the log stream, the last run's files, last words, and a slow reader. */
#include "launcher/command/last_words.h"
#include "launcher/command/log_archive.h"
#include "launcher/command/log_reader.h"
#include "launcher/command/outlet.h"
#include "launcher/process/output.h"
#include "tests/lib/children.h"

#include "config/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct heard {
	char text[4096];
	size_t size;
};

static void __attribute__((format(printf, 2, 3))) hear(struct heard *self, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	self->size += (size_t)vsnprintf(self->text + self->size, sizeof(self->text) - self->size, format, arguments);
	va_end(arguments);
}

/* ---- Frames ---- */

static void take_frame(void *context, const struct log_frame *frame)
{
	hear(context, "[%u %d %lld %.*s%s%s]", frame->unit, frame->stream, (long long)frame->time_ms,
	     (int)frame->size_bytes, frame->bytes, frame->partial ? " partial" : "", frame->dropped ? " dropped" : "");
}

static int read_frames(const char *text, size_t size, size_t step, struct heard *heard)
{
	struct log_reader *reader = malloc(sizeof(*reader));
	int result = 0;

	log_reader_init(reader);
	for (size_t at = 0; result == 0 && at < size; at += step)
		result = log_reader_feed(reader, text + at, size - at < step ? size - at : step, take_frame, heard);
	free(reader);
	return result;
}

static void test_frames(void **state)
{
	static const char text[] =
		"0 0 1763719200123 5 -\nhello\n12 1 5 4 p\na\nb\n\n4294967295 0 7 2 d\n37\n3 0 1 0 -\n\n";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step += 5) {
		struct heard heard = {0};

		assert_int_equal(read_frames(text, sizeof(text) - 1, step, &heard), 0);
		assert_string_equal(heard.text, "[0 0 1763719200123 hello][12 1 5 a\nb\n partial]"
						"[4294967295 0 7 37 dropped][3 0 1 ]");
	}
}

static void test_no_frames(void **state)
{
	static const char *const texts[] = {
		"hello\n",         "0 0 1 5\nhello\n",   "0 0 1 99999999 -\n", "0 0 1 70000 -\n",
		"-1 0 1 1 -\nx\n", "0 0 1 5 - more\n",   "0 0 1 2 -\nabc\n",   "\n",
		"0 0 1 -5 -\n",    "0 0 1 5 x\nhello\n",
	};
	char endless[500];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct heard heard = {0};

		assert_int_equal(read_frames(texts[i], strlen(texts[i]), 3, &heard), -EPROTO);
	}
	memset(endless, '1', sizeof(endless));
	assert_int_equal(read_frames(endless, sizeof(endless), 100, &(struct heard){0}), -EPROTO);
}

/* ---- Files of the last run, as process/output writes them ---- */

static void take_line(void *context, const struct log_archive_line *line)
{
	hear(context, "%lld %s%s %.*s%s\n", (long long)line->time_ms, line->unit, line->stream == 2 ? "!" : "",
	     (int)line->size_bytes, line->bytes, line->partial ? " (partial)" : "");
}

static void write_run(const char *folder)
{
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);

	assert_non_null(output);
	assert_int_equal(output_add(output, 0, "web", 0, 0, &err), 0);
	assert_int_equal(output_add(output, 1, "web-2", 0, 0, &err), 0);
	assert_int_equal(output_add(output, 2, "webcam", 64, 3, &err), 0);
	output_begin(output, 0, 1000);
	output_write(output, 0, 0, "of an earlier run\n", 18, 1000);
	output_begin(output, 0, 2000);
	output_write(output, 0, 0, "one\ntw", 6, 2000);
	output_write(output, 1, 1, "two-one\n", 8, 2001);
	output_write(output, 0, 0, "o\nleft", 6, 2002);
	output_end(output, 0, 2003);
	for (int i = 0; i < 8; i++)
		output_write(output, 2, 0, "0123456789abcdef\n", 17, 2010 + i);
	output_destroy(output);
}

static void test_archive(void **state)
{
	static const char *const web[] = {"web", NULL}, *const cam[] = {"webcam", NULL}, *const none[] = {"x", NULL};
	static const struct {
		const char *const *services;
		bool has_tail;
		size_t tail;
		const char *text;
	} cases[] = {
		{web, false, 0, "2000 web one\n2001 web-2! two-one\n2000 web two\n2002 web left (partial)\n"},
		{web, true, 1, "2001 web-2! two-one\n2002 web left (partial)\n"},
		{web, true, 0, ""},
		{none, false, 0, ""},
		{cam, true, 2, "2016 webcam 0123456789abcdef\n2017 webcam 0123456789abcdef\n"},
	};
	char *folder = children_make_folder();

	(void)state;
	write_run(folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct log_archive_query query = {.dir = folder,
							.since_ms = 2000,
							.services = cases[i].services,
							.has_tail = cases[i].has_tail,
							.tail = cases[i].tail};
		struct heard heard = {0};

		assert_int_equal(log_archive_read(&query, take_line, &heard), 0);
		assert_string_equal(heard.text, cases[i].text);
	}
	children_remove_folder(folder);
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

/* An index is a file like any other: what it says is held against what is there, and it names no path. */
static void test_archive_distrusts(void **state)
{
	char *folder = children_make_folder();
	const struct log_archive_query query = {.dir = folder};
	struct heard heard = {0};

	(void)state;
	assert_int_equal(log_archive_read(&query, take_line, &heard), -ENOENT);
	write_file(folder, "web.log", "hello\n");
	write_file(folder, "index",
		   "1 o web 0 6\n"
		   "2 o web 4 999999\n"
		   "3 o ../web 0 6\n"
		   "4 o gone 0 6\n"
		   "5 o web -3 6\n"
		   "6 ? web 0 6\n"
		   "torn li\n"
		   "7 o web 99999999999999999999 1\n"
		   "8 o web 0 6");
	assert_int_equal(log_archive_read(&query, take_line, &heard), 0);
	assert_string_equal(heard.text, "1 web hello\n2 web o\n");
	children_remove_folder(folder);
}

static void test_unit_names(void **state)
{
	(void)state;
	assert_true(log_unit_is_of("web", "web"));
	assert_true(log_unit_is_of("web-2", "web"));
	assert_false(log_unit_is_of("web-api", "web"));
	assert_false(log_unit_is_of("web-", "web"));
	assert_false(log_unit_is_of("webcam", "web"));
	assert_false(log_unit_is_of("we", "web"));
}

/* ---- Last words ---- */

static void take_word(void *context, const char *bytes, size_t size_bytes)
{
	hear(context, "%.*s ", (int)size_bytes, bytes);
}

static void test_last_words(void **state)
{
	struct last_words words;
	struct heard heard = {0};
	char line[16], *endless = calloc(1, 100000);

	(void)state;
	last_words_init(&words);
	for (int i = 0; i < 25; i++) {
		snprintf(line, sizeof(line), "%d", i);
		last_words_add(&words, 3, line, strlen(line));
	}
	assert_int_equal(last_words_count(&words, 3), LAST_WORDS_LINES);
	assert_int_equal(last_words_count(&words, 0), 0);
	assert_int_equal(last_words_count(&words, 77), 0);
	last_words_each(&words, 3, take_word, &heard);
	assert_string_equal(heard.text, "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 ");
	memset(endless, 'x', 99999);
	last_words_add(&words, 0, endless, 99999);
	memset(&heard, 0, sizeof(heard));
	last_words_each(&words, 0, take_word, &heard);
	assert_int_equal(heard.size, LAST_WORDS_LINE_MAX + 1);
	last_words_add(&words, UINT32_MAX, "x", 1);
	last_words_finish(&words);
	free(endless);
}

/* ---- Outlets ---- */

/* A reader that sleeps costs memory up to the limit and no time at all. */
static void test_outlet_of_a_sleeper(void **state)
{
	struct outlet outlet;
	char line[1000], text[PIPE_BUF * 2];
	size_t sent = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	outlet_init(&outlet, fds[1]);
	assert_true(outlet_is_empty(&outlet));
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 3000; i++) {
		struct pollfd pollfd = {.fd = fds[1], .events = POLLOUT};

		outlet_put(&outlet, line, sizeof(line));
		if (poll(&pollfd, 1, 0) > 0)
			outlet_write(&outlet);
	}
	assert_true(outlet_is_full(&outlet));
	assert_true(outlet.end - outlet.start <= OUTLET_BYTES_MAX);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (!outlet_is_empty(&outlet) || sent < OUTLET_BYTES_MAX) {
		ssize_t count = read(fds[0], text, sizeof(text));

		if (count <= 0)
			break;
		sent += (size_t)count;
		outlet_write(&outlet);
		outlet_write(&outlet);
	}
	assert_true(sent >= OUTLET_BYTES_MAX - sizeof(line));
	outlet_finish(&outlet);
	close(fds[0]);
	close(fds[1]);
}

static void test_outlet_whose_reader_left(void **state)
{
	struct outlet outlet;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	outlet_init(&outlet, fds[1]);
	outlet_put(&outlet, "hello\n", 6);
	close(fds[0]);
	outlet_write(&outlet);
	assert_true(outlet.closed);
	assert_true(outlet.reader_gone);
	assert_true(outlet_is_empty(&outlet));
	outlet_put(&outlet, "hello\n", 6);
	assert_true(outlet_is_empty(&outlet));
	outlet_finish(&outlet);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_frames),
		cmocka_unit_test(test_archive),
		cmocka_unit_test(test_archive_distrusts),
		cmocka_unit_test(test_unit_names),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_outlet_of_a_sleeper),
		cmocka_unit_test(test_outlet_whose_reader_left),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
