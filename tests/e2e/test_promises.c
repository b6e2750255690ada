/* SPDX-License-Identifier: MIT */
/*
 * What is promised to people of their usage statistics, where only the whole program can show that it holds: README's table "Promised, done,
 * proven" names these beside the tests of the parts.
 */
#include "tests/lib/reported.h"
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Asking ---- */

static const char asking[] = "name: shop\n"
			     "x-upfront: {app: Shop, telemetry: {" REPORTED_ENDPOINT "}}\n"
			     "services: {web: {command: [sh, -c, 'echo told $$UPFRONT_TELEMETRY; exec sleep 1001']}}\n";

/* One start on a terminal, from the question to Ctrl-C. */
static void start_and_answer(const struct world *world, const char *key, const char *told)
{
	static const char *const argv[] = {"upfront", "--no-dashboard", NULL};
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "Nothing is chosen yet");
	run_press(&run, key, DIALOG_GONE);
	run_expect(&run, told);
	run_expect(&run, "shop is up");
	run_type(&run, "\x03");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, "upfront-telemetry", 3000);
}

static void test_every_start_asks_and_a_no_is_one_key_at_the_next(void **state)
{
	const struct world *world = *state;
	char *sent, *later;

	world_write(world, "compose.yaml", asking);
	start_and_answer(world, "y", "told on");
	start_and_answer(world, "y", "told on");
	sent = world_read(world, REPORTED_FILE);
	assert_non_null(sent);
	start_and_answer(world, "n", "told off");
	start_and_answer(world, "n", "told off");
	later = world_read(world, REPORTED_FILE);
	assert_string_equal(later, sent);
	assert_null(world_search(world, "outbox.db"));
	free(sent);
	free(later);
}

/* ---- What was shown ---- */

/* Every event of that name that was sent, in order; the caller deletes it. */
static cJSON *sent_events(const struct world *world, const char *name)
{
	char *text = world_read(world, REPORTED_FILE), *rest = NULL;
	char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL;
	cJSON *found = cJSON_CreateArray();

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *body = cJSON_Parse(line);
		const cJSON *event;

		cJSON_ArrayForEach(event, cJSON_GetObjectItem(body, "batch"))
		{
			if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "event")), name) == 0)
				cJSON_AddItemToArray(found, cJSON_Duplicate(event, 1));
		}
		cJSON_Delete(body);
	}
	free(text);
	return found;
}

/* What was only named in the preview is taken from what was sent; all else stays as it was shown. */
static void fill_in(cJSON *shown, const cJSON *sent)
{
	for (cJSON *item = shown->child, *next; item != NULL; item = next) {
		const cJSON *found = cJSON_GetObjectItemCaseSensitive(sent, item->string);

		next = item->next;
		if (found == NULL)
			fail_msg("shown, and not sent: %s", item->string);
		if (cJSON_IsObject(item))
			fill_in(item, found);
		else if (cJSON_IsString(item) && item->valuestring[0] == '(')
			cJSON_ReplaceItemViaPointer(shown, item, cJSON_Duplicate(found, 1));
	}
}

static void assert_shown(const struct world *world, const char *name)
{
	cJSON *events = sent_events(world, name), *shown;
	char *sent, *filled, *all = world_read(world, REPORTED_FILE);
	struct run run;

	run_upfront(&run, world, "telemetry", "show", "--event", name, NULL);
	run_assert_code(&run, 0);
	shown = cJSON_Parse(run.out.bytes);
	run_finish(&run);
	assert_non_null(shown);
	assert_non_null(cJSON_GetArrayItem(events, 0));
	fill_in(shown, cJSON_GetArrayItem(events, 0));
	filled = cJSON_PrintUnformatted(shown);
	sent = cJSON_PrintUnformatted(cJSON_GetArrayItem(events, 0));
	assert_string_equal(filled, sent);
	/* To the byte, and not only to what it means. */
	assert_non_null(strstr(all, filled));
	free(filled);
	free(sent);
	free(all);
	cJSON_Delete(shown);
	cJSON_Delete(events);
}

static void test_what_was_shown_is_what_is_sent(void **state)
{
	static const char *const names[] = {"server_start", "cli_command", "api_request", "server_start_failed"};
	const struct world *world = *state;
	struct run run;

	world_write(
		world, "compose.yaml",
		"name: shop\n"
		"x-upfront:\n"
		"  app: Shop\n"
		"  version: 1.2.3\n"
		"  telemetry:\n"
		"    {" REPORTED_ENDPOINT
		", common: {edition: {value: small}, built: {exec: [echo, v7], pattern: ^v}},\n"
		"    server_start: {runtime_version: {exec: [echo, v20.1.0], pattern: ^v}, runtime_arch: node_arch}}\n"
		"services: {web: {command: sleep 1001, x-upfront: {version: 3.4.5}}, cache: {command: sleep 1002}}\n");
	reported_up(world, "--telemetry=on");
	reported_down(world);
	for (size_t i = 0; i < 3; i++)
		assert_shown(world, names[i]);
	world_write(world, "compose.yaml",
		    "name: shop\n"
		    "x-upfront: {app: Shop, telemetry: {" REPORTED_ENDPOINT "}}\n"
		    "services: {web: {command: nosuchthing}}\n");
	run_upfront(&run, world, "up", "--telemetry=on", NULL);
	run_assert_code(&run, 4);
	run_finish(&run);
	world_wait_gone(world, "upfront-telemetry", 3000);
	assert_shown(world, names[3]);
}

