/* SPDX-License-Identifier: MIT */
/* `upfront telemetry log` and `forget`: what was sent is read back to the byte, and removed, while the stack runs and after it. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define LEDGER "../state/upfront/.apps/ask/ledger.jsonl"

static const char stack[] = "name: ask\n"
			    "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
			    "services: {a: {command: sleep 1001}}\n";
/* Its folder is not there: the event waits. */
static const char waiting[] = "name: ask\n"
			      "x-upfront: {app: Ask, telemetry: {host: 'file:later/events.jsonl', key: k}}\n"
			      "services: {a: {command: sleep 1001}}\n";

static void up(const struct world *world, const char *text)
{
	struct run run;

	world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "-q", "up", "-d", "--wait", "--telemetry=on", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void down(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, "upfront-telemetry", 2000);
}

static void wait_for_result(const struct world *world, const char *result)
{
	int64_t since = world_now_ms();
	char *text = NULL;

	while (!text || !strstr(text, result)) {
		free(text);
		world_pause(since, 10000, result);
		text = world_read(world, LEDGER);
	}
	free(text);
}

/* Runs it, checks its code and what it says on stdout; "" of stderr. */
static void check(const struct world *world, const char *verb, const char *option, const char *value, int code,
		  const char *says)
{
	const char *const argv[] = {"upfront", "telemetry", verb, option, value, NULL};
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, code);
	if (!strstr(run.out.bytes, says) && !strstr(run.err.bytes, says))
		fail_msg("telemetry %s says: %s%s", verb, run.out.bytes, run.err.bytes);
	run_finish(&run);
}

static void test_what_was_sent_is_read_back_to_the_byte(void **state)
{
	const struct world *world = *state;
	struct run run;
	char *sent;
	const char *text;
	cJSON *entry, *event;

	check(world, "log", NULL, NULL, 3, "no stack file");
	world_write(world, "compose.yaml", stack);
	check(world, "log", NULL, NULL, 0, "nothing was sent for Ask\n");
	up(world, stack);
	wait_for_result(world, "\"delivered\"");
	check(world, "log", NULL, NULL, 0, "  delivered                 server_start          file:");
	run_upfront(&run, world, "telemetry", "log", "--json", NULL);
	run_assert_code(&run, 0);
	sent = world_read(world, "events.jsonl");
	assert_non_null(sent);
	/* The oldest; commands that were told of may follow. */
	run.out.bytes[strcspn(run.out.bytes, "\n")] = '\0';
	entry = cJSON_ParseWithOpts(run.out.bytes, NULL, 1);
	assert_non_null(entry);
	text = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "text"));
	assert_non_null(text);
	assert_non_null(strstr(sent, text));
	/* The object is the same text. */
	assert_non_null(strstr(run.out.bytes, text));
	event = cJSON_Parse(text);
	assert_true(cJSON_Compare(event, cJSON_GetObjectItem(entry, "event"), 1));
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(entry, "name")), "server_start");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(entry, "result")), "delivered");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(entry, "reason")));
	assert_int_equal(cJSON_GetObjectItem(entry, "attempts")->valueint, 1);
	assert_int_equal(cJSON_GetObjectItem(entry, "version")->valueint, 1);
	run_finish(&run);
	run_upfront(&run, world, "-v", "telemetry", "log", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, text));
	run_finish(&run);
	cJSON_Delete(event);
	cJSON_Delete(entry);
	free(sent);
	down(world);
	check(world, "log", NULL, NULL, 0, "server_start");
}

