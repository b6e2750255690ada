/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/db.h"

#include "config/paths.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Another sender's transaction is over in far less; the loop must not stand still for longer. */
#define DB_BUSY_MS 150
/*
 * Setting up a new file is refused at once while another sets it up, whatever the busy time: tried again that
 * often.
 */
#define DB_OPEN_TRIES 30
#define DB_OPEN_PAUSE_MS 10

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

/* A compiled statement, and the rows it is giving: one question at a time each. */
struct db_rows {
	const char *sql;
	sqlite3_stmt *statement;
	bool busy;
	int result; /* SQLite's, of the last step */
};

struct db {
	sqlite3 *handle;
	char *path; /* NULL: in memory */
	const char *schema;
	dev_t device;
	ino_t inode;
	struct db_rows statements[DB_STATEMENTS_MAX];
	size_t statement_count;
};

static int code_of(int sqlite)
{
	switch (sqlite & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

/* SQLite makes its files with the mode of the main one; it must be right before SQLite sees it. */
static int make_file(struct db *self)
{
	struct stat status;
	int fd = paths_open_own(AT_FDCWD, self->path, O_RDWR | O_CREAT, NULL);
	int result = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		result = -EPERM;
	self->device = status.st_dev;
	self->inode = status.st_ino;
	close(fd);
	return result;
}

/* SQLite's own result; anything but SQLITE_OK leaves no handle. */
static int open_handle(struct db *self, const char *path)
{
	static const char settings[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
				       "PRAGMA journal_size_limit=1000000; PRAGMA temp_store=MEMORY;"
				       "PRAGMA cache_size=-" NUMBER_TEXT(DB_CACHE_KIB) ";";
	int result = sqlite3_open_v2(path, &self->handle,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result == SQLITE_OK) {
		sqlite3_busy_timeout(self->handle, DB_BUSY_MS);
		result = sqlite3_exec(self->handle, settings, NULL, NULL, NULL);
	}
	if (result == SQLITE_OK)
		result = sqlite3_exec(self->handle, self->schema, NULL, NULL, NULL);
	if (result != SQLITE_OK) {
		sqlite3_close(self->handle);
		self->handle = NULL;
	}
	return result & 0xff;
}

static int open_patiently(struct db *self)
{
	const struct timespec pause = {.tv_nsec = DB_OPEN_PAUSE_MS * 1000000L};
	int result = open_handle(self, self->path);

	for (int i = 0; i < DB_OPEN_TRIES && (result == SQLITE_BUSY || result == SQLITE_LOCKED); i++) {
		nanosleep(&pause, NULL);
		result = open_handle(self, self->path);
	}
	return result;
}

static void remove_files(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		char *name;

		if (asprintf(&name, "%s%s", path, endings[i]) < 0)
			continue;
		unlink(name);
		free(name);
	}
}

/* Damaged or foreign content is let go; trouble of the disk or a lock is not the file's fault. */
static int open_file(struct db *self)
{
	int result = SQLITE_CANTOPEN;

	for (int attempt = 0; attempt < 2; attempt++) {
		if (make_file(self) < 0)
			return SQLITE_CANTOPEN;
		result = open_patiently(self);
		if (result != SQLITE_CORRUPT && result != SQLITE_NOTADB && result != SQLITE_ERROR)
			break;
		remove_files(self->path);
	}
	return result;
}

struct db *db_open(const char *path, const char *schema)
{
	struct db *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->schema = schema;
	self->path = path ? strdup(path) : NULL;
	if (self->path && open_file(self) == SQLITE_OK)
		return self;
	free(self->path);
	self->path = NULL;
	if (open_handle(self, ":memory:") == SQLITE_OK)
		return self;
	free(self);
	return NULL;
}

static void forget_statements(struct db *self)
{
	for (size_t i = 0; i < self->statement_count; i++)
		sqlite3_finalize(self->statements[i].statement);
	self->statement_count = 0;
}

void db_close(struct db *self)
{
	if (!self)
		return;
	forget_statements(self);
	sqlite3_close(self->handle);
	free(self->path);
	free(self);
}

int db_replace(struct db *self)
{
	if (!self->path || db_is_wiped(self))
		return -ENOENT;
	forget_statements(self);
	sqlite3_close(self->handle);
	self->handle = NULL;
	remove_files(self->path);
	if (open_file(self) == SQLITE_OK)
		return 0;
	/* Whatever is at the path now is not ours; what comes is kept in memory. */
	free(self->path);
	self->path = NULL;
	return open_handle(self, ":memory:") == SQLITE_OK ? 0 : -ENOMEM;
}

bool db_is_wiped(const struct db *self)
{
	struct stat status;

	if (!self->path)
		return false;
	return lstat(self->path, &status) < 0 || status.st_dev != self->device || status.st_ino != self->inode;
}

/* The statement of that literal, compiled now or before; NULL and `result` when it cannot be. */
static struct db_rows *find_statement(struct db *self, const char *sql, int *result)
{
	struct db_rows *found;

	for (size_t i = 0; i < self->statement_count; i++)
		if (self->statements[i].sql == sql && !self->statements[i].busy)
			return &self->statements[i];
	*result = SQLITE_NOMEM;
	if (!self->handle || self->statement_count == DB_STATEMENTS_MAX)
		return NULL;
	found = &self->statements[self->statement_count];
	*found = (struct db_rows){.sql = sql};
	*result = sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &found->statement, NULL);
	if (*result != SQLITE_OK)
		return NULL;
	self->statement_count++;
	return found;
}

/* `copied`: texts are used after the call's end. */
static struct db_rows *prepare(struct db *self, const char *sql, bool copied, const char *types, va_list values,
			       int *result)
{
	struct db_rows *rows = find_statement(self, sql, result);

	if (!rows)
		return NULL;
	*result = SQLITE_OK;
	for (int i = 0; *result == SQLITE_OK && types && types[i]; i++) {
		if (types[i] == 'i')
			*result = sqlite3_bind_int64(rows->statement, i + 1, va_arg(values, int64_t));
		else
			*result = sqlite3_bind_text(rows->statement, i + 1, va_arg(values, const char *), -1,
						    copied ? SQLITE_TRANSIENT : SQLITE_STATIC);
	}
	rows->busy = true;
	rows->result = *result;
	return rows;
}

int db_run(struct db *self, const char *sql, const char *types, ...)
{
	struct db_rows *rows;
	va_list values;
	int result;

	va_start(values, types);
	rows = prepare(self, sql, false, types, values, &result);
	va_end(values);
	if (!rows)
		return code_of(result);
	while (db_next(rows))
		continue;
	return db_done(rows);
}

int64_t db_changes(const struct db *self)
{
	return sqlite3_changes(self->handle);
}

struct db_rows *db_ask(struct db *self, const char *sql, const char *types, ...)
{
	struct db_rows *rows;
	va_list values;
	int result;

	va_start(values, types);
	rows = prepare(self, sql, true, types, values, &result);
	va_end(values);
	return rows;
}

bool db_next(struct db_rows *self)
{
	if (!self || (self->result != SQLITE_OK && self->result != SQLITE_ROW))
		return false;
	self->result = sqlite3_step(self->statement);
	return self->result == SQLITE_ROW;
}

int64_t db_integer(const struct db_rows *self, int column)
{
	return sqlite3_column_int64(self->statement, column);
}

const char *db_text(const struct db_rows *self, int column, size_t *size_bytes)
{
	const char *text = (const char *)sqlite3_column_text(self->statement, column);

	if (size_bytes)
		*size_bytes = (size_t)sqlite3_column_bytes(self->statement, column);
	return text;
}

/* Bound texts are let go: large ones would stay until the statement is used again. */
int db_done(struct db_rows *self)
{
	int result;

	if (!self)
		return -EIO;
	result = self->result;
	sqlite3_reset(self->statement);
	sqlite3_clear_bindings(self->statement);
	self->busy = false;
	return code_of(result);
}

int64_t db_number(struct db *self, const char *sql, int64_t otherwise)
{
	struct db_rows *rows = db_ask(self, sql, NULL);
	int64_t number = db_next(rows) ? db_integer(rows, 0) : otherwise;

	db_done(rows);
	return number;
}
