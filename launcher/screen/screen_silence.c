/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_silence.h"

bool silence_hear(struct screen_silence *self, int64_t now_ms)
{
	const bool lost = self->lost;

	self->heard_ms = now_ms;
	self->lost = false;
	return lost;
}

int64_t silence_due_ms(const struct screen_silence *self, int64_t asked_ms)
{
	if (asked_ms == 0 || self->lost)
		return 0;
	return (self->heard_ms > asked_ms ? self->heard_ms : asked_ms) + SILENCE_MS;
}

bool silence_look(struct screen_silence *self, int64_t asked_ms, int64_t now_ms)
{
	const int64_t due_ms = silence_due_ms(self, asked_ms);

	if (due_ms == 0 || now_ms < due_ms)
		return false;
	self->lost = true;
	return true;
}
