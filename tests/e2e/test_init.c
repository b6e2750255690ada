/* SPDX-License-Identifier: MIT */
/* `upfront init`: what it makes of a folder is a stack file that upfront takes, also with every setting in its comments taken; it overwrites nothing. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void init(const struct world *world, const char *says)
{
	struct run run;

	run_upfront(&run, world, "init", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, says);
	assert_string_equal(run.out.bytes, "");
	run_finish(&run);
}

/* What upfront reads of the file; the caller deletes. */
static cJSON *resolved(const struct world *world, const char *file)
{
	struct run run;
	cJSON *root;

	run_upfront(&run, world, "-f", file, "config", "--json", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.err.bytes, "");
	root = cJSON_Parse(run.out.bytes);
	assert_non_null(root);
	run_finish(&run);
	return root;
}

static const char *text_at(const cJSON *node, const char *first, const char *second, const char *third)
{
	node = cJSON_GetObjectItemCaseSensitive(node, first);
	node = cJSON_GetObjectItemCaseSensitive(node, second);
	node = third != NULL ? cJSON_GetObjectItemCaseSensitive(node, third) : node;
	return cJSON_GetStringValue(node);
}

/* "    # restart: no" is a setting, "    # What happens..." is none. */
static bool is_setting(const char *line)
{
	const char *key = line + strspn(line, " ");
	size_t size;

	if (strncmp(key, "# ", 2) != 0)
		return false;
	size = strspn(key + 2, "abcdefghijklmnopqrstuvwxyz_-");
	return size > 0 && strncmp(key + 2 + size, ": ", 2) == 0;
}

/* Takes every setting that stands in a comment; returns how many. */
static size_t take_settings(const struct world *world)
{
	char *text = world_read(world, "upfront.yaml"), *rest = NULL, *all = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&all, &size);

	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *hash = strstr(line, "# ");

		/* Other services and folders are not made up here. */
		if (is_setting(line) && strstr(line, "depends_on") == NULL && strstr(line, "working_dir") == NULL) {
			memmove(hash, hash + 2, strlen(hash + 2) + 1);
			count++;
		}
		fprintf(out, "%s\n", line);
	}
	fclose(out);
	world_write(world, "taken.yaml", all);
	free(all);
	free(text);
	return count;
}

static void test_an_example_where_there_is_nothing(void **state)
{
	const struct world *world = *state;
	struct run run;
	cJSON *root;

	init(world, "wrote upfront.yaml, an example with one service");
	root = resolved(world, "upfront.yaml");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "services")), 1);
	cJSON_Delete(root);
	assert_true(take_settings(world) >= 7);
	root = resolved(world, "taken.yaml");
	assert_string_equal(text_at(root, "x-upfront", "app", NULL), "My App");
	cJSON_Delete(root);
	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void test_nothing_is_overwritten(void **state)
{
	static const char *const theirs = "services: {mine: {command: 'true'}}\n";
	const struct world *world = *state;
	struct run run;
	char *text;

	world_write(world, "upfront.yaml", theirs);
	run_upfront(&run, world, "init", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "upfront.yaml is there already, and nothing is overwritten");
	run_finish(&run);
	text = world_read(world, "upfront.yaml");
	assert_string_equal(text, theirs);
	free(text);
	/* Nor through a link that leads nowhere yet. */
	assert_int_equal(symlink("elsewhere.yaml", world_path(world, "link.yaml")), 0);
	run_upfront(&run, world, "init", "link.yaml", NULL);
	run_assert_code(&run, 3);
	run_finish(&run);
	assert_false(world_has(world, "elsewhere.yaml"));
	run_upfront(&run, world, "-f", "one.yaml", "init", "two.yaml", NULL);
	run_assert_code(&run, 2);
	run_finish(&run);
	run_upfront(&run, world, "init", "no/such/folder.yaml", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "No such file or directory");
	run_finish(&run);
}