/* ---- Who ---- */

static const char *number_of(const cJSON *event, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(event, name);

	return cJSON_GetStringValue(item != NULL ? item
						 : cJSON_GetObjectItem(cJSON_GetObjectItem(event, "properties"), name));
}

static void test_the_numbers_of_a_run_are_made_anew_each_start(void **state)
{
	static const char *const numbers[] = {"session_id", "distinct_id"};
	const struct world *world = *state;
	cJSON *starts, *commands;

	world_write(world, "compose.yaml", asking);
	for (int i = 0; i < 2; i++) {
		reported_up(world, "--telemetry=on");
		reported_down(world);
	}
	starts = sent_events(world, "server_start");
	commands = sent_events(world, "cli_command");
	assert_int_equal(cJSON_GetArraySize(starts), 2);
	assert_int_equal(cJSON_GetArraySize(commands), 4);
	for (size_t i = 0; i < 2; i++) {
		const char *first = number_of(cJSON_GetArrayItem(starts, 0), numbers[i]);
		const char *second = number_of(cJSON_GetArrayItem(starts, 1), numbers[i]);

		assert_string_not_equal(first, second);
		/* And one within a run. */
		for (int c = 0; c < 4; c++)
			assert_string_equal(number_of(cJSON_GetArrayItem(commands, c), numbers[i]),
					    c < 2 ? first : second);
	}
	cJSON_Delete(starts);
	cJSON_Delete(commands);
}

/* ---- What is never told ---- */

/* Each stands where something of its kind would; none may be found in anything that telemetry wrote. */
#define USER "spyuserqz"
#define VARIABLE "spyvariableqz"
#define FOLDER "spyfolderqz"
#define PROJECT "spyprojectqz"
#define QUERY "spyqueryqz"
#define RESULT "spyresultqz"
#define CONTENT "spycontentqz"
#define MESSAGE "spymessageqz"
#define TRACE "spytraceqz"
#define ADDRESS "203.0.113.77"
#define PLACE "spyplaceqz"
#define PERSON "spypersonqz"

static const struct {
	const char *what, *word;
} spies[] = {
	{"a user's name", USER},
	{"a variable of the environment", VARIABLE},
	{"a file's path", FOLDER},
	{"a project's name", PROJECT},
	{"a query", QUERY},
	{"a query's result", RESULT},
	{"a file's content", CONTENT},
	{"an error's message", MESSAGE},
	{"a stack trace", TRACE},
	{"an address", ADDRESS},
	{"a place", PLACE},
	{"a user's identifier, or what else is known of a person", PERSON},
};

static const char spied[] = "name: " PROJECT "\n"
			    "x-upfront:\n"
			    "  app: Shop\n"
			    "  telemetry:\n"
			    "    {" REPORTED_ENDPOINT ",\n"
			    "    services: {asked: {success: bool, words: int}}, routes: ['/api/charts/{id}'],\n"
			    "    commands: {shop: {query: {<sql>: value, --out: path}}},\n"
			    "    env: {on: {POSTHOG_HOST: '${relay}'}}}\n"
			    "services:\n"
			    "  web:\n"
			    "    command: [sh, -c, 'cat content; echo " MESSAGE " >&2; exec sleep 1001']\n"
			    "    environment: {SECRET: '${SECRET}', FILLED: '${FILLED}'}\n"
			    "    working_dir: " FOLDER "\n"
			    "    x-upfront: {ready: {log: " CONTENT "}}\n";

/* A product that does all wrong, as far as it can. */
static const char shop[] = "#!/bin/sh\n"
			   "echo " RESULT "\n"
			   "echo 'Traceback: " TRACE "' >&2\n"
			   "echo '{\"job_count\": 1, \"error\": \"" MESSAGE "\"}' >$UPFRONT_METRICS\n"
			   "exit 1\n";

