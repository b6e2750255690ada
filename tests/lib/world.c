/* SPDX-License-Identifier: MIT */
#include "tests/lib/world.h"

#include "config/clock.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK "UPFRONT_TEST_WORLD"

int64_t world_now_ms(void)
{
	return clock_monotonic_ms();
}

void world_pause(int64_t since_ms, int limit_ms, const char *waited_for)
{
	if (world_now_ms() - since_ms > limit_ms)
		fail_msg("waited %d ms for: %s", limit_ms, waited_for);
	poll(NULL, 0, 5);
}

/* Makes every missing folder above the last '/' of `path`. */
static void make_parents(const char *path)
{
	char copy[WORLD_PATH_MAX * 2];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			fail_msg("mkdir %s: %s", copy, strerror(errno));
		*slash = '/';
	}
}

/* The build folder is what stands in front of the last "/tests/" of this program's own path. */
static void find_bin_dir(struct world *self)
{
	const char *given = getenv("UPFRONT_BIN_DIR");
	char *cut = NULL;
	ssize_t size;

	if (given != NULL) {
		char real[PATH_MAX];

		assert_non_null(realpath(given, real));
		snprintf(self->bin_dir, sizeof(self->bin_dir), "%.500s", real);
		return;
	}
	size = readlink("/proc/self/exe", self->bin_dir, sizeof(self->bin_dir) - 1);
	assert_true(size > 0);
	self->bin_dir[size] = '\0';
	for (char *at = strstr(self->bin_dir, "/tests/"); at != NULL; at = strstr(at + 1, "/tests/"))
		cut = at;
	assert_non_null(cut);
	*cut = '\0';
}

void world_begin(struct world *self)
{
	static const struct {
		const char *variable, *folder;
		mode_t mode;
	} folders[] = {{"HOME", "home", 0700},
		       {"XDG_CONFIG_HOME", "config", 0700},
		       {"XDG_STATE_HOME", "state", 0700},
		       {"XDG_CACHE_HOME", "cache", 0700},
		       {"XDG_RUNTIME_DIR", "runtime", 0700},
		       {"TMPDIR", "tmp", 0700},
		       {NULL, "stack", 0755}};
	const char *base = getenv("TMPDIR");
	char path[WORLD_PATH_MAX], real[PATH_MAX];

	memset(self, 0, sizeof(*self));
	strmap_init(&self->environment);
	snprintf(self->dir, sizeof(self->dir), "%.200s/upfront-XXXXXX", base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(self->dir));
	assert_non_null(realpath(self->dir, real));
	snprintf(self->dir, sizeof(self->dir), "%.250s", real);
	/* Programs that run as another user must be able to get to their files. */
	chmod(self->dir, 0711);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, folders[i].folder);
		assert_int_equal(mkdir(path, folders[i].mode), 0);
		if (folders[i].variable != NULL)
			world_setenv(self, folders[i].variable, path);
	}
	snprintf(self->stack, sizeof(self->stack), "%s/stack", self->dir);
	snprintf(self->state, sizeof(self->state), "%s/state/upfront", self->dir);
	find_bin_dir(self);
	world_setenv(self, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
	world_setenv(self, "TERM", "xterm");
	world_setenv(self, "LANG", "C.UTF-8");
	world_setenv(self, MARK, self->dir);
	/* So that the runner, too, knows what this test program started. */
	if (getenv("UPFRONT_TEST_MARK") != NULL)
		world_setenv(self, "UPFRONT_TEST_MARK", getenv("UPFRONT_TEST_MARK"));
	if (getenv("ASAN_OPTIONS") != NULL)
		world_setenv(self, "ASAN_OPTIONS", getenv("ASAN_OPTIONS"));
}

void world_setenv(struct world *self, const char *name, const char *value)
{
	if (value == NULL)
		strmap_remove(&self->environment, name);
	else
		assert_int_equal(strmap_set(&self->environment, name, value), 0);
}

