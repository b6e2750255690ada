/* SPDX-License-Identifier: MIT */
/* The engine of these tests is one: it runs containers, is killed while they live on, and comes back to them. */
#include "tests/lib/engine_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_it_is_killed_and_comes_back(void **state)
{
	struct engine_run engine;
	char *text;

	(void)state;
	engine_run_begin(&engine);
	engine_run_image(&engine, "own:1", NULL);
	text = engine_run_docker(&engine, "run --rm own:1 /bin/echo hello");
	assert_string_equal(text, "hello\n");
	free(text);
	free(engine_run_docker(&engine, "run -d --stop-timeout 1 --name stays own:1 /bin/sleep 1000"));
	engine_run_kill(&engine);
	assert_int_not_equal(engine_run_try(&engine, "ps"), 0);
	engine_run_start(&engine);
	assert_int_equal(engine_run_count(&engine, "ps -aq"), 1);
	engine_run_end(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_it_is_killed_and_comes_back)};

	return cmocka_run_group_tests_name("an engine of the tests' own", tests, NULL, NULL);
}
