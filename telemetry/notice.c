/* SPDX-License-Identifier: MIT */
/*
 * The words of the question. A sentence stands here only when it is true by construction of this program, or
 * when the stack file declares what it says; nothing is said of the receiver that its stack does not declare.
 */
#include "config/stack.h"
#include "config/strmap.h"
#include "telemetry/catalog.h"
#include "telemetry/hash.h"
#include "telemetry/telemetry.h"
#include "telemetry/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters of a declared text in the summary; a name that long must not push the rest off the screen. */
#define NAME_MAX_SHOWN 40
#define SENTENCE_MAX_SHOWN 120
#define BRIEF_MAX_SHOWN 24
#define FULL_MAX_SHOWN 2000

static const char *declared(const char *text)
{
	return text && *text ? text : NULL;
}

/* "us.i.posthog.com" of "https://us.i.posthog.com/x"; NULL when it is a file. */
static const char *host_name(const char *host, size_t *length)
{
	const char *name = strstr(host, "://");

	if (strncmp(host, "file:", 5) == 0)
		return NULL;
	name = name ? name + 3 : host;
	*length = strcspn(name, "/?#");
	return name;
}

static void write_place(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	const char *host = decl->host ? decl->host : "";
	size_t length;
	const char *name = host_name(host, &length);
	char *copy;

	if (!name) {
		fputs("a file on this machine, ", out);
		text_write_clean(out, host + 5, limit);
		return;
	}
	copy = strndup(name, length);
	text_write_clean(out, copy, limit);
	free(copy);
}

/* "to Canner Inc. (us.i.posthog.com)", "to us.i.posthog.com", "to a file on this machine, /tmp/x". */
static void write_receiver(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	fputs("to ", out);
	if (declared(decl->controller)) {
		text_write_clean(out, decl->controller, limit);
		fputs(" (", out);
		write_place(out, decl, limit);
		fputc(')', out);
	} else {
		write_place(out, decl, limit);
	}
}

static bool keeps_id(const struct telemetry_decl *decl)
{
	return decl->identity == IDENTITY_INSTALL;
}

/* How services report after a yes, by what the stack file tells them then. */
enum services_way {
	SERVICES_UNTOLD, /* the answer, and nothing else */
	SERVICES_OWN_WAY,
	SERVICES_BY_RELAY
};

static bool are_told_yes(const struct stack *stack, const char *relay)
{
	struct strmap told;
	const char *answer;
	bool on = false;

	strmap_init(&told);
	if (telemetry_environment(stack, true, relay, "", "", &told) == 0)
		on = (answer = strmap_find(&told, "UPFRONT_TELEMETRY")) && strcmp(answer, "on") == 0;
	strmap_finish(&told);
	return on;
}

/* Who would be told no if there were no relay has no other way than that. */
static enum services_way services_way(const struct stack *stack)
{
	if (stack->telemetry->env_on.count == 0)
		return SERVICES_UNTOLD;
	return are_told_yes(stack, NULL) ? SERVICES_OWN_WAY : SERVICES_BY_RELAY;
}

static bool is_remote(const struct telemetry_decl *decl)
{
	size_t length;

	return decl->host && host_name(decl->host, &length) != NULL;
}

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
		text_write_clean(out, list.entries[i].name, NAME_MAX_SHOWN);
	}
	if (shown)
		fputs(" (V shows them)\n", out);
	catalog_list_finish(&list);
}

static void write_terms(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	const char *space = "";

	if (declared(decl->purpose)) {
		fputs("Why: ", out);
		text_write_clean(out, decl->purpose, limit);
		fputc('.', out);
		space = " ";
	}
	if (declared(decl->retention)) {
		fprintf(out, "%sKept: ", space);
		text_write_clean(out, decl->retention, NAME_MAX_SHOWN);
		fputc('.', out);
		space = " ";
	}
	if (declared(decl->region)) {
		fprintf(out, "%sStored in: ", space);
		text_write_clean(out, decl->region, NAME_MAX_SHOWN);
		fputc('.', out);
		space = " ";
	}
	if (*space)
		fputc('\n', out);
}

static void write_title(FILE *out, const struct stack *stack)
{
	fputs("Usage statistics", out);
	if (stack->telemetry->notice > 0)
		fprintf(out, " - notice %d", stack->telemetry->notice);
}

static void write_question(FILE *out, const struct stack *stack)
{
	fputs("May ", out);
	text_write_clean(out, stack->app, NAME_MAX_SHOWN);
	fputs(" send usage statistics while it runs this time?", out);
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

	fputs(sentences[services_way(stack)], out);
}

static void write_summary(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;

	fputs("If you say yes, upfront sends ", out);
	write_receiver(out, decl, NAME_MAX_SHOWN);
	fputs(":\n"
	      "- that the stack started or failed to, how many services, and how fast\n"
	      "- names of commands, options, fixed choices; never values, paths, messages\n"
	      "- API routes as shapes (GET /api/charts/{id}), with status and duration\n"
	      "- versions, memory and CPU use of it, OS, kernel and CPU type, CI or not\n",
	      out);
	fputs(keeps_id(decl) ? "- a random number, made after the first yes and kept until you say no\n"
			     : "- a random number made for this run\n",
	      out);
	write_declared_names(out, stack, 3);
	write_reports(out, decl, 2);
	write_terms(out, decl, SENTENCE_MAX_SHOWN);
	if (is_remote(decl))
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
	if (declared(decl->controller))
		text_write_clean(out, decl->controller, BRIEF_MAX_SHOWN);
	else if (is_remote(decl))
		write_place(out, decl, BRIEF_MAX_SHOWN);
	else
		fputs("a file here", out);
	fputs(": start, command/option names (no values), ", out);
	/* Four lines of 36, or the one that says how to change it has no room. */
	if (decl->event_count > 0)
		fprintf(out, "routes, services' reports, versions, system, %s.",
			keeps_id(decl) ? "kept id" : "a number");
	else
		fprintf(out, "route shapes, versions, system, %s",
			keeps_id(decl) ? "a kept random number" : "number of this run");
	fputs("\nNo: nothing sent; it starts the same", out);
}

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

/* What comes from the services themselves. */
static void write_reporting(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;
	enum services_way way = services_way(stack);

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
}

static void write_who(FILE *out, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;

	fputs("\nWHO RECEIVES IT\nIt goes ", out);
	write_receiver(out, decl, FULL_MAX_SHOWN);
	fputs(".\n", out);
	write_terms(out, decl, FULL_MAX_SHOWN);
	if (declared(decl->policy)) {
		fputs("Policy: ", out);
		text_write_clean(out, decl->policy, FULL_MAX_SHOWN);
		fputc('\n', out);
	}
	if (is_remote(decl))
		fputs("Your IP address is not part of an event: a fixed 0.0.0.0 stands in its place. The network "
		      "itself shows "
		      "your address to whoever carries or receives the connection.\n",
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
	if (keeps_id(decl))
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

static void write_full(FILE *out, const struct stack *stack, const char *schema_text)
{
	write_question(out, stack);
	fputc('\n', out);
	write_who(out, stack);
	write_events(out, schema_text);
	write_reporting(out, stack);
	write_choice(out, stack);
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
	write_full(out, stack, schema_text);
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
	made.question = made_by(write_question, stack);
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
