/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_folder(const char *path, const char *last)
{
	char *folder = strndup(path, (size_t)(last - path));
	int fd;

	if (folder == NULL)
		return -ENOMEM;
	fd = open(folder[0] == '\0' ? "/" : folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(folder);
	return fd;
}

int ctl_address_make(struct ctl_address *self, const char *path)
{
	const size_t room = sizeof(self->name.sun_path);
	const char *last = strrchr(path, '/');
	int written;

	*self = (struct ctl_address){.name = {.sun_family = AF_UNIX}, .folder_fd = -1};
	if (path[0] == '\0')
		return -EINVAL;
	if (strlen(path) < room) {
		memcpy(self->name.sun_path, path, strlen(path) + 1);
	} else {
		if (last == NULL)
			return -ENAMETOOLONG;
		self->folder_fd = open_folder(path, last);
		if (self->folder_fd < 0) {
			int result = self->folder_fd;

			self->folder_fd = -1;
			return result;
		}
		written = snprintf(self->name.sun_path, room, "/proc/self/fd/%d%s", self->folder_fd, last);
		if (written < 0 || (size_t)written >= room) {
			ctl_address_finish(self);
			return -ENAMETOOLONG;
		}
	}
	self->size_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(self->name.sun_path) + 1);
	return 0;
}

void ctl_address_finish(struct ctl_address *self)
{
	if (self->folder_fd >= 0)
		close(self->folder_fd);
	self->folder_fd = -1;
}
