/* SPDX-License-Identifier: MIT */
/* Asked while standing still, by a socket and by a child of the engine's own client; and the words for what goes wrong. */
#include "launcher/engine/docker_api.h"

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/docker_endpoint.h"
#include "tests/lib/children.h"
#include "tests/lib/docker_play.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_ask(void **state)
{
	struct event_base *base = event_base_new();
	struct docker_play *play = docker_play_create(base);
	struct docker_endpoint endpoint;
	struct err err = ERR_INIT;
	cJSON *body = NULL;
	int fds = children_count_fds();
	pid_t pid;

	(void)state;
	docker_play_endpoint(play, &endpoint);
	docker_play_route(play, "GET", "/info", 200, "{\"ID\":\"x\"}");
	docker_play_route(play, "POST", "/stop", 204, NULL);
	docker_play_route(play, "GET", "/full", 500, "{\"message\":\"write /var: no space left on device\"}");
	docker_play_handler(play, "GET", "/silent", NULL, NULL);
	pid = docker_play_fork(play);
	assert_int_equal(docker_ask(&endpoint, NULL, "GET", "/info", CHILDREN_DEADLINE_MS, &body, &err), 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(body, "ID")), "x");
	cJSON_Delete(body);
	assert_int_equal(docker_ask(&endpoint, NULL, "GET", "/info", CHILDREN_DEADLINE_MS, NULL, &err), 0);
	assert_int_equal(docker_ask(&endpoint, NULL, "POST", "/stop", CHILDREN_DEADLINE_MS, &body, &err), 0);
	assert_null(body);
	assert_int_equal(docker_ask(&endpoint, NULL, "GET", "/full", CHILDREN_DEADLINE_MS, &body, &err), -EREMOTEIO);
	assert_int_equal(err.code, ERR_FAILED);
	assert_string_equal(err.items[0].message, "the container engine: write /var: no space left on device");
	assert_non_null(strstr(err.items[0].hint, "docker system prune"));
	err_finish(&err);
	assert_int_equal(docker_ask(&endpoint, NULL, "GET", "/silent", 30, &body, &err), -ETIMEDOUT);
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
	docker_play_join(pid);
	docker_endpoint_finish(&endpoint);
	assert_int_equal(children_count_fds(), fds);
	docker_play_destroy(play);
	event_base_free(base);
}

/* ---- By the engine's own client ---- */

/* Writes down how it was called, and answers everything with one version. */
static const char client_that_answers[] =
	"#!/bin/sh\n"
	"echo \"$@ $DOCKER_HOST\" >>\"${0%/*}/called\"\n"
	"while read -r line; do case $line in ?) printf 'HTTP/1.1 200 OK\\r\\nContent-Length: "
	"21\\r\\n\\r\\n{\"ApiVersion\":\"1.41\"}';; esac; done\n";
static const char client_that_fails[] =
	"#!/bin/sh\necho first >&2\necho 'error: stderr=ssh: connect to host h: No route to host' >&2\nexit 1\n";

struct client {
	char *folder;
	struct docker_endpoint endpoint;
	struct strmap environment;
};

static void client_open(struct client *self, const char *script)
{
	FILE *file;

	self->folder = children_make_folder();
	self->endpoint = (struct docker_endpoint){.dial = DIAL_CLIENT,
						  .shown = strdup("ssh://me@h"),
						  .why = strdup("DOCKER_HOST says so"),
						  .host_variable = strdup("ssh://me@h")};
	assert_true(asprintf(&self->endpoint.client, "%s/docker", self->folder) > 0);
	file = fopen(self->endpoint.client, "we");
	fputs(script, file);
	fclose(file);
	chmod(self->endpoint.client, 0755);
	strmap_init(&self->environment);
	strmap_set(&self->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&self->environment, "DOCKER_HOST", "unix:///another");
}

static void client_close(struct client *self)
{
	assert_true(children_none_left());
	docker_endpoint_finish(&self->endpoint);
	strmap_finish(&self->environment);
	children_remove_folder(self->folder);
}

