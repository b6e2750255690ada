/* SPDX-License-Identifier: MIT */
/*
 * The control API's whole answers and its connections: what is asked reaches the supervisor, what it says comes out as JSON, and no
 * client - greedy, rude or gone - costs the others anything.
 */
#include "tests/unit/supervisor/ctl_scene.h"

#include "config/clock.h"

#include <sys/wait.h>

/* ---- Whole answers ---- */

static void test_stack(void **state)
{
	cJSON *json;

	(void)state;
	err_set(&scene->supervisor.failure, ERR_FAILED, "service 'web' failed: exited with code 3");
	err_hint(&scene->supervisor.failure, "look at its output");
	json = ask_json(GET("/v1/stack"), 200);
	assert_string_equal(text_at(json, "project"), "shop");
	assert_string_equal(text_at(json, "phase"), "up");
	assert_string_equal(text_at(json, "failed_unit"), "web");
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "failure"), "code")->valueint, ERR_FAILED);
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "consent"), "state"), "on");
	cJSON_Delete(json);
}

static void test_services(void **state)
{
	cJSON *json, *list;

	(void)state;
	scene->svcs[1].has_exited = true;
	scene->svcs[1].last_exit = (struct engine_exit){.signaled = true, .signal = SIGKILL};
	json = ask_json(GET("/v1/services"), 200);
	list = cJSON_GetObjectItem(json, "services");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_string_equal(text_at(cJSON_GetArrayItem(list, 0), "state"), "running");
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "pid")->valueint, 4711);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 1), "pid")));
	assert_string_equal(text_at(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 1), "exit"), "signal"), "SIGKILL");
	cJSON_Delete(json);
	json = ask_json(GET("/v1/services/%77eb"), 200);
	assert_string_equal(text_at(json, "name"), "web");
	cJSON_Delete(json);
}

/* What a service said may stand in `why`: any bytes, and the answer is JSON all the same. */
static void test_bytes_that_are_no_text(void **state)
{
	cJSON *json;

	(void)state;
	scene->whys[0] = "bad \xff\xc0\xaf \"quoted\" \x1b[31m";
	json = ask_json(GET("/v1/services/web"), 200);
	assert_string_equal(text_at(json, "why"), "bad \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \"quoted\" \x1b[31m");
	cJSON_Delete(json);
}

