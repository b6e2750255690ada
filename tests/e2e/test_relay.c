/* SPDX-License-Identifier: MIT */
/*
 * The relay as the built sender serves it, on a socket that stays open whatever becomes of the sender: what a client was told is taken arrives,
 * once, also when the sender is killed in between; and what it tells upfront of itself.
 */
#include "telemetry/wire.h"
#include "tests/lib/children.h"
#include "tests/lib/relay_run.h"
#include "tests/lib/sender_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 40
#define EACH 10

struct fixture {
	char *folder, host[64];
	struct receiver receiver;
	struct relay_run relay;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	receiver_start(&self->receiver, self->folder, "ok", 0, NULL);
	snprintf(self->host, sizeof(self->host), "http://127.0.0.1:%d", self->receiver.port);
	relay_run_start(&self->relay, self->folder, self->host);
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;

	relay_run_end(&self->relay);
	receiver_stop(&self->receiver);
	children_remove_folder(self->folder);
	free(self);
	return children_none_left() ? 0 : -1;
}

/* POST of a body; 0: no answer. */
static int post(const struct fixture *self, const char *token, const char *body)
{
	char *request;
	int length, status;

	length = asprintf(&request,
			  "POST /r/%s/batch/ HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n"
			  "Content-Length: %zu\r\n\r\n%s",
			  token, self->relay.port, strlen(body), body);
	assert_true(length > 0);
	status = relay_run_say(&self->relay, request, (size_t)length);
	free(request);
	return status;
}

static void write_batch(char *body, int number)
{
	char when[32];
	time_t now = time(NULL) - 5;
	size_t used = (size_t)sprintf(body, "{\"batch\":[");

	/* The same each time it is written: a client that tries again says the same again. */
	now -= now % 3600;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	for (int i = 0; i < EACH; i++)
		used += (size_t)sprintf(body + used,
					"%s{\"event\":\"page_opened\",\"timestamp\":\"%s\",\"uuid\":\"client-%d\","
					"\"properties\":{\"count\":%d}}",
					i > 0 ? "," : "", when, number * EACH + i, number * EACH + i);
	sprintf(body + used, "]}");
}

/* How many different events have come; the same one twice is the same to the byte, or the receiver has a finding. */
static int distinct(const struct fixture *self)
{
	cJSON *notes = receiver_notes(&self->receiver, "event");
	const cJSON *note;
	bool seen[BATCHES * EACH] = {false};
	int count = 0;

	cJSON_ArrayForEach(note, notes)
	{
		const cJSON *properties = cJSON_GetObjectItem(cJSON_GetObjectItem(note, "event"), "properties");
		int number = cJSON_GetObjectItem(properties, "count")->valueint;

		assert_in_range(number, 0, BATCHES * EACH - 1);
		count += !seen[number];
		seen[number] = true;
	}
	cJSON_Delete(notes);
	return count;
}

static void test_what_was_taken_arrives_also_when_the_sender_is_killed(void **state)
{
	struct fixture *self = *state;
	char body[EACH * 160];
	int64_t since;

	for (int i = 0; i < BATCHES; i++) {
		write_batch(body, i);
		if (i % 8 == 7) {
			relay_run_kill(&self->relay);
			relay_run_again(&self->relay, self->folder, self->host);
		}
		/* A client hears nothing when the sender dies before the answer: it tries again. */
		since = world_now_ms();
		while (post(self, RELAY_RUN_TOKEN, body) != 200)
			world_pause(since, CHILDREN_DEADLINE_MS, "the relay's answer");
	}
	since = world_now_ms();
	while (distinct(self) < BATCHES * EACH)
		world_pause(since, CHILDREN_DEADLINE_MS, "all events at the receiver");
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
}

static int number(const cJSON *counts, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(counts, name);

	assert_true(cJSON_IsNumber(item));
	return item->valueint;
}

static void test_upfront_is_told_what_was_taken_and_what_was_not(void **state)
{
	struct fixture *self = *state;
	char message[1024];
	int relayed = 0, dropped = 0, refused = 0;

	assert_int_equal(post(self, RELAY_RUN_TOKEN, "[{\"event\":\"started\"},{\"event\":\"canary\"}]"), 200);
	assert_int_equal(post(self, "0123456789abcdef0123456789abcdee", "[{\"event\":\"started\"}]"), 401);
	while (relayed < 1 || dropped < 1 || refused < 1) {
		ssize_t count;
		cJSON *counts;

		assert_true(children_readable(self->relay.fd, CHILDREN_DEADLINE_MS));
		count = recv(self->relay.fd, message, sizeof(message) - 1, 0);
		assert_true(count > 1);
		message[count] = '\0';
		assert_int_equal(message[0], WIRE_COUNTS);
		assert_null(strstr(message, "canary"));
		counts = cJSON_Parse(message + 1);
		relayed = number(counts, "relayed");
		dropped = number(counts, "relay_dropped");
		refused = number(counts, "relay_refused");
		cJSON_Delete(counts);
	}
	assert_int_equal(relayed, 1);
	assert_int_equal(dropped, 1);
	assert_int_equal(refused, 1);
}

static void test_common_properties_that_are_found_later_stand_in_what_comes_later(void **state)
{
	static const char later[] = "P{\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\","
				    "\"plan\":\"pro\"}";
	struct fixture *self = *state;
	int64_t since = world_now_ms();
	bool found = false;

	assert_int_equal(send(self->relay.fd, later, sizeof(later) - 1, MSG_NOSIGNAL), (ssize_t)sizeof(later) - 1);
	while (!found) {
		cJSON *notes;
		const cJSON *note;

		assert_int_equal(post(self, RELAY_RUN_TOKEN, "[{\"event\":\"started\"}]"), 200);
		world_pause(since, CHILDREN_DEADLINE_MS, "an event with the new property");
		notes = receiver_notes(&self->receiver, "event");
		cJSON_ArrayForEach(note, notes)
		{
			const cJSON *event = cJSON_GetObjectItem(note, "event");

			found |= cJSON_GetObjectItem(cJSON_GetObjectItem(event, "properties"), "plan") != NULL;
		}
		cJSON_Delete(notes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_taken_arrives_also_when_the_sender_is_killed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_upfront_is_told_what_was_taken_and_what_was_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_common_properties_that_are_found_later_stand_in_what_comes_later,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
