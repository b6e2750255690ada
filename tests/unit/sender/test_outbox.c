/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/outbox.h"

#include "telemetry/sender/db.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1795249246555)
#define DAY (INT64_C(24) * 3600 * 1000)

struct fixture {
	char *folder, *path;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	assert_true(asprintf(&self->path, "%s/outbox.db", self->folder) > 0);
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;

	children_remove_folder(self->folder);
	free(self->path);
	free(self);
	return 0;
}

static struct outbox *open_at(const char *path, int64_t now_ms)
{
	struct outbox *outbox =
		outbox_open(&(struct outbox_options){.path = path, .endpoint = "h k", .notice = 3}, now_ms);

	assert_non_null(outbox);
	return outbox;
}

static void append(struct outbox *outbox, int number, int64_t now_ms)
{
	char uuid[16], event[64];

	snprintf(uuid, sizeof(uuid), "u%d", number);
	snprintf(event, sizeof(event), "{\"n\":%d}", number);
	assert_int_equal(outbox_append(outbox, uuid, "server_start", event, now_ms), 0);
}

static size_t claim(struct outbox *outbox, size_t events_max, size_t bytes_max, int64_t now_ms,
		    struct outbox_batch *batch)
{
	*batch = (struct outbox_batch){0};
	assert_int_equal(outbox_claim(outbox, events_max, bytes_max, now_ms, batch), 0);
	return batch->count;
}

static void test_events_come_back_in_order_and_whole(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW);
	struct outbox_batch batch;
	struct stat status;

	for (int i = 0; i < 5; i++)
		append(outbox, i, NOW);
	assert_int_equal(stat(self->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(claim(outbox, 3, 1000, NOW, &batch), 3);
	assert_string_equal(batch.events[0].uuid, "u0");
	assert_string_equal(batch.events[0].name, "server_start");
	assert_string_equal(batch.events[2].text, "{\"n\":2}");
	outbox_remove(outbox, &batch);
	outbox_batch_finish(&batch);
	assert_int_equal(outbox_count(outbox), 2);
	outbox_close(outbox);
}

static void test_the_same_uuid_is_kept_once(void **state)
{
	struct outbox *outbox = open_at(((struct fixture *)*state)->path, NOW);

	append(outbox, 1, NOW);
	append(outbox, 1, NOW + 5);
	assert_int_equal(outbox_count(outbox), 1);
	outbox_close(outbox);
}

static void test_a_batch_is_bounded_by_bytes_but_never_empty(void **state)
{
	struct outbox *outbox = open_at(((struct fixture *)*state)->path, NOW);
	struct outbox_batch batch;

	for (int i = 0; i < 5; i++)
		append(outbox, i, NOW);
	/* 7 bytes and a comma each. */
	assert_int_equal(claim(outbox, 100, 16, NOW, &batch), 2);
	outbox_batch_finish(&batch);
	assert_int_equal(claim(outbox, 100, 1, NOW, &batch), 1);
	outbox_batch_finish(&batch);
	outbox_close(outbox);
}

static void test_a_claim_keeps_others_off_until_it_is_released_or_old(void **state)
{
	struct fixture *self = *state;
	struct outbox *first = open_at(self->path, NOW), *second = open_at(self->path, NOW);
	struct outbox_batch batch, other;

	append(first, 1, NOW);
	assert_int_equal(outbox_wait_ms(first, NOW), 0);
	assert_int_equal(claim(first, 10, 1000, NOW, &batch), 1);
	assert_int_equal(claim(second, 10, 1000, NOW, &other), 0);
	assert_int_equal(outbox_wait_ms(second, NOW + 1000), OUTBOX_CLAIM_MS - 1000);
	outbox_release(first, &batch);
	assert_int_equal(claim(second, 10, 1000, NOW, &other), 1);
	outbox_batch_finish(&other);
	/* The second died with it in hand. */
	assert_int_equal(claim(first, 10, 1000, NOW + OUTBOX_CLAIM_MS, &other), 1);
	/* What is no longer ours is not ours to remove. */
	outbox_remove(second, &other);
	assert_int_equal(outbox_count(first), 1);
	outbox_remove(first, &other);
	assert_int_equal(outbox_count(first), 0);
	assert_int_equal(outbox_wait_ms(first, NOW), -1);
	outbox_batch_finish(&other);
	outbox_batch_finish(&batch);
	outbox_close(second);
	outbox_close(first);
}

static void test_a_clock_set_back_does_not_lock_events_away(void **state)
{
	struct outbox *outbox = open_at(((struct fixture *)*state)->path, NOW);
	struct outbox_batch batch;

	append(outbox, 1, NOW);
	assert_int_equal(claim(outbox, 10, 1000, NOW, &batch), 1);
	outbox_batch_finish(&batch);
	assert_int_equal(claim(outbox, 10, 1000, NOW - DAY, &batch), 1);
	outbox_batch_finish(&batch);
	outbox_close(outbox);
}

static void test_another_endpoint_or_notice_or_too_old_is_dropped_at_the_start(void **state)
{
	static const struct {
		const char *endpoint;
		int notice;
		int64_t after_ms;
		int64_t left;
	} rows[] = {{"h k", 3, 0, 1},     {"h k", 3, 29 * DAY, 1}, {"h k", 3, 31 * DAY, 0},
		    {"h other", 3, 0, 0}, {"h k", 4, 0, 0},        {"h k", 2, 0, 0}};
	struct fixture *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outbox *outbox = open_at(self->path, NOW);

		append(outbox, 1, NOW);
		outbox_close(outbox);
		outbox = outbox_open(&(struct outbox_options){.path = self->path,
							      .endpoint = rows[i].endpoint,
							      .notice = rows[i].notice},
				     NOW + rows[i].after_ms);
		assert_int_equal(outbox_count(outbox), rows[i].left);
		outbox_close(outbox);
		unlink(self->path);
	}
}