static void test_actions(void **state)
{
	static const struct {
		const char *request;
		int status;
		const char *asked;
	} cases[] = {
		{POST("/v1/services/web/start", "", "0"), 202, "start web"},
		{POST("/v1/services/web/stop", "", "0"), 202, "stop web"},
		{POST("/v1/services/web/restart", "", "0"), 202, "restart web"},
		{POST("/v1/services/web/kill", "", "0"), 202, "signal web 9"},
		{POST("/v1/services/web/kill", "{\"signal\":\"TERM\"}", "17"), 202, "signal web 15"},
		{POST("/v1/services/web/kill", "{\"signal\":\"SIGHUP\"}", "19"), 202, "signal web 1"},
		{POST("/v1/services/web/kill", "{\"signal\":12}", "13"), 202, "signal web 12"},
		{POST("/v1/services/web/kill", "{\"signal\":\"12\"}", "15"), 202, "signal web 12"},
		{POST("/v1/services/web/kill", "{\"signal\":\"NOPE\"}", "17"), 400, ""},
		{POST("/v1/services/web/kill", "{\"signal\":1e99}", "15"), 400, ""},
		{POST("/v1/services/stranger/stop", "", "0"), 404, ""},
		{POST("/v1/stack/down", "", "0"), 202, "down -1"},
		{POST("/v1/stack/down", "{\"grace_ms\":1500}", "17"), 202, "down 1500"},
		{POST("/v1/stack/down", "{\"reason\":\"timeout\"}", "20"), 202, "down -1 timeout"},
		{POST("/v1/stack/down", "{\"reason\":\"because\"}", "20"), 400, ""},
		{POST("/v1/stack/down", "{\"reason\":7}", "12"), 400, ""},
		{POST("/v1/stack/down", "{\"grace_ms\":-1}", "15"), 400, ""},
		{POST("/v1/stack/down", "[1]", "3"), 400, ""},
		{POST("/v1/stack/down", "{nonsense", "9"), 400, ""},
		{POST("/v1/stack/detach", "", "0"), 202, "detach"},
		{POST("/v1/services/web/stop", "{\"no_deps\":true,\"timeout_ms\":500}", "33"), 202,
		 "stop web alone within 500"},
		{POST("/v1/stack/start", "", "0"), 202, "start all"},
		{POST("/v1/stack/start", "{\"services\":[]}", "15"), 202, "start all"},
		{POST("/v1/stack/start", "{\"services\":[\"web\"],\"dry_run\":true}", "35"), 200, "start web dry"},
		{POST("/v1/stack/stop", "{\"services\":[\"web\"],\"timeout_ms\":0}", "35"), 202, "stop web within 0"},
		{POST("/v1/stack/stop", "{\"services\":[\"stranger\"]}", "25"), 404, ""},
		{POST("/v1/stack/stop", "{\"services\":\"web\"}", "18"), 400, ""},
		{POST("/v1/stack/stop", "{\"services\":[1]}", "16"), 400, ""},
		{POST("/v1/stack/stop", "{\"timeout_ms\":-1}", "17"), 400, ""},
		{POST("/v1/stack/stop", "{\"no_deps\":1}", "13"), 400, ""},
		{POST("/v1/stack/restart", "{\"services\":[\"web\",\"db\"],\"no_deps\":true}", "40"), 202,
		 "restart web alone"},
		{POST("/v1/stack/kill", "{\"services\":[\"web\"],\"signal\":\"HUP\"}", "35"), 202, "signal web 1"},
		{POST("/v1/services/web/scale", "{\"replicas\":3}", "14"), 202, "scale web 3 -1"},
		{POST("/v1/services/web/scale", "{\"replicas\":0,\"timeout_ms\":9}", "29"), 202, "scale web 0 9"},
		{POST("/v1/services/web/scale", "{\"replicas\":5000}", "17"), 400, ""},
		{POST("/v1/services/web/scale", "{\"replicas\":1.5}", "16"), 400, ""},
		{POST("/v1/services/web/scale", "{\"replicas\":-1}", "15"), 400, ""},
		{POST("/v1/services/web/scale", "", "0"), 400, ""},
		{POST("/v1/services/stranger/scale", "{\"replicas\":1}", "14"), 404, ""},
		{POST("/v1/stack/reload", "", "0"), 200, "reload -"},
		{POST("/v1/stack/reload", "{\"files\":[\"/a.yaml\"],\"dry_run\":true}", "36"), 200,
		 "reload /a.yaml dry"},
		{POST("/v1/stack/reload", "{\"files\":[\"a.yaml\"]}", "20"), 400, ""},
		{POST("/v1/stack/reload", "{\"files\":[\"/wrong.yaml\"]}", "25"), 400, ""},
		{POST("/v1/stack/reload", "{\"profiles\":{}}", "15"), 400, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene->asked[0] = '\0';
		cJSON_Delete(ask_json(cases[i].request, cases[i].status));
		assert_string_equal(scene->asked, cases[i].asked);
	}
}

static void test_names_of_what_is_acted_on(void **state)
{
	cJSON *json = ask_json(POST("/v1/stack/stop", "", "0"), 202);
	const cJSON *services = cJSON_GetObjectItem(json, "services");

	(void)state;
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "accepted")));
	assert_int_equal(cJSON_GetArraySize(services), 1);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(services, 0)), "web");
	cJSON_Delete(json);
}

static void test_what_a_reload_says(void **state)
{
	cJSON *json = ask_json(POST("/v1/stack/reload", "{}", "2"), 200);
	const cJSON *changed = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "changed"), 0);
	const cJSON *message;

	(void)state;
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "added"), 0)), "new");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "removed")), 0);
	assert_string_equal(text_at(changed, "service"), "web");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(changed, "keys"), 0)),
			    "command");
	assert_int_equal(cJSON_GetObjectItem(json, "unchanged")->valueint, 3);
	assert_string_equal(text_at(json, "telemetry"), "next start");
	cJSON_Delete(json);
	json = ask_json(POST("/v1/stack/reload", "{\"files\":[\"/wrong.yaml\"]}", "25"), 400);
	message = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "error"), "messages"), 0);
	assert_string_equal(text_at(message, "file"), "/wrong.yaml");
	assert_int_equal(cJSON_GetObjectItem(message, "line")->valueint, 3);
	assert_int_equal(cJSON_GetObjectItem(message, "column")->valueint, 7);
	cJSON_Delete(json);
}

