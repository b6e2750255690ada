/* SPDX-License-Identifier: MIT */
/*
 * A service that speaks sd_notify itself: does what its arguments say, one after the other, and ends. '|' in a TEXT ends a line.
 *
 *   send TEXT         says it                         fork TEXT      a child says it, and is dead and reaped before anything else
 *   as UID TEXT       a child of that user says it    flood N TEXT   says it so often, as fast as it is heard
 *   barrier TEXT      says it with a descriptor and waits until nobody else holds that
 *   beat MS FILE      says WATCHDOG=1 every so many milliseconds until FILE is there
 *   await FILE        waits until FILE is there       touch FILE     makes it
 *   show NAME FILE    writes the variable, or "(unset)", into FILE; NAME "pid": its own pid
 *   stay              waits for a signal              exit N         ends with code N
 *   kill N            sends itself that signal        eat            takes memory until it is ended
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "notifier: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void say(const char *text, int keep_fd)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char bytes[16384];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {bytes, 0};
	struct msghdr header = {.msg_name = &address, .msg_iov = &part, .msg_iovlen = 1};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (name == NULL || name[0] != '@' || strlen(name) >= sizeof address.sun_path || fd < 0)
		give_up("NOTIFY_SOCKET");
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	header.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	for (; *text != '\0' && part.iov_len < sizeof bytes; text++)
		bytes[part.iov_len++] = *text == '|' ? '\n' : *text;
	if (keep_fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof control;
		*CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &keep_fd, sizeof keep_fd);
	}
	if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
		give_up("sendmsg");
	close(fd);
}

static void say_as(uid_t user, const char *text)
{
	pid_t child = fork();

	if (child == 0) {
		if (user != getuid() && setresuid(user, user, user) < 0)
			give_up("setresuid");
		say(text, -1);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static void say_and_wait(const char *text)
{
	struct pollfd other = {0};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		give_up("pipe2");
	say(text, ends[1]);
	close(ends[1]);
	other.fd = ends[0];
	if (poll(&other, 1, 20000) != 1)
		give_up("the descriptor is still held");
	close(ends[0]);
}

static void rest(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void put(const char *path, const char *text)
{
	char beside[4096];
	FILE *file;

	snprintf(beside, sizeof beside, "%s.new", path);
	file = fopen(beside, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || rename(beside, path) < 0)
		give_up(path);
}

static void show(const char *name, const char *path)
{
	const char *value = getenv(name);
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	if (strcmp(name, "pid") == 0)
		value = pid;
	put(path, value != NULL ? value : "(unset)");
}

_Noreturn static void eat(void)
{
	for (;;) {
		char *piece = malloc(1 << 20);

		if (piece != NULL)
			memset(piece, 1, 1 << 20);
	}
}

int main(int argc, char **argv)
{
	const char *const *next = (const char *const *)argv + 1;

	(void)argc;
	while (*next != NULL) {
		const char *what = *next++;
		const char *first = *next, *second = first != NULL ? next[1] : NULL;

		if (strcmp(what, "stay") == 0) {
			for (;;)
				pause();
		}
		if (strcmp(what, "eat") == 0)
			eat();
		if (first == NULL)
			give_up(what);
		next++;
		if (strcmp(what, "send") == 0) {
			say(first, -1);
		} else if (strcmp(what, "fork") == 0) {
			say_as(getuid(), first);
		} else if (strcmp(what, "barrier") == 0) {
			say_and_wait(first);
		} else if (strcmp(what, "await") == 0) {
			while (access(first, F_OK) < 0)
				rest(5);
		} else if (strcmp(what, "touch") == 0) {
			put(first, "");
		} else if (strcmp(what, "exit") == 0) {
			exit(atoi(first));
		} else if (strcmp(what, "kill") == 0) {
			kill(getpid(), atoi(first));
		} else if (second != NULL) {
			next++;
			if (strcmp(what, "as") == 0)
				say_as((uid_t)atoi(first), second);
			else if (strcmp(what, "show") == 0)
				show(first, second);
			for (int i = atoi(first); strcmp(what, "flood") == 0 && i > 0; i--)
				say(second, -1);
			while (strcmp(what, "beat") == 0 && access(second, F_OK) < 0) {
				say("WATCHDOG=1", -1);
				rest(atoi(first));
			}
		} else {
			give_up(what);
		}
	}
	return 0;
}
