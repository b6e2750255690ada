/* SPDX-License-Identifier: MIT */
/* Ports that are free, taken - and by whom -, not ours to take; and what the person is told. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/ports.h"
#include "tests/lib/children.h"
#include "tests/lib/skip.h"

/* Binds (and for tcp listens) on a port of the kernel's choice, or the one given; returns the descriptor. */
static int hold(const char *host, bool udp, bool listens, int *port)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	bool is_six = strchr(host, ':') != NULL;
	socklen_t size = is_six ? sizeof *six : sizeof *four;
	if (is_six) {
		six->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, host, &six->sin6_addr), 1);
	} else {
		four->sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, host, &four->sin_addr), 1);
	}
	four->sin_port = htons((uint16_t)*port);
	int on = 1, fd = socket(address.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	if (listens && !udp)
		assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(four->sin_port);
	return fd;
}

static int free_port(void)
{
	int port = 0;
	close(hold("0.0.0.0", false, false, &port));
	return port;
}

/* A stack of one service with one port. */
static int check(const char *host, int first, int last, const char *protocol, struct err *err)
{
	struct service_port port = {
		.host = host,
		.published = first,
		.published_end = last,
		.target = first,
		.protocol = protocol,
		.place = {"compose.yaml", 12, 9},
	};
	struct service service = {.name = "web", .kind = SERVICE_NATIVE, .ports = &port, .port_count = 1};
	struct stack stack = {.services = &service, .service_count = 1};
	return ports_check(&stack, NULL, NULL, err);
}

__attribute__((format(printf, 3, 4))) static void assert_told(const struct err *err, size_t index, const char *format,
							      ...)
{
	char expected[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(expected, sizeof expected, format, arguments);
	va_end(arguments);
	assert_true(err->count > index);
	assert_string_equal(err->items[index].message, expected);
}

static void test_free_ports(void **state)
{
	(void)state;
	static const char *const hosts[] = {NULL,        "",   "*",   "0.0.0.0", "127.0.0.1",
					    "localhost", "::", "::1", "[::1]",   "not an address"};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct err err = ERR_INIT;
		int port = free_port();
		assert_int_equal(check(hosts[i], port, port, "tcp", &err), 0);
		assert_int_equal(check(hosts[i], port, port, "udp", &err), 0);
		assert_int_equal(check(hosts[i], port, port, NULL, &err), 0);
		assert_false(err_is_set(&err));
	}
}

