/* SPDX-License-Identifier: MIT */
/* Any bytes as a stack file: an error with a place, or a tree that comes back the same when it is printed and read again. */
#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "config/stack_yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7 loses a small buffer when a long quoted text ends in a syntax error; there is no way to give it back. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml\n";
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_same(const struct node *a, const struct node *b)
{
	check(a->kind == b->kind && a->count == b->count && a->tag == b->tag);
	if (a->kind == NODE_SCALAR)
		check(strcmp(a->text, b->text) == 0);
	for (size_t i = 0; i < a->count; i++) {
		if (a->kind == NODE_MAP)
			check(strcmp(a->pairs[i].key, b->pairs[i].key) == 0);
		check_same(a->kind == NODE_MAP ? a->pairs[i].value : a->items[i],
			   b->kind == NODE_MAP ? b->pairs[i].value : b->items[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root = NULL;
	struct node *again = NULL;
	char *text;

	if (stack_yaml_parse(pool, "f.yaml", (const char *)data, size, &root, &err) < 0) {
		check(err.count && err.items[0].message[0]);
		text = err_render(&err, "upfront");
		free(text);
	} else {
		check(!err_is_set(&err));
		text = stack_yaml_print(root);
		check(stack_yaml_parse(pool, "g.yaml", text, strlen(text), &again, NULL) == 0);
		check_same(root, again);
		free(text);
		text = stack_yaml_print_json(root);
		check(stack_yaml_parse(pool, "g.json", text, strlen(text), &again, NULL) == 0);
		free(text);
	}
	err_finish(&err);
	pool_destroy(pool);
	return 0;
}