static void test_a_crash_loop_is_shown(void **state)
{
	cJSON *json;
	const cJSON *loop;

	(void)state;
	scene->svcs[1] = (struct svc){.state = SVC_BACKOFF, .failures_in_row = 2};
	json = ask_json(GET("/v1/services/job"), 200);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "crash_loop")));
	cJSON_Delete(json);
	scene->svcs[1] = (struct svc){.state = SVC_BACKOFF,
				      .failures_in_row = 5,
				      .row_began_ms = 1000,
				      .ended_ms = 13000,
				      .start_deadline_ms = clock_monotonic_ms() + 60000};
	json = ask_json(GET("/v1/services/job"), 200);
	loop = cJSON_GetObjectItem(json, "crash_loop");
	assert_int_equal(cJSON_GetObjectItem(loop, "exits")->valueint, 5);
	assert_int_equal(cJSON_GetObjectItem(loop, "within_ms")->valueint, 12000);
	assert_in_range(cJSON_GetObjectItem(loop, "next_try_in_ms")->valueint, 1, 60000);
	cJSON_Delete(json);
}

/* How deep a body is nested counts, not how many brackets it has. */
static void test_nesting_of_a_body(void **state)
{
	static const struct {
		const char *body;
		int status;
	} cases[] = {
		{"{\"x\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}", 202},
		{"{\"x\":\"[[[[[[[[[[[[[[[[[[[[ \\\" [[[[\"}", 202},
		{"{\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", 202},
		{"{\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 400},
		{"{\"x\":\"]]]]]]]]\",\"y\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[512], length[32];

		snprintf(length, sizeof(length), "%zu", strlen(cases[i].body));
		snprintf(request, sizeof(request),
			 "POST /v1/stack/down HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n%s", length,
			 cases[i].body);
		cJSON_Delete(ask_json(request, cases[i].status));
	}
}

static void test_what_is_not_there(void **state)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{GET("/"), 404},
		{GET("/v1/services/"), 404},
		{GET("/v1/services/stranger"), 404},
		{GET("/v1/services/web/"), 404},
		{GET("/v1/services/web/stop"), 405},
		{POST("/v1/stack", "", "0"), 405},
		{"DELETE /v1/stack HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		{GET("/v1/logs?service=stranger"), 404},
		{GET("/v1/logs?tail=-1"), 400},
		{GET("/v1/logs?tail=99999999999999999999"), 400},
		{GET("/v1/logs?colour=blue"), 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *json = ask_json(cases[i].request, cases[i].status);

		assert_non_null(cJSON_GetObjectItem(json, "error"));
		cJSON_Delete(json);
	}
}

/* It can be taken back here, and never given. */
static void test_telemetry(void **state)
{
	cJSON *json;

	(void)state;
	scene->supervisor.telemetry_counts.dropped = 3;
	json = ask_json(GET("/v1/telemetry"), 200);
	assert_string_equal(text_at(json, "state"), "on");
	assert_int_equal(cJSON_GetObjectItem(json, "dropped")->valueint, 3);
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "environment"), "UPFRONT_TELEMETRY"), "on");
	cJSON_Delete(json);
	json = ask_json(POST("/v1/telemetry/withdraw", "", "0"), 200);
	assert_string_equal(text_at(json, "state"), "off");
	cJSON_Delete(json);
	cJSON_Delete(ask_json(POST("/v1/telemetry", "{\"state\":\"on\"}", "14"), 405));
	assert_int_equal(scene->supervisor.consent.state, CONSENT_OFF);
}

