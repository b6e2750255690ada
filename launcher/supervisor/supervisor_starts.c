/* SPDX-License-Identifier: MIT */
/*
 * How long the last starts of the project took: a few numbers in a file of its state folder, a line each. To write it one waits for the
 * disk, and the loop does not: that is done beside it, by a thread that has its text before it begins and shares nothing.
 */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/paths.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 24 /* of a line, at most */
#define FILE_BYTES_MAX (SUPERVISOR_STARTS_MAX * NUMBER_BYTES)
#define START_MS_MAX (INT64_C(366) * 24 * 3600 * 1000)
#define STACK_BYTES (64u * 1024u)
/* A disk that takes longer costs what was to be kept, not the end of the stack. */
#define WRITE_LIMIT_MS 1000

struct starts_writing {
	pthread_t thread;
	char *path;
	char text[FILE_BYTES_MAX];
	size_t size_bytes;
};

static char *path_of(const struct supervisor *self)
{
	char *path = NULL;

	if (self->options->state_dir == NULL ||
	    asprintf(&path, "%s/%s", self->options->state_dir, SUPERVISOR_STARTS) < 0)
		return NULL;
	return path;
}

/* ---- Reading ---- */

/* The number a line is, or -1; *text goes behind it. */
static int64_t read_number(const char **text)
{
	int64_t value = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9' && value <= START_MS_MAX; at++)
		value = value * 10 + (*at - '0');
	if (at == *text || *at != '\n' || value > START_MS_MAX)
		return -1;
	*text = at + 1;
	return value;
}

void starts_parse(struct supervisor_starts *self, const char *text, size_t size_bytes)
{
	const char *const end = text + size_bytes;

	self->count = 0;
	while (text < end) {
		const int64_t value = self->count < SUPERVISOR_STARTS_MAX ? read_number(&text) : -1;

		if (value < 0) {
			self->count = 0;
			return;
		}
		self->took_ms[self->count++] = value;
	}
}

void starts_read(struct supervisor *self)
{
	char *path = path_of(self), *text = NULL;
	size_t size_bytes;

	if (path != NULL && paths_read_own(path, FILE_BYTES_MAX, &text, &size_bytes, NULL) == 0)
		starts_parse(&self->starts, text, size_bytes);
	free(text);
	free(path);
}

/* ---- Writing ---- */

static void *write_file(void *context)
{
	const struct starts_writing *self = context;

	(void)paths_write_own(self->path, self->text, self->size_bytes, NULL);
	return NULL;
}

/* What cannot be kept is not: it is of use, but to nobody's harm when it is missing. */
static void keep(struct supervisor *self)
{
	struct starts_writing *writing = calloc(1, sizeof(*writing));
	pthread_attr_t attributes;

	if (writing == NULL)
		return;
	for (size_t i = 0; i < self->starts.count; i++)
		writing->size_bytes += (size_t)snprintf(writing->text + writing->size_bytes,
							sizeof(writing->text) - writing->size_bytes, "%lld\n",
							(long long)self->starts.took_ms[i]);
	writing->path = path_of(self);
	if (writing->path == NULL || pthread_attr_init(&attributes) != 0) {
		free(writing->path);
		free(writing);
		return;
	}
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (pthread_create(&writing->thread, &attributes, write_file, writing) == 0) {
		self->starts_writing = writing;
	} else {
		free(writing->path);
		free(writing);
	}
	(void)pthread_attr_destroy(&attributes);
}

void starts_note_up(struct supervisor *self)
{
	struct supervisor_starts *starts = &self->starts;

	if (self->up_after_ms >= 0)
		return;
	self->up_after_ms = supervisor_since_begin_ms(self);
	if (starts->count == SUPERVISOR_STARTS_MAX) {
		memmove(starts->took_ms, starts->took_ms + 1, (starts->count - 1) * sizeof(*starts->took_ms));
		starts->count--;
	}
	starts->took_ms[starts->count++] = self->up_after_ms < START_MS_MAX ? self->up_after_ms : START_MS_MAX;
	keep(self);
}

void starts_finish(struct supervisor *self)
{
	struct starts_writing *writing = self->starts_writing;
	const int64_t until_ms = clock_monotonic_ms() + WRITE_LIMIT_MS;
	const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

	/* One that still waits for the disk goes with the process, and has what it needs until then. */
	if (writing == NULL || pthread_clockjoin_np(writing->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		return;
	self->starts_writing = NULL;
	free(writing->path);
	free(writing);
}

/* ---- What is shown ---- */

int64_t supervisor_since_begin_ms(const struct supervisor *self)
{
	const int64_t begin_ms = self->options->begin_ms > 0 ? self->options->begin_ms : self->started_ms;

	return clock_monotonic_ms() - begin_ms;
}

void supervisor_show_starts(const struct supervisor *self, struct supervisor_starts *starts)
{
	*starts = self->starts;
	starts->begin_ms = self->begin_wall_ms;
	starts->up_after_ms = self->up_after_ms;
}
