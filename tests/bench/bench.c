/* SPDX-License-Identifier: MIT */
/*
 * Measures what upfront promises, floor and subject in turns in one run, and prints one table of medians:
 *   bench full     21 turns; a missed number fails
 *   bench quick    3 turns; only what does not depend on the machine's load can fail
 */
#include "tests/lib/children.h"
#include "tests/lib/measure.h"
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
#include <unistd.h>

#include <cmocka.h>

#define TURNS 21

struct bench {
	struct world world;
	struct measure measure;
};

/* ---- exec to painted dialog ---- */

/* Milliseconds from fork until `text` has been written to an 80x24 terminal. */
static double paint(const struct world *world, const char *const *argv, const char *text)
{
	struct run run;
	double began = measure_now_ms(), took;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, text);
	took = measure_now_ms() - began;
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
	for (int i = 0; i < self->measure.turns; i++) {
		series_add(&floor, paint(&self->world, peer, "works the same."));
		series_add(&ours, paint(&self->world, subject, "start nothing."));
	}
	snprintf(found, sizeof(found), "%.2f ms, dialog %.2f ms: %.2fx", series_median(&ours), series_median(&floor),
		 series_median(&ours) / series_median(&floor));
	measure_row(&self->measure, series_median(&ours) <= 1.5 * series_median(&floor), true, "exec to painted dialog",
		    found, "<= 1.5x dialog --yesno");
}

/* One call of upfront; what it wrote and how it ended is added to `said` when that is not NULL. */
static double call(const struct world *world, const char *const *argv, char *said, size_t size_bytes)
{
	struct run run;
	double began = measure_now_ms(), took;

	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_wait(&run);
	took = measure_now_ms() - began;
	if (said != NULL)
		snprintf(said + strlen(said), size_bytes - strlen(said), "[%d] %s%s", run.code, run.out.bytes,
			 run.err.bytes);
	else
		run_assert_code(&run, 0);
	run_finish(&run);
	return took;
}

static const char *const down_argv[] = {"upfront", "-q", "down", NULL};

/* ---- A one-off command that is told of ---- */

/* Beside one that takes upfront's place: after a yes it is waited for and told of. */
static void bench_run(struct bench *self)
{
	static const char *const up_argv[2][9] = {
		{"upfront", "-p", "no", "up", "-d", "--wait", "--telemetry=off", NULL},
		{"upfront", "-p", "yes", "up", "-d", "--wait", "--telemetry=on", NULL}};
	static const char *const run_argv[2][9] = {{"upfront", "-p", "no", "run", "--", "/bin/true", NULL},
						   {"upfront", "-p", "yes", "run", "--", "/bin/true", NULL}};
	static const char *const end_argv[2][9] = {{"upfront", "-p", "no", "-q", "down", NULL},
						   {"upfront", "-p", "yes", "-q", "down", NULL}};
	/* As a session has it: what is made for one run is made in memory. */
	char runtime[] = "/dev/shm/upfront-bench-XXXXXX";
	struct series took[2] = {{.count = 0}, {.count = 0}};
	double more_ms;
	char found[64];

	assert_non_null(mkdtemp(runtime));
	world_setenv(&self->world, "XDG_RUNTIME_DIR", runtime);
	world_write(&self->world, "compose.yaml",
		    "x-upfront: {app: Shop, telemetry: {host: 'file:events', key: k}}\n"
		    "services: {a: {command: sleep 1000}}\n");
	for (int yes = 0; yes < 2; yes++)
		call(&self->world, up_argv[yes], NULL, 0);
	for (int i = 0; i < 2 * self->measure.turns; i++)
		series_add(&took[i % 2], call(&self->world, run_argv[i % 2], NULL, 0));
	for (int yes = 0; yes < 2; yes++)
		call(&self->world, end_argv[yes], NULL, 0);
	world_wait_gone(&self->world, "", 5000);
	world_setenv(&self->world, "XDG_RUNTIME_DIR", world_path(&self->world, "../runtime"));
	children_remove_folder(strdup(runtime));
	more_ms = series_median(&took[1]) - series_median(&took[0]);
	snprintf(found, sizeof(found), "%.2f ms (%+.2f)", series_median(&took[1]), more_ms);
	measure_row(&self->measure, more_ms <= 1, true, "run -- true, told of", found, "within 1 ms of untold");
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
	double began = measure_now_ms();

	while (world_find(world, "upfront-telemetry") != 0 && measure_now_ms() - began < 10000)
		poll(NULL, 0, 2);
	return measure_now_ms() - began;
}

