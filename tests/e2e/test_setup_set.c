/* SPDX-License-Identifier: MIT */
/*
 * What x-upfront.setup and x-upfront.files do beside asking: answers from the command line, programs that check them, ports that are free,
 * files made from templates; in scripts and at a terminal.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The check knows one key; what it is told of others stands in its words. */
static const char stack_text[] = "name: wren\n"
				 "x-upfront:\n"
				 "  app: Wren\n"
				 "  setup:\n"
				 "    - {key: PROVIDER, ask: LLM provider, choices: [openai, custom]}\n"
				 "    - key: KEY\n"
				 "      ask: API key\n"
				 "      secret: true\n"
				 "      pattern: ^sk-\n"
				 "      when: PROVIDER=openai\n"
				 "      check: {exec: [./check, with, words]}\n"
				 "    - {key: GREETING, ask: Greeting, pattern: '^.{0,5}$$'}\n"
				 "services:\n"
				 "  web: {command: 'echo ${PROVIDER} ${GREETING}'}\n";

static const char check_text[] = "#!/bin/sh\n"
				 "echo \"$@ $UPFRONT_TELEMETRY $DO_NOT_TRACK\" >ran\n"
				 "env >environment\n"
				 "tr '\\0' ' ' </proc/$$/cmdline >arguments\n"
				 "read -r key\n"
				 "case $key in\n"
				 "sk-good) exit 0 ;;\n"
				 "sk-slow) setsid sleep 1009 & echo $! >slow; sleep 1009 ;;\n"
				 "esac\n"
				 "printf '\\033[31m%s is not known here\\033[0m\\nsecond line\\n' \"$key\"\n"
				 "exit 1\n";

static int setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "upfront.yaml", stack_text);
	world_write(world, "check", check_text);
	return 0;
}

static void assert_env(const struct world *world, const char *wanted)
{
	char *text = world_read(world, ".env");

	assert_string_equal(text != NULL ? text : "", wanted);
	free(text);
}

static void test_answers_that_fit(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "# mine\nPROVIDER=\nOTHER=1\n");
	run_upfront(&run, world, "setup", "--json", "--set", "PROVIDER=openai", "--set=KEY=sk-good", "--set",
		    "GREETING=", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.err.bytes, "upfront: saved in .env: PROVIDER, KEY, GREETING\n");
	assert_non_null(strstr(run.out.bytes, "\"saved\":\t[\"PROVIDER\", \"KEY\", \"GREETING\"]"));
	run_finish(&run);
	assert_env(world, "# mine\nPROVIDER=openai\nOTHER=1\nKEY=sk-good\nGREETING=\n");
	/* Given again, one of them alone: the others are as they were. */
	run_upfront(&run, world, "up", "--set", "GREETING=Hi", "--set", "PROVIDER=openai", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "saved in .env: GREETING\n");
	assert_non_null(strstr(run.out.bytes, "openai Hi"));
	run_finish(&run);
	assert_env(world, "# mine\nPROVIDER=openai\nOTHER=1\nKEY=sk-good\nGREETING=Hi\n");
}

