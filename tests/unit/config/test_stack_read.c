/* SPDX-License-Identifier: MIT */
/* The whole of one file: names, profiles, variables, environments, several errors at once, secrets. */
#include "config/node.h"
#include "config/strmap.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_project_names(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"shop", "shop"}, {"My Shop.2", "myshop2"}, {"_-x_-", "x_-"}, {"\xc3\x84pfel", "pfel"}, {"...", ""},
		{"", ""},
	};
	static const char *const environment[] = {"COMPOSE_PROJECT_NAME=From Env", NULL};
	const struct stack_text_options with_environment = {.environment = environment};
	const struct stack_text_options with_both = {.environment = environment, .project = "asked"};
	struct stack_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *name = stack_project_name(cases[i].text);

		assert_string_equal(name, cases[i].name);
		free(name);
	}
	stack_text_resolve(&text, "services: {a: {command: b}}", NULL);
	assert_string_equal(text.stack->name, "app");
	stack_text_finish(&text);
	stack_text_resolve(&text, "name: Top-${X:-y}\nservices: {a: {command: '${COMPOSE_PROJECT_NAME}'}}", NULL);
	assert_string_equal(text.stack->name, "top-y");
	assert_string_equal(text.stack->services[0].argv[0], "top-y");
	stack_text_finish(&text);
	stack_text_resolve(&text, "name: top\nservices: {a: {command: b}}", &with_environment);
	assert_string_equal(text.stack->name, "fromenv");
	stack_text_finish(&text);
	stack_text_resolve(&text, "name: top\nservices: {a: {command: b}}", &with_both);
	assert_string_equal(text.stack->name, "asked");
	stack_text_finish(&text);
	stack_text_resolve(&text, "name: '!!'\nservices: {a: {command: b}}", NULL);
	stack_text_assert_error(&text, "'!!' leaves no project name");
	stack_text_finish(&text);
}

static void test_order_and_look_up(void **state)
{
	struct stack_text text;
	const struct service *last;

	(void)state;
	stack_text_resolve(&text,
			   "services:\n"
			   "  z: {command: a}\n"
			   "  a: {command: a, depends_on: [z]}\n"
			   "  m: {command: a, depends_on: {z: {condition: service_healthy, restart: true},\n"
			   "    a: {condition: service_completed_successfully}, gone: {required: false}}}\n",
			   NULL);
	last = stack_text_service(&text, "m");
	assert_string_equal(text.stack->services[0].name, "z");
	assert_string_equal(text.stack->services[1].name, "a");
	assert_ptr_equal(last, &text.stack->services[2]);
	assert_null(stack_find_service(text.stack, "x"));
	assert_int_equal(last->depends_on_count, 3);
	assert_int_equal(last->depends_on[0].index, 0);
	assert_int_equal(last->depends_on[0].condition, DEPEND_HEALTHY);
	assert_true(last->depends_on[0].required);
	assert_true(last->depends_on[0].restart);
	assert_int_equal(last->depends_on[1].index, 1);
	assert_int_equal(last->depends_on[1].condition, DEPEND_COMPLETED);
	assert_int_equal(last->depends_on[2].index, SIZE_MAX);
	assert_false(last->depends_on[2].required);
	assert_int_equal(text.stack->services[1].depends_on[0].condition, DEPEND_STARTED);
	stack_text_finish(&text);
}

