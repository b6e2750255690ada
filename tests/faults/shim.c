/* SPDX-License-Identifier: MIT */
/*
 * The seam of the fault tests: a shared object that is preloaded into upfront and upfront-telemetry and makes chosen calls of
 * libc fail, as the environment says. In any other program it does nothing, so services are not disturbed.
 *
 *   FAULT=CALL:WHAT:NTH[:COUNT][@ROLE][~PART], more of them after a comma
 *     CALL   open (every way to open a path, opendir and fopen too), read, write, fork, clone ...: the names in the wrappers below;
 *            clock is the wall clock, however it is read; malloc is every allocation but those of libfyaml
 *     WHAT   an errno by name; short: half of what was asked for; kill, stop: this process, at this call; see: nothing, but the
 *            hit is noted; +SECONDS or -SECONDS: the clock jumps
 *     NTH    the first call that is hit, from 1, counted by each process for itself and only where ROLE and PART fit
 *     COUNT  how many calls in a row; without it 1; 0: all from there on
 *     ROLE   terminal (or any other command), guard, supervisor, sender, child (between clone and exec); without it all of them
 *     PART   text that the path contains, or the path behind the descriptor; sockets are socket:[N]
 *   FAULT_FROM=FILE  nothing is hit but while this file is there and holds a number, which stands for NTH; with another number counting
 *                    begins anew, so that one running stack meets one fault after the other
 *   FAULT_LOG=FILE   each hit adds a line: number of the fault in the list, from 0, CALL, ROLE, pid, first argument
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAULTS_MAX 8
#define TEXT_MAX 128

enum what { FAIL, SHORT, KILL, STOP, SEE, JUMP };
enum role { TERMINAL, GUARD, SUPERVISOR, SENDER, CHILD, ANY };
static const char *const role_names[] = {"terminal", "guard", "supervisor", "sender", "child"};

struct fault {
	char call[24], part[TEXT_MAX];
	enum what what;
	int error;
	long jump_s;
	unsigned first, count;
	enum role role;
	unsigned seen, asked; /* asked: what FAULT_FROM said last */
};

static struct fault faults[FAULTS_MAX];
static unsigned fault_count; /* 0 in every program that is not ours */
static char log_path[512], from_path[512];
static enum role own_role;
static pid_t own_pid;
static uintptr_t spared_from, spared_to; /* where libfyaml lies */

static const struct {
	const char *name;
	int number;
} errors[] = {{"EACCES", EACCES},
	      {"EAGAIN", EAGAIN},
	      {"EBADF", EBADF},
	      {"ECHILD", ECHILD},
	      {"ECONNREFUSED", ECONNREFUSED},
	      {"ECONNRESET", ECONNRESET},
	      {"EDQUOT", EDQUOT},
	      {"EEXIST", EEXIST},
	      {"EINTR", EINTR},
	      {"EINVAL", EINVAL},
	      {"EIO", EIO},
	      {"EISDIR", EISDIR},
	      {"EMFILE", EMFILE},
	      {"ENFILE", ENFILE},
	      {"ENOBUFS", ENOBUFS},
	      {"ENOENT", ENOENT},
	      {"ENOEXEC", ENOEXEC},
	      {"ENOLCK", ENOLCK},
	      {"ENOMEM", ENOMEM},
	      {"ENOSPC", ENOSPC},
	      {"ENOSYS", ENOSYS},
	      {"ENOTDIR", ENOTDIR},
	      {"ENXIO", ENXIO},
	      {"EPERM", EPERM},
	      {"EPIPE", EPIPE},
	      {"EROFS", EROFS},
	      {"ESRCH", ESRCH},
	      {"ETXTBSY", ETXTBSY},
	      {"EADDRINUSE", EADDRINUSE},
	      {"ECONNABORTED", ECONNABORTED},
	      {"ELOOP", ELOOP}};

/* ---- What the environment says ---- */

/* Copies up to one of `ends`; where it stopped. */
static const char *word(const char *from, const char *ends, char *to, size_t room)
{
	size_t length = strcspn(from, ends);

	snprintf(to, room, "%.*s", (int)length, from);
	return from + length;
}

