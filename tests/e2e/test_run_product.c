/* SPDX-License-Identifier: MIT */
/*
 * A one-off command under a stack that runs with a yes: reported by the registry of the stack file, and for the person at the
 * terminal the same as if it had taken upfront's place.
 */
#include "tests/lib/reported.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_procs.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#define CANARY "zq7canary"
#define UP "up|--quiet --detach --wait --telemetry on|ok\n"
#define DOWN "down|--quiet --timeout <value>|ok\n"

static const char shop[] =
	"name: shop\n"
	"x-upfront:\n"
	"  app: Shop\n"
	"  telemetry:\n"
	"    {" REPORTED_ENDPOINT ",\n"
	"    commands: {visivo: {\n"
	"      run: {--dag-filter: value, '-t, --threads': int, --output-dir: path, --token: secret,\n"
	"            --format: [json, csv]},\n"
	"      dbt run: {--select: value},\n"
	"      login: {track: false}}}}\n"
	"services: {web: {command: sleep 1001}}\n";

/* The product: does what CODE and METRICS say. */
static const char visivo[] = "#!/bin/sh\n"
			     "if [ -n \"$METRICS\" ]; then printf '%s' \"$METRICS\" >\"$UPFRONT_METRICS\"; fi\n"
			     "exit ${CODE:-0}\n";

static int set_up(void **state)
{
	int result = world_setup(state);
	const struct world *world = *state;

	world_write(world, "compose.yaml", shop);
	world_write(world, "visivo", visivo);
	reported_up(world, "--telemetry=on");
	return result;
}

static int tear_down(void **state)
{
	/* Nothing of a run's own is left. */
	assert_null(world_search(*state, "metrics.json"));
	return world_teardown(state);
}

/* The rest of `upfront run -- sh -c SCRIPT`. */
static void run_script(struct run *run, const struct world *world, const char *script)
{
	run_upfront(run, world, "run", "--", "sh", "-c", script, NULL);
}

/* ---- What is reported ---- */

static void test_the_registry_names_what_is_told(void **state)
{
	static const struct {
		const char *words[6], *code, *metrics, *told; /* told NULL: nothing */
	} cases[] = {
		{{"run"}, "0", "", "visivo run||ok\n"},
		{{"run", "--dag-filter", CANARY, "-t8"},
		 "0",
		 "",
		 "visivo run|--dag-filter <value> --threads <value>|ok\n"},
		{{"run", "--token=" CANARY, "--format", "csv"},
		 "0",
		 "",
		 "visivo run|--token <redacted> --format csv|ok\n"},
		{{"run", "--output-dir=/srv/" CANARY}, "1", "", "visivo run|--output-dir <path>|other\n"},
		{{"run", "--" CANARY}, "2", "", "visivo run|<unknown-flag>|usage\n"},
		{{"dbt", "run", "--select", CANARY}, "0", "", "visivo dbt run|--select <value>|ok\n"},
		{{CANARY}, "2", "", "visivo <unknown-command>||usage\n"},
		{{"run", "--", CANARY}, "130", "", "visivo run|-- <args>|interrupted\n"},
		{{"login", CANARY}, "0", "", NULL},
		{{"run", "--no-telemetry"}, "0", "", NULL},
		{{"run"},
		 "0",
		 "{\"job_count\": 12, \"object_counts\": {\"charts\": 3}}",
		 "visivo run||ok|12|charts=3\n"},
		{{"run"}, "1", "{\"object_counts\": {\"b\": 0, \"a\": 1}}", "visivo run||other||b=0 a=1\n"},
		{{"run"}, "0", "{\"job_count\": 12, \"object_counts\": {\"" CANARY "!\": 3}}", "visivo run||ok\n"},
		{{"run"}, "0", "{\"job_count\": \"" CANARY "\"}", "visivo run||ok\n"},
	};
	struct world *world = *state;
	char told[4096] = UP;
	size_t used = strlen(told);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[12] = {"upfront", "run", "--", "./visivo"};
		struct run run;

		for (size_t w = 0; w < 6; w++)
			argv[4 + w] = cases[i].words[w];
		world_setenv(world, "CODE", cases[i].code);
		world_setenv(world, "METRICS", cases[i].metrics[0] != '\0' ? cases[i].metrics : NULL);
		run_command(&run, world, &(struct run_options){.argv = argv});
		run_assert_code(&run, atoi(cases[i].code));
		assert_string_equal(run.out.bytes, "");
		assert_string_equal(run.err.bytes, "");
		run_finish(&run);
		used += (size_t)snprintf(told + used, sizeof(told) - used, "%s",
					 cases[i].told != NULL ? cases[i].told : "");
	}
	reported_down(world);
	snprintf(told + used, sizeof(told) - used, DOWN);
	reported_assert(world, told);
	reported_assert_never(world, CANARY);
}