static void test_profiles(void **state)
{
	static const char yaml[] = "services:\n"
				   "  always: {command: a}\n"
				   "  debug: {command: a, profiles: [debug]}\n"
				   "  both: {command: a, profiles: [x, debug]}\n"
				   "  x: {command: a, profiles: [x], depends_on: {debug: {required: false}}}\n";
	static const struct {
		const char *profile, *environment, *services, *named;
	} cases[] = {
		{NULL, NULL, "{always}", NULL},
		{"debug", NULL, "{always debug both}", NULL},
		{"x", NULL, "{always both x}", NULL},
		{"*", NULL, "{always debug both x}", NULL},
		{NULL, "COMPOSE_PROFILES=debug, x", "{always debug both x}", NULL},
		{NULL, "COMPOSE_PROFILES=", "{always}", NULL},
		/* The command line has the last word. */
		{"x", "COMPOSE_PROFILES=debug", "{always both x}", NULL},
		/* Who names a service wants it, but not its neighbours of the same profile. */
		{NULL, NULL, "{always debug}", "debug"},
	};
	struct stack_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const profiles[] = {cases[i].profile, NULL};
		const char *const environment[] = {cases[i].environment, NULL};
		const char *const named[] = {cases[i].named, NULL};
		const struct stack_text_options options = {
			.services = named, .profiles = profiles, .environment = environment};

		stack_text_resolve(&text, yaml, &options);
		stack_text_assert_error(&text, "");
		assert_string_equal(stack_text_at(text.stack->root, "services"), cases[i].services);
		stack_text_finish(&text);
	}
	stack_text_resolve(&text, "services: {a: {command: b, depends_on: [c]}, c: {command: d, profiles: [p, q]}}",
			   NULL);
	stack_text_assert_error(&text, "service 'a' depends on 'c', which only comes with profile p, q");
	stack_text_finish(&text);
	/* What is not started is checked all the same. */
	stack_text_resolve(&text, "services: {a: {command: b}, c: {comand: d, profiles: [p]}}", NULL);
	stack_text_assert_error(&text, "unknown key 'comand'");
	stack_text_finish(&text);
}

static void test_variables(void **state)
{
	static const char *const environment[] = {"SET=env", "EMPTY=", "PORT=8080", "BAD=a: [b", NULL};
	static const struct {
		const char *written, *path, *value;
	} cases[] = {
		{"command: [$SET, '${SET}', \"${NONE:-d}\", $$SET]", "command", "[env env d $SET]"},
		{"environment: {A: $EMPTY, B: $BAD}", "environment/A", ""},
		{"environment: {A: $EMPTY, B: $BAD}", "environment/B", "a: [b"},
		{"environment: ['A=$SET']", "environment/A", "env"},
		{"ports: ['$PORT:${PORT}']", "ports/0/target", "8080"},
		{"tty: ${T:-true}", "tty", "true"},
		/* Keys are not touched. */
		{"environment: {$SET: x}", "environment", "{$SET}"},
		{"x-upfront: {ready: {log: 'a$$'}}", "x-upfront/ready/log", "a$"},
	};
	struct strmap overrides;
	struct stack_text_options options = {.environment = environment};
	struct stack_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char yaml[256];
		char path[128];

		snprintf(yaml, sizeof(yaml), "services:\n  web:\n    entrypoint: e\n    %s\n", cases[i].written);
		snprintf(path, sizeof(path), "services/web/%s", cases[i].path);
		stack_text_resolve(&text, yaml, &options);
		stack_text_assert_error(&text, "");
		assert_string_equal(stack_text_at(text.stack->root, path), cases[i].value);
		stack_text_finish(&text);
	}
	/* Overrides win over everything, also where the environment is inherited. */
	strmap_init(&overrides);
	strmap_set(&overrides, "SET", "over");
	options.overrides = &overrides;
	stack_text_resolve(&text, "services: {a: {command: $SET, environment: [SET]}}", &options);
	assert_string_equal(stack_text_service(&text, "a")->argv[0], "over");
	assert_string_equal(strmap_find(&text.stack->services[0].environment, "SET"), "over");
	assert_true(stack_depends_on(text.stack, &overrides));
	stack_text_finish(&text);
	options.overrides = NULL;
	stack_text_resolve(&text, "services: {a: {command: '${SET:-x}'}}", &options);
	assert_true(stack_depends_on(text.stack, &overrides));
	stack_text_finish(&text);
	stack_text_resolve(&text, "services: {a: {command: x, environment: [SET]}}", &options);
	assert_true(stack_depends_on(text.stack, &overrides));
	stack_text_finish(&text);
	stack_text_resolve(&text, "services: {a: {command: '${OTHER:-x}', environment: {SET: y}}}", &options);
	assert_false(stack_depends_on(text.stack, &overrides));
	stack_text_finish(&text);
	strmap_finish(&overrides);
}

