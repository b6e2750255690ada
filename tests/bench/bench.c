/* SPDX-License-Identifier: MIT */
/*
 * Measures what upfront promises, floor and subject in turns in one run, and prints one table of medians:
 *   bench full     21 turns; a missed number fails
 *   bench quick    3 turns; only what does not depend on the machine's load can fail
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS_MAX 21
#define SERVICES 100

struct bench {
	struct world world;
	int turns;
	bool strict;
	int passed, failed;
};

struct series {
	double values[TURNS_MAX];
	int count;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void add(struct series *self, double value)
{
	self->values[self->count++] = value;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(struct series *self)
{
	qsort(self->values, (size_t)self->count, sizeof(double), by_value);
	return self->values[self->count / 2];
}

/* One row; `timed` rows count only in a strict run. */
static void row(struct bench *self, bool good, bool timed, const char *what, const char *found, const char *wanted)
{
	const char *verdict = good ? "ok" : timed && !self->strict ? "missed (not counted)" : "MISSED";

	printf("%-52s %-34s %-24s %s\n", what, found, wanted, verdict);
	fflush(stdout);
	if (good || (timed && !self->strict))
		self->passed++;
	else
		self->failed++;
}

/* ---- exec to painted dialog ---- */

/* Milliseconds from fork until `text` has been written to an 80x24 terminal. */
static double paint(const struct world *world, const char *const *argv, const char *text)
{
	struct run run;
	double began = now_ms(), took;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, text);
	took = now_ms() - began;
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_finish(&run);
	return took;
}

static void bench_dialog(struct bench *self)
{
	static const char *const peer[] = {
		"dialog",
		"--yesno",
		"May Shop send usage statistics while it runs this time?\n\nIf you say yes, it "
		"sends the start, the versions and what was measured.\n\nIf you say no, nothing "
		"is sent and all works the same.",
		"20",
		"76",
		NULL};
	static const char *const subject[] = {"upfront", NULL};
	struct series floor = {.count = 0}, ours = {.count = 0};
	char found[64];

	world_write(&self->world, "compose.yaml",
		    "x-upfront: {app: Shop, telemetry: {host: 'file:events', key: k, controller: Example Ltd}}\n"
		    "services: {a: {command: sleep 1000}}\n");
	for (int i = 0; i < self->turns; i++) {
		add(&floor, paint(&self->world, peer, "works the same."));
		add(&ours, paint(&self->world, subject, "start nothing."));
	}
	snprintf(found, sizeof(found), "%.2f ms, dialog %.2f ms: %.2fx", median(&ours), median(&floor),
		 median(&ours) / median(&floor));
	row(self, median(&ours) <= 1.5 * median(&floor), true, "exec to painted dialog", found,
	    "<= 1.5x dialog --yesno");
}

/* ---- 100 services ---- */

static double floor_spawn(const struct world *world)
{
	char program[WORLD_PATH_MAX * 2], count[16];
	const char *const argv[] = {program, count, "sleep", "1000", NULL};
	struct run run;
	double began = now_ms(), took;

	snprintf(program, sizeof(program), "%s/tests/bench/floor_spawn", world->bin_dir);
	snprintf(count, sizeof(count), "%d", SERVICES);
	run_begin(&run, world, &(struct run_options){.argv = argv, .input_kind = RUN_STDIN_OPEN});
	run_expect(&run, "up\n");
	took = now_ms() - began;
	run_hang_up(&run);
	run_wait(&run);
	run_finish(&run);
	return took;
}

/* One call of upfront; what it wrote and how it ended is added to `said` when that is not NULL. */
static double call(const struct world *world, const char *const *argv, char *said, size_t size_bytes)
{
	struct run run;
	double began = now_ms(), took;

	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_wait(&run);
	took = now_ms() - began;
	if (said != NULL)
		snprintf(said + strlen(said), size_bytes - strlen(said), "[%d] %s%s", run.code, run.out.bytes,
			 run.err.bytes);
	else
		run_assert_code(&run, 0);
	run_finish(&run);
	return took;
}

static const char *const up_argv[] = {"upfront", "-q", "up", "-d", "--wait", NULL};
static const char *const down_argv[] = {"upfront", "-q", "down", NULL};

