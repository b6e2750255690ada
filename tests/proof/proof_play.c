/* SPDX-License-Identifier: MIT */
#include "tests/lib/children.h"
#include "tests/lib/run.h"
#include "tests/lib/trace.h"
#include "tests/lib/world.h"
#include "tests/proof/proof.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CALLS TRACE_CALLS ",symlink,symlinkat,mknod,mknodat"
#define ENDLESS_MAX 4

/* Whatever could tempt: an endpoint whose name has to be looked up, a kept identity, a program to run for a version. Nothing that is declared
 * needs the network. */
static const char stack_text[] = "name: quiet\n"
				 "x-upfront:\n"
				 "  app: Quiet App\n"
				 "  version: 2.0.0\n"
				 "  telemetry:\n"
				 "    enabled: ${ENABLED:-true}\n"
				 "    notice: 3\n"
				 "    controller: Example Ltd\n"
				 "    host: https://telemetry.example.invalid\n"
				 "    key: phc_quiet\n"
				 "    identity: install\n"
				 "    server_start:\n"
				 "      tool: {exec: [sh, -c, 'echo ran >asked; echo v1'], pattern: '^v1$$'}\n"
				 "    env:\n"
				 "      on: {RANDOM_ID: '${distinct_id}'}\n"
				 "services:\n"
				 "  keeper: {command: sleep 999}\n"
				 "  seed:\n"
				 "    command: sh -c 'echo seeded'\n"
				 "    restart: 'no'\n"
				 "  worker:\n"
				 "    command: ./worker.sh\n"
				 "    depends_on: {seed: {condition: service_completed_successfully}}\n"
				 "    x-upfront: {ready: {log: ^told}}\n";

static const char probed_text[] =
	"  web:\n"
	"    command: ${SERVER} http " PROOF_HTTP_PORT " nowhere\n"
	"    ports: ['127.0.0.1:" PROOF_HTTP_PORT ":" PROOF_HTTP_PORT "']\n"
	"    x-upfront: {ready: {http: 'http://127.0.0.1:" PROOF_HTTP_PORT "/', interval: 50ms}}\n"
	"  line:\n"
	"    command: ${SERVER} tcp " PROOF_TCP_PORT " nowhere\n"
	"    x-upfront: {ready: {tcp: '127.0.0.1:" PROOF_TCP_PORT "', interval: 50ms}}\n";

static const char worker_text[] = "#!/bin/sh\n"
				  "env | grep -v ^UPFRONT_TEST_ >worker.env\n"
				  "echo told $UPFRONT_TELEMETRY\n"
				  "exec sleep 1000\n";

struct play {
	struct world world;
	const struct proof_way *way;
	struct proof_row *row;
	struct run up, endless[ENDLESS_MAX];
	size_t endless_count, traces;
	bool etc_is_ours;
};

static const char *trace_path(const struct play *self, size_t number)
{
	static char path[WORLD_PATH_MAX];

	snprintf(path, sizeof(path), "%s/trace%zu", self->world.dir, number);
	return path;
}

/* The policy has a fixed place, so a small /etc is laid over the machine's. */
static void lay_etc(struct play *self)
{
	world_write(&self->world, "../etc/upfront/config.yaml", self->way->text);
	world_write(&self->world, "../etc/passwd", "root:x:0:0::/:/bin/sh\n");
	world_write(&self->world, "../etc/group", "root:x:0:\n");
	if (mount(world_path(&self->world, "../etc"), "/etc", NULL, MS_BIND, NULL) != 0)
		fail_msg("no policy to be had: %s", strerror(errno));
	self->etc_is_ours = true;
}

