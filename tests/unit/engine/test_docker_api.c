/* SPDX-License-Identifier: MIT */
/* The engine's API from a loop, against one that is played: answers, streams, connections kept and lost, what is refused and why. */
#include "launcher/engine/docker_api.h"

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/docker_endpoint.h"
#include "tests/lib/children.h"
#include "tests/lib/docker_play.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct scene {
	struct event_base *base;
	struct docker_play *play;
	struct docker_endpoint endpoint;
	struct docker *docker;
	int fds; /* before */
};

static void scene_open(struct scene *self)
{
	self->fds = children_count_fds();
	self->base = event_base_new();
	self->play = docker_play_create(self->base);
	docker_play_endpoint(self->play, &self->endpoint);
	self->docker = docker_create(self->base, &self->endpoint, NULL);
	assert_non_null(self->docker);
}

static void scene_close(struct scene *self)
{
	docker_destroy(self->docker);
	docker_play_destroy(self->play);
	docker_endpoint_finish(&self->endpoint);
	event_base_free(self->base);
	assert_int_equal(children_count_fds(), self->fds);
}

/* One call, and all that is heard of it. */
struct asked {
	struct docker_call *call;
	struct docker *destroys; /* by its own done, or by the first that it hears */
	bool opened, over, hold, cancels;
	size_t dones;
	int error, status;
	char message[256], body[256], heard[4096];
};

static void on_done(void *context, const struct docker_answer *answer)
{
	struct asked *self = context;
	char *body = answer->body != NULL ? cJSON_PrintUnformatted(answer->body) : NULL;

	self->call = NULL;
	self->over = true;
	self->dones++;
	self->error = answer->error;
	self->status = answer->status;
	snprintf(self->message, sizeof(self->message), "%s", answer->message);
	snprintf(self->body, sizeof(self->body), "%s", body != NULL ? body : "");
	free(body);
	docker_destroy(self->destroys);
}

static void leave(struct asked *self)
{
	if (self->cancels)
		docker_call_cancel(self->call);
	docker_destroy(self->destroys);
	if (self->cancels || self->destroys != NULL)
		self->over = true;
}

static void on_json(void *context, const cJSON *value)
{
	struct asked *self = context;
	char *text = cJSON_PrintUnformatted(value);

	strcat(strcat(self->heard, text), "|");
	free(text);
	leave(self);
}

static bool on_bytes(void *context, const char *bytes, size_t size)
{
	struct asked *self = context;

	strncat(self->heard, bytes, size);
	leave(self);
	return !self->hold;
}

static void on_open(void *context)
{
	struct asked *self = context;

	self->opened = true;
}

enum kind { WHOLE, JSON, BYTES };

static void ask(struct scene *scene, struct asked *asked, enum kind kind, const char *method, const char *path)
{
	const struct docker_request request = {
		.method = method,
		.path = path,
		.timeout_ms = CHILDREN_DEADLINE_MS,
		.done = on_done,
		.json = kind == JSON ? on_json : NULL,
		.bytes = kind == BYTES ? on_bytes : NULL,
		.open = on_open,
		.context = asked,
	};

	asked->over = false;
	asked->call = docker_begin(scene->docker, &request);
	assert_non_null(asked->call);
	/* Never from inside. */
	assert_false(asked->over);
}

static void ask_until_over(struct scene *scene, struct asked *asked, enum kind kind, const char *method,
			   const char *path)
{
	*asked = (struct asked){0};
	ask(scene, asked, kind, method, path);
	docker_play_until(scene->play, &asked->over);
	assert_int_equal(asked->dones, 1);
}

struct hearing {
	const struct asked *asked;
	const char *text;
};

static bool is_heard(void *context)
{
	const struct hearing *hearing = context;

	return strcmp(hearing->asked->heard, hearing->text) == 0;
}

static void until_heard(struct scene *scene, const struct asked *asked, const char *text)
{
	docker_play_until_so(scene->play, is_heard, &(struct hearing){asked, text});
}

/* ---- Whole answers ---- */