/* A source that says off is named as such, and nothing else passes for one. */
static void test_a_withdrawal_has_its_reason(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *reason;
	} cases[] = {
		{"{}", 200, "answer"},
		{"{\"reason\":\"do_not_track\"}", 200, "do_not_track"},
		{"{\"reason\":\"user\"}", 200, "user"},
		{"{\"reason\":\"answer\"}", 400, NULL},
		{"{\"reason\":\"flag_on\"}", 400, NULL},
		{"{\"reason\":\"not_answered\"}", 400, NULL},
		{"{\"reason\":\"\"}", 400, NULL},
		{"{\"reason\":null}", 400, NULL},
		{"{\"reason\":[\"user\"]}", 400, NULL},
		{"{\"Reason\":\"user\"}", 400, NULL},
		{"{\"reason\":\"user\",\"reason\":\"user\"}", 400, NULL},
		{"{\"reason\":\"user\",\"state\":\"on\"}", 400, NULL},
		{"[\"user\"]", 400, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[256];
		cJSON *json;

		scene->supervisor.consent = (struct consent_decision){CONSENT_ON, CONSENT_BY_FLAG_ON, false};
		snprintf(request, sizeof(request),
			 "POST /v1/telemetry/withdraw HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(cases[i].body), cases[i].body);
		json = ask_json(request, cases[i].status);
		if (cases[i].reason != NULL)
			assert_string_equal(text_at(json, "reason"), cases[i].reason);
		assert_int_equal(scene->supervisor.consent.state, cases[i].reason ? CONSENT_OFF : CONSENT_ON);
		cJSON_Delete(json);
	}
}

static void test_requests_too_large(void **state)
{
	char *request = malloc(200000);
	const char *body;
	int status;
	size_t length;
	struct peer *peer;

	(void)state;
	length = (size_t)sprintf(request, "GET /v1/stack HTTP/1.1\r\nHost: x\r\nX-Long: ");
	memset(request + length, 'a', 20000);
	strcpy(request + length + 20000, "\r\n\r\n");
	peer = ask(request, &status, &body);
	assert_true(status >= 400);
	peer_close(peer);
	length = (size_t)sprintf(request, "POST /v1/stack/down HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n");
	memset(request + length, ' ', 70000);
	request[length + 70000] = '\0';
	peer = ask(request, &status, &body);
	assert_int_equal(status, 413);
	assert_string_equal(scene->asked, "");
	peer_close(peer);
	free(request);
}

/* The table of endpoints and its description cannot drift apart. */
static void test_described(void **state)
{
	size_t size, count = 0, described = 0;
	char *text = children_slurp("launcher/supervisor", "openapi.yaml", &size);

	(void)state;
	assert_non_null(text);
	for (const char *name; (name = ctl_routes_name(count)) != NULL; count++) {
		const char *method = strncmp(name, "GET", 3) == 0 ? "\n    get:" : "\n    post:";
		char *heading = NULL, *at, *next;

		assert_true(asprintf(&heading, "\n  %s:\n", strchr(name, '/')) > 0);
		at = strstr(text, heading);
		assert_non_null(at);
		next = strstr(at + 1, "\n  /");
		assert_non_null(strstr(at, method));
		assert_true(next == NULL || strstr(at, method) < next);
		free(heading);
	}
	for (const char *at = text; (at = strstr(at, "\n    get:")) != NULL; at++)
		described++;
	for (const char *at = text; (at = strstr(at, "\n    post:")) != NULL; at++)
		described++;
	assert_int_equal(described, count);
	free(text);
}

/* What is sent is described: every member of every answer that a client can read, by its name. */
static void test_members_described(void **state)
{
	static const char *const targets[] = {GET("/v1/stack"),
					      GET("/v1/services"),
					      GET("/v1/services/web"),
					      GET("/v1/telemetry"),
					      GET("/v1/services/nosuch"),
					      "POST /v1/stack/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
					      "POST /v1/stack/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"};
	size_t size;
	char *text = children_slurp("launcher/supervisor", "openapi.yaml", &size);

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const char *body;
		int status;
		struct peer *peer = ask(targets[i], &status, &body);
		cJSON *object = cJSON_Parse(body);

		if (object == NULL)
			fail_msg("%s is answered with %s", targets[i], peer->text);
		assert_described(strstr(text, "\ncomponents:"), object);
		cJSON_Delete(object);
		peer_close(peer);
	}
	free(text);
}

