/* SPDX-License-Identifier: MIT */
/* Every kind of probe against servers and commands that answer well, badly, slowly or not at all. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/guard.h"
#include "launcher/process/probe.h"
#include "tests/lib/children.h"

static char *environment[] = {(char *)"PATH=/usr/bin:/bin", (char *)"COLOUR=green", NULL};

/* One probe, and what came of it. */
struct scene {
	struct event_base *base;
	struct event *child_ended;
	struct probe_spec spec;
	struct probe *probe;
	int results;
	bool well, reap, destroy_in_result;
	char detail[600];
};

static void on_result(void *context, bool well, const char *detail)
{
	struct scene *self = context;
	self->results++;
	self->well = well;
	snprintf(self->detail, sizeof self->detail, "%s", detail);
	if (self->destroy_in_result) {
		probe_destroy(self->probe);
		self->probe = NULL;
	}
	event_base_loopbreak(self->base);
}

/* As the supervisor: reaps for all, asks each who it was. */
static void on_child(evutil_socket_t number, short what, void *context)
{
	(void)number, (void)what;
	struct scene *self = context;
	int status;
	pid_t pid;
	while (self->reap && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		bool signaled = WIFSIGNALED(status);
		if (self->probe)
			probe_reaped(self->probe, pid, signaled, signaled ? WTERMSIG(status) : WEXITSTATUS(status));
		event_base_loopbreak(self->base);
	}
}

static void scene_open(struct scene *self, enum probe_kind kind)
{
	*self = (struct scene){.base = event_base_new(), .reap = true};
	self->spec = (struct probe_spec){
		.kind = kind, .timeout_ms = CHILDREN_DEADLINE_MS, .status_min = 200, .status_max = 399};
	self->child_ended = evsignal_new(self->base, SIGCHLD, on_child, self);
	event_add(self->child_ended, NULL);
}

static void scene_make(struct scene *self)
{
	struct err err = ERR_INIT;
	struct probe_options options = {
		.base = self->base,
		.spec = &self->spec,
		.environment = environment,
		.result = on_result,
		.context = self,
	};
	if (!self->probe)
		self->probe = probe_create(&options, &err);
	if (!self->probe)
		fail_msg("%s", err.items[0].message);
}

/* Runs the loop until one more result is there. */
static void scene_await(struct scene *self)
{
	int before = self->results;
	struct timeval limit = {.tv_sec = CHILDREN_DEADLINE_MS / 1000};
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	event_base_loopexit(self->base, &limit);
	while (self->results == before && children_now_ms() < deadline)
		event_base_loop(self->base, EVLOOP_ONCE);
	assert_int_equal(self->results, before + 1);
}

static void scene_ask(struct scene *self)
{
	scene_make(self);
	probe_attempt(self->probe);
	scene_await(self);
}

static void scene_close(struct scene *self)
{
	probe_destroy(self->probe);
	event_free(self->child_ended);
	event_base_free(self->base);
	guard_sweep(NULL, CHILDREN_DEADLINE_MS);
	assert_true(children_none_left());
}

static void assert_answer(const struct scene *self, bool well, const char *detail)
{
	if (self->well != well || strcmp(self->detail, detail) != 0)
		fail_msg("%s \"%s\" instead of %s \"%s\"", self->well ? "well" : "ill", self->detail,
			 well ? "well" : "ill", detail);
}

/* ---- A server that says one thing. ---- */

struct server {
	struct evconnlistener *listener;
	const char *answer; /* NULL: stays silent */
	size_t repeat; /* how often it is said */
	bool hang_up;
	int accepted, ended;
	char request[2048];
};

static void server_event(struct bufferevent *stream, short what, void *context)
{
	struct server *self = context;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
		self->ended++;
		bufferevent_free(stream);
	}
}

static void server_written(struct bufferevent *stream, void *context)
{
	struct server *self = context;
	self->ended++;
	bufferevent_free(stream);
}

