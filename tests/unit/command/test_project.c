/* SPDX-License-Identifier: MIT */
/* One project runs once: its name, its lock, and what is said of the other one. */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/project.h"
#include "tests/lib/children.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct place {
	char *root, *stack, *socket;
	struct cli_context context;
	int before; /* the folder the test was started in */
};

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

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->root = children_make_folder();
	assert_true(asprintf(&place->stack, "%s/Shop Floor", place->root) > 0);
	assert_true(asprintf(&place->socket, "%s/control.sock", place->root) > 0);
	assert_int_equal(mkdir(place->stack, 0700), 0);
	write_file(place->stack, "compose.yaml", "services: {web: {command: sleep 1}}\n");
	setenv("XDG_STATE_HOME", place->root, 1);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("COMPOSE_PROJECT_NAME");
	strmap_init(&place->context.environment);
	place->before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(chdir(place->stack), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	assert_int_equal(fchdir(place->before), 0);
	close(place->before);
	strmap_finish(&place->context.environment);
	children_remove_folder(place->root);
	free(place->stack);
	free(place->socket);
	free(place);
	return 0;
}

static void test_name(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project project;

	project_init(&project);
	assert_int_equal(project_load(&project, &place->context, &err), 0);
	assert_string_equal(project.name, "shopfloor");
	project_finish(&project);
	/* -p needs no stack file. */
	write_file(place->stack, "compose.yaml", "services: [");
	place->context.globals.project = "Other One";
	assert_int_equal(project_find(&project, &place->context, &err), 0);
	assert_string_equal(project.name, "otherone");
	assert_null(project.stack);
	project_finish(&project);
	place->context.globals.project = "!!";
	assert_true(project_find(&project, &place->context, &err) < 0);
	assert_int_equal(err.code, ERR_USAGE);
	err_finish(&err);
	project_finish(&project);
}

static void test_runs_once(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project first, second;
	char *message;

	project_init(&first);
	project_init(&second);
	assert_int_equal(project_load(&first, &place->context, &err), 0);
	assert_int_equal(project_load(&second, &place->context, &err), 0);
	assert_false(project_is_running(&first));
	assert_int_equal(project_lock(&first, place->socket, &err), 0);
	assert_true(project_is_running(&second));
	assert_true(project_lock(&second, place->socket, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_true(asprintf(&message, "project 'shopfloor' is already running from %s", place->stack) > 0);
	assert_string_equal(err.items[0].message, message);
	err_finish(&err);
	err_init(&err);
	project_finish(&first);
	assert_false(project_is_running(&second));
	assert_int_equal(project_lock(&second, place->socket, &err), 0);
	project_finish(&second);
	free(message);
}

/* A stack must be taken down whatever has become of its file since. */
static void test_broken_file_of_a_running_stack(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project running, found;

	project_init(&running);
	project_init(&found);
	assert_int_equal(project_load(&running, &place->context, &err), 0);
	assert_int_equal(project_lock(&running, place->socket, &err), 0);
	write_file(place->stack, "compose.yaml", "services: [");
	assert_int_equal(project_find(&found, &place->context, &err), 0);
	assert_string_equal(found.name, "shopfloor");
	project_finish(&found);
	/* Nothing runs: then what is wrong with the file is what a person must know. */
	project_finish(&running);
	assert_true(project_find(&found, &place->context, &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	err_finish(&err);
	project_finish(&found);
}

/* What looks at the lock must not keep another from taking it, nor be taken for a running stack. */
static void test_lookers_do_not_disturb(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project one, other;

	project_init(&one);
	project_init(&other);
	assert_int_equal(project_load(&one, &place->context, &err), 0);
	assert_int_equal(project_load(&other, &place->context, &err), 0);
	assert_int_equal(project_lock(&one, place->socket, &err), 0);
	assert_int_equal(flock(one.lock_fd, LOCK_SH), 0); /* as project_is_running holds it for a moment */
	assert_false(project_is_running(&other));
	project_finish(&one);
	project_finish(&other);
}

static void test_state_folder_of_others(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project project;

	project_init(&project);
	assert_int_equal(project_load(&project, &place->context, &err), 0);
	assert_int_equal(project_lock(&project, place->socket, &err), 0);
	close(project.lock_fd);
	project.lock_fd = -1;
	assert_int_equal(chmod(project.state_dir, 0777), 0);
	assert_true(project_lock(&project, place->socket, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
	project_finish(&project);
}

/* The marker tells a project's strays in a later run: it may depend on nothing that changes between two. */
static void test_marker(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project one, other;
	char *first, *second, *third;

	project_init(&one);
	project_init(&other);
	assert_int_equal(project_load(&one, &place->context, &err), 0);
	first = project_marker(&one);
	second = project_marker(&one);
	place->context.globals.project = "other";
	assert_int_equal(project_load(&other, &place->context, &err), 0);
	third = project_marker(&other);
	assert_string_equal(first, second);
	assert_string_not_equal(first, third);
	assert_null(strchr(first, '/'));
	free(first);
	free(second);
	free(third);
	project_finish(&one);
	project_finish(&other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_name),
		TEST(test_runs_once),
		TEST(test_broken_file_of_a_running_stack),
		TEST(test_lookers_do_not_disturb),
		TEST(test_state_folder_of_others),
		TEST(test_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
