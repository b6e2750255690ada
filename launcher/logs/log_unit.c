/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_unit.h"

#include "launcher/process/output_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNITS_MAX 10000u
#define OPEN_FILES_MAX 400u
#define OPEN_TRIES 4

bool log_unit_is_named(const struct log_unit *unit, const char *name)
{
	return strcmp(unit->name, name) == 0 || (unit->service != NULL && strcmp(unit->service, name) == 0);
}

static void decide_wanted(const struct log_units *self, struct log_unit *unit)
{
	const char *const *services = self->services;

	unit->wanted = services == NULL || services[0] == NULL;
	for (; !unit->wanted && *services != NULL; services++)
		unit->wanted = log_unit_is_named(unit, *services);
}

static void close_file(struct log_units *self, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	self->open_files--;
}

void log_units_close(struct log_units *self, struct log_unit *unit)
{
	close_file(self, &unit->fd);
}

static void drop_ahead(struct log_units *self, struct log_unit *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_file(self, &unit->ahead[i].fd);
	unit->ahead_count -= count;
	if (unit->ahead_count == 0) {
		free(unit->ahead);
		unit->ahead = NULL;
		return;
	}
	memmove(unit->ahead, unit->ahead + count, unit->ahead_count * sizeof(unit->ahead[0]));
}

static void destroy_unit(struct log_units *self, struct log_unit *unit)
{
	if (unit == NULL)
		return;
	log_units_close(self, unit);
	drop_ahead(self, unit, unit->ahead_count);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		free(unit->parts[i].bytes);
	free(unit->name);
	free(unit->service);
	free(unit);
}

struct log_unit *log_units_of(struct log_units *self, const char *name, size_t *index)
{
	struct log_unit **grown, *unit;

	if (self->last < self->count && strcmp(self->units[self->last]->name, name) == 0) {
		*index = self->last;
		return self->units[*index];
	}
	/* Where many are started or stopped, theirs come in the order in which they are known. */
	for (size_t i = 1; i <= self->count; i++) {
		*index = (self->last + i) % self->count;
		if (strcmp(self->units[*index]->name, name) == 0) {
			self->last = *index;
			return self->units[*index];
		}
	}
	*index = self->count;
	if (self->count >= UNITS_MAX)
		return NULL;
	grown = realloc(self->units, (self->count + 1) * sizeof(struct log_unit *));
	if (grown == NULL)
		return NULL;
	self->units = grown;
	unit = calloc(1, sizeof(*unit));
	if (unit != NULL)
		unit->name = strdup(name);
	if (unit == NULL || unit->name == NULL) {
		free(unit);
		return NULL;
	}
	unit->fd = -1;
	decide_wanted(self, unit);
	self->units[self->count++] = unit;
	return unit;
}

static bool is_file(int fd, uint64_t inode)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (inode == 0 || status.st_ino == inode);
}

/* Files move up the row while we look, never down: whoever looks upwards meets the one that is meant, if it is still there. */
static int find_file(const struct log_units *self, const struct log_unit *unit, uint64_t inode, size_t rotations)
{
	/* While files are moved there is one hole in the row. */
	for (size_t place = rotations, holes = 0; place <= OUTPUT_FILES_MAX && holes < 2; place++) {
		char *path = NULL;
		int fd, length = place == 0 ? asprintf(&path, "%s/%s.log", self->dir, unit->name)
					    : asprintf(&path, "%s/%s.log.%zu", self->dir, unit->name, place);

		if (length < 0)
			return -1;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		free(path);
		if (fd >= 0 && is_file(fd, inode))
			return fd;
		if (fd >= 0)
			close(fd);
		if (inode == 0)
			break;
		holes = fd < 0 ? holes + 1 : 0;
	}
	return -1;
}

/* There are more units than files may be open: the others open theirs anew when their turn comes. */
static void close_others(struct log_units *self, const struct log_unit *but)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i] != but)
			log_units_close(self, self->units[i]);
}

