/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/outbox.h"

#include "telemetry/sender/db.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* Events `first` to `first + count - 1` in one go; `extra` bytes more in each. */
static int append_many(struct outbox *outbox, int first, size_t count, size_t extra, int64_t now_ms)
{
	struct outbox_new *events = calloc(count, sizeof(*events));
	char(*uuids)[16] = calloc(count, sizeof(*uuids)), *padding = malloc(extra + 1);
	int result;

	memset(padding, 'x', extra);
	padding[extra] = '\0';
	for (size_t i = 0; i < count; i++) {
		char *event;

		snprintf(uuids[i], sizeof(uuids[i]), "u%d", first + (int)i);
		assert_true(asprintf(&event, "{\"n\":%d}%s", first + (int)i, padding) > 0);
		events[i] = (struct outbox_new){uuids[i], "e", event};
	}
	result = outbox_append_all(outbox, events, count, now_ms);
	for (size_t i = 0; i < count; i++)
		free((char *)events[i].event);
	free(padding);
	free(uuids);
	free(events);
	return result;
}

static void test_many_are_kept_together_or_not_at_all(void **state)
{
	struct outbox *outbox = open_at(((struct fixture *)*state)->path, NOW);
	char *large = calloc(1, OUTBOX_EVENT_BYTES_MAX + 2);
	struct outbox_new events[] = {{"u1", "e", "{}"}, {"u2", "e", "{}"}, {"u3", "e", large}};

	assert_int_equal(append_many(outbox, 0, 100, 0, NOW), 0);
	assert_int_equal(append_many(outbox, 50, 100, 0, NOW), 0);
	assert_int_equal(outbox_count(outbox), 150);
	memset(large, 'x', OUTBOX_EVENT_BYTES_MAX + 1);
	assert_int_equal(outbox_append_all(outbox, events, 3, NOW), -EMSGSIZE);
	assert_int_equal(outbox_count(outbox), 150);
	/* One of exactly that size is taken. */
	large[OUTBOX_EVENT_BYTES_MAX] = '\0';
	events[2].uuid = "new";
	assert_int_equal(outbox_append_all(outbox, events, 3, NOW), 0);
	assert_int_equal(outbox_count(outbox), 151);
	assert_int_equal(outbox_append_all(outbox, NULL, 0, NOW), 0);
	free(large);
	outbox_close(outbox);
}

/* Another sender is in the middle of something and does not come out of it. */
static void test_a_lock_that_is_held_is_not_waited_for_long(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW);
	struct db *other = db_open(self->path, "SELECT 1");
	int64_t since = children_now_ms();

	assert_int_equal(db_run(other, "BEGIN IMMEDIATE", NULL), 0);
	assert_int_equal(append_many(outbox, 0, 10, 0, NOW), -EBUSY);
	assert_in_range(children_now_ms() - since, 0, 1000);
	assert_int_equal(db_run(other, "ROLLBACK", NULL), 0);
	assert_int_equal(append_many(outbox, 0, 10, 0, NOW), 0);
	assert_int_equal(outbox_count(outbox), 10);
	db_close(other);
	outbox_close(outbox);
}

