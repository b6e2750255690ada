/* SPDX-License-Identifier: MIT */
#include "tests/lib/race.h"

#include "tests/lib/race_record.h"
#include "tests/lib/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ENVIRON_MAX (1024u * 1024u)

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double ms_between(int64_t from_ns, int64_t to_ns)
{
	return (double)(to_ns - from_ns) / 1e6;
}

void race_init(struct race *self, const struct world *world)
{
	*self = (struct race){.world = world, .fifo_fd = -1, .pidfd = -1};
	snprintf(self->fifo, sizeof(self->fifo), "%s/started", world->dir);
	snprintf(self->reporter, sizeof(self->reporter), "%.480s/tests/helpers/reporter", world->bin_dir);
	assert_int_equal(mkfifo(self->fifo, 0600), 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- Processes of the world ---- */

static bool read_proc(pid_t pid, const char *file, char *text, size_t size_bytes)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, size_bytes - 1);
	close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	return true;
}

static bool is_of_world(const struct race *self, pid_t pid)
{
	static char text[ENVIRON_MAX];
	char path[64];
	size_t size = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && size < sizeof(text) && (got = read(fd, text + size, sizeof(text) - size)) > 0)
		size += (size_t)got;
	if (fd >= 0)
		close(fd);
	return memmem(text, size, self->world->dir, strlen(self->world->dir)) != NULL;
}

/* Calls `visit` for each process of the world; services are told by their name. */
static void visit_all(const struct race *self, void (*visit)(pid_t pid, bool service, void *context), void *context)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		char name[32] = "";

		if (pid <= 0 || pid == getpid() || !is_of_world(self, pid) ||
		    !read_proc(pid, "comm", name, sizeof(name)))
			continue;
		visit(pid, strcmp(name, "reporter\n") == 0, context);
	}
	closedir(dir);
}

static void kill_one(pid_t pid, bool service, void *context)
{
	(void)service;
	(void)context;
	kill(pid, SIGKILL);
}

static long number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? strtol(at + strlen(key), NULL, 10) : 0;
}

static int count_descriptors(pid_t pid)
{
	char path[64];
	int count = -2; /* "." and ".." */
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	return count < 0 ? 0 : count;
}

static void add_cost(pid_t pid, bool service, void *context)
{
	struct race_cost *cost = context;
	char text[8192];

	if (service)
		return;
	cost->processes++;
	cost->descriptors += count_descriptors(pid);
	if (read_proc(pid, "smaps_rollup", text, sizeof(text)))
		cost->pss_kb += number_after(text, "\nPss:");
	if (read_proc(pid, "status", text, sizeof(text)))
		cost->switches += number_after(text, "\nvoluntary_ctxt_switches:") +
				  number_after(text, "\nnonvoluntary_ctxt_switches:");
	if (read_proc(pid, "schedstat", text, sizeof(text)))
		cost->cpu_ms += (double)strtoll(text, NULL, 10) / 1e6;
}

void race_measure(const struct race *self, struct race_cost *cost)
{
	*cost = (struct race_cost){0};
	visit_all(self, add_cost, cost);
}

/* ---- Running ---- */

void race_clear(struct race *self)
{
	for (int i = 0; i < 3; i++)
		visit_all(self, kill_one, NULL);
	if (self->pid > 0)
		waitpid(self->pid, NULL, 0);
	self->pid = 0;
	close_fd(&self->pidfd);
	close_fd(&self->fifo_fd);
}

/* Takes `count` records; the time of the latest, -1 when they do not come. */
static int64_t take_records(struct race *self, size_t count, size_t *room)
{
	int64_t latest = -1, deadline_ns = now_ns() + (int64_t)RACE_DEADLINE_MS * 1000000;

	while (count > 0) {
		struct pollfd polls[2] = {{self->fifo_fd, POLLIN, 0}, {self->pidfd, POLLIN, 0}};
		struct race_record record;

		if (poll(polls, 2, RACE_DEADLINE_MS) <= 0 || now_ns() > deadline_ns)
			return -1;
		if ((polls[0].revents & POLLIN) == 0 && polls[1].revents != 0)
			return -1;
		if (read(self->fifo_fd, &record, sizeof(record)) != (ssize_t)sizeof(record))
			continue;
		latest = record.time_ns > latest ? record.time_ns : latest;
		self->services[(*room)++] = (pid_t)record.pid;
		count--;
	}
	return latest;
}

