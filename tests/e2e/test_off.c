/* SPDX-License-Identifier: MIT */
/*
 * Every way to say no, one case each: what upfront's own processes do is traced, and shows no internet socket but those of declared
 * probes and port checks, no name look-up, no identifier, no outbox and no start of upfront-telemetry. One case with a yes
 * shows that the trace would see all that.
 */
#include "tests/lib/run.h"
#include "tests/lib/trace.h"
#include "tests/lib/world.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A telemetry host that would need a look-up and a connection, were it asked; one probe and one port that are declared. */
static const char stack_text[] = "name: quiet\n"
				 "x-upfront:\n"
				 "  app: Quiet App\n"
				 "  version: 2.0.0\n"
				 "  telemetry:\n"
				 "    enabled: ${ENABLED:-true}\n"
				 "    notice: 3\n"
				 "    controller: Example Ltd\n"
				 "    host: ${TELEMETRY_HOST}\n"
				 "    key: phc_quiet\n"
				 "    identity: install\n"
				 "services:\n"
				 "  redis:\n"
				 "    command: redis-server --port ${REDIS_PORT} --bind 127.0.0.1 --save ''\n"
				 "    ports: ['127.0.0.1:${REDIS_PORT}:${REDIS_PORT}']\n"
				 "    x-upfront:\n"
				 "      ready: {tcp: '127.0.0.1:${REDIS_PORT}', interval: 50ms}\n"
				 "  told:\n"
				 "    command: sh -c 'echo told $$UPFRONT_TELEMETRY $$DO_NOT_TRACK; exec sleep 1000'\n"
				 "    depends_on: {redis: {condition: service_healthy}}\n"
				 "    x-upfront: {ready: {log: ^told}}\n";

struct way {
	const char *name;
	const char *argv[8];
	const char *environment[2][2];
	const char *file, *text; /* a file of the world written beforehand */
	const char *waited_for, *typed; /* on a terminal */
	bool keeps_receipt;
	bool on_dashboard;
};

#define ON_TERMINAL(word, keys) .argv = {"upfront", "--no-dashboard", NULL}, .waited_for = (word), .typed = (keys)
#define SCRIPTED(...) .argv = {"upfront", "up", "-d", "--wait", __VA_ARGS__}

static const struct way ways[] = {
	{.name = "answer n", ON_TERMINAL("No, do not send", "n"), .keeps_receipt = true},
	{.name = "answer D", ON_TERMINAL("No, do not send", "D"), .keeps_receipt = true},
	{.name = "Esc", ON_TERMINAL("No, do not send", "\033")},
	{.name = "answer n, then the dashboard",
	 .argv = {"upfront", NULL},
	 .waited_for = "No, do not send",
	 .typed = "n",
	 .keeps_receipt = true,
	 .on_dashboard = true},
	{.name = "--telemetry=off", SCRIPTED("--telemetry=off")},
	{.name = "--no-telemetry", SCRIPTED("--no-telemetry")},
	{.name = "--disable-telemetry", SCRIPTED("--disable-telemetry")},
	{.name = "UPFRONT_TELEMETRY_DISABLED",
	 SCRIPTED("--telemetry=on"),
	 .environment = {{"UPFRONT_TELEMETRY_DISABLED", "1"}}},
	{.name = "the app's variable",
	 SCRIPTED("--telemetry=on"),
	 .environment = {{"QUIET_APP_TELEMETRY_DISABLED", "yes"}}},
	{.name = "DO_NOT_TRACK", SCRIPTED("--telemetry=on"), .environment = {{"DO_NOT_TRACK", "1"}}},
	{.name = "the project", SCRIPTED("--telemetry=on"), .environment = {{"ENABLED", "false"}}},
	{.name = "settings",
	 SCRIPTED("--telemetry=on"),
	 .file = "../config/upfront/config.yaml",
	 .text = "telemetry_enabled: false\n"},
	{.name = "settings, this app",
	 SCRIPTED("--telemetry=on"),
	 .file = "../config/upfront/config.yaml",
	 .text = "telemetry_off: [quiet app]\n"},
	{.name = "settings that cannot be read",
	 SCRIPTED("--telemetry=on"),
	 .file = "../config/upfront/config.yaml",
	 .text = "telemetry_enabled: [\n"},
	{.name = "another notice", SCRIPTED("--telemetry=on@2")},
	{.name = "no terminal", SCRIPTED(NULL)},
	{.name = "--no-input", .argv = {"upfront", "--no-input", "up", NULL}, .waited_for = "told off 1"},
	{.name = "CI", .argv = {"upfront", NULL}, .environment = {{"CI", "true"}}, .waited_for = "told off 1"},
};

