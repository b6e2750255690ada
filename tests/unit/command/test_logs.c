/* SPDX-License-Identifier: MIT */
/* Lines on their way to the screen: frames of the log stream, the last run's files, last words, and a slow reader. */
#include "launcher/logs/last_words.h"
#include "launcher/logs/log_archive.h"
#include "launcher/logs/log_reader.h"
#include "launcher/command/outlet.h"
#include "launcher/command/since.h"
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
#include <sys/stat.h>
#include <time.h>
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
	output_set_service(output, 1, "web");
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

static int read_archive(const struct log_archive_query *query, struct heard *heard)
{
	int result;
	struct log_archive *archive = log_archive_open(query, &result);

	if (archive == NULL)
		return result;
	log_archive_next(archive, take_line, heard);
	log_archive_rest(archive, take_line, heard);
	log_archive_close(archive);
	return 0;
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
							.run_ms = 2000,
							.services = cases[i].services,
							.has_tail = cases[i].has_tail,
							.tail = cases[i].tail};
		struct heard heard = {0};

		assert_int_equal(read_archive(&query, &heard), 0);
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
	assert_int_equal(read_archive(&query, &heard), -ENOENT);
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
	assert_int_equal(read_archive(&query, &heard), 0);
	assert_string_equal(heard.text, "1 web hello\n2 web o\n");
	children_remove_folder(folder);
}

/* A service that is called like a replica is none, and who asks for "web" does not get it. */
static void test_archive_tells_replicas_from_names(void **state)
{
	static const struct {
		const char *service, *text;
	} cases[] = {
		{"web", "1 web a\n2 web-2 b\n"},
		{"web-2", "2 web-2 b\n"},
		{"web-3", "3 web-3 c\n"},
	};
	char *folder = children_make_folder();
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);

	(void)state;
	output_add(output, 0, "web", 0, 0, &err);
	output_add(output, 1, "web-2", 0, 0, &err);
	output_add(output, 2, "web-3", 0, 0, &err);
	output_set_service(output, 0, "web");
	output_set_service(output, 1, "web");
	output_set_service(output, 2, "web-3");
	output_write(output, 0, 0, "a\n", 2, 1);
	output_write(output, 1, 0, "b\n", 2, 2);
	output_write(output, 2, 0, "c\n", 2, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const services[] = {cases[i].service, NULL};
		struct heard heard = {0};

		assert_int_equal(read_archive(&(struct log_archive_query){.dir = folder, .services = services}, &heard),
				 0);
		assert_string_equal(heard.text, cases[i].text);
	}
	output_destroy(output);
	children_remove_folder(folder);
}

/* What one stream has begun is not ended by the other. */
static void test_archive_keeps_streams_apart(void **state)
{
	char *folder = children_make_folder();
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);
	struct heard heard = {0}, late = {0};

	(void)state;
	output_add(output, 0, "web", 0, 0, &err);
	output_begin(output, 0, 1);
	output_write(output, 0, 0, "out-", 4, 1);
	output_write(output, 0, 1, "err\n", 4, 2);
	output_write(output, 0, 0, "rest\nno end", 11, 3);
	output_write(output, 0, 1, "none", 4, 4);
	output_end(output, 0, 5);
	assert_int_equal(read_archive(&(struct log_archive_query){.dir = folder}, &heard), 0);
	assert_string_equal(heard.text, "2 web! err\n1 web out-rest\n3 web no end (partial)\n4 web! none (partial)\n");
	/* --since goes by lines, not by pieces of them. */
	assert_int_equal(read_archive(&(struct log_archive_query){.dir = folder, .since_ms = 3}, &late), 0);
	assert_string_equal(late.text, "3 web no end (partial)\n4 web! none (partial)\n");
	output_destroy(output);
	children_remove_folder(folder);
}

/* ---- What no record tells of ---- */

static void append_file(const char *folder, const char *name, const char *text)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	file = fopen(path, "ae");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