static void bench_services(struct bench *self)
{
	struct series floor = {.count = 0}, ours = {.count = 0}, stop = {.count = 0};
	char text[SERVICES * 48] = "services:\n", found[64];
	size_t at = strlen(text);

	for (int i = 0; i < SERVICES; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "  s%d: {command: sleep 1000}\n", i);
	world_write(&self->world, "compose.yaml", text);
	for (int i = 0; i < self->turns; i++) {
		add(&floor, floor_spawn(&self->world));
		add(&ours, call(&self->world, up_argv, NULL, 0));
		assert_int_equal(world_processes(&self->world, "sleep 1000", NULL, 0), SERVICES);
		add(&stop, call(&self->world, down_argv, NULL, 0));
	}
	snprintf(found, sizeof(found), "%.1f ms, bare loop %.1f ms: %.2fx", median(&ours), median(&floor),
		 median(&ours) / median(&floor));
	row(self, median(&ours) <= 2 * median(&floor), true, "up -d --wait of 100 services", found,
	    "<= 2x fork and exec");
	snprintf(found, sizeof(found), "%.1f ms", median(&stop));
	row(self, true, true, "down of 100 services", found, "-");
}

/* ---- Telemetry that goes nowhere ---- */

struct scenario {
	const char *name;
	const char *host; /* NULL: no telemetry at all */
	struct series start, stop, gone;
	char *said;
};

#define SAID_MAX 16384

/* A peer on loopback: listening and silent, or so full that further connections get no answer at all. */
static int listen_silently(bool full, int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, full ? 0 : 512), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	for (int i = 0; full && i < 8; i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		/* Never closed: they keep the queue full as long as this program runs. */
		connect(client, (struct sockaddr *)&address, size);
	}
	return fd;
}

/* A name server that takes questions and never answers, in a mount namespace of our own. False without the right to. */
static bool kill_resolver(struct world *world)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.53.53.53", &address.sin_addr);
	world_write(world, "../resolv.conf", "nameserver 127.53.53.53\n");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount(world_path(world, "../resolv.conf"), "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0)
		return true;
	close(fd);
	return false;
}

/* Milliseconds until the sender is gone, 0 when it is already. */
static double sender_gone(const struct world *world)
{
	double began = now_ms();

	while (world_find(world, "upfront-telemetry") != 0 && now_ms() - began < 10000)
		poll(NULL, 0, 2);
	return now_ms() - began;
}

static void live_once(struct bench *self, struct scenario *scenario)
{
	static const char *const on_argv[] = {"upfront", "up", "-d", "--wait", "--telemetry=on", NULL};
	static const char *const off_argv[] = {"upfront", "up", "-d", "--wait", "--telemetry=off", NULL};
	char said[SAID_MAX] = "";

	world_setenv(&self->world, "TELEMETRY_HOST", scenario->host != NULL ? scenario->host : "http://127.0.0.1:1");
	add(&scenario->start, call(&self->world, scenario->host != NULL ? on_argv : off_argv, said, sizeof(said)));
	add(&scenario->stop, call(&self->world, down_argv, said, sizeof(said)));
	add(&scenario->gone, sender_gone(&self->world));
	if (scenario->said == NULL)
		scenario->said = strdup(said);
	world_wait_gone(&self->world, "", 5000);
}

/* What was said, without the line that tells the answer itself: that one has to differ. */
static void strip_answer(char *said)
{
	char *to = said;

	for (char *line = said; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n' ? 1 : 0;
		if (memmem(line, length, "sage statistics", 15) == NULL &&
		    memmem(line, length, "telemetry", 9) == NULL) {
			memmove(to, line, length);
			to += length;
		}
		line += length;
	}
	*to = '\0';
}

static void report_outage(struct bench *self, struct scenario *base, struct scenario *scenario)
{
	double start = median(&scenario->start) - median(&base->start);
	double stop = median(&scenario->stop) - median(&base->stop);
	double gone = median(&scenario->gone), longest = scenario->gone.values[scenario->gone.count - 1];
	char what[96], found[64];

	strip_answer(scenario->said);
	snprintf(what, sizeof(what), "%s: start, stop", scenario->name);
	snprintf(found, sizeof(found), "%.1f ms (%+.1f), %.1f ms (%+.1f)", median(&scenario->start), start,
		 median(&scenario->stop), stop);
	row(self, start <= 5 && stop <= 5, true, what, found, "within 5 ms of none");
	snprintf(what, sizeof(what), "%s: output and exit codes", scenario->name);
	row(self, strcmp(scenario->said, base->said) == 0, false, what,
	    strcmp(scenario->said, base->said) == 0 ? "equal" : scenario->said, "equal");
	snprintf(what, sizeof(what), "%s: sender gone after", scenario->name);
	snprintf(found, sizeof(found), "%.0f ms (longest %.0f)", gone, longest);
	row(self, longest <= 1000, false, what, found, "<= 1000 ms");
}

