/* SPDX-License-Identifier: MIT */
/*
 * What the dashboard promises: the built program on a pseudo terminal of 120x40, as `attach` to a stack that runs. A key is timed from its
 * being written until the text that it asks for has been read; bytes are all that the terminal is sent.
 *   bench_screen full     a missed number fails; minutes
 *   bench_screen quick    only a measurement that breaks can fail
 * BENCH_ONLY=NAME measures one part alone.
 */
#include "tests/lib/ctl_ask.h"
#include "tests/lib/measure.h"
#include "tests/lib/pty_run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 40
#define COLUMNS 120
#define TURNS 15
#define MANY 100
#define LOUD 64
#define QUIET_MS 250
#define WORD_BYTES 8
#define FLOOD_LINES_S 20000

struct bench {
	struct world world;
	struct measure measure;
	struct pty_run screen;
	char *socket;
	pid_t supervisor;
};

/* ---- A stack and a screen on it ---- */

/* No two neighbours have a letter in the same place, so that the whole word must be sent when one takes the other's place. */
static const char *word_of(int unit, char word[WORD_BYTES + 1])
{
	for (int i = 0; i < WORD_BYTES; i++)
		word[i] = (char)('a' + (unit * 3 + i * 5) % 26);
	word[WORD_BYTES] = '\0';
	return word;
}

/* The first `loud` write as `flood pace` has it, the others a word each. */
static void begin_stack(struct bench *self, int count, int loud, int lines_per_s)
{
	char *text = NULL, *answer, *found, word[WORD_BYTES + 1];
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("name: bench\nservices:\n", file);
	for (int i = 0; i < count; i++) {
		fprintf(file, "  parcel%03d: {stop_grace_period: 1s, command: ", i);
		if (i < loud)
			fprintf(file, "[%s/tests/bench/flood, pace, '%d', %s]}\n", self->world.bin_dir, lines_per_s,
				word_of(i, word));
		else
			fprintf(file, "[sh, -c, 'echo %s; exec sleep 100000']}\n", word_of(i, word));
	}
	fclose(file);
	stack_begin_ready(&self->world, text);
	free(text);
	free(self->socket);
	self->socket = world_read(&self->world, "../state/upfront/bench/socket");
	assert_non_null(self->socket);
	self->socket[strcspn(self->socket, "\n")] = '\0';
	answer = ctl_ask(self->socket, "GET", "/v1/stack", "");
	found = answer != NULL ? strstr(answer, "\"supervisor_pid\":") : NULL;
	assert_non_null(found);
	self->supervisor = (pid_t)strtol(found + strlen("\"supervisor_pid\":"), NULL, 10);
	free(answer);
}

static void begin_screen(struct bench *self)
{
	static const char *const argv[] = {"upfront", "attach", NULL};

	pty_begin(&self->screen, &self->world, argv, ROWS, COLUMNS);
}

/* With the figures of all services on it, and at rest when the stack is. */
static void settle(struct bench *self)
{
	pty_listen(&self->screen, self->measure.strict ? 5000 : 1000);
}

static void end(struct bench *self)
{
	stack_end(&self->world, 2);
}

/* ---- First paint, memory, a resize ---- */

