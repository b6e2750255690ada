/* SPDX-License-Identifier: MIT */
#include "ui/prompt.h"

#include "ui/model.h"
#include "ui/signals.h"
#include "ui/term.h"
#include "ui/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define LINE_MAX_BYTES 128
/* Lines longer than this are hard to read; narrower than this nothing can be read. */
#define COLUMNS_MAX 80u
#define COLUMNS_MIN 8u
/* Columns of a typed word that are said back. */
#define ECHO_COLUMNS 30

static const char prompt_text[] = "Type yes, no, view or notice, then Enter:";

struct prompt {
	const struct consent_model *model;
	const struct signals *signals;
	bool utf8;
	unsigned empty, unknown, texts; /* how often each was typed */
	int fatal_signal;
};

enum line_end { LINE_TYPED, LINE_AGAIN, LINE_CLOSED, LINE_INTERRUPTED, LINE_KILLED };

enum prompt_word prompt_read_word(const char *line)
{
	static const struct {
		const char *text;
		enum prompt_word word;
	} words[] = {
		{"", PROMPT_EMPTY},        {"y", PROMPT_YES},   {"yes", PROMPT_YES},     {"n", PROMPT_NO},
		{"no", PROMPT_NO},         {"v", PROMPT_VIEW},  {"view", PROMPT_VIEW},   {"p", PROMPT_NOTICE},
		{"notice", PROMPT_NOTICE}, {"d", PROMPT_NEVER}, {"never", PROMPT_NEVER},
	};
	static const char spaces[] = " \t\r\n";

	line += strspn(line, spaces);
	size_t length = strlen(line);
	while (length > 0 && strchr(spaces, line[length - 1]) != NULL)
		length--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == length && strncasecmp(words[i].text, line, length) == 0)
			return words[i].word;
	return PROMPT_UNKNOWN;
}

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

static void put_text(FILE *out, const char *text, unsigned columns, bool utf8)
{
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, text, columns, 2, utf8);
	while (text_wrap_next(&wrap, &line)) {
		if (line.bytes > 0)
			fprintf(out, "%*s", (int)line.indent, "");
		put_piece(out, line.start, line.bytes, utf8);
		fputc('\n', out);
	}
}

/* One write for a whole text: a screen reader is not interrupted, a slow line not sent letter by letter. */
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

/* Says texts, each in front of an empty line; NULL ends the list. */
static void say_texts(const struct prompt *self, const char *const *texts)
{
	unsigned columns = text_width();
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	if (out == NULL)
		return;
	for (; *texts != NULL; texts++) {
		put_text(out, *texts, columns, self->utf8);
		fputc('\n', out);
	}
	if (fclose(out) == 0)
		say(bytes, size);
	free(bytes);
}

static void say_question(const struct prompt *self)
{
	const char *texts[] = {
		self->model->title,
		self->model->question,
		self->model->summary,
		"never: no, and don't ask again. No answer: nothing is sent this run, no answer stored. "
		"Ctrl-C: quit, start nothing.",
		NULL,
	};

	say_texts(self, texts);
}

/* The cursor stays behind it. */
static void say_prompt(void)
{
	struct text_wrap wrap;
	struct text_line line;
	char bytes[2 * sizeof(prompt_text)];
	size_t used = 0;

	text_wrap_init(&wrap, prompt_text, text_width(), 0, false);
	for (bool more = text_wrap_next(&wrap, &line); more;) {
		memcpy(bytes + used, line.start, line.bytes);
		used += line.bytes;
		more = text_wrap_next(&wrap, &line);
		bytes[used++] = more ? '\n' : ' ';
	}
	say(bytes, used);
}

static void say_unknown(const struct prompt *self, const char *line)
{
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);
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
	fputs(line < end ? "...'" : "'", out);
	fputs(" is not an answer. The words are yes, no, view, notice and never.", out);
	if (fclose(out) == 0)
		say_texts(self, (const char *const[]){words, NULL});
	free(words);
}

static void flush_typed(void)
{
	if (isatty(STDIN_FILENO))
		tcflush(STDIN_FILENO, TCIFLUSH);
}

static enum line_end take_signal(struct prompt *self)
{
	switch (signals_next(self->signals, &self->fatal_signal)) {
	case SIGNALS_INTERRUPT:
		return LINE_INTERRUPTED;
	case SIGNALS_FATAL:
		return LINE_KILLED;
	case SIGNALS_STOP:
		signals_stop();
		return LINE_AGAIN;
	case SIGNALS_CONTINUE:
		return LINE_AGAIN;
	default:
		return LINE_TYPED;
	}
}

/*
 * Reads a line byte by byte: what comes after it is not ours. The rest of a line that is too long is read and dropped; cut as it is
 * it matches no word.
 */
static enum line_end read_line(struct prompt *self, char line[LINE_MAX_BYTES])
{
	size_t used = 0;
	char byte;

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
		if (used + 1 < LINE_MAX_BYTES)
			line[used++] = byte == '\0' ? '?' : byte;
	}
	line[used] = '\0';
	return LINE_TYPED;
}

/* True when the word is an answer, or the last of too many that are none. */
static bool take_word(struct prompt *self, const char *line, enum consent_answer *answer)
{
	const char *texts[] = {NULL, NULL};

	*answer = CONSENT_NOT_THIS_RUN;
	switch (prompt_read_word(line)) {
	case PROMPT_YES:
		*answer = CONSENT_YES;
		return true;
	case PROMPT_NO:
		*answer = CONSENT_NO;
		return true;
	case PROMPT_NEVER:
		*answer = CONSENT_NO_FOR_GOOD;
		return true;
	case PROMPT_EMPTY:
		texts[0] = self->model->question;
		if (++self->empty > 1)
			return true;
		break;
	case PROMPT_VIEW:
	case PROMPT_NOTICE:
		texts[0] = prompt_read_word(line) == PROMPT_VIEW ? self->model->preview : self->model->notice;
		if (++self->texts > PROMPT_TEXTS_MAX)
			return true;
		break;
	case PROMPT_UNKNOWN:
		if (++self->unknown > PROMPT_UNKNOWN_MAX)
			return true;
		say_unknown(self, line);
		return false;
	}
	say_texts(self, texts);
	return false;
}

enum consent_answer prompt_ask(const struct consent_model *model, const struct signals *signals, bool utf8,
			       int *fatal_signal)
{
	struct prompt self = {.model = model, .signals = signals, .utf8 = utf8};
	enum consent_answer answer = CONSENT_NOT_THIS_RUN;
	char line[LINE_MAX_BYTES];
	bool done = false;

	say_question(&self);
	flush_typed();
	while (!done) {
		say_prompt();
		switch (read_line(&self, line)) {
		case LINE_TYPED:
			done = take_word(&self, line, &answer);
			break;
		case LINE_AGAIN:
			say("\n", 1);
			break;
		case LINE_INTERRUPTED:
			answer = CONSENT_QUIT;
			done = true;
			say("\n", 1);
			break;
		case LINE_CLOSED:
		case LINE_KILLED:
			done = true;
			say("\n", 1);
			break;
		}
	}
	*fatal_signal = self.fatal_signal;
	return answer;
}
