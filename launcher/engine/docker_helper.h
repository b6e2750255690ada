/* SPDX-License-Identifier: MIT */
/*
 * Asks a program that knows passwords (docker-credential-NAME get), from a loop: the registry on its standard input, JSON on its
 * standard output; at most DOCKER_HELPER_MS. What it says passes through pipes only. Whoever owns the loop reaps it and says so by
 * docker_helper_reaped.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_HELPER_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct docker_helper;
struct event_base;
struct strmap;

#define DOCKER_HELPER_MS 5000
#define DOCKER_HELPER_ANSWER_MAX 65536u

/* What it wrote; size 0: nothing, too much, or it took too long. Comes once, from the loop, and does not destroy it; borrowed, and wiped afterwards. */
typedef void docker_helper_done(void *context, const char *text, size_t size_bytes);

/* `name` as in docker_auth.h. NULL: it could not be started. */
struct docker_helper *docker_helper_start(struct event_base *base, const struct strmap *environment, const char *name,
					  const char *registry, docker_helper_done *done, void *context);
bool docker_helper_is(const struct docker_helper *self, pid_t pid);
/* A child ended: true when it was this one. */
bool docker_helper_reaped(struct docker_helper *self, pid_t pid);
/* Ends it, silently, if it has not ended. NULL is nothing. */
void docker_helper_destroy(struct docker_helper *self);

#endif
