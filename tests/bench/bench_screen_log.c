/* SPDX-License-Identifier: MIT */
/*
 * What only the screen can show of a large log (bench_log_text.c has its floors): a service has written it, and `attach` is pressed keys on a
 * pseudo terminal of 120x40 until the text that they ask for has been read.
 *   bench_screen_log full     1 GB, 11.3 million lines, under TMPDIR; a missed number fails
 *   bench_screen_log quick    32 MB; only a measurement that breaks can fail
 */
#include "tests/lib/measure.h"
#include "tests/lib/pty_run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 40
#define COLUMNS 120
#define TURNS 9
#define KEYS 20
#define LINES_FULL 11299098
#define LINES_QUICK 340000
#define LAST "all is written"
#define WRITTEN_MS 120000

struct bench {
	struct world world;
	struct measure measure;
	struct pty_run screen;
	char log[WORLD_PATH_MAX * 2];
	struct series open, below, first, end, counting, searching, word, regex;
	long private_kb;
};

static bool is_written(const char *path)
{
	char tail[sizeof(LAST) + 1] = "";
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool written = fd >= 0 && fstat(fd, &status) == 0 && status.st_size > (off_t)sizeof(LAST) &&
		       pread(fd, tail, sizeof(LAST), status.st_size - (off_t)sizeof(LAST)) == (ssize_t)sizeof(LAST) &&
		       strcmp(tail, LAST "\n") == 0;

	if (fd >= 0)
		close(fd);
	return written;
}

static void begin_stack(struct bench *self)
{
	const int64_t since_ms = world_now_ms();
	char text[WORLD_PATH_MAX + 512];

	snprintf(text, sizeof(text),
		 "name: bench\nservices:\n"
		 "  brief: {command: [sh, -c, 'echo zigzagging; exec sleep 100000']}\n"
		 "  large: {command: [%s/tests/bench/flood, log, '%d'], x-upfront: {log: {max_size: 4g}}}\n",
		 self->world.bin_dir, self->measure.strict ? LINES_FULL : LINES_QUICK);
	stack_begin_ready(&self->world, text);
	snprintf(self->log, sizeof(self->log), "%s/bench/logs/large.log", self->world.state);
	while (!is_written(self->log))
		world_pause(since_ms, WRITTEN_MS, "a log that is written");
}

static void press(struct bench *self, const char *key, const char *text, struct series *took)
{
	pty_key(&self->screen, key);
	series_add(took, pty_until(&self->screen, text));
}

static void go(struct bench *self, const char *key, int quiet_ms)
{
	pty_key(&self->screen, key);
	pty_until_quiet(&self->screen, quiet_ms);
}

/* One hit in fifty lines: they are counted to the end, keys come first all the same. */
static void press_while_searching(struct bench *self)
{
	pty_key(&self->screen, "/status=5[0-9]+\r");
	for (int i = 0; i < KEYS / 2; i++) {
		pty_listen(&self->screen, 5);
		press(self, "?", "Keys", &self->searching);
		/* Not Esc: read in one with the next key it would be another. */
		pty_key(&self->screen, "q");
		pty_listen(&self->screen, 40);
	}
	pty_until_quiet(&self->screen, 1000);
}

/* A screen that has seen nothing of the log yet. */
static void turn(struct bench *self)
{
	static const char *const argv[] = {"upfront", "attach", NULL};

	pty_begin(&self->screen, &self->world, argv, ROWS, COLUMNS);
	pty_until(&self->screen, "zigzagging");
	pty_until_quiet(&self->screen, 100);
	press(self, "j", LAST, &self->open);
	/* Its lines are being counted. */
	for (int i = 0; i < KEYS; i++)
		press(self, i % 2 == 0 ? "k" : "j", i % 2 == 0 ? "zigzagging" : LAST, &self->counting);
	pty_until_quiet(&self->screen, 500);
	go(self, "\r", 200);
	press(self, "g", "here it begins", &self->first);
	pty_until_quiet(&self->screen, 100);
	press(self, "G", LAST, &self->end);
	go(self, "g", 100);
	press(self, "/needle\r", "needle-4711", &self->word);
	go(self, "\033", 100);
	go(self, "g", 100);
	press(self, "/needle-[0-9]+\r", "needle-4711", &self->regex);
	go(self, "\033", 100);
	go(self, "g", 100);
	press_while_searching(self);
	self->private_kb =
		pty_memory_kb(self->screen.pid, "Private_Clean:") + pty_memory_kb(self->screen.pid, "Private_Dirty:");
	pty_end(&self->screen);
}

