/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/paths.h"
#include "telemetry/identity.h"
#include "telemetry/notice.h"
#include "telemetry/records.h"
#include "telemetry/state.h"
#include "tests/lib/children.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
	char *folder = children_make_folder();

	setenv("XDG_STATE_HOME", folder, 1);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	children_remove_folder(*state);
	return 0;
}

static void answer(const struct shop *shop, enum consent_answer given)
{
	struct telemetry_notice notice;
	struct err err = ERR_INIT;

	assert_int_equal(telemetry_notice_make(&shop->stack, &notice), 0);
	assert_int_equal(telemetry_receipt_append(&shop->stack,
						  &(struct telemetry_receipt){given, CONSENT_BY_ANSWER, &notice}, &err),
			 0);
	assert_false(err_is_set(&err));
	telemetry_notice_finish(&notice);
}

static const char *text_of(const cJSON *receipt, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(receipt, name)->valuestring;
}

static void test_a_receipt_holds_no_secret(void **state)
{
	struct shop shop;
	char *text;

	(void)state;
	shop_init(&shop);
	shop.stack.version = "https://me:word@shop.example/1.0";
	answer(&shop, CONSENT_YES);
	text = telemetry_receipts_json("Shop", 10);
	assert_non_null(strstr(text, "https://me:********@shop.example/1.0"));
	free(text);
	shop_finish(&shop);
}

static void test_a_receipt_tells_what_was_answered_to_what(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;
	struct stat status;
	char *path, *text;
	cJSON *receipts;
	const cJSON *receipt;

	(void)state;
	shop_init(&shop);
	answer(&shop, CONSENT_YES);
	path = state_file("Shop", STATE_RECEIPTS);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	text = telemetry_receipts_json("Shop", 10);
	receipts = cJSON_Parse(text);
	receipt = cJSON_GetArrayItem(receipts, 0);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_true(time_is_valid(text_of(receipt, "time")));
	assert_string_equal(text_of(receipt, "answer"), "yes");
	assert_string_equal(text_of(receipt, "method"), consent_reason_word(CONSENT_BY_ANSWER));
	assert_string_equal(text_of(receipt, "app"), "Shop");
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(receipt, "notice")->valueint, 3);
	assert_string_equal(text_of(receipt, "notice_hash"), notice.hash);
	assert_string_equal(text_of(receipt, "schema_hash"), notice.schema_hash);
	assert_string_equal(text_of(receipt, "endpoint"), "https://us.i.posthog.com");
	assert_string_equal(text_of(receipt, "version"), UPFRONT_VERSION);
	telemetry_notice_finish(&notice);
	cJSON_Delete(receipts);
	free(text);
	free(path);
	shop_finish(&shop);
}

static void test_what_was_not_answered_leaves_nothing(void **state)
{
	static const enum consent_answer none[] = {CONSENT_UNASKED, CONSENT_NOT_THIS_RUN, CONSENT_QUIT};
	struct shop shop;
	char *text;

	shop_init(&shop);
	for (size_t i = 0; i < 3; i++)
		answer(&shop, none[i]);
	text = telemetry_receipts_json("Shop", 10);
	assert_string_equal(text, "[]");
	free(text);
	/* Not even the app's folder: only an empty folder can be removed. */
	assert_int_equal(rmdir(*state), 0);
	assert_int_equal(mkdir(*state, 0700), 0);
	shop_finish(&shop);
}

