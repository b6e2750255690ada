/* SPDX-License-Identifier: MIT */
/* Variables in text, as Compose fills them in. */
#include "config/interpolate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct err_place here = {"f.yaml", 3, 10};

struct world {
	char warned[200]; /* "NAME@COLUMN " for each unset variable without a default */
};

static const char *world_find(void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "SET") == 0)
		return "value";
	if (strcmp(name, "EMPTY") == 0)
		return "";
	if (strcmp(name, "DOLLAR") == 0)
		return "$SET ${SET";
	if (strcmp(name, "_x9") == 0)
		return "under";
	return NULL;
}

static void world_unset(void *context, const char *name, struct err_place place)
{
	struct world *world = context;
	size_t used = strlen(world->warned);

	snprintf(world->warned + used, sizeof(world->warned) - used, "%s@%d ", name, place.column);
}

static void test_what_comes_out(void **state)
{
	static const struct {
		const char *text, *result, *warned;
	} cases[] = {
		{"", "", ""},
		{"no variables", "no variables", ""},
		{"$SET", "value", ""},
		{"${SET}", "value", ""},
		{"a-$SET-b", "a-value-b", ""},
		{"$SET$SET", "valuevalue", ""},
		{"${SET}_x", "value_x", ""},
		{"$SETx", "", "SETx@10 "},
		{"$_x9", "under", ""},
		{"$_x9.z", "under.z", ""},
		/* Dollar signs. */
		{"$$", "$", ""},
		{"$$SET", "$SET", ""},
		{"$$$SET", "$value", ""},
		{"$$$$", "$$", ""},
		{"^v[0-9]+$$", "^v[0-9]+$", ""},
		{"a$${SET}", "a${SET}", ""},
		/* What a value holds is not read again. */
		{"$DOLLAR", "$SET ${SET", ""},
		/* Unset without a default: empty, and a warning with the place of the `$`. */
		{"$NO", "", "NO@10 "},
		{"ä ${NO}${NO2}", "ä ", "NO@12 NO2@17 "},
		/* Defaults, with and without ':'. */
		{"${NO:-d}", "d", ""},
		{"${NO-d}", "d", ""},
		{"${EMPTY:-d}", "d", ""},
		{"${EMPTY-d}", "", ""},
		{"${SET:-d}", "value", ""},
		{"${SET-d}", "value", ""},
		{"${NO:-}", "", ""},
		{"${NO-}", "", ""},
		{"${NO:--}", "-", ""},
		{"${NO:-a:-b}", "a:-b", ""},
		{"${NO:-http://x:80/?a=b}", "http://x:80/?a=b", ""},
		{"${NO:-a b}", "a b", ""},
		/* Nested, to any side. */
		{"${NO:-${NO2:-x}}", "x", ""},
		{"${NO:-${SET}}", "value", ""},
		{"${NO:-$SET}", "value", ""},
		{"${NO:-a${SET}b${NO2-c}d}e", "avaluebcde", ""},
		{"${NO:-${NO2}}", "", "NO2@16 "},
		{"${NO:-$$}", "$", ""},
		{"${NO:-$$SET}", "$SET", ""},
		/* Braces of its own in a default: JSON, say. */
		{"${NO:-{\"a\": {}}}", "{\"a\": {}}", ""},
		{"${SET:-{\"a\": 1}}", "value", ""},
		{"${NO:-{}", "{", ""},
		{"${NO:-}}", "}", ""},
		/* A default that is not needed is not looked into. */
		{"${SET:-${NO:?needed}}", "value", ""},
		{"${SET:-$NO}", "value", ""},
		/* Alternatives. */
		{"${SET:+a}", "a", ""},
		{"${SET+a}", "a", ""},
		{"${EMPTY:+a}", "", ""},
		{"${EMPTY+a}", "a", ""},
		{"${NO:+a}", "", ""},
		{"${NO+a}", "", ""},
		{"${SET:+${NO:-b}}", "b", ""},
		/* Required and there. */
		{"${SET:?m}", "value", ""},
		{"${SET?m}", "value", ""},
		{"${EMPTY?m}", "", ""},
		{"several\nlines $SET\n", "several\nlines value\n", ""},
		/* A dollar sign that begins nothing is one. */
		{"$", "$", ""},
		{"5 $ a", "5 $ a", ""},
		{"é$é", "é$é", ""},
		{"$1", "$1", ""},
		{"$SET$-", "value$-", ""},
		{"^a$|$(pwd)", "^a$|$(pwd)", ""},
		{"$$$", "$$", ""},
		{"${NO:-x$}", "x$", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world = {""};
		const struct interpolate_source source = {world_find, world_unset, &world, NULL};
		struct err err = ERR_INIT;
		char *result = NULL;

		assert_int_equal(interpolate_text(cases[i].text, here, &source, &result, &err), 0);
		assert_string_equal(result, cases[i].result);
		assert_string_equal(world.warned, cases[i].warned);
		assert_false(err_is_set(&err));
		free(result);
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		int column;
		const char *message;
	} cases[] = {
		{"${}", 10, "a variable name must follow '${'"},
		{"${1}", 10, "a variable name must follow '${', found '1'"},
		{"${ SET}", 10, "a variable name must follow '${', found ' '"},
		{"${SET", 10, "'${' has no closing '}'"},
		{"x${NO:-${SET}", 11, "'${' has no closing '}'"},
		{"${SET }", 10, "'-', '?' or '+' must follow the variable name, with or without ':', found ' '"},
		{"${SET:}", 10, "'-', '?' or '+' must follow the variable name, with or without ':', found ':'"},
		{"${SET:=d}", 10, "'-', '?' or '+' must follow the variable name, with or without ':', found ':=d'"},
		{"${SET.x}", 10, "'-', '?' or '+' must follow the variable name, with or without ':', found '.x'"},
		{"${NO:-${}}", 16, "a variable name must follow '${'"},
		{"${NO:?}", 10, "required variable 'NO' is not set"},
		{"${NO?}", 10, "required variable 'NO' is not set"},
		{"${NO:?say where}", 10, "required variable 'NO' is not set: say where"},
		{"${EMPTY:?say where}", 10, "required variable 'EMPTY' is empty: say where"},
		{"${NO:?like $SET}", 10, "required variable 'NO' is not set: like value"},
		{"${NO:-${NO2:?deep}}", 16, "required variable 'NO2' is not set: deep"},
		{"two\nlines ${", 10, "'${' has no closing '}'"},
	};
	const struct interpolate_source source = {world_find, NULL, NULL, NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		char *result = NULL;

		assert_int_equal(interpolate_text(cases[i].text, here, &source, &result, &err), -EINVAL);
		assert_null(result);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_int_equal(err.count, 1);
		assert_string_equal(err.items[0].message, cases[i].message);
		assert_string_equal(err.items[0].file, "f.yaml");
		assert_int_equal(err.items[0].line, 3);
		assert_int_equal(err.items[0].column, cases[i].column);
		assert_non_null(err.items[0].hint);
		err_finish(&err);
	}
}

/* "${A:-" times `depth`, closed again. */
static char *nested(size_t depth)
{
	char *text = malloc(depth * 6 + 1);
	char *at = text;

	for (size_t i = 0; i < depth; i++)
		at = stpcpy(at, "${A:-");
	memset(at, '}', depth);
	at[depth] = '\0';
	return text;
}

static void test_depth_has_an_end(void **state)
{
	static const size_t depths[] = {64, 65, 5000};
	const struct interpolate_source source = {world_find, NULL, NULL, NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		struct err err = ERR_INIT;
		char *text = nested(depths[i]);
		char *result = NULL;

		assert_int_equal(interpolate_text(text, here, &source, &result, &err), depths[i] > 64 ? -EINVAL : 0);
		assert_int_equal(err_is_set(&err), depths[i] > 64);
		free(result);
		free(text);
		err_finish(&err);
	}
}

static void test_size_has_an_end(void **state)
{
	const struct interpolate_source source = {world_find, NULL, NULL, NULL};
	size_t count = INTERPOLATE_BYTES_MAX / 5; /* of "value" */
	char *text = malloc((count + 1) * 4 + 1);
	struct err err = ERR_INIT;
	char *result = NULL;

	(void)state;
	text[0] = '\0';
	for (size_t i = 0; i <= count; i++)
		memcpy(text + i * 4, "$SET", 5);
	assert_int_equal(interpolate_text(text, here, &source, &result, &err), -EINVAL);
	assert_non_null(strstr(err.items[0].message, "1024 kB"));
	text[count * 4] = '\0';
	assert_int_equal(interpolate_text(text, here, &source, &result, NULL), 0);
	assert_int_equal(strlen(result), count * 5);
	free(result);
	free(text);
	err_finish(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_comes_out),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_depth_has_an_end),
		cmocka_unit_test(test_size_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
