/* SPDX-License-Identifier: MIT */
#include "ui/term.h"

#include "ui/crash.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/term_clipboard.h"
#include "ui/term_input.h"
#include "ui/term_output.h"
#include "ui/theme.h"

#include <curses.h>
#include <termcap.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define INPUT STDIN_FILENO
#define OUTPUT STDERR_FILENO
/* How long Esc waits for the rest of a key's sequence; the library's own second is felt as a delay. */
#define ESC_DELAY_MS 25
/* How long a terminal that takes nothing is waited for when it is given back. */
#define GIVE_BACK_MS 500
/* Foregrounds and backgrounds: 256 and the terminal's own. */
#define COLOR_KINDS 257u
/* Pairs of them that are drawn with; what a hostile log wants beyond is drawn without colour. */
#define PAIRS_MAX 1024

static const char take_paste[] = "\033[?2004h", give_paste[] = "\033[?2004l";
static const char take_buttons[] = "\033[?1002h\033[?1006h", give_buttons[] = "\033[?1002l\033[?1006l";
/* The wheel as arrows, which many terminals do by themselves: what it was before comes back. */
static const char take_wheel[] = "\033[?1007s\033[?1007h", give_wheel[] = "\033[?1007r";
static const char ask_synchronised[] = "\033[?2026$p", end_synchronised[] = "\033[?2026l";

struct term {
	SCREEN *screen;
	WINDOW *keys; /* read from: reading from what is shown would show it */
	struct termios saved;
	struct crash crash;
	struct term_output output;
	struct term_input input;
	struct frame shown; /* what the library has been told; no cells: nothing */
	struct theme plain; /* without colour */
	const struct theme *theme; /* NULL: plain */
	uint16_t *pairs; /* foreground and background to pair, 0: none yet */
	int pair_count;
	unsigned colors;
	bool lines;
	bool standard; /* speaks ECMA-48: private modes it does not know are left out, not shown */
	bool text; /* as term_take_text says */
	bool mouse_known, mouse; /* as term_take_mouse says, when it has been called */
	bool asked; /* for mode 2026 */
	bool suspended; /* given back: once is enough, the cursor is where the shell wants it */
};

/*
 * The library installs handlers of its own where it finds the default ones, and ignores SIGTSTP while it draws, which loses one
 * that is pending. It does neither for a signal that has a handler when the first screen is opened.
 */
static const int library_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
#define LIBRARY_SIGNALS (sizeof(library_signals) / sizeof(library_signals[0]))

static bool same_terminal(void)
{
	struct stat input, output;

	return isatty(INPUT) && isatty(OUTPUT) && fstat(INPUT, &input) == 0 && fstat(OUTPUT, &output) == 0 &&
	       input.st_rdev == output.st_rdev;
}

/* tigetstr gives (char *)-1 for "no such capability" and NULL for "not on this terminal". */
static const char *capability(const char *name)
{
	char *value = tigetstr(name);

	return value == (char *)-1 ? NULL : value;
}

static unsigned size_from_environment(const char *name, unsigned fallback)
{
	const char *value = getenv(name);
	char *end;

	if (value == NULL)
		return fallback;
	unsigned long number = strtoul(value, &end, 10);
	return *end == '\0' && number > 0 && number < 10000 ? (unsigned)number : fallback;
}

struct term_size term_size_now(void)
{
	struct winsize size = {0};

