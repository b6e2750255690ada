/* SPDX-License-Identifier: MIT */
/* What `top` makes of two samples; tables with wide characters and long names. */
#include "launcher/command/table.h"
#include "launcher/command/top.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNIT(name, pid, cpu, fds)                                                                                \
	"{\"name\":\"" name "\",\"service\":\"" name "\",\"pid\":" pid ",\"state\":\"running\",\"processes\":2," \
	"\"threads\":3,\"fds\":" fds ",\"rss_bytes\":2097152,\"cpu_user_us\":" cpu ",\"cpu_system_us\":0,"       \
	"\"uptime_ms\":61000,\"restarts\":1}"
#define SAMPLE(uptime, units)                                                                        \
	"{\"units\":[" units "],\"supervisor\":{\"pid\":9,\"processes\":1,\"threads\":1,\"fds\":20," \
	"\"rss_bytes\":1048576,\"cpu_user_us\":100,\"cpu_system_us\":0,\"uptime_ms\":" uptime "}}"

static char *table_of(const char *before_text, const char *after_text, const char *const *names)
{
	cJSON *before = cJSON_Parse(before_text), *after = cJSON_Parse(after_text);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	top_print(before, after, names, out);
	fclose(out);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return text;
}

static void test_percent_is_of_the_interval(void **state)
{
	char *text =
		table_of(SAMPLE("1000", UNIT("web", "5", "0", "7") "," UNIT("db", "6", "900000", "4")),
			 SAMPLE("2000", UNIT("web", "5", "500000", "7") "," UNIT("db", "8", "250000", "-1")), NULL);

	(void)state;
	/* db is another process than before; its descriptors are not to be seen, and so not in the sum. */
	assert_string_equal(text, "NAME       STATE    CPU%      MEM  THREADS  FDS  PROCS  RESTARTS     UPTIME\n"
				  "web        running  50.0  2.0 MiB        3    7      2         1  1 min 1 s\n"
				  "db         running  25.0  2.0 MiB        3    -      2         1  1 min 1 s\n"
				  "(total)             75.0  4.0 MiB        6    -      4         2          -\n"
				  "(upfront)            0.0  1.0 MiB        1   20      1         -      2.0 s\n");
	free(text);
}

static void test_time_that_went_backwards_is_none(void **state)
{
	static const char *const names[] = {"web", NULL};
	char *text = table_of(SAMPLE("1000", UNIT("web", "5", "800000", "7")),
			      SAMPLE("2000", UNIT("web", "5", "700000", "7") "," UNIT("db", "6", "0", "1")), names);

	(void)state;
	assert_non_null(strstr(text, "web        running   0.0 "));
	assert_null(strstr(text, "db "));
	free(text);
	/* Two samples of one moment, and what is no sample at all. */
	text = table_of(SAMPLE("1000", UNIT("web", "5", "0", "7")), SAMPLE("1000", UNIT("web", "5", "9", "7")), NULL);
	assert_non_null(strstr(text, "web        running   0.0 "));
	free(text);
	text = table_of("[]", "{\"units\":[1,{}]}", NULL);
	assert_non_null(strstr(text, "(upfront)"));
	free(text);
}

static void test_bytes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {{0, "0 B"},
		     {999, "999 B"},
		     {1024, "1.0 KiB"},
		     {1536000, "1.5 MiB"},
		     {150LL << 20, "150 MiB"},
		     {5LL << 40, "5.0 TiB"},
		     {9000LL << 40, "9000 TiB"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		top_bytes(cases[i].bytes, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void test_columns_of_wide_and_hostile_text(void **state)
{
	static const struct table_column columns[] = {{.title = "NAME", .limit = 8}, {.title = "N", .right = true}};
	struct table table;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	table_init(&table, columns, 2);
	table_add(&table, (const char *const[]){"網頁", "1"});
	table_add(&table, (const char *const[]){"a\033[31m", "22"});
	table_add(&table, (const char *const[]){"very-long-name", NULL});
	table_print(&table, out);
	fclose(out);
	table_finish(&table);
	assert_string_equal(text, "NAME       N\n"
				  "網頁       1\n"
				  "a^[[31m   22\n"
				  "ve…-name   -\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent_is_of_the_interval),
		cmocka_unit_test(test_time_that_went_backwards_is_none),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_columns_of_wide_and_hostile_text),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
