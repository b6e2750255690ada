/* SPDX-License-Identifier: MIT */
/* libcurl in the loop, against the strict receiver in each of its moods. */
#include "tests/lib/attempt.h"
#include "tests/lib/children.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_good_body_is_taken_at_the_right_place(void **state)
{
	struct attempt *self = *state;
	cJSON *requests;
	const cJSON *request;

	assert_int_equal(attempt_at(self, "ok", NULL, ATTEMPT_BODY(ATTEMPT_EVENT)), 200);
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
	struct attempt *self = *state;
	cJSON *requests;

	assert_int_equal(attempt_at(self, "ok", NULL,
				    ATTEMPT_BODY(ATTEMPT_EVENT "," ATTEMPT_EVENT "," ATTEMPT_EVENT "," ATTEMPT_EVENT
							       "," ATTEMPT_EVENT "," ATTEMPT_EVENT "," ATTEMPT_EVENT
							       "," ATTEMPT_EVENT "," ATTEMPT_EVENT)),
			 200);
	requests = receiver_notes(&self->receiver, "request");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(requests, 0), "gzip")));
	assert_int_equal(receiver_count(&self->receiver, "event"), 9);
	cJSON_Delete(requests);
	receiver_stop(&self->receiver);
}

/* From a megabyte on libcurl would ask whether it may send ("Expect"), and wait for servers that do not know the question. */
static void test_no_body_is_so_large_that_it_is_announced(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct attempt *self = *state;
	size_t size_bytes = 2u * 1024u * 1024u;
	unsigned char *random = malloc(size_bytes);
	char *body = malloc(size_bytes + 1);

	for (size_t at = 0; at < size_bytes; at += 256)
		assert_int_equal(getrandom(random + at, 256, 0), 256);
	for (size_t at = 0; at < size_bytes; at++)
		body[at] = letters[random[at] % 64];
	body[0] = body[size_bytes - 1] = '"';
	body[size_bytes] = '\0';
	/* No batch of events, so it is refused; what matters is how it came. */
	assert_int_equal(attempt_at(self, "ok", NULL, body), 400);
	assert_int_equal(receiver_count(&self->receiver, "request"), 1);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	receiver_stop(&self->receiver);
	free(random);
	free(body);
}

/* What the receiver does, what it is taken for, and whether the bound had to be used up. */
static void test_every_answer_is_reported_as_what_it_is(void **state)
{
	static const struct {
		const char *mode;
		int status;
		bool whole_time;
	} rows[] = {
		{"500", 500, false},
		{"503", 503, false},
		{"413", 413, false},
		{"401", 401, false},
		{"408", 408, false},
		{"chunked", 200, false},
		{"stored-500", 500, false},
		{"stored-reset", 0, false},
		/* Its header is complete: the events are there. */
		{"cut", 200, false},
		{"huge", 200, false},
		{"slow-body", 200, false},
		{"hang", 0, true},
		{"deaf", 0, true},
		{"drip", 0, true},
		{"reset", 0, false},
		{"close", 0, false},
		{"garbage", 0, false},
		/* A header that never ends is read up to a limit, not for as long as there is time. */
		{"flood", 0, false},
		{"interim", 0, false},
	};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (attempt_at(self, rows[i].mode, NULL, ATTEMPT_BODY(ATTEMPT_EVENT)) != rows[i].status)
			fail_msg("%s: status %d", rows[i].mode, self->answer.status);
		if (self->took_ms < ATTEMPT_MS - 20 && rows[i].whole_time)
			fail_msg("%s: given up after %lld ms", rows[i].mode, (long long)self->took_ms);
		if (self->took_ms >= ATTEMPT_MS && !rows[i].whole_time)
			fail_msg("%s: %lld ms", rows[i].mode, (long long)self->took_ms);
		if (rows[i].status)
			assert_int_equal(receiver_count(&self->receiver, "request"), 1);
		assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
		receiver_stop(&self->receiver);
	}
}

/* Buffers on the way take some megabytes; who reads to the end takes as many in every hundredth of a second. */
static void test_what_has_no_end_is_not_read(void **state)
{
	static const char *const modes[] = {"huge", "flood", "interim"};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct receiver ended;
		cJSON *said;

		attempt_at(self, modes[i], NULL, ATTEMPT_BODY(ATTEMPT_EVENT));
		ended = self->receiver;
		ended.notes = strdup(self->receiver.notes);
		receiver_stop(&self->receiver);
		said = receiver_notes(&ended, "said");
		assert_in_range(
			(uintmax_t)cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(said, 0), "bytes")->valuedouble,
			60000, 12000000);
		cJSON_Delete(said);
		free(ended.notes);
	}
}

/* The second host is listening: it hears nothing, and the first is not asked again. */
static void test_no_redirect_is_followed(void **state)
{
	static const char *const modes[] = {"301", "302", "303", "307", "308"};
	struct attempt *self = *state;
	struct receiver other;
	char location[64];
	const char *const options[] = {"--location", location, NULL};

	receiver_start(&other, self->folder, "ok", 0, NULL);
	snprintf(location, sizeof(location), "http://127.0.0.1:%d/batch/", other.port);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		assert_int_equal(attempt_at(self, modes[i], options, ATTEMPT_BODY(ATTEMPT_EVENT)), atoi(modes[i]));
		assert_int_equal(receiver_count(&self->receiver, "connection"), 1);
		assert_int_equal(receiver_count(&self->receiver, "request"), 1);
		receiver_stop(&self->receiver);
	}
	assert_int_equal(receiver_count(&other, "connection"), 0);
	receiver_stop(&other);
}