/* ---- Connections ---- */

/* Beyond the limit the oldest of those that say nothing makes room: a client that asks is answered in no time. */
static void test_connection_limit(void **state)
{
	struct peer *idle[PEERS_MAX], *late;
	int before = children_count_fds(), taken;

	(void)state;
	for (int i = 0; i < PEERS_MAX; i++)
		idle[i] = peer_open(NULL);
	settle();
	taken = children_count_fds() - before - PEERS_MAX;
	assert_true(taken >= 60 && taken <= 64);
	late = peer_open(GET("/v1/stack"));
	peer_read(late);
	peer_until(late, "\"project\":\"shop\"");
	assert_true(children_count_fds() - before - PEERS_MAX - 1 <= 64);
	peer_close(late);
	for (int i = 0; i < PEERS_MAX; i++)
		peer_close(idle[i]);
}

/* A stream is never the one that makes room, and nobody has to leave while nobody waits. */
static void test_streams_stay(void **state)
{
	struct peer *stream = peer_open(GET("/v1/events")), *idle[PEERS_MAX], *late;

	(void)state;
	peer_read(stream);
	peer_until(stream, "snapshot");
	for (int i = 0; i < PEERS_MAX; i++)
		idle[i] = peer_open(NULL);
	late = peer_open(GET("/v1/stack"));
	peer_read(late);
	peer_until(late, "\"project\":\"shop\"");
	peer_close(late);
	settle();
	assert_false(stream->ended);
	for (int i = 0; i < PEERS_MAX; i++)
		peer_close(idle[i]);
	peer_close(stream);
}

/* What a peer asks so fast that it cannot be good is let in a few at a time: one turn of the loop stays short. */
static void test_flood(void **state)
{
	struct peer *peers[PEERS_MAX];
	int answered = 0;

	(void)state;
	for (int i = 0; i < PEERS_MAX; i++) {
		peers[i] = peer_open(GET("/v1/stack"));
		peer_read(peers[i]);
	}
	event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	for (int i = 0; i < PEERS_MAX; i++)
		answered += peers[i]->size > 0;
	assert_true(answered <= 64);
	for (int i = 0; i < PEERS_MAX; i++) {
		peer_until(peers[i], "\"project\":\"shop\"");
		peer_close(peers[i]);
	}
}

