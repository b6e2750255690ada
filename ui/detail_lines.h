/* SPDX-License-Identifier: MIT */
/*
 * detail_lines - a unit's story line by line, for screen_detail: what there is nothing to say about is left out, what is long is folded
 * until it is asked for. Lines are given one by one and gone after the call.
 */
#ifndef UPFRONT_UI_DETAIL_LINES_H
#define UPFRONT_UI_DETAIL_LINES_H

#include "ui/screen.h"

struct detail_line {
	const char *label; /* in front, or alone in its row where it is too long for that; "": none */
	const char *value; /* wraps in its column */
	const char *copied; /* what y copies */
	unsigned indent; /* of the label, in columns */
	unsigned label_columns; /* from the indent to where the value begins */
	enum theme_role role; /* of the value */
	bool secret; /* nothing of it is shown, so nothing is copied */
};

typedef void detail_take(void *taker, const struct detail_line *line);

/* All lines of a unit of the context's model: those of `detail`, which may be NULL, or what the unit itself knows. */
void detail_lines_walk(const struct screen_context *context, const struct unit_model *unit,
		       const struct detail_model *detail, bool unfolded, detail_take *take, void *taker);

#endif
