/* SPDX-License-Identifier: MIT */
/*
 * The floor for starting services: a bare loop of fork and exec, nothing watched, nothing logged.
 *   floor_spawn N PROGRAM [ARG...]   says "up" when the last exec has succeeded, ends all at the end of its input
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0;
	pid_t *pids;
	int done[2];
	char byte;

	if (count < 1 || (pids = calloc((size_t)count, sizeof(*pids))) == NULL || pipe2(done, O_CLOEXEC) != 0)
		return 2;
	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			setsid();
			execvp(argv[2], argv + 2);
			_exit(127);
		}
	}
	/* The last copy of the write end is closed by the last exec. */
	close(done[1]);
	while (read(done[0], &byte, 1) < 0 && errno == EINTR)
		;
	puts("up");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	free(pids);
	return 0;
}
