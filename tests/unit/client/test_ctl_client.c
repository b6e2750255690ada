/* SPDX-License-Identifier: MIT */
/* A supervisor that answers, is silent, goes, or never comes to an end. How an answer is read: test_http_answer.c. */
#include "config/err.h"
#include "launcher/client/ctl_client.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A supervisor of one answer: a child that accepts once, reads the request's head, says its piece and goes (or stays). */
struct server {
	char *folder, *path;
	pid_t pid;
};

static void serve(int listen_fd, const char *answer, size_t size, bool stay)
{
	int fd = accept(listen_fd, NULL, NULL);
	char buffer[4096];

	/* One that goes with the request unread. */
	if (answer == NULL)
		_exit(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, CHILDREN_DEADLINE_MS) != 1);
	if (fd < 0 || read(fd, buffer, sizeof(buffer)) <= 0)
		_exit(1);
	while (size > 0) {
		ssize_t count = send(fd, answer, size, MSG_NOSIGNAL);

		if (count <= 0)
			break;
		answer += count;
		size -= (size_t)count;
	}
	while (stay && read(fd, buffer, sizeof(buffer)) > 0)
		;
	_exit(0);
}

static void server_start(struct server *self, const char *answer, size_t size, bool stay)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	self->folder = children_make_folder();
	assert_true(asprintf(&self->path, "%s/control.sock", self->folder) > 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", self->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 8), 0);
	self->pid = fork();
	if (self->pid == 0)
		serve(fd, answer, size, stay);
	close(fd);
}

static void server_stop(struct server *self)
{
	children_wait(self->pid);
	children_remove_folder(self->folder);
	free(self->path);
}

static int call(const struct server *server, int timeout_ms, char **answer, struct err *err)
{
	struct ctl_client client = {.socket_path = server->path};
	int status = 0, result;

	result = ctl_client_call(&client, "GET", "/v1/stack", NULL, timeout_ms, &status, answer, err);
	return result < 0 ? result : status;
}

static void test_call(void **state)
{
	static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
	struct err err = ERR_INIT;
	struct server server;
	char *body = NULL;

	(void)state;
	server_start(&server, answer, sizeof(answer) - 1, true);
	/* The peer stays; the length says where the answer ends. */
	assert_int_equal(call(&server, CHILDREN_DEADLINE_MS, &body, &err), 202);
	assert_string_equal(body, "{\"a\":1}");
	free(body);
	server_stop(&server);
}

static void test_silent_peer(void **state)
{
	struct err err = ERR_INIT;
	struct server server;
	char *body = NULL;

	(void)state;
	server_start(&server, "HTTP/1.1 200 OK\r\n", 17, true);
	assert_true(call(&server, 50, &body, &err) < 0);
	assert_int_equal(err.code, ERR_TIMEOUT);
	assert_null(body);
	err_finish(&err);
	server_stop(&server);
}

static void test_endless_answer(void **state)
{
	size_t size = CTL_CLIENT_BODY_MAX + 4096;
	char *answer = malloc(size);
	struct err err = ERR_INIT;
	struct server server;
	char *body = NULL;

	(void)state;
	memset(answer, 'x', size);
	memcpy(answer, "HTTP/1.1 200 OK\r\n\r\n", 19);
	server_start(&server, answer, size, false);
	assert_true(call(&server, CHILDREN_DEADLINE_MS, &body, &err) < 0);
	assert_int_equal(err.code, ERR_FAILED);
	assert_null(body);
	err_finish(&err);
	server_stop(&server);
	free(answer);
}

static void test_nobody_listens(void **state)
{
	struct err err = ERR_INIT;
	struct ctl_client client;
	char *folder = children_make_folder(), *path;

	(void)state;
	assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
	assert_true(ctl_client_open_at(&client, path, "shop", &err) < 0);
	assert_int_equal(err.code, ERR_NOT_RUNNING);
	assert_string_equal(err.items[0].message, "project 'shop' is not running");
	err_finish(&err);
	children_remove_folder(folder);
	free(path);
}