/* A run that is killed (`ended` false) after it has written "one\ntw" to UNIT.log and `untold`, of which the index does not know. */
static void write_killed(const char *folder, int64_t time_ms, bool ended, const char *untold)
{
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);

	assert_non_null(output);
	assert_int_equal(output_add(output, 0, "web", 0, 0, &err), 0);
	assert_int_equal(output_add(output, 1, "quiet", 0, 0, &err), 0);
	output_begin(output, 0, time_ms);
	output_begin(output, 1, time_ms);
	output_write(output, 0, 0, "one\ntw", 6, time_ms + 1);
	output_write(output, 1, 1, "ha", 2, time_ms + 2);
	if (ended)
		output_end(output, 0, time_ms + 3);
	output_destroy(output);
	append_file(folder, "web.log", untold);
}

static void assert_archive(const struct log_archive_query *query, const char *text)
{
	struct heard heard = {0};

	assert_int_equal(read_archive(query, &heard), 0);
	assert_string_equal(heard.text, text);
}

static void test_untold(void **state)
{
	static const char *const quiet[] = {"quiet", NULL};
	char *folder = children_make_folder();
	struct log_archive_query query = {.dir = folder, .run_ms = 1000, .over = true};
	struct heard heard = {0};
	struct log_archive *archive;
	int result;

	(void)state;
	write_killed(folder, 1000, false, "o\nthree\nfou");
	append_file(folder, "quiet.log", "lf\n");
	assert_archive(&query,
		       "1001 web one\n1001 web two\n1001 web three\n1001 web fou (partial)\n1002 quiet! half\n");
	/* Once, however often it is asked for. */
	archive = log_archive_open(&query, &result);
	assert_non_null(archive);
	for (int i = 0; i < 2; i++) {
		log_archive_next(archive, take_line, &heard);
		log_archive_rest(archive, take_line, &heard);
	}
	log_archive_close(archive);
	assert_string_equal(heard.text, "1001 web one\n1001 web two\n1001 web three\n1001 web fou (partial)\n"
					"1002 quiet! half\n");
	query.has_tail = true;
	query.tail = 2;
	assert_archive(&query, "1001 web three\n1001 web fou (partial)\n1002 quiet! half\n");
	query.has_tail = false;
	query.services = quiet;
	assert_archive(&query, "1002 quiet! half\n");
	query.services = NULL;
	query.since_ms = 1002;
	assert_archive(&query, "1002 quiet! half\n");
	query.since_ms = 0;
	query.over = false; /* while it runs, records may be late */
	assert_archive(&query, "1001 web one\n1001 web tw (partial)\n1002 quiet! ha (partial)\n");
	children_remove_folder(folder);
}

/* What an earlier run was killed over belongs to that one, and what came after an end to nobody. */
static void test_untold_is_of_its_run(void **state)
{
	static const char *const web[] = {"web", NULL};
	char *folder = children_make_folder();
	struct log_archive_query query = {.dir = folder, .run_ms = 2000, .services = web};
	struct stat status;
	char path[PATH_MAX];

	(void)state;
	write_killed(folder, 1000, false, "o\nlost by the first\n");
	/* Another run that has not come to this service. */
	append_file(folder, "index", "2000 b other 0 0\n");
	query.over = true;
	assert_archive(&query, "");
	/* Nor has one that was killed before it could say where it begins. */
	assert_true(snprintf(path, sizeof(path), "%s/web.log", folder) < (int)sizeof(path));
	assert_int_equal(stat(path, &status), 0);
	snprintf(path, sizeof(path), "2000 f web 0 %llu web\n", (unsigned long long)status.st_ino);
	append_file(folder, "index", path);
	assert_archive(&query, "");
	write_killed(folder, 2000, true, "not ours\n");
	query.over = false;
	assert_archive(&query, "2001 web one\n2001 web tw (partial)\n");
	query.over = true;
	assert_archive(&query, "2001 web one\n2001 web tw (partial)\n");
	query.run_ms = 3000;
	write_killed(folder, 3000, false, "enty\n");
	assert_archive(&query, "3001 web one\n3001 web twenty\n");
	children_remove_folder(folder);
}

