/* SPDX-License-Identifier: MIT */
#include "tests/lib/term.h"

#include "config/clock.h"
#include "tests/lib/shot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include <cmocka.h>

#define BYTES_MAX (1 << 20)
#define ENVIRONMENT_MAX 32

struct vt {
	int master, slave, keeper_fd, out_fd;
	pid_t keeper, pid;
	unsigned rows, columns;
	VTerm *vterm;
	VTermScreen *screen;
	bool alternate, cursor_visible;
	bool stopped, ended;
	int status;
	int64_t deadline_ms;
	struct termios modes_before;
	char *out; /* BYTES_MAX each, always terminated */
	size_t out_size;
	char *bytes;
	size_t byte_count;
	size_t written; /* all, also what is not kept */
};

/* ---- The keeper: session leader, starts the job, passes on how it stops and ends, continues it when told. ---- */

static void exec_job(const char *const *argv, char **environment, int slave, int out)
{
	sigset_t none;

	setpgid(0, 0);
	tcsetpgrp(slave, getpid());
	signal(SIGTTOU, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(slave, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(slave, STDERR_FILENO);
	closefrom(3);
	execve(argv[0], (char *const *)(uintptr_t)argv, environment);
	_exit(127);
}

static void keep(const char *const *argv, char **environment, int slave, int out, int fd)
{
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0)
		exec_job(argv, environment, slave, out);
	if (out != slave)
		close(out);
	if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	for (;;) {
		int status;
		char command;
		if (waitpid(pid, &status, WUNTRACED) != pid || write(fd, &status, sizeof(status)) != sizeof(status))
			_exit(1);
		if (!WIFSTOPPED(status))
			_exit(0);
		tcsetpgrp(slave, getpid());
		if (read(fd, &command, 1) != 1)
			_exit(1);
		tcsetpgrp(slave, pid);
		kill(-pid, SIGCONT);
	}
}

/* ---- The terminal's side ---- */

static int set_property(VTermProp property, VTermValue *value, void *user)
{
	struct vt *self = user;

	if (property == VTERM_PROP_ALTSCREEN)
		self->alternate = value->boolean != 0;
	if (property == VTERM_PROP_CURSORVISIBLE)
		self->cursor_visible = value->boolean != 0;
	return 1;
}

static void open_screen(struct vt *self)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = set_property};

	self->vterm = vterm_new((int)self->rows, (int)self->columns);
	vterm_set_utf8(self->vterm, 1);
	self->screen = vterm_obtain_screen(self->vterm);
	vterm_screen_set_callbacks(self->screen, &callbacks, self);
	vterm_screen_enable_altscreen(self->screen, 1);
	self->cursor_visible = true;
	vterm_screen_reset(self->screen, 1);
}

static void read_terminal(struct vt *self)
{
	char buffer[4096];
	ssize_t count = read(self->master, buffer, sizeof(buffer));

	if (count <= 0)
		return;
	self->written += (size_t)count;
	vterm_input_write(self->vterm, buffer, (size_t)count);
	if (self->byte_count + (size_t)count < BYTES_MAX) {
		memcpy(self->bytes + self->byte_count, buffer, (size_t)count);
		self->byte_count += (size_t)count;
		self->bytes[self->byte_count] = '\0';
	}
	/* Answers to queries, which real terminals send as well. */
	size_t answer = vterm_output_read(self->vterm, buffer, sizeof(buffer));
	if (answer > 0 && write(self->master, buffer, answer) < 0)
		return;
}

static void read_out(struct vt *self)
{
	ssize_t count = read(self->out_fd, self->out + self->out_size, BYTES_MAX - 1 - self->out_size);

	if (count > 0) {
		self->out_size += (size_t)count;
		self->out[self->out_size] = '\0';
	} else if (count == 0) {
		close(self->out_fd);
		self->out_fd = -1;
	}
}

static void read_keeper(struct vt *self)
{
	int status;

	if (read(self->keeper_fd, &status, sizeof(status)) != sizeof(status)) {
		close(self->keeper_fd);
		self->keeper_fd = -1;
		return;
	}
	if (WIFSTOPPED(status)) {
		self->stopped = true;
	} else {
		self->ended = true;
		self->status = status;
	}
}

