/* SPDX-License-Identifier: MIT */
#include "config/stack_print.h"

#include "config/node.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_yaml.h"

#include <string.h>

static const char *dollars_doubled(struct pool *pool, const char *text)
{
	char *doubled;
	char *out;

	if (!strchr(text, '$'))
		return text;
	out = doubled = pool_alloc(pool, strlen(text) * 2 + 1);
	for (; *text; text++) {
		if (*text == '$')
			*out++ = '$';
		*out++ = *text;
	}
	return doubled;
}

/* telemetry.env is filled later and stands there as it was written: what is in it must not be doubled. */
static bool is_verbatim(const char *key, int depth)
{
	return depth == 2 && strcmp(key, "env") == 0;
}

static void double_dollars(struct pool *pool, struct node *node, int depth)
{
	if (node->kind == NODE_SCALAR)
		node->text = dollars_doubled(pool, node->text);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		double_dollars(pool, node->items[i], -1);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const char *key = node->pairs[i].key;
		int below = -1;

		/* x-upfront at the top, telemetry in it, env in that */
		if ((depth == 0 && strcmp(key, "x-upfront") == 0) || (depth == 1 && strcmp(key, "telemetry") == 0))
			below = depth + 1;
		if (!is_verbatim(key, depth))
			double_dollars(pool, node->pairs[i].value, below);
	}
}

void stack_print_escape(struct pool *pool, struct node *node)
{
	double_dollars(pool, node, -1);
}

char *stack_print_yaml(const struct stack *stack)
{
	struct pool *pool = pool_create();
	struct node *root = node_copy(pool, stack->root);
	char *text;

	double_dollars(pool, root, 0);
	text = stack_yaml_print(root);
	pool_destroy(pool);
	return text;
}

char *stack_print_json(const struct stack *stack)
{
	return stack_yaml_print_json(stack->root);
}
