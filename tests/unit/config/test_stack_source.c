/* SPDX-License-Identifier: MIT */
/* Which files make the stack: the search and whom it trusts, -f, COMPOSE_FILE, .env, standard input. */
#include "config/stack_source.h"

#include "config/pool.h"
#include "config/stack.h"
#include "tests/lib/stack_text.h"
#include "tests/lib/world.h"
#include "tests/lib/skip.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STRANGER 54321

static const char one_service[] = "services: {w: {command: x}}\n";

/* The files found from <stack>/<from>, without the world's folder, or the error. Valid until the next call. */
static const char *found_with(const struct world *world, const char *from, struct stack_options options)
{
	static char shown[4096];
	struct stack_source *source = NULL;
	struct err err = ERR_INIT;
	size_t used = 0;

	options.directory = world_path(world, from);
	options.environment = &world->environment;
	if (stack_source_open(&options, &source, &err) < 0) {
		char *errors = err_render(&err, "upfront");

		assert_int_equal(err.code, ERR_CONFIG);
		snprintf(shown, sizeof(shown), "%s", errors);
		free(errors);
	}
	for (size_t i = 0; source && i < source->given_count; i++) {
		const char *path = source->given[i]->path;

		if (strncmp(path, world->stack, strlen(world->stack)) == 0)
			path += strlen(world->stack) + 1;
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%s", i ? " " : "", path);
	}
	err_finish(&err);
	stack_source_destroy(source);
	return shown;
}

static const char *found(const struct world *world, const char *from)
{
	return found_with(world, from, (struct stack_options){.files = NULL});
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("wanted '%s', found:\n%s", part, text);
}

static void make_folder(const struct world *world, const char *name)
{
	assert_int_equal(mkdir(world_path(world, name), 0700), 0);
}

static void test_order_of_names(void **state)
{
	/* From the last that is looked for to the first: each wins over those before it. */
	static const char *const names[] = {"Procfile",    "docker-compose.yml", "docker-compose.yaml",
					    "compose.yml", "compose.yaml",       "upfront.yaml"};
	struct world *world = *state;

	assert_holds(found(world, "."),
		     "no stack file: looked for upfront.yaml, compose.yaml, compose.yml, docker-compose.yaml, "
		     "docker-compose.yml and Procfile in ");
	assert_holds(found(world, "."),
		     "describe your services in a compose.yaml here, or name another file with -f FILE");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		world_write(world, names[i], i == 0 ? "web: x\n" : one_service);
		assert_string_equal(found(world, "."), names[i]);
	}
}

static void test_override_files(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.override.yaml", one_service);
	world_write(world, "compose.yaml", one_service);
	assert_string_equal(found(world, "."), "compose.yaml compose.override.yaml");
	/* upfront.yaml stands alone. */
	world_write(world, "upfront.yaml", one_service);
	assert_string_equal(found(world, "."), "upfront.yaml");
}

static void test_search_upwards(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", one_service);
	make_folder(world, "a");
	make_folder(world, "a/b");
	assert_string_equal(found(world, "a/b"), "compose.yaml");
	/* The nearest wins, whatever its name. */
	world_write(world, "a/Procfile", "web: x\n");
	assert_string_equal(found(world, "a/b"), "a/Procfile");
}

static void test_search_ends_at_home(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", one_service);
	make_folder(world, "home");
	make_folder(world, "home/a");
	world_setenv(world, "HOME", world_path(world, "home"));
	assert_holds(found(world, "home/a"), "home, where the search ends: it is the home folder");
	assert_holds(found(world, "home"), "no stack file");
	world_write(world, "home/compose.yaml", one_service);
	assert_string_equal(found(world, "home/a"), "home/compose.yaml");
}

static void test_search_ends_at_another_file_system(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = "/proc/self", .environment = &world->environment};
	struct stack_source *source = NULL;
	struct err err = ERR_INIT;

	assert_int_not_equal(stack_source_open(&options, &source, &err), 0);
	assert_holds(err.items[0].message, "above it lies another file system");
	err_finish(&err);
}

