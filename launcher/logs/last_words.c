/* SPDX-License-Identifier: MIT */
#include "launcher/logs/last_words.h"

#include <stdlib.h>
#include <string.h>

struct last_words_unit {
	char *lines[LAST_WORDS_LINES];
	size_t sizes[LAST_WORDS_LINES];
	size_t next; /* where the next line goes, counted without end */
};

void last_words_init(struct last_words *self)
{
	*self = (struct last_words){0};
}

void last_words_finish(struct last_words *self)
{
	for (size_t i = 0; i < self->count; i++)
		for (size_t j = 0; j < LAST_WORDS_LINES; j++)
			free(self->units[i].lines[j]);
	free(self->units);
	last_words_init(self);
}

static struct last_words_unit *unit_of(struct last_words *self, unsigned unit)
{
	struct last_words_unit *grown;

	if (unit < self->count)
		return &self->units[unit];
	if (unit >= LAST_WORDS_UNITS_MAX)
		return NULL;
	grown = realloc(self->units, ((size_t)unit + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	memset(grown + self->count, 0, ((size_t)unit + 1 - self->count) * sizeof(*grown));
	self->units = grown;
	self->count = (size_t)unit + 1;
	return &grown[unit];
}

void last_words_add(struct last_words *self, unsigned unit, const char *bytes, size_t size_bytes)
{
	struct last_words_unit *at = unit_of(self, unit);
	size_t size = size_bytes < LAST_WORDS_LINE_MAX ? size_bytes : LAST_WORDS_LINE_MAX;
	char *line = malloc(size + 1);
	size_t slot;

	if (at == NULL || line == NULL) {
		free(line);
		return;
	}
	memcpy(line, bytes, size);
	slot = at->next++ % LAST_WORDS_LINES;
	free(at->lines[slot]);
	at->lines[slot] = line;
	at->sizes[slot] = size;
}

void last_words_each(const struct last_words *self, unsigned unit,
		     void (*visit)(void *context, const char *bytes, size_t size_bytes), void *context)
{
	const struct last_words_unit *at = unit < self->count ? &self->units[unit] : NULL;

	for (size_t i = 0; at != NULL && i < LAST_WORDS_LINES; i++) {
		size_t slot = (at->next + i) % LAST_WORDS_LINES;

		if (at->lines[slot] != NULL)
			visit(context, at->lines[slot], at->sizes[slot]);
	}
}

size_t last_words_count(const struct last_words *self, unsigned unit)
{
	size_t count = unit < self->count ? self->units[unit].next : 0;

	return count < LAST_WORDS_LINES ? count : LAST_WORDS_LINES;
}
