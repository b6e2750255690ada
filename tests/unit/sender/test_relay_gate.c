/* SPDX-License-Identifier: MIT */
/* The gate in front of an evhttp of its own, with less patience than the relay has: who is slow, and who is only idle. */
#include "telemetry/sender/relay_gate.h"

#include "tests/unit/sender/relay_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <event2/http.h>
#include <time.h>

#define REQUEST_MS 120
#define DEADLINE_MS 10000
#define ASK "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define SLOW_HEAD "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "
#define SLOW_BODY "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"

/* Without a relay: what the scene says and hears goes through its loop. */
static struct scene scene;
static struct evhttp *http;
static struct relay_gate *gate;

static void on_request(struct evhttp_request *request, void *context)
{
	(void)context;
	relay_gate_asked(gate, request);
	evhttp_send_reply(request, 200, "OK", NULL);
}

static int setup(void **state)
{
	(void)state;
	scene = (struct scene){.port = scene_listen()};
	scene.base = event_base_new();
	http = evhttp_new(scene.base);
	evhttp_set_gencb(http, on_request, NULL);
	gate = relay_gate_create(scene.base, http, WIRE_RELAY_FD, 1, REQUEST_MS);
	assert_non_null(gate);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	evhttp_free(http);
	relay_gate_destroy(gate);
	event_base_free(scene.base);
	close(WIRE_RELAY_FD);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Says `begin`, then a byte each turn of the loop when it `drips`, until its connection is over. How long that took. */
static int64_t be_slow(const char *begin, bool drips)
{
	const int64_t since_ms = now_ms();
	int fd = scene_connect(&scene), quick = scene_connect(&scene);
	char byte;

	assert_int_equal(send(fd, begin, strlen(begin), MSG_NOSIGNAL), (ssize_t)strlen(begin));
	for (;;) {
		ssize_t count;

		assert_true(now_ms() - since_ms < DEADLINE_MS);
		if (drips)
			send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		/* Meanwhile others are served, on one connection that is never slow. */
		assert_int_equal(scene_say(&scene, quick, ASK, strlen(ASK), false), 200);
		scene_turn(&scene);
		count = recv(fd, &byte, 1, MSG_DONTWAIT);
		/* What was said after its end makes it a reset. */
		if (count == 0 || (count < 0 && errno != EAGAIN))
			break;
		assert_true(count < 0);
	}
	close(fd);
	close(quick);
	return now_ms() - since_ms;
}

static void test_a_request_is_there_in_time_or_its_connection_ends(void **state)
{
	static const struct {
		const char *begin;
		bool drips;
	} rows[] = {{"P", false}, {SLOW_HEAD, false}, {SLOW_HEAD, true}, {SLOW_BODY, false}, {SLOW_BODY, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s%s\n", rows[i].begin, rows[i].drips ? " drips" : "");
		assert_true(be_slow(rows[i].begin, rows[i].drips) >= REQUEST_MS);
	}
}

static void test_a_connection_that_says_nothing_is_not_slow(void **state)
{
	int idle = scene_connect(&scene);

	(void)state;
	assert_int_equal(scene_say(&scene, idle, ASK, strlen(ASK), false), 200);
	/* Longer than a request may take. */
	be_slow(SLOW_BODY, true);
	assert_int_equal(scene_say(&scene, idle, ASK, strlen(ASK), false), 200);
	close(idle);
}

/* It is heard on, so that it hears its answer; but not for longer than anybody. */
static void test_who_says_too_much_is_listened_to_only_so_long(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n";
	const int64_t since_ms = now_ms();
	const size_t size_bytes = 2 * (size_t)RELAY_BODY_MAX;
	char *much = calloc(size_bytes, 1);
	int fd = scene_connect(&scene);
	bool ended = false;

	(void)state;
	assert_int_equal(send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL), sizeof(head) - 1);
	assert_int_equal(scene_say(&scene, fd, much, size_bytes, false), 413);
	assert_int_equal(relay_gate_oversized(gate), 1);
	while (!ended) {
		assert_true(now_ms() - since_ms < DEADLINE_MS);
		ended = send(fd, much, size_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN;
		scene_turn(&scene);
	}
	assert_true(now_ms() - since_ms >= REQUEST_MS);
	assert_int_equal(relay_gate_oversized(gate), 1);
	free(much);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_request_is_there_in_time_or_its_connection_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_connection_that_says_nothing_is_not_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_says_too_much_is_listened_to_only_so_long, setup, teardown),
	};

	close(WIRE_RELAY_FD);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
