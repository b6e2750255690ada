/* SPDX-License-Identifier: MIT */
/*
 * `attach`: a terminal that is a service's. Keys go there and nowhere else, what the service writes comes here as it is, and on every
 * way out the terminal is as it was and the service goes on.
 */
#include "tests/lib/run.h"
#include "tests/lib/stack_procs.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define LEAVE "\035"
#define PASTE_BYTES 1000000u

/* Answers each line with what it was and the size of its terminal. */
static const char stack[] = "services:\n"
			    "  web:\n"
			    "    command: [sh, web.sh]\n"
			    "    tty: true\n"
			    "    stdin_open: true\n"
			    "    restart: on-failure\n"
			    "  deaf: {command: [sh, -c, 'echo deaf is there; exec sleep 1000'], tty: true}\n"
			    "  plain: {command: sleep 1001}\n"
			    "  done: {command: 'true', tty: true}\n";

static const char web[] =
	"trap 'echo interrupted' INT\n"
	"stty -echo\n"
	"echo begins $(stty size)\n"
	"while :; do\n"
	"  if ! read -r line; then continue; fi\n"
	"  case $line in\n"
	"  crash) exit 9;;\n"
	"  end) exit 0;;\n"
	"  full) printf '\\033[?1049h\\033[?25l\\033[?1000h\\033[?2004hfull screen';;\n"
	"  flood) head -c 3000000 /dev/zero | tr '\\0' x; echo flooded >flooded; echo; echo flood is over;;\n"
	"  paste) stty raw; echo ready to paste; head -c 1000000 | cksum; stty sane -echo;;\n"
	"  *) echo \"heard [$line] in $(stty size)\";;\n"
	"  esac\n"
	"done\n";

static void begin(struct world *world)
{
	world_write(world, "web.sh", web);
	stack_begin(world, stack);
}

static void attach(struct run *run, const struct world *world, const char *service)
{
	const struct run_options options = {.argv = (const char *const[]){"upfront", "attach", service, NULL},
					    .terminal = true,
					    .columns = 100,
					    .rows = 30};

	run_begin(run, world, &options);
	run_expect(run, "; Ctrl-] leaves");
}

static pid_t pid_of(const struct world *world, const char *name)
{
	cJSON *unit = stack_unit(world, name);
	const cJSON *pid = cJSON_GetObjectItemCaseSensitive(unit, "pid");
	const pid_t result = cJSON_IsNumber(pid) ? (pid_t)pid->valuedouble : 0;

	cJSON_Delete(unit);
	return result;
}

static void assert_as_before(const struct run *run)
{
	struct termios after;

	assert_int_equal(tcgetattr(run->in_fd, &after), 0);
	assert_int_equal(after.c_lflag, run->settings.c_lflag);
	assert_int_equal(after.c_iflag, run->settings.c_iflag);
	assert_int_equal(after.c_oflag, run->settings.c_oflag);
}

static bool is_raw(void *context)
{
	const struct run *run = context;
	struct termios now;

	return tcgetattr(run->in_fd, &now) == 0 && (now.c_lflag & ISIG) == 0;
}

/* ---- As it should be ---- */

static void test_keys_go_there_and_size_is_passed_on(void **state)
{
	const struct winsize size = {.ws_row = 41, .ws_col = 123};
	struct world *world = *state;
	struct run run;
	pid_t pid;

	begin(world);
	pid = pid_of(world, "web");
	attach(&run, world, "web");
	/* What it wrote before is there to be seen. */
	run_expect(&run, "begins ");
	run_until(&run, is_raw, &run, "keys that come raw");
	run_type(&run, "two words\r");
	run_expect(&run, "heard [two words] in 30 100\r\n");
	assert_int_equal(ioctl(run.out_fd, TIOCSWINSZ, &size), 0);
	for (;;) {
		run_forget(&run);
		run_type(&run, "again\r");
		run_expect(&run, "heard [again]");
		if (strstr(run.out.bytes, "in 41 123") != NULL)
			break;
	}
	/* An interrupt is a key like any other: it is the service's, and ends nobody here. */
	run_type(&run, "\003");
	run_expect(&run, "interrupted");
	run_type(&run, "still\r");
	run_expect(&run, "heard [still]");
	run_forget(&run);
	run_type(&run, "last words\r" LEAVE);
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "upfront: web goes on; come back with: upfront attach web"));
	assert_as_before(&run);
	run_finish(&run);
	assert_int_equal(pid_of(world, "web"), pid);
	/* They had been typed, and reached it. */
	attach(&run, world, "web");
	run_expect(&run, "heard [last words]");
	run_type(&run, LEAVE);
	run_wait(&run);
	run_finish(&run);
	stack_end(world, 1);
}