/* The least that finding a word at the end can take. */
static double find_word(const struct bench *self)
{
	const double began_ms = measure_now_ms();
	struct stat status;
	int fd = open(self->log, O_RDONLY | O_CLOEXEC);
	char *bytes;

	assert_int_equal(fstat(fd, &status), 0);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(bytes != MAP_FAILED);
	assert_non_null(memmem(bytes, (size_t)status.st_size, "needle", 6));
	munmap(bytes, (size_t)status.st_size);
	close(fd);
	return measure_now_ms() - began_ms;
}

/* The same by the pager, where there is one: from exec to the text, then to the end. */
static void peer_turn(const struct bench *self, struct series *open, struct series *end)
{
	const char *const argv[] = {"less", self->log, NULL};
	struct pty_run less;

	pty_begin(&less, &self->world, argv, ROWS, COLUMNS);
	series_add(open, pty_until(&less, "here it begins"));
	pty_until_quiet(&less, 50);
	pty_key(&less, "G");
	series_add(end, pty_until(&less, LAST));
	pty_key(&less, "q");
	pty_end(&less);
}

static void row(struct bench *self, const char *what, struct series *took, double share, double limit_ms,
		struct series *peer)
{
	const double found_ms = series_quantile(took, share);
	char found[80], wanted[32], beside[32] = "";

	if (peer != NULL && peer->count > 0)
		snprintf(beside, sizeof(beside), "; less %.2f ms", series_median(peer));
	if (share > 0.5)
		snprintf(found, sizeof(found), "%.2f ms, p%.0f %.2f ms%s", series_median(took), 100 * share,
			 series_quantile(took, share), beside);
	else
		snprintf(found, sizeof(found), "%.2f ms%s", found_ms, beside);
	snprintf(wanted, sizeof(wanted), "<= %.1f ms", limit_ms);
	measure_row(&self->measure, found_ms <= limit_ms, true, what, found, wanted);
}

/* As a test case, so that a wait that goes wrong says what it saw. */
static void measure_all(void **state)
{
	struct series peer_open = {.count = 0}, peer_end = {.count = 0}, floor = {.count = 0};
	struct bench *self = *state;
	char found[64];

	world_begin(&self->world);
	begin_stack(self);
	for (int i = 0; i < self->measure.turns; i++) {
		turn(self);
		series_add(&floor, find_word(self));
		if (system("command -v less >/dev/null") == 0)
			peer_turn(self, &peer_open, &peer_end);
	}
	stack_end(&self->world, 2);
	measure_heading(self->measure.strict ? "a log of 1 GB on the screen" : "a log of 34 MB on the screen");
	row(self, "first seen: key to its last lines", &self->open, 0.5, 1, &peer_open);
	row(self, "while it is counted: key to text", &self->counting, 0.99, 10, NULL);
	row(self, "to its beginning", &self->first, 0.5, 0.5, NULL);
	row(self, "to its end", &self->end, 0.5, 0.5, &peer_end);
	measure_ratio(&self->measure, "a word at the end, beside memmem", &self->word, &floor, 2);
	measure_ratio(&self->measure, "a regex with a word in it", &self->regex, &floor, 2);
	row(self, "while it is searched: key to help", &self->searching, 0.99, 10, NULL);
	snprintf(found, sizeof(found), "%.1f MB", (double)self->private_kb * 1.024e-3);
	measure_row(&self->measure, self->private_kb > 0 && (double)self->private_kb * 1.024e-3 <= 8, true,
		    "memory of its own after that", found, "<= 8 MB");
	world_end(&self->world);
}

int main(int argc, char **argv)
{
	struct bench bench = {.measure = measure_begin(argc, argv, TURNS)};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &bench)};

	if (!bench.measure.strict)
		bench.measure.turns = 1;
	bench.measure.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&bench.measure);
}