static void test_ask_by_client(void **state)
{
	struct client client;
	struct err err = ERR_INIT;
	cJSON *body = NULL;
	char *called;
	size_t size;

	(void)state;
	client_open(&client, client_that_answers);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(docker_ask(&client.endpoint, &client.environment, "GET", "/x", CHILDREN_DEADLINE_MS,
					    &body, &err),
				 0);
		assert_non_null(cJSON_GetObjectItem(body, "ApiVersion"));
		cJSON_Delete(body);
		free(client.endpoint.context);
		client.endpoint.context = strdup("staging");
		free(client.endpoint.host_variable);
		client.endpoint.host_variable = NULL;
	}
	called = children_slurp(client.folder, "called", &size);
	assert_string_equal(called,
			    "system dial-stdio ssh://me@h\n--context staging system dial-stdio unix:///another\n");
	free(called);
	client_close(&client);
}

static void test_client_that_fails(void **state)
{
	struct client client;
	struct err err = ERR_INIT;
	cJSON *body = NULL;

	(void)state;
	client_open(&client, client_that_fails);
	assert_int_equal(
		docker_ask(&client.endpoint, &client.environment, "GET", "/x", CHILDREN_DEADLINE_MS, &body, &err),
		-EPIPE);
	assert_int_equal(err.code, ERR_MISSING);
	assert_string_equal(
		err.items[0].message,
		"cannot reach the container engine at ssh://me@h: ssh: connect to host h: No route to host");
	err_finish(&err);
	/* Not to be run at all. */
	chmod(client.endpoint.client, 0600);
	assert_true(docker_ask(&client.endpoint, &client.environment, "GET", "/x", CHILDREN_DEADLINE_MS, &body, &err) <
		    0);
	assert_non_null(strstr(err.items[0].message, client.endpoint.client));
	err_finish(&err);
	client_close(&client);
}

static void on_over(void *context, const struct docker_answer *answer)
{
	assert_int_equal(answer->error, -EPIPE);
	*(bool *)context = true;
}

/* In a loop its children are somebody else's to reap, who asks whose they were. */
static void test_reaped(void **state)
{
	struct event_base *base = event_base_new();
	bool over = false;
	struct docker_request request = {
		.method = "GET", .path = "/x", .timeout_ms = CHILDREN_DEADLINE_MS, .done = on_over, .context = &over};
	struct docker *docker;
	struct client client;
	pid_t pid;

	(void)state;
	client_open(&client, client_that_fails);
	docker = docker_create(base, &client.endpoint, &client.environment);
	assert_non_null(docker_begin(docker, &request));
	while (!over)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_false(docker_reaped(docker, getpid()));
	pid = waitpid(-1, NULL, 0);
	assert_true(pid > 0);
	assert_true(docker_reaped(docker, pid));
	assert_false(docker_reaped(docker, pid));
	docker_destroy(docker);
	event_base_free(base);
	client_close(&client);
}

/* A child that goes on is ended with the client. */
static void test_child_ends_with_the_client(void **state)
{
	struct event_base *base = event_base_new();
	struct docker_request request = {.method = "GET", .path = "/x", .done = on_over};
	struct docker *docker;
	struct client client;
	int status = 0;

	(void)state;
	client_open(&client, "#!/bin/sh\nexec cat >/dev/null\n");
	docker = docker_create(base, &client.endpoint, &client.environment);
	assert_non_null(docker_begin(docker, &request));
	event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	docker_destroy(docker);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_true(WIFSIGNALED(status));
	event_base_free(base);
	client_close(&client);
}

/* ---- Words ---- */