static int off_setup(void **state)
{
	struct world *world;
	char port[16];

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack_text);
	snprintf(port, sizeof(port), "%d", world_free_port());
	world_setenv(world, "REDIS_PORT", port);
	world_setenv(world, "TELEMETRY_HOST", "https://telemetry.example.invalid");
	/* Leaks are looked for by the untraced tests: the leak checker cannot work under a tracer. */
	world_setenv(world, "ASAN_OPTIONS", "detect_leaks=0");
	return 0;
}

/* An address in a traced call that is neither the declared probe nor the declared port. */
static bool is_declared(const char *call, const struct world *world)
{
	char port[64];

	snprintf(port, sizeof(port), "htons(%s)", strmap_find(&world->environment, "REDIS_PORT"));
	return strstr(call, port) != NULL && (strstr(call, "127.0.0.1") != NULL || strstr(call, "0.0.0.0") != NULL ||
					      strstr(call, "\"::1\"") != NULL || strstr(call, "\"::\"") != NULL);
}

static void assert_only_declared_sockets(const struct trace *trace, const struct world *world)
{
	size_t sockets = 0, declared = 0;

	for (size_t i = 0; i < trace->count; i++) {
		const char *call = trace->lines[i].call;

		if (!trace->lines[i].own)
			continue;
		if (strncmp(call, "socket(AF_INET", 14) == 0)
			sockets++;
		if (strstr(call, "sa_family=AF_INET") == NULL || strstr(call, "getsockname") != NULL)
			continue;
		if (!is_declared(call, world))
			fail_msg("an address nobody declared: %s", call);
		if (strncmp(call, "connect(", 8) == 0 || strncmp(call, "bind(", 5) == 0)
			declared++;
	}
	assert_true(declared > 0); /* the probe, at least: the trace does see what it is meant to see */
	if (sockets > declared)
		fail_msg("%zu internet sockets, but only %zu declared addresses", sockets, declared);
}

static void assert_quiet(const struct trace *trace, const struct world *world)
{
	static const char *const looks[] = {"open", "<... open", NULL};
	static const char *const makes[] = {"open", "creat(", "rename", "link", NULL};
	static const char *const starts[] = {"execve", NULL};
	const struct trace_line *line;

	assert_only_declared_sockets(trace, world);
	if ((line = trace_find(trace, looks, "/etc/resolv.conf")) != NULL)
		fail_msg("a name look-up: %s", line->call);
	if ((line = trace_find(trace, starts, "upfront-telemetry")) != NULL)
		fail_msg("the sender was started: %s", line->call);
	if ((line = trace_find(trace, makes, ".apps/quiet")) != NULL && strstr(line->call, "receipts") == NULL &&
	    strstr(line->call, "O_CREAT") != NULL)
		fail_msg("a file was made: %s", line->call);
	assert_null(world_search(world, "id"));
	assert_null(world_search(world, "outbox.db"));
	assert_null(world_search(world, "ledger.jsonl"));
}

static bool told(void *context)
{
	return world_find(context, "sleep 1000") != 0;
}

/* Starts the stack one way, waits until it is up, takes it down; all traced. */
static void live(struct world *world, const struct way *way, struct trace *trace)
{
	struct run run;
	char file[WORLD_PATH_MAX * 2], program[WORLD_PATH_MAX * 2];
	struct run_options options = {
		.argv = way->argv, .terminal = way->waited_for != NULL, .trace_file = file, .trace_calls = TRACE_CALLS};

	snprintf(file, sizeof(file), "%s/trace", world->dir);
	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	run_begin(&run, world, &options);
	if (options.terminal) {
		run_expect(&run, way->waited_for);
		if (way->typed != NULL)
			run_press(&run, way->typed, DIALOG_GONE);
	}
	run_until(&run, told, world, "the stack to be up");
	if (options.terminal) {
		run_expect(&run, way->on_dashboard ? "all ready" : "told o");
		run_type(&run, "\x03");
	} else {
		struct run down;

		run_upfront(&down, world, "down", NULL);
		run_assert_code(&down, 0);
		run_finish(&down);
	}
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	trace_read(trace, file, program);
}