static void test_metrics_that_are_no_file_of_ours_count_for_nothing(void **state)
{
	static const char *const scripts[] = {
		"rm $UPFRONT_METRICS",
		"echo '{\"job_count\": 1}' >x; ln -sf $PWD/x $UPFRONT_METRICS",
		"head -c 70000 /dev/zero | tr '\\0' ' ' >$UPFRONT_METRICS; echo '{}' >>$UPFRONT_METRICS",
		"rm $UPFRONT_METRICS; mkfifo $UPFRONT_METRICS",
		"chmod 0 $UPFRONT_METRICS; rm -r ${UPFRONT_METRICS%/*}",
		"echo '{\"job_count\": 5}' >$UPFRONT_METRICS.new && mv $UPFRONT_METRICS.new $UPFRONT_METRICS",
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct run run;

		run_script(&run, world, scripts[i]);
		run_assert_code(&run, 0);
		assert_string_equal(run.err.bytes, "");
		run_finish(&run);
	}
	reported_down(world);
	reported_assert(world, UP "run|-- <args>|ok\nrun|-- <args>|ok\nrun|-- <args>|ok\nrun|-- <args>|ok\n"
				  "run|-- <args>|ok\nrun|-- <args>|ok|5\n" DOWN);
}

/* The file is private, and there only if somebody reads it; one from outside is nobody's. */
static void test_the_file_is_there_when_it_is_read(void **state)
{
	static const char look[] = "stat -c %a $UPFRONT_METRICS ${UPFRONT_METRICS%/*}; echo ${UPFRONT_METRICS-none}";
	struct world *world = *state;
	struct run run;

	world_setenv(world, "UPFRONT_METRICS", "/" CANARY);
	run_script(&run, world, look);
	assert_ptr_equal(strstr(run.out.bytes, "600\n700\n/"), run.out.bytes);
	run_assert_silent(&run, CANARY);
	run_finish(&run);
	world_setenv(world, "DO_NOT_TRACK", "1");
	run_script(&run, world, "echo ${UPFRONT_METRICS-none}");
	assert_string_equal(run.out.bytes, "none\n");
	run_finish(&run);
	world_setenv(world, "DO_NOT_TRACK", NULL);
	reported_down(world);
	run_script(&run, world, "echo ${UPFRONT_METRICS-none}");
	assert_string_equal(run.out.bytes, "none\n");
	run_finish(&run);
	reported_assert(world, UP "run|-- <args>|ok\n" DOWN);
}

static void test_what_cannot_be_executed_is_said_as_ever(void **state)
{
	struct world *world = *state;
	char *said[2][2];

	world_write(world, "plain.txt", "no program\n");
	for (int on = 1; on >= 0; on--) {
		static const char *const names[] = {"nosuchthing", "./plain.txt"};

		if (!on)
			reported_down(world);
		for (int i = 0; i < 2; i++) {
			struct run run;

			run_upfront(&run, world, "run", "--", names[i], CANARY, NULL);
			run_assert_code(&run, 4);
			said[on][i] = strdup(run.err.bytes);
			run_finish(&run);
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_string_equal(said[0][i], said[1][i]);
		free(said[0][i]);
		free(said[1][i]);
	}
	reported_assert(world, UP "run|-- <args>|command_not_found\nrun|-- <args>|not_executable\n" DOWN);
}

/* ---- Signals ---- */

/* Prints a line for each signal it gets, and ends with the word on its standard input. */
static const char counter[] = "for s in INT TERM HUP USR1 USR2; do trap \"echo got-$s\" $s; done; echo ready; "
			      "while :; do read word && exit 9; done";

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		count++;
	return count;
}

static void test_what_is_sent_to_upfront_alone_is_passed_on_once(void **state)
{
	static const struct {
		int signal;
		const char *said;
	} cases[] = {{SIGINT, "got-INT"},
		     {SIGTERM, "got-TERM"},
		     {SIGHUP, "got-HUP"},
		     {SIGUSR1, "got-USR1"},
		     {SIGUSR2, "got-USR2"}};
	static const char *const argv[] = {"upfront", "run", "--", "bash", "-c", counter, NULL};
	struct world *world = *state;
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv, .input_kind = RUN_STDIN_OPEN});
	run_expect(&run, "ready");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_signal(&run, cases[i].signal);
		run_expect(&run, cases[i].said);
	}
	run_type(&run, "end\n");
	run_wait(&run);
	run_assert_code(&run, 9);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(count_of(run.out.bytes, cases[i].said), 1);
	run_finish(&run);
	reported_down(world);
}