const char *world_path(const struct world *self, const char *name)
{
	static char paths[4][WORLD_PATH_MAX * 2];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", self->stack, name);
	return path;
}

void world_write_bytes(const struct world *self, const char *name, const void *bytes, size_t size_bytes)
{
	const char *path = world_path(self, name);
	const char *from = bytes;
	bool script = size_bytes >= 2 && memcmp(bytes, "#!", 2) == 0;
	int fd;

	make_parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, script ? 0755 : 0644);
	if (fd < 0)
		fail_msg("open %s: %s", path, strerror(errno));
	while (size_bytes > 0) {
		ssize_t written = write(fd, from, size_bytes);

		assert_true(written > 0);
		from += written;
		size_bytes -= (size_t)written;
	}
	close(fd);
}

void world_write(const struct world *self, const char *name, const char *text)
{
	world_write_bytes(self, name, text, strlen(text));
}

void world_copy(const struct world *self, const char *source)
{
	char command[WORLD_PATH_MAX * 3];

	snprintf(command, sizeof(command), "cp -R '%s/.' '%s/'", source, self->stack);
	assert_int_equal(system(command), 0);
}

bool world_has(const struct world *self, const char *name)
{
	return access(world_path(self, name), F_OK) == 0;
}

/* A whole file that may grow meanwhile or, in /proc, has no size. NULL when it cannot be read. */
static char *read_whole(const char *path, size_t *size_bytes)
{
	size_t size = 0, room = 65536;
	char *bytes = malloc(room + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && bytes != NULL && (got = read(fd, bytes + size, room - size)) > 0) {
		size += (size_t)got;
		if (size == room) {
			char *larger = realloc(bytes, room * 2 + 1);

			if (larger == NULL)
				break;
			bytes = larger;
			room *= 2;
		}
	}
	if (fd >= 0)
		close(fd);
	if (fd < 0 || bytes == NULL || got < 0) {
		free(bytes);
		return NULL;
	}
	bytes[size] = '\0';
	*size_bytes = size;
	return bytes;
}

char *world_read(const struct world *self, const char *name)
{
	size_t size;

	return read_whole(world_path(self, name), &size);
}

/* nftw has no context: one walk at a time. */
static struct {
	const char *wanted; /* NULL: any socket */
	size_t count;
	char found[WORLD_PATH_MAX * 2];
} walk;

static int visit(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	bool found = walk.wanted != NULL ? strcmp(path + at->base, walk.wanted) == 0 : S_ISSOCK(info->st_mode);

	(void)kind;
	walk.count += found ? 1 : 0;
	if (found && walk.found[0] == '\0')
		snprintf(walk.found, sizeof(walk.found), "%s", path);
	return 0;
}

size_t world_sockets(const struct world *self)
{
	memset(&walk, 0, sizeof(walk));
	nftw(self->dir, visit, 16, FTW_PHYS);
	return walk.count;
}

const char *world_search(const struct world *self, const char *name)
{
	memset(&walk, 0, sizeof(walk));
	walk.wanted = name;
	nftw(self->dir, visit, 16, FTW_PHYS);
	return walk.found[0] != '\0' ? walk.found : NULL;
}

static bool environment_shows(pid_t pid, const char *mark)
{
	char path[64];
	size_t size, length = strlen(mark);
	char *text;
	bool shows = false;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	text = read_whole(path, &size);
	for (size_t at = 0; text != NULL && at < size && !shows; at += strlen(text + at) + 1)
		shows = size - at >= length && memcmp(text + at, mark, length + 1) == 0;
	free(text);
	return shows;
}

static bool works_in(pid_t pid, const char *dir)
{
	char path[64], target[PATH_MAX];
	ssize_t size;
	size_t length = strlen(dir);

	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	size = readlink(path, target, sizeof(target) - 1);
	return size >= (ssize_t)length && memcmp(target, dir, length) == 0 &&
	       ((size_t)size == length || target[length] == '/' || target[length] == ' ');
}

