/* SPDX-License-Identifier: MIT */
/* The dashboard on terminals of every kind, under a shell with jobs, in script and tmux, and where there is none to show it on. */
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char stack[] = "services:\n"
			    "  web: {command: [sh, -c, 'echo good morning; exec sleep 1000']}\n"
			    "  db: {command: sleep 1001}\n";

static void begin(const struct world *world)
{
	world_write(world, "compose.yaml", stack);
}

/* ---- Kinds of terminals ---- */

static void end_with_ctrl_c(const struct world *world, struct vt *vt)
{
	vt_send(vt, "\003");
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2000);
}

/* No colour was asked for: SGR with a parameter of 30 to 49 or 90 to 107. */
static bool has_color(const struct vt *vt)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	for (const char *at = bytes; (at = memmem(at, (size_t)(bytes + size - at), "\033[", 2)) != NULL;) {
		at += 2;
		const char *end = at + strspn(at, "0123456789;");
		while (*end == 'm' && at < end) {
			char *after;
			unsigned long number = strtoul(at, &after, 10);
			if ((number >= 30 && number < 39) || (number >= 40 && number < 49) ||
			    (number >= 90 && number <= 107))
				return true;
			at = after + 1;
		}
	}
	return false;
}

static bool has_beyond_ascii(const struct vt *vt)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			return true;
	return false;
}

static void every_kind_of_terminal_shows_it(void **state)
{
	static const struct {
		const char *term, *lang, *no_color;
		unsigned rows, columns;
		bool color, utf8;
	} cases[] = {
		{"xterm", "C.UTF-8", NULL, 24, 200, true, true},
		{"xterm-256color", "C.UTF-8", NULL, 24, 40, true, true},
		{"xterm", "C.UTF-8", "1", 24, 100, false, true},
		{"xterm", "C", NULL, 24, 100, true, false},
		{"vt100", "C.UTF-8", NULL, 24, 80, false, true},
		{"linux", "C.UTF-8", NULL, 25, 80, true, true},
		{"screen", "C.UTF-8", NULL, 24, 40, true, true},
		{"tmux-256color", "C.UTF-8", NULL, 50, 200, true, true},
		{"rxvt", "C", "1", 24, 40, false, false},
	};
	struct world *world = *state;

	begin(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vt *vt;

		world_setenv(world, "TERM", cases[i].term);
		world_setenv(world, "LANG", cases[i].lang);
		world_setenv(world, "NO_COLOR", cases[i].no_color);
		vt = dash_run_up(world, cases[i].rows, cases[i].columns);
		vt_wait_text(vt, "web");
		assert_int_equal(has_color(vt), cases[i].color);
		if (!cases[i].utf8)
			assert_false(has_beyond_ascii(vt));
		end_with_ctrl_c(world, vt);
	}
}

static void lines_come_where_no_screen_can_be(void **state)
{
	static const char *const pipeline[] = {"sh", "-c", "exec 2>&1; \"$0\" up | cat", NULL, NULL};
	struct world *world = *state;
	char program[WORLD_PATH_MAX + 16];
	const char *argv[5];
	struct vt *vt;
	size_t size;

	begin(world);
	world_setenv(world, "TERM", "dumb");
	vt = vt_world_start(world, 24, 80, "up", NULL);
	vt_wait_text(vt, "good morning");
	assert_null(memchr(vt_bytes(vt, &size), '\033', 1));
	assert_null(strchr(vt_bytes(vt, &size), '\033'));
	vt_send(vt, "\003");
	assert_true(WIFEXITED(vt_wait_exit(vt)));
	vt_finish(vt);
	world_wait_gone(world, "", 2000);
	world_setenv(world, "TERM", "xterm");
	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	memcpy(argv, pipeline, sizeof(argv));
	argv[3] = program;
	vt = vt_world_run(world, 24, 80, argv);
	vt_wait_text(vt, "good morning");
	assert_false(vt_alternate_screen(vt));
	assert_null(strstr(vt_bytes(vt, &size), "\033[?"));
	vt_send(vt, "\003");
	vt_wait_exit(vt);
	vt_finish(vt);
	world_wait_gone(world, "", 2000);
}

/* ---- A shell with jobs ---- */

