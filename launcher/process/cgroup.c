/* SPDX-License-Identifier: MIT */
#include "launcher/process/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_BYTES 8192 /* a dozen lines */
#define PROCS_NAME "cgroup.procs"

/* /proc/PID/cgroup as text; false when it cannot be read. */
static bool read_groups(const struct cgroup_sources *sources, pid_t pid, char text[GROUPS_BYTES])
{
	const char *proc = sources != NULL && sources->proc != NULL ? sources->proc : "/proc";
	char path[CGROUP_PATH_BYTES];
	size_t used = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%d/cgroup", proc, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (used < GROUPS_BYTES - 1) {
		ssize_t got = read(fd, text + used, GROUPS_BYTES - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	close(fd);
	text[used] = '\0';
	return true;
}

/* The id as a whole, not as a part of a longer one. */
static bool has_id(const char *path, const char *id)
{
	const size_t length = strlen(id);

	for (const char *at = strstr(path, id); at != NULL && length > 0; at = strstr(at + 1, id))
		if ((at == path || !isxdigit((unsigned char)at[-1])) && !isxdigit((unsigned char)at[length]))
			return true;
	return false;
}

/* "NUMBER:CONTROLLERS:/GROUP" taken apart in place; version 2 has no controllers there. */
static bool split_line(char *line, char **controllers, char **group)
{
	*controllers = strchr(line, ':');
	*group = *controllers != NULL ? strchr(*controllers + 1, ':') : NULL;
	if (*group == NULL || (*group)[1] != '/')
		return false;
	*(*controllers)++ = '\0';
	*(*group)++ = '\0';
	return true;
}

bool cgroup_names(const struct cgroup_sources *sources, pid_t pid, const char *id)
{
	char text[GROUPS_BYTES], *rest = NULL, *controllers, *group;

	if (pid <= 0 || !read_groups(sources, pid, text))
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (split_line(line, &controllers, &group) && has_id(group, id))
			return true;
	return false;
}

/* The folder of each hierarchy is named after its controllers, a nameless one after its name; version 2 is the root, or beside version 1. */
static bool take_list(const char *root, const char *folder, const char *group, char path[CGROUP_PATH_BYTES])
{
	int length = snprintf(path, CGROUP_PATH_BYTES, "%s%s%s%s/" PROCS_NAME, root, *folder != '\0' ? "/" : "", folder,
			      group);

	return length > 0 && (size_t)length < CGROUP_PATH_BYTES && access(path, R_OK) == 0;
}

int cgroup_find_list(const struct cgroup_sources *sources, pid_t pid, const char *id, char path[CGROUP_PATH_BYTES])
{
	static const char name[] = "name=";
	const char *root = sources != NULL && sources->group_root != NULL ? sources->group_root : "/sys/fs/cgroup";
	char text[GROUPS_BYTES], *rest = NULL, *controllers, *group;
	int result = -ESRCH;

	if (pid <= 0 || !read_groups(sources, pid, text))
		return -ESRCH;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (!split_line(line, &controllers, &group) || !has_id(group, id))
			continue;
		result = -ENOENT;
		if (strncmp(controllers, name, sizeof(name) - 1) == 0)
			controllers += sizeof(name) - 1;
		if (take_list(root, controllers, group, path) ||
		    (*controllers == '\0' && take_list(root, "unified", group, path)))
			return 0;
	}
	return result;
}

static int compare_pid(const void *a, const void *b)
{
	const pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

ssize_t cgroup_read_list(const char *path, pid_t *pids, size_t max)
{
	FILE *file = fopen(path, "re");
	char line[32];
	size_t count = 0;
	int error;

	if (file == NULL)
		return -errno;
	while (fgets(line, sizeof(line), file) != NULL) {
		const long pid = strtol(line, NULL, 10);

		if (pid <= 0)
			continue; /* of a process that cannot be seen from here */
		if (count == max) {
			fclose(file);
			return -E2BIG;
		}
		pids[count++] = (pid_t)pid;
	}
	error = ferror(file) ? errno : 0;
	fclose(file);
	if (error != 0)
		return -error;
	if (count > 0)
		qsort(pids, count, sizeof(*pids), compare_pid);
	return (ssize_t)count;
}
