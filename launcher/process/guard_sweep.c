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
#include <unistd.h>

#include "config/clock.h"
#include "launcher/process/descendants.h"
#include "launcher/process/strays.h"

#define PATIENT_ROUNDS 2 /* of plain SIGKILL, before a fork bomb is thought of */
#define FREEZE_PASSES 16
#define CLEAN_LOOKS 2
#define HOPELESS_ROUNDS 5
#define LOOK_AGAIN_MS 50 /* while something takes its time to die */

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

/* What is spared, as it is found during one sweep. */
struct spare {
	bool by_program;
	struct stat program;
	const struct proc_list *strangers; /* NULL: none */
};

static struct spare spare_make(const struct guard_spared *spared)
{
	struct spare self = {.strangers = spared->strangers};
	self.by_program = spared->program && stat(spared->program, &self.program) == 0;
	return self;
}

enum runs { RUNS_OTHER, RUNS_SPARED, RUNS_NOTHING };

/*
 * By what it runs, not by what it calls itself: a name can be taken, /proc/PID/exe is the kernel's word. It points nowhere in one that is
 * ending: the program is what the kernel takes from it first.
 */
static enum runs what_runs(const struct spare *self, pid_t pid)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? RUNS_NOTHING : RUNS_OTHER;
	return st.st_dev == self->program.st_dev && st.st_ino == self->program.st_ino ? RUNS_SPARED : RUNS_OTHER;
}

static bool is_stranger(const struct spare *self, struct proc_id id)
{
	return self->strangers && self->strangers->count > 0 && strays_identify(&id) &&
	       strays_contain(self->strangers, &id);
}

static bool has_children(pid_t pid)
{
	struct proc_list list = {0};
	bool found = strays_below(pid, &list) != 0 || list.count > 0;
	proc_list_finish(&list);
	return found;
}

/* True when it has ended; else it is time to look again. */
static bool wait_for_end(pid_t pid, int64_t left_ms)
{
	int limit = left_ms < LOOK_AGAIN_MS ? (int)left_ms : LOOK_AGAIN_MS;
	struct pollfd one = {.fd = pid > 0 ? pidfd_open(pid, 0) : -1, .events = POLLIN};
	if (pid > 0 && one.fd < 0 && errno == ESRCH)
		return true;
	bool ended = poll(&one, 1, one.fd < 0 && limit > 5 ? 5 : limit) > 0;
	if (one.fd >= 0)
		close(one.fd);
	return ended;
}

enum left { LEFT_SPARED, LEFT_ENDING, LEFT_OTHERS };

/*
 * Whatever of the stack has lost its parent is our child, so when every child is spared nothing else is left. No walk of /proc
 * is needed to see that, and at the end of most stacks none is made. Nor when the sender, having nothing to send, is just ending: that
 * is waited for.
 */
static enum left look_at_children(const struct spare *self, int64_t left_ms)
{
	struct proc_list children = {0};
	enum left left = strays_children(&children) == 0 && children.count > 0 ? LEFT_SPARED : LEFT_OTHERS;
	pid_t ending = 0;
	for (size_t i = 0; left != LEFT_OTHERS && i < children.count; i++) {
		const struct proc_id *id = &children.items[i];
		enum runs runs = what_runs(self, id->pid);
		if (runs == RUNS_NOTHING) {
			left = LEFT_ENDING;
			ending = id->pid;
		} else if (!is_stranger(self, *id) && (runs != RUNS_SPARED || has_children(id->pid))) {
			left = LEFT_OTHERS;
		}
	}
	proc_list_finish(&children);
	if (left == LEFT_ENDING && !wait_for_end(ending, left_ms))
		left = LEFT_OTHERS;
	return left;
}

