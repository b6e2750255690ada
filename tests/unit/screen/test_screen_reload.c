/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_difference_is_told_service_by_service(void **state)
{
	static const char answer[] =
		"{\"version\":1,\"added\":[\"cache\"],\"removed\":[\"old\"],\"unchanged\":2,\"changed\":"
		"[{\"service\":\"api\",\"keys\":[\"command\",\"environment\"]},{\"service\":\"db\",\"keys\":[]}]}";
	char *text = screen_reload_text(answer), *brief = screen_reload_brief(answer);

	(void)state;
	assert_string_equal(text, "api is restarted: command, environment\ndb is restarted\ncache is new and is "
				  "started\nold is stopped: it is no longer in the file");
	assert_string_equal(brief, "api, db changed; cache new; old gone");
	free(text);
	free(brief);
}

static void the_telemetry_block_waits_for_the_next_start(void **state)
{
	char *text = screen_reload_text(
		"{\"changed\":[{\"service\":\"api\",\"keys\":[\"tty\"]}],\"telemetry\":\"next start\"}");

	(void)state;
	assert_string_equal(text, "api is restarted: tty\nthe telemetry block is heard at the next start");
	free(text);
}

static void no_difference_and_no_sense_are_nothing(void **state)
{
	static const char *const answers[] = {
		"{\"added\":[],\"removed\":[],\"changed\":[],\"unchanged\":6}", "{}", "", "[1,2", "{\"added\":7}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_null(screen_reload_text(answers[i]));
		assert_null(screen_reload_brief(answers[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_difference_is_told_service_by_service),
		cmocka_unit_test(the_telemetry_block_waits_for_the_next_start),
		cmocka_unit_test(no_difference_and_no_sense_are_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