static void test_the_newest_come_first_and_broken_lines_are_passed_over(void **state)
{
	struct shop shop;
	char *path, *text;
	cJSON *receipts;
	FILE *file;

	(void)state;
	shop_init(&shop);
	answer(&shop, CONSENT_YES);
	path = state_file("Shop", STATE_RECEIPTS);
	file = fopen(path, "ae");
	fputs("nonsense\n{\"torn\":", file);
	fclose(file);
	answer(&shop, CONSENT_NO);
	answer(&shop, CONSENT_NO_FOR_GOOD);
	text = telemetry_receipts_json("Shop", 10);
	receipts = cJSON_Parse(text);
	assert_int_equal(cJSON_GetArraySize(receipts), 3);
	assert_string_equal(text_of(cJSON_GetArrayItem(receipts, 0), "answer"), "no_for_good");
	assert_string_equal(text_of(cJSON_GetArrayItem(receipts, 1), "answer"), "no");
	assert_string_equal(text_of(cJSON_GetArrayItem(receipts, 2), "answer"), "yes");
	cJSON_Delete(receipts);
	free(text);
	text = telemetry_receipts_json("Shop", 1);
	receipts = cJSON_Parse(text);
	assert_int_equal(cJSON_GetArraySize(receipts), 1);
	cJSON_Delete(receipts);
	free(text);
	free(path);
	shop_finish(&shop);
}

static void test_the_file_has_a_limit(void **state)
{
	struct shop shop;
	struct stat status;
	char *path;
	FILE *file;

	(void)state;
	shop_init(&shop);
	answer(&shop, CONSENT_YES);
	path = state_file("Shop", STATE_RECEIPTS);
	file = fopen(path, "ae");
	for (int i = 0; i < 20000; i++)
		fprintf(file, "{\"answer\":\"yes\",\"number\":%d}\n", i);
	fclose(file);
	answer(&shop, CONSENT_NO);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size < 400 * 1024);
	assert_int_equal(status.st_mode & 07777, 0600);
	free(path);
	shop_finish(&shop);
}