/* As careless a service as can be: what it declared is in it, too. */
static const char batch[] =
	"{\"api_key\":\"phc_" PERSON "\",\"batch\":["
	"{\"event\":\"asked\",\"distinct_id\":\"" PERSON "\",\"properties\":{\"success\":true,\"words\":3,"
	"\"sql\":\"" QUERY "\",\"$ip\":\"" ADDRESS "\",\"$geoip_city_name\":\"" PLACE "\",\"$device_id\":\"" PERSON
	"\","
	"\"$set\":{\"email\":\"" PERSON "@example.org\"},\"$current_url\":\"http://x/" FOLDER "\"},"
	"\"$set\":{\"name\":\"" PERSON "\"}},"
	"{\"event\":\"asked\",\"distinct_id\":\"x\",\"properties\":{\"success\":\"" MESSAGE "\"}},"
	"{\"event\":\"$exception\",\"distinct_id\":\"x\",\"properties\":{\"$exception_list\":[{\"value\":\"" MESSAGE
	"\",\"stacktrace\":\"" TRACE "\"}]}},"
	"{\"event\":\"$identify\",\"distinct_id\":\"" PERSON "\",\"properties\":{\"$anon_distinct_id\":\"x\"}},"
	"{\"event\":\"" PERSON "\",\"distinct_id\":\"x\",\"properties\":{}},"
	"{\"event\":\"api_request\",\"distinct_id\":\"x\",\"properties\":{\"endpoint\":\"/api/charts/" PROJECT
	"?q=" QUERY "\",\"method\":\"GET\",\"status_code\":200,\"duration_ms\":1}}]}";

static void type(const struct world *world, const char *const *argv)
{
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = argv});
	run_finish(&run);
}

static void test_nothing_of_a_person_is_told(void **state)
{
	static const char *const lines[][8] = {
		{"upfront", "ps", MESSAGE, NULL},
		{"upfront", MESSAGE, NULL},
		{"upfront", "logs", "--tail", PERSON, NULL},
		{"upfront", "-p", PROJECT, "restart", MESSAGE, NULL},
		{"upfront", "run", "--", "./shop", "query", "select " QUERY, "--out=/srv/" FOLDER, NULL},
		{"upfront", "run", "--", "cat", FOLDER "/content", NULL},
		{"upfront", "run", "--", "sh", "-c",
		 "exec curl -sS --retry 20 --retry-connrefused -H 'Content-Type: application/json' -H "
		 "'X-Forwarded-For: " ADDRESS "' -A " PERSON " --data-binary @batch.json $POSTHOG_HOST/batch/",
		 NULL},
	};
	struct world *world = *state;
	cJSON *asked, *requests;
	char *told;

	world_write(world, "compose.yaml", spied);
	world_write(world, ".env", "FILLED=" VARIABLE "\n");
	world_write(world, FOLDER "/content", CONTENT "\n");
	world_write(world, "shop", shop);
	world_write(world, "batch.json", batch);
	world_setenv(world, "SECRET", VARIABLE);
	world_setenv(world, "USER", USER);
	world_setenv(world, "LOGNAME", USER);
	reported_up(world, "--telemetry=on");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		type(world, lines[i]);
	reported_down(world);
	/* What may be told has been. */
	told = reported_commands(world);
	if (strstr(told, "shop query|<value> --out <path>|other\n") == NULL)
		fail_msg("told of commands:\n%s", told);
	asked = sent_events(world, "asked");
	requests = sent_events(world, "api_request");
	assert_int_equal(cJSON_GetArraySize(asked), 1);
	assert_true(cJSON_GetArraySize(requests) > 0);
	for (size_t i = 0; i < sizeof(spies) / sizeof(spies[0]); i++) {
		print_message("%s\n", spies[i].what);
		reported_assert_never(world, spies[i].word);
	}
	cJSON_Delete(asked);
	cJSON_Delete(requests);
	free(told);
}

/* ---- By whom ---- */

/* Names of the libraries that a program is linked with. */
static char *libraries_of(const struct world *world, const char *program)
{
	char path[WORLD_PATH_MAX + 64];
	const char *argv[] = {"ldd", path, NULL};
	struct run run;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", world->bin_dir, program);
	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	text = strdup(run.out.bytes);
	run_finish(&run);
	return text;
}

static void test_what_can_send_is_a_program_of_its_own(void **state)
{
	static const char *const sending[] = {"libcurl", "libssl", "libsqlite3"};
	const struct world *world = *state;
	char *upfront = libraries_of(world, "upfront"), *sender = libraries_of(world, "upfront-telemetry");

	for (size_t i = 0; i < sizeof(sending) / sizeof(sending[0]); i++)
		assert_null(strstr(upfront, sending[i]));
	assert_non_null(strstr(sender, sending[0]));
	free(upfront);
	free(sender);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_every_start_asks_and_a_no_is_one_key_at_the_next),
		WORLD_TEST(test_what_was_shown_is_what_is_sent),
		WORLD_TEST(test_the_numbers_of_a_run_are_made_anew_each_start),
		WORLD_TEST(test_nothing_of_a_person_is_told),
		WORLD_TEST(test_what_can_send_is_a_program_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
