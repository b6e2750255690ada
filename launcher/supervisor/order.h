/* SPDX-License-Identifier: MIT */
/*
 * The dependency graph of a stack, over service indexes. Pure.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_ORDER_H
#define UPFRONT_LAUNCHER_SUPERVISOR_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct stack;

/*
 * Start order: order[i] is the i-th service to start, every service behind its dependencies; those of one wave (equal
 * distance) in the order of the file. A cycle is ERR_CONFIG naming it as "a -> b -> a" at its place.
 * Waiting for a native service to be healthy that declares no readiness is ERR_CONFIG too.
 * The caller frees *order (stack->service_count entries) and *wave (wave number of each service by index); wave may be NULL.
 */
int order_make(const struct stack *stack, size_t **order, size_t **wave, struct err *err);

/*
 * Marks in `member` (service_count entries) the named services and, unless `alone`, all they need. No names (NULL or empty): all.
 * Unknown name: ERR_USAGE with hint, nothing is marked.
 */
int order_select(const struct stack *stack, const char *const *names, bool alone, bool *member, struct err *err);

/* Marks in `member` the named services and all that need them (for stop): dependents, transitively. */
int order_dependents(const struct stack *stack, const char *const *names, bool *member, struct err *err);

#endif