static void server_read(struct bufferevent *stream, void *context)
{
	struct server *self = context;
	size_t used = strlen(self->request);
	size_t got = bufferevent_read(stream, self->request + used, sizeof self->request - 1 - used);
	self->request[used + got] = '\0';
	if (!strstr(self->request, "\r\n\r\n"))
		return;
	for (size_t i = 0; self->answer && i < self->repeat; i++)
		bufferevent_write(stream, self->answer, strlen(self->answer));
	if (self->answer && self->hang_up) {
		if (!*self->answer)
			server_written(stream, self);
		else
			bufferevent_setcb(stream, server_read, server_written, server_event, self);
	}
}

static void server_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
			  void *context)
{
	(void)address, (void)size;
	struct server *self = context;
	struct bufferevent *stream =
		bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
	self->accepted++;
	self->request[0] = '\0';
	bufferevent_setcb(stream, server_read, NULL, server_event, self);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

/* On the loopback address of that family; returns the port. */
static int server_open(struct server *self, struct event_base *base, int family)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.sin6_addr = in6addr_loopback;
	const struct sockaddr *address =
		family == AF_INET ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
	self->listener =
		evconnlistener_new_bind(base, server_accept, self, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
					address, family == AF_INET ? sizeof four : sizeof six);
	assert_non_null(self->listener);
	struct sockaddr_in6 bound;
	socklen_t size = sizeof bound;
	assert_int_equal(getsockname(evconnlistener_get_fd(self->listener), (struct sockaddr *)&bound, &size), 0);
	return ntohs(bound.sin6_port);
}

/* Closes, once the probes have let go of every connection (they do so of themselves, sooner or later). */
static void server_close(struct server *self, struct event_base *base)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	while (self->ended < self->accepted && children_now_ms() < deadline)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(self->ended, self->accepted);
	evconnlistener_free(self->listener);
}

/* A port on which nobody listens. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* ---- http ---- */

static void test_http_answers(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		bool well;
		const char *detail;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, "HTTP 200 OK"},
		{"HTTP/1.0 204\r\n\r\n", true, "HTTP 204"},
		{"HTTP/1.1 200 OK\n\n", true, "HTTP 200 OK"},
		{"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", true, "HTTP 302 Found"},
		{"HTTP/1.1 404 Not Found\r\n\r\n", false, "HTTP 404 Not Found"},
		{"HTTP/1.1 503 Service Unavailable\r\n\r\n", false, "HTTP 503 Service Unavailable"},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", true, "HTTP 200 OK"},
		{"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 500 Oops\r\n\r\n", false, "HTTP 500 Oops"},
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n", false, "HTTP 101 Switching Protocols"},
		{"HTTP/1.1 500 \x1b[31mred\xff\xc2\x9b\r\n\r\n", false, "HTTP 500 ?[31mred???"},
		{"-ERR unknown command 'GET'\r\n", false, "the answer is not HTTP"},
		{"HTTP/2.0 200 OK\r\n", false, "the answer is not HTTP"},
		{"HTTP/1.1 2000 OK\r\n", false, "the answer is not HTTP"},
		{"HTTP/1.1 20 OK\r\n", false, "the answer is not HTTP"},
		{"HTTP/1.1 099 OK\r\n", false, "the answer is not HTTP"},
		{"\r\n", false, "the answer is not HTTP"},
		{"", false, "connection closed without an answer"},
		{"HTTP/1.1 200", false, "connection closed without an answer"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server server = {.answer = cases[i].answer, .repeat = 1, .hang_up = true};
		struct scene scene;
		scene_open(&scene, PROBE_HTTP);
		scene.spec.host = "127.0.0.1";
		scene.spec.port = server_open(&server, scene.base, AF_INET);
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, cases[i].detail);
		server_close(&server, scene.base);
		scene_close(&scene);
	}
}

static void test_http_status_range(void **state)
{
	(void)state;
	static const struct {
		int least, most;
		bool well;
	} cases[] = {{200, 399, false}, {401, 401, true}, {400, 499, true}, {402, 499, false}, {0, 0, false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server server = {.answer = "HTTP/1.1 401 Unauthorized\r\n\r\n", .repeat = 1, .hang_up = true};
		struct scene scene;
		scene_open(&scene, PROBE_HTTP);
		scene.spec.host = "127.0.0.1";
		scene.spec.port = server_open(&server, scene.base, AF_INET);
		scene.spec.status_min = cases[i].least;
		scene.spec.status_max = cases[i].most;
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, "HTTP 401 Unauthorized");
		server_close(&server, scene.base);
		scene_close(&scene);
	}
}

