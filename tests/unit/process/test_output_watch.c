/* SPDX-License-Identifier: MIT */
/* Whoever watches output: lines only for those who want them, a word that there is more, and word of what was lost. */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/err.h"
#include "launcher/process/output.h"
#include "tests/lib/children.h"

struct scene {
	char *folder;
	struct output *output;
	char text[4096];
	unsigned noticed;
};

static void take_line(void *context, const struct output_line *line)
{
	struct scene *self = context;
	size_t used = strlen(self->text);
	snprintf(self->text + used, sizeof self->text - used, "%d:%.*s%s|", line->stream, (int)line->size_bytes,
		 line->bytes, line->partial ? "+" : "");
}

static void take_notice(void *context, unsigned unit)
{
	struct scene *self = context;
	assert_int_equal(unit, 0);
	self->noticed++;
}

static void scene_open(struct scene *self, int64_t max_size_bytes, int max_files)
{
	struct err err = ERR_INIT;
	*self = (struct scene){.folder = children_make_folder()};
	self->output = output_create(self->folder, &err);
	assert_non_null(self->output);
	assert_int_equal(output_add(self->output, 0, "web", max_size_bytes, max_files, &err), 0);
	output_begin(self->output, 0, 1000);
}

static void scene_close(struct scene *self)
{
	output_destroy(self->output);
	children_remove_folder(self->folder);
}

static void put(struct scene *self, int stream, const char *text)
{
	output_write(self->output, 0, stream, text, strlen(text), 1000);
}

/* Nobody wanted lines until now: the one under way is whole all the same, and so is the one after a pause. */
static void test_observer_comes_within_a_line(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	put(&scene, 0, "first\nbegun");
	put(&scene, 1, "err");
	output_observe(scene.output, take_line, &scene);
	put(&scene, 0, " and ended\nnext");
	put(&scene, 1, "or\n");
	assert_string_equal(scene.text, "0:begun and ended|1:error|");
	output_observe(scene.output, NULL, NULL);
	put(&scene, 0, " line");
	output_observe(scene.output, take_line, &scene);
	output_end(scene.output, 0, 1000);
	assert_string_equal(scene.text, "0:begun and ended|1:error|0:next line+|");
	scene_close(&scene);
}

/* What ended with a run goes on in no other, for late comers too. */
static void test_tail_keeps_runs_apart(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	put(&scene, 0, "whole\npart");
	output_begin(scene.output, 0, 1000);
	put(&scene, 0, "again\n");
	output_tail(scene.output, 0, SIZE_MAX, take_line, &scene);
	assert_string_equal(scene.text, "0:whole|0:part+|0:again|");
	scene.text[0] = '\0';
	output_tail(scene.output, UINT_MAX, 2, take_line, &scene);
	assert_string_equal(scene.text, "0:part+|0:again|");
	scene_close(&scene);
}

/* Longer than what is remembered: what is given begins with a whole line, and ends with the last. */
static void test_tail_begins_with_a_line(void **state)
{
	(void)state;
	struct scene scene;
	char line[64];
	unsigned long first;
	scene_open(&scene, 0, 0);
	for (unsigned i = 0; i < 40000; i++) {
		snprintf(line, sizeof line, "%u-%u-%u-%u\n", i, i, i, i);
		/* In pieces that end within lines. */
		output_write(scene.output, 0, 0, line, 3, 1000);
		output_write(scene.output, 0, 0, line + 3, strlen(line) - 3, 1000);
	}
	output_tail(scene.output, 0, SIZE_MAX, take_line, &scene);
	first = strtoul(scene.text + 2, NULL, 10);
	assert_true(first > 0);
	snprintf(line, sizeof line, "0:%lu-%lu-%lu-%lu|", first, first, first, first);
	assert_memory_equal(scene.text, line, strlen(line));
	scene.text[0] = '\0';
	output_tail(scene.output, 0, 1, take_line, &scene);
	assert_string_equal(scene.text, "0:39999-39999-39999-39999|");
	scene_close(&scene);
}

