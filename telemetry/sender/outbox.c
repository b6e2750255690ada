/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/outbox.h"

#include "telemetry/sender/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct outbox {
	struct db *db;
	char *endpoint;
	int64_t notice;
	int64_t events_max, bytes_max;
	char owner[33]; /* this sender, in the claims it makes */
};

/* Triggers keep the totals, so that no append has to count. A claim holds while claimed_until lies ahead. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS queue(id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT "
	"NOT NULL,"
	" event TEXT NOT NULL, size INTEGER NOT NULL, endpoint TEXT NOT NULL, notice INTEGER NOT NULL,"
	" created INTEGER NOT NULL, owner TEXT, claimed_until INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE IF NOT EXISTS totals(events INTEGER NOT NULL, bytes INTEGER NOT NULL);"
	"INSERT INTO totals SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM totals);"
	"CREATE TRIGGER IF NOT EXISTS queue_in AFTER INSERT ON queue BEGIN"
	" UPDATE totals SET events = events + 1, bytes = bytes + new.size; END;"
	"CREATE TRIGGER IF NOT EXISTS queue_out AFTER DELETE ON queue BEGIN"
	" UPDATE totals SET events = events - 1, bytes = bytes - old.size; END;"
	"SELECT id, uuid, name, event, size, endpoint, notice, created, owner, claimed_until FROM queue LIMIT 0;"
	"SELECT events, bytes FROM totals;";

struct outbox *outbox_open(const struct outbox_options *options, int64_t now_ms)
{
	struct outbox *self = calloc(1, sizeof(*self));
	unsigned char token[16] = {0};

	if (!self)
		return NULL;
	self->endpoint = strdup(options->endpoint);
	self->notice = options->notice;
	self->events_max = options->events_max ? options->events_max : OUTBOX_EVENTS_MAX;
	self->bytes_max = options->bytes_max ? options->bytes_max : OUTBOX_BYTES_MAX;
	self->db = db_open(options->path, schema);
	if (!self->endpoint || !self->db || getrandom(token, sizeof(token), 0) < 0) {
		outbox_close(self);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(token); i++)
		snprintf(self->owner + 2 * i, 3, "%02x", token[i]);
	db_run(self->db, "DELETE FROM queue WHERE endpoint != ? OR notice != ? OR created < ? OR created > ?", "siii",
	       self->endpoint, self->notice, now_ms - OUTBOX_AGE_MAX_MS, now_ms + OUTBOX_AGE_MAX_MS);
	return self;
}

void outbox_close(struct outbox *self)
{
	if (!self)
		return;
	db_close(self->db);
	free(self->endpoint);
	free(self);
}

bool outbox_is_wiped(const struct outbox *self)
{
	return db_is_wiped(self->db);
}

/* Oldest first until both totals are within the limits again, in steps so that no statement takes long. */
static void shorten(struct outbox *self)
{
	for (int i = 0; i < 1000; i++) {
		struct db_rows *rows = db_ask(self->db, "SELECT events, bytes FROM totals", NULL);
		bool crossed = false;

		if (db_next(rows))
			crossed = db_integer(rows, 0) > self->events_max || db_integer(rows, 1) > self->bytes_max;
		db_done(rows);
		if (!crossed || db_run(self->db, "DELETE FROM queue WHERE id = (SELECT min(id) FROM queue)", NULL) < 0)
			return;
	}
}

int outbox_append(struct outbox *self, const char *uuid, const char *name, const char *event, int64_t now_ms)
{
	size_t size_bytes = strlen(event);
	int result;

	if (size_bytes > OUTBOX_EVENT_BYTES_MAX)
		return -EMSGSIZE;
	result = db_run(
		self->db,
		"INSERT OR IGNORE INTO queue(uuid, name, event, size, endpoint, notice, created) VALUES(?,?,?,?,?,?,?)",
		"sssisii", uuid, name, event, (int64_t)size_bytes, self->endpoint, self->notice, now_ms);
	if (result == 0)
		shorten(self);
	return result;
}

