/* SPDX-License-Identifier: MIT */
/* Services that say by themselves that they are ready (sd_notify), alive, or about to end; and strangers who say so in their place. */
#include "tests/lib/run.h"
#include "tests/lib/skip.h"
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

static void put_stack(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_stack(const struct world *world, const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	assert_true(vasprintf(&text, format, list) > 0);
	va_end(list);
	world_write(world, "compose.yaml", text);
	free(text);
}

static void begin(struct run *run, const struct world *world)
{
	run_upfront(run, world, "-q", "up", "-d", "--wait", "--wait-timeout", "20", NULL);
}

/* A member of the unit as `ps --json` has it: text, or a number's digits; "" when it is null. Valid until the next call. */
static const char *member(const struct world *world, const char *unit, const char *name)
{
	static char text[1024];
	cJSON *now = stack_unit(world, unit);
	const cJSON *value = cJSON_GetObjectItem(now, name);

	text[0] = '\0';
	if (cJSON_IsString(value))
		snprintf(text, sizeof(text), "%s", value->valuestring);
	else if (cJSON_IsNumber(value))
		snprintf(text, sizeof(text), "%d", value->valueint);
	cJSON_Delete(now);
	return text;
}

static void await_member(const struct world *world, const char *unit, const char *name, const char *wanted)
{
	int64_t since = world_now_ms();

	while (strcmp(member(world, unit, name), wanted) != 0)
		world_pause(since, WAIT_MS, wanted);
}

static void await_file(const struct world *world, const char *name)
{
	int64_t since = world_now_ms();

	while (!world_has(world, name))
		world_pause(since, WAIT_MS, name);
}

/* ---- Ready ---- */

static void test_ready_when_it_says_so(void **state)
{
	const struct world *world = *state;
	struct run run;

	put_stack(world,
		  "services:\n"
		  "  db: {command: '%s/tests/helpers/notifier await go touch said send \"READY=1|STATUS=serving 3 "
		  "tables\" stay', "
		  "x-upfront: {ready: {notify: true}}}\n"
		  "  web: {command: \"sh -c 'test -e said && touch after; exec sleep 1001'\", depends_on: {db: "
		  "{condition: "
		  "service_healthy}}}\n"
		  "  go: {command: \"sh -c 'touch go; exec sleep 1001'\"}\n",
		  world->bin_dir);
	stack_begin_ready(world, NULL);
	assert_string_equal(member(world, "db", "state"), "ready");
	assert_string_equal(member(world, "db", "status"), "serving 3 tables");
	await_file(world, "after");
	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "serving 3 tables"));
	run_finish(&run);
	stack_end(world, 1);
}

