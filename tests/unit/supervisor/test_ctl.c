/* SPDX-License-Identifier: MIT */
/*
 * The control API against a supervisor of straw: what is asked reaches it, what it says comes out as JSON and frames, and no client
 * - slow, greedy, rude or gone - costs the others anything. Client and server share one loop, so nothing waits for time.
 */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/supervisor_private.h"
#include "tests/lib/children.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PEERS_MAX 80
#define DEADLINE_S 20

/* ---- The supervisor of straw ---- */

struct scene {
	struct supervisor supervisor;
	struct service services[2];
	struct stack stack;
	struct svc svcs[2];
	const char *whys[2];
	char asked[128]; /* the last action that reached it */
	bool told;
	struct event_base *base;
	struct ctl *ctl;
	int listen_fd;
	char *folder, *path;
	bool late;
};

static struct scene *scene;

size_t supervisor_unit_count(const struct supervisor *self)
{
	(void)self;
	return 2;
}

void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit)
{
	(void)self;
	*unit = (struct supervisor_unit){.id = (unsigned)index,
					 .name = scene->services[index].name,
					 .service = &scene->services[index],
					 .replica = 1,
					 .svc = &scene->svcs[index],
					 .pid = index == 0 ? 4711 : 0,
					 .why = scene->whys[index],
					 .changed_ms = 1000};
}

const struct stack *supervisor_stack(const struct supervisor *self)
{
	(void)self;
	return &scene->stack;
}

const struct consent_decision *supervisor_consent(const struct supervisor *self)
{
	return &self->consent;
}

const char *stack_phase_name(enum stack_phase phase)
{
	return phase == PHASE_OVER ? "over" : "up";
}

enum stack_phase supervisor_phase(const struct supervisor *self)
{
	return self->phase;
}

const struct err *supervisor_failure(const struct supervisor *self)
{
	return err_is_set(&self->failure) ? &self->failure : NULL;
}

const char *supervisor_failed_unit(const struct supervisor *self)
{
	return err_is_set(&self->failure) ? "web" : NULL;
}

static int note(const char *action, const char *const *names, int signal, struct err *err)
{
	if (strcmp(names[0], "web") != 0)
		return err_set(err, ERR_USAGE, "no such service: '%s'", names[0]);
	snprintf(scene->asked, sizeof(scene->asked), "%s %s %d", action, names[0], signal);
	return 0;
}

int supervisor_start(struct supervisor *self, const char *const *names, bool alone, struct err *err)
{
	(void)self;
	return note("start", names, alone, err);
}

int supervisor_stop(struct supervisor *self, const char *const *names, struct err *err)
{
	(void)self;
	return note("stop", names, 0, err);
}

int supervisor_restart(struct supervisor *self, const char *const *names, struct err *err)
{
	(void)self;
	return note("restart", names, 0, err);
}

int supervisor_signal(struct supervisor *self, const char *const *names, int signal, struct err *err)
{
	(void)self;
	return note("signal", names, signal, err);
}

void supervisor_down(struct supervisor *self, int64_t grace_limit_ms)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "down %lld", (long long)grace_limit_ms);
}

void supervisor_detach(struct supervisor *self)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "detach");
}

void supervisor_withdraw(struct supervisor *self)
{
	self->consent = (struct consent_decision){.state = CONSENT_OFF, .reason = CONSENT_BY_ANSWER};
}

void supervisor_told(struct supervisor *self)
{
	(void)self;
	scene->told = true;
}

void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context)
{
	self->observer = observer;
	self->observer_context = context;
}

struct output *supervisor_output(struct supervisor *self)
{
	return self->output;
}

/* ---- The stage ---- */

static void too_late(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	*(bool *)context = true;
}