static void test_retry_after_is_read(void **state)
{
	static const char *const seconds[] = {"--retry-after", "17", NULL};
	static const char *const never[] = {"--retry-after", "99999999", NULL};
	static const char *const date[] = {"--retry-date", "20", NULL};
	static const char *const past[] = {"--retry-date", "0", NULL};
	static const struct {
		const char *const *options;
		int64_t least_s, most_s;
	} rows[] = {{seconds, 17, 17}, {never, 30, INT64_MAX}, {date, 15, 20}, {past, 0, 0}, {NULL, 0, 0}};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(attempt_at(self, "429", rows[i].options, ATTEMPT_BODY(ATTEMPT_EVENT)), 429);
		if (self->answer.retry_after_s < rows[i].least_s || self->answer.retry_after_s > rows[i].most_s)
			fail_msg("%s %s: %lld s", rows[i].options ? rows[i].options[0] : "none",
				 rows[i].options ? rows[i].options[1] : "", (long long)self->answer.retry_after_s);
		receiver_stop(&self->receiver);
	}
}

/* libcurl can remember a lot; a home full of what it could use is left alone, and unused. */
static void test_nothing_is_read_from_home_nor_written(void **state)
{
	struct attempt *self = *state;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/home", self->folder);
	mkdir(path, 0700);
	setenv("HOME", path, 1);
	snprintf(path, sizeof(path), "%s/home/.netrc", self->folder);
	file = fopen(path, "we");
	fputs("default login me password secret\n", file);
	fclose(file);
	chmod(path, 0600);
	/* An Authorization or a Cookie would be a finding. */
	assert_int_equal(attempt_at(self, "ok", NULL, ATTEMPT_BODY(ATTEMPT_EVENT)), 200);
	assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/home", self->folder);
	/* Empty again: nothing else was in it. */
	assert_int_equal(rmdir(path), 0);
	receiver_stop(&self->receiver);
}

static void test_a_proxy_is_not_asked_for_this_machine(void **state)
{
	struct attempt *self = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(attempt_at(self, "ok", NULL, ATTEMPT_BODY(ATTEMPT_EVENT)), 200);
	receiver_stop(&self->receiver);
}

/* In a process of its own: how long an attempt took whose name was never found, and the end of its transport. */
static int live_without_names(struct attempt *self)
{
	struct event_base *base;
	struct transport *transport;
	int64_t since;

	network_enter_silent(self->folder);
	base = event_base_new();
	self->base = base;
	since = children_now_ms();
	transport = transport_create(base, "https://statistics.example.org");
	if (!transport || transport->send(transport, "{}", 2, ATTEMPT_MS, attempt_done, self) < 0)
		return 2;
	event_base_dispatch(base);
	transport->destroy(transport);
	since = children_now_ms() - since;
	if (self->answers != 1 || self->answer.status != 0)
		return 3;
	return since >= ATTEMPT_MS - 20 && since < ATTEMPT_MS + ATTEMPT_SLACK_MS ? 0 : 4;
}

/* libcurl would wait for its look-up thread, ten seconds and more, if it were not told to let go. */
static void test_the_bound_holds_for_names_too(void **state)
{
	struct attempt *self = *state;
	pid_t pid = fork();
	int code;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(live_without_names(self));
	code = children_wait(pid);
	if (code == NETWORK_REFUSED)
		skip_because("no network namespace to be had");
	assert_int_equal(code, 0);
}

static void test_one_attempt_at_a_time(void **state)
{
	struct attempt *self = *state;
	struct transport *transport;
	char host[64];

	receiver_start(&self->receiver, self->folder, "hang", 0, NULL);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d", self->receiver.port);
	transport = transport_create(self->base, host);
	assert_int_equal(transport->send(transport, "{}", 2, 5000, attempt_done, self), 0);
	assert_true(transport->send(transport, "{}", 2, 5000, attempt_done, self) < 0);
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
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct transport *transport = transport_create(self->base, rows[i].host);

		if ((transport != NULL) != rows[i].allowed)
			fail_msg("%s should be %s", rows[i].host, rows[i].allowed ? "allowed" : "refused");
		if (transport)
			transport->destroy(transport);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, attempt_setup, attempt_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_good_body_is_taken_at_the_right_place),
		CASE(test_a_large_body_is_packed),
		CASE(test_no_body_is_so_large_that_it_is_announced),
		CASE(test_every_answer_is_reported_as_what_it_is),
		CASE(test_what_has_no_end_is_not_read),
		CASE(test_no_redirect_is_followed),
		CASE(test_retry_after_is_read),
		CASE(test_nothing_is_read_from_home_nor_written),
		CASE(test_a_proxy_is_not_asked_for_this_machine),
		CASE(test_the_bound_holds_for_names_too),
		CASE(test_one_attempt_at_a_time),
		CASE(test_which_endpoints_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