static void test_answers(void **state)
{
	struct scene scene;
	struct asked asked;

	(void)state;
	scene_open(&scene);
	docker_play_route(scene.play, "GET", "/containers/json?all=1", 200, "[{\"Id\":\"ab\"}]");
	docker_play_route(scene.play, "POST", "/containers/ab/stop", 304, NULL);
	docker_play_route(scene.play, "POST", "/containers/x/kill", 409, "{\"message\":\"not\\nrunning\"}");
	docker_play_route(scene.play, "GET", "/plain", 500, "no space left on device\n");
	docker_play_route(scene.play, "GET", "/silent", 502, NULL);
	docker_play_route(scene.play, "DELETE", "/containers/ab?force=1", 204, NULL);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/containers/json?all=1");
	assert_int_equal(asked.error, 0);
	assert_int_equal(asked.status, 200);
	assert_string_equal(asked.body, "[{\"Id\":\"ab\"}]");
	assert_string_equal(asked.message, "");
	ask_until_over(&scene, &asked, WHOLE, "POST", "/containers/ab/stop");
	assert_int_equal(asked.status, 304);
	assert_string_equal(asked.message, "");
	ask_until_over(&scene, &asked, WHOLE, "POST", "/containers/x/kill");
	assert_int_equal(asked.status, 409);
	assert_string_equal(asked.message, "not running");
	ask_until_over(&scene, &asked, WHOLE, "GET", "/plain");
	assert_string_equal(asked.message, "no space left on device");
	assert_string_equal(asked.body, "");
	ask_until_over(&scene, &asked, WHOLE, "GET", "/silent");
	assert_string_equal(asked.message, "status 502");
	ask_until_over(&scene, &asked, WHOLE, "DELETE", "/containers/ab?force=1");
	assert_int_equal(asked.status, 204);
	/* One connection, and one look at the version, did for all. */
	assert_int_equal(docker_play_connected(scene.play), 1);
	assert_int_equal(docker_play_count(scene.play, "GET", "/version"), 1);
	scene_close(&scene);
}

static void test_request(void **state)
{
	struct scene scene;
	struct asked asked = {0};
	const struct docker_request request = {
		.method = "POST",
		.path = "/images/create?fromImage=a",
		.body = "{\"x\":1}",
		.header = "X-Registry-Auth: abc=",
		.done = on_done,
		.context = &asked,
	};
	struct docker_play_call *call;

	(void)state;
	scene_open(&scene);
	docker_play_route(scene.play, "POST", "*", 200, "{}");
	assert_non_null(docker_begin(scene.docker, &request));
	docker_play_until(scene.play, &asked.over);
	call = docker_play_last(scene.play, "POST", "*");
	assert_string_equal(docker_play_path(call), "/images/create?fromImage=a");
	assert_string_equal(docker_play_version(call), DOCKER_API_VERSION);
	assert_string_equal(docker_play_body(call), "{\"x\":1}");
	assert_non_null(strstr(docker_play_head(call), "\r\nX-Registry-Auth: abc=\r\n"));
	assert_non_null(strstr(docker_play_head(call), "\r\nHost: "));
	assert_string_equal(docker_play_version(docker_play_last(scene.play, "GET", "/version")), "");
	scene_close(&scene);
}

/* No name that stands in a stack file can become a second request. */
static void test_requests_that_are_none(void **state)
{
	static const struct docker_request requests[] = {
		{.method = "GET", .path = "/a b"},
		{.method = "GET", .path = "/a\r\nX: y"},
		{.method = "GET", .path = "a"},
		{.method = "G T", .path = "/a"},
		{.method = "GET", .path = "/a", .header = "X: y\r\nZ: z"},
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct asked asked = {0};
		struct docker_request request = requests[i];

		request.done = on_done;
		request.context = &asked;
		assert_non_null(docker_begin(scene.docker, &request));
		docker_play_until(scene.play, &asked.over);
		assert_int_equal(asked.error, -EINVAL);
	}
	assert_int_equal(docker_play_connected(scene.play), 0);
	scene_close(&scene);
}