static void test_unset_variables(void **state)
{
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, "services: {a: {command: 'x $A $B $A', environment: {C: $A}}}", NULL);
	stack_text_assert_error(&text, "");
	/* Once for each name. */
	assert_int_equal(text.stack->warnings.count, 2);
	assert_non_null(strstr(text.warnings, "the variable A is not set: taken as empty"));
	stack_text_finish(&text);
	/* What is set by the answer, whichever, is there when services start. */
	stack_text_resolve(&text,
			   "x-upfront: {telemetry: {env: {on: {A: x, B: '${relay}'}, off: {A: y}}}}\n"
			   "services: {a: {command: 'x $A $B $C'}}",
			   NULL);
	stack_text_assert_error(&text, "");
	assert_int_equal(text.stack->warnings.count, 1);
	assert_non_null(strstr(text.warnings, "the variable C is not set: taken as empty"));
	stack_text_finish(&text);
	/* Where that makes an error, the error says so: warnings are of files that are used. */
	stack_text_resolve(&text, "services: {a: {command: $A}}", NULL);
	stack_text_assert_error(&text,
				"service 'a' has no 'command' to run (the variable A is not set: taken as empty)");
	stack_text_finish(&text);
	stack_text_resolve(&text, "services:\n  a: {command: '${A:?say what}'}\n  b: {command: '${B?}'}", NULL);
	stack_text_assert_error(&text, "stack.yaml:2:");
	stack_text_assert_error(&text, "say what");
	stack_text_assert_error(&text, "stack.yaml:3:");
	stack_text_finish(&text);
}

static void test_service_environment(void **state)
{
	static const char *const environment[] = {"HAVE=shell", NULL};
	const struct stack_text_options options = {.environment = environment};
	struct strmap base, telemetry, out;
	struct stack_text text;

	(void)state;
	strmap_init(&base);
	strmap_init(&telemetry);
	strmap_init(&out);
	strmap_set(&base, "HAVE", "shell");
	strmap_set(&base, "PATH", "/bin");
	strmap_set(&telemetry, "TELEMETRY", "off");
	stack_text_resolve(&text,
			   "services: {a: {command: b, environment: {HAVE: , MISSING: , N: 1.10, T: true, TELEMETRY: "
			   "'on', E: ''}}}",
			   &options);
	assert_int_equal(service_environment(stack_text_service(&text, "a"), &base, &telemetry, &out), 0);
	assert_string_equal(strmap_find(&out, "HAVE"), "shell");
	assert_string_equal(strmap_find(&out, "PATH"), "/bin");
	assert_false(strmap_has(&out, "MISSING"));
	assert_string_equal(strmap_find(&out, "N"), "1.1");
	assert_string_equal(strmap_find(&out, "T"), "true");
	assert_string_equal(strmap_find(&out, "E"), "");
	assert_string_equal(strmap_find(&out, "TELEMETRY"), "off");
	stack_text_finish(&text);
	strmap_finish(&base);
	strmap_finish(&telemetry);
	strmap_finish(&out);
}