/* Reads what is there, waiting at most `wait_ms` for it. True when something was read. */
static bool pump(struct vt *self, int wait_ms)
{
	struct pollfd fds[] = {
		{.fd = self->master, .events = POLLIN},
		{.fd = self->out_fd, .events = POLLIN},
		{.fd = self->keeper_fd, .events = POLLIN},
	};

	if (poll(fds, 3, wait_ms) <= 0)
		return false;
	if ((fds[0].revents & POLLIN) != 0)
		read_terminal(self);
	if (fds[1].revents != 0)
		read_out(self);
	/* The end is taken only when everything written before it has been read. */
	if (fds[2].revents != 0 && (fds[0].revents & POLLIN) == 0 && (fds[1].revents & POLLIN) == 0)
		read_keeper(self);
	return true;
}

bool vt_wait_quietly(struct vt *self, bool (*seen)(const struct vt *self, const void *argument), const void *argument)
{
	while (!seen(self, argument)) {
		int64_t left = self->deadline_ms - clock_monotonic_ms();
		if (left <= 0)
			return false;
		pump(self, (int)left);
	}
	return true;
}

void vt_wait(struct vt *self, bool (*seen)(const struct vt *self, const void *argument), const void *argument)
{
	if (vt_wait_quietly(self, seen, argument))
		return;
	char *shot = vt_shot(self);
	fprintf(stderr, "%swritten: %s\n", shot, self->out);
	free(shot);
	fail_msg("waited in vain%s%s", argument != NULL ? " for: " : "",
		 argument != NULL ? (const char *)argument : "");
}

static bool has_changed(const struct vt *self, const void *count)
{
	return self->written != *(const size_t *)count || self->ended;
}

void vt_wait_change(struct vt *self)
{
	const size_t written = self->written;

	vt_wait(self, has_changed, &written);
}

bool vt_take(struct vt *self, int limit_ms)
{
	const int64_t until_ms = clock_monotonic_ms() + limit_ms;
	int64_t left_ms;

	while (!self->ended && (left_ms = until_ms - clock_monotonic_ms()) > 0)
		pump(self, (int)left_ms);
	while (!self->ended && pump(self, 0))
		;
	return self->ended;
}

static bool text_shown(const struct vt *self, const void *text)
{
	return vt_shows(self, text);
}

static bool text_gone(const struct vt *self, const void *text)
{
	return !vt_shows(self, text);
}

void vt_wait_anew(struct vt *self)
{
	self->deadline_ms = clock_monotonic_ms() + VT_DEADLINE_MS;
}

void vt_catch_up(struct vt *self)
{
	while (pump(self, 0))
		if (self->ended)
			break;
}

void vt_wait_text(struct vt *self, const char *text)
{
	vt_wait(self, text_shown, text);
}

void vt_wait_gone(struct vt *self, const char *text)
{
	vt_wait(self, text_gone, text);
}

static bool has_ended(const struct vt *self, const void *argument)
{
	(void)argument;
	return self->ended;
}

static bool is_stopped(const struct vt *self, const void *argument)
{
	(void)argument;
	return self->stopped;
}

int vt_wait_exit(struct vt *self)
{
	vt_wait(self, has_ended, "the program's end");
	while (pump(self, 0))
		if (self->keeper_fd < 0 && self->out_fd < 0)
			break;
	return self->status;
}

void vt_wait_stopped(struct vt *self)
{
	vt_wait(self, is_stopped, "the program's stop");
}

void vt_continue(struct vt *self)
{
	self->stopped = false;
	assert_int_equal(write(self->keeper_fd, "c", 1), 1);
}

/* ---- Start and end ---- */

static void fill_environment(char **list, const struct vt_options *options)
{
	static char path[4096], term[] = "TERM=xterm", lang[] = "LANG=C.UTF-8";
	size_t count = 3;

	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin");
	list[0] = path;
	list[1] = term;
	list[2] = lang;
	for (size_t i = 0; options->environment != NULL && options->environment[i] != NULL; i++) {
		char *entry = (char *)(uintptr_t)options->environment[i];
		size_t name = strcspn(entry, "=") + 1, at = 0;
		while (at < count && strncmp(list[at], entry, name) != 0)
			at++;
		assert_true(at < ENVIRONMENT_MAX);
		list[at] = entry;
		count += at == count;
	}
}

