/* SPDX-License-Identifier: MIT */
/*
 * The compose engine in a loop of its own, before a container engine and a Compose program that are played: the containers of the scene are what
 * the one tells of, and the other is a shell script that says how it was called and ends as the test lets it.
 */
#ifndef UPFRONT_TESTS_UNIT_ENGINE_COMPOSE_SCENE_H
#define UPFRONT_TESTS_UNIT_ENGINE_COMPOSE_SCENE_H

#include "launcher/engine/compose.h"
#include "launcher/engine/containers_end.h"
#include "launcher/engine/engine.h"

#include "config/err.h"
#include "config/stack.h"
#include "tests/lib/children.h"
#include "tests/lib/docker_play.h"
#include "tests/lib/stack_text.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENE_UNITS 4u
#define SCENE_CONTAINERS 6u
#define SCENE_PROJECT "shop"

struct scene_container {
	char id[65]; /* "": not there */
	const char *service;
	int number;
	const char *state; /* "created", "running", "paused", "restarting", "exited" */
	int started, finished; /* seconds after ten o'clock; 0: never */
	int code;
	bool oom;
	const char *health; /* NULL: none declared */
	const char *output; /* of the health check */
	const char *error;
};

struct scene_seen {
	char told[512]; /* "started exited(3) ..." */
	char failure[1024], hint[512], detail[128];
	enum err_code failure_code;
	enum err_cause failure_cause;
	struct engine_exit exit;
	bool has_health;
	char id[16];
};

struct scene {
	struct event_base *base;
	struct docker_play *play;
	struct docker_play_call *events; /* the stream that stands; NULL: none */
	struct event *signals, *begun;
	int signal_fd, begun_fd, go_fd;
	char *folder, *program;
	struct compose_setup setup;
	struct strmap environment, telemetry;
	struct stack_text text;
	struct engine *engine;
	struct scene_container containers[SCENE_CONTAINERS];
	int now; /* seconds after ten o'clock */
	bool mute; /* events are lost */
	bool podman; /* its events are in Podman's words */
	bool hold_stops; /* stops are not answered */
	char calls[2048]; /* of the Compose program, a line each */
	int call_count;
	struct scene_seen seen[SCENE_UNITS];
	char world[512]; /* "away back closed" */
	char away[512], closed[1024];
	bool in_operation;
};

/* ---- What the engine reports ---- */

static inline struct scene_seen *scene_note(struct scene *scene, unsigned unit, const char *what)
{
	struct scene_seen *seen = &scene->seen[unit];
	size_t used = strlen(seen->told);

	assert_false(scene->in_operation); /* reports come from the loop */
	snprintf(seen->told + used, sizeof seen->told - used, "%s%s", used > 0 ? " " : "", what);
	return seen;
}

static inline void scene_on_started(void *context, unsigned unit, const struct engine_start *start)
{
	struct scene_seen *seen = scene_note(context, unit, "started");

	seen->has_health = start->has_health;
	snprintf(seen->id, sizeof seen->id, "%s", start->id);
}

static inline void scene_on_failed(void *context, unsigned unit, const struct err *why)
{
	struct scene_seen *seen = scene_note(context, unit, "failed");

	assert_true(why->count > 0);
	snprintf(seen->failure, sizeof seen->failure, "%s", why->items[0].message);
	snprintf(seen->hint, sizeof seen->hint, "%s", why->items[0].hint != NULL ? why->items[0].hint : "");
	seen->failure_code = why->code;
	seen->failure_cause = why->cause;
}

static inline void scene_on_exited(void *context, unsigned unit, const struct engine_exit *how)
{
	char what[64];

	snprintf(what, sizeof what, "%s(%d)%s%s", how->signaled ? "killed" : "exited",
		 how->signaled ? how->signal : how->code, how->oom ? "!" : "", how->restarting ? "+" : "");
	scene_note(context, unit, what)->exit = *how;
}

static inline void scene_on_health(void *context, unsigned unit, bool well, const char *detail)
{
	struct scene_seen *seen = scene_note(context, unit, well ? "well" : "ill");

	snprintf(seen->detail, sizeof seen->detail, "%s", detail != NULL ? detail : "");
}