static void bench_paint(struct bench *self)
{
	static const char *const echo[] = {"echo", "parcel000", NULL};
	struct series floor = {.count = 0}, ours = {.count = 0}, resize = {.count = 0};
	char found[80];
	double more;
	long pss_kb;

	begin_stack(self, MANY, 0, 0);
	for (int i = 0; i < self->measure.turns; i++) {
		struct pty_run run;

		pty_begin(&run, &self->world, echo, ROWS, COLUMNS);
		series_add(&floor, pty_until(&run, "parcel000"));
		pty_end(&run);
		begin_screen(self);
		series_add(&ours, pty_until(&self->screen, "parcel000"));
		pty_until_quiet(&self->screen, 50);
		pty_end(&self->screen);
	}
	more = series_median(&ours) - series_median(&floor);
	snprintf(found, sizeof(found), "%.1f ms, echo %.1f ms: %.1f more", series_median(&ours), series_median(&floor),
		 more);
	measure_row(&self->measure, more <= 8, true, "exec to the first name, 100 services", found, "<= echo + 8 ms");
	begin_screen(self);
	pty_until(&self->screen, "parcel000");
	settle(self);
	pss_kb = pty_memory_kb(self->screen.pid, "Pss:");
	assert_true(pss_kb > 0);
	snprintf(found, sizeof(found), "%.1f MB", (double)pss_kb * 1.024e-3);
	measure_row(&self->measure, (double)pss_kb * 1.024e-3 <= 6, true, "... its memory (PSS)", found, "<= 6 MB");
	for (int i = 0; i < 2 * self->measure.turns; i++) {
		pty_resize(&self->screen, i % 2 == 0 ? 50 : ROWS, i % 2 == 0 ? 160 : COLUMNS);
		pty_until_quiet(&self->screen, 100);
		assert_true(self->screen.bytes > 0);
		series_add(&resize, self->screen.last_ms - self->screen.began_ms);
	}
	snprintf(found, sizeof(found), "%.1f ms, p95 %.1f ms", series_median(&resize), series_quantile(&resize, 0.95));
	measure_row(&self->measure, series_median(&resize) <= 16, true, "resize to a whole frame", found, "<= 16 ms");
	pty_end(&self->screen);
	end(self);
}

/* ---- At rest ---- */

static void bench_idle(struct bench *self)
{
	const int span_ms = self->measure.strict ? 10000 : 2000;
	double screen_ms, both_ms;
	size_t bytes;
	char found[80];

	begin_stack(self, MANY, 0, 0);
	begin_screen(self);
	pty_until(&self->screen, "parcel000");
	settle(self);
	screen_ms = pty_cpu_ms(self->screen.pid);
	both_ms = pty_cpu_ms(self->supervisor) + screen_ms;
	bytes = pty_listen(&self->screen, span_ms);
	screen_ms = pty_cpu_ms(self->screen.pid) - screen_ms;
	both_ms = pty_cpu_ms(self->supervisor) + pty_cpu_ms(self->screen.pid) - both_ms;
	assert_true(screen_ms >= 0);
	snprintf(found, sizeof(found), "%zu bytes in %d s", bytes, span_ms / 1000);
	measure_row(&self->measure, bytes == 0, true, "settled, 100 services", found, "0");
	snprintf(found, sizeof(found), "%.3f %% of a core", 100 * screen_ms / span_ms);
	measure_row(&self->measure, 100 * screen_ms / span_ms < 0.005, true, "... the screen", found, "0.00 %");
	snprintf(found, sizeof(found), "%.3f %% of a core", 100 * both_ms / span_ms);
	measure_row(&self->measure, 100 * both_ms / span_ms <= 0.3, true, "... with the supervisor, measuring", found,
		    "<= 0.3 %");
	pty_end(&self->screen);
	end(self);
}

/* ---- Keys ---- */

/* Down and up between the first two services, until the other one's text is there. */
static void press(struct bench *self, const char *above, const char *below, int turns, int pause_ms,
		  struct series *took)
{
	for (int i = 0; i < turns; i++) {
		if (pause_ms > 0)
			pty_until_quiet(&self->screen, pause_ms);
		else
			pty_listen(&self->screen, 20 + i * 7 % 40);
		pty_key(&self->screen, i % 2 == 0 ? "j" : "k");
		series_add(took, pty_until(&self->screen, i % 2 == 0 ? below : above));
	}
}

/* What a key and its answer take on this machine as it is now, with nothing between them. */
static void press_floor(struct bench *self, int turns, struct series *took)
{
	static const char *const cat[] = {"sh", "-c", "stty raw -echo; echo begins; exec cat", NULL};
	struct pty_run run;

	pty_begin(&run, &self->world, cat, ROWS, COLUMNS);
	pty_until(&run, "begins");
	for (int i = 0; i < turns; i++) {
		pty_listen(&run, 10 + i * 7 % 40);
		pty_key(&run, "j");
		series_add(took, pty_until(&run, "j"));
	}
	pty_end(&run);
}

