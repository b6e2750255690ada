/* SPDX-License-Identifier: MIT */
/*
 * What lies in the place of upfront's own folders and files - a link, a second name, a pipe, another's file, an open folder - is
 * refused by name, and what it leads to keeps its bytes and its mode.
 */
#include "tests/lib/run.h"
#include "tests/lib/skip.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define VICTIM "all that is dear\n"
#define FOLDER_MODE (S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)

static const char stack_text[] = "services: {one: {command: 'true'}}\n";

enum trick { SYMLINK, DANGLING, HARD_LINK, FIFO, FOLDER, FOREIGN, OPEN_FOLDER, LINKED_FOLDER, FOREIGN_FOLDER };

static const struct {
	const char *name; /* below the folder of the state */
	enum trick trick;
	const char *says;
} cases[] = {
	{"stack/lock", SYMLINK, "it is a symbolic link"},
	{"stack/lock", DANGLING, "it is a symbolic link"},
	{"stack/lock", HARD_LINK, "it has a second name"},
	{"stack/lock", FIFO, "it is not a regular file"},
	{"stack/lock", FOLDER, "it is not a regular file"},
	{"stack/lock", FOREIGN, "it belongs to somebody else"},
	{"stack/folder", SYMLINK, "it is a symbolic link"},
	{"stack/socket", HARD_LINK, "it has a second name"},
	{"stack/running", SYMLINK, "it is a symbolic link"},
	{"stack/running", FIFO, "it is not a regular file"},
	{"stack/last-end", SYMLINK, "it is a symbolic link"},
	{"stack/logs/index", SYMLINK, "it is a symbolic link"},
	{"stack/logs/one.log", SYMLINK, "it is a symbolic link"},
	{"stack/logs/one.log", HARD_LINK, "it has a second name"},
	{"stack/logs/one.log", FIFO, "it is not a regular file"},
	{"stack/logs/one.log", FOREIGN, "it belongs to somebody else"},
	{"stack/logs", LINKED_FOLDER, "it is a symbolic link"},
	{"stack/logs", OPEN_FOLDER, "others may write to it"},
	{"stack/logs", FOREIGN_FOLDER, "it belongs to"},
	{"stack", LINKED_FOLDER, "it is a symbolic link"},
	{"stack", OPEN_FOLDER, "others may write to it"},
	{"stack", FOREIGN_FOLDER, "it belongs to"},
	{"", LINKED_FOLDER, "it is a symbolic link"},
	{"", OPEN_FOLDER, "others may write to it"},
	{"", FOREIGN_FOLDER, "it belongs to"},
};

/* All folders above `path`, as upfront would have made them. */
static void make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, S_IRWXU);
		*at = '/';
	}
}

static void play(enum trick trick, const char *path, const char *victim, const char *elsewhere)
{
	switch (trick) {
	case SYMLINK:
		assert_int_equal(symlink(victim, path), 0);
		break;
	case DANGLING:
		assert_int_equal(symlink("/nowhere/at/all", path), 0);
		break;
	case HARD_LINK:
		assert_int_equal(link(victim, path), 0);
		break;
	case FIFO:
		assert_int_equal(mkfifo(path, S_IRUSR | S_IWUSR), 0);
		break;
	case FOREIGN: {
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		fputs(VICTIM, file);
		fclose(file);
		assert_int_equal(chown(path, 65534, 65534), 0);
		break;
	}
	case FOLDER:
	case OPEN_FOLDER:
	case FOREIGN_FOLDER:
		assert_int_equal(mkdir(path, FOLDER_MODE), 0);
		if (trick == OPEN_FOLDER)
			assert_int_equal(chmod(path, FOLDER_MODE | S_IWOTH), 0);
		if (trick == FOREIGN_FOLDER)
			assert_int_equal(chown(path, 65534, 65534), 0);
		break;
	case LINKED_FOLDER:
		assert_int_equal(mkdir(elsewhere, FOLDER_MODE), 0);
		assert_int_equal(symlink(elsewhere, path), 0);
		break;
	}
}

static void assert_untouched(const struct world *world, const char *victim, const char *elsewhere)
{
	struct stat status;
	char *text = world_read(world, "victim");

	assert_string_equal(text, VICTIM);
	free(text);
	assert_int_equal(stat(victim, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	/* Nothing was made through a linked folder: it can be removed as it is. */
	if (access(elsewhere, F_OK) == 0)
		assert_int_equal(rmdir(elsewhere), 0);
}

static void check_case(size_t index)
{
	struct world world;
	struct run run;
	char *path = NULL, *victim, *elsewhere;

	world_begin(&world);
	world_write(&world, "compose.yaml", stack_text);
	world_write(&world, "victim", VICTIM);
	victim = strdup(world_path(&world, "victim"));
	elsewhere = strdup(world_path(&world, "elsewhere"));
	assert_int_equal(chmod(victim, 0640), 0);
	assert_true(asprintf(&path, "%s%s%s", world.state, *cases[index].name ? "/" : "", cases[index].name) > 0);
	make_folders(path);
	play(cases[index].trick, path, victim, elsewhere);
	run_upfront(&run, &world, "up", NULL);
	if (run.code != 4 || strstr(run.err.bytes, cases[index].says) == NULL)
		fail_msg("%s, trick %d: exit %d\n%s", cases[index].name, (int)cases[index].trick, run.code,
			 run.err.bytes);
	run_assert_one_error(&run);
	run_finish(&run);
	assert_untouched(&world, victim, elsewhere);
	/* A pipe or link in the way holds up nobody who only looks, either. */
	run_upfront(&run, &world, "ps", NULL);
	assert_true(run.code == 6 || run.code == 4);
	run_finish(&run);
	assert_untouched(&world, victim, elsewhere);
	unlink(path);
	free(path);
	free(victim);
	free(elsewhere);
	world_end(&world);
}

static void test_tricks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (geteuid() != 0 && (cases[i].trick == FOREIGN || cases[i].trick == FOREIGN_FOLDER))
			continue;
		check_case(i);
	}
}

/* `sudo upfront up` with the home of whoever called it: what root makes there, its owner could turn into anything. */
static void test_root_in_the_folder_of_another(void **state)
{
	const struct world *world = *state;
	struct run run;
	struct stat status;
	char *home = NULL;

	if (geteuid() != 0)
		skip_because("only root has folders of others to stand in");
	world_write(world, "compose.yaml", stack_text);
	assert_true(asprintf(&home, "%s/home-of-another", world->dir) > 0);
	assert_int_equal(mkdir(home, FOLDER_MODE), 0);
	assert_int_equal(chown(home, 65534, 65534), 0);
	world_setenv(*state, "XDG_STATE_HOME", NULL);
	world_setenv(*state, "HOME", home);
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "it belongs to");
	run_assert_says(&run, "XDG_STATE_HOME");
	run_finish(&run);
	assert_int_equal(stat(home, &status), 0);
	assert_int_equal(status.st_nlink, 2);
	free(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tricks),
		cmocka_unit_test_setup_teardown(test_root_in_the_folder_of_another, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
