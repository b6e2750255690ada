/* SPDX-License-Identifier: MIT */
/* Which setup questions a stack has, and which of them are answered by what. */
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STACK                                                                                        \
	"name: My Shop\n"                                                                            \
	"x-upfront:\n"                                                                               \
	"  setup:\n"                                                                                 \
	"    - {key: PROVIDER, ask: Provider, choices: [openai, custom]}\n"                          \
	"    - {key: KEY, ask: \"Key of $PROVIDER\", pattern: '^sk-.*z$$', when: PROVIDER=openai}\n" \
	"    - {key: URL, ask: URL, when: PROVIDER=custom}\n"                                        \
	"    - {key: DEEP, ask: Deep, when: URL=x}\n"                                                \
	"    - {key: MODEL, ask: Model}\n"                                                           \
	"    - {key: NOTE, ask: Note, pattern: '^.?$$'}\n"                                           \
	"    - {key: PORT, port: 3000}\n"                                                            \
	"services:\n"                                                                                \
	"  web: {command: 'run $${MODEL:-no} ${MODELS:-no} ${MODEL:-gpt}', environment: {K: '${KEY:?needed}'}}\n"

struct scene {
	struct stack_source *source;
	struct setup *setup;
	struct strmap environment;
};

static void scene_open(struct scene *self, const struct world *world, const char *pairs, const char *const *env_files)
{
	struct stack_options options = {.environment = &self->environment, .directory = world->stack};
	struct err err = ERR_INIT;

	strmap_init(&self->environment);
	if (*pairs)
		assert_int_equal(strmap_set_pair(&self->environment, pairs), 0);
	options.env_files = env_files;
	assert_int_equal(stack_source_open(&options, &self->source, &err), 0);
	if (setup_read(self->source, &self->setup, &err) < 0)
		fail_msg("%s", err.items[0].message);
}

static void scene_close(struct scene *self)
{
	setup_destroy(self->setup);
	stack_source_destroy(self->source);
	strmap_finish(&self->environment);
}

/* The keys that are missing, a blank behind each. */
static void assert_missing(const struct setup *setup, const char *wanted)
{
	char missing[200] = "";
	size_t count = 0;

	for (size_t i = 0; i < setup->count; i++)
		if (setup_is_missing(setup, i)) {
			strcat(strcat(missing, setup->questions[i].key), " ");
			count++;
		}
	assert_string_equal(missing, wanted);
	assert_int_equal(setup_missing_count(setup), count);
}

static void test_missing(void **state)
{
	static const struct {
		const char *dotenv, *environment, *missing;
	} cases[] = {
		/* The stack as a whole cannot be resolved: KEY is needed. MODEL has a default, the port is not asked. */
		{"", "", "PROVIDER NOTE "},
		{"PROVIDER=openai\n", "", "KEY NOTE "},
		{"PROVIDER=openai\nKEY=\nNOTE=\n", "", "KEY "}, /* a note may be empty, a key may not */
		{"PROVIDER=openai\nKEY=sk-1\nNOTE=x\n", "", ""},
		{"PROVIDER=custom\nNOTE=x\n", "", "URL "},
		{"PROVIDER=custom\nNOTE=x\nURL=x\n", "", "DEEP "},
		/* A question that does not apply gives no answer that another one could go by. */
		{"PROVIDER=openai\nKEY=sk-1\nNOTE=x\nURL=x\n", "", ""},
		{"PROVIDER=openai\nNOTE=x\n", "KEY=sk-1", ""},
		{"PROVIDER=openai\nNOTE=x\nKEY=sk-1", "KEY=", ""}, /* what the environment says is meant */
		{"PROVIDER=custom\nNOTE=x\n", "PROVIDER=openai", "KEY "},
	};
	struct world *world = *state;

	world_write(world, "upfront.yaml", STACK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		world_write(world, ".env", cases[i].dotenv);
		scene_open(&scene, world, cases[i].environment, NULL);
		assert_missing(scene.setup, cases[i].missing);
		scene_close(&scene);
	}
}