static _Noreturn void refuse(const char *text)
{
	dprintf(2, "fault shim: cannot read: %s\n", text);
	_exit(99);
}

static void read_what(struct fault *fault, const char *name)
{
	static const char *const names[] = {"short", "kill", "stop", "see"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i]) == 0) {
			fault->what = SHORT + (enum what)i;
			return;
		}
	}
	if (*name == '+' || *name == '-') {
		fault->what = JUMP;
		fault->jump_s = strtol(name, NULL, 10);
		return;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strcmp(errors[i].name, name) == 0)
			fault->error = errors[i].number;
	if (fault->error == 0)
		refuse(name);
}

static const char *read_fault(struct fault *fault, const char *text)
{
	char part[TEXT_MAX];
	char *end;

	*fault = (struct fault){.role = ANY, .count = 1};
	text = word(text, ":", fault->call, sizeof(fault->call));
	if (*text != ':')
		refuse(fault->call);
	text = word(text + 1, ":", part, sizeof(part));
	read_what(fault, part);
	if (*text != ':')
		refuse(part);
	fault->first = (unsigned)strtoul(text + 1, &end, 10);
	text = end;
	if (*text == ':') {
		fault->count = (unsigned)strtoul(text + 1, &end, 10);
		text = end;
	}
	if (*text == '@') {
		text = word(text + 1, "~,", part, sizeof(part));
		for (int role = TERMINAL; role < ANY; role++)
			if (strcmp(role_names[role], part) == 0)
				fault->role = (enum role)role;
		if (fault->role == ANY)
			refuse(part);
	}
	if (*text == '~')
		text = word(text + 1, ",", fault->part, sizeof(fault->part));
	if (fault->first == 0 || (*text != '\0' && *text != ','))
		refuse(text);
	return text;
}

static int find_spared(struct dl_phdr_info *object, size_t size_bytes, void *context)
{
	(void)size_bytes;
	(void)context;
	if (strstr(object->dlpi_name, "libfyaml") == NULL)
		return 0;
	spared_from = object->dlpi_addr;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		uintptr_t end = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;

		if (object->dlpi_phdr[i].p_type == PT_LOAD && end > spared_to)
			spared_to = end;
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	char program[512];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *text = getenv("FAULT"), *name, *file = getenv("FAULT_LOG");
	const char *from = getenv("FAULT_FROM");
	unsigned count = 0;

	if (size <= 0 || text == NULL || *text == '\0')
		return;
	program[size] = '\0';
	name = strrchr(program, '/') + 1;
	if (strcmp(name, "upfront") != 0 && strcmp(name, "upfront-telemetry") != 0)
		return;
	own_role = strcmp(name, "upfront") == 0 ? TERMINAL : SENDER;
	own_pid = getpid();
	snprintf(log_path, sizeof(log_path), "%s", file != NULL ? file : "/dev/null");
	snprintf(from_path, sizeof(from_path), "%s", from != NULL ? from : "");
	for (;;) {
		if (count == FAULTS_MAX)
			refuse("too many faults");
		text = read_fault(&faults[count++], text);
		if (*text == '\0')
			break;
		text++;
	}
	dl_iterate_phdr(find_spared, NULL);
	fault_count = count;
}

/* ---- Whether a call is hit. No allocation, little stack: also between clone and exec, and below malloc ---- */

static char *put_text(char *at, const char *end, const char *text)
{
	while (*text != '\0' && at < end)
		*at++ = *text++;
	return at;
}

