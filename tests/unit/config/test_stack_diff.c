/* SPDX-License-Identifier: MIT */
/* What counts as a difference between two stacks, and what does not. */
#include "config/stack_diff.h"

#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	struct stack_text before, after;
	struct stack_diff diff;
};

static void compare(struct pair *self, const char *before, const char *after)
{
	stack_text_resolve(&self->before, before, NULL);
	stack_text_resolve(&self->after, after, NULL);
	stack_text_assert_error(&self->before, "");
	stack_text_assert_error(&self->after, "");
	assert_int_equal(stack_diff_make(&self->diff, self->before.stack, self->after.stack), 0);
}

static void finish(struct pair *self)
{
	stack_diff_finish(&self->diff);
	stack_text_finish(&self->before);
	stack_text_finish(&self->after);
}

/* The keys of the only service, separated by blanks. */
static void assert_keys(const char *before, const char *after, const char *wanted)
{
	struct pair pair;
	char keys[256] = "";

	compare(&pair, before, after);
	for (const char **key = pair.diff.services[0].keys; *key != NULL; key++) {
		strcat(keys, keys[0] != '\0' ? " " : "");
		strcat(keys, *key);
	}
	if (strcmp(keys, wanted) != 0)
		fail_msg("%s\nand\n%s\ndiffer in '%s', wanted '%s'", before, after, keys, wanted);
	assert_int_equal(pair.diff.services[0].kind != STACK_SAME, wanted[0] != '\0');
	finish(&pair);
}

#define WEB(text) "services: {web: {" text "}}\n"

