/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/upfront-log-end-XXXXXX";
static char seen[4 * LOG_END_BYTES];

static void take(void *context, const char *bytes, size_t size_bytes)
{
	(void)context;
	strncat(seen, bytes, size_bytes);
	strcat(seen, "|");
}

static const char *end_of(const char *text, size_t size, size_t lines)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/api.log", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	seen[0] = '\0';
	log_end_each(dir, "api", lines, take, NULL);
	assert_int_equal(unlink(path), 0);
	return seen;
}

static void the_last_lines_come_oldest_first(void **state)
{
	static const char text[] = "one\ntwo\n\nfour\n";

	(void)state;
	assert_string_equal(end_of(text, strlen(text), 2), "|four|");
	assert_string_equal(end_of(text, strlen(text), 9), "one|two||four|");
	assert_string_equal(end_of("no end", 6, 3), "no end|");
	assert_string_equal(end_of("", 0, 3), "");
	assert_string_equal(end_of("\n", 1, 3), "|");
}

static void what_began_too_far_back_is_left_out(void **state)
{
	static char text[3 * LOG_END_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 10, "\nlast one\n", 10);
	assert_string_equal(end_of(text, sizeof(text), 5), "last one|");
	memset(text, 'x', sizeof(text));
	assert_int_equal(strlen(end_of(text, sizeof(text), 5)), LOG_END_BYTES + 1);
}

static void no_file_and_no_plain_file_say_nothing(void **state)
{
	char path[256];

	(void)state;
	seen[0] = '\0';
	log_end_each(dir, "nobody", 3, take, NULL);
	snprintf(path, sizeof(path), "%s/pipe.log", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	log_end_each(dir, "pipe", 3, take, NULL);
	unlink(path);
	snprintf(path, sizeof(path), "%s/link.log", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	log_end_each(dir, "link", 3, take, NULL);
	unlink(path);
	assert_string_equal(seen, "");
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_lines_come_oldest_first),
		cmocka_unit_test(what_began_too_far_back_is_left_out),
		cmocka_unit_test(no_file_and_no_plain_file_say_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
