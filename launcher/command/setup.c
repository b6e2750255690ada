/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/json_out.h"
#include "launcher/command/setup_ask.h"
#include "launcher/project.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

/* {"version": 1, "file": PATH, "saved": [NAME, ...]}: the variables that were written, never what they hold. */
static int print_json(const struct setup *setup, const struct strmap *kept, struct err *err)
{
	cJSON *object = json_out_create(), *saved;

	cJSON_AddStringToObject(object, "file", setup->env_path);
	saved = cJSON_AddArrayToObject(object, "saved");
	for (size_t i = 0; i < kept->count; i++)
		cJSON_AddItemToArray(saved, cJSON_CreateString(kept->entries[i].key));
	return json_out_print(object, err);
}

static bool has_questions(const struct setup *setup)
{
	for (size_t i = 0; i < setup->count; i++)
		if (setup->questions[i].ask != NULL)
			return true;
	return false;
}

static int cannot_ask(const struct setup *setup, const char *why, struct err *err)
{
	if (setup_missing_count(setup) > 0)
		return setup_say_missing(setup, why, err);
	err_set(err, ERR_CONFIG, "cannot ask the setup questions: %s", why);
	err_hint(err, "every one of them has an answer; to change one, write NAME=value into %s", setup->env_shown);
	return -EINVAL;
}

static int ask(const struct cli_context *context, const struct setup *setup, struct err *err)
{
	const char *why = has_questions(setup) ? consent_not_interactive(context) : NULL;
	struct strmap kept;
	int result = 0;

	if (why != NULL)
		return cannot_ask(setup, why, err);
	strmap_init(&kept);
	if (has_questions(setup))
		result = setup_ask(context, setup, &kept, err);
	else if (!context->globals.quiet)
		fprintf(stderr, "upfront: %s has no setup questions\n", setup->app);
	if (result == 0 && context->globals.json)
		result = print_json(setup, &kept, err);
	strmap_finish(&kept);
	return result;
}

static int setup_run(struct cli_context *context, struct err *err)
{
	struct setup *setup = NULL;
	struct project project;
	int result;

	project_init(&project);
	result = project_open(&project, context, err);
	if (result == 0)
		result = setup_read(project.source, &setup, err);
	if (result == 0)
		result = ask(context, setup, err);
	setup_destroy(setup);
	project_finish(&project);
	return result > 0 ? result : (int)err->code;
}

const struct cli_command command_setup = {
	.name = "setup",
	.args = "",
	.summary = "ask the stack's setup questions again",
	.text = "Shows all of them in one page, with the answers as they are; what you change is written into .env, "
		"all\n"
		"else in it stays as it is. up asks by itself, once, when an answer is missing.\n"
		"\n"
		"Esc leaves without saving, Ctrl-C too (exit code 130).",
	.run = setup_run,
};
