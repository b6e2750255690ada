/* SPDX-License-Identifier: MIT */
/* What containers need, looked for before the question. */
#include "launcher/command/up_engine.h"

#include "config/err.h"
#include "tests/lib/stack_text.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STACK "services:\n  api: {command: run}\n  db: {image: x}\n"

static void test_word(void **state)
{
	static const bool none[] = {true, false}, all[] = {true, true};
	static const struct {
		const char *word;
		const bool *member;
		bool refused;
	} cases[] = {
		{NULL, NULL, false},    {"auto", NULL, false}, {"compose", NULL, false},
		{"native", NULL, true}, {"native", all, true}, {"native", none, false},
	};
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, STACK, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		int result = up_engine_check(cases[i].word, text.stack, cases[i].member, &err);

		assert_int_equal(result < 0, cases[i].refused);
		if (cases[i].refused) {
			assert_int_equal(err.code, ERR_MISSING);
			assert_int_equal(err.items[0].line, 3);
			assert_non_null(strstr(err.items[0].message, "service 'db' runs in a container"));
			assert_non_null(err.items[0].hint);
		}
		err_finish(&err);
	}
	stack_text_finish(&text);
}

/* Nobody asks for an engine that no service needs; where one does, what is missing is told with its name. */
static void test_missing(void **state)
{
	static const bool none[] = {true, false};
	struct world *world = *state;
	struct up_engine engine = {.found = false};
	struct stack_text text;
	struct err err = ERR_INIT;

	world_setenv(world, "DOCKER_HOST", "unix:///no/such/engine.sock");
	stack_text_resolve(&text, STACK, NULL);
	assert_int_equal(
		up_engine_find(&engine, text.stack, text.source, none, &world->environment, world->state, &err), 0);
	assert_false(engine.found);
	assert_true(up_engine_find(&engine, text.stack, text.source, NULL, &world->environment, world->state, &err) <
		    0);
	assert_false(engine.found);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.items[0].message, "service 'db' runs in a container: "));
	assert_non_null(strstr(err.items[0].message, "/no/such/engine.sock"));
	assert_non_null(err.items[0].hint);
	up_engine_finish(&engine);
	err_finish(&err);
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word),
		cmocka_unit_test_setup_teardown(test_missing, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