static int batch_add(struct outbox_batch *batch, const struct db_rows *rows, size_t size_bytes)
{
	struct outbox_event *events = realloc(batch->events, (batch->count + 1) * sizeof(*events));
	struct outbox_event *added;

	if (!events)
		return -ENOMEM;
	batch->events = events;
	added = &events[batch->count];
	*added = (struct outbox_event){.id = db_integer(rows, 0), .size_bytes = size_bytes};
	added->uuid = strdup(db_text(rows, 1, NULL));
	added->name = strdup(db_text(rows, 2, NULL));
	added->text = strdup(db_text(rows, 3, NULL));
	batch->count++;
	return added->uuid && added->name && added->text ? 0 : -ENOMEM;
}

/* A claim that ends much further ahead than any claim can was made under another clock: it does not hold. */
#define FREE_AT "(claimed_until <= ?1 OR claimed_until > ?1 + 10000)"
_Static_assert(OUTBOX_CLAIM_MS < 10000, "a claim of another sender must hold");

int outbox_claim(struct outbox *self, size_t events_max, size_t bytes_max, int64_t now_ms, struct outbox_batch *batch)
{
	struct outbox_batch found = {0};
	struct db_rows *rows;
	size_t total = 0;
	int result = db_run(self->db, "BEGIN IMMEDIATE", NULL);

	if (result < 0)
		return result;
	rows = db_ask(self->db,
		      "SELECT id, uuid, name, event FROM queue WHERE " FREE_AT
		      " AND endpoint = ?2 AND notice = ?3 ORDER BY id LIMIT ?4",
		      "isii", now_ms, self->endpoint, self->notice, (int64_t)events_max);
	while (result == 0 && db_next(rows)) {
		size_t size_bytes;

		db_text(rows, 3, &size_bytes);
		if (found.count > 0 && total + size_bytes + 1 > bytes_max)
			break;
		total += size_bytes + 1;
		result = batch_add(&found, rows, size_bytes);
	}
	db_done(rows);
	for (size_t i = 0; result == 0 && i < found.count; i++)
		result = db_run(self->db, "UPDATE queue SET owner = ?, claimed_until = ? WHERE id = ?", "sii",
				self->owner, now_ms + OUTBOX_CLAIM_MS, found.events[i].id);
	if (result == 0)
		result = db_run(self->db, "COMMIT", NULL);
	if (result < 0) {
		db_run(self->db, "ROLLBACK", NULL);
		outbox_batch_finish(&found);
		return result;
	}
	*batch = found;
	return 0;
}

/* Only what is still claimed by this sender: after its claim ran out another may have it. */
static void settle(struct outbox *self, const struct outbox_batch *batch, const char *sql)
{
	if (db_run(self->db, "BEGIN IMMEDIATE", NULL) < 0)
		return;
	for (size_t i = 0; i < batch->count; i++)
		db_run(self->db, sql, "is", batch->events[i].id, self->owner);
	if (db_run(self->db, "COMMIT", NULL) < 0)
		db_run(self->db, "ROLLBACK", NULL);
}

void outbox_remove(struct outbox *self, const struct outbox_batch *batch)
{
	settle(self, batch, "DELETE FROM queue WHERE id = ? AND owner = ?");
}

void outbox_release(struct outbox *self, const struct outbox_batch *batch)
{
	settle(self, batch, "UPDATE queue SET owner = NULL, claimed_until = 0 WHERE id = ? AND owner = ?");
}

void outbox_batch_finish(struct outbox_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		free(batch->events[i].uuid);
		free(batch->events[i].name);
		free(batch->events[i].text);
	}
	free(batch->events);
	*batch = (struct outbox_batch){0};
}

int64_t outbox_wait_ms(struct outbox *self, int64_t now_ms)
{
	struct db_rows *rows = db_ask(self->db,
				      "SELECT min(CASE WHEN " FREE_AT " THEN 0 ELSE claimed_until - ?1 END) FROM queue"
				      " WHERE endpoint = ?2 AND notice = ?3",
				      "isi", now_ms, self->endpoint, self->notice);
	int64_t wait = -1;

	if (db_next(rows) && db_text(rows, 0, NULL))
		wait = db_integer(rows, 0);
	db_done(rows);
	return wait;
}

int64_t outbox_count(struct outbox *self)
{
	return db_number(self->db, "SELECT events FROM totals", 0);
}
