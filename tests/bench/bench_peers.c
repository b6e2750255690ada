/* SPDX-License-Identifier: MIT */
/*
 * The same services under upfront and under whichever other supervisors are found in PATH, beside the floor: start, stop, first restart,
 * memory. Nobody passes or fails here.
 *   bench_peers full     7 turns
 *   bench_peers quick    3 turns
 */
#include "tests/lib/measure.h"
#include "tests/lib/race.h"
#include "tests/lib/world.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 7
#define SIZES 3
#define SETTLE_MS 1200

struct peer {
	const char *name;
	const char *program; /* looked for in PATH; NULL: built here */
	void (*prepare)(const struct race *race, size_t count);
	const char *const *argv;
	bool restarts; /* starts again what was killed */
};

/* ---- One folder's worth of configuration each ---- */

/* Writes `name` from a head and, for each service, a format that takes its number, the program and the FIFO. */
static void write_each(const struct race *race, const char *name, const char *head, const char *format, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs(head, file);
	for (size_t i = 0; i < count; i++) {
		char line[RACE_PATH_MAX * 3];
		const char *from = format;
		size_t at = 0;

		/* %n the number, %c the command. */
		for (; *from != '\0' && at < sizeof(line) - 1; from++) {
			if (from[0] == '%' && from[1] == 'n')
				at += (size_t)snprintf(line + at, sizeof(line) - at, "%zu", i);
			else if (from[0] == '%' && from[1] == 'c')
				at += (size_t)snprintf(line + at, sizeof(line) - at, "%s %s", race->reporter,
						       race->fifo);
			else {
				line[at++] = *from;
				continue;
			}
			from++;
		}
		fwrite(line, 1, at, file);
	}
	fclose(file);
	world_write(race->world, name, text);
	free(text);
}

static void prepare_upfront(const struct race *race, size_t count)
{
	write_each(race, "compose.yaml", "name: bench\nservices:\n", "  s%n: {command: %c, restart: always}\n", count);
}

static void prepare_process_compose(const struct race *race, size_t count)
{
	write_each(race, "process-compose.yaml", "version: '0.5'\nlog_level: error\nprocesses:\n",
		   "  s%n:\n    command: exec %c\n    availability: {restart: always}\n", count);
}

static void prepare_procfile(const struct race *race, size_t count)
{
	write_each(race, "Procfile", "", "s%n: exec %c\n", count);
}

static void prepare_supervisord(const struct race *race, size_t count)
{
	write_each(race, "supervisord.conf",
		   "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=supervisord.pid\n",
		   "[program:s%n]\ncommand=%c\nstartsecs=0\nautorestart=true\nstdout_logfile=s%n.log\nredirect_stderr="
		   "true\n",
		   count);
}

static void prepare_pm2(const struct race *race, size_t count)
{
	char format[RACE_PATH_MAX * 3];

	snprintf(format, sizeof(format),
		 "module.exports.apps.push({name: 's%%n', script: '%s', args: '%s', interpreter: 'none'});\n",
		 race->reporter, race->fifo);
	write_each(race, "pm2.config.js", "module.exports = {apps: []};\n", format, count);
}

/* A folder of run scripts, each size larger than the last; runsvdir waits where the folder is younger than a second, so it is made to look old. */
static void prepare_run_scripts(const struct race *race, size_t count)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	for (size_t i = 0; i < count; i++) {
		char name[64], text[RACE_PATH_MAX * 3];

		snprintf(name, sizeof(name), "scan/s%zu/run", i);
		snprintf(text, sizeof(text), "#!/bin/sh\nexec %s %s\n", race->reporter, race->fifo);
		world_write(race->world, name, text);
	}
	assert_int_equal(utimensat(AT_FDCWD, world_path(race->world, "scan"), old, 0), 0);
}

static const char *const upfront_argv[] = {"upfront", "--no-input", "up", NULL};
static const char *const process_compose_argv[] = {"process-compose", "up", "-t=false", "-p", "0", NULL};
static const char *const overmind_argv[] = {"overmind", "start", NULL};
static const char *const foreman_argv[] = {"foreman", "start", NULL};
static const char *const honcho_argv[] = {"honcho", "start", NULL};
static const char *const supervisord_argv[] = {"supervisord", "-c", "supervisord.conf", NULL};
static const char *const pm2_argv[] = {"pm2-runtime", "start", "pm2.config.js", NULL};
/* runsvdir leaves its services on TERM and ends them on HUP, so a shell stands between; s6 does as it is asked to. */
static const char *const runit_argv[] = {"sh", "-c", "runsvdir scan & trap 'kill -HUP $!; wait $!' TERM; wait $!; wait",
					 NULL};
