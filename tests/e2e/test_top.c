/* SPDX-License-Identifier: MIT */
/* What services use, as /proc has it. */
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack[] =
	"services:\n"
	"  idle: {command: sleep 1001}\n"
	/* A child of a child, and two descriptors that all three hold. */
	"  tree: {command: \"sh -c 'exec 7</dev/null 8</dev/null; sh -c \\\"sleep 1002 & wait\\\" & wait'\"}\n"
	"  busy: {command: \"sh -c 'while :; do :; done'\"}\n"
	"  done: {command: 'true'}\n";

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const cJSON *unit_of(const cJSON *sample, const char *name)
{
	const cJSON *unit;

	cJSON_ArrayForEach(unit, cJSON_GetObjectItemCaseSensitive(sample, "units"))
	{
		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(unit, "name")), name) == 0)
			return unit;
	}
	fail_msg("no unit '%s'", name);
	return NULL;
}

static cJSON *sample(struct world *world)
{
	struct run run;
	cJSON *object;

	run_upfront(&run, world, "top", "--json", NULL);
	run_assert_code(&run, 0);
	object = cJSON_Parse(run.out.bytes);
	assert_non_null(object);
	run_finish(&run);
	return object;
}

/* The shells of `tree` need a moment to start theirs: the sample is taken again until they have. */
static void test_a_whole_tree_is_counted(void **state)
{
	struct world *world = *state;
	const int64_t begin_ms = world_now_ms();
	cJSON *object;

	stack_begin(world, stack);
	while (number(unit_of(object = sample(world), "tree"), "processes") < 3) {
		cJSON_Delete(object);
		world_pause(begin_ms, 10000, "three processes");
	}
	assert_int_equal((int)number(unit_of(object, "tree"), "threads"), 3);
	assert_int_equal((int)number(unit_of(object, "tree"), "fds"), 15);
	assert_int_equal((int)number(unit_of(object, "idle"), "processes"), 1);
	assert_true(number(unit_of(object, "idle"), "rss_bytes") > 100000);
	assert_true(number(unit_of(object, "idle"), "cpu_percent") < 5);
	assert_true(number(unit_of(object, "idle"), "uptime_ms") > 0);
	assert_int_equal((int)number(unit_of(object, "done"), "processes"), 0);
	assert_true(number(unit_of(object, "busy"), "cpu_percent") > 5);
	assert_true(number(unit_of(object, "busy"), "cpu_percent") < 150);
	assert_int_equal((int)number(cJSON_GetObjectItemCaseSensitive(object, "total"), "processes"), 5);
	assert_true(number(cJSON_GetObjectItemCaseSensitive(object, "supervisor"), "rss_bytes") > 100000);
	/* What its services have used is not its own. */
	assert_true(number(cJSON_GetObjectItemCaseSensitive(object, "supervisor"), "cpu_user_us") <
		    number(unit_of(object, "busy"), "cpu_user_us") + 5e6);
	cJSON_Delete(object);
	stack_end(world, 0);
}

static void test_the_table_goes_on_until_it_is_over(void **state)
{
	const struct run_options options = {
		.argv = (const char *const[]){"upfront", "top", "--interval", "0.1", "idle", "done", NULL}};
	struct world *world = *state;
	struct run run;

	stack_begin(world, stack);
	run_begin(&run, world, &options);
	run_expect(&run, "NAME       STATE      CPU%");
	run_expect(&run, "\nidle       running ");
	run_expect(&run, "\ndone       completed     -  ");
	run_expect(&run, "\n(total) ");
	run_expect(&run, "\n(upfront) ");
	run_forget(&run);
	run_expect(&run, "NAME       STATE");
	run_assert_silent(&run, "busy");
	stack_end(world, 0);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "top", NULL);
	run_assert_code(&run, 6);
	run_finish(&run);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_a_whole_tree_is_counted),
		WORLD_TEST(test_the_table_goes_on_until_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
