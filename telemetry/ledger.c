/* SPDX-License-Identifier: MIT */
/*
 * Reads what the sender wrote down (telemetry/sender/ledger.h has the lines): once to learn what became of each event, once to tell it. Writes
 * one line itself, where there is no sender any more: that what waited is deleted.
 */
#include "telemetry/ledger.h"

#include "config/err.h"
#include "config/paths.h"
#include "telemetry/records.h"
#include "telemetry/state.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The sender keeps half as many at most, and no longer lines; what goes beyond was not written by it. */
#define ENTRIES_MAX 20000u
#define LINE_BYTES_MAX (1024u * 1024u)
#define EVENT_MARK ",\"event\":"
#define DELETED_LINE "{\"result\":\"deleted\"}\n"

#define NAME_BYTES 72 /* of uuids and batches; also of a reason */
#define TIME_TEXT_BYTES 40

/* Attempts that several events made together: what came of the last one. Its name is its key. */
struct batch {
	char name[NAME_BYTES];
	char time[TIME_TEXT_BYTES]; /* of the last attempt */
	char result[16], reason[NAME_BYTES];
	int status, attempts;
	struct batch *next;
};

struct record {
	char uuid[NAME_BYTES]; /* its key */
	int file;
	off_t offset; /* of its line */
	size_t size_bytes;
	struct batch *batch; /* the last it was in */
	int attempts; /* in those before */
	char reason[NAME_BYTES]; /* why it went by itself; "": it did not */
	struct record *next;
};

struct reader {
	FILE *files[2]; /* the one before, and the present one; NULL: there is none */
	char *line;
	void *entries_by_uuid, *batches_by_name;
	struct record *entries, **entries_end;
	struct batch *batches;
	size_t entry_count, batch_count;
	int damaged;
};

static int compare(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void keep_node(void *node)
{
	(void)node;
}

static const char *text_of(const cJSON *object, const char *name, size_t limit_bytes)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text && text[0] && strlen(text) < limit_bytes ? text : NULL;
}

/* ---- lines ---- */

enum line { LINE_NONE, LINE_WHOLE, LINE_TORN, LINE_WRONG };

/* One line without its end; torn: the file ends in it. */
static enum line next_line(struct reader *self, FILE *file)
{
	size_t length = 0, kept = 0;
	int byte = getc_unlocked(file);
	bool wrong = false;

	if (byte == EOF)
		return LINE_NONE;
	for (; byte != EOF && byte != '\n'; byte = getc_unlocked(file), length++) {
		wrong = wrong || byte == '\0';
		if (kept < LINE_BYTES_MAX)
			self->line[kept++] = (char)byte;
	}
	self->line[kept] = '\0';
	return wrong || kept < length ? LINE_WRONG : byte == EOF ? LINE_TORN : LINE_WHOLE;
}

