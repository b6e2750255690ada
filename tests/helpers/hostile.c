/* SPDX-License-Identifier: MIT */
/*
 * A client that means no good, for tests of the control socket:  hostile KIND SOCKET COUNT
 * opens COUNT connections and keeps them as KIND says, taking up again those it loses, until it is killed. Prints "attacking" once
 * the first round has been made.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT_MAX 4000
#define ROUND_MS 5

#define ASK "GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\n"

/* What a kind says at once, and what it says over and over after that. */
static const struct kind {
	const char *name, *first, *then;
	bool half; /* sends no more: the writing side is closed */
	bool again; /* closes and begins anew each round: as many questions as it can */
} kinds[] = {
	{"silent", "", NULL, false, false},
	{"slow", "G", "E", false, false},
	{"headers", "GET /v1/stack HTTP/1.1\r\n", "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
	 false, false},
	{"body", "POST /v1/stack/down HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, false},
	{"half", "GET /v1/st", NULL, true, false},
	{"unread", ASK, NULL, false, false},
	{"streams", "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", NULL, false, false},
	{"flood", ASK, NULL, false, true},
};

static int begin(const struct sockaddr_un *name, const struct kind *kind)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0 ||
	    send(fd, kind->first, strlen(kind->first), MSG_NOSIGNAL) < 0) {
		close(fd);
		return -1;
	}
	if (kind->half)
		shutdown(fd, SHUT_WR);
	return fd;
}

/* The connection as it is after this round: -1 when it has ended. */
static int go_on(int fd, const struct kind *kind)
{
	struct pollfd state = {.fd = fd};

	poll(&state, 1, 0);
	if ((state.revents & (POLLHUP | POLLERR)) != 0 || kind->again) {
		close(fd);
		return -1;
	}
	if (kind->then != NULL)
		send(fd, kind->then, strlen(kind->then), MSG_NOSIGNAL | MSG_DONTWAIT);
	return fd;
}

int main(int argc, char **argv)
{
	static int fds[COUNT_MAX];
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const struct kind *kind = NULL;
	int count;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc != 4 || strlen(argv[2]) >= sizeof(name.sun_path))
		return 2;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0)
			kind = &kinds[i];
	memcpy(name.sun_path, argv[2], strlen(argv[2]));
	count = atoi(argv[3]);
	if (kind == NULL || count <= 0 || count > COUNT_MAX)
		return 2;
	for (int i = 0; i < count; i++)
		fds[i] = -1;
	for (bool said = false;; said = true) {
		for (int i = 0; i < count; i++) {
			if (fds[i] >= 0)
				fds[i] = go_on(fds[i], kind);
			if (fds[i] < 0)
				fds[i] = begin(&name, kind);
			/* A full backlog: the rest come next time. */
			if (fds[i] < 0)
				break;
		}
		if (!said) {
			puts("attacking");
			fflush(stdout);
		}
		poll(NULL, 0, ROUND_MS);
	}
}