struct vt *vt_start(const char *const *argv, const struct vt_options *options)
{
	struct vt *self = calloc(1, sizeof(*self));
	char *environment[ENVIRONMENT_MAX + 1] = {NULL};
	int pair[2], out[2];

	assert_non_null(self);
	self->rows = options->rows > 0 ? options->rows : 24;
	self->columns = options->columns > 0 ? options->columns : 80;
	self->deadline_ms = clock_monotonic_ms() + VT_DEADLINE_MS;
	assert_non_null(self->out = calloc(1, BYTES_MAX));
	assert_non_null(self->bytes = calloc(1, BYTES_MAX));
	fill_environment(environment, options);
	struct winsize size = {.ws_row = (unsigned short)self->rows, .ws_col = (unsigned short)self->columns};
	assert_int_equal(openpty(&self->master, &self->slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(self->slave, &self->modes_before), 0);
	fcntl(self->master, F_SETFD, FD_CLOEXEC);
	fcntl(self->slave, F_SETFD, FD_CLOEXEC);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	open_screen(self);
	if (options->typed_ahead != NULL)
		vt_send(self, options->typed_ahead);
	self->keeper = fork();
	assert_true(self->keeper >= 0);
	if (self->keeper == 0) {
		close(pair[0]);
		close(self->master);
		keep(argv, environment, self->slave, options->stdout_terminal ? self->slave : out[1], pair[1]);
	}
	close(pair[1]);
	close(out[1]);
	self->keeper_fd = pair[0];
	self->out_fd = out[0];
	assert_int_equal(read(self->keeper_fd, &self->pid, sizeof(self->pid)), sizeof(self->pid));
	return self;
}

void vt_finish(struct vt *self)
{
	if (!self->ended)
		kill(self->pid, SIGKILL);
	if (self->keeper_fd >= 0) {
		shutdown(self->keeper_fd, SHUT_RDWR);
		close(self->keeper_fd);
	}
	waitpid(self->keeper, NULL, 0);
	if (self->out_fd >= 0)
		close(self->out_fd);
	if (self->master >= 0)
		close(self->master);
	close(self->slave);
	vterm_free(self->vterm);
	free(self->out);
	free(self->bytes);
	free(self);
}

pid_t vt_pid(const struct vt *self)
{
	return self->pid;
}

void vt_send(struct vt *self, const char *bytes)
{
	vt_send_bytes(self, bytes, strlen(bytes));
}

void vt_send_bytes(struct vt *self, const char *bytes, size_t size)
{
	assert_int_equal(write(self->master, bytes, size), size);
}

void vt_scribble(struct vt *self, const char *text)
{
	size_t size = strlen(text);

	assert_int_equal(write(self->slave, text, size), size);
}

void vt_resize_unseen(const struct vt *self, unsigned rows, unsigned columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	assert_int_equal(ioctl(self->master, TIOCSWINSZ, &size), 0);
}

void vt_resize(struct vt *self, unsigned rows, unsigned columns)
{
	self->rows = rows;
	self->columns = columns;
	vterm_set_size(self->vterm, (int)rows, (int)columns);
	vt_resize_unseen(self, rows, columns);
}

void vt_hang_up(struct vt *self)
{
	close(self->master);
	self->master = -1;
}

/* ---- What is on the screen ---- */

static void screen_cell(const void *subject, unsigned row, unsigned column, struct shot_cell *cell)
{
	const struct vt *self = subject;
	VTermScreenCell seen;

	vterm_screen_get_cell(self->screen, (VTermPos){.row = (int)row, .col = (int)column}, &seen);
	cell->letter = seen.attrs.reverse ? 'R' : seen.attrs.bold ? 'B' : '.';
	if (seen.chars[0] == (uint32_t)-1)
		return;
	if (seen.chars[0] == 0) {
		cell->points[cell->count++] = ' ';
		return;
	}
	for (; cell->count < VTERM_MAX_CHARS_PER_CELL && seen.chars[cell->count] != 0; cell->count++)
		cell->points[cell->count] = seen.chars[cell->count];
}

static struct shot_source source_of(const struct vt *self)
{
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(self->vterm), &cursor);
	return (struct shot_source){
		.rows = self->rows,
		.columns = self->columns,
		.cell = screen_cell,
		.subject = self,
		.cursor_row = (unsigned)cursor.row,
		.cursor_column = (unsigned)cursor.col,
	};
}

