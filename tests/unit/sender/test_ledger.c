/* SPDX-License-Identifier: MIT */
/* What the sender writes down, and what telemetry_ledger_each makes of it: also of files that were torn, damaged, rotated or forgotten. */
#include "telemetry/records.h"
#include "telemetry/sender/ledger.h"

#include "config/err.h"
#include "telemetry/id.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/state.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#define NOW INT64_C(1795249246555)
#define DAY (INT64_C(24) * 3600 * 1000)
#define EVENT "{\"n\":%d,\"text\":\"caf\u00e9 \\u20ac \\\"}\",\"deep\":{\"event\":{}}}"

struct fixture {
	char *folder, *path, *before;
	struct ledger *ledger;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	setenv("XDG_STATE_HOME", self->folder, 1);
	assert_int_equal(state_make("Shop", NULL), 0);
	self->path = state_file("Shop", STATE_LEDGER);
	self->before = state_file("Shop", STATE_LEDGER_BEFORE);
	self->ledger = ledger_open(self->path, "https://h.example", NOW);
	assert_non_null(self->ledger);
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;

	ledger_close(self->ledger);
	children_remove_folder(self->folder);
	unsetenv("XDG_STATE_HOME");
	free(self->before);
	free(self->path);
	free(self);
	return 0;
}

/* A batch of the events `first` to `first + count - 1`. */
static void make(struct outbox_batch *batch, int first, size_t count)
{
	batch->events = calloc(count, sizeof(*batch->events));
	batch->count = count;
	for (size_t i = 0; i < count; i++) {
		struct outbox_event *event = &batch->events[i];

		assert_true(asprintf(&event->uuid, "u-%d", first + (int)i) > 0);
		assert_true(asprintf(&event->name, "server_start") > 0);
		event->size_bytes = (size_t)asprintf(&event->text, EVENT, first + (int)i);
	}
}

static int begin_as(struct ledger *ledger, int first, size_t count, int64_t now_ms)
{
	struct outbox_batch batch;
	char time[TIME_BYTES];
	int result;

	make(&batch, first, count);
	time_text(now_ms, time);
	result = ledger_begin(ledger, &batch, time, now_ms);
	outbox_batch_finish(&batch);
	return result;
}

static void begin(struct fixture *self, int first, size_t count, int64_t now_ms)
{
	assert_int_equal(begin_as(self->ledger, first, count, now_ms), 0);
}

/* Everything that is told, a line an event: "NUMBER result status attempts reason time". */
struct told {
	char text[8192];
	size_t length;
	int count, stop_after;
	bool exact;
};

static bool note(void *context, const struct telemetry_sent *sent)
{
	struct told *told = context;
	char wanted[256];
	int number = -1;

	assert_int_equal(sscanf(sent->event, "{\"n\":%d", &number), 1);
	snprintf(wanted, sizeof(wanted), EVENT, number);
	assert_string_equal(sent->event, wanted);
	assert_string_equal(sent->endpoint, "https://h.example");
	if (told->length < sizeof(told->text) - 256)
		told->length += (size_t)snprintf(told->text + told->length, 256, "%d %s %d %d %s %lld\n", number,
						 sent->result, sent->status, sent->attempts,
						 sent->reason ? sent->reason : "-", (long long)(sent->time_ms - NOW));
	told->count++;
	return told->stop_after == 0 || told->count < told->stop_after;
}

static int read_since(int64_t since_ms, struct told *told)
{
	struct err err = ERR_INIT;
	int result;

	*told = (struct told){.stop_after = told->stop_after};
	result = telemetry_ledger_each("Shop", since_ms, note, told, &err);
	assert_true((result < 0) == (err.code != 0));
	err_finish(&err);
	return result;
}

static void assert_told(const char *wanted, int damaged)
{
	struct told told = {.count = 0};

	assert_int_equal(read_since(0, &told), damaged);
	assert_string_equal(told.text, wanted);
}

static off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

static void append_raw(const char *path, const char *text, size_t size_bytes)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_int_equal(write(fd, text, size_bytes), (ssize_t)size_bytes);
	close(fd);
}

