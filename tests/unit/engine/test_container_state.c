/* SPDX-License-Identifier: MIT */
/* What an engine says of one container: Docker's words, Podman's, and nonsense. */
#include "launcher/engine/container_state.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int read_text(const char *text, struct container_state *state)
{
	cJSON *body = cJSON_Parse(text);
	int rc = container_state_read(body, state);

	/* `error` is borrowed. */
	if (rc == 0)
		state->error = "";
	cJSON_Delete(body);
	return rc;
}

static void states_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool running, paused, restarting;
	} cases[] = {
		{"{\"State\":{\"Running\":true}}", true, false, false},
		{"{\"State\":{\"Running\":true,\"Paused\":true}}", true, true, false},
		{"{\"State\":{\"Running\":false,\"Paused\":true}}", true, true, false}, /* Podman */
		{"{\"State\":{\"Running\":true,\"Restarting\":true}}", false, false,
		 true}, /* Docker, waiting for the next run */
		{"{\"State\":{\"Running\":false}}", false, false, false},
		{"{\"State\":{\"Running\":\"yes\"}}", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct container_state now;

		assert_int_equal(read_text(cases[i].text, &now), 0);
		assert_true(now.running == cases[i].running && now.paused == cases[i].paused &&
			    now.restarting == cases[i].restarting);
	}
}

static void times_codes_and_health_are_read(void **state)
{
	struct container_state now;

	(void)state;
	assert_int_equal(
		read_text(
			"{\"State\":{\"StartedAt\":\"2026-11-21T10:00:00.5Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\","
			"\"ExitCode\":137,\"OOMKilled\":true,\"Pid\":42,\"Health\":{\"Status\":\"unhealthy\",\"Log\":["
			"{\"Output\":\"first\"},{\"Output\":\"\\n last one \\nmore\"}]}},"
			"\"Config\":{\"Tty\":true,\"OpenStdin\":true}}",
			&now),
		0);
	assert_true(now.started_ns == 1795255200500000000);
	assert_true(now.finished_ns == 0);
	assert_int_equal(now.code, 137);
	assert_int_equal(now.pid, 42);
	assert_true(now.oom && now.tty && now.stdin_open);
	assert_int_equal(now.health, CONTAINER_UNHEALTHY);
	assert_string_equal(now.detail, "last one ");
	assert_int_equal(read_text("{\"State\":{\"Health\":{\"Status\":\"unhealthy\",\"Log\":[{\"Output\":\" \\n\","
				   "\"ExitCode\":3}]}}}",
				   &now),
			 0);
	assert_string_equal(now.detail, "exited with code 3");
	assert_int_equal(read_text("{\"State\":{\"Healthcheck\":{\"Status\":\"healthy\"}}}", &now), 0);
	assert_int_equal(now.health, CONTAINER_HEALTHY);
	assert_int_equal(read_text("{\"State\":{\"Health\":{\"Status\":\"none\"}}}", &now), 0);
	assert_int_equal(now.health, CONTAINER_UNASKED);
}

static void nonsense_is_bounded(void **state)
{
	static char text[4096];
	struct container_state now;
	size_t used;

	(void)state;
	assert_int_equal(container_state_read(NULL, &now), -EPROTO);
	assert_int_equal(read_text("[]", &now), -EPROTO);
	assert_int_equal(read_text("{\"State\":[1]}", &now), -EPROTO);
	assert_int_equal(
		read_text("{\"State\":{\"ExitCode\":-1e300,\"Pid\":1e300,\"StartedAt\":7,\"Health\":[],\"Error\":{}}}",
			  &now),
		0);
	assert_int_equal(now.code, 0);
	assert_int_equal(now.pid, 0);
	assert_true(now.started_ns == 0);
	/* Cut between characters, not inside one. */
	used = (size_t)snprintf(text, sizeof text,
				"{\"State\":{\"Health\":{\"Status\":\"healthy\",\"Log\":[{\"Output\":\"x");
	for (size_t i = 0; i < 400; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "\xc3\xa4");
	snprintf(text + used, sizeof text - used, "\"}]}}}");
	assert_int_equal(read_text(text, &now), 0);
	assert_int_equal(strlen(now.detail), CONTAINER_DETAIL_BYTES - 1);
	assert_int_equal((unsigned char)now.detail[CONTAINER_DETAIL_BYTES - 2], 0xa4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_told_apart),
		cmocka_unit_test(times_codes_and_health_are_read),
		cmocka_unit_test(nonsense_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