/* Megabytes without a line end, announcements without an end, a body without an end: none is read to the end. */
static void test_http_endless_answers(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		size_t repeat;
		bool well;
		const char *detail;
	} cases[] = {
		{"garbage without a line end ", 200000, false, "the answer is not HTTP"},
		{"HTTP/1.1 100 Continue\r\n\r\n", 200000, false, "the answer is not HTTP"},
		{"HTTP/1.1 200 OK\r\n\r\n", 200000, true, "HTTP 200 OK"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server server = {.answer = cases[i].answer, .repeat = cases[i].repeat};
		struct scene scene;
		scene_open(&scene, PROBE_HTTP);
		scene.spec.host = "127.0.0.1";
		scene.spec.port = server_open(&server, scene.base, AF_INET);
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, cases[i].detail);
		server_close(&server, scene.base);
		scene_close(&scene);
	}
}

static void test_http_request(void **state)
{
	(void)state;
	static const struct {
		int family;
		const char *host, *path, *request;
	} cases[] = {
		{AF_INET, "127.0.0.1", "/health?full=1#top", "GET /health?full=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"},
		{AF_INET, "127.0.0.1", NULL, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"},
		{AF_INET, "127.0.0.1", "?q", "GET /?q HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"},
		{AF_INET, "localhost", "/", "GET / HTTP/1.1\r\nHost: localhost:%d\r\n"},
		{AF_INET6, "localhost", "/", "GET / HTTP/1.1\r\nHost: localhost:%d\r\n"},
		{AF_INET6, "web.localhost", "/", "GET / HTTP/1.1\r\nHost: web.localhost:%d\r\n"},
		{AF_INET6, "::1", "/", "GET / HTTP/1.1\r\nHost: [::1]:%d\r\n"},
		{AF_INET6, "[::1]", "/", "GET / HTTP/1.1\r\nHost: [::1]:%d\r\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server server = {.answer = "HTTP/1.1 200 OK\r\n\r\n", .repeat = 1, .hang_up = true};
		struct scene scene;
		char begin[256];
		scene_open(&scene, PROBE_HTTP);
		scene.spec.host = cases[i].host;
		scene.spec.path = cases[i].path;
		scene.spec.port = server_open(&server, scene.base, cases[i].family);
		scene_ask(&scene);
		assert_answer(&scene, true, "HTTP 200 OK");
		const char *port = strstr(cases[i].request, "%d");
		snprintf(begin, sizeof begin, "%.*s%d%s", (int)(port - cases[i].request), cases[i].request,
			 scene.spec.port, port + 2);
		assert_memory_equal(server.request, begin, strlen(begin));
		assert_non_null(strstr(server.request, "\r\nConnection: close\r\n"));
		server_close(&server, scene.base);
		scene_close(&scene);
	}
}

/* ---- tcp ---- */

static void test_tcp(void **state)
{
	(void)state;
	struct server server = {0};
	struct scene scene;
	scene_open(&scene, PROBE_TCP);
	scene.spec.host = "localhost";
	scene.spec.port = server_open(&server, scene.base, AF_INET);
	scene_ask(&scene);
	assert_answer(&scene, true, "connected");
	server_close(&server, scene.base);
	scene_ask(&scene);
	assert_answer(&scene, false, "connection refused");
	scene_close(&scene);
}

static void test_refused_by_every_kind(void **state)
{
	(void)state;
	static const enum probe_kind kinds[] = {PROBE_TCP, PROBE_HTTP};
	static const char *const hosts[] = {"127.0.0.1", "localhost", "::1", "0.0.0.0"};
	for (size_t i = 0; i < 8; i++) {
		struct scene scene;
		scene_open(&scene, kinds[i % 2]);
		scene.spec.host = hosts[i / 2];
		scene.spec.port = free_port();
		scene_ask(&scene);
		assert_answer(&scene, false, "connection refused");
		scene_close(&scene);
	}
}

/* Asked often enough, the kernel connects a port of its own range to itself. That is nobody's readiness. */
static void test_connection_to_itself_is_none(void **state)
{
	(void)state;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int port = free_port();
	address.sin_port = htons((uint16_t)port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0); /* it can be done */
	close(fd);
	struct scene scene;
	scene_open(&scene, PROBE_TCP);
	scene.spec.host = "127.0.0.1";
	scene.spec.port = port;
	for (int i = 0; i < 2000; i++) {
		scene_ask(&scene);
		assert_answer(&scene, false, "connection refused");
	}
	scene_close(&scene);
}

/* ---- unix ---- */

static int listen_on(const char *folder, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int here = open(".", O_PATH | O_CLOEXEC);
	assert_int_equal(chdir(folder), 0); /* the path itself may be too long for an address */
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_true(type == SOCK_DGRAM || listen(fd, 4) == 0);
	assert_int_equal(fchdir(here), 0);
	close(here);
	return fd;
}

static void test_unix(void **state)
{
	(void)state;
	char *folder = children_make_folder(), deep[400], file[64], path[500];
	snprintf(deep, sizeof deep, "%s/%0150d", folder, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	snprintf(file, sizeof file, "%s/file", folder);
	close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	int fds[] = {
		listen_on(folder, "stream", SOCK_STREAM),
		listen_on(folder, "packet", SOCK_SEQPACKET),
		listen_on(folder, "datagram", SOCK_DGRAM),
		listen_on(deep, "stream", SOCK_STREAM),
	};
	close(listen_on(folder, "stale", SOCK_STREAM));
	const struct {
		const char *folder, *name;
		bool well;
		const char *detail;
	} cases[] = {
		{folder, "stream", true, "connected"},
		{folder, "packet", true, "connected"},
		{folder, "datagram", true, "connected"},
		{deep, "stream", true, "connected"},
		{folder, "stale", false, "connection refused"},
		{folder, "file", false, "connection refused"},
		{folder, "absent", false, "the socket is not there"},
		{deep, "absent", false, "the socket is not there"},
		{"/no/such/folder", "absent", false, "the socket is not there"},
	};
	int before = children_count_fds();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		scene_open(&scene, PROBE_UNIX);
		snprintf(path, sizeof path, "%s/%s", cases[i].folder, cases[i].name);
		scene.spec.path = path;
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, cases[i].detail);
		scene_close(&scene);
	}
	assert_int_equal(children_count_fds(), before);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		close(fds[i]);
	children_remove_folder(folder);
}

/* ---- names ---- */

static void answer_name(struct evdns_server_request *request, void *context)
{
	bool *silent = context;
	uint32_t loopback = htonl(INADDR_LOOPBACK);
	if (*silent) {
		evdns_server_request_drop(request);
		return;
	}
	for (int i = 0; i < request->nquestions; i++) {
		const struct evdns_server_question *question = request->questions[i];
		if (question->type == EVDNS_TYPE_A && strcasecmp(question->name, "web.test") == 0)
			evdns_server_request_add_a_reply(request, question->name, 1, &loopback, 10);
	}
	evdns_server_request_respond(request, 0);
}

/* A resolver of our own on port 53 of a network of our own. */
static int open_resolver(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	char path[] = "/tmp/upfront-test-resolv-XXXXXX";
	int fd = mkstemp(path);
	bool written = fd >= 0 && write(fd, "nameserver 127.0.0.1\n", 21) == 21;
	bool mounted = written && unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 &&
		       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		       mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
	unlink(path);
	close(fd);
	fd = mounted ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (fd >= 0 &&
	    (ioctl(fd, SIOCSIFFLAGS, &loopback) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0))
		return -1;
	return fd;
}

static int ask_by_name(void)
{
	struct scene scene;
	struct server server = {0};
	bool silent = false;
	int fd = open_resolver();
	if (fd < 0)
		return 77;
	scene_open(&scene, PROBE_TCP);
	struct evdns_server_port *port = evdns_add_server_port_with_base(scene.base, fd, 0, answer_name, &silent);
	scene.spec.port = server_open(&server, scene.base, AF_INET);
	scene.spec.host = "web.test";
	scene_ask(&scene);
	assert_answer(&scene, true, "connected");
	scene.spec.host = "unknown.test";
	scene_ask(&scene);
	assert_false(scene.well);
	assert_non_null(strstr(scene.detail, "host name not resolved"));
	/* No answer: the timeout is that of the whole attempt, and one cancelled or destroyed midway leaves nothing behind. */
	silent = true;
	scene.spec.timeout_ms = 200;
	scene_ask(&scene);
	assert_answer(&scene, false, "timed out after 200 ms");
	probe_attempt(scene.probe);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	probe_cancel(scene.probe);
	probe_attempt(scene.probe);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	probe_destroy(scene.probe);
	scene.probe = NULL;
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	server_close(&server, scene.base);
	evdns_close_server_port(port);
	scene_close(&scene);
	return 0;
}

static void test_names_are_looked_up(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "test_probe", "--ask-by-name", NULL);
		_exit(90);
	}
	int code = children_wait(pid);
	if (code == 77)
		skip(); /* no network of our own to be had */
	assert_int_equal(code, 0);
}

