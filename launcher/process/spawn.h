/* SPDX-License-Identifier: MIT */
/*
 * launcher/process/ - what anything that runs programs needs of Linux.
 *
 *   spawn        one child: own session and process group, default signals, only its own descriptors, parent-death signal
 *   guard        the process that outlives a killed supervisor long enough to end what it left
 *   descendants  who belongs to us: walks /proc by parent, session and marker
 *   strays       who is below us, by the kernel's lists of children: cheap enough to be asked at every end
 *   spawn_users  users and groups looked up once, before anything waits
 *   probe        is it well: http, tcp, unix, log, exec
 *   inquiry      a program asked one thing, with a limit; all it started ends with it
 *   notify       what a service says of itself: sd_notify
 *   cgroup       who is in a container
 *   oom          did the kernel end it for want of memory
 *   output       service output: log files, index, ring, followers
 *   terminal_modes  what a program has switched on in its terminal
 *   ports        is a port free, and who holds it
 *   dial         a connection to a host or a unix socket, without waiting for it
 *   http_answer  one HTTP answer, read piece by piece
 *   kernel       is it new enough
 *   browser      opens a URL, and lets go of whom it has started
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_SPAWN_H
#define UPFRONT_LAUNCHER_PROCESS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct service_ulimit;
struct spawn_users;

/* A child is never a bare pid. */
struct child {
	pid_t pid;
	int pidfd; /* close-on-exec; the owner closes it */
};

struct spawn_options {
	const char *const
		*argv; /* argv[0] is looked up in PATH of `environment` unless it holds a '/' (then relative to cwd) */
	char *const *environment; /* for execve */
	char *pid_text; /* where in `environment` the child writes its own pid: ten digits stand there; NULL: nowhere */
	const char *cwd; /* NULL: unchanged */
	const char *user; /* "name", "name:group", "uid:gid"; NULL: unchanged */
	struct spawn_users *users; /* where `user` is known from, or noted once looked up; NULL: looked up anew */
	const struct service_ulimit *ulimits;
	size_t ulimit_count;
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null */
	int keep_fd; /* one more descriptor, given to the child as 3; -1: none */
	bool foreground_tty; /* make stdin_fd the controlling terminal of the new session */
	bool same_session; /* stay in our session and group (for `run` on a terminal) */
	int death_signal; /* sent when our thread dies; 0: none */
};

/*
 * Starts a program; returns once it has exec'ed or failed. The child borrows our memory until then, which spares copying it, and
 * the caller stands still meanwhile: well under a millisecond, but as long as it takes where the working directory, a folder of PATH or
 * the program lies on a file system that does not answer (a dead NFS server), and nothing bounds that. A user that `users` does
 * not know is looked up first, which may ask the network. Errors (ERR_MISSING for command, interpreter, working directory and user not found or not permitted; ERR_FAILED else)
 * name what, why and, as err.cause, what kind of thing was in the way; returns 0 or -errno of the failing step. Written after posix_spawn's contract, with what that lacks.
 */
int spawn_child(const struct spawn_options *options, struct child *child, struct err *err);

/*
 * Goes the same way, as the same user and from the same folder, but only looks at what would be executed: the errors are those that a start
 * would bring, as far as a look can tell. Stands still as spawn_child does.
 */
int spawn_check(const struct spawn_options *options, struct err *err);

#endif
