/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/outbox.h"

#include "config/hex.h"
#include "telemetry/sender/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define EXPIRE_EVERY_MS (INT64_C(6) * 3600 * 1000)
#define TIDY_PAGES 500 /* an empty file of more than that is made small again */

struct outbox {
	struct db *db;
	char *endpoint;
	int64_t notice;
	int64_t events_max, bytes_max;
	outbox_gone *gone;
	void *context;
	uint64_t evicted;
	int64_t expired_ms; /* when what is too old was last looked for */
	char owner[33]; /* this sender, in the claims it makes */
};

struct totals {
	int64_t events, bytes;
};

/*
 * An event is written once and removed once: claims stand beside it, so that taking a large one in hand does not write it again. A claim
 * holds while `until` lies ahead; one that is over stays, and tells that the event was tried. The totals are kept by each transaction,
 * so that no append has to count; the triggers that did so in earlier versions' files were slower.
 */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS queue(id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,"
	" size INTEGER NOT NULL, notice INTEGER NOT NULL, endpoint TEXT NOT NULL, name TEXT NOT NULL, event TEXT NOT "
	"NULL);"
	"CREATE TABLE IF NOT EXISTS claim(id INTEGER PRIMARY KEY, owner TEXT, until INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS totals(events INTEGER NOT NULL, bytes INTEGER NOT NULL);"
	"INSERT INTO totals SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM totals);"
	"DROP TRIGGER IF EXISTS queue_in; DROP TRIGGER IF EXISTS queue_out;"
	"SELECT id, uuid, created, size, notice, endpoint, name, event FROM queue LIMIT 0;"
	"SELECT id, owner, until FROM claim LIMIT 0;"
	"SELECT events, bytes FROM totals;";

#define REASON_TEXT(name, text) [name] = text,
static const char *const reason_names[] = {OUTBOX_REASONS(REASON_TEXT)};
#undef REASON_TEXT

const char *outbox_reason_name(enum outbox_reason reason)
{
	return reason_names[reason];
}

/* ---- transactions ---- */

static int begin(struct outbox *self, struct totals *totals)
{
	struct db_rows *rows;
	int result = db_run(self->db, "BEGIN IMMEDIATE", NULL);

	if (result < 0)
		return result;
	rows = db_ask(self->db, "SELECT events, bytes FROM totals", NULL);
	if (db_next(rows))
		*totals = (struct totals){db_integer(rows, 0), db_integer(rows, 1)};
	result = db_done(rows);
	if (result < 0)
		db_run(self->db, "ROLLBACK", NULL);
	return result;
}

/* Commits, or takes back what was done when `result` says that it went wrong; a damaged file makes way for an empty one. */
static int finish(struct outbox *self, const struct totals *totals, int result)
{
	if (result == 0 && totals)
		result = db_run(self->db, "UPDATE totals SET events = ?, bytes = ?", "ii", totals->events,
				totals->bytes);
	if (result == 0)
		result = db_run(self->db, "COMMIT", NULL);
	if (result < 0)
		db_run(self->db, "ROLLBACK", NULL);
	return result;
}

static void tell_gone(struct outbox *self, const char *uuid, enum outbox_reason reason)
{
	if (self->gone && uuid)
		self->gone(self->context, uuid, reason);
}

/* ---- what goes by itself ---- */

#define MISFIT "(endpoint != ?1 OR notice != ?2 OR created < ?3 OR created > ?4)"

static void tell_misfits(struct outbox *self, int64_t oldest_ms, int64_t newest_ms)
{
	struct db_rows *rows = db_ask(
		self->db,
		"SELECT uuid, endpoint != ?1, notice != ?2 FROM queue WHERE id IN (SELECT id FROM claim) AND " MISFIT,
		"siii", self->endpoint, self->notice, oldest_ms, newest_ms);

	while (db_next(rows))
		tell_gone(self, db_text(rows, 0, NULL),
			  db_integer(rows, 1)   ? OUTBOX_OTHER_ENDPOINT
			  : db_integer(rows, 2) ? OUTBOX_OTHER_NOTICE
						: OUTBOX_TOO_OLD);
	db_done(rows);
}

/* What no yes covers and what is too old. Nothing is written where there is nothing of the kind. */
static int expire(struct outbox *self, int64_t now_ms)
{
	int64_t oldest_ms = now_ms - OUTBOX_AGE_MAX_MS, newest_ms = now_ms + OUTBOX_AGE_MAX_MS;
	struct totals totals;
	int result;

	self->expired_ms = now_ms;
	result = begin(self, &totals);
	if (result < 0)
		return result;
	tell_misfits(self, oldest_ms, newest_ms);
	result = db_run(self->db, "DELETE FROM queue WHERE " MISFIT, "siii", self->endpoint, self->notice, oldest_ms,
			newest_ms);
	if (result == 0 && db_changes(self->db) > 0) {
		result = db_run(self->db, "DELETE FROM claim WHERE id NOT IN (SELECT id FROM queue)", NULL);
		totals.events = db_number(self->db, "SELECT count(*) FROM queue", 0);
		totals.bytes = db_number(self->db, "SELECT coalesce(sum(size), 0) FROM queue", 0);
	}
	return finish(self, &totals, result);
}

/* A claim that ends much further ahead than any claim can was made under another clock: it does not hold. */
#define FREE_AT "(claim.until IS NULL OR claim.until <= ?1 OR claim.until > ?1 + 10000)"
_Static_assert(OUTBOX_CLAIM_MS < 10000, "a claim of another sender must hold");

/* The oldest that nobody is just sending. -ENOENT: there is none. */
static int evict(struct outbox *self, struct totals *totals, int64_t now_ms)
{
	struct db_rows *rows =
		db_ask(self->db,
		       "SELECT queue.id, size, uuid, claim.id IS NULL FROM queue LEFT JOIN claim USING(id)"
		       " WHERE " FREE_AT " ORDER BY queue.id LIMIT 1",
		       "i", now_ms);
	int64_t id, size;
	int result;

	if (!db_next(rows)) {
		result = db_done(rows);
		return result < 0 ? result : -ENOENT;
	}
	id = db_integer(rows, 0);
	size = db_integer(rows, 1);
	if (!db_integer(rows, 3))
		tell_gone(self, db_text(rows, 2, NULL), OUTBOX_EVICTED);
	db_done(rows);
	result = db_run(self->db, "DELETE FROM queue WHERE id = ?", "i", id);
	if (result == 0)
		result = db_run(self->db, "DELETE FROM claim WHERE id = ?", "i", id);
	totals->events--;
	totals->bytes -= size;
	return result;
}

/* Within the limits again; as many go as came, or all that are too many after a limit was lowered. */
static int shorten(struct outbox *self, struct totals *totals, int64_t now_ms, uint64_t *evicted)
{
	while (totals->events > self->events_max || totals->bytes > self->bytes_max) {
		int result = evict(self, totals, now_ms);

		if (result < 0)
			return result == -ENOENT ? 0 : result;
		++*evicted;
	}
	return 0;
}

/* ---- life ---- */

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
	self->gone = options->gone;
	self->context = options->context;
	self->db = db_open(options->path, schema);
	if (!self->endpoint || !self->db || getrandom(token, sizeof(token), 0) < 0) {
		outbox_close(self);
		return NULL;
	}
	hex_text(token, sizeof(token), self->owner);
	if (expire(self, now_ms) == -EUCLEAN)
		db_replace(self->db);
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

/* ---- what comes ---- */

static int insert(struct outbox *self, const struct outbox_new *event, int64_t now_ms, struct totals *totals)
{
	int64_t size_bytes = (int64_t)strlen(event->event);
	int result = db_run(self->db,
			    "INSERT OR IGNORE INTO queue(uuid, created, size, notice, endpoint, name, event)"
			    " VALUES(?,?,?,?,?,?,?)",
			    "siiisss", event->uuid, now_ms, size_bytes, self->notice, self->endpoint, event->name,
			    event->event);

	if (result == 0 && db_changes(self->db) > 0) {
		totals->events++;
		totals->bytes += size_bytes;
	}
	return result;
}

static int append_once(struct outbox *self, const struct outbox_new *events, size_t count, int64_t now_ms)
{
	struct totals totals;
	uint64_t evicted = 0;
	int result = begin(self, &totals);

	if (result < 0)
		return result;
	for (size_t i = 0; result == 0 && i < count; i++)
		result = insert(self, &events[i], now_ms, &totals);
	if (result == 0)
		result = shorten(self, &totals, now_ms, &evicted);
	result = finish(self, &totals, result);
	if (result == 0)
		self->evicted += evicted;
	return result;
}

int outbox_append_all(struct outbox *self, const struct outbox_new *events, size_t count, int64_t now_ms)
{
	int result;

	for (size_t i = 0; i < count; i++)
		if (strnlen(events[i].event, OUTBOX_EVENT_BYTES_MAX + 1) > OUTBOX_EVENT_BYTES_MAX)
			return -EMSGSIZE;
	if (count == 0)
		return 0;
	result = append_once(self, events, count, now_ms);
	if (result == -EUCLEAN && db_replace(self->db) == 0)
		result = append_once(self, events, count, now_ms);
	return result;
}

int outbox_append(struct outbox *self, const char *uuid, const char *name, const char *event, int64_t now_ms)
{
	return outbox_append_all(self, &(struct outbox_new){uuid, name, event}, 1, now_ms);
}

bool outbox_is_nearly_full(struct outbox *self)
{
	struct db_rows *rows = db_ask(self->db, "SELECT events, bytes FROM totals", NULL);
	bool full = false;

	if (db_next(rows))
		full = db_integer(rows, 0) * 10 >= self->events_max * 9 ||
		       db_integer(rows, 1) * 10 >= self->bytes_max * 9;
	db_done(rows);
	return full;
}

/* ---- what goes out ---- */

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

static int find_free(struct outbox *self, size_t events_max, size_t bytes_max, int64_t now_ms,
		     struct outbox_batch *found)
{
	struct db_rows *rows =
		db_ask(self->db,
		       "SELECT queue.id, uuid, name, event FROM queue LEFT JOIN claim USING(id) WHERE " FREE_AT
		       " AND endpoint = ?2 AND notice = ?3 AND created >= ?4 ORDER BY queue.id LIMIT ?5",
		       "isiii", now_ms, self->endpoint, self->notice, now_ms - OUTBOX_AGE_MAX_MS, (int64_t)events_max);
	size_t total = 0;
	int result = 0, asked;

	while (result == 0 && db_next(rows)) {
		size_t size_bytes;

		db_text(rows, 3, &size_bytes);
		if (found->count > 0 && total + size_bytes + 1 > bytes_max)
			break;
		total += size_bytes + 1;
		result = batch_add(found, rows, size_bytes);
	}
	asked = db_done(rows);
	return result < 0 ? result : asked;
}

int outbox_claim(struct outbox *self, size_t events_max, size_t bytes_max, int64_t now_ms, struct outbox_batch *batch)
{
	struct outbox_batch found = {0};
	struct totals totals;
	int result;

	if (now_ms - self->expired_ms > EXPIRE_EVERY_MS)
		expire(self, now_ms);
	result = begin(self, &totals);
	if (result == 0) {
		result = find_free(self, events_max, bytes_max, now_ms, &found);
		for (size_t i = 0; result == 0 && i < found.count; i++)
			result = db_run(self->db, "INSERT OR REPLACE INTO claim(id, owner, until) VALUES(?, ?, ?)",
					"isi", found.events[i].id, self->owner, now_ms + OUTBOX_CLAIM_MS);
		result = finish(self, NULL, result);
	}
	if (result == -EUCLEAN)
		db_replace(self->db);
	if (result < 0) {
		outbox_batch_finish(&found);
		return result;
	}
	*batch = found;
	return 0;
}

/* A file that has grown large is made small when it is empty: that moves nothing. */
static void tidy(struct outbox *self)
{
	if (db_number(self->db, "PRAGMA page_count", 0) > TIDY_PAGES)
		db_run(self->db, "VACUUM", NULL);
}

int outbox_remove(struct outbox *self, const struct outbox_batch *batch)
{
	struct totals totals;
	int result = begin(self, &totals);

	if (result < 0)
		return result;
	for (size_t i = 0; result == 0 && i < batch->count; i++) {
		result = db_run(self->db, "DELETE FROM claim WHERE id = ? AND owner = ?", "is", batch->events[i].id,
				self->owner);
		/* Only what is still claimed by this sender: after its claim ran out another may have it. */
		if (result < 0 || db_changes(self->db) == 0)
			continue;
		result = db_run(self->db, "DELETE FROM queue WHERE id = ?", "i", batch->events[i].id);
		totals.events--;
		totals.bytes -= (int64_t)batch->events[i].size_bytes;
	}
	result = finish(self, &totals, result);
	if (result == 0 && totals.events == 0)
		tidy(self);
	return result;
}

void outbox_release(struct outbox *self, const struct outbox_batch *batch)
{
	struct totals totals;
	int result = begin(self, &totals);

	if (result < 0)
		return;
	for (size_t i = 0; result == 0 && i < batch->count; i++)
		result = db_run(self->db, "UPDATE claim SET owner = NULL, until = 0 WHERE id = ? AND owner = ?", "is",
				batch->events[i].id, self->owner);
	finish(self, NULL, result);
}

void outbox_batch_trim(struct outbox_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		free(batch->events[i].name);
		free(batch->events[i].text);
		batch->events[i].name = batch->events[i].text = NULL;
	}
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
				      "SELECT min(CASE WHEN " FREE_AT " THEN 0 ELSE claim.until - ?1 END)"
				      " FROM queue LEFT JOIN claim USING(id) WHERE endpoint = ?2 AND notice = ?3",
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

uint64_t outbox_evicted(const struct outbox *self)
{
	return self->evicted;
}
