/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a Procfile: errors with places, or a tree of services that comes back the same when it is printed as a stack file and
 * read. Commands in another encoding are the shell's to understand; a stack file cannot hold them.
 */
#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "config/procfile.h"
#include "config/stack_yaml.h"
#include "config/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_same(const struct node *a, const struct node *b)
{
	check(a->kind == b->kind && a->count == b->count);
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
	const char *const env_files[] = {".env", NULL};
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root = NULL, *again = NULL;

	if (procfile_parse(pool, "Procfile", (const char *)data, size, env_files, &root, &err) < 0) {
		check(err.count > 0 && err.items[0].message[0] != '\0' && err.items[0].file != NULL);
	} else {
		char *text = stack_yaml_print(root);

		check(!err_is_set(&err) && text != NULL);
		if (utf8_valid((const char *)data, size) == size) {
			check(stack_yaml_parse(pool, "f.yaml", text, strlen(text), &again, NULL) == 0);
			check_same(root, again);
		}
		free(text);
	}
	err_finish(&err);
	pool_destroy(pool);
	return 0;
}
