/* SPDX-License-Identifier: MIT */
/* What a row of the catalogue lets through. What comes here was made by upfront itself; this is the second look. */
#include "config/command_table.h"
#include "config/utf8.h"
#include "telemetry/catalog.h"
#include "telemetry/id.h"
#include "telemetry/object_counts.h"
#include "telemetry/route.h"
#include "telemetry/sanitize.h"

#include <cjson/cJSON.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_CHARACTERS LETTERS "._-"

static bool is_listed(const char *const *values, const char *text)
{
	for (; values && *values; values++) {
		if (strcmp(*values, text) == 0)
			return true;
	}
	return false;
}

/* Not empty, of these characters, and no longer than any text. */
static bool is_made_of(const char *text, const char *characters)
{
	size_t size_bytes = strnlen(text, TELEMETRY_TEXT_MAX + 1);

	return size_bytes > 0 && size_bytes <= TELEMETRY_TEXT_MAX && strspn(text, characters) == size_bytes;
}

static bool is_placeholder(const char *text)
{
#define PLACEHOLDER(name, text) text,
	static const char *const placeholders[] = {SANITIZE_PLACEHOLDERS(PLACEHOLDER) NULL};
#undef PLACEHOLDER
	return is_listed(placeholders, text);
}

/* Names as a stack file may have them, one space between them; the last may be a placeholder: "ps", "visivo <unknown-command>". */
static bool is_command(const char *text)
{
	if (!utf8_is_plain(text, TELEMETRY_TEXT_MAX))
		return false;
	for (;;) {
		size_t word = strcspn(text, " <>*,/\\\"'");

		if (word == 0 || text[0] == '-')
			return *text == '<' && is_placeholder(text);
		if (text[word] == '\0')
			return true;
		if (text[word] != ' ')
			return false;
		text += word + 1;
	}
}

static bool is_word_of_options(const struct command_option *options, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (is_listed(options[i].words, text))
			return true;
	}
	return false;
}

/* A choice that the stack file lists for an option or an operand, byte for byte. */
static bool is_declared_word(const struct telemetry_decl *decl, const char *text)
{
	for (size_t i = 0; decl && i < decl->command_count; i++) {
		const struct command_table *table = &decl->commands[i];

		if (is_word_of_options(table->options, table->option_count, text))
			return true;
		for (size_t k = 0; k < table->entry_count; k++) {
			const struct command_entry *entry = &table->entries[k];

			if (is_word_of_options(entry->options, entry->option_count, text))
				return true;
			for (size_t n = 0; n < entry->operand_count; n++) {
				if (is_listed(entry->operands[n].words, text))
					return true;
			}
		}
	}
	return false;
}

/* An option's name, a word of a list, or a placeholder: nothing that a path, an address or a sentence could be, if it is not declared. */
static bool is_token(const struct telemetry_decl *decl, const char *text)
{
	return is_made_of(text, NAME_CHARACTERS "+:") || is_placeholder(text) || is_declared_word(decl, text);
}

bool catalog_allows_tokens(const struct stack *stack, const cJSON *value)
{
	const cJSON *token;
	size_t count = 0;

	if (!cJSON_IsArray(value))
		return false;
	cJSON_ArrayForEach(token, value)
	{
		if (!cJSON_IsString(token) || !is_token(stack ? stack->telemetry : NULL, token->valuestring) ||
		    ++count > SANITIZE_TOKENS_MAX + 1)
			return false;
	}
	return true;
}

static bool is_route(const char *text)
{
	return strcmp(text, ROUTE_UNMATCHED) == 0 ||
	       (*text == '/' && utf8_is_plain(text, TELEMETRY_TEXT_MAX) && !strpbrk(text, " ?#;%\\<>"));
}

bool catalog_allows_text(const struct catalog_property *property, const char *text)
{
	switch (property->kind) {
	case CATALOG_CONSTANT:
	case CATALOG_WORD:
	case CATALOG_WORD_OR_NULL:
		return is_listed(property->values, text);
	case CATALOG_TOKEN:
		return is_made_of(text, NAME_CHARACTERS);
	case CATALOG_TEXT:
		return utf8_is_plain(text, TELEMETRY_TEXT_MAX);
	case CATALOG_UUID4:
		return id_is_valid(text, 4);
	case CATALOG_UUID7:
		return id_is_valid(text, 7);
	case CATALOG_TIME:
		return time_is_valid(text);
	case CATALOG_EVENT:
		return utf8_is_plain(text, TELEMETRY_TEXT_MAX) && *text != '$';
	case CATALOG_COMMAND:
		return is_command(text);
	case CATALOG_ROUTE:
		return is_route(text);
	default:
		return false;
	}
}

/* Doubles hold these exactly. */
static bool is_whole(const cJSON *value, double least, double most)
{
	return cJSON_IsNumber(value) && value->valuedouble >= least && value->valuedouble <= most &&
	       (double)(int64_t)value->valuedouble == value->valuedouble;
}

#define WHOLE_MAX 9007199254740991.0

static bool are_counts(const cJSON *value)
{
	struct telemetry_count counts[OBJECT_COUNTS_MAX];
	size_t count;

	return object_counts_read(value, counts, &count);
}

/* Every member must be listed, and every listed member must be there. */
static bool allows_object(const struct catalog_property *property, const cJSON *value)
{
	size_t prefix = strlen(property->name), listed = 0, count;
	const struct catalog_property *rows = catalog_properties(&count);
	int present = 0;
	const cJSON *member;

	if (!cJSON_IsObject(value))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct catalog_property *row = &rows[i];

		if (strncmp(row->name, property->name, prefix) != 0 || row->name[prefix] != '.')
			continue;
		listed++;
		member = cJSON_GetObjectItemCaseSensitive(value, row->name + prefix + 1);
		if (!member || !catalog_allows(row, member))
			return false;
	}
	cJSON_ArrayForEach(member, value) present++;
	return (size_t)present == listed;
}

static bool may_be_null(enum catalog_kind kind)
{
	return kind == CATALOG_TEXT || kind == CATALOG_WORD_OR_NULL || kind == CATALOG_INTEGER_OR_NULL ||
	       kind == CATALOG_COUNTS;
}

bool catalog_allows(const struct catalog_property *property, const cJSON *value)
{
	if (cJSON_IsNull(value))
		return may_be_null(property->kind);
	switch (property->kind) {
	case CATALOG_TRUE:
		return cJSON_IsTrue(value);
	case CATALOG_FALSE:
		return cJSON_IsFalse(value);
	case CATALOG_BOOL:
		return cJSON_IsBool(value);
	case CATALOG_ZERO:
		return is_whole(value, 0, 0);
	case CATALOG_INTEGER:
	case CATALOG_INTEGER_OR_NULL:
		return is_whole(value, 0, WHOLE_MAX);
	case CATALOG_WHOLE:
		return is_whole(value, -WHOLE_MAX, WHOLE_MAX);
	case CATALOG_NUMBER:
		return cJSON_IsNumber(value) && value->valuedouble - value->valuedouble == 0;
	case CATALOG_STATUS:
		return is_whole(value, 100, 599);
	case CATALOG_OBJECT:
		return allows_object(property, value);
	case CATALOG_COUNTS:
		return are_counts(value);
	case CATALOG_TOKENS:
		return catalog_allows_tokens(NULL, value);
	default:
		return cJSON_IsString(value) && catalog_allows_text(property, value->valuestring);
	}
}
