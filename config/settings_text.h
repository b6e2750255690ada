/* SPDX-License-Identifier: MIT */
/*
 * A settings file as text that is edited in place: only the bytes of what changes are touched, found by the places of the
 * parsed nodes. Each edit is parsed again and compared with what was wanted; an edit that would come out otherwise (an alias
 * shared with another key, an unusual layout) is refused, and the text stays as it was.
 */
#ifndef UPFRONT_CONFIG_SETTINGS_TEXT_H
#define UPFRONT_CONFIG_SETTINGS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct node;
struct pool;

struct settings_text {
	const char *path; /* for messages; not owned */
	char *bytes;
	size_t size;
	struct pool *pool;
	struct node *root; /* a map, or NODE_NULL for an empty file */
	bool changed;
};

/* Takes over `bytes`. Fails with ERR_CONFIG when they are no YAML map; finish it in any case. */
int settings_text_init(struct settings_text *self, const char *path, char *bytes, size_t size_bytes, struct err *err);
void settings_text_finish(struct settings_text *self);

/* Sets `key: false`; or removes the key, unless it says true already. */
int settings_text_set_off(struct settings_text *self, const char *key, bool off, struct err *err);

/* Adds `word` to the list `key` unless it is in it; or removes it, however often it is there. Compared without case. */
int settings_text_list(struct settings_text *self, const char *key, const char *word, bool listed, struct err *err);

#endif
