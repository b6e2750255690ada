/* SPDX-License-Identifier: MIT */
/*
 * What a Compose program says, in whichever words its version has: a port that is taken, a dependency that is not well, a build and its
 * failure; and its own variables, which people have set for other uses.
 */
#include "tests/lib/engine_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROJECT "parcels"

struct scene {
	struct world world;
	struct engine_run engine;
};
static struct scene scene;

static void begin(const char *stack)
{
	if (scene.engine.pid == 0) {
		engine_run_begin(&scene.engine);
		engine_run_image(&scene.engine, "parcel/box:1.4", NULL);
	}
	world_begin(&scene.world);
	engine_run_lend(&scene.engine, &scene.world);
	world_write(&scene.world, "compose.yaml", stack);
}

static void end(void)
{
	world_wait_gone(&scene.world, "", 3000);
	assert_int_equal(engine_run_count(&scene.engine, "ps -aq --filter label=com.docker.compose.project=" PROJECT),
			 0);
	assert_int_equal(
		engine_run_count(&scene.engine, "network ls -q --filter label=com.docker.compose.project=" PROJECT), 0);
	world_end(&scene.world);
}

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

static void up(struct run *run, int code)
{
	static const char *const argv[] = {"upfront", "up", "-d", "--wait", NULL};
	const struct run_options options = {.argv = argv, .deadline_ms = 30000};

	run_command(run, &scene.world, &options);
	run_assert_code(run, code);
}

/* The container is made, and cannot be started: it is that one's trouble, and not of the one that needs it. */
static void test_port_taken(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	char text[512], port[32];
	struct run run;
	int fd;

	(void)state;
	begin("services: {}\n");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
	snprintf(text, sizeof text,
		 "name: " PROJECT "\n"
		 "services:\n"
		 "  hall: {image: 'parcel/box:1.4', init: true, command: sleep 1000, ports: ['127.0.0.1:%s:80']}\n"
		 "  desk: {image: 'parcel/box:1.4', init: true, command: sleep 1000, depends_on: [hall]}\n",
		 port);
	world_write(&scene.world, "compose.yaml", text);
	up(&run, 4);
	run_assert_says(&run, "service 'hall'");
	run_assert_says(&run, port);
	run_finish(&run);
	close(fd);
	end();
}

/* Told of whom: the one that is ill, not the one that waits for it alone. */
static void test_dependency_ill(void **state)
{
	struct run run;

	(void)state;
	begin("name: " PROJECT "\n"
	      "services:\n"
	      "  store:\n"
	      "    {image: 'parcel/box:1.4', init: true, command: sleep 1000, stop_grace_period: 1s,\n"
	      "     healthcheck: {test: [CMD, 'false'], interval: 100ms, retries: 1}}\n"
	      "  desk:\n"
	      "    {image: 'parcel/box:1.4', init: true, command: sleep 1000,\n"
	      "     depends_on: {store: {condition: service_healthy}}}\n");
	up(&run, 1);
	run_assert_says(&run, "store");
	run_assert_says(&run, "its health check: exited with code 1");
	run_finish(&run);
	end();
}

/* Variables of its own change neither what is said nor what is followed, and what is built runs. */
static void test_built(void **state)
{
	static const char *const argv[] = {"upfront", "up", "--telemetry=off", NULL};
	const struct run_options options = {.argv = argv, .deadline_ms = 30000};
	struct run run;

	(void)state;
	begin("name: " PROJECT "\n"
	      "services:\n"
	      "  press:\n"
	      "    {build: ./press, init: true, command: [sh, -c, 'cat /made; exec sleep 1000'], stop_grace_period: "
	      "1s}\n");
	world_write(&scene.world, "press/Dockerfile",
		    "FROM parcel/box:1.4\nRUN echo printing now\nRUN echo made of paper >/made\n");
	world_write(&scene.world, "more.yaml",
		    "services:\n"
		    "  more: {image: 'parcel/box:1.4', command: echo more of it, profiles: [more]}\n");
	world_setenv(&scene.world, "COMPOSE_ANSI", "always");
	world_setenv(&scene.world, "COMPOSE_PROGRESS", "json");
	world_setenv(&scene.world, "COMPOSE_FILE", "compose.yaml,more.yaml");
	world_setenv(&scene.world, "COMPOSE_PATH_SEPARATOR", ",");
	world_setenv(&scene.world, "COMPOSE_COMPATIBILITY", "true");
	world_setenv(&scene.world, "COMPOSE_PROFILES", "much,more");
	world_setenv(&scene.world, "COMPOSE_REMOVE_ORPHANS", "true");
	run_begin(&run, &scene.world, &options);
	run_expect(&run, "made of paper");
	run_expect(&run, "more of it");
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_finish(&run);
	end();
}

/* The words of what failed, not of what was built around it. */
static void test_build_fails(void **state)
{
	struct run run;

	(void)state;
	begin("name: " PROJECT "\n"
	      "services:\n"
	      "  print: {build: ./press, init: true, command: sleep 1000}\n"
	      "  desk: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n");
	world_write(&scene.world, "press/Dockerfile", "FROM parcel/box:1.4\nRUN echo no ink left && exit 3\n");
	up(&run, 1);
	run_assert_says(&run, "service 'print': cannot start its container: its image cannot be built: in 'RUN echo no "
			      "ink left && exit 3': no ink left");
	run_assert_says(&run, "desk failed: its container was not started, because of another one");
	run_finish(&run);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_taken),
		cmocka_unit_test(test_dependency_ill),
		cmocka_unit_test(test_built),
		cmocka_unit_test(test_build_fails),
	};

	return cmocka_run_group_tests_name("what Compose programs say", tests, NULL, end_group);
}