static void spawn(struct race *self, const char *const *argv)
{
	char **environment = strmap_to_environ(&self->world->environment);
	posix_spawn_file_actions_t actions;
	char program[RACE_PATH_MAX + 64];
	sigset_t none;
	posix_spawnattr_t attributes;

	snprintf(program, sizeof(program), "%s/%s", self->world->bin_dir, argv[0]);
	sigemptyset(&none);
	assert_int_equal(posix_spawnattr_init(&attributes), 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, getenv("RACE_LOUD") != NULL ? "/dev/stderr" : "/dev/null",
					 O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, self->world->stack);
	if (access(program, X_OK) != 0)
		snprintf(program, sizeof(program), "%s", argv[0]);
	assert_int_equal(posix_spawnp(&self->pid, program, &actions, &attributes, (char *const *)argv, environment), 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(environment);
}

double race_start(struct race *self, const char *const *argv, size_t count)
{
	int64_t began_ns, latest_ns;
	size_t room = 0;

	self->fifo_fd = open(self->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(self->fifo_fd >= 0);
	free(self->services);
	self->services = calloc(count + 1, sizeof(*self->services));
	assert_non_null(self->services);
	self->count = count;
	began_ns = now_ns();
	spawn(self, argv);
	self->pidfd = pidfd_open(self->pid, 0);
	assert_true(self->pidfd >= 0);
	latest_ns = take_records(self, count, &room);
	if (latest_ns >= 0)
		return ms_between(began_ns, latest_ns);
	race_clear(self);
	return -1;
}

double race_stop(struct race *self, double *after_last_ms)
{
	int64_t began_ns = now_ns(), last_ns = 0, end_ns = 0;

	kill(self->pid, SIGTERM);
	while (end_ns == 0 || last_ns == 0) {
		/* Only a hang-up is waited for at the FIFO, once. */
		struct pollfd polls[2] = {{end_ns == 0 ? self->pidfd : -1, POLLIN, 0},
					  {last_ns == 0 ? self->fifo_fd : -1, 0, 0}};

		if (poll(polls, 2, RACE_DEADLINE_MS) <= 0)
			break;
		if (polls[1].revents != 0)
			last_ns = now_ns();
		if (polls[0].revents != 0)
			end_ns = now_ns();
	}
	if (end_ns == 0 || last_ns == 0) {
		race_clear(self);
		return -1;
	}
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
	close_fd(&self->pidfd);
	close_fd(&self->fifo_fd);
	if (after_last_ms != NULL)
		*after_last_ms = ms_between(last_ns, end_ns);
	return ms_between(began_ns, end_ns > last_ns ? end_ns : last_ns);
}

double race_respawn(struct race *self, size_t index)
{
	int64_t began_ns = now_ns(), again_ns;
	size_t room;

	if (kill(self->services[index], SIGKILL) < 0)
		return -1;
	/* Not one that was started twice before. */
	do {
		room = index;
		again_ns = take_records(self, 1, &room);
	} while (again_ns >= 0 && again_ns < began_ns);
	return again_ns < 0 ? -1 : ms_between(began_ns, again_ns);
}

bool race_respawn_all(struct race *self)
{
	size_t room = 0;

	for (size_t i = 0; i < self->count; i++)
		kill(self->services[i], SIGKILL);
	return take_records(self, self->count, &room) >= 0;
}

void race_finish(struct race *self)
{
	if (self->pid > 0)
		race_clear(self);
	free(self->services);
	unlink(self->fifo);
}
