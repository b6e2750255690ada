/* SPDX-License-Identifier: MIT */
/* A program asked one thing: what it is given, what is kept of its words, and that nothing of it stays. */
#include "config/err.h"
#include "launcher/process/inquiry.h"
#include "tests/lib/world.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_MS 60000

static enum inquiry_state wait_for(struct inquiry *inquiry, int *code)
{
	enum inquiry_state state;

	while ((state = inquiry_step(inquiry, code)) == INQUIRY_RUNS) {
		struct pollfd pollfd = {.fd = inquiry_poll_fd(inquiry), .events = POLLIN};

		assert_int_equal(poll(&pollfd, 1, 20000), 1);
	}
	return state;
}

static struct inquiry *begin(const struct world *world, const char *script, const char *input, int limit_ms)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	char **environment = strmap_to_environ(&world->environment);
	struct inquiry *inquiry = NULL;
	struct err err = ERR_INIT;
	const struct inquiry_options options = {.argv = argv,
						.environment = environment,
						.cwd = world->stack,
						.input = input,
						.input_size_bytes = strlen(input),
						.limit_ms = limit_ms};

	assert_int_equal(inquiry_start(&options, &inquiry, &err), 0);
	free(environment);
	return inquiry;
}

static void assert_words(const struct inquiry *inquiry, const char *words)
{
	size_t size;

	assert_string_equal(inquiry_output(inquiry, &size), words);
	assert_int_equal(size, strlen(words));
}

static void test_answers(void **state)
{
	static const struct {
		const char *script;
		enum inquiry_state state;
		int code;
		const char *words;
	} cases[] = {
		{"read -r a; test \"$a\" = 'sk 1' && pwd | grep -q /stack", INQUIRY_EXITED, 0, ""},
		{"cat; echo no >&2; exit 3", INQUIRY_EXITED, 3, "sk 1\nno\n"},
		{"exec <&- >&- 2>&-; exit 1", INQUIRY_EXITED, 1, ""},
		{"kill -9 $$", INQUIRY_KILLED, SIGKILL, ""},
	};
	const struct world *world = *state;
	int before = -1, after = -1;

	prctl(PR_GET_CHILD_SUBREAPER, &before);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inquiry *inquiry = begin(world, cases[i].script, "sk 1\n", LONG_MS);
		int code = 0;

		assert_int_equal(wait_for(inquiry, &code), cases[i].state);
		assert_int_equal(code, cases[i].code);
		assert_words(inquiry, cases[i].words);
		/* It stays as it was. */
		assert_int_equal(inquiry_step(inquiry, &code), cases[i].state);
		inquiry_destroy(inquiry);
	}
	prctl(PR_GET_CHILD_SUBREAPER, &after);
	assert_int_equal(before, after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* More than any pipe holds, in both directions, and neither waits for the other. */
static void test_floods(void **state)
{
	const size_t size_bytes = 1024 * 1024;
	char *input = malloc(size_bytes + 1);
	struct inquiry *inquiry;
	size_t size;
	int code = -1;

	assert_non_null(input);
	memset(input, 'x', size_bytes);
	input[size_bytes] = '\0';
	inquiry = begin(*state, "test \"$(wc -c)\" -eq 1048576 && head -c 1000000 /dev/zero && exit 5", input, LONG_MS);
	assert_int_equal(wait_for(inquiry, &code), INQUIRY_EXITED);
	assert_int_equal(code, 5);
	inquiry_output(inquiry, &size);
	assert_int_equal(size, INQUIRY_OUTPUT_MAX);
	inquiry_destroy(inquiry);
	free(input);
}

/* At the limit, stopped in the middle, or ended by itself: what it has started ends with it, in whatever session that is. */
static void test_nothing_stays(void **state)
{
	static const char script[] = "setsid sh -c 'sleep 1001 & setsid sleep 1002 & echo $! >&2; wait' & sh -c 'trap "
				     "\"\" TERM; sleep 1003' & "
				     "echo started; ";
	static const char *const ends[] = {"wait", "wait", "exit 0"};
	struct world *world = *state;
	char text[400];

	for (size_t i = 0; i < 3; i++) {
		struct inquiry *inquiry;
		int code = -1;

		snprintf(text, sizeof(text), "%s%s", script, ends[i]);
		inquiry = begin(world, text, "", i == 0 ? 300 : LONG_MS);
		if (i == 1)
			while (world_find(world, "sleep 1002") == 0)
				world_pause(world_now_ms(), 20000, "the program's own children");
		else
			assert_int_equal(wait_for(inquiry, &code), i == 0 ? INQUIRY_TIMED_OUT : INQUIRY_EXITED);
		inquiry_destroy(inquiry);
		assert_int_equal(world_processes(world, "sleep 100", NULL, 0), 0);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

/* Children from before are nobody's business here. */
static void test_other_children_stay(void **state)
{
	struct inquiry *inquiry;
	pid_t other = fork();
	int code = -1, status;

	if (other == 0) {
		pause();
		_exit(0);
	}
	inquiry = begin(*state, "exit 0", "", LONG_MS);
	assert_int_equal(wait_for(inquiry, &code), INQUIRY_EXITED);
	inquiry_destroy(inquiry);
	assert_int_equal(waitpid(other, &status, WNOHANG), 0);
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, &status, 0), other);
}

static void test_what_cannot_be_started(void **state)
{
	const char *const argv[] = {"/nowhere/at/all", NULL};
	char *environment[] = {NULL};
	const struct inquiry_options options = {
		.argv = argv, .environment = environment, .input = "", .limit_ms = LONG_MS};
	struct inquiry *inquiry = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(inquiry_start(&options, &inquiry, &err) < 0);
	assert_null(inquiry);
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
	inquiry_destroy(NULL);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_answers),
		IN_WORLD(test_floods),
		IN_WORLD(test_nothing_stays),
		IN_WORLD(test_other_children_stay),
		IN_WORLD(test_what_cannot_be_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
