/* SPDX-License-Identifier: MIT */
#include "launcher/process/spawn_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/stack.h"
#include "launcher/process/spawn.h"

/*
 * This file runs in the parent's memory, on a stack the sanitizers do not know, and leaves by exec: instrumentation would
 * keep marks on that stack that nothing takes away.
 */
#define CHILD_CODE __attribute__((no_sanitize("address", "undefined")))

/* glibc's set*id functions would ask the threads of the parent, whose memory this is, to change with us. */
#ifdef SYS_setgroups32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

CHILD_CODE static int step_session(struct spawn_plan *plan)
{
	if (plan->options->same_session)
		return 0;
	return setsid() < 0 ? errno : 0;
}

/*
 * Until here the table of descriptors is the parent's own. Copying all of it, to close all of it, would make each start the dearer
 * the more services run: only the part up to the highest of ours is copied, so those are best given low numbers.
 */
CHILD_CODE static int step_table(struct spawn_plan *plan)
{
	int highest = STDERR_FILENO;
	for (int i = 0; i < SPAWN_FDS; i++)
		highest = plan->fds[i] > highest ? plan->fds[i] : highest;
	return close_range((unsigned)highest + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0 ? errno : 0;
}

CHILD_CODE static int step_streams(struct spawn_plan *plan)
{
	/* A source that sits where another one is to go is moved out of the way first. */
	for (int i = 0; i < SPAWN_FDS; i++) {
		if (plan->fds[i] < 0 || plan->fds[i] >= SPAWN_FDS || plan->fds[i] == i)
			continue;
		int moved = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, SPAWN_FDS);
		if (moved < 0)
			return errno;
		plan->fds[i] = moved;
	}
	for (int i = 0; i < SPAWN_FDS; i++) {
		if (plan->fds[i] < 0)
			continue;
		int result = plan->fds[i] == i ? fcntl(i, F_SETFD, 0) : dup2(plan->fds[i], i);
		if (result < 0)
			return errno;
	}
	return 0;
}

CHILD_CODE static int step_terminal(struct spawn_plan *plan)
{
	if (!plan->options->foreground_tty || plan->options->same_session)
		return 0;
	return ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0 ? errno : 0;
}

CHILD_CODE static int step_close(struct spawn_plan *plan)
{
	unsigned first = plan->fds[SPAWN_FDS - 1] >= 0 ? SPAWN_FDS : SPAWN_FDS - 1;
	return close_range(first, ~0U, 0) < 0 ? errno : 0;
}

CHILD_CODE static int step_limit(struct spawn_plan *plan)
{
	for (size_t i = 0; i < plan->options->ulimit_count; i++) {
		const struct service_ulimit *ulimit = &plan->options->ulimits[i];
		struct rlimit limit = {
			.rlim_cur = ulimit->soft < 0 ? RLIM_INFINITY : (rlim_t)ulimit->soft,
			.rlim_max = ulimit->hard < 0 ? RLIM_INFINITY : (rlim_t)ulimit->hard,
		};
		plan->which = i;
		if (setrlimit((__rlimit_resource_t)ulimit->resource, &limit) < 0)
			return errno;
	}
	return 0;
}

/* Before the change of user, as sudo leaves people where they are; once more after it for folders only that user may enter. */
CHILD_CODE static int step_directory(struct spawn_plan *plan)
{
	if (!plan->options->cwd || chdir(plan->options->cwd) == 0)
		return 0;
	if ((errno == EACCES || errno == EPERM) && plan->user.change) {
		plan->directory_pending = true;
		return 0;
	}
	return errno;
}

CHILD_CODE static int step_user(struct spawn_plan *plan)
{
	const struct spawn_user *user = &plan->user;
	if (!user->change)
		return 0;
	if (syscall(CALL_SETGROUPS, user->group_count, user->groups) < 0 ||
	    syscall(CALL_SETRESGID, user->gid, user->gid, user->gid) < 0 ||
	    syscall(CALL_SETRESUID, user->uid, user->uid, user->uid) < 0)
		return errno;
	return 0;
}

CHILD_CODE static int step_directory_again(struct spawn_plan *plan)
{
	if (!plan->directory_pending)
		return 0;
	return chdir(plan->options->cwd) < 0 ? errno : 0;
}

/* After the change of user, which clears it. A parent that died before this line sends nothing, so look. */
CHILD_CODE static int step_death_signal(struct spawn_plan *plan)
{
	if (!plan->options->death_signal)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, plan->options->death_signal) < 0)
		return errno;
	return getppid() == plan->parent ? 0 : ESRCH;
}

/* Handlers first, then the mask: in between a handler of the parent would run here, in its memory. */
CHILD_CODE static int step_signals(struct spawn_plan *plan)
{
	(void)plan;
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	/* The two that libc keeps for itself, and refuses to touch: whoever started us may have ignored them. */
	const unsigned long kernel_action[8] = {0};
	for (int number = __SIGRTMIN; number < SIGRTMIN; number++)
		syscall(SYS_rt_sigaction, number, kernel_action, NULL, NSIG / 8);
	sigset_t none;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? errno : 0;
}

