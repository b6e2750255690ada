/* SPDX-License-Identifier: MIT */
/* A database file of the sender's own, by SQLite; db.c is the only file that sees that library. */
#ifndef UPFRONT_TELEMETRY_SENDER_DB_H
#define UPFRONT_TELEMETRY_SENDER_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_rows;

#define DB_STATEMENTS_MAX 24
#define DB_CACHE_KIB 1024 /* pages held in memory */

/*
 * Opens (0600, write-ahead log) and runs `schema`. A file that is no database, or whose tables are not as `schema`
 * says, is replaced by an empty one; where no file can be had (`path` NULL, read-only folder, full disk) the
 * database lives in memory. NULL only when out of memory.
 */
struct db *db_open(const char *path, const char *schema);
void db_close(struct db *self);

/* True when the file that was opened is no longer the one at its path: somebody wiped it. */
bool db_is_wiped(const struct db *self);

/*
 * Runs one statement to its end. `sql` is a string literal: it is compiled once and kept by its address, DB_STATEMENTS_MAX of them at most.
 * `types` names the values bound to its '?': s text (char *, NULL: null), i integer (int64_t). Returns 0 or -EIO (-ENOSPC: disk or
 * database full; -EBUSY: locked by another for too long; -EUCLEAN: the file is damaged, db_replace helps).
 */
int db_run(struct db *self, const char *sql, const char *types, ...);

/* Lets a damaged file go and begins an empty one. 0 or -errno: nothing was done. */
int db_replace(struct db *self);

/* How many rows the last db_run changed. */
int64_t db_changes(const struct db *self);

/* The same for a question: rows one by one. NULL when it cannot be asked. */
struct db_rows *db_ask(struct db *self, const char *sql, const char *types, ...);
/* True while there is a row; its columns hold until the next call. */
bool db_next(struct db_rows *self);
int64_t db_integer(const struct db_rows *self, int column);
const char *db_text(const struct db_rows *self, int column, size_t *size_bytes);
/* 0, or why there was no further row: as db_run. */
int db_done(struct db_rows *self);

/* First column of the first row, or `otherwise`. */
int64_t db_number(struct db *self, const char *sql, int64_t otherwise);

#endif