static void test_body_without_end(void **state)
{
	struct scene scene;
	struct asked asked = {0};
	struct docker_play_call *call;
	char *megabyte = malloc(1024 * 1024);

	(void)state;
	memset(megabyte, 'x', 1024 * 1024);
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/much", NULL, NULL);
	ask(&scene, &asked, WHOLE, "GET", "/much");
	call = docker_play_await(scene.play, "GET", "/much", 1);
	docker_play_stream(call);
	for (size_t i = 0; i < DOCKER_BODY_MAX; i += 1024 * 1024)
		docker_play_send(call, megabyte, 1024 * 1024);
	docker_play_send_text(call, "x");
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, -EFBIG);
	free(megabyte);
	scene_close(&scene);
}

/* ---- Streams ---- */

static void test_json_stream(void **state)
{
	static const char events[] = "{\"a\":\"}\"}{\"b\":[1]}\n\n{\"c\":3}";
	struct scene scene;
	struct asked asked = {0};
	struct docker_play_call *call;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/events", NULL, NULL);
	ask(&scene, &asked, JSON, "GET", "/events");
	call = docker_play_await(scene.play, "GET", "/events", 1);
	docker_play_stream(call);
	docker_play_until(scene.play, &asked.opened);
	assert_string_equal(asked.heard, "");
	/* A chunk a byte, then all in one. */
	for (size_t i = 0; i < sizeof(events) - 1; i++)
		docker_play_send(call, events + i, 1);
	until_heard(&scene, &asked, "{\"a\":\"}\"}|{\"b\":[1]}|{\"c\":3}|");
	asked.heard[0] = '\0';
	docker_play_send_text(call, events);
	until_heard(&scene, &asked, "{\"a\":\"}\"}|{\"b\":[1]}|{\"c\":3}|");
	assert_false(asked.over);
	docker_play_end(call);
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, 0);
	assert_int_equal(asked.status, 200);
	scene_close(&scene);
}

/* A stream that is refused is answered whole. */
static void test_stream_refused(void **state)
{
	struct scene scene;
	struct asked asked;

	(void)state;
	scene_open(&scene);
	docker_play_route(scene.play, "GET", "/logs", 404, "{\"message\":\"No such container: x\"}");
	ask_until_over(&scene, &asked, BYTES, "GET", "/logs");
	assert_int_equal(asked.status, 404);
	assert_string_equal(asked.message, "No such container: x");
	assert_string_equal(asked.heard, "");
	assert_false(asked.opened);
	scene_close(&scene);
}

static void test_stream_breaks_off(void **state)
{
	static const char *const tails[] = {"{\"half\":", ""};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/events", NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct asked asked = {0};
		struct docker_play_call *call;

		ask(&scene, &asked, JSON, "GET", "/events");
		call = docker_play_await(scene.play, "GET", "/events", i + 1);
		docker_play_stream(call);
		docker_play_send_text(call, "{}");
		docker_play_send_text(call, tails[i]);
		docker_play_hang_up(call);
		docker_play_until(scene.play, &asked.over);
		assert_string_equal(asked.heard, "{}|");
		assert_int_equal(asked.error, -EPIPE);
		assert_int_equal(asked.status, 0);
		assert_string_equal(asked.message, "the connection broke off");
	}
	scene_close(&scene);
}

