/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_needs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char answer[] =
	"{\"version\":1,\"services\":[{\"name\":\"web\",\"needs\":[{\"service\":\"db\",\"condition\":\"service_"
	"healthy\"},"
	"{\"service\":\"migrate\",\"condition\":\"service_completed_successfully\"},"
	"{\"service\":\"cache\",\"condition\":\"service_started\"},{\"service\":\"nobody\",\"condition\":\"service_"
	"started\"}]},"
	"{\"name\":\"db\",\"needs\":[]},{\"name\":\"migrate\",\"needs\":[]},{\"name\":\"cache\",\"needs\":[]}]}";

static void needs_are_met_by_states(void **state)
{
	struct screen_needs needs = {0};
	struct unit_model units[] = {
		{.name = "web", .service = "web", .state = UNIT_WAITING, .pid = -1},
		{.name = "web-2", .service = "web", .state = UNIT_WAITING, .pid = -1},
		{.name = "db", .service = "db", .state = UNIT_STARTING, .pid = 7},
		{.name = "migrate", .service = "migrate", .state = UNIT_DONE, .pid = -1},
		{.name = "cache", .service = "cache", .state = UNIT_STARTING, .pid = 8},
	};

	(void)state;
	screen_needs_take(&needs, answer);
	screen_needs_fill(&needs, units, 5);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(units[i].need_count, 4);
		assert_string_equal(units[i].needs[0].service, "db");
		assert_string_equal(units[i].needs[0].condition, "ready");
		assert_false(units[i].needs[0].met);
		assert_true(units[i].needs[1].met);
		assert_true(units[i].needs[2].met);
		assert_false(units[i].needs[3].met);
	}
	assert_int_equal(units[2].need_count, 0);
	units[2].state = UNIT_READY;
	units[4].pid = -1;
	screen_needs_fill(&needs, units, 5);
	assert_true(units[0].needs[0].met);
	assert_false(units[0].needs[2].met);
	screen_needs_finish(&needs);
}

static void nonsense_is_nothing(void **state)
{
	static const char *const answers[] = {
		"",
		"[",
		"{}",
		"{\"services\":7}",
		"{\"services\":[7,{},{\"name\":\"a\"},{\"name\":\"a\",\"needs\":[7,{}]}]}",
	};
	struct unit_model unit = {.name = "a", .service = "a"};
	struct screen_needs needs = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		screen_needs_take(&needs, answers[i]);
		screen_needs_fill(&needs, &unit, 1);
		assert_int_equal(unit.need_count, 0);
	}
	screen_needs_finish(&needs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_are_met_by_states),
		cmocka_unit_test(nonsense_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
