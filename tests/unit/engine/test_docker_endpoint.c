/* SPDX-License-Identifier: MIT */
/* Where the engine is looked for: variables, contexts, sockets that are there; and addresses that are none. */
#include "launcher/engine/docker_endpoint.h"

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/docker_parts.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A home, a folder of programs and places for sockets, all in one folder; no engine is there to begin with. */
struct scene {
	char *folder, docker[128], podman[128];
	struct docker_places places;
	struct strmap environment;
	struct docker_endpoint endpoint;
	struct err err;
};

static void set(struct scene *self, const char *name, const char *value)
{
	assert_int_equal(strmap_set(&self->environment, name, value), 0);
}

static char *below(const struct scene *self, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", self->folder, name) > 0);
	return path;
}

static void make_file(const struct scene *self, const char *name, const char *text, mode_t mode)
{
	char *path = below(self, name);
	FILE *file;

	for (char *at = strchr(path + strlen(self->folder) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
	free(path);
}

static void make_socket(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
}

static void scene_open(struct scene *self)
{
	char *bin;

	*self = (struct scene){.err = ERR_INIT};
	self->folder = children_make_folder();
	snprintf(self->docker, sizeof(self->docker), "%s/docker.sock", self->folder);
	snprintf(self->podman, sizeof(self->podman), "%s/podman.sock", self->folder);
	self->places = (struct docker_places){self->docker, self->podman};
	strmap_init(&self->environment);
	set(self, "HOME", self->folder);
	bin = below(self, "bin");
	set(self, "PATH", bin);
	free(bin);
}

static int find(struct scene *self)
{
	docker_endpoint_finish(&self->endpoint);
	err_finish(&self->err);
	err_init(&self->err);
	return docker_endpoint_find_at(&self->environment, &self->places, &self->endpoint, &self->err);
}

static void scene_close(struct scene *self)
{
	docker_endpoint_finish(&self->endpoint);
	err_finish(&self->err);
	strmap_finish(&self->environment);
	children_remove_folder(self->folder);
}

static const char *said(const struct scene *self)
{
	return self->err.count > 0 ? self->err.items[0].message : "";
}

static void test_addresses(void **state)
{
	static const struct {
		const char *host;
		int dial; /* -1: refused */
		const char *shown; /* or what is said */
		const char *path_or_host;
		int port;
	} cases[] = {
		{"unix:///run/x.sock", DIAL_UNIX, "unix:///run/x.sock", "/run/x.sock", 0},
		{"unix://", DIAL_UNIX, "unix:///var/run/docker.sock", "/var/run/docker.sock", 0},
		{"tcp://10.0.0.7:2380", DIAL_TCP, "tcp://10.0.0.7:2380", "10.0.0.7", 2380},
		{"tcp://build.example", DIAL_TCP, "tcp://build.example:2375", "build.example", 2375},
		{"build.example:99", DIAL_TCP, "tcp://build.example:99", "build.example", 99},
		{"tcp://[::1]:2375/", DIAL_TCP, "tcp://[::1]:2375", "[::1]", 2375},
		{"tcp://me:secret@h:1", DIAL_TCP, "tcp://h:1", "h", 1},
		{"ssh://me@h:22", DIAL_CLIENT, "ssh://me@h:22", NULL, 0},
		{"ssh://me:secret@h", DIAL_CLIENT, "ssh://me@h", NULL, 0},
		{"unix://run/x.sock", -1, "begins with '/'", NULL, 0},
		{"tcp://h:0", -1, "its port", NULL, 0},
		{"tcp://h:99999", -1, "its port", NULL, 0},
		{"tcp://h:1x", -1, "its port", NULL, 0},
		{"tcp://h:", -1, "its port", NULL, 0},
		{"tcp://h:1/engine", -1, "below a path", NULL, 0},
		{"tcp://", -1, "names no host", NULL, 0},
		{"npipe:////./pipe/docker_engine", -1, "Windows", NULL, 0},
		{"fd://", -1, "inherited socket", NULL, 0},
		{"http://me:secret@h", -1, "http://me@h", NULL, 0},
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	make_file(&scene, "bin/docker", "#!/bin/sh\n", 0755);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int result;

		set(&scene, "DOCKER_HOST", cases[i].host);
		result = find(&scene);
		if (cases[i].dial < 0) {
			assert_true(result < 0);
			assert_int_equal(scene.err.code, ERR_CONFIG);
			if (strstr(said(&scene), cases[i].shown) == NULL || strstr(said(&scene), "secret") != NULL)
				fail_msg("%s: %s", cases[i].host, said(&scene));
			continue;
		}
		if (result < 0 || scene.endpoint.dial != (enum docker_dial)cases[i].dial ||
		    strcmp(scene.endpoint.shown, cases[i].shown) != 0)
			fail_msg("%s: %s", cases[i].host, result < 0 ? said(&scene) : scene.endpoint.shown);
		assert_string_equal(scene.endpoint.why, "DOCKER_HOST says so");
		assert_int_equal(scene.endpoint.local, cases[i].dial == DIAL_UNIX);
		assert_int_equal(scene.endpoint.port, cases[i].port);
		if (cases[i].path_or_host != NULL)
			assert_string_equal(cases[i].dial == DIAL_UNIX ? scene.endpoint.path : scene.endpoint.host,
					    cases[i].path_or_host);
	}
	scene_close(&scene);
}

static void test_client_program(void **state)
{
	struct scene scene;
	char *docker;

	(void)state;
	scene_open(&scene);
	docker = below(&scene, "bin/docker");
	set(&scene, "DOCKER_HOST", "ssh://h");
	make_file(&scene, "bin/docker", "not to be run", 0644);
	assert_true(find(&scene) < 0);
	assert_int_equal(scene.err.code, ERR_MISSING);
	assert_non_null(strstr(said(&scene), "'docker', which is not on PATH"));
	chmod(docker, 0755);
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.client, docker);
	assert_string_equal(scene.endpoint.host_variable, "ssh://h");
	/* Certificates are the client's business; a socket has none. */
	set(&scene, "DOCKER_HOST", "tcp://h");
	set(&scene, "DOCKER_TLS_VERIFY", "1");
	assert_int_equal(find(&scene), 0);
	assert_int_equal(scene.endpoint.dial, DIAL_CLIENT);
	set(&scene, "DOCKER_HOST", "unix:///x");
	assert_int_equal(find(&scene), 0);
	assert_int_equal(scene.endpoint.dial, DIAL_UNIX);
	free(docker);
	scene_close(&scene);
}

static void test_contexts(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	make_socket(scene.docker);
	make_file(&scene, "bin/docker", "#!/bin/sh\n", 0755);
	make_file(&scene, ".docker/contexts/meta/0/meta.json", "no JSON", 0600);
	make_file(&scene, ".docker/contexts/meta/a/meta.json",
		  "{\"Name\":\"near\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///near.sock\"}}}", 0600);
	make_file(&scene, ".docker/contexts/meta/b/meta.json",
		  "{\"Name\":\"far\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://far:2376\"}}}", 0600);
	make_file(&scene, ".docker/contexts/tls/b/docker/ca.pem", "", 0600);
	make_file(&scene, ".docker/contexts/meta/c/meta.json", "{\"Name\":\"plain\",\"Endpoints\":{}}", 0600);
	make_file(&scene, ".docker/contexts/meta/d/meta.json",
		  "{\"Name\":\"wrong\",\"Endpoints\":{\"docker\":{\"Host\":\"npipe://x\"}}}", 0600);
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, scene.docker);
	assert_string_equal(scene.endpoint.why, "the default");
	/* The current one. */
	make_file(&scene, ".docker/config.json", "{\"currentContext\":\"near\"}", 0600);
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, "/near.sock");
	assert_string_equal(scene.endpoint.why, "context 'near'");
	/* One that is asked for; its certificates make it the client's. */
	set(&scene, "DOCKER_CONTEXT", "far");
	assert_int_equal(find(&scene), 0);
	assert_int_equal(scene.endpoint.dial, DIAL_CLIENT);
	assert_string_equal(scene.endpoint.context, "far");
	assert_null(scene.endpoint.host_variable);
	set(&scene, "DOCKER_CONTEXT", "plain");
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, scene.docker);
	set(&scene, "DOCKER_CONTEXT", "default");
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.why, "the default");
	set(&scene, "DOCKER_CONTEXT", "wrong");
	assert_true(find(&scene) < 0);
	assert_non_null(strstr(said(&scene), "context 'wrong': "));
	set(&scene, "DOCKER_CONTEXT", "nowhere");
	assert_true(find(&scene) < 0);
	assert_int_equal(scene.err.code, ERR_CONFIG);
	assert_non_null(strstr(said(&scene), "'nowhere'"));
	/* DOCKER_HOST is over all. */
	set(&scene, "DOCKER_HOST", "unix:///host.sock");
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, "/host.sock");
	scene_close(&scene);
}

