/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/ledger.h"

#include "telemetry/sender/db.h"
#include "telemetry/sender/outbox.h"

#include <stdlib.h>
#include <string.h>

struct ledger {
	struct db *db;
	char *endpoint;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS sent(id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT "
	"NOT NULL,"
	" event TEXT NOT NULL, endpoint TEXT NOT NULL, first_sent TEXT NOT NULL, last_sent TEXT NOT NULL,"
	" attempts INTEGER NOT NULL, result TEXT NOT NULL, status INTEGER NOT NULL, created INTEGER NOT NULL);"
	"SELECT id, uuid, name, event, endpoint, first_sent, last_sent, attempts, result, status, created FROM sent "
	"LIMIT 0;";

static void shorten(struct ledger *self)
{
	db_run(self->db, "DELETE FROM sent WHERE id <= (SELECT max(id) FROM sent) - ?", "i",
	       (int64_t)LEDGER_EVENTS_MAX);
}

struct ledger *ledger_open(const char *path, const char *endpoint, int64_t now_ms)
{
	struct ledger *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->endpoint = strdup(endpoint);
	self->db = db_open(path, schema);
	if (!self->endpoint || !self->db) {
		ledger_close(self);
		return NULL;
	}
	db_run(self->db, "DELETE FROM sent WHERE created < ?", "i", now_ms - LEDGER_AGE_MAX_MS);
	shorten(self);
	return self;
}

void ledger_close(struct ledger *self)
{
	if (!self)
		return;
	db_close(self->db);
	free(self->endpoint);
	free(self);
}

void ledger_begin(struct ledger *self, const struct outbox_batch *batch, const char *time, int64_t now_ms)
{
	if (db_run(self->db, "BEGIN IMMEDIATE", NULL) < 0)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct outbox_event *event = &batch->events[i];

		db_run(self->db,
		       "INSERT INTO sent(uuid, name, event, endpoint, first_sent, last_sent, attempts, result, status, "
		       "created)"
		       " VALUES(?1, ?2, ?3, ?4, ?5, ?5, 1, 'sending', 0, ?6)"
		       " ON CONFLICT(uuid) DO UPDATE SET last_sent = ?5, attempts = attempts + 1, result = 'sending', "
		       "status = 0",
		       "sssssi", event->uuid, event->name, event->text, self->endpoint, time, now_ms);
	}
	shorten(self);
	if (db_run(self->db, "COMMIT", NULL) < 0)
		db_run(self->db, "ROLLBACK", NULL);
}

void ledger_end(struct ledger *self, const struct outbox_batch *batch, const char *result, int status,
		const char *reason)
{
	(void)reason;
	if (db_run(self->db, "BEGIN IMMEDIATE", NULL) < 0)
		return;
	for (size_t i = 0; i < batch->count; i++)
		db_run(self->db, "UPDATE sent SET result = ?, status = ? WHERE uuid = ?", "sis", result,
		       (int64_t)status, batch->events[i].uuid);
	if (db_run(self->db, "COMMIT", NULL) < 0)
		db_run(self->db, "ROLLBACK", NULL);
}