static void test_limits_let_the_oldest_go(void **state)
{
	struct fixture *self = *state;
	struct outbox_options options = {.path = self->path, .endpoint = "h k", .notice = 3, .events_max = 3};
	struct outbox *outbox = outbox_open(&options, NOW);
	struct outbox_batch batch;
	char *large = calloc(1, OUTBOX_EVENT_BYTES_MAX + 2);

	for (int i = 0; i < 10; i++)
		append(outbox, i, NOW);
	assert_int_equal(claim(outbox, 10, 1000, NOW, &batch), 3);
	assert_string_equal(batch.events[0].uuid, "u7");
	assert_int_equal(outbox_evicted(outbox), 7);
	outbox_release(outbox, &batch);
	outbox_batch_finish(&batch);
	outbox_close(outbox);

	options.events_max = 0;
	options.bytes_max = 20;
	outbox = outbox_open(&options, NOW);
	append(outbox, 20, NOW);
	assert_int_equal(outbox_count(outbox), 2);
	memset(large, 'x', OUTBOX_EVENT_BYTES_MAX + 1);
	assert_int_equal(outbox_append(outbox, "big", "e", large, NOW), -EMSGSIZE);
	assert_int_equal(outbox_count(outbox), 2);
	free(large);
	outbox_close(outbox);
}

static void test_a_file_that_is_no_outbox_is_replaced(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox;
	struct db *foreign;
	FILE *file = fopen(self->path, "we");

	for (int i = 0; i < 5000; i++)
		fputs("this is not a database\n", file);
	fclose(file);
	outbox = open_at(self->path, NOW);
	append(outbox, 1, NOW);
	outbox_close(outbox);
	outbox = open_at(self->path, NOW);
	assert_int_equal(outbox_count(outbox), 1);
	outbox_close(outbox);

	unlink(self->path);
	foreign = db_open(self->path, "CREATE TABLE queue(colour TEXT)");
	db_close(foreign);
	outbox = open_at(self->path, NOW);
	append(outbox, 1, NOW);
	assert_int_equal(outbox_count(outbox), 1);
	outbox_close(outbox);
}

/* No folder, a link somebody else put there, a pipe: events live in memory for this run, and nothing is touched. */
static void test_without_a_usable_file_it_lives_in_memory(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox;
	char *target;

	outbox = open_at("/nonexistent/folder/outbox.db", NOW);
	append(outbox, 1, NOW);
	assert_int_equal(outbox_count(outbox), 1);
	assert_false(outbox_is_wiped(outbox));
	outbox_close(outbox);

	assert_true(asprintf(&target, "%s/precious", self->folder) > 0);
	assert_int_equal(symlink(target, self->path), 0);
	outbox = open_at(self->path, NOW);
	append(outbox, 1, NOW);
	outbox_close(outbox);
	assert_int_not_equal(access(target, F_OK), 0);
	unlink(self->path);

	assert_int_equal(mkfifo(self->path, 0600), 0);
	outbox = open_at(self->path, NOW);
	append(outbox, 1, NOW);
	outbox_close(outbox);
	free(target);
}

/* All begin at the same moment, on a file that is not there yet. */
static void test_many_senders_begin_at_once(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox;
	int gate[2];
	pid_t pids[8];
	char byte;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			close(gate[1]);
			if (read(gate[0], &byte, 1) != 0)
				_exit(1);
			outbox = open_at(self->path, NOW);
			append(outbox, i, NOW);
			outbox_close(outbox);
			_exit(0);
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < 8; i++)
		assert_int_equal(children_wait(pids[i]), 0);
	outbox = open_at(self->path, NOW);
	assert_int_equal(outbox_count(outbox), 8);
	outbox_close(outbox);
}

static void test_a_wipe_is_noticed(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW), *next;

	assert_false(outbox_is_wiped(outbox));
	unlink(self->path);
	assert_true(outbox_is_wiped(outbox));
	/* A new file at the same place belongs to a later yes. */
	next = open_at(self->path, NOW);
	assert_true(outbox_is_wiped(outbox));
	assert_false(outbox_is_wiped(next));
	outbox_close(next);
	outbox_close(outbox);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_events_come_back_in_order_and_whole),
		CASE(test_the_same_uuid_is_kept_once),
		CASE(test_a_batch_is_bounded_by_bytes_but_never_empty),
		CASE(test_a_claim_keeps_others_off_until_it_is_released_or_old),
		CASE(test_a_clock_set_back_does_not_lock_events_away),
		CASE(test_another_endpoint_or_notice_or_too_old_is_dropped_at_the_start),
		CASE(test_limits_let_the_oldest_go),
		CASE(test_a_file_that_is_no_outbox_is_replaced),
		CASE(test_without_a_usable_file_it_lives_in_memory),
		CASE(test_many_senders_begin_at_once),
		CASE(test_a_wipe_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
