/* SPDX-License-Identifier: MIT */
/* A table in plain text: columns as wide as their widest cell, aligned for wide characters too, long cells cut. */
#ifndef UPFRONT_LAUNCHER_COMMAND_TABLE_H
#define UPFRONT_LAUNCHER_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12u

struct table_column {
	const char *title;
	bool right; /* numbers */
	unsigned limit; /* screen columns at most; 0: any */
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	char **cells; /* row by row */
	size_t row_count;
};

void table_init(struct table *self, const struct table_column *columns, size_t column_count);
void table_finish(struct table *self);

/* Adds a row of column_count cells, which are copied, made harmless and cut; NULL: "-". Out of memory costs the row. */
void table_add(struct table *self, const char *const *cells);

/* With the titles. Nothing is padded behind the last column. */
void table_print(const struct table *self, FILE *out);

#endif
