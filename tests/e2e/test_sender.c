/* SPDX-License-Identifier: MIT */
/*
 * The program `upfront-telemetry` against a receiver as strict as PostHog: an event arrives exactly once, as it was given, or waits in the
 * outbox for the next run. test_sender_faults.c is about networks and receivers that do wrong.
 */
#include "tests/lib/children.h"
#include "tests/lib/sender_scene.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void start(struct sender_scene *self, int notice)
{
	struct sender_setup sender = {.host = self->host, .notice = notice};

	sender_start(&self->sender, self->folder, &sender);
}

static void assert_arrived_as_given(const struct sender_scene *self, int index)
{
	cJSON *events = receiver_notes(&self->receiver, "event");
	cJSON *given = cJSON_Parse(self->event);
	const cJSON *arrived = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(events, index), "event");
	char *arrived_text = cJSON_PrintUnformatted(arrived), *given_text = cJSON_PrintUnformatted(given);

	assert_string_equal(arrived_text, given_text);
	free(arrived_text);
	free(given_text);
	cJSON_Delete(given);
	cJSON_Delete(events);
}

static void test_an_event_arrives_once_and_nothing_is_wrong_with_it(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	start(self, 3);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	assert_int_equal(receiver_count(&self->receiver, "request"), 1);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	assert_arrived_as_given(self, 0);
	assert_false(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
}

static void test_an_event_given_at_the_very_end_still_arrives(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	start(self, 3);
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	receiver_stop(&self->receiver);
}

static void test_nothing_given_nothing_sent(void **state)
{
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, NULL);
	start(self, 3);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "request"), 0);
	receiver_stop(&self->receiver);
}

static void test_a_retry_is_the_same_event_under_a_new_sent_at(void **state)
{
	static const char *const options[] = {"--first", "2", NULL};
	struct sender_scene *self = *state;
	cJSON *requests;
	const char *first, *last;

	sender_scene_receive(self, "500", 0, options);
	start(self, 3);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	requests = receiver_notes(&self->receiver, "request");
	assert_int_equal(cJSON_GetArraySize(requests), 3);
	first = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(requests, 0), "sent_at")->valuestring;
	last = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(requests, 2), "sent_at")->valuestring;
	assert_true(strcmp(first, last) < 0);
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);
}

static void test_too_many_at_once_are_halved_until_they_pass(void **state)
{
	static const char *const options[] = {"--max-events", "2", NULL};
	struct sender_scene *self = *state;

	sender_scene_receive(self, "ok", 0, options);
	start(self, 3);
	for (int i = 0; i < 9; i++)
		sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 9);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 9);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	receiver_stop(&self->receiver);
}

static void test_large_batches_are_packed_and_bounded(void **state)
{
	struct sender_scene *self = *state;
	cJSON *requests;
	const cJSON *request;
	int packed = 0;

	sender_scene_receive(self, "ok", 0, NULL);
	start(self, 3);
	for (int i = 0; i < 150; i++)
		sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "event", 150);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	requests = receiver_notes(&self->receiver, "request");
	cJSON_ArrayForEach(request, requests)
	{
		assert_in_range(cJSON_GetObjectItemCaseSensitive(request, "events")->valueint, 1, 100);
		packed += cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "gzip"));
	}
	assert_true(packed > 0);
	assert_int_equal(receiver_count(&self->receiver, "event"), 150);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);
}