/* Of a big read only the end is remembered, from a whole line on; the files have it all. */
static void test_tail_of_a_flood(void **state)
{
	(void)state;
	struct scene scene;
	char *text = malloc(200000 + 1);
	for (int i = 0; i < 20000; i++)
		snprintf(text + i * 10, 11, "%09d\n", i);
	scene_open(&scene, 0, 0);
	put(&scene, 0, "early\n");
	output_write(scene.output, 0, 0, text, 200000, 1000);
	output_tail(scene.output, 0, SIZE_MAX, take_line, &scene);
	assert_null(strstr(scene.text, "early"));
	assert_int_equal(strcspn(scene.text, "|"), 11);
	assert_in_range(strtoul(scene.text + 2, NULL, 10), 1, 19000);
	scene.text[0] = '\0';
	output_tail(scene.output, 0, 2, take_line, &scene);
	assert_string_equal(scene.text, "0:000019998|0:000019999|");
	free(text);
	scene_close(&scene);
}

static void test_writing_is_noticed(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	output_on_writing(scene.output, take_notice, &scene);
	put(&scene, 0, "one\ntwo\nthree");
	assert_int_equal(scene.noticed, 1);
	output_end(scene.output, 0, 1000);
	assert_int_equal(scene.noticed, 2);
	output_on_writing(scene.output, NULL, NULL);
	put(&scene, 0, "four\n");
	assert_int_equal(scene.noticed, 2);
	scene_close(&scene);
}

/* In a child: a limit on the size of files stands in for a full disk. */
static int lose_and_resume(struct scene *scene)
{
	const struct rlimit limit = {4, RLIM_INFINITY};
	struct rlimit old;
	uint64_t lost = 1;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	output_on_trouble(scene->output, take_notice, scene);
	if (output_loss(scene->output, 0, &lost) != 0 || lost != 0)
		return 1;
	setrlimit(RLIMIT_FSIZE, &limit);
	put(scene, 0, "123456");
	if (output_loss(scene->output, 0, &lost) != EFBIG || lost != 2 || scene->noticed != 1)
		return 2;
	put(scene, 0, "789\n");
	if (output_loss(scene->output, 0, &lost) != EFBIG || lost != 6 || scene->noticed != 1)
		return 3;
	setrlimit(RLIMIT_FSIZE, &old);
	put(scene, 0, "back\n");
	if (output_loss(scene->output, 0, &lost) != 0 || lost != 6 || scene->noticed != 2)
		return 4;
	return 0;
}

static void test_loss_is_noticed(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(lose_and_resume(&scene));
	assert_int_equal(children_wait(pid), 0);
	scene_close(&scene);
}

/* The index says how much went to earlier files, so that a reader knows what it has missed. */
static void test_index_counts_on_over_files(void **state)
{
	(void)state;
	struct scene scene;
	char line[1025], *index;
	long long base, expected = 0;
	unsigned files = 0;
	memset(line, 'x', 1024);
	line[1023] = '\n';
	line[1024] = '\0';
	scene_open(&scene, 4096, 2);
	for (int i = 0; i < 12; i++)
		put(&scene, 0, line);
	index = children_slurp(scene.folder, "index", NULL);
	for (const char *at = index; *at != '\0'; at = strchr(at, '\n') + 1) {
		if (sscanf(at, "%*d f web %lld", &base) != 1)
			continue;
		assert_int_equal(base, expected);
		expected += 4096;
		files++;
	}
	assert_int_equal(files, 3);
	free(index);
	scene_close(&scene);
}

/* ---- Gathering ---- */

static void put_at(struct scene *self, int stream, const char *text, int64_t time_ms)
{
	output_write(self->output, 0, stream, text, strlen(text), time_ms);
}

/* The records of output, as "KIND OFFSET+SIZE@TIME|". */
static void assert_records(const struct scene *self, const char *expected)
{
	char found[1024] = "", kind;
	char *index = children_slurp(self->folder, "index", NULL);
	long long time_ms, offset, size;
	size_t used = 0;
	for (const char *at = index; *at != '\0'; at = strchr(at, '\n') + 1) {
		if (sscanf(at, "%lld %c web %lld %lld", &time_ms, &kind, &offset, &size) == 4 &&
		    strchr("oer", kind) != NULL)
			used += (size_t)snprintf(found + used, sizeof found - used, "%c%lld+%lld@%lld|", kind, offset,
						 size, time_ms);
	}
	free(index);
	assert_string_equal(found, expected);
}

static void gather(struct scene *self, struct event_base **base, int64_t max_size_bytes)
{
	scene_open(self, max_size_bytes, 2);
	*base = event_base_new();
	assert_non_null(*base);
	assert_int_equal(output_gather(self->output, *base), 0);
	output_on_writing(self->output, take_notice, self);
}

