/* SPDX-License-Identifier: MIT */
/*
 * The program `upfront-telemetry` when it is its own disk, not the network, that does not do what it should; what it tells of itself; and that it
 * is quiet when there is nothing to do. Never a crash, never a word, never an event that was handed over and is neither sent nor kept.
 */
#include "tests/lib/children.h"
#include "tests/lib/sender_scene.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path(const struct sender_scene *self, const char *name)
{
	static char text[300];

	snprintf(text, sizeof(text), "%s/%s", self->folder, name);
	return text;
}

/* One that refuses the key refuses the batch at hand; the others wait for a run with a better one. */
static void test_a_refused_key_ends_the_sending_of_this_run(void **state)
{
	struct sender_scene *self = *state;
	int port, refused;
	cJSON *requests;

	sender_scene_receive(self, "503", 0, NULL);
	port = self->receiver.port;
	sender_scene_start(self);
	sender_scene_give(self, 250);
	receiver_expect(&self->receiver, "request", 1);
	sender_end(&self->sender);
	receiver_stop(&self->receiver);

	sender_scene_receive(self, "401", port, NULL);
	sender_scene_start(self);
	receiver_expect(&self->receiver, "request", 1);
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	requests = receiver_notes(&self->receiver, "request");
	assert_int_equal(cJSON_GetArraySize(requests), 1);
	refused = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(requests, 0), "events")->valueint;
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);

	sender_scene_receive(self, "ok", port, NULL);
	sender_scene_start(self);
	receiver_expect(&self->receiver, "event", 251 - refused);
	sender_end(&self->sender);
	assert_int_equal(receiver_count(&self->receiver, "event"), 251 - refused);
	receiver_stop(&self->receiver);
}

/* The next counts; fails at the deadline. */
static cJSON *hear(struct sender_scene *self)
{
	char text[1024];
	ssize_t length;

	assert_true(children_readable(self->sender.fd, CHILDREN_DEADLINE_MS));
	length = recv(self->sender.fd, text, sizeof(text) - 1, 0);
	assert_true(length > 1);
	text[length] = '\0';
	assert_int_equal(text[0], 'N');
	return cJSON_Parse(text + 1);
}

static int number(const cJSON *counts, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(counts, name)->valueint;
}

static void test_it_tells_what_it_did_but_not_all_the_time(void **state)
{
	static const char *const names[] = {"queued",  "delivered",     "refused",       "evicted",
					    "relayed", "relay_dropped", "relay_refused", "dropped"};
	struct sender_scene *self = *state;
	int64_t since = children_now_ms();
	int told = 0, delivered = 0;

	sender_scene_receive(self, "ok", 0, NULL);
	sender_scene_start(self);
	while (delivered < 40) {
		cJSON *counts;

		if (told < 2)
			sender_scene_give(self, 20);
		counts = hear(self);
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			assert_true(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(counts, names[i])));
		delivered = number(counts, "delivered");
		assert_int_equal(number(counts, "refused"), 0);
		if (delivered == 40)
			assert_int_equal(number(counts, "queued"), 0);
		cJSON_Delete(counts);
		told++;
	}
	assert_in_range(told, 2, (children_now_ms() - since) / 1000 + 1);
	sender_end(&self->sender);
	receiver_stop(&self->receiver);
}

/* The other end is closed with counts unread in it, right behind the last events: the kernel then speaks of a reset first. */
static void test_what_is_given_at_the_end_is_kept_behind_unread_counts(void **state)
{
	struct sender_scene *self = *state;
	int port;

	sender_scene_receive(self, "503", 0, NULL);
	port = self->receiver.port;
	sender_scene_start(self);
	sender_scene_give(self, 1);
	assert_true(children_readable(self->sender.fd, CHILDREN_DEADLINE_MS));
	sender_scene_give(self, 300);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	receiver_stop(&self->receiver);
	sender_scene_receive(self, "ok", port, NULL);
	sender_scene_start(self);
	receiver_expect(&self->receiver, "event", 301);
	sender_end(&self->sender);
	receiver_stop(&self->receiver);
}

