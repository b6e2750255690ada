/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_watch.h"

#include <limits.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char *name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? slash + 1 : file;
}

int screen_watch_open(const char *file)
{
	char folder[PATH_MAX];
	int fd;

	if (file == NULL || file[0] != '/')
		return -1;
	snprintf(folder, sizeof(folder), "%.*s", (int)(name_of(file) - file), file);
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd >= 0 && inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool screen_watch_read(int fd, const char *file)
{
	alignas(struct inotify_event) char bytes[4096];
	const char *name = name_of(file);
	bool hit = false;
	ssize_t count;

	while ((count = read(fd, bytes, sizeof(bytes))) > 0) {
		for (char *at = bytes; at < bytes + count;) {
			const struct inotify_event *event = (const void *)at;

			hit = hit || (event->mask & IN_Q_OVERFLOW) != 0 ||
			      (event->len > 0 && strcmp(event->name, name) == 0);
			at += sizeof(*event) + event->len;
		}
	}
	return hit;
}