static void test_explain(void **state)
{
	static char path[] = "/x/docker.sock", usual[] = "/var/run/docker.sock", host[] = "h",
		    why[] = "DOCKER_HOST says so";
	static const struct docker_endpoint local = {
		.dial = DIAL_UNIX, .path = usual, .shown = usual, .why = why, .local = true};
	static const struct docker_endpoint own = {
		.dial = DIAL_UNIX, .path = path, .shown = path, .why = why, .local = true};
	static const struct docker_endpoint far = {
		.dial = DIAL_TCP, .host = host, .port = 1, .shown = host, .why = why};
	static const struct docker_endpoint client = {.dial = DIAL_CLIENT, .client = path, .shown = host, .why = why};
	static const struct docker_endpoint podman = {
		.dial = DIAL_UNIX, .path = path, .shown = path, .why = why, .local = true, .podman = true};
	static const struct {
		const struct docker_endpoint *endpoint;
		struct docker_answer answer;
		enum err_code code;
		const char *message, *hint; /* parts of them */
	} cases[] = {
		{&local,
		 {-ENOENT, 0, NULL, "w"},
		 ERR_MISSING,
		 "no container engine listens at /var/run/docker.sock",
		 "systemctl start docker"},
		{&own,
		 {-ENOENT, 0, NULL, "w"},
		 ERR_MISSING,
		 "no container engine listens at /x/docker.sock",
		 "DOCKER_HOST says so"},
		{&podman, {-ENOENT, 0, NULL, "w"}, ERR_MISSING, "no container engine listens", "podman.socket"},
		{&local, {-ECONNREFUSED, 0, NULL, "w"}, ERR_MISSING, "is not running", "systemctl start docker"},
		{&podman,
		 {-ECONNREFUSED, 0, NULL, "w"},
		 ERR_MISSING,
		 "Podman at /x/docker.sock is not running",
		 "podman.socket"},
		{&far, {-ECONNREFUSED, 0, NULL, "w"}, ERR_MISSING, "is not running", "see that it runs there"},
		{&local,
		 {-EACCES, 0, NULL, "w"},
		 ERR_MISSING,
		 "not permitted to talk to the container engine",
		 "usermod -aG docker $USER"},
		{&local,
		 {-ETIMEDOUT, 0, NULL, "it did not answer within 5 ms"},
		 ERR_MISSING,
		 "it did not answer within 5 ms",
		 "restart docker"},
		{&far, {-ETIMEDOUT, 0, NULL, "w"}, ERR_MISSING, "does not answer", "the way there is open"},
		{&far,
		 {-EHOSTUNREACH, 0, NULL, "host name not resolved"},
		 ERR_MISSING,
		 "cannot reach the container engine at h: host name not resolved",
		 "see that it runs there"},
		{&local,
		 {-EPROTONOSUPPORT, 0, NULL, "it speaks 1.24"},
		 ERR_MISSING,
		 "is too old: it speaks 1.24",
		 "update it"},
		{&local, {-EPROTO, 0, NULL, "w"}, ERR_MISSING, "no container engine at", "DOCKER_HOST"},
		{&client, {-EPIPE, 0, NULL, "tls: x509: bad"}, ERR_MISSING, "cannot reach", "certificates"},
		{&client,
		 {-EPIPE, 0, NULL, "ssh: no"},
		 ERR_MISSING,
		 "cannot reach",
		 "`ssh` gets there without a question"},
		{&client, {-EPIPE, 0, NULL, "w"}, ERR_MISSING, "cannot reach", "`docker version`"},
		{&local, {-EFBIG, 0, NULL, "its answer is too long"}, ERR_FAILED, "its answer is too long", NULL},
		{&local,
		 {0, 500, NULL, "mkdir: no space left on device"},
		 ERR_FAILED,
		 "the container engine: mkdir: no space left",
		 "docker system df"},
		{&local, {0, 500, NULL, "x509: unknown authority"}, ERR_FAILED, "x509", "certificate"},
		{&local, {0, 404, NULL, "No such container: x"}, ERR_FAILED, "No such container: x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		docker_explain(cases[i].endpoint, &cases[i].answer, &err);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(err.count, 1);
		if (strstr(err.items[0].message, cases[i].message) == NULL)
			fail_msg("case %zu: %s", i, err.items[0].message);
		if (cases[i].hint == NULL)
			assert_null(err.items[0].hint);
		else if (err.items[0].hint == NULL || strstr(err.items[0].hint, cases[i].hint) == NULL)
			fail_msg("case %zu: %s", i, err.items[0].hint);
		err_finish(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_ask_by_client),
		cmocka_unit_test(test_client_that_fails),
		cmocka_unit_test(test_reaped),
		cmocka_unit_test(test_child_ends_with_the_client),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
