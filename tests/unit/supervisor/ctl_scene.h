/* SPDX-License-Identifier: MIT */
/*
 * The stage for tests of the control API: a supervisor of straw that says what it is told to say and notes what it is asked, the
 * real server on a real socket, and clients on the same loop, so that nothing waits for time. Included by one test program
 * each: it defines the supervisor's functions.
 */
#ifndef UPFRONT_TESTS_CTL_SCENE_H
#define UPFRONT_TESTS_CTL_SCENE_H

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
	bool gone; /* units are being taken away */
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

bool supervisor_find_unit(const struct supervisor *self, size_t id, struct supervisor_unit *unit)
{
	if (id >= 2)
		return false;
	supervisor_unit(self, id, unit);
	unit->gone = scene->gone;
	return true;
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

/* "start web alone 500 dry" */
static inline int note(const char *action, const struct supervisor_request *request, const char ***names,
		       struct err *err)
{
	const char *name = request->names != NULL && request->names[0] != NULL ? request->names[0] : "all";
	char *at = scene->asked, *end = scene->asked + sizeof(scene->asked);

	if (strcmp(name, "web") != 0 && strcmp(name, "all") != 0)
		return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	at += snprintf(at, (size_t)(end - at), "%s %s", action, name);
	if (request->alone)
		at += snprintf(at, (size_t)(end - at), " alone");
	if (request->grace_limit_ms >= 0)
		at += snprintf(at, (size_t)(end - at), " within %lld", (long long)request->grace_limit_ms);
	if (strcmp(action, "signal") == 0)
		at += snprintf(at, (size_t)(end - at), " %d", request->signal);
	if (request->dry_run)
		snprintf(at, (size_t)(end - at), " dry");
	*names = calloc(2, sizeof(**names));
	(*names)[0] = "web";
	return 0;
}

int supervisor_start(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		     struct err *err)
{
	(void)self;
	return note("start", request, names, err);
}

int supervisor_stop(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		    struct err *err)
{
	(void)self;
	return note("stop", request, names, err);
}

int supervisor_restart(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		       struct err *err)
{
	(void)self;
	return note("restart", request, names, err);
}

int supervisor_signal(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		      struct err *err)
{
	(void)self;
	return note("signal", request, names, err);
}

int supervisor_scale(struct supervisor *self, const char *name, size_t replicas, int64_t grace_limit_ms,
		     struct err *err)
{
	(void)self;
	if (strcmp(name, "web") != 0)
		return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	if (replicas > 4096)
		return err_set(err, ERR_CONFIG, "too many");
	snprintf(scene->asked, sizeof(scene->asked), "scale %s %zu %lld", name, replicas, (long long)grace_limit_ms);
	return 0;
}

int supervisor_reload(struct supervisor *self, const struct supervisor_reload *request, supervisor_tell_changes *tell,
		      void *context, struct err *err)
{
	static const char *const added[] = {"new", NULL}, *const removed[] = {NULL}, *const keys[] = {"command", NULL};
	const struct supervisor_change changed = {"web", keys};

	(void)self;
	if (request->files != NULL && strcmp(request->files[0], "/wrong.yaml") == 0)
		return err_at(err, ERR_CONFIG, (struct err_place){"/wrong.yaml", 3, 7}, "unknown key 'comand'");
	snprintf(scene->asked, sizeof(scene->asked), "reload %s%s", request->files != NULL ? request->files[0] : "-",
		 request->dry_run ? " dry" : "");
	tell(context, &(struct supervisor_changes){added, removed, &changed, 1, 3, true});
	return 0;
}

void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "down %lld%s", (long long)grace_limit_ms,
		 reason == DOWN_TIMED_OUT ? " timeout" : "");
}

const struct strmap *supervisor_telemetry_environment(const struct supervisor *self)
{
	return &self->telemetry_environment;
}

uint64_t supervisor_telemetry_dropped(const struct supervisor *self)
{
	return self->telemetry_dropped;
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

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
