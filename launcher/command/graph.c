/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/project.h"
#include "launcher/supervisor/order.h"

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

static int graph_run(struct cli_context *context, struct err *err)
{
	const struct graph_options *options = context->options;
	struct project project;
	size_t *order = NULL, *wave = NULL;

	project_init(&project);
	if (project_load(&project, context, err) == 0 && order_make(project.stack, &order, &wave, err) == 0) {
		if (options->dot)
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
