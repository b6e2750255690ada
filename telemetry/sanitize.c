/* SPDX-License-Identifier: MIT */
#include "telemetry/sanitize.h"

#include "telemetry/sanitize_table.h"

#include <stdio.h>
#include <string.h>

struct reading {
	const struct command_table *table;
	struct sanitized *result;
	size_t argc, at; /* `at`: the next argument */
	const char *const *argv;
	struct command_words words; /* the command, as far as it was named */
	const struct command_entry *entry; /* the command of these words; NULL: not whole yet */
	size_t operand; /* index of the next one */
	bool operand_seen; /* no further word belongs to the command's name */
	bool after_operand; /* the last token is a positional placeholder */
	bool flag_waits; /* the last token is an unknown option, and a word behind it may be its value */
	bool implied_used; /* an option that only the implied command has */
	bool stopped;
};

/* ---- Options by name: those of the command before those known everywhere; in front of a command also those of the implied one. ---- */

#define SCOPES 2

struct scope {
	const struct command_option *options;
	size_t count;
};

static void scopes_of(const struct reading *self, struct scope scopes[SCOPES])
{
	const struct command_table *table = self->table;
	const struct scope everywhere = {table->options, table->option_count};

	scopes[0] = everywhere;
	scopes[1] = (struct scope){NULL, 0};
	if (self->entry != NULL) {
		scopes[0] = (struct scope){self->entry->options, self->entry->option_count};
		scopes[1] = everywhere;
	} else if (self->words.bytes == 0 && command_implied(table) != NULL) {
		scopes[1] = (struct scope){command_implied(table)->options, command_implied(table)->option_count};
	}
}

struct found {
	const struct command_option *option; /* NULL: none, or several */
	const char *name; /* the option's, or its negated one */
	bool implied;
};

static const struct command_option *find_letter(const struct reading *self, char letter, bool *implied)
{
	struct scope scopes[SCOPES];

	scopes_of(self, scopes);
	for (size_t s = 0; s < SCOPES; s++)
		for (size_t i = 0; i < scopes[s].count; i++)
			if (letter != '\0' && scopes[s].options[i].letter == letter) {
				*implied = self->entry == NULL && s > 0;
				return &scopes[s].options[i];
			}
	return NULL;
}

/* Whether `typed` (without dashes) is this name or its beginning; `exact` tells which. */
static bool abbreviates(const char *name, const char *typed, size_t bytes, bool *exact)
{
	if (name == NULL || strncmp(name, "--", 2) != 0 || strncmp(name + 2, typed, bytes) != 0)
		return false;
	*exact = name[2 + bytes] == '\0';
	return true;
}

/* As getopt_long: the exact name, else the only one that begins so. */
static struct found find_long(const struct reading *self, const char *typed, size_t bytes)
{
	struct found found = {NULL, NULL, false};
	struct scope scopes[SCOPES];
	bool ambiguous = false;

	scopes_of(self, scopes);
	for (size_t n = 0; bytes > 0 && n < (scopes[0].count + scopes[1].count) * 2; n++) {
		size_t s = n / 2 < scopes[0].count ? 0 : 1;
		const struct command_option *option = &scopes[s].options[s == 0 ? n / 2 : n / 2 - scopes[0].count];
		const char *name = n % 2 == 0 ? option->name : option->negated;
		bool exact;

		if (!abbreviates(name, typed, bytes, &exact))
			continue;
		if (exact)
			return (struct found){option, name, self->entry == NULL && s > 0};
		if (found.option != NULL && strcmp(found.name, name) != 0)
			ambiguous = true;
		else if (found.option == NULL)
			found = (struct found){option, name, self->entry == NULL && s > 0};
	}
	return ambiguous ? (struct found){NULL, NULL, false} : found;
}

/* ---- Tokens ---- */