/* The first is written at once, what follows it within a moment comes as one, and whoever follows hears of it when it stands there. */
static void test_reads_are_gathered(void **state)
{
	(void)state;
	struct scene scene;
	struct event_base *base;
	gather(&scene, &base, 0);
	put_at(&scene, 0, "one\n", 2000);
	assert_records(&scene, "o0+4@2000|");
	assert_int_equal(scene.noticed, 1);
	put_at(&scene, 0, "two\n", 2001);
	put_at(&scene, 0, "three\n", 2002);
	assert_records(&scene, "o0+4@2000|");
	assert_int_equal(scene.noticed, 1);
	event_base_dispatch(base);
	assert_records(&scene, "o0+4@2000|o4+10@2001|");
	assert_int_equal(scene.noticed, 2);
	put_at(&scene, 0, "later\n", 3000);
	assert_records(&scene, "o0+4@2000|o4+10@2001|o14+6@3000|");
	scene_close(&scene);
	event_base_free(base);
}

/* Nothing overtakes what is gathered, neither the other stream, nor what comes much later, nor the end. */
static void test_gathered_keeps_the_order(void **state)
{
	(void)state;
	struct scene scene;
	struct event_base *base;
	gather(&scene, &base, 0);
	put_at(&scene, 0, "a", 2000);
	put_at(&scene, 0, "b", 2001);
	put_at(&scene, 1, "c", 2002);
	put_at(&scene, 1, "d", 2003);
	assert_records(&scene, "o0+1@2000|o1+1@2001|");
	put_at(&scene, 1, "e", 2900);
	assert_records(&scene, "o0+1@2000|o1+1@2001|e2+2@2002|e4+1@2900|");
	put_at(&scene, 1, "f", 2901);
	/* A clock that is set back ends it, too. */
	put_at(&scene, 1, "g", 1000);
	put_at(&scene, 1, "h", 1001);
	output_end(scene.output, 0, 1001);
	assert_records(&scene, "o0+1@2000|o1+1@2001|e2+2@2002|e4+1@2900|e5+1@2901|e6+1@1000|e7+1@1001|");
	scene_close(&scene);
	event_base_free(base);
}

/* A file that moves away is told of behind what went into it. */
static void test_gathered_goes_before_a_rotation(void **state)
{
	(void)state;
	struct scene scene;
	struct event_base *base;
	char line[1025];
	memset(line, 'x', 1023);
	line[1023] = '\n';
	line[1024] = '\0';
	gather(&scene, &base, 4096);
	for (int i = 0; i < 6; i++)
		put_at(&scene, 0, line, 2000);
	output_destroy(scene.output);
	assert_records(&scene, "o0+1024@2000|o1024+3072@2000|r0+0@2000|o0+2048@2000|");
	children_remove_folder(scene.folder);
	event_base_free(base);
}

/* It is not looked up for each read, but soon enough. */
static void test_file_taken_away_is_found_gathering(void **state)
{
	(void)state;
	struct scene scene;
	struct event_base *base;
	char path[PATH_MAX], *bytes;
	size_t size = 0;
	gather(&scene, &base, 0);
	put_at(&scene, 0, "one\n", 2000);
	snprintf(path, sizeof path, "%s/web.log", scene.folder);
	assert_int_equal(unlink(path), 0);
	put_at(&scene, 0, "two\n", 2000 + OUTPUT_GATHER_MS);
	bytes = children_slurp(scene.folder, "web.log", &size);
	assert_int_equal(size, 4);
	assert_memory_equal(bytes, "two\n", 4);
	free(bytes);
	scene_close(&scene);
	event_base_free(base);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observer_comes_within_a_line),
		cmocka_unit_test(test_tail_keeps_runs_apart),
		cmocka_unit_test(test_tail_begins_with_a_line),
		cmocka_unit_test(test_tail_of_a_flood),
		cmocka_unit_test(test_writing_is_noticed),
		cmocka_unit_test(test_loss_is_noticed),
		cmocka_unit_test(test_index_counts_on_over_files),
		cmocka_unit_test(test_reads_are_gathered),
		cmocka_unit_test(test_gathered_keeps_the_order),
		cmocka_unit_test(test_gathered_goes_before_a_rotation),
		cmocka_unit_test(test_file_taken_away_is_found_gathering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