static const char *const s6_argv[] = {"s6-svscan", "scan", NULL};

static const struct peer peers[] = {
	{"upfront", NULL, prepare_upfront, upfront_argv, true},
	{"process-compose", "process-compose", prepare_process_compose, process_compose_argv, true},
	{"overmind", "overmind", prepare_procfile, overmind_argv, false},
	{"supervisord", "supervisord", prepare_supervisord, supervisord_argv, true},
	{"foreman", "foreman", prepare_procfile, foreman_argv, false},
	{"honcho", "honcho", prepare_procfile, honcho_argv, false},
	{"pm2", "pm2-runtime", prepare_pm2, pm2_argv, true},
	{"runit", "runsvdir", prepare_run_scripts, runit_argv, true},
	{"s6", "s6-svscan", prepare_run_scripts, s6_argv, true},
};

static bool is_in_path(const char *program)
{
	char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin"), *rest = path;
	bool found = false;

	for (char *folder; !found && (folder = strsep(&rest, ":")) != NULL;) {
		char file[RACE_PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", folder, program);
		found = access(file, X_OK) == 0;
	}
	free(path);
	return found;
}

/* ---- One contestant ---- */

static const size_t sizes[SIZES] = {1, 10, 100};

struct result {
	struct series start[SIZES], stop, respawn;
	long pss_kb;
	int broken; /* runs that did not come to their end */
};

static void run_once(struct race *race, const char *const *argv, size_t size, bool restarts, struct result *result,
		     size_t s)
{
	double took = race_start(race, argv, size);
	struct race_cost cost;

	if (took < 0) {
		result->broken++;
		return;
	}
	series_add(&result->start[s], took);
	poll(NULL, 0, SETTLE_MS);
	if (s == SIZES - 1) {
		race_measure(race, &cost);
		result->pss_kb = cost.pss_kb;
	}
	if (s == 1 && restarts)
		series_add(&result->respawn, race_respawn(race, 0));
	took = race_stop(race, NULL);
	if (took < 0)
		result->broken++;
	else if (s == SIZES - 1)
		series_add(&result->stop, took);
	race_clear(race);
}

static void print_result(const char *name, struct result *result)
{
	char broken[48] = "";

	if (result->broken > 0)
		snprintf(broken, sizeof(broken), " %d runs broke", result->broken);
	printf("| %-16s | %8.1f | %8.1f | %8.1f | %8.1f | %8.2f | %8.2f |%s\n", name, series_median(&result->start[0]),
	       series_median(&result->start[1]), series_median(&result->start[2]), series_median(&result->stop),
	       series_median(&result->respawn), (double)result->pss_kb * 1.024e-3, broken);
	fflush(stdout);
}

static void measure_floor(struct race *race, int turns)
{
	struct result result = {.pss_kb = 0};

	for (size_t s = 0; s < SIZES; s++) {
		char number[16];
		const char *const argv[] = {"tests/bench/floor_spawn", number, race->reporter, race->fifo, NULL};

		snprintf(number, sizeof(number), "%zu", sizes[s]);
		for (int i = 0; i < turns; i++)
			run_once(race, argv, sizes[s], true, &result, s);
	}
	print_result("floor", &result);
}

static void measure_peer(struct race *race, const struct peer *peer, int turns)
{
	struct result result = {.pss_kb = 0};

	for (size_t s = 0; s < SIZES; s++) {
		peer->prepare(race, sizes[s]);
		for (int i = 0; i < turns && result.broken < 2; i++)
			run_once(race, peer->argv, sizes[s], peer->restarts, &result, s);
	}
	print_result(peer->name, &result);
}

static void measure_all(void **state)
{
	struct measure *self = *state;
	struct world world;
	struct race race;

	world_begin(&world);
	world_setenv(&world, "PATH", getenv("PATH"));
	race_init(&race, &world);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (peers[i].program != NULL && !is_in_path(peers[i].program))
			printf("%s: not installed\n", peers[i].name);
	puts("\nmedians, ms; -1: it does not do that\n"
	     "|                  | start 1  | start 10 | start 100| stop 100 | restart  | MB of 100|\n"
	     "| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
	measure_floor(&race, self->turns);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (peers[i].program == NULL || is_in_path(peers[i].program))
			measure_peer(&race, &peers[i], self->turns);
	race_finish(&race);
	world_end(&world);
}

int main(int argc, char **argv)
{
	struct measure self = measure_begin(argc, argv, TURNS);
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &self)};

	self.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&self);
}
