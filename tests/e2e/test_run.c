/* SPDX-License-Identifier: MIT */
/* A one-off command has the terminal as if it had been started without upfront. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void begin(struct run *run, struct world *world, const char *script)
{
	const char *argv[] = {"bash", "--norc", "-i", NULL};
	char line[2 * WORLD_PATH_MAX];

	world_write(world, "compose.yaml", "services: {a: {command: 'true'}}\n");
	world_setenv(world, "PS1", "prompt> ");
	run_begin(run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(run, "prompt> ");
	snprintf(line, sizeof(line), "%s/upfront run -- sh -c '%s'\n", world->bin_dir, script);
	run_type(run, line);
}

static void end(struct run *run)
{
	run_type(run, "exit 0\n");
	run_wait(run);
	run_finish(run);
}

static void test_it_is_a_terminal_and_the_code_passes(void **state)
{
	struct run run;

	begin(&run, *state,
	      "test -t 0 -a -t 1 -a -t 2; echo terminal=$?; stty size; read line; echo got:$line; exit 7");
	run_expect(&run, "terminal=0");
	run_expect(&run, "24 80");
	run_type(&run, "word\n");
	run_expect(&run, "got:word");
	run_type(&run, "echo code=$?\n");
	run_expect(&run, "code=7");
	end(&run);
}

static void test_ctrl_c_is_the_commands(void **state)
{
	struct run run;

	begin(&run, *state, "trap \"echo caught; exit 5\" INT; echo here; while :; do sleep 0.05; done");
	run_expect(&run, "here\r");
	run_type(&run, "\003");
	run_expect(&run, "caught\r");
	run_type(&run, "echo code=$?\n");
	run_expect(&run, "code=5");
	end(&run);
}

static void test_it_is_a_job_of_the_shell(void **state)
{
	struct run run;

	begin(&run, *state, "echo here; read line; echo got:$line; exit 3");
	run_expect(&run, "here\r");
	run_type(&run, "\032");
	run_expect(&run, "Stopped");
	run_type(&run, "fg\n");
	run_expect(&run, "run -- sh -c");
	run_type(&run, "again\n");
	run_expect(&run, "got:again");
	run_type(&run, "echo code=$?\n");
	run_expect(&run, "code=3");
	end(&run);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_it_is_a_terminal_and_the_code_passes),
		WORLD_TEST(test_ctrl_c_is_the_commands),
		WORLD_TEST(test_it_is_a_job_of_the_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
