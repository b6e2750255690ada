/* SPDX-License-Identifier: MIT */
/* Stack files that cannot work: each ends at once with one clear error and its exit code, and starts nothing. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct bad {
	const char *what;
	const char *text; /* compose.yaml */
	int code;
	const char *says[3]; /* all of them on stderr */
};

#define ALIVE "services: {ok: {command: sleep 1000}}\n"

static const struct bad files[] = {
	{"empty", "", 3, {"compose.yaml"}},
	{"no services", "name: x\n", 3, {"compose.yaml", "services"}},
	{"a list", "[1, 2]\n", 3, {"compose.yaml:1:1"}},
	{"broken YAML", "services:\n  web: {command: [a\n", 3, {"compose.yaml:"}},
	{"not UTF-8", "services:\n  web: {command: \"\xff\xfe\"}\n", 3, {"compose.yaml"}},
	{"duplicate key", "services:\n  web: {command: a}\n  web: {command: b}\n", 3, {"compose.yaml:3:3", "web"}},
	{"unknown key",
	 "services:\n  web:\n    restrat: always\n    command: sleep 1\n",
	 3,
	 {"compose.yaml:3:5", "restrat", "'restart'"}},
	{"unknown restart policy",
	 "services:\n  web:\n    command: sleep 1\n    restart: alwyas\n",
	 3,
	 {"compose.yaml:4:", "alwyas", "'always'"}},
	{"bad duration",
	 "services:\n  web:\n    command: sleep 1\n    stop_grace_period: 10parsecs\n",
	 3,
	 {"compose.yaml:4:", "10parsecs"}},
	{"port out of range",
	 "services:\n  web:\n    command: sleep 1\n    ports: ['70000:80']\n",
	 3,
	 {"compose.yaml:4:", "70000"}},
	{"unknown dependency",
	 "services:\n  web: {command: sleep 1, depends_on: [databse]}\n  database: {command: sleep 1}\n",
	 3,
	 {"compose.yaml:2:", "databse", "'database'"}},
	{"dependency cycle",
	 "services:\n  a: {command: sleep 1, depends_on: [b]}\n  b: {command: sleep 1, depends_on: [a]}\n",
	 3,
	 {"a -> b -> a"}},
	{"depends on itself",
	 "services:\n  a: {command: sleep 1, depends_on: [a]}\n",
	 3,
	 {"compose.yaml:2:", "depends on itself"}},
	{"cyclic alias", "services: &s\n  web: *s\n", 3, {"compose.yaml:2:"}},
	{"undefined alias", "services:\n  web: *nowhere\n", 3, {"compose.yaml:2:", "nowhere"}},
	{"required variable",
	 "services:\n  web: {command: '${NEEDED:?set it first}'}\n",
	 3,
	 {"NEEDED", "set it first"}},
	{"bad expression", "services:\n  web: {command: '${}'}\n", 3, {"compose.yaml:2:"}},
	{"no regular expression",
	 "services:\n  web: {command: sleep 1, x-upfront: {ready: {log: '('}}}\n",
	 3,
	 {"compose.yaml:2:"}},
	{"several at once",
	 "services:\n  a: {command: sleep 1, restart: x}\n  b: {command: sleep 1, restart: y}\n",
	 3,
	 {"compose.yaml:2:", "compose.yaml:3:"}},
	{"command not found", "services:\n  web: {command: no-such-program --flag}\n", 4, {"no-such-program", "web"}},
	{"not executable", "services:\n  web: {command: ./compose.yaml}\n", 4, {"compose.yaml", "web", "ermission"}},
	{"no working folder", "services:\n  web: {command: sleep 1, working_dir: nowhere}\n", 4, {"nowhere", "web"}},
	{"no such user", "services:\n  web: {command: sleep 1, user: no-such-user}\n", 4, {"no-such-user", "web"}},
};

/* One line for each thing that is wrong, no signal, nothing running, no dump. */
static void assert_refused(const struct run *run, const struct world *world, int code, const char *const *says)
{
	run_assert_code(run, code);
	for (size_t i = 0; i < 3 && says[i] != NULL; i++)
		run_assert_says(run, says[i]);
	assert_int_equal(strncmp(run->err.bytes, "upfront: ", 9), 0);
	run_assert_silent(run, "AddressSanitizer");
	world_wait_gone(world, "", 2000);
	assert_int_equal(world_sockets(world), 0);
}

static void test_stack_files(void **state)
{
	const struct world *world = *state;
	struct run run;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		print_message("%s\n", files[i].what);
		world_write(world, "compose.yaml", files[i].text);
		run_upfront(&run, world, "-q", "up", "-d", "--wait", "--wait-timeout", "20", NULL);
		assert_refused(&run, world, files[i].code, files[i].says);
		if (strcmp(files[i].what, "several at once") != 0)
			run_assert_one_error(&run);
		run_finish(&run);
	}
}