	if (ioctl(OUTPUT, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){0};
	return (struct term_size){
		.rows = size.ws_row > 0 ? size.ws_row : size_from_environment("LINES", 24),
		.columns = size.ws_col > 0 ? size.ws_col : size_from_environment("COLUMNS", 80),
	};
}

/* The bytes that bring the terminal back: plain attributes, keypad off, cursor shown, main screen. */
static void prepare_crash(struct term *self)
{
	static const char *const names[] = {"sgr0", "rmkx", "cnorm", "rmcup"};

	crash_init(&self->crash, OUTPUT, INPUT, &self->saved);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		crash_add(&self->crash, capability(names[i]));
	crash_add(&self->crash, "\r\n");
}

static WINDOW *reading(const struct term *self)
{
	return self->keys != NULL ? self->keys : stdscr;
}

/* What this type of terminal has, if colours can be taken back. */
static unsigned count_colors(void)
{
	int colors = tigetnum("colors"), pairs = tigetnum("pairs");

	if (colors < 8 || pairs < 2 || (capability("op") == NULL && capability("oc") == NULL))
		return 0;
	return colors >= 256 ? 256 : colors >= 16 ? 16 : 8;
}

static void set_up(struct term *self)
{
	struct term_size size = term_size_now();

	set_escdelay(ESC_DELAY_MS);
	/*
	 * Ctrl-C and Ctrl-Z come as keys. As signals they would reach the rest of the job first: the shell would take the terminal
	 * away from a dialog that has yet to restore it, and stop the job a second time when it comes back.
	 */
	raw();
	noecho();
	nonl();
	self->keys = newpad(1, 1);
	nodelay(reading(self), TRUE);
	keypad(reading(self), TRUE);
	/* Reports of the mouse are read here: the library would wait for a click to become a double one. */
	define_key(NULL, KEY_MOUSE);
	scrollok(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	/* Otherwise keys that wait make the library put a paint off: the question would stand there half drawn. */
	typeahead(-1);
	/* A change drawn by inserting and deleting lines makes the screen jump under slow links; characters don't. */
	idlok(stdscr, FALSE);
	resize_term((int)size.rows, (int)size.columns);
	self->lines = capability("acsc") != NULL;
	self->standard = strncmp(capability("cup"), "\033[", 2) == 0;
	self->colors = count_colors();
	self->plain = theme_make(true, self->lines);
}

static void handle_nothing(int number)
{
	(void)number;
}

/*
 * Where the environment says that the terminal has more colours than its type knows of (a shell elsewhere was told "xterm"), its sibling with
 * 256 of them is taken, when it is described here.
 */
static SCREEN *open_colorful(const char *type, FILE *stream)
{
	static const char *const plain[] = {"xterm", "screen", "tmux", "rxvt"};
	const char *more = getenv("COLORTERM");
	char colorful[32];

	for (size_t i = 0; more != NULL && i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(type, plain[i]) != 0 || (strcmp(more, "truecolor") != 0 && strcmp(more, "24bit") != 0))
			continue;
		snprintf(colorful, sizeof(colorful), "%s-256color", type);
		return newterm(colorful, stream, stdin);
	}
	return NULL;
}

static SCREEN *open_screen(const char *type, FILE *stream)
{
	struct sigaction own = {.sa_handler = handle_nothing, .sa_flags = SA_RESTART}, found[LIBRARY_SIGNALS];

	sigemptyset(&own.sa_mask);
	for (size_t i = 0; i < LIBRARY_SIGNALS; i++)
		sigaction(library_signals[i], &own, &found[i]);
	SCREEN *screen = open_colorful(type, stream);
	if (screen == NULL)
		screen = newterm(type, stream, stdin);
	for (size_t i = 0; i < LIBRARY_SIGNALS; i++)
		sigaction(library_signals[i], &found[i], NULL);
	return screen;
}

int term_open(const char *type, struct term **term)
{
	struct term *self = calloc(1, sizeof(*self));
	int result = -ENOTSUP;

	if (self == NULL)
		return -ENOMEM;
	self->output.memory = self->output.own = -1;
	if (type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0)
		goto out;
	if (!same_terminal() || tcgetattr(INPUT, &self->saved) != 0) {
		result = -ENOTTY;
		goto out;
	}
	result = term_output_init(&self->output, OUTPUT);
	if (result < 0)
		goto out;
	result = -ENOTSUP;
	self->screen = open_screen(type, self->output.stream);
	if (self->screen == NULL)
		goto out;
	if (capability("cup") == NULL || capability("clear") == NULL) {
		delscreen(self->screen);
		tcsetattr(INPUT, TCSANOW, &self->saved);
		goto out;
	}
	prepare_crash(self);
	crash_arm(&self->crash);
	set_up(self);
	*term = self;
	return 0;
out:
	term_output_finish(&self->output);
	free(self);
	return result;
}

static bool begins_csi(const char *name)
{
	const char *value = capability(name);

	return value != NULL && strncmp(value, "\033[", 2) == 0;
}

bool term_can_move(const char *type, unsigned *colors, bool *lines)
{
	if (type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0 || tgetent(NULL, type) != 1)
		return false;
	*colors = count_colors();
	*lines = capability("acsc") != NULL;
	return begins_csi("cuu") && begins_csi("cud") && begins_csi("el") && begins_csi("ed");
}

void term_close(struct term *self)
{
	sigset_t background, before;

	if (self == NULL)
		return;
	/* Ended while suspended (`kill %1`): the terminal is the shell's, and giving it back must not stop us once more. */
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &background, &before);
	term_suspend(self);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	crash_disarm(&self->crash);
	if (self->keys != NULL)
		delwin(self->keys);
	delscreen(self->screen);
	term_output_finish(&self->output);
	frame_finish(&self->shown);
	free(self->pairs);
	free(self);
}

