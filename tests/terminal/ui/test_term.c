/* SPDX-License-Identifier: MIT */
/*
 * What only the dashboard asks of a terminal, on a real pty: colours, bytes of a change, mouse, pastes, the clipboard, and that all of it is given
 * back. The program under test is this one again, with "demo": it tells each key and the bytes of each frame on standard output.
 */
#include "tests/lib/term.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/term.h"

#include <locale.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 40u
#define COLUMNS 120u

/* ---- The program under test ---- */

struct demo {
	struct term *term;
	struct theme theme;
	struct frame frame;
	unsigned selected;
	bool mouse, over;
};

static void draw(struct demo *self)
{
	static const char colored[] = "\033[38;5;208morange\033[0;4;92mgreen\033[0m plain";
	struct theme_style style = {0};
	struct frame *frame = &self->frame;

	frame_clear(frame);
	frame_text(frame, 0, 0, 20, "the demo", 8, ROLE_TITLE, true);
	frame_text(frame, 1, 0, 20, "failed", 6, ROLE_BAD, true);
	frame_source(frame, 2, 0, 60, 0, colored, sizeof(colored) - 1, &style, NULL, true);
	for (unsigned row = 4; row < 30; row++) {
		bool here = row - 4 == self->selected;
		frame_put(frame, row, 0, here ? '>' : ' ', ROLE_PLAIN);
		frame_text(frame, row, 2, 20, "service", 7, here ? ROLE_SELECTED : ROLE_PLAIN, true);
		frame_text(frame, row, 12, 60, "some words that stay as they are", 32, ROLE_PLAIN, true);
	}
	frame_cursor(frame, 4 + self->selected, 0);
	printf("bytes %zu\n", term_show(self->term, frame));
}

static void suspend(struct demo *self)
{
	term_suspend(self->term);
	raise(SIGSTOP);
	term_resume(self->term);
}

static void take_key(struct demo *self, uint32_t key)
{
	static char large[TERM_COPY_MAX + 1];
	char name[KEY_NAME_MAX];

	key_spell(key, name);
	printf("key %s\n", key == UI_KEY_PASTE ? "paste" : key == UI_KEY_PASTE_END ? "end" : name);
	if (key == UI_KEY_MOUSE) {
		struct term_mouse mouse = term_mouse(self->term);
		printf("mouse %d %u,%u\n", (int)mouse.kind, mouse.row, mouse.column);
	}
	if (key == 'j')
		self->selected++;
	if (key == 'm') {
		self->mouse = !self->mouse;
		term_take_mouse(self->term, self->mouse);
	}
	if (key == 'c')
		printf("copy %d\n", term_copy(self->term, "hello", 5));
	if (key == 'C')
		printf("copy %d\n", term_copy(self->term, large, sizeof(large)));
	if (key == UI_KEY_CTRL('z'))
		suspend(self);
	self->over = key == 'q';
}

static int demo_main(void)
{
	const char *no_color = getenv("NO_COLOR");
	struct demo self = {.theme = theme_make(true, true)};
	int got = 0;

	setlocale(LC_CTYPE, "C.UTF-8");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (term_open(getenv("TERM"), &self.term) != 0)
		return 2;
	unsigned colors = no_color != NULL ? 0 : term_colors(self.term);
	printf("colors %u\n", colors);
	theme_dress(&self.theme, colors, NULL, NULL, 0);
	term_use_theme(self.term, &self.theme);
	term_take_text(self.term, true);
	term_take_mouse(self.term, false);
	if (frame_init(&self.frame, ROWS, COLUMNS) != 0)
		return 2;
	draw(&self);
	while (!self.over && got >= 0) {
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		uint32_t key;
		poll(&input, 1, -1);
		while (!self.over && (got = term_read_key(self.term, &key)) == 1) {
			take_key(&self, key);
			if (!self.over)
				draw(&self);
		}
	}
	term_close(self.term);
	frame_finish(&self.frame);
	return 0;
}

/* ---- The tests ---- */

static struct vt *start(const char *first, const char *second)
{
	static const char *const argv[] = {"/proc/self/exe", "demo", NULL};
	const char *const environment[] = {first, first != NULL ? second : NULL, NULL};
	struct vt *vt =
		vt_start(argv, &(struct vt_options){.rows = ROWS, .columns = COLUMNS, .environment = environment});

	vt_wait_text(vt, "some words");
	return vt;
}

static bool told(const struct vt *vt, const void *text)
{
	return strstr(vt_stdout(vt), text) != NULL;
}