static void test_a_folder_that_cannot_be_made_is_said_and_stops_nothing(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;
	struct err err = ERR_INIT;
	char *rendered;

	(void)state;
	shop_init(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	setenv("XDG_STATE_HOME", "/dev/null/nowhere", 1);
	assert_true(telemetry_receipt_append(&shop.stack,
					     &(struct telemetry_receipt){CONSENT_YES, CONSENT_BY_ANSWER, &notice},
					     &err) < 0);
	rendered = err_render(&err, "upfront");
	assert_non_null(strstr(rendered, "cannot keep the receipt of your answer"));
	free(rendered);
	err_finish(&err);
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_an_id_is_kept_only_where_it_was_declared_and_allowed(void **state)
{
	struct shop shop;
	char first[ID_BYTES], second[ID_BYTES], kept[ID_BYTES];

	(void)state;
	shop_init(&shop);
	identity_make(&shop.stack, true, first);
	identity_make(&shop.stack, true, second);
	assert_string_not_equal(first, second);
	shop.decl.identity = IDENTITY_INSTALL;
	identity_make(&shop.stack, false, first);
	assert_true(identity_find(&shop.stack, kept) < 0);
	identity_make(&shop.stack, true, first);
	identity_make(&shop.stack, true, second);
	assert_string_equal(first, second);
	assert_int_equal(identity_find(&shop.stack, kept), 0);
	assert_string_equal(kept, first);
	shop_finish(&shop);
}

static void test_a_no_wipes_id_and_outbox_and_nothing_else(void **state)
{
	static const char *const wiped[] = {STATE_OUTBOX, STATE_OUTBOX "-wal", STATE_OUTBOX "-shm", STATE_ID};
	static const char *const left[] = {STATE_LEDGER, STATE_RECEIPTS};
	struct shop shop;
	struct err err = ERR_INIT;

	(void)state;
	shop_init(&shop);
	assert_int_equal(telemetry_wipe("Shop", &err), 0);
	answer(&shop, CONSENT_YES);
	for (int i = 0; i < 4; i++) {
		char *path = state_file("Shop", wiped[i]);

		assert_int_equal(paths_write_file(path, "x", 1, 0600), 0);
		free(path);
	}
	for (int i = 0; i < 2; i++) {
		char *path = state_file("Shop", left[i]);

		assert_int_equal(paths_write_file(path, "x", 1, 0600), 0);
		free(path);
	}
	assert_int_equal(telemetry_wipe("Shop", &err), 0);
	for (int i = 0; i < 4; i++) {
		char *path = state_file("Shop", wiped[i]);

		assert_int_not_equal(access(path, F_OK), 0);
		free(path);
	}
	for (int i = 0; i < 2; i++) {
		char *path = state_file("Shop", left[i]);

		assert_int_equal(access(path, F_OK), 0);
		free(path);
	}
	assert_false(err_is_set(&err));
	shop_finish(&shop);
}

#define DAY_S (24 * 3600)

static void age(const char *name, int64_t age_s)
{
	const struct timespec then = {.tv_sec = (time_t)(clock_wall_ms() / 1000 - age_s)};
	const struct timespec times[2] = {then, then};
	char *path = state_file("Shop", name);

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void write_aged(const char *name, int64_t age_s)
{
	char *path = state_file("Shop", name);

	assert_int_equal(paths_write_file(path, "x", 1, 0600), 0);
	age(name, age_s);
	free(path);
}

static bool is_kept(const char *name)
{
	char *path = state_file("Shop", name);
	bool kept = access(path, F_OK) == 0;

	free(path);
	return kept;
}

static void test_without_a_yes_nothing_is_kept_for_more_than_thirty_days(void **state)
{
	struct shop shop;
	char id[ID_BYTES];

	(void)state;
	shop_init(&shop);
	telemetry_expire("Shop", clock_wall_ms());
	answer(&shop, CONSENT_YES);
	write_aged(STATE_OUTBOX, 31 * DAY_S);
	write_aged(STATE_OUTBOX "-wal", 29 * DAY_S);
	write_aged(STATE_ID, 29 * DAY_S);
	write_aged(STATE_LEDGER, 29 * DAY_S);
	write_aged(STATE_LEDGER_BEFORE, 31 * DAY_S);
	write_aged(STATE_RECEIPTS, 400 * DAY_S);
	telemetry_expire("Shop", clock_wall_ms());
	assert_true(is_kept(STATE_OUTBOX) && is_kept(STATE_OUTBOX "-wal") && is_kept(STATE_ID));
	assert_true(is_kept(STATE_LEDGER) && !is_kept(STATE_LEDGER_BEFORE));
	write_aged(STATE_OUTBOX "-wal", 31 * DAY_S);
	write_aged(STATE_ID, 31 * DAY_S);
	write_aged(STATE_LEDGER, 31 * DAY_S);
	telemetry_expire("Shop", clock_wall_ms());
	assert_false(is_kept(STATE_OUTBOX) || is_kept(STATE_OUTBOX "-wal") || is_kept(STATE_ID) ||
		     is_kept(STATE_LEDGER));
	assert_true(is_kept(STATE_RECEIPTS));
	/* A kept id is as old as the last yes. */
	shop.decl.identity = IDENTITY_INSTALL;
	identity_make(&shop.stack, true, id);
	age(STATE_ID, 31 * DAY_S);
	identity_make(&shop.stack, true, id);
	telemetry_expire("Shop", clock_wall_ms());
	assert_true(is_kept(STATE_ID));
	shop_finish(&shop);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_receipt_holds_no_secret),
		CASE(test_a_receipt_tells_what_was_answered_to_what),
		CASE(test_what_was_not_answered_leaves_nothing),
		CASE(test_the_newest_come_first_and_broken_lines_are_passed_over),
		CASE(test_the_file_has_a_limit),
		CASE(test_a_folder_that_cannot_be_made_is_said_and_stops_nothing),
		CASE(test_an_id_is_kept_only_where_it_was_declared_and_allowed),
		CASE(test_a_no_wipes_id_and_outbox_and_nothing_else),
		CASE(test_without_a_yes_nothing_is_kept_for_more_than_thirty_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