static void test_answers_that_do_not(void **state)
{
	static const struct {
		const char *first, *second;
		int code;
		const char *said;
	} cases[] = {
		{"PROVIDR=openai", "GREETING=x", 2,
		 "--set: Wren has no setup question 'PROVIDR' (did you mean 'PROVIDER'?)"},
		{"zzz=1", "GREETING=x", 2, "--set: Wren has no setup question 'zzz'\n"},
		{"sk-alone", "GREETING=x", 2, "--set: wanted KEY=VALUE\n"},
		{"=x", "GREETING=x", 2, "--set: wanted KEY=VALUE\n"},
		{"PROVIDER=opena", "GREETING=x", 3,
		 "upfront.yaml:5:7: PROVIDER: 'opena' is none of its choices (did you mean 'openai'?)\n  hint: they "
		 "are openai, "
		 "custom\n"},
		{"PROVIDER=openai", "KEY=pk-s3cret", 3,
		 "upfront.yaml:6:7: KEY: does not look right: it must match ^sk-\n"},
		{"PROVIDER=openai", "KEY=", 3, "KEY: not answered yet"},
		{"PROVIDER=openai", "KEY=sk-s3cret", 3, "upfront.yaml:6:7: KEY: ******** is not known here\n"},
		{"PROVIDER=custom", "GREETING=much longer", 3, "GREETING: does not look right"},
		{"PROVIDER=custom", "GREETING=\033", 3, "GREETING: wanted one line of at most 511 bytes"},
		{"FIXED=b", "PROVIDER=custom", 3, "FIXED is set in the environment, which counts more than --set"},
		/* What fits is kept, and what is missing then is named. */
		{"PROVIDER=openai", "KEY=sk-good", 3,
		 "GREETING has no value yet: Greeting\n  hint: --set GREETING=VALUE gives it"},
	};
	static const char fixed[] = "  setup:\n    - {key: FIXED, ask: Fixed}\n";
	struct world *world = *state;
	struct run run;
	char text[sizeof(stack_text) + sizeof(fixed)];
	char *all = strstr(stack_text, "  setup:\n");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_fixed = strncmp(cases[i].first, "FIXED", 5) == 0;

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(all - stack_text), stack_text, fixed, all + 9);
		world_write(world, "upfront.yaml", is_fixed ? text : stack_text);
		world_setenv(world, "FIXED", is_fixed ? "a" : NULL);
		for (int command = 0; command < 2; command++) {
			run_upfront(&run, world, command == 0 ? "setup" : "up", "--set", cases[i].first, "--set",
				    cases[i].second, NULL);
			run_assert_code(&run, cases[i].code);
			run_assert_says(&run, cases[i].said);
			run_assert_silent(&run, "s3cret");
			run_finish(&run);
			assert_env(world, strstr(cases[i].said, "GREETING has no value") != NULL
						  ? "PROVIDER=openai\nKEY=sk-good\n"
						  : "");
			unlink(world_path(world, ".env"));
		}
	}
}

/* The question it answers is not asked: it is not kept, and that is said. */
static void test_conditions_are_respected(void **state)
{
	struct world *world = *state;
	struct run run;

	run_upfront(&run, world, "up", "--set", "KEY=sk-good", "--set", "PROVIDER=custom", "--set", "GREETING=Hi",
		    NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "upfront: KEY is not kept: it counts only while PROVIDER is openai\n");
	assert_non_null(strstr(run.out.bytes, "custom Hi"));
	run_finish(&run);
	assert_env(world, "PROVIDER=custom\nGREETING=Hi\n");
	assert_false(world_has(world, "ran"));
}

static void test_answers_from_standard_input(void **state)
{
	struct world *world = *state;
	struct run run;

	run_command(&run, world,
		    &(struct run_options){.argv = (const char *const[]){"upfront", "setup", "--set", "PROVIDER=openai",
									"--set", "GREETING=-", "--set", "KEY=-", NULL},
					  .input_kind = RUN_STDIN_TEXT,
					  .input = "a b\r\nsk-good\nrest\n"});
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_env(world, "PROVIDER=openai\nKEY=sk-good\nGREETING='a b'\n");
	run_upfront(&run, world, "setup", "--set", "KEY=-", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "KEY: standard input ended before the answer");
	run_finish(&run);
	run_begin(&run, world,
		  &(struct run_options){.argv = (const char *const[]){"upfront", "setup", "--set", "KEY=-", NULL},
					.terminal = true});
	run_expect(&run, "API key (not shown while you type):");
	run_type(&run, "sk-s3cret\n");
	run_wait(&run);
	run_assert_code(&run, 3);
	run_assert_silent(&run, "s3cret");
	run_finish(&run);
}