static void put(struct reading *self, const char *token)
{
	struct sanitized *result = self->result;

	self->after_operand = false;
	self->flag_waits = false;
	if (result->arg_count > SANITIZE_TOKENS_MAX)
		return;
	result->args[result->arg_count] = result->arg_count < SANITIZE_TOKENS_MAX ? token : SANITIZE_MORE;
	result->arg_count++;
}

/* A placeholder that follows its like says nothing new; a word of a list does. */
static void put_operand(struct reading *self, const char *token)
{
	const struct sanitized *result = self->result;
	bool is_placeholder = token[0] == '<';

	if (self->after_operand && is_placeholder && strcmp(result->args[result->arg_count - 1], token) == 0)
		return;
	put(self, token);
	self->after_operand = is_placeholder && result->arg_count <= SANITIZE_TOKENS_MAX;
}

static void put_unknown_flag(struct reading *self, bool has_value)
{
	self->result->usage_error = true;
	put(self, SANITIZE_UNKNOWN_FLAG);
	self->flag_waits = !has_value;
}

/* Names begin with '-' and nothing else does, so what is there already was put by an option. */
static bool is_there(const struct reading *self, const char *name)
{
	for (size_t i = 0; i < self->result->arg_count; i++)
		if (strcmp(self->result->args[i], name) == 0)
			return true;
	return false;
}

/* `value` NULL: none was given. */
static void put_option(struct reading *self, const struct found *found, const char *value)
{
	const struct command_option *option = found->option;
	const char *shown = NULL;

	self->flag_waits = false;
	if (option->ends_telemetry)
		self->result->tracked = false;
	if (found->implied)
		self->implied_used = true;
	if (value != NULL)
		shown = command_value(option->kind, option->words, value);
	if (shown != NULL && option->kind == COMMAND_ENUM && shown[0] == '<')
		self->result->usage_error = true;
	if (is_there(self, found->name))
		return;
	put(self, found->name);
	if (shown != NULL)
		put(self, shown);
}

/* ---- Arguments ---- */

/* The next argument, whatever it looks like: what getopt takes for the value of an option that needs one. NULL: there is none. */
static const char *take_value(struct reading *self)
{
	if (self->at < self->argc)
		return self->argv[self->at++];
	self->result->usage_error = true;
	return NULL;
}

static void read_long(struct reading *self, const char *typed)
{
	size_t bytes = strcspn(typed, "=");
	const char *value = typed[bytes] == '=' ? typed + bytes + 1 : NULL;
	const struct found found = find_long(self, typed, bytes);

	if (found.option == NULL) {
		put_unknown_flag(self, value != NULL);
		return;
	}
	if (!command_option_takes_value(found.option)) {
		if (value != NULL)
			self->result->usage_error = true;
		value = NULL;
	} else if (value == NULL && !found.option->optional_value) {
		value = take_value(self);
	}
	put_option(self, &found, value);
}

/* Letters in one argument; the first that takes a value takes the rest for it. What stands behind an unknown one may be its value. */
static void read_letters(struct reading *self, const char *letters)
{
	while (*letters != '\0') {
		struct found found = {NULL, NULL, false};
		const char *value = NULL;

		found.option = find_letter(self, *letters++, &found.implied);
		if (found.option == NULL) {
			put_unknown_flag(self, *letters != '\0');
			return;
		}
		found.name = found.option->name;
		if (command_option_takes_value(found.option)) {
			if (*letters != '\0')
				value = letters;
			else if (!found.option->optional_value)
				value = take_value(self);
			letters = "";
		}
		put_option(self, &found, value);
	}
}

static void read_operand(struct reading *self, const char *word)
{
	const struct command_operand *operand = command_operand_at(self->entry, self->operand);
	const char *shown = operand != NULL ? command_value(operand->kind, operand->words, word) : SANITIZE_VALUE;

	if (operand == NULL || (operand->kind == COMMAND_ENUM && shown[0] == '<'))
		self->result->usage_error = true;
	if (self->operand < command_operand_end(self->entry))
		self->operand++;
	self->operand_seen = true;
	put_operand(self, shown);
}

