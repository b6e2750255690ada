/* SPDX-License-Identifier: MIT */
/* Which version a Compose program is: asked of it, and kept for as long as it is the same file. */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_VERSION_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_VERSION_H

#include <stdbool.h>

struct strmap;

#define COMPOSE_VERSION_BYTES_MAX 64u

/*
 * Runs it and waits, at most limit_ms; what it started does not outlive that. The version ("2.29.7", "v2.29.7"), which the caller frees; NULL:
 * none was to be had, and *flaw (constant text) continues a sentence that begins with the program's name.
 */
char *compose_version_ask(const char *const *argv, const struct strmap *environment, int limit_ms, const char **flaw);

/* What was kept of this program; NULL: nothing, or it is another file by now. `cache_path` NULL: nothing is kept. */
char *compose_version_recall(const char *cache_path, const char *program);
/* Best effort: what cannot be kept is asked again. */
void compose_version_keep(const char *cache_path, const char *program, const char *version);

/* Compares dotted numbers, a 'v' in front left out; what is no number ends them. */
bool compose_version_is_before(const char *version, const char *other);

#endif