static void test_nonsense(void **state)
{
	static const struct {
		enum kind kind;
		const char *bytes;
		int error;
	} cases[] = {
		{WHOLE, "SSH-2.0-OpenSSH\r\n", -EPROTO},
		{JSON, "HTTP/1.1 200 OK\r\n\r\n[1]", -EPROTO},
		{JSON, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}{}\nx\r\n", -EPROTO},
		{WHOLE, "HTTP/1.1 101 UPGRADED\r\n\r\n", -EPROTO},
		{JSON, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n", -EPIPE},
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/x", NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asked asked = {0};
		struct docker_play_call *call;

		ask(&scene, &asked, cases[i].kind, "GET", "/x");
		call = docker_play_await(scene.play, "GET", "/x", i + 1);
		docker_play_send_raw(call, cases[i].bytes, strlen(cases[i].bytes));
		docker_play_until(scene.play, &asked.over);
		assert_int_equal(asked.error, cases[i].error);
	}
	scene_close(&scene);
}

/* What is held back is not lost, and comes in order once there is room; its end, too. */
static void test_held_back(void **state)
{
	struct scene scene;
	struct asked asked = {.hold = true};
	struct docker_play_call *call;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/logs", NULL, NULL);
	docker_play_route(scene.play, "GET", "/other", 200, "{}");
	ask(&scene, &asked, BYTES, "GET", "/logs");
	call = docker_play_await(scene.play, "GET", "/logs", 1);
	docker_play_stream(call);
	docker_play_send_text(call, "one ");
	until_heard(&scene, &asked, "one ");
	docker_play_send_text(call, "two");
	docker_play_end(call);
	for (int i = 0; i < 3; i++) {
		struct asked other;

		ask_until_over(&scene, &other, WHOLE, "GET", "/other");
	}
	assert_string_equal(asked.heard, "one ");
	docker_call_resume(asked.call);
	assert_string_equal(asked.heard, "one ");
	until_heard(&scene, &asked, "one two");
	assert_false(asked.over);
	asked.hold = false;
	docker_call_resume(asked.call);
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, 0);
	scene_close(&scene);
}

static bool has_typed(void *context)
{
	struct docker_play_call *const *call = context;

	return strcmp(docker_play_typed(*call), "early late") == 0;
}

static void test_attach(void **state)
{
	struct scene scene;
	struct asked asked = {0};
	struct docker_play_call *call;
	char *much = calloc(1, 65536);

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "POST", "/containers/ab/attach*", NULL, NULL);
	ask(&scene, &asked, BYTES, "POST", "/containers/ab/attach?stream=1&stdin=1");
	assert_int_equal(docker_call_type(asked.call, "early ", 6), 0);
	call = docker_play_await(scene.play, "POST", "/containers/ab/attach*", 1);
	assert_non_null(strstr(docker_play_head(call), "\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"));
	docker_play_upgrade(call);
	docker_play_send_text(call, "raw\r\n\r\n0\r\n");
	until_heard(&scene, &asked, "raw\r\n\r\n0\r\n");
	assert_true(asked.opened);
	assert_int_equal(docker_call_type(asked.call, "late", 4), 0);
	docker_play_until_so(scene.play, has_typed, &call);
	assert_int_equal(docker_call_type(asked.call, much, 65536), 0);
	assert_int_equal(docker_call_type(asked.call, "x", 1), -ENOBUFS);
	docker_play_end(call);
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, 0);
	assert_int_equal(asked.status, 101);
	free(much);
	scene_close(&scene);
}

static void test_typing_needs_an_attach(void **state)
{
	struct scene scene;
	struct asked asked = {0};

	(void)state;
	scene_open(&scene);
	ask(&scene, &asked, BYTES, "GET", "/containers/attach/logs");
	assert_int_equal(docker_call_type(asked.call, "x", 1), -EINVAL);
	scene_close(&scene);
	assert_int_equal(asked.dones, 0);
}

/* ---- Connections ---- */

static void hang_up_once(void *context, struct docker_play_call *call)
{
	size_t *left = context;

	if ((*left)-- > 0)
		docker_play_hang_up(call);
	else
		docker_play_answer(call, 200, "{\"well\":true}");
}

/* A kept connection that is dead costs one attempt on a fresh one; a fresh one that breaks is what it is. */
static void test_kept_and_dead(void **state)
{
	struct scene scene;
	struct asked asked;
	size_t left = 1;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/x", hang_up_once, &left);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_string_equal(asked.body, "{\"well\":true}");
	assert_int_equal(docker_play_connected(scene.play), 2);
	left = 2;
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_int_equal(asked.error, -EPIPE);
	assert_int_equal(docker_play_count(scene.play, "GET", "/x"), 4);
	scene_close(&scene);
}