static void test_since(void **state)
{
	const struct world *world = *state;

	world_write(world, "compose.yaml", stack);
	world_write(world, LEDGER,
		    "{\"sent\":\"2026-01-31T09:00:00.000Z\",\"uuid\":\"a\",\"batch\":\"b.1\",\"endpoint\":\"h\","
		    "\"event\":{\"event\":\"server_start\"}}\n"
		    "damaged\n"
		    "{\"result\":\"refused\",\"batch\":\"b.1\",\"status\":413,\"reason\":\"too_large\"}\n");
	chmod(world_path(world, LEDGER), 0600);
	check(world, "log", "--since", "2026-01-31T09:00:00Z", 0, "refused (too_large)       server_start");
	check(world, "log", "--since", "2026-01-31T09:00:01Z", 0, "nothing was sent for Ask since then\n");
	check(world, "log", "--since", "10m", 0, "upfront: 1 damaged line in the record of what was sent");
	check(world, "log", "--since", "soon", 2, "--since: wanted a time");
	check(world, "forget", "--since", "10m", 2, "telemetry forget takes no --since");
}

/* What a no has removed is not said to wait, also not when there is a new yes. */
static void test_what_a_no_deleted_is_said_to_be_deleted(void **state)
{
	const struct world *world = *state;
	struct run run;

	up(world, waiting);
	wait_for_result(world, "\"waiting\"");
	check(world, "log", NULL, NULL, 0, "  waiting (");
	check(world, "off", NULL, NULL, 0, "ended for the running project 'ask'");
	check(world, "log", NULL, NULL, 0, "  deleted                   server_start");
	down(world);
	check(world, "ask", NULL, NULL, 0, "asks again");
	up(world, stack);
	wait_for_result(world, "\"delivered\"");
	run_upfront(&run, world, "telemetry", "log", "--json", NULL);
	run_assert_code(&run, 0);
	run.out.bytes[strcspn(run.out.bytes, "\n")] = '\0';
	assert_non_null(strstr(run.out.bytes, "\"result\":\"deleted\",\"reason\":null"));
	run_assert_silent(&run, "damaged");
	run_finish(&run);
	down(world);
}

/* A yes that is taken back is as provable as one that was given; what was not running is not said to end. */
static void test_a_no_by_command_leaves_a_receipt(void **state)
{
	const struct world *world = *state;
	cJSON *receipts, *receipt;
	struct run run;

	world_write(world, "compose.yaml", stack);
	check(world, "receipt", NULL, NULL, 0, "no answer is kept for Ask\n");
	check(world, "receipt", "--json", NULL, 0, "[]\n");
	run_upfront(&run, world, "telemetry", "off", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "off for Ask until you change it");
	run_assert_silent(&run, "ended for");
	run_finish(&run);
	run_upfront(&run, world, "telemetry", "receipt", "--json", NULL);
	run_assert_code(&run, 0);
	receipts = cJSON_Parse(run.out.bytes);
	assert_int_equal(cJSON_GetArraySize(receipts), 1);
	receipt = cJSON_GetArrayItem(receipts, 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(receipt, "answer")), "no_for_good");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(receipt, "method")), "user");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(receipt, "notice_hash")));
	cJSON_Delete(receipts);
	run_finish(&run);
}

static void check_receipts(const struct world *world, const char *app, int count, const char *answer,
			   const char *method)
{
	cJSON *receipts, *receipt;
	char text[256];
	struct run run;

	snprintf(text, sizeof(text), "x-upfront: {app: %s, telemetry: {host: 'file:events.jsonl', key: k}}\n%s", app,
		 "services: {a: {command: sleep 1001}}\n");
	world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "telemetry", "receipt", "--json", NULL);
	run_assert_code(&run, 0);
	receipts = cJSON_Parse(run.out.bytes);
	assert_int_equal(cJSON_GetArraySize(receipts), count);
	receipt = cJSON_GetArrayItem(receipts, 0);
	if (count > 0) {
		assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(receipt, "app")), app);
		assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(receipt, "answer")), answer);
		assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(receipt, "method")), method);
	}
	cJSON_Delete(receipts);
	run_finish(&run);
}