static inline bool scene_on_output(void *context, unsigned unit, enum engine_stream stream, const char *bytes,
				   size_t size_bytes, int64_t time_ms)
{
	(void)context, (void)unit, (void)stream, (void)bytes, (void)size_bytes, (void)time_ms;
	return true;
}

static inline void scene_on_output_ended(void *context, unsigned unit)
{
	(void)context, (void)unit;
}

static inline void scene_world(struct scene *scene, const char *what)
{
	size_t used = strlen(scene->world);

	assert_false(scene->in_operation);
	snprintf(scene->world + used, sizeof scene->world - used, "%s%s", used > 0 ? " " : "", what);
}

static inline void scene_on_reachable(void *context, const struct err *why)
{
	struct scene *scene = context;

	scene_world(scene, why != NULL ? "away" : "back");
	if (why != NULL)
		snprintf(scene->away, sizeof scene->away, "%s", why->items[0].message);
}

static inline void scene_on_closed(void *context, const struct err *why)
{
	struct scene *scene = context;

	scene_world(scene, why != NULL ? "left" : "closed");
	if (why != NULL)
		snprintf(scene->closed, sizeof scene->closed, "%s; %s", why->items[0].message, why->items[0].hint);
}

static const struct engine_events scene_events = {.started = scene_on_started,
						  .start_failed = scene_on_failed,
						  .exited = scene_on_exited,
						  .health = scene_on_health,
						  .output = scene_on_output,
						  .output_ended = scene_on_output_ended,
						  .reachable = scene_on_reachable,
						  .closed = scene_on_closed};

/* ---- The container engine, as it is played ---- */

static inline void scene_time(int seconds, char text[40])
{
	if (seconds == 0)
		snprintf(text, 40, "0001-01-01T00:00:00Z");
	else
		snprintf(text, 40, "2026-11-21T10:%02d:%02d.000000000Z", seconds / 60, seconds % 60);
}

static inline struct scene_container *scene_find(struct scene *scene, const char *path)
{
	for (size_t i = 0; i < SCENE_CONTAINERS; i++)
		if (scene->containers[i].id[0] != '\0' && strstr(path, scene->containers[i].id) != NULL)
			return &scene->containers[i];
	return NULL;
}

static inline void scene_labels(const struct scene_container *container, char text[512])
{
	snprintf(text, 512,
		 "\"com.docker.compose.project\":\"" SCENE_PROJECT "\",\"com.docker.compose.service\":\"%s\","
		 "\"com.docker.compose.container-number\":\"%d\",\"com.docker.compose.oneoff\":\"False\"",
		 container->service, container->number);
}

static inline void scene_on_inspect(void *context, struct docker_play_call *call)
{
	const struct scene_container *container = scene_find(context, docker_play_path(call));
	char body[2048], health[512] = "", started[40], finished[40];

	if (container == NULL) {
		docker_play_answer(call, 404, "{\"message\":\"No such container\"}");
		return;
	}
	scene_time(container->started, started);
	scene_time(container->finished, finished);
	if (container->health != NULL)
		snprintf(health, sizeof health, ",\"Health\":{\"Status\":\"%s\",\"Log\":[{\"Output\":\"%s\"}]}",
			 container->health, container->output != NULL ? container->output : "");
	snprintf(body, sizeof body,
		 "{\"Id\":\"%s\",\"State\":{\"Status\":\"%s\",\"Running\":%s,\"Paused\":%s,\"Restarting\":%s,"
		 "\"OOMKilled\":%s,"
		 "\"Pid\":0,\"ExitCode\":%d,\"Error\":\"%s\",\"StartedAt\":\"%s\",\"FinishedAt\":\"%s\"%s},"
		 "\"Config\":{\"Tty\":false}}",
		 container->id, container->state,
		 strcmp(container->state, "exited") != 0 && strcmp(container->state, "created") != 0 ? "true" : "false",
		 strcmp(container->state, "paused") == 0 ? "true" : "false",
		 strcmp(container->state, "restarting") == 0 ? "true" : "false", container->oom ? "true" : "false",
		 container->code, container->error != NULL ? container->error : "", started, finished, health);
	docker_play_answer(call, 200, body);
}

