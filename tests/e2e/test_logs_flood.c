/* SPDX-License-Identifier: MIT */
/* Services that write more than anybody takes: nothing is lost that can be kept, nobody waits for a reader, and what is missing is said. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"

#define MANY 1000
#define FLOODERS 64
#define FLOOD_LINES 2000
#define LIMIT_MS 60000
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_KB_MAX (400 * 1024)
#else
#define GROWTH_KB_MAX (8 * 1024)
#endif

static void wait_for_file(const struct world *world, const char *name)
{
	int64_t since_ms = world_now_ms();

	while (!world_has(world, name))
		world_pause(since_ms, LIMIT_MS, name);
}

static char *read_log(const struct world *world, const char *name)
{
	const char *path = world_search(world, name);
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	char *bytes = NULL;
	size_t size = 0;

	if (file == NULL)
		return NULL;
	if (getdelim(&bytes, &size, '\0', file) < 0)
		fail_msg("%s is empty", name);
	fclose(file);
	return bytes;
}

/* ---- Nothing is lost ---- */

static void write_many(const struct world *world)
{
	char *text = malloc(MANY * 96 + 32);
	size_t at = (size_t)sprintf(text, "services:\n");

	for (int i = 0; i < MANY; i++)
		at += (size_t)sprintf(text + at, "  s%d: {command: sh -c 'echo line%d; printf part%d'}\n", i, i, i);
	world_write(world, "compose.yaml", text);
	free(text);
}

static void assert_shown(const struct run *run, int number, const char *word)
{
	char line[64], name[16];

	snprintf(name, sizeof(name), "s%d", number);
	snprintf(line, sizeof(line), "\n%-7s | %s%d\n", name, word, number);
	if (strstr(run->out.bytes, line) == NULL)
		fail_msg("%s%d is missing", word, number);
}

/* The first line and the last part of one, of all who die at once. */
static void test_last_words_of_a_thousand(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo; exec upfront up", NULL};
	struct world *world = *state;
	char path[WORLD_PATH_MAX * 2];
	struct run run;

	write_many(world);
	snprintf(path, sizeof(path), "%s:/usr/local/bin:/usr/bin:/bin", world->bin_dir);
	world_setenv(world, "PATH", path);
	run_command(&run, world, &(struct run_options){.argv = argv, .deadline_ms = 2 * LIMIT_MS});
	run_assert_code(&run, 0);
	for (int i = 0; i < MANY; i++) {
		assert_shown(&run, i, "line");
		assert_shown(&run, i, "part");
	}
	run_finish(&run);
}

/* Over all the files that are kept, oldest first: numbers without a hole up to the last one. */
static void test_rotation_keeps_order(void **state)
{
	static const char *const names[] = {"web.log.4", "web.log.3", "web.log.2", "web.log.1", "web.log"};
	struct world *world = *state;
	unsigned long expected = 0;
	struct run run;

	world_write(world, "compose.yaml",
		    "services: {web: {command: seq 300000, x-upfront: {log: {max_size: 64k, max_files: 5}}}}\n");
	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_wait(&run);
	run_finish(&run);
	world_wait_gone(world, "", LIMIT_MS);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *text = read_log(world, names[i]);

		assert_non_null(text);
		for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
			unsigned long number = strtoul(at, NULL, 10);

			if (expected > 0)
				assert_int_equal(number, expected);
			expected = number + 1;
		}
		free(text);
	}
	assert_int_equal(expected, 300001);
	assert_null(world_search(world, "web.log.5"));
}

/* ---- Many at once ---- */

static void assert_in_order(const char *text)
{
	unsigned next[FLOODERS] = {0};
	unsigned service, number;

	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "s%u | %u", &service, &number) != 2)
			fail_msg("no such line was written: %.40s", line);
		assert_true(service < FLOODERS);
		assert_int_equal(number, ++next[service]);
	}
	for (size_t i = 0; i < FLOODERS; i++)
		assert_int_equal(next[i], FLOOD_LINES);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void check_views_of_the_past(struct world *world)
{
	struct run run;

	run_upfront(&run, world, "logs", "--tail", "3", NULL);
	assert_int_equal(count_lines(run.out.bytes), 3 * FLOODERS);
	run_finish(&run);
	run_upfront(&run, world, "--json", "logs", "--tail", "1", "--since", "1h", NULL);
	assert_int_equal(count_lines(run.out.bytes), FLOODERS);
	assert_non_null(strstr(run.out.bytes, "\"service\":\"s7\",\"stream\":\"stdout\",\"time_ms\":"));
	assert_non_null(strstr(run.out.bytes, ",\"partial\":false,\"text\":\"2000\"}\n"));
	run_finish(&run);
	run_upfront(&run, world, "logs", "--timestamps", "--tail", "1", "s9", NULL);
	assert_int_equal(count_lines(run.out.bytes), 1);
	assert_non_null(strstr(run.out.bytes, "Z 2000\n"));
	run_finish(&run);
}

static void test_followers_of_many_flooders(void **state)
{
	static const char *const follow[] = {"upfront", "logs", "-f", NULL};
	struct world *world = *state;
	char text[FLOODERS * 128] = "services:\n";
	size_t at = strlen(text);
	struct run run, down;

	for (int i = 0; i < FLOODERS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "  s%d: {command: sh -c 'until test -e go; do sleep 0.1; done; seq %d; touch "
				       "done%d; exec sleep 1001'}\n",
				       i, FLOOD_LINES, i);
	world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_begin(&run, world, &(struct run_options){.argv = follow, .deadline_ms = LIMIT_MS});
	world_write(world, "go", "");
	for (int i = 0; i < FLOODERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "done%d", i);
		wait_for_file(world, name);
	}
	check_views_of_the_past(world);
	run_upfront(&down, world, "down", "-t", "0", NULL);
	run_assert_code(&down, 0);
	run_finish(&down);
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_in_order(run.out.bytes);
	run_finish(&run);
}

