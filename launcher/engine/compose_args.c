/* SPDX-License-Identifier: MIT */
/*
 * What the Compose program is called with: its files, `up -d`, the numbers of replicas that are not as declared, and the services that are to start. What
 * changed is made anew and the rest left, as it does by itself; so are containers of services that the file does not have (any more).
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words {
	char **items; /* ends with NULL */
	size_t count;
	bool failed;
};

static void words_add(struct words *self, const char *text)
{
	char **items = realloc(self->items, (self->count + 2) * sizeof *items);

	if (items != NULL) {
		self->items = items;
		items[self->count] = strdup(text);
		items[self->count + 1] = NULL;
	}
	if (items == NULL || items[self->count] == NULL)
		self->failed = true;
	else
		self->count++;
}

void compose_args_free(char **args)
{
	for (char **arg = args; arg != NULL && *arg != NULL; arg++)
		free(*arg);
	free(args);
}

static bool is_called(const struct engine *self, const char *service)
{
	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];

		if (part != NULL && part->state == PART_CALLED && strcmp(part->name, service) == 0)
			return true;
	}
	return false;
}

/* The highest replica that runs or is to; 0: none. */
static int count_in_play(const struct engine *self, const char *service)
{
	int count = 0;

	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];

		if (part != NULL && part->state != PART_NONE && part->replica > count &&
		    strcmp(part->name, service) == 0)
			count = part->replica;
	}
	return count;
}

/* Marks whom the call may touch: those it names, and what they depend on. */
static void mark_touched(const struct engine *self, bool *touched)
{
	const struct stack *stack = self->stack;
	bool more = true;

	for (size_t i = 0; i < stack->service_count; i++)
		touched[i] = is_called(self, stack->services[i].name);
	while (more) {
		more = false;
		for (size_t i = 0; i < stack->service_count; i++) {
			const struct service *service = &stack->services[i];

			for (size_t d = 0; touched[i] && d < service->depends_on_count; d++) {
				const struct service *on = stack_find_service(stack, service->depends_on[d].service);
				size_t at = on != NULL ? (size_t)(on - stack->services) : i;

				more = more || !touched[at];
				touched[at] = true;
			}
		}
	}
}

/* Its start was asked for, and not its end since then; whatever has become of that. */
static bool is_wanted(const struct engine *self, const char *service)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->want == PART_WANT_RUN &&
		    strcmp(self->parts[i]->name, service) == 0)
			return true;
	return false;
}

/*
 * What nobody wants (`up --no-deps`), or somebody has stopped, is not to be started for the sake of those that are: who asks for them knows
 * what they need.
 */
static bool touches_unwanted(const struct engine *self, const bool *touched)
{
	const struct stack *stack = self->stack;

	for (size_t i = 0; i < stack->service_count; i++)
		if (touched[i] && stack->services[i].kind == SERVICE_CONTAINER &&
		    !is_wanted(self, stack->services[i].name))
			return true;
	return false;
}

/* Another number of replicas than the file says has to be said in every call, or this one would undo it. */
static void add_scales(const struct engine *self, const bool *touched, struct words *words)
{
	const struct stack *stack = self->stack;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		int count = touched[i] && service->kind == SERVICE_CONTAINER ? count_in_play(self, service->name) : 0;
		char *text = NULL;

		if (count == 0 || count == service->replicas)
			continue;
		words_add(words, "--scale");
		if (asprintf(&text, "%s=%d", service->name, count) < 0)
			words->failed = true;
		else
			words_add(words, text);
		free(text);
	}
}

static void add_options(const struct engine *self, struct words *words)
{
	bool *touched = calloc(self->stack->service_count + 1, sizeof *touched);

	if (touched == NULL) {
		words->failed = true;
		return;
	}
	mark_touched(self, touched);
	if (touches_unwanted(self, touched))
		words_add(words, "--no-deps");
	add_scales(self, touched, words);
	free(touched);
}

char **compose_args(const struct engine *self)
{
	struct words words = {NULL, 0, false};

	for (char **arg = self->files.args; arg != NULL && *arg != NULL; arg++)
		words_add(&words, *arg);
	words_add(&words, "up");
	words_add(&words, "-d");
	add_options(self, &words);
	for (size_t i = 0; i < self->stack->service_count; i++)
		if (is_called(self, self->stack->services[i].name))
			words_add(&words, self->stack->services[i].name);
	if (!words.failed)
		return words.items;
	compose_args_free(words.items);
	return NULL;
}
