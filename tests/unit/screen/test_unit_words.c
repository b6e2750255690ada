/* SPDX-License-Identifier: MIT */
#include "launcher/client/view.h"
#include "launcher/screen/unit_words.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

struct row {
	const char *state, *why, *waits_for, *condition, *status;
	struct view_unit unit;
	enum unit_state shown;
	const char *words;
};

static void a_row_says_its_state_and_why(void **state)
{
	static const struct row rows[] = {
		{"waiting", NULL, "api", "service_healthy", NULL, {0}, UNIT_WAITING, "for api to be ready"},
		{"waiting", NULL, "db", "service_started", NULL, {0}, UNIT_WAITING, "for db to start"},
		{"waiting", NULL, "m", "service_completed_successfully", NULL, {0}, UNIT_WAITING, "for m to be done"},
		{"waiting", NULL, NULL, NULL, NULL, {0}, UNIT_WAITING, ""},
		{"starting", NULL, NULL, NULL, NULL, {0}, UNIT_STARTING, ""},
		{"running",
		 "refused",
		 NULL,
		 NULL,
		 NULL,
		 {.has_probe = true, .probe_attempts = 4},
		 UNIT_STARTING,
		 "probe 4: refused"},
		{"running", NULL, NULL, NULL, NULL, {.has_probe = true}, UNIT_STARTING, "not asked yet"},
		{"running", NULL, NULL, NULL, NULL, {0}, UNIT_RUNNING, ""},
		{"ready", "200", NULL, NULL, NULL, {.has_probe = true}, UNIT_READY, ""},
		{"ready", NULL, NULL, NULL, "42 clients", {0}, UNIT_READY, "42 clients"},
		{"unhealthy", "timed out", NULL, NULL, NULL, {.has_probe = true}, UNIT_UNHEALTHY, "timed out"},
		{"back-off",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true, .exit_value = 3, .backoff_ms = 2000},
		 UNIT_RESTARTING,
		 "exit 3, again after 2.0s"},
		{"back-off",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true, .exit_value = 3, .crash_exits = 3, .next_try_ms = 8000},
		 UNIT_FAILED,
		 "exit 3, try 4 after 8.0s"},
		{"back-off",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true, .exit_value = 137, .backoff_ms = -1, .is_container = true},
		 UNIT_RESTARTING,
		 "exit 137, SIGKILL, its engine starts it again"},
		{"failed",
		 "no such file",
		 NULL,
		 NULL,
		 NULL,
		 {.start = {.launched_ms = -1, .ended_ms = -1}},
		 UNIT_FAILED,
		 "no such file"},
		{"failed",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true,
		  .exit_signaled = true,
		  .exit_value = SIGKILL,
		  .start = {.launched_ms = 10, .ended_ms = 2110}},
		 UNIT_FAILED,
		 "SIGKILL after 2.1s"},
		{"completed",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true, .start = {.ended_ms = 3100}},
		 UNIT_DONE,
		 "exit 0 after 3.1s"},
		{"completed",
		 NULL,
		 NULL,
		 NULL,
		 NULL,
		 {.has_exited = true, .restarts = 1, .start = {.ended_ms = 3100}},
		 UNIT_DONE,
		 "exit 0"},
		{"stopping", NULL, NULL, NULL, NULL, {0}, UNIT_STOPPING, "told to stop"},
		{"stopped", NULL, NULL, NULL, NULL, {0}, UNIT_STOPPED, ""},
		{"a word of tomorrow", NULL, NULL, NULL, NULL, {0}, UNIT_STOPPED, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view_unit unit = rows[i].unit;
		char text[UNIT_WORDS_MAX];

		unit.name = TEXT("api");
		unit.why = TEXT(rows[i].why);
		unit.waits_for = TEXT(rows[i].waits_for);
		unit.waits_condition = TEXT(rows[i].condition);
		unit.status = TEXT(rows[i].status);
		strcpy(unit.state, rows[i].state);
		unit_words_why(&unit, text, sizeof(text));
		assert_int_equal(unit_words_state(&unit), rows[i].shown);
		assert_string_equal(text, rows[i].words);
	}
}

static void a_log_that_cannot_be_written_is_said_where_all_else_is_well(void **state)
{
	struct view_unit unit = {.name = TEXT("db"), .state = "ready", .log_trouble = "disk full"};
	char text[UNIT_WORDS_MAX];

	(void)state;
	unit_words_why(&unit, text, sizeof(text));
	assert_string_equal(text, "its log cannot be written: disk full");
}

static void only_problems_have_an_outlook(void **state)
{
	struct view_unit unit = {.name = TEXT("api"),
				 .state = "back-off",
				 .has_exited = true,
				 .exit_value = 3,
				 .crash_exits = 3,
				 .crash_within_ms = 14000,
				 .next_try_ms = 8000};
	char text[2 * UNIT_WORDS_MAX];

	(void)state;
	unit_words_outlook(&unit, text, sizeof(text));
	assert_string_equal(text, "api ended 3 times in 14s (exit 3). It is started again after 8.0s.");
	unit.crash_exits = 0;
	unit.backoff_ms = 400;
	unit_words_outlook(&unit, text, sizeof(text));
	assert_string_equal(text, "api ended (exit 3). It is started again after 0.4s.");
	strcpy(unit.state, "failed");
	unit.why = TEXT("exited with code 3");
	unit_words_outlook(&unit, text, sizeof(text));
	assert_string_equal(text, "api failed: exited with code 3. It stays down.");
	strcpy(unit.state, "unhealthy");
	unit.why = TEXT("timed out");
	unit_words_outlook(&unit, text, sizeof(text));
	assert_string_equal(text, "api runs, but does not answer well: timed out.");
	strcpy(unit.state, "ready");
	unit_words_outlook(&unit, text, sizeof(text));
	assert_string_equal(text, "");
}

/* Names and reasons may be as long as they like. */
static void words_stay_within_their_room(void **state)
{
	static char name[4096];
	struct view_unit unit = {
		.name = name, .state = "waiting", .waits_for = name, .waits_condition = TEXT("service_healthy")};
	char text[16];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	unit_words_why(&unit, text, sizeof(text));
	assert_string_equal(text, "for nnnnnnnnnnn");
	strcpy(unit.state, "failed");
	unit.why = name;
	unit_words_outlook(&unit, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_says_its_state_and_why),
		cmocka_unit_test(a_log_that_cannot_be_written_is_said_where_all_else_is_well),
		cmocka_unit_test(only_problems_have_an_outlook),
		cmocka_unit_test(words_stay_within_their_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
