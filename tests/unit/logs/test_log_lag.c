/* SPDX-License-Identifier: MIT */
/* A reader of log files that lags behind: what it has heard of it keeps, and what is gone it counts. */
#include "config/err.h"
#include "launcher/logs/log_archive.h"
#include "launcher/process/output.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LINE_BYTES 128

struct scene {
	char *folder;
	struct output *output;
	struct log_archive_query query;
	struct log_archive *archive;
	unsigned written, next; /* number of the next line to write, to see */
	uint64_t shown_bytes, gone_bytes;
	size_t gaps;
};

static void take_line(void *context, const struct log_archive_line *line)
{
	struct scene *self = context;
	unsigned number = (unsigned)strtoul(line->bytes, NULL, 10);

	assert_true(number >= self->next);
	self->next = number + 1;
	self->shown_bytes += line->size_bytes + (line->partial ? 0 : 1);
}

static void take_gap(void *context, const char *unit, uint64_t size_bytes)
{
	struct scene *self = context;

	assert_string_equal(unit, "web");
	self->gone_bytes += size_bytes;
	self->gaps++;
}

static void write_lines(struct scene *self, unsigned count)
{
	char line[LINE_BYTES + 1];

	for (unsigned i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "%0*u\n", LINE_BYTES - 1, self->written++);
		output_write(self->output, 0, 0, line, LINE_BYTES, 1000);
	}
}

static void scene_open(struct scene *self, int max_files)
{
	struct err err = ERR_INIT;
	int result;

	*self = (struct scene){.folder = children_make_folder()};
	self->output = output_create(self->folder, &err);
	assert_int_equal(output_add(self->output, 0, "web", 4096, max_files, &err), 0);
	self->query = (struct log_archive_query){.dir = self->folder, .gap = take_gap};
	write_lines(self, 1);
	self->archive = log_archive_open(&self->query, &result);
	assert_non_null(self->archive);
	log_archive_next(self->archive, take_line, self);
	assert_int_equal(self->next, 1);
}

static void scene_close(struct scene *self)
{
	log_archive_close(self->archive);
	output_destroy(self->output);
	children_remove_folder(self->folder);
}

/* Looks often and reads little: ten files go by, of which two are kept, and no line is missed. */
static void test_what_was_heard_of_stays(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 2);
	for (int i = 0; i < 10; i++) {
		write_lines(&scene, 32);
		assert_true(log_archive_step(scene.archive, 1, take_line, &scene));
	}
	assert_true(scene.next < scene.written / 2);
	log_archive_next(scene.archive, take_line, &scene);
	assert_int_equal(scene.next, scene.written);
	assert_int_equal(scene.gaps, 0);
	scene_close(&scene);
}

/* Sleeps while far more is written than is kept: shown and gone together are all that was written. */
static void test_what_is_gone_is_counted(void **state)
{
	struct scene scene;

	(void)state;
	for (int max_files = 1; max_files <= 3; max_files++) {
		scene_open(&scene, max_files);
		for (int i = 0; i < 5; i++) {
			write_lines(&scene, 1000);
			log_archive_next(scene.archive, take_line, &scene);
			assert_int_equal(scene.next, scene.written);
			assert_int_equal(scene.shown_bytes + scene.gone_bytes, (uint64_t)scene.written * LINE_BYTES);
		}
		assert_int_equal(scene.gaps, 5);
		scene_close(&scene);
	}
}

/* One record of many lines, read in steps that end within it: each line once, and no gap. */
static void test_steps_within_a_record(void **state)
{
	enum { LINES = 1600 };
	char *text = malloc(LINES * LINE_BYTES + 1);
	struct scene scene;
	int steps = 1;

	(void)state;
	scene_open(&scene, 3);
	for (unsigned i = 0; i < LINES; i++)
		snprintf(text + i * LINE_BYTES, LINE_BYTES + 1, "%0*u\n", LINE_BYTES - 1, scene.written++);
	assert_int_equal(output_add(scene.output, 1, "big", 0, 0, NULL), 0);
	output_write(scene.output, 1, 0, text, LINES * LINE_BYTES, 1000);
	while (log_archive_step(scene.archive, 1, take_line, &scene))
		steps++;
	assert_in_range(steps, 4, 10);
	assert_int_equal(scene.next, scene.written);
	assert_int_equal(scene.shown_bytes, scene.written * LINE_BYTES);
	assert_int_equal(scene.gaps, 0);
	free(text);
	scene_close(&scene);
}

/* Somebody takes the file away under reader and writer: both go on. */
static void test_file_that_is_removed(void **state)
{
	struct scene scene;
	char *path;

	(void)state;
	scene_open(&scene, 3);
	assert_true(asprintf(&path, "%s/web.log", scene.folder) > 0);
	write_lines(&scene, 3);
	log_archive_next(scene.archive, take_line, &scene);
	write_lines(&scene, 2);
	assert_int_equal(unlink(path), 0);
	write_lines(&scene, 2);
	log_archive_next(scene.archive, take_line, &scene);
	assert_int_equal(scene.next, scene.written);
	/* Still open from before: nothing is missed. */
	assert_int_equal(scene.gaps, 0);
	free(path);
	scene_close(&scene);
}

/* Begun behind a mark: nothing from before, whatever the clock said then. */
static void test_mark(void **state)
{
	struct scene scene;
	struct log_index_mark mark;
	int result;

	(void)state;
	scene_open(&scene, 3);
	log_archive_close(scene.archive);
	write_lines(&scene, 100);
	mark = log_index_end(scene.folder);
	scene.query.from = &mark;
	scene.archive = log_archive_open(&scene.query, &result);
	scene.next = scene.written;
	write_lines(&scene, 50);
	log_archive_next(scene.archive, take_line, &scene);
	assert_int_equal(scene.next, scene.written);
	assert_int_equal(scene.shown_bytes, LINE_BYTES + 50 * LINE_BYTES);
	scene_close(&scene);
}

/* There are no logs yet when the reader begins. */
static void test_mark_before_there_is_anything(void **state)
{
	struct scene scene = {.folder = children_make_folder()};
	struct log_index_mark mark = log_index_end(scene.folder);
	struct err err = ERR_INIT;
	int result;

	(void)state;
	assert_int_equal(mark.inode, 0);
	scene.query = (struct log_archive_query){.dir = scene.folder, .from = &mark, .gap = take_gap};
	scene.archive = log_archive_open(&scene.query, &result);
	assert_non_null(scene.archive);
	assert_false(log_archive_step(scene.archive, 1000, take_line, &scene));
	scene.output = output_create(scene.folder, &err);
	assert_int_equal(output_add(scene.output, 0, "web", 0, 0, &err), 0);
	write_lines(&scene, 10);
	log_archive_next(scene.archive, take_line, &scene);
	assert_int_equal(scene.next, 10);
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_heard_of_stays),
		cmocka_unit_test(test_what_is_gone_is_counted),
		cmocka_unit_test(test_steps_within_a_record),
		cmocka_unit_test(test_file_that_is_removed),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_mark_before_there_is_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
