/* SPDX-License-Identifier: MIT */
/*
 * Compose's variable interpolation: $V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+a} ${V+a} and $$ for a dollar sign.
 * Defaults, messages and alternatives may hold variables themselves.
 */
#ifndef UPFRONT_CONFIG_INTERPOLATE_H
#define UPFRONT_CONFIG_INTERPOLATE_H

#include "config/err.h"

#include <stddef.h>

/* Where values come from: NULL means unset. The text must stay valid until the interpolation returns. */
struct interpolate_source {
	const char *(*find)(void *context, const char *name);
	/* Called once for each name that is unset and has no default (Compose warns); may be NULL. */
	void (*unset)(void *context, const char *name, struct err_place place);
	void *context;
	/* Called with each default that was taken; may be NULL. */
	void (*defaulted)(void *context, const char *name, const char *text);
};

/* Longest result of one scalar; nested defaults cannot grow beyond it. */
#define INTERPOLATE_BYTES_MAX (1024u * 1024u)

/*
 * The text with all variables replaced, in *result (the caller frees). `place` is where the text begins; errors point into it
 * as far as that is known: a malformed expression says what was wanted, `${V:?message}` gives its message.
 */
int interpolate_text(const char *text, struct err_place place, const struct interpolate_source *source, char **result,
		     struct err *err);

#endif