static void prepare(struct play *self)
{
	const struct proof_way *way = self->way;

	char text[sizeof(stack_text) + sizeof(probed_text)], *server = children_helper("server");

	world_begin(&self->world);
	snprintf(text, sizeof(text), "%s%s", stack_text, way->probed ? probed_text : "");
	world_write(&self->world, "compose.yaml", text);
	world_setenv(&self->world, "SERVER", server);
	free(server);
	snprintf(text, sizeof(text), "%s/upfront", self->world.bin_dir);
	world_setenv(&self->world, "PROGRAM", text);
	world_write(&self->world, "worker.sh", worker_text);
	/* Leaks are looked for by the untraced tests: the leak checker cannot work under a tracer. */
	world_setenv(&self->world, "ASAN_OPTIONS", "detect_leaks=0");
	if (way->environment[0] != NULL)
		world_setenv(&self->world, way->environment[0], way->environment[1]);
	if (way->file != NULL) {
		char name[200];

		snprintf(name, sizeof(name), "../%s", way->file);
		world_write(&self->world, name, way->text);
	}
	if (way->policy)
		lay_etc(self);
}

static bool is_up(void *context)
{
	return world_find(context, "sleep 1000") != 0;
}

/* What only a yes brings with it: the program that a property asks has run, and the sender does. */
static bool has_begun(void *context)
{
	return world_has(context, "asked") && world_find(context, "upfront-telemetry") != 0;
}

/* The sender has looked the name up: what a trace that is read too early would miss. */
static bool has_tried(void *context)
{
	const struct play *self = context;
	struct proof_found found = {.probes = 0};

	proof_watch_trace(trace_path(self, 0), &self->world, self->way, 0, &found);
	return found.count[LOOK_SOCKET] > 0 && found.count[LOOK_LOOKUP] > 0;
}

static void bring_up(struct play *self)
{
	const struct proof_way *way = self->way;
	struct run_options options = {.argv = way->argv,
				      .terminal = way->terminal,
				      .trace_file = trace_path(self, self->traces++),
				      .trace_calls = CALLS};

	run_begin(&self->up, &self->world, &options);
	if (way->by_line) {
		run_expect(&self->up, "then Enter:");
		run_type(&self->up, way->typed);
	} else if (way->typed != NULL) {
		run_expect(&self->up, "No, do not send");
		run_press(&self->up, way->typed, DIALOG_GONE);
	}
	run_until(&self->up, is_up, &self->world, "the stack to be up");
	if (way == &proof_yes || way->withdrawn)
		run_until(&self->up, has_begun, &self->world, "the sender to run");
	if (way == &proof_yes)
		run_until(&self->up, has_tried, self, "the sender to try");
	self->row->commands++;
}

/* Ends well or with an error of its own words, never by a signal or a bug. */
static void assert_ended(const struct run *run, const char *command)
{
	if (run->code < 0 || run->code == 70 || run->code == 127)
		fail_msg("%s: exit code %d, signal %d\n%s", command, run->code, run->signal, run->err.bytes);
}

static void play_command(struct play *self, const struct proof_command *command)
{
	const char *argv[8] = {"upfront"};
	struct run_options options = {
		.argv = argv, .trace_file = trace_path(self, self->traces++), .trace_calls = CALLS};
	struct run run;

	for (size_t i = 0; i < 6 && command->argv[i] != NULL; i++)
		argv[i + 1] = command->argv[i];
	self->row->commands++;
	if (command->endless) {
		assert_true(self->endless_count < ENDLESS_MAX);
		run_begin(&self->endless[self->endless_count], &self->world, &options);
		run_expect(&self->endless[self->endless_count++], "worker");
		return;
	}
	run_command(&run, &self->world, &options);
	assert_ended(&run, command->argv[0]);
	run_finish(&run);
}

static bool is_told_off(void *context)
{
	const struct play *self = context;
	char *told = world_read(&self->world, "worker.env");
	bool off = told != NULL && strstr(told, "UPFRONT_TELEMETRY=off\n") != NULL;

	free(told);
	return off;
}

