/* SPDX-License-Identifier: MIT */
/* What `upfront doctor` says of a container engine, which a child of the test plays, and of one that it does not ask. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <errno.h>
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

static const char stack[] = "services:\n"
			    "  here: {image: 'here:1'}\n"
			    "  again: {image: 'here:1'}\n"
			    "  gone: {image: 'gone/x:2'}\n"
			    "  never: {image: 'never:3', pull_policy: never}\n"
			    "  built: {image: 'built:4', build: .}\n"
			    "  odd: {image: 'odd:5'}\n"
			    "  native: {command: /bin/sleep 1}\n";

static void answer(int client)
{
	char request[4096];
	size_t size = 0;

	for (;;) {
		const char *status = "404 Not Found", *body = "{\"message\":\"No such image: x\"}";
		const ssize_t got = read(client, request + size, sizeof(request) - 1 - size);

		if (got <= 0)
			return;
		size += (size_t)got;
		request[size] = '\0';
		if (strstr(request, "\r\n\r\n") == NULL)
			continue;
		if (strstr(request, "/version ") != NULL) {
			status = "200 OK";
			body = "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}";
		} else if (strstr(request, "/info ") != NULL) {
			status = "200 OK";
			body = "{\"DockerRootDir\":\"/\",\"OperatingSystem\":\"Docker Desktop\"}";
		} else if (strstr(request, "/networks/bridge ") != NULL || strstr(request, "/images/here") != NULL) {
			status = "200 OK";
			body = "{}";
		} else if (strstr(request, "/images/odd") != NULL) {
			status = "500 Internal Server Error";
			body = "{\"message\":\"the store is locked\"}";
		}
		dprintf(client, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			status, strlen(body), body);
		size = 0;
	}
}

/* One connection after the other, until it is killed. */
static pid_t play(struct world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char host[WORLD_PATH_MAX + 16];
	pid_t pid;

	assert_in_range(snprintf(address.sun_path, sizeof(address.sun_path), "%s/d.sock", world->dir), 1,
			sizeof(address.sun_path) - 1);
	snprintf(host, sizeof(host), "unix://%s", address.sun_path);
	world_setenv(world, "DOCKER_HOST", host);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			const int client = accept(listener, NULL, NULL);

			answer(client);
			close(client);
		}
	}
	close(listener);
	return pid;
}

static void end(const struct world *world, pid_t pid)
{
	char path[WORLD_PATH_MAX];

	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	snprintf(path, sizeof(path), "%s/d.sock", world->dir);
	unlink(path);
}

static int setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack);
	world_write(world, "bin/docker-compose", "#!/bin/sh\necho 1.29.2\n");
	world_setenv(world, "PATH", world_path(world, "bin"));
	return 0;
}

static void shows(const struct run *run, const char *line)
{
	if (strstr(run->out.bytes, line) == NULL)
		fail_msg("not in the table: %s\n%s", line, run->out.bytes);
}

static void test_engine_program_and_images_are_told(void **state)
{
	struct world *world = *state;
	const pid_t pid = play(world);
	struct run run;

	run_upfront(&run, world, "doctor", NULL);
	end(world, pid);
	run_assert_code(&run, 4);
	shows(&run, "\nengine          ok       Docker 20.10.24 at unix://");
	shows(&run, "\ncompose         ok       docker-compose 1.29.2");
	shows(&run, "\nengine room     ");
	shows(&run, "\nimage here:1    ok       is here\n");
	shows(&run, "\nimage gone/x:2  warn     is not here yet\n");
	shows(&run, "\nimage never:3   missing  is not here, and is never to be pulled\n");
	shows(&run, "\nimage built:4   ok       is built by up\n");
	shows(&run, "\nimage odd:5     warn     the container engine: the store is locked\n");
	assert_null(strstr(strstr(run.out.bytes, "image here:1") + 1, "image here:1"));
	run_finish(&run);
}

static void test_an_engine_that_is_not_there_has_its_mend(void **state)
{
	struct world *world = *state;
	struct run run;

	world_setenv(world, "DOCKER_HOST", "unix:///nowhere/docker.sock");
	world_setenv(world, "PATH", "/nowhere");
	run_upfront(&run, world, "doctor", "gone", NULL);
	run_assert_code(&run, 4);
	shows(&run, "\nengine          missing  no container engine listens at unix:///nowhere/docker.sock");
	shows(&run, "hint: start it, or say with DOCKER_HOST");
	shows(&run, "\ncompose         missing  ");
	assert_null(strstr(run.out.bytes, "\nimage"));
	run_finish(&run);
	/* Who needs no containers is told nothing of them. */
	world_setenv(world, "PATH", "/bin");
	run_upfront(&run, world, "doctor", "native", NULL);
	run_assert_code(&run, 0);
	assert_null(strstr(run.out.bytes, "\nengine"));
	run_finish(&run);
}

static void test_an_engine_elsewhere_is_not_asked(void **state)
{
	struct world *world = *state;
	struct run run;

	/* TEST-NET-1: nobody is there, and to connect would take its time. */
	world_setenv(world, "DOCKER_HOST", "tcp://192.0.2.1:2375");
	run_upfront(&run, world, "doctor", "gone", NULL);
	run_assert_code(&run, 0);
	shows(&run, "\nengine          warn   Docker at tcp://192.0.2.1:2375 (DOCKER_HOST says so): not asked\n");
	assert_null(strstr(run.out.bytes, "\nimage"));
	run_finish(&run);
}

static void test_whether_containers_reach_the_relay(void **state)
{
	struct world *world = *state;
	struct run run;
	pid_t pid;

	world_write(world, "compose.yaml",
		    "x-upfront: {app: Shop, telemetry: {host: 'file:events.jsonl', key: k}}\nservices: {here: {image: "
		    "'here:1'}}\n");
	pid = play(world);
	run_upfront(&run, world, "doctor", NULL);
	end(world, pid);
	run_assert_code(&run, 0);
	shows(&run, "\nrelay           warn   containers cannot reach this machine: Docker Desktop runs containers in "
		    "a machine");
	run_finish(&run);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_engine_program_and_images_are_told),
		TEST(test_an_engine_that_is_not_there_has_its_mend),
		TEST(test_an_engine_elsewhere_is_not_asked),
		TEST(test_whether_containers_reach_the_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
