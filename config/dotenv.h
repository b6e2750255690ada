/* SPDX-License-Identifier: MIT */
/*
 * .env files as Compose reads them: `KEY=value`, `KEY: value`, `export`, comments, single quotes (literal), double quotes (escapes
 * and variables), values over several lines in quotes, `KEY` alone (taken from the environment).
 */
#ifndef UPFRONT_CONFIG_DOTENV_H
#define UPFRONT_CONFIG_DOTENV_H

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

/* The same for a file on disk. A missing file gives -ENOENT and sets no error: the caller knows whether it matters. */
int dotenv_read(const char *path, const struct interpolate_source *source, struct strmap *values, struct err *err);

#endif