static void test_what_is_no_difference(void **state)
{
	static const char *const cases[][2] = {
		{WEB("command: sleep 1"), "# a comment\nservices:\n  web:\n    command: [sleep, '1']\n"},
		{WEB("command: a, environment: {A: 1, B: x}"), WEB("environment: [B=x, A=1], command: a")},
		{WEB("command: a, stop_grace_period: 1m"), WEB("command: a, stop_grace_period: 60s")},
		{WEB("command: a, stop_signal: TERM"), WEB("command: a, stop_signal: SIGTERM")},
		{WEB("command: a"), WEB("command: a, restart: 'no'")},
		{WEB("command: a"), WEB("command: a, scale: 1")},
		{WEB("command: a, ports: ['80']"), WEB("command: a, ports: [{target: 80}]")},
		{WEB("command: a"), WEB("command: a, networks: [back]") "networks: {back: }\n"},
		{WEB("command: a, healthcheck: {test: b}"), WEB("command: a, healthcheck: {test: [CMD-SHELL, b]}")},
		{WEB("command: a, tty: no"), WEB("command: a, tty: false")},
		{WEB("image: x, command: a"), WEB("command: a, image: 'x'")},
		{WEB("command: a"), "x-upfront: {app: Other}\n" WEB("command: a")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_keys(cases[i][0], cases[i][1], "");
}

static void test_each_key(void **state)
{
	static const struct {
		const char *after, *keys;
	} cases[] = {
		{WEB("command: other"), "command"},
		{WEB("command: a, entrypoint: env"), "entrypoint"},
		{WEB("command: a, environment: {A: 1}"), "environment"},
		{WEB("command: a, working_dir: /tmp"), "working_dir"},
		{WEB("command: a, user: root"), "user"},
		{WEB("command: a, healthcheck: {test: b}"), "healthcheck"},
		{WEB("command: a, restart: always"), "restart"},
		{WEB("command: a, restart: 'on-failure:3'"), "restart"},
		{WEB("command: a, stop_signal: INT"), "stop_signal"},
		{WEB("command: a, stop_grace_period: 3s"), "stop_grace_period"},
		{WEB("command: a, ulimits: {nofile: 100}"), "ulimits"},
		{WEB("command: a, ports: ['80:80']"), "ports"},
		{WEB("command: a, labels: {a: b}"), "labels"},
		{WEB("command: a, tty: true"), "tty"},
		{WEB("command: a, stdin_open: true"), "stdin_open"},
		{WEB("command: a, x-upfront: {ready: {tcp: 'localhost:80'}}"), "x-upfront.ready"},
		{WEB("command: a, x-upfront: {backoff: {initial: 1s}}"), "x-upfront.backoff"},
		{WEB("command: a, x-upfront: {restart_on_unhealthy: true}"), "x-upfront.restart_on_unhealthy"},
		{WEB("command: a, x-upfront: {log: {max_files: 2}}"), "x-upfront.log"},
		{WEB("command: a, x-upfront: {version: '2'}"), "x-upfront.version"},
		{WEB("command: a, x-upfront: {open: 'http://localhost/'}"), "x-upfront.open"},
		{WEB("command: a, x-upfront: {on_withdraw: {signal: USR1}}"), "x-upfront.on_withdraw"},
		{WEB("command: a, x-upfront: {shell: true}"), "command x-upfront.shell"},
		{WEB("command: a, scale: 2"), "scale"},
		{WEB("command: a, deploy: {replicas: 2}"), "deploy"},
		{WEB("command: b, environment: {A: 1}, scale: 2"), "command environment scale"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_keys(WEB("command: a"), cases[i].after, cases[i].keys);
	assert_keys(WEB("image: x"), WEB("image: x, networks: [back]") "networks: {back: }\n", "networks");
	assert_keys(WEB("image: x"), WEB("image: y"), "image");
}

static void test_dependencies(void **state)
{
	static const char one[] = "services: {web: {command: a, depends_on: [db]}, db: {command: b}}\n";

	(void)state;
	assert_keys(one,
		    "services: {web: {command: a, depends_on: {db: {condition: service_started}}}, db: {command: b}}\n",
		    "");
	assert_keys(one, "services: {web: {command: a}, db: {command: b}}\n", "depends_on");
	assert_keys(one,
		    "services: {web: {command: a, depends_on: {db: {condition: service_started, restart: true}}}, db: "
		    "{command: b}}\n",
		    "depends_on");
}

static void test_services_that_come_and_go(void **state)
{
	struct pair pair;

	(void)state;
	compare(&pair, "services: {a: {command: a}, b: {command: b}, c: {command: c}, d: {command: d}}\n",
		"services: {e: {command: e}, c: {command: x}, b: {command: b}, d: {command: d, scale: 3}}\n");
	assert_int_equal(pair.diff.count, 5);
	assert_int_equal(pair.diff.services[0].kind, STACK_ADDED);
	assert_true(pair.diff.services[0].before == SIZE_MAX);
	assert_int_equal(pair.diff.services[1].kind, STACK_CHANGED);
	assert_int_equal(pair.diff.services[1].before, 2);
	assert_int_equal(pair.diff.services[2].kind, STACK_SAME);
	assert_int_equal(pair.diff.services[2].before, 1);
	assert_int_equal(pair.diff.services[3].kind, STACK_SCALED);
	assert_int_equal(pair.diff.services[4].kind, STACK_REMOVED);
	assert_string_equal(pair.diff.services[4].name, "a");
	assert_int_equal(stack_diff_count(&pair.diff, STACK_SAME), 1);
	assert_false(pair.diff.telemetry);
	finish(&pair);
}

static void test_telemetry(void **state)
{
	static const char before[] =
		"x-upfront: {telemetry: {host: 'https://a.example', key: k, notice: 1}}\n" WEB("command: a");
	static const char after[] =
		"x-upfront: {telemetry: {host: 'https://a.example', key: k, notice: 2}}\n" WEB("command: a");
	struct pair pair;

	(void)state;
	compare(&pair, before, after);
	assert_true(pair.diff.telemetry);
	assert_int_equal(pair.diff.services[0].kind, STACK_SAME);
	finish(&pair);
	compare(&pair, before, before);
	assert_false(pair.diff.telemetry);
	finish(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_difference),
		cmocka_unit_test(test_each_key),
		cmocka_unit_test(test_dependencies),
		cmocka_unit_test(test_services_that_come_and_go),
		cmocka_unit_test(test_telemetry),
	};

	return cmocka_run_group_tests_name("stack_diff", tests, NULL, NULL);
}