static int set_up(void **state)
{
	struct err err = ERR_INIT;
	char *logs;

	scene = calloc(1, sizeof(*scene));
	scene->folder = children_make_folder();
	assert_true(asprintf(&scene->path, "%s/run/control.sock", scene->folder) > 0);
	assert_true(asprintf(&logs, "%s/logs", scene->folder) > 0);
	scene->services[0] = (struct service){.name = "web", .replicas = 1};
	scene->services[1] = (struct service){.name = "job", .replicas = 1};
	scene->stack = (struct stack){
		.name = "shop", .app = "Shop", .dir = "/srv/shop", .services = scene->services, .service_count = 2};
	scene->svcs[0].state = SVC_RUNNING;
	scene->svcs[1].state = SVC_COMPLETED;
	scene->supervisor.phase = PHASE_UP;
	scene->supervisor.consent = (struct consent_decision){.state = CONSENT_ON, .reason = CONSENT_BY_ANSWER};
	strmap_init(&scene->supervisor.telemetry_environment);
	strmap_set(&scene->supervisor.telemetry_environment, "UPFRONT_TELEMETRY", "on");
	scene->base = event_base_new();
	scene->supervisor.output = output_create(logs, &err);
	assert_non_null(scene->supervisor.output);
	assert_int_equal(output_add(scene->supervisor.output, 0, "web", 0, 0, &err), 0);
	assert_int_equal(output_add(scene->supervisor.output, 1, "job", 0, 0, &err), 0);
	scene->listen_fd = ctl_listen(scene->path, &err);
	assert_true(scene->listen_fd >= 0);
	scene->ctl = ctl_create(scene->base, scene->listen_fd, &scene->supervisor, &err);
	assert_non_null(scene->ctl);
	event_base_once(scene->base, -1, EV_TIMEOUT, too_late, &scene->late, &(struct timeval){.tv_sec = DEADLINE_S});
	free(logs);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ctl_destroy(scene->ctl);
	output_destroy(scene->supervisor.output);
	strmap_finish(&scene->supervisor.telemetry_environment);
	err_finish(&scene->supervisor.failure);
	close(scene->listen_fd);
	event_base_free(scene->base);
	children_remove_folder(scene->folder);
	free(scene->path);
	free(scene);
	return 0;
}

/* ---- Clients ---- */

struct peer {
	int fd;
	struct event *event;
	char *text;
	size_t size;
	bool ended, reading;
};

static void peer_readable(evutil_socket_t fd, short what, void *context)
{
	struct peer *self = context;
	char buffer[65536];
	ssize_t count = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	(void)what;
	if (count <= 0) {
		self->ended = self->ended || count == 0 || errno != EAGAIN;
		if (self->ended)
			event_del(self->event);
		return;
	}
	self->text = realloc(self->text, self->size + (size_t)count + 1);
	memcpy(self->text + self->size, buffer, (size_t)count);
	self->size += (size_t)count;
	self->text[self->size] = '\0';
}

static void peer_read(struct peer *self)
{
	event_add(self->event, NULL);
}