static inline void scene_on_list(void *context, struct docker_play_call *call)
{
	struct scene *scene = context;
	char body[8192] = "[", labels[512];
	size_t used = 1;

	for (size_t i = 0; i < SCENE_CONTAINERS; i++) {
		const struct scene_container *container = &scene->containers[i];

		if (container->id[0] == '\0')
			continue;
		scene_labels(container, labels);
		used += (size_t)snprintf(body + used, sizeof body - used,
					 "%s{\"Id\":\"%s\",\"State\":\"%s\",\"Created\":%zu,\"Labels\":{%s}}",
					 used > 1 ? "," : "", container->id, container->state, i, labels);
	}
	snprintf(body + used, sizeof body - used, "]");
	docker_play_answer(call, 200, body);
}

static inline void scene_on_events(void *context, struct docker_play_call *call)
{
	struct scene *scene = context;

	docker_play_stream(call);
	scene->events = call;
}

/* An event about a container, as Docker sends it. */
static inline void scene_event(struct scene *scene, const struct scene_container *container, const char *action)
{
	char text[2048], labels[512];

	if (scene->mute || scene->events == NULL || !docker_play_is_open(scene->events))
		return;
	scene_labels(container, labels);
	snprintf(text, sizeof text,
		 "{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{\"signal\":\"15\","
		 "\"%s\":\"%d\",%s}},\"time\":%lld,\"timeNano\":%lld000000000}\n",
		 action, container->id, scene->podman ? "containerExitCode" : "exitCode", container->code, labels,
		 1795255200LL + scene->now, 1795255200LL + scene->now);
	docker_play_send_text(scene->events, text);
}

static inline struct scene_container *scene_create(struct scene *scene, size_t index, const char *service, int number)
{
	struct scene_container *container = &scene->containers[index];

	*container = (struct scene_container){.service = service, .number = number, .state = "created"};
	snprintf(container->id, sizeof container->id, "%064zx", index + 0xa0u + (size_t)scene->now * 4096u);
	scene_event(scene, container, "create");
	return container;
}

static inline void scene_begin(struct scene *scene, struct scene_container *container)
{
	container->state = "running";
	container->started = ++scene->now;
	container->code = 0;
	container->oom = false;
	scene_event(scene, container, "start");
}

static inline void scene_end(struct scene *scene, struct scene_container *container, int code)
{
	container->state = "exited";
	container->finished = ++scene->now;
	container->code = code;
	scene_event(scene, container, scene->podman ? "died" : "die");
}

static inline void scene_remove(struct scene *scene, struct scene_container *container)
{
	struct scene_container gone = *container;

	container->id[0] = '\0';
	scene_event(scene, &gone, scene->podman ? "remove" : "destroy");
}

/* A service's container made and started. */
static inline struct scene_container *scene_run(struct scene *scene, size_t index, const char *service, int number)
{
	struct scene_container *container = scene_create(scene, index, service, number);

	scene_begin(scene, container);
	return container;
}

static inline void scene_on_stop(void *context, struct docker_play_call *call)
{
	struct scene *scene = context;
	struct scene_container *container = scene_find(scene, docker_play_path(call));

	if (scene->hold_stops)
		return;
	if (container == NULL) {
		docker_play_answer(call, 404, "{\"message\":\"No such container\"}");
		return;
	}
	if (strcmp(container->state, "exited") != 0) {
		container->code = container->code != 0 ? container->code : 128 + SIGTERM;
		scene_end(scene, container, container->code);
	}
	docker_play_answer(call, 204, NULL);
}

static inline void scene_on_kill(void *context, struct docker_play_call *call)
{
	struct scene *scene = context;
	struct scene_container *container = scene_find(scene, docker_play_path(call));
	const char *signal = strstr(docker_play_path(call), "signal=");

	if (container == NULL || strcmp(container->state, "running") != 0) {
		docker_play_answer(call, 409, "{\"message\":\"is not running\"}");
		return;
	}
	scene_end(scene, container, 128 + (signal != NULL ? atoi(signal + 7) : SIGKILL));
	docker_play_answer(call, 204, NULL);
}

static inline void scene_on_delete(void *context, struct docker_play_call *call)
{
	struct scene *scene = context;
	struct scene_container *container = scene_find(scene, docker_play_path(call));

	if (container != NULL)
		scene_remove(scene, container);
	docker_play_answer(call, container != NULL ? 204 : 404, NULL);
}