/* Takes the strangers that still live, and what is below them now, out of the list. */
static void leave_out_strangers(struct proc_list *list, const struct spare *self)
{
	struct proc_list known = {0};
	size_t kept = 0;
	for (size_t i = 0; i < self->strangers->count; i++) {
		const struct proc_id *id = &self->strangers->items[i];
		/* Looked at again: a pid that was reaped may be another's by now. */
		if (strays_contain(list, id) && is_stranger(self, *id))
			(void)strays_below(id->pid, &known);
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct proc_id *id = &list->items[i];
		if (!strays_contain(self->strangers, id) && !strays_contain(&known, id))
			list->items[kept++] = *id;
	}
	list->count = kept;
	proc_list_finish(&known);
}

static void leave_out(struct proc_list *list, const struct spare *self)
{
	size_t kept = 0;
	for (size_t i = 0; self->by_program && i < list->count; i++) {
		if (what_runs(self, list->items[i].pid) != RUNS_SPARED)
			list->items[kept++] = list->items[i];
	}
	if (self->by_program)
		list->count = kept;
	if (self->strangers && self->strangers->count > 0)
		leave_out_strangers(list, self);
}

/* What is to go: every descendant of ours that is not spared. */
static int find_doomed(struct proc_list *list, const struct spare *spare)
{
	int result = descendants_find(getpid(), NULL, list);
	if (result == 0)
		leave_out(list, spare);
	return result;
}

/*
 * Those who fork faster than /proc is read outlive any number of kills: each pass leaves the newborn. Stopped ones go on to count
 * against the limit of processes, so in the end nobody can fork, and all can be killed at leisure.
 */
static void freeze_all(const struct spare *spare)
{
	size_t before = 0;
	for (int pass = 0; pass < FREEZE_PASSES; pass++) {
		struct proc_list list = {0};
		if (find_doomed(&list, spare) < 0)
			return;
		size_t count = list.count;
		signal_all(&list, SIGSTOP);
		proc_list_finish(&list);
		if (count == before)
			return;
		before = count;
	}
}

static void remove_socket(const char *path)
{
	struct stat st;
	if (path && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

/* One round of killing; false when there was nobody whom we may signal. */
static bool kill_round(const struct spare *spare, int64_t left_ms)
{
	struct proc_list list = {0};
	bool known = find_doomed(&list, spare) == 0;
	bool hopeless = known && list.count > 0 && signal_all(&list, SIGKILL) == 0;
	(void)wait_for_end(list.count > 0 ? list.items[0].pid : 0, left_ms);
	proc_list_finish(&list);
	return !hopeless;
}

bool guard_sweep_sparing(const char *socket_path, const struct guard_spared *spared, int limit_ms)
{
	int64_t deadline = clock_monotonic_ms() + limit_ms;
	struct spare spare = spare_make(spared);
	bool sparing = spare.by_program || (spare.strangers && spare.strangers->count > 0);
	bool alone = false;
	int clean_looks = 0, hopeless_rounds = 0;
	for (int round = 0; !(alone = !reap_all()) && clean_looks < CLEAN_LOOKS;) {
		int64_t left_ms = deadline - clock_monotonic_ms();
		if (left_ms <= 0)
			break;
		/* A second look, because a list of children is no snapshot. */
		enum left left = sparing ? look_at_children(&spare, left_ms) : LEFT_OTHERS;
		clean_looks = left == LEFT_SPARED ? clean_looks + 1 : 0;
		if (left != LEFT_OTHERS)
			continue;
		if (round++ >= PATIENT_ROUNDS)
			freeze_all(&spare);
		/* One that has become another user may become ours again, end, or start others that are ours. */
		hopeless_rounds = kill_round(&spare, left_ms) ? 0 : hopeless_rounds + 1;
		if (hopeless_rounds >= HOPELESS_ROUNDS)
			break;
	}
	remove_socket(socket_path);
	return alone || clean_looks >= CLEAN_LOOKS;
}

bool guard_sweep(const char *socket_path, int limit_ms)
{
	return guard_sweep_sparing(socket_path, &(struct guard_spared){NULL, NULL}, limit_ms);
}