/* At most some are kept, and nothing is asked of two at once on one. */
static void test_many_at_once(void **state)
{
	struct scene scene;
	struct asked asked[12];

	(void)state;
	memset(asked, 0, sizeof(asked));
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/x", NULL, NULL);
	for (size_t i = 0; i < 12; i++)
		ask(&scene, &asked[i], WHOLE, "GET", "/x");
	docker_play_await(scene.play, "GET", "/x", 12);
	assert_int_equal(docker_play_open_count(scene.play), 12);
	while (docker_play_last(scene.play, "GET", "/x") != NULL) {
		struct docker_play_call *call = docker_play_last(scene.play, "GET", "/x");

		if (!docker_play_is_open(call))
			break;
		docker_play_answer(call, 200, "{}");
	}
	docker_play_away(scene.play, false);
	for (size_t i = 0; i < 12; i++)
		docker_play_until(scene.play, &asked[i].over);
	scene_close(&scene);
}

static void test_nobody_there(void **state)
{
	struct scene scene;
	struct asked asked;

	(void)state;
	scene_open(&scene);
	docker_play_route(scene.play, "GET", "/x", 200, "{}");
	docker_play_away(scene.play, true);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_int_equal(asked.error, -ECONNREFUSED);
	assert_string_equal(asked.message, "connection refused");
	docker_play_away(scene.play, false);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_int_equal(asked.error, -ENOENT);
	docker_play_back(scene.play);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_int_equal(asked.error, 0);
	/* Who comes back may be another: its version is asked for again. */
	docker_play_away(scene.play, false);
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_int_equal(asked.error, -ENOENT);
	docker_play_back(scene.play);
	docker_play_route(scene.play, "GET", "/version", 200, "{\"ApiVersion\":\"1.40\"}");
	ask_until_over(&scene, &asked, WHOLE, "GET", "/x");
	assert_string_equal(docker_play_version(docker_play_last(scene.play, "GET", "/x")), "1.40");
	scene_close(&scene);
}

static void test_silence(void **state)
{
	struct scene scene;
	struct asked asked = {0};
	struct docker_request request = {
		.method = "GET", .path = "/x", .timeout_ms = 30, .done = on_done, .context = &asked};

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/x", NULL, NULL);
	assert_non_null(docker_begin(scene.docker, &request));
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, -ETIMEDOUT);
	assert_string_equal(asked.message, "it did not answer within 30 ms");
	/* Also one that waits for the version; it goes on without those that gave up. */
	docker_play_away(scene.play, false);
	docker_play_back(scene.play);
	docker_play_handler(scene.play, "GET", "/version", NULL, NULL);
	docker_destroy(scene.docker);
	scene.docker = docker_create(scene.base, &scene.endpoint, NULL);
	assert_non_null(docker_begin(scene.docker, &request));
	asked.over = false;
	docker_play_until(scene.play, &asked.over);
	assert_int_equal(asked.error, -ETIMEDOUT);
	scene_close(&scene);
}

/* ---- The version ---- */

