/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/json_out.h"
#include "launcher/project.h"
#include "telemetry/notice.h"
#include "telemetry/records.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPTS_SHOWN 20u

#define AT(member) .offset = offsetof(struct telemetry_options, member)

static const struct cli_option telemetry_table[] = {
	{0, "all", CLI_FLAG, NULL, "off, ask: for every product, not only this one", NULL, AT(all)},
	{0, "event", CLI_TEXT, "EVENT", "show: this event instead of server_start", NULL, AT(event)},
	{0, "markdown", CLI_FLAG, NULL, "schema: as a table for a README", NULL, AT(markdown)},
	{0, "since", CLI_TEXT, "TIME",
	 "log: only what was sent from TIME on: 2026-01-31T09:00:00Z, or 10m for ten minutes ago", NULL, AT(since)},
	{.name = NULL},
};

/* Prints `text` with one newline at its end, and frees it. */
static int print_text(char *text, struct err *err)
{
	size_t length;

	if (text == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	length = strlen(text);
	fputs(text, stdout);
	if (length > 0 && text[length - 1] != '\n')
		putchar('\n');
	free(text);
	return 0;
}

/* False, and said, where there is nothing to speak of. `--json` gets its null. */
static bool has_telemetry(const struct cli_context *context, const struct project *project)
{
	const struct telemetry_decl *declared = project->stack->telemetry;

	if (declared != NULL && declared->host != NULL && declared->key != NULL)
		return true;
	puts(context->globals.json ? "null" : "the stack declares no telemetry: nothing is asked or sent");
	return false;
}

static int show(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	char *text;

	if (!has_telemetry(context, project))
		return 0;
	text = telemetry_preview(project->stack, options->event);
	if (text == NULL && options->event != NULL) {
		err_set(err, ERR_USAGE, "there is no event '%s'", options->event);
		err_hint(err, "upfront telemetry schema lists the events");
		return -EINVAL;
	}
	return print_text(text, err);
}

/*
 * {"version": 1, "app": NAME, "notice": its version, "title", "question", "summary", "brief", "full": the texts, "hash": SHA-256 of
 * them, "schema_hash": SHA-256 of the events and properties}
 */
static int print_notice_json(const struct stack *stack, const struct telemetry_notice *made, struct err *err)
{
	cJSON *object = json_out_create();

	cJSON_AddStringToObject(object, "app", stack->app);
	cJSON_AddNumberToObject(object, "notice", stack->telemetry->notice);
	cJSON_AddStringToObject(object, "title", made->title);
	cJSON_AddStringToObject(object, "question", made->question);
	cJSON_AddStringToObject(object, "summary", made->summary);
	cJSON_AddStringToObject(object, "brief", made->brief);
	cJSON_AddStringToObject(object, "full", made->full);
	cJSON_AddStringToObject(object, "hash", made->hash);
	cJSON_AddStringToObject(object, "schema_hash", made->schema_hash);
	return json_out_print(object, err);
}

static int notice(const struct cli_context *context, const struct project *project, struct err *err)
{
	struct telemetry_notice made = {0};
	int result;

	if (!has_telemetry(context, project))
		return 0;
	result = telemetry_notice_make(project->stack, &made);
	if (result < 0)
		err_set(err, ERR_INTERNAL, "cannot make the notice: %s", strerror(-result));
	else if (context->globals.json)
		result = print_notice_json(project->stack, &made, err);
	else
		printf("%s\n\n%s\n", made.title, made.full);
	telemetry_notice_finish(&made);
	return result;
}

static int schema(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;

	return print_text(options->markdown && !context->globals.json ? telemetry_schema_markdown(project->stack)
								      : telemetry_schema_json(project->stack),
			  err);
}

static int environment(const struct cli_context *context, const struct project *project, struct err *err)
{
	(void)project;
	return print_text(context->globals.json ? telemetry_optout_json() : telemetry_optout_table(), err);
}

static int receipt(const struct cli_context *context, const struct project *project, struct err *err)
{
	char *text = telemetry_receipts_json(project->stack->app, RECEIPTS_SHOWN);

	if (text == NULL || context->globals.json || strcmp(text, "[]") != 0)
		return print_text(text, err);
	free(text);
	printf("no answer is kept for %s\n", project->stack->app);
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(const struct cli_context *context, const struct project *project, struct err *err);
	bool all, event, markdown, since; /* options it knows */
	bool without_stack; /* works where there is no stack file */
} verbs[] = {
	{.name = "status", .run = telemetry_status},
	{.name = "off", .run = telemetry_off, .all = true},
	{.name = "ask", .run = telemetry_ask, .all = true},
	{.name = "show", .run = show, .event = true},
	{.name = "log", .run = telemetry_log, .since = true},
	{.name = "notice", .run = notice},
	{.name = "schema", .run = schema, .markdown = true, .without_stack = true},
	{.name = "env", .run = environment, .without_stack = true},
	{.name = "receipt", .run = receipt},
	{.name = "forget", .run = telemetry_forget_all},
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name, struct err *err)
{
	const char *names[VERB_COUNT + 1] = {NULL};

	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		names[i] = verbs[i].name;
	}
	err_set(err, ERR_USAGE, "unknown command 'telemetry %s'", name);
	if (err_nearest(name, names) != NULL)
		err_hint(err, "did you mean 'telemetry %s'?", err_nearest(name, names));
	else
		err_hint(err, "upfront help telemetry");
	return NULL;
}