static void test_silence_is_told_with_its_length(void **state)
{
	const struct world *world = *state;
	struct run run;

	put_stack(world,
		  "services: {db: {command: '%s/tests/helpers/notifier send STATUS=loading send WATCHDOG=1 send "
		  "READY=0 stay', "
		  "x-upfront: {ready: {notify: true, interval: 50ms, start_period: 1s}}}}\n",
		  world->bin_dir);
	begin(&run, world);
	run_assert_code(&run, 1);
	run_assert_says(&run, "service 'db' did not get ready: notify: no READY=1 came within 1 s");
	assert_true(run.took_ms < 9000);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

static void test_more_time_is_given_on_request(void **state)
{
	const struct world *world = *state;

	/* What would be too late without the request: its fellow is what it waits for. */
	put_stack(world,
		  "services:\n"
		  "  db: {command: '%s/tests/helpers/notifier send EXTEND_TIMEOUT_USEC=15000000 await late send "
		  "READY=1 stay', "
		  "x-upfront: {ready: {notify: true, interval: 50ms, start_period: 400ms}}}\n"
		  "  clock: {command: \"sh -c 'sleep 1; touch late; exec sleep 1001'\"}\n",
		  world->bin_dir);
	stack_begin_ready(world, NULL);
	stack_end(world, 1);
}

static void test_the_end_without_a_word_says_so(void **state)
{
	const struct world *world = *state;
	struct run run;

	put_stack(world,
		  "services: {db: {command: '%s/tests/helpers/notifier send \"STATUS=cannot open the tables|ERRNO=13\" "
		  "exit 4', "
		  "x-upfront: {ready: {notify: true}}}}\n",
		  world->bin_dir);
	begin(&run, world);
	run_assert_code(&run, 1);
	run_assert_says(&run, "exited with code 4; it said: cannot open the tables");
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

/* Said and gone in the same moment, by a process that is dead when it is heard: it counts all the same. */
static void test_last_words_count(void **state)
{
	const struct world *world = *state;

	put_stack(world,
		  "services:\n"
		  "  job: {command: '%s/tests/helpers/notifier fork READY=1 exit 0', x-upfront: {ready: {notify: "
		  "true}}}\n"
		  "  web: {command: sleep 1001}\n",
		  world->bin_dir);
	stack_begin_ready(world, NULL);
	await_member(world, "job", "state", "completed");
	assert_string_not_equal(member(world, "job", "ready_after_ms"), "");
	stack_end(world, 1);
}

static void test_a_stranger_has_no_say(void **state)
{
	const struct world *world = *state;
	struct run run;

	if (geteuid() != 0)
		skip_because("speaking as another user takes root");
	put_stack(world,
		  "services: {db: {command: '%s/tests/helpers/notifier as 61234 READY=1 stay', "
		  "x-upfront: {ready: {notify: true, interval: 50ms, start_period: 500ms}}}}\n",
		  world->bin_dir);
	begin(&run, world);
	run_assert_code(&run, 1);
	run_assert_says(&run, "no READY=1 came within");
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

static void test_a_service_of_another_user_is_heard(void **state)
{
	const struct world *world = *state;

	if (geteuid() != 0)
		skip_because("running a service as another user takes root");
	/* A program of the machine: the helper may lie where only root may look. */
	put_stack(
		world,
		"services:\n"
		"  db: {command: systemd-notify --no-block --ready --status=here, user: '61234:61234', working_dir: /, "
		"x-upfront: {ready: {notify: true}}}\n"
		"  web: {command: sleep 1001}\n");
	if (access("/usr/bin/systemd-notify", X_OK) != 0)
		skip_because("systemd-notify is not installed");
	stack_begin_ready(world, NULL);
	assert_string_not_equal(member(world, "db", "ready_after_ms"), "");
	stack_end(world, 1);
}

/* With its barrier: it waits until the descriptor it sent along has been closed. */
static void test_systemd_notify_itself(void **state)
{
	const struct world *world = *state;

	if (access("/usr/bin/systemd-notify", X_OK) != 0)
		skip_because("systemd-notify is not installed");
	put_stack(world, "services: {db: {command: \"sh -c 'systemd-notify --ready --status=up; touch done; exec sleep "
			 "1001'\", x-upfront: {ready: {notify: true}}}}\n");
	stack_begin_ready(world, NULL);
	await_file(world, "done");
	await_member(world, "db", "status", "up");
	stack_end(world, 1);
}

/* ---- Alive ---- */

static void test_missing_signs_of_life_make_unhealthy_and_restart(void **state)
{
	const struct world *world = *state;

	put_stack(world,
		  "services:\n"
		  "  db: {command: '%s/tests/helpers/notifier send READY=1 beat 40 quiet send \"STATUS=out of breath\" "
		  "stay', "
		  "x-upfront: {ready: {notify: true, interval: 400ms, retries: 2}}}\n"
		  "  web: {command: '%s/tests/helpers/notifier send READY=1 beat 40 quiet await again send READY=1 "
		  "beat 40 never', "
		  "restart: on-failure, x-upfront: {restart_on_unhealthy: true, ready: {notify: true, interval: 400ms, "
		  "retries: 2}}}\n",
		  world->bin_dir, world->bin_dir);
	stack_begin_ready(world, NULL);
	world_write(world, "quiet", "");
	await_member(world, "db", "state", "unhealthy");
	assert_string_equal(member(world, "db", "why"), "no WATCHDOG=1 came within 400 ms");
	assert_string_equal(member(world, "db", "status"), "out of breath");
	await_member(world, "web", "restarts", "1");
	world_write(world, "again", "");
	await_member(world, "web", "state", "ready");
	stack_end(world, 1);
}

static void test_trouble_is_believed_at_once_and_may_pass(void **state)
{
	const struct world *world = *state;

	put_stack(world,
		  "services: {db: {command: '%s/tests/helpers/notifier send READY=1 await ill send WATCHDOG=trigger "
		  "await well "
		  "send READY=1 await end send STOPPING=1 stay', x-upfront: {ready: {notify: true}}}}\n",
		  world->bin_dir);
	stack_begin_ready(world, NULL);
	world_write(world, "ill", "");
	await_member(world, "db", "state", "unhealthy");
	assert_string_equal(member(world, "db", "why"), "it says itself that it is not well (WATCHDOG=trigger)");
	world_write(world, "well", "");
	await_member(world, "db", "state", "ready");
	world_write(world, "end", "");
	await_member(world, "db", "status", "is stopping by itself");
	assert_string_equal(member(world, "db", "state"), "ready"); /* what becomes of it is seen when it has ended */
	stack_end(world, 1);
}

/* ---- What goes around it ---- */

static void test_what_upfront_was_told_is_not_passed_on(void **state)
{
	struct world *world = *state;
	char *text;

	world_setenv(world, "NOTIFY_SOCKET", "@of-somebody-else");
	world_setenv(world, "WATCHDOG_USEC", "1");
	world_setenv(world, "WATCHDOG_PID", "1");
	put_stack(world,
		  "services:\n"
		  "  plain: {command: '%s/tests/helpers/notifier show NOTIFY_SOCKET a show WATCHDOG_USEC b show "
		  "WATCHDOG_PID c "
		  "stay'}\n"
		  "  db: {command: '%s/tests/helpers/notifier show NOTIFY_SOCKET d send READY=1 stay', "
		  "healthcheck: {test: [CMD, '%s/tests/helpers/notifier', show, NOTIFY_SOCKET, e]}, "
		  "x-upfront: {ready: {notify: true}}}\n",
		  world->bin_dir, world->bin_dir, world->bin_dir);
	stack_begin_ready(world, NULL);
	for (const char *name = "abc"; *name != '\0'; name++) {
		char file[] = {*name, '\0'};

		await_file(world, file);
		text = world_read(world, file);
		assert_string_equal(text, "(unset)");
		free(text);
	}
	text = world_read(world, "d");
	assert_int_equal(text[0], '@');
	assert_string_not_equal(text, "@of-somebody-else");
	free(text);
	stack_end(world, 1);
}

/* The flooding service waits on its own; the others start, get ready, are asked and stopped as ever. */
static void test_a_flood_costs_nobody_else(void **state)
{
	const struct world *world = *state;
	int64_t since;

	put_stack(world,
		  "services:\n"
		  "  loud: {command: '%s/tests/helpers/notifier send READY=1 touch began flood 100000 STATUS=again "
		  "flood 100000 STATUS=other stay', x-upfront: {ready: {notify: true}}}\n"
		  "  db: {command: '%s/tests/helpers/notifier await began send READY=1 stay', depends_on: [loud], "
		  "x-upfront: "
		  "{ready: {notify: true}}}\n",
		  world->bin_dir, world->bin_dir);
	stack_begin_ready(world, NULL);
	since = world_now_ms();
	for (int i = 0; i < 5; i++)
		assert_string_equal(member(world, "db", "state"), "ready");
	assert_true(world_now_ms() - since < 5000);
	await_member(world, "loud", "status", "again");
	since = world_now_ms();
	stack_end(world, 1);
	assert_true(world_now_ms() - since < 5000);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_ready_when_it_says_so),
		IN_WORLD(test_silence_is_told_with_its_length),
		IN_WORLD(test_more_time_is_given_on_request),
		IN_WORLD(test_the_end_without_a_word_says_so),
		IN_WORLD(test_last_words_count),
		IN_WORLD(test_a_stranger_has_no_say),
		IN_WORLD(test_a_service_of_another_user_is_heard),
		IN_WORLD(test_systemd_notify_itself),
		IN_WORLD(test_missing_signs_of_life_make_unhealthy_and_restart),
		IN_WORLD(test_trouble_is_believed_at_once_and_may_pass),
		IN_WORLD(test_what_upfront_was_told_is_not_passed_on),
		IN_WORLD(test_a_flood_costs_nobody_else),
	};
#undef IN_WORLD

	return cmocka_run_group_tests(tests, NULL, NULL);
}
