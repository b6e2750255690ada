/* SPDX-License-Identifier: MIT */
#include "tests/lib/children.h"

#include "config/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

char *children_helper(const char *name)
{
	char self[PATH_MAX], *path = NULL;
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(size > 0);
	self[size] = '\0';
	char *tests = strstr(self, "/tests/");
	for (char *next = tests; next; next = strstr(next + 1, "/tests/"))
		tests = next;
	assert_non_null(tests);
	*tests = '\0';
	assert_true(asprintf(&path, "%s/tests/helpers/%s", self, name) > 0);
	return path;
}

int64_t children_now_ms(void)
{
	return clock_monotonic_ms();
}

bool children_readable(int fd, int limit_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int result;
	do
		result = poll(&poll_fd, 1, limit_ms);
	while (result < 0 && errno == EINTR);
	return result > 0;
}

void children_read(int fd, const char *stop, char *text, size_t size_bytes)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	size_t used = 0;
	text[0] = '\0';
	while (used < size_bytes - 1 && !(stop && strstr(text, stop))) {
		int64_t left = deadline - children_now_ms();
		if (left <= 0 || !children_readable(fd, (int)left))
			fail_msg("nothing more to read; so far: \"%s\"", text);
		ssize_t got = read(fd, text + used, size_bytes - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
		text[used] = '\0';
	}
}

int children_wait(pid_t pid)
{
	int status = 0;
	int pidfd = pidfd_open(pid, 0);
	assert_true(pidfd >= 0);
	if (!children_readable(pidfd, CHILDREN_DEADLINE_MS))
		fail_msg("process %d does not end", pid);
	close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *children_make_folder(void)
{
	char *path = strdup("/tmp/upfront-test-XXXXXX");
	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

void children_remove_folder(char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(path);
}

char *children_slurp(const char *folder, const char *name, size_t *size_bytes)
{
	char path[PATH_MAX];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &st), 0);
	char *bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	bytes[st.st_size] = '\0';
	close(fd);
	if (size_bytes)
		*size_bytes = (size_t)st.st_size;
	return bytes;
}

int children_count_fds(void)
{
	int count = 0;
	DIR *folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

bool children_none_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}