/* ---- log ---- */

static void test_log_lines(void **state)
{
	(void)state;
	static const struct {
		const char *regex;
		const char *feeds[5];
		bool well;
	} cases[] = {
		{"ready", {"server is ready\n"}, true},
		{"ready", {"server is ready"}, false}, /* the line has not ended */
		{"ready", {"server is re", "ady to ser", "ve\n"}, true},
		{"^ready$", {"not ready\nready\n"}, true},
		{"^ready$", {"not ready\nready!\n"}, false},
		{"^ready$", {"ready\r\n"}, true},
		{"ready on [0-9]+", {"a\nb\n", "ready on 8080\nc\n"}, true},
		{"(up|ready)$", {"up\n"}, true},
		{"a.b", {"a\nb\n"}, false},
		{"^$", {"x\n\n"}, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		scene_open(&scene, PROBE_LOG);
		scene.spec.regex = cases[i].regex;
		scene.spec.timeout_ms = cases[i].well ? CHILDREN_DEADLINE_MS : 20;
		scene_make(&scene);
		probe_attempt(scene.probe);
		for (size_t n = 0; n < 5 && cases[i].feeds[n]; n++)
			probe_feed(scene.probe, cases[i].feeds[n], strlen(cases[i].feeds[n]));
		scene_await(&scene);
		assert_int_equal(scene.well, cases[i].well);
		assert_non_null(
			strstr(scene.detail, cases[i].well ? "a line matched" : "no line of its output has matched '"));
		scene_close(&scene);
	}
}

static void test_log_bytes_of_any_kind(void **state)
{
	(void)state;
	struct scene scene;
	static char flood[100000];
	scene_open(&scene, PROBE_LOG);
	scene.spec.regex = "^behind zero$|xneedle";
	scene_make(&scene);
	probe_attempt(scene.probe);
	probe_feed(scene.probe, "in\0front\n", 9);
	/* No line end for long: looked at in pieces, so what is in one of them is found at once. */
	memset(flood, 'x', sizeof flood);
	memcpy(flood + 40000, "needle", 6);
	probe_feed(scene.probe, flood, sizeof flood);
	scene_await(&scene);
	assert_answer(&scene, true, "a line matched");
	scene_close(&scene);
}

/* Said before it was asked: reported at once, and to every later attempt, until the run is over. */
static void test_log_match_between_attempts(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, PROBE_LOG);
	scene.spec.regex = "ready";
	scene_make(&scene);
	probe_feed(scene.probe, "ready\n", 6);
	scene_await(&scene);
	assert_true(scene.well);
	probe_feed(scene.probe, "ready\n", 6); /* no second report */
	scene_ask(&scene);
	assert_true(scene.well);
	probe_cancel(scene.probe);
	scene.spec.timeout_ms = 20;
	probe_feed(scene.probe, "rea", 3);
	scene_ask(&scene);
	assert_false(scene.well);
	probe_feed(scene.probe, "dy\n", 3); /* a line outlives the attempt that was waiting for it */
	scene_await(&scene);
	assert_true(scene.well);
	assert_int_equal(scene.results, 4);
	scene_close(&scene);
}

