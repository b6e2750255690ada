/* SPDX-License-Identifier: MIT */
#include "telemetry/sanitize.h"

#include "telemetry/sanitize_table.h"

#include <stdint.h>
#include <string.h>

/*
 * What the command line may have been when a token has been read. Tokens do not tell all of it (a run of operands is one placeholder), so
 * all possibilities go along: sets of how many operands there were, bit i for i, one set for each thing that the last token may be.
 */
struct possible {
	uint64_t free; /* anything may follow */
	uint64_t operand; /* a positional placeholder: the same one does not follow */
	uint64_t flag; /* an unknown option: a value of its own may follow */
	uint64_t option; /* one of `pending`: its value follows, or may */
};

#define PENDING_MAX 8 /* commands of one table that have an option of one name, and may all have been named */

struct checking {
	const struct command_table *table;
	const struct command_entry *entry; /* NULL: no whole command was named */
	struct command_words words; /* of the command, or of as much of it as there is */
	bool ended_by_word; /* the reading ended at an unknown command: not at "--", nor at the end */
	const char *const *tokens;
	size_t count, at;
	struct possible now;
	const struct command_option *pending[PENDING_MAX];
	size_t pending_count;
};

static bool is(const char *token, const char *other)
{
	return strcmp(token, other) == 0;
}

/* ---- Operands ---- */

static bool operand_can_be(const struct command_entry *entry, size_t index, const char *token)
{
	const struct command_operand *operand = command_operand_at(entry, index);

	if (operand == NULL)
		return is(token, SANITIZE_VALUE);
	return command_value_can_be(operand->kind, operand->words, token);
}

/* One operand more, told by `token`. */
static uint64_t step(const struct checking *self, uint64_t from, const char *token)
{
	uint64_t to = 0;

	if (self->entry == NULL || self->entry->passthrough)
		return 0;
	for (size_t i = 0; i <= command_operand_end(self->entry); i++)
		if ((from >> i & 1) != 0 && operand_can_be(self->entry, i, token))
			to |= UINT64_C(1) << (i < command_operand_end(self->entry) ? i + 1 : i);
	return to;
}

/* None, one or many operands more, all told by the same placeholder. */
static uint64_t run(const struct checking *self, uint64_t from, const char *token)
{
	uint64_t reached = from, more = from;

	while (more != 0) {
		more = step(self, more, token) & ~reached;
		reached |= more;
	}
	return reached;
}

static void take_operand(const struct checking *self, uint64_t free, const char *token, struct possible *next)
{
	bool is_placeholder = token[0] == '<';
	bool repeats = is_placeholder && self->at > 0 && is(token, self->tokens[self->at - 1]);
	uint64_t reached = step(self, free | (repeats ? 0 : self->now.operand), token);

	if (is_placeholder)
		next->operand |= run(self, reached, token);
	else
		next->free |= reached;
	if (is(token, SANITIZE_VALUE))
		next->operand |= run(self, self->now.flag, token);
}

/* ---- Options ---- */

static bool is_pending_optional(const struct checking *self)
{
	for (size_t i = 0; i < self->pending_count; i++)
		if (self->pending[i]->optional_value)
			return true;
	return false;
}

static void take_value(const struct checking *self, const char *token, struct possible *next)
{
	for (size_t i = 0; i < self->pending_count; i++)
		if (command_value_can_be(self->pending[i]->kind, self->pending[i]->words, token))
			next->free |= self->now.option;
}

static bool was_there(const struct checking *self, const char *token)
{
	for (size_t i = 0; i < self->at; i++)
		if (is(self->tokens[i], token))
			return true;
	return false;
}

static void take_option_of(struct checking *self, const struct command_option *options, size_t count, uint64_t from,
			   const char *token, struct possible *next)
{
	for (size_t i = 0; i < count; i++) {
		bool negated = options[i].negated != NULL && is(token, options[i].negated);

		if ((!negated && !is(token, options[i].name)) || options[i].ends_telemetry)
			continue;
		if (negated || !command_option_takes_value(&options[i])) {
			next->free |= from;
		} else if (self->pending_count < PENDING_MAX) {
			next->option |= from;
			self->pending[self->pending_count++] = &options[i];
		}
		return;
	}
}

/* A command that was named on the way to this one, by whichever of its names. */
static bool is_passed(const struct checking *self, const struct command_entry *part)
{
	const char *name;

	if (self->entry == NULL)
		return command_words_pass(&self->words, part);
	for (size_t n = 0; (name = command_name(self->entry, n)) != NULL; n++)
		if (command_words_pass(&(struct command_words){name, strlen(name)}, part))
			return true;
	return false;
}