/* The event's text in its line; NULL when the line was not made by a sender: there the event stands last, behind texts only. */
static char *event_in(char *line, const cJSON *object)
{
	size_t length = strlen(line);
	const cJSON *member = object->child;
	char *mark = strstr(line, EVENT_MARK);

	while (member && cJSON_IsString(member))
		member = member->next;
	if (!mark || !member || member->next || !cJSON_IsObject(member) || strcmp(member->string, "event") != 0 ||
	    line[length - 1] != '}')
		return NULL;
	for (const char *at = line; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return NULL;
	return mark + strlen(EVENT_MARK);
}

static struct batch *batch_get(struct reader *self, const char *name)
{
	struct batch **found = tfind(name, &self->batches_by_name, compare), *added;

	if (found)
		return *found;
	if (self->batch_count == 2 * ENTRIES_MAX)
		return NULL;
	added = calloc(1, sizeof(*added));
	if (!added)
		return NULL;
	strcpy(added->name, name);
	if (!tsearch(added, &self->batches_by_name, compare)) {
		free(added);
		return NULL;
	}
	added->next = self->batches;
	self->batches = added;
	self->batch_count++;
	return added;
}

static struct record *entry_add(struct reader *self, const char *uuid)
{
	struct record *added = self->entry_count < ENTRIES_MAX ? calloc(1, sizeof(*added)) : NULL;

	if (!added)
		return NULL;
	strcpy(added->uuid, uuid);
	if (!tsearch(added, &self->entries_by_uuid, compare)) {
		free(added);
		return NULL;
	}
	*self->entries_end = added;
	self->entries_end = &added->next;
	self->entry_count++;
	return added;
}

/* An attempt with the batch: its lines follow each other and have one time. */
static void attempt(struct batch *batch, const char *time)
{
	if (batch->attempts > 0 && !batch->result[0] && strcmp(batch->time, time) == 0)
		return;
	batch->attempts++;
	batch->status = 0;
	batch->result[0] = batch->reason[0] = '\0';
	strcpy(batch->time, time);
}

static bool fold_sent(struct reader *self, const cJSON *object, int file, off_t offset)
{
	const char *time = text_of(object, "sent", TIME_TEXT_BYTES), *uuid = text_of(object, "uuid", NAME_BYTES);
	const char *name = text_of(object, "batch", NAME_BYTES);
	struct batch *batch = name ? batch_get(self, name) : NULL;
	struct record **found = uuid ? tfind(uuid, &self->entries_by_uuid, compare) : NULL, *entry;
	bool whole = cJSON_HasObjectItem(object, "event");

	if (!batch || !time || (whole && (!uuid || !event_in(self->line, object))))
		return false;
	attempt(batch, time);
	entry = found ? *found : whole ? entry_add(self, uuid) : NULL;
	/* A line for an event that has gone with an older file is no damage. */
	if (!entry)
		return !whole;
	if (entry->batch && entry->batch != batch)
		entry->attempts += entry->batch->attempts;
	entry->batch = batch;
	entry->reason[0] = '\0';
	if (whole && (!found || entry->file != file)) {
		entry->file = file;
		entry->offset = offset;
		entry->size_bytes = strlen(self->line);
	}
	return true;
}

/* A no has removed what waited at that time. */
static bool fold_deleted(struct reader *self)
{
	for (struct batch *batch = self->batches; batch; batch = batch->next) {
		if (strcmp(batch->result, "waiting") != 0)
			continue;
		strcpy(batch->result, "deleted");
		batch->reason[0] = '\0';
	}
	return true;
}

static bool fold_result(struct reader *self, const cJSON *object)
{
	static const char *const results[] = {"delivered", "waiting", "refused"};
	const char *result = text_of(object, "result", NAME_BYTES), *name = text_of(object, "batch", NAME_BYTES);
	const char *uuid = text_of(object, "uuid", NAME_BYTES), *reason = text_of(object, "reason", NAME_BYTES);
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(object, "status");
	struct record **entry = uuid ? tfind(uuid, &self->entries_by_uuid, compare) : NULL;
	struct batch **batch = name ? tfind(name, &self->batches_by_name, compare) : NULL;
	size_t word = 0;

	if (result && !name && !uuid && strcmp(result, "deleted") == 0)
		return fold_deleted(self);
	while (result && word < 3 && strcmp(results[word], result) != 0)
		word++;
	if (!result || word == 3 || (!name && !uuid))
		return false;
	if (entry && reason)
		strcpy((*entry)->reason, reason);
	if (batch) {
		strcpy((*batch)->result, result);
		strcpy((*batch)->reason, reason ? reason : "");
		(*batch)->status = cJSON_IsNumber(status) ? status->valueint : 0;
	}
	return true;
}

static bool fold_line(struct reader *self, int file, off_t offset)
{
	cJSON *object = cJSON_ParseWithOpts(self->line, NULL, 1);
	bool well =
		cJSON_HasObjectItem(object, "sent") ? fold_sent(self, object, file, offset) : fold_result(self, object);

	cJSON_Delete(object);
	return well;
}

/* The last line may be being written just now: it is whole the next time. */
static void fold_file(struct reader *self, int file)
{
	FILE *stream = self->files[file];
	enum line line;
	off_t offset = 0;

	while (stream && (line = next_line(self, stream)) != LINE_NONE) {
		bool well =
			line == LINE_TORN || (line == LINE_WHOLE && (!self->line[0] || fold_line(self, file, offset)));

		self->damaged += !well;
		offset = ftello(stream);
	}
}

/* ---- telling ---- */

static int64_t ms_of(const char *time)
{
	struct tm parts = {0};
	const char *rest = strptime(time, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t ms = rest && *rest == '.' ? strtol(rest + 1, NULL, 10) % 1000 : 0;

	return rest ? (int64_t)timegm(&parts) * 1000 + ms : 0;
}

static bool tell(struct reader *self, const struct record *entry,
		 bool (*visit)(void *context, const struct telemetry_sent *sent), void *context)
{
	const struct batch *batch = entry->batch;
	struct telemetry_sent sent = {.time = batch->time, .time_ms = ms_of(batch->time), .status = batch->status};
	bool going_on = true;
	cJSON *object;
	char *event;

	if (pread(fileno(self->files[entry->file]), self->line, entry->size_bytes, entry->offset) !=
	    (ssize_t)entry->size_bytes)
		return true;
	self->line[entry->size_bytes] = '\0';
	object = cJSON_Parse(self->line);
	event = object ? event_in(self->line, object) : NULL;
	if (event) {
		self->line[entry->size_bytes - 1] = '\0';
		sent.event = event;
		sent.endpoint = text_of(object, "endpoint", LINE_BYTES_MAX);
		sent.endpoint = sent.endpoint ? sent.endpoint : "";
		sent.attempts = entry->attempts + batch->attempts;
		sent.result = entry->reason[0] ? "refused" : batch->result[0] ? batch->result : "sending";
		sent.reason = entry->reason[0] ? entry->reason : batch->reason[0] ? batch->reason : NULL;
		going_on = visit(context, &sent);
	}
	cJSON_Delete(object);
	return going_on;
}

/* ---- the whole ---- */

static int open_file(FILE **file, const char *app, const char *name, struct err *err)
{
	char *path = state_file(app, name);
	const char *flaw = NULL;
	int fd = path ? paths_open_own(AT_FDCWD, path, O_RDONLY, &flaw) : -ENOENT;

	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		err_set(err, ERR_FAILED, "cannot read what was sent: %s: %s", path, flaw ? flaw : strerror(-fd));
	else if (fd >= 0 && !(*file = fdopen(fd, "r")))
		close(fd);
	free(path);
	return fd >= 0 || fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
}

/* The present one first: what is rotated in between is then met twice, and not missed. */
static int open_files(struct reader *self, const char *app, struct err *err)
{
	struct stat present, before;
	int result = open_file(&self->files[1], app, STATE_LEDGER, err);

	if (result == 0)
		result = open_file(&self->files[0], app, STATE_LEDGER_BEFORE, err);
	if (result == 0 && self->files[0] && self->files[1] && fstat(fileno(self->files[0]), &before) == 0 &&
	    fstat(fileno(self->files[1]), &present) == 0 && before.st_ino == present.st_ino &&
	    before.st_dev == present.st_dev) {
		fclose(self->files[0]);
		self->files[0] = NULL;
	}
	return result;
}

static void reader_finish(struct reader *self)
{
	tdestroy(self->entries_by_uuid, keep_node);
	tdestroy(self->batches_by_name, keep_node);
	for (struct record *entry = self->entries, *next; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	for (struct batch *batch = self->batches, *next; batch; batch = next) {
		next = batch->next;
		free(batch);
	}
	for (size_t i = 0; i < 2; i++)
		if (self->files[i])
			fclose(self->files[i]);
	free(self->line);
}

int telemetry_ledger_each(const char *app, int64_t since_ms,
			  bool (*visit)(void *context, const struct telemetry_sent *sent), void *context,
			  struct err *err)
{
	struct reader self = {.entries_end = NULL};
	int result;

	self.entries_end = &self.entries;
	self.line = malloc(LINE_BYTES_MAX + 1);
	result = self.line ? open_files(&self, app, err)
			   : err_set(err, ERR_INTERNAL, "cannot read what was sent: out of memory");
	if (result < 0)
		goto out;
	fold_file(&self, 0);
	fold_file(&self, 1);
	for (const struct record *entry = self.entries; entry; entry = entry->next)
		if (ms_of(entry->batch->time) >= since_ms && !tell(&self, entry, visit, context))
			break;
	result = self.damaged;
out:
	reader_finish(&self);
	return result;
}

char *telemetry_ledger_path(const char *app)
{
	return state_file(app, STATE_LEDGER);
}

/* ---- writing ---- */

void ledger_note_deleted(const char *app)
{
	char *path = state_file(app, STATE_LEDGER), last = '\n';
	int fd = path ? paths_open_own(AT_FDCWD, path, O_RDWR | O_APPEND, NULL) : -ENOENT;
	struct stat status;

	free(path);
	if (fd < 0)
		return;
	/* Tried, not waited for: whoever has it writes or trims it just now, and this is one small write. */
	(void)flock(fd, LOCK_EX | LOCK_NB);
	if (fstat(fd, &status) == 0 && status.st_size > 0) {
		bool torn = pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
		const char *line = torn ? "\n" DELETED_LINE : DELETED_LINE;

		/* What is left out here costs a word in a list. */
		if (write(fd, line, strlen(line)) < 0)
			errno = 0;
	}
	close(fd);
}
