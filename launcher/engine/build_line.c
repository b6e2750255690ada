/* SPDX-License-Identifier: MIT */
#include "launcher/engine/build_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define STEPS_MAX 9999u

/* What stands behind `word` if the text begins with it; NULL: it does not. */
static const char *after(const char *text, const char *word)
{
	const size_t length = strlen(word);

	return strncmp(text, word, length) == 0 ? text + length : NULL;
}

/* A number of at most STEPS_MAX; what stands behind it, or NULL. */
static const char *read_number(const char *text, unsigned *number)
{
	unsigned value = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && value <= STEPS_MAX; at++)
		value = value * 10 + (unsigned)(*at - '0');
	if (at == text || value > STEPS_MAX)
		return NULL;
	*number = value;
	return at;
}

/* "3/7"; what stands behind it, or NULL. */
static const char *read_count(const char *text, unsigned *step, unsigned *steps)
{
	const char *at = read_number(text, step);

	if (at == NULL || *at != '/')
		return NULL;
	at = read_number(at + 1, steps);
	return at != NULL && *step > 0 && *step <= *steps ? at : NULL;
}

/* True when it fits. */
static bool add_word(struct build_line *self, const char *word, size_t length)
{
	if (self->word_count == BUILD_LINE_WORDS_MAX || length == 0 || length >= BUILD_LINE_WORD_BYTES)
		return false;
	memcpy(self->words[self->word_count], word, length);
	self->words[self->word_count++][length] = '\0';
	return true;
}

static void read_begin(struct build_line *self, const char *name)
{
	if (name[strcspn(name, " ")] == '\0' && add_word(self, name, strlen(name)))
		self->kind = BUILD_BEGINS;
}

static void read_classic(struct build_line *self, const char *count)
{
	const char *rest = read_count(count, &self->step, &self->steps);

	self->text = rest != NULL ? after(rest, " : ") : NULL;
	if (self->text != NULL)
		self->kind = BUILD_STEP;
}

/* "5 [api stage-1 2/4] RUN ...", behind the '#'. The count is the last of the words: what looks like one before it is a name. */
static void read_buildkit(struct build_line *self, const char *vertex)
{
	unsigned number;
	const char *at = read_number(vertex, &number);

	at = at != NULL ? after(at, " [") : NULL;
	while (at != NULL) {
		const size_t length = strcspn(at, " ]");
		const char *rest = at[length] == ']' ? read_count(at, &self->step, &self->steps) : NULL;

		if (rest == at + length) {
			self->text = after(rest, "] ");
			if (self->text != NULL)
				self->kind = BUILD_STEP;
			return;
		}
		if (at[length] != ' ' || !add_word(self, at, length))
			return;
		at += length + 1;
	}
}

void build_line_read(struct build_line *self, const char *line)
{
	const char *rest;

	*self = (struct build_line){.kind = BUILD_NOTHING};
	if ((rest = after(line, "Building ")) != NULL)
		read_begin(self, rest);
	else if ((rest = after(line, "Step ")) != NULL)
		read_classic(self, rest);
	else if ((rest = after(line, "#")) != NULL)
		read_buildkit(self, rest);
}
