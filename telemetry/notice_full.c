/* SPDX-License-Identifier: MIT */
#include "config/command_table.h"
#include "config/decide.h"
#include "config/stack.h"
#include "telemetry/notice_parts.h"
#include "telemetry/text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define FULL_MAX_SHOWN 2000

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? member->valuestring : "";
}

static void write_properties(FILE *out, const cJSON *rows)
{
	const cJSON *row, *value;

	cJSON_ArrayForEach(row, rows)
	{
		const char *separator = " - ";

		fputs("- ", out);
		text_write_clean(out, text_of(row, "name"), FULL_MAX_SHOWN);
		fprintf(out, ": %s", text_of(row, "type"));
		cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(row, "values"))
		{
			fputs(separator, out);
			text_write_clean(out, value->valuestring, FULL_MAX_SHOWN);
			separator = ", ";
		}
		separator = "; of services: ";
		cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(row, "declared_routes"))
		{
			fputs(separator, out);
			text_write_clean(out, value->valuestring, FULL_MAX_SHOWN);
			separator = ", ";
		}
		fprintf(out, "; %s\n", text_of(row, "purpose"));
	}
}

/* Every event and every property, from the schema. */
static void write_events(FILE *out, const char *schema_text)
{
	cJSON *schema = cJSON_Parse(schema_text);
	const cJSON *event;

	fputs("\nWHAT IS SENT\nEvery event:\n", out);
	write_properties(out, cJSON_GetObjectItemCaseSensitive(schema, "envelope"));
	fputs("In the properties of every event:\n", out);
	write_properties(out, cJSON_GetObjectItemCaseSensitive(schema, "common"));
	cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(schema, "events"))
	{
		fputs("Event ", out);
		text_write_clean(out, text_of(event, "name"), FULL_MAX_SHOWN);
		fprintf(out, ", %s:\n", text_of(event, "when"));
		write_properties(out, cJSON_GetObjectItemCaseSensitive(event, "properties"));
	}
	fputs("Nothing else. Of a command line only names that stand in a table beforehand: of commands, of options, "
	      "and of "
	      "choices that an option lists; in place of everything else stands what kind of thing it was, such as "
	      "<path>. "
	      "Of a request the route's shape, such as /v1/services/{name}, or <unmatched>. No paths, no messages, no "
	      "output, no host or user names. The one exception is what the stack file itself declares; it stands in "
	      "the "
	      "lists above, and in the preview with its value where that is known before.\n",
	      out);
	cJSON_Delete(schema);
}

static void write_words(FILE *out, const char *const *words, const char *opening)
{
	for (; words && *words; words++) {
		fputs(opening, out);
		text_write_clean(out, *words, FULL_MAX_SHOWN);
		opening = ", ";
		if (!words[1])
			fputc(')', out);
	}
}

static void write_options(FILE *out, const struct command_option *options, size_t count, const char *separator)
{
	for (size_t i = 0; i < count; i++) {
		fputs(separator, out);
		text_write_clean(out, options[i].name, FULL_MAX_SHOWN);
		if (options[i].negated) {
			fputs(", ", out);
			text_write_clean(out, options[i].negated, FULL_MAX_SHOWN);
		}
		write_words(out, options[i].words, " (");
		separator = ", ";
	}
}

static void write_command(FILE *out, const char *program, const struct command_entry *entry)
{
	fputs("- ", out);
	text_write_clean(out, program, FULL_MAX_SHOWN);
	fputc(' ', out);
	text_write_clean(out, entry->name, FULL_MAX_SHOWN);
	write_options(out, entry->options, entry->option_count, ": ");
	for (size_t i = 0; i < entry->operand_count; i++)
		write_words(out, entry->operands[i].words, "; one of (");
	fputc('\n', out);
}

