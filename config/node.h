/* SPDX-License-Identifier: MIT */
/*
 * The tree a YAML (or JSON) document becomes. Aliases are resolved and merge keys (`<<`) applied when the tree is
 * built, within the limits of stack_yaml.h, so whoever walks it sees plain scalars, lists and maps.
 * All of it belongs to the pool it was made in.
 */
#ifndef UPFRONT_CONFIG_NODE_H
#define UPFRONT_CONFIG_NODE_H

#include "config/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP };

/* How a scalar was written; a quoted scalar is always text, a plain one may be a number or a truth value. */
enum node_style { NODE_PLAIN, NODE_QUOTED };

/* Compose's override tags, on any node: `!reset` drops, `!override` replaces what an earlier file said. */
enum node_tag { NODE_TAG_NONE, NODE_TAG_RESET, NODE_TAG_OVERRIDE };

struct node_pair;

struct node {
	enum node_kind kind;
	enum node_style style;
	enum node_tag tag;
	bool filled; /* a variable stood in it: text to Compose, whatever it looks like by now */
	struct err_place place;
	const char *text; /* NODE_SCALAR: zero-terminated; holds no NUL inside */
	struct node **items; /* NODE_LIST */
	struct node_pair *pairs; /* NODE_MAP, in the order of the file; keys are unique */
	size_t count; /* of items or pairs */
	size_t *slots; /* node.c's own: index of a large map's keys; NULL: none */
	size_t slot_count;
};

struct node_pair {
	const char *key;
	struct err_place key_place;
	struct node *value;
};

struct node *node_create(struct pool *pool, enum node_kind kind, struct err_place place);
struct node *node_scalar(struct pool *pool, const char *text, struct err_place place);
/* Adds at the end of a list; amortised. */
void node_append(struct pool *pool, struct node *list, struct node *item);
/* Sets in a map: replaces the value of an existing key, else adds at the end. */
void node_set(struct pool *pool, struct node *map, const char *key, struct err_place key_place, struct node *value);
void node_remove(struct node *map, const char *key);
/* The pair of `key`, or NULL; for messages that point at the key itself. */
const struct node_pair *node_find_pair(const struct node *map, const char *key);
/* The value of `key`, or NULL; NULL too when `map` is NULL or no map. */
struct node *node_find(const struct node *map, const char *key);
struct node *node_copy(struct pool *pool, const struct node *from);

/* "a map", "a list", "text", "nothing": for messages of the form "wanted ..., found ...". */
const char *node_kind_name(const struct node *self);
/* What a plain scalar means by YAML 1.2's core schema (and YAML 1.1's yes/no/on/off for Compose's sake). */
bool node_is_bool(const struct node *self, bool *value);
bool node_is_int(const struct node *self, int64_t *value);
/*
 * What a scalar is where text is wanted, as Compose spells it: of plain numbers and truth values what they mean (1.10 is "1.1", 0x10
 * "16", 010 "8", True "true"), of all else what stands there. In the pool, or the scalar's own.
 */
const char *node_text(struct pool *pool, const struct node *self);

#endif