/* How often it has been on a processor of its own accord, all its threads together. */
static long switches(const struct sender_scene *self)
{
	char name[64], line[128];
	long count = 0, sum = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)self->sender.pid);
	file = fopen(name, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %ld", &count) == 1)
			sum += count;
	fclose(file);
	return sum;
}

static void test_an_idle_one_sleeps(void **state)
{
	struct sender_scene *self = *state;
	cJSON *counts;
	int delivered = 0;
	long before;

	sender_scene_receive(self, "ok", 0, NULL);
	sender_scene_start(self);
	sender_scene_give(self, 1);
	while (delivered == 0) {
		counts = hear(self);
		delivered = number(counts, "delivered");
		cJSON_Delete(counts);
	}
	/* Whatever the last answer left behind is done with by then. */
	assert_false(children_readable(self->sender.pidfd, 300));
	before = switches(self);
	assert_false(children_readable(self->sender.pidfd, 1500));
	assert_int_equal(switches(self), before);
	sender_end(&self->sender);
	receiver_stop(&self->receiver);
}

static void limit_files(const struct sender_scene *self, rlim_t size_bytes)
{
	struct rlimit limit = {size_bytes, RLIM_INFINITY};

	assert_int_equal(prlimit(self->sender.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* No file may grow: what is handed over waits in the socket, nothing is said, and all of it arrives once there is room again. */
static void test_a_full_disk_loses_nothing(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	sender_scene_start(self);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 1);
	limit_files(self, 1);
	sender_scene_give(self, 50);
	assert_false(children_readable(self->sender.pidfd, 500));
	limit_files(self, RLIM_INFINITY);
	receiver_expect(&self->receiver, "event", 51);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 51);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	receiver_stop(&self->receiver);
}

static void test_a_disk_that_stays_full_does_not_hold_up_the_end(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	sender_scene_start(self);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 1);
	limit_files(self, 1);
	sender_scene_give(self, 50);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	receiver_stop(&self->receiver);
}

/* It starts anew with what comes in; whoever had the old file in hand is not told of it. */
static void test_a_damaged_outbox_is_replaced_while_it_runs(void **state)
{
	struct sender_scene *self = *state;
	char rubbish[65536];
	int64_t since = world_now_ms();
	int fd, port;

	sender_scene_receive(self, "503", 0, NULL);
	port = self->receiver.port;
	sender_scene_start(self);
	sender_scene_give(self, 300);
	receiver_expect(&self->receiver, "request", 1);
	receiver_stop(&self->receiver);
	memset(rubbish, 'x', sizeof(rubbish));
	for (int i = 0; i < 2; i++) {
		fd = open(path(self, i ? "outbox.db" : "outbox.db-wal"), O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(pwrite(fd, rubbish, sizeof(rubbish), 0), sizeof(rubbish));
		close(fd);
	}
	sender_scene_receive(self, "ok", port, NULL);
	/* Not the ones before: what is given now. */
	do {
		sender_scene_give(self, 10);
		world_pause(since, CHILDREN_DEADLINE_MS, "an event to arrive");
	} while (receiver_count(&self->receiver, "event") == 0);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	receiver_stop(&self->receiver);
}

/* Where it cannot be written down what is sent, nothing is. */
static void test_what_cannot_be_written_down_is_not_sent(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	assert_int_equal(symlink("/dev/null", path(self, "ledger.jsonl")), 0);
	sender_scene_start(self);
	sender_scene_give(self, 3);
	assert_false(children_readable(self->sender.pidfd, 500));
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "connection"), 0);
	assert_int_equal(receiver_count(&self->receiver, "request"), 0);
	assert_true(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
}

