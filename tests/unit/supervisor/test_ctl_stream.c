/* SPDX-License-Identifier: MIT */
/* The control API's two streams: what followers get, what slow ones miss and are told of, and how it ends. */
#include "tests/unit/supervisor/ctl_scene.h"

static void change(size_t index)
{
	scene->supervisor.observer(scene->supervisor.observer_context, index);
}

static void test_events(void **state)
{
	struct peer *peer = peer_open(GET("/v1/events"));

	(void)state;
	peer_read(peer);
	peer_until(peer, "\n\r\n");
	assert_non_null(strstr(peer->text, "{\"event\":\"snapshot\",\"version\":1,\"stack\":{\"project\":\"shop\""));
	scene->svcs[0].state = SVC_FAILED;
	change(0);
	peer_until(peer, "{\"event\":\"service\"");
	peer_until(peer, "\"state\":\"failed\"");
	assert_false(scene->told);
	scene->supervisor.phase = PHASE_OVER;
	change(SIZE_MAX);
	peer_until(peer, "\"phase\":\"over\"");
	/* Only now may the supervisor leave. */
	while (!scene->told)
		turn();
	peer_close(peer);
}

static void test_events_of_an_end(void **state)
{
	struct peer *peer = peer_open(GET("/v1/events"));
	const char *web, *job;

	(void)state;
	peer_read(peer);
	peer_until(peer, "snapshot");
	scene->supervisor.phase = PHASE_STOPPING;
	change(SIZE_MAX);
	scene->svcs[0].state = scene->svcs[1].state = SVC_STOPPING;
	change(0);
	change(1);
	scene->svcs[0].state = scene->svcs[1].state = SVC_STOPPED;
	change(1);
	change(0);
	/* Nothing else is to come. */
	peer_until(peer, "{\"event\":\"service\",\"service\":{\"id\":0");
	peer_until(peer, "\"state\":\"stopped\"");
	assert_null(strstr(peer->text, "\"state\":\"stopping\""));
	web = strstr(peer->text, "{\"event\":\"service\",\"service\":{\"id\":0");
	job = strstr(peer->text, "{\"event\":\"service\",\"service\":{\"id\":1");
	assert_true(job != NULL && web != NULL && job < web);
	scene->svcs[0].state = SVC_FAILED;
	change(0);
	scene->supervisor.phase = PHASE_OVER;
	change(SIZE_MAX);
	peer_until(peer, "\"phase\":\"over\"");
	assert_true(strstr(peer->text, "\"state\":\"failed\"") < strstr(peer->text, "\"phase\":\"over\""));
	assert_non_null(strstr(peer->text, "\"state\":\"failed\""));
	peer_close(peer);
}

/* Whoever listens when everything ends gets what is due, and the proper end of a chunked body. */
static void test_farewell(void **state)
{
	struct peer *peer = peer_open(GET("/v1/events"));

	(void)state;
	peer_read(peer);
	peer_until(peer, "snapshot");
	scene->supervisor.phase = PHASE_OVER;
	change(SIZE_MAX);
	ctl_destroy(scene->ctl);
	scene->ctl = NULL;
	peer_until_end(peer);
	assert_non_null(strstr(peer->text, "\"phase\":\"over\""));
	assert_string_equal(peer->text + peer->size - 5, "0\r\n\r\n");
	peer_close(peer);
}

static void write_line(unsigned unit, const char *text)
{
	output_write(scene->supervisor.output, unit, 0, text, strlen(text), 5000);
}

static void test_logs_tail(void **state)
{
	const char *body;
	int status;
	struct peer *peer;

	(void)state;
	write_line(0, "w1\nw2\nw3\n");
	write_line(1, "j1\n");
	peer = ask("GET /v1/logs?tail=2 HTTP/1.0\r\n\r\n", &status, &body);
	assert_int_equal(status, 200);
	/* The last two of each unit, in the order in which they were written. */
	assert_string_equal(body, "0 0 5000 2 -\nw2\n0 0 5000 2 -\nw3\n1 0 5000 2 -\nj1\n");
	peer_close(peer);
	peer = ask("GET /v1/logs?service=job HTTP/1.0\r\n\r\n", &status, &body);
	assert_string_equal(body, "1 0 5000 2 -\nj1\n");
	peer_close(peer);
}

