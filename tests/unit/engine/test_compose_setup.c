/* SPDX-License-Identifier: MIT */
/* What is found of a container engine before anybody is asked, with an engine that a child of the test plays. */
#include "launcher/engine/compose.h"

#include "config/err.h"
#include "tests/lib/children.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define VERSION "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}"
/* Podman says what it is, whatever its socket is called. */
#define PODMAN                                                                                           \
	"{\"Components\":[{\"Name\":\"Podman Engine\",\"Version\":\"20.10.24\"},{\"Name\":\"Conmon\"}]," \
	"\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.24\"}"
#define NETWORK(gateway)                                                                          \
	"{\"IPAM\":{\"Config\":[{\"Subnet\":\"fd00::/64\",\"Gateway\":\"fd00::1\"},{\"Gateway\":" \
	"\"" gateway "\"}]}}"

/* Without a gateway, as Docker 20.10 tells it. */
#define NAMED(name) "{\"IPAM\":{\"Config\":[{}]},\"Options\":{\"com.docker.network.bridge.name\":\"" name "\"}}"

struct answers {
	const char *version, *info, *network;
};

static void answer(int client, const struct answers *answers)
{
	char request[4096];
	size_t size = 0;

	for (;;) {
		const char *body = NULL;
		ssize_t got = read(client, request + size, sizeof(request) - 1 - size);

		if (got <= 0)
			return;
		size += (size_t)got;
		request[size] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		if (strstr(request, "/version "))
			body = answers->version;
		else if (strstr(request, "/info "))
			body = answers->info;
		else if (strstr(request,
				strcmp(answers->version, PODMAN) == 0 ? "/networks/podman " : "/networks/bridge "))
			body = answers->network;
		dprintf(client, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			body ? "200 OK" : "500 Internal Server Error", strlen(body ? body : "{}"), body ? body : "{}");
		size = 0;
	}
}

/* One connection after the other, until it is killed. */
static pid_t play(struct world *world, const struct answers *answers)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char host[WORLD_PATH_MAX + 16];
	pid_t pid;

	assert_in_range(snprintf(address.sun_path, sizeof(address.sun_path), "%s/d.sock", world->dir), 1,
			sizeof(address.sun_path) - 1);
	snprintf(host, sizeof(host), "unix://%s", address.sun_path);
	world_setenv(world, "DOCKER_HOST", host);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int client = accept(listener, NULL, NULL);

			/* A client may keep its connection while it asks by another. */
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				answer(client, answers);
				_exit(0);
			}
			close(client);
		}
	}
	close(listener);
	return pid;
}

static void end(struct world *world, pid_t pid)
{
	char path[WORLD_PATH_MAX];

	kill(pid, SIGKILL);
	children_wait(pid);
	snprintf(path, sizeof(path), "%s/d.sock", world->dir);
	unlink(path);
}

static void install(struct world *world)
{
	world_write(world, "bin/docker-compose", "#!/bin/sh\necho 1.29.2\n");
	world_setenv(world, "PATH", world_path(world, "bin"));
}

