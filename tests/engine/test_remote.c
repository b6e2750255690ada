/* SPDX-License-Identifier: MIT */
/*
 * An engine that is not reached by its own socket: plain tcp://, a context with such an address, and its own client's `docker system dial-stdio`.
 * All that is known of one nearby is known of it too; only usage statistics do not reach its containers, which are told so.
 */
#include "tests/lib/ctl_ask.h"
#include "tests/lib/engine_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 20000
#define PROJECT "afar"

struct scene {
	struct world world;
	struct engine_run engine;
};
static struct scene scene;

static const char stack_text[] =
	"name: " PROJECT "\n"
	"x-upfront:\n"
	"  app: Parcel\n"
	"  telemetry:\n"
	"    notice: 1\n"
	"    controller: Parcel Inc.\n"
	"    policy: https://example.org/privacy\n"
	"    purpose: to learn which versions are in use\n"
	"    host: https://example.org\n"
	"    key: phc_none\n"
	"    env: {on: {PARCEL_STATISTICS: 'yes', POSTHOG_HOST: '${relay}'}, off: {PARCEL_STATISTICS: 'no'}}\n"
	"services:\n"
	"  store:\n"
	"    image: parcel/box:1.4\n"
	"    init: true\n"
	"    command: [sh, -c, 'echo statistics $$PARCEL_STATISTICS; exec sleep 1000']\n";

static void begin(void)
{
	if (scene.engine.pid == 0) {
		engine_run_begin(&scene.engine);
		engine_run_image(&scene.engine, "parcel/box:1.4", NULL);
	}
	world_begin(&scene.world);
	engine_run_lend(&scene.engine, &scene.world);
	world_write(&scene.world, "compose.yaml", stack_text);
}

static size_t left(void)
{
	return engine_run_count(&scene.engine, "ps -aq --filter label=com.docker.compose.project=" PROJECT) +
	       engine_run_count(&scene.engine, "network ls -q --filter label=com.docker.compose.project=" PROJECT);
}

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

/* ---- A way there ---- */

static int dial_engine(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, scene.engine.socket, strlen(scene.engine.socket) + 1);
	return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

/* Copies both ways until both have said their last. */
static void carry(int client, int engine)
{
	struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = engine, .events = POLLIN}};
	char buffer[65536];

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0)
			return;
		for (int i = 0; i < 2; i++) {
			const int to = i == 0 ? engine : client;
			ssize_t got, put = 0;

			if (fds[i].fd < 0 || fds[i].revents == 0)
				continue;
			got = read(fds[i].fd, buffer, sizeof buffer);
			if (got <= 0) {
				shutdown(to, SHUT_WR);
				fds[i].fd = -1;
			}
			for (ssize_t done = 0; done < got && put >= 0; done += put)
				put = send(to, buffer + done, (size_t)(got - done), MSG_NOSIGNAL);
			if (put < 0)
				return;
		}
	}
}

static void __attribute__((noreturn)) serve(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			carry(client, dial_engine());
			_exit(0);
		}
		close(client);
	}
}

/* A port of 127.0.0.1 that leads to the engine, by a process that is to be killed. */
static pid_t forward(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(listener);
	close(listener);
	return pid;
}

static void end_forward(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- What is known of it ---- */

static cJSON *known(void)
{
	struct run run;
	cJSON *answer;

	run_upfront(&run, &scene.world, "ps", "--json", NULL);
	run_assert_code(&run, 0);
	answer = cJSON_Parse(run.out.bytes);
	assert_non_null(answer);
	run_finish(&run);
	return answer;
}

/* By the engine's numbers: the process is not looked at, as it need not be one of this machine. */
static bool has_memory(const char *socket)
{
	char *answer = ctl_ask(socket, "GET", "/v1/stats", "");
	cJSON *body, *memory;
	bool well;

	assert_non_null(answer);
	assert_non_null(strstr(answer, "\r\n\r\n"));
	body = cJSON_Parse(strstr(answer, "\r\n\r\n") + 4);
	memory = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(body, "units"), 0), "rss_bytes");
	assert_true(cJSON_IsNumber(memory));
	well = memory->valuedouble > 0;
	cJSON_Delete(body);
	free(answer);
	return well;
}

