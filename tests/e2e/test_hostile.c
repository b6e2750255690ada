/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket that mean no good: silent, slow, huge, half-gone, far too many. Beside each of them a plain `ps` is
 * answered, a service that dies is started again, and the supervisor's memory stays what it was.
 */
#include "tests/lib/children.h"
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What is promised is a second; a busy machine gets more. */
#define ANSWER_MS 5000
#define RESTART_MS 10000
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(SANITIZED) || defined(__SANITIZE_ADDRESS__)
#define GROWTH_KB_MAX (512 * 1024) /* it keeps what was freed */
#else
#define GROWTH_KB_MAX (24 * 1024)
#endif

static const char stack_text[] = "services:\n"
				 "  web:\n"
				 "    command: sleep 1005\n"
				 "    restart: always\n"
				 "    x-upfront: {backoff: {initial: 10ms}}\n";

struct attack {
	struct run run;
	char *helper, *socket_path;
};

static char *socket_path_of(const struct world *world)
{
	char path[WORLD_PATH_MAX + 64], text[WORLD_PATH_MAX] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/stack/socket", world->state);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return strdup(text);
}

static long status_number(pid_t pid, const char *wanted)
{
	char path[64], line[256];
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, wanted, strlen(wanted)) == 0)
			number = strtol(line + strlen(wanted), NULL, 10);
	if (file != NULL)
		fclose(file);
	return number;
}

static int hostile_setup(void **state)
{
	struct run run;
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack_text);
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	return 0;
}

static int hostile_teardown(void **state)
{
	struct run run;

	run_upfront(&run, *state, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	return world_teardown(state);
}

static void attack_begin(struct attack *self, const struct world *world, const char *kind, const char *count)
{
	self->helper = children_helper("hostile");
	self->socket_path = socket_path_of(world);
	run_begin(&self->run, world,
		  &(struct run_options){
			  .argv = (const char *const[]){self->helper, kind, self->socket_path, count, NULL}});
	run_expect(&self->run, "attacking");
}

static void attack_end(struct attack *self)
{
	run_finish(&self->run);
	free(self->helper);
	free(self->socket_path);
}

static void expect_answer(const struct world *world, const char *kind)
{
	struct run run;

	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "web"));
	if (run.took_ms > ANSWER_MS)
		fail_msg("%s: ps took %lld ms", kind, (long long)run.took_ms);
	run_finish(&run);
}

static void expect_restart(const struct world *world, const char *kind)
{
	pid_t before = world_find(world, "sleep 1005");
	const int64_t since_ms = world_now_ms();

	assert_true(before > 0);
	assert_int_equal(kill(before, SIGKILL), 0);
	for (pid_t now = before; now == before || now == 0; now = world_find(world, "sleep 1005"))
		world_pause(since_ms, RESTART_MS, kind);
}

static void test_attacks(void **state)
{
	static const struct {
		const char *kind, *count;
	} attacks[] = {
		{"silent", "1000"}, {"slow", "100"},   {"headers", "100"}, {"body", "100"},
		{"half", "100"},    {"unread", "100"}, {"streams", "100"}, {"flood", "100"},
	};
	const struct world *world = *state;
	const int64_t since_ms = world_now_ms();
	pid_t supervisor;
	long before_kb;

	/* `up -d` does not wait for the service to be what it is to become. */
	while (world_find(world, "sleep 1005") == 0)
		world_pause(since_ms, RESTART_MS, "the service");
	supervisor = (pid_t)status_number(world_find(world, "sleep 1005"), "PPid:");
	before_kb = status_number(supervisor, "VmRSS:");
	assert_true(before_kb > 0);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		struct attack attack;

		attack_begin(&attack, world, attacks[i].kind, attacks[i].count);
		expect_answer(world, attacks[i].kind);
		expect_restart(world, attacks[i].kind);
		expect_answer(world, attacks[i].kind);
		assert_true(status_number(supervisor, "VmRSS:") < before_kb + GROWTH_KB_MAX);
		attack_end(&attack);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_attacks, hostile_setup, hostile_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