static void test_logs_follow(void **state)
{
	struct peer *peer = peer_open("GET /v1/logs?follow=1&service=web HTTP/1.0\r\n\r\n");

	(void)state;
	peer_read(peer);
	peer_until(peer, "\r\n\r\n");
	write_line(1, "of the other\n");
	output_write(scene->supervisor.output, 0, 1, "\0\xff\n", 3, 7000);
	peer_until(peer, "0 1 7000 2 -\n");
	while (peer->text[peer->size - 1] != '\n' || peer->text[peer->size - 2] != (char)0xff)
		turn();
	assert_null(strstr(peer->text, "of the other"));
	peer_close(peer);
}

/* What is written in any turn of its beginning wakes a reader of the files, and so does what comes after it. */
static void test_logs_wake(void **state)
{
	struct peer *peer = peer_open("GET /v1/logs?wake=1&tail=0 HTTP/1.1\r\nHost: x\r\n\r\n");

	(void)state;
	peer_read(peer);
	while (strstr(peer->text, "\r\n\r\n") == NULL) {
		write_line(0, "more\n");
		turn();
	}
	for (int i = 0; i < 3; i++) {
		peer_until(peer, " w\n\n");
		settle();
		peer->size = 0;
		peer->text[0] = '\0';
		write_line(0, "and more\n");
	}
	peer_until(peer, " w\n\n");
	peer_close(peer);
}

/* One that does not read loses lines, and is told how many; one beside it that reads loses none. */
static void test_slow_log_follower(void **state)
{
	struct peer *slow = peer_open("GET /v1/logs?follow=1 HTTP/1.0\r\n\r\n");
	struct peer *quick = peer_open("GET /v1/logs?follow=1 HTTP/1.0\r\n\r\n");
	static char line[10001];
	size_t lines = 0, told = 0;
	const char *mark;

	(void)state;
	memset(line, 'x', 10000);
	line[9999] = '\n';
	peer_read(quick);
	peer_until(quick, "\r\n\r\n");
	settle();
	for (int i = 0; i < 400; i++) {
		write_line(0, line);
		settle();
	}
	write_line(0, "last\n");
	peer_until(quick, "last\n");
	for (const char *at = quick->text; (at = strstr(at, "9999 -\n")) != NULL; at++)
		lines++;
	assert_int_equal(lines, 400);
	peer_read(slow);
	peer_until(slow, " d\n");
	settle();
	mark = strstr(slow->text, " d\n");
	assert_int_equal(sscanf(mark, " d\n%zu", &told), 1);
	lines = 0;
	for (const char *at = slow->text; (at = strstr(at, "9999 -\n")) != NULL; at++)
		lines++;
	assert_true(told > 0);
	assert_true(lines + told >= 400 && lines + told <= 401);
	/* What was kept for it stayed within the limit (and the kernel's buffer). */
	assert_true(slow->size < 2 * 1024 * 1024);
	peer_close(slow);
	peer_close(quick);
}

static void test_slow_event_follower(void **state)
{
	struct peer *slow = peer_open("GET /v1/events HTTP/1.0\r\n\r\n");

	(void)state;
	settle();
	for (int i = 0; i < 5000; i++) {
		change(0);
		if (i % 16 == 0)
			event_base_loop(scene->base, EVLOOP_NONBLOCK);
	}
	scene->svcs[0].state = SVC_UNHEALTHY;
	change(0);
	peer_read(slow);
	/* What it missed is made up for by the whole picture. */
	peer_until(slow, "{\"event\":\"snapshot\",\"version\":1,\"dropped\":");
	peer_until(slow, "\"state\":\"unhealthy\"");
	peer_close(slow);
}