CHILD_CODE static enum spawn_flaw flaw_of(const char *path, int error)
{
	struct stat st;
	if (error == ENOTDIR)
		return SPAWN_FLAW_ABSENT;
	if (fstatat(AT_FDCWD, path, &st, 0) < 0)
		return errno == EACCES ? SPAWN_FLAW_UNREACHABLE : SPAWN_FLAW_ABSENT;
	if (error == ENOENT)
		return SPAWN_FLAW_INTERPRETER;
	if (S_ISDIR(st.st_mode))
		return SPAWN_FLAW_DIRECTORY;
	return S_ISREG(st.st_mode) ? SPAWN_FLAW_MODE : SPAWN_FLAW_SPECIAL;
}

/* WATCHDOG_PID is known to nobody before. The memory is the parent's too, which made the text for this one start. */
CHILD_CODE static int step_pid(struct spawn_plan *plan)
{
	char *to = plan->options->pid_text, digits[12];
	int count = 0;
	if (!to)
		return 0;
	for (pid_t pid = getpid(); pid > 0; pid /= 10)
		digits[count++] = (char)('0' + pid % 10);
	while (count > 0)
		*to++ = digits[--count];
	*to = '\0';
	return 0;
}

/* What the first line names to run a script; terminated. "" for what is no script, or cannot be read. */
CHILD_CODE static void read_interpreter(const char *path, char *name, size_t size_bytes)
{
	const int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const ssize_t got = fd >= 0 ? read(fd, name, size_bytes - 1) : 0;
	size_t from = 2, to = 0;
	if (fd >= 0)
		close(fd);
	name[got > 0 ? got : 0] = '\0';
	if (name[0] != '#' || name[1] != '!') {
		name[0] = '\0';
		return;
	}
	while (name[from] == ' ' || name[from] == '\t')
		from++;
	while (name[from] != '\0' && name[from] != ' ' && name[from] != '\t' && name[from] != '\n')
		name[to++] = name[from++];
	name[to] = '\0';
}

/* 0 for what execve would take, as far as a look tells; else the errno it would have. */
CHILD_CODE static int look_at(const char *path)
{
	char interpreter[256];
	struct stat st;
	if (fstatat(AT_FDCWD, path, &st, 0) < 0)
		return errno;
	if (!S_ISREG(st.st_mode) || syscall(SYS_faccessat, AT_FDCWD, path, X_OK) < 0)
		return EACCES;
	read_interpreter(path, interpreter, sizeof interpreter);
	return interpreter[0] != '\0' && fstatat(AT_FDCWD, interpreter, &st, 0) < 0 ? ENOENT : 0;
}

/* As execvp searches, but remembering the first file that was there and would not do: it is what the person meant. */
CHILD_CODE static int step_exec(struct spawn_plan *plan)
{
	int kept = 0;
	plan->flaw = SPAWN_FLAW_ABSENT;
	plan->which = 0;
	for (size_t i = 0; plan->candidates[i]; i++) {
		/* A coverage build would put a function that writes files in the place of execve(). */
		if (!plan->only_looks)
			syscall(SYS_execve, plan->candidates[i], plan->options->argv, plan->options->environment);
		int error = plan->only_looks ? look_at(plan->candidates[i]) : errno;
		if (error == 0)
			return 0;
		if (error != ENOENT && error != EACCES && error != ENOTDIR) {
			plan->flaw = SPAWN_FLAW_NONE;
			plan->which = i;
			return error;
		}
		enum spawn_flaw flaw = flaw_of(plan->candidates[i], error);
		if (kept == 0)
			kept = error;
		if (plan->flaw == SPAWN_FLAW_ABSENT && flaw != SPAWN_FLAW_ABSENT) {
			plan->flaw = flaw;
			plan->which = i;
			kept = error;
		}
	}
	return kept;
}

CHILD_CODE int spawn_child_main(void *context)
{
	static const struct {
		enum spawn_step step;
		int (*perform)(struct spawn_plan *plan);
	} steps[] = {
		{SPAWN_CLOSE, step_table},
		{SPAWN_SESSION, step_session},
		{SPAWN_STREAMS, step_streams},
		{SPAWN_TERMINAL, step_terminal},
		{SPAWN_CLOSE, step_close},
		{SPAWN_LIMIT, step_limit},
		{SPAWN_DIRECTORY, step_directory},
		{SPAWN_USER, step_user},
		{SPAWN_DIRECTORY, step_directory_again},
		{SPAWN_DEATH_SIGNAL, step_death_signal},
		{SPAWN_SIGNALS, step_signals},
		{SPAWN_EXEC, step_pid},
		{SPAWN_EXEC, step_exec},
	};
	struct spawn_plan *plan = context;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		int error = steps[i].perform(plan);
		if (error != 0) {
			plan->error = error;
			plan->failed = steps[i].step;
			break;
		}
	}
	_exit(127);
}
