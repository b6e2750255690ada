/* SPDX-License-Identifier: MIT */
/* What commands print with --json has exactly the members that the man page's section JSON OUTPUT names. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNIT "name service state code signal restarts ready_after_ms why"
#define USAGE "processes threads fds rss_bytes cpu_user_us cpu_system_us uptime_ms"

/* `inside`: a member that is an object or an array of them, and their members. */
struct shape {
	const char *argv[8];
	const char *members;
	struct {
		const char *name, *members;
	} inside[4];
};

static const struct shape before_down[] = {
	{{"up", "-d"}, "version started added removed changed services", {{"services", UNIT}}},
	{{"ps"},
	 "version project engine services",
	 {{"services", "id name service replica kind pid tty stdin_open state wanted settled "
		       "one_shot restarts waits_for start "
		       "uptime_ms ready_after_ms "
		       "backoff_ms crash_loop kill_in_ms exit probe passed_over changed_ms ports open why status "
		       "log_bytes_lost log_trouble"}}},
	{{"start", "job"}, "version services", {{"services", UNIT}}},
	{{"stop", "db"}, "version services", {{"services", UNIT}}},
	{{"start", "db"}, "version services", {{"services", UNIT}}},
	{{"restart", "db"}, "version services", {{"services", UNIT}}},
	{{"kill", "-s", "CONT", "db"}, "version services", {{"services", UNIT}}},
	{{"scale", "db=2"}, "version services", {{"services", UNIT}}},
	{{"wait", "--ready", "db-2"}, "version " UNIT, {{NULL, NULL}}},
	{{"wait", "job"}, "version " UNIT, {{NULL, NULL}}},
	{{"logs", "-n", "1", "job"}, "version service stream time_ms partial text", {{NULL, NULL}}},
	{{"top", "db"},
	 "version interval_ms units total supervisor",
	 {{"units", "name service pid state " USAGE " restarts cpu_percent"},
	  {"total", "cpu_percent rss_bytes threads fds processes restarts cpu_user_us cpu_system_us"},
	  {"supervisor", "pid " USAGE " cpu_percent"}}},
	{{"version"}, "version upfront", {{NULL, NULL}}},
	{{"telemetry", "status"},
	 "version state reason interactive not_interactive_because running app endpoint sources",
	 {{"sources", "source name value says"}, {"running", "state because dropped counts relay"}}},
};

static bool is_word(const char *words, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static void assert_members(const char *where, const cJSON *object, const char *members)
{
	char copy[512], *rest;
	const cJSON *item;

	assert_true(cJSON_IsObject(object));
	cJSON_ArrayForEach(item, object)
	{
		if (!is_word(members, item->string))
			fail_msg("%s: '%s' is not documented", where, item->string);
	}
	snprintf(copy, sizeof(copy), "%s", members);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		if (cJSON_GetObjectItemCaseSensitive(object, word) == NULL)
			fail_msg("%s: '%s' is missing", where, word);
}

static void check(struct world *world, const struct shape *shape)
{
	const char *argv[12] = {"upfront", "--json"};
	const struct run_options options = {.argv = argv};
	cJSON *object;
	struct run run;

	for (size_t i = 0; shape->argv[i] != NULL; i++)
		argv[2 + i] = shape->argv[i];
	run_command(&run, world, &options);
	run_assert_code(&run, 0);
	object = cJSON_ParseWithOpts(run.out.bytes, NULL, true);
	if (object == NULL)
		fail_msg("%s: not one JSON object: %s", shape->argv[0], run.out.bytes);
	assert_members(shape->argv[0], object, shape->members);
	if (is_word(shape->members, "version"))
		assert_int_equal(cJSON_GetObjectItemCaseSensitive(object, "version")->valueint, 1);
	for (size_t i = 0; i < 4 && shape->inside[i].name != NULL; i++) {
		const cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, shape->inside[i].name), *item;

		if (cJSON_IsObject(inner))
			assert_members(shape->inside[i].name, inner, shape->inside[i].members);
		else
			assert_true(cJSON_GetArraySize(inner) > 0);
		if (cJSON_IsObject(inner))
			continue;
		cJSON_ArrayForEach(item, inner)
		{
			assert_members(shape->inside[i].name, item, shape->inside[i].members);
		}
	}
	cJSON_Delete(object);
	run_finish(&run);
}

static void test_every_command_has_its_members(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", "services:\n  db: {command: sleep 1001}\n  job: {command: echo done}\n");
	for (size_t i = 0; i < sizeof(before_down) / sizeof(before_down[0]); i++)
		check(world, &before_down[i]);
	world_write(
		world, "compose.yaml",
		"services:\n  db: {command: sleep 1002}\n  job: {command: echo done}\n  new: {command: sleep 1003}\n");
	check(world, &(const struct shape){.argv = {"up", "-d"},
					   .members = "version started added removed changed services",
					   .inside = {{"changed", "service keys"}, {"services", UNIT}}});
	run_upfront(&run, world, "down", "-t", "0", NULL);
	run_finish(&run);
}

static void test_every_event_has_its_members(void **state)
{
	const struct run_options options = {.argv = (const char *const[]){"upfront", "events", "--json", NULL}};
	struct world *world = *state;
	struct run events, run;
	int services = 0, stacks = 0;
	char *rest;

	world_write(world, "compose.yaml", "services:\n  db: {command: sleep 1001}\n");
	run_upfront(&run, world, "up", "-d", NULL);
	run_finish(&run);
	run_begin(&events, world, &options);
	run_expect(&events, "\"phase\":\"up\"");
	run_upfront(&run, world, "down", NULL);
	run_finish(&run);
	run_wait(&events);
	for (char *line = strtok_r(events.out.bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *object = cJSON_Parse(line);
		const char *event = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "event"));

		assert_non_null(event);
		if (strcmp(event, "service") == 0)
			assert_members(event, object, "version event time_ms before " UNIT);
		else
			assert_members(event, object, "version event time_ms name phase");
		*(strcmp(event, "service") == 0 ? &services : &stacks) += 1;
		cJSON_Delete(object);
	}
	/* What runs, and that it ended; that it was ending may have been too short to be told. */
	assert_true(services >= 2 && stacks >= 3);
	run_finish(&events);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_every_command_has_its_members),
		WORLD_TEST(test_every_event_has_its_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
