/* SPDX-License-Identifier: MIT */
/*
 * The floor for starting, restarting and stopping services: a bare loop of posix_spawn, nothing watched but the ends, nothing logged.
 *   floor_spawn N PROGRAM [ARG...]   who ends is started again; SIGTERM kills and reaps all
 */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t start(char **argv, const posix_spawnattr_t *attributes)
{
	pid_t pid;

	return posix_spawnp(&pid, argv[0], NULL, attributes, argv, environ) == 0 ? pid : 0;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, signal_number;
	posix_spawnattr_t attributes;
	pid_t *pids, ended;
	sigset_t set, none;

	if (count < 1 || (pids = calloc((size_t)count, sizeof(*pids))) == NULL)
		return 2;
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < count; i++)
		pids[i] = start(argv + 2, &attributes);
	while ((signal_number = sigwaitinfo(&set, NULL)) != SIGTERM) {
		while (signal_number == SIGCHLD && (ended = waitpid(-1, NULL, WNOHANG)) > 0)
			for (int i = 0; i < count; i++)
				if (pids[i] == ended)
					pids[i] = start(argv + 2, &attributes);
	}
	for (int i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	free(pids);
	return 0;
}