static void test_way(void **state, const struct way *way)
{
	struct world *world = *state;
	struct trace trace;
	struct run run;

	print_message("off by %s\n", way->name);
	for (size_t i = 0; i < 2 && way->environment[i][0] != NULL; i++)
		world_setenv(world, way->environment[i][0], way->environment[i][1]);
	if (way->file != NULL)
		world_write(world, way->file, way->text);
	live(world, way, &trace);
	assert_quiet(&trace, world);
	trace_finish(&trace);
	assert_true((world_search(world, "receipts.jsonl") != NULL) == way->keeps_receipt);

	/* The services were told, too. */
	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void test_every_way_to_say_no_is_quiet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		void *world;

		off_setup(&world);
		test_way(&world, &ways[i]);
		world_teardown(&world);
	}
}

/* The managed policy has a fixed place, so it is laid over /etc in a mount namespace of the test's own. */
static void test_a_managed_policy_beats_a_typed_yes(void **state)
{
	struct world *world = *state;
	struct trace trace;
	/* The tracer ends with the last process it follows, so it waits in the background for `down`. */
	static const char script[] =
		"set -e; mkdir -p $ETC; cp -R /etc/. $ETC 2>/dev/null || :; mkdir -p $ETC/upfront\n"
		"echo 'telemetry_enabled: false' >$ETC/upfront/config.yaml; mount --bind $ETC /etc\n"
		"strace -f -qq -s 256 -y -e trace=$CALLS -o $FILE $PROGRAM up -d --wait --telemetry=on &\n"
		"until $PROGRAM logs told 2>&1 | grep -q 'told off'; do sleep 0.05; done\n"
		"$PROGRAM telemetry status; $PROGRAM down; wait";
	char file[WORLD_PATH_MAX * 2], program[WORLD_PATH_MAX * 2];
	const char *const probe[] = {"unshare", geteuid() == 0 ? "-m" : "-rm", "true", NULL};
	const char *const argv[] = {"unshare", probe[1], "sh", "-c", script, NULL};
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = probe});
	if (run.code != 0) {
		run_finish(&run);
		skip_because("no mount namespace to be had");
	}
	run_finish(&run);
	snprintf(file, sizeof(file), "%s/trace", world->dir);
	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	world_setenv(world, "ETC", world_path(world, "../etc"));
	world_setenv(world, "CALLS", TRACE_CALLS);
	world_setenv(world, "FILE", file);
	world_setenv(world, "PROGRAM", program);
	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "policy"));
	run_finish(&run);
	trace_read(&trace, file, program);
	assert_quiet(&trace, world);
	trace_finish(&trace);
}

/* What the cases above would see if anything were wrong: after a yes the sender is started and the outbox exists. */
static void test_a_yes_is_seen_by_the_same_trace(void **state)
{
	static const struct way yes = {.name = "yes", SCRIPTED("--telemetry=on")};
	static const char *const starts[] = {"execve", NULL};
	struct world *world = *state;
	struct trace trace;

	world_setenv(world, "TELEMETRY_HOST", "http://127.0.0.1:1");
	live(world, &yes, &trace);
	assert_non_null(trace_find(&trace, starts, "upfront-telemetry"));
	trace_finish(&trace);
	assert_non_null(world_search(world, "id"));
	assert_non_null(world_search(world, "outbox.db"));
}

/* Printed instead of sent: the yes is real, the network is not touched. */
static void test_printing_opens_no_socket(void **state)
{
	static const struct way yes = {.name = "print", SCRIPTED("--telemetry=on")};
	struct world *world = *state;
	struct trace trace;

	world_setenv(world, "UPFRONT_TELEMETRY_PRINT", "1");
	live(world, &yes, &trace);
	assert_only_declared_sockets(&trace, world);
	trace_finish(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_way_to_say_no_is_quiet),
		cmocka_unit_test_setup_teardown(test_a_managed_policy_beats_a_typed_yes, off_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_a_yes_is_seen_by_the_same_trace, off_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_printing_opens_no_socket, off_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