static char *put_number(char *at, const char *end, long number)
{
	char digits[24];
	size_t count = 0;
	unsigned long rest = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;

	if (number < 0)
		at = put_text(at, end, "-");
	do
		digits[count++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	while (count > 0 && at < end)
		*at++ = digits[--count];
	return at;
}

/* By bare system calls: what libc would do here may be what is to fail. */
static long bare(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#else
#error "the fault shim does not know this machine's system calls"
#endif
}

static void note(unsigned index, const char *call, enum role role, long argument)
{
	char line[160], *at = line, *end = line + sizeof(line) - 1;
	long fd = bare(SYS_openat, AT_FDCWD, (long)log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	at = put_number(at, end, index);
	at = put_text(put_text(at, end, " "), end, call);
	at = put_text(put_text(at, end, " "), end, role_names[role]);
	at = put_number(put_text(at, end, " "), end, bare(SYS_getpid, 0, 0, 0, 0));
	at = put_number(put_text(at, end, " "), end, argument);
	*at++ = '\n';
	bare(SYS_write, fd, (long)line, at - line, 0);
	bare(SYS_close, fd, 0, 0, 0);
}

static bool path_fits(const char *part, const char *path, int fd)
{
	char link[32], target[256];
	long size;

	if (*part == '\0')
		return true;
	if (path != NULL)
		return strstr(path, part) != NULL;
	*put_number(put_text(link, link + 20, "/proc/self/fd/"), link + sizeof(link) - 1, fd) = '\0';
	size = bare(SYS_readlinkat, AT_FDCWD, (long)link, (long)target, sizeof(target) - 1);
	if (size <= 0)
		return false;
	target[size] = '\0';
	return strstr(target, part) != NULL;
}

/* Whether the time has come, where that is told from outside. */
static bool is_awaited(struct fault *fault)
{
	char text[16];
	unsigned number = 0;
	long size, fd;

	if (*from_path == '\0')
		return true;
	fd = bare(SYS_openat, AT_FDCWD, (long)from_path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	size = bare(SYS_read, fd, (long)text, sizeof(text), 0);
	bare(SYS_close, fd, 0, 0, 0);
	for (long i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (unsigned)(text[i] - '0');
	if (number != fault->asked) {
		fault->asked = fault->first = number;
		fault->seen = 0;
	}
	return number > 0;
}

/* The fault that hits this call, or NULL. `kill` and `stop` have happened when it returns. */
static const struct fault *hit(const char *call, const char *path, int fd, long argument)
{
	for (unsigned i = 0; i < fault_count; i++) {
		struct fault *fault = &faults[i];
		pid_t pid;
		enum role role;
		unsigned nth;

		if (strcmp(fault->call, call) != 0)
			continue;
		pid = (pid_t)bare(SYS_getpid, 0, 0, 0, 0);
		role = pid == own_pid ? own_role : CHILD;
		if ((fault->role != ANY && fault->role != role) || !path_fits(fault->part, path, fd) ||
		    !is_awaited(fault))
			continue;
		nth = __atomic_add_fetch(&fault->seen, 1, __ATOMIC_RELAXED);
		if (nth < fault->first || (fault->count > 0 && nth - fault->first >= fault->count))
			continue;
		note(i, call, role, argument);
		if (fault->what == KILL || fault->what == STOP)
			bare(SYS_kill, pid, fault->what == KILL ? SIGKILL : SIGSTOP, 0, 0);
		if (fault->what == FAIL || fault->what == SHORT || fault->what == JUMP)
			return fault;
	}
	return NULL;
}

/* True with errno set when the call is to fail. */
static bool fails(const char *call, const char *path, int fd, long argument)
{
	const struct fault *fault = fault_count > 0 ? hit(call, path, fd, argument) : NULL;

	if (fault == NULL || fault->what != FAIL)
		return false;
	errno = fault->error;
	return true;
}

/* The same for calls that may do less than they were asked to. */
static bool fails_or_cut(const char *call, int fd, size_t *size_bytes)
{
	const struct fault *fault = fault_count > 0 ? hit(call, NULL, fd, fd) : NULL;

	if (fault == NULL)
		return false;
	if (fault->what == SHORT && *size_bytes > 1)
		*size_bytes /= 2;
	if (fault->what != FAIL)
		return false;
	errno = fault->error;
	return true;
}

/* ---- The calls ---- */

#define NEXT(name)                     \
	static __typeof__(name) *next; \
	if (next == NULL)              \
	next = (__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name)

/* A call without a path: what fails returns `bad`; the first argument is what the log shows. */
#define WRAP(result, bad, name, fd, shown, parameters, arguments) \
	result name parameters                                    \
	{                                                         \
		NEXT(name);                                       \
		if (fails(#name, NULL, fd, (long)(shown)))        \
			return bad;                               \
		return next arguments;                            \
	}

#define WRAP_PATH(result, bad, name, path, parameters, arguments) \
	result name parameters                                    \
	{                                                         \
		NEXT(name);                                       \
		if (fails(#name, path, -1, 0))                    \
			return bad;                               \
		return next arguments;                            \
	}

static mode_t mode_of(int flags, va_list more)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

static int open_any(int at, const char *path, int flags, mode_t mode)
{
	static __typeof__(openat) *next;

	if (next == NULL)
		next = (__typeof__(openat) *)(uintptr_t)dlsym(RTLD_NEXT, "openat");
	return fails("open", path, -1, 0) ? -1 : next(at, path, flags, mode);
}

#define WRAP_OPEN(name)                                       \
	int name(const char *path, int flags, ...)            \
	{                                                     \
		va_list more;                                 \
		mode_t mode;                                  \
                                                              \
		va_start(more, flags);                        \
		mode = mode_of(flags, more);                  \
		va_end(more);                                 \
		return open_any(AT_FDCWD, path, flags, mode); \
	}
#define WRAP_OPENAT(name)                                  \
	int name(int at, const char *path, int flags, ...) \
	{                                                  \
		va_list more;                              \
		mode_t mode;                               \
                                                           \
		va_start(more, flags);                     \
		mode = mode_of(flags, more);               \
		va_end(more);                              \
		return open_any(at, path, flags, mode);    \
	}
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

/* What programs built with _FORTIFY_SOURCE call where the flags or sizes are not known before. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);
ssize_t __read_chk(int fd, void *bytes, size_t size_bytes, size_t room);
ssize_t __pread_chk(int fd, void *bytes, size_t size_bytes, off_t at, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t size_bytes, size_t room, int flags);

int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}
int __openat_2(int at, const char *path, int flags)
{
	return open_any(at, path, flags, 0);
}
int __openat64_2(int at, const char *path, int flags)
{
	return open_any(at, path, flags, 0);
}

FILE *fopen(const char *path, const char *mode)
{
	NEXT(fopen);
	return fails("open", path, -1, 0) ? NULL : next(path, mode);
}
DIR *opendir(const char *path)
{
	NEXT(opendir);
	return fails("open", path, -1, 0) ? NULL : next(path);
}

ssize_t read(int fd, void *bytes, size_t size_bytes)
{
	NEXT(read);
	return fails_or_cut("read", fd, &size_bytes) ? -1 : next(fd, bytes, size_bytes);
}
ssize_t __read_chk(int fd, void *bytes, size_t size_bytes, size_t room)
{
	(void)room;
	return read(fd, bytes, size_bytes);
}
ssize_t pread(int fd, void *bytes, size_t size_bytes, off_t at)
{
	NEXT(pread);
	return fails_or_cut("read", fd, &size_bytes) ? -1 : next(fd, bytes, size_bytes, at);
}
ssize_t __pread_chk(int fd, void *bytes, size_t size_bytes, off_t at, size_t room)
{
	(void)room;
	return pread(fd, bytes, size_bytes, at);
}
ssize_t recv(int fd, void *bytes, size_t size_bytes, int flags)
{
	NEXT(recv);
	return fails_or_cut("recv", fd, &size_bytes) ? -1 : next(fd, bytes, size_bytes, flags);
}
ssize_t __recv_chk(int fd, void *bytes, size_t size_bytes, size_t room, int flags)
{
	(void)room;
	return recv(fd, bytes, size_bytes, flags);
}
ssize_t write(int fd, const void *bytes, size_t size_bytes)
{
	NEXT(write);
	return fails_or_cut("write", fd, &size_bytes) ? -1 : next(fd, bytes, size_bytes);
}
ssize_t send(int fd, const void *bytes, size_t size_bytes, int flags)
{
	NEXT(send);
	return fails_or_cut("send", fd, &size_bytes) ? -1 : next(fd, bytes, size_bytes, flags);
}
WRAP(ssize_t, -1, readv, fd, fd, (int fd, const struct iovec *parts, int count), (fd, parts, count))
WRAP(ssize_t, -1, writev, fd, fd, (int fd, const struct iovec *parts, int count), (fd, parts, count))
WRAP(ssize_t, -1, sendmsg, fd, fd, (int fd, const struct msghdr *message, int flags), (fd, message, flags))

WRAP(int, -1, pipe2, -1, 0, (int fds[2], int flags), (fds, flags))
WRAP(int, -1, socket, -1, domain, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, -1, socketpair, -1, domain, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))
WRAP(int, -1, bind, fd, fd, (int fd, const struct sockaddr *address, socklen_t size_bytes), (fd, address, size_bytes))
WRAP(int, -1, listen, fd, fd, (int fd, int backlog), (fd, backlog))
WRAP(int, -1, accept4, fd, fd, (int fd, struct sockaddr *address, socklen_t *size_bytes, int flags),
     (fd, address, size_bytes, flags))
WRAP(int, -1, connect, fd, fd, (int fd, const struct sockaddr *address, socklen_t size_bytes),
     (fd, address, size_bytes))
WRAP(int, -1, getsockopt, fd, fd, (int fd, int level, int name, void *value, socklen_t *size_bytes),
     (fd, level, name, value, size_bytes))

WRAP(int, -1, epoll_create1, -1, 0, (int flags), (flags))
WRAP(int, -1, epoll_ctl, fd, fd, (int epoll, int operation, int fd, struct epoll_event *event),
     (epoll, operation, fd, event))
WRAP(int, -1, epoll_wait, -1, 0, (int epoll, struct epoll_event *events, int max, int timeout_ms),
     (epoll, events, max, timeout_ms))
WRAP(int, -1, poll, -1, 0, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room)
{
	(void)room;
	return poll(fds, count, timeout_ms);
}
WRAP(int, -1, signalfd, -1, 0, (int fd, const sigset_t *set, int flags), (fd, set, flags))
WRAP(int, -1, eventfd, -1, 0, (unsigned int first, int flags), (first, flags))
WRAP(int, -1, timerfd_create, -1, 0, (clockid_t clock, int flags), (clock, flags))
WRAP(int, -1, timerfd_settime, fd, fd, (int fd, int flags, const struct itimerspec *time, struct itimerspec *old),
     (fd, flags, time, old))
WRAP(int, -1, dup2, fd, fd, (int fd, int target), (fd, target))
WRAP(int, -1, close_range, -1, first, (unsigned int first, unsigned int last, int flags), (first, last, flags))

WRAP_PATH(int, -1, rename, source, (const char *source, const char *target), (source, target))
WRAP_PATH(int, -1, renameat, source, (int from, const char *source, int to, const char *target),
	  (from, source, to, target))
WRAP_PATH(int, -1, unlink, path, (const char *path), (path))
WRAP_PATH(int, -1, unlinkat, path, (int at, const char *path, int flags), (at, path, flags))
WRAP_PATH(int, -1, mkdir, path, (const char *path, mode_t mode), (path, mode))
WRAP_PATH(int, -1, chdir, path, (const char *path), (path))
WRAP_PATH(int, -1, stat, path, (const char *path, struct stat *status), (path, status))
WRAP_PATH(int, -1, lstat, path, (const char *path, struct stat *status), (path, status))
WRAP(int, -1, fstat, fd, fd, (int fd, struct stat *status), (fd, status))
WRAP_PATH(char *, NULL, realpath, path, (const char *path, char *resolved), (path, resolved))
char *__realpath_chk(const char *path, char *resolved, size_t room);
char *__realpath_chk(const char *path, char *resolved, size_t room)
{
	(void)room;
	return realpath(path, resolved);
}
WRAP(int, -1, fsync, fd, fd, (int fd), (fd))
WRAP(int, -1, fchmod, fd, fd, (int fd, mode_t mode), (fd, mode))
WRAP(int, -1, flock, fd, fd, (int fd, int operation), (fd, operation))

WRAP(int, -1, waitid, -1, id, (idtype_t kind, id_t id, siginfo_t *info, int options), (kind, id, info, options))
WRAP(pid_t, -1, waitpid, -1, pid, (pid_t pid, int *status, int options), (pid, status, options))
WRAP(int, -1, sigwaitinfo, -1, 0, (const sigset_t *set, siginfo_t *info), (set, info))
WRAP(int, -1, pidfd_open, -1, pid, (pid_t pid, unsigned int flags), (pid, flags))
WRAP(int, -1, pidfd_send_signal, -1, number, (int fd, int number, siginfo_t *info, unsigned int flags),
     (fd, number, info, flags))
WRAP(int, -1, kill, -1, pid, (pid_t pid, int number), (pid, number))
WRAP(pid_t, -1, setsid, -1, 0, (void), ())

pid_t fork(void)
{
	pid_t pid;

	NEXT(fork);
	if (fails("fork", NULL, -1, 0))
		return -1;
	pid = next();
	if (pid == 0 && fault_count > 0) {
		own_pid = (pid_t)bare(SYS_getpid, 0, 0, 0, 0);
		own_role = own_role < SUPERVISOR ? own_role + 1 : own_role;
		for (unsigned i = 0; i < fault_count; i++)
			faults[i].seen = 0;
	}
	return pid;
}

int clone(int (*body)(void *), void *stack, int flags, void *context, ...)
{
	va_list more;
	void *first, *second, *third;

	NEXT(clone);
	va_start(more, context);
	first = va_arg(more, void *);
	second = (flags & CLONE_SETTLS) != 0 ? va_arg(more, void *) : NULL;
	third = (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) != 0 ? va_arg(more, void *) : NULL;
	va_end(more);
	return fails("clone", NULL, -1, flags) ? -1 : next(body, stack, flags, context, first, second, third);
}

int fcntl(int fd, int command, ...)
{
	va_list more;
	void *argument;

	NEXT(fcntl);
	va_start(more, command);
	argument = va_arg(more, void *);
	va_end(more);
	return fails("fcntl", NULL, fd, command) ? -1 : next(fd, command, argument);
}

int prctl(int option, ...)
{
	va_list more;
	unsigned long arguments[4];

	NEXT(prctl);
	va_start(more, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(more, unsigned long);
	va_end(more);
	if (fails("prctl", NULL, -1, option))
		return -1;
	return next(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

long syscall(long number, ...)
{
	va_list more;
	long arguments[6];
	const char *path;

	NEXT(syscall);
	va_start(more, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(more, long);
	va_end(more);
	path = number == SYS_execve ? (const char *)(uintptr_t)arguments[0] : NULL;
	if (fails(number == SYS_execve ? "execve" : "syscall", path, -1, number))
		return -1;
	return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* ---- Memory: from libc by its inner names, so that nothing has to be looked up before ---- */

void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *old, size_t size_bytes);

/* libfyaml does not survive it, and there is nothing that its users could do. */
static bool spared(const void *caller)
{
	return (uintptr_t)caller >= spared_from && (uintptr_t)caller < spared_to;
}

#define NO_MEMORY(size) \
	(fault_count > 0 && !spared(__builtin_return_address(0)) && fails("malloc", NULL, -1, (long)(size)))

void *malloc(size_t size_bytes)
{
	return NO_MEMORY(size_bytes) ? NULL : __libc_malloc(size_bytes);
}
void *calloc(size_t count, size_t size_bytes)
{
	return NO_MEMORY(size_bytes) ? NULL : __libc_calloc(count, size_bytes);
}
void *realloc(void *old, size_t size_bytes)
{
	return NO_MEMORY(size_bytes) ? NULL : __libc_realloc(old, size_bytes);
}

/* ---- The wall clock ---- */

static long jump(void)
{
	const struct fault *fault = fault_count > 0 ? hit("clock", NULL, -1, 0) : NULL;

	return fault != NULL && fault->what == JUMP ? fault->jump_s : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result;

	NEXT(clock_gettime);
	result = next(clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += jump();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int result;

	NEXT(gettimeofday);
	result = next(now, zone);
	if (result == 0)
		now->tv_sec += jump();
	return result;
}

time_t time(time_t *result)
{
	time_t now;

	NEXT(time);
	now = next(NULL) + jump();
	if (result != NULL)
		*result = now;
	return now;
}
