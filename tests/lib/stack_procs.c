/* SPDX-License-Identifier: MIT */
#include "tests/lib/stack_procs.h"

#include "tests/lib/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ENVIRON_BYTES 16384

ssize_t stack_process_text(pid_t pid, const char *name, char *text, size_t size_bytes)
{
	char path[64];
	size_t length = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (length < size_bytes - 1 && (got = read(fd, text + length, size_bytes - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = '\0';
	return (ssize_t)length;
}

bool stack_process_read(pid_t pid, struct stack_process *process)
{
	char text[1024];
	char *open, *close;
	int parent;

	if (stack_process_text(pid, "stat", text, sizeof(text)) <= 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (open == NULL || close == NULL || sscanf(close + 1, " %c %d", &process->state, &parent) != 2)
		return false;
	*close = '\0';
	process->pid = pid;
	process->parent = parent;
	snprintf(process->name, sizeof(process->name), "%.15s", open + 1);
	return true;
}

static bool lives(const struct stack_process *process)
{
	return process->state != 'Z' && process->state != 'X';
}

pid_t stack_process_parent(pid_t pid)
{
	struct stack_process process;

	return stack_process_read(pid, &process) && lives(&process) ? process.parent : 0;
}

static const char *variable(const char *environment, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; at < size; at += strlen(environment + at) + 1)
		if (strncmp(environment + at, name, length) == 0 && environment[at + length] == '=')
			return environment + at + length + 1;
	return NULL;
}

size_t stack_processes(const struct world *world, struct stack_process *processes, size_t max)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(proc);
	while (count < max && (entry = readdir(proc)) != NULL) {
		struct stack_process *process = &processes[count];
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		char text[ENVIRON_BYTES];
		const char *mark, *service;
		ssize_t size;

		if (pid <= 0)
			continue;
		size = stack_process_text(pid, "environ", text, sizeof(text));
		if (size <= 0 || variable(text, (size_t)size, "UPFRONT_STACK") == NULL)
			continue;
		mark = variable(text, (size_t)size, "UPFRONT_TEST_WORLD");
		if (mark == NULL || strcmp(mark, world->dir) != 0 || !stack_process_read(pid, process) ||
		    !lives(process))
			continue;
		service = variable(text, (size_t)size, "TEST_SERVICE");
		snprintf(process->service, sizeof(process->service), "%s", service != NULL ? service : "");
		count++;
	}
	closedir(proc);
	return count;
}

bool stack_own_network(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	bool up;
	int fd;

	if (unshare(CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	assert_true(up);
	close(fd);
	return up;
}
