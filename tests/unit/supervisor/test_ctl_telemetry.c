/* SPDX-License-Identifier: MIT */
/* What the control API says of telemetry, takes for it, and tells it of the requests it answers. */
#include "tests/unit/supervisor/ctl_scene.h"

static void expect_noted(const char *wanted)
{
	assert_string_equal(scene->noted, wanted);
	scene->noted[0] = '\0';
}

/* ---- What holds ---- */

static void test_it_shows_counts_and_the_relay(void **state)
{
	cJSON *json;
	const cJSON *counts, *relay;

	(void)state;
	scene->supervisor.telemetry_counts = (struct telemetry_counts){1, 2, 3, 4, 5, 6, 7, .dropped = 3};
	json = ask_json(GET("/v1/telemetry"), 200);
	assert_int_equal(cJSON_GetObjectItem(json, "dropped")->valueint, 3);
	counts = cJSON_GetObjectItem(json, "counts");
	assert_int_equal(cJSON_GetObjectItem(counts, "queued")->valueint, 1);
	assert_int_equal(cJSON_GetObjectItem(counts, "delivered")->valueint, 2);
	assert_int_equal(cJSON_GetObjectItem(counts, "refused")->valueint, 3);
	assert_int_equal(cJSON_GetObjectItem(counts, "evicted")->valueint, 4);
	assert_int_equal(cJSON_GetObjectItem(counts, "relayed")->valueint, 5);
	assert_int_equal(cJSON_GetObjectItem(counts, "relay_dropped")->valueint, 6);
	assert_int_equal(cJSON_GetObjectItem(counts, "relay_refused")->valueint, 7);
	relay = cJSON_GetObjectItem(json, "relay");
	assert_string_equal(text_at(relay, "state"), "serving");
	assert_string_equal(text_at(relay, "address"), "127.0.0.1:4711");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(relay, "why")));
	cJSON_Delete(json);
}

/* Clients need not ask whether there is anything to tell. */
static void test_every_answer_says_whether_it_is_reported(void **state)
{
	static const char *const requests[] = {GET("/v1/stack"), GET("/v1/nothing"), POST("/v1/stack", "", "0"),
					       POST("/v1/stack/stop", "[", "1")};
	static const char header[] = "\r\nUpfront-Telemetry: on\r\n";
	struct peer *peer;
	const char *body;
	int status;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(requests) / sizeof(requests[0]); i++) {
		bool on = i % 2 == 0;

		scene->supervisor.consent.state = on ? CONSENT_ON : CONSENT_OFF;
		peer = ask(requests[i / 2], &status, &body);
		assert_int_equal(strstr(peer->text, header) != NULL, on);
		peer_close(peer);
	}
	scene->supervisor.consent.state = CONSENT_ON;
	peer = peer_open(GET("/v1/events"));
	peer_read(peer);
	peer_until(peer, header);
	peer_close(peer);
	peer = ask(POST("/v1/telemetry/withdraw", "", "0"), &status, &body);
	assert_int_equal(status, 200);
	assert_null(strstr(peer->text, "Upfront-Telemetry"));
	peer_close(peer);
}

/* ---- Requests ---- */