static int check_options(const struct verb *verb, const struct telemetry_options *options, struct err *err)
{
	const char *wrong = options->all && !verb->all               ? "all"
			    : options->event != NULL && !verb->event ? "event"
			    : options->markdown && !verb->markdown   ? "markdown"
			    : options->since != NULL && !verb->since ? "since"
								     : NULL;

	if (wrong == NULL)
		return 0;
	err_set(err, ERR_USAGE, "telemetry %s takes no --%s", verb->name, wrong);
	err_hint(err, "upfront help telemetry");
	return -EINVAL;
}

/* Some verbs speak of no product in particular; then a missing stack file is no error, a broken one still is. */
static int load_stack(const struct verb *verb, const struct cli_context *context, struct project *project,
		      struct err *err)
{
	const struct telemetry_options *options = context->options;
	struct err trouble = ERR_INIT;
	int result;

	if (options->all)
		return 0;
	result = project_load(project, context, &trouble);
	if (result < 0 && verb->without_stack && context->globals.files == NULL && project->source == NULL)
		result = 0;
	else if (result < 0)
		err_move(err, &trouble);
	err_finish(&trouble);
	return result;
}

static int telemetry_run(struct cli_context *context, struct err *err)
{
	const struct verb *verb = find_verb(context->arg_count > 0 ? context->args[0] : "status", err);
	struct project project;

	if (verb == NULL || check_options(verb, context->options, err) < 0)
		return (int)err->code;
	project_init(&project);
	if (load_stack(verb, context, &project, err) == 0)
		verb->run(context, &project, err);
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_telemetry = {
	.name = "telemetry",
	.args = "[status|off|ask|show|log|notice|schema|env|receipt|forget]",
	.summary = "usage statistics: what would be sent, and whether",
	.text = "  status    what the running stack does, what the next up would do and why; with --json for programs\n"
		"  off       a standing no for this product (--all: for every one): never asked again, nothing more "
		"sent,\n"
		"            what waits is deleted\n"
		"  ask       lifts the standing no: the next up asks again\n"
		"  show      the first event exactly as it would be sent\n"
		"  log       every event that was sent, and what came of it; with -v exactly as it was sent\n"
		"  notice    the full text people are asked with\n"
		"  schema    every event and property, as JSON or --markdown\n"
		"  env       the opt-out variables that services are given when statistics are off\n"
		"  receipt   the last answers that were given\n"
		"  forget    removes that log, the receipts, the kept id and what is waiting to be sent, and ends the\n"
		"            statistics of running stacks of this product; the next up asks\n"
		"\n"
		"None of these runs anything from the stack file or opens a network connection. Where the stack "
		"declares no\n"
		"telemetry, show and notice say so.",
	.options = telemetry_table,
	.options_size = sizeof(struct telemetry_options),
	.args_max = 1,
	.has_verbs = true,
	.untracked = true,
	.run = telemetry_run,
};