/* Typed as an argument, the secret is gone from the process list while anything of it runs. */
static void test_a_secret_is_starred(void **state)
{
	struct world *world = *state;
	struct run run;

	run_begin(&run, world,
		  &(struct run_options){.argv = (const char *const[]){"upfront", "setup", "--set", "PROVIDER=openai",
								      "--set", "KEY=sk-slow", NULL}});
	for (int64_t since = world_now_ms(); !world_has(world, "slow");)
		world_pause(since, 20000, "the check");
	assert_int_equal(world_processes(world, "sk-slow", NULL, 0), 0);
	assert_int_equal(world_processes(world, "KEY=*******", NULL, 0), 1);
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 130);
	run_finish(&run);
	world_wait_gone(world, "sleep 1009", 2000);
	assert_env(world, "");
}

/* The program gets the answer on its standard input, and nowhere else; nothing has been agreed to yet. */
static void test_how_a_check_is_run(void **state)
{
	struct world *world = *state;
	struct run run;
	char *text;

	run_upfront(&run, world, "setup", "--set", "PROVIDER=openai", "--set", "KEY=sk-good", "--set",
		    "GREETING=", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	text = world_read(world, "ran");
	assert_string_equal(text, "with words off 1\n");
	free(text);
	text = world_read(world, "environment");
	assert_null(strstr(text, "sk-good"));
	free(text);
	text = world_read(world, "arguments");
	assert_null(strstr(text, "sk-good"));
	free(text);
	/* A command that only looks runs nothing. */
	unlink(world_path(world, "ran"));
	run_upfront(&run, world, "config", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "doctor", NULL);
	run_finish(&run);
	/* What is answered already is not submitted again. */
	run_upfront(&run, world, "up", "--set", "GREETING=x", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_false(world_has(world, "ran"));
}

static void test_the_form_checks(void **state)
{
	const char *const argv[] = {"upfront", "setup", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "PROVIDER=openai\nGREETING=Hi\n");
	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "Enter goes on");
	run_type(&run, "sk-slow\t\t\r");
	run_expect(&run, "Checking the answers");
	for (int64_t since = world_now_ms(); !world_has(world, "slow");)
		world_pause(since, 20000, "the check");
	run_type(&run, "\033");
	run_expect(&run, "The check was stopped");
	assert_int_equal(world_processes(world, "sleep 1009", NULL, 0), 0);
	assert_env(world, "PROVIDER=openai\nGREETING=Hi\n");
	run_type(&run, "\033[Z\033[Z\025sk-none\t\t\r");
	run_expect(&run, "******** is not known here");
	run_type(&run, "\025sk-good\t\t\r");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "sk-none");
	assert_non_null(strstr(run.out.bytes, "saved in .env: KEY"));
	run_finish(&run);
	assert_env(world, "PROVIDER=openai\nGREETING=Hi\nKEY=sk-good\n");
}

/* ---- Ports ---- */

/* Listens on a port of any number; IPv6 alone, or all of IPv4. */
static int hold(bool six, int *number)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = six ? sizeof(address) : sizeof(four);
	struct sockaddr *any = six ? (struct sockaddr *)&address : (struct sockaddr *)&four;
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, any, size) < 0 || listen(fd, 1) < 0 || getsockname(fd, any, &size) < 0) {
		close(fd);
		return -1;
	}
	*number = ntohs(six ? address.sin6_port : four.sin_port);
	return fd;
}

static int port_in_env(const struct world *world, const char *name)
{
	char *text = world_read(world, ".env"), line[64], *at;
	int number;

	snprintf(line, sizeof(line), "%s=", name);
	at = text != NULL ? strstr(text, line) : NULL;
	number = at != NULL ? atoi(at + strlen(line)) : 0;
	free(text);
	return number;
}