bool term_has_lines(const struct term *self)
{
	return self->lines;
}

unsigned term_colors(const struct term *self)
{
	return self->colors;
}

void term_use_theme(struct term *self, const struct theme *theme)
{
	if (theme->colors > 0 && self->colors > 0 && self->pairs == NULL) {
		self->pairs = calloc((size_t)COLOR_KINDS * COLOR_KINDS, sizeof(*self->pairs));
		/* The terminal's own colours stay behind everything; where they can't, nothing is coloured. */
		if (self->pairs != NULL && (start_color() != OK || use_default_colors() != OK)) {
			free(self->pairs);
			self->pairs = NULL;
		}
	}
	self->theme = theme;
	term_repaint(self);
}

/* ---- Showing ---- */

void term_resize(struct term *self, struct term_size size)
{
	resize_term((int)size.rows, (int)size.columns);
	term_repaint(self);
}

static attr_t attributes_of(struct theme_style style)
{
	attr_t attributes = A_NORMAL;

	if ((style.attributes & THEME_BOLD) != 0)
		attributes |= A_BOLD;
	if ((style.attributes & THEME_REVERSE) != 0)
		attributes |= A_REVERSE;
	if ((style.attributes & THEME_UNDERLINE) != 0)
		attributes |= A_UNDERLINE;
	if ((style.attributes & THEME_DIM) != 0)
		attributes |= A_DIM;
	if ((style.attributes & THEME_ITALIC) != 0)
		attributes |= A_ITALIC;
	return attributes;
}

/* The pair of these colours, made when it is seen first; 0, the terminal's own, when there is no more room. */
static short pair_of(struct term *self, unsigned foreground, unsigned background)
{
	uint16_t *pair = &self->pairs[foreground * COLOR_KINDS + background];
	int limit = COLOR_PAIRS < PAIRS_MAX ? COLOR_PAIRS : PAIRS_MAX;

	if (foreground == THEME_DEFAULT && background == THEME_DEFAULT)
		return 0;
	if (*pair == 0 && self->pair_count + 1 < limit &&
	    init_pair((short)(self->pair_count + 1), (short)((int)foreground - 1), (short)((int)background - 1)) == OK)
		*pair = (uint16_t)++self->pair_count;
	return (short)*pair;
}

static short colors_of(struct term *self, struct theme_style style)
{
	unsigned colors = self->theme->colors < self->colors ? self->theme->colors : self->colors;

	return pair_of(self, theme_fold(style.foreground, colors), theme_fold(style.background, colors));
}

static void show_cell(struct term *self, const struct frame_cell *cell)
{
	struct theme_style style =
		cell->role == ROLE_SOURCE
			? cell->style
			: theme_style(self->theme != NULL ? self->theme : &self->plain, (enum theme_role)cell->role);
	wchar_t text[FRAME_POINTS_MAX + 1];
	cchar_t shown;

	for (unsigned i = 0; i < cell->count; i++)
		text[i] = (wchar_t)cell->points[i];
	text[cell->count] = L'\0';
	setcchar(&shown, text, attributes_of(style), self->pairs != NULL ? colors_of(self, style) : 0, NULL);
	add_wch(&shown);
}

