/* SPDX-License-Identifier: MIT */
/* Health after the start, with real servers that fall ill and get well: every kind of probe, and all forms of a health check. */
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
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000
#define OFTEN "interval: 100ms, retries: 2"

static void await_state(const struct world *world, const char *name, const char *state, int restarts)
{
	int64_t since = world_now_ms();
	bool there = false;

	while (!there) {
		cJSON *now = stack_unit(world, name);

		there = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(now, "state")), state) == 0 &&
			cJSON_GetObjectItem(now, "restarts")->valueint >= restarts;
		cJSON_Delete(now);
		if (!there)
			world_pause(since, WAIT_MS, state);
	}
}

static void make_well(const struct world *world, const char *file)
{
	assert_int_equal(unlink(world_path(world, file)), 0);
}

/* ---- Every kind ---- */

/* One service of each kind, ill while its file is there; `rest` is added to each x-upfront. */
static void begin_all_kinds(const struct world *world, const char *rest)
{
	int http = world_free_port(), tcp = world_free_port();
	char text[4096];

	snprintf(text, sizeof(text),
		 "services:\n"
		 "  http: {command: '%s/tests/helpers/server http %d http.ill', x-upfront: {%s ready: {http: "
		 "'http://127.0.0.1:%d/', " OFTEN "}}}\n"
		 "  tcp: {command: '%s/tests/helpers/server tcp %d tcp.ill', x-upfront: {%s ready: {tcp: "
		 "'127.0.0.1:%d', " OFTEN "}}}\n"
		 "  unix: {command: '%s/tests/helpers/server unix s unix.ill', x-upfront: {%s ready: {unix: s, " OFTEN
		 "}}}\n"
		 "  exec: {command: sleep 1001, x-upfront: {%s ready: {exec: [test, '!', -e, exec.ill], " OFTEN "}}}\n"
		 "  check: {command: sleep 1001, healthcheck: {test: '! test -e check.ill', " OFTEN
		 "}, x-upfront: {%s shell: false}}\n",
		 world->bin_dir, http, rest, http, world->bin_dir, tcp, rest, tcp, world->bin_dir, rest, rest, rest);
	stack_begin_ready(world, text);
}

static const char *const kinds[] = {"http", "tcp", "unix", "exec", "check"};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void test_what_gets_well_again_is_ready_again(void **state)
{
	const struct world *world = *state;
	char file[32];

	begin_all_kinds(world, "");
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < KINDS; i++) {
			snprintf(file, sizeof(file), "%s.ill", kinds[i]);
			world_write(world, file, "");
		}
		for (size_t i = 0; i < KINDS; i++)
			await_state(world, kinds[i], "unhealthy", 0);
		for (size_t i = 0; i < KINDS; i++) {
			snprintf(file, sizeof(file), "%s.ill", kinds[i]);
			make_well(world, file);
		}
		for (size_t i = 0; i < KINDS; i++)
			await_state(world, kinds[i], "ready", 0);
	}
	for (size_t i = 0; i < KINDS; i++) {
		cJSON *now = stack_unit(world, kinds[i]);

		assert_int_equal(cJSON_GetObjectItem(now, "restarts")->valueint, 0);
		cJSON_Delete(now);
	}
	stack_end(world, 1);
	unlink(world_path(world, "s"));
	assert_int_equal(world_sockets(world), 0);
}

static void test_what_is_ill_is_started_anew_where_that_is_wanted(void **state)
{
	const struct world *world = *state;
	char file[32];

	begin_all_kinds(world, "restart_on_unhealthy: true,");
	for (size_t i = 0; i < KINDS; i++) {
		snprintf(file, sizeof(file), "%s.ill", kinds[i]);
		world_write(world, file, "");
		await_state(world, kinds[i], "starting", 1); /* there is no `restart:`; this alone is enough */
		make_well(world, file);
		await_state(world, kinds[i], "ready", 1);
	}
	stack_end(world, 1);
	unlink(world_path(world, "s"));
	assert_int_equal(world_sockets(world), 0);
}

/* ---- Health checks ---- */

static void test_forms_of_a_health_check(void **state)
{
	static const struct {
		const char *check;
		bool probed;
	} cases[] = {
		{"{test: [CMD, test, -d, /]}", true},
		{"{test: [CMD-SHELL, 'test -d / && test \"$$WORD\" = said']}", true},
		{"{test: 'test \"$$WORD\" = said'}", true},
		{"{test: [NONE]}", false},
		{"{test: [CMD, 'false'], disable: true}", false},
		{"{disable: true}", false},
	};
	const struct world *world = *state;
	char text[4096] = "services:\n", name[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "  s%zu: {command: sleep 1001, environment: {WORD: said}, healthcheck: %s}\n", i,
			 cases[i].check);
	stack_begin_ready(world, text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(name, sizeof(name), "s%zu", i);
		cJSON *now = stack_unit(world, name);

		assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(now, "state")),
				    cases[i].probed ? "ready" : "running");
		assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(now, "probe")), !cases[i].probed);
		cJSON_Delete(now);
	}
	stack_end(world, 1);
}

/*
 * Ill answers within the start period do not count, however many there are; the first good one ends the waiting without regard to
 * `interval`, and `start_interval` is how often is asked till then.
 */
static void test_start_period_and_start_interval(void **state)
{
	const struct world *world = *state;
	int64_t began = world_now_ms();

	stack_begin_ready(world,
			  "services:\n"
			  "  slow: {command: sleep 1001, healthcheck: {test: 'echo >>asked; test $$(wc -l <asked) -ge "
			  "8', interval: "
			  "60s, retries: 1, start_period: 60s, start_interval: 50ms}}\n");
	assert_true(world_now_ms() - began < 15000);
	stack_end(world, 1);
}

static void test_without_a_start_period_it_is_given_up_after_its_retries(void **state)
{
	const struct world *world = *state;
	struct run run;

	world_write(
		world, "compose.yaml",
		"services:\n"
		"  web: {command: sleep 1001, restart: always, healthcheck: {test: 'echo not yet; exit 3', interval: "
		"50ms, retries: 3}}\n");
	run_upfront(&run, world, "-q", "up", "-d", "--wait", "--wait-timeout", "20", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "service 'web' did not get ready");
	run_assert_says(&run, "exit code 3: not yet");
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

static void test_a_check_that_hangs_is_ended_at_its_timeout(void **state)
{
	const struct world *world = *state;

	stack_begin_ready(
		world,
		"services:\n"
		"  web: {command: sleep 1001, healthcheck: {test: 'test ! -e hang || sleep 1002', interval: 100ms, "
		"timeout: 100ms, retries: 2}}\n");
	world_write(world, "hang", "");
	await_state(world, "web", "unhealthy", 0);
	make_well(world, "hang");
	await_state(world, "web", "ready", 0);
	world_wait_gone(world, "sleep 1002", 2000);
	stack_end(world, 1);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_what_gets_well_again_is_ready_again),
		IN_WORLD(test_what_is_ill_is_started_anew_where_that_is_wanted),
		IN_WORLD(test_forms_of_a_health_check),
		IN_WORLD(test_start_period_and_start_interval),
		IN_WORLD(test_without_a_start_period_it_is_given_up_after_its_retries),
		IN_WORLD(test_a_check_that_hangs_is_ended_at_its_timeout),
	};
#undef IN_WORLD

	return cmocka_run_group_tests(tests, NULL, NULL);
}
