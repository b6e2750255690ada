/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor costs: starts, stops and restarts of trivial services beside a bare posix_spawn loop, floor and subject in
 * turns, medians; memory and wake-ups of all its processes.
 *   bench_supervise full     a missed number fails; minutes
 *   bench_supervise quick    only a measurement that breaks can fail
 */
#include "tests/lib/measure.h"
#include "tests/lib/race.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 9
#define SIZES 5
#define LARGEST 2000
#define MANY 100
#define STUBBORN 20
#define GRACE_MS 500
#define SETTLE_MS 1500

struct bench {
	struct world world;
	struct race race;
	struct measure measure;
};

static const char *const up_argv[] = {"upfront", "--no-input", "up", NULL};

/* A stack of `count` reporters; `more` goes into each service. */
static void write_stack(struct bench *self, size_t count, const char *argument, const char *more)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("name: bench\nservices:\n", file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "  s%zu: {command: [%s, %s%s]%s}\n", i, self->race.reporter, self->race.fifo, argument,
			more);
	fclose(file);
	world_write(&self->world, "compose.yaml", text);
	free(text);
}

static double start(struct bench *self, size_t count)
{
	double took = race_start(&self->race, up_argv, count);

	assert_true(took >= 0);
	return took;
}

static double start_floor(struct bench *self, size_t count)
{
	char number[16];
	const char *const argv[] = {"tests/bench/floor_spawn", number, self->race.reporter, self->race.fifo, NULL};
	double took;

	snprintf(number, sizeof(number), "%zu", count);
	took = race_start(&self->race, argv, count);
	assert_true(took >= 0);
	return took;
}

static double stop(struct bench *self, double *after_last)
{
	double took = race_stop(&self->race, after_last);

	assert_true(took >= 0);
	return took;
}

/* Until it has nothing more to do; what it does a moment after a start, such as giving memory back, is no part of its rest. */
static void settle(const struct bench *self)
{
	struct race_cost cost, before = {0};

	for (int i = 0; i < 20; i++) {
		poll(NULL, 0, SETTLE_MS);
		race_measure(&self->race, &cost);
		if (cost.switches == before.switches)
			break;
		before = cost;
	}
}

/* ---- Start and stop ---- */

/* Milliseconds a service, between the smallest and the largest stack; the last size is measured once a turn like the others. */
static void bench_start(struct bench *self)
{
	static const size_t sizes[SIZES] = {1, 10, 100, 1000, LARGEST};
	static const double limits[SIZES] = {2.2, 1.35, 1.35, 1.35, 0};
	struct series floor[SIZES] = {0}, ours[SIZES] = {0}, floor_stop = {.count = 0}, our_stop = {.count = 0},
		      after = {.count = 0};
	const size_t count = self->measure.strict ? SIZES : SIZES - 1;
	char what[64], found[64];

	for (size_t s = 0; s < count; s++) {
		write_stack(self, sizes[s], "", "");
		for (int i = 0; i < self->measure.turns; i++) {
			double after_last, took;

			series_add(&floor[s], start_floor(self, sizes[s]));
			took = stop(self, NULL);
			if (sizes[s] == MANY)
				series_add(&floor_stop, took);
			series_add(&ours[s], start(self, sizes[s]));
			if (sizes[s] <= MANY)
				poll(NULL, 0, 150);
			took = stop(self, &after_last);
			if (sizes[s] == MANY)
				series_add(&our_stop, took);
			if (sizes[s] == MANY)
				series_add(&after, after_last);
		}
		snprintf(what, sizeof(what), "start of %zu", sizes[s]);
		if (limits[s] > 0)
			measure_ratio(&self->measure, what, &ours[s], &floor[s], limits[s]);
	}
	if (count == SIZES) {
		double half = series_median(&ours[SIZES - 2]) / (double)sizes[SIZES - 2];
		double whole = series_median(&ours[SIZES - 1]) / LARGEST;

		snprintf(found, sizeof(found), "%.3f ms each, of 1000 %.3f ms each", whole, half);
		measure_row(&self->measure, whole <= 1.15 * half, true, "start of 2000", found, "linear (within 15 %)");
	}
	measure_ratio(&self->measure, "stop of 100", &our_stop, &floor_stop, 1.3);
	snprintf(found, sizeof(found), "%.2f ms", series_median(&after));
	measure_row(&self->measure, series_median(&after) <= 10, true, "gone after the last service", found,
		    "<= 10 ms");
}