/*
 * A number is used again once its file has gone, but only after the index has said that files moved: whoever finds a file and hears of
 * no move since has found the right one.
 */
bool log_units_open(struct log_units *self, struct log_unit *unit)
{
	size_t rotations;

	if (unit->fd >= 0)
		return true;
	if (self->open_files >= OPEN_FILES_MAX)
		close_others(self, unit);
	for (int i = 0; i < OPEN_TRIES && unit->fd < 0; i++) {
		rotations = unit->rotations;
		unit->fd = find_file(self, unit, unit->file, rotations);
		if (unit->fd < 0)
			return false;
		self->open_files++;
		self->refresh(self->context);
		if (unit->rotations != rotations)
			log_units_close(self, unit);
	}
	return unit->fd >= 0;
}

static void open_one_ahead(struct log_units *self, struct log_unit *unit, struct log_ahead *ahead)
{
	size_t rotations = ahead->rotations;

	ahead->tried = true;
	ahead->fd = find_file(self, unit, ahead->inode, rotations);
	if (ahead->fd < 0)
		return;
	self->open_files++;
	self->refresh(self->context);
	if (ahead->rotations != rotations)
		close_file(self, &ahead->fd);
}

/* What is kept open can be rotated away before it is read. */
void log_units_open_ahead(struct log_units *self)
{
	self->has_ahead = false;
	for (size_t i = 0; i < self->count; i++) {
		struct log_unit *unit = self->units[i];

		/* The one at hand is not open while nothing of it has been asked for. */
		for (size_t j = 0; unit->wanted && j < unit->ahead_count; j++)
			if (!unit->ahead[j].tried && self->open_files < OPEN_FILES_MAX)
				open_one_ahead(self, unit, &unit->ahead[j]);
	}
}

void log_units_learn_service(struct log_units *self, struct log_unit *unit, const char *service)
{
	if (service[0] == '\0' || (unit->service != NULL && strcmp(unit->service, service) == 0))
		return;
	free(unit->service);
	unit->service = strdup(service);
	decide_wanted(self, unit);
}

/* The file of this number that was opened when it was heard of; -1 when there is none. Those before it are passed. */
static int take_ahead(struct log_units *self, struct log_unit *unit, uint64_t inode)
{
	for (size_t i = 0; i < unit->ahead_count; i++) {
		int fd = unit->ahead[i].fd;

		/* As many moves lie behind it as behind this record: not a later file of the same number. */
		if (unit->ahead[i].inode != inode || unit->ahead[i].rotations != unit->rotations)
			continue;
		unit->ahead[i].fd = -1;
		drop_ahead(self, unit, i + 1);
		return fd;
	}
	return -1;
}

void log_units_hear_of_file(struct log_units *self, struct log_unit *unit, uint64_t inode)
{
	const struct log_ahead *last = unit->ahead_count > 0 ? &unit->ahead[unit->ahead_count - 1] : NULL;

	if (!unit->wanted || unit->ahead_count == LOG_AHEAD_MAX ||
	    (last != NULL && last->inode == inode && last->rotations == 0))
		return;
	if (unit->ahead == NULL && (unit->ahead = calloc(LOG_AHEAD_MAX, sizeof(*unit->ahead))) == NULL)
		return;
	unit->ahead[unit->ahead_count++] = (struct log_ahead){.inode = inode, .fd = -1};
	self->has_ahead = true;
}

void log_units_turn_to(struct log_units *self, struct log_unit *unit, uint64_t inode)
{
	int fd = take_ahead(self, unit, inode);

	if (unit->file != inode || unit->fd < 0) {
		log_units_close(self, unit);
		unit->fd = fd;
	} else {
		close_file(self, &fd);
	}
	unit->file = inode;
}

void log_units_finish(struct log_units *self)
{
	for (size_t i = 0; i < self->count; i++)
		destroy_unit(self, self->units[i]);
	free(self->units);
	self->units = NULL;
	self->count = 0;
}