static void test_what_is_read(void **state)
{
	struct world *world = *state;
	const struct setup *setup;
	struct scene scene;

	world_write(world, "upfront.yaml", STACK);
	world_write(world, ".env", "PROVIDER=openai\nKEY='sk-$1'\n");
	scene_open(&scene, world, "NOTE=n", NULL);
	setup = scene.setup;
	assert_string_equal(setup->app, "myshop");
	assert_int_equal(setup->count, 7);
	assert_string_equal(setup->questions[1].ask, "Key of openai");
	assert_string_equal(setup->questions[1].pattern, "^sk-.*z$");
	assert_int_equal(setup->questions[1].place.line, 5);
	assert_string_equal(setup->answers[1].text, "sk-$1");
	assert_int_equal(setup->answers[1].from, SETUP_FROM_ENV_FILE);
	assert_string_equal(setup->answers[4].text, "gpt");
	assert_int_equal(setup->answers[4].from, SETUP_FROM_DEFAULT);
	assert_int_equal(setup->answers[5].from, SETUP_FROM_ENVIRONMENT);
	assert_int_equal(setup->answers[2].from, SETUP_UNANSWERED);
	assert_string_equal(setup->env_shown, ".env");
	assert_string_equal(setup->env_path, world_path(world, ".env"));
	scene_close(&scene);
}

static void test_other_files(void **state)
{
	static const char *const env_files[] = {"a.env", "b.env", NULL};
	struct world *world = *state;
	struct scene scene;

	world_write(world, "upfront.yaml", "services: {a: {command: a}}\n");
	scene_open(&scene, world, "", NULL);
	assert_int_equal(scene.setup->count, 0);
	assert_int_equal(setup_missing_count(scene.setup), 0);
	scene_close(&scene);
	world_write(world, "upfront.yaml", STACK);
	world_write(world, "a.env", "PROVIDER=custom\nNOTE=a\n");
	world_write(world, "b.env", "PROVIDER=openai\n");
	scene_open(&scene, world, "", env_files);
	assert_missing(scene.setup, "KEY ");
	assert_string_equal(scene.setup->env_shown, "b.env");
	scene_close(&scene);
}

static void test_wrong_questions(void **state)
{
	struct world *world = *state;
	struct stack_options options = {.directory = world->stack};
	struct strmap environment;
	struct stack_source *source;
	struct setup *setup = NULL;
	struct err err = ERR_INIT;

	strmap_init(&environment);
	options.environment = &environment;
	world_write(world, "upfront.yaml", "x-upfront:\n  setup: [{key: A, ask: a, pattern: '('}]\n");
	assert_int_equal(stack_source_open(&options, &source, &err), 0);
	assert_true(setup_read(source, &setup, &err) < 0);
	assert_null(setup);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_int_equal(err.items[0].line, 2);
	stack_source_destroy(source);
	strmap_finish(&environment);
	err_finish(&err);
}

static void test_what_goes_together(void **state)
{
	static const struct {
		const char *question, *said; /* NULL: fine */
	} cases[] = {
		{"{key: A, ask: a, check: {exec: [./check, $$x, 1]}}", NULL},
		{"{key: A, ask: a, choices: [x], check: {exec: [./check]}}", NULL},
		{"{key: A, ask: a, check: {}}", "'check': wanted {exec: [PROGRAM, ARGUMENT...]}"},
		{"{key: A, ask: a, check: ./check}", "'check': wanted a map"},
		{"{key: A, ask: a, check: {exec: []}}", "'exec'"},
		{"{key: A, ask: a, check: {exec: ./check}}", "'exec'"},
		{"{key: A, ask: a, check: {exce: [a]}}", "unknown key 'exce' in check (did you mean 'exec'?)"},
		{"{key: A, port: 3000, check: {exec: [a]}}",
		 "'check' goes with 'ask' only: a port is chosen, not asked"},
		{"{key: A, port: 3000, choices: [a]}", "'choices' goes with 'ask' only"},
		{"{key: A, port: 3000, secret: true}", "'secret' goes with 'ask' only"},
		{"{key: A, port: 3000, ask: a}", "wanted either 'ask' or 'port'"},
		{"{key: A, port: 65536}", "'port'"},
		{"{key: A, port: 0}", "'port'"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stack_options options = {.directory = world->stack};
		struct strmap environment;
		struct stack_source *source;
		struct setup *setup = NULL;
		struct err err = ERR_INIT;
		char text[300];

		strmap_init(&environment);
		options.environment = &environment;
		snprintf(text, sizeof(text), "x-upfront:\n  setup: [%s]\n", cases[i].question);
		world_write(world, "upfront.yaml", text);
		assert_int_equal(stack_source_open(&options, &source, &err), 0);
		(void)setup_read(source, &setup, &err);
		if (cases[i].said == NULL)
			assert_non_null(setup);
		else if (setup != NULL || strstr(err.items[0].message, cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].question, setup != NULL ? "fine" : err.items[0].message);
		if (i == 0)
			assert_string_equal(setup->questions[0].check[1], "$x");
		setup_destroy(setup);
		stack_source_destroy(source);
		strmap_finish(&environment);
		err_finish(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_read, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_other_files, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_wrong_questions, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_what_goes_together, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
