/* SPDX-License-Identifier: MIT */
/*
 * An ordered map from text to text: environments, labels. Keeps the order of first insertion; a value may be
 * NULL ("named without a value": taken from elsewhere, or unset). Hashed, so thousands of entries are no trouble.
 */
#ifndef UPFRONT_CONFIG_STRMAP_H
#define UPFRONT_CONFIG_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

struct strmap_entry {
	char *key;
	char *value;
};

struct strmap {
	struct strmap_entry *entries;
	size_t count;
	size_t capacity;
	size_t *slots; /* hash table of entry index + 1 */
	size_t slot_count;
};

void strmap_init(struct strmap *self);
void strmap_finish(struct strmap *self);

/* Copies both; replaces an earlier value in place. Returns 0 or -ENOMEM. */
int strmap_set(struct strmap *self, const char *key, const char *value);
/* Sets from "KEY=value" or "KEY" (value NULL). Returns 0, -EINVAL for an empty key, or -ENOMEM. */
int strmap_set_pair(struct strmap *self, const char *pair);
/* Every entry of `from` set over `self`. Returns 0 or -ENOMEM. */
int strmap_merge(struct strmap *self, const struct strmap *from);
bool strmap_has(const struct strmap *self, const char *key);
/* The value, or NULL when absent or without value. Owned by the map, valid until it changes. */
const char *strmap_find(const struct strmap *self, const char *key);
void strmap_remove(struct strmap *self, const char *key);

/*
 * "KEY=value" strings, NULL-terminated, for execve; entries without value are left out. One block: the caller
 * frees it with a single free(). NULL when out of memory.
 */
char **strmap_to_environ(const struct strmap *self);

#endif