static void test_writable_for_everybody(void **state)
{
	struct world *world = *state;

	world_write(world, "open/compose.yaml", one_service);
	make_folder(world, "open/a");
	assert_string_equal(found(world, "open/a"), "open/compose.yaml");

	assert_int_equal(chmod(world_path(world, "open/compose.yaml"), 0666), 0);
	assert_holds(found(world, "open/a"),
		     "open/compose.yaml lies above the current folder and is not used: everybody may write to it");
	assert_holds(found(world, "open/a"), "upfront -f ");
	/* In the current folder the person has gone there; and -f names it. */
	assert_string_equal(found(world, "open"), "open/compose.yaml");
	assert_string_equal(found_with(world, "open/a",
				       (struct stack_options){.files = (const char *const[]){"../compose.yaml", NULL}}),
			    "open/compose.yaml");

	assert_int_equal(chmod(world_path(world, "open/compose.yaml"), 0600), 0);
	assert_int_equal(chmod(world_path(world, "open"), 0777), 0);
	assert_holds(found(world, "open/a"), "is not used: of its folder, everybody may write to it");
	/* The search ends there, also when the folder holds nothing. */
	assert_int_equal(unlink(world_path(world, "open/compose.yaml")), 0);
	world_write(world, "compose.yaml", one_service);
	assert_holds(found(world, "open/a"), "open, where the search ends: everybody may write to it");

	assert_int_equal(chmod(world_path(world, "open"), 0755), 0);
	assert_string_equal(found(world, "open/a"), "compose.yaml");
	/* The .env beside it is read as well. */
	world_write(world, ".env", "A=1\n");
	assert_int_equal(chmod(world_path(world, ".env"), 0666), 0);
	assert_holds(found(world, "open/a"), ".env lies above the current folder and is not used");
}

static void test_strangers(void **state)
{
	struct world *world = *state;
	char uid[16];

	if (geteuid() != 0)
		skip_because("only root can give a file away");
	world_write(world, "theirs/compose.yaml", one_service);
	make_folder(world, "theirs/a");
	assert_int_equal(chown(world_path(world, "theirs/compose.yaml"), STRANGER, STRANGER), 0);
	assert_holds(found(world, "theirs/a"), "is not used: it belongs to user 54321");
	assert_int_equal(chown(world_path(world, "theirs"), STRANGER, STRANGER), 0);
	assert_holds(found(world, "theirs/a"), "is not used: of its folder, it belongs to user 54321");
	snprintf(uid, sizeof(uid), "%d", STRANGER);
	world_setenv(world, "SUDO_UID", uid);
	assert_string_equal(found(world, "theirs/a"), "theirs/compose.yaml");
	world_setenv(world, "SUDO_UID", "54321x");
	assert_holds(found(world, "theirs/a"), "it belongs to user 54321");
	/* A link is judged by what it leads to. */
	world_write(world, "target.yaml", one_service);
	make_folder(world, "ours");
	make_folder(world, "ours/a");
	assert_int_equal(symlink("../target.yaml", world_path(world, "ours/compose.yaml")), 0);
	assert_string_equal(found(world, "ours/a"), "ours/compose.yaml");
	assert_int_equal(chown(world_path(world, "target.yaml"), STRANGER, STRANGER), 0);
	assert_holds(found(world, "ours/a"), "it leads to a file of user 54321");
}