static void test_requests_are_noted_by_their_route(void **state)
{
	static const struct {
		const char *request, *noted;
	} cases[] = {
		{GET("/v1/stack"), "GET /v1/stack 200\n"},
		{GET("/v1/services/web?canary=1"), "GET /v1/services/{name} 200\n"},
		{GET("/v1/services/canary"), "GET /v1/services/{name} 404\n"},
		{GET("/v1/services/web/detail"), "GET /v1/services/{name}/detail 200\n"},
		{"GET /v1/services/web/detail HTTP/1.1\r\nHost: x\r\nUpfront-Client: screen\r\n\r\n", ""},
		{POST("/v1/services/web/restart", "", "0"), "POST /v1/services/{name}/restart 202\n"},
		{POST("/v1/stack", "", "0"), "POST /v1/stack 405\n"},
		{POST("/v1/stack/stop", "[", "1"), "POST /v1/stack/stop 400\n"},
		{GET("/canary/%63anary"), "GET <unmatched> 404\n"},
		{"DELETE /v1/stack HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE /v1/stack 405\n"},
		/* Never: what is about telemetry itself, and what a screen of upfront's asks. */
		{GET("/v1/telemetry"), ""},
		{GET("/v1/telemetry/canary"), ""},
		{POST("/v1/telemetry/command", "{}", "2"), ""},
		{GET("/v1/telemetrys"), "GET <unmatched> 404\n"},
		{"GET /v1/stack HTTP/1.1\r\nHost: x\r\nUpfront-Client: screen\r\n\r\n", ""},
		{"GET /v1/stack HTTP/1.1\r\nHost: x\r\nUpfront-Client: ps\r\n\r\n", "GET /v1/stack 200\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *body;
		int status;

		peer_close(ask(cases[i].request, &status, &body));
		expect_noted(cases[i].noted);
	}
	scene->supervisor.consent.state = CONSENT_OFF;
	cJSON_Delete(ask_json(GET("/v1/stack"), 200));
	expect_noted("");
}

static void test_a_stream_is_noted_when_its_reader_leaves(void **state)
{
	struct peer *events = peer_open(GET("/v1/events")), *logs = peer_open(GET("/v1/logs?follow=1"));
	struct peer *screen = peer_open("GET /v1/events HTTP/1.1\r\nHost: x\r\nUpfront-Client: screen\r\n\r\n");
	const char *body;
	int status;

	(void)state;
	peer_read(events);
	peer_read(screen);
	peer_until(events, "snapshot");
	peer_until(screen, "snapshot");
	settle();
	expect_noted("");
	peer_close(screen);
	peer_close(events);
	while (scene->noted[0] == '\0')
		turn();
	expect_noted("GET /v1/events 200\n");
	peer_close(ask(GET("/v1/logs?tail=1"), &status, &body));
	while (scene->noted[0] == '\0')
		turn();
	expect_noted("GET /v1/logs 200\n");
	/* One that only the end of the stack ends is not. */
	ctl_destroy(scene->ctl);
	scene->ctl = NULL;
	expect_noted("");
	peer_close(logs);
}

/* ---- Commands ---- */

#define COMMAND_HEAD "POST /v1/telemetry/command HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s"

static int tell_command(const char *json)
{
	char request[4096];
	const char *body;
	int status;

	snprintf(request, sizeof(request), COMMAND_HEAD, strlen(json), json);
	peer_close(ask(request, &status, &body));
	return status;
}

static void test_commands_are_taken_as_they_are_told(void **state)
{
	(void)state;
	assert_int_equal(
		tell_command("{\"command\":\"ps\",\"command_args\":[\"--json\",\"<value>\"],\"duration_ms\":12,"
			     "\"success\":true,\"job_count\":3,\"object_counts\":{\"charts\":2,\"data_sets\":0}}"),
		204);
	expect_noted("ps --json <value> 12 ok 3 charts=2 data_sets=0");
	assert_int_equal(tell_command("{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":0,\"success\":false,"
				      "\"error_type\":\"not_running\",\"job_count\":null,\"object_counts\":null}"),
			 204);
	expect_noted("ps 0 not_running -1");
	assert_int_equal(tell_command("{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":0,\"success\":false}"),
			 204);
	expect_noted("ps 0 failed -1");
}

#define PS(more) "{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":1,\"success\":true" more "}"

static void test_commands_that_are_told_wrongly_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"{\"command\":\"canary\",\"command_args\":[],\"duration_ms\":1,\"success\":true}",
		"{\"command\":7,\"command_args\":[],\"duration_ms\":1,\"success\":true}",
		"{\"command\":\"ps\",\"duration_ms\":1,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":[1],\"duration_ms\":1,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":\"x\",\"duration_ms\":1,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":-1,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":1.5,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":1e300,\"success\":true}",
		"{\"command\":\"ps\",\"command_args\":[],\"duration_ms\":1,\"success\":1}",
		PS(",\"message\":\"canary\""),
		PS(",\"error_type\":\"canary\""),
		PS(",\"error_type\":3"),
		PS(",\"error_type\":\"start_timeout\""), /* that of a start */
		PS(",\"job_count\":-1"),
		PS(",\"job_count\":\"3\""),
		PS(",\"object_counts\":[1]"),
		PS(",\"object_counts\":{\"a\":1.5}"),
		PS(",\"object_counts\":{\"A\":1}"),
		PS(",\"object_counts\":{\"\":1}"),
		PS(",\"object_counts\":{\"/home/canary\":1}"),
		PS(",\"object_counts\":{\"a2345678901234567890123456789012345678901\":1}"),
	};
	char many[4096] = "{\"command\":\"ps\",\"duration_ms\":1,\"success\":true,\"command_args\":[\"a\"";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (tell_command(wrong[i]) != 400)
			fail_msg("%s is taken", wrong[i]);
		expect_noted("");
	}
	for (int i = 1; i < 33; i++)
		strcat(many, ",\"a\"");
	strcat(many, "]}");
	assert_int_equal(tell_command(many), 204);
	scene->noted[0] = '\0';
	strcpy(many + strlen(many) - 2, ",\"a\"]}");
	assert_int_equal(tell_command(many), 400);
	expect_noted("");
	assert_int_equal(tell_command(PS("")), 204);
}

/* Nothing is even looked at. */
static void test_after_a_no_nothing_is_kept(void **state)
{
	(void)state;
	scene->supervisor.consent.state = CONSENT_OFF;
	assert_int_equal(tell_command(PS("")), 204);
	assert_int_equal(tell_command("{\"command\":\"canary\"}"), 204);
	expect_noted("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_it_shows_counts_and_the_relay),
		SCENE_TEST(test_every_answer_says_whether_it_is_reported),
		SCENE_TEST(test_requests_are_noted_by_their_route),
		SCENE_TEST(test_a_stream_is_noted_when_its_reader_leaves),
		SCENE_TEST(test_commands_are_taken_as_they_are_told),
		SCENE_TEST(test_commands_that_are_told_wrongly_are_refused),
		SCENE_TEST(test_after_a_no_nothing_is_kept),
	};

	return cmocka_run_group_tests_name("ctl_telemetry", tests, NULL, NULL);
}
