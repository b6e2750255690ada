/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a stack file: it resolves or fails with a message, and what resolves prints as a file that resolves to the same.
 * No file is read: paths that the text names are looked for in a folder that is not there.
 */
#include "config/stack.h"
#include "config/stack_print.h"
#include "config/stack_source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Aliases and extends may make a file large enough to be refused when it is read again. */
#define PRINTED_BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
const char *__lsan_default_suppressions(void);

/* The same small buffer of libfyaml's as in fuzz_yaml. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml\n";
}

static struct stack *resolve(const char *text, size_t size_bytes, bool mask)
{
	/* All profiles: what is left out of a stack may still be named by what is in it. */
	const char *const profiles[] = {"*", NULL};
	const struct stack_options options = {.directory = "/", .project = "fuzz", .profiles = profiles};
	const struct stack_resolve_options how = {.mask_secrets = mask};
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;
	int result = stack_source_open_text(&options, "nowhere/fuzz.yaml", text, size_bytes, &source, &err);

	if (result == 0)
		result = stack_resolve(source, &how, &stack, &err);
	if (err_is_set(&err) != (result < 0) || !stack != (result < 0))
		abort();
	err_finish(&err);
	stack_source_destroy(source);
	return stack;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct stack *stack = resolve((const char *)bytes, size_bytes, false);
	struct stack *again = NULL;
	char *first = NULL;
	char *second = NULL;

	if (!stack)
		return 0;
	stack_destroy(resolve((const char *)bytes, size_bytes, true));
	first = stack_print_yaml(stack);
	if (strlen(first) > PRINTED_BYTES_MAX)
		goto out;
	again = resolve(first, strlen(first), false);
	if (!again)
		abort();
	second = stack_print_yaml(again);
	if (strcmp(first, second) != 0)
		abort();
out:
	free(first);
	free(second);
	stack_destroy(stack);
	stack_destroy(again);
	return 0;
}