static void show_row(struct term *self, const struct frame *frame, unsigned row, bool all)
{
	const struct frame_cell *cells = &frame->cells[(size_t)row * frame->stride];
	struct frame_cell *shown =
		self->shown.cells != NULL ? &self->shown.cells[(size_t)row * self->shown.stride] : NULL;
	unsigned next = frame->columns; /* where the library's cursor stands */

	for (unsigned column = 0; column < frame->columns; column++) {
		bool same = !all && frame_same_cell(&cells[column], &shown[column]);
		if (shown != NULL)
			shown[column] = cells[column];
		if (same || cells[column].columns == 0)
			continue;
		if (next != column && move((int)row, (int)column) != OK)
			return;
		show_cell(self, &cells[column]);
		next = column + cells[column].columns;
	}
}

size_t term_show(struct term *self, const struct frame *frame)
{
	bool all =
		self->shown.rows != frame->rows || self->shown.columns != frame->columns || self->shown.cells == NULL;
	int rows, columns;

	/* Without memory for what was shown all is told anew, and the library finds what differs. */
	if (all) {
		frame_finish(&self->shown);
		if (frame_init(&self->shown, frame->rows, frame->columns) != 0)
			self->shown = (struct frame){0};
	}
	getmaxyx(stdscr, rows, columns);
	for (unsigned row = 0; row < frame->rows && (int)row < rows; row++)
		show_row(self, frame, row, all);
	if ((int)frame->cursor_row < rows && (int)frame->cursor_column < columns)
		move((int)frame->cursor_row, (int)frame->cursor_column);
	term_output_begin(&self->output);
	refresh();
	return term_output_end(&self->output, self->input.synchronised);
}

void term_never_wait(struct term *self)
{
	self->output.never_wait = true;
}

bool term_takes_output(struct term *self)
{
	struct pollfd output = {.fd = OUTPUT, .events = POLLOUT};

	return term_output_flush(&self->output) && poll(&output, 1, 0) == 1 && (output.revents & POLLOUT) != 0;
}

int term_output_poll(const struct term *self)
{
	return term_output_fd(&self->output);
}

void term_repaint(struct term *self)
{
	frame_finish(&self->shown);
	self->shown = (struct frame){0};
	clearok(stdscr, TRUE);
}

/* ---- Keys ---- */

void term_flush_input(struct term *self)
{
	term_input_reset(&self->input);
	flushinp();
	tcflush(INPUT, TCIFLUSH);
}

static uint32_t named_key(int code)
{
	static const struct {
		int code;
		uint32_t key;
	} names[] = {
		{KEY_UP, UI_KEY_UP},       {KEY_DOWN, UI_KEY_DOWN},     {KEY_LEFT, UI_KEY_LEFT},
		{KEY_RIGHT, UI_KEY_RIGHT}, {KEY_PPAGE, UI_KEY_PAGE_UP}, {KEY_NPAGE, UI_KEY_PAGE_DOWN},
		{KEY_HOME, UI_KEY_HOME},   {KEY_END, UI_KEY_END},       {KEY_BTAB, UI_KEY_BACK_TAB},
		{KEY_ENTER, UI_KEY_ENTER}, {KEY_A1, UI_KEY_HOME},       {KEY_A3, UI_KEY_PAGE_UP},
		{KEY_C1, UI_KEY_END},      {KEY_C3, UI_KEY_PAGE_DOWN},  {KEY_FIND, UI_KEY_HOME},
		{KEY_SELECT, UI_KEY_END},  {KEY_DC, UI_KEY_DELETE},     {KEY_BACKSPACE, UI_KEY_BACKSPACE},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].key;
	return code >= KEY_F(1) && code <= KEY_F(9) ? UI_KEY_F1 + (uint32_t)(code - KEY_F(1)) : UI_KEY_OTHER;
}

/*
 * Esc alone is a key that answers, so it must be told from the first byte of a key this TERM does not describe, and from
 * Alt with a letter.
 */
static bool read_escape(struct term *self, uint32_t *key)
{
	int c = wgetch(reading(self));

	*key = c == ERR || c == UI_KEY_ESC ? (uint32_t)UI_KEY_ESC : (uint32_t)UI_KEY_OTHER;
	if (c != '[' && c != 'O')
		return term_input_key(&self->input, key);
	term_input_begin(&self->input, (char)c);
	return false;
}