/* ---- exec ---- */

static void test_exec_answers(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		bool well;
		const char *detail;
	} cases[] = {
		{"exit 0", true, "exit code 0"},
		{"echo fine", true, "exit code 0: fine"},
		{"exit 3", false, "exit code 3"},
		{"echo one; echo two >&2; exit 1", false, "exit code 1: two"},
		{"printf 'one\\ntwo\\n\\n \\n'; exit 1", false, "exit code 1: two"},
		{"printf 'no line end'; exit 1", false, "exit code 1: no line end"},
		{"printf '\\033[31mred\\377'; exit 1", false, "exit code 1: ?[31mred?"},
		{"kill -SEGV $$", false, "killed by SIGSEGV"},
		{"echo $COLOUR $(pwd)", true, "exit code 0: green /usr"},
		{"test -z \"$(cat)\" && echo no stdin", true, "exit code 0: no stdin"},
		{"sleep 1000 & echo left something", true, "exit code 0: left something"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		const char *argv[] = {"sh", "-c", cases[i].script, NULL};
		scene_open(&scene, PROBE_EXEC);
		scene.spec.argv = argv;
		struct probe_options options = {
			.base = scene.base,
			.spec = &scene.spec,
			.environment = environment,
			.cwd = "/usr",
			.result = on_result,
			.context = &scene,
		};
		scene.probe = probe_create(&options, NULL);
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, cases[i].detail);
		scene_close(&scene);
	}
}

