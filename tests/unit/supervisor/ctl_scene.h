/* SPDX-License-Identifier: MIT */
/*
 * The stage for tests of the control API: a supervisor of straw, the real server on a real socket, and clients on
 * the same loop, so that nothing waits for time. Included by one test program each.
 */
#ifndef UPFRONT_TESTS_CTL_SCENE_H
#define UPFRONT_TESTS_CTL_SCENE_H

#include "tests/lib/children.h"
#include "tests/unit/supervisor/ctl_straw.h"

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

/* ---- The stage ---- */

static inline void too_late(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	*(bool *)context = true;
}

static inline int set_up(void **state)
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
	scene->starts[0] = scene->starts[1] = UNIT_START_INIT;
	scene->supervisor.up_after_ms = -1;
	strmap_init(&scene->environment);
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

static inline int tear_down(void **state)
{
	(void)state;
	ctl_destroy(scene->ctl);
	output_destroy(scene->supervisor.output);
	strmap_finish(&scene->supervisor.telemetry_environment);
	err_finish(&scene->supervisor.failure);
	close(scene->listen_fd);
	event_base_free(scene->base);
	children_remove_folder(scene->folder);
	strmap_finish(&scene->environment);
	for (size_t i = 0; i < 2; i++) {
		unit_story_destroy(scene->stories[i]);
		strmap_finish(&scene->services[i].environment);
	}
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

static inline void peer_readable(evutil_socket_t fd, short what, void *context)
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

static inline void peer_read(struct peer *self)
{
	event_add(self->event, NULL);
}

/* Connects and sends; reads only when told to, so that a peer can be slow. */
static inline struct peer *peer_open(const char *request)
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

static inline void peer_close(struct peer *self)
{
	event_free(self->event);
	close(self->fd);
	free(self->text);
	free(self);
}

static inline void turn(void)
{
	assert_false(scene->late);
	event_base_loop(scene->base, EVLOOP_ONCE);
}

static inline void peer_until(struct peer *self, const char *wanted)
{
	while (memmem(self->text, self->size, wanted, strlen(wanted)) == NULL) {
		assert_false(self->ended);
		turn();
	}
}

static inline void peer_until_end(struct peer *self)
{
	while (!self->ended)
		turn();
}

/* The loop turns until nothing is left to do at once. */
static inline void settle(void)
{
	for (int i = 0; i < 200; i++)
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

/* One request, one whole answer: its status, and its body in *body (borrowed from `peer`). */
static inline struct peer *ask(const char *request, int *status, const char **body)
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

static inline cJSON *ask_json(const char *request, int wanted_status)
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
#define POST(target, body, length) "POST " target " HTTP/1.1\r\nHost: x\r\nContent-Length: " length "\r\n\r\n" body

static inline const char *text_at(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, name));
}

static inline double number_at(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(json, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static inline bool is_null(const cJSON *json, const char *name)
{
	return cJSON_IsNull(cJSON_GetObjectItem(json, name));
}

/* As the name of a property: `{name: {type...}` or on a line of its own. */
static inline bool is_property(const char *description, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = description; (at = strstr(at, name)) != NULL; at += length) {
		if (at > description && (at[-1] == ' ' || at[-1] == '{') && at[length] == ':')
			return true;
	}
	return false;
}

static inline void assert_described(const char *description, const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		if (member->string != NULL && !is_property(description, member->string))
			fail_msg("openapi.yaml does not describe the member '%s'", member->string);
		/* The names of variables are the stack's own, where they are names of members. */
		if (member->string == NULL || strcmp(member->string, "environment") != 0 || cJSON_IsArray(member))
			assert_described(description, member);
	}
}

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