/* Who holds what, and which declaration that stands in the way of. */
static void test_taken_ports(void **state)
{
	(void)state;
	static const struct {
		const char *held;
		bool udp;
		const char *declared, *protocol;
		bool taken;
	} cases[] = {
		{"127.0.0.1", false, NULL, "tcp", true},
		{"127.0.0.1", false, "127.0.0.1", "tcp", true},
		{"127.0.0.1", false, "0.0.0.0", "tcp", true},
		{"127.0.0.1", false, "localhost", "tcp", true},
		{"127.0.0.1", false, "127.0.0.2", "tcp", false},
		{"127.0.0.1", false, "::1", "tcp", false},
		{"127.0.0.1", false, NULL, "udp", false},
		{"0.0.0.0", false, "127.0.0.1", "tcp", true},
		{"::1", false, NULL, "tcp", true},
		{"::1", false, "[::1]", "tcp", true},
		{"::1", false, "localhost", "tcp", true},
		{"::1", false, "127.0.0.1", "tcp", false},
		{"::", false, NULL, "tcp", true},
		{"::", false, "127.0.0.1", "tcp", true}, /* an IPv6 socket that takes IPv4 too */
		{"127.0.0.1", true, NULL, "udp", true},
		{"127.0.0.1", true, "127.0.0.1", "udp", true},
		{"::", true, "127.0.0.1", "udp", true},
		{"127.0.0.1", true, NULL, "tcp", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		int port = 0, fd = hold(cases[i].held, cases[i].udp, true, &port);
		int result = check(cases[i].declared, port, port, cases[i].protocol, &err);
		if ((result < 0) != cases[i].taken)
			fail_msg("case %zu: %d", i, result);
		if (cases[i].taken) {
			assert_int_equal(err.code, ERR_MISSING);
			assert_int_equal(err.count, 1); /* once, though both protocols may be concerned */
			assert_told(&err, 0, "port %d%s of service 'web' is in use by test_ports (pid %d)", port,
				    cases[i].udp ? "/udp" : "", (int)getpid());
			assert_string_equal(err.items[0].hint, "stop it, or choose another port");
			assert_string_equal(err.items[0].file, "compose.yaml");
			assert_int_equal(err.items[0].line, 12);
			assert_int_equal(err.items[0].column, 9);
		}
		err_finish(&err);
		close(fd);
	}
}

static void test_several_taken_ports_are_all_told(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	int fds[2], first = 0, second = 0;
	/* Two that are neighbours, and a free one on either side. */
	for (;;) {
		first = 0;
		fds[0] = hold("127.0.0.1", false, true, &first);
		second = first + 1;
		if (check("127.0.0.1", first - 1, first - 1, "tcp", NULL) == 0 &&
		    check("127.0.0.1", second, second + 1, "tcp", NULL) == 0)
			break;
		close(fds[0]);
	}
	fds[1] = hold("127.0.0.1", false, true, &second);
	assert_true(check("127.0.0.1", first - 1, second + 1, "tcp", &err) < 0);
	assert_int_equal(err.count, 2);
	assert_told(&err, 0, "port %d of service 'web' is in use by test_ports (pid %d)", first, (int)getpid());
	assert_told(&err, 1, "port %d of service 'web' is in use by test_ports (pid %d)", second, (int)getpid());
	err_finish(&err);
	close(fds[0]);
	close(fds[1]);
}

/* A connection that was closed here a moment ago holds its port no more than it would hold a server's. */
static void test_time_wait_does_not_count(void **state)
{
	(void)state;
	int port = 0, listener = hold("127.0.0.1", false, true, &port);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char byte;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	close(server); /* the side that closes first waits */
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	close(listener);
	assert_int_equal(check("127.0.0.1", port, port, "tcp", NULL), 0);
}

static void test_only_native_members_are_looked_at(void **state)
{
	(void)state;
	int port = 0, fd = hold("127.0.0.1", false, true, &port);
	const struct service_port taken = {.published = port, .published_end = port, .protocol = "tcp"};
	const struct service_port none = {.target = port, .protocol = "tcp"},
				  other = {.published = port, .protocol = "sctp"};
	struct service services[] = {
		{.name = "outsider", .kind = SERVICE_NATIVE, .ports = &taken, .port_count = 1},
		{.name = "contained", .kind = SERVICE_CONTAINER, .ports = &taken, .port_count = 1},
		{.name = "unpublished", .kind = SERVICE_NATIVE, .ports = &none, .port_count = 1},
		{.name = "exotic", .kind = SERVICE_NATIVE, .ports = &other, .port_count = 1},
	};
	const bool member[] = {false, true, true, true};
	struct stack stack = {.services = services, .service_count = 4};
	struct err err = ERR_INIT;
	assert_int_equal(ports_check(&stack, member, NULL, &err), 0);
	assert_true(ports_check(&stack, NULL, NULL, &err) < 0);
	assert_int_equal(err.count, 1);
	assert_non_null(strstr(err.items[0].message, "'outsider'"));
	err_finish(&err);
	close(fd);
}

static void test_address_of_another_machine(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	int port = free_port();
	assert_true(check("192.0.2.1", port, port, "tcp", &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_told(&err, 0, "port %d of service 'web': this machine has no address 192.0.2.1", port);
	err_finish(&err);
}

/* As an ordinary user: what root holds is told of by its user, what only root may hold as such. */
static int look_as_nobody(int port, int fd)
{
	struct err err = ERR_INIT;
	char expected[160];
	close(fd); /* or it would be a holder itself */
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 90;
	snprintf(expected, sizeof expected, "port %d of service 'web' is in use by another user's process (user root)",
		 port);
	if (check(NULL, port, port, "tcp", &err) >= 0 || strcmp(err.items[0].message, expected) != 0)
		return 91;
	err_finish(&err);
	err_init(&err);
	if (check("127.0.0.1", 7, 7, "tcp", &err) >= 0 || err.code != ERR_MISSING ||
	    strcmp(err.items[0].message, "port 7 of service 'web': not permitted to use it") != 0)
		return 92;
	err_finish(&err);
	return 0;
}

static void test_without_privilege(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("needs root");
	int port = 0, fd = hold("127.0.0.1", false, true, &port);
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_as_nobody(port, fd));
	assert_int_equal(children_wait(pid), 0);
	close(fd);
}

/* A machine without any IPv6 address: nothing is wrong with a port for "any address", or for localhost. */
static int look_without_addresses(void)
{
	struct err err = ERR_INIT;
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	return check(NULL, 8080, 8080, "tcp", &err) < 0 || check("localhost", 8080, 8080, "tcp", &err) < 0 ? 91 : 0;
}

static void test_machine_without_addresses(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_without_addresses());
	int code = children_wait(pid);
	if (code == 77)
		skip_because("no network of our own to be had");
	assert_int_equal(code, 0);
}

static void test_long_ranges_end(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	int before = children_count_fds();
	check("192.0.2.1", 1024, 65535, "tcp", &err);
	assert_int_equal(err.count, ERR_ITEMS_MAX);
	assert_int_equal(children_count_fds(), before);
	err_finish(&err);
}

/* Whatever address somebody listens at, the port is not free for a service of any address. */
static void test_free_for_any_address(void **state)
{
	static const char *const hosts[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"};
	char words[160], wanted[64];
	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		int port = free_port();
		assert_true(ports_is_free(port));
		ports_holder_words(port, words, sizeof words);
		assert_string_equal(words, "");
		int fd = hold(hosts[i], false, true, &port);
		assert_false(ports_is_free(port));
		ports_holder_words(port, words, sizeof words);
		snprintf(wanted, sizeof wanted, "(pid %d)", (int)getpid());
		assert_non_null(strstr(words, wanted));
		close(fd);
		assert_true(ports_is_free(port));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_ports),
		cmocka_unit_test(test_taken_ports),
		cmocka_unit_test(test_several_taken_ports_are_all_told),
		cmocka_unit_test(test_time_wait_does_not_count),
		cmocka_unit_test(test_only_native_members_are_looked_at),
		cmocka_unit_test(test_address_of_another_machine),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_machine_without_addresses),
		cmocka_unit_test(test_long_ranges_end),
		cmocka_unit_test(test_free_for_any_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