static void test_named_files(void **state)
{
	struct world *world = *state;
	const char *const two[] = {"sub/x.yaml", "y.yaml", NULL};

	world_write(world, "sub/x.yaml", one_service);
	world_write(world, "y.yaml", one_service);
	world_write(world, "compose.yaml", one_service);
	assert_string_equal(found_with(world, ".", (struct stack_options){.files = two}), "sub/x.yaml y.yaml");
	world_setenv(world, "COMPOSE_FILE", "y.yaml:sub/x.yaml");
	assert_string_equal(found(world, "."), "y.yaml sub/x.yaml");
	assert_string_equal(found_with(world, ".", (struct stack_options){.files = two}), "sub/x.yaml y.yaml");
	world_setenv(world, "COMPOSE_FILE", "y.yaml;sub/x.yaml");
	world_setenv(world, "COMPOSE_PATH_SEPARATOR", ";");
	assert_string_equal(found(world, "."), "y.yaml sub/x.yaml");
	world_setenv(world, "COMPOSE_FILE", NULL);
	world_write(world, ".env", "COMPOSE_FILE=y.yaml\n");
	assert_string_equal(found(world, "."), "y.yaml");
	assert_holds(found_with(world, ".", (struct stack_options){.files = (const char *const[]){"gone.yaml", NULL}}),
		     "upfront: cannot read gone.yaml: No such file or directory");
	assert_holds(found_with(world, ".", (struct stack_options){.files = (const char *const[]){"sub", NULL}}),
		     "cannot read sub: ");
	assert_holds(found(world, "nowhere"), "cannot enter ");
}

static void test_bad_content(void **state)
{
	struct world *world = *state;
	size_t size = 5u << 20;
	char *large = malloc(size);

	assert_non_null(large);
	memset(large, '#', size);
	world_write_bytes(world, "compose.yaml", large, size);
	assert_holds(found(world, "."), "compose.yaml: it is larger than 4 MB");
	free(large);
	world_write_bytes(world, "compose.yaml", "a\0b\xff\xfe", 5);
	assert_holds(found(world, "."), "upfront: compose.yaml:");
	world_write(world, "compose.yaml", "");
	assert_holds(found(world, "."), "compose.yaml:1:1: the file is empty");
}

/* Resolves and gives the first word of the command of `w`. */
static void assert_command(const struct world *world, struct stack_options options, const char *wanted)
{
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;
	char *errors;

	options.directory = world->stack;
	options.environment = &world->environment;
	if (stack_source_open(&options, &source, &err) == 0)
		stack_resolve(source, NULL, &stack, &err);
	errors = err_render(&err, "upfront");
	assert_string_equal(stack ? stack->services[0].argv[0] : errors, wanted);
	free(errors);
	err_finish(&err);
	stack_destroy(stack);
	stack_source_destroy(source);
}

static void test_variables_of_env_files(void **state)
{
	struct world *world = *state;
	const char *const sub[] = {"sub/compose.yaml", NULL};
	const char *const env_files[] = {"one.env", "two.env", NULL};
	const char *const missing[] = {"gone.env", NULL};

	world_write(world, "compose.yaml", "services: {w: {command: '${V:-none}'}}\n");
	assert_command(world, (struct stack_options){.files = NULL}, "none");
	world_write(world, ".env", "V=dotenv\n");
	assert_command(world, (struct stack_options){.files = NULL}, "dotenv");
	/* Beside the first file, not where we stand. */
	world_write(world, "sub/compose.yaml", "services: {w: {command: '${V:-none}'}}\n");
	assert_command(world, (struct stack_options){.files = sub}, "none");
	world_write(world, "sub/.env", "V=sub\n");
	assert_command(world, (struct stack_options){.files = sub}, "sub");
	/* --env-file instead, later over earlier. */
	world_write(world, "one.env", "V=one\n");
	world_write(world, "two.env", "V=two\n");
	assert_command(world, (struct stack_options){.env_files = env_files}, "two");
	assert_command(world, (struct stack_options){.env_files = missing},
		       "upfront: cannot read gone.env: No such file or directory\n");
	/* The environment wins over all of them. */
	world_setenv(world, "V", "shell");
	assert_command(world, (struct stack_options){.env_files = env_files}, "shell");
	/* What is wrong in a .env is told with its place. */
	world_write(world, ".env", "A=1\nV='open\n");
	assert_holds(found(world, "."), "env:2:");
}