/* ---- Nobody waits ---- */

/* Our stdout is not read: the service writes on, and what is gone meanwhile is counted to the byte. */
static void test_unread_output_holds_up_nobody(void **state)
{
	static const char *const argv[] = {"upfront", "-q", "up", NULL};
	struct world *world = *state;
	unsigned long long shown = 0;
	struct run run;

	world_write(
		world, "compose.yaml",
		"services: {web: {command: sh -c 'yes 123456789 | head -c 20000000; touch finished; exec sleep 1001', "
		"x-upfront: {log: {max_size: 64k, max_files: 3}}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	wait_for_file(world, "finished");
	run_expect(&run, "were left out here: they came faster than they could be shown");
	/* With the reader gone on, stopping works as ever. */
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	for (const char *at = run.out.bytes; *at != '\0'; at = strchr(at, '\n') + 1) {
		assert_memory_equal(at, "web     | 123456789\n", 20);
		shown++;
	}
	assert_true(shown > 0 && shown < 2000000);
	run_finish(&run);
}

static void test_unread_output_does_not_keep_up_from_stopping(void **state)
{
	static const char *const argv[] = {"upfront", "-q", "up", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "services: {web: {command: sh -c 'touch begun; yes', stop_grace_period: 5s, "
		    "x-upfront: {log: {max_size: 64k, max_files: 3}}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	wait_for_file(world, "begun");
	run_signal(&run, SIGINT);
	world_wait_gone(world, "yes", LIMIT_MS);
	run_wait(&run);
	run_finish(&run);
}

/* ---- Memory ---- */

static long peak_kb(pid_t pid)
{
	char path[64], line[256];
	long peak = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmHWM: %ld", &peak) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return peak;
}

/* 100 MB without a line's end: neither the supervisor nor the terminal grows with it. */
static void test_memory_is_bounded(void **state)
{
	static const char *const argv[] = {"upfront", "up", NULL};
	struct world *world = *state;
	pid_t pids[8];
	long before[8];
	size_t count;
	struct run run;

	world_write(
		world, "compose.yaml",
		"services: {web: {command: sh -c 'until test -e go; do sleep 0.1; done; head -c 100000000 /dev/zero | "
		"tr \"\\\\0\" x; touch finished; echo; echo end; exec sleep 1001'}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv, .deadline_ms = LIMIT_MS});
	run_expect(&run, "web is running");
	count = world_processes(world, "upfront up", pids, 8);
	assert_in_range(count, 2, 8);
	for (size_t i = 0; i < count; i++)
		before[i] = peak_kb(pids[i]);
	world_write(world, "go", "");
	wait_for_file(world, "finished");
	for (size_t i = 0; i < count; i++)
		if (peak_kb(pids[i]) - before[i] > GROWTH_KB_MAX)
			fail_msg("process %d grew from %ld to %ld kB", (int)pids[i], before[i], peak_kb(pids[i]));
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_finish(&run);
}

/* ---- A full disk ---- */

static bool mount_small_disk(const struct world *world)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       (mkdir(world->state, 0700) == 0 || access(world->state, W_OK) == 0) &&
	       mount("none", world->state, "tmpfs", 0, "size=3m,mode=0700") == 0;
}

static void fill_disk(const struct world *world, char path[WORLD_PATH_MAX * 2])
{
	static const char block[65536] = "x";
	FILE *file;

	snprintf(path, WORLD_PATH_MAX * 2, "%s/ballast", world->state);
	file = fopen(path, "we");
	assert_non_null(file);
	for (int i = 0; i < 32; i++)
		fwrite(block, sizeof(block), 1, file);
	assert_int_equal(fclose(file), 0);
}

/* The service goes on, the loss is said once when it begins and once when it is over, and `ps` tells of it. */
static void test_full_disk(void **state)
{
	static const char *const argv[] = {"upfront", "up", NULL};
	struct world *world = *state;
	char ballast[WORLD_PATH_MAX * 2];
	struct run run, ps;

	if (!mount_small_disk(world))
		skip_because("it takes root to mount a small disk");
	fill_disk(world, ballast);
	world_write(world, "compose.yaml",
		    "services: {web: {command: sh -c 'while :; do seq 10000; sleep 0.05; done', "
		    "x-upfront: {log: {max_size: 100m}}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv, .deadline_ms = LIMIT_MS});
	run_expect(&run, "upfront: logs of web cannot be written, its output is lost meanwhile: disk full\n");
	run_upfront(&ps, world, "ps", NULL);
	run_assert_code(&ps, 0);
	assert_non_null(strstr(ps.out.bytes, "running"));
	assert_non_null(strstr(ps.out.bytes, "\nlogs of web: "));
	assert_non_null(strstr(ps.out.bytes, " could not be written: disk full\n"));
	run_finish(&ps);
	assert_int_equal(unlink(ballast), 0);
	run_expect(&run, "B could not be written: disk full\n");
	assert_non_null(strstr(run.err.bytes, "upfront: logs of web are written again, "));
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_int_equal(umount2(world->state, MNT_DETACH), 0);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_last_words_of_a_thousand),
		WORLD_TEST(test_rotation_keeps_order),
		WORLD_TEST(test_followers_of_many_flooders),
		WORLD_TEST(test_unread_output_holds_up_nobody),
		WORLD_TEST(test_unread_output_does_not_keep_up_from_stopping),
		WORLD_TEST(test_memory_is_bounded),
		WORLD_TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