/* It took the connection, and ended instead of an answer: with the request read, and with it unread. */
static void test_peer_that_goes(void **state)
{
	(void)state;
	for (int unread = 0; unread < 2; unread++) {
		struct ctl_client client = {.project = (char[]){"shop"}};
		struct err err = ERR_INIT;
		struct server server;
		char *body = NULL;
		int status;

		server_start(&server, unread ? NULL : "", 0, false);
		client.socket_path = server.path;
		assert_true(ctl_client_call(&client, "GET", "/v1/stack", NULL, CHILDREN_DEADLINE_MS, &status, &body,
					    &err) < 0);
		assert_int_equal(err.code, ERR_NOT_RUNNING);
		assert_string_equal(err.items[0].message, "project 'shop' is not running any more");
		assert_null(body);
		err_finish(&err);
		server_stop(&server);
	}
}

/* A target is checked here, so that no name given on a command line can become a second request. */
static void test_target_with_line_end(void **state)
{
	struct err err = ERR_INIT;
	struct server server;
	struct ctl_client client = {0};
	char *body = NULL;
	int status;

	(void)state;
	server_start(&server, "", 0, false);
	client.socket_path = server.path;
	assert_true(ctl_client_call(&client, "GET", "/v1/x\r\nX: y", NULL, 1000, &status, &body, &err) < 0);
	assert_true(err_is_set(&err));
	err_finish(&err);
	server_stop(&server);
}

static void test_stream(void **state)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n";
	struct err err = ERR_INIT;
	struct server server;
	struct ctl_client client = {0};
	struct ctl_stream *stream = NULL;
	char text[16] = "";
	size_t size = 0;
	ssize_t count;

	(void)state;
	server_start(&server, answer, sizeof(answer) - 1, true);
	client.socket_path = server.path;
	assert_int_equal(ctl_stream_open(&client, "/v1/events", &stream, &err), 0);
	do {
		assert_true(children_readable(ctl_stream_fd(stream), CHILDREN_DEADLINE_MS));
		count = ctl_stream_read(stream, text + size, 2);
		if (count > 0)
			size += (size_t)count;
		/* Two bytes at a time leave more to be had without a new readiness. */
		while (count > 0 && size < 6 && (count = ctl_stream_read(stream, text + size, 2)) > 0)
			size += (size_t)count;
	} while (size < 6 && (count > 0 || count == -EAGAIN));
	assert_string_equal(text, "onetwo");
	assert_int_equal(ctl_stream_status(stream), 200);
	while ((count = ctl_stream_read(stream, text, 2)) == -EAGAIN)
		assert_true(children_readable(ctl_stream_fd(stream), CHILDREN_DEADLINE_MS));
	assert_int_equal(count, 0);
	ctl_stream_close(stream);
	server_stop(&server);
}

/* ---- What is heard and told beside ---- */

static void test_what_is_heard(void **state)
{
	static const struct {
		const char *head;
		bool on;
	} cases[] = {
		{"Upfront-Telemetry: on\r\n", true},
		{"upfront-telemetry:on \r\n", true},
		{"Upfront-Telemetry: off\r\n", false},
		{"Upfront-Telemetry: On\r\n", false},
		{"X: on\r\n", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ctl_heard heard = {.telemetry_on = true};
		struct err err = ERR_INIT;
		struct server server;
		struct ctl_client client = {0};
		char answer[256], *body = NULL;
		int status, size;

		size = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\nok",
				cases[i].head);
		server_start(&server, answer, (size_t)size, false);
		client.socket_path = server.path;
		ctl_client_listen(&client, &heard);
		assert_false(heard.telemetry_on);
		assert_string_equal(heard.socket_path, server.path);
		assert_int_equal(
			ctl_client_call(&client, "GET", "/v1/x", NULL, CHILDREN_DEADLINE_MS, &status, &body, &err), 0);
		assert_int_equal(heard.telemetry_on, cases[i].on);
		free(body);
		ctl_heard_finish(&heard);
		server_stop(&server);
	}
}

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* All of it is there for a supervisor that looks when the client has long gone. */
static void test_what_is_told_is_one_whole_request(void **state)
{
	char *folder = children_make_folder(), *path, text[1024];
	int listener, fd;

	(void)state;
	assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
	listener = listen_at(path, 8);
	ctl_client_tell(path, "/v1/telemetry/command", "{\"a\":1}");
	fd = accept(listener, NULL, NULL);
	children_read(fd, NULL, text, sizeof(text));
	assert_ptr_equal(strstr(text, "POST /v1/telemetry/command HTTP/1.1\r\n"), text);
	assert_non_null(strstr(text, "\r\nContent-Length: 7\r\n"));
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
	close(fd);
	close(listener);
	children_remove_folder(folder);
	free(path);
}

