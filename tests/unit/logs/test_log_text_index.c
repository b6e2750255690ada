/* SPDX-License-Identifier: MIT */
/* What logs/index adds to a text: times, upfront's notes, and the order of lines of several services. Written as the supervisor writes. */
#include "config/err.h"
#include "launcher/logs/log_order.h"
#include "launcher/logs/log_text_file.h"
#include "launcher/process/output.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define UNITS 3

static const struct log_order_source sources[UNITS] = {{"api", NULL, 0}, {"db", NULL, 1}, {"web-2", "web", 2}};

struct scene {
	char *folder;
	struct output *output;
	struct log_text *text;
};

static void scene_open(struct scene *self, int64_t max_size_bytes, int max_files)
{
	struct err err = ERR_INIT;

	*self = (struct scene){.folder = children_make_folder()};
	self->output = output_create(self->folder, &err);
	assert_non_null(self->output);
	for (unsigned i = 0; i < UNITS; i++)
		assert_int_equal(output_add(self->output, i, sources[i].unit, max_size_bytes, max_files, &err), 0);
}

static void scene_show(struct scene *self, unsigned first, size_t count, int64_t run_ms)
{
	const struct log_text_options options = {
		.dir = self->folder, .units = sources + first, .unit_count = count, .run_ms = run_ms};
	struct err err = ERR_INIT;

	assert_int_equal(log_text_open(&options, &self->text, &err), 0);
	while (self->text->ops->work(self->text, 1000))
		;
}

static void scene_close(struct scene *self)
{
	log_text_close(self->text);
	output_destroy(self->output);
	children_remove_folder(self->folder);
}

static void say(struct scene *self, unsigned unit, int64_t time_ms, const char *bytes)
{
	output_write(self->output, unit, 0, bytes, strlen(bytes), time_ms);
}

