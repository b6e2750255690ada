/* SPDX-License-Identifier: MIT */
/*
 * A child process that behaves as its first argument says; "ready" on stdout means it does so now.
 *
 *   exit N              ends with code N                    signal N      ends by signal N
 *   stay                waits for a signal                  stubborn      the same, ignoring TERM, INT and HUP
 *   mute                closes its standard streams, waits  say TEXT      writes TEXT as it is, ends
 *   words OUT ERR N     writes to both streams, ends with N
 *   flood BYTES         writes so many bytes in lines of 100
 *   tree                stubborn, with a child, a grandchild in its own session and a daemon, all stubborn
 *   leave               starts a stubborn daemon of another session and ends
 *   bomb                forks without end; every second process starts a session of its own
 *   orphans N           leaves N children, which end when it has ended; ends with 7
 *   hold                ends, leaving a child that holds its stdout
 *   headless            its first thread ends, a second one stays (a zombie by its looks)
 *   named TEXT          stays under the command name TEXT
 *   show WHAT           fds | environment | cwd | ids | signals | session | nofile | terminal | parent-death
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void put(const char *text, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t done = write(STDOUT_FILENO, text, size_bytes);
		if (done < 0)
			_exit(99);
		text += done;
		size_bytes -= (size_t)done;
	}
}

static void ready(void)
{
	put("ready\n", 6);
}

static void be_stubborn(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

_Noreturn static void wait_for_signal(void)
{
	for (;;)
		pause();
}

/* Runs on as a process of its own session that nobody here is the parent of; `told` ends when it is there. */
static void start_daemon(int told)
{
	pid_t first = fork();
	if (first != 0) {
		siginfo_t info;
		waitid(P_PID, (id_t)first, &info, WEXITED | WNOWAIT); /* ended for sure, and stays a zombie */
		return;
	}
	setsid();
	if (fork() != 0)
		_exit(0);
	setsid();
	close(told);
	wait_for_signal();
}

static void start_tree(bool with_own)
{
	int pipe_fds[2];
	char byte;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		_exit(98);
	be_stubborn();
	if (with_own && fork() == 0) {
		if (fork() == 0)
			setsid();
		close(pipe_fds[1]);
		wait_for_signal();
	}
	start_daemon(pipe_fds[1]);
	close(pipe_fds[1]);
	/* End of file: each of them has let go, so each is where it belongs. */
	while (read(pipe_fds[0], &byte, 1) > 0)
		;
	close(pipe_fds[0]);
}

/* Each is somebody else's child by the time it ends: it waits for the end of a pipe that only its parent holds. */
static void leave_orphans(int count)
{
	int held[2];
	char byte;
	if (pipe2(held, O_CLOEXEC) < 0)
		_exit(98);
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		if (pid < 0)
			_exit(97);
		if (pid > 0)
			continue;
		close(held[1]);
		_exit(read(held[0], &byte, 1) == 0 ? 0 : 96);
	}
	_exit(7);
}

static void fork_without_end(void)
{
	be_stubborn();
	ready();
	for (unsigned i = 0;; i++) {
		if (fork() == 0 && i % 2 == 0)
			setsid();
	}
}

static void *second_thread(void *unused)
{
	(void)unused;
	wait_for_signal();
}

static void lose_head(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, second_thread, NULL) != 0)
		_exit(95);
	ready();
	pthread_exit(NULL);
}

static void flood(size_t bytes)
{
	char block[100 * 320];
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = i % 100 == 99 ? '\n' : (char)('a' + i % 26);
	while (bytes > 0) {
		size_t size = bytes < sizeof block ? bytes : sizeof block;
		put(block, size);
		bytes -= size;
	}
}

static void show_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(folder))
			printf("%d ", fd);
	}
	closedir(folder);
}

static void show_ids(void)
{
	gid_t groups[64];
	int count = getgroups(64, groups);
	printf("%u:%u groups", geteuid(), getegid());
	for (int i = 0; i < count; i++)
		printf(" %u", groups[i]);
}

static void show_signals(void)
{
	sigset_t blocked;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;
		if (sigismember(&blocked, number) == 1)
			printf("blocked %d ", number);
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf("ignored %d ", number);
	}
}

static int show(const char *what)
{
	struct rlimit limit;
	char path[4096];
	int number = 0;
	if (strcmp(what, "fds") == 0) {
		show_fds();
	} else if (strcmp(what, "environment") == 0) {
		for (char **entry = environ; *entry; entry++)
			printf("%s\n", *entry);
	} else if (strcmp(what, "cwd") == 0) {
		printf("%s", getcwd(path, sizeof path) ? path : strerror(errno));
	} else if (strcmp(what, "ids") == 0) {
		show_ids();
	} else if (strcmp(what, "signals") == 0) {
		show_signals();
	} else if (strcmp(what, "session") == 0) {
		printf("%s", getsid(0) == getpid() && getpgrp() == getpid() ? "own" : "inherited");
	} else if (strcmp(what, "nofile") == 0) {
		getrlimit(RLIMIT_NOFILE, &limit);
		printf("%lu %lu", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	} else if (strcmp(what, "terminal") == 0) {
		int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
		printf("%s", fd >= 0 && tcgetpgrp(fd) == getpgrp() ? "foreground" : "none");
	} else if (strcmp(what, "parent-death") == 0) {
		prctl(PR_GET_PDEATHSIG, &number);
		printf("%d", number);
	} else {
		return 97;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *text = argc > 2 ? argv[2] : "";
	if (strcmp(verb, "exit") == 0)
		return atoi(text);
	if (strcmp(verb, "show") == 0)
		return show(text);
	if (strcmp(verb, "signal") == 0) {
		raise(atoi(text));
	} else if (strcmp(verb, "say") == 0) {
		put(text, strlen(text));
		return 0;
	} else if (strcmp(verb, "words") == 0 && argc == 5) {
		put(text, strlen(text));
		return write(STDERR_FILENO, argv[3], strlen(argv[3])) < 0 ? 99 : atoi(argv[4]);
	} else if (strcmp(verb, "flood") == 0) {
		flood((size_t)strtoull(text, NULL, 10));
		return 0;
	} else if (strcmp(verb, "orphans") == 0) {
		leave_orphans(atoi(text));
	} else if (strcmp(verb, "stay") == 0) {
		ready();
		wait_for_signal();
	} else if (strcmp(verb, "stubborn") == 0) {
		be_stubborn();
		ready();
		wait_for_signal();
	} else if (strcmp(verb, "mute") == 0) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		wait_for_signal();
	} else if (strcmp(verb, "tree") == 0) {
		start_tree(true);
		ready();
		wait_for_signal();
	} else if (strcmp(verb, "leave") == 0) {
		start_tree(false);
		ready();
		return 0;
	} else if (strcmp(verb, "bomb") == 0) {
		fork_without_end();
	} else if (strcmp(verb, "headless") == 0) {
		lose_head();
	} else if (strcmp(verb, "named") == 0) {
		prctl(PR_SET_NAME, text);
		ready();
		wait_for_signal();
	} else if (strcmp(verb, "hold") == 0) {
		if (fork() == 0)
			wait_for_signal();
		ready();
		return 0;
	}
	fprintf(stderr, "child: unknown behaviour '%s'\n", verb);
	return 96;
}
