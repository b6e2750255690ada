/* SPDX-License-Identifier: MIT */
#include "ui/crash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int crash_signals[CRASH_SIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

/* A handler is given nothing but a number, so what it needs has to be reachable from here. NULL when not armed. */
static struct crash *volatile armed;

void crash_init(struct crash *self, int output, int input, const struct termios *modes)
{
	memset(self, 0, sizeof(*self));
	self->output = output;
	self->input = input;
	self->modes = *modes;
}

void crash_add(struct crash *self, const char *capability)
{
	size_t count = self->count;

	while (capability != NULL && *capability != '\0') {
		/* "$<5/>" asks for a pause of 5 ms on terminals of the seventies. */
		if (capability[0] == '$' && capability[1] == '<') {
			capability = strchr(capability, '>');
			if (capability != NULL)
				capability++;
			continue;
		}
		if (count == CRASH_BYTES_MAX)
			return;
		self->bytes[count++] = *capability++;
	}
	self->count = count;
}

static void handle(int number)
{
	struct crash *self = armed;

	armed = NULL;
	if (self != NULL) {
		ssize_t written = write(self->output, self->bytes, self->count);
		(void)written;
		tcsetattr(self->input, TCSANOW, &self->modes);
		for (size_t i = 0; i < CRASH_SIGNALS; i++)
			sigaction(crash_signals[i], &self->old[i], NULL);
	}
	raise(number);
}

void crash_arm(struct crash *self)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};

	sigfillset(&action.sa_mask);
	sigaltstack(NULL, &self->old_stack);
	self->stack = malloc(CRASH_STACK_BYTES);
	if (self->stack != NULL) {
		stack_t stack = {.ss_sp = self->stack, .ss_size = CRASH_STACK_BYTES};
		sigaltstack(&stack, NULL);
	}
	armed = self;
	for (size_t i = 0; i < CRASH_SIGNALS; i++)
		sigaction(crash_signals[i], &action, &self->old[i]);
}

void crash_disarm(struct crash *self)
{
	for (size_t i = 0; i < CRASH_SIGNALS; i++)
		sigaction(crash_signals[i], &self->old[i], NULL);
	armed = NULL;
	if (self->stack != NULL)
		sigaltstack(&self->old_stack, NULL);
	free(self->stack);
	self->stack = NULL;
}
