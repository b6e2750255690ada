/* SPDX-License-Identifier: MIT */
/*
 * Memory that lives and dies together: everything a stack is made of. Built on glibc's obstack.
 * Out of memory while a stack file is read ends the program with exit code 70: nothing runs yet.
 */
#ifndef UPFRONT_CONFIG_POOL_H
#define UPFRONT_CONFIG_POOL_H

#include <stddef.h>

struct pool;

struct pool *pool_create(void);
void pool_destroy(struct pool *self);

/* Zeroed memory, aligned for any type. */
void *pool_alloc(struct pool *self, size_t size_bytes);
/* Zeroed array; a product that overflows counts as out of memory. */
void *pool_array(struct pool *self, size_t count, size_t size_bytes);
char *pool_strdup(struct pool *self, const char *text);
char *pool_strndup(struct pool *self, const char *text, size_t size_bytes);
char *pool_printf(struct pool *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
