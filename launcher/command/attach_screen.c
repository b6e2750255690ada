/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach_screen.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static void prepare_crash(struct attach_screen *self)
{
	char reset[TERMINAL_MODES_TEXT_MAX];

	terminal_modes_end(&self->modes, reset);
	self->crash.count = 0;
	if (self->resets)
		crash_add(&self->crash, reset);
	crash_add(&self->crash, "\r\n");
}

void attach_screen_init(struct attach_screen *self, int in, int out, bool resets)
{
	*self = (struct attach_screen){.in = in, .out = out, .resets = resets};
}

int attach_screen_take(struct attach_screen *self)
{
	struct termios raw;

	if (self->in < 0)
		return 0;
	if (!self->taken) {
		if (tcgetattr(self->in, &self->before) < 0)
			return -errno;
		crash_init(&self->crash, self->out, self->in, &self->before);
		prepare_crash(self);
		crash_arm(&self->crash);
		self->taken = true;
	}
	raw = self->before;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(self->in, TCSANOW, &raw) < 0 ? -errno : 0;
}

void attach_screen_note(struct attach_screen *self, const char *bytes, size_t size_bytes)
{
	const bool alternate = terminal_modes_alternate(&self->modes);

	terminal_modes_take(&self->modes, bytes, size_bytes);
	if (self->taken && alternate != terminal_modes_alternate(&self->modes))
		prepare_crash(self);
}

void attach_screen_give_back(struct attach_screen *self, char *reset)
{
	sigset_t background, before;

	reset[0] = '\0';
	if (self->resets)
		terminal_modes_end(&self->modes, reset);
	if (self->modes.line_begun && !terminal_modes_alternate(&self->modes) &&
	    strlen(reset) + 2 < TERMINAL_MODES_TEXT_MAX)
		strcat(reset, "\r\n");
	self->modes = (struct terminal_modes){0};
	if (!self->taken)
		return;
	/* Ended while suspended: the terminal is the shell's, and giving it back must not stop us once more. */
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &background, &before);
	/* Now: a terminal that takes nothing must not keep anybody from leaving. */
	tcsetattr(self->in, TCSANOW, &self->before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	crash_disarm(&self->crash);
	self->taken = false;
}