static void bench_stubborn(struct bench *self)
{
	char more[64], found[64];
	double took;

	snprintf(more, sizeof(more), ", stop_grace_period: %dms", GRACE_MS);
	write_stack(self, STUBBORN, ", stubborn", more);
	start(self, STUBBORN);
	poll(NULL, 0, 100);
	took = stop(self, NULL);
	snprintf(found, sizeof(found), "%.0f ms, grace period %d ms", took, GRACE_MS);
	measure_row(&self->measure, took >= GRACE_MS && took < 1.5 * GRACE_MS, true, "stop of 20 that ignore SIGTERM",
		    found, "one grace period");
}

/* ---- Memory ---- */

static void bench_memory(struct bench *self)
{
	const size_t many = self->measure.strict ? 1000 : MANY;
	struct race_cost one, all;
	char found[64], what[64];
	double each;

	write_stack(self, 1, "", "");
	start(self, 1);
	settle(self);
	race_measure(&self->race, &one);
	stop(self, NULL);
	write_stack(self, many, "", "");
	start(self, many);
	settle(self);
	race_measure(&self->race, &all);
	stop(self, NULL);
	assert_int_equal(one.processes, 3);
	assert_true(one.pss_kb > 0);
	snprintf(found, sizeof(found), "%.2f MB in %d processes", (double)one.pss_kb / 1e3 * 1.024, one.processes);
	measure_row(&self->measure, (double)one.pss_kb * 1.024 <= 3000, true, "memory (PSS) with 1", found, "<= 3 MB");
	each = (double)(all.pss_kb - one.pss_kb) * 1.024 / (double)(many - 1);
	snprintf(what, sizeof(what), "memory of each further, of %zu", many);
	snprintf(found, sizeof(found), "%.2f KB", each);
	measure_row(&self->measure, each <= 2.5, true, what, found, "<= 2.5 KB");
}

static void bench_restarts(struct bench *self)
{
	const int rounds = self->measure.strict ? 100 : 3;
	struct race_cost before, after;
	char found[80], what[64];

	write_stack(self, MANY, "", ", restart: always, x-upfront: {backoff: {initial: 10ms, max: 10ms}}");
	start(self, MANY);
	/* The first round grows what each service needs to be started again. */
	assert_true(race_respawn_all(&self->race));
	settle(self);
	race_measure(&self->race, &before);
	for (int i = 0; i < rounds; i++)
		assert_true(race_respawn_all(&self->race));
	settle(self);
	race_measure(&self->race, &after);
	stop(self, NULL);
	snprintf(what, sizeof(what), "memory after %d restarts", rounds * MANY);
	snprintf(found, sizeof(found), "%ld kB, before %ld kB: %+.1f %%", after.pss_kb, before.pss_kb,
		 100.0 * (double)(after.pss_kb - before.pss_kb) / (double)before.pss_kb);
	measure_row(&self->measure, after.pss_kb <= before.pss_kb + before.pss_kb / 20, true, what, found,
		    "within 5 %");
	snprintf(what, sizeof(what), "descriptors after %d restarts", rounds * MANY);
	snprintf(found, sizeof(found), "%+d", after.descriptors - before.descriptors);
	measure_row(&self->measure, after.descriptors == before.descriptors, false, what, found, "not one more");
}

/* ---- Restart ---- */

