/* SPDX-License-Identifier: MIT */
#include "launcher/command/run_metrics.h"

#include "config/paths.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILES_MAX 100
#define ENTRIES_MAX 10000
#define PREFIX "metrics-"

/* ---- The folder ---- */

/* A command that writes a second file and renames it may have left one. */
static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	for (int i = 0; dir != NULL && i < FILES_MAX && (entry = readdir(dir)) != NULL; i++)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(folder);
}

static int lock_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A run that was killed for good has left its folder, which nobody holds any more. */
static void sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;

	for (int i = 0; dir != NULL && i < ENTRIES_MAX && (entry = readdir(dir)) != NULL; i++) {
		char *folder = NULL;
		int fd = -1;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    asprintf(&folder, "%s/%s", parent, entry->d_name) >= 0)
			fd = lock_folder(folder);
		if (fd >= 0) {
			remove_folder(folder);
			close(fd);
		}
		free(folder);
	}
	if (dir != NULL)
		closedir(dir);
}

/* One that is swept before it is locked is no longer there to have a file made in it. */
static int make_folder(struct run_metrics *self, const char *parent)
{
	char *folder = NULL;
	int result = 0;

	if (asprintf(&folder, "%s/" PREFIX "XXXXXX", parent) < 0)
		return -ENOMEM;
	if (mkdtemp(folder) == NULL) {
		result = -errno;
		free(folder);
		return result;
	}
	self->folder = folder;
	self->lock_fd = lock_folder(folder);
	return self->lock_fd < 0 ? -EBUSY : 0;
}

int run_metrics_make(struct run_metrics *self, const char *parent)
{
	int fd, result;

	*self = (struct run_metrics){.job_count = -1, .lock_fd = -1};
	sweep(parent);
	result = make_folder(self, parent);
	if (result < 0)
		return result;
	if (asprintf(&self->path, "%s/metrics.json", self->folder) < 0) {
		self->path = NULL;
		return -ENOMEM;
	}
	fd = open(self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* ---- What it may hold ---- */

static bool take_member(struct run_metrics *self, const cJSON *item)
{
	if (cJSON_GetObjectItemCaseSensitive(self->object, item->string) != item)
		return false; /* there twice */
	if (strcmp(item->string, "object_counts") == 0)
		return object_counts_read(item, self->counts, &self->count);
	if (strcmp(item->string, "job_count") != 0 || !object_count_is_valid(item))
		return false;
	self->job_count = (int64_t)item->valuedouble;
	return true;
}

static bool take_object(struct run_metrics *self)
{
	const cJSON *item;

	if (!cJSON_IsObject(self->object))
		return false;
	cJSON_ArrayForEach(item, self->object)
	{
		if (!take_member(self, item))
			return false;
	}
	return true;
}

void run_metrics_read(struct run_metrics *self)
{
	char *text = NULL;
	size_t size_bytes = 0;

	if (self->path == NULL || paths_read_own(self->path, RUN_METRICS_BYTES_MAX, &text, &size_bytes, NULL) < 0)
		return;
	if (strlen(text) == size_bytes)
		self->object = cJSON_ParseWithOpts(text, NULL, true);
	free(text);
	if (!take_object(self)) {
		self->job_count = -1;
		self->count = 0;
	}
}

/* ---- The end ---- */

void run_metrics_finish(struct run_metrics *self)
{
	if (self->folder != NULL)
		remove_folder(self->folder);
	cJSON_Delete(self->object);
	if (self->lock_fd >= 0)
		close(self->lock_fd);
	free(self->folder);
	free(self->path);
	*self = (struct run_metrics){.job_count = -1, .lock_fd = -1};
}
