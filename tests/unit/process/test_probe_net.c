/* SPDX-License-Identifier: MIT */
/* http, tcp and unix probes against servers that answer well, badly, slowly or not at all. */
#include "tests/unit/process/probe_scene.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/skip.h"

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

/*
 * A client whose own port the kernel chooses may get the very port it connects to, and then talks to itself. In a network of
 * our own that has one such port it surely does. That is nobody's readiness.
 */
static int ask_itself(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct scene scene;
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int range = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
	if (ioctl(any, SIOCSIFFLAGS, &loopback) < 0 || range < 0 || write(range, "40000 40000", 11) != 11)
		return 77;
	close(range);
	close(any);
	scene_open(&scene, PROBE_TCP);
	scene.spec.host = "127.0.0.1";
	scene.spec.port = 40000;
	scene_ask(&scene);
	assert_answer(&scene, false, "connection refused");
	scene_close(&scene);
	return 0;
}

/* Runs this program again, for what needs a process of its own; false when this machine does not permit it. */
static bool run_apart(const char *what)
{
	pid_t pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "test_probe_net", what, NULL);
		_exit(90);
	}
	int code = children_wait(pid);
	assert_true(code == 0 || code == 77);
	return code == 0;
}

static void test_connection_to_itself_is_none(void **state)
{
	(void)state;
	if (!run_apart("--ask-itself"))
		skip_because("no network of our own to be had");
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
	if (!run_apart("--ask-by-name"))
		skip_because("no network of our own to be had");
}

/* ---- silence, and the rule of one result ---- */

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
		cmocka_unit_test(test_silence_times_out),
		cmocka_unit_test(test_one_result_an_attempt),
	};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--ask-by-name") == 0)
		return ask_by_name();
	if (argc > 1 && strcmp(argv[1], "--ask-itself") == 0)
		return ask_itself();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