/* Connects and sends; reads only when told to, so that a peer can be slow. */
static struct peer *peer_open(const char *request)
{
	struct peer *self = calloc(1, sizeof(*self));
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", scene->path);
	self->text = calloc(1, 1);
	self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(self->fd, (struct sockaddr *)&name, sizeof(name)), 0);
	if (request != NULL)
		assert_int_equal(send(self->fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	self->event = event_new(scene->base, self->fd, EV_READ | EV_PERSIST, peer_readable, self);
	return self;
}

static void peer_close(struct peer *self)
{
	event_free(self->event);
	close(self->fd);
	free(self->text);
	free(self);
}

static void turn(void)
{
	assert_false(scene->late);
	event_base_loop(scene->base, EVLOOP_ONCE);
}

static void peer_until(struct peer *self, const char *wanted)
{
	while (memmem(self->text, self->size, wanted, strlen(wanted)) == NULL) {
		assert_false(self->ended);
		turn();
	}
}

static void peer_until_end(struct peer *self)
{
	while (!self->ended)
		turn();
}

/* The loop turns until nothing is left to do at once. */
static void settle(void)
{
	for (int i = 0; i < 200; i++)
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

/* One request, one whole answer: its status, and its body in *body (borrowed from `peer`). */
static struct peer *ask(const char *request, int *status, const char **body)
{
	struct peer *peer = peer_open(request);

	peer_read(peer);
	peer_until_end(peer);
	assert_int_equal(sscanf(peer->text, "HTTP/1.%*d %d", status), 1);
	*body = strstr(peer->text, "\r\n\r\n");
	assert_non_null(*body);
	*body += 4;
	return peer;
}

static cJSON *ask_json(const char *request, int wanted_status)
{
	const char *body;
	int status;
	struct peer *peer = ask(request, &status, &body);
	cJSON *json = cJSON_Parse(body);

	assert_int_equal(status, wanted_status);
	assert_non_null(json);
	assert_int_equal(cJSON_GetObjectItem(json, "version")->valueint, 1);
	peer_close(peer);
	return json;
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(target, body, length) \
	"POST " target " HTTP/1.1\r\nHost: x\r\nContent-Length: " length "\r\n\r\n" body

static const char *text_at(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, name));
}

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
	assert_int_equal(
		cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 1), "exit"), "signal")->valueint,
		SIGKILL);
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
		{POST("/v1/services/web/start", "", "0"), 202, "start web 0"},
		{POST("/v1/services/web/stop", "", "0"), 202, "stop web 0"},
		{POST("/v1/services/web/restart", "", "0"), 202, "restart web 0"},
		{POST("/v1/services/web/kill", "", "0"), 202, "signal web 9"},
		{POST("/v1/services/web/kill", "{\"signal\":\"TERM\"}", "17"), 202, "signal web 15"},
		{POST("/v1/services/web/kill", "{\"signal\":\"SIGHUP\"}", "19"), 202, "signal web 1"},
		{POST("/v1/services/web/kill", "{\"signal\":12}", "13"), 202, "signal web 12"},
		{POST("/v1/services/web/kill", "{\"signal\":\"NOPE\"}", "17"), 400, ""},
		{POST("/v1/services/web/kill", "{\"signal\":1e99}", "15"), 400, ""},
		{POST("/v1/services/stranger/stop", "", "0"), 404, ""},
		{POST("/v1/stack/down", "", "0"), 202, "down -1"},
		{POST("/v1/stack/down", "{\"grace_ms\":1500}", "17"), 202, "down 1500"},
		{POST("/v1/stack/down", "{\"grace_ms\":-1}", "15"), 400, ""},
		{POST("/v1/stack/down", "[1]", "3"), 400, ""},
		{POST("/v1/stack/down", "{nonsense", "9"), 400, ""},
		{POST("/v1/stack/detach", "", "0"), 202, "detach"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene->asked[0] = '\0';
		cJSON_Delete(ask_json(cases[i].request, cases[i].status));
		assert_string_equal(scene->asked, cases[i].asked);
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
	json = ask_json(GET("/v1/telemetry"), 200);
	assert_string_equal(text_at(json, "state"), "on");
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "environment"), "UPFRONT_TELEMETRY"), "on");
	cJSON_Delete(json);
	json = ask_json(POST("/v1/telemetry/withdraw", "", "0"), 200);
	assert_string_equal(text_at(json, "state"), "off");
	cJSON_Delete(json);
	cJSON_Delete(ask_json(POST("/v1/telemetry", "{\"state\":\"on\"}", "14"), 405));
	assert_int_equal(scene->supervisor.consent.state, CONSENT_OFF);
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

/* ---- Streams ---- */

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

/* ---- Connections ---- */

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
	settle();
	assert_int_equal(late->size, 0);
	for (int i = 0; i < PEERS_MAX; i++)
		peer_close(idle[i]);
	peer_until(late, "\"project\":\"shop\"");
	peer_close(late);
}

/* Whatever a peer says, or leaves unsaid, the next one is served. */
static void test_rude_peers(void **state)
{
	static const char *const requests[] = {
		"", "\r\n\r\n", "GET", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02", "GET /v1/events HTTP/1.1\r\n\r\nmore",
		"GET /v1/logs?service=%00&service=%zz HTTP/1.1\r\n\r\n", "GET http://[::1/v1/stack HTTP/1.1\r\n\r\n",
		"POST /v1/stack/down HTTP/1.1\r\nContent-Length: 10\r\n\r\n{", "GET //v1/stack?a HTTP/1.1\r\n\r\n",
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stack),
		TEST(test_services),
		TEST(test_bytes_that_are_no_text),
		TEST(test_actions),
		TEST(test_what_is_not_there),
		TEST(test_telemetry),
		TEST(test_requests_too_large),
		TEST(test_described),
		TEST(test_events),
		TEST(test_farewell),
		TEST(test_logs_tail),
		TEST(test_logs_follow),
		TEST(test_slow_log_follower),
		TEST(test_slow_event_follower),
		TEST(test_followers_that_left),
		TEST(test_connection_limit),
		TEST(test_rude_peers),
		TEST(test_socket_file),
		TEST(test_folder_of_others),
		TEST(test_long_path),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