static void live_once(struct bench *self, struct scenario *scenario)
{
	static const char *const on_argv[] = {"upfront", "up", "-d", "--wait", "--telemetry=on", NULL};
	static const char *const off_argv[] = {"upfront", "up", "-d", "--wait", "--telemetry=off", NULL};
	char said[SAID_MAX] = "";

	world_setenv(&self->world, "TELEMETRY_HOST", scenario->host != NULL ? scenario->host : "http://127.0.0.1:1");
	series_add(&scenario->start,
		   call(&self->world, scenario->host != NULL ? on_argv : off_argv, said, sizeof(said)));
	series_add(&scenario->stop, call(&self->world, down_argv, said, sizeof(said)));
	series_add(&scenario->gone, sender_gone(&self->world));
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
	double start = series_median(&scenario->start) - series_median(&base->start);
	double stop = series_median(&scenario->stop) - series_median(&base->stop);
	double gone = series_median(&scenario->gone), longest = scenario->gone.values[scenario->gone.count - 1];
	char what[96], found[64];

	strip_answer(scenario->said);
	snprintf(what, sizeof(what), "%s: start, stop", scenario->name);
	snprintf(found, sizeof(found), "%.1f ms (%+.1f), %.1f ms (%+.1f)", series_median(&scenario->start), start,
		 series_median(&scenario->stop), stop);
	measure_row(&self->measure, start <= 5 && stop <= 5, true, what, found, "within 5 ms of none");
	snprintf(what, sizeof(what), "%s: output and exit codes", scenario->name);
	measure_row(&self->measure, strcmp(scenario->said, base->said) == 0, false, what,
		    strcmp(scenario->said, base->said) == 0 ? "equal" : scenario->said, "equal");
	snprintf(what, sizeof(what), "%s: sender gone after", scenario->name);
	snprintf(found, sizeof(found), "%.0f ms (longest %.0f)", gone, longest);
	measure_row(&self->measure, longest <= 1000, true, what, found, "<= 1000 ms");
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
	for (int i = 0; i < self->measure.turns; i++)
		for (size_t s = 0; s < count; s++)
			live_once(self, &scenarios[(s + (size_t)i) % count]);
	strip_answer(scenarios[0].said);
	snprintf(found, sizeof(found), "%.1f ms, %.1f ms", series_median(&scenarios[0].start),
		 series_median(&scenarios[0].stop));
	measure_row(&self->measure, true, true, "no telemetry: start, stop", found, "-");
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
	measure_row(&self->measure, light, false, "libraries of upfront", light ? "light" : "heavy",
		    "no curl, SQLite, TLS");
	run_finish(&run);
}

/* As a test case, so that a wait or an exit code that goes wrong says what it saw. */
static void measure_all(void **state)
{
	struct bench *bench = *state;

	world_begin(&bench->world);
	measure_heading("what people see");
	bench_libraries(bench);
	bench_dialog(bench);
	bench_run(bench);
	bench_outages(bench);
	world_end(&bench->world);
}

int main(int argc, char **argv)
{
	struct bench bench = {.measure = measure_begin(argc, argv, TURNS)};
	const struct CMUnitTest all[] = {cmocka_unit_test_prestate(measure_all, &bench)};

	bench.measure.failed += cmocka_run_group_tests(all, NULL, NULL);
	return measure_end(&bench.measure);
}