static struct vt *start_shell(struct world *world, char *program, size_t size_bytes)
{
	static const char *const argv[] = {"bash", "--norc", "--noprofile", "-i", NULL};
	struct vt *vt;

	world_write(world, "inputrc", "set enable-bracketed-paste off\n");
	world_setenv(world, "INPUTRC", world_path(world, "inputrc"));
	world_setenv(world, "PS1", "ready> ");
	world_setenv(world, "HISTFILE", NULL);
	vt = vt_world_run(world, 24, 100, argv);
	vt_wait_text(vt, "ready>");
	snprintf(program, size_bytes, "%s/upfront up\r", world->bin_dir);
	return vt;
}

static void ctrl_z_and_fg_at_a_prompt(void **state)
{
	struct world *world = *state;
	char line[WORLD_PATH_MAX + 64];
	struct vt *vt;

	begin(world);
	vt = start_shell(world, line, sizeof(line));
	vt_send(vt, line);
	dash_run_expect_main(vt);
	vt_wait_text(vt, "good morning");
	for (int i = 0; i < 3; i++) {
		vt_send(vt, "\032");
		vt_wait_text(vt, "Stopped");
		vt_wait_gone(vt, "q leave");
		assert_false(vt_alternate_screen(vt));
		assert_int_equal(dash_run_mode(vt, 2004), 0);
		assert_int_equal(dash_run_mode(vt, 1002), 0);
		assert_int_equal(dash_run_mode(vt, 1006), 0);
		/* The stack runs on, and the shell is usable. */
		assert_true(world_find(world, "sleep 1000") > 0);
		vt_send(vt, "echo all is $((40 + 2))\r");
		vt_wait_text(vt, "all is 42");
		vt_resize(vt, 24, i % 2 == 0 ? 90 : 100);
		vt_send(vt, "clear; fg\r");
		dash_run_expect_main(vt);
		vt_wait_text(vt, "good morning");
		assert_true(vt_alternate_screen(vt));
		assert_int_equal(dash_run_mode(vt, 2004), 1);
		vt_send(vt, "?");
		vt_wait_gone(vt, "q leave");
		vt_send(vt, "\033");
		dash_run_expect_main(vt);
	}
	vt_send(vt, "\003");
	vt_wait_text(vt, "stack ran for");
	vt_wait_text(vt, "ready>");
	vt_send(vt, "exit\r");
	vt_wait_exit(vt);
	vt_finish(vt);
	world_wait_gone(world, "", 2000);
}

/* Nobody asks us then: the terminal is found as it was, and taken again when it goes on. */
static void stopped_and_continued_from_outside(void **state)
{
	struct world *world = *state;
	char line[WORLD_PATH_MAX + 64];
	struct vt *vt;
	pid_t pid;

	begin(world);
	vt = start_shell(world, line, sizeof(line));
	vt_send(vt, line);
	dash_run_expect_main(vt);
	pid = world_find(world, "upfront up");
	assert_true(pid > 0);
	kill(pid, SIGSTOP);
	vt_wait_text(vt, "Stopped");
	vt_send(vt, "echo all is $((40 + 2))\r");
	vt_wait_text(vt, "all is 42");
	vt_send(vt, "fg\r");
	vt_wait_gone(vt, "all is 42");
	dash_run_expect_main(vt);
	/* Keys come one by one, without an echo. */
	vt_send(vt, "?");
	vt_wait_gone(vt, "q leave");
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	/* In its place, without a shell's doing, and in the middle of a paste, whose end is lost. */
	vt_send(vt, "?\033[200~");
	vt_wait_gone(vt, "q leave");
	kill(pid, SIGTSTP);
	vt_wait_text(vt, "Stopped");
	assert_false(vt_alternate_screen(vt));
	vt_send(vt, "clear; fg\r");
	vt_wait_text(vt, "q back");
	vt_send(vt, "q");
	dash_run_expect_main(vt);
	vt_send(vt, "\003");
	vt_wait_text(vt, "stack ran for");
	vt_wait_text(vt, "ready>");
	vt_send(vt, "exit\r");
	vt_wait_exit(vt);
	vt_finish(vt);
	world_wait_gone(world, "", 2000);
}

static bool is_back(const struct vt *vt, const void *unused)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size), *left = strstr(bytes, "\033[?1049l");

	(void)unused;
	return left != NULL && strstr(left, "\033[?1049h") != NULL && vt_shows(vt, "good morning");
}