static void test_a_yes_to_another_notice_or_endpoint_covers_nothing_old(void **state)
{
	struct sender_scene *self = *state;
	struct sender_setup other;
	int port;

	sender_scene_receive(self, "500", 0, NULL);
	port = self->receiver.port;
	start(self, 3);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "request", 1);
	sender_end(&self->sender);
	receiver_stop(&self->receiver);
	sender_scene_receive(self, "ok", port, NULL);
	start(self, 4);
	sender_end(&self->sender);
	assert_int_equal(receiver_count(&self->receiver, "request"), 0);
	assert_false(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);

	sender_scene_receive(self, "500", port, NULL);
	start(self, 3);
	sender_scene_give(self, 1);
	sender_end(&self->sender);
	assert_true(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
	sender_scene_receive(self, "ok", port, NULL);
	other = (struct sender_setup){.host = self->host, .key = "phc_other"};
	sender_start(&self->sender, self->folder, &other);
	sender_end(&self->sender);
	assert_int_equal(receiver_count(&self->receiver, "event"), 0);
	assert_false(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
}

static void test_a_wiped_outbox_is_the_end_of_sending(void **state)
{
	struct sender_scene *self = *state;
	char path[256];
	int requests;

	sender_scene_receive(self, "500", 0, NULL);
	start(self, 3);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "request", 1);
	snprintf(path, sizeof(path), "%s/outbox.db", self->folder);
	assert_int_equal(unlink(path), 0);
	requests = receiver_count(&self->receiver, "request");
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	/* One attempt may have been under way when the file went. */
	assert_in_range(receiver_count(&self->receiver, "request"), requests, requests + 1);
	assert_false(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
}

static void test_what_a_killed_sender_had_in_hand_is_sent_by_the_next(void **state)
{
	struct sender_scene *self = *state;
	int port;

	sender_scene_receive(self, "hang", 0, NULL);
	port = self->receiver.port;
	start(self, 3);
	sender_scene_give(self, 1);
	receiver_expect(&self->receiver, "connection", 1);
	sender_kill(&self->sender);
	receiver_stop(&self->receiver);
	sender_scene_receive(self, "ok", port, NULL);
	start(self, 3);
	receiver_expect(&self->receiver, "event", 1);
	sender_end(&self->sender);
	assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	assert_arrived_as_given(self, 0);
	receiver_stop(&self->receiver);
}

static void test_two_senders_share_an_outbox_and_send_nothing_twice(void **state)
{
	struct sender_scene *self = *state;
	struct sender_run first, second;
	struct sender_setup both;
	char uuid[37];

	sender_scene_receive(self, "ok", 0, NULL);
	both = (struct sender_setup){.host = self->host};
	sender_start(&first, self->folder, &both);
	sender_start(&second, self->folder, &both);
	for (int i = 0; i < 20; i++)
		free(sender_give(i % 2 ? &first : &second, uuid));
	receiver_expect(&self->receiver, "event", 20);
	assert_in_range(sender_end(&first), 0, SENDER_GONE_WITHIN_MS);
	assert_in_range(sender_end(&second), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 20);
	receiver_stop(&self->receiver);
}

static void test_a_file_gets_one_line_a_batch(void **state)
{
	struct sender_scene *self = *state;
	struct stat status;
	size_t size_bytes = 0;
	char path[256], *text;
	int64_t since = world_now_ms();
	cJSON *body;

	snprintf(path, sizeof(path), "%s/sent.jsonl", self->folder);
	snprintf(self->host, sizeof(self->host), "file:%s", path);
	start(self, 3);
	sender_scene_give(self, 1);
	while (stat(path, &status) < 0 || status.st_size == 0)
		world_pause(since, CHILDREN_DEADLINE_MS, "the line in the file");
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(status.st_mode & 07777, 0600);
	text = children_slurp(self->folder, "sent.jsonl", &size_bytes);
	assert_ptr_equal(strchr(text, '\n'), text + size_bytes - 1);
	body = cJSON_Parse(text);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(body, "api_key")->valuestring, "phc_test");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(body, "batch")), 1);
	assert_non_null(strstr(text, self->event));
	assert_non_null(cJSON_GetObjectItemCaseSensitive(body, "sent_at"));
	cJSON_Delete(body);
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sender_scene_setup, sender_scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_an_event_arrives_once_and_nothing_is_wrong_with_it),
		CASE(test_an_event_given_at_the_very_end_still_arrives),
		CASE(test_nothing_given_nothing_sent),
		CASE(test_a_retry_is_the_same_event_under_a_new_sent_at),
		CASE(test_too_many_at_once_are_halved_until_they_pass),
		CASE(test_large_batches_are_packed_and_bounded),
		CASE(test_a_yes_to_another_notice_or_endpoint_covers_nothing_old),
		CASE(test_a_wiped_outbox_is_the_end_of_sending),
		CASE(test_what_a_killed_sender_had_in_hand_is_sent_by_the_next),
		CASE(test_two_senders_share_an_outbox_and_send_nothing_twice),
		CASE(test_a_file_gets_one_line_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
