/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "config/stack_print.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/json_out.h"
#include "launcher/project.h"
#include "launcher/supervisor/order.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct config_options {
	bool services, show_secrets;
};

static const struct cli_option config_table[] = {
	{0, "services", CLI_FLAG, NULL, "print the services' names only", NULL,
	 .offset = offsetof(struct config_options, services)},
	{0, "show-secrets", CLI_FLAG, NULL, "print values whose names speak of secrets", NULL,
	 .offset = offsetof(struct config_options, show_secrets)},
	{.name = NULL},
};

/* A second resolution of the same files, in which secrets are stars. */
static int mask(struct project *project, struct err *err)
{
	const struct stack_resolve_options options = {.mask_secrets = true};
	struct stack *masked = NULL;
	int result = stack_resolve(project->source, &options, &masked, err);

	if (result < 0)
		return result;
	stack_destroy(project->stack);
	project->stack = masked;
	return 0;
}

static int print(const struct stack *stack, bool json, struct err *err)
{
	char *text = json ? stack_print_json(stack) : stack_print_yaml(stack);

	if (text == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	fputs(text, stdout);
	free(text);
	return 0;
}

/* --json: {"version": 1, "project": NAME, "services": [{"name": NAME, "kind": "native" or "container"}, ...]} */
static int print_names_json(const struct stack *stack, struct err *err)
{
	cJSON *object = json_out_create(), *services, *item;

	cJSON_AddStringToObject(object, "project", stack->name);
	services = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; i < stack->service_count; i++) {
		item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", stack->services[i].name);
		cJSON_AddStringToObject(item, "kind", service_kind_name(stack->services[i].kind));
		cJSON_AddItemToArray(services, item);
	}
	return json_out_print(object, err);
}

static void print_names(const struct stack *stack)
{
	for (size_t i = 0; i < stack->service_count; i++)
		puts(stack->services[i].name);
}

static int config_run(struct cli_context *context, struct err *err)
{
	const struct config_options *options = context->options;
	struct project project;
	size_t *order = NULL;
	int result;

	project_init(&project);
	/* Shells ask for the names at the press of a key, and throw away what is said beside them. */
	project.only_looks = options->services;
	result = project_load(&project, context, err);
	if (result == 0)
		result = order_make(project.stack, &order, NULL, err);
	if (result < 0 || context->globals.quiet)
		goto out;
	if (options->services) {
		if (context->globals.json)
			print_names_json(project.stack, err);
		else
			print_names(project.stack);
		goto out;
	}
	if (!options->show_secrets)
		result = mask(&project, err);
	if (result == 0)
		print(project.stack, context->globals.json, err);
out:
	free(order);
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_config = {
	.name = "config",
	.args = "",
	.summary = "check the stack file and print it resolved",
	.text = "Executes nothing from the file. -q, --quiet only checks: exit code 0 or 3. Secrets are printed as "
		"********\n"
		"wherever they stand, unless --show-secrets is given.",
	.options = config_table,
	.options_size = sizeof(struct config_options),
	.run = config_run,
};
