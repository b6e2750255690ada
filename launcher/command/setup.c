/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/json_out.h"
#include "launcher/command/setup_ask.h"
#include "launcher/command/setup_set.h"
#include "launcher/command/setup_steps.h"
#include "launcher/project.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

struct setup_options {
	const char **set;
};

static const struct cli_option setup_table[] = {
	{0, "set", CLI_LIST, "KEY=VALUE", SETUP_SET_HELP, NULL, .offset = offsetof(struct setup_options, set)},
	{.name = NULL},
};

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
	err_hint(err, "every one of them has an answer; to change one: upfront setup --set NAME=VALUE");
	return -EINVAL;
}

/* `set`: answers were given on the command line, so only what is missing then is asked. */
static int ask(struct setup_steps *self, bool set, struct err *err)
{
	const char *why;

	if (!has_questions(self->setup)) {
		if (self->setup->count == 0 && self->setup->template_count == 0 && !self->context->globals.quiet)
			fprintf(stderr, "upfront: %s has no setup questions\n", self->setup->app);
		return 0;
	}
	if (set && setup_missing_count(self->setup) == 0)
		return 0;
	why = setup_steps_not_asked(self);
	return why != NULL ? cannot_ask(self->setup, why, err) : setup_steps_ask(self, err);
}

/* Left without an answer to something, nothing is made of the answers. */
static int finish(struct setup_steps *self, struct err *err)
{
	int result = setup_missing_count(self->setup) == 0 ? setup_steps_end(self, false, err) : 0;

	if (result == 0 && self->context->globals.json)
		result = print_json(self->setup, &self->kept, err);
	return result;
}

static int setup_run(struct cli_context *context, struct err *err)
{
	const struct setup_options *options = context->options;
	const char *const *sets = (const char *const *)options->set;
	struct setup_steps steps;
	struct project project;
	int result;

	project_init(&project);
	result = setup_steps_begin(&steps, context, &project, err);
	if (result == 0)
		result = setup_steps_set(&steps, sets, err);
	if (result == 0)
		result = ask(&steps, sets != NULL && *sets != NULL, err);
	if (result == 0)
		result = finish(&steps, err);
	setup_steps_finish(&steps);
	project_finish(&project);
	return result > 0 ? result : (int)err->code;
}

const struct cli_command command_setup = {
	.name = "setup",
	.args = "",
	.summary = "ask the stack's setup questions again",
	.text = "Shows all of them in one page, with the answers as they are; what you change is written into .env, "
		"all\n"
		"else in it stays as it is. up asks by itself, once, when an answer is missing. With --set nothing is\n"
		"asked that has an answer. Then free ports are chosen and missing files made, as the stack file says.\n"
		"\n"
		"Esc leaves without saving, Ctrl-C too (exit code 130).",
	.options = setup_table,
	.options_size = sizeof(struct setup_options),
	.run = setup_run,
};