static void test_versions(void **state)
{
	static const struct {
		const char *version;
		int error;
		const char *spoken; /* or what is said */
	} cases[] = {
		{"{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}", 0, "1.41"},
		{"{\"ApiVersion\":\"1.52\",\"MinAPIVersion\":\"1.24\"}", 0, "1.41"},
		{"{\"ApiVersion\":\"1.52\",\"MinAPIVersion\":\"1.44\"}", 0, "1.44"},
		{"{\"ApiVersion\":\"1.40\"}", 0, "1.40"},
		{"{\"ApiVersion\":\"1.39\",\"Components\":[{\"Name\":\"Podman Engine\"}]}", 0, "1.39"},
		{"{\"ApiVersion\":\"2.0\"}", 0, "1.41"},
		{"{\"ApiVersion\":\"1.38\"}", -EPROTONOSUPPORT,
		 "it speaks version 1.38 of the API, 1.39 (Docker 18.09) or newer is needed"},
		{"{\"ApiVersion\":\"1.9\"}", -EPROTONOSUPPORT,
		 "it speaks version 1.9 of the API, 1.39 (Docker 18.09) or newer is needed"},
		{"{\"ApiVersion\":\"1.41/../x\"}", -EPROTO, "what answers there is no container engine (status 200)"},
		{"[]", -EPROTO, "what answers there is no container engine (status 200)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;
		struct asked asked[2];

		memset(asked, 0, sizeof(asked));
		scene_open(&scene);
		docker_play_route(scene.play, "GET", "/version", 200, cases[i].version);
		docker_play_route(scene.play, "GET", "/x", 200, "{}");
		for (size_t n = 0; n < 2; n++)
			ask(&scene, &asked[n], WHOLE, "GET", "/x");
		for (size_t n = 0; n < 2; n++) {
			docker_play_until(scene.play, &asked[n].over);
			assert_int_equal(asked[n].error, cases[i].error);
			if (cases[i].error != 0)
				assert_string_equal(asked[n].message, cases[i].spoken);
		}
		assert_int_equal(docker_play_count(scene.play, "GET", "/version"), 1);
		if (cases[i].error == 0)
			assert_string_equal(docker_play_version(docker_play_last(scene.play, "GET", "/x")),
					    cases[i].spoken);
		scene_close(&scene);
	}
}

/* ---- Ending ---- */

static void test_cancel(void **state)
{
	struct scene scene;
	struct asked asked = {0}, other;

	(void)state;
	scene_open(&scene);
	docker_play_handler(scene.play, "GET", "/x", NULL, NULL);
	docker_play_route(scene.play, "GET", "/other", 200, "{}");
	/* Before its turn, while it waits for the version, while its answer is awaited. */
	ask(&scene, &asked, WHOLE, "GET", "/x");
	docker_call_cancel(asked.call);
	ask(&scene, &asked, WHOLE, "GET", "/x");
	docker_play_await(scene.play, "GET", "/version", 1);
	docker_call_cancel(asked.call);
	ask_until_over(&scene, &other, WHOLE, "GET", "/other");
	ask(&scene, &asked, WHOLE, "GET", "/x");
	docker_play_await(scene.play, "GET", "/x", 1);
	docker_call_cancel(asked.call);
	docker_call_cancel(NULL);
	ask_until_over(&scene, &other, WHOLE, "GET", "/other");
	assert_int_equal(asked.dones, 0);
	assert_int_equal(docker_play_count(scene.play, "GET", "/x"), 1);
	scene_close(&scene);
}

/* By who is just being called: the call alone, or all of it. */
static void test_end_from_inside(void **state)
{
	(void)state;
	for (int all = 0; all < 2; all++) {
		for (enum kind kind = WHOLE; kind <= BYTES; kind++) {
			struct scene scene;
			struct asked asked = {0};
			struct docker_play_call *call;

			scene_open(&scene);
			docker_play_handler(scene.play, "GET", "/x", NULL, NULL);
			ask(&scene, &asked, kind, "GET", "/x");
			asked.cancels = kind != WHOLE && !all;
			asked.destroys = all ? scene.docker : NULL;
			call = docker_play_await(scene.play, "GET", "/x", 1);
			docker_play_stream(call);
			docker_play_send_text(call, "{}{}{}");
			docker_play_end(call);
			docker_play_until(scene.play, &asked.over);
			assert_int_equal(asked.dones, kind == WHOLE);
			if (kind != WHOLE)
				assert_string_equal(asked.heard, kind == JSON ? "{}|" : "{}{}{}");
			if (all)
				scene.docker = NULL;
			scene_close(&scene);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_requests_that_are_none),
		cmocka_unit_test(test_body_without_end),
		cmocka_unit_test(test_json_stream),
		cmocka_unit_test(test_stream_refused),
		cmocka_unit_test(test_stream_breaks_off),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_typing_needs_an_attach),
		cmocka_unit_test(test_kept_and_dead),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_end_from_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