static inline void scene_routes(struct scene *scene)
{
	struct docker_play *play = scene->play;

	docker_play_handler(play, "GET", "/events*", scene_on_events, scene);
	docker_play_handler(play, "GET", "/containers/*/json", scene_on_inspect, scene);
	docker_play_handler(play, "GET", "/containers/json*", scene_on_list, scene);
	docker_play_handler(play, "POST", "/containers/*/stop*", scene_on_stop, scene);
	docker_play_handler(play, "POST", "/containers/*/kill*", scene_on_kill, scene);
	docker_play_handler(play, "DELETE", "/containers/*", scene_on_delete, scene);
	docker_play_handler(play, "GET", "/containers/*/logs*follow=1*", NULL, NULL);
	docker_play_route(play, "GET", "/containers/*/logs*follow=0*", 200, "");
	docker_play_route(play, "GET", "/_ping", 200, "{}");
	docker_play_route(play, "GET", "/networks*", 200, "[]");
	docker_play_route(play, "GET", "/volumes*", 200, "{\"Volumes\":[]}");
	docker_play_route(play, "GET", "/images/*", 200, "{\"Id\":\"sha256:1\"}");
}

/* ---- The loop around it ---- */

static inline void scene_on_signal(evutil_socket_t fd, short what, void *context)
{
	struct scene *scene = context;
	struct signalfd_siginfo info;
	siginfo_t child = {0};

	(void)what;
	while (read(fd, &info, sizeof info) > 0)
		;
	while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG) == 0 && child.si_pid != 0) {
		struct engine_exit how = {.signaled = child.si_code != CLD_EXITED};

		if (how.signaled)
			how.signal = child.si_status;
		else
			how.code = child.si_status;
		(void)engine_compose.reaped(scene->engine, child.si_pid, &how);
		child.si_pid = 0;
	}
}

static inline void scene_on_begun(evutil_socket_t fd, short what, void *context)
{
	struct scene *scene = context;
	size_t used = strlen(scene->calls);
	ssize_t got = read(fd, scene->calls + used, sizeof scene->calls - 1 - used);

	(void)what;
	for (ssize_t i = 0; i < got; i++)
		scene->call_count += scene->calls[used + (size_t)i] == '\n';
}

static inline void scene_write(const struct scene *scene, const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", scene->folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline int scene_fifo(const struct scene *scene, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", scene->folder, name);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

#define SCENE_STACK                                                                      \
	"name: " SCENE_PROJECT "\n"                                                      \
	"services:\n"                                                                    \
	"  db: {image: db, restart: always}\n"                                           \
	"  web: {image: web, depends_on: [db], environment: {KEY_TOKEN: sesame-open}}\n" \
	"  job: {image: job}\n"

static inline void scene_make_engine(struct scene *scene)
{
	struct engine_options options = {.base = scene->base,
					 .stack = scene->text.stack,
					 .environment = &scene->environment,
					 .telemetry = &scene->telemetry,
					 .marker = "UPFRONT_STACK=test",
					 .events = &scene_events,
					 .context = scene,
					 .compose = &scene->setup,
					 .source = scene->text.source,
					 .interpolation = &scene->telemetry,
					 .state_dir = scene->folder,
					 .runtime_dir = scene->folder};

	scene->engine = engine_compose.create(&options, NULL);
	assert_non_null(scene->engine);
}

