/* SPDX-License-Identifier: MIT */
/* What people are shown before they answer, or when they ask: every text is made from the catalogue and the stack's declarations. */
#ifndef UPFRONT_TELEMETRY_NOTICE_H
#define UPFRONT_TELEMETRY_NOTICE_H

struct stack;

/* The question and its sentences; every text is plain UTF-8 without control characters, one paragraph a line, unwrapped. */
struct telemetry_notice {
	char *title; /* "Usage statistics - notice 3" */
	char *question; /* "May WrenAI send usage statistics while it runs this time?" */
	char *summary; /* for 80x24: paragraphs by '\n', list items begin with "- " */
	char *brief; /* the same for 40x12 */
	char *full; /* the whole notice: every event, property, recipient, how to say no */
	char hash[65]; /* SHA-256 (hex) of all of the above */
	char schema_hash[65]; /* SHA-256 of the catalogue and the stack's declarations */
};

int telemetry_notice_make(const struct stack *stack, struct telemetry_notice *notice);
void telemetry_notice_finish(struct telemetry_notice *notice);

/*
 * The first event exactly as it would be sent, pretty-printed JSON; what exists only later reads "(made only after yes)"
 * or "(measured when ready)". `event` NULL: server_start. The caller frees; NULL for an unknown event.
 */
char *telemetry_preview(const struct stack *stack, const char *event);

/* The catalogue, with the stack's declarations when `stack` is not NULL. The caller frees. */
char *telemetry_schema_json(const struct stack *stack);
char *telemetry_schema_markdown(const struct stack *stack);

/* The opt-out table as text, one "VARIABLE=value  product  (source)" a line, in columns. The caller frees. */
char *telemetry_optout_table(void);
/* The same for programs: {"version": 1, "variables": [{"name", "value", "product", "source"}, ...]}. The caller frees. */
char *telemetry_optout_json(void);

#endif
