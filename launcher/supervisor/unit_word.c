/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/unit_word.h"

#include "launcher/process/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What it is about to do goes before what it says, and that before a bare error number. NULL: nothing, or out of memory. */
static char *format_text(const struct unit_word *self)
{
	const char *doing = self->stopping    ? "is stopping by itself"
			    : self->reloading ? "is reloading its configuration"
					      : NULL;
	const char *said = self->said;
	char *text = NULL;

	if (said == NULL && self->error != 0)
		said = strerrordesc_np(self->error);
	if (doing != NULL && said != NULL)
		return asprintf(&text, "%s: %s", doing, said) >= 0 ? text : NULL;
	if (doing != NULL)
		return strdup(doing);
	return said != NULL ? strdup(said) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool unit_word_take(struct unit_word *self, const struct notify_message *message)
{
	char *before = self->text;
	bool changed;

	self->stopping = self->stopping || message->stopping;
	if (message->ready || message->reloading)
		self->reloading = message->reloading;
	if (message->error != 0)
		self->error = message->error;
	if (message->has_status) {
		free(self->said);
		self->said = message->status[0] != '\0' ? strdup(message->status) : NULL;
	}
	self->text = format_text(self);
	changed = !same(before, self->text);
	free(before);
	return changed;
}

void unit_word_forget(struct unit_word *self)
{
	free(self->said);
	free(self->text);
	*self = (struct unit_word){0};
}