char *vt_shot(const struct vt *self)
{
	const struct shot_source source = source_of(self);

	return shot_make(&source);
}

char *vt_text(const struct vt *self)
{
	const struct shot_source source = source_of(self);

	return shot_rows(&source, 0, self->rows);
}

char *vt_row(const struct vt *self, unsigned row)
{
	const struct shot_source source = source_of(self);
	char *line;

	assert_true(row < self->rows);
	line = shot_rows(&source, row, 1);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

bool vt_shows(const struct vt *self, const char *text)
{
	char *rows = vt_text(self);
	const bool shown = strstr(rows, text) != NULL;

	free(rows);
	return shown;
}

static int color_of(const VTermColor *color, bool is_default)
{
	return is_default || !VTERM_COLOR_IS_INDEXED(color) ? -1 : color->indexed.idx;
}

void vt_cell(const struct vt *self, unsigned row, unsigned column, struct vt_cell *cell)
{
	VTermScreenCell seen;

	vterm_screen_get_cell(self->screen, (VTermPos){.row = (int)row, .col = (int)column}, &seen);
	*cell = (struct vt_cell){
		.wide = seen.width == 2,
		.bold = seen.attrs.bold != 0,
		.reverse = seen.attrs.reverse != 0,
		.underline = seen.attrs.underline != 0,
		.italic = seen.attrs.italic != 0,
		.foreground = color_of(&seen.fg, VTERM_COLOR_IS_DEFAULT_FG(&seen.fg)),
		.background = color_of(&seen.bg, VTERM_COLOR_IS_DEFAULT_BG(&seen.bg)),
	};
	for (size_t i = 0; seen.chars[0] != (uint32_t)-1 && i < VT_POINTS_MAX && seen.chars[i] != 0; i++)
		cell->points[i] = seen.chars[i];
}

int vt_foreground(const struct vt *self, unsigned row, unsigned column)
{
	VTermScreenCell seen;

	vterm_screen_get_cell(self->screen, (VTermPos){.row = (int)row, .col = (int)column}, &seen);
	return VTERM_COLOR_IS_DEFAULT_FG(&seen.fg) || !VTERM_COLOR_IS_INDEXED(&seen.fg) ? -1 : seen.fg.indexed.idx;
}

unsigned vt_cursor_row(const struct vt *self)
{
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(self->vterm), &cursor);
	return (unsigned)cursor.row;
}

void vt_look(const struct vt *self, unsigned row, unsigned column, struct vt_look *look)
{
	VTermScreenCell seen;

	vterm_screen_get_cell(self->screen, (VTermPos){.row = (int)row, .col = (int)column}, &seen);
	*look = (struct vt_look){
		.foreground = vt_foreground(self, row, column),
		.background = VTERM_COLOR_IS_DEFAULT_BG(&seen.bg) || !VTERM_COLOR_IS_INDEXED(&seen.bg)
				      ? -1
				      : seen.bg.indexed.idx,
		.bold = seen.attrs.bold != 0,
		.reverse = seen.attrs.reverse != 0,
		.underline = seen.attrs.underline != 0,
	};
}

unsigned vt_cursor_column(const struct vt *self)
{
	VTermPos cursor;

	vterm_state_get_cursorpos(vterm_obtain_state(self->vterm), &cursor);
	return (unsigned)cursor.col;
}

bool vt_alternate_screen(const struct vt *self)
{
	return self->alternate;
}

bool vt_cursor_visible(const struct vt *self)
{
	return self->cursor_visible;
}

int vt_modes(const struct vt *self, struct termios *modes)
{
	return tcgetattr(self->slave, modes);
}

const struct termios *vt_modes_before(const struct vt *self)
{
	return &self->modes_before;
}

const char *vt_stdout(const struct vt *self)
{
	return self->out;
}

const char *vt_bytes(const struct vt *self, size_t *size)
{
	*size = self->byte_count;
	return self->bytes;
}

void vt_forget_bytes(struct vt *self)
{
	self->byte_count = 0;
	self->bytes[0] = '\0';
}