/* One known everywhere; of the command, or of one passed on the way to it; in front of a command, of the implied one. */
static void take_option(struct checking *self, uint64_t from, const char *token, struct possible *next)
{
	const struct command_table *table = self->table;

	self->pending_count = 0;
	take_option_of(self, table->options, table->option_count, from, token, next);
	for (size_t i = 0; i < table->entry_count; i++) {
		const struct command_entry *entry = &table->entries[i];

		if (entry == self->entry || entry == command_implied(table) || is_passed(self, entry))
			take_option_of(self, entry->options, entry->option_count, from, token, next);
	}
}

/* ---- The whole ---- */

/* Only "--" and what hides behind it, or what a passthrough command hands on, can end a list before its end. */
static bool is_end(const struct checking *self, const char *token)
{
	size_t left = self->count - self->at - 1;

	if (self->ended_by_word)
		return false;
	if (is(token, SANITIZE_ARGS))
		return self->entry != NULL && self->entry->passthrough && left == 0;
	if (!is(token, SANITIZE_DASHES) || left > 1)
		return false;
	return left == 0 ||
	       is(self->tokens[self->at + 1], self->at + 1 == SANITIZE_TOKENS_MAX ? SANITIZE_MORE : SANITIZE_ARGS);
}

static bool tokens_fit(struct checking *self)
{
	if (self->count > SANITIZE_TOKENS_MAX + 1 || (self->entry != NULL && self->entry->hides_args))
		return self->count == 0;
	self->now = (struct possible){.free = 1};
	for (; self->at < self->count; self->at++) {
		const char *token = self->tokens[self->at];
		struct possible next = {0};
		uint64_t free = self->now.free | self->now.flag | (is_pending_optional(self) ? self->now.option : 0);

		if (self->at == SANITIZE_TOKENS_MAX)
			return is(token, SANITIZE_MORE);
		if ((free | self->now.operand) != 0 && is_end(self, token))
			return true;
		take_value(self, token, &next);
		if (is(token, SANITIZE_UNKNOWN_FLAG))
			next.flag |= free | self->now.operand;
		else if (token[0] != '-')
			take_operand(self, free, token, &next);
		else if (!was_there(self, token))
			take_option(self, free | self->now.operand, token, &next);
		self->now = next;
		if ((next.free | next.operand | next.flag | next.option) == 0)
			return false;
	}
	/* An option that misses its value was the last argument. */
	return !self->ended_by_word || (self->now.free | self->now.operand | self->now.flag) != 0 ||
	       is_pending_optional(self);
}

/* Reads the command's text, without the program; false: the table makes no such command. */
static bool command_fits(struct checking *self, const char *text)
{
	struct command_words words = {NULL, 0};

	if (is(text, SANITIZE_NONE))
		return command_implied(self->table) == NULL;
	while (*text != '\0' && !is(text, SANITIZE_UNKNOWN_COMMAND)) {
		size_t bytes = strcspn(text, " ");

		if (!command_words_add(self->table, &words, text, bytes))
			return false;
		text += bytes;
		if (*text == ' ' && *++text == '\0')
			return false;
	}
	self->ended_by_word = *text != '\0';
	self->words = words;
	self->entry = command_words_entry(self->table, &words);
	if (self->entry == NULL)
		return (words.bytes > 0 && command_words_tracked(self->table, &words)) ||
		       (words.bytes == 0 && self->ended_by_word);
	/* A whole command takes any word for an operand; and it goes by its name, not by an alias. */
	return !self->ended_by_word && !self->entry->untracked && strlen(self->entry->name) == words.bytes &&
	       strncmp(self->entry->name, words.text, words.bytes) == 0;
}

bool sanitize_could_make(const struct command_table *tables, size_t table_count, const char *command,
			 const char *const *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tokens[i] == NULL)
			return false;
	for (size_t i = 0; i < table_count; i++) {
		struct checking checking = {.table = &tables[i], .tokens = tokens, .count = count};
		size_t bytes = tables[i].program != NULL ? strlen(tables[i].program) : 0;
		const char *text = command;

		if (bytes > 0) {
			if (strncmp(command, tables[i].program, bytes) != 0 || command[bytes] != ' ')
				continue;
			text = command + bytes + 1;
		}
		if (command_fits(&checking, text) && tokens_fit(&checking))
			return true;
	}
	return false;
}
