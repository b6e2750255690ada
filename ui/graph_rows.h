/* SPDX-License-Identifier: MIT */
/*
 * graph_rows - who needs whom, as the rows of an indented text. What many need is unfolded below the first of them and only named below the
 * others. Cycles, which a stack file cannot hold, end where they begin. Pure.
 */
#ifndef UPFRONT_UI_GRAPH_ROWS_H
#define UPFRONT_UI_GRAPH_ROWS_H

#include "ui/model.h"

/* More is left out. */
#define GRAPH_ROWS_MAX 10000u
#define GRAPH_NEEDS_MAX 50000u

struct graph_row {
	const char *service;
	const struct unit_model *unit; /* of the service's replicas the one in the worst state; NULL: it has none */
	unsigned depth;
	const char *condition; /* what is wanted of it, or of the one above by it; NULL: outermost */
	bool met;
	bool above; /* what lies below it stands further up */
};

struct graph_rows {
	struct graph_row *rows;
	size_t count;
};

/* Points into the model. `turned`: below each who needs it. -ENOMEM; self is empty then. */
int graph_rows_make(struct graph_rows *self, const struct stack_model *model, bool turned);
void graph_rows_finish(struct graph_rows *self);

#endif