static void wait_for_memory(void)
{
	const int64_t since_ms = world_now_ms();
	char *socket = strdup(world_search(&scene.world, PROJECT ".sock"));
	cJSON *unit = stack_unit(&scene.world, "store");

	assert_true(cJSON_IsNull(cJSON_GetObjectItem(unit, "pid")));
	cJSON_Delete(unit);
	while (!has_memory(socket))
		world_pause(since_ms, LIMIT_MS, "the memory of a container afar");
	free(socket);
}

static void wait_for_log(const char *text)
{
	const int64_t since_ms = world_now_ms();

	for (bool well = false; !well;) {
		struct run run;

		run_upfront(&run, &scene.world, "logs", "--no-log-prefix", "store", NULL);
		well = strcmp(run.out.bytes, text) == 0;
		run_finish(&run);
		if (!well)
			world_pause(since_ms, LIMIT_MS, text);
	}
}

static void up_and_down(const char *address)
{
	static const char *const up[] = {"upfront", "up", "-d", "--wait", "--telemetry=on", NULL};
	const struct run_options options = {.argv = up, .deadline_ms = 30000};
	const cJSON *engine;
	struct run run;
	cJSON *all;

	run_command(&run, &scene.world, &options);
	run_assert_code(&run, 0);
	run_finish(&run);
	all = known();
	engine = cJSON_GetObjectItem(all, "engine");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(engine, "address")), address);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(engine, "untold_why")),
			    "the engine runs on another machine");
	cJSON_Delete(all);
	wait_for_log("statistics no\n");
	run_upfront(&run, &scene.world, "ps", NULL);
	assert_non_null(strstr(run.out.bytes, "the engine runs on another machine"));
	run_finish(&run);
	run_upfront(&run, &scene.world, "telemetry", "status", NULL);
	assert_non_null(strstr(run.out.bytes, "the engine runs on another machine"));
	run_finish(&run);
	wait_for_memory();
	stack_end(&scene.world, 1);
	assert_int_equal(left(), 0);
}

static void test_tcp(void **state)
{
	char host[64];
	pid_t pid;
	int port;

	(void)state;
	begin();
	pid = forward(&port);
	snprintf(host, sizeof host, "tcp://127.0.0.1:%d", port);
	world_setenv(&scene.world, "DOCKER_HOST", host);
	up_and_down(host);
	end_forward(pid);
	world_end(&scene.world);
}

static void test_context(void **state)
{
	char host[64], endpoint[96];
	pid_t pid;
	int port;

	(void)state;
	begin();
	pid = forward(&port);
	snprintf(host, sizeof host, "tcp://127.0.0.1:%d", port);
	snprintf(endpoint, sizeof endpoint, "host=%s", host);
	world_setenv(&scene.world, "DOCKER_HOST", NULL);
	for (int i = 0; i < 2; i++) {
		const char *const create[] = {"docker", "context", "create", "afar", "--docker", endpoint, NULL};
		const char *const use[] = {"docker", "context", "use", "afar", NULL};
		const struct run_options options = {.argv = i == 0 ? create : use};
		struct run run;

		run_command(&run, &scene.world, &options);
		run_assert_code(&run, 0);
		run_finish(&run);
	}
	up_and_down(host);
	end_forward(pid);
	world_end(&scene.world);
}

/* Whatever its own client can reach is reached: here by one that knows a shorter way. */
static void test_client(void **state)
{
	static const char *const programs[] = {"docker", "docker-compose"};
	char *path = NULL;

	(void)state;
	begin();
	for (size_t i = 0; i < 2; i++) {
		char name[64], *text = NULL;

		snprintf(name, sizeof name, "bin/%s", programs[i]);
		assert_true(asprintf(&text,
				     "#!/bin/sh\n"
				     "[ \"$DOCKER_HOST\" = ssh://keeper@afar.invalid ] || exit 9\n"
				     "DOCKER_HOST=%s exec /usr/bin/%s \"$@\"\n",
				     scene.engine.host, programs[i]) > 0);
		world_write(&scene.world, name, text);
		free(text);
	}
	assert_true(asprintf(&path, "%s:%s", world_path(&scene.world, "bin"), getenv("PATH")) > 0);
	world_setenv(&scene.world, "PATH", path);
	free(path);
	world_setenv(&scene.world, "DOCKER_HOST", "ssh://keeper@afar.invalid");
	up_and_down("ssh://keeper@afar.invalid");
	world_end(&scene.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests_name("an engine afar", tests, NULL, end_group);
}
