/* SPDX-License-Identifier: MIT */
/*
 * .env files as Compose reads them: `KEY=value`, `KEY: value`, `export`, comments, single quotes (literal), double quotes (escapes
 * and variables), values over several lines in quotes, `KEY` alone (taken from the environment).
 */
#ifndef UPFRONT_CONFIG_DOTENV_H
#define UPFRONT_CONFIG_DOTENV_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct interpolate_source;
struct strmap;

#define DOTENV_BYTES_MAX (1024u * 1024u)

/*
 * Adds what `text` says to `values`, later lines over earlier ones. Variables are looked up in `source` first, then among the
 * values read so far from this file (Compose: the environment wins). `source` may be NULL: nothing is interpolated.
 * Errors carry file, line and column; several are reported.
 */
int dotenv_parse(const char *file, const char *text, size_t size_bytes, const struct interpolate_source *source,
		 struct strmap *values, struct err *err);

/* Where a variable stands in the text, in bytes; without a value (`KEY` alone) that is empty and lies behind the name. */
struct dotenv_span {
	size_t key, key_end;
	size_t value, value_end; /* with its quotes */
	bool has_value;
};
typedef void dotenv_visit(void *context, const char *key, const struct dotenv_span *span);
/* As dotenv_parse, and calls `visit` for each variable in the order of the text. */
int dotenv_walk(const char *file, const char *text, size_t size_bytes, const struct interpolate_source *source,
		struct strmap *values, dotenv_visit *visit, void *context, struct err *err);

/* The same for a file on disk. A missing file gives -ENOENT and sets no error: the caller knows whether it matters. */
int dotenv_read(const char *path, const struct interpolate_source *source, struct strmap *values, struct err *err);

#endif
