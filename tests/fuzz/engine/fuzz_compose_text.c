/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a stack file: of what resolves, whatever is made for a Compose program is YAML, says nothing of x-upfront, and for version 1
 * nothing that it does not know; whether the files could be read as they are is told without an end to it.
 */
#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_source.h"
#include "config/stack_yaml.h"
#include "launcher/engine/compose_cli.h"
#include "launcher/engine/compose_files.h"
#include "launcher/engine/compose_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
const char *__lsan_default_suppressions(void);

/* The same small buffer of libfyaml's as in fuzz_yaml. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml\n";
}

static void check(const struct stack *stack, char *text, bool old)
{
	struct pool *pool = pool_create();
	struct node *root = NULL;
	struct err err = ERR_INIT;
	const struct node *services;

	/* Aliases and extends may make a file larger than what is read. */
	if (text == NULL)
		abort();
	if (strlen(text) > STACK_YAML_BYTES_MAX / 4)
		goto out;
	if (stack_yaml_parse(pool, "made", text, strlen(text), &root, &err) < 0)
		abort();
	services = node_find(root, "services");
	if (node_find(root, "x-upfront") != NULL || (old && compose_keys_unknown(root) != NULL))
		abort();
	for (size_t i = 0; services != NULL && services->kind == NODE_MAP && i < services->count; i++) {
		const struct service *service = stack_find_service(stack, services->pairs[i].key);

		if (service == NULL || service->kind != SERVICE_CONTAINER ||
		    node_find(services->pairs[i].value, "x-upfront") != NULL)
			abort();
	}
out:
	err_finish(&err);
	pool_destroy(pool);
	free(text);
}

static void check_all(const struct stack *stack, const struct stack_source *source)
{
	const struct compose_cli old = {.shown = (char *)"old", .version = (char *)"1.29.2", .major = 1};
	const struct strmap environment = {.count = 0};
	struct strmap telemetry;
	struct compose_files_options options = {
		.stack = stack, .source = source, .cli = &old, .environment = &environment};
	struct compose_files files;
	struct err err = ERR_INIT;

	strmap_init(&telemetry);
	if (strmap_set(&telemetry, "DO_NOT_TRACK", "1") < 0)
		abort();
	check(stack, compose_generated_text(stack, &telemetry, 1), true);
	check(stack, compose_generated_text(stack, &telemetry, 2), false);
	check(stack, compose_override_text(stack, &telemetry), true);
	if (compose_files_choose(&options, &files, &err) < 0 || files.own != (files.why == NULL))
		abort();
	compose_files_finish(&files);
	strmap_finish(&telemetry);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	const char *const profiles[] = {"*", NULL};
	const struct stack_options options = {.directory = "/", .project = "fuzz", .profiles = profiles};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;

	if (stack_source_open_text(&options, "nowhere/fuzz.yaml", (const char *)bytes, size_bytes, &source, &err) ==
		    0 &&
	    stack_resolve(source, NULL, &stack, &err) == 0)
		check_all(stack, source);
	err_finish(&err);
	stack_destroy(stack);
	stack_source_destroy(source);
	return 0;
}