static bool written(const struct vt *vt, const void *text)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* Presses q; all that was told since the first frame is exactly this, bytes of frames left out. */
static void expect(struct vt *vt, const char *keys)
{
	char seen[4096] = "";

	vt_send(vt, "q");
	int status = vt_wait_exit(vt);
	for (const char *line = vt_stdout(vt); *line != '\0'; line += strcspn(line, "\n") + 1)
		if (strncmp(line, "bytes", 5) != 0 && strncmp(line, "colors", 6) != 0)
			strncat(seen, line, strcspn(line, "\n") + 1);
	assert_string_equal(seen, keys);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void check_given_back(const struct vt *vt)
{
	const struct termios *before = vt_modes_before(vt);
	struct termios after;

	assert_int_equal(vt_modes(vt, &after), 0);
	assert_int_equal(after.c_lflag, before->c_lflag);
	assert_int_equal(after.c_iflag, before->c_iflag);
	assert_false(vt_alternate_screen(vt));
	assert_true(vt_cursor_visible(vt));
}

static void colours_follow_the_terminal(void **state)
{
	static const struct {
		const char *term, *also, *told;
		bool bad, orange, bright;
	} table[] = {
		{"TERM=xterm-256color", "A=b", "colors 256\n", true, true, true},
		{"TERM=xterm", "A=b", "colors 8\n", true, false, false},
		{"TERM=xterm", "COLORTERM=truecolor", "colors 256\n", true, true, true},
		{"TERM=xterm-256color", "NO_COLOR=1", "colors 0\n", false, false, false},
		{"TERM=vt100", "A=b", "colors 0\n", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = start(table[i].term, table[i].also);
		assert_true(told(vt, table[i].told));
		assert_int_equal(vt_foreground(vt, 1, 0), table[i].bad ? 1 : -1);
		assert_int_equal(vt_foreground(vt, 2, 0), table[i].orange ? 208 : table[i].bad ? 3 : -1);
		assert_int_equal(vt_foreground(vt, 2, 7), table[i].bright ? 10 : table[i].bad ? 2 : -1);
		assert_int_equal(vt_foreground(vt, 2, 13), -1);
		assert_int_equal(vt_foreground(vt, 0, 0), -1);
		expect(vt, "key q\n");
		check_given_back(vt);
		vt_finish(vt);
	}
}

/* The bytes of each frame, as told; returns how many frames. */
static size_t frames(const struct vt *vt, unsigned long bytes[16])
{
	size_t count = 0;

	for (const char *at = vt_stdout(vt); count < 16 && (at = strstr(at, "bytes ")) != NULL; at++)
		bytes[count++] = strtoul(at + 6, NULL, 10);
	return count;
}

static void only_what_changed_is_sent(void **state)
{
	unsigned long bytes[16];
	size_t before, after;

	(void)state;
	struct vt *vt = start("TERM=xterm-256color", NULL);
	vt_send(vt, "jj.");
	vt_wait(vt, told, "key .\n");
	expect(vt, "key j\nkey j\nkey .\nkey q\n");
	assert_int_equal(frames(vt, bytes), 4);
	assert_true(bytes[0] > 1000);
	/* One row down: two marks and two names. */
	assert_in_range(bytes[1], 10, 100);
	assert_in_range(bytes[2], 10, 100);
	assert_int_equal(bytes[3], 0);
	vt_finish(vt);

	/* What is told is what was written. */
	vt = start("TERM=xterm-256color", NULL);
	vt_bytes(vt, &before);
	vt_send(vt, "j");
	vt_wait(vt, told, "key j\nbytes ");
	vt_send(vt, ".");
	vt_wait(vt, told, "key .\nbytes 0\n");
	vt_bytes(vt, &after);
	frames(vt, bytes);
	assert_int_equal(after - before, bytes[1]);
	expect(vt, "key j\nkey .\nkey q\n");
	vt_finish(vt);
}

static void updates_are_synchronised_once_the_terminal_says_it_can(void **state)
{
	(void)state;
	struct vt *vt = start(NULL, NULL);
	vt_wait(vt, written, "\033[?2026$p");
	vt_send(vt, "j");
	vt_wait(vt, told, "key j\n");
	assert_false(written(vt, "\033[?2026h"));
	vt_send(vt, "\033[?2026;2$yj");
	vt_wait(vt, written, "\033[?2026l");
	assert_true(written(vt, "\033[?2026h"));
	expect(vt, "key j\nkey j\nkey q\n");
	vt_finish(vt);
}

static void mice_and_pastes_are_told_from_keys(void **state)
{
	(void)state;
	struct vt *vt = start("TERM=xterm-256color", NULL);
	assert_true(written(vt, "\033[?2004h"));
	assert_true(written(vt, "\033[?1007h"));
	assert_false(written(vt, "\033[?1002h"));
	vt_send(vt, "m");
	vt_wait(vt, written, "\033[?1002h\033[?1006h");
	vt_send(vt, "\033[<0;5;7M\033[<32;6;7M\033[<0;6;7m\033[<65;1;1M");
	vt_send(vt, "\033[200~\303\244\r\033[201~\033[A\033[1;5C\033OP\033[3~");
	expect(vt, "key m\nkey ?\nmouse 0 6,4\nkey ?\nmouse 1 6,5\nkey ?\nmouse 2 6,5\nkey ?\nmouse 4 0,0\n"
		   "key paste\nkey \303\244\nkey Space\nkey end\nkey Up\nkey ?\nkey F1\nkey Delete\nkey q\n");
	/* All of it given back. */
	assert_true(written(vt, "\033[?1002l\033[?1006l"));
	assert_true(written(vt, "\033[?2004l"));
	assert_true(written(vt, "\033[?1007r"));
	check_given_back(vt);
	vt_finish(vt);
}

static void the_clipboard_is_seen_on_the_wire(void **state)
{
	(void)state;
	struct vt *vt = start(NULL, NULL);
	vt_send(vt, "cC");
	expect(vt, "key c\ncopy 0\nkey C\ncopy -90\nkey q\n");
	assert_true(written(vt, "\033]52;c;aGVsbG8=\007"));
	assert_false(written(vt, "tmux;"));
	vt_finish(vt);
	vt = start("TMUX=/tmp/tmux-1/default,1,0", NULL);
	vt_send(vt, "c");
	expect(vt, "key c\ncopy 0\nkey q\n");
	assert_true(written(vt, "\033]52;c;aGVsbG8=\007\033Ptmux;\033\033]52;c;aGVsbG8=\007\033\\"));
	vt_finish(vt);
}

static void suspending_gives_it_all_back_for_a_while(void **state)
{
	size_t before, after;

	(void)state;
	struct vt *vt = start(NULL, NULL);
	vt_send(vt, "m");
	vt_wait(vt, told, "key m\n");
	vt_bytes(vt, &before);
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	vt_wait(vt, written, "\033[?2004l");
	check_given_back(vt);
	const char *bytes = vt_bytes(vt, &after);
	assert_non_null(memmem(bytes + before, after - before, "\033[?1002l\033[?1006l", 16));
	vt_continue(vt);
	vt_wait(vt, told, "key Ctrl-Z\nbytes ");
	vt_wait_text(vt, "some words");
	bytes = vt_bytes(vt, &after);
	assert_non_null(memmem(bytes + before, after - before, "\033[?2004h", 8));
	assert_non_null(memmem(bytes + before, after - before, "\033[?1002h\033[?1006h", 16));
	vt_send(vt, "q");
	vt_wait_exit(vt);
	check_given_back(vt);
	vt_finish(vt);
}

static void a_crash_gives_it_all_back(void **state)
{
	static const char *const gone[] = {"\033[?1002l\033[?1006l", "\033[?2004l", "\033[?1007r", "\033[?2026l"};
	size_t before, after;

	(void)state;
	struct vt *vt = start("ASAN_OPTIONS=handle_segv=0", NULL);
	vt_send(vt, "m");
	vt_wait(vt, told, "key m\n");
	vt_wait(vt, written, "\033[?1002h");
	vt_bytes(vt, &before);
	kill(vt_pid(vt), SIGSEGV);
	int status = vt_wait_exit(vt);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	const char *bytes = vt_bytes(vt, &after);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		assert_non_null(memmem(bytes + before, after - before, gone[i], strlen(gone[i])));
	check_given_back(vt);
	vt_finish(vt);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_follow_the_terminal),
		cmocka_unit_test(only_what_changed_is_sent),
		cmocka_unit_test(updates_are_synchronised_once_the_terminal_says_it_can),
		cmocka_unit_test(mice_and_pastes_are_told_from_keys),
		cmocka_unit_test(the_clipboard_is_seen_on_the_wire),
		cmocka_unit_test(suspending_gives_it_all_back_for_a_while),
		cmocka_unit_test(a_crash_gives_it_all_back),
	};

	if (argc > 1 && strcmp(argv[1], "demo") == 0)
		return demo_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