static void test_two_look_at_the_same(void **state)
{
	struct world *world = *state;
	struct run one, two;

	begin(world);
	attach(&one, world, "web");
	attach(&two, world, "web");
	run_type(&one, "from one\r");
	run_expect(&one, "heard [from one]");
	run_expect(&two, "heard [from one]");
	run_type(&two, "from two\r");
	run_expect(&one, "heard [from two]");
	run_type(&one, LEAVE);
	run_wait(&one);
	run_type(&two, "alone\r");
	run_expect(&two, "heard [alone]");
	run_type(&two, LEAVE);
	run_wait(&two);
	run_finish(&one);
	run_finish(&two);
	stack_end(world, 1);
}

static bool is_flooded(void *context)
{
	return world_has(context, "flooded");
}

/* Whoever does not look holds nobody up, and is told what was left out. */
static void test_a_slow_terminal_holds_nobody_up(void **state)
{
	struct world *world = *state;
	const int64_t since_ms = world_now_ms();
	struct run run;

	begin(world);
	attach(&run, world, "web");
	run_type(&run, "flood\r");
	while (!is_flooded(world))
		world_pause(since_ms, RUN_DEADLINE_MS, "the end of the flood");
	run_expect(&run, " bytes were left out here]");
	run_type(&run, "after it\r");
	run_expect(&run, "heard [after it]");
	assert_true(run.out.size_bytes < 2500000);
	run_type(&run, LEAVE);
	run_wait(&run);
	run_finish(&run);
	stack_end(world, 1);
}

static void test_a_paste_arrives_whole(void **state)
{
	char *paste = malloc(PASTE_BYTES + 1);
	struct world *world = *state;
	struct run run;

	for (size_t i = 0; i < PASTE_BYTES; i++)
		paste[i] = (char)('a' + i % 23);
	paste[PASTE_BYTES] = '\0';
	begin(world);
	attach(&run, world, "web");
	run_type(&run, "paste\r");
	run_expect(&run, "ready to paste");
	run_type(&run, paste);
	/* As cksum(1) has it for those bytes in that order. */
	run_expect(&run, "151759170 1000000");
	run_type(&run, LEAVE);
	run_wait(&run);
	run_finish(&run);
	free(paste);
	stack_end(world, 1);
}

/* A service that starts anew goes on in the same place, in the same size. */
static void test_a_restart_goes_on(void **state)
{
	struct world *world = *state;
	struct run run, restart;

	begin(world);
	attach(&run, world, "web");
	run_type(&run, "here\r");
	run_expect(&run, "heard [here] in 30 100");
	run_forget(&run);
	run_type(&run, "crash\r");
	run_expect(&run, "upfront: web ended (exited with code 9), starts again");
	run_expect(&run, "begins 30 100");
	run_forget(&run);
	run_upfront(&restart, world, "restart", "-t", "1", "web", NULL);
	run_assert_code(&restart, 0);
	run_finish(&restart);
	run_expect(&run, "begins 30 100");
	run_type(&run, "there\r");
	run_expect(&run, "heard [there]");
	run_type(&run, LEAVE);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	stack_end(world, 1);
}

/* ---- Ends ---- */

static void test_the_end_of_the_service_ends_it(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "web.sh", "read line; echo last word; exit 7\n");
	stack_begin(world, "services:\n"
			   "  web: {command: [sh, web.sh], tty: true, stdin_open: true}\n"
			   "  other: {command: sleep 1000}\n");
	attach(&run, world, "web");
	run_type(&run, "go\r");
	run_wait(&run);
	run_assert_code(&run, 7);
	assert_non_null(strstr(run.out.bytes, "last word\r\n"));
	assert_non_null(strstr(run.out.bytes, "upfront: web exited with code 7\r\n"));
	assert_as_before(&run);
	run_finish(&run);
	stack_end(world, 1);
}

