/* SPDX-License-Identifier: MIT */
/*
 * Line mode around a terminal: words are read as the terminal gives them, whole lines, and what there is to say is written in one piece. The
 * terminal is left as it is: it keeps the line that is being typed, and Ctrl-C and Ctrl-Z mean what they mean everywhere.
 */
#include "config/clock.h"
#include "launcher/process/fd.h"
#include "launcher/screen/screen_private.h"
#include "ui/model.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WORK_US 8000
/* A terminal that takes nothing is not waited for at the end. */
#define LAST_MS 1000

/* Whether we may read: in the background that would stop us. */
static bool is_in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Somebody continues us: the prompt is to stand there again. */
static void take_continue_signal(struct screen *self)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCONT);
	self->signals.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signals.fd >= 0)
		pthread_sigmask(SIG_BLOCK, &signals, &self->signals.old_mask);
}

int screen_lines_open(struct screen *self)
{
	self->line.reads = isatty(STDIN_FILENO) == 1;
	self->line.fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (self->line.fd < 0)
		self->line.fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (self->line.fd < 0)
		return -errno;
	self->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (self->locale != (locale_t)0)
		self->locale_before = uselocale(self->locale);
	const struct line_dash_options options = {
		.actions = &self->actions,
		.project_option = self->options.project_option,
		.reads = self->line.reads,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	self->lines = line_dash_create(&options);
	if (self->lines == NULL)
		return -ENOMEM;
	take_continue_signal(self);
	return 0;
}

/* ---- Writing ---- */

static void write_some(struct screen *self)
{
	struct screen_lines *line = &self->line;

	while (line->written < line->text_bytes && line->fd >= 0) {
		const ssize_t count = write(line->fd, line->text + line->written, line->text_bytes - line->written);

		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count < 0)
			fd_close(&line->fd);
		else
			line->written += (size_t)count;
	}
	free(line->text);
	line->text = NULL;
	line->text_bytes = line->written = 0;
}

/* Only when the last text is out: one answer, one write. */
static void write_text(struct screen *self, bool last)
{
	struct screen_lines *line = &self->line;
	const char *text;
	size_t size;

	write_some(self);
	if (line->text != NULL)
		return;
	text = line_dash_take_text(self->lines, last, &size);
	if (size == 0)
		return;
	line->text = malloc(size);
	if (line->text == NULL)
		return;
	memcpy(line->text, text, size);
	line->text_bytes = size;
	write_some(self);
}

void screen_lines_close(struct screen *self)
{
	const int64_t deadline_ms = clock_monotonic_ms() + LAST_MS;

	if (self->lines != NULL)
		write_text(self, true);
	while (self->line.text != NULL && self->line.fd >= 0 && clock_monotonic_ms() < deadline_ms) {
		struct pollfd output = {.fd = self->line.fd, .events = POLLOUT};

		(void)poll(&output, 1, 100);
		write_text(self, true);
	}
	line_dash_destroy(self->lines);
	self->lines = NULL;
	free(self->line.text);
	self->line.text = NULL;
	fd_close(&self->line.fd);
}

/* ---- Reading ---- */

static void take_typed(struct screen *self, const char *bytes, size_t size_bytes)
{
	struct screen_lines *line = &self->line;

	for (size_t i = 0; i < size_bytes; i++) {
		if (bytes[i] == '\n') {
			line_dash_take_line(self->lines, line->typed, line->typed_bytes);
			line->typed_bytes = 0;
		} else if (line->typed_bytes < sizeof(line->typed)) {
			line->typed[line->typed_bytes++] = bytes[i];
		}
	}
}

static int read_typed(struct screen *self, short revents)
{
	char bytes[LINE_BYTES_MAX];
	const ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (count > 0)
		take_typed(self, bytes, (size_t)count);
	else if (count == 0 && (revents & POLLHUP) == 0)
		line_dash_take_end(self->lines);
	else if (count == 0 || (errno != EINTR && errno != EAGAIN))
		return -EPIPE;
	return 0;
}

/* ---- The caller's loop ---- */

void screen_lines_fill_polls(const struct screen *self, struct pollfd *input, struct pollfd *output)
{
	/* The next line may be an answer to what has not been asked yet, or ask for something else. */
	const bool takes = is_in_foreground() && !ctl_calls_has(&self->calls, CALL_ALONG);

	/* A terminal that hangs up is heard of in any case. */
	if (self->line.reads)
		*input = (struct pollfd){.fd = STDIN_FILENO, .events = takes ? POLLIN : 0};
	if (self->line.text != NULL)
		*output = (struct pollfd){.fd = self->line.fd, .events = POLLOUT};
}

int64_t screen_lines_due_ms(const struct screen *self)
{
	int64_t due_ms = screen_calls_due_ms(self);
	const int64_t news_ms = line_dash_due_ms(self->lines);

	/* What is written must be taken first. */
	if (self->line.text == NULL && (self->working || self->stale || self->logs_came))
		return 1;
	if (news_ms > 0 && (due_ms == 0 || news_ms < due_ms))
		due_ms = news_ms;
	return due_ms;
}

int screen_lines_step(struct screen *self, const struct pollfd *input, const struct pollfd *signals)
{
	const int64_t news_ms = line_dash_due_ms(self->lines);
	struct signalfd_siginfo info;
	int result = 0;

	if (signals->revents != 0 && read(signals->fd, &info, sizeof(info)) > 0)
		line_dash_resume(self->lines);
	if (news_ms > 0 && clock_monotonic_ms() >= news_ms)
		self->stale = true;
	if (input->revents != 0)
		result = read_typed(self, input->revents);
	if (self->logs_came && self->line.text == NULL) {
		self->logs_came = false;
		line_dash_take_logs(self->lines);
	}
	if (self->line.text == NULL)
		self->working = line_dash_work(self->lines, WORK_US);
	write_text(self, false);
	return result;
}
