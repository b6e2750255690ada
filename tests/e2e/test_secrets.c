/* SPDX-License-Identifier: MIT */
/*
 * A secret's value - from .env, an env_file, the environment or the stack file itself - is given to the services and shown nowhere
 * else: not by config, the API, ps, an error, upfront's own files or its command lines; only config --show-secrets tells.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack_text[] =
	"name: shop\n"
	"x-upfront:\n"
	"  setup: [{key: LICENCE, ask: Licence, secret: true}]\n"
	"  open: http://user:in-the-url@127.0.0.1/?t=${API_TOKEN}\n"
	"services:\n"
	"  web:\n"
	"    command: sh -c 'test -n \"$$LICENCE\" -a -n \"$$FROM_FILE_KEY\" && exec sleep 1006'\n"
	"    env_file: extra.env\n"
	"    environment: {LICENCE: '${LICENCE}', API_TOKEN: null}\n"
	"    labels: {copy: 'of ${API_TOKEN}', file: in-env-file}\n"
	"    x-upfront: {open: 'http://127.0.0.1/?t=${API_TOKEN}'}\n";

static const char *const hidden[] = {"in-dotenv", "in-env-file", "in-the-environment", "in-the-url"};

static int secrets_setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack_text);
	world_write(world, ".env", "LICENCE=in-dotenv\n");
	world_write(world, "extra.env", "FROM_FILE_KEY=in-env-file\n");
	world_setenv(world, "API_TOKEN", "in-the-environment");
	return 0;
}

static void assert_hidden(const struct run *run)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		run_assert_silent(run, hidden[i]);
}

static void test_config(void **state)
{
	struct world *world = *state;
	struct run run;
	cJSON *json;
	char *first;

	run_upfront(&run, world, "config", NULL);
	run_assert_code(&run, 0);
	assert_hidden(&run);
	run_finish(&run);
	run_upfront(&run, world, "config", "--json", NULL);
	run_assert_code(&run, 0);
	assert_hidden(&run);
	json = cJSON_Parse(run.out.bytes);
	assert_non_null(json);
	cJSON_Delete(json);
	run_finish(&run);
	/* The truth is what can be run again. */
	run_upfront(&run, world, "config", "--show-secrets", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "t=in-the-environment"));
	first = strdup(run.out.bytes);
	world_write(world, "again/compose.yaml", first);
	world_write(world, "again/extra.env", "FROM_FILE_KEY=in-env-file\n");
	run_finish(&run);
	run_upfront(&run, world, "-f", "again/compose.yaml", "config", "--show-secrets", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, first);
	run_finish(&run);
	free(first);
}

static bool in_command_lines(const struct world *world, const char *text)
{
	pid_t pids[WORLD_PROCESSES_MAX];
	size_t count = world_processes(world, "", pids, WORLD_PROCESSES_MAX);
	bool found = false;

	for (size_t i = 0; i < count && !found; i++) {
		char path[64], line[4096];
		FILE *file;
		size_t size;

		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pids[i]);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		size = fread(line, 1, sizeof(line), file);
		fclose(file);
		found = memmem(line, size, text, strlen(text)) != NULL;
	}
	return found;
}

static void test_running(void **state)
{
	static const char *const commands[][4] = {
		{"ps", NULL}, {"ps", "--json", NULL}, {"graph", NULL}, {"logs", NULL}, {"telemetry", "status", NULL}};
	struct world *world = *state;
	struct run run;

	run_upfront(&run, world, "-v", "up", "-d", NULL);
	run_assert_code(&run, 0);
	assert_hidden(&run);
	run_finish(&run);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		run_upfront(&run, world, commands[i][0], commands[i][1], NULL);
		run_assert_code(&run, 0);
		assert_hidden(&run);
		run_finish(&run);
	}
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		assert_false(in_command_lines(world, hidden[i]));
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void test_failing(void **state)
{
	struct world *world = *state;
	struct run run;
	const char *told;

	world_write(world, "compose.yaml",
		    "name: shop\nservices: {web: {command: '/nowhere/${API_TOKEN}', working_dir: /tmp}}\n");
	run_upfront(&run, world, "up", NULL);
	assert_true(run.code != 0);
	run_assert_says(&run, "/nowhere/********");
	assert_hidden(&run);
	run_finish(&run);
	told = world_search(world, "last-end");
	if (told != NULL) {
		FILE *file = fopen(told, "re");
		char text[4096] = "";

		assert_non_null(file);
		assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
		fclose(file);
		assert_null(strstr(text, "in-the-environment"));
	}
}

#define SECRETS_TEST(function) cmocka_unit_test_setup_teardown(function, secrets_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SECRETS_TEST(test_config),
		SECRETS_TEST(test_running),
		SECRETS_TEST(test_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
