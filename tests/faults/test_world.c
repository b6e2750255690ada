/* SPDX-License-Identifier: MIT */
/* A machine that has little left, a clock that jumps, storms of signals, other instances, files that make no sense. */
#include "tests/lib/fault.h"
#include "tests/lib/run.h"

#include <dirent.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define STATE "../state/upfront/stack/"
#define PLAIN "services: {web: {command: sh -c 'echo web is well; exec sleep 1001', x-upfront: {ready: {log: well}}}}\n"

static void assert_recovered(struct fault_scene *scene)
{
	fault_assert_nothing_left(scene);
	fault_write_stack(scene, PLAIN);
	fault_assert_recovered(scene);
}

/* ---- Clocks and signals ---- */

/* Probes, back-off and grace go by the monotonic clock: all of it works, in its usual time. */
static void play_clock(struct fault_scene *scene)
{
	int64_t began_ms = world_now_ms();

	fault_write_stack(
		scene, "services:\n"
		       "  web: {command: sh -c 'echo web is well; exec sleep 1001', x-upfront: {ready: {log: well}}}\n"
		       "  crashing: {command: sh -c 'echo x >>starts; exit 1', restart: always, x-upfront: {backoff: "
		       "{initial: 20ms, max: 50ms}}}\n"
		       "  probed: {command: sleep 1002, x-upfront: {ready: {exec: [sh, -c, 'echo x >>probes; test -s "
		       "starts'], interval: 50ms}}}\n");
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", NULL);
	fault_wait_text(scene, "starts", "x\nx\nx\nx\nx\n");
	fault_upfront(scene, 0, "logs", "--timestamps", NULL);
	fault_upfront(scene, 0, "logs", "--since", "1h", NULL);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_true(world_now_ms() - began_ms < 20000);
	fault_assert_hit(scene, 1);
	assert_recovered(scene);
}

/* A signal every millisecond, for a while, at whoever runs upfront: none of it means anything. */
static void play_storm(struct fault_scene *scene)
{
	static const char *const argv[] = {"upfront", "up", NULL};
	const int number = scene->fault->variant;
	struct fault_family family;
	int64_t began_ms;
	struct run run;
	pid_t service;

	fault_write_stack(
		scene,
		"services:\n"
		"  web: {command: sh -c 'seq 1 3000; echo web is well; exec sleep 1001'}\n"
		"  jobs: {command: sh -c 'echo x >>starts', restart: always, x-upfront: {backoff: {initial: 10ms, "
		"max: 30ms}}}\n");
	run_begin(&run, &scene->world, &(struct run_options){.argv = argv});
	service = fault_wait_process(scene, "sleep 1001");
	family = fault_family(scene, "sleep 1001");
	began_ms = world_now_ms();
	while (world_now_ms() - began_ms < (fault_full() ? 5000 : 500)) {
		kill(run.pid, number);
		kill(family.guard, number);
		kill(family.supervisor, number);
		poll(NULL, 0, 1);
	}
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	fault_wait_text(scene, STATE "logs/web.log", "\n2999\n3000\nweb is well\n");
	fault_wait_text(scene, "starts", "x\nx\nx\n");
	fault_upfront(scene, 0, "ps", NULL);
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_recovered(scene);
}

/* ---- Little is left ---- */

static void shell_up(struct fault_scene *scene, struct run *run, const char *before)
{
	char path[WORLD_PATH_MAX * 2], command[256];
	const char *const argv[] = {"sh", "-c", command, NULL};

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", scene->world.bin_dir);
	world_setenv(&scene->world, "PATH", path);
	snprintf(command, sizeof(command), "%s; exec upfront -q up -d --wait --wait-timeout 7", before);
	run_command(run, &scene->world, &(struct run_options){.argv = argv});
}

