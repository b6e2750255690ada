/* SPDX-License-Identifier: MIT */
/* .env files, as Compose reads them. */
#include "config/dotenv.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/strmap.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *environment_find(void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "HOST") == 0)
		return "from-env";
	if (strcmp(name, "PRICE") == 0)
		return "5$x";
	return NULL;
}

static const struct interpolate_source environment = {environment_find, NULL, NULL, NULL};

/* "KEY=value;KEY=value", `KEY;` for one without value. */
static char *joined(const struct strmap *map)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < map->count; i++) {
		fprintf(out, "%s%s", i ? ";" : "", map->entries[i].key);
		if (map->entries[i].value)
			fprintf(out, "=%s", map->entries[i].value);
	}
	fclose(out);
	return text;
}

static void test_what_is_read(void **state)
{
	static const struct {
		const char *text, *values;
	} cases[] = {
		{"", ""},
		{"\n \n\t\n", ""},
		{"# comment\n  # another\n", ""},
		{"A=1", "A=1"},
		{"A=1\nB=2\n", "A=1;B=2"},
		{"A=1\nA=2\n", "A=2"},
		{"A=\nB=x", "A=;B=x"},
		{"\xef\xbb\xbf"
		 "A=1\n",
		 "A=1"},
		{"A=1\r\nB='2'\r\nC=\"3\"\r\n", "A=1;B=2;C=3"},
		{"  A = 1  \n", "A=1"},
		{"\tA\t=\t1\t\n", "A=1"},
		{"A: 1\nB:2\n", "A=1;B=2"},
		{"A=b=c:d\n", "A=b=c:d"},
		{"export A=1\n  export\tB=2\nexport=3\nexported=4\n", "A=1;B=2;export=3;exported=4"},
		{"a.b-c[0]_9=1\nÜ=2\n", "a.b-c[0]_9=1;Ü=2"},
		/* Comments. */
		{"A=1 # comment\nB=1# no comment\nC=a#b c #d\n", "A=1;B=1# no comment;C=a#b c"},
		{"A='1' # comment\nB=\"2\"# comment\n", "A=1;B=2"},
		{"A='1 # 2'\nB=\"1 # 2\"\n", "A=1 # 2;B=1 # 2"},
		/* Single quotes: as it is, but for an escaped quote. */
		{"A='$B ${C} \\n \\\\'\n", "A=$B ${C} \\n \\\\"},
		{"A='it\\'s'\n", "A=it's"},
		{"A=''\nB=\"\"\n", "A=;B="},
		/* Double quotes. */
		{"A=\"a\\nb\\tc\\rd\\\"e\\\\f\"\n", "A=a\nb\tc\rd\"e\\f"},
		{"A=\"\\$HOST $$HOST \\\\$HOST\"\n", "A=$HOST $HOST \\from-env"},
		{"A=\"\\q \\0101\\012\"\n", "A=\\q A\\012"},
		{"A=\"it's\"\nB='say \"x\"'\n", "A=it's;B=say \"x\""},
		{"A=\"\\\\\"\nB=2\n", "A=\\;B=2"},
		/* Several lines. */
		{"A=\"one\ntwo\n# three\"\nB=2\n", "A=one\ntwo\n# three;B=2"},
		{"A='one\n\ntwo' # end\nB=2\n", "A=one\n\ntwo;B=2"},
		/* Without quotes. */
		{"A=hello world\nB=a\"b\"\nC=\\n\n", "A=hello world;B=a\"b\";C=\\n"},
		/* Variables: the environment first, then what was read before. */
		{"A=1\nB=$A${A}\n", "A=1;B=11"},
		{"B=$A\nA=1\n", "B=;A=1"},
		{"HOST=file\nB=$HOST\n", "HOST=file;B=from-env"},
		{"A=${NO:-x}${NO-y}${HOST:+z}\n", "A=xyz"},
		{"A=\"${NO:-x y}\"\n", "A=x y"},
		{"A=$PRICE\n", "A=5$x"},
		{"A=pa$$word\n", "A=pa$word"},
		/* Named alone: taken from the environment, if it is there. */
		{"HOST\nNO\nexport HOST\n", "HOST=from-env"},
		{"HOST", "HOST=from-env"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct strmap values;
		char *found;

		strmap_init(&values);
		if (dotenv_parse(".env", cases[i].text, strlen(cases[i].text), &environment, &values, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.items[0].message);
		found = joined(&values);
		assert_string_equal(found, cases[i].values);
		free(found);
		strmap_finish(&values);
	}
}

static void test_without_a_source_nothing_is_filled_in(void **state)
{
	static const char text[] = "A=$HOST$$\nB=\"${HOST}\\$\\n\"\nHOST\n";
	struct strmap values;
	char *found;

	(void)state;
	strmap_init(&values);
	assert_int_equal(dotenv_parse(".env", text, strlen(text), NULL, &values, NULL), 0);
	found = joined(&values);
	assert_string_equal(found, "A=$HOST$$;B=${HOST}$\n;HOST");
	free(found);
	strmap_finish(&values);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		int line, column;
		const char *message;
	} cases[] = {
		{"A B=1\n", 1, 3, "a variable name cannot hold a space"},
		{"A=1\n  my key = 2\n", 2, 6, "a variable name cannot hold a space"},
		{"just some words\n", 1, 6, "a variable name cannot hold a space"},
		{"A$B=1\n", 1, 2, "'$' cannot stand in a variable name"},
		{"A/é=1\n", 1, 2, "'/' cannot stand in a variable name"},
		{"=1\n", 1, 1, "a variable name is missing"},
		{"export =1\n", 1, 8, "a variable name is missing"},
		{"A=1\nB='x\n\n", 2, 3, "the value of 'B' has no closing '"},
		{"B=\"x\\\"\n", 1, 3, "the value of 'B' has no closing \""},
		{"B='x\\'\n", 1, 3, "the value of 'B' has no closing '"},
		{"A='1'2\n", 1, 6, "text follows the closing ' of 'A'"},
		{"A=\"1\n2\" B=3\n", 2, 4, "text follows the closing \" of 'A'"},
		{"A=5${\n", 1, 4, "'${' has no closing '}'"},
		{"A=\"é${\"\n", 1, 5, "'${' has no closing '}'"},
		{"\n  A=${HOST\n", 2, 5, "'${' has no closing '}'"},
		{"A=${NO:?set it}\n", 1, 3, "required variable 'NO' is not set: set it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct strmap values;

		strmap_init(&values);
		if (dotenv_parse(".env", cases[i].text, strlen(cases[i].text), &environment, &values, &err) != -EINVAL)
			fail_msg("not refused: %s", cases[i].text);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_int_equal(err.count, 1);
		assert_string_equal(err.items[0].message, cases[i].message);
		assert_string_equal(err.items[0].file, ".env");
		if (err.items[0].line != cases[i].line || err.items[0].column != cases[i].column)
			fail_msg("%s: at %d:%d", cases[i].text, err.items[0].line, err.items[0].column);
		strmap_finish(&values);
		err_finish(&err);
	}
}

static void test_several_errors_at_once(void **state)
{
	static const char text[] = "GOOD=1\nA B=1\nC=${\n=x\nALSO_GOOD=2\n";
	struct err err = ERR_INIT;
	struct strmap values;

	(void)state;
	strmap_init(&values);
	assert_int_equal(dotenv_parse(".env", text, strlen(text), &environment, &values, &err), -EINVAL);
	assert_int_equal(err.count, 3);
	assert_int_equal(err.items[0].line, 2);
	assert_int_equal(err.items[1].line, 3);
	assert_int_equal(err.items[2].line, 4);
	strmap_finish(&values);
	err_finish(&err);
}

static void test_no_text(void **state)
{
	static const char text[] = "A=1\nB=\0\n";
	struct err err = ERR_INIT;
	struct strmap values;
	char *large = calloc(1, DOTENV_BYTES_MAX + 1);

	(void)state;
	strmap_init(&values);
	assert_int_equal(dotenv_parse(".env", text, sizeof(text) - 1, &environment, &values, &err), -EINVAL);
	assert_string_equal(err.items[0].message, "not a text file: holds a NUL byte");
	assert_int_equal(err.items[0].line, 2);
	assert_int_equal(err.items[0].column, 3);
	assert_int_equal(dotenv_parse(".env", large, DOTENV_BYTES_MAX + 1, &environment, &values, &err), -EINVAL);
	assert_string_equal(err.items[1].message, "larger than 1024 kB");
	free(large);
	strmap_finish(&values);
	err_finish(&err);
}

static void test_large_files_are_fast(void **state)
{
	struct strmap values;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int64_t begin = children_now_ms();

	(void)state;
	for (int i = 0; i < 40000; i++)
		fprintf(out, "KEY_%d=v%d\n", i, i);
	fputs("LAST=\"", out);
	for (int i = 0; i < 100000; i++)
		fputs("\n", out);
	fputs("\"\n", out);
	fclose(out);
	strmap_init(&values);
	assert_int_equal(dotenv_parse(".env", text, size, &environment, &values, NULL), 0);
	assert_int_equal(values.count, 40001);
	assert_int_equal(strlen(strmap_find(&values, "LAST")), 100000);
	assert_true(children_now_ms() - begin < 5000);
	free(text);
	strmap_finish(&values);
}

static void test_files(void **state)
{
	char *folder = children_make_folder();
	struct err err = ERR_INIT;
	struct strmap values;
	char path[200];
	FILE *out;

	(void)state;
	strmap_init(&values);
	snprintf(path, sizeof(path), "%s/.env", folder);
	/* Whether a missing file matters is not for this room to say. */
	assert_int_equal(dotenv_read(path, &environment, &values, &err), -ENOENT);
	assert_false(err_is_set(&err));
	assert_int_equal(dotenv_read(folder, &environment, &values, &err), -EINVAL);
	assert_string_equal(err.items[0].message, "cannot be read: it is a folder");
	out = fopen(path, "w");
	fputs("A=1\n", out);
	fclose(out);
	assert_int_equal(dotenv_read(path, &environment, &values, &err), 0);
	assert_string_equal(strmap_find(&values, "A"), "1");
	strmap_finish(&values);
	err_finish(&err);
	children_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),    cmocka_unit_test(test_without_a_source_nothing_is_filled_in),
		cmocka_unit_test(test_what_is_refused), cmocka_unit_test(test_several_errors_at_once),
		cmocka_unit_test(test_no_text),         cmocka_unit_test(test_large_files_are_fast),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
