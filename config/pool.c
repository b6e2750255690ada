/* SPDX-License-Identifier: MIT */
#include "config/pool.h"

#include "config/err.h"

#include <limits.h>
#include <obstack.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOL_CHUNK_BYTES (32 * 1024)

struct pool {
	struct obstack stack;
};

/* Reading a stack is all or nothing, and nothing runs yet: unwinding from every allocation would buy nobody anything. */
static _Noreturn void pool_exhausted(void)
{
	static const char message[] = "upfront: out of memory while reading the configuration\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(ERR_INTERNAL);
	_exit(ERR_INTERNAL);
}

static void *pool_chunk_alloc(size_t size_bytes)
{
	void *chunk = malloc(size_bytes);

	if (!chunk)
		pool_exhausted();
	return chunk;
}

#define obstack_chunk_alloc pool_chunk_alloc
#define obstack_chunk_free free

struct pool *pool_create(void)
{
	struct pool *self = pool_chunk_alloc(sizeof(*self));

	obstack_specify_allocation(&self->stack, POOL_CHUNK_BYTES, _Alignof(max_align_t), pool_chunk_alloc, free);
	return self;
}

void pool_destroy(struct pool *self)
{
	if (!self)
		return;
	obstack_free(&self->stack, NULL);
	free(self);
}

/* obstack.h aligns by counting from a null pointer, which the sanitiser takes for a mistake of ours. */
#ifdef __clang__
__attribute__((no_sanitize("pointer-overflow")))
#endif
void *
pool_alloc(struct pool *self, size_t size_bytes)
{
	void *memory;

	/* The obstack counts in int. */
	if (size_bytes > INT_MAX / 2)
		pool_exhausted();
	memory = obstack_alloc(&self->stack, (int)size_bytes);
	return memset(memory, 0, size_bytes);
}

void *pool_array(struct pool *self, size_t count, size_t size_bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, size_bytes, &total))
		pool_exhausted();
	return pool_alloc(self, total);
}

char *pool_strdup(struct pool *self, const char *text)
{
	return pool_strndup(self, text, strlen(text));
}

char *pool_strndup(struct pool *self, const char *text, size_t size_bytes)
{
	size_t length = strnlen(text, size_bytes);
	char *copy = pool_alloc(self, length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *pool_printf(struct pool *self, const char *format, ...)
{
	va_list args;
	char *copy;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		pool_exhausted();
	copy = pool_alloc(self, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(copy, (size_t)length + 1, format, args);
	va_end(args);
	return copy;
}
