/* SPDX-License-Identifier: MIT */
/* A row of log files as one run of bytes: it grows, moves, loses its beginning, is emptied or replaced while it is looked at. */
#include "launcher/logs/text_file.h"
#include "tests/lib/children.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	char *folder;
	struct text_file file;
};

static char *path_of(const struct scene *self, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", self->folder, name) > 0);
	return path;
}

static void put(const struct scene *self, const char *name, const char *text, int flags)
{
	char *path = path_of(self, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	free(path);
}

static void move(const struct scene *self, const char *from, const char *to)
{
	char *source = path_of(self, from), *target = path_of(self, to);

	assert_int_equal(rename(source, target), 0);
	free(source);
	free(target);
}

static void remove_file(const struct scene *self, const char *name)
{
	char *path = path_of(self, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void scene_open(struct scene *self, size_t hold)
{
	*self = (struct scene){.folder = children_make_folder()};
	put(self, "web.log.2", "aaa\n", 0);
	put(self, "web.log.1", "bbbb\n", 0);
	put(self, "web.log", "cc\n", 0);
	assert_int_equal(text_file_init(&self->file, self->folder, "web", hold, 100), 0);
}

static void scene_close(struct scene *self)
{
	text_file_finish(&self->file);
	children_remove_folder(self->folder);
}

static void expect(struct scene *self, int64_t start, const char *wanted)
{
	char bytes[256];
	size_t size;

	assert_int_equal(text_file_start(&self->file), start);
	assert_int_equal(text_file_end(&self->file), start + (int64_t)strlen(wanted));
	size = text_file_read(&self->file, start, bytes, sizeof(bytes));
	assert_int_equal(size, strlen(wanted));
	assert_memory_equal(bytes, wanted, size);
	/* From any place, across the files. */
	for (size_t i = 0; i < strlen(wanted); i++) {
		size = text_file_read(&self->file, start + (int64_t)i, bytes, 7);
		assert_int_equal(size, strlen(wanted) - i < 7 ? strlen(wanted) - i : 7);
		assert_memory_equal(bytes, wanted + i, size);
	}
	assert_int_equal(text_file_read(&self->file, start - 1, bytes, 1), 0);
	assert_int_equal(text_file_read(&self->file, text_file_end(&self->file), bytes, 1), 0);
}

static void rotate(const struct scene *self)
{
	remove_file(self, "web.log.2");
	move(self, "web.log.1", "web.log.2");
	move(self, "web.log", "web.log.1");
	put(self, "web.log", "", O_EXCL);
}

static void test_grows_and_moves(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 0);
	expect(&scene, 0, "aaa\nbbbb\ncc\n");
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_SAME);
	put(&scene, "web.log", "dd\n", O_APPEND);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	expect(&scene, 0, "aaa\nbbbb\ncc\ndd\n");
	/* Written to just before it is moved. */
	put(&scene, "web.log", "last\n", O_APPEND);
	rotate(&scene);
	put(&scene, "web.log", "new\n", O_APPEND);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	expect(&scene, 4, "bbbb\ncc\ndd\nlast\nnew\n");
	/* Twice between two looks. */
	rotate(&scene);
	put(&scene, "web.log", "x\n", O_APPEND);
	rotate(&scene);
	put(&scene, "web.log", "y\n", O_APPEND);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	expect(&scene, 20, "new\nx\ny\n");
	scene_close(&scene);
}

static void test_more_rotations_than_files(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 0);
	for (int i = 0; i < 5; i++) {
		rotate(&scene);
		put(&scene, "web.log", "z\n", O_APPEND);
	}
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	/* What went by unseen has no places; no place is used twice. */
	expect(&scene, 12, "z\nz\nz\n");
	scene_close(&scene);
}

static void test_holds_what_is_rotated_away(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	rotate(&scene);
	(void)text_file_refresh(&scene.file);
	expect(&scene, 0, "aaa\nbbbb\ncc\n");
	rotate(&scene);
	(void)text_file_refresh(&scene.file);
	expect(&scene, 4, "bbbb\ncc\n");
	scene_close(&scene);
}

static void test_emptied_while_read(void **state)
{
	struct scene scene;
	char bytes[64];

	(void)state;
	scene_open(&scene, 0);
	put(&scene, "web.log", "", O_TRUNC);
	/* Not noticed yet: bytes that are gone are zero, and nobody is harmed. */
	assert_int_equal(text_file_read(&scene.file, 0, bytes, sizeof(bytes)), 12);
	assert_memory_equal(bytes, "aaa\nbbbb\n\0\0\0", 12);
	put(&scene, "web.log", "after\n", O_APPEND);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_ANEW);
	expect(&scene, 12, "aaa\nbbbb\nafter\n");
	scene_close(&scene);
}

static void test_replaced_and_removed(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 0);
	remove_file(&scene, "web.log");
	/* As in the middle of a rotation. */
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_SAME);
	expect(&scene, 0, "aaa\nbbbb\ncc\n");
	put(&scene, "web.log", "other\n", O_EXCL);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	assert_int_equal(text_file_end(&scene.file) - text_file_start(&scene.file) >= 6, 1);
	scene_close(&scene);
}

static void test_nothing_there(void **state)
{
	struct scene scene = {.folder = children_make_folder()};
	char *path = path_of(&scene, "web.log");

	(void)state;
	assert_int_equal(text_file_init(&scene.file, scene.folder, "web", 0, 5), 0);
	expect(&scene, 0, "");
	assert_int_equal(scene.file.error, 0);
	/* No log is a pipe, or what a link leads to. */
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)text_file_refresh(&scene.file);
	expect(&scene, 0, "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	(void)text_file_refresh(&scene.file);
	expect(&scene, 0, "");
	assert_int_not_equal(scene.file.error, 0);
	assert_int_equal(unlink(path), 0);
	put(&scene, "web.log", "first\n", O_EXCL);
	assert_int_equal(text_file_refresh(&scene.file), TEXT_FILE_GREW);
	expect(&scene, 0, "first\n");
	free(path);
	scene_close(&scene);
}

static void test_at_most_so_many(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, 0);
	text_file_finish(&scene.file);
	assert_int_equal(text_file_init(&scene.file, scene.folder, "web", 0, 2), 0);
	expect(&scene, 0, "bbbb\ncc\n");
	assert_int_equal(children_count_fds() > 0, 1);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_moves),
		cmocka_unit_test(test_more_rotations_than_files),
		cmocka_unit_test(test_holds_what_is_rotated_away),
		cmocka_unit_test(test_emptied_while_read),
		cmocka_unit_test(test_replaced_and_removed),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_at_most_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