static void bench_respawn(struct bench *self)
{
	struct series floor = {.count = 0}, ours = {.count = 0};
	const size_t count = self->measure.strict ? 21 : 5;

	write_stack(self, count, "", ", restart: always");
	start_floor(self, count);
	for (size_t i = 0; i < count; i++) {
		poll(NULL, 0, 20);
		series_add(&floor, race_respawn(&self->race, i));
	}
	stop(self, NULL);
	start(self, count);
	settle(self);
	for (size_t i = 0; i < count; i++) {
		poll(NULL, 0, 20);
		series_add(&ours, race_respawn(&self->race, i));
	}
	stop(self, NULL);
	assert_true(series_median(&floor) > 0 && series_median(&ours) > 0);
	measure_ratio(&self->measure, "first restart after kill -9", &ours, &floor, 1.5);
}

/* ---- At rest ---- */

static void bench_idle(struct bench *self)
{
	const int span_ms = self->measure.strict ? 60000 : 3000;
	struct race_cost before, after;
	char found[64], what[64];

	write_stack(self, MANY, "", "");
	start(self, MANY);
	settle(self);
	race_measure(&self->race, &before);
	poll(NULL, 0, span_ms);
	race_measure(&self->race, &after);
	stop(self, NULL);
	snprintf(what, sizeof(what), "context switches in %d s, 100 at rest", span_ms / 1000);
	snprintf(found, sizeof(found), "%ld in %d processes", after.switches - before.switches, after.processes);
	measure_row(&self->measure, after.switches == before.switches, true, what, found, "0");
}

/* Answers every request with 200, one after the other, until its listener is shut down. */
static void *answer_all(void *context)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	const int listener = *(int *)context;
	char request[4096];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		struct pollfd one = {.fd = fd, .events = POLLIN};

		if (poll(&one, 1, 1000) > 0 && read(fd, request, sizeof(request)) > 0 &&
		    write(fd, answer, sizeof(answer) - 1) < 0)
			perror("answer");
		close(fd);
	}
	return NULL;
}

static int listen_on(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 512), 0);
	return fd;
}

static void bench_probes(struct bench *self)
{
	const int span_ms = self->measure.strict ? 60000 : 3000, port = world_free_port();
	int listener = listen_on(port);
	struct race_cost before, after;
	char more[160], found[64];
	pthread_t thread;
	double share;

	assert_int_equal(pthread_create(&thread, NULL, answer_all, &listener), 0);
	snprintf(more, sizeof(more), ", x-upfront: {ready: {http: 'http://127.0.0.1:%d/', interval: %s}}", port,
		 self->measure.strict ? "10s" : "1s");
	write_stack(self, MANY, "", more);
	start(self, MANY);
	poll(NULL, 0, SETTLE_MS);
	race_measure(&self->race, &before);
	poll(NULL, 0, span_ms);
	race_measure(&self->race, &after);
	stop(self, NULL);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	/* A short run asks ten times as often. */
	share = 100 * (after.cpu_ms - before.cpu_ms) / span_ms / (self->measure.strict ? 1 : 10);
	assert_true(after.switches > before.switches);
	snprintf(found, sizeof(found), "%.3f %% of a core", share);
	measure_row(&self->measure, share <= 0.2, true, "100 http probes every 10 s", found, "<= 0.2 % of a core");
}

/* As a test case, so that a wait that goes wrong says what it saw. RACE_ONLY=NAME measures that alone. */
static void measure_all(void **state)
{
	static const struct {
		const char *name;
		void (*run)(struct bench *self);
	} parts[] = {{"start", bench_start},       {"stubborn", bench_stubborn}, {"memory", bench_memory},
		     {"restarts", bench_restarts}, {"respawn", bench_respawn},   {"idle", bench_idle},
		     {"probes", bench_probes}};
	const char *only = getenv("RACE_ONLY");
	struct bench *self = *state;

	world_begin(&self->world);
	race_init(&self->race, &self->world);
	measure_heading("services under the supervisor");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (only == NULL || strcmp(only, parts[i].name) == 0)
			parts[i].run(self);
	race_finish(&self->race);
	world_end(&self->world);
}

int main(int argc, char **argv)
{
	struct bench bench = {.measure = measure_begin(argc, argv, TURNS)};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &bench)};

	bench.measure.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&bench.measure);
}
