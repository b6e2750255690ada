/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_names.h"

#include <stdlib.h>
#include <string.h>

void screen_names_finish(struct screen_names *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->names[i]);
	free(self->names);
	*self = (struct screen_names){0};
}

void screen_names_take(struct screen_names *self, const char *const *names)
{
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	screen_names_finish(self);
	self->names = calloc(count + 1, sizeof(*self->names));
	for (size_t i = 0; self->names != NULL && i < count; i++) {
		self->names[self->count] = strdup(names[i]);
		self->count += self->names[self->count] != NULL ? 1 : 0;
	}
}

bool screen_names_has(const struct screen_names *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->names[i], name) == 0)
			return true;
	return false;
}