/* Behind a rotation all of the new file may be untold of. */
static void test_untold_after_a_rotation(void **state)
{
	char *folder = children_make_folder();
	const struct log_archive_query query = {.dir = folder, .over = true};

	(void)state;
	write_file(folder, "web.log.1", "one\n");
	write_file(folder, "web.log", "two\n");
	write_file(folder, "short.log", "12");
	write_file(folder, "index",
		   "1 o web 0 4\n"
		   "2 o short 1 999999999999999999\n"
		   "3 o gone 0 6\n"
		   "4 o ../web 0 1\n"
		   "5 o huge 999999999999999999 1152921504606846976\n"
		   "6 r web 0 0\n");
	assert_archive(&query, "1 web one\n6 web two\n2 short 2 (partial)\n");
	children_remove_folder(folder);
}

/* ---- Following ---- */

struct counted {
	unsigned next; /* number that the next line must have */
	bool partial;
};

static void count_line(void *context, const struct log_archive_line *line)
{
	struct counted *self = context;
	char number[16] = "";

	memcpy(number, line->bytes, line->size_bytes < 15 ? line->size_bytes : 15);
	assert_int_equal(strtoul(number, NULL, 10), self->next);
	self->next++;
	self->partial = line->partial;
}

/* Numbers as lines of uneven length, in uneven pieces, so that reads end within lines. */
static void write_numbers(struct output *output, unsigned *next, unsigned until, size_t *carry)
{
	char text[64 * 1024];
	size_t size = 0;

	for (; *next < until; (*next)++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%u %.*s\n", *next, (int)(*next % 40),
					 "........................................");
	for (size_t at = 0; at < size;) {
		size_t piece = 1 + *carry % 701;

		piece = size - at < piece ? size - at : piece;
		output_write(output, 0, 0, text + at, piece, 1000);
		*carry = *carry * 31 + 7;
		at += piece;
	}
}

/*
 * Files of 4 KB, six of them: a reader that looks now and then, always before the last file leaves the row, sees every line once
 * although files are moved between its looks and under its hands.
 */
static void test_follower_misses_nothing(void **state)
{
	char *folder = children_make_folder();
	const struct log_archive_query query = {.dir = folder};
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);
	struct counted seen = {0};
	unsigned written = 0;
	size_t carry = 1;
	struct log_archive *archive;
	int result;

	(void)state;
	assert_int_equal(output_add(output, 0, "web", 4096, 6, &err), 0);
	write_numbers(output, &written, 300, &carry);
	archive = log_archive_open(&query, &result);
	assert_non_null(archive);
	/* Moved on after the index was read and before the files are: what was read about is found two places up. */
	write_numbers(output, &written, 600, &carry);
	log_archive_next(archive, count_line, &seen);
	assert_true(seen.next >= 290 && seen.next <= 600);
	for (unsigned step = 1; step < 60; step++) {
		write_numbers(output, &written, written + step * 7 % 500, &carry);
		log_archive_next(archive, count_line, &seen);
		assert_int_equal(seen.next, written);
	}
	output_write(output, 0, 0, "99", 2, 1000);
	log_archive_next(archive, count_line, &seen);
	assert_int_equal(seen.next, written);
	seen.next = 99;
	log_archive_rest(archive, count_line, &seen);
	assert_true(seen.partial && seen.next == 100);
	log_archive_close(archive);
	output_destroy(output);
	children_remove_folder(folder);
}