static void row_of_keys(struct bench *self, const char *what, struct series *took, double median, double tail,
			double share)
{
	struct series floor = {.count = 0};
	char found[80], wanted[48];

	press_floor(self, took->count / 2, &floor);
	snprintf(found, sizeof(found), "%.2f ms, p%.0f %.2f; cat %.2f, %.2f", series_median(took), 100 * share,
		 series_quantile(took, share), series_median(&floor), series_quantile(&floor, share));
	if (median > 0)
		snprintf(wanted, sizeof(wanted), "<= %.1f / %.1f ms", median, tail);
	else
		snprintf(wanted, sizeof(wanted), "p%.0f <= %.0f ms", 100 * share, tail);
	measure_row(&self->measure,
		    (median <= 0 || series_median(took) <= median) && series_quantile(took, share) <= tail, true, what,
		    found, wanted);
}

static void bench_keys(struct bench *self)
{
	const int turns = self->measure.strict ? 200 : 10;
	struct series took = {.count = 0}, bytes = {.count = 0};
	char above[WORD_BYTES + 1], below[WORD_BYTES + 1], found[80];

	begin_stack(self, MANY, 0, 0);
	begin_screen(self);
	pty_until(&self->screen, word_of(0, above));
	word_of(1, below);
	settle(self);
	press(self, above, below, turns, 10, &took);
	row_of_keys(self, "key to the other service's text", &took, 0.7, 0.9, 0.95);
	/* Further down: rows of which the log has been seen, too, begin anew. */
	for (int i = 0; i < self->measure.turns; i++) {
		pty_key(&self->screen, "j");
		pty_until_quiet(&self->screen, QUIET_MS);
		series_add(&bytes, (double)self->screen.bytes);
	}
	snprintf(found, sizeof(found), "%.0f bytes, at most %.0f", series_median(&bytes), series_quantile(&bytes, 1));
	measure_row(&self->measure, series_median(&bytes) <= 116, true, "one row down", found, "<= 116 bytes");
	bytes.count = 0;
	for (int i = 0; i < 3; i++) {
		char target[64];

		snprintf(target, sizeof(target), "/v1/services/parcel%03d/stop", 2 + i);
		pty_listen(&self->screen, 100);
		pty_key(&self->screen, "");
		ctl_ask_post(self->socket, target, "", "202");
		pty_until_quiet(&self->screen, 500);
		assert_true(self->screen.bytes > 0);
		series_add(&bytes, (double)self->screen.bytes);
	}
	snprintf(found, sizeof(found), "%.0f bytes, at most %.0f", series_median(&bytes), series_quantile(&bytes, 1));
	measure_row(&self->measure, series_median(&bytes) <= 200, true, "a service is stopped", found, "<= 200 bytes");
	pty_end(&self->screen);
	end(self);
}

/* ---- A flood ---- */

/* Nobody reads the terminal: whoever else asks is answered, the log goes on, and afterwards the screen is there at once. */
static void bench_stuffed(struct bench *self)
{
	const int span_ms = self->measure.strict ? 3000 : 1000;
	double began_ms, longest_ms = 0, screen_ms = pty_cpu_ms(self->screen.pid), took_ms;
	char found[80];
	size_t bytes;

	for (began_ms = measure_now_ms(); measure_now_ms() - began_ms < span_ms;) {
		const double asked_ms = measure_now_ms();
		char *answer = ctl_ask(self->socket, "GET", "/v1/services", "");

		assert_non_null(answer);
		free(answer);
		if (measure_now_ms() - asked_ms > longest_ms)
			longest_ms = measure_now_ms() - asked_ms;
		usleep(50000);
	}
	screen_ms = pty_cpu_ms(self->screen.pid) - screen_ms;
	bytes = pty_listen(&self->screen, 2);
	pty_key(&self->screen, "?");
	took_ms = pty_until(&self->screen, "Acting");
	pty_key(&self->screen, "\033");
	pty_until_quiet(&self->screen, 60);
	snprintf(found, sizeof(found), "answers %.0f ms at most, CPU %.2f %%", longest_ms, 100 * screen_ms / span_ms);
	measure_row(&self->measure, longest_ms <= 50, true, "terminal not read for 3 s", found, "<= 50 ms");
	snprintf(found, sizeof(found), "%.1f ms, %zu bytes had waited", took_ms, bytes);
	measure_row(&self->measure, took_ms <= 600, true, "... read again, to a key's text", found, "<= 600 ms");
}

