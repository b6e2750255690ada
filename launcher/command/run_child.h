/* SPDX-License-Identifier: MIT */
/*
 * A command that is waited for, as if it had taken this process's place: it stays in this process group, so what the terminal and the
 * shell send to the job reaches it as it is; what somebody sends to this process alone is passed on (run_witness tells the one from the
 * other); when the terminal stops it this process stops as well; and it does not outlive us. Standard streams and what else was
 * inherited are let go once it runs.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_RUN_CHILD_H
#define UPFRONT_LAUNCHER_COMMAND_RUN_CHILD_H

#include <sys/types.h>

struct run_child_end {
	int exec_errno; /* it could not be executed; 0: it could */
	int code; /* its exit code, or ... */
	int signal; /* ... what it was killed by; 0: it was not */
	pid_t witness_pid; /* ended as well, and still to be reaped; -1: none */
};

/*
 * Looks for argv[0] in PATH of `environment`, as execvp does, and waits for the end. Of what is open here only `keep_fd` (-1: nothing) stays
 * open. -errno when it could not even be tried; then nothing has changed. Afterwards the signals of this process stay blocked: it has little left
 * to do, run_child_finish at the end of it: what runs beside the command goes while the rest is done.
 */
int run_child(const char *const *argv, char **environment, int keep_fd, struct run_child_end *end);
void run_child_finish(struct run_child_end *end);

/* Replaces this process; returns errno. */
int run_child_become(const char *const *argv, char **environment);

#endif
