/* SPDX-License-Identifier: MIT */
/* What services write and files do behind the dashboard's back: the screen stays intact and goes on answering. */
#include "tests/lib/dash_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* talk says what it reads. */
static const char talks[] = "services:\n"
			    "  talk:\n"
			    "    command: [sh, -c, 'while read -r line; do echo \"$$line\"; done <>words']\n";

static void say(const struct world *world, const char *line)
{
	FILE *words = fopen(world_path(world, "words"), "w");

	assert_non_null(words);
	fprintf(words, "%s\n", line);
	fclose(words);
}

static void end(const struct world *world, struct vt *vt)
{
	vt_send(vt, "\003");
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2000);
}

static bool is_the_same(const struct vt *vt, const void *shot)
{
	char *now = vt_shot(vt);
	const bool same = strcmp(now, shot) == 0;

	free(now);
	return same;
}

/* What stands there is what a repaint draws, and the modes are the screen's. */
static void is_intact(struct vt *vt)
{
	char *before = vt_shot(vt);

	assert_int_equal(dash_run_mode(vt, 47), 1);
	assert_int_equal(dash_run_mode(vt, 1002), 1);
	assert_int_equal(dash_run_mode(vt, 2004), 1);
	assert_int_equal(dash_run_mode(vt, 1000), 0);
	vt_send(vt, "\014");
	vt_wait_change(vt);
	vt_wait(vt, is_the_same, before);
	free(before);
}

static void garbage_of_services(void **state)
{
	static const char stack[] = "x-upfront: {app: 日本の犬 🚀🇯🇵 é}\n"
				    "services:\n"
				    "  noise: {command: [sh, noise.sh], restart: 'no'}\n"
				    "  web: {command: sleep 1000}\n";
	static const char noise[] =
		"printf "
		"'\\033[2J\\033[H\\033[?1049l\\033[?1000h\\033[?2004l\\033]0;title\\007\\033c\\033(0\\016lines\\n'\n"
		"printf '\\033Pq#0;2;0;0;0\\033\\\\\\033[31mred\\033[999;999Hfar\\033[1;1Hhome\\r\\n'\n"
		"head -c 1000000 /dev/zero | tr '\\0' x; echo\n"
		"for i in 10 20 30 100; do printf '\\rprogress %s%%' $i; done; printf '\\r\\n'\n"
		"printf '\\377\\376\\200 broken \\342\\200\\256 utf \\b\\b\\b\\0 nul\\n'\n"
		"printf '%s\\n' '日本語のログ 🚀👩‍👩‍👧 ẹ̀́' 'no more of it'\n";
	static const unsigned sizes[][2] = {{24, 100}, {12, 40}, {40, 200}};
	struct world *world = *state;
	struct vt *vt;

	/* As xterm, but no character is sent as "this again, 99 times", which libvterm miscounts at the right edge. */
	world_setenv(world, "TERM", "konsole");
	world_write(world, "noise.sh", noise);
	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	vt_wait_text(vt, "no more of it");
	assert_true(vt_shows(vt, "日本の犬"));
	vt_send(vt, "\r");
	vt_wait_text(vt, "q back");
	vt_wait_text(vt, "7 lines");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		vt_resize(vt, sizes[i][0], sizes[i][1]);
		vt_wait_text(vt, "no more of it");
		vt_take(vt, 50);
		is_intact(vt);
		/* The words that tell of w go with the next key. */
		vt_send(vt, "wg");
		vt_wait_text(vt, "started");
		vt_take(vt, 50);
		is_intact(vt);
		vt_send(vt, "wG");
		vt_wait_text(vt, "no more of it");
	}
	vt_resize(vt, 24, 100);
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
}

static void files_that_change_under_a_viewer(void **state)
{
	const struct world *world = *state;
	char log[2 * WORLD_PATH_MAX], other[2 * WORLD_PATH_MAX + 8];
	struct vt *vt;
	FILE *file;

	assert_int_equal(mkfifo(world_path(world, "words"), 0600), 0);
	world_write(world, "compose.yaml", talks);
	vt = dash_run_up(world, 24, 100);
	snprintf(log, sizeof(log), "%s/stack/logs/talk.log", world->state);
	snprintf(other, sizeof(other), "%s.new", log);
	say(world, "the first of all words");
	vt_wait_text(vt, "the first of all words");
	vt_send(vt, "\r");
	vt_wait_text(vt, "q back");
	/* Emptied by somebody. */
	assert_int_equal(truncate(log, 0), 0);
	say(world, "second");
	vt_wait_text(vt, "second");
	/* Replaced: what is written goes to the old one. */
	file = fopen(other, "w");
	assert_non_null(file);
	fputs("not from here\n", file);
	fclose(file);
	assert_int_equal(rename(other, log), 0);
	say(world, "third");
	for (int i = 0; i < 5; i++) {
		vt_send(vt, "gG/ir\r&i\r\033");
		vt_take(vt, 40);
	}
	assert_int_equal(unlink(log), 0);
	say(world, "fourth");
	for (int i = 0; i < 5; i++) {
		vt_send(vt, "gG/ir\r&i\r\033");
		vt_take(vt, 40);
	}
	/* All of them, and the folder too. */
	snprintf(log, sizeof(log), "%s/stack/logs", world->state);
	snprintf(other, sizeof(other), "%s/stack/gone", world->state);
	assert_int_equal(rename(log, other), 0);
	say(world, "fifth");
	for (int i = 0; i < 5; i++) {
		vt_send(vt, "\033");
		vt_take(vt, 40);
		vt_send(vt, "\r");
		vt_take(vt, 20);
		vt_send(vt, "gG/ir\r");
	}
	for (int i = 0; i < 40 && (i < 4 || !vt_shows(vt, "q leave")); i++) {
		vt_send(vt, "\033");
		vt_take(vt, 40);
	}
	dash_run_expect_main(vt);
	assert_true(vt_shows(vt, "running     talk"));
	end(world, vt);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(garbage_of_services),
		TEST(files_that_change_under_a_viewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