/* All of the product's own programs that can be told by name. */
static void write_commands(FILE *out, const struct telemetry_decl *decl)
{
	if (decl->command_count == 0)
		return;
	fputs("Names in the table, beside those of upfront itself (which upfront help lists), for commands that "
	      "upfront "
	      "run starts:\n",
	      out);
	for (size_t i = 0; i < decl->command_count; i++) {
		const struct command_table *table = &decl->commands[i];

		if (table->option_count > 0) {
			fputs("- ", out);
			text_write_clean(out, table->program, FULL_MAX_SHOWN);
			write_options(out, table->options, table->option_count, " with every command: ");
			fputc('\n', out);
		}
		for (size_t k = 0; k < table->entry_count; k++)
			if (!table->entries[k].untracked)
				write_command(out, table->program, &table->entries[k]);
	}
}

/* What comes from the services themselves. */
static void write_reporting(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;
	enum services_way way = notice_services(stack);

	if (way == SERVICES_UNTOLD && decl->event_count == 0 && !decl->routes)
		return;
	fputs("\nWHAT SERVICES REPORT\n", out);
	if (way == SERVICES_OWN_WAY)
		fputs("The stack file tells the services your answer in their own variables; after a yes they may "
		      "report in "
		      "their own way, which upfront does not see.\n",
		      out);
	fputs("Through upfront services can report the events that are listed above as reported by a service, with "
	      "these "
	      "properties and kinds of values, and requests to their API by the routes listed there. Everything else "
	      "that they "
	      "hand over is thrown away, and counted; their own identifiers are replaced by the number that upfront "
	      "made, "
	      "or left out.\n",
	      out);
	if (decl->origins) {
		fputs("Pages in a browser can report in the same way, if they come from ", out);
		for (const char *const *origin = decl->origins; *origin; origin++) {
			fputs(origin == decl->origins ? "" : ", ", out);
			text_write_clean(out, *origin, FULL_MAX_SHOWN);
		}
		fputs(".\n", out);
	}
}

static void write_who(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;

	fputs("\nWHO RECEIVES IT\nIt goes ", out);
	notice_write_receiver(out, decl, FULL_MAX_SHOWN);
	fputs(".\n", out);
	notice_write_terms(out, decl, FULL_MAX_SHOWN);
	if (notice_declared(decl->policy)) {
		fputs("Policy: ", out);
		text_write_clean(out, decl->policy, FULL_MAX_SHOWN);
		fputc('\n', out);
	}
	if (notice_is_remote(decl))
		fputs("What is expected there is PostHog, the service or a server of it, and it is sent in its form.\n"
		      "Your IP address is not part of an event: a fixed 0.0.0.0 stands in its place. The network "
		      "itself shows your address to whoever carries or receives the connection.\n",
		      out);
}

static void write_choice(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;
	char *variable = consent_app_variable(stack->app);

	fputs("\nYOUR CHOICE\nYes holds for this run only; you are asked again at the next start. Nothing is sent, "
	      "made or "
	      "looked up before you answer.\n"
	      "No costs nothing: nothing is sent, no identifier is made, what was waiting to be sent is deleted, and "
	      "upfront starts the same services in the same way.\n"
	      "The services are told your answer in their environment; after a no also by the variables of well-known "
	      "products.\n",
	      out);
	if (notice_keeps_id(decl))
		fputs("After a yes a random number is kept on this machine, so that starts of one installation can be "
		      "told "
		      "from starts of many; a no deletes it.\n",
		      out);
	fputs("No for good: press D, or type upfront telemetry off (this app) or upfront telemetry off --all. It ends "
	      "the "
	      "asking; upfront telemetry ask brings the question back.\n",
	      out);
	fprintf(out, "These say no as well: --telemetry=off, DO_NOT_TRACK=1, UPFRONT_TELEMETRY_DISABLED=1, %s=1.\n",
		variable ? variable : "");
	fputs("An answer is kept as a receipt on this machine: time, answer, and which text you "
	      "saw. Esc keeps nothing. Every event that was sent stays on this machine for 30 days (at most 10,000), "
	      "exactly as it "
	      "was sent: "
	      "upfront telemetry log shows them.",
	      out);
	free(variable);
}

void notice_write_full(FILE *out, const struct stack *stack, const char *schema_text)
{
	notice_write_question(out, stack);
	fputc('\n', out);
	write_who(out, stack);
	write_events(out, schema_text);
	write_commands(out, stack->telemetry);
	write_reporting(out, stack);
	write_choice(out, stack);
}
