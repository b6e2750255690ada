/* SPDX-License-Identifier: MIT */
#include "telemetry/optout.h"

#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void test_every_row_is_whole_and_in_order(void **state)
{
	size_t count;
	const struct optout *rows = optout_table(&count);

	(void)state;
	assert_true(count >= 25);
	for (size_t i = 0; i < count; i++) {
		assert_true(strspn(rows[i].variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
			    strlen(rows[i].variable));
		assert_true(*rows[i].value && *rows[i].product && *rows[i].source);
		assert_true(i == 0 || strcmp(rows[i - 1].variable, rows[i].variable) < 0);
	}
}

/* The polarity is the point: some variables disable by being true, others by being false. */
static void test_well_known_switches_are_turned_the_right_way(void **state)
{
	static const char *const lines[] = {
		"NEXT_TELEMETRY_DISABLED=1 ",
		"ANONYMIZED_TELEMETRY=False ",
		"QDRANT__TELEMETRY_DISABLED=true ",
		"HF_HUB_DISABLE_TELEMETRY=1 ",
		"DOTNET_CLI_TELEMETRY_OPTOUT=1 ",
		"SCARF_ANALYTICS=false ",
		"STREAMLIT_BROWSER_GATHER_USAGE_STATS=false ",
		"YARN_ENABLE_TELEMETRY=0 ",
		"DO_NOT_TRACK=1 ",
		"DBT_SEND_ANONYMOUS_USAGE_STATS=False ",
		"N8N_DIAGNOSTICS_ENABLED=false ",
		"CHECKPOINT_DISABLE=1 ",
	};
	char *table = telemetry_optout_table();
	size_t count, printed = 0;

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_non_null(strstr(table, lines[i]));
	for (const char *at = table; (at = strchr(at, '\n')); at++)
		printed++;
	optout_table(&count);
	assert_int_equal(printed, count);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_whole_and_in_order),
		cmocka_unit_test(test_well_known_switches_are_turned_the_right_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