/* Taken back is what was given: of an app that nobody answered for nothing is begun to be kept. */
static void test_a_no_for_all_leaves_a_receipt_with_each_that_has_one(void **state)
{
	const struct world *world = *state;

	up(world, stack);
	down(world);
	check_receipts(world, "Ask", 1, "yes", "flag_on");
	world_write(world, "../state/upfront/.apps/unasked/id", "x");
	check(world, "off", "--all", NULL, 0, "off for every product until you change it");
	check_receipts(world, "Ask", 2, "no_for_good", "user");
	check_receipts(world, "Unasked", 0, NULL, NULL);
	check_receipts(world, "Stranger", 0, NULL, NULL);
	assert_false(world_has(world, "../state/upfront/.apps/unasked/receipts.jsonl"));
	assert_false(world_has(world, "../state/upfront/.apps/stranger"));
}

static void assert_running_is_off(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Ask is running: usage statistics off for this run"));
	/* No standing no was made of it. */
	assert_null(strstr(run.out.bytes, "your settings say no"));
	run_finish(&run);
}

static void test_forget_removes_all_and_a_running_stack_begins_nothing_anew(void **state)
{
	static const char *const kept[] = {"ledger.jsonl", "receipts.jsonl", "outbox.db", "outbox.db-journal", "id"};
	const struct world *world = *state;

	up(world, waiting);
	wait_for_result(world, "\"waiting\"");
	assert_non_null(world_search(world, "receipts.jsonl"));
	check(world, "forget", NULL, NULL, 0,
	      "and what was waiting; and ended the statistics of the running project 'ask'.\n");
	world_wait_gone(world, "upfront-telemetry", 2000);
	assert_running_is_off(world);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_null(world_search(world, kept[i]));
	/* It could be delivered now, and is not: not by the next attempt, not by the last. */
	assert_int_equal(mkdir(world_path(world, "later"), 0700), 0);
	check(world, "forget", NULL, NULL, 0, "There was nothing to forget for Ask.");
	down(world);
	assert_false(world_has(world, "later/events.jsonl"));
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_null(world_search(world, kept[i]));
	check(world, "log", NULL, NULL, 0, "nothing was sent for Ask");
	check(world, "forget", "--json", NULL, 0, "\"removed\":\tfalse");
	up(world, stack);
	wait_for_result(world, "\"delivered\"");
	check(world, "forget", "--json", NULL, 0, "\"ended\":\t[\"ask\"]");
	check(world, "forget", "--json", NULL, 0, "\"ended\":\t[]");
	down(world);
}

/* Nobody said no, and nobody says yes any more: what is left of the last yes goes after 30 days. */
static void test_a_start_without_a_yes_keeps_nothing_old(void **state)
{
	static const char *const kept[] = {"outbox.db", "ledger.jsonl"};
	const struct timespec times[2] = {{.tv_sec = time(NULL) - 31 * 24 * 3600},
					  {.tv_sec = time(NULL) - 31 * 24 * 3600}};
	const struct world *world = *state;

	up(world, waiting);
	wait_for_result(world, "\"waiting\"");
	down(world);
	for (int turn = 0; turn < 2; turn++) {
		struct run run;

		run_upfront(&run, world, "-q", "up", "-d", "--wait", "--telemetry=off", NULL);
		run_assert_code(&run, 0);
		run_finish(&run);
		down(world);
		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
			const char *path = world_search(world, kept[i]);

			assert_true((path != NULL) == (turn == 0));
			if (path != NULL)
				assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		}
	}
	assert_non_null(world_search(world, "receipts.jsonl"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_what_was_sent_is_read_back_to_the_byte),
		CASE(test_since),
		CASE(test_what_a_no_deleted_is_said_to_be_deleted),
		CASE(test_a_no_by_command_leaves_a_receipt),
		CASE(test_a_no_for_all_leaves_a_receipt_with_each_that_has_one),
		CASE(test_forget_removes_all_and_a_running_stack_begins_nothing_anew),
		CASE(test_a_start_without_a_yes_keeps_nothing_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
