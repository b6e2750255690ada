/* SPDX-License-Identifier: MIT */
#include "telemetry/sender_spawn.h"

#include "config/paths.h"
#include "telemetry/telemetry.h"
#include "telemetry/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FDS_MAX (1 + WIRE_RELAYS_MAX)
/* No number that the child puts something at is that of something still to be put elsewhere. */
#define ABOVE_FD (WIRE_RELAY_FD + WIRE_RELAYS_MAX)

char *telemetry_sender_path(void)
{
	static const char *const places[] = {"upfront-telemetry", "../libexec/upfront/upfront-telemetry"};
	char *folder = paths_program_dir(), *path = NULL;

	for (size_t i = 0; folder && i < sizeof(places) / sizeof(*places); i++) {
		if (asprintf(&path, "%s/%s", folder, places[i]) < 0) {
			path = NULL;
			break;
		}
		if (access(path, X_OK) == 0)
			break;
		free(path);
		path = NULL;
	}
	free(folder);
	return path;
}

static int add_fds(posix_spawn_file_actions_t *actions, const int *fds, size_t count)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = posix_spawn_file_actions_adddup2(actions, fds[i], WIRE_FD + (int)i);
	for (int fd = 0; result == 0 && fd < 3; fd++)
		result = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_addclosefrom_np(actions, WIRE_FD + (int)count);
	return result;
}

static int spawn(const char *program, char *const *environment, const int *fds, size_t count, pid_t *pid)
{
	char *argv[] = {(char *)"upfront-telemetry", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t every, none;
	int result;

	sigfillset(&every);
	sigemptyset(&none);
	result = posix_spawn_file_actions_init(&actions);
	if (result != 0)
		return -result;
	result = posix_spawnattr_init(&attributes);
	if (result != 0)
		goto out_actions;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &every);
	posix_spawnattr_setsigmask(&attributes, &none);
	result = add_fds(&actions, fds, count);
	if (result == 0)
		result = posix_spawn(pid, program, &actions, &attributes, argv, environment);
	/* An event wakes it; it must not take the processor from whoever sent that, or from a service, to look at it. */
	if (result == 0)
		sched_setscheduler(*pid, SCHED_BATCH, &(struct sched_param){.sched_priority = 0});
	posix_spawnattr_destroy(&attributes);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -result;
}

int sender_spawn(const char *program, char *const *environment, int fd, const int *listeners, size_t listener_count,
		 pid_t *pid)
{
	int fds[FDS_MAX], result = 0;
	size_t count = 0;

	if (listener_count > WIRE_RELAYS_MAX)
		return -EINVAL;
	while (result == 0 && count < 1 + listener_count) {
		fds[count] = fcntl(count == 0 ? fd : listeners[count - 1], F_DUPFD_CLOEXEC, ABOVE_FD);
		if (fds[count] < 0)
			result = -errno;
		else
			count++;
	}
	if (result == 0)
		result = spawn(program, environment, fds, count, pid);
	while (count > 0)
		close(fds[--count]);
	return result;
}
