/* SPDX-License-Identifier: MIT */
#include "config/node.h"

#include "config/fnv.h"
#include "config/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Below this many keys looking at each is as fast as hashing. */
#define NODE_SLOTS_MIN 16

struct node *node_create(struct pool *pool, enum node_kind kind, struct err_place place)
{
	struct node *self = pool_alloc(pool, sizeof(*self));

	self->kind = kind;
	self->place = place;
	return self;
}

struct node *node_scalar(struct pool *pool, const char *text, struct err_place place)
{
	struct node *self = node_create(pool, NODE_SCALAR, place);

	self->text = pool_strdup(pool, text);
	return self;
}

/* A pool cannot give back: room doubles, and how much there is follows from the count alone. */
static bool node_is_full(size_t count)
{
	return (count & (count - 1)) == 0;
}

/* As much as appending one by one would have come to. */
static size_t node_room(size_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return room;
}

void node_append(struct pool *pool, struct node *list, struct node *item)
{
	if (node_is_full(list->count)) {
		struct node **items = pool_array(pool, list->count ? list->count * 2 : 1, sizeof(struct node *));

		if (list->count)
			memcpy(items, list->items, list->count * sizeof(struct node *));
		list->items = items;
	}
	list->items[list->count++] = item;
}

static size_t node_hash(const char *key)
{
	const uint64_t hash = fnv_text(key);

	return (size_t)(hash ^ (hash >> 32));
}

static size_t node_slot(const struct node *map, const char *key)
{
	size_t mask = map->slot_count - 1;
	size_t slot = node_hash(key) & mask;

	while (map->slots[slot] && strcmp(map->pairs[map->slots[slot] - 1].key, key) != 0)
		slot = (slot + 1) & mask;
	return slot;
}

static void node_reindex(struct node *map)
{
	memset(map->slots, 0, map->slot_count * sizeof(*map->slots));
	for (size_t i = 0; i < map->count; i++)
		map->slots[node_slot(map, map->pairs[i].key)] = i + 1;
}

/* At most half full, so that looking for a key that is not there stays short. */
static void node_index(struct pool *pool, struct node *map)
{
	if (map->count < NODE_SLOTS_MIN || map->slot_count >= map->count * 2)
		return;
	map->slot_count = NODE_SLOTS_MIN * 4;
	while (map->slot_count < map->count * 4)
		map->slot_count *= 2;
	map->slots = pool_array(pool, map->slot_count, sizeof(*map->slots));
	node_reindex(map);
}

static struct node_pair *node_pair(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	if (map->slots) {
		size_t index = map->slots[node_slot(map, key)];

		return index ? &map->pairs[index - 1] : NULL;
	}
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->pairs[i].key, key) == 0)
			return &map->pairs[i];
	}
	return NULL;
}

void node_set(struct pool *pool, struct node *map, const char *key, struct err_place key_place, struct node *value)
{
	struct node_pair *pair = node_pair(map, key);

	if (pair) {
		pair->value = value;
		pair->key_place = key_place;
		return;
	}
	if (node_is_full(map->count)) {
		struct node_pair *pairs = pool_array(pool, map->count ? map->count * 2 : 1, sizeof(*pairs));

		if (map->count)
			memcpy(pairs, map->pairs, map->count * sizeof(*pairs));
		map->pairs = pairs;
	}
	map->pairs[map->count++] = (struct node_pair){pool_strdup(pool, key), key_place, value};
	if (map->slots && map->slot_count >= map->count * 2)
		map->slots[node_slot(map, key)] = map->count;
	else
		node_index(pool, map);
}

void node_remove(struct node *map, const char *key)
{
	struct node_pair *pair = node_pair(map, key);
	size_t index;

	if (!pair)
		return;
	index = (size_t)(pair - map->pairs);
	memmove(pair, pair + 1, (map->count - index - 1) * sizeof(*pair));
	map->count--;
	if (map->slots)
		node_reindex(map);
}

const struct node_pair *node_find_pair(const struct node *map, const char *key)
{
	return node_pair(map, key);
}

struct node *node_find(const struct node *map, const char *key)
{
	const struct node_pair *pair = node_pair(map, key);

	return pair ? pair->value : NULL;
}

struct node *node_copy(struct pool *pool, const struct node *from)
{
	struct node *copy = node_create(pool, from->kind, from->place);

	copy->style = from->style;
	copy->tag = from->tag;
	copy->filled = from->filled;
	if (from->text)
		copy->text = pool_strdup(pool, from->text);
	if (from->kind == NODE_LIST && from->count > 0)
		copy->items = pool_array(pool, node_room(from->count), sizeof(struct node *));
	if (from->kind == NODE_MAP && from->count > 0)
		copy->pairs = pool_array(pool, node_room(from->count), sizeof(*copy->pairs));
	for (size_t i = 0; i < from->count; i++) {
		if (from->kind == NODE_LIST) {
			copy->items[copy->count++] = node_copy(pool, from->items[i]);
		} else {
			const struct node_pair *pair = &from->pairs[i];

			copy->pairs[copy->count++] = (struct node_pair){pool_strdup(pool, pair->key), pair->key_place,
									node_copy(pool, pair->value)};
		}
	}
	if (from->kind == NODE_MAP)
		node_index(pool, copy);
	return copy;
}

const char *node_kind_name(const struct node *self)
{
	if (!self)
		return "nothing";
	switch (self->kind) {
	case NODE_NULL:
		return "nothing";
	case NODE_SCALAR:
		return "text";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	}
	return "nothing";
}

static bool node_is_plain(const struct node *self)
{
	return self && self->kind == NODE_SCALAR && self->style == NODE_PLAIN;
}

bool node_is_bool(const struct node *self, bool *value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false},
	};

	if (!node_is_plain(self))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(self->text, words[i].word) == 0) {
			*value = words[i].value;
			return true;
		}
	}
	return false;
}

bool node_is_int(const struct node *self, int64_t *value)
{
	const char *digits;
	int base = 10;
	long long number;
	char *end;

	if (!node_is_plain(self))
		return false;
	digits = self->text + (self->text[0] == '-' || self->text[0] == '+');
	if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'x')) {
		/* The core schema gives these no sign. */
		if (digits != self->text)
			return false;
		base = digits[1] == 'o' ? 8 : 16;
		digits += 2;
	}
	/* strtoll would skip spaces, take a second sign and a second prefix. */
	if (!*digits || digits[strspn(digits, base == 8    ? "01234567"
					      : base == 16 ? "0123456789abcdefABCDEF"
							   : "0123456789")])
		return false;
	errno = 0;
	number = strtoll(base == 10 ? self->text : digits, &end, base);
	if (errno || *end)
		return false;
	*value = number;
	return true;
}
