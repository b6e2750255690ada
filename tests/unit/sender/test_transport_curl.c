/* SPDX-License-Identifier: MIT */
/* libcurl in the loop, against the strict receiver in each of its moods. */
#include "telemetry/sender/transport.h"

#include "tests/lib/children.h"
#include "tests/lib/sender_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	char *folder;
	struct event_base *base;
	struct receiver receiver;
	int answers;
	struct transport_answer answer;
	int64_t took_ms;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	self->base = event_base_new();
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;

	event_base_free(self->base);
	children_remove_folder(self->folder);
	free(self);
	return children_none_left() ? 0 : -1;
}

static void on_answer(void *context, const struct transport_answer *answer)
{
	struct fixture *self = context;

	self->answers++;
	self->answer = *answer;
	event_base_loopbreak(self->base);
}

static void attempt(struct fixture *self, const char *host, const char *body, int64_t timeout_ms)
{
	struct transport *transport = transport_create(self->base, host);
	int64_t since = children_now_ms();

	assert_non_null(transport);
	self->answers = 0;
	assert_int_equal(transport->send(transport, body, strlen(body), timeout_ms, on_answer, self), 0);
	assert_int_equal(self->answers, 0);
	event_base_dispatch(self->base);
	self->took_ms = children_now_ms() - since;
	assert_int_equal(self->answers, 1);
	transport->destroy(transport);
}

/* Against a receiver in that mood; returns the status. */
static int attempt_at(struct fixture *self, const char *mode, const char *const *options, const char *body)
{
	char host[64];

	receiver_start(&self->receiver, self->folder, mode, 0, options);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d/", self->receiver.port);
	attempt(self, host, body, 400);
	return self->answer.status;
}

#define EVENT                                                                                                  \
	"{\"uuid\":\"01a1fd31-915c-7e0f-a4f7-b0619689e744\",\"event\":\"server_start\",\"distinct_id\":"       \
	"\"0190c0de-1111-4000-8000-000000000001\",\"timestamp\":\"2026-11-21T08:20:46.555Z\",\"properties\":{" \
	"\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\"}}"
#define BODY(events) "{\"api_key\":\"phc_x\",\"batch\":[" events "],\"sent_at\":\"2026-11-21T08:20:46.557Z\"}"

static void test_a_good_body_is_taken_at_the_right_place(void **state)
{
	struct fixture *self = *state;
	cJSON *requests;
	const cJSON *request;

	assert_int_equal(attempt_at(self, "ok", NULL, BODY(EVENT)), 200);
	requests = receiver_notes(&self->receiver, "request");
	request = cJSON_GetArrayItem(requests, 0);
	/* The host's final slash does not double. */
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(request, "path")->valuestring, "/batch/");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(request, "user_agent")->valuestring,
			    "upfront/" UPFRONT_VERSION);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(request, "gzip")));
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);
}

static void test_a_large_body_is_packed(void **state)
{
	struct fixture *self = *state;
	cJSON *requests;

	assert_int_equal(
		attempt_at(self, "ok", NULL,
			   BODY(EVENT "," EVENT "," EVENT "," EVENT "," EVENT "," EVENT "," EVENT "," EVENT "," EVENT)),
		200);
	requests = receiver_notes(&self->receiver, "request");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(requests, 0), "gzip")));
	assert_int_equal(receiver_count(&self->receiver, "event"), 9);
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);
}

static void test_every_answer_is_reported_as_what_it_is(void **state)
{
	static const struct {
		const char *mode;
		int status;
	} rows[] = {{"500", 500}, {"503", 503}, {"413", 413}, {"401", 401}, {"302", 302},  {"408", 408},
		    {"hang", 0},  {"drip", 0},  {"reset", 0}, {"close", 0}, {"garbage", 0}};
	struct fixture *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (attempt_at(self, rows[i].mode, NULL, BODY(EVENT)) != rows[i].status)
			fail_msg("%s: status %d", rows[i].mode, self->answer.status);
		/* The bound holds, whatever the peer does; a redirect is not followed. */
		assert_in_range(self->took_ms, 0, 900);
		if (rows[i].status)
			assert_int_equal(receiver_count(&self->receiver, "request"), 1);
		receiver_stop(&self->receiver);
	}
}

static void test_retry_after_is_read(void **state)
{
	static const char *const options[] = {"--retry-after", "17", NULL};
	struct fixture *self = *state;

	assert_int_equal(attempt_at(self, "429", options, BODY(EVENT)), 429);
	assert_int_equal(self->answer.retry_after_s, 17);
	receiver_stop(&self->receiver);
	assert_int_equal(attempt_at(self, "429", NULL, BODY(EVENT)), 429);
	assert_int_equal(self->answer.retry_after_s, 0);
	receiver_stop(&self->receiver);
}

static void test_a_proxy_is_not_asked_for_this_machine(void **state)
{
	struct fixture *self = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(attempt_at(self, "ok", NULL, BODY(EVENT)), 200);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	receiver_stop(&self->receiver);
}

static void test_one_attempt_at_a_time(void **state)
{
	struct fixture *self = *state;
	struct transport *transport;
	char host[64];

	receiver_start(&self->receiver, self->folder, "hang", 0, NULL);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d", self->receiver.port);
	transport = transport_create(self->base, host);
	assert_int_equal(transport->send(transport, "{}", 2, 5000, on_answer, self), 0);
	assert_true(transport->send(transport, "{}", 2, 5000, on_answer, self) < 0);
	/* Destroyed in the middle of it: no answer, nothing left. */
	transport->destroy(transport);
	assert_int_equal(self->answers, 0);
	receiver_stop(&self->receiver);
}

static void test_which_endpoints_are_allowed(void **state)
{
	static const struct {
		const char *host;
		bool allowed;
	} rows[] = {
		{"https://us.i.posthog.com", true},
		{"https://us.i.posthog.com/", true},
		{"https://proxy.example/posthog", true},
		{"http://127.0.0.1:8000", true},
		{"http://127.9.9.9", true},
		{"http://localhost:1", true},
		{"http://[::1]:8000", true},
		{"https://127.0.0.1", true},
		{"http://us.i.posthog.com", false},
		{"http://127.0.0.1.evil.example", false},
		{"http://localhost.evil.example", false},
		{"http://128.0.0.1", false},
		{"http://[::2]", false},
		{"https://me:secret@us.i.posthog.com", false},
		{"http://localhost@evil.example", false},
		{"https://us.i.posthog.com/?a=b", false},
		{"https://us.i.posthog.com/#a", false},
		{"ftp://127.0.0.1", false},
		{"us.i.posthog.com", false},
		{"", false},
	};
	struct fixture *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct transport *transport = transport_create(self->base, rows[i].host);

		if ((transport != NULL) != rows[i].allowed)
			fail_msg("%s should be %s", rows[i].host, rows[i].allowed ? "allowed" : "refused");
		if (transport)
			transport->destroy(transport);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_good_body_is_taken_at_the_right_place),
		CASE(test_a_large_body_is_packed),
		CASE(test_every_answer_is_reported_as_what_it_is),
		CASE(test_retry_after_is_read),
		CASE(test_a_proxy_is_not_asked_for_this_machine),
		CASE(test_one_attempt_at_a_time),
		CASE(test_which_endpoints_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
