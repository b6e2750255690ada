/* SPDX-License-Identifier: MIT */
/* What a command hands over: taken as a whole when it is what was agreed on, else nothing of it; and the file goes with the run. */
#include "launcher/command/run_metrics.h"
#include "telemetry/telemetry.h"
#include "tests/lib/children.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NAME40 "a234567890123456789012345678901234567890"

static char *folder;
static struct run_metrics metrics;

static int setup(void **state)
{
	(void)state;
	folder = children_make_folder();
	return run_metrics_make(&metrics, folder);
}

static int teardown(void **state)
{
	(void)state;
	run_metrics_finish(&metrics);
	/* Nothing is left in it. */
	if (rmdir(folder) < 0)
		return -1;
	free(folder);
	return 0;
}

static void hand_over(const char *text, size_t size_bytes)
{
	int fd = open(metrics.path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size_bytes), (ssize_t)size_bytes);
	close(fd);
}

/* Reads as a run does at its end, and begins anew. */
static void render(char *text, size_t size)
{
	size_t used;

	run_metrics_read(&metrics);
	used = (size_t)snprintf(text, size, "%lld", (long long)metrics.job_count);
	for (size_t i = 0; i < metrics.count; i++)
		used += (size_t)snprintf(text + used, size - used, " %s=%lld", metrics.counts[i].name,
					 (long long)metrics.counts[i].count);
	run_metrics_finish(&metrics);
	assert_int_equal(run_metrics_make(&metrics, folder), 0);
}

static void assert_taken(const char *given, const char *taken)
{
	char text[4096];

	hand_over(given, strlen(given));
	render(text, sizeof(text));
	if (strcmp(text, taken) != 0)
		fail_msg("%s\nis taken as '%s', and not '%s'", given, text, taken);
}

static void test_what_is_taken(void **state)
{
	static const struct {
		const char *given, *taken;
	} cases[] = {
		{"{\"job_count\": 12, \"object_counts\": {\"charts\": 3}}", "12 charts=3"},
		{" {\"object_counts\": {\"b\": 0, \"a_9\": 9007199254740991}}\n", "-1 b=0 a_9=9007199254740991"},
		{"{\"job_count\": 1e3}", "1000"},
		{"{\"job_count\": 2.0, \"object_counts\": {}}", "2"},
		{"{\"object_counts\": {\"" NAME40 "\": 1}}", "-1 " NAME40 "=1"},
		{"{}", "-1"},
		/* Ill: nothing of it. */
		{"", "-1"},
		{"{\"job_count\": 12", "-1"},
		{"{\"job_count\": 12} {}", "-1"},
		{"[12]", "-1"},
		{"12", "-1"},
		{"null", "-1"},
		{"{\"job_count\": -1}", "-1"},
		{"{\"job_count\": 1.5}", "-1"},
		{"{\"job_count\": 9007199254740992}", "-1"},
		{"{\"job_count\": 1e400}", "-1"},
		{"{\"job_count\": \"12\"}", "-1"},
		{"{\"job_count\": null}", "-1"},
		{"{\"job_count\": 1, \"job_count\": 2}", "-1"},
		{"{\"job_count\": 1, \"note\": \"zq7canary\"}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": [1]}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"Charts\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"9a\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"a-b\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"" NAME40 "x\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"a\": 3, \"a\": 3}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"a\": true}}", "-1"},
		{"{\"job_count\": 1, \"object_counts\": {\"a\": {}}}", "-1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_taken(cases[i].given, cases[i].taken);
}

static void test_as_many_counts_as_fit(void **state)
{
	(void)state;
	for (int count = 32; count <= 33; count++) {
		char given[2048] = "{\"object_counts\": {\"c0\": 1", taken[4096];
		size_t used = strlen(given);

		for (int i = 1; i < count; i++)
			used += (size_t)snprintf(given + used, sizeof(given) - used, ", \"c%d\": 1", i);
		snprintf(given + used, sizeof(given) - used, "}}");
		hand_over(given, strlen(given));
		render(taken, sizeof(taken));
		assert_int_equal(strstr(taken, "c31=1") != NULL, count == 32);
		assert_int_equal(strcmp(taken, "-1") == 0, count == 33);
	}
}

static void test_as_many_bytes_as_fit(void **state)
{
	char *given = malloc(RUN_METRICS_BYTES_MAX + 1), taken[64];

	(void)state;
	memset(given, ' ', RUN_METRICS_BYTES_MAX + 1);
	memcpy(given, "{\"job_count\": 7}", 16);
	hand_over(given, RUN_METRICS_BYTES_MAX);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "7");
	hand_over(given, RUN_METRICS_BYTES_MAX + 1);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "-1");
	/* A text that ends before its bytes do. */
	given[16] = '\0';
	hand_over(given, 100);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "-1");
	free(given);
}

/* What lies there instead of the file. */
static void test_only_the_file_itself(void **state)
{
	char other[256], taken[64];

	(void)state;
	unlink(metrics.path);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "-1");

	snprintf(other, sizeof(other), "%s/other.json", metrics.folder);
	hand_over("{\"job_count\": 7}", 16);
	assert_int_equal(rename(metrics.path, other), 0);
	assert_int_equal(symlink(other, metrics.path), 0);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "-1");

	unlink(metrics.path);
	assert_int_equal(mkfifo(metrics.path, 0600), 0);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "-1");

	/* One that is written beside it and renamed is how files are written. */
	snprintf(other, sizeof(other), "%s/other.json", metrics.folder);
	hand_over("{\"job_count\": 7}", 16);
	assert_int_equal(rename(metrics.path, other), 0);
	assert_int_equal(rename(other, metrics.path), 0);
	render(taken, sizeof(taken));
	assert_string_equal(taken, "7");
}

static void test_it_is_private(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(metrics.folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(stat(metrics.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 0);
}

static void test_where_none_can_be_made(void **state)
{
	struct run_metrics none;

	(void)state;
	assert_true(run_metrics_make(&none, "/nonexistent") < 0);
	run_metrics_read(&none);
	assert_int_equal(none.job_count, -1);
	run_metrics_finish(&none);
}

/* A folder that nobody holds is of a run that was killed; that of a run under way stays. */
static void test_what_a_killed_run_left_is_swept(void **state)
{
	struct run_metrics other;
	char *left, file[256];

	(void)state;
	assert_true(asprintf(&left, "%s/metrics-killed", folder) > 0);
	assert_int_equal(mkdir(left, 0700), 0);
	snprintf(file, sizeof(file), "%s/metrics.json", left);
	close(open(file, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(run_metrics_make(&other, folder), 0);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(metrics.path, F_OK), 0);
	run_metrics_finish(&other);
	free(left);
}

int main(void)
{
#define METRICS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		METRICS_TEST(test_what_is_taken),
		METRICS_TEST(test_as_many_counts_as_fit),
		METRICS_TEST(test_as_many_bytes_as_fit),
		METRICS_TEST(test_only_the_file_itself),
		METRICS_TEST(test_it_is_private),
		METRICS_TEST(test_where_none_can_be_made),
		METRICS_TEST(test_what_a_killed_run_left_is_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