static void read_word(struct reading *self, const char *word)
{
	if (self->flag_waits) {
		put_operand(self, SANITIZE_VALUE);
	} else if (!self->operand_seen && command_words_add(self->table, &self->words, word, strlen(word))) {
		self->entry = command_words_entry(self->table, &self->words);
	} else if (self->entry == NULL) {
		self->result->command = SANITIZE_UNKNOWN_COMMAND;
		self->result->usage_error = true;
		self->stopped = true;
	} else if (self->entry->passthrough) {
		put(self, SANITIZE_ARGS);
		self->stopped = true;
	} else {
		read_operand(self, word);
	}
}

static void read_argument(struct reading *self, const char *argument)
{
	if (strcmp(argument, "--") == 0) {
		put(self, SANITIZE_DASHES);
		if (self->at < self->argc)
			put(self, SANITIZE_ARGS);
		self->stopped = true;
	} else if (strncmp(argument, "--", 2) == 0) {
		read_long(self, argument + 2);
	} else if (argument[0] == '-' && argument[1] != '\0') {
		read_letters(self, argument + 1);
	} else {
		read_word(self, argument);
	}
}

/* ---- The whole ---- */

static bool ends_telemetry(const struct command_option *options, size_t count, const char *argument)
{
	for (size_t i = 0; i < count; i++) {
		size_t bytes = strlen(options[i].name);

		if (options[i].ends_telemetry && strncmp(argument, options[i].name, bytes) == 0 &&
		    (argument[bytes] == '\0' || argument[bytes] == '='))
			return true;
	}
	return false;
}

/* Wherever it stands, and whatever else it may be there: one lost event is cheaper than one that was not wanted. */
static bool is_wanted(const struct command_table *table, size_t argc, const char *const *argv)
{
	for (size_t n = 0; n < argc; n++) {
		if (argv[n][0] != '-')
			continue;
		if (ends_telemetry(table->options, table->option_count, argv[n]))
			return false;
		for (size_t i = 0; i < table->entry_count; i++)
			if (ends_telemetry(table->entries[i].options, table->entries[i].option_count, argv[n]))
				return false;
	}
	return true;
}

static void name_command(struct reading *self)
{
	struct sanitized *result = self->result;
	const struct command_entry *entry = self->entry;

	if (result->command != NULL || (entry == NULL && self->words.bytes > 0)) {
		result->group = self->words.text;
		result->group_bytes = self->words.bytes;
		if (self->words.bytes > 0 && !command_words_tracked(self->table, &self->words))
			result->tracked = false;
		if (result->command == NULL)
			result->command = "";
		result->usage_error = true;
		return;
	}
	if (entry == NULL)
		entry = command_implied(self->table);
	else if (self->implied_used && entry != command_implied(self->table))
		result->usage_error = true;
	result->command = entry != NULL ? entry->name : SANITIZE_NONE;
	if (entry != NULL && entry->untracked)
		result->tracked = false;
	if (entry != NULL && entry->hides_args)
		result->arg_count = 0;
}

void sanitize_command_line(const struct command_table *table, size_t argc, const char *const *argv,
			   struct sanitized *result)
{
	struct reading reading = {.table = table, .result = result, .argc = argc, .argv = argv};

	*result = (struct sanitized){.tracked = is_wanted(table, argc, argv), .program = table->program};
	while (!reading.stopped && reading.at < argc)
		read_argument(&reading, argv[reading.at++]);
	name_command(&reading);
}

size_t sanitized_command_text(const struct sanitized *self, char *text, size_t size)
{
	bool has_program = self->program != NULL;
	bool has_group = self->group_bytes > 0;
	bool has_command = self->command[0] != '\0';
	int length = snprintf(text, size, "%s%s%.*s%s%s", has_program ? self->program : "",
			      has_program && (has_group || has_command) ? " " : "", (int)self->group_bytes,
			      has_group ? self->group : "", has_group && has_command ? " " : "", self->command);

	return length > 0 ? (size_t)length : 0;
}
