/* SPDX-License-Identifier: MIT */
/* Answers merged into .env files: what changes, and above all what does not. */
#include "config/dotenv.h"
#include "config/dotenv_edit.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/paths.h"
#include "config/strmap.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *find_nothing(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

static const struct interpolate_source nothing = {find_nothing, NULL, NULL, NULL};

/* "KEY=value KEY=value" */
static void answers_make(struct strmap *answers, const char *pairs)
{
	char *copy = strdup(pairs), *rest = copy;

	strmap_init(answers);
	for (char *pair = strsep(&rest, " "); pair; pair = strsep(&rest, " "))
		assert_int_equal(strmap_set_pair(answers, pair), 0);
	free(copy);
}

static void test_merging(void **state)
{
	static const struct {
		const char *before, *answers, *after;
	} cases[] = {
		{"", "A=1", "A=1\n"},
		{"A=1\n", "A=2", "A=2\n"},
		{"# why\n\nB=x # keep\nA=1\n# end", "A=2", "# why\n\nB=x # keep\nA=2\n# end"},
		{"A=1", "A=2", "A=2"}, /* no line end at the end: none after */
		{"A=1", "B=2", "A=1\nB=2\n"},
		{"A=1\r\nB=2\r\n", "A=3 C=4", "A=3\r\nB=2\r\nC=4\r\n"},
		{"A=\r\nB=2\r\n", "A=3", "A=3\r\nB=2\r\n"},
		{"A=1\r\nB=2", "C=3", "A=1\r\nB=2\r\nC=3\r\n"},
		{"  export  A = 1   # one\n", "A=2", "  export  A = 2   # one\n"},
		{"A: 1\n", "A=2", "A: 2\n"},
		{"A=1\nA=2\nB=$A\n", "A=3", "A=1\nA=3\nB=$A\n"}, /* the one that counts */
		{"A=1\nA\n", "A=3", "A=3\nA\n"},
		{"A\nB=1\n", "A=3", "A=3\nB=1\n"},
		{"A=\n", "A=x", "A=x\n"},
		{"A=   \nB=1", "A=x", "A=x   \nB=1"},
		{"A= # the key\n", "A=x", "A=x # the key\n"},
		{"A=#x\n", "A=y", "A=y\n"}, /* that was the value */
		{"A='x'#why\n", "A=y", "A=y #why\n"},
		{"A=\"two\nlines\" # c\nB=1\n", "A=y", "A=y # c\nB=1\n"},
		{"B='it''s'\nA=1\n", "A=y", NULL}, /* no .env file at all */
		{"A='open\nB=1\n", "B=2", NULL},
		{"\xef\xbb\xbf"
		 "A=1\n",
		 "A=2",
		 "\xef\xbb\xbf"
		 "A=2\n"},
		{"AB=1\nA.B=2\n", "A=3", "AB=1\nA.B=2\nA=3\n"},
		{"Z=1\nA=1\n", "A=2 Z=3 N=4 M=5", "Z=3\nA=2\nN=4\nM=5\n"},
		{"A=${NOT_HERE:?needed}\nB=1\n", "B=2", "A=${NOT_HERE:?needed}\nB=2\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct strmap answers;
		char *merged = NULL;
		size_t size;
		int result;

		answers_make(&answers, cases[i].answers);
		result = dotenv_merge(".env", cases[i].before, strlen(cases[i].before), &answers, &merged, &size, &err);
		if ((result == 0) != (cases[i].after != NULL))
			fail_msg("%s: %d", cases[i].before, result);
		if (result == 0) {
			assert_string_equal(merged, cases[i].after);
			assert_int_equal(size, strlen(cases[i].after));
		} else {
			assert_int_equal(err.code, ERR_CONFIG);
		}
		free(merged);
		strmap_finish(&answers);
		err_finish(&err);
	}
}

static void test_quoting(void **state)
{
	static const struct {
		const char *value, *quoted;
	} cases[] = {
		{"", ""},
		{"sk-1_2.3/4:5@6%7+8,9", "sk-1_2.3/4:5@6%7+8,9"},
		{"two words", "'two words'"},
		{"#x", "'#x'"},
		{"$HOME", "'$HOME'"},
		{"say \"hi\"", "'say \"hi\"'"},
		{"a=b", "'a=b'"},
		{"it's", "\"it's\""},
		{"it's $5 \\ \"x\"", "\"it's \\$5 \\\\ \\\"x\\\"\""},
		{"C:\\dir\\", "C:\\dir\\"},
		{"D:\\my dir\\", "D:\\my dir\\"},
		{"a\\ ", "\"a\\\\ \""},
		{"a\nb\r", "\"a\\nb\\r\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *quoted = dotenv_quote(cases[i].value);

		assert_string_equal(quoted, cases[i].quoted);
		free(quoted);
	}
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Bytes that mean something more often than others, never NUL. */
static void random_value(uint32_t *seed, char *value, size_t max)
{
	static const char special[] = "'\"\\$#=: \n\r\t{}-ab0";
	size_t size = random_next(seed) % max;

	for (size_t i = 0; i < size; i++)
		value[i] = random_next(seed) % 4 ? special[random_next(seed) % (sizeof(special) - 1)]
						 : (char)(1 + random_next(seed) % 255);
	value[size] = '\0';
}

static void test_what_is_written_is_read(void **state)
{
	static const char *const texts[] = {
		"", "# c\nA=1\nB='x' # y\n", "A=\r\nexport B: \"q\"#z\r\nC", "A='m\nn'\nB=1\nA= # none\n", "B=$A\nA",
	};
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		const char *text = texts[round % 5];
		struct err err = ERR_INIT;
		struct strmap answers, raw, filled;
		char a[24], b[24], *merged = NULL;
		size_t size;

		random_value(&seed, a, sizeof(a));
		random_value(&seed, b, sizeof(b));
		strmap_init(&answers);
		strmap_init(&raw);
		strmap_init(&filled);
		strmap_set(&answers, "A", a);
		strmap_set(&answers, "D", b);
		if (dotenv_merge(".env", text, strlen(text), &answers, &merged, &size, &err) < 0)
			fail_msg("round %d: %s", round, err.items[0].message);
		assert_int_equal(dotenv_parse(".env", merged, size, NULL, &raw, &err), 0);
		assert_int_equal(dotenv_parse(".env", merged, size, &nothing, &filled, &err), 0);
		assert_string_equal(strmap_find(&filled, "A"), a);
		assert_string_equal(strmap_find(&filled, "D"), b);
		assert_string_equal(strmap_find(&raw, "D"), b);
		free(merged);
		strmap_finish(&answers);
		strmap_finish(&raw);
		strmap_finish(&filled);
		err_finish(&err);
	}
}

static void test_what_cannot_be_kept(void **state)
{
	static const char *const names[] = {"A-B=1", "1A=1", "A.B=1", "A"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err err = ERR_INIT;
		struct strmap answers;
		char *merged = NULL;
		size_t size;

		answers_make(&answers, names[i]);
		assert_true(dotenv_merge(".env", "", 0, &answers, &merged, &size, &err) < 0);
		assert_null(merged);
		assert_int_equal(err.code, ERR_CONFIG);
		strmap_finish(&answers);
		err_finish(&err);
	}
}

/* ---- On disk ---- */

static void assert_file(const struct world *world, const char *name, const char *text)
{
	char *bytes = world_read(world, name);
	struct stat status;

	assert_string_equal(bytes, text);
	assert_int_equal(stat(world_path(world, name), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	free(bytes);
}

static int edit(const struct world *world, const char *name, const char *pairs, struct err *err)
{
	struct strmap answers;
	int result;

	answers_make(&answers, pairs);
	result = dotenv_edit(world_path(world, name), &answers, err);
	strmap_finish(&answers);
	return result;
}

static void test_on_disk(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	struct stat before, after;

	assert_int_equal(dotenv_edit_check(world_path(world, ".env"), &err), 0);
	assert_false(world_has(world, ".env"));
	assert_int_equal(edit(world, ".env", "KEY=sk-1", &err), 0);
	assert_file(world, ".env", "KEY=sk-1\n");
	world_write(world, ".env", "# mine\nKEY=old\n");
	assert_int_equal(chmod(world_path(world, ".env"), 0644), 0);
	assert_int_equal(edit(world, ".env", "KEY=new", &err), 0);
	assert_file(world, ".env", "# mine\nKEY=new\n");
	/* Nothing new: the file is not touched. */
	stat(world_path(world, ".env"), &before);
	assert_int_equal(edit(world, ".env", "KEY=new", &err), 0);
	stat(world_path(world, ".env"), &after);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_false(err_is_set(&err));
	assert_true(dotenv_edit_check(world_path(world, "no/such/.env"), &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	err_finish(&err);
}

static void test_links(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	struct stat status;

	world_write(world, "shared/env", "KEY=old\n");
	assert_int_equal(symlink("shared/env", world_path(world, ".env")), 0);
	assert_int_equal(edit(world, ".env", "KEY=new", &err), 0);
	assert_file(world, "shared/env", "KEY=new\n");
	assert_int_equal(lstat(world_path(world, ".env"), &status), 0);
	assert_true(S_ISLNK(status.st_mode));

	assert_int_equal(symlink("nowhere", world_path(world, "loose")), 0);
	assert_true(edit(world, "loose", "KEY=s3cret", &err) < 0);
	assert_non_null(strstr(err.items[0].message, "a link to nothing"));
	assert_null(strstr(err.items[0].message, "s3cret"));
	err_finish(&err);
	err_init(&err);
	/* Root owns what lies there; who runs this as root may write to it. */
	assert_int_equal(symlink("/etc/passwd", world_path(world, "foreign")), 0);
	if (geteuid() != 0) {
		assert_true(edit(world, "foreign", "KEY=new", &err) < 0);
		assert_non_null(strstr(err.items[0].message, "it belongs to somebody else"));
	}
	err_finish(&err);
	err_init(&err);
	assert_int_equal(mkfifo(world_path(world, "pipe"), 0600), 0);
	assert_true(edit(world, "pipe", "KEY=new", &err) < 0);
	assert_non_null(strstr(err.items[0].message, "not a regular file"));
	err_finish(&err);
}

/* Four editors at once, each with its own variable again and again: none is lost. */
static void test_at_the_same_time(void **state)
{
	struct world *world = *state;
	pid_t pids[4];
	char *text;

	world_write(world, ".env", "# shared\n");
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int round = 0; round < 5; round++) {
				char pair[32];

				snprintf(pair, sizeof(pair), "K%d_%d=v", i, round);
				if (edit(world, ".env", pair, NULL) < 0)
					_exit(1);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	text = world_read(world, ".env");
	for (int i = 0; i < 20; i++) {
		char line[32];

		snprintf(line, sizeof(line), "\nK%d_%d=v\n", i / 5, i % 5);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_what_cannot_be_kept),
		cmocka_unit_test_setup_teardown(test_on_disk, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_links, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_at_the_same_time, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
