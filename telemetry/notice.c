/* SPDX-License-Identifier: MIT */
#include "telemetry/notice.h"

#include "config/stack.h"
#include "telemetry/catalog.h"
#include "telemetry/hash.h"
#include "telemetry/notice_parts.h"
#include "telemetry/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX_SHOWN 120
#define BRIEF_MAX_SHOWN 24

/* Names of declared properties that carry something else than upfront's own ones. */
static void write_declared_names(FILE *out, const struct stack *stack, size_t limit)
{
	struct catalog_list list = {0};
	size_t shown = 0;

	if (catalog_list_make(stack, CATALOG_SERVER_START, &list) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct telemetry_property *property = list.entries[i].declared;

		if (!property || (property->source != SOURCE_VALUE && property->source != SOURCE_EXEC))
			continue;
		if (shown == limit) {
			fputs(", ...", out);
			break;
		}
		fputs(shown++ ? ", " : "- ", out);
		text_write_clean(out, list.entries[i].name, NOTICE_NAME_MAX);
	}
	if (shown)
		fputs(" (V shows them)\n", out);
	catalog_list_finish(&list);
}

static void write_title(FILE *out, const struct stack *stack)
{
	fputs("Usage statistics", out);
	if (stack->telemetry->notice > 0)
		fprintf(out, " - notice %d", stack->telemetry->notice);
}

static void write_reports(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	for (size_t i = 0; i < decl->event_count; i++) {
		if (i == limit) {
			fputs(", ...", out);
			break;
		}
		fputs(i ? ", " : "- what its services report: ", out);
		text_write_clean(out, decl->events[i].name, BRIEF_MAX_SHOWN);
	}
	if (decl->event_count > 0)
		fputc('\n', out);
}

static void write_services(FILE *out, const struct stack *stack)
{
	static const char *const sentences[] = {
		[SERVICES_UNTOLD] = "",
		[SERVICES_OWN_WAY] = "The services get the same answer; after a yes they may report too.\n",
		[SERVICES_BY_RELAY] = "The services get the same answer; they report through upfront, as declared.\n",
	};

	fputs(sentences[notice_services(stack)], out);
}

static void write_summary(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;

	fputs("If you say yes, upfront sends ", out);
	notice_write_receiver(out, decl, NOTICE_NAME_MAX);
	fputs(":\n"
	      "- that the stack started or failed to, how many services, and how fast\n"
	      "- names of commands, options, fixed choices; never values, paths, messages\n"
	      "- API routes as shapes (GET /api/charts/{id}), with status and duration\n"
	      "- versions, memory and CPU use of it, OS, kernel and CPU type, CI or not\n",
	      out);
	fputs(notice_keeps_id(decl) ? "- a random number, made after the first yes and kept until you say no\n"
				    : "- a random number made for this run\n",
	      out);
	write_declared_names(out, stack, 3);
	write_reports(out, decl, 2);
	notice_write_terms(out, decl, SENTENCE_MAX_SHOWN);
	if (notice_is_remote(decl))
		fputs("Your IP address is not part of an event; the network itself shows it.\n", out);
	write_services(out, stack);
	fputs("If you say no, nothing is sent, no identifier is made, and upfront starts the same services. "
	      "Change it at any time: upfront telemetry off|ask",
	      out);
}

static void write_brief(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;

	fputs("To ", out);
	if (notice_declared(decl->controller))
		text_write_clean(out, decl->controller, BRIEF_MAX_SHOWN);
	else if (notice_is_remote(decl))
		notice_write_place(out, decl, BRIEF_MAX_SHOWN);
	else
		fputs("a file here", out);
	fputs(": start, command/option names (no values), ", out);
	/* Four lines of 36, or the one that says how to change it has no room. */
	if (decl->event_count > 0)
		fprintf(out, "routes, services' reports, versions, system, %s.",
			notice_keeps_id(decl) ? "kept id" : "a number");
	else
		fprintf(out, "route shapes, versions, system, %s",
			notice_keeps_id(decl) ? "a kept random number" : "number of this run");
	fputs("\nNo: nothing sent; it starts the same", out);
}

typedef void write_part(FILE *out, const struct stack *stack);

static char *made_by(write_part *write, const struct stack *stack)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);

	if (!out)
		return NULL;
	write(out, stack);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *made_full(const struct stack *stack, const char *schema_text)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);

	if (!out)
		return NULL;
	notice_write_full(out, stack, schema_text);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int telemetry_notice_make(const struct stack *stack, struct telemetry_notice *notice)
{
	struct telemetry_notice made = {0};
	char *schema = NULL, *all = NULL;
	int length, result = -ENOMEM;

	if (!stack->telemetry)
		return -ENOENT;
	schema = telemetry_schema_json(stack);
	if (!schema)
		goto out;
	made.title = made_by(write_title, stack);
	made.question = made_by(notice_write_question, stack);
	made.summary = made_by(write_summary, stack);
	made.brief = made_by(write_brief, stack);
	made.full = made_full(stack, schema);
	if (!made.title || !made.question || !made.summary || !made.brief || !made.full)
		goto out;
	length = asprintf(&all, "%s\n%s\n%s\n%s\n%s", made.title, made.question, made.summary, made.brief, made.full);
	if (length < 0) {
		all = NULL;
		goto out;
	}
	hash_text(all, (size_t)length, made.hash);
	hash_text(schema, strlen(schema), made.schema_hash);
	*notice = made;
	memset(&made, 0, sizeof(made));
	result = 0;
out:
	telemetry_notice_finish(&made);
	free(all);
	free(schema);
	return result;
}

void telemetry_notice_finish(struct telemetry_notice *notice)
{
	free(notice->title);
	free(notice->question);
	free(notice->summary);
	free(notice->brief);
	free(notice->full);
	memset(notice, 0, sizeof(*notice));
}
