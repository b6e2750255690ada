/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/json_out.h"
#include "launcher/project.h"
#include "launcher/supervisor/order.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct graph_options {
	bool dot;
};

static const struct cli_option graph_table[] = {
	{0, "dot", CLI_FLAG, NULL, "print for Graphviz", NULL, .offset = offsetof(struct graph_options, dot)},
	{.name = NULL},
};

/* ---- As text: one wave after the other, each service with what it waits for ---- */

static const char *condition_text(enum depend_condition condition)
{
	switch (condition) {
	case DEPEND_STARTED:
		return "started";
	case DEPEND_HEALTHY:
		return "healthy";
	case DEPEND_COMPLETED:
		return "completed";
	}
	return "";
}

static void print_service(const struct service *service)
{
	printf("  %s", service->name);
	for (size_t i = 0; i < service->depends_on_count; i++)
		printf("%s%s (%s%s)", i == 0 ? "  after " : ", ", service->depends_on[i].service,
		       condition_text(service->depends_on[i].condition),
		       service->depends_on[i].index == SIZE_MAX ? ", not there" : "");
	putchar('\n');
}

static void print_waves(const struct stack *stack, const size_t *order, const size_t *wave)
{
	size_t current = SIZE_MAX;

	for (size_t i = 0; i < stack->service_count; i++) {
		if (wave[order[i]] != current) {
			current = wave[order[i]];
			printf("%zu\n", current + 1);
		}
		print_service(&stack->services[order[i]]);
	}
}

/* ---- For Graphviz: https://graphviz.org/doc/info/lang.html ---- */

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text == '\n' ? ' ' : *text);
	}
	putchar('"');
}

static void print_edges(const struct service *service)
{
	for (size_t i = 0; i < service->depends_on_count; i++) {
		const struct dependency *dependency = &service->depends_on[i];

		if (dependency->index == SIZE_MAX)
			continue;
		fputs("  ", stdout);
		print_quoted(dependency->service);
		fputs(" -> ", stdout);
		print_quoted(service->name);
		printf(" [label=\"%s\"%s];\n", condition_text(dependency->condition),
		       dependency->required ? "" : ", style=dashed");
	}
}

static void print_dot(const struct stack *stack, const size_t *order)
{
	fputs("digraph ", stdout);
	print_quoted(stack->name);
	puts(" {\n  rankdir=LR;");
	for (size_t i = 0; i < stack->service_count; i++) {
		fputs("  ", stdout);
		print_quoted(stack->services[order[i]].name);
		puts(stack->services[order[i]].kind == SERVICE_CONTAINER ? " [shape=box];" : ";");
	}
	for (size_t i = 0; i < stack->service_count; i++)
		print_edges(&stack->services[order[i]]);
	puts("}");
}

/* ---- For programs ---- */

static cJSON *dependency_object(const struct dependency *dependency)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "service", dependency->service);
	cJSON_AddStringToObject(object, "condition", depend_condition_name(dependency->condition));
	cJSON_AddBoolToObject(object, "required", dependency->required);
	cJSON_AddBoolToObject(object, "there", dependency->index != SIZE_MAX);
	return object;
}

/*
 * {"version": 1, "project": NAME, "services": [{"name": NAME, "kind": "native" or "container", "wave": from 1 on,
 *  "depends_on": [{"service": NAME, "condition": as in the stack file, "required": bool, "there": bool}, ...]}, ...]}
 * in the order in which they start.
 */
static int print_json(const struct stack *stack, const size_t *order, const size_t *wave, struct err *err)
{
	cJSON *object = json_out_create(), *services, *item, *list;

	cJSON_AddStringToObject(object, "project", stack->name);
	services = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[order[i]];

		item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", service->name);
		cJSON_AddStringToObject(item, "kind", service_kind_name(service->kind));
		cJSON_AddNumberToObject(item, "wave", (double)wave[order[i]] + 1);
		list = cJSON_AddArrayToObject(item, "depends_on");
		for (size_t k = 0; k < service->depends_on_count; k++)
			cJSON_AddItemToArray(list, dependency_object(&service->depends_on[k]));
		cJSON_AddItemToArray(services, item);
	}
	return json_out_print(object, err);
}

static int check_options(const struct cli_context *context, struct err *err)
{
	const struct graph_options *options = context->options;

	if (!options->dot || !context->globals.json)
		return 0;
	return err_set(err, ERR_USAGE, "--dot and --json exclude each other");
}

static int graph_run(struct cli_context *context, struct err *err)
{
	const struct graph_options *options = context->options;
	struct project project;
	size_t *order = NULL, *wave = NULL;

	project_init(&project);
	if (check_options(context, err) == 0 && project_load(&project, context, err) == 0 &&
	    order_make(project.stack, &order, &wave, err) == 0) {
		if (context->globals.json)
			print_json(project.stack, order, wave, err);
		else if (options->dot)
			print_dot(project.stack, order);
		else
			print_waves(project.stack, order, wave);
	}
	free(order);
	free(wave);
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_graph = {
	.name = "graph",
	.args = "",
	.summary = "show the order services start in",
	.text = "Services under one number start side by side once those they come after are as wanted. Executes "
		"nothing\n"
		"from the file.",
	.options = graph_table,
	.options_size = sizeof(struct graph_options),
	.run = graph_run,
};