static void test_it_says_when_it_is_nearly_full(void **state)
{
	static const struct {
		int64_t events_max, bytes_max;
		int fits; /* events of 7 bytes until it says so */
	} rows[] = {{10, 0, 8}, {0, 70, 8}, {1000, 1000000, 899}, {1, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outbox_options options = {.endpoint = "h k",
						 .notice = 3,
						 .events_max = rows[i].events_max,
						 .bytes_max = rows[i].bytes_max};
		struct outbox *outbox = outbox_open(&options, NOW);
		int count = 0;

		while (!outbox_is_nearly_full(outbox)) {
			char uuid[16];

			snprintf(uuid, sizeof(uuid), "u%d", count);
			assert_int_equal(outbox_append(outbox, uuid, "e", "1234567", NOW), 0);
			count++;
		}
		assert_int_equal(count, rows[i].fits + 1);
		assert_int_equal(outbox_evicted(outbox), 0);
		outbox_close(outbox);
	}
}

struct gone {
	char text[256];
};

static void note_gone(void *context, const char *uuid, enum outbox_reason reason)
{
	struct gone *gone = context;
	size_t length = strlen(gone->text);

	snprintf(gone->text + length, sizeof(gone->text) - length, "%s:%s ", uuid, outbox_reason_name(reason));
}

/* The oldest go, but not what is under way; who was told of an attempt is told that it was the last. */
static void test_the_oldest_go_and_what_is_under_way_stays(void **state)
{
	struct fixture *self = *state;
	struct gone gone = {""};
	struct outbox_options options = {.path = self->path,
					 .endpoint = "h k",
					 .notice = 3,
					 .events_max = 5,
					 .gone = note_gone,
					 .context = &gone};
	struct outbox *outbox = outbox_open(&options, NOW);
	struct outbox_batch batch, left;

	for (int i = 0; i < 5; i++)
		append(outbox, i, NOW);
	assert_int_equal(claim(outbox, 2, 1000, NOW, &batch), 2);
	append(outbox, 5, NOW);
	append(outbox, 6, NOW);
	assert_int_equal(outbox_evicted(outbox), 2);
	assert_string_equal(gone.text, "");
	outbox_release(outbox, &batch);
	outbox_batch_finish(&batch);
	append(outbox, 7, NOW);
	assert_string_equal(gone.text, "u0:evicted ");
	assert_int_equal(claim(outbox, 9, 1000, NOW, &left), 5);
	assert_string_equal(left.events[0].uuid, "u1");
	assert_string_equal(left.events[1].uuid, "u4");
	outbox_release(outbox, &left);
	outbox_batch_finish(&left);
	outbox_close(outbox);

	/* What no yes covers any more. */
	gone.text[0] = '\0';
	options.notice = 4;
	outbox = outbox_open(&options, NOW);
	assert_string_equal(gone.text,
			    "u1:other_notice u4:other_notice u5:other_notice u6:other_notice u7:other_notice ");
	assert_int_equal(outbox_count(outbox), 0);
	outbox_close(outbox);
}

static void test_what_grows_too_old_while_it_waits_is_not_sent(void **state)
{
	struct fixture *self = *state;
	struct gone gone = {""};
	struct outbox_options options = {
		.path = self->path, .endpoint = "h k", .notice = 3, .gone = note_gone, .context = &gone};
	struct outbox *outbox = outbox_open(&options, NOW);
	struct outbox_batch batch;

	append(outbox, 1, NOW);
	append(outbox, 2, NOW + 2 * DAY);
	assert_int_equal(claim(outbox, 1, 1000, NOW, &batch), 1);
	outbox_release(outbox, &batch);
	outbox_batch_finish(&batch);
	assert_int_equal(claim(outbox, 9, 1000, NOW + 31 * DAY, &batch), 1);
	assert_string_equal(batch.events[0].uuid, "u2");
	assert_string_equal(gone.text, "u1:too_old ");
	assert_int_equal(outbox_count(outbox), 1);
	outbox_batch_finish(&batch);
	outbox_close(outbox);
}

static off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

static void test_its_real_limits_hold_and_the_file_is_small_again(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW);
	struct outbox_batch batch;

	for (int i = 0; i < OUTBOX_EVENTS_MAX; i += 1000)
		assert_int_equal(append_many(outbox, i, 1000, 0, NOW), 0);
	assert_int_equal(outbox_count(outbox), OUTBOX_EVENTS_MAX);
	assert_true(outbox_is_nearly_full(outbox));
	assert_int_equal(append_many(outbox, OUTBOX_EVENTS_MAX, 100, 0, NOW), 0);
	assert_int_equal(outbox_count(outbox), OUTBOX_EVENTS_MAX);
	assert_int_equal(outbox_evicted(outbox), 100);
	/* 40 of 800,000 bytes let many more go. */
	for (int i = 0; i < 130; i++)
		assert_int_equal(append_many(outbox, 2 * OUTBOX_EVENTS_MAX + i, 1, 800000, NOW), 0);
	assert_in_range(outbox_count(outbox), OUTBOX_BYTES_MAX / 800100, OUTBOX_BYTES_MAX / 800000);
	assert_in_range(size_of(self->path), OUTBOX_BYTES_MAX / 2, OUTBOX_BYTES_MAX * 3LL / 2);
	while (claim(outbox, 100, 4000000, NOW, &batch) > 0) {
		assert_in_range(batch.count, 1, 5);
		outbox_batch_trim(&batch);
		assert_int_equal(outbox_remove(outbox, &batch), 0);
		outbox_batch_finish(&batch);
	}
	assert_int_equal(outbox_count(outbox), 0);
	outbox_close(outbox);
	assert_in_range(size_of(self->path), 1, 1000000);
}