static void test_exec_that_cannot_start(void **state)
{
	(void)state;
	const char *argv[] = {"no-such-probe", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_ask(&scene);
	assert_answer(&scene, false, "cannot start 'no-such-probe': command not found");
	scene_ask(&scene);
	assert_int_equal(scene.results, 2);
	scene_close(&scene);
}

/* Megabytes of output are read, its end is told. */
static void test_exec_flood(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "flood", "20000000", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_ask(&scene);
	assert_true(scene.well);
	assert_int_equal(strlen(scene.detail), strlen("exit code 0: ") + 99);
	scene_close(&scene);
	free(helper);
}

/* Its whole family goes, however stubborn; until it is reaped no second one is started. */
static void test_exec_timeout_ends_the_session(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "tree", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene.spec.timeout_ms = 300;
	scene.reap = false;
	scene_ask(&scene);
	assert_answer(&scene, false, "timed out after 300 ms");
	scene_ask(&scene);
	assert_answer(&scene, false, "the command of the last attempt has not ended yet");
	scene.reap = true;
	on_child(SIGCHLD, 0, &scene);
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	scene.spec.timeout_ms = 300;
	do
		scene_ask(&scene);
	while (strcmp(scene.detail, "timed out after 300 ms") != 0 && children_now_ms() < deadline);
	assert_answer(&scene, false, "timed out after 300 ms");
	scene_close(&scene);
	free(helper);
}

static void test_exec_cancelled(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "stubborn", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_make(&scene);
	probe_attempt(scene.probe);
	probe_cancel(scene.probe);
	/* Only a killed one ends. */
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	while (!children_none_left() && children_now_ms() < deadline)
		event_base_loop(scene.base, EVLOOP_ONCE);
	assert_true(children_none_left());
	assert_int_equal(scene.results, 0);
	scene_close(&scene);
	free(helper);
}

/* ---- what holds for all ---- */

static void test_silence_times_out(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		int64_t timeout_ms;
		const char *detail;
	} cases[] = {
		{NULL, 150, "timed out after 150 ms"},
		{"HTTP/1.1 2", 150, "timed out after 150 ms"},
		{NULL, 1000, "timed out after 1 s"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server server = {.answer = cases[i].answer, .repeat = 1};
		struct scene scene;
		scene_open(&scene, PROBE_HTTP);
		scene.spec.host = "127.0.0.1";
		scene.spec.port = server_open(&server, scene.base, AF_INET);
		scene.spec.timeout_ms = cases[i].timeout_ms;
		int64_t begin = children_now_ms();
		scene_ask(&scene);
		assert_true(children_now_ms() - begin >= cases[i].timeout_ms - 20);
		assert_answer(&scene, false, cases[i].detail);
		server_close(&server, scene.base);
		scene_close(&scene);
	}
}

/* Results come from the loop, never from inside the call; one under way is left alone; a cancelled one has none. */
static void test_one_result_an_attempt(void **state)
{
	(void)state;
	struct server server = {.answer = "HTTP/1.1 200 OK\r\n\r\n", .repeat = 1, .hang_up = true};
	struct scene scene;
	scene_open(&scene, PROBE_HTTP);
	scene.spec.host = "127.0.0.1";
	scene.spec.port = server_open(&server, scene.base, AF_INET);
	scene_make(&scene);
	probe_attempt(scene.probe);
	probe_attempt(scene.probe);
	assert_int_equal(scene.results, 0);
	scene_await(&scene);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	assert_int_equal(scene.results, 1);
	assert_int_equal(server.accepted, 1);
	server.answer = NULL;
	probe_attempt(scene.probe);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	probe_cancel(scene.probe);
	server.answer = "HTTP/1.1 200 OK\r\n\r\n";
	scene.destroy_in_result = true;
	scene_ask(&scene);
	assert_int_equal(scene.results, 2);
	server_close(&server, scene.base);
	scene_close(&scene);
}

static void test_failure_is_told_from_the_loop(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, PROBE_UNIX);
	scene.spec.path = "/no/such/socket";
	scene_make(&scene);
	probe_attempt(scene.probe);
	assert_int_equal(scene.results, 0);
	scene_await(&scene);
	assert_answer(&scene, false, "the socket is not there");
	scene_close(&scene);
}

