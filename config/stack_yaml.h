/* SPDX-License-Identifier: MIT */
/*
 * YAML text to node trees and back, by libfyaml; stack_yaml.c is the only file that sees that library.
 * libfyaml's parser is driven event by event: anchors, aliases, merge keys and duplicate keys are ours to check,
 * because the library's own resolving does not end on nested aliases and its duplicate check is quadratic.
 */
#ifndef UPFRONT_CONFIG_STACK_YAML_H
#define UPFRONT_CONFIG_STACK_YAML_H

#include <stddef.h>

struct err;
struct node;
struct pool;

#define STACK_YAML_BYTES_MAX (4u * 1024u * 1024u)
#define STACK_YAML_DEPTH_MAX 64u
#define STACK_YAML_NODES_MAX 100000u /* after aliases */

/*
 * Reads one document (JSON is YAML). `file` names it in messages and places; it is copied into the pool. An empty document gives
 * a NODE_NULL. Syntax errors, duplicate keys, undefined or cyclic aliases, a second document, text that is not UTF-8 and a
 * crossed limit fail with ERR_CONFIG and the place.
 */
int stack_yaml_parse(struct pool *pool, const char *file, const char *text, size_t size_bytes, struct node **root,
		     struct err *err);

/* The same for a file on disk ("-" reads standard input). */
int stack_yaml_read(struct pool *pool, const char *path, struct node **root, struct err *err);

/* Block-style YAML that parses back to the same tree. The caller frees; NULL when out of memory. */
char *stack_yaml_print(const struct node *root);

/* The same as JSON, two spaces deep (plain scalars become numbers, truth values and null where they are). */
char *stack_yaml_print_json(const struct node *root);

#endif
