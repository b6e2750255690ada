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

struct db {
	sqlite3 *handle;
	char *path; /* NULL: in memory */
	dev_t device;
	ino_t inode;
};

struct db_rows {
	sqlite3_stmt *statement;
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
static int open_handle(struct db *self, const char *path, const char *schema)
{
	static const char settings[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
				       "PRAGMA journal_size_limit=1000000; PRAGMA temp_store=MEMORY;";
	int result = sqlite3_open_v2(path, &self->handle,
				     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result == SQLITE_OK) {
		sqlite3_busy_timeout(self->handle, DB_BUSY_MS);
		result = sqlite3_exec(self->handle, settings, NULL, NULL, NULL);
	}
	if (result == SQLITE_OK)
		result = sqlite3_exec(self->handle, schema, NULL, NULL, NULL);
	if (result != SQLITE_OK) {
		sqlite3_close(self->handle);
		self->handle = NULL;
	}
	return result & 0xff;
}

static int open_patiently(struct db *self, const char *schema)
{
	const struct timespec pause = {.tv_nsec = DB_OPEN_PAUSE_MS * 1000000L};
	int result = open_handle(self, self->path, schema);

	for (int i = 0; i < DB_OPEN_TRIES && (result == SQLITE_BUSY || result == SQLITE_LOCKED); i++) {
		nanosleep(&pause, NULL);
		result = open_handle(self, self->path, schema);
	}
	return result;
}

static void remove_files(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		char *name;

		if (asprintf(&name, "%s%s", path, endings[i]) < 0)
			continue;
		unlink(name);
		free(name);
	}
}

struct db *db_open(const char *path, const char *schema)
{
	struct db *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->path = path ? strdup(path) : NULL;
	for (int attempt = 0; self->path && attempt < 2; attempt++) {
		int result;

		if (make_file(self) < 0)
			break;
		result = open_patiently(self, schema);
		if (result == SQLITE_OK)
			return self;
		/* Damaged or foreign content is let go; trouble of the disk or a lock is not the file's fault. */
		if (result != SQLITE_CORRUPT && result != SQLITE_NOTADB && result != SQLITE_ERROR)
			break;
		remove_files(self->path);
	}
	free(self->path);
	self->path = NULL;
	if (open_handle(self, ":memory:", schema) == SQLITE_OK)
		return self;
	free(self);
	return NULL;
}

void db_close(struct db *self)
{
	if (!self)
		return;
	sqlite3_close(self->handle);
	free(self->path);
	free(self);
}

bool db_is_wiped(const struct db *self)
{
	struct stat status;

	if (!self->path)
		return false;
	return lstat(self->path, &status) < 0 || status.st_dev != self->device || status.st_ino != self->inode;
}

static int prepare(struct db *self, const char *sql, const char *types, va_list values, sqlite3_stmt **statement)
{
	int result = sqlite3_prepare_v2(self->handle, sql, -1, statement, NULL);

	for (int i = 0; result == SQLITE_OK && types && types[i]; i++) {
		if (types[i] == 'i')
			result = sqlite3_bind_int64(*statement, i + 1, va_arg(values, int64_t));
		else
			result = sqlite3_bind_text(*statement, i + 1, va_arg(values, const char *), -1,
						   SQLITE_TRANSIENT);
	}
	if (result != SQLITE_OK) {
		sqlite3_finalize(*statement);
		*statement = NULL;
	}
	return result;
}

int db_run(struct db *self, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement = NULL;
	va_list values;
	int result;

	va_start(values, types);
	result = prepare(self, sql, types, values, &statement);
	va_end(values);
	if (result != SQLITE_OK)
		return code_of(result);
	do {
		result = sqlite3_step(statement);
	} while (result == SQLITE_ROW);
	sqlite3_finalize(statement);
	return code_of(result);
}

int64_t db_changes(const struct db *self)
{
	return sqlite3_changes(self->handle);
}

struct db_rows *db_ask(struct db *self, const char *sql, const char *types, ...)
{
	struct db_rows *rows = calloc(1, sizeof(*rows));
	va_list values;
	int result;

	if (!rows)
		return NULL;
	va_start(values, types);
	result = prepare(self, sql, types, values, &rows->statement);
	va_end(values);
	if (result != SQLITE_OK) {
		free(rows);
		return NULL;
	}
	return rows;
}

bool db_next(struct db_rows *self)
{
	return self && sqlite3_step(self->statement) == SQLITE_ROW;
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

void db_done(struct db_rows *self)
{
	if (!self)
		return;
	sqlite3_finalize(self->statement);
	free(self);
}

int64_t db_number(struct db *self, const char *sql, int64_t otherwise)
{
	struct db_rows *rows = db_ask(self, sql, NULL);
	int64_t number = db_next(rows) ? db_integer(rows, 0) : otherwise;

	db_done(rows);
	return number;
}
