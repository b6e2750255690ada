/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/ledger.h"

#include "config/paths.h"
#include "telemetry/id.h"
#include "telemetry/sender/batch.h"
#include "telemetry/sender/ledger_file.h"
#include "telemetry/sender/outbox.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRIM_EVERY_MS (INT64_C(24) * 3600 * 1000)
#define LINE_PARTS 6u /* of which an event's line is put together */

_Static_assert(BATCH_EVENTS_MAX *LINE_PARTS <= IOV_MAX, "a batch must be one write");

struct ledger {
	char *path, *before; /* NULL: nothing is written */
	char *endpoint; /* as JSON text */
	char token[9]; /* this sender, in the names of its batches */
	unsigned sequence;
	char batch[24]; /* name of the batch last written; "": none */
	struct ledger_file file; /* that it stands in, and what is known of it */
	int held; /* the same, open: as long as it is, no other file gets its inode; -1: none */
	char *uuids[BATCH_EVENTS_MAX]; /* whose events stand in that file */
	size_t uuid_count;
	int64_t trimmed_ms;
};

static void trim(struct ledger *self, int64_t now_ms)
{
	char oldest[TIME_BYTES];

	time_text(now_ms - LEDGER_AGE_MAX_MS, oldest);
	self->trimmed_ms = now_ms;
	ledger_file_trim(self->path, self->before, oldest);
}

/* "x.jsonl": "x.1.jsonl" */
static char *name_before(const char *path)
{
	size_t stem = strlen(path) - (strlen(path) > 5 ? 5 : 0);
	char *before;

	return asprintf(&before, "%.*s1.%s", (int)stem, path, path + stem) < 0 ? NULL : before;
}

struct ledger *ledger_open(const char *path, const char *endpoint, int64_t now_ms)
{
	struct ledger *self = calloc(1, sizeof(*self));
	cJSON *quoted = cJSON_CreateString(endpoint);
	uint32_t random = 0;

	if (self)
		self->held = -1;
	if (!self || !quoted || getrandom(&random, sizeof(random), 0) < 0)
		goto fail;
	snprintf(self->token, sizeof(self->token), "%08x", random);
	self->endpoint = cJSON_PrintUnformatted(quoted);
	self->path = path ? strdup(path) : NULL;
	self->before = path ? name_before(path) : NULL;
	if (!self->endpoint || (path && (!self->path || !self->before)))
		goto fail;
	cJSON_Delete(quoted);
	if (self->path)
		trim(self, now_ms);
	return self;
fail:
	cJSON_Delete(quoted);
	ledger_close(self);
	return NULL;
}

static void forget_batch(struct ledger *self)
{
	for (size_t i = 0; i < self->uuid_count; i++)
		free(self->uuids[i]);
	self->uuid_count = 0;
	self->batch[0] = '\0';
}

void ledger_close(struct ledger *self)
{
	if (!self)
		return;
	forget_batch(self);
	if (self->held >= 0)
		close(self->held);
	free(self->endpoint);
	free(self->before);
	free(self->path);
	free(self);
}

/* ---- lines ---- */

struct lines {
	struct iovec parts[BATCH_EVENTS_MAX * LINE_PARTS];
	int count;
};

static void put(struct lines *lines, const char *text, size_t size_bytes)
{
	lines->parts[lines->count++] = (struct iovec){(void *)text, size_bytes};
}

static bool knows(const struct ledger *self, const char *uuid)
{
	for (size_t i = 0; i < self->uuid_count; i++)
		if (strcmp(self->uuids[i], uuid) == 0)
			return true;
	return false;
}

static bool is_same_batch(const struct ledger *self, const struct outbox_batch *batch)
{
	bool same = self->batch[0] && batch->count == self->uuid_count;

	for (size_t i = 0; same && i < batch->count; i++)
		same = strcmp(self->uuids[i], batch->events[i].uuid) == 0;
	return same;
}

static int remember(struct ledger *self, const struct outbox_batch *batch, const char *name)
{
	forget_batch(self);
	strcpy(self->batch, name);
	for (size_t i = 0; i < batch->count; i++) {
		char *uuid = strdup(batch->events[i].uuid);

		if (!uuid)
			return -ENOMEM;
		self->uuids[self->uuid_count++] = uuid;
	}
	return 0;
}

