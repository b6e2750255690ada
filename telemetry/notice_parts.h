/* SPDX-License-Identifier: MIT */
/*
 * The words of the question. A sentence stands in one of these three only when it is true by construction of this program, or when the
 * stack file declares what it says; nothing is said of the receiver that its stack does not declare.
 *
 *   notice         the texts, and those for the dialog
 *   notice_full    the whole notice
 *   notice_parts   what both say, and what they ask of a stack
 */
#ifndef UPFRONT_TELEMETRY_NOTICE_PARTS_H
#define UPFRONT_TELEMETRY_NOTICE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct stack;
struct telemetry_decl;

/* Characters of a declared text in the summary; a name that long must not push the rest off the screen. */
#define NOTICE_NAME_MAX 40u

/* `text`, or NULL when there is nothing in it. */
const char *notice_declared(const char *text);
bool notice_keeps_id(const struct telemetry_decl *decl);
/* It goes over a network. */
bool notice_is_remote(const struct telemetry_decl *decl);

/* How services report after a yes, by what the stack file tells them then. */
enum services_way {
	SERVICES_UNTOLD, /* the answer, and nothing else */
	SERVICES_OWN_WAY,
	SERVICES_BY_RELAY
};

enum services_way notice_services(const struct stack *stack);

/* Declared texts are cut to `limit` characters. */
void notice_write_place(FILE *out, const struct telemetry_decl *decl, size_t limit);
/* "to Canner Inc. (us.i.posthog.com)", "to us.i.posthog.com", "to a file on this machine, /tmp/x". */
void notice_write_receiver(FILE *out, const struct telemetry_decl *decl, size_t limit);
/* Purpose, retention and region, a line; nothing when none is declared. */
void notice_write_terms(FILE *out, const struct telemetry_decl *decl, size_t limit);
void notice_write_question(FILE *out, const struct stack *stack);

/* `schema_text`: telemetry_schema_json of the stack. */
void notice_write_full(FILE *out, const struct stack *stack, const char *schema_text);

#endif
