/* SPDX-License-Identifier: MIT */
/* Lines of a build that fails: which step it was, and what that wrote last. */
#include "launcher/engine/build_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void take(struct build_fault *fault, const char *lines)
{
	char line[256];

	memset(fault, 0, sizeof(*fault));
	for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		build_fault_line(fault, line);
	}
}

static void test_classic(void **state)
{
	struct build_fault fault;

	(void)state;
	take(&fault, "Building oven\n"
		     "Sending build context to Docker daemon  2.048kB\n"
		     "Step 1/3 : FROM box\n"
		     " ---> 0380dbeb43d6\n"
		     "Step 2/3 : RUN echo well\n"
		     " ---> Running in 1234\n"
		     "well\n"
		     "Step 3/3 : RUN bake; exit 3\n"
		     " ---> Running in dd06c470ac5b\n"
		     "warming up\n"
		     "the oven is cold\n"
		     "The command '/bin/sh -c bake; exit 3' returned a non-zero code: 3\n"
		     "Service 'oven' failed to build : Build failed\n");
	assert_string_equal(fault.step, "RUN bake; exit 3");
	assert_string_equal(fault.said, "the oven is cold");
	assert_true(build_fault_is_of(&fault, "oven"));
	assert_false(build_fault_is_of(&fault, "desk"));
}

/* The two streams of version 1 come in any order. */
static void test_classic_in_another_order(void **state)
{
	struct build_fault fault;

	(void)state;
	take(&fault, "Step 1/1 : RUN bake\n"
		     "the oven is cold\n"
		     "Building oven\n"
		     "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
		     "            Install the buildx component to build images with BuildKit:\n"
		     "            https://docs.docker.com/go/buildx/\n");
	assert_string_equal(fault.said, "the oven is cold");
	assert_true(build_fault_is_of(&fault, "oven"));
}

static void test_buildkit(void **state)
{
	struct build_fault fault;

	(void)state;
	take(&fault, "#5 [oven stage-1 2/4] RUN bake\n"
		     "#5 0.278 the oven is cold\n"
		     "#6 [desk 2/2] RUN write\n"
		     "#6 0.300 written\n"
		     "#5 ERROR: process \"/bin/sh -c bake\" did not complete successfully: exit code: 3\n"
		     "------\n"
		     " > [oven stage-1 2/4] RUN bake:\n"
		     "0.270 warming up\n"
		     "0.278 the oven is cold\n"
		     "------\n"
		     "Dockerfile:2\n"
		     "failed to solve: process \"/bin/sh -c bake\" did not complete successfully: exit code: 3\n");
	assert_string_equal(fault.step, "RUN bake");
	assert_true(build_fault_is_of(&fault, "oven"));
	assert_false(build_fault_is_of(&fault, "desk"));
	assert_string_equal(fault.said, "the oven is cold");
}

static void test_nothing_of_a_build(void **state)
{
	struct build_fault fault;

	(void)state;
	take(&fault, "Creating network\n > [oven internal] load metadata:\n1. said\n------\n#\n > [\n");
	assert_string_equal(fault.step, "");
	assert_string_equal(fault.said, "");
	assert_false(build_fault_is_of(&fault, "oven"));
}

static void test_bounded(void **state)
{
	static char line[9000];
	struct build_fault fault = {.step = ""};

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "Step 1/1 : ", strlen("Step 1/1 : "));
	build_fault_line(&fault, line);
	assert_int_equal(strlen(fault.step), sizeof(fault.step) - 1);
	memcpy(line, " > [oven 1/1] ", strlen(" > [oven 1/1] "));
	build_fault_line(&fault, line);
	memset(line, 0xc3, sizeof(line) - 1);
	for (size_t i = 1; i < sizeof(line) - 1; i += 2)
		line[i] = (char)0xa4;
	build_fault_line(&fault, line);
	assert_true(strlen(fault.said) <= sizeof(fault.said) - 1);
	assert_int_equal(strlen(fault.said) % 2, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classic),  cmocka_unit_test(test_classic_in_another_order),
		cmocka_unit_test(test_buildkit), cmocka_unit_test(test_nothing_of_a_build),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