static void test_what_was_sent_and_what_came_of_it(void **state)
{
	struct fixture *self = *state;
	struct stat status;

	assert_told("", 0);
	assert_int_equal(size_of(self->path), -1);
	begin(self, 1, 2, NOW);
	assert_int_equal(stat(self->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_told("1 sending 0 1 - 0\n2 sending 0 1 - 0\n", 0);
	ledger_end(self->ledger, "waiting", 503, "server_error");
	assert_told("1 waiting 503 1 server_error 0\n2 waiting 503 1 server_error 0\n", 0);
	begin(self, 1, 2, NOW + 5);
	assert_told("1 sending 0 2 - 5\n2 sending 0 2 - 5\n", 0);
	ledger_end(self->ledger, "waiting", 0, "unreachable");
	/* With another one together. */
	begin(self, 1, 3, NOW + 7);
	ledger_end(self->ledger, "delivered", 200, NULL);
	assert_told("1 delivered 200 3 - 7\n2 delivered 200 3 - 7\n3 delivered 200 1 - 7\n", 0);
	/* Its bytes stand there once. */
	{
		size_t size_bytes = 0;
		char *text = children_slurp(self->folder, "upfront/.apps/shop/ledger.jsonl", &size_bytes);

		if (!text)
			text = children_slurp(self->folder, "upfront/.apps/Shop/ledger.jsonl", &size_bytes);
		assert_non_null(text);
		assert_null(strstr(strstr(text, "{\"n\":1,") + 1, "{\"n\":1,"));
		free(text);
	}
}

static void test_a_long_failure_costs_little(void **state)
{
	struct fixture *self = *state;
	off_t first;
	struct told told = {.count = 0};

	begin(self, 0, 100, NOW);
	ledger_end(self->ledger, "waiting", 0, "unreachable");
	first = size_of(self->path);
	for (int i = 1; i <= 1000; i++) {
		begin(self, 0, 100, NOW + i);
		ledger_end(self->ledger, "waiting", 0, "unreachable");
	}
	assert_in_range(size_of(self->path) - first, 1, 1000 * 200);
	assert_int_equal(size_of(self->before), -1);
	assert_int_equal(read_since(0, &told), 0);
	assert_int_equal(told.count, 100);
	assert_non_null(strstr(told.text, "0 waiting 0 1001 unreachable 1000\n"));
}

static void test_since_and_an_early_end(void **state)
{
	struct fixture *self = *state;
	struct told told = {.count = 0};

	for (int i = 0; i < 4; i++)
		begin(self, i, 1, NOW + i * 1000);
	assert_int_equal(read_since(NOW + 2000, &told), 0);
	assert_string_equal(told.text, "2 sending 0 1 - 2000\n3 sending 0 1 - 3000\n");
	told.stop_after = 3;
	assert_int_equal(read_since(0, &told), 0);
	assert_int_equal(told.count, 3);
}

static void test_another_sender_goes_on_and_one_that_gave_up_is_told(void **state)
{
	struct fixture *self = *state;
	struct ledger *other = ledger_open(self->path, "https://h.example", NOW);

	begin(self, 1, 1, NOW);
	/* Killed. The next one has it in hand, and writes the same bytes. */
	assert_int_equal(begin_as(other, 1, 1, NOW + 9), 0);
	assert_told("1 sending 0 2 - 9\n", 0);
	ledger_gone(other, "u-1", "evicted");
	ledger_gone(other, "u-7", "too_old");
	assert_told("1 refused 0 2 evicted 9\n", 0);
	ledger_close(other);
}

/* What a kill in the middle of a line leaves, and what lines nobody wrote. */
static void test_torn_and_damaged_lines_are_passed_over(void **state)
{
	static const struct {
		const char *text;
		int damaged;
	} rows[] = {
		{"{\"sent\":\"2026-11-21T10:00:00.000Z\",\"uuid\":\"u-3\",\"ba", 1},
		{"rubbish\n", 1},
		{"{}\n[]\n\n7\n", 3},
		{"{\"result\":\"eaten\",\"batch\":\"x.1\",\"status\":200}\n", 1},
		{"{\"sent\":\"T\",\"uuid\":\"u-8\",\"batch\":\"x.1\",\"event\":{},\"endpoint\":\"h\"}\n", 1},
		{"{\"sent\":\"T\",\"uuid\":\"u-8\",\"batch\":\"x.1\",\"endpoint\":\"h\",\"event\":[]}\n", 1},
		{"{\"sent\":\"T\",\"uuid\":\"u-8\",\"batch\":\"x.1\",\"endpoint\":\"h\",\"event\":{\"a\":\"\033[2J\"}}"
		 "\n",
		 1},
		{"{\"sent\":1,\"uuid\":2,\"batch\":3}\n", 1},
		{"{\"result\":\"refused\",\"uuid\":\"of long ago\",\"status\":0,\"reason\":\"too_old\"}\n", 0},
	};
	struct fixture *self = *state;
	char *large = malloc(3000000);
	int damaged = 0;

	begin(self, 1, 1, NOW);
	/* Before the next write it may be one that is being written. */
	append_raw(self->path, rows[0].text, strlen(rows[0].text));
	assert_told("1 sending 0 1 - 0\n", 0);
	for (size_t i = 1; i < sizeof(rows) / sizeof(*rows); i++) {
		append_raw(self->path, "\n", i == 1);
		damaged += rows[i - 1].damaged;
		append_raw(self->path, rows[i].text, strlen(rows[i].text));
	}
	memset(large, 'x', 3000000);
	append_raw(self->path, large, 3000000);
	append_raw(self->path, "\n\0\0\n", 4);
	damaged += 2;
	begin(self, 1, 1, NOW + 1);
	ledger_end(self->ledger, "delivered", 200, NULL);
	assert_told("1 delivered 200 2 - 1\n", damaged);
	free(large);
}

static void test_it_ends_a_torn_line_and_takes_back_half_a_write(void **state)
{
	struct fixture *self = *state;
	struct rlimit old, small;
	off_t size_bytes;

	begin(self, 1, 1, NOW);
	append_raw(self->path, "{\"sent\":", 8);
	begin(self, 2, 1, NOW);
	assert_told("1 sending 0 1 - 0\n2 sending 0 1 - 0\n", 1);
	/* A file that may not grow is as a full disk is. */
	size_bytes = size_of(self->path);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){(rlim_t)size_bytes + 100, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(begin_as(self->ledger, 3, 5, NOW) < 0);
	ledger_end(self->ledger, "waiting", 0, "unreachable");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(size_of(self->path), size_bytes);
	begin(self, 3, 1, NOW + 1);
	assert_told("1 sending 0 1 - 0\n2 sending 0 1 - 0\n3 sending 0 1 - 1\n", 1);
}

static void test_it_is_rotated_and_keeps_at_most_what_is_said(void **state)
{
	struct fixture *self = *state;
	struct told told = {.count = 0};
	int number = 0;

	for (; number < LEDGER_EVENTS_MAX / 2; number += 100)
		begin(self, number, 100, NOW + number);
	assert_int_equal(size_of(self->before), -1);
	begin(self, number, 100, NOW + number);
	assert_true(size_of(self->before) > size_of(self->path));
	ledger_end(self->ledger, "delivered", 200, NULL);
	number += 100;
	assert_int_equal(read_since(0, &told), 0);
	assert_int_equal(told.count, number);
	for (; number < 3 * LEDGER_EVENTS_MAX; number += 100)
		begin(self, number, 100, NOW + number);
	assert_int_equal(read_since(0, &told), 0);
	assert_in_range(told.count, LEDGER_EVENTS_MAX / 2, LEDGER_EVENTS_MAX);
}

static void test_an_attempt_that_ends_after_a_rotation_is_completed(void **state)
{
	struct fixture *self = *state;

	begin(self, 1, 1, NOW);
	assert_int_equal(rename(self->path, self->before), 0);
	ledger_end(self->ledger, "delivered", 200, NULL);
	assert_told("1 delivered 200 1 - 0\n", 0);
	/* Tried again after a rotation its bytes stand in the present file too. */
	begin(self, 2, 1, NOW + 1);
	assert_int_equal(rename(self->path, self->before), 0);
	begin(self, 2, 1, NOW + 2);
	unlink(self->before);
	assert_told("2 sending 0 1 - 2\n", 0);
}

static void test_it_is_kept_for_thirty_days(void **state)
{
	struct fixture *self = *state;

	begin(self, 1, 1, NOW);
	ledger_end(self->ledger, "delivered", 200, NULL);
	begin(self, 2, 1, NOW + 20 * DAY);
	ledger_end(self->ledger, "waiting", 0, "unreachable");
	ledger_close(self->ledger);
	self->ledger = ledger_open(self->path, "https://h.example", NOW + 29 * DAY);
	assert_told("1 delivered 200 1 - 0\n2 waiting 0 1 unreachable 1728000000\n", 0);
	ledger_close(self->ledger);
	self->ledger = ledger_open(self->path, "https://h.example", NOW + 31 * DAY);
	assert_told("2 waiting 0 1 unreachable 1728000000\n", 0);
	/* Also while it runs. */
	begin(self, 3, 1, NOW + 51 * DAY);
	assert_told("3 sending 0 1 - 4406400000\n", 0);
	ledger_close(self->ledger);
	assert_int_equal(rename(self->path, self->before), 0);
	self->ledger = ledger_open(self->path, "https://h.example", NOW + 82 * DAY);
	assert_int_equal(size_of(self->before), -1);
	assert_int_equal(size_of(self->path), -1);
}

static void test_what_waited_when_a_no_came_is_deleted_and_nothing_else(void **state)
{
	struct fixture *self = *state;

	/* Where nothing was sent a no makes no file. */
	assert_int_equal(telemetry_wipe("Shop", NULL), 0);
	assert_int_equal(size_of(self->path), -1);
	begin(self, 1, 1, NOW);
	ledger_end(self->ledger, "delivered", 200, NULL);
	begin(self, 2, 1, NOW);
	ledger_end(self->ledger, "refused", 401, "key_refused");
	begin(self, 3, 1, NOW);
	ledger_end(self->ledger, "waiting", 503, "busy");
	begin(self, 4, 1, NOW);
	append_raw(self->path, "{\"sent\":\"2026", 13);
	assert_int_equal(telemetry_wipe("Shop", NULL), 0);
	begin(self, 5, 1, NOW);
	ledger_end(self->ledger, "waiting", 503, "busy");
	assert_told("1 delivered 200 1 - 0\n2 refused 401 1 key_refused 0\n3 deleted 503 1 - 0\n4 sending 0 1 - 0\n"
		    "5 waiting 503 1 busy 0\n",
		    1);
}

static void test_what_is_forgotten_does_not_come_back(void **state)
{
	static const char *const old[] = {"ledger.db", "ledger.db-wal", "outbox.db", "outbox.db-journal",
					  "id",        "receipts.jsonl"};
	struct fixture *self = *state;
	struct err err = ERR_INIT;

	begin(self, 1, 1, NOW);
	append_raw(self->before, "{}\n", 3);
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++) {
		char *path = state_file("Shop", old[i]);

		append_raw(path, "x", 1);
		free(path);
	}
	assert_int_equal(telemetry_forget("Shop", &err), 8);
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++) {
		char *path = state_file("Shop", old[i]);

		assert_int_equal(size_of(path), -1);
		free(path);
	}
	ledger_end(self->ledger, "delivered", 200, NULL);
	ledger_gone(self->ledger, "u-1", "evicted");
	assert_int_equal(size_of(self->path), -1);
	assert_told("", 0);
	assert_int_equal(telemetry_forget("Shop", &err), 0);
	/* Nor into one that was begun after it. */
	begin(self, 1, 1, NOW);
	unlink(self->path);
	append_raw(self->path, "", 0);
	ledger_end(self->ledger, "delivered", 200, NULL);
	assert_int_equal(size_of(self->path), 0);
	err_finish(&err);
}

