/* SPDX-License-Identifier: MIT */
/*
 * What a registry is told of who asks: from the configuration of Docker's client (config.json in DOCKER_CONFIG, else in ~/.docker), in its own
 * order - a program for this registry (credHelpers), a program for all (credsStore), else what stands there itself (auths). Nothing is
 * run here (docker_helper.h does). Secrets live in the header alone, which docker_auth_finish wipes.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_AUTH_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_AUTH_H

#include <stddef.h>

struct strmap;

struct docker_auth {
	char *helper; /* "pass": docker-credential-pass knows; NULL: none is to be asked */
	char *header; /* "X-Registry-Auth: ..."; NULL: none is known */
};

/* `registry` as image_name.h spells it. A configuration that is not there or cannot be read knows nothing. */
void docker_auth_find(struct docker_auth *self, const struct strmap *environment, const char *registry);
/* What the helper wrote; anything but an answer leaves the header NULL. */
void docker_auth_take(struct docker_auth *self, const char *registry, const char *text, size_t size_bytes);
void docker_auth_finish(struct docker_auth *self);

#endif