static void test_the_end_of_the_stack_ends_it(void **state)
{
	struct world *world = *state;
	struct run run, stack_run;

	begin(world);
	attach(&run, world, "web");
	run_until(&run, is_raw, &run, "keys that come raw");
	attach(&stack_run, world, "deaf");
	stack_end(world, 1);
	run_wait(&run);
	run_assert_code(&run, 143);
	run_wait(&stack_run);
	run_assert_code(&stack_run, 143);
	assert_non_null(strstr(stack_run.out.bytes, "upfront: deaf was ended by SIGTERM"));
	assert_as_before(&run);
	run_finish(&run);
	run_finish(&stack_run);
}

static void test_a_killed_supervisor_leaves_the_terminal_well(void **state)
{
	struct world *world = *state;
	struct run run;
	pid_t pid;

	begin(world);
	pid = stack_process_parent(pid_of(world, "web"));
	assert_true(pid > 1);
	attach(&run, world, "web");
	run_type(&run, "full\r");
	run_expect(&run, "full screen");
	kill(pid, SIGKILL);
	run_wait(&run);
	run_assert_code(&run, 1);
	assert_non_null(strstr(run.out.bytes, "\033[?1049l"));
	assert_non_null(strstr(run.out.bytes, "upfront: "));
	assert_as_before(&run);
	run_finish(&run);
	world_wait_gone(world, "web.sh", 5000);
}

/* ---- The terminal afterwards ---- */

static const struct {
	const char *how;
	int signal; /* 0: by the key */
	bool says_so;
} ways_out[] = {
	{"Ctrl-]", 0, true},      {"SIGTERM", SIGTERM, false}, {"SIGHUP", SIGHUP, false},
	{"SIGINT", SIGINT, true}, {"SIGSEGV", SIGSEGV, false},
};

static void test_every_way_out_gives_the_terminal_back(void **state)
{
	struct world *world = *state;

	begin(world);
	for (size_t i = 0; i < sizeof(ways_out) / sizeof(ways_out[0]); i++) {
		const int number = ways_out[i].signal;
		struct run run;

		attach(&run, world, "web");
		run_until(&run, is_raw, &run, "keys that come raw");
		run_forget(&run);
		run_type(&run, "full\r");
		run_expect(&run, "full screen");
		run_forget(&run);
		if (number == 0)
			run_type(&run, LEAVE);
		else
			run_signal(&run, number);
		run_wait(&run);
		if (strstr(run.out.bytes, "\033[?1049l") == NULL || strstr(run.out.bytes, "\033[?1000l") == NULL ||
		    strstr(run.out.bytes, "\033[?2004l") == NULL || strstr(run.out.bytes, "\033[?25h") == NULL)
			fail_msg("%s: the terminal is left with \"%s\"", ways_out[i].how, run.out.bytes);
		assert_int_equal(strstr(run.out.bytes, "web goes on") != NULL, ways_out[i].says_so);
		assert_as_before(&run);
		run_finish(&run);
	}
	stack_end(world, 1);
}

/* A terminal that was never taken to the other screen is not sent back from there: that would move its cursor. */
static void test_what_was_not_entered_is_not_left(void **state)
{
	struct world *world = *state;
	struct run run;

	begin(world);
	attach(&run, world, "deaf");
	run_expect(&run, "deaf is there");
	assert_non_null(
		strstr(run.out.bytes, "upfront: attached to deaf, which takes no input (stdin_open is not set)"));
	/* Where no key is the service's, this one means what it does elsewhere. */
	run_until(&run, is_raw, &run, "keys that come raw");
	run_type(&run, "x\003");
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_null(strstr(run.out.bytes, "\033[?1049l"));
	assert_non_null(strstr(run.out.bytes, "deaf goes on"));
	run_finish(&run);
	stack_end(world, 1);
}