static void test_it_ends_by_the_signal_that_ended_the_command(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL, SIGSEGV, SIGPIPE, SIGUSR2};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char script[64];
		struct run run;

		snprintf(script, sizeof(script), "ulimit -c 0; kill -%d $$", signals[i]);
		run_script(&run, world, script);
		assert_int_equal(run.signal, signals[i]);
		run_finish(&run);
	}
	reported_down(world);
	reported_assert(world, UP "run|-- <args>|interrupted\nrun|-- <args>|interrupted\nrun|-- <args>|interrupted\n"
				  "run|-- <args>|signaled\nrun|-- <args>|signaled\nrun|-- <args>|signaled\n"
				  "run|-- <args>|signaled\n" DOWN);
}

static void test_it_does_not_outlive_upfront(void **state)
{
	static const char *const argv[] = {"upfront", "run", "--", "sleep", "1002", NULL};
	struct world *world = *state;
	int64_t begin_ms = world_now_ms();
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv});
	while (world_processes(world, "sleep 1002", NULL, 0) < 2)
		world_pause(begin_ms, 5000, "the command");
	run_signal(&run, SIGKILL);
	run_wait(&run);
	world_wait_gone(world, "sleep 1002", 2000);
	run_finish(&run);
	/* A run that was killed cannot clear up behind itself: the next one does. */
	assert_non_null(world_search(world, "metrics.json"));
	run_script(&run, world, "true");
	run_finish(&run);
	reported_down(world);
}

/* What the command lets go of is let go of: nobody behind it waits for upfront. */
static void test_no_stream_is_held(void **state)
{
	char path[WORLD_PATH_MAX + 16];
	const char *line[] = {"sh", "-c",
			      "exec 3<&0; \"$0\" run -- sh -c 'exec >&- 2>&-; read line' <&3 | { cat; echo through; }",
			      path, NULL};
	struct world *world = *state;
	struct run run;

	snprintf(path, sizeof(path), "%s/upfront", world->bin_dir);
	run_begin(&run, world, &(struct run_options){.argv = line, .input_kind = RUN_STDIN_OPEN});
	run_expect(&run, "through");
	run_type(&run, "end\n");
	run_wait(&run);
	run_finish(&run);
	reported_down(world);
}

/* ---- At the terminal ---- */

