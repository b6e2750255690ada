/* SPDX-License-Identifier: MIT */
/*
 * Contexts of the engine's own client, as it keeps them: DOCKER_CONFIG (default ~/.docker) holds config.json, which names the current
 * one, and contexts/meta/ID/meta.json for each, with its certificates in contexts/tls/ID.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_CONTEXT_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_CONTEXT_H

#include <stdbool.h>

struct err;
struct strmap;

struct docker_context {
	char *name;
	char *host; /* "unix:///..."; NULL: the default */
	bool tls; /* it has certificates, or says something else of TLS */
};

/*
 * The context that DOCKER_CONTEXT or config.json names; name NULL: none, or "default". ERR_CONFIG for one that is not there or cannot be
 * read.
 */
int docker_context_find(const struct strmap *environment, struct docker_context *self, struct err *err);
void docker_context_finish(struct docker_context *self);

#endif