static void test_a_dumb_terminal_gets_no_sequences(void **state)
{
	struct world *world = *state;
	struct run run;

	begin(world);
	world_setenv(world, "TERM", "dumb");
	attach(&run, world, "deaf");
	run_expect(&run, "deaf is there");
	run_until(&run, is_raw, &run, "keys that come raw");
	run_type(&run, LEAVE);
	run_wait(&run);
	assert_null(strchr(run.out.bytes, '\033'));
	run_finish(&run);
	stack_end(world, 1);
}

/* ---- Without a terminal, or a service's ---- */

static void test_without_keys_it_copies(void **state)
{
	struct world *world = *state;
	const struct run_options options = {.argv = (const char *const[]){"upfront", "attach", "deaf", NULL}};
	const struct run_options no_input = {
		.argv = (const char *const[]){"upfront", "attach", "--no-input", "web", NULL}, .terminal = true};
	struct run run;

	begin(world);
	run_begin(&run, world, &options);
	run_expect(&run, "deaf is there\r\n");
	run_expect(&run, "attached to deaf; Ctrl-C leaves");
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "deaf is there\r\n");
	run_finish(&run);
	run_begin(&run, world, &no_input);
	run_expect(&run, "attached to web; Ctrl-C leaves");
	run_expect(&run, "begins");
	assert_false(is_raw(&run));
	run_type(&run, "\003");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	stack_end(world, 1);
}

static const struct {
	const char *service, *option;
	int code;
	const char *says, *hint;
} refusals[] = {
	{"wab", "-v", 2, "upfront: no such service: 'wab'", "did you mean 'web'?"},
	{"plain", "-v", 4, "compose.yaml:8:3: service 'plain' has no terminal of its own",
	 "add 'tty: true' to it there"},
	{"done", "-v", 1, "upfront: service 'done' does not run: it is completed", "start it first"},
	{"web", "--json", 2, "upfront: attach: what it shows is no JSON", "upfront events --json"},
};

static void test_refusals(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "web.sh", web);
	stack_begin_ready(world, stack);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		run_upfront(&run, world, "attach", refusals[i].option, refusals[i].service, NULL);
		run_assert_code(&run, refusals[i].code);
		run_assert_says(&run, refusals[i].says);
		run_assert_says(&run, refusals[i].hint);
		run_assert_one_error(&run);
		run_finish(&run);
	}
	stack_end(world, 1);
	run_upfront(&run, world, "attach", "web", NULL);
	run_assert_code(&run, 6);
	run_finish(&run);
}

/* ---- The stack as a whole ---- */

static void test_the_stack_goes_on_when_its_looker_leaves(void **state)
{
	struct world *world = *state;
	const struct run_options options = {.argv = (const char *const[]){"upfront", "attach", "--no-input", NULL},
					    .terminal = true};
	struct run run;
	pid_t pid;

	begin(world);
	pid = pid_of(world, "deaf");
	run_begin(&run, world, &options);
	run_expect(&run, "deaf is there");
	run_expect(&run, "; Ctrl-C leaves");
	run_type(&run, "\003");
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, " goes on: upfront attach; stop it: upfront down"));
	run_finish(&run);
	assert_int_equal(pid_of(world, "deaf"), pid);
	run_begin(&run, world, &options);
	run_expect(&run, "; Ctrl-C leaves");
	stack_end(world, 1);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_keys_go_there_and_size_is_passed_on),
		WORLD_TEST(test_two_look_at_the_same),
		WORLD_TEST(test_a_slow_terminal_holds_nobody_up),
		WORLD_TEST(test_a_paste_arrives_whole),
		WORLD_TEST(test_a_restart_goes_on),
		WORLD_TEST(test_the_end_of_the_service_ends_it),
		WORLD_TEST(test_the_end_of_the_stack_ends_it),
		WORLD_TEST(test_a_killed_supervisor_leaves_the_terminal_well),
		WORLD_TEST(test_every_way_out_gives_the_terminal_back),
		WORLD_TEST(test_what_was_not_entered_is_not_left),
		WORLD_TEST(test_a_dumb_terminal_gets_no_sequences),
		WORLD_TEST(test_without_keys_it_copies),
		WORLD_TEST(test_refusals),
		WORLD_TEST(test_the_stack_goes_on_when_its_looker_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