static void begin_shell(struct run *run, struct world *world)
{
	const char *argv[] = {"bash", "--norc", "-i", NULL};

	/* Says by itself how the last command ended, and that typing is heard again. */
	world_setenv(world, "PS1", "<$?> ");
	run_begin(run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(run, "<0> ");
	run_forget(run);
}

static void type_run(struct run *run, const struct world *world, const char *rest)
{
	char line[2 * WORLD_PATH_MAX];

	snprintf(line, sizeof(line), "%s/upfront run -- %s\n", world->bin_dir, rest);
	run_type(run, line);
}

static void end_shell(struct run *run, const struct world *world)
{
	run_type(run, "exit 0\n");
	run_wait(run);
	run_finish(run);
	reported_down(world);
}

/* The shell is back at its prompt, after this. */
static void await_code(struct run *run, const char *code)
{
	char prompt[32];

	snprintf(prompt, sizeof(prompt), "<%s> ", code);
	run_expect(run, prompt);
	run_forget(run);
}

static void test_it_is_a_terminal_and_the_code_passes(void **state)
{
	struct run run;

	begin_shell(&run, *state);
	type_run(&run, *state,
		 "sh -c 'test -t 0 -a -t 1 -a -t 2; echo terminal=$?; stty size; read line; echo got:$line; exit 7'");
	run_expect(&run, "terminal=0");
	run_expect(&run, "24 80");
	run_type(&run, "word\n");
	run_expect(&run, "got:word");
	await_code(&run, "7");
	end_shell(&run, *state);
}

static void test_ctrl_c_reaches_it_once(void **state)
{
	struct run run;

	begin_shell(&run, *state);
	type_run(&run, *state, "bash -c 'trap \"echo caught\" INT; echo here; until read line; do :; done; exit 5'");
	run_expect(&run, "here\r");
	run_type(&run, "\003");
	run_expect(&run, "caught\r");
	run_type(&run, "end\n");
	await_code(&run, "5");
	/* A program that a signal ends whatever it is at: a shell may be just about to become another. */
	type_run(&run, *state, "sed -u s/^/got:/");
	run_type(&run, "one\n");
	run_expect(&run, "got:one\r");
	run_type(&run, "\003");
	await_code(&run, "130");
	/* A shell ends its loop when what it runs was ended by Ctrl-C, and only then. */
	run_type(&run, "for i in 1 2 3; do ");
	type_run(&run, *state, "sed -u s/^/got:/; done");
	run_type(&run, "two\n");
	run_expect(&run, "got:two\r");
	run_forget(&run);
	run_type(&run, "\003");
	await_code(&run, "130");
	end_shell(&run, *state);
}

static void test_it_is_a_job_of_the_shell(void **state)
{
	struct run run;

	begin_shell(&run, *state);
	type_run(&run, *state, "sh -c 'echo here; while read line; do echo got:$line; done; exit 3'");
	run_expect(&run, "here\r");
	for (int i = 0; i < 3; i++) {
		run_type(&run, "\032");
		run_expect(&run, "Stopped");
		await_code(&run, "148");
		run_type(&run, "fg\n");
		run_expect(&run, "run -- sh -c");
		run_type(&run, "again\n");
		run_expect(&run, "got:again");
	}
	run_type(&run, "\004");
	await_code(&run, "3");
	/* One that stops itself, with the signal that cannot be caught. */
	type_run(&run, *state, "sh -c 'kill -STOP $$; echo on; exit 4'");
	await_code(&run, "147");
	run_type(&run, "fg\n");
	run_expect(&run, "on\r");
	await_code(&run, "4");
	end_shell(&run, *state);
}

static void test_a_job_in_the_background(void **state)
{
	struct run run;

	begin_shell(&run, *state);
	/* Reading from there stops it. */
	type_run(&run, *state, "sh -c 'read line; echo got:$line; exit 6' &");
	await_code(&run, "0");
	run_type(&run, "wait %1; jobs\n");
	run_expect(&run, "Stopped");
	await_code(&run, "0");
	run_type(&run, "fg\n");
	run_expect(&run, "run -- sh -c");
	run_type(&run, "word\n");
	run_expect(&run, "got:word");
	await_code(&run, "6");
	/* And a signal to the job is one signal to the command. */
	type_run(&run, *state,
		 "bash -c 'trap \"echo told\" TERM; echo here; while [ ! -e end ]; do sleep 0.05; done; echo over' &");
	run_expect(&run, "here\r");
	await_code(&run, "0");
	run_type(&run, "kill %1\n");
	run_expect(&run, "told\r");
	world_write(*state, "end", "");
	run_expect(&run, "over\r");
	assert_int_equal(count_of(run.out.bytes, "told\r"), 1);
	end_shell(&run, *state);
}

static void test_it_hears_of_the_window(void **state)
{
	struct winsize size = {.ws_row = 30, .ws_col = 100};
	struct run run;

	begin_shell(&run, *state);
	type_run(&run, *state,
		 "bash -c 'trap \"stty size\" WINCH; echo here; while [ ! -e end ]; do sleep 0.05; done'");
	run_expect(&run, "here\r");
	assert_int_equal(ioctl(run.out_fd, TIOCSWINSZ, &size), 0);
	run_expect(&run, "30 100");
	world_write(*state, "end", "");
	await_code(&run, "0");
	end_shell(&run, *state);
}

int main(void)
{
#define SHOP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SHOP_TEST(test_the_registry_names_what_is_told),
		SHOP_TEST(test_metrics_that_are_no_file_of_ours_count_for_nothing),
		SHOP_TEST(test_the_file_is_there_when_it_is_read),
		SHOP_TEST(test_what_cannot_be_executed_is_said_as_ever),
		SHOP_TEST(test_what_is_sent_to_upfront_alone_is_passed_on_once),
		SHOP_TEST(test_it_ends_by_the_signal_that_ended_the_command),
		SHOP_TEST(test_it_does_not_outlive_upfront),
		SHOP_TEST(test_no_stream_is_held),
		SHOP_TEST(test_it_is_a_terminal_and_the_code_passes),
		SHOP_TEST(test_ctrl_c_reaches_it_once),
		SHOP_TEST(test_it_is_a_job_of_the_shell),
		SHOP_TEST(test_a_job_in_the_background),
		SHOP_TEST(test_it_hears_of_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
