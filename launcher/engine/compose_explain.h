/* SPDX-License-Identifier: MIT */
/*
 * Why a container did not start, in words that help: from what the Compose program said, and from what the engine keeps with the container.
 *
 * A Compose program reports all services of a call in one text. Version 1 names the service in each complaint, version 2 mostly does not; then
 * what the engine keeps with the container says whose it is. What speaks of another service alone is not held against this one.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_EXPLAIN_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_EXPLAIN_H

#include <stdbool.h>

struct build_fault;
struct err;
struct stack;

struct compose_failure {
	const struct stack *stack;
	const char *service;
	const char *image; /* NULL: none */
	const char *complaint; /* of the call, as compose_run_complaint gives it; "": none */
	const char *own; /* what the engine keeps with the container; NULL: nothing */
	const struct build_fault *fault; /* where its build had come to; NULL: it is not built */
	const char *program; /* "docker compose" */
	int code; /* of the call */
};

/*
 * Sets ERR_MISSING for what somebody has to mend outside the stack (image, port, disk, permission), else ERR_FAILED; with cause and hint. False: it is
 * another service's trouble, and this one only was not started because of it.
 */
bool compose_explain(const struct compose_failure *failure, struct err *err);

#endif