/* A yes that is taken back: from the end of `telemetry off` on, nothing may be seen of it. Returns where in the trace that is. */
static size_t withdraw(struct play *self)
{
	struct run run;
	struct stat status;

	run_upfront(&run, &self->world, "telemetry", "off", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(&self->world, "upfront-telemetry", 2000);
	assert_int_equal(stat(trace_path(self, 0), &status), 0);
	/* A service that starts from here on is told so, and its identifier is gone with its environment. */
	run_upfront(&run, &self->world, "restart", "worker", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_until(&self->up, is_told_off, self, "a service to be told off");
	/* What the yes brought with it while it held. */
	assert_int_equal(unlink(world_path(&self->world, "asked")), 0);
	return (size_t)status.st_size;
}

/* The sender of a yes outlives the stack by less than a second. */
static void finish(struct play *self)
{
	run_wait(&self->up);
	assert_ended(&self->up, "up");
	run_finish(&self->up);
	for (size_t i = 0; i < self->endless_count; i++) {
		run_wait(&self->endless[i]);
		assert_ended(&self->endless[i], "a command that ends with the stack");
		run_finish(&self->endless[i]);
	}
	world_wait_gone(&self->world, "upfront-telemetry", 3000);
}

void proof_play(const struct proof_way *way, bool all, struct proof_row *row)
{
	struct play self = {.way = way, .row = row};
	size_t from = 0;

	prepare(&self);
	bring_up(&self);
	if (way->withdrawn)
		from = withdraw(&self);
	for (size_t i = 0; i < proof_command_count; i++)
		if (all || proof_commands[i].always)
			play_command(&self, &proof_commands[i]);
	finish(&self);
	for (size_t i = 0; i < self.traces; i++)
		proof_watch_trace(trace_path(&self, i), &self.world, way, i == 0 ? from : 0, &row->found);
	proof_watch_files(&self.world, way, &row->found);
	/* The sockets that are looked away from are seen. */
	assert_true(!way->probed || row->found.probes > 0);
	if (self.etc_is_ours)
		assert_int_equal(umount2("/etc", MNT_DETACH), 0);
	world_end(&self.world);
}

static bool is_played(const char *name, size_t size)
{
	for (size_t i = 0; i < proof_command_count; i++)
		if (strlen(proof_commands[i].argv[0]) == size && strncmp(proof_commands[i].argv[0], name, size) == 0)
			return true;
	return false;
}

/* What `telemetry` can be told: its help has it as [status|off|...]. `off` is played by the way of a withdrawal. */
static void assert_telemetry_words(const char *help)
{
	const char *at = strchr(help, '|');

	assert_non_null(at);
	while (at[-1] != '[')
		at--;
	while (*at != ']') {
		size_t size = strcspn(at, "|]"), i = 0;

		while (i < proof_command_count &&
		       (strcmp(proof_commands[i].argv[0], "telemetry") != 0 ||
			strlen(proof_commands[i].argv[1]) != size || strncmp(proof_commands[i].argv[1], at, size) != 0))
			i++;
		if (i == proof_command_count && strncmp(at, "off", size) != 0)
			fail_msg("upfront telemetry %.*s is not proven", (int)size, at);
		at += size + (at[size] == '|');
	}
}

void proof_assert_commands(void)
{
	struct world world;
	struct run run;

	world_begin(&world);
	run_upfront(&run, &world, "help", NULL);
	run_assert_code(&run, 0);
	for (const char *at = strstr(run.out.bytes, "Commands:\n") + 10; *at == ' '; at = strchr(at, '\n') + 1) {
		const char *name = at + strspn(at, " ");

		if (!is_played(name, strcspn(name, " ")))
			fail_msg("upfront %.*s is not proven", (int)strcspn(name, " "), name);
	}
	run_finish(&run);
	run_upfront(&run, &world, "help", "telemetry", NULL);
	run_assert_code(&run, 0);
	assert_telemetry_words(run.out.bytes);
	run_finish(&run);
	world_end(&world);
}

static bool enter_mounts(int more)
{
	return unshare(CLONE_NEWNS | more) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool proof_own_mounts(int more)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(!enter_mounts(more));
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && enter_mounts(more);
}