/* The index itself moves on, too: 4 MB of records, and then some. */
static void test_follower_across_the_index(void **state)
{
	char *folder = children_make_folder();
	const struct log_archive_query query = {.dir = folder};
	struct err err = ERR_INIT;
	struct output *output = output_create(folder, &err);
	struct counted seen = {0};
	struct log_archive *archive = NULL;
	char line[16];
	int result;

	(void)state;
	assert_int_equal(output_add(output, 0, "web", 0, 0, &err), 0);
	for (unsigned i = 0; i < 300000; i++) {
		int length = snprintf(line, sizeof(line), "%u\n", i);

		output_write(output, 0, 0, line, (size_t)length, 1763719200000);
		if (i == 1000)
			archive = log_archive_open(&query, &result);
		if (i >= 1000 && i % 30000 == 0)
			log_archive_next(archive, count_line, &seen);
	}
	log_archive_next(archive, count_line, &seen);
	assert_int_equal(seen.next, 300000);
	log_archive_close(archive);
	output_destroy(output);
	children_remove_folder(folder);
}

/* The number of a file that has gone is given to a new one: what stood in the old one is not read from that. */
static void test_inode_of_another_file(void **state)
{
	char *folder = children_make_folder(), *path, text[512];
	struct heard heard = {0};
	struct stat status;

	(void)state;
	write_file(folder, "web.log", "hello\n");
	assert_true(asprintf(&path, "%s/web.log", folder) > 0);
	assert_int_equal(stat(path, &status), 0);
	snprintf(text, sizeof(text),
		 "1 f web 0 %llu web\n"
		 "2 o web 0 6\n"
		 "3 r web 0 0\n"
		 "3 f web 0 %llu web\n"
		 "3 o web 0 6\n",
		 (unsigned long long)status.st_ino, (unsigned long long)status.st_ino);
	write_file(folder, "index", text);
	assert_int_equal(read_archive(&(struct log_archive_query){.dir = folder}, &heard), 0);
	assert_string_equal(heard.text, "3 web hello\n");
	free(path);
	children_remove_folder(folder);
}

/* ---- Since when ---- */

static void test_since(void **state)
{
	static const struct {
		const char *text;
		int64_t since_ms;
	} cases[] = {
		{"10m", 1763719200123 - 600000},
		{"1h30m", 1763719200123 - 5400000},
		{"250ms", 1763719200123 - 250},
		{"2025-11-21T10:00:00Z", 1763719200000},
		{"2025-11-21t10:00:00.25z", 1763719200250},
		{"2025-11-21T10:00:00.123456789Z", 1763719200123},
		{"2025-11-21T12:30:00+02:30", 1763719200000},
		{"2025-11-21T05:00:00-05:00", 1763719200000},
		{"2025-11-21 10:00Z", 1763719200000},
		/* Local time, which is two hours ahead here. */
		{"2025-11-21T12:00:00", 1763719200000},
		{"2025-11-21", 1763719200000 - 12 * 3600000},
	};
	static const char *const wrong[] = {"",
					    "yesterday",
					    "10",
					    "-10m",
					    "10mm",
					    "2025-11",
					    "2025-13-01",
					    "2025-11-32",
					    "2025-11-21T",
					    "2025-11-21T25:00Z",
					    "2025-11-21T10:00:00.Z",
					    "2025-11-21T10:00:00Zulu",
					    "2025-11-21T10:00:00+2"};
	int64_t since_ms = 0;

	(void)state;
	setenv("TZ", "LOC-2", 1);
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(since_parse(cases[i].text, 1763719200123, &since_ms));
		assert_int_equal(since_ms, cases[i].since_ms);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(since_parse(wrong[i], 1763719200123, &since_ms));
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
	for (int i = 0; i < 20000; i++) {
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
		cmocka_unit_test(test_archive_tells_replicas_from_names),
		cmocka_unit_test(test_archive_keeps_streams_apart),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_untold_is_of_its_run),
		cmocka_unit_test(test_untold_after_a_rotation),
		cmocka_unit_test(test_follower_misses_nothing),
		cmocka_unit_test(test_follower_across_the_index),
		cmocka_unit_test(test_inode_of_another_file),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_outlet_of_a_sleeper),
		cmocka_unit_test(test_outlet_whose_reader_left),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