static void test_a_file_that_is_not_ours_is_left_alone(void **state)
{
	struct fixture *self = *state;
	struct told told = {.count = 0};
	char *target;

	assert_true(asprintf(&target, "%s/precious", self->folder) > 0);
	assert_int_equal(symlink(target, self->path), 0);
	assert_true(begin_as(self->ledger, 1, 1, NOW) < 0);
	assert_int_equal(size_of(target), -1);
	assert_int_equal(read_since(0, &told), -EPERM);
	unlink(self->path);
	assert_int_equal(mkfifo(self->path, 0600), 0);
	assert_true(begin_as(self->ledger, 1, 1, NOW) < 0);
	unlink(self->path);
	free(target);
}

/* Somebody holds the lock for good: the loop does not stand still for it. */
static void test_a_lock_that_is_held_is_not_waited_for(void **state)
{
	struct fixture *self = *state;
	int64_t since = children_now_ms();
	int fd;

	begin(self, 1, 1, NOW);
	fd = open(self->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(begin_as(self->ledger, 2, 1, NOW), -EAGAIN);
	assert_in_range(children_now_ms() - since, 0, 1000);
	close(fd);
	begin(self, 2, 1, NOW);
}

static void test_several_senders_write_side_by_side(void **state)
{
	struct fixture *self = *state;
	struct told told = {.count = 0};
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct ledger *ledger = ledger_open(self->path, "https://h.example", NOW);

			for (int k = 0; k < 40; k++) {
				if (begin_as(ledger, i * 1000 + k * 10, 10, NOW + k) < 0)
					_exit(1);
				ledger_end(ledger, "delivered", 200, NULL);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(children_wait(pids[i]), 0);
	assert_int_equal(read_since(0, &told), 0);
	assert_int_equal(told.count, 1600);
	assert_null(strstr(told.text, "sending"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_what_was_sent_and_what_came_of_it),
		CASE(test_a_long_failure_costs_little),
		CASE(test_since_and_an_early_end),
		CASE(test_another_sender_goes_on_and_one_that_gave_up_is_told),
		CASE(test_torn_and_damaged_lines_are_passed_over),
		CASE(test_it_ends_a_torn_line_and_takes_back_half_a_write),
		CASE(test_it_is_rotated_and_keeps_at_most_what_is_said),
		CASE(test_an_attempt_that_ends_after_a_rotation_is_completed),
		CASE(test_it_is_kept_for_thirty_days),
		CASE(test_what_waited_when_a_no_came_is_deleted_and_nothing_else),
		CASE(test_what_is_forgotten_does_not_come_back),
		CASE(test_a_file_that_is_not_ours_is_left_alone),
		CASE(test_a_lock_that_is_held_is_not_waited_for),
		CASE(test_several_senders_write_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