/* A file that may not grow is as a full disk is. */
static void test_a_full_disk_is_said_and_survived(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW);
	struct outbox_batch batch;
	struct rlimit old, small;
	int result = 0, kept = 1;

	append(outbox, 0, NOW);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){200000, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (; kept < 2000 && result == 0; kept += 10)
		result = append_many(outbox, kept, 10, 500, NOW);
	assert_true(result == -ENOSPC || result == -EIO);
	kept -= 10;
	assert_int_equal(outbox_count(outbox), kept);
	/* What is there may not be changed either, and is not lost for it. */
	if (outbox_claim(outbox, 10, 100000, NOW, &batch) == 0) {
		outbox_remove(outbox, &batch);
		outbox_batch_finish(&batch);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(append_many(outbox, 5000, 10, 500, NOW), 0);
	assert_int_equal(outbox_count(outbox), kept + 10);
	outbox_close(outbox);
}

/* Damage in the middle of a run: what was there is lost, the sender is not. */
static void test_damage_in_the_middle_makes_way_for_an_empty_one(void **state)
{
	struct fixture *self = *state;
	struct outbox *outbox = open_at(self->path, NOW);
	struct outbox_batch batch = {0};
	char *rubbish = malloc(1 << 20);
	int fd;

	for (int i = 0; i < 20; i++)
		assert_int_equal(append_many(outbox, i * 100, 100, 500, NOW), 0);
	outbox_close(outbox);
	outbox = open_at(self->path, NOW);
	/* Behind the first pages, which tell what tables there are. */
	memset(rubbish, 'x', 1 << 20);
	fd = open(self->path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, rubbish, 1 << 20, 5 * 4096L), 1 << 20);
	close(fd);
	for (int i = 0; i < 10 && outbox_count(outbox) > 1000; i++) {
		outbox_claim(outbox, 100, 1000000, NOW, &batch);
		outbox_batch_finish(&batch);
		append_many(outbox, 100000 + i * 100, 100, 0, NOW);
	}
	assert_in_range(outbox_count(outbox), 0, 1000);
	assert_false(outbox_is_wiped(outbox));
	append(outbox, 7, NOW);
	assert_true(claim(outbox, 100, 1000000, NOW + OUTBOX_CLAIM_MS, &batch) > 0);
	outbox_batch_finish(&batch);
	free(rubbish);
	outbox_close(outbox);
}

/* What an earlier version had queued is still sent, and counted once. */
static void test_a_file_of_an_earlier_version_is_gone_on_with(void **state)
{
	static const char old[] =
		"CREATE TABLE queue(id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT "
		"NULL,"
		" event TEXT NOT NULL, size INTEGER NOT NULL, endpoint TEXT NOT NULL, notice INTEGER NOT NULL,"
		" created INTEGER NOT NULL, owner TEXT, claimed_until INTEGER NOT NULL DEFAULT 0);"
		"CREATE TABLE totals(events INTEGER NOT NULL, bytes INTEGER NOT NULL);"
		"INSERT INTO totals VALUES(0, 0);"
		"CREATE TRIGGER queue_in AFTER INSERT ON queue BEGIN"
		" UPDATE totals SET events = events + 1, bytes = bytes + new.size; END;"
		"CREATE TRIGGER queue_out AFTER DELETE ON queue BEGIN"
		" UPDATE totals SET events = events - 1, bytes = bytes - old.size; END;";
	struct fixture *self = *state;
	struct db *db = db_open(self->path, old);
	struct outbox *outbox;
	struct outbox_batch batch;

	assert_int_equal(db_run(db,
				"INSERT INTO queue(uuid, name, event, size, endpoint, notice, created)"
				" VALUES('old', 'e', '{}', 2, 'h k', 3, ?)",
				"i", NOW),
			 0);
	db_close(db);
	outbox = open_at(self->path, NOW);
	append(outbox, 1, NOW);
	assert_int_equal(outbox_count(outbox), 2);
	assert_int_equal(claim(outbox, 9, 1000, NOW, &batch), 2);
	assert_string_equal(batch.events[0].uuid, "old");
	assert_int_equal(outbox_remove(outbox, &batch), 0);
	outbox_batch_finish(&batch);
	assert_int_equal(outbox_count(outbox), 0);
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
		CASE(test_many_are_kept_together_or_not_at_all),
		CASE(test_a_lock_that_is_held_is_not_waited_for_long),
		CASE(test_it_says_when_it_is_nearly_full),
		CASE(test_the_oldest_go_and_what_is_under_way_stays),
		CASE(test_what_grows_too_old_while_it_waits_is_not_sent),
		CASE(test_its_real_limits_hold_and_the_file_is_small_again),
		CASE(test_a_full_disk_is_said_and_survived),
		CASE(test_damage_in_the_middle_makes_way_for_an_empty_one),
		CASE(test_a_file_of_an_earlier_version_is_gone_on_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
