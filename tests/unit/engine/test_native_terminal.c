/* SPDX-License-Identifier: MIT */
/* A unit's own terminal: what is typed arrives in order and never makes anybody wait, and its size is the last one that was said. */
#include "tests/unit/engine/native_scene.h"

#define MUCH_BYTES 1000000u

static void with_terminal(struct bench *bench, unsigned unit)
{
	bench->service[unit].tty = bench->service[unit].stdin_open = true;
}

static int type(struct bench *bench, const char *text)
{
	return engine_native.type(bench->engine, 0, text, strlen(text));
}

static bool has_heard(const struct bench *bench)
{
	return strstr(bench->seen[0].text[ENGINE_STDOUT], "heard [two words]") != NULL;
}

static void what_is_typed_arrives(void **state)
{
	struct bench *bench = *state;

	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "stty -echo; echo ready; read line; echo \"heard [$line]\"; read line");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(type(bench, "two "), 0);
	assert_int_equal(type(bench, "words\n"), 0);
	run_loop_until(bench, has_heard);
}

static void ctrl_c_reaches_the_program(void **state)
{
	struct bench *bench = *state;

	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "trap 'exit 9' INT; echo ready; while :; do sleep 0.02; done");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(type(bench, "\003"), 0);
	run_loop_until(bench, has_ended);
	assert_int_equal(bench->seen[0].exit.code, 9);
}

static bool has_counted(const struct bench *bench)
{
	return strstr(bench->seen[0].text[ENGINE_STDOUT], "1000000") != NULL;
}

/* A program that reads byte by byte or line by line gets all of it, however little fits at a time. */
static void much_is_typed_as_it_is_read(void **state)
{
	struct bench *bench = *state;
	static char piece[1000];
	size_t done = 0, refused = 0;

	memset(piece, 'x', sizeof(piece));
	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "stty raw -echo; echo ready; head -c 1000000 | tr -d '\\n' | wc -c");
	run_loop_until(bench, has_said_ready);
	while (done < MUCH_BYTES) {
		const int result = engine_native.type(bench->engine, 0, piece, sizeof(piece));

		if (result == 0) {
			done += sizeof(piece);
		} else {
			assert_int_equal(result, -ENOBUFS);
			refused++;
			event_base_loop(bench->base, EVLOOP_ONCE);
		}
	}
	run_loop_until(bench, has_counted);
	assert_true(refused > 0);
}

static void what_nobody_reads_is_bounded(void **state)
{
	struct bench *bench = *state;
	static char piece[4096];
	size_t done = 0;
	int result;

	memset(piece, 'x', sizeof(piece));
	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "stty raw -echo; echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	do {
		result = engine_native.type(bench->engine, 0, piece, sizeof(piece));
		done += result == 0 ? sizeof(piece) : 0;
	} while (result == 0 && done < MUCH_BYTES);
	assert_int_equal(result, -ENOBUFS);
	/* Ours and the kernel's. */
	assert_true(done >= 65536 && done < 65536 * 4);
	/* Its end is not held up by what waits. */
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, has_ended);
	assert_int_equal(type(bench, "x"), -ESRCH);
}

static void who_may_not_be_typed_to(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(type(bench, "x"), -ESRCH);
	assert_int_equal(engine_native.resize(bench->engine, 0, 10, 20), -ESRCH);
	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(type(bench, "x"), -ENOTTY);
	assert_int_equal(engine_native.resize(bench->engine, 0, 10, 20), -ENOTTY);
	bench->service[0].tty = true;
	assert_int_equal(type(bench, "x"), -EACCES);
}

static bool has_closed(const struct bench *bench)
{
	return engine_native.type(bench->engine, 0, "x", 1) == -EIO;
}

/* It runs on without: nothing of what was typed is kept for nobody. */
static void a_program_may_close_its_terminal(void **state)
{
	struct bench *bench = *state;

	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "exec sleep 1000 </dev/null >/dev/null 2>&1");
	run_loop_until(bench, has_closed);
	assert_int_equal(engine_native.resize(bench->engine, 0, 10, 20), 0);
	assert_int_equal(bench->seen[0].ended, 0);
}

static bool shows(const struct bench *bench, const char *text)
{
	return strstr(bench->seen[0].text[ENGINE_STDOUT], text) != NULL;
}

static bool shows_first_size(const struct bench *bench)
{
	return shows(bench, "size 24 80");
}

static bool shows_second_size(const struct bench *bench)
{
	return shows(bench, "size 50 132");
}

/* Once more than the size changed. */
static bool shows_it_again(const struct bench *bench)
{
	const char *at = strstr(bench->seen[0].text[ENGINE_STDOUT], "size 50 132");

	return at != NULL && strstr(at + 1, "size 50 132") != NULL;
}

static void the_program_is_told_the_size(void **state)
{
	struct bench *bench = *state;

	with_terminal(bench, 0);
	START_SCRIPT(bench, 0,
		     "trap 'echo size $(stty size)' WINCH; echo size $(stty size); while :; do sleep 0.02; done");
	run_loop_until(bench, shows_first_size);
	assert_int_equal(engine_native.resize(bench->engine, 0, 50, 132), 0);
	run_loop_until(bench, shows_second_size);
	/* Whoever comes anew has the same size, and sees nothing unless the program draws again. */
	assert_int_equal(engine_native.resize(bench->engine, 0, 50, 132), 0);
	run_loop_until(bench, shows_it_again);
}

static void the_next_run_begins_in_that_size(void **state)
{
	struct bench *bench = *state;

	with_terminal(bench, 0);
	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.resize(bench->engine, 0, 50, 132), 0);
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	START_SCRIPT(bench, 0, "echo size $(stty size)");
	run_loop_until(bench, shows_second_size);
}

#define NATIVE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NATIVE_TEST(what_is_typed_arrives),        NATIVE_TEST(ctrl_c_reaches_the_program),
		NATIVE_TEST(much_is_typed_as_it_is_read),  NATIVE_TEST(what_nobody_reads_is_bounded),
		NATIVE_TEST(who_may_not_be_typed_to),      NATIVE_TEST(a_program_may_close_its_terminal),
		NATIVE_TEST(the_program_is_told_the_size), NATIVE_TEST(the_next_run_begins_in_that_size),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
