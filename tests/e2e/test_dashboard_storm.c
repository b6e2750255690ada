/* SPDX-License-Identifier: MIT */
/*
 * Anything at all on the terminal of a screen: sizes from 1x1 to 500x200, keys, halves of sequences, mouse reports, pastes, broken UTF-8, NUL.
 * Afterwards it stands at its main view, answers, and is quiet. One seed makes one storm; STORM_SEED=n STORM_MS=60000 make it again, or longer.
 */
#include "tests/lib/dash_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define STORM_MS 1200
#define PIECES_MAX 24u
/* Of CPU that a screen may take in a quiet half second. */
#define QUIET_MS 500
#define QUIET_TICKS 10

static const char stack[] = "services:\n"
			    "  web: {command: [sh, -c, 'while :; do echo words; sleep 0.05; done']}\n"
			    "  db: {command: sleep 1001}\n"
			    "  one: {command: 'true'}\n";

static uint64_t random_state;

static unsigned below(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % limit;
}

/*
 * Not typed: what leaves the screen on purpose (q, Ctrl-C, Ctrl-Z, Ctrl-\), what writes files wherever the words say (S, Ctrl-S), and what
 * makes such words of others (slash and tilde are, in searches).
 */
static bool is_kept_back(unsigned char byte)
{
	return byte != '\0' && strchr("qSd:\003\032\034\023\001\025", byte) != NULL;
}

static size_t put(char *to, const char *text)
{
	memcpy(to, text, strlen(text));
	return strlen(text);
}

static size_t make_piece(char *to)
{
	static const char *const whole[] = {
		"\033[A", "\033OB", "\033[5~",        "\033[6~",      "\033[H",           "\033OF", "\r",       "\t",
		"\033[Z", "\033",   "\033[?2026;2$y", "\033[200~",    "\033[201~",        "\033OP", "\033[15~", "\014",
		"/wor\r", "&[\r",   "\033[?1;2c",     "\xe6\x97\xa5", "\xf0\x9f\x9a\x80", "2",      "3",        "4",
		"5"};
	static const char *const halves[] = {"\033[", "\033[1;",  "\033[<0;",   "\033O", "\033[M", "\xf0\x9f",
					     "\xe6",  "\xff\xfe", "\033]52;c;", "\033P", "\033[?", "\x9b"};

	switch (below(6)) {
	case 0:
		return put(to, whole[below(sizeof(whole) / sizeof(whole[0]))]);
	case 1:
		return put(to, halves[below(sizeof(halves) / sizeof(halves[0]))]);
	case 2:
		return (size_t)sprintf(to, "\033[<%u;%u;%u%c", below(80), below(600), below(300), below(2) ? 'M' : 'm');
	case 3:
		to[0] = '\0';
		return 1;
	default:
		do
			to[0] = (char)below(256);
		while (is_kept_back((unsigned char)to[0]));
		return 1;
	}
}

static void storm(struct vt *vt)
{
	char bytes[PIECES_MAX * 32];
	size_t size = 0;

	if (below(3) == 0)
		vt_resize_unseen(vt, 1 + below(below(2) ? 200 : 12), 1 + below(below(2) ? 500 : 30));
	for (unsigned i = below(PIECES_MAX); i > 0; i--)
		size += make_piece(bytes + size);
	vt_send_bytes(vt, bytes, size);
}

static long ticks_of(pid_t pid)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	return (long)(user + system);
}

/* Out of wherever it is; false when it has ended. Each Esc is a key of its own: with something behind it, it would be Alt. */
static bool go_home(struct vt *vt)
{
	vt_resize(vt, 24, 100);
	vt_send(vt, "\033[201~");
	/* A question that comes with a late answer throws away what was typed before it. */
	for (int i = 0; i < 200 && (i < 8 || !vt_shows(vt, "q leave")); i++) {
		vt_send(vt, "\033");
		if (vt_take(vt, 40))
			return false;
	}
	dash_run_expect_main(vt);
	return true;
}

/* More than once: on a busy machine the last Esc and q may be read as one, which is Alt. */
static void leave(struct vt *vt)
{
	for (int i = 0; i < 100; i++) {
		vt_send(vt, "q");
		if (vt_take(vt, 50))
			return;
	}
}

static void answers_and_is_quiet(struct vt *vt)
{
	char *before, *after;
	long ticks;

	vt_send(vt, "?");
	vt_wait_gone(vt, "q leave");
	vt_take(vt, 50);
	before = vt_shot(vt);
	vt_send(vt, "\014");
	vt_wait_change(vt);
	vt_take(vt, 50);
	after = vt_shot(vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	ticks = ticks_of(vt_pid(vt));
	vt_take(vt, QUIET_MS);
	assert_in_range(ticks_of(vt_pid(vt)) - ticks, 0, QUIET_TICKS);
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
}

/* It may have been told to leave, by a click say, and everything to stop. */
static struct vt *start_again(struct world *world, struct vt *vt)
{
	struct run run;
	bool runs;

	if (vt != NULL) {
		dash_run_expect_exit(vt, 0);
		run_upfront(&run, world, "ps", NULL);
		runs = run.code == 0;
		run_finish(&run);
		if (!runs)
			stack_begin(world, NULL);
	}
	return dash_run_attach(world, 24, 100);
}

static void a_storm_leaves_it_standing(void **state)
{
	struct world *world = *state;
	const char *seed = getenv("STORM_SEED"), *length = getenv("STORM_MS");
	const int64_t until_ms = world_now_ms() + (length != NULL ? atol(length) : STORM_MS);
	struct vt *vt;

	random_state = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)world_now_ms();
	print_message("STORM_SEED=%llu\n", (unsigned long long)random_state);
	world_setenv(world, "TERM", "konsole");
	world_setenv(world, "PAGER", "true");
	world_setenv(world, "EDITOR", "true");
	stack_begin(world, stack);
	vt = start_again(world, NULL);
	while (world_now_ms() < until_ms) {
		for (int i = 0; i < 40; i++) {
			storm(vt);
			if (vt_take(vt, 2))
				vt = start_again(world, vt);
		}
		/* The next one has a terminal, and a deadline, of its own. */
		if (go_home(vt))
			leave(vt);
		vt = start_again(world, vt);
	}
	for (storm(vt); !go_home(vt); storm(vt))
		vt = start_again(world, vt);
	answers_and_is_quiet(vt);
	leave(vt);
	dash_run_expect_exit(vt, 0);
	stack_end(world, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_storm_leaves_it_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