/* "TIME service bytes" and what is special, a line each. */
static char *transcribe(struct scene *self)
{
	const struct log_text_ops *ops = self->text->ops;
	struct log_text_line line;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int64_t before = -1;

	assert_non_null(out);
	for (int64_t at = -1; ops->find_next(self->text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE; at = line.at) {
		assert_true(line.at > before && line.next > line.at);
		before = line.at;
		fprintf(out, "%lld %s %.*s%s%s%s\n", (long long)line.time_wall_ms, line.service, (int)line.size_bytes,
			line.bytes, line.continues ? " <" : "", line.partial ? " >" : "",
			line.error_stream ? " !" : "");
	}
	fclose(out);
	/* Backwards they are the same. */
	for (int64_t at = ops->end(self->text); ops->find_before(self->text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE;
	     at = line.at) {
		assert_int_equal(line.at, before);
		if (ops->find_before(self->text, line.at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE)
			before = line.at;
		assert_int_equal(ops->line(self->text, at - 1, &line), LOG_TEXT_THERE);
	}
	return text;
}

static void expect(struct scene *self, const char *wanted)
{
	char *text = transcribe(self);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_times_and_notes(void **state)
{
	struct scene scene;
	struct log_text_line line;
	struct log_text_status status;
	int64_t at;

	(void)state;
	scene_open(&scene, 0, 0);
	output_begin(scene.output, 0, 1000);
	say(&scene, 0, 1001, "one\ntwo\n");
	say(&scene, 0, 1002, "cut off");
	output_set_end(scene.output, 0, false, 3);
	output_end(scene.output, 0, 1200);
	output_begin(scene.output, 0, 5000);
	output_write(scene.output, 0, 1, "three\n", 6, 5001);
	output_set_end(scene.output, 0, true, 9);
	output_end(scene.output, 0, 15000);
	output_end(scene.output, 0, 15001);
	scene_show(&scene, 0, 1, 2000);
	assert_string_equal(scene.text->title, "api");
	assert_false(scene.text->merged);
	expect(&scene, "1000 api = started (an earlier run of the stack)\n"
		       "1001 api one\n1001 api two\n1002 api cut off >\n"
		       "1200 api = exited with code 3 after 0.2s (an earlier run of the stack)\n"
		       "5000 api = started\n5001 api three !\n15000 api = killed by SIGKILL after 10s\n");
	scene.text->ops->status(scene.text, &status);
	assert_int_equal(status.lines, 3); /* of the file; "cut offthree" is one there */
	/* What has come since. */
	output_begin(scene.output, 0, 20000);
	say(&scene, 0, 20001, "four\n");
	assert_true(scene.text->ops->refresh(scene.text));
	assert_int_equal(
		scene.text->ops->find_before(scene.text, scene.text->ops->end(scene.text), LOG_TEXT_ANY, &line),
		LOG_TEXT_THERE);
	assert_int_equal(line.time_wall_ms, 20001);
	assert_int_equal(scene.text->ops->find_before(scene.text, line.at, LOG_TEXT_ANY, &line), LOG_TEXT_THERE);
	assert_int_equal(line.kind, LOG_TEXT_NOTE);
	/* By time. */
	assert_int_equal(scene.text->ops->go_to_time(scene.text, 4000, &at), LOG_TEXT_THERE);
	assert_int_equal(scene.text->ops->line(scene.text, at, &line), LOG_TEXT_THERE);
	assert_memory_equal(line.bytes, "three", 5);
	assert_int_equal(scene.text->ops->go_to_time(scene.text, 30000, &at), LOG_TEXT_NONE);
	scene_close(&scene);
}

static void test_notes_pass_filters(void **state)
{
	struct scene scene;
	struct log_text_status status;
	char problem[64];

	(void)state;
	scene_open(&scene, 0, 0);
	for (int i = 0; i < 3; i++) {
		output_begin(scene.output, 0, 1000 * i);
		output_set_end(scene.output, 0, false, i);
		output_end(scene.output, 0, 1000 * i + 100);
	}
	say(&scene, 0, 9000, "code 2 is one\n");
	scene_show(&scene, 0, 1, 0);
	assert_int_equal(scene.text->ops->filter(scene.text, "code 2", 6, false, problem, sizeof(problem)), 0);
	assert_int_equal(scene.text->ops->search(scene.text, "one", 3, 0, problem, sizeof(problem)), 0);
	while (scene.text->ops->work(scene.text, 1000))
		;
	expect(&scene, "2100 api = exited with code 2 after 0.1s\n9000 api code 2 is one\n");
	scene.text->ops->status(scene.text, &status);
	assert_int_equal(status.shown_lines, 2);
	assert_int_equal(status.hits, 1);
	assert_int_equal(scene.text->ops->count_from(scene.text, scene.text->ops->start(scene.text), 10), 2);
	scene_close(&scene);
}

static void test_merged(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 0, 0);
	output_begin(scene.output, 0, 1000);
	say(&scene, 0, 1001, "a1\na2\nbegun by a");
	say(&scene, 1, 1002, "d1\n");
	say(&scene, 0, 1003, ", ended by a\na4");
	say(&scene, 2, 1004, "w1\n");
	output_end(scene.output, 0, 1005);
	scene_show(&scene, 0, UNITS, 0);
	assert_true(scene.text->merged);
	expect(&scene, "1000 api = started\n1001 api a1\n1001 api a2\n1002 db d1\n1001 api begun by a, ended by a\n"
		       "1004 web w1\n1003 api a4 >\n1005 api = ended after 5ms\n");
	say(&scene, 1, 2000, "d2 is not yet");
	assert_false(scene.text->ops->refresh(scene.text));
	say(&scene, 0, 2001, "a5\n");
	say(&scene, 1, 2002, " over\nd3\n");
	assert_true(scene.text->ops->refresh(scene.text));
	char *text = transcribe(&scene);
	assert_non_null(strstr(text, "2001 api a5\n2000 db d2 is not yet over\n2002 db d3\n"));
	free(text);
	scene_close(&scene);
}

/* Without what the index says of the first lines. */
static void test_merged_older(void **state)
{
	struct scene scene;
	char *path = NULL;

	(void)state;
	scene_open(&scene, 0, 0);
	say(&scene, 1, 1, "old d\n");
	say(&scene, 0, 2, "old a\nolder");
	output_destroy(scene.output);
	assert_true(asprintf(&path, "%s/index", scene.folder) > 0);
	assert_int_equal(unlink(path), 0);
	free(path);
	struct err err = ERR_INIT;
	scene.output = output_create(scene.folder, &err);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(output_add(scene.output, i, sources[i].unit, 0, 0, &err), 0);
	say(&scene, 1, 1000, "new d\n");
	say(&scene, 0, 1001, " a\n");
	scene_show(&scene, 0, UNITS, 0);
	expect(&scene, "-1 api old a\n-1 db old d\n1000 db new d\n1001 api older a\n");
	scene_close(&scene);
}

/* Many lines of several services, with rotations, while the text is open: each once, in order. */
static void test_merged_against_order(void **state)
{
	struct scene scene;
	struct log_text_line line;
	unsigned random = 7;
	int64_t at = -1;
	unsigned seen = 0, said = 0;

	(void)state;
	scene_open(&scene, 8192, 6);
	scene_show(&scene, 0, UNITS, 0);
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < 20; i++) {
			char bytes[64];

			random = random * 1103515245u + 12345u;
			snprintf(bytes, sizeof(bytes), "line %u needle\n", said++);
			say(&scene, random / 65536 % UNITS, said, bytes);
		}
		(void)scene.text->ops->refresh(scene.text);
		while (scene.text->ops->find_next(scene.text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE) {
			assert_int_equal(strtoul(line.bytes + 5, NULL, 10), seen);
			assert_int_equal(line.time_wall_ms, ++seen);
			at = line.at;
		}
		assert_int_equal(seen, said);
	}
	while (scene.text->ops->work(scene.text, 1000))
		;
	/* What is still there is counted right. */
	struct log_text_status status;
	scene.text->ops->status(scene.text, &status);
	assert_int_equal(scene.text->ops->line(scene.text, scene.text->ops->start(scene.text), &line), LOG_TEXT_THERE);
	assert_int_equal(status.lines, said - (unsigned)strtoul(line.bytes + 5, NULL, 10));
	assert_int_equal(scene.text->ops->number(scene.text, at), status.lines);
	scene_close(&scene);
}

/* An inode number that is used again does not bring the times of a file that has gone. */
static void test_numbers_used_again(void **state)
{
	struct scene scene;
	struct log_text_line line;
	char bytes[128];

	(void)state;
	scene_open(&scene, 4096, 2);
	for (int i = 0; i < 400; i++) {
		snprintf(bytes, sizeof(bytes), "%d %0*d\n", i, 90, 0);
		say(&scene, 0, 1000 + i, bytes);
	}
	scene_show(&scene, 0, 1, 0);
	for (int64_t at = -1; scene.text->ops->find_next(scene.text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE;
	     at = line.at)
		assert_int_equal(line.time_wall_ms, 1000 + (long)strtoul(line.bytes, NULL, 10));
	assert_int_equal(line.time_wall_ms, 1399);
	scene_close(&scene);
}

static void test_print_and_copy(void **state)
{
	struct scene scene;
	char bytes[256], problem[64], *path = NULL;
	bool whole;
	size_t size;
	int64_t from;
	int fd;

	(void)state;
	scene_open(&scene, 0, 0);
	output_begin(scene.output, 0, 1);
	say(&scene, 0, 2, "one\r\ntwo\n\nthree");
	scene_show(&scene, 0, 1, 0);
	from = scene.text->ops->start(scene.text);
	size = log_text_copy(scene.text, from, scene.text->ops->end(scene.text), bytes, sizeof(bytes), &whole);
	assert_true(whole);
	assert_int_equal(size, 15);
	assert_memory_equal(bytes, "one\r\ntwo\n\nthree", 15);
	assert_int_equal(log_text_copy(scene.text, from, scene.text->ops->end(scene.text), bytes, 4, &whole), 4);
	assert_false(whole);
	assert_int_equal(scene.text->ops->filter(scene.text, "o", 1, false, problem, sizeof(problem)), 0);
	assert_true(asprintf(&path, "%s/saved", scene.folder) > 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (log_text_print(scene.text, &from, scene.text->ops->end(scene.text), fd, 0) == 1)
		;
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), 9);
	assert_memory_equal(bytes, "one\r\ntwo\n", 9);
	close(fd);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	from = scene.text->ops->start(scene.text);
	assert_true(log_text_print(scene.text, &from, scene.text->ops->end(scene.text), fd, 1000) < 0);
	close(fd);
	free(path);
	scene_close(&scene);
}

static void test_wrong_patterns(void **state)
{
	struct scene scene;
	char problem[64] = "";

	(void)state;
	scene_open(&scene, 0, 0);
	scene_show(&scene, 0, 1, 0);
	assert_int_equal(scene.text->ops->search(scene.text, "(foo", 4, 0, problem, sizeof(problem)), -EINVAL);
	assert_string_equal(problem, "missing ) at 4");
	assert_int_equal(scene.text->ops->filter(scene.text, "a[b", 3, false, problem, sizeof(problem)), -EINVAL);
	assert_string_equal(problem, "missing ] at 3");
	assert_int_equal(scene.text->ops->start(scene.text), scene.text->ops->end(scene.text));
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_and_notes),
		cmocka_unit_test(test_notes_pass_filters),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_merged_older),
		cmocka_unit_test(test_merged_against_order),
		cmocka_unit_test(test_numbers_used_again),
		cmocka_unit_test(test_print_and_copy),
		cmocka_unit_test(test_wrong_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