static void test_a_procfile_becomes_services(void **state)
{
	const struct world *world = *state;
	cJSON *root;

	world_write(world, "Procfile", "web: serve -p $PORT --title \"a \\ ${X}\" # no: yaml\nworker: sleep 5\n");
	init(world, "wrote upfront.yaml, from Procfile: 2 services");
	root = resolved(world, "upfront.yaml");
	const cJSON *web = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "services"), "web");
	char *command = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(web, "command"));

	/* What the shell sees is to the byte what stood there. */
	assert_non_null(strstr(command, "serve -p $PORT --title \\\"a \\\\ ${X}\\\" # no: yaml"));
	assert_string_equal(text_at(web, "environment", "PORT", NULL), "5000");
	free(command);
	cJSON_Delete(root);
	assert_true(take_settings(world) >= 5);
	cJSON_Delete(resolved(world, "taken.yaml"));
}

static void test_a_script_of_package_json(void **state)
{
	const struct world *world = *state;
	struct run run;
	cJSON *root;
	char *text;

	/* What it says stands in quotes; a name in a comment is a name. */
	world_write(world, "package.json",
		    "{\n\t\"name\": \"@me/shop\\\"${HOME}\", \"version\": \"1.0.0\\\\\",\n"
		    "\t\"scripts\": {\"dev\": \"vite\", \"build\": \"b\", \"x\\ny: 1\": \"c\"}, \"devDependencies\": "
		    "{\"vite\": \"1\"}\n}\n");
	world_write(world, "pnpm-lock.yaml", "");
	init(world, "wrote upfront.yaml, from package.json: 1 service");
	root = resolved(world, "upfront.yaml");
	assert_string_equal(text_at(root, "x-upfront", "app", NULL), "shop\"${HOME}");
	assert_string_equal(text_at(root, "x-upfront", "version", NULL), "1.0.0\\");
	cJSON_Delete(root);
	text = world_read(world, "upfront.yaml");
	assert_non_null(strstr(text, "command: [pnpm, run, dev]\n    # Other scripts there: build\n"));
	assert_non_null(strstr(text, "http://localhost:5173"));
	free(text);
	assert_true(take_settings(world) >= 5);
	cJSON_Delete(resolved(world, "taken.yaml"));
	/* One that is none is said; one that starts nothing is passed over. */
	world_write(world, "a/package.json", "{\"scripts\": ");
	run_upfront(&run, world, "init", "a/upfront.yaml", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "a/package.json is no JSON object");
	run_finish(&run);
	assert_false(world_has(world, "a/upfront.yaml"));
	world_write(world, "b/package.json", "{\"scripts\": {\"build\": \"b\"}}");
	run_upfront(&run, world, "-C", "b", "init", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "an example");
	run_finish(&run);
}

static void test_a_compose_file_is_included(void **state)
{
	const struct world *world = *state;
	struct run run;
	cJSON *root;

	world_write(world, "docker-compose.yaml",
		    "name: kept\nservices: {api: {image: 'bb:1'}, web: {command: sleep 1}}\n");
	world_write(world, "compose.override.yaml", "services: {web: {command: sleep 2}}\n");
	world_write(world, "Procfile", "other: sleep 3\n");
	run_upfront(&run, world, "--json", "init", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.err.bytes, "");
	root = cJSON_Parse(run.out.bytes);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "file")), "upfront.yaml");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "from")),
			    "docker-compose.yaml");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "services")), 2);
	cJSON_Delete(root);
	run_finish(&run);
	root = resolved(world, "upfront.yaml");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "name")), "kept");
	const cJSON *web = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "services"), "web");
	char *command = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(web, "command"));

	assert_non_null(strstr(command, "2"));
	free(command);
	cJSON_Delete(root);
	assert_true(take_settings(world) >= 3);
	cJSON_Delete(resolved(world, "taken.yaml"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_example_where_there_is_nothing), TEST(test_nothing_is_overwritten),
		TEST(test_a_procfile_becomes_services),       TEST(test_a_script_of_package_json),
		TEST(test_a_compose_file_is_included),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
