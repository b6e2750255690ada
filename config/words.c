/* SPDX-License-Identifier: MIT */
#include "config/words.h"

#include "config/pool.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct splitter {
	const char *at;
	char *out; /* the word being built; never longer than what is left of the text */
	size_t length;
	bool open; /* a word has begun: also "" is a word */
	bool quoted; /* some of it was quoted or escaped */
};

static bool word_is_operator(const char *word)
{
	static const char *const operators[] = {"&&", "||", "|",  ";",   "&",    ">",  ">>",
						"<",  "<<", "2>", "2>>", "2>&1", "|&", "&>"};

	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (strcmp(word, operators[i]) == 0)
			return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes what stands between quotes; false when they are not closed. */
static bool splitter_quotes(struct splitter *self, char quote)
{
	for (self->at++; *self->at && *self->at != quote; self->at++) {
		/* POSIX: inside double quotes a backslash keeps its meaning only before these. */
		if (quote == '"' && *self->at == '\\' && self->at[1]) {
			if (self->at[1] == '\n') {
				self->at++;
				continue;
			}
			if (strchr("\"\\$`", self->at[1]))
				self->at++;
		}
		self->out[self->length++] = *self->at;
	}
	if (!*self->at)
		return false;
	self->at++;
	return true;
}

/* One word, or none at the end of the text. */
static int splitter_next(struct splitter *self, const char **problem)
{
	self->length = 0;
	self->open = self->quoted = false;
	while (is_blank(*self->at))
		self->at++;
	while (*self->at && !is_blank(*self->at)) {
		self->open = true;
		if (*self->at == '\'' || *self->at == '"') {
			self->quoted = true;
			if (!splitter_quotes(self, *self->at)) {
				*problem = "a quote is not closed";
				return -EINVAL;
			}
			continue;
		}
		if (*self->at == '\\') {
			if (!self->at[1]) {
				*problem = "it ends with a backslash";
				return -EINVAL;
			}
			self->quoted = true;
			self->at++;
			if (*self->at == '\n') {
				self->at++;
				continue;
			}
		}
		self->out[self->length++] = *self->at++;
	}
	self->out[self->length] = '\0';
	return 0;
}

int words_split(struct pool *pool, const char *text, struct words *words, const char **problem)
{
	/* Words and their ends fit in the text and one byte more. */
	struct splitter splitter = {.at = text, .out = pool_alloc(pool, strlen(text) + 2)};
	const char **argv = NULL;
	size_t capacity = 0;
	size_t count = 0;

	words->operator_word = NULL;
	for (;;) {
		int result = splitter_next(&splitter, problem);

		if (result < 0)
			return result;
		if (count + 1 >= capacity) {
			const char **grown = pool_array(pool, capacity ? capacity * 2 : 8, sizeof(*grown));

			if (count)
				memcpy(grown, argv, count * sizeof(*grown));
			argv = grown;
			capacity = capacity ? capacity * 2 : 8;
		}
		if (!splitter.open)
			break;
		if (count == WORDS_MAX) {
			*problem = "it has more than 4096 words";
			return -EINVAL;
		}
		if (!splitter.quoted && !words->operator_word && word_is_operator(splitter.out))
			words->operator_word = splitter.out;
		argv[count++] = splitter.out;
		splitter.out += splitter.length + 1;
	}
	argv[count] = NULL;
	words->argv = argv;
	words->count = count;
	return 0;
}