static void write_ports(const struct world *world, int first, int second)
{
	char text[600];

	snprintf(text, sizeof(text),
		 "name: ports\nx-upfront:\n  setup:\n    - {key: A_PORT, port: %d}\n    - {key: B_PORT, port: %d}\n"
		 "services: {web: {command: 'echo a=${A_PORT} b=${B_PORT}'}}\n",
		 first, second);
	world_write(world, "upfront.yaml", text);
}

static void test_free_ports_are_chosen_once(void **state)
{
	struct world *world = *state;
	struct run run;
	char said[200];

	for (int six = 0; six < 2; six++) {
		int taken = 0, fd = hold(six, &taken), a, b;

		if (fd < 0)
			continue; /* a machine without IPv6 */
		unlink(world_path(world, ".env"));
		write_ports(world, taken, taken);
		run_upfront(&run, world, "up", NULL);
		run_assert_code(&run, 0);
		a = port_in_env(world, "A_PORT");
		b = port_in_env(world, "B_PORT");
		assert_true(a > taken && b > a);
		snprintf(said, sizeof(said), "a=%d b=%d", a, b);
		assert_non_null(strstr(run.out.bytes, said));
		snprintf(said, sizeof(said), "(pid %d): A_PORT is %d from now on, kept in .env\n", (int)getpid(), a);
		run_assert_says(&run, said);
		run_finish(&run);
		close(fd);
		/* The first number is free now, and nobody goes back to it. */
		run_upfront(&run, world, "up", NULL);
		run_assert_code(&run, 0);
		run_assert_silent(&run, "_PORT");
		run_finish(&run);
		assert_int_equal(port_in_env(world, "A_PORT"), a);
	}
}