static void test_env_file_of_a_service(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = world->stack, .environment = &world->environment};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;
	const struct strmap *environment;

	world_setenv(world, "SHELL_VALUE", "s");
	world_write(world, "compose.yaml",
		    "services:\n"
		    "  w:\n"
		    "    command: x\n"
		    "    env_file: [a.env, {path: b.env}, {path: gone.env, required: false}, {path: raw.env, format: "
		    "raw}]\n"
		    "    environment: {C: env, D: }\n");
	world_write(world, "a.env", "A=a\nB=a\nC=a\nD=a\nQ='x y'\nV=${SHELL_VALUE}${A}\n");
	world_write(world, "b.env", "B=b\n");
	world_write(world, "raw.env", "# comment\r\nR='x $A'\r\n\n");
	assert_int_equal(stack_source_open(&options, &source, &err), 0);
	assert_int_equal(stack_resolve(source, NULL, &stack, &err), 0);
	environment = &stack->services[0].environment;
	assert_string_equal(strmap_find(environment, "A"), "a");
	assert_string_equal(strmap_find(environment, "B"), "b");
	assert_string_equal(strmap_find(environment, "C"), "env");
	/* Named without a value that anybody has: the service does without. */
	assert_true(strmap_has(environment, "D"));
	assert_null(strmap_find(environment, "D"));
	assert_string_equal(strmap_find(environment, "Q"), "x y");
	assert_string_equal(strmap_find(environment, "V"), "sa");
	assert_string_equal(strmap_find(environment, "R"), "'x $A'");
	stack_destroy(stack);
	stack_source_destroy(source);
}

/* What a variable of an env_file means: files before it, then the environment, then .env, then the file itself. */
static void test_variables_between_env_files(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = world->stack, .environment = &world->environment};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;

	world_setenv(world, "SHELL_VALUE", "s");
	world_write(world, ".env", "DOT=dot\nBOTH=dot\n");
	world_write(world, "compose.yaml",
		    "services:\n"
		    "  a: {command: x, env_file: [a.env, b.env]}\n"
		    "  b: {command: x, env_file: [b.env, a.env]}\n"
		    "  c: {command: x, env_file: [{path: gone.env, required: false}, b.env]}\n");
	world_write(world, "a.env", "SHELL_VALUE=a\nBOTH=a\nOWN=a\nFROM_SHELL=$SHELL_VALUE\nFROM_OWN=$OWN\n");
	world_write(world, "b.env", "S=$SHELL_VALUE\nB=$BOTH\nD=$DOT\n");
	assert_int_equal(stack_source_open(&options, &source, &err), 0);
	assert_int_equal(stack_resolve(source, NULL, &stack, &err), 0);
	assert_string_equal(strmap_find(&stack->services[0].environment, "FROM_SHELL"), "s");
	assert_string_equal(strmap_find(&stack->services[0].environment, "FROM_OWN"), "a");
	assert_string_equal(strmap_find(&stack->services[0].environment, "S"), "a");
	assert_string_equal(strmap_find(&stack->services[0].environment, "B"), "a");
	assert_string_equal(strmap_find(&stack->services[0].environment, "D"), "dot");
	/* The same file in another row. */
	assert_string_equal(strmap_find(&stack->services[1].environment, "S"), "s");
	assert_string_equal(strmap_find(&stack->services[1].environment, "B"), "dot");
	assert_string_equal(strmap_find(&stack->services[2].environment, "S"), "s");
	stack_destroy(stack);
	stack_source_destroy(source);
}