static void bench_outages(struct bench *self)
{
	char hosts[3][64];
	struct scenario scenarios[5] = {{.name = "no telemetry"},
					{.name = "blackholed host", .host = hosts[0]},
					{.name = "silent peer", .host = hosts[1]},
					{.name = "refusing port", .host = hosts[2]},
					{.name = "dead resolver", .host = "https://telemetry.example.invalid"}};
	size_t count = kill_resolver(&self->world) ? 5 : 4;
	int full_port, silent_port;
	int full = listen_silently(true, &full_port), silent = listen_silently(false, &silent_port);
	char found[64];

	snprintf(hosts[0], sizeof(hosts[0]), "http://127.0.0.1:%d", full_port);
	snprintf(hosts[1], sizeof(hosts[1]), "http://127.0.0.1:%d", silent_port);
	snprintf(hosts[2], sizeof(hosts[2]), "http://127.0.0.1:%d", world_free_port());
	world_write(&self->world, "compose.yaml",
		    "x-upfront: {app: Shop, telemetry: {host: '${TELEMETRY_HOST}', key: k}}\n"
		    "services:\n"
		    "  a: {command: sleep 1000}\n"
		    "  b: {command: sleep 1000, depends_on: [a]}\n");
	for (int i = 0; i < self->turns; i++)
		for (size_t s = 0; s < count; s++)
			live_once(self, &scenarios[(s + (size_t)i) % count]);
	strip_answer(scenarios[0].said);
	snprintf(found, sizeof(found), "%.1f ms, %.1f ms", median(&scenarios[0].start), median(&scenarios[0].stop));
	row(self, true, true, "no telemetry: start, stop", found, "-");
	for (size_t s = 1; s < count; s++)
		report_outage(self, &scenarios[0], &scenarios[s]);
	if (count == 4)
		puts("dead resolver: not measured, it takes root to put one in place");
	for (size_t s = 0; s < 5; s++)
		free(scenarios[s].said);
	close(full);
	close(silent);
}

/* ---- What upfront loads ---- */

static void bench_libraries(struct bench *self)
{
	char program[WORLD_PATH_MAX * 2];
	const char *const argv[] = {"ldd", program, NULL};
	struct run run;
	bool light;

	snprintf(program, sizeof(program), "%s/upfront", self->world.bin_dir);
	run_command(&run, &self->world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	light = strstr(run.out.bytes, "curl") == NULL && strstr(run.out.bytes, "sqlite") == NULL &&
		strstr(run.out.bytes, "ssl") == NULL && strstr(run.out.bytes, "gnutls") == NULL;
	row(self, light, false, "libraries of upfront", light ? "light" : "heavy", "no curl, SQLite, TLS");
	run_finish(&run);
}

static void add_totals(const struct bench *self)
{
	const char *path = getenv("TEST_TOTALS");
	FILE *file = path != NULL ? fopen(path, "ae") : NULL;

	printf("%d passed, %d failed, 0 skipped\n", self->passed, self->failed);
	if (file != NULL) {
		fprintf(file, "%d %d 0\n", self->passed, self->failed);
		fclose(file);
	}
}

/* As a test case, so that a wait or an exit code that goes wrong says what it saw. */
static void measure(void **state)
{
	struct bench *bench = *state;

	world_begin(&bench->world);
	printf("%-52s %-34s %-24s\n", "median of turns", "found", "wanted");
	bench_libraries(bench);
	bench_dialog(bench);
	bench_services(bench);
	bench_outages(bench);
	world_end(&bench->world);
}

int main(int argc, char **argv)
{
	struct bench bench = {.turns = TURNS_MAX, .strict = true};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure, &bench)};

	if (argc > 1 && strcmp(argv[1], "quick") == 0) {
		bench.turns = 3;
		bench.strict = false;
	}
	bench.failed += cmocka_run_group_tests(all, NULL, NULL);
	add_totals(&bench);
	return bench.failed > 0;
}
