/* SPDX-License-Identifier: MIT */
/*
 * What a Compose file may hold: the keys that version 1 (docker-compose 1.29) knows and refuses others beside, and the values that
 * have to be a number or a truth value to either version, not text.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_KEYS_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_KEYS_H

struct node;
struct node_pair;
struct pool;

/* The first pair of a whole file, as it was written, that version 1 does not know; NULL: it knows them all. */
const struct node_pair *compose_keys_unknown(const struct node *root);
/* Takes out what version 1 does not know; the keys' names, each once, with commas, in the pool ("": none). */
const char *compose_keys_strip(struct pool *pool, struct node *root);
/* Text that is to be a number or a truth value becomes one: a variable leaves text behind. */
void compose_keys_type(struct node *root);

#endif
