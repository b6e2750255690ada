/* SPDX-License-Identifier: MIT */
#include "launcher/process/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/process/descendants.h"

#define PATIENT_ROUNDS 2 /* of plain SIGKILL, before a fork bomb is thought of */
#define FREEZE_PASSES 16
#define CLEAN_LOOKS 2
#define LOOK_AGAIN_MS 50 /* while something takes its time to die */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False when the last child has gone. A subreaper without children has no descendants either. */
static bool reap_all(void)
{
	pid_t pid;
	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid == 0;
}

/* Number of processes that are gone or going. */
static size_t signal_all(const struct proc_list *list, int signal)
{
	size_t reached = 0;
	for (size_t i = 0; i < list->count; i++)
		reached += proc_signal(&list->items[i], signal) != -EPERM;
	return reached;
}

/* By what it runs, not by what it calls itself: a name can be taken, /proc/PID/exe is the kernel's word. */
static bool runs(pid_t pid, const struct stat *program)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat(path, &st) == 0 && st.st_dev == program->st_dev && st.st_ino == program->st_ino;
}

static void leave_out(struct proc_list *list, const struct stat *program)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (!runs(list->items[i].pid, program))
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/*
 * Those who fork faster than /proc is read outlive any number of kills: each pass leaves the newborn. Stopped ones go on to count
 * against the limit of processes, so in the end nobody can fork, and all can be killed at leisure.
 */
static void freeze_all(const struct stat *spared)
{
	size_t before = 0;
	for (int pass = 0; pass < FREEZE_PASSES; pass++) {
		struct proc_list list = {0};
		if (descendants_find(getpid(), NULL, &list) < 0)
			return;
		if (spared)
			leave_out(&list, spared);
		size_t count = list.count;
		signal_all(&list, SIGSTOP);
		proc_list_finish(&list);
		if (count == before)
			return;
		before = count;
	}
}

/* Until one of the signalled has ended, or it is time to look again. */
static void wait_for_one(const struct proc_list *list, int64_t left_ms)
{
	int limit = left_ms < LOOK_AGAIN_MS ? (int)left_ms : LOOK_AGAIN_MS;
	struct pollfd one = {.fd = list->count > 0 ? pidfd_open(list->items[0].pid, 0) : -1, .events = POLLIN};
	if (list->count > 0 && one.fd < 0 && errno == ESRCH)
		return;
	poll(&one, 1, one.fd < 0 && limit > 5 ? 5 : limit);
	if (one.fd >= 0)
		close(one.fd);
}

static void remove_socket(const char *path)
{
	struct stat st;
	if (path && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

void guard_sweep_sparing(const char *socket_path, const char *spared_program, int limit_ms)
{
	int64_t deadline = now_ms() + limit_ms;
	struct stat program;
	bool sparing = spared_program && stat(spared_program, &program) == 0;
	int clean_looks = 0;
	for (int round = 0; reap_all(); round++) {
		struct proc_list list = {0};
		int64_t left_ms = deadline - now_ms();
		if (left_ms <= 0)
			break;
		if (round >= PATIENT_ROUNDS)
			freeze_all(sparing ? &program : NULL);
		bool known = descendants_find(getpid(), NULL, &list) == 0;
		size_t found = list.count;
		if (sparing)
			leave_out(&list, &program);
		/* Only the spared are left; a second look, because /proc is no snapshot. */
		clean_looks = known && found > 0 && list.count == 0 ? clean_looks + 1 : 0;
		bool hopeless = known && list.count > 0 && signal_all(&list, SIGKILL) == 0;
		if (!hopeless && clean_looks == 0)
			wait_for_one(&list, left_ms);
		proc_list_finish(&list);
		if (hopeless || clean_looks == CLEAN_LOOKS)
			break;
	}
	remove_socket(socket_path);
}

void guard_sweep(const char *socket_path, int limit_ms)
{
	guard_sweep_sparing(socket_path, NULL, limit_ms);
}