/* Files that name each other in ever new rows come to an end. */
static void test_rows_of_env_files_end(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = world->stack, .environment = &world->environment};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;
	const size_t value_bytes = 900 * 1024;
	char *value = malloc(value_bytes + 8), yaml[2048];
	size_t length;

	memset(value, 'v', value_bytes + 7);
	memcpy(value, "A=", 2);
	value[value_bytes + 7] = '\0';
	world_write(world, "a.env", value);
	free(value);
	length = (size_t)snprintf(yaml, sizeof(yaml), "services: {a: {command: x, env_file: [a.env");
	for (int i = 0; i < 100; i++)
		length += (size_t)snprintf(yaml + length, sizeof(yaml) - length, ", a.env");
	snprintf(yaml + length, sizeof(yaml) - length, "]}}\n");
	world_write(world, "compose.yaml", yaml);
	assert_int_equal(stack_source_open(&options, &source, &err), 0);
	assert_int_equal(stack_resolve(source, NULL, &stack, &err), -EINVAL);
	assert_non_null(strstr(err.items[0].message, "the env_files of all services hold more than 64 MB"));
	err_finish(&err);
	stack_source_destroy(source);
}

static void test_procfile(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = world->stack, .environment = &world->environment};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;

	world_write(world, "Procfile", "web: serve $PORT ${MISSING}\nwork: loop\n");
	world_write(world, ".env", "FROM=dotenv\nPORT=1\n");
	assert_int_equal(stack_source_open(&options, &source, &err), 0);
	assert_int_equal(stack_resolve(source, NULL, &stack, &err), 0);
	assert_true(stack->services[0].shell);
	assert_string_equal(stack->services[0].argv[0], "/bin/sh");
	assert_string_equal(stack->services[0].argv[2], "serve $PORT ${MISSING}");
	assert_string_equal(stack->services[0].working_dir, stack->dir);
	assert_string_equal(strmap_find(&stack->services[1].environment, "FROM"), "dotenv");
	assert_string_equal(strmap_find(&stack->services[1].environment, "PORT"), "5100");
	assert_false(err_is_set(&stack->warnings));
	stack_destroy(stack);
	stack_source_destroy(source);
}

static void test_standard_input(void **state)
{
	struct world *world = *state;
	const char *const files[] = {"-", NULL};
	int keep = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "services: {w: {command: piped}}", 31), 31);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	assert_command(world, (struct stack_options){.files = files}, "piped");
	/* The second time there is nothing left. */
	assert_command(world, (struct stack_options){.files = files},
		       "upfront: standard input:1:1: the file is empty: wanted a map with 'services'\n");
	if (keep >= 0) {
		dup2(keep, STDIN_FILENO);
		close(keep);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *dir, *path, *joined;
	} cases[] = {
		{"/a/b", "c", "/a/b/c"},    {"/a/b", "./c", "/a/b/c"},
		{"/a/b", "../c", "/a/c"},   {"/a/b", "../../../c", "/c"},
		{"/a/b", "/c//d/", "/c/d"}, {"/a/b", ".", "/a/b"},
		{"/", "c", "/c"},           {"/", "..", "/"},
		{"/a", "~/c", "/home/u/c"}, {"/a", "~", "/home/u"},
		{"/a", "~c", "/a/~c"},      {"/a", "..c/.d", "/a/..c/.d"},
		{"/a", "", "/a"},
	};
	struct pool *pool = pool_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(stack_path_join(pool, cases[i].dir, cases[i].path, "/home/u"), cases[i].joined);
	pool_destroy(pool);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_order_of_names),
		IN_WORLD(test_override_files),
		IN_WORLD(test_search_upwards),
		IN_WORLD(test_search_ends_at_home),
		IN_WORLD(test_search_ends_at_another_file_system),
		IN_WORLD(test_writable_for_everybody),
		IN_WORLD(test_strangers),
		IN_WORLD(test_named_files),
		IN_WORLD(test_bad_content),
		IN_WORLD(test_variables_of_env_files),
		IN_WORLD(test_env_file_of_a_service),
		IN_WORLD(test_variables_between_env_files),
		IN_WORLD(test_rows_of_env_files_end),
		IN_WORLD(test_procfile),
		IN_WORLD(test_standard_input),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