static void test_found(void **state)
{
	static const struct {
		struct answers answers;
		const char *bridge, *why;
	} cases[] = {
		/* An address that every machine has stands for the bridge's. */
		{{VERSION, "{}", NETWORK("127.0.0.1")}, "127.0.0.1", NULL},
		{{VERSION, "{}", NAMED("lo")}, "127.0.0.1", NULL},
		{{VERSION, "{}", NAMED("none-such")}, NULL, "the engine has no bridge"},
		{{VERSION, "{}", NETWORK("192.0.2.7")}, NULL, "the engine's bridge is not on this machine"},
		{{VERSION, "{}", "{\"IPAM\":{}}"}, NULL, "the engine has no bridge"},
		/* One that says no more than which interface is its bridge: again one that every machine has. */
		{{VERSION, "{}", "{\"Options\":{\"com.docker.network.bridge.name\":\"lo\"}}"}, "127.0.0.1", NULL},
		{{VERSION, "{}", "{\"Options\":{\"com.docker.network.bridge.name\":\"no-such\"}}"},
		 NULL,
		 "the engine has no bridge"},
		{{VERSION, "{}", NETWORK("nonsense")}, NULL, "the engine has no bridge"},
		{{VERSION, "{}", NULL}, NULL, "the engine does not tell its bridge"},
		{{VERSION, NULL, NETWORK("127.0.0.1")}, NULL, "the engine does not tell its bridge"},
		{{VERSION, "{\"SecurityOptions\":[\"name=seccomp\",\"name=rootless\"]}", NETWORK("127.0.0.1")},
		 NULL,
		 "Docker without root"},
		{{VERSION, "{\"OperatingSystem\":\"Docker Desktop\"}", NETWORK("127.0.0.1")},
		 NULL,
		 "Docker Desktop runs containers in a machine of its own"},
	};
	struct world *world = *state;

	install(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pid_t engine = play(world, &cases[i].answers);
		struct compose_setup setup;
		struct err err = ERR_INIT;

		if (compose_setup_find(&world->environment, NULL, &setup, &err) < 0)
			fail_msg("%s", err.items[0].message);
		assert_string_equal(setup.version, "20.10.24");
		assert_string_equal(setup.cli.shown, "docker-compose");
		assert_string_equal(setup.bridge ? setup.bridge : "-", cases[i].bridge ? cases[i].bridge : "-");
		assert_string_equal(setup.bridge_why ? setup.bridge_why : "-", cases[i].why ? cases[i].why : "-");
		compose_setup_finish(&setup);
		end(world, engine);
	}
}

static void test_podman(void **state)
{
	static const struct {
		struct answers answers;
		const char *bridge, *why;
	} cases[] = {
		{{PODMAN, "{}", NETWORK("127.0.0.1")}, "127.0.0.1", NULL},
		{{PODMAN, "{}", NETWORK("192.0.2.7")},
		 NULL,
		 "Podman's bridge comes with the first container of its default network"},
	};
	const bool root = geteuid() == 0;
	struct world *world = *state;

	install(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pid_t engine = play(world, &cases[i].answers);
		struct compose_setup setup;
		struct err err = ERR_INIT;
		const char *why = root ? cases[i].why : "podman without root";

		if (compose_setup_find(&world->environment, NULL, &setup, &err) < 0)
			fail_msg("%s", err.items[0].message);
		assert_true(setup.endpoint.podman);
		assert_string_equal(setup.cli.shown, "docker-compose");
		assert_string_equal(setup.bridge ? setup.bridge : "-", root && cases[i].bridge ? cases[i].bridge : "-");
		assert_string_equal(setup.bridge_why ? setup.bridge_why : "-", why ? why : "-");
		compose_setup_finish(&setup);
		end(world, engine);
	}
}

/* Each thing that is missing is said, with its mend, and nothing is left of what was found before it. */
static void test_missing(void **state)
{
	static const struct answers well = {VERSION, "{}", NETWORK("127.0.0.1")};
	struct world *world = *state;
	struct compose_setup setup;
	struct err err = ERR_INIT;
	pid_t engine = play(world, &well);

	world_setenv(world, "PATH", world_path(world, "bin"));
	assert_true(compose_setup_find(&world->environment, NULL, &setup, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_string_equal(err.items[0].message, "containers need a Compose program, and none is installed");
	assert_non_null(err.items[0].hint);
	assert_null(setup.endpoint.shown);
	err_finish(&err);
	err_init(&err);
	end(world, engine);
	install(world);
	assert_true(compose_setup_find(&world->environment, NULL, &setup, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.items[0].message, "d.sock"));
	assert_non_null(err.items[0].hint);
	err_finish(&err);
	err_init(&err);
	world_setenv(world, "DOCKER_HOST", "nonsense://");
	assert_true(compose_setup_find(&world->environment, NULL, &setup, &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	err_finish(&err);
	compose_setup_finish(&setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_podman, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_missing, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
