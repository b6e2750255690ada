/* SPDX-License-Identifier: MIT */
#include "config/decide.h"
#include "config/interpolate.h"
#include "config/stack.h"
#include "telemetry/optout.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The three variables of the env block. The stack file was checked to hold no other. */
struct filling {
	const char *relay, *distinct_id, *session_id; /* NULL: there is none */
	bool relay_asked;
};

static const char *find(void *context, const char *name)
{
	struct filling *self = context;
	const char *value = NULL;

	if (strcmp(name, "relay") == 0) {
		self->relay_asked = true;
		value = self->relay;
	} else if (strcmp(name, "distinct_id") == 0) {
		value = self->distinct_id;
	} else if (strcmp(name, "session_id") == 0) {
		value = self->session_id;
	}
	return value ? value : "";
}

static int add_block(const struct strmap *block, struct filling *filling, struct strmap *out)
{
	const struct interpolate_source source = {find, NULL, filling, NULL};

	for (size_t i = 0; i < block->count; i++) {
		const char *text = block->entries[i].value ? block->entries[i].value : "";
		char *value = NULL;
		int result = interpolate_text(text, (struct err_place){NULL, 0, 0}, &source, &value, NULL);

		if (result == 0)
			result = strmap_set(out, block->entries[i].key, value);
		free(value);
		if (result < 0)
			return result;
	}
	return 0;
}

/* What general tables say: the stack's author may know its services better. */
static int add_table(struct strmap *out)
{
	size_t count;
	const struct optout *rows = optout_table(&count);
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = strmap_set(out, rows[i].variable, rows[i].value);
	return result;
}

/* The answer itself: no block says otherwise. */
static int add_truth(const struct stack *stack, bool on, struct strmap *out)
{
	char *variable;
	int result = strmap_set(out, "UPFRONT_TELEMETRY", on ? "on" : "off");

	if (result < 0 || on)
		return result;
	result = strmap_set(out, "DO_NOT_TRACK", "1");
	variable = result == 0 ? consent_app_variable(stack->app) : NULL;
	if (result == 0)
		result = variable ? strmap_set(out, variable, "true") : -ENOMEM;
	free(variable);
	return result;
}

int telemetry_environment(const struct stack *stack, bool on, const char *relay, const char *distinct_id,
			  const char *session_id, struct strmap *out)
{
	const struct telemetry_decl *decl = stack->telemetry;
	struct filling filling = {.relay = relay, .distinct_id = distinct_id, .session_id = session_id};
	struct strmap block;
	int result = 0;

	strmap_init(&block);
	if (on && decl)
		result = add_block(&decl->env_on, &filling, &block);
	/* Services report through the relay or not at all: without one they would take their own way. */
	if (result == 0 && on && filling.relay_asked && !relay) {
		on = false;
		strmap_finish(&block);
		strmap_init(&block);
	}
	if (result == 0 && !on && decl)
		result = add_block(&decl->env_off, &filling, &block);
	if (result == 0 && !on)
		result = add_table(out);
	if (result == 0)
		result = strmap_merge(out, &block);
	if (result == 0)
		result = add_truth(stack, on, out);
	strmap_finish(&block);
	return result;
}

int telemetry_block(const struct stack *stack, const struct strmap *told, struct strmap *out)
{
	const char *answer = strmap_find(told, "UPFRONT_TELEMETRY");
	const struct telemetry_decl *decl = stack->telemetry;
	const struct strmap *block = NULL;
	int result = 0;

	if (decl)
		block = answer && strcmp(answer, "on") == 0 ? &decl->env_on : &decl->env_off;
	for (size_t i = 0; result == 0 && block && i < block->count; i++)
		result = strmap_set(out, block->entries[i].key, strmap_find(told, block->entries[i].key));
	return result;
}
