/* SPDX-License-Identifier: MIT */
#include "telemetry/relay_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEADLINE_MS 10000

static const char *const home[] = {"127.0.0.1"};
static const char *const two[] = {"127.0.0.1", "127.0.0.2"};

static struct sockaddr_in name_of(const struct relay_port *port, size_t index)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	char address[RELAY_ADDRESS_BYTES];

	snprintf(address, sizeof(address), "%s", port->addresses[index]);
	name.sin_port = htons((uint16_t)atoi(strchr(address, ':') + 1));
	*strchr(address, ':') = '\0';
	assert_int_equal(inet_pton(AF_INET, address, &name.sin_addr), 1);
	return name;
}

static int connect_to(const struct relay_port *port, size_t index)
{
	struct sockaddr_in name = name_of(port, index);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static bool is_readable(int fd, int limit_ms)
{
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, limit_ms) == 1;
}

/* ---- Opening ---- */

static void test_it_listens_on_each_address_at_one_port(void **state)
{
	struct relay_port port;
	struct telemetry_relay relay;

	(void)state;
	assert_int_equal(relay_port_open(&port, two, 2), 0);
	assert_int_equal(port.count, 2);
	assert_memory_equal(port.addresses[0], "127.0.0.1:", 10);
	assert_memory_equal(port.addresses[1], "127.0.0.2:", 10);
	assert_string_equal(strchr(port.addresses[0], ':'), strchr(port.addresses[1], ':'));
	relay = relay_port_relay(&port);
	assert_int_equal(relay.count, 2);
	assert_ptr_equal(relay.fds, port.fds);
	assert_string_equal(relay.addresses[1], port.addresses[1]);
	assert_string_equal(relay.token, port.token);
	for (size_t i = 0; i < 2; i++) {
		assert_true(fcntl(port.fds[i], F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(port.fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(port.fds[i] >= WIRE_RELAY_FD + WIRE_RELAYS_MAX);
		close(connect_to(&port, i));
	}
	relay_port_close(&port);
	assert_int_equal(port.count, 0);
}

static void test_what_cannot_be_opened_leaves_nothing_open(void **state)
{
	static const char *const wrong[] = {"127.0.0.1", "nonsense"};
	static const char *const foreign[] = {"127.0.0.1", "192.0.2.1"}; /* RFC 5737: nobody's */
	struct relay_port port;
	int before = dup(0), after;

	(void)state;
	close(before);
	assert_int_equal(relay_port_open(&port, wrong, 2), -EINVAL);
	assert_int_equal(relay_port_open(&port, foreign, 2), -EADDRNOTAVAIL);
	assert_int_equal(relay_port_open(&port, home, 0), -EINVAL);
	assert_int_equal(port.count, 0);
	assert_null(relay_port_url(&port, 0));
	after = dup(0);
	assert_int_equal(before, after);
	close(after);
	relay_port_close(&port);
}

static void test_the_url_holds_a_token_of_its_own(void **state)
{
	struct relay_port one, other;
	char *url, wanted[128];

	(void)state;
	assert_int_equal(relay_port_open(&one, home, 1), 0);
	assert_int_equal(relay_port_open(&other, home, 1), 0);
	assert_int_equal(strlen(one.token), 32);
	assert_int_equal(strspn(one.token, "0123456789abcdef"), 32);
	assert_string_not_equal(one.token, other.token);
	url = relay_port_url(&one, 0);
	snprintf(wanted, sizeof(wanted), "http://%s/r/%s", one.addresses[0], one.token);
	assert_string_equal(url, wanted);
	free(url);
	relay_port_close(&one);
	assert_string_equal(one.token, "");
	relay_port_close(&other);
}

static void test_nobody_else_can_listen_there(void **state)
{
	static const int options[] = {SO_REUSEADDR, SO_REUSEPORT};
	struct relay_port port;
	struct sockaddr_in name;

	(void)state;
	assert_int_equal(relay_port_open(&port, home, 1), 0);
	name = name_of(&port, 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

		setsockopt(fd, SOL_SOCKET, options[i], &on, sizeof(on));
		assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), -1);
		assert_int_equal(errno, EADDRINUSE);
		close(fd);
	}
	relay_port_close(&port);
}

/* ---- Answering ---- */

/* All that the peer says, up to its end. */
static char *read_all(int fd)
{
	char *text = calloc(1, 4096);
	size_t length = 0;

	for (;;) {
		ssize_t count;

		assert_true(is_readable(fd, DEADLINE_MS));
		count = read(fd, text + length, 4095 - length);
		assert_true(count >= 0);
		if (count == 0)
			return text;
		length += (size_t)count;
	}
}

static void test_an_answer_says_well_and_reads_nothing(void **state)
{
	static const char request[] = "POST /r/x/batch/ HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecret";
	struct relay_port port;
	char *answer, unread[256];
	int client, fd;

	(void)state;
	assert_int_equal(relay_port_open(&port, home, 1), 0);
	assert_int_equal(relay_port_answer(&port, 0), -EAGAIN);
	assert_int_equal(relay_port_answer(&port, 1), -EINVAL);
	client = connect_to(&port, 0);
	/* Who says nothing is nobody yet. */
	assert_int_equal(relay_port_answer(&port, 0), -EAGAIN);
	assert_int_equal(send(client, request, sizeof(request) - 1, 0), sizeof(request) - 1);
	assert_true(is_readable(port.fds[0], DEADLINE_MS));
	fd = relay_port_answer(&port, 0);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	answer = read_all(client);
	assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(answer, "Connection: close\r\n"));
	assert_non_null(strstr(answer, "Access-Control-Allow-Origin: *\r\n"));
	assert_int_equal(atoi(strstr(answer, "Content-Length: ") + 16), strlen(strstr(answer, "\r\n\r\n") + 4));
	assert_non_null(strstr(answer, "\"status\":\"Ok\""));
	assert_non_null(strstr(answer, "\"featureFlags\":{}"));
	/* All of the request still lies there. */
	assert_int_equal(recv(fd, unread, sizeof(unread), MSG_DONTWAIT), sizeof(request) - 1);
	free(answer);
	close(fd);
	close(client);
	relay_port_close(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_listens_on_each_address_at_one_port),
		cmocka_unit_test(test_what_cannot_be_opened_leaves_nothing_open),
		cmocka_unit_test(test_the_url_holds_a_token_of_its_own),
		cmocka_unit_test(test_nobody_else_can_listen_there),
		cmocka_unit_test(test_an_answer_says_well_and_reads_nothing),
	};

	return cmocka_run_group_tests_name("relay_port", tests, NULL, NULL);
}
