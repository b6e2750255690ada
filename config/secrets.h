/* SPDX-License-Identifier: MIT */
/*
 * What must not be shown: the values of secrets, found wherever they were put, and passwords in URLs. A value is secret when its
 * variable is declared so (x-upfront.setup, `secret: true`), when the variable's name speaks of one (stack_name_is_secret), or when it is the
 * password of a URL ("scheme://user:password@host"). A stack collects its secrets while it is resolved, and what is
 * printed of it - config, errors, the control API - goes through secrets_mask.
 *
 * Values shorter than SECRETS_BYTES_MIN, truth values, short numbers and names that are shown anyway (services, the project) are not looked
 * for: to star them would spoil the text and keep nothing.
 */
#ifndef UPFRONT_CONFIG_SECRETS_H
#define UPFRONT_CONFIG_SECRETS_H

#include <stddef.h>

struct err;
struct pool;

#define SECRETS_MASK "********"
#define SECRETS_BYTES_MIN 4u
#define SECRETS_MAX 1000u

struct secrets {
	const char **values; /* the longest first, so that none is starred in part */
	size_t count, capacity;
};

/* Nothing to finish: values lie in the pool. */
void secrets_init(struct secrets *self);
void secrets_add(struct secrets *self, struct pool *pool, const char *value);
/* The passwords of the URLs in `text`. */
void secrets_add_urls(struct secrets *self, struct pool *pool, const char *text);
/* This value is shown anyway. */
void secrets_drop(struct secrets *self, const char *value);

/* The text with stars for what is secret; NULL when nothing of it is, or no memory is left. The caller frees. */
char *secrets_mask(const struct secrets *self, const char *text);
/* The same for every message and hint. */
void secrets_mask_err(const struct secrets *self, struct err *err);

/* The first password of a URL in `text`: where it begins, and its '@' in *end; NULL when there is none. */
const char *secrets_url_password(const char *text, const char **end);

#endif