static inline int scene_setup(void **state)
{
	static const char script[] = "#!/bin/sh\n"
				     "cd \"${0%/*}\" || exit 99\n"
				     "echo \"$*\" >begun\n"
				     "read -r code <go\n"
				     "[ ! -e says ] || cat says >&2\n"
				     "exit \"$code\"\n";
	struct scene *scene = calloc(1, sizeof *scene);
	sigset_t set;

	signal(SIGPIPE, SIG_IGN); /* as all of upfront's programs do */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	scene->base = event_base_new();
	scene->play = docker_play_create(scene->base);
	scene->folder = children_make_folder();
	scene->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	scene->signals = event_new(scene->base, scene->signal_fd, EV_READ | EV_PERSIST, scene_on_signal, scene);
	event_add(scene->signals, NULL);
	scene->begun_fd = scene_fifo(scene, "begun");
	scene->go_fd = scene_fifo(scene, "go");
	scene->begun = event_new(scene->base, scene->begun_fd, EV_READ | EV_PERSIST, scene_on_begun, scene);
	event_add(scene->begun, NULL);
	scene_write(scene, "compose", script, 0700);
	assert_true(asprintf(&scene->program, "%s/compose", scene->folder) > 0);
	docker_play_endpoint(scene->play, &scene->setup.endpoint);
	scene->setup.cli = (struct compose_cli){
		.argv = {scene->program}, .shown = strdup("docker-compose"), .version = strdup("2.29.7"), .major = 2};
	strmap_init(&scene->environment);
	strmap_init(&scene->telemetry);
	strmap_set(&scene->environment, "PATH", "/usr/bin:/bin");
	stack_text_resolve(&scene->text, SCENE_STACK, NULL);
	assert_string_equal(scene->text.errors, "");
	scene->text.stack->dir = scene->folder;
	scene_routes(scene);
	scene_make_engine(scene);
	*state = scene;
	return 0;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;
	bool none;

	engine_compose.destroy(scene->engine);
	while (waitpid(-1, NULL, 0) > 0)
		;
	none = children_none_left();
	docker_play_destroy(scene->play);
	docker_endpoint_finish(&scene->setup.endpoint);
	free(scene->setup.cli.shown);
	free(scene->setup.cli.version);
	free(scene->program);
	event_free(scene->signals);
	event_free(scene->begun);
	event_base_free(scene->base);
	close(scene->signal_fd);
	close(scene->begun_fd);
	close(scene->go_fd);
	stack_text_finish(&scene->text);
	strmap_finish(&scene->environment);
	strmap_finish(&scene->telemetry);
	children_remove_folder(scene->folder);
	free(scene);
	return none ? 0 : -1;
}

/* ---- What a test does and waits for ---- */

static inline void scene_start(struct scene *scene, unsigned unit, const char *service, int replica)
{
	scene->in_operation = true;
	engine_compose.start(scene->engine, unit, stack_find_service(scene->text.stack, service), replica);
	scene->in_operation = false;
}

static inline int scene_stop(struct scene *scene, unsigned unit, int64_t grace_ms)
{
	int rc;

	scene->in_operation = true;
	rc = engine_compose.stop(scene->engine, unit, SIGTERM, grace_ms);
	scene->in_operation = false;
	return rc;
}

struct scene_wait {
	const char *text, *end;
	const int *count;
	int least;
};

static inline bool scene_has(void *context)
{
	const struct scene_wait *wait = context;
	size_t size = strlen(wait->text), end = wait->end != NULL ? strlen(wait->end) : 0;

	if (wait->count != NULL)
		return *wait->count >= wait->least;
	return size >= end && strcmp(wait->text + size - end, wait->end) == 0;
}

/* Until what was told of the unit ends so. */
static inline void scene_until(struct scene *scene, unsigned unit, const char *end)
{
	docker_play_until_so(scene->play, scene_has, &(struct scene_wait){.text = scene->seen[unit].told, .end = end});
}

static inline void scene_until_world(struct scene *scene, const char *end)
{
	docker_play_until_so(scene->play, scene_has, &(struct scene_wait){.text = scene->world, .end = end});
}

/* Until the Compose program was called so often. */
static inline void scene_until_called(struct scene *scene, int times)
{
	docker_play_until_so(scene->play, scene_has,
			     &(struct scene_wait){.text = "", .count = &scene->call_count, .least = times});
}

/* Lets the call end. */
static inline void scene_let(struct scene *scene, int code, const char *says)
{
	char line[16];
	int size = snprintf(line, sizeof line, "%d\n", code);

	scene_write(scene, "says", says, 0600);
	assert_int_equal(write(scene->go_fd, line, (size_t)size), size);
}

/* One service's container, started by a call that has ended. */
static inline struct scene_container *scene_up(struct scene *scene, unsigned unit, const char *service)
{
	struct scene_container *container;
	int calls = scene->call_count;

	scene_start(scene, unit, service, 1);
	scene_until_called(scene, calls + 1);
	container = scene_run(scene, unit, service, 1);
	scene_until(scene, unit, "started");
	scene_let(scene, 0, "");
	docker_play_await(scene->play, "GET", "/containers/json*", (size_t)calls + 2);
	return container;
}

#endif
