/* SPDX-License-Identifier: MIT */
/* Several files into one, by Compose's rules: -f twice, extends, include. */
#include "config/command_table.h"
#include "config/node.h"
#include "tests/lib/stack_text.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Resolves <stack>/a.yaml with, when it is there, <stack>/b.yaml over it. */
static struct stack *resolve(const struct world *world, struct stack_source **source, struct err *err)
{
	const char *const files[] = {"a.yaml", world_has(world, "b.yaml") ? "b.yaml" : NULL, NULL};
	const struct stack_options options = {
		.files = files, .directory = world->stack, .environment = &world->environment};
	struct stack *stack = NULL;

	*source = NULL;
	if (stack_source_open(&options, source, err) == 0)
		stack_resolve(*source, NULL, &stack, err);
	return stack;
}

/* What `path` becomes; an error becomes its text. Valid until the next call. */
static const char *outcome(const struct world *world, const char *path)
{
	static char shown[4096];
	struct stack_source *source;
	struct err err = ERR_INIT;
	struct stack *stack = resolve(world, &source, &err);
	char *errors = err_render(&err, "upfront");

	snprintf(shown, sizeof(shown), "%s", stack ? stack_text_at(stack->root, path) : errors);
	free(errors);
	err_finish(&err);
	stack_destroy(stack);
	stack_source_destroy(source);
	return shown;
}

