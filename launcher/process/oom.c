/* SPDX-License-Identifier: MIT */
#include "launcher/process/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 16384 /* /proc/vmstat has about 5000 */
/* How long after it was noticed a kill may still find its death: they come together when a whole group is killed. */
#define UNCLAIMED_MS 1000

/* The file's beginning, as text; false when it cannot be read. */
static bool read_text(const char *path, char *text, size_t size_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	if (fd < 0)
		return false;
	while (used < size_bytes - 1) {
		ssize_t got = read(fd, text + used, size_bytes - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	close(fd);
	text[used] = '\0';
	return used > 0;
}

/* The number in the line "oom_kill NUMBER"; -1: there is none. */
static int64_t read_count(const char *path)
{
	static const char name[] = "oom_kill ";
	char text[FILE_BYTES];

	if (!read_text(path, text, sizeof text))
		return -1;
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, name, sizeof name - 1) == 0)
			return strtoll(line + sizeof name - 1, NULL, 10);
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return -1;
}

/* Takes the file when it counts. */
static bool take(struct oom *self, const char *root, const char *folder, const char *group, size_t group_bytes,
		 const char *file)
{
	int length = snprintf(self->path, sizeof self->path, "%s%s%.*s%s%s", root, folder, (int)group_bytes, group,
			      group_bytes > 1 ? "/" : "", file);

	self->seen = length > 0 && (size_t)length < sizeof self->path ? read_count(self->path) : -1;
	return self->seen >= 0;
}

static bool lists_memory(const char *controllers, size_t size_bytes)
{
	static const char name[] = "memory";
	const char *end = controllers + size_bytes;

	for (const char *word = controllers; word < end;) {
		const char *comma = memchr(word, ',', (size_t)(end - word));
		size_t length = (size_t)((comma != NULL ? comma : end) - word);

		if (length == sizeof name - 1 && memcmp(word, name, length) == 0)
			return true;
		word += length + 1;
	}
	return false;
}

/* A line is "NUMBER:CONTROLLERS:/GROUP"; version 2 has no controllers there. */
static bool take_group(struct oom *self, const char *root, const char *line)
{
	const char *controllers = strchr(line, ':');
	const char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
	size_t size_bytes;

	if (group == NULL || group[1] != '/')
		return false;
	controllers++;
	size_bytes = strcspn(group + 1, "\n");
	if (group == controllers)
		return take(self, root, "", group + 1, size_bytes, "memory.events");
	return lists_memory(controllers, (size_t)(group - controllers)) &&
	       take(self, root, "/memory", group + 1, size_bytes, "memory.oom_control");
}

void oom_init(struct oom *self, const struct oom_sources *sources)
{
	const char *groups = sources != NULL && sources->groups != NULL ? sources->groups : "/proc/self/cgroup";
	const char *root = sources != NULL && sources->group_root != NULL ? sources->group_root : "/sys/fs/cgroup";
	const char *vmstat = sources != NULL && sources->vmstat != NULL ? sources->vmstat : "/proc/vmstat";
	char text[FILE_BYTES];

	*self = (struct oom){.seen = 0};
	if (read_text(groups, text, sizeof text)) {
		for (const char *line = text; line != NULL && *line != '\0';) {
			if (take_group(self, root, line))
				return;
			line = strchr(line, '\n');
			line = line != NULL ? line + 1 : NULL;
		}
	}
	if (!take(self, vmstat, "", "", 0, ""))
		self->path[0] = '\0';
}

bool oom_claim(struct oom *self, int64_t now_ms)
{
	int64_t count = self->path[0] != '\0' ? read_count(self->path) : -1;

	if (count < 0)
		return false;
	if (now_ms - self->looked_ms > UNCLAIMED_MS)
		self->unclaimed = 0;
	if (count > self->seen)
		self->unclaimed += count - self->seen;
	self->seen = count;
	self->looked_ms = now_ms;
	if (self->unclaimed == 0)
		return false;
	self->unclaimed--;
	return true;
}