/* What `up` finds wrong with a file, `config` finds too, without starting anything. */
static void test_config_agrees(void **state)
{
	const struct world *world = *state;
	struct run run;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		world_write(world, "compose.yaml", files[i].text);
		run_upfront(&run, world, "config", "--quiet", NULL);
		run_assert_code(&run, files[i].code == 3 ? 3 : 0);
		assert_int_equal(run.out.size_bytes, 0);
		run_finish(&run);
	}
}

static void refuse(const struct world *world, int code, const char *says)
{
	const char *const all[3] = {says};
	struct run run;

	run_upfront(&run, world, "up", "-d", NULL);
	assert_refused(&run, world, code, all);
	run_assert_one_error(&run);
	assert_true(run.took_ms < 5000);
	run_finish(&run);
}

static void test_no_file_at_all(void **state)
{
	refuse(*state, 3, "compose.yaml");
}

static void test_a_file_nobody_may_read(void **state)
{
	const struct world *world = *state;

	if (geteuid() == 0)
		skip_because("root may read any file");
	world_write(world, "compose.yaml", ALIVE);
	chmod(world_path(world, "compose.yaml"), 0);
	refuse(world, 3, "ermission denied");
}

static void test_a_folder_in_its_place(void **state)
{
	const struct world *world = *state;

	mkdir(world_path(world, "compose.yaml"), 0755);
	refuse(world, 3, "compose.yaml");
}

static void test_binary(void **state)
{
	static const unsigned char bytes[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0xff, 0x00, 0x1b, '[', '2', 'J'};
	const struct world *world = *state;

	world_write_bytes(world, "compose.yaml", bytes, sizeof(bytes));
	refuse(world, 3, "compose.yaml");
}

/* 100 MB, mostly a hole: refused by its size, at once, without being read into memory. */
static void test_100_megabytes(void **state)
{
	const struct world *world = *state;

	world_write(world, "compose.yaml", ALIVE);
	assert_int_equal(truncate(world_path(world, "compose.yaml"), 100L << 20), 0);
	refuse(world, 3, "compose.yaml");
}

static void test_deep_nesting(void **state)
{
	enum { DEPTH = 20000 };
	const struct world *world = *state;
	char *text = malloc(2 * DEPTH + 32);
	size_t at;

	assert_non_null(text);
	at = (size_t)sprintf(text, "services: ");
	memset(text + at, '[', DEPTH);
	memset(text + at + DEPTH, ']', DEPTH);
	strcpy(text + at + 2 * DEPTH, "\n");
	world_write(world, "compose.yaml", text);
	free(text);
	refuse(world, 3, "compose.yaml:1:");
}

/* Ten lines that would become a thousand million nodes. */
static void test_nested_aliases(void **state)
{
	const struct world *world = *state;
	char text[2048];
	size_t at = (size_t)sprintf(text, "x-0: &a0 [lol]\n");

	for (int i = 1; i < 10; i++)
		at += (size_t)sprintf(text + at, "x-%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1,
				      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	sprintf(text + at, "x-all: *a9\n" ALIVE);
	world_write(world, "compose.yaml", text);
	refuse(world, 3, "compose.yaml");
}

/* A file further up that belongs to somebody else, or that anybody may write, is not obeyed. */
static void test_a_strangers_file_above(void **state)
{
	static const char *const argv[] = {"upfront", "up", "-d", NULL};
	const struct world *world = *state;
	const char *says[3] = {"-f"};
	struct run run;

	world_write(world, "compose.yaml", ALIVE);
	world_write(world, "below/deeper/here", "");
	if (geteuid() == 0)
		assert_int_equal(chown(world_path(world, "compose.yaml"), 65534, 65534), 0);
	else
		chmod(world_path(world, "compose.yaml"), 0666);
	run_command(&run, world, &(struct run_options){.argv = argv, .directory = world_path(world, "below/deeper")});
	assert_refused(&run, world, 3, says);
	run_finish(&run);
}

static void test_usage(void **state)
{
	static const struct {
		const char *argv[4];
		const char *says;
	} wrong[] = {{{"updog"}, "updog"},
		     {{"up", "--telemetri=off"}, "--telemetry"},
		     {{"up", "--telemetry=maybe"}, "maybe"},
		     {{"--wait-timeout", "soon"}, "soon"},
		     {{"ps", "--no-such"}, "--no-such"},
		     {{"up", "nobody"}, "nobody"}};
	const struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", ALIVE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		run_upfront(&run, world, wrong[i].argv[0], wrong[i].argv[1], wrong[i].argv[2], NULL);
		run_assert_code(&run, 2);
		run_assert_one_error(&run);
		run_assert_says(&run, wrong[i].says);
		run_finish(&run);
	}
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_stack_files),
		IN_WORLD(test_config_agrees),
		IN_WORLD(test_no_file_at_all),
		IN_WORLD(test_a_file_nobody_may_read),
		IN_WORLD(test_a_folder_in_its_place),
		IN_WORLD(test_binary),
		IN_WORLD(test_100_megabytes),
		IN_WORLD(test_deep_nesting),
		IN_WORLD(test_nested_aliases),
		IN_WORLD(test_a_strangers_file_above),
		IN_WORLD(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