static void test_configuration(void **state)
{
	struct scene scene;
	char *folder;

	(void)state;
	scene_open(&scene);
	make_socket(scene.docker);
	make_file(&scene, ".docker/config.json", "{\"currentContext\":", 0600);
	assert_true(find(&scene) < 0);
	assert_int_equal(scene.err.code, ERR_CONFIG);
	assert_non_null(strstr(said(&scene), "/.docker/config.json: it is no JSON object"));
	/* Another folder than that of home. */
	folder = below(&scene, "other");
	set(&scene, "DOCKER_CONFIG", folder);
	assert_int_equal(find(&scene), 0);
	make_file(&scene, "other/config.json", "{\"currentContext\":\"near\"}", 0600);
	make_file(&scene, "other/contexts/meta/a/meta.json",
		  "{\"Name\":\"near\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///near.sock\"}}}", 0600);
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, "/near.sock");
	/* Nothing of home at all. */
	strmap_remove(&scene.environment, "DOCKER_CONFIG");
	strmap_remove(&scene.environment, "HOME");
	assert_int_equal(find(&scene), 0);
	assert_string_equal(scene.endpoint.path, scene.docker);
	free(folder);
	scene_close(&scene);
}

static void test_podman(void **state)
{
	struct scene scene;
	char *socket;

	(void)state;
	scene_open(&scene);
	set(&scene, "XDG_RUNTIME_DIR", scene.folder);
	make_file(&scene, "podman/x", "", 0600);
	socket = geteuid() == 0 ? strdup(scene.podman) : below(&scene, "podman/podman.sock");
	make_socket(socket);
	assert_int_equal(find(&scene), 0);
	assert_true(scene.endpoint.podman);
	assert_true(scene.endpoint.local);
	assert_string_equal(scene.endpoint.path, socket);
	assert_string_equal(scene.endpoint.why, "Docker's socket is not there, Podman's is");
	assert_string_equal(scene.endpoint.host_variable, scene.endpoint.shown);
	/* A name of its own for where it is. */
	set(&scene, "CONTAINER_HOST", "tcp://h:8080");
	assert_int_equal(find(&scene), 0);
	assert_true(scene.endpoint.podman);
	assert_string_equal(scene.endpoint.host_variable, "tcp://h:8080");
	set(&scene, "CONTAINER_HOST", "ssh://h/run/podman.sock");
	assert_true(find(&scene) < 0);
	assert_int_equal(scene.err.code, ERR_CONFIG);
	/* Docker's goes first. */
	make_socket(scene.docker);
	assert_int_equal(find(&scene), 0);
	assert_false(scene.endpoint.podman);
	/* Named as Docker's, and still Podman's. */
	set(&scene, "DOCKER_HOST", "unix:///run/user/7/podman/podman.sock");
	assert_int_equal(find(&scene), 0);
	assert_true(scene.endpoint.podman);
	free(socket);
	scene_close(&scene);
}