static void test_errors(void **state)
{
	static const struct {
		const char *yaml, *error;
	} cases[] = {
		{"", "the file is empty: wanted a map with 'services'"},
		{"# nothing\n", "the file is empty"},
		{"[]", "this is no stack file: wanted a map with 'services', found a list"},
		{"hello", "this is no stack file: wanted a map with 'services', found text"},
		{"name: x", "there are no services"},
		{"services:", "there are no services"},
		{"services: {}", "there are no services"},
		{"services: []", "'services': wanted a map, found a list"},
		{"services: {a: b}", "'a': wanted a service, which is a map, found 'b'"},
		{"services: {a: }", "service 'a' has no 'command' to run"},
		{"sevices: {a: {command: b}}", "unknown key 'sevices' in a stack file (did you mean 'services'?)"},
		{"x-mine: 1\nservices: {a: {command: b}}", ""},
		{"services: {a: {command: b}}\nnetworks: x", "'networks': wanted a map, found 'x'"},
		{"services: {a: {extends: b}, b: {extends: a}}", "'extends' goes round in a circle: a -> b -> a"},
		{"services: {a: {extends: a}}", "'extends' goes round in a circle: a -> a"},
		{"services: {a: {extends: {service: bb}}, bbb: {command: x}}",
		 "'extends' names service 'bb', which is not in app/stack.yaml (did you mean 'bbb'?)"},
		{"services: {a: {extends: {srvice: b}}}",
		 "unknown key 'srvice' in 'extends' (did you mean 'service'?)"},
		{"services: {a: {extends: {}}}", "'extends' names no service"},
		{"services: {a: {extends: [b]}}", "'extends': wanted a service or {service, file}, found a list"},
		{"services: {a: {extends: {file: /nowhere.yaml, service: b}}}",
		 "cannot read nowhere.yaml: No such file or directory"},
		{"include: [/nowhere.yaml]\nservices: {a: {command: b}}",
		 "cannot read nowhere.yaml: No such file or directory"},
		{"include: x\nservices: {a: {command: b}}", "'include': wanted a list of paths, found text"},
		{"include: [{pth: x}]\nservices: {a: {command: b}}",
		 "unknown key 'pth' in 'include' (did you mean 'path'?)"},
		{"include: [{env_file: []}]\nservices: {a: {command: b}}", "include: no 'path'"},
		{"services: {a: {command: b}, a: {command: c}}", "stack.yaml:1:"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		stack_text_resolve(&text, cases[i].yaml, NULL);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

/* All of them, each where it stands, from top to bottom - whatever part of the program found them. */
static void test_several_errors(void **state)
{
	struct stack_text text;
	const char *at;

	(void)state;
	stack_text_resolve(&text,
			   "services:\n"
			   "  a:\n"
			   "    comand: x\n"
			   "    restart: alwyas\n"
			   "    ports: [99999]\n"
			   "  b: {command: \"c 'd\"}\n"
			   "  c: {command: d, depends_on: [e]}\n",
			   NULL);
	at = text.errors;
	for (int line = 3; line <= 7; line++) {
		char where[64];

		snprintf(where, sizeof(where), "app/stack.yaml:%d:", line);
		at = strstr(at, where);
		assert_non_null(at);
	}
	stack_text_finish(&text);
}

static void test_secrets(void **state)
{
	static const struct {
		const char *name;
		bool secret;
	} names[] = {
		{"OPENAI_API_KEY", true},
		{"apiKey", true},
		{"DB_PASSWORD", true},
		{"PGPASSWORD", true},
		{"GITHUB_TOKEN", true},
		{"AUTHTOKEN", true},
		{"AWS_SECRET_ID", true},
		{"SESSION_SALT", true},
		{"key", true},
		{"DB_PWD", true},
		{"SENTRY_DSN", true},
		{"KEYCLOAK_PORT", false},
		{"MONKEY", false},
		{"MAX_TOKENS", false},
		{"PATH", false},
		{"PWD", false},
		{"HOST_PORT", false},
		{"KEYBOARD", false},
		{"AUTHOR", false},
		{"", false},
	};
	static const char *const environment[] = {"DB_PASSWORD=hunter2", "PORT_KEY=1234", NULL};
	struct stack_text_options options = {.environment = environment, .mask_secrets = true};
	static const char yaml[] =
		"x-common: {environment: [API_KEY=hunter3], more: {TOKEN: hunter4}}\n"
		"services:\n"
		"  a:\n"
		"    command: run --password ${DB_PASSWORD} ${OTHER_SECRET:-hunter5}\n"
		"    ports: ['${PORT_KEY}:80']\n"
		"    environment: {API_KEY: hunter6, URL: 'pg://me:hunter7@db/x', PLAIN: seen}\n"
		"    entrypoint: [psql, 'pg://me:hunter8@db/x']\n"
		"    healthcheck: {test: [CMD, fetch, 'a://b, http://me:hunter9@h/, http://you:hunter9@h/']}\n"
		"    x-deploy: {TOKEN: hunter10, more: [API_KEY=hunter11, 'pg://me:hunter12@db/x']}\n";
	struct stack_text text;
	char *shown;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (stack_name_is_secret(names[i].name) != names[i].secret)
			fail_msg("%s", names[i].name);
	}
	stack_text_resolve(&text, yaml, &options);
	stack_text_assert_error(&text, "");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/command"),
			    "[run --password ******** ********]");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/environment/API_KEY"), "********");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/environment/URL"), "pg://me:********@db/x");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/environment/PLAIN"), "seen");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/entrypoint"), "[psql pg://me:********@db/x]");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/healthcheck/test"),
			    "[CMD fetch a://b, http://me:********@h/, http://you:********@h/]");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/x-deploy/TOKEN"), "********");
	assert_string_equal(stack_text_at(text.stack->root, "services/a/x-deploy/more"),
			    "[API_KEY=******** pg://me:********@db/x]");
	assert_string_equal(stack_text_at(text.stack->root, "x-common/environment"), "[API_KEY=********]");
	assert_string_equal(stack_text_at(text.stack->root, "x-common/more/TOKEN"), "********");
	/* Masked is what is printed; what is checked and run is not. */
	assert_string_equal(text.stack->services[0].argv[1], "pg://me:hunter8@db/x");
	assert_string_equal(text.stack->services[0].argv[4], "hunter2");
	assert_int_equal(text.stack->services[0].ports[0].published, 1234);
	stack_text_finish(&text);
	options.mask_secrets = false;
	stack_text_resolve(&text, yaml, &options);
	shown = strdup(stack_text_at(text.stack->root, "services/a/command"));
	assert_string_equal(shown, "[run --password hunter2 hunter5]");
	free(shown);
	stack_text_finish(&text);
}

