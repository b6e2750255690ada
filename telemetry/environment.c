/* SPDX-License-Identifier: MIT */
#include "config/stack.h"
#include "telemetry/optout.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The three variables of the env block, and nothing else: `$` elsewhere stays as it is. */
struct filling {
	const char *name, *value;
};

/* The value with its variables filled in, or NULL when out of memory. The caller frees. */
static char *fill(const char *text, const struct filling fillings[3])
{
	char *filled = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&filled, &size_bytes);

	if (!out)
		return NULL;
	while (*text) {
		size_t taken = 0;

		for (int i = 0; i < 3 && taken == 0; i++) {
			size_t length = strlen(fillings[i].name);

			if (strncmp(text, fillings[i].name, length) != 0)
				continue;
			taken = length;
			fputs(fillings[i].value ? fillings[i].value : "", out);
		}
		if (taken == 0) {
			fputc(*text, out);
			taken = 1;
		}
		text += taken;
	}
	if (fclose(out) != 0) {
		free(filled);
		return NULL;
	}
	return filled;
}

static int add_block(const struct strmap *block, const struct filling fillings[3], struct strmap *out)
{
	for (size_t i = 0; i < block->count; i++) {
		char *value = fill(block->entries[i].value ? block->entries[i].value : "", fillings);
		int result = value ? strmap_set(out, block->entries[i].key, value) : -ENOMEM;

		free(value);
		if (result < 0)
			return result;
	}
	return 0;
}

static int add_off(const struct stack *stack, struct strmap *out)
{
	size_t count;
	const struct optout *rows = optout_table(&count);
	char *variable = consent_app_variable(stack->app);
	int result = variable ? strmap_set(out, variable, "true") : -ENOMEM;

	free(variable);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = strmap_set(out, rows[i].variable, rows[i].value);
	return result;
}

static bool needs_relay(const struct strmap *block)
{
	for (size_t i = 0; i < block->count; i++) {
		if (block->entries[i].value && strstr(block->entries[i].value, "${relay}"))
			return true;
	}
	return false;
}

int telemetry_environment(const struct stack *stack, bool on, const char *relay, const char *distinct_id,
			  const char *session_id, struct strmap *out)
{
	const struct telemetry_decl *decl = stack->telemetry;
	const struct filling fillings[3] = {
		{"${relay}", relay}, {"${distinct_id}", distinct_id}, {"${session_id}", session_id}};
	int result;

	/* Services report through the relay or not at all: without one they would take their own way. */
	if (on && !relay && decl && needs_relay(&decl->env_on))
		on = false;
	result = strmap_set(out, "UPFRONT_TELEMETRY", on ? "on" : "off");
	if (result == 0 && !on)
		result = add_off(stack, out);
	/* The block comes last: the stack's author knows its services better than a general table does. */
	if (result == 0 && decl)
		result = add_block(on ? &decl->env_on : &decl->env_off, fillings, out);
	return result;
}