/* In script, as in a terminal window of its own (xterm -e), there is no shell that could continue it. */
static void ctrl_z_where_nobody_could_continue_it(void **state)
{
	struct world *world = *state;
	char command[WORLD_PATH_MAX + 32];
	const char *const argv[] = {"script", "-qec", command, "/dev/null", NULL};
	struct vt *vt;

	begin(world);
	snprintf(command, sizeof(command), "exec %s/upfront up", world->bin_dir);
	vt = vt_world_run(world, 24, 100, argv);
	dash_run_expect_main(vt);
	vt_wait_text(vt, "good morning");
	vt_send(vt, "\032");
	vt_wait(vt, is_back, "the screen once more");
	vt_send(vt, "?");
	vt_wait_gone(vt, "q leave");
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	assert_true(vt_alternate_screen(vt));
	vt_send(vt, "\003");
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2000);
}

/* ---- tmux ---- */

static void tmux(struct run *run, const struct world *world, const char *command)
{
	char line[512];
	const char *const argv[] = {"sh", "-c", line, NULL};

	snprintf(line, sizeof(line), "tmux -S \"$PWD/tmux\" -f /dev/null %s", command);
	run_command(run, world, &(struct run_options){.argv = argv});
}

static void tmux_do(const struct world *world, const char *command)
{
	struct run run;

	tmux(&run, world, command);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void tmux_expect(const struct world *world, const char *text, bool shown)
{
	const int64_t begin_ms = world_now_ms();

	for (;;) {
		struct run run;
		tmux(&run, world, "capture-pane -p");
		const bool found = strstr(run.out.bytes, text) != NULL;
		if (found == shown) {
			run_finish(&run);
			return;
		}
		if (world_now_ms() - begin_ms > 5000)
			print_message("%s\n", run.out.bytes);
		run_finish(&run);
		world_pause(begin_ms, 5000, text);
	}
}

static void in_tmux(void **state)
{
	static const char *const attach[] = {"sh", "-c", "exec tmux -S \"$PWD/tmux\" attach", NULL};
	struct world *world = *state;
	char command[WORLD_PATH_MAX + 64];
	struct vt *vt;
	size_t size;

	begin(world);
	snprintf(command, sizeof(command), "new-session -d -x 100 -y 30 '%s/upfront up; sleep 1002'", world->bin_dir);
	tmux_do(world, command);
	tmux_expect(world, "good morning", true);
	tmux_expect(world, "q leave", true);
	/* Nobody looks; then somebody does, at another size, and leaves again. */
	vt = vt_world_run(world, 20, 70, attach);
	dash_run_expect_main(vt);
	vt_wait_text(vt, "good morning");
	vt_resize(vt, 12, 44);
	dash_run_expect_main(vt);
	/* Both forms of a copy: tmux takes one, or passes the other on. */
	vt_send(vt, "\r");
	vt_wait_text(vt, "web  1 line");
	vt_send(vt, "y");
	vt_wait_text(vt, "copied 1 line (12 bytes)");
	tmux_do(world, "detach-client");
	vt_wait_exit(vt);
	assert_non_null(strstr(vt_bytes(vt, &size), "\033[?1049l"));
	vt_finish(vt);
	tmux_do(world, "resize-window -x 120 -y 40");
	tmux_do(world, "send-keys Escape");
	tmux_expect(world, "q leave", true);
	tmux_do(world, "resize-window -x 30 -y 6");
	tmux_do(world, "resize-window -x 100 -y 30");
	tmux_expect(world, "q leave", true);
	tmux_do(world, "send-keys C-c");
	tmux_expect(world, "stack ran for", true);
	tmux_expect(world, "q leave", false);
	world_wait_gone(world, "sleep 1000", 2000);
	tmux_do(world, "kill-server");
	unlink(world_path(world, "tmux"));
	world_wait_gone(world, "", 2000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_terminal_shows_it),
		TEST(lines_come_where_no_screen_can_be),
		TEST(ctrl_z_and_fg_at_a_prompt),
		TEST(stopped_and_continued_from_outside),
		TEST(ctrl_z_where_nobody_could_continue_it),
		TEST(in_tmux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
