/* SPDX-License-Identifier: MIT */
/* Single-quoted YAML scalars, read from the file's own text: libfyaml 0.7 garbles those in which two doubled quotes follow each other. */
#ifndef UPFRONT_CONFIG_YAML_QUOTED_H
#define UPFRONT_CONFIG_YAML_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

/* True for what stands between the quotes when the library cannot be trusted with it. */
bool yaml_quoted_is_garbled(const char *raw, size_t size_bytes);
/* What it means (YAML 1.2, 7.3.2): doubled quotes are one, line breaks are folded. In the pool. */
const char *yaml_quoted_read(struct pool *pool, const char *raw, size_t size_bytes);

#endif
