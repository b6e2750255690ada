/* SPDX-License-Identifier: MIT */
/*
 * Quoted YAML scalars, read from the file's own text where libfyaml 0.7 garbles them: single-quoted ones with doubled quotes in a
 * row or beside line breaks, double-quoted ones with escapes beside line breaks.
 */
#ifndef UPFRONT_CONFIG_YAML_QUOTED_H
#define UPFRONT_CONFIG_YAML_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

/* True for what stands between the quotes when the library cannot be trusted with it. */
bool yaml_quoted_is_garbled(const char *raw, size_t size_bytes, bool is_double);
/*
 * What it means (YAML 1.2, 7.3.1 and 7.3.2), once the library found it well-formed: escapes read, line breaks folded. In the pool; what
 * an escape spells may be NUL, or no character at all.
 */
const char *yaml_quoted_read(struct pool *pool, const char *raw, size_t size_bytes, bool is_double, size_t *length);

#endif
