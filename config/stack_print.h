/* SPDX-License-Identifier: MIT */
/* The resolved stack as text: what `upfront config` prints. */
#ifndef UPFRONT_CONFIG_STACK_PRINT_H
#define UPFRONT_CONFIG_STACK_PRINT_H

struct node;
struct pool;
struct stack;

/* Doubles the dollar signs of all text in it, for who interpolates what it reads. The new text is in the pool. */
void stack_print_escape(struct pool *pool, struct node *node);

/*
 * Block-style YAML that resolves to the same stack again; dollar signs are doubled for that. The caller frees; NULL when out of
 * memory.
 */
char *stack_print_yaml(const struct stack *stack);
/* The same as JSON, dollar signs as they are: for programs. */
char *stack_print_json(const struct stack *stack);

#endif