static void test_none(void **state)
{
	struct scene scene;
	char *rootless;

	(void)state;
	scene_open(&scene);
	assert_int_equal(find(&scene), -ENOENT);
	assert_int_equal(scene.err.code, ERR_MISSING);
	assert_non_null(strstr(said(&scene), "no container engine listens at "));
	assert_non_null(strstr(scene.err.items[0].hint, "install Docker or Podman"));
	/* A file is no socket. */
	make_file(&scene, "docker.sock", "", 0600);
	make_file(&scene, "bin/podman", "#!/bin/sh\n", 0755);
	assert_int_equal(find(&scene), -ENOENT);
	assert_non_null(strstr(scene.err.items[0].hint, "start podman.socket"));
	make_file(&scene, "bin/docker", "#!/bin/sh\n", 0755);
	assert_int_equal(find(&scene), -ENOENT);
	assert_non_null(strstr(scene.err.items[0].hint, "systemctl start docker"));
	rootless = below(&scene, "run");
	mkdir(rootless, 0700);
	set(&scene, "XDG_RUNTIME_DIR", rootless);
	free(rootless);
	rootless = below(&scene, "run/docker.sock");
	make_socket(rootless);
	assert_int_equal(find(&scene), -ENOENT);
	assert_non_null(strstr(scene.err.items[0].hint, "DOCKER_HOST=unix:///"));
	free(rootless);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_client_program),
		cmocka_unit_test(test_contexts),  cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_podman),    cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
