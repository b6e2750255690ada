/* SPDX-License-Identifier: MIT */
/*
 * A .env file with answers merged in. Only the bytes of the values that change are touched: comments, order, blank lines, the
 * quotes of other lines, CRLF and a final line without an end stay. New variables follow at the end. Each edit is read again and
 * held against what was wanted before anything is written; no message ever holds a value.
 */
#ifndef UPFRONT_CONFIG_DOTENV_EDIT_H
#define UPFRONT_CONFIG_DOTENV_EDIT_H

#include <stddef.h>

struct err;
struct strmap;

/*
 * A value as it is to stand in a .env file so that upfront and Compose read it back the same: bare where nothing in it means anything, else
 * in single quotes, else in double quotes with escapes. Compose 1 knows no escaped `$`, and takes one beside a quote or backslash for what it
 * is not. The caller frees, after wiping it; NULL when out of memory.
 */
char *dotenv_quote(const char *value);

/*
 * `text` with each of `answers` (name to value) set: where the last line that gives the variable a value stands, else at the end. *merged
 * is zero-terminated, the caller frees it. ERR_CONFIG when the text is no .env file, or cannot be edited safely.
 */
int dotenv_merge(const char *file, const char *text, size_t size_bytes, const struct strmap *answers, char **merged,
		 size_t *merged_size_bytes, struct err *err);

/*
 * The same on disk: read, merged, written whole beside it and put in its place, 0600, under a lock that all editors of this kind take. A
 * missing file is made. A link is followed to what belongs to us; anything but a regular file of ours is refused, untouched.
 */
int dotenv_edit(const char *path, const struct strmap *answers, struct err *err);
/* Whether that could be done, before anybody is asked for answers. */
int dotenv_edit_check(const char *path, struct err *err);

#endif