static void test_specs_that_cannot_be(void **state)
{
	(void)state;
	const struct {
		struct probe_spec spec;
		enum err_code code;
		const char *message;
	} cases[] = {
		{{.kind = PROBE_NOTIFY}, ERR_MISSING, "notify readiness is not built into this version"},
		{{.kind = PROBE_NONE}, ERR_INTERNAL, "no kind"},
		{{.kind = PROBE_TCP, .host = "x"}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_TCP, .port = 1}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_TCP, .host = "x", .port = 65536}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_UNIX}, ERR_CONFIG, "path of a socket"},
		{{.kind = PROBE_EXEC}, ERR_CONFIG, "needs a command"},
		{{.kind = PROBE_LOG, .regex = "a("}, ERR_CONFIG, "regular expression 'a('"},
		{{.kind = PROBE_HTTP, .host = "x\r\nEvil: 1", .port = 80}, ERR_CONFIG, "blanks and control characters"},
		{{.kind = PROBE_HTTP, .host = "x", .port = 80, .path = "/ HTTP/1.1"}, ERR_CONFIG, "blanks and control"},
	};
	struct event_base *base = event_base_new();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct probe_spec spec = cases[i].spec;
		spec.place = (struct err_place){"compose.yaml", 7, 3};
		struct probe_options options = {.base = base, .spec = &spec, .result = on_result};
		assert_null(probe_create(&options, &err));
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(err.items[0].line, 7);
		if (!strstr(err.items[0].message, cases[i].message))
			fail_msg("\"%s\"", err.items[0].message);
		err_finish(&err);
	}
	event_base_free(base);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_answers),
		cmocka_unit_test(test_http_status_range),
		cmocka_unit_test(test_http_endless_answers),
		cmocka_unit_test(test_http_request),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_refused_by_every_kind),
		cmocka_unit_test(test_connection_to_itself_is_none),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_names_are_looked_up),
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_bytes_of_any_kind),
		cmocka_unit_test(test_log_match_between_attempts),
		cmocka_unit_test(test_exec_answers),
		cmocka_unit_test(test_exec_that_cannot_start),
		cmocka_unit_test(test_exec_flood),
		cmocka_unit_test(test_exec_timeout_ends_the_session),
		cmocka_unit_test(test_exec_cancelled),
		cmocka_unit_test(test_silence_times_out),
		cmocka_unit_test(test_one_result_an_attempt),
		cmocka_unit_test(test_failure_is_told_from_the_loop),
		cmocka_unit_test(test_specs_that_cannot_be),
	};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--ask-by-name") == 0)
		return ask_by_name();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
