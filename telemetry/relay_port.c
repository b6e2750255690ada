/* SPDX-License-Identifier: MIT */
#include "telemetry/relay_port.h"

#include "config/hex.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128
#define TOKEN_BITS_BYTES 16
/* Whoever connects and says nothing is the kernel's guest for so long. */
#define SILENCE_S 5

/* Says nothing, and suits whoever sends events or asks for flags, from a page of any origin too; one that wants a script is not to run it. */
#define ANSWER_BODY                                            \
	"{\"status\":\"Ok\",\"flags\":{},\"featureFlags\":{}," \
	"\"featureFlagPayloads\":{},\"errorsWhileComputingFlags\":false}"
#define ANSWER_HEAD                           \
	"HTTP/1.1 200 OK\r\n"                 \
	"Content-Type: application/json\r\n"  \
	"X-Content-Type-Options: nosniff\r\n" \
	"Access-Control-Allow-Origin: *\r\n"  \
	"Access-Control-Allow-Headers: *\r\n" \
	"Connection: close\r\n"               \
	"Content-Length: %zu\r\n"             \
	"\r\n%s"

/* Above those that the sender is given them at: taking one of its places over would close another. */
static int move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, WIRE_RELAY_FD + WIRE_RELAYS_MAX);

	if (moved < 0)
		moved = -errno;
	close(fd);
	return moved;
}

static int listen_at(struct in_addr address, in_port_t port)
{
	const struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = port, .sin_addr = address};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), silence_s = SILENCE_S, result;

	if (fd < 0)
		return -errno;
	/* Clients speak first: a connection is there once there is something to read, so an early answer is never taken for a stray one. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silence_s, sizeof(silence_s));
	if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 || listen(fd, BACKLOG) < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	return move_up(fd);
}

static int add(struct relay_port *self, const char *address, in_port_t *port)
{
	struct sockaddr_in name = {0};
	socklen_t size = sizeof(name);
	struct in_addr at;
	int fd;

	if (inet_pton(AF_INET, address, &at) != 1)
		return -EINVAL;
	fd = listen_at(at, *port);
	if (fd == -EADDRINUSE && *port != 0)
		fd = listen_at(at, 0);
	if (fd < 0)
		return fd;
	self->fds[self->count] = fd;
	if (getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		return -errno;
	*port = *port != 0 ? *port : name.sin_port;
	snprintf(self->addresses[self->count], sizeof(self->addresses[0]), "%s:%d", address, ntohs(name.sin_port));
	self->address_list[self->count] = self->addresses[self->count];
	return 0;
}

static int make_token(char token[RELAY_TOKEN_BYTES])
{
	unsigned char bits[TOKEN_BITS_BYTES];

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return -EIO;
	hex_text(bits, sizeof(bits), token);
	return 0;
}

int relay_port_open(struct relay_port *self, const char *const *addresses, size_t count)
{
	in_port_t port = 0;
	int result;

	*self = (struct relay_port){0};
	for (size_t i = 0; i < WIRE_RELAYS_MAX; i++)
		self->fds[i] = -1;
	if (count == 0 || count > WIRE_RELAYS_MAX)
		return -EINVAL;
	result = make_token(self->token);
	for (size_t i = 0; result == 0 && i < count; i++) {
		result = add(self, addresses[i], &port);
		self->count += result == 0;
	}
	if (result < 0)
		relay_port_close(self);
	return result;
}

void relay_port_close(struct relay_port *self)
{
	for (size_t i = 0; i < WIRE_RELAYS_MAX; i++) {
		if (self->fds[i] >= 0)
			close(self->fds[i]);
		self->fds[i] = -1;
	}
	self->count = 0;
	memset(self->token, 0, sizeof(self->token));
}

struct telemetry_relay relay_port_relay(const struct relay_port *self)
{
	return (struct telemetry_relay){
		.fds = self->fds, .addresses = self->address_list, .count = self->count, .token = self->token};
}

char *relay_port_url(const struct relay_port *self, size_t index)
{
	char *url;

	if (index >= self->count)
		return NULL;
	return asprintf(&url, "http://%s/r/%s", self->addresses[index], self->token) < 0 ? NULL : url;
}

int relay_port_answer(const struct relay_port *self, size_t index)
{
	char answer[sizeof(ANSWER_HEAD) + sizeof(ANSWER_BODY) + 16];
	int length = snprintf(answer, sizeof(answer), ANSWER_HEAD, strlen(ANSWER_BODY), ANSWER_BODY);
	int fd;

	if (index >= self->count)
		return -EINVAL;
	fd = accept4(self->fds[index], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* A new connection takes that much; one that is gone already does not matter. */
	(void)send(fd, answer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	return fd;
}
