/* SPDX-License-Identifier: MIT */
#include "telemetry/notice.h"
#include "telemetry/optout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_value(const char *value)
{
	static const char *const values[] = {"0", "1", "true", "false", "True", "False", "YES", "no", "off"};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (strcmp(values[i], value) == 0)
			return true;
	}
	return false;
}

/* "docs: PAGE", or a repository and the file in it. */
static bool is_source(const char *source)
{
	const char *space = strchr(source, ' '), *slash = strchr(source, '/');

	if (!space || !space[1])
		return false;
	return strncmp(source, "docs: ", 6) == 0 ? strchr(source, '.') != NULL : slash && slash < space;
}

static void test_every_row_is_whole_and_in_order(void **state)
{
	size_t count;
	const struct optout *rows = optout_table(&count);

	(void)state;
	assert_true(count >= 100);
	for (size_t i = 0; i < count; i++) {
		assert_true(strspn(rows[i].variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
			    strlen(rows[i].variable));
		if (!*rows[i].product || !is_value(rows[i].value) || !is_source(rows[i].source))
			fail_msg("%s=%s, %s (%s)", rows[i].variable, rows[i].value, rows[i].product, rows[i].source);
		/* In order, and so each once: two rows cannot contradict each other. */
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
		"DISABLE_TELEMETRY=true ",
		"TELEMETRY_ENABLED=false ",
		"KONG_ANONYMOUS_REPORTS=off ",
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

/* One line a variable: setting, product and source, each in a column of its own. */
static void test_columns(void **state)
{
	char *table = telemetry_optout_table();
	size_t count, product = 0, source = 0;
	const struct optout *rows = optout_table(&count);
	char *line = table;

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < count; i++) {
		char *end = strchr(line, '\n');
		const char *at;

		assert_non_null(end);
		*end = '\0';
		at = strstr(line, "  ");
		assert_non_null(at);
		at += strspn(at, " ");
		assert_int_equal(strncmp(at, rows[i].product, strlen(rows[i].product)), 0);
		assert_true(i == 0 || product == (size_t)(at - line));
		product = (size_t)(at - line);
		at = strstr(at, "  ");
		assert_non_null(at);
		at += strspn(at, " ");
		assert_int_equal(*at, '(');
		assert_int_equal(strncmp(at + 1, rows[i].source, strlen(rows[i].source)), 0);
		assert_string_equal(at + 1 + strlen(rows[i].source), ")");
		assert_true(i == 0 || source == (size_t)(at - line));
		source = (size_t)(at - line);
		line = end + 1;
	}
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_whole_and_in_order),
		cmocka_unit_test(test_well_known_switches_are_turned_the_right_way),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