/* Events with which the last batch of the ledger was begun; 0: not all that were given have been tried yet. */
static int last_batch(const struct sender_scene *self, int given)
{
	size_t size_bytes = 0;
	char *ledger = children_slurp(self->folder, "ledger.jsonl", &size_bytes), *rest = ledger, *line;
	char last[32] = "", batch[32];
	int count = 0, events = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *name = strstr(line, "\"batch\":\"");

		if (!name || !strstr(line, "\"uuid\"") || sscanf(name, "\"batch\":\"%31[^\"]", batch) != 1)
			continue;
		events += strstr(line, "\"event\"") != NULL;
		count = strcmp(batch, last) == 0 ? count + 1 : 1;
		strcpy(last, batch);
	}
	free(ledger);
	return events == given ? count : 0;
}

/* No answer at all may mean that the line is too slow for the batch: it goes in smaller ones before it stands in the way for ever. */
static void test_what_is_never_answered_goes_in_smaller_batches(void **state)
{
	struct sender_scene *self = *state;
	int64_t since = world_now_ms();
	int count = 0;

	snprintf(self->host, sizeof(self->host), "http://127.0.0.1:%d", world_free_port());
	sender_scene_start(self);
	sender_scene_give(self, 8);
	while (count == 0 || count == 8) {
		world_pause(since, CHILDREN_DEADLINE_MS, "an attempt with fewer events");
		count = last_batch(self, 8);
	}
	assert_in_range(count, 1, 4);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_true(sender_keeps(self->folder, self->uuid));
}

static void await_dropped(struct sender_scene *self, int wanted)
{
	int dropped;

	do {
		cJSON *counts = hear(self);

		dropped = number(counts, "dropped");
		cJSON_Delete(counts);
	} while (dropped < wanted);
	assert_int_equal(dropped, wanted);
}

/* Nothing that is not an event gets into the outbox, or stands in the way of those that are. */
static void test_wrong_messages_are_passed_over(void **state)
{
	static const char *const wrong[] = {
		"E",
		"E{}",
		"E{\"uuid\":\"a b\",\"event\":\"e\"}",
		"E{\"uuid\":\"a\\\"\",\"event\":\"e\"}",
		"E{\"uuid\":\"a\",\"event\":\"e\",\n\"n\":1}",
		"E{\"uuid\":\"a\",\"event\":\"e\"",
		"X{\"uuid\":\"a\",\"event\":\"e\"}",
		"C{\"host\":1}",
		"P[]",
		"P{}",
	};
	struct sender_scene *self = *state;
	char *large = malloc(150000);

	sender_scene_receive(self, "ok", 0, NULL);
	sender_scene_start(self);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_true(send(self->sender.fd, wrong[i], strlen(wrong[i]), 0) > 0);
		sender_scene_give(self, 1);
	}
	memset(large, 'E', 150000);
	assert_int_equal(send(self->sender.fd, large, 150000, 0), 150000);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", sizeof(wrong) / sizeof(*wrong) + 1);
	await_dropped(self, sizeof(wrong) / sizeof(*wrong)); /* all but the last of them, and the large one */
	sender_end(&self->sender);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	assert_int_equal(receiver_count(&self->receiver, "event"), sizeof(wrong) / sizeof(*wrong) + 1);
	free(large);
	receiver_stop(&self->receiver);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sender_scene_setup, sender_scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_refused_key_ends_the_sending_of_this_run),
		CASE(test_it_tells_what_it_did_but_not_all_the_time),
		CASE(test_what_is_given_at_the_end_is_kept_behind_unread_counts),
		CASE(test_an_idle_one_sleeps),
		CASE(test_a_full_disk_loses_nothing),
		CASE(test_a_disk_that_stays_full_does_not_hold_up_the_end),
		CASE(test_a_damaged_outbox_is_replaced_while_it_runs),
		CASE(test_what_cannot_be_written_down_is_not_sent),
		CASE(test_what_is_never_answered_goes_in_smaller_batches),
		CASE(test_wrong_messages_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