static void test_two_files(void **state)
{
	static const struct {
		const char *base, *over; /* bodies of service `w` */
		const char *path, *value;
	} cases[] = {
		/* Scalars are replaced, maps merged, lists appended. */
		{"hostname: a", "hostname: b", "hostname", "b"},
		{"hostname: a", "user: b", "hostname", "a"},
		{"logging: {driver: x, options: {a: 1}}", "logging: {options: {b: 2}}", "logging/options", "{a b}"},
		{"logging: {driver: x, options: {a: 1}}", "logging: {driver: y}", "logging", "{driver}"},
		{"cap_add: [A]", "cap_add: [B]", "cap_add", "[A B]"},
		/* Environments and labels by key, however they are written. */
		{"environment: [A=1, B=2]", "environment: {B: 3, C: 4}", "environment", "{A B C}"},
		{"environment: [A=1, B=2]", "environment: {B: 3, C: 4}", "environment/B", "3"},
		{"environment: {A: 1}", "environment: [A]", "environment/A", "null"},
		{"labels: [a=1]", "labels: {a: 2}", "labels/a", "2"},
		/* Lists of things that are the same. */
		{"ports: ['80:80']", "ports: ['80:80', '81:80']", "ports", "[... ...]"},
		{"ports: ['80:80']", "ports: [{target: 80, published: 80}]", "ports", "[...]"},
		{"ports: ['80:80']", "ports: ['80:80/udp']", "ports", "[... ...]"},
		{"expose: [80]", "expose: ['80', 81]", "expose", "[80 81]"},
		{"dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]", "dns", "[1.1.1.1 8.8.8.8]"},
		{"volumes: ['a:/x', 'b:/y']", "volumes: ['c:/x']", "volumes/0/source", "c"},
		{"volumes: ['a:/x', 'b:/y']", "volumes: ['c:/x']", "volumes", "[... ...]"},
		{"env_file: x.env", "env_file: [{path: ./x.env, required: false}]", "env_file/0/required", "false"},
		{"profiles: [x]", "profiles: [x]", "profiles", "[x]"},
		{"devices: ['/a:/x']", "devices: ['/b:/x:r', '/c']", "devices", "[/b:/x:r /c]"},
		{"devices: ['/a:/x']", "devices: [{source: /b, target: /x}]", "devices", "[...]"},
		/* Commands are replaced. */
		{"command: a b", "command: [c]", "command", "[c]"},
		{"entrypoint: [a, b]", "entrypoint: c", "entrypoint", "[c]"},
		{"healthcheck: {test: a, interval: 1s}", "healthcheck: {test: [CMD, b]}", "healthcheck/test",
		 "[CMD b]"},
		{"healthcheck: {test: a, interval: 1s}", "healthcheck: {test: [CMD, b]}", "healthcheck/interval", "1s"},
		{"ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits/nofile", "{soft hard}"},
		/* Dependencies merge, whatever their form. */
		{"depends_on: [x]", "depends_on: {y: {condition: service_healthy}}", "depends_on", "{x y}"},
		{"depends_on: [x]", "depends_on: {x: {condition: service_healthy}}", "depends_on/x/condition",
		 "service_healthy"},
		{"networks: [m]", "networks: {n: {aliases: [o]}}", "networks", "{m n}"},
		/* Nothing said takes nothing back; the tags do. */
		{"environment: {A: 1}", "environment:", "environment", "{A}"},
		{"environment: {A: 1, B: 2}", "environment: {A: !reset null}", "environment", "{B}"},
		{"ports: ['80:80']", "ports: !reset []", "ports", "(none)"},
		{"ports: ['80:80']", "ports: !override ['81:81']", "ports/0/target", "81"},
		{"ports: ['80:80']", "ports: !override ['81:81']", "ports", "[...]"},
		{"cap_add: !reset [A]", "user: b", "cap_add", "(none)"},
		/* x-upfront: one probe, one version, but back-off key by key. */
		{"x-upfront: {ready: {tcp: 'a:1', interval: 1s}}", "x-upfront: {ready: {log: b}}", "x-upfront/ready",
		 "{interval log}"},
		{"x-upfront: {version: {exec: [a], pattern: b}}", "x-upfront: {version: 1}", "x-upfront/version", "1"},
		{"x-upfront: {backoff: {initial: 1s}}", "x-upfront: {backoff: {max: 2s}}", "x-upfront/backoff",
		 "{initial max}"},
	};
	struct world *world = *state;
	size_t wrong = 0;

	world_write(world, "x.env", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];
		char path[128];
		const char *value;

		snprintf(text, sizeof(text),
			 "volumes: {a: , b: , c: }\nnetworks: {m: , n: }\n"
			 "services:\n  x: {image: x}\n  y: {image: x}\n  w:\n    image: i\n    %s\n",
			 cases[i].base);
		world_write(world, "a.yaml", text);
		snprintf(text, sizeof(text), "services:\n  w:\n    %s\n", cases[i].over);
		world_write(world, "b.yaml", text);
		snprintf(path, sizeof(path), "services/w/%s", cases[i].path);
		/* A service of a profile is not in the tree: the profile is asked for. */
		world_setenv(world, "COMPOSE_PROFILES", "*");
		value = outcome(world, path);
		if (strcmp(value, cases[i].value) != 0) {
			print_error("%s + %s: %s\n", cases[i].base, cases[i].over, value);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void test_extends(void **state)
{
	static const struct {
		const char *path, *value;
	} cases[] = {
		{"services/w/command", "[run w]"},
		{"services/w/environment", "{A B C}"},
		{"services/w/environment/A", "w"},
		{"services/w/environment/B", "mid"},
		{"services/w/extends", "(none)"},
		{"services/w/depends_on", "{mid}"},
		{"services/reset", "{image environment}"},
		{"services/reset/environment", "{B}"},
		{"services/other/command", "[deep]"},
		/* Paths of another file are relative to where that file lies. */
		{"services/other/working_dir", "sub/work"},
		{"services/other/env_file/0/path", "sub/o.env"},
	};
	struct world *world = *state;

	world_write(world, "a.yaml",
		    "services:\n"
		    "  base: {command: run base, environment: {A: base, B: base, C: base}}\n"
		    "  mid: {extends: base, environment: {B: mid}}\n"
		    "  w: {extends: {service: mid}, command: run w, environment: [A=w], depends_on: [mid]}\n"
		    "  from: {image: a, command: run, environment: {A: 1, B: 2}}\n"
		    "  reset: {extends: from, command: !reset null, environment: {A: !reset null}}\n"
		    "  other: {extends: {file: sub/s.yaml, service: outer}}\n");
	world_write(world, "sub/s.yaml",
		    "services:\n"
		    "  outer: {extends: {file: t.yaml, service: deep}, env_file: o.env}\n");
	world_write(world, "sub/t.yaml", "services: {deep: {command: deep, working_dir: work}}\n");
	world_write(world, "sub/o.env", "X=1\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *value = outcome(world, cases[i].path);

		if (strncmp(value, world->stack, strlen(world->stack)) == 0)
			value += strlen(world->stack) + 1;
		assert_string_equal(value, cases[i].value);
	}
	world_write(world, "sub/t.yaml", "services: {deep: {extends: {file: s.yaml, service: outer}}}\n");
	assert_non_null(strstr(outcome(world, ""), "'extends' goes round in a circle: outer -> deep -> outer"));
}

static void test_include(void **state)
{
	struct world *world = *state;

	world_write(world, "a.yaml",
		    "include:\n"
		    "  - lib/one.yaml\n"
		    "  - {path: [lib/two.yaml, lib/two.over.yaml], env_file: two.env, project_directory: proj}\n"
		    "services: {w: {command: '${A:-main}', depends_on: [one, two]}}\n");
	world_write(world, "lib/one.yaml",
		    "name: not-ours\nx-upfront: {app: not-ours}\nservices: {one: {command: '${A}'}}\n");
	world_write(world, "lib/.env", "A=lib\n");
	world_write(world, "lib/two.yaml", "services: {two: {command: '${A}', user: x}}\n");
	world_write(world, "lib/two.over.yaml", "services: {two: {user: y}}\n");
	world_write(world, "two.env", "A=two\n");
	assert_string_equal(outcome(world, "services"), "{one two w}");
	/* Each include sees its own .env; what it says is below what the stack knows. */
	assert_string_equal(outcome(world, "services/one/command"), "[lib]");
	assert_string_equal(outcome(world, "services/two/command"), "[two]");
	assert_string_equal(outcome(world, "services/w/command"), "[main]");
	assert_string_equal(outcome(world, "services/two/user"), "y");
	assert_string_equal(strrchr(outcome(world, "services/two/working_dir"), '/'), "/proj");
	assert_string_equal(strrchr(outcome(world, "services/one/working_dir"), '/'), "/lib");
	assert_string_equal(outcome(world, "name"), "stack");
	assert_string_equal(outcome(world, "x-upfront"), "(none)");
	world_write(world, ".env", "A=top\n");
	assert_string_equal(outcome(world, "services/one/command"), "[top]");
	/* An include adds, it does not override - but a later -f does. */
	world_write(world, "b.yaml", "services: {one: {command: over}}\n");
	assert_string_equal(outcome(world, "services/one/command"), "[over]");
	world_write(world, "a.yaml", "include: [lib/one.yaml]\nservices: {one: {command: x}}\n");
	assert_non_null(strstr(outcome(world, ""), "a.yaml:2:"));
	assert_non_null(strstr(outcome(world, ""), "service 'one' is also in lib/one.yaml:3, which is included here"));
}

/* Who includes a service may say of it what only we read, and nothing else. */
static void test_include_upfront(void **state)
{
	static const char *const conflicts[] = {"{x-upfront: {open: 'http://a'}, user: x}", "{user: x}", "{}"};
	struct world *world = *state;
	char text[256];

	world_write(world, "lib/one.yaml",
		    "services:\n  one: {command: run, user: me, x-upfront: {version: 1, ready: {log: up}}}\n");
	world_write(world, "a.yaml",
		    "include: [lib/one.yaml]\n"
		    "services: {one: {x-upfront: {open: 'http://a', ready: {tcp: 'a:1', interval: 2s}}}}\n");
	assert_string_equal(outcome(world, "services"), "{one}");
	assert_string_equal(outcome(world, "services/one/command"), "[run]");
	assert_string_equal(outcome(world, "services/one/user"), "me");
	assert_string_equal(outcome(world, "services/one/x-upfront/open"), "http://a");
	assert_string_equal(outcome(world, "services/one/x-upfront/version"), "1");
	assert_string_equal(outcome(world, "services/one/x-upfront/ready"), "{tcp interval}");
	/* It is still the included file's: its paths begin there. */
	assert_string_equal(strrchr(outcome(world, "services/one/working_dir"), '/'), "/lib");
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++) {
		snprintf(text, sizeof(text), "include: [lib/one.yaml]\nservices: {one: %s}\n", conflicts[i]);
		world_write(world, "a.yaml", text);
		assert_non_null(strstr(outcome(world, ""), "service 'one' is also in lib/one.yaml:2"));
	}
	/* Of two files that are included neither is laid over the other. */
	world_write(world, "lib/two.yaml", "services: {one: {x-upfront: {open: 'http://b'}}}\n");
	world_write(world, "a.yaml", "include: [lib/one.yaml, lib/two.yaml]\n");
	assert_non_null(strstr(outcome(world, ""), "service 'one' is also in lib/one.yaml:2"));
}

static void test_include_troubles(void **state)
{
	struct world *world = *state;
	char text[256];

	world_write(world, "a.yaml", "include: [b2.yaml]\nservices: {w: {command: x}}\n");
	world_write(world, "b2.yaml", "include: [a.yaml]\nservices: {v: {command: x}}\n");
	assert_non_null(strstr(outcome(world, ""), "'include' goes round in a circle: b2.yaml includes a.yaml"));
	world_write(world, "a.yaml", "include: [gone.yaml]\nservices: {w: {command: x}}\n");
	assert_non_null(strstr(outcome(world, ""), "a.yaml:1:11: cannot read gone.yaml: No such file or directory"));
	/* The same file by two ways is no conflict. */
	world_write(world, "a.yaml", "include: [l.yaml, r.yaml]\nservices: {w: {command: x}}\n");
	world_write(world, "l.yaml", "include: [c.yaml]\n");
	world_write(world, "r.yaml", "include: [c.yaml]\n");
	world_write(world, "c.yaml", "services: {c: {command: x}}\n");
	assert_string_equal(outcome(world, "services"), "{c w}");
	/* Doubling at each level must not take for ever. */
	for (int i = 0; i < 30; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d%d.yaml", i);
		snprintf(text, sizeof(text), "include: [d%d.yaml, d%d.yaml]\n", i + 1, i + 1);
		world_write(world, name, text);
	}
	world_write(world, "d30.yaml", "services: {c: {command: x}}\n");
	world_write(world, "a.yaml", "include: [d0.yaml]\n");
	assert_non_null(strstr(outcome(world, ""), "more than 256 includes"));
}

static void test_files_listed(void **state)
{
	struct world *world = *state;
	struct stack_source *source;
	struct err err = ERR_INIT;
	struct stack *stack;

	world_write(world, "a.yaml", "include: [c.yaml]\nservices: {w: {extends: {file: e.yaml, service: e}}}\n");
	world_write(world, "b.yaml", "services: {w: {user: x}}\n");
	world_write(world, "c.yaml", "services: {c: {command: x}}\n");
	world_write(world, "e.yaml", "services: {e: {command: x}}\n");
	stack = resolve(world, &source, &err);
	assert_non_null(stack);
	assert_string_equal(stack->files[0], world_path(world, "a.yaml"));
	assert_string_equal(stack->files[1], world_path(world, "e.yaml"));
	assert_string_equal(stack->files[2], world_path(world, "c.yaml"));
	assert_string_equal(stack->files[3], world_path(world, "b.yaml"));
	assert_null(stack->files[4]);
	/* A stack stands without its source. */
	stack_source_destroy(source);
	assert_string_equal(stack_find_service(stack, "c")->place.file, "c.yaml");
	assert_string_equal(stack->services[0].name, "c");
	stack_destroy(stack);
}

static const char *joined(const char *const *words)
{
	static char text[256];

	*text = '\0';
	for (; words && *words; words++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? " " : "", *words);
	return text;
}

/* What a later file says of an event, an option or a withdrawal counts; all else stays, lists grow. */
static void test_declared_telemetry(void **state)
{
	const struct world *world = *state;
	struct err err = ERR_INIT;
	struct stack_source *source;
	struct stack *stack;
	const struct telemetry_decl *decl;
	const struct command_entry *run;

	world_write(world, "a.yaml",
		    "x-upfront: {telemetry: {services: {asked: {ok: bool, how: [a, b]}, old: {n: int}},\n"
		    "  routes: [/a, /b], origins: ['http://h:1'], on_withdraw: {signal: USR1},\n"
		    "  commands: {t: {'*': {-v: count}, run: {--f: [x, y], --n: int, aliases: [r]}, stop: }}}}\n"
		    "services: {w: {command: a, x-upfront: {on_withdraw: {signal: USR1}}}}\n");
	world_write(world, "b.yaml",
		    "x-upfront: {telemetry: {services: {asked: {how: [c]}, new: }, routes: [/b, /c], origins: "
		    "['HTTP://h:1'],\n"
		    "  commands: {t: {run: {--f: path, aliases: [go], track: false}}, u: {x: }}, on_withdraw: {exec: "
		    "[a]}}}\n"
		    "services: {w: {x-upfront: {on_withdraw: {exec: [b]}}}}\n");
	stack = resolve(world, &source, &err);
	assert_non_null(stack);
	decl = stack->telemetry;
	assert_int_equal(decl->event_count, 3);
	assert_int_equal(decl->events[0].field_count, 2);
	assert_string_equal(joined(decl->events[0].fields[1].words), "c");
	assert_string_equal(decl->events[2].name, "new");
	assert_string_equal(joined(decl->routes), "/a /b /c");
	assert_string_equal(joined(decl->origins), "http://h:1");
	assert_int_equal(decl->on_withdraw.signal, 0);
	assert_string_equal(joined(decl->on_withdraw.argv), "a");
	assert_int_equal(stack->services[0].on_withdraw->signal, 0);
	assert_string_equal(joined(stack->services[0].on_withdraw->argv), "b");
	assert_int_equal(decl->command_count, 2);
	assert_int_equal(decl->commands[0].option_count, 1);
	assert_int_equal(decl->commands[0].entry_count, 2);
	run = &decl->commands[0].entries[0];
	assert_int_equal(run->option_count, 2);
	assert_int_equal(run->options[0].kind, COMMAND_PATH);
	assert_int_equal(run->options[1].kind, COMMAND_INT);
	assert_string_equal(joined(run->aliases), "go");
	assert_true(run->untracked);
	stack_destroy(stack);
	stack_source_destroy(source);
	err_finish(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_files, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_extends, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_include, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_include_upfront, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_include_troubles, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_files_listed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_declared_telemetry, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
