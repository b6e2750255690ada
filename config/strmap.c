/* SPDX-License-Identifier: MIT */
#include "config/strmap.h"

#include "config/fnv.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STRMAP_SLOTS_MIN 16

static size_t strmap_hash(const char *key)
{
	const uint64_t hash = fnv_text(key);

	return (size_t)(hash ^ (hash >> 32));
}

/* The slot that holds `key`, or the empty one where it belongs. The table is never full. */
static size_t strmap_slot(const struct strmap *self, const char *key)
{
	size_t mask = self->slot_count - 1;
	size_t slot = strmap_hash(key) & mask;

	while (self->slots[slot] && strcmp(self->entries[self->slots[slot] - 1].key, key) != 0)
		slot = (slot + 1) & mask;
	return slot;
}

static void strmap_reindex(struct strmap *self)
{
	memset(self->slots, 0, self->slot_count * sizeof(*self->slots));
	for (size_t i = 0; i < self->count; i++)
		self->slots[strmap_slot(self, self->entries[i].key)] = i + 1;
}

/* Makes room for one more entry: the table stays at most half full. */
static int strmap_reserve(struct strmap *self)
{
	if (self->count == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : STRMAP_SLOTS_MIN / 2;
		struct strmap_entry *entries = reallocarray(self->entries, capacity, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		self->entries = entries;
		self->capacity = capacity;
	}
	if (self->slot_count < self->capacity * 2) {
		size_t *slots = calloc(self->capacity * 2, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		free(self->slots);
		self->slots = slots;
		self->slot_count = self->capacity * 2;
		strmap_reindex(self);
	}
	return 0;
}

void strmap_init(struct strmap *self)
{
	*self = (struct strmap){0};
}

void strmap_finish(struct strmap *self)
{
	for (size_t i = 0; i < self->count; i++) {
		free(self->entries[i].key);
		free(self->entries[i].value);
	}
	free(self->entries);
	free(self->slots);
	strmap_init(self);
}

static struct strmap_entry *strmap_entry(const struct strmap *self, const char *key)
{
	size_t slot;

	if (!self || !self->slot_count)
		return NULL;
	slot = strmap_slot(self, key);
	return self->slots[slot] ? &self->entries[self->slots[slot] - 1] : NULL;
}

int strmap_set(struct strmap *self, const char *key, const char *value)
{
	struct strmap_entry *entry;
	char *key_copy = NULL;
	char *value_copy = NULL;
	int result = -ENOMEM;

	/* Copied first: `value` may be this very entry's. */
	if (value) {
		value_copy = strdup(value);
		if (!value_copy)
			goto out;
	}
	entry = strmap_entry(self, key);
	if (entry) {
		free(entry->value);
		entry->value = value_copy;
		return 0;
	}
	key_copy = strdup(key);
	if (!key_copy || strmap_reserve(self) < 0)
		goto out;
	self->slots[strmap_slot(self, key_copy)] = self->count + 1;
	self->entries[self->count++] = (struct strmap_entry){key_copy, value_copy};
	return 0;
out:
	free(key_copy);
	free(value_copy);
	return result;
}

int strmap_set_pair(struct strmap *self, const char *pair)
{
	const char *equals = strchr(pair, '=');
	char *key;
	int result;

	if (equals == pair || !*pair)
		return -EINVAL;
	if (!equals)
		return strmap_set(self, pair, NULL);
	key = strndup(pair, (size_t)(equals - pair));
	if (!key)
		return -ENOMEM;
	result = strmap_set(self, key, equals + 1);
	free(key);
	return result;
}

int strmap_merge(struct strmap *self, const struct strmap *from)
{
	if (self == from)
		return 0;
	for (size_t i = 0; i < from->count; i++) {
		int result = strmap_set(self, from->entries[i].key, from->entries[i].value);

		if (result < 0)
			return result;
	}
	return 0;
}

bool strmap_has(const struct strmap *self, const char *key)
{
	return strmap_entry(self, key) != NULL;
}

const char *strmap_find(const struct strmap *self, const char *key)
{
	const struct strmap_entry *entry = strmap_entry(self, key);

	return entry ? entry->value : NULL;
}

void strmap_remove(struct strmap *self, const char *key)
{
	struct strmap_entry *entry = strmap_entry(self, key);
	size_t index;

	if (!entry)
		return;
	index = (size_t)(entry - self->entries);
	free(entry->key);
	free(entry->value);
	memmove(entry, entry + 1, (self->count - index - 1) * sizeof(*entry));
	self->count--;
	/* Every later entry has moved; the copying above costs as much. */
	strmap_reindex(self);
}

char **strmap_to_environ(const struct strmap *self)
{
	size_t pointers = 1;
	size_t bytes = 0;
	size_t next = 0;
	char **environment;
	char *text;

	for (size_t i = 0; i < self->count; i++) {
		if (!self->entries[i].value)
			continue;
		pointers++;
		bytes += strlen(self->entries[i].key) + strlen(self->entries[i].value) + 2;
	}
	environment = malloc(pointers * sizeof(*environment) + bytes);
	if (!environment)
		return NULL;
	text = (char *)(environment + pointers);
	for (size_t i = 0; i < self->count; i++) {
		if (!self->entries[i].value)
			continue;
		environment[next++] = text;
		text = stpcpy(stpcpy(stpcpy(text, self->entries[i].key), "="), self->entries[i].value) + 1;
	}
	environment[next] = NULL;
	return environment;
}
