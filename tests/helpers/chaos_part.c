/* SPDX-License-Identifier: MIT */
/*
 * A service of the chaos test, made of its options:
 *
 *   --tcp PORT | --http PORT  listens on 127.0.0.1; http answers 200 to anything
 *   --children N              has N children that do nothing
 *   --daemon                  has a daemon, in a session of its own, whose parent is gone
 *   --deaf                    it and all of them ignore SIGTERM
 *   --say TEXT                writes a line once it is as far as it gets
 *   --chatter                 writes lines of all lengths on both streams all the time
 *   --crash MS                ends with code 3 or by a signal within so many milliseconds
 *   --end MS CODE             ends after so many milliseconds
 *
 * Command names tell what is what from outside: part-main, part-child, part-daemon.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	int port, children, end_ms, code;
	bool http, daemon, deaf, chatter, crash;
	const char *say;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

_Noreturn static void idle(const char *name)
{
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

static void start_daemon(void)
{
	pid_t first = fork();

	if (first == 0) {
		setsid();
		if (fork() == 0)
			idle("part-daemon");
		_exit(0);
	}
	waitpid(first, NULL, 0);
}

static int listen_on(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 16) != 0) {
		perror("listen");
		exit(4);
	}
	return fd;
}

static void answer(int listener, bool http)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	struct timeval limit = {.tv_usec = 200000};
	char buffer[4096];
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (http && read(fd, buffer, sizeof(buffer)) > 0)
		send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
	close(fd);
}

static void chatter(unsigned round)
{
	char line[700];
	size_t size = round * 37 % sizeof(line);

	memset(line, 'a' + (int)(round % 26), sizeof(line));
	if (round % 3 != 0)
		line[size] = '\n';
	if (write(round % 2 == 0 ? STDOUT_FILENO : STDERR_FILENO, line, size + 1) < 0)
		_exit(5);
}

static struct options parse(char **argv)
{
	struct options options = {0};

	for (char **at = argv + 1; *at != NULL; at++) {
		if (strcmp(*at, "--tcp") == 0 || strcmp(*at, "--http") == 0) {
			options.http = strcmp(*at, "--http") == 0;
			options.port = atoi(*++at);
		} else if (strcmp(*at, "--children") == 0) {
			options.children = atoi(*++at);
		} else if (strcmp(*at, "--daemon") == 0) {
			options.daemon = true;
		} else if (strcmp(*at, "--deaf") == 0) {
			options.deaf = true;
		} else if (strcmp(*at, "--say") == 0) {
			options.say = *++at;
		} else if (strcmp(*at, "--chatter") == 0) {
			options.chatter = true;
		} else if (strcmp(*at, "--crash") == 0) {
			srand((unsigned)getpid() ^ (unsigned)now_ms());
			options.crash = true;
			options.end_ms = 1 + rand() % atoi(*++at);
			options.code = 3;
		} else if (strcmp(*at, "--end") == 0) {
			options.end_ms = atoi(*++at);
			options.code = atoi(*++at);
		} else {
			fprintf(stderr, "chaos_part: unknown option %s\n", *at);
			exit(96);
		}
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse(argv);
	int64_t end_ms = options.end_ms > 0 ? now_ms() + options.end_ms : INT64_MAX;
	struct pollfd listener = {.fd = -1, .events = POLLIN};

	(void)argc;
	if (options.deaf)
		signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < options.children; i++)
		if (fork() == 0)
			idle("part-child");
	if (options.daemon)
		start_daemon();
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_NAME, "part-main");
	if (options.port > 0)
		listener.fd = listen_on(options.port);
	if (options.say != NULL) {
		puts(options.say);
		fflush(stdout);
	}
	for (unsigned round = 0;; round++) {
		int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0 && options.crash && rand() % 2 == 0)
			raise(SIGUSR2);
		if (left_ms <= 0)
			_exit(options.code);
		if (options.chatter)
			chatter(round);
		if (left_ms > 1000 && !options.chatter)
			left_ms = 1000;
		if (poll(&listener, 1, options.chatter && left_ms > 10 ? 10 : (int)left_ms) > 0)
			answer(listener.fd, options.http);
	}
}
