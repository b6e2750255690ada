/* SPDX-License-Identifier: MIT */
/* The forms that values may take, and what a container needs without saying so. */
#include "config/node.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const environment[] = {"SET=value", NULL};
static const struct stack_text_options options = {.environment = environment};

static void test_forms(void **state)
{
	static const struct {
		const char *body, *path, *value; /* of service `web`, a container */
	} cases[] = {
		/* Numbers and truth values, where text is wanted. */
		{"environment: {A: 1.10}", "environment/A", "1.1"},
		{"environment: {A: 0x10}", "environment/A", "16"},
		{"environment: {A: '1.10'}", "environment/A", "1.10"},
		{"environment: [A=1.10]", "environment/A", "1.10"},
		{"environment: {A: True}", "environment/A", "true"},
		{"environment: {A: yes}", "environment/A", "yes"},
		{"labels: {a: 010}", "labels/a", "8"},
		{"sysctls: {a: 1_024}", "sysctls/a", "1024"},
		/* What a variable holds is text, and a key holds none. */
		{"environment: {A: \"${N:-1.10}\"}", "environment/A", "1.10"},
		{"environment: {$SET: a}", "environment/$SET", "a"},
		/* Labels without a value. */
		{"labels: {a: }", "labels/a", ""},
		{"labels: [a]", "labels/a", ""},
		{"build: {context: ., labels: [a]}", "build/labels/a", ""},
		{"environment: [A]", "environment/A", "null"},
		{"annotations: {a: }", "annotations/a", ""},
		/* Volumes at one place. */
		{"volumes: ['/a:/x', '/b:/y', '/c:/x']", "volumes", "[... ...]"},
		{"volumes: ['/a:/x', '/b:/y', '/c:/x']", "volumes/0/source", "/b"},
		{"volumes: ['/a:/x', '/b:/y', '/c:/x']", "volumes/1/source", "/c"},
		/* Arguments of a build are variables. */
		{"build: {context: ., args: [SET, UNSET, B=1]}", "build/args/SET", "value"},
		{"build: {context: ., args: [SET, UNSET, B=1]}", "build/args/UNSET", "null"},
		{"build: {context: ., args: {SET: , B: 1}}", "build/args/SET", "value"},
		/* Needs. */
		{"links: [db, 'cache:c']", "depends_on", "{db cache}"},
		{"links: [db]", "depends_on/db/restart", "true"},
		{"network_mode: 'service:db'", "depends_on", "{db}"},
		{"network_mode: host", "depends_on", "(none)"},
		{"pid: 'service:db'\nipc: 'service:cache'", "depends_on", "{cache db}"},
		{"volumes_from: ['db:ro', 'container:other']", "depends_on", "{db}"},
		{"volumes_from: [db]", "depends_on/db/restart", "(none)"},
		{"depends_on: {db: {condition: service_healthy}}\nlinks: [db]", "depends_on/db/condition",
		 "service_healthy"},
		{"depends_on: [cache]\nlinks: [db]", "depends_on", "{cache db}"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char yaml[512], path[128];
		const char *newline = strchr(cases[i].body, '\n'), *found;

		snprintf(yaml, sizeof(yaml),
			 "services:\n  db: {image: a}\n  cache: {image: a}\n  web:\n    image: a\n    %.*s\n%s%s\n",
			 newline ? (int)(newline - cases[i].body) : 200, cases[i].body, newline ? "    " : "",
			 newline ? newline + 1 : "");
		snprintf(path, sizeof(path), "services/web/%s", cases[i].path);
		stack_text_resolve(&text, yaml, &options);
		found = text.stack ? stack_text_at(text.stack->root, path) : text.errors;
		if (strcmp(found, cases[i].value) != 0) {
			print_error("%s: %s: %s\n", cases[i].body, cases[i].path, found);
			wrong++;
		}
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

/* Those of a process say nothing, and what is needed must be there. */
static void test_needs(void **state)
{
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, "services: {web: {command: a, links: [db]}, db: {command: b}}", NULL);
	assert_int_equal(stack_text_service(&text, "web")->depends_on_count, 0);
	stack_text_finish(&text);
	stack_text_resolve(&text, "services:\n  web: {image: a, network_mode: 'service:bd'}\n  db: {image: b}\n", NULL);
	stack_text_assert_error(&text, "stack.yaml:2:34: service 'web' depends on unknown service 'bd'");
	stack_text_finish(&text);
	/* A service that others are made from is not changed by what one of them needs. */
	stack_text_resolve(&text,
			   "services:\n  base: &base {image: a, depends_on: [db]}\n  web: {<<: *base, links: [cache]}\n"
			   "  db: {image: b}\n  cache: {image: c}\n",
			   NULL);
	assert_string_equal(stack_text_at(text.stack->root, "services/base/depends_on"), "{db}");
	assert_string_equal(stack_text_at(text.stack->root, "services/web/depends_on"), "{db cache}");
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_needs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