static void bench_flood(struct bench *self)
{
	const int turns = self->measure.strict ? 200 : 10, span_ms = self->measure.strict ? 5000 : 1000;
	struct series took = {.count = 0};
	double screen_ms, supervisor_ms;
	char above[WORD_BYTES + 1], below[WORD_BYTES + 1], found[80];
	size_t bytes;

	begin_stack(self, 2, 1, FLOOD_LINES_S);
	begin_screen(self);
	pty_until(&self->screen, word_of(0, above));
	settle(self);
	screen_ms = pty_cpu_ms(self->screen.pid);
	supervisor_ms = pty_cpu_ms(self->supervisor);
	bytes = pty_listen(&self->screen, span_ms);
	screen_ms = pty_cpu_ms(self->screen.pid) - screen_ms;
	supervisor_ms = pty_cpu_ms(self->supervisor) - supervisor_ms;
	snprintf(found, sizeof(found), "%.1f kB/s", (double)bytes / span_ms);
	measure_row(&self->measure, bytes / 25 <= (size_t)span_ms, true, "20,000 lines/s seen: to the terminal", found,
		    "<= 25 kB/s");
	snprintf(found, sizeof(found), "%.1f %% of a core", 100 * screen_ms / span_ms);
	measure_row(&self->measure, 100 * screen_ms / span_ms <= 5, true, "... the screen", found, "<= 5 %");
	snprintf(found, sizeof(found), "%.1f %% of a core", 100 * supervisor_ms / span_ms);
	measure_row(&self->measure, 100 * supervisor_ms / span_ms <= 15, true, "... the supervisor", found, "<= 15 %");
	press(self, above, word_of(1, below), turns, 0, &took);
	row_of_keys(self, "... key to the other service's text", &took, 0.6, 1.5, 0.95);
	bench_stuffed(self);
	pty_end(&self->screen);
	end(self);
}

static void bench_loud(struct bench *self)
{
	const int turns = self->measure.strict ? 300 : 6;
	char above[WORD_BYTES + 1], below[WORD_BYTES + 1];
	struct series took = {.count = 0};

	begin_stack(self, LOUD, LOUD, 0);
	begin_screen(self);
	pty_until(&self->screen, word_of(0, above));
	pty_listen(&self->screen, 1000);
	press(self, above, word_of(1, below), turns, 0, &took);
	row_of_keys(self, "64 services at full speed: key to text", &took, 0, 10, 0.99);
	pty_end(&self->screen);
	end(self);
}

/* As a test case, so that a wait that goes wrong says what it saw. */
static void measure_all(void **state)
{
	static const struct {
		const char *name;
		void (*run)(struct bench *self);
	} parts[] = {{"paint", bench_paint},
		     {"idle", bench_idle},
		     {"keys", bench_keys},
		     {"flood", bench_flood},
		     {"loud", bench_loud}};
	const char *only = getenv("BENCH_ONLY");
	struct bench *self = *state;

	world_begin(&self->world);
	measure_heading("the dashboard");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (only == NULL || strcmp(only, parts[i].name) == 0)
			parts[i].run(self);
	free(self->socket);
	world_end(&self->world);
}

int main(int argc, char **argv)
{
	struct bench bench = {.measure = measure_begin(argc, argv, TURNS)};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &bench)};

	bench.measure.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&bench.measure);
}
