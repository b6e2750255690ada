/* SPDX-License-Identifier: MIT */
#include "tests/lib/stack_text.h"

#include "config/node.h"
#include "config/stack_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void stack_text_resolve(struct stack_text *self, const char *yaml, const struct stack_text_options *options)
{
	static const struct stack_text_options plain = {.project = NULL};
	const struct stack_text_options *with = options ? options : &plain;
	struct strmap environment;
	struct stack_options open = {.directory = "/",
				     .environment = &environment,
				     .profiles = with->profiles,
				     .services = with->services,
				     .project = with->project};
	struct stack_resolve_options resolve = {with->overrides, with->mask_secrets};
	struct err err = ERR_INIT;
	int result;

	memset(self, 0, sizeof(*self));
	strmap_init(&environment);
	for (const char *const *pair = with->environment; pair && *pair; pair++)
		assert_int_equal(strmap_set_pair(&environment, *pair), 0);
	result = stack_source_open_text(&open, "app/stack.yaml", yaml, strlen(yaml), &self->source, &err);
	if (result == 0)
		result = stack_resolve(self->source, &resolve, &self->stack, &err);
	/* A failure is never silent, and a success never says that something failed. */
	if (err_is_set(&err) != (result < 0))
		fail_msg("result %d with %zu errors for:\n%s", result, err.count, yaml);
	self->errors = err_render(&err, "upfront");
	self->warnings = self->stack ? err_render(&self->stack->warnings, "upfront") : strdup("");
	assert_non_null(self->errors);
	assert_non_null(self->warnings);
	err_finish(&err);
	strmap_finish(&environment);
}

void stack_text_finish(struct stack_text *self)
{
	stack_destroy(self->stack);
	stack_source_destroy(self->source);
	free(self->errors);
	free(self->warnings);
}

static const struct node *node_at(const struct node *node, const char *path)
{
	char step[256];

	while (node && *path) {
		size_t length = strcspn(path, "/");

		assert_true(length < sizeof(step));
		memcpy(step, path, length);
		step[length] = '\0';
		path += length + (path[length] == '/');
		if (node->kind == NODE_LIST) {
			size_t index = (size_t)strtoul(step, NULL, 10);

			node = index < node->count ? node->items[index] : NULL;
		} else {
			node = node_find(node, step);
		}
	}
	return node;
}

const char *stack_text_at(const struct node *root, const char *path)
{
	static char shown[4096];
	const struct node *node = node_at(root, path);
	size_t length;

	if (!node)
		return "(none)";
	if (node->kind == NODE_NULL)
		return "null";
	if (node->kind == NODE_SCALAR)
		return node->text;
	length = (size_t)snprintf(shown, sizeof(shown), "%c", node->kind == NODE_MAP ? '{' : '[');
	for (size_t i = 0; i < node->count && length < sizeof(shown); i++) {
		const struct node *item = node->kind == NODE_LIST ? node->items[i] : NULL;
		const char *text = !item ? node->pairs[i].key : item->kind == NODE_SCALAR ? item->text : "...";

		length += (size_t)snprintf(shown + length, sizeof(shown) - length, "%s%s", i ? " " : "", text);
	}
	assert_true(length + 2 < sizeof(shown));
	snprintf(shown + length, sizeof(shown) - length, "%c", node->kind == NODE_MAP ? '}' : ']');
	return shown;
}

bool stack_text_has_error(const struct stack_text *self, const char *text)
{
	if (*text ? strstr(self->errors, text) != NULL : *self->errors == '\0')
		return true;
	print_error("wanted '%s', found:\n%s", *text ? text : "no error", *self->errors ? self->errors : "no error\n");
	return false;
}

void stack_text_assert_error(const struct stack_text *self, const char *text)
{
	if (!stack_text_has_error(self, text))
		fail();
}

const struct service *stack_text_service(const struct stack_text *self, const char *name)
{
	const struct service *service;

	stack_text_assert_error(self, "");
	service = stack_find_service(self->stack, name);
	assert_non_null(service);
	return service;
}