/* True when *key is one; false when what was read is none, or not yet. */
static bool take_code(struct term *self, int code, uint32_t *key)
{
	if (code >= KEY_MIN) {
		*key = named_key(code);
		return term_input_key(&self->input, key);
	}
	if (code == UI_KEY_ESC && !term_input_is_open(&self->input))
		return read_escape(self, key);
	return term_input_byte(&self->input, (unsigned char)code, key);
}

int term_read_key(struct term *self, uint32_t *key)
{
	struct pollfd input = {.fd = INPUT, .events = POLLIN};
	int available = 0, code;

	/* A terminal that hung up reads as an endless end of file, which the library does not tell from "no key yet". */
	bool ready = poll(&input, 1, 0) == 1;
	if (ready && ((input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 ||
		      ioctl(INPUT, FIONREAD, &available) != 0 || available == 0))
		return -EPIPE;
	/*
	 * Bytes, not characters: the library would wait for the rest of one that never comes, and swallow the key behind it.
	 */
	while ((code = wgetch(reading(self))) != ERR)
		if (take_code(self, code, key))
			return 1;
	return term_input_pause(&self->input, key) ? 1 : 0;
}

/* ---- What only the dashboard asks for ---- */

static void send_text(struct term *self, const char *text)
{
	if (self->standard && !self->suspended)
		term_output_send(&self->output, text, strlen(text));
}

/* From now on a crash gives this back as well. */
static void remember_to_give(struct term *self, const char *text)
{
	if (self->standard && memmem(self->crash.bytes, self->crash.count, text, strlen(text)) == NULL)
		crash_add(&self->crash, text);
}

void term_take_text(struct term *self, bool on)
{
	if (self->text == on)
		return;
	self->text = self->input.text = on;
	term_input_reset(&self->input);
	remember_to_give(self, give_paste);
	send_text(self, on ? take_paste : give_paste);
	/*
	 * Nobody waits for the answer: until it comes, if it does, frames are sent as they always were. Old Linux consoles show the end of
	 * the question.
	 */
	if (on && !self->asked && strncmp(termname(), "linux", 5) != 0) {
		self->asked = true;
		remember_to_give(self, end_synchronised);
		send_text(self, ask_synchronised);
	}
}

void term_take_mouse(struct term *self, bool on)
{
	if (self->mouse_known && self->mouse == on)
		return;
	remember_to_give(self, give_buttons);
	remember_to_give(self, give_wheel);
	if (self->mouse_known)
		send_text(self, self->mouse ? give_buttons : give_wheel);
	self->mouse_known = true;
	self->mouse = on;
	send_text(self, on ? take_buttons : take_wheel);
}

struct term_mouse term_mouse(const struct term *self)
{
	return self->input.mouse;
}

int term_copy(struct term *self, const char *bytes, size_t size_bytes)
{
	size_t size;
	char *sequence;

	if (size_bytes > TERM_COPY_MAX)
		return -EMSGSIZE;
	sequence = term_clipboard_sequence(bytes, size_bytes, getenv("TMUX") != NULL, &size);
	if (sequence == NULL)
		return -ENOMEM;
	if (self->standard && !self->suspended)
		term_output_send(&self->output, sequence, size);
	free(sequence);
	return 0;
}

/* All of it taken, or given back. */
static void take_modes(struct term *self, bool on)
{
	if (self->text)
		send_text(self, on ? take_paste : give_paste);
	if (self->mouse_known && self->mouse)
		send_text(self, on ? take_buttons : give_buttons);
	else if (self->mouse_known)
		send_text(self, on ? take_wheel : give_wheel);
}

void term_suspend(struct term *self)
{
	/* An answer that is still on its way is not to be typed into a shell. */
	bool awaited = self->asked && !self->input.answered, taken;

	if (self->suspended)
		return;
	take_modes(self, false);
	term_output_begin(&self->output);
	endwin();
	term_output_end(&self->output, false);
	taken = term_output_drain(&self->output, GIVE_BACK_MS);
	tcsetattr(INPUT, !taken ? TCSANOW : awaited ? TCSAFLUSH : TCSADRAIN, &self->saved);
	self->suspended = true;
}

void term_resume(struct term *self)
{
	self->suspended = false;
	reset_prog_mode();
	term_flush_input(self);
	take_modes(self, true);
	term_resize(self, term_size_now());
}