/* A thousand services are nothing, and a small file that asks for a million values is refused. */
static void test_sizes(void **state)
{
	size_t capacity = 512 * 1024;
	char *yaml = malloc(capacity);
	size_t length;
	struct stack_text text;

	(void)state;
	assert_non_null(yaml);
	length = (size_t)snprintf(yaml, capacity, "services:\n  s0: {command: a}\n");
	for (int i = 1; i < 1000; i++)
		length += (size_t)snprintf(yaml + length, capacity - length, "  s%d: {command: a, depends_on: [s%d]}\n",
					   i, i - 1);
	stack_text_resolve(&text, yaml, NULL);
	assert_int_equal(stack_text_service(&text, "s999")->depends_on[0].index, 998);
	stack_text_finish(&text);

	length = (size_t)snprintf(yaml, capacity, "services:\n  s0: {command: a, labels: {k: v");
	for (int i = 0; i < 2000; i++)
		length += (size_t)snprintf(yaml + length, capacity - length, ", k%d: v", i);
	length += (size_t)snprintf(yaml + length, capacity - length, "}}\n");
	for (int i = 1; i < 1000; i++)
		length +=
			(size_t)snprintf(yaml + length, capacity - length, "  s%d: {extends: s0, labels: {x: y}}\n", i);
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text,
				"this stack is larger than 1000000 values once extends and includes are resolved");
	stack_text_finish(&text);

	length = (size_t)snprintf(yaml, capacity, "services:\n");
	for (int i = 0; i < 70; i++)
		length += (size_t)snprintf(yaml + length, capacity - length, "  s%d: {extends: s%d}\n", i, i + 1);
	snprintf(yaml + length, capacity - length, "  s70: {command: a}\n");
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text, "'extends' is nested deeper than 64 services");
	stack_text_finish(&text);

	/* As many mistakes as there are services: the first are told, none of the others costs a search for what was meant. */
	length = (size_t)snprintf(yaml, capacity, "services:\n");
	for (int i = 0; i < 6000; i++)
		length += (size_t)snprintf(yaml + length, capacity - length, "  s%d: {command: a, depends_on: [x%d]}\n",
					   i, i);
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text, "depends on unknown service 'x19'");
	stack_text_assert_error(&text, "5980 more");
	stack_text_finish(&text);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_project_names),   cmocka_unit_test(test_order_and_look_up),
		cmocka_unit_test(test_profiles),        cmocka_unit_test(test_variables),
		cmocka_unit_test(test_unset_variables), cmocka_unit_test(test_service_environment),
		cmocka_unit_test(test_errors),          cmocka_unit_test(test_several_errors),
		cmocka_unit_test(test_secrets),         cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
