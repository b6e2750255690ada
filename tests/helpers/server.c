/* SPDX-License-Identifier: MIT */
/*
 * server KIND WHERE FILE: a server whose health a test decides. KIND is http or tcp (WHERE: a port of 127.0.0.1), or unix (WHERE: a
 * path). As long as FILE is there it is ill: http answers 503, the others do not listen.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_MS 10

static int listen_inet(const char *port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)atoi(port)),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -1 : fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -1 : fd;
}

static void answer(int fd, bool well)
{
	const char *text = well ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
				: "HTTP/1.1 503 Ill\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	struct pollfd asked = {.fd = fd, .events = POLLIN};
	char request[4096];

	if (poll(&asked, 1, 1000) == 1 && read(fd, request, sizeof request) > 0 && write(fd, text, strlen(text)) < 0)
		perror("write");
}

int main(int argc, char **argv)
{
	bool http = argc == 4 && strcmp(argv[1], "http") == 0, local = argc == 4 && strcmp(argv[1], "unix") == 0;
	int fd = -1;

	if (argc != 4)
		return 2;
	for (;;) {
		struct pollfd asked = {.fd = fd, .events = POLLIN};
		bool well = access(argv[3], F_OK) < 0;
		int other;

		if (fd < 0 && (well || http)) {
			fd = local ? listen_unix(argv[2]) : listen_inet(argv[2]);
			if (fd < 0 || listen(fd, 16) < 0) {
				perror(argv[2]);
				return 1;
			}
			asked.fd = fd;
		} else if (fd >= 0 && !well && !http) {
			close(fd);
			asked.fd = fd = -1;
		}
		poll(&asked, 1, LOOK_MS);
		other = fd >= 0 ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (other < 0)
			continue;
		if (http)
			answer(other, well);
		close(other);
	}
}