/* Streams of peers that went away without a word make room again. */
static void test_followers_that_left(void **state)
{
	struct peer *peers[PEERS_MAX];
	cJSON *json;

	(void)state;
	for (int i = 0; i < 48; i++)
		peers[i] = peer_open(GET("/v1/events"));
	for (int i = 0; i < 48; i++) {
		peer_read(peers[i]);
		peer_until(peers[i], "snapshot");
	}
	json = ask_json(GET("/v1/events"), 503);
	cJSON_Delete(json);
	for (int i = 0; i < 48; i++)
		peer_close(peers[i]);
	settle();
	peers[0] = peer_open(GET("/v1/events"));
	peer_read(peers[0]);
	peer_until(peers[0], "snapshot");
	peer_close(peers[0]);
}

/* ---- Terminals ---- */

static void test_terminal(void **state)
{
	struct peer *peer, *other;

	(void)state;
	output_begin(scene->supervisor.output, 0, 4000);
	write_line(0, "of the last run");
	output_begin(scene->supervisor.output, 0, 4000);
	output_write(scene->supervisor.output, 0, 0, "before\n\033[31m", 12, 5000);
	peer = peer_open("GET /v1/services/web/terminal HTTP/1.0\r\n\r\n");
	other = peer_open("GET /v1/services/web/terminal HTTP/1.0\r\n\r\n");
	peer_read(peer);
	peer_read(other);
	peer_until(peer, "before\n\033[31m");
	peer_until(other, "before");
	write_line(1, "of the other");
	write_line(0, "no end of a line");
	peer_until(peer, "\033[31mno end of a line");
	peer_until(other, "\033[31mno end of a line");
	assert_null(strstr(peer->text, "of the"));
	peer_close(other);
	/* Another run goes on in the same stream; the end for good ends it, after the last word. */
	scene->svcs[0].state = SVC_BACKOFF;
	change(0);
	output_begin(scene->supervisor.output, 0, 6000);
	write_line(0, "again");
	peer_until(peer, "again");
	write_line(0, "last word");
	scene->svcs[0].state = SVC_FAILED;
	change(1);
	change(0);
	peer_until_end(peer);
	assert_string_equal(peer->text + peer->size - 9, "last word");
	peer_close(peer);
}

/* What is remembered is more than a screen: the end of it, from the beginning of a line. */
static void test_terminal_begins_with_the_last_screen(void **state)
{
	const char *body;
	struct peer *peer;
	char line[64];

	(void)state;
	output_begin(scene->supervisor.output, 0, 4000);
	for (int i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "line %06d of the screen\r\n", i);
		write_line(0, line);
	}
	peer = peer_open("GET /v1/services/web/terminal HTTP/1.0\r\n\r\n");
	peer_read(peer);
	peer_until(peer, "line 002999 of the screen\r\n");
	body = strstr(peer->text, "\r\n\r\n") + 4;
	assert_true(strlen(body) > 15 * 1024 && strlen(body) <= 16 * 1024);
	assert_memory_equal(body, "line 00", 7);
	peer_close(peer);
}

/* Who comes late has a terminal as fresh as the program's was; what that had asked is not asked once more. */
static void test_terminal_begins_as_it_was_left(void **state)
{
	static const char full[] = "\033[?1049h\033[?25l";
	struct peer *peer;

	(void)state;
	terminal_modes_take(&scene->modes, full, strlen(full));
	output_begin(scene->supervisor.output, 0, 4000);
	write_line(0, "\033[6nall of it");
	peer = peer_open("GET /v1/services/web/terminal HTTP/1.0\r\n\r\n");
	peer_read(peer);
	peer_until(peer, "\r\n\r\n\033[?1049h\033[?25lall of it");
	write_line(0, "\033[6nnow");
	peer_until(peer, "all of it\033[6nnow");
	peer_close(peer);
}