/* A line for each event; those whose event stands in the file already say only that it was sent again. */
static int write_events(const struct ledger *self, int fd, const struct outbox_batch *batch, const char *name,
			const char *time)
{
	char first[64], middle[64], *tail = NULL;
	struct lines *lines = calloc(1, sizeof(*lines));
	int result = -ENOMEM;

	snprintf(first, sizeof(first), LEDGER_SENT "%s\",\"uuid\":\"", time);
	snprintf(middle, sizeof(middle), "\",\"batch\":\"%s\"", name);
	if (!lines || asprintf(&tail, ",\"endpoint\":%s,\"event\":", self->endpoint) < 0)
		goto out;
	for (size_t i = 0; i < batch->count; i++) {
		const struct outbox_event *event = &batch->events[i];
		bool again = knows(self, event->uuid);

		put(lines, first, strlen(first));
		put(lines, event->uuid, strlen(event->uuid));
		put(lines, middle, strlen(middle));
		if (!again) {
			put(lines, tail, strlen(tail));
			put(lines, event->text, event->size_bytes);
		}
		put(lines, "}\n", 2);
	}
	result = ledger_file_write(fd, lines->parts, lines->count);
out:
	free(tail);
	free(lines);
	return result;
}

static int write_text(int fd, const char *text)
{
	return ledger_file_write(fd, &(struct iovec){(void *)text, strlen(text)}, 1);
}

static size_t size_of(const struct outbox_batch *batch)
{
	size_t size_bytes = 0;

	for (size_t i = 0; i < batch->count; i++)
		size_bytes += batch->events[i].size_bytes;
	return size_bytes;
}

static int write_begin(struct ledger *self, int fd, const struct outbox_batch *batch, const char *time)
{
	char line[128], name[sizeof(self->batch)];
	int result;

	if (is_same_batch(self, batch)) {
		snprintf(line, sizeof(line), LEDGER_SENT "%s\",\"batch\":\"%s\"}\n", time, self->batch);
		return write_text(fd, line);
	}
	snprintf(name, sizeof(name), "%s.%u", self->token, ++self->sequence);
	result = write_events(self, fd, batch, name, time);
	if (result == 0)
		result = remember(self, batch, name);
	if (result < 0)
		forget_batch(self);
	return result;
}

int ledger_begin(struct ledger *self, const struct outbox_batch *batch, const char *time, int64_t now_ms)
{
	struct ledger_file file = self->file;
	int fd, result;

	if (!self->path || batch->count == 0)
		return 0;
	if (batch->count > BATCH_EVENTS_MAX)
		return -EINVAL;
	if (now_ms - self->trimmed_ms > TRIM_EVERY_MS)
		trim(self, now_ms);
	fd = ledger_file_take(self->path, true, &file);
	if (fd >= 0 &&
	    (ledger_file_events(fd, &file) + batch->count > LEDGER_EVENTS_MAX / 2 ||
	     (size_t)file.seen_bytes + size_of(batch) > LEDGER_BYTES_MAX / 2) &&
	    file.seen_bytes > 0)
		fd = ledger_file_rotate(self->path, self->before, fd, &file);
	if (fd < 0)
		return fd;
	if (!ledger_file_is_same(&file, &self->file))
		forget_batch(self);
	self->file = file;
	result = write_begin(self, fd, batch, time);
	if (self->held >= 0)
		close(self->held);
	flock(fd, LOCK_UN);
	self->held = fd;
	return result;
}

/* Into the file that the batch stands in, or the one that came after it; never into one begun after these were removed. */
static int take_to_complete(struct ledger *self)
{
	bool rotated = ledger_file_is_at(self->before, &self->file);
	struct ledger_file file = self->file;
	int fd;

	if (!self->path)
		return -ENOENT;
	fd = ledger_file_take(self->path, rotated, &file);
	if (fd >= 0 && !rotated && !ledger_file_is_same(&file, &self->file)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static void write_result(int fd, const char *result, const char *member, const char *name, int status,
			 const char *reason)
{
	char line[256];

	if (fd < 0)
		return;
	snprintf(line, sizeof(line), LEDGER_RESULT "%s\",\"%s\":\"%s\",\"status\":%d%s%s%s}\n", result, member, name,
		 status, reason ? ",\"reason\":\"" : "", reason ? reason : "", reason ? "\"" : "");
	write_text(fd, line);
	close(fd);
}

void ledger_end(struct ledger *self, const char *result, int status, const char *reason)
{
	if (self->batch[0])
		write_result(take_to_complete(self), result, "batch", self->batch, status, reason);
}

void ledger_gone(struct ledger *self, const char *uuid, const char *reason)
{
	struct ledger_file file = {0};

	/* It was tried at some time: where there is no file, that has been forgotten. */
	if (self->path)
		write_result(ledger_file_take(self->path, false, &file), "refused", "uuid", uuid, 0, reason);
}