/* What is written down moves when others have it, with a word; what the environment says never does. */
static void test_a_port_that_is_taken_later(void **state)
{
	struct world *world = *state;
	struct run run;
	char text[100], said[200];
	int taken = 0, fd = hold(false, &taken);

	assert_true(fd >= 0);
	write_ports(world, 3000, 3000);
	snprintf(text, sizeof(text), "# mine\nA_PORT=%d # web\nB_PORT=word\n", taken);
	world_write(world, ".env", text);
	/* Only `up` moves it. */
	run_upfront(&run, world, "setup", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_env(world, text);
	run_upfront(&run, world, "up", "-q", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_true(port_in_env(world, "A_PORT") > taken);
	world_write(world, ".env", text);
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 0);
	snprintf(said, sizeof(said), "upfront: port %d is in use by", taken);
	run_assert_says(&run, said);
	assert_non_null(strstr(run.out.bytes, "b=word"));
	run_finish(&run);
	snprintf(said, sizeof(said), "# mine\nA_PORT=%d # web\nB_PORT=word\n", port_in_env(world, "A_PORT"));
	assert_env(world, said);
	world_write(world, ".env", text);
	snprintf(said, sizeof(said), "%d", taken);
	world_setenv(world, "A_PORT", said);
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "in use");
	run_finish(&run);
	assert_env(world, text);
	world_setenv(world, "A_PORT", NULL);
	/* What is typed for this start is that or nothing. */
	snprintf(said, sizeof(said), "A_PORT=%d", taken);
	run_upfront(&run, world, "up", "--set", said, NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "upfront.yaml:4:7: A_PORT: port ");
	run_finish(&run);
	run_upfront(&run, world, "up", "--set", "A_PORT=65536", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "A_PORT: wanted a port, 1 to 65535, found '65536'");
	run_finish(&run);
	assert_env(world, text);
	close(fd);
	run_upfront(&run, world, "up", "--set", said, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_int_equal(port_in_env(world, "A_PORT"), taken);
}

/* A running stack holds its ports itself: a second `up` leaves them. */
static void test_the_ports_of_a_running_stack(void **state)
{
	struct world *world = *state;
	struct run run;
	char text[1200];
	int port = world_free_port();

	snprintf(text, sizeof(text),
		 "name: ports\nx-upfront: {setup: [{key: A_PORT, port: %d}]}\n"
		 "services: {web: {command: '%s/tests/helpers/server tcp ${A_PORT} ill', "
		 "x-upfront: {ready: {tcp: '127.0.0.1:${A_PORT}'}}}}\n",
		 port, world->bin_dir);
	world_write(world, "upfront.yaml", text);
	run_upfront(&run, world, "up", "--wait", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	port = port_in_env(world, "A_PORT");
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "in use");
	run_finish(&run);
	assert_int_equal(port_in_env(world, "A_PORT"), port);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void test_no_port_left(void **state)
{
	struct world *world = *state;
	struct run run;

	write_ports(world, 65535, 65535);
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "no port from 65535 on is free");
	run_finish(&run);
	assert_env(world, "");
	run_command(&run, world,
		    &(struct run_options){
			    .argv = (const char *const[]){"upfront", "-f", "-", "up", NULL},
			    .input_kind = RUN_STDIN_TEXT,
			    .input = "x-upfront: {setup: [{key: A, port: 3000}]}\nservices: {a: {command: 'true'}}"});
	run_assert_code(&run, 3);
	run_assert_says(&run, "cannot choose a port: the stack file is standard input");
	run_finish(&run);
}

/* ---- Files ---- */

static void test_files_are_made(void **state)
{
	struct world *world = *state;
	struct run run;
	char *text;

	world_write(world, "upfront.yaml",
		    "name: files\nx-upfront:\n  setup: [{key: MODEL, ask: Model}]\n"
		    "  files: [{from: in.yaml, to: 'made/${MODEL}.yaml'}]\n"
		    "  telemetry: {host: 'file:/dev/null', key: k, env: {on: {T: 'true'}, off: {T: 'false'}}}\n"
		    "services: {web: {command: 'cat made/${MODEL}.yaml'}}\n");
	world_write(world, "in.yaml", "model: ${MODEL}\ntold: '${T}'\nno: $${MODEL}\n");
	run_upfront(&run, world, "up", "--set", "MODEL=gpt", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "upfront: made made/gpt.yaml from in.yaml\n");
	run_assert_says(&run, "upfront: warning: in.yaml:2:8: variable 'T' is not set");
	run_finish(&run);
	text = world_read(world, "made/gpt.yaml");
	assert_string_equal(text, "model: gpt\ntold: ''\nno: ${MODEL}\n");
	free(text);
	world_write(world, "made/gpt.yaml", "mine\n");
	world_write(world, "in.yaml", "model: ${MODEL\n");
	run_upfront(&run, world, "up", "-v", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "upfront: made/gpt.yaml is there, and stays as it is\n");
	assert_non_null(strstr(run.out.bytes, "mine"));
	run_finish(&run);
	unlink(world_path(world, "made/gpt.yaml"));
	for (int command = 0; command < 2; command++) {
		run_upfront(&run, world, command == 0 ? "setup" : "up", "--set", "MODEL=gpt", NULL);
		run_assert_code(&run, 3);
		run_assert_says(&run, "upfront: in.yaml:1:8: '${' has no closing '}'");
		run_finish(&run);
	}
	unlink(world_path(world, "in.yaml"));
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "upfront.yaml:4:11: cannot make made/gpt.yaml: cannot read its template in.yaml");
	run_finish(&run);
	assert_false(world_has(world, "made/gpt.yaml"));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_answers_that_fit),
		IN_WORLD(test_answers_that_do_not),
		IN_WORLD(test_conditions_are_respected),
		IN_WORLD(test_answers_from_standard_input),
		IN_WORLD(test_a_secret_is_starred),
		IN_WORLD(test_how_a_check_is_run),
		IN_WORLD(test_the_form_checks),
		IN_WORLD(test_free_ports_are_chosen_once),
		IN_WORLD(test_a_port_that_is_taken_later),
		IN_WORLD(test_the_ports_of_a_running_stack),
		IN_WORLD(test_no_port_left),
		IN_WORLD(test_files_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
