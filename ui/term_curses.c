/* SPDX-License-Identifier: MIT */
#include "ui/term.h"

#include "ui/crash.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/theme.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define INPUT STDIN_FILENO
#define OUTPUT STDERR_FILENO
/* How long Esc waits for the rest of a key's sequence; the library's own second is felt as a delay. */
#define ESC_DELAY_MS 50
/* A sequence longer than this is noise. */
#define SEQUENCE_MAX 32

struct term {
	SCREEN *screen;
	struct termios saved;
	struct crash crash;
	struct theme plain; /* without colour */
	bool lines;
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
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	scrollok(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	/* Otherwise keys that wait make the library put a paint off: the question would stand there half drawn. */
	typeahead(-1);
	/* A change drawn by inserting and deleting lines makes the screen jump under slow links; characters don't. */
	idlok(stdscr, FALSE);
	resize_term((int)size.rows, (int)size.columns);
	self->lines = capability("acsc") != NULL;
	self->plain = theme_make(true, self->lines);
}

static void handle_nothing(int number)
{
	(void)number;
}

static SCREEN *open_screen(const char *type)
{
	struct sigaction own = {.sa_handler = handle_nothing, .sa_flags = SA_RESTART}, found[LIBRARY_SIGNALS];

	sigemptyset(&own.sa_mask);
	for (size_t i = 0; i < LIBRARY_SIGNALS; i++)
		sigaction(library_signals[i], &own, &found[i]);
	SCREEN *screen = newterm(type, stderr, stdin);
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
	if (type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0)
		goto out;
	if (!same_terminal() || tcgetattr(INPUT, &self->saved) != 0) {
		result = -ENOTTY;
		goto out;
	}
	self->screen = open_screen(type);
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
	free(self);
	return result;
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
	delscreen(self->screen);
	free(self);
}

bool term_has_lines(const struct term *self)
{
	return self->lines;
}

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
	return attributes;
}

static void show_cell(const struct term *self, const struct frame_cell *cell)
{
	struct theme_style style = theme_style(&self->plain, cell->role);
	wchar_t text[FRAME_POINTS_MAX + 1];
	cchar_t shown;

	for (unsigned i = 0; i < cell->count; i++)
		text[i] = (wchar_t)cell->points[i];
	text[cell->count] = L'\0';
	setcchar(&shown, text, attributes_of(style), 0, NULL);
	add_wch(&shown);
}

size_t term_show(struct term *self, const struct frame *frame)
{
	int rows, columns;

	getmaxyx(stdscr, rows, columns);
	for (int row = 0; row < rows; row++) {
		for (int column = 0; column < columns; column++) {
			const struct frame_cell *cell = frame_at(frame, (unsigned)row, (unsigned)column);
			if (cell != NULL && cell->columns > 0 && move(row, column) == OK)
				show_cell(self, cell);
		}
	}
	move((int)frame->cursor_row, (int)frame->cursor_column);
	refresh();
	return 0;
}

void term_repaint(struct term *self)
{
	(void)self;
	clearok(stdscr, TRUE);
}

void term_flush_input(struct term *self)
{
	(void)self;
	flushinp();
	tcflush(INPUT, TCIFLUSH);
}

/* The rest of a sequence that terminfo doesn't know. Some are sent all the same: Shift-Tab, arrows in the other mode. */
static uint32_t read_sequence(void)
{
	static const struct {
		int final;
		uint32_t key;
	} known[] = {
		{'A', UI_KEY_UP},   {'B', UI_KEY_DOWN}, {'C', UI_KEY_RIGHT},    {'D', UI_KEY_LEFT},
		{'H', UI_KEY_HOME}, {'F', UI_KEY_END},  {'Z', UI_KEY_BACK_TAB},
	};
	int c;
	unsigned length = 0;

	while (length < SEQUENCE_MAX && (c = getch()) != ERR && c < KEY_MIN) {
		length++;
		if (c < 0x40 || c > 0x7e)
			continue;
		for (size_t i = 0; length == 1 && i < sizeof(known) / sizeof(known[0]); i++)
			if (known[i].final == c)
				return known[i].key;
		break;
	}
	return UI_KEY_OTHER;
}

/*
 * Esc alone is a key that answers, so it must be told from the first byte of a key this TERM does not describe, and from
 * Alt with a letter.
 */
static uint32_t read_escape(void)
{
	int c = getch();

	if (c == ERR || c == UI_KEY_ESC)
		return UI_KEY_ESC;
	return c == '[' || c == 'O' ? read_sequence() : UI_KEY_OTHER;
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
		{KEY_SELECT, UI_KEY_END},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].key;
	return UI_KEY_OTHER;
}

int term_read_key(struct term *self, uint32_t *key)
{
	struct pollfd input = {.fd = INPUT, .events = POLLIN};
	int available = 0;

	(void)self;
	/* A terminal that hung up reads as an endless end of file, which the library does not tell from "no key yet". */
	bool ready = poll(&input, 1, 0) == 1;
	if (ready && ((input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 ||
		      ioctl(INPUT, FIONREAD, &available) != 0 || available == 0))
		return -EPIPE;
	/*
	 * Bytes, not characters: no key that means something here is more than ASCII, and waiting for the rest of a character that is
	 * not one would swallow the key behind it.
	 */
	int c = getch();
	if (c == ERR)
		return 0;
	if (c >= KEY_MIN)
		*key = named_key(c);
	else if (c == UI_KEY_ESC)
		*key = read_escape();
	else
		*key = c < 0x80 ? (uint32_t)c : UI_KEY_OTHER;
	return 1;
}

void term_suspend(struct term *self)
{
	if (self->suspended)
		return;
	endwin();
	tcsetattr(INPUT, TCSADRAIN, &self->saved);
	self->suspended = true;
}

void term_resume(struct term *self)
{
	self->suspended = false;
	reset_prog_mode();
	term_flush_input(self);
	term_resize(self, term_size_now());
}