/* Nobody takes connections any more, until there is room for none; or nobody is there. */
static void test_telling_waits_for_nobody(void **state)
{
	int64_t begin_ms = children_now_ms();
	int fds = children_count_fds(), listener;
	char *folder = children_make_folder(), *path;

	(void)state;
	assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
	ctl_client_tell(path, "/v1/x", "{}");
	listener = listen_at(path, 1);
	for (int i = 0; i < 200; i++)
		ctl_client_tell(path, "/v1/x", "{}");
	assert_in_range(children_now_ms() - begin_ms, 0, 500);
	close(listener);
	assert_int_equal(children_count_fds(), fds);
	children_remove_folder(folder);
	free(path);
}

static void test_a_screen_says_so(void **state)
{
	(void)state;
	for (int screen = 0; screen < 2; screen++) {
		char *folder = children_make_folder(), *path, text[1024];
		struct ctl_stream *stream = NULL;
		struct err err = ERR_INIT;
		struct ctl_client client = {.screen = screen};
		int listener, fd;

		assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
		listener = listen_at(path, 8);
		client.socket_path = path;
		assert_int_equal(ctl_stream_open(&client, "/v1/events", &stream, &err), 0);
		fd = accept(listener, NULL, NULL);
		children_read(fd, "\r\n\r\n", text, sizeof(text));
		assert_int_equal(strstr(text, "\r\nUpfront-Client: screen\r\n") != NULL, screen);
		ctl_stream_close(stream);
		close(fd);
		close(listener);
		children_remove_folder(folder);
		free(path);
	}
}

/* Any bytes, in one request that is there whole when nobody has taken the connection yet; no answer is waited for. */
static void test_bytes_are_posted(void **state)
{
	static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}";
	char *folder = children_make_folder(), *path, text[1024] = "", body[16];
	struct ctl_stream *stream = NULL, *other = NULL;
	struct ctl_client client = {.screen = true};
	int listener, fd, result = 0;
	ssize_t size;

	(void)state;
	assert_true(asprintf(&path, "%s/control.sock", folder) > 0);
	client.socket_path = path;
	assert_int_equal(ctl_stream_post(&client, "/v1/x", "text/plain", "", 0, &stream), -ENOENT);
	listener = listen_at(path, 1);
	assert_int_equal(ctl_stream_post(&client, "/v1/x", "text/plain", "a\0b\n", 4, &stream), 0);
	assert_int_equal(ctl_stream_read(stream, body, sizeof(body)), -EAGAIN);
	assert_int_equal(ctl_stream_post(&client, "/v1/x y", "text/plain", "", 0, &other), -EINVAL);
	assert_int_equal(ctl_stream_post(&client, "/v1/x", "text/plain", answer, 4097, &other), -EINVAL);
	fd = accept(listener, NULL, NULL);
	size = recv(fd, text, sizeof(text), 0);
	assert_true(size > 8);
	assert_non_null(strstr(text, "\r\nUpfront-Client: screen\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"));
	assert_memory_equal(text + size - 8, "\r\n\r\na\0b\n", 8);
	assert_int_equal(send(fd, answer, sizeof(answer) - 1, 0), sizeof(answer) - 1);
	assert_int_equal(ctl_stream_read(stream, body, sizeof(body)), 2);
	assert_int_equal(ctl_stream_read(stream, body, sizeof(body)), 0);
	assert_int_equal(ctl_stream_status(stream), 202);
	ctl_stream_close(stream);
	close(fd);
	/* Where the queue is full nobody waits for room in it. */
	for (int i = 0; result == 0 && i < 20; i++) {
		result = ctl_stream_post(&client, "/v1/x", "text/plain", "", 0, &stream);
		if (result == 0)
			ctl_stream_close(stream);
	}
	assert_int_equal(result, -EAGAIN);
	close(listener);
	children_remove_folder(folder);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_silent_peer),
		cmocka_unit_test(test_endless_answer),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_peer_that_goes),
		cmocka_unit_test(test_target_with_line_end),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_what_is_heard),
		cmocka_unit_test(test_what_is_told_is_one_whole_request),
		cmocka_unit_test(test_telling_waits_for_nobody),
		cmocka_unit_test(test_a_screen_says_so),
		cmocka_unit_test(test_bytes_are_posted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
