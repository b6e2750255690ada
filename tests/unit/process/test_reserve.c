/* SPDX-License-Identifier: MIT */
/* Memory when there is none: in a child whose address space may not grow, after all that it has is used up. */
#include "launcher/process/reserve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"

/* A sanitizer's own memory would be counted too. */
#ifdef __has_feature
#define WITH_SANITIZER __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#else
#define WITH_SANITIZER 0
#endif

static void use_up_all(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_AS, &none);
	setrlimit(RLIMIT_DATA, &none);
	for (size_t size = 1u << 20; size > 0; size /= 2) {
		void **block;

		while ((block = malloc(size)) != NULL)
			*(void *volatile *)block = NULL; /* kept for good */
	}
}

#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			return __LINE__ % 250 + 1; \
	} while (0)

static int check_reserve(void)
{
	static char *blocks[RESERVE_BLOCKS];
	char *plain = reserve_malloc(64), *moved;

	CHECK(plain != NULL);
	memcpy(plain, "before", 7);
	use_up_all();
	CHECK(malloc(64) == NULL);
	for (size_t i = 0; i < RESERVE_BLOCKS; i++) {
		blocks[i] = reserve_malloc(i % 2 ? 1 : RESERVE_BLOCK_BYTES);
		CHECK(blocks[i] != NULL);
		memset(blocks[i], (int)i, i % 2 ? 1 : RESERVE_BLOCK_BYTES);
	}
	CHECK(reserve_malloc(1) == NULL);
	CHECK(blocks[3][0] == 3 && blocks[4][RESERVE_BLOCK_BYTES - 1] == 4);
	/* It is kept where it is, and what does not fit leaves the old as it was. */
	CHECK(reserve_realloc(blocks[1], RESERVE_BLOCK_BYTES) == blocks[1]);
	CHECK(reserve_realloc(blocks[1], RESERVE_BLOCK_BYTES + 1) == NULL);
	CHECK(blocks[1][0] == 1);
	/* What came from elsewhere moves here. */
	reserve_free(blocks[5]);
	moved = reserve_realloc(plain, RESERVE_BLOCK_BYTES);
	CHECK(moved == blocks[5] && strcmp(moved, "before") == 0);
	reserve_free(moved);
	CHECK(reserve_malloc(RESERVE_BLOCK_BYTES + 1) == NULL);
	CHECK(reserve_realloc(NULL, 8) == blocks[5]);
	return 0;
}

static void test_there_is_some_when_there_is_none(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (WITH_SANITIZER)
		skip_because("a sanitizer's memory cannot be limited");
	child = fork();
	if (child == 0)
		_exit(check_reserve());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_otherwise_it_is_malloc(void **state)
{
	char *block = reserve_malloc(10);

	(void)state;
	memcpy(block, "123456789", 10);
	block = reserve_realloc(block, 1u << 20);
	assert_string_equal(block, "123456789");
	free(block); /* nothing of ours in it */
	reserve_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_is_some_when_there_is_none),
		cmocka_unit_test(test_otherwise_it_is_malloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
