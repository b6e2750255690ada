/* SPDX-License-Identifier: MIT */
/*
 * What container stacks cost on top of the engine: `upfront up -d --wait` beside docker-compose followed by waiting for the same health, in turns, on an
 * engine of its own; `ps`; an idle stack that is watched.
 *   bench_containers full     a missed number fails; minutes
 *   bench_containers quick    only a measurement that breaks can fail
 */
#include "tests/lib/engine_run.h"
#include "tests/lib/measure.h"
#include "tests/lib/pty_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 5
#define FEW 6
#define MANY 50
#define PS_TURNS 20

struct bench {
	struct world world;
	struct engine_run engine;
	struct measure measure;
};

static void write_stack(struct bench *self, const char *name, int count, const char *more)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("version: '3.8'\nservices:\n", file);
	for (int i = 0; i < count; i++)
		fprintf(file, "  s%d: {image: 'bench:1', init: true, command: sleep 100000%s}\n", i, more);
	fclose(file);
	world_write(&self->world, name, text);
	free(text);
}

static double command_ms(struct bench *self, const char *const *argv)
{
	const struct run_options options = {.argv = argv, .deadline_ms = 120000};
	struct run run;
	double took_ms;

	run_command(&run, &self->world, &options);
	run_assert_code(&run, 0);
	took_ms = (double)run.took_ms;
	run_finish(&run);
	return took_ms;
}

static void bench_up(struct bench *self)
{
	/* Asked again as fast as the engine's own client can. */
	static const char *const floor_up[] = {
		"sh", "-c",
		"docker-compose -p floor -f compose.yaml up -d 2>/dev/null; until [ \"$(docker ps -q --filter "
		"health=healthy "
		"--filter label=com.docker.compose.project=floor | wc -l)\" -eq 6 ]; do :; done",
		NULL};
	static const char *const floor_down[] = {"sh", "-c",
						 "docker-compose -p floor -f compose.yaml down -t 1 2>/dev/null", NULL};
	static const char *const up[] = {"upfront", "-q", "-p", "bench", "up", "-d", "--wait", NULL};
	static const char *const down[] = {"upfront", "-q", "-p", "bench", "down", "-t", "1", NULL};
	struct series floor = {.count = 0}, ours = {.count = 0};
	char found[96];
	double more;

	write_stack(self, "compose.yaml", FEW, ", healthcheck: {test: [CMD, 'true'], interval: 200ms}");
	/* What is kept of the Compose program's version is there from the first time on. */
	command_ms(self, up);
	command_ms(self, down);
	for (int i = 0; i < self->measure.turns; i++) {
		series_add(&floor, command_ms(self, floor_up));
		command_ms(self, floor_down);
		series_add(&ours, command_ms(self, up));
		command_ms(self, down);
	}
	more = series_median(&ours) - series_median(&floor);
	snprintf(found, sizeof found, "%.0f ms, docker-compose %.0f ms: %+.0f", series_median(&ours),
		 series_median(&floor), more);
	measure_row(&self->measure, more <= 150, true, "up -d --wait, 6 containers", found,
		    "<= docker-compose + 150 ms");
}

static pid_t supervisor_of(struct bench *self)
{
	const char *const argv[] = {
		"sh", "-c", "curl -s --unix-socket \"$(cat ../state/upfront/bench/socket)\" http://u/v1/stack", NULL};
	const struct run_options options = {.argv = argv};
	struct run run;
	char *found;
	pid_t pid;

	run_command(&run, &self->world, &options);
	found = strstr(run.out.bytes, "\"supervisor_pid\":");
	assert_non_null(found);
	pid = (pid_t)strtol(found + strlen("\"supervisor_pid\":"), NULL, 10);
	run_finish(&run);
	return pid;
}

static void bench_many(struct bench *self)
{
	static const char *const up[] = {"upfront", "-q", "-p", "bench", "up", "-d", "--wait", NULL};
	static const char *const ps[] = {"upfront", "-p", "bench", "ps", NULL};
	static const char *const down[] = {"upfront", "-q", "-p", "bench", "down", "-t", "1", NULL};
	const int count = self->measure.strict ? MANY : FEW, span_s = self->measure.strict ? 20 : 2;
	struct series took = {.count = 0};
	double cpu_ms;
	char found[96];
	pid_t pid;

	write_stack(self, "compose.yaml", count, "");
	command_ms(self, up);
	for (int i = 0; i < PS_TURNS; i++)
		series_add(&took, command_ms(self, ps));
	snprintf(found, sizeof found, "%.0f ms, 95 %%: %.0f ms", series_median(&took), series_quantile(&took, 0.95));
	measure_row(&self->measure, series_median(&took) <= 50, true, "ps, 50 containers", found, "<= 50 ms");
	pid = supervisor_of(self);
	sleep(2);
	/* With those of its children that it has waited for: a process an interval would show there. */
	cpu_ms = pty_cpu_ms(pid);
	sleep((unsigned)span_s);
	cpu_ms = pty_cpu_ms(pid) - cpu_ms;
	snprintf(found, sizeof found, "%.3f %% of a core", cpu_ms / span_s / 10);
	measure_row(&self->measure, cpu_ms / span_s / 10 <= 0.2, true, "... watched while idle", found, "<= 0.2 %");
	command_ms(self, down);
}

/* As a test case, so that a wait that goes wrong says what it saw. */
static void measure_all(void **state)
{
	struct bench *self = *state;

	engine_run_begin(&self->engine);
	engine_run_image(&self->engine, "bench:1", NULL);
	world_begin(&self->world);
	engine_run_lend(&self->engine, &self->world);
	measure_heading("containers");
	/* Starting by a Compose program takes seconds each time. */
	if (self->measure.strict)
		bench_up(self);
	bench_many(self);
	world_end(&self->world);
	engine_run_end(&self->engine);
}

int main(int argc, char **argv)
{
	struct bench bench = {.measure = measure_begin(argc, argv, TURNS)};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &bench)};

	bench.measure.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&bench.measure);
}