/* The arguments with spaces between; the caller frees. */
static char *command_line(pid_t pid)
{
	char path[64];
	size_t size = 0;
	char *text;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	text = read_whole(path, &size);
	for (size_t i = 0; text != NULL && i + 1 < size; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return text;
}

static bool is_alive(pid_t pid)
{
	char path[64];
	size_t size;
	char *text, *close;
	bool alive;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	text = read_whole(path, &size);
	close = text != NULL ? strrchr(text, ')') : NULL;
	alive = close != NULL && close[1] == ' ' && close[2] != 'Z' && close[2] != 'X';
	free(text);
	return alive;
}

size_t world_processes(const struct world *self, const char *text, pid_t *pids, size_t max)
{
	char mark[WORLD_PATH_MAX];
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(proc);
	snprintf(mark, sizeof(mark), MARK "=%s", self->dir);
	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		char *line;

		if (pid <= 0 || pid == getpid() || !is_alive(pid))
			continue;
		if (!environment_shows(pid, mark) && !works_in(pid, self->dir))
			continue;
		line = command_line(pid);
		if (line != NULL && strstr(line, text) != NULL && (pids == NULL || count < max)) {
			if (pids != NULL)
				pids[count] = pid;
			count++;
		}
		free(line);
	}
	closedir(proc);
	return count;
}

pid_t world_find(const struct world *self, const char *text)
{
	pid_t pids[WORLD_PROCESSES_MAX];
	size_t count = world_processes(self, text, pids, WORLD_PROCESSES_MAX);
	pid_t lowest = 0;

	for (size_t i = 0; i < count; i++)
		if (lowest == 0 || pids[i] < lowest)
			lowest = pids[i];
	return lowest;
}

/* True when all are gone in time; else their names are in `left`. */
static bool wait_gone(const struct world *self, const char *text, int limit_ms, char *left, size_t size_bytes)
{
	int64_t began_ms = world_now_ms();
	pid_t pids[WORLD_PROCESSES_MAX];
	size_t count, at = 0;

	while ((count = world_processes(self, text, pids, WORLD_PROCESSES_MAX)) > 0 &&
	       world_now_ms() - began_ms <= limit_ms)
		poll(NULL, 0, 5);
	left[0] = '\0';
	for (size_t i = 0; i < count && at < size_bytes; i++) {
		char *line = command_line(pids[i]);
		int length = snprintf(left + at, size_bytes - at, "\n    %d %.100s", (int)pids[i],
				      line != NULL ? line : "?");

		free(line);
		at += length > 0 ? (size_t)length : 0;
	}
	return count == 0;
}

void world_wait_gone(const struct world *self, const char *text, int limit_ms)
{
	char left[4096];

	if (!wait_gone(self, text, limit_ms, left, sizeof(left)))
		fail_msg("still running after %d ms:%s", limit_ms, left);
}

static int unlink_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	remove(path);
	return 0;
}

void world_end(struct world *self)
{
	char left[4096];
	bool gone = wait_gone(self, "", 2000, left, sizeof(left));
	size_t sockets = gone ? world_sockets(self) : 0;

	if (!gone) {
		pid_t pids[WORLD_PROCESSES_MAX];
		size_t count = world_processes(self, "", pids, WORLD_PROCESSES_MAX);

		for (size_t i = 0; i < count; i++)
			kill(pids[i], SIGKILL);
	}
	nftw(self->dir, unlink_one, 16, FTW_PHYS | FTW_DEPTH);
	strmap_finish(&self->environment);
	if (!gone)
		fail_msg("left running:%s", left);
	if (sockets > 0)
		fail_msg("%zu socket files left, one is %s", sockets, walk.found);
}

int world_setup(void **state)
{
	struct world *self = malloc(sizeof(*self));

	assert_non_null(self);
	world_begin(self);
	*state = self;
	return 0;
}

int world_teardown(void **state)
{
	struct world *self = *state;

	*state = NULL;
	world_end(self);
	free(self);
	return 0;
}

int world_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}