/* Another user who could reach the socket is turned away before a byte of it is read. */
static void test_peer_of_others(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct child_end {
		char bytes[64];
		ssize_t size;
	} end = {.size = -1};
	char *folder;
	int pipe_fds[2];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(asprintf(&folder, "%s/run", scene->folder) > 0);
	assert_int_equal(chmod(scene->folder, 0755) | chmod(folder, 0755) | chmod(scene->path, 0666), 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", scene->path);
	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (setuid(65534) < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
			_exit(1);
		send(fd, GET("/v1/stack"), strlen(GET("/v1/stack")), MSG_NOSIGNAL);
		end.size = read(fd, end.bytes, sizeof(end.bytes));
		if (write(pipe_fds[1], &end, sizeof(end)) != (ssize_t)sizeof(end))
			_exit(1);
		_exit(0);
	}
	close(pipe_fds[1]);
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	while (read(pipe_fds[0], &end, sizeof(end)) < 0)
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
	assert_true(end.size <= 0);
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	free(folder);
}

/* Forms of a request that are right, odd or wrong: each is answered for what it is, and a second one behind it is not. */
static void test_request_forms(void **state)
{
	static const struct {
		const char *request;
		int status;
		const char *asked;
	} cases[] = {
		{"GET /v1/stack HTTP/1.0\r\n\r\n", 200, ""},
		{"GET http://localhost/v1/stack HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""},
		{GET("/v1/stack") POST("/v1/stack/down", "", "0"), 200, ""},
		{"POST /v1/stack/down HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "11\r\n{\"grace_ms\":1500}\r\n0\r\n\r\n",
		 202, "down 1500"},
		{GET("/v1/../v1/stack"), 404, ""},
		{GET("/v1/services/.."), 404, ""},
		{GET("/v1/services/%2e%2e%2fstack"), 404, ""},
		{POST("/v1/services/web%2fstop", "", "0"), 405, ""},
		{POST("/v1/services/web%2fstop/start", "", "0"), 404, ""},
		{POST("/v1/services/web%00x/stop", "", "0"), 404, ""},
		{"DELETE /v1/stack HTTP/1.1\r\nHost: x\r\n\r\n", 405, ""},
		{"PUT /v1/services/web/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, ""},
		{"GET /v1/services/web/stop HTTP/1.1\r\nHost: x\r\n\r\n", 405, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *body;
		struct peer *peer;
		int status;

		scene->asked[0] = '\0';
		peer = ask(cases[i].request, &status, &body);
		if (status != cases[i].status)
			print_error("%s\n%s\n", cases[i].request, peer->text);
		assert_int_equal(status, cases[i].status);
		assert_string_equal(scene->asked, cases[i].asked);
		assert_null(strstr(body, "HTTP/1."));
		peer_close(peer);
	}
}

/* Whatever a peer says, or leaves unsaid, the next one is served. */
static void test_rude_peers(void **state)
{
	static const char *const requests[] = {
		"",
		"\r\n\r\n",
		"GET",
		"GET / HTTP/9.9\r\n\r\n",
		"\x16\x03\x01\x02",
		"GET /v1/events HTTP/1.1\r\n\r\nmore",
		"GET /v1/logs?service=%00&service=%zz HTTP/1.1\r\n\r\n",
		"GET http://[::1/v1/stack HTTP/1.1\r\n\r\n",
		"POST /v1/stack/down HTTP/1.1\r\nContent-Length: 10\r\n\r\n{",
		"GET //v1/stack?a HTTP/1.1\r\n\r\n",
		"POST /v1/stack/down HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct peer *peer = peer_open(requests[i]);

		settle();
		peer_close(peer);
		settle();
		cJSON_Delete(ask_json(GET("/v1/stack"), 200));
	}
	assert_string_equal(scene->asked, "");
}

static void test_socket_file(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(scene->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(fcntl(scene->listen_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void test_folder_of_others(void **state)
{
	struct err err = ERR_INIT;
	char *folder, *path;

	(void)state;
	assert_true(asprintf(&folder, "%s/open", scene->folder) > 0);
	assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(ctl_listen(path, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
	free(folder);
	free(path);
}

static void test_long_path(void **state)
{
	struct err err = ERR_INIT;
	char part[61], *path;
	struct stat status;
	int fd;

	(void)state;
	memset(part, 'd', 60);
	part[60] = '\0';
	assert_true(asprintf(&path, "%s/%s/%s/%s/s.sock", scene->folder, part, part, part) > 107);
	fd = ctl_listen(path, &err);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	close(fd);
	/* A file that an earlier run left is replaced. */
	fd = ctl_listen(path, &err);
	assert_true(fd >= 0);
	close(fd);
	err_finish(&err);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_stack),
		SCENE_TEST(test_services),

		SCENE_TEST(test_bytes_that_are_no_text),
		SCENE_TEST(test_actions),
		SCENE_TEST(test_names_of_what_is_acted_on),
		SCENE_TEST(test_what_a_reload_says),
		SCENE_TEST(test_a_crash_loop_is_shown),
		SCENE_TEST(test_nesting_of_a_body),
		SCENE_TEST(test_what_is_not_there),
		SCENE_TEST(test_telemetry),
		SCENE_TEST(test_a_withdrawal_has_its_reason),
		SCENE_TEST(test_requests_too_large),
		SCENE_TEST(test_described),
		SCENE_TEST(test_members_described),
		SCENE_TEST(test_connection_limit),
		SCENE_TEST(test_streams_stay),
		SCENE_TEST(test_flood),
		SCENE_TEST(test_peer_of_others),
		SCENE_TEST(test_request_forms),
		SCENE_TEST(test_rude_peers),
		SCENE_TEST(test_socket_file),
		SCENE_TEST(test_folder_of_others),
		SCENE_TEST(test_long_path),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