/* From too few descriptors for anything up to enough: never a crash, never something left. */
static void play_few_descriptors(struct fault_scene *scene)
{
	bool came_up = false, failed = false;

	fault_write_stack(scene, PLAIN);
	for (int limit = 4; limit <= 40; limit += fault_full() ? 1 : 3) {
		char before[64];
		struct run run;

		snprintf(before, sizeof(before), "ulimit -n %d", limit);
		shell_up(scene, &run, before);
		if (run.code == 127) { /* not even the libraries */
			run_finish(&run);
			continue;
		}
		/* With none free at all the supervisor cannot even leave word of it. */
		fault_assert_end(&run, ENDS_WELL | ENDS_FAILED | ENDS_CONFIG | ENDS_MISSING | ENDS_TIMED_OUT |
					       (limit < 12 ? ENDS_INTERNAL : 0));
		came_up = came_up || run.code == 0;
		failed = failed || run.code != 0;
		if (run.code == 0)
			fault_upfront(scene, 0, "down", NULL);
		run_finish(&run);
		fault_assert_nothing_left(scene);
	}
	assert_true(came_up && failed);
	assert_recovered(scene);
}

/* Many clients when descriptors are few: they wait or fail, the stack stays. */
static void play_many_clients(struct fault_scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct run run;
	int fds[100];
	pid_t service;

	fault_write_stack(scene, PLAIN);
	shell_up(scene, &run, "ulimit -n 40");
	run_assert_code(&run, 0);
	run_finish(&run);
	service = fault_wait_process(scene, "sleep 1001");
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", world_search(&scene->world, "stack.sock"));
	for (size_t i = 0; i < 100; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(fds[i] >= 0);
		(void)connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	poll(NULL, 0, 300);
	for (size_t i = 0; i < 100; i++)
		close(fds[i]);
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

static size_t count_fds(pid_t pid)
{
	char path[64];
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void wait_starts(const struct fault_scene *scene, off_t count)
{
	int64_t began_ms = world_now_ms();
	struct stat status;

	while (stat(world_path(&scene->world, "starts"), &status) != 0 || status.st_size < count)
		world_pause(began_ms, 120000, "so many starts");
}

/* Descriptors and memory after many restarts are what they were after a few. */
static void play_restarts(struct fault_scene *scene)
{
	const off_t few = 50, many = fault_full() ? 1050 : 250;
	struct fault_family family;
	size_t fds_before;
	long memory_before;

	/* An exec that never gets there counts as a start, too, but is quicker. */
	fault_write_stack(
		scene,
		"services:\n"
		"  web: {command: sh -c 'printf x >>starts', restart: always, x-upfront: {backoff: {initial: 10ms, "
		"max: 10ms}}}\n"
		"  other: {command: sleep 1001}\n");
	fault_upfront(scene, 0, "up", "-d", NULL);
	family = fault_family(scene, "sleep 1001");
	wait_starts(scene, few);
	fds_before = count_fds(family.supervisor);
	memory_before = fault_status(family.supervisor, "VmRSS:");
	wait_starts(scene, many);
	assert_in_range(count_fds(family.supervisor), fds_before - 8, fds_before + 8); /* a start may be under way */
	assert_in_range(fault_status(family.supervisor, "VmRSS:"), 1, memory_before + 1024);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* ---- Others ---- */

static void play_two_instances(struct fault_scene *scene)
{
	struct run run;

	fault_write_stack(scene, PLAIN);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	run_upfront(&run, &scene->world, "-q", "up", NULL);
	fault_assert_end(&run, ENDS_MISSING);
	run_assert_says(&run, "already running");
	run_finish(&run);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* Ten at once: one starts it, the others are refused while it does, or find it as the file says. */
static void play_ten_at_once(struct fault_scene *scene)
{
	static const char *const argv[] = {"upfront", "-q", "up", "-d", NULL};
	struct run runs[10];
	int won = 0;

	fault_write_stack(scene, PLAIN);
	for (size_t i = 0; i < 10; i++)
		run_begin(&runs[i], &scene->world, &(struct run_options){.argv = argv});
	for (size_t i = 0; i < 10; i++) {
		run_wait(&runs[i]);
		fault_assert_end(&runs[i], ENDS_WELL | ENDS_MISSING);
		won += runs[i].code == 0 ? 1 : 0;
		run_finish(&runs[i]);
	}
	assert_in_range(won, 1, 10);
	assert_int_equal(world_processes(&scene->world, "sleep 1001", NULL, 0), 1);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

static void play_stale_socket(struct fault_scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* As after a power cut: files of a run that is gone. */
	assert_recovered(scene);
	world_write(&scene->world, "../runtime/upfront/.keep", "");
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s",
		 world_path(&scene->world, "../runtime/upfront/stack.sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	world_write(&scene->world, STATE "running", "");
	world_write(&scene->world, STATE "supervisor", "1\n");
	fault_upfront(scene, 6, "ps", NULL);
	assert_recovered(scene);
}

static void play_lock_held(struct fault_scene *scene)
{
	struct run run;
	int fd;

	assert_recovered(scene);
	fd = open(world_path(&scene->world, STATE "lock"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	run_upfront(&run, &scene->world, "-q", "up", "-d", NULL);
	close(fd);
	fault_assert_end(&run, ENDS_MISSING);
	run_finish(&run);
	assert_recovered(scene);
}

static void play_garbage_state(struct fault_scene *scene)
{
	static const char *const files[] = {"lock",     "folder",     "socket",    "running",
					    "last-end", "logs/index", "supervisor"};
	char garbage[4096], name[64];

	assert_recovered(scene);
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (char)(i * 131 + 7);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct run run;

		snprintf(name, sizeof(name), STATE "%s", files[i]);
		world_write_bytes(&scene->world, name, garbage, sizeof(garbage));
		run_upfront(&run, &scene->world, "ps", NULL);
		assert_int_equal(run.signal, 0);
		run_finish(&run);
		run_upfront(&run, &scene->world, "logs", NULL);
		assert_int_equal(run.signal, 0);
		run_finish(&run);
		run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", NULL);
		fault_assert_end(&run, ENDS_WELL | ENDS_MISSING);
		if (run.code == 0)
			fault_upfront(scene, 0, "down", NULL);
		else
			unlink(world_path(&scene->world, name));
		run_finish(&run);
		fault_assert_nothing_left(scene);
	}
	assert_recovered(scene);
}

/* What runs is what was read when it started. */
static void play_file_changes(struct fault_scene *scene)
{
	static const char *const texts[] = {"services: {other: {command: sleep 1002}}\n", "services: [not, a, map\n",
					    "", NULL};

	fault_write_stack(scene, PLAIN);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct run run;

		if (texts[i] != NULL)
			fault_write_stack(scene, texts[i]);
		else
			unlink(world_path(&scene->world, "compose.yaml"));
		run_upfront(&run, &scene->world, "-p", "stack", "ps", NULL);
		assert_true(run.code == 0 || run.code == 3);
		run_finish(&run);
		assert_int_not_equal(world_find(&scene->world, "sleep 1001"), 0);
	}
	fault_write_stack(scene, PLAIN);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* ---- What is probed ---- */

/* Well, then no answer any more, then well again: told each time, and the service is left alone. */
static void play_probe_hangs_midway(struct fault_scene *scene)
{
	struct run run;
	int64_t began_ms;
	pid_t service;

	fault_write_stack(
		scene, "services:\n  web:\n    command: sleep 1001\n"
		       "    healthcheck: {test: [CMD, sh, -c, 'test ! -e hang || exec sleep 1009'], interval: 100ms, "
		       "timeout: 200ms, retries: 2}\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	service = fault_wait_process(scene, "sleep 1001");
	for (int round = 0; round < 2; round++) {
		const char *const wanted = round == 0 ? "unhealthy" : "healthy";
		bool there = false;

		if (round == 0)
			world_write(&scene->world, "hang", "");
		else
			unlink(world_path(&scene->world, "hang"));
		for (began_ms = world_now_ms(); !there; world_pause(began_ms, RUN_DEADLINE_MS, wanted)) {
			run_upfront(&run, &scene->world, "ps", NULL);
			run_assert_code(&run, 0);
			there = round == 0 ? strstr(run.out.bytes, "unhealthy") != NULL
					   : strstr(run.out.bytes, "unhealthy") == NULL;
			run_finish(&run);
		}
	}
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* The kernel takes connections, and nobody ever answers them. */
static void play_silent_endpoint(struct fault_scene *scene)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[512];
	struct run run;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(text, sizeof(text),
		 "services: {web: {command: sleep 1001, x-upfront: {ready: {http: 'http://127.0.0.1:%d/', interval: "
		 "50ms, "
		 "timeout: 200ms, retries: 3, start_period: 100ms}}}}\n",
		 ntohs(address.sin_port));
	fault_write_stack(scene, text);
	run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", "--wait-timeout", "20", NULL);
	close(fd);
	fault_assert_end(&run, ENDS_FAILED);
	run_assert_says(&run, "http");
	run_finish(&run);
	assert_recovered(scene);
}

/* ---- Files that make no sense, terminals that cannot do much ---- */

static void play_bad_stack(struct fault_scene *scene)
{
	static const char *const texts[] = {
		"services: {a: {command: x, depends_on: [b]}, b: {command: x, depends_on: [c]}, c: {command: x, "
		"depends_on: [a]}}\n",
		"services: {a: {command: x, depends_on: [a]}}\n",
		"services: {a: {command: x, depends_on: [nobody]}}\n",
		"services: {a: {command: touch started}}\nnonsense: true\n",
	};
	struct run run;

	fault_write_stack(scene, texts[scene->fault->variant]);
	run_upfront(&run, &scene->world, "-q", "up", "-d", NULL);
	fault_assert_end(&run, ENDS_CONFIG);
	run_finish(&run);
	assert_false(world_has(&scene->world, "started"));
	assert_recovered(scene);
}

static void play_unknown_service(struct fault_scene *scene)
{
	fault_write_stack(scene, PLAIN);
	fault_upfront(scene, 2, "up", "-d", "nobody", NULL);
	assert_recovered(scene);
}

/* Read, ordered and printed; then one of them started. */
static void play_ten_thousand(struct fault_scene *scene)
{
	const int count = 10000;
	char *text = malloc((size_t)count * 80 + 64);
	size_t at = 0;
	struct run run;

	assert_non_null(text);
	at += (size_t)sprintf(text + at, "services:\n  s0: {command: sleep 1001}\n");
	for (int i = 1; i < count; i++)
		at += (size_t)sprintf(text + at, "  s%d: {command: sleep 1001, depends_on: [s%d]}\n", i, i / 2);
	fault_write_stack(scene, text);
	free(text);
	run_upfront(&run, &scene->world, "-q", "up", "-d", "s0", NULL);
	fault_assert_end(&run, ENDS_WELL | ENDS_CONFIG);
	assert_true(run.took_ms < 20000);
	if (run.code == 0) {
		fault_upfront(scene, 0, "ps", NULL);
		fault_upfront(scene, 0, "down", NULL);
	}
	run_finish(&run);
	assert_recovered(scene);
}

static void play_terminal(struct fault_scene *scene)
{
	static const char *const argv[] = {"upfront", "up", "--no-dashboard", NULL};
	static const struct {
		const char *term;
		int columns, rows;
	} kinds[] = {{"dumb", 80, 24}, {"xterm", 1, 1}, {NULL, 80, 24}, {"no-such-terminal", 80, 24}};
	const int kind = scene->fault->variant;
	struct run run;

	world_setenv(&scene->world, "TERM", kinds[kind].term);
	fault_write_stack(scene, PLAIN);
	run_begin(&run, &scene->world,
		  &(struct run_options){
			  .argv = argv, .terminal = true, .columns = kinds[kind].columns, .rows = kinds[kind].rows});
	run_expect(&run, "web is well");
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 0);
	if (kind == 0)
		run_assert_silent(&run, "\033");
	run_finish(&run);
	assert_recovered(scene);
}

static const struct fault_case table[] = {
	FAULT("clock-forward", "the clock jumps a day ahead", "timers keep their time", play_clock,
	      .fault = "clock:+86400:30:0@supervisor"),
	FAULT("clock-back", "the clock jumps a day back", "timers keep their time", play_clock,
	      .fault = "clock:-86400:30:0@supervisor"),
	FAULT("clock-shakes", "the clock jumps to and fro", "timers keep their time", play_clock,
	      .fault = "clock:-86400:20:10@supervisor,clock:+86400:30:10@supervisor"),
	FAULT("storm-CHLD", "SIGCHLD at 1 kHz", "nothing is interrupted", play_storm, .variant = SIGCHLD),
	FAULT("storm-CONT", "SIGCONT at 1 kHz", "nothing is interrupted", play_storm, .variant = SIGCONT),
	FAULT("storm-WINCH", "SIGWINCH at 1 kHz", "nothing is interrupted", play_storm, .variant = SIGWINCH),
	FAULT("few-descriptors", "RLIMIT_NOFILE from 4 on", "told, or it works", play_few_descriptors, .variant = 0),
	FAULT("many-clients", "100 connections, 40 descriptors", "the stack stays", play_many_clients, .variant = 0),
	FAULT("restarts", "1,000 restarts", "descriptors and memory as before", play_restarts, .variant = 0),
	FAULT("two-instances", "a second up", "refused, 4", play_two_instances, .variant = 0),
	FAULT("ten-at-once", "ten times up in the same instant", "it is started once", play_ten_at_once, .variant = 0),
	FAULT("stale-files", "socket and notes of a run that is gone", "swept, the next start works", play_stale_socket,
	      .variant = 0),
	FAULT("lock-held", "somebody holds the lock", "refused, 4", play_lock_held, .variant = 0),
	FAULT("garbage-state", "garbage in each file of the state folder", "told or overwritten", play_garbage_state,
	      .variant = 0),
	FAULT("file-changes", "the stack file changes under a running stack", "the stack stays", play_file_changes,
	      .variant = 0),
	FAULT("probe-hangs-midway", "a probe stops answering, then answers", "unhealthy, then well",
	      play_probe_hangs_midway, .variant = 0),
	FAULT("silent-endpoint", "an address that is never answered from", "told, 1", play_silent_endpoint,
	      .variant = 0),
	FAULT("cycle", "a cycle of three", "told, 3", play_bad_stack, .variant = 0),
	FAULT("cycle-self", "a service that waits for itself", "told, 3", play_bad_stack, .variant = 1),
	FAULT("unknown-dependency", "a dependency that is not there", "told, 3", play_bad_stack, .variant = 2),
	FAULT("unknown-key", "a key nobody knows", "told, 3", play_bad_stack, .variant = 3),
	FAULT("unknown-service", "up of a service that is not there", "told, 2", play_unknown_service, .variant = 0),
	FAULT("ten-thousand", "10,000 services", "handled", play_ten_thousand, .variant = 0),
	FAULT("terminal-dumb", "TERM=dumb", "no escape sequence", play_terminal, .variant = 0),
	FAULT("terminal-1x1", "a terminal of one cell", "it works", play_terminal, .variant = 1),
	FAULT("terminal-none", "no TERM", "it works", play_terminal, .variant = 2),
	FAULT("terminal-unknown", "a terminal nobody knows", "it works", play_terminal, .variant = 3),
};

int main(int argc, char **argv)
{
	return fault_main(table, sizeof(table) / sizeof(*table), argc, argv);
}