static void test_slow_terminal_follower(void **state)
{
	struct peer *slow = peer_open("GET /v1/services/web/terminal HTTP/1.0\r\n\r\n");
	static char line[10000];
	size_t told = 0, got = 0;
	const char *mark;

	(void)state;
	memset(line, 'x', sizeof(line));
	settle();
	for (int i = 0; i < 400; i++) {
		output_write(scene->supervisor.output, 0, 0, line, sizeof(line), 5000);
		settle();
	}
	peer_read(slow);
	peer_until(slow, " bytes were left out here]\r\n");
	mark = strstr(slow->text, "\030\033[m\r\n[upfront: ");
	assert_non_null(mark);
	assert_int_equal(sscanf(mark, "\030\033[m\r\n[upfront: %zu", &told), 1);
	got = strspn(strstr(slow->text, "\r\n\r\n") + 4, "x");
	assert_int_equal(got + told, 400 * sizeof(line));
	assert_true(got < 1024 * 1024);
	/* From here on it gets all again. */
	write_line(0, "last");
	peer_until(slow, "left out here]\r\nlast");
	peer_close(slow);
}

static void test_terminal_refused(void **state)
{
	static const struct {
		const char *request;
		int refusal, status;
		const char *asked;
	} cases[] = {
		{GET("/v1/services/nosuch/terminal"), 0, 404, ""},
		{GET("/v1/services/web/terminal"), -ENOTTY, 409, ""},
		{POST("/v1/services/nosuch/terminal", "x", "1"), 0, 404, ""},
		{POST("/v1/services/web/terminal", "{ no\tJSON", "9"), 0, 202, "type 0 9 { no\tJSON"},
		{POST("/v1/services/web/terminal", "", "0"), 0, 202, "type 0 0 "},
		{POST("/v1/services/web/terminal", "x", "1"), -EACCES, 409, "type 0 1 x"},
		{POST("/v1/services/web/terminal", "x", "1"), -ENOBUFS, 503, "type 0 1 x"},
		{POST("/v1/services/nosuch/terminal/size", "{}", "2"), 0, 404, ""},
		{POST("/v1/services/job/terminal/size", "{\"rows\":50,\"columns\":132}", "25"), 0, 202,
		 "resize 1 50x132"},
		{POST("/v1/services/job/terminal/size", "{\"rows\":50,\"columns\":132}", "25"), -ESRCH, 409,
		 "resize 1 50x132"},
		{POST("/v1/services/web/terminal/size", "{\"rows\":0,\"columns\":80}", "22"), 0, 400, ""},
		{POST("/v1/services/web/terminal/size", "{\"rows\":5,\"columns\":10001}", "25"), 0, 400, ""},
		{POST("/v1/services/web/terminal/size", "{\"rows\":5}", "10"), 0, 400, ""},
		{POST("/v1/services/web/terminal/size", "50x132", "6"), 0, 400, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *json;

		scene->terminal_refusal = cases[i].refusal;
		scene->asked[0] = '\0';
		json = ask_json(cases[i].request, cases[i].status);
		assert_string_equal(scene->asked, cases[i].asked);
		cJSON_Delete(json);
	}
}

/* A key is a few bytes: whoever sends more at once is told so, and nothing of it is typed. */
static void test_terminal_takes_so_much_at_once(void **state)
{
	static char request[8192];
	int head = snprintf(request, sizeof(request),
			    "POST /v1/services/web/terminal HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n");
	cJSON *json;

	(void)state;
	memset(request + head, 'x', 4097);
	json = ask_json(request, 413);
	assert_string_equal(scene->asked, "");
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_events),
		SCENE_TEST(test_events_of_an_end),
		SCENE_TEST(test_farewell),
		SCENE_TEST(test_logs_tail),
		SCENE_TEST(test_logs_follow),
		SCENE_TEST(test_logs_wake),
		SCENE_TEST(test_slow_log_follower),
		SCENE_TEST(test_slow_event_follower),
		SCENE_TEST(test_followers_that_left),
		SCENE_TEST(test_terminal),
		SCENE_TEST(test_terminal_begins_with_the_last_screen),
		SCENE_TEST(test_terminal_begins_as_it_was_left),
		SCENE_TEST(test_slow_terminal_follower),
		SCENE_TEST(test_terminal_refused),
		SCENE_TEST(test_terminal_takes_so_much_at_once),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
