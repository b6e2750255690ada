/* SPDX-License-Identifier: MIT */
#include "ui/line_mode.h"

#include "ui/signals.h"
#include "ui/term.h"
#include "ui/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* Lines longer than this are hard to read; narrower than this nothing can be read. */
#define COLUMNS_MAX 80u
#define COLUMNS_MIN 8u
/* Columns of a typed word that are said back. */
#define ECHO_COLUMNS 30

/* ---- Saying ---- */

static void put_char(FILE *out, const struct text_char *c)
{
	mbstate_t state = {0};
	char bytes[64];

	for (unsigned i = 0; i < c->count; i++) {
		size_t length = wcrtomb(bytes, (wchar_t)c->points[i], &state);
		if (length != (size_t)-1)
			fwrite(bytes, 1, length, out);
	}
}

static void put_piece(FILE *out, const char *text, size_t size, bool utf8)
{
	struct text_char c;

	for (const char *at = text; text_next(at, text + size, utf8, &c); at += c.bytes)
		put_char(out, &c);
}

/* `last`: what is behind the last line. */
static void put_text(FILE *out, const char *text, unsigned columns, const char *last, bool utf8)
{
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, text, columns, 2, utf8);
	for (bool more = text_wrap_next(&wrap, &line); more;) {
		if (line.bytes > 0)
			fprintf(out, "%*s", (int)line.indent, "");
		put_piece(out, line.start, line.bytes, utf8);
		more = text_wrap_next(&wrap, &line);
		fputs(more ? "\n" : last, out);
	}
}

static void say(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

static unsigned text_width(void)
{
	unsigned columns = term_size_now().columns;

	/* The last column is left free: some terminals break the line after it, some don't. */
	if (columns > COLUMNS_MAX)
		return COLUMNS_MAX - 1;
	return columns > COLUMNS_MIN ? columns - 1 : COLUMNS_MIN;
}

/* One write for a whole text: a screen reader is not interrupted, a slow line not sent letter by letter. */
static void say_all(const struct line_mode *self, const char *const *texts, const char *last)
{
	unsigned columns = text_width();
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	if (out == NULL)
		return;
	for (; *texts != NULL; texts++)
		put_text(out, *texts, columns, last, self->utf8);
	if (fclose(out) == 0)
		say(bytes, size);
	free(bytes);
}

void line_mode_say(const struct line_mode *self, const char *const *texts)
{
	say_all(self, texts, "\n\n");
}

void line_mode_say_unknown(const struct line_mode *self, const char *line, const char *words)
{
	char *said = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);
	const char *end = line + strlen(line);
	unsigned columns = 0;
	struct text_char c;

	if (out == NULL)
		return;
	fputc('\'', out);
	for (; text_next(line, end, self->utf8, &c) && columns + c.columns <= ECHO_COLUMNS; line += c.bytes) {
		put_char(out, &c);
		columns += c.columns;
	}
	fprintf(out, "%s is not an answer. %s", line < end ? "...'" : "'", words);
	if (fclose(out) == 0)
		line_mode_say(self, (const char *const[]){said, NULL});
	free(said);
}

void line_mode_break(void)
{
	say("\n", 1);
}

/* ---- Reading ---- */

void line_mode_flush(void)
{
	if (isatty(STDIN_FILENO))
		tcflush(STDIN_FILENO, TCIFLUSH);
}

static void hide(struct line_mode *self)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &self->before) != 0)
		return;
	modes = self->before;
	modes.c_lflag &= ~(tcflag_t)ECHO;
	modes.c_lflag |= ECHONL;
	self->hidden = tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) == 0;
}

void line_mode_unhide(struct line_mode *self)
{
	if (self->hidden)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &self->before);
	self->hidden = false;
}

static enum line_end take_signal(struct line_mode *self)
{
	switch (signals_next(self->signals, &self->fatal_signal)) {
	case SIGNALS_INTERRUPT:
		return LINE_INTERRUPTED;
	case SIGNALS_FATAL:
		return LINE_KILLED;
	case SIGNALS_STOP:
		line_mode_unhide(self);
		signals_stop();
		return LINE_AGAIN;
	case SIGNALS_CONTINUE:
		return LINE_AGAIN;
	default:
		return LINE_TYPED;
	}
}

/* Byte by byte: what comes after the line is not ours. The rest of a line that is too long is read and dropped. */
static enum line_end read_line(struct line_mode *self, char *line, size_t size_bytes)
{
	size_t used = 0;
	char byte;

	self->cut = false;
	for (;;) {
		struct signals_ready ready = {0};
		if (signals_wait(self->signals, STDIN_FILENO, &ready) != 0)
			return LINE_CLOSED;
		if (ready.signal) {
			enum line_end end = take_signal(self);
			if (end != LINE_TYPED)
				return end;
			continue;
		}
		ssize_t count = read(STDIN_FILENO, &byte, 1);
		if (count < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (count <= 0)
			return LINE_CLOSED;
		if (byte == '\n')
			break;
		if (used + 1 < size_bytes)
			line[used++] = byte == '\0' ? '?' : byte;
		else
			self->cut = true;
	}
	line[used] = '\0';
	return LINE_TYPED;
}

enum line_end line_mode_ask(struct line_mode *self, const char *prompt, char *line, size_t size_bytes, bool hidden)
{
	enum line_end end;

	if (hidden && !self->hidden)
		hide(self);
	else if (!hidden)
		line_mode_unhide(self);
	say_all(self, (const char *const[]){prompt, NULL}, " ");
	end = read_line(self, line, size_bytes);
	if (end != LINE_TYPED)
		line_mode_unhide(self);
	return end;
}
