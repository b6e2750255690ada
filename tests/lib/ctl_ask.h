/* SPDX-License-Identifier: MIT */
/* A client of the control socket for tests: one request, one whole answer, no cleverness. */
#ifndef UPFRONT_TESTS_LIB_CTL_ASK_H
#define UPFRONT_TESTS_LIB_CTL_ASK_H

#include <stdbool.h>

/* The answer with its head, or NULL when nobody listens. `body` "": none. The caller frees. */
char *ctl_ask(const char *socket_path, const char *method, const char *target, const char *body);
/* Posts and fails unless the answer holds `wanted`. */
void ctl_ask_post(const char *socket_path, const char *target, const char *body, const char *wanted);
/* Asks for the list of services until `text` stands in it, or no longer does. */
void ctl_ask_services(const char *socket_path, const char *text, bool there);
/* The pid of the unit of this name; 0: none. */
int ctl_ask_pid(const char *socket_path, const char *name);

#endif
