/* SPDX-License-Identifier: MIT */
/* Which end of a service takes the stack down, and the exit code that makes. */
#include "config/err.h"
#include "launcher/command/up_abort.h"
#include "launcher/client/view.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct end {
	const char *service, *state;
	bool wanted, one_shot, has_exited, signaled;
	int value;
};

static bool take(struct up_abort *abort, const struct end *end)
{
	struct view_unit unit = {
		.name = (char *)(uintptr_t)end->service,
		.service = (char *)(uintptr_t)end->service,
		.wanted = end->wanted,
		.one_shot = end->one_shot,
		.has_exited = end->has_exited,
		.exit_signaled = end->signaled,
		.exit_value = end->value,
	};

	snprintf(unit.state, sizeof(unit.state), "%s", end->state);
	return up_abort_take(abort, &unit);
}

static void test_the_first_end_counts(void **state)
{
	static const struct {
		struct end end;
		bool aborts;
		int code; /* of `up`; 99: nobody changes it */
	} cases[] = {
		{{"a", "running", true, false, false, false, 0}, false, 99},
		{{"a", "back-off", true, false, true, false, 3}, false, 99},
		{{"a", "completed", true, false, true, false, 0}, true, 0},
		{{"a", "failed", true, false, true, false, 3}, true, 1},
		{{"a", "failed", true, false, true, true, SIGKILL}, true, 1},
		{{"a", "failed", true, false, false, false, 0}, true, 1}, /* could not be started */
		{{"a", "completed", true, true, true, false, 0}, false, 99}, /* a job that others wait for */
		{{"a", "failed", true, true, true, false, 3}, true, 1},
		{{"a", "stopped", false, false, false, false, 0}, false, 99}, /* was never started */
		{{"a", "stopped", false, false, true, true, SIGTERM}, true, 1}, /* stopped by a person */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct up_abort abort = {.on = true}, off = {.on = false};

		assert_int_equal(take(&abort, &cases[i].end), cases[i].aborts);
		assert_int_equal(up_abort_code(&abort, 99), cases[i].code);
		assert_false(take(&off, &cases[i].end));
		assert_int_equal(up_abort_code(&off, 99), 99);
	}
}

static void test_one_service_has_the_code(void **state)
{
	static const struct end other = {"b", "failed", true, false, true, false, 9};
	static const struct end mine = {"a", "stopped", false, false, true, true, SIGTERM};
	static const struct end well = {"a", "completed", true, true, true, false, 0};
	struct up_abort abort = {.on = true, .from = "a"};

	(void)state;
	assert_true(take(&abort, &other));
	/* Not known yet. */
	assert_int_equal(up_abort_code(&abort, 99), 99);
	/* It has not run yet, and if it never does, that is no success. */
	assert_int_equal(up_abort_code(&abort, 0), ERR_FAILED);
	assert_false(take(&abort, &mine));
	assert_int_equal(up_abort_code(&abort, 99), 128 + SIGTERM);
	/* As a job that others wait for its end counts all the same. */
	abort = (struct up_abort){.on = true, .from = "a"};
	assert_true(take(&abort, &well));
	assert_int_equal(up_abort_code(&abort, 99), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_end_counts),
		cmocka_unit_test(test_one_service_has_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
