/* SPDX-License-Identifier: MIT */
/* Signals by name. */
#include "config/signal_name.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NONE 0

static void test_names(void **state)
{
	const struct {
		const char *text;
		int signal;
	} cases[] = {
		{"SIGTERM", SIGTERM},
		{"TERM", SIGTERM},
		{"sigint", SIGINT},
		{"usr1", SIGUSR1},
		{"9", SIGKILL},
		{"SIGRTMIN", SIGRTMIN},
		{"RTMIN+3", SIGRTMIN + 3},
		{"64", SIGRTMAX},
		{"0", NONE},
		{"65", NONE},
		{"-1", NONE},
		{"", NONE},
		{"SIG", NONE},
		{"SIGFOO", NONE},
		{"15x", NONE},
		{"SIGSIGTERM", NONE},
		{"RTMIN+", NONE},
		{"RTMIN+99", NONE},
		{"RTMINx", NONE},
		{" TERM", NONE},
		{"99999999999999999999", NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int signal = NONE;
		bool good = signal_parse(cases[i].text, &signal);

		if (good != (cases[i].signal != NONE) || signal != cases[i].signal)
			fail_msg("'%s' gives %d", cases[i].text, signal);
	}
}

static void test_nearest(void **state)
{
	char name[16];

	(void)state;
	assert_string_equal(signal_nearest("SIGTREM", name), "SIGTERM");
	assert_string_equal(signal_nearest("TREM", name), "SIGTERM");
	assert_string_equal(signal_nearest("kil", name), "SIGKILL");
	assert_null(signal_nearest("banana", name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
