/* SPDX-License-Identifier: MIT */
/*
 * startup_bars - the start of a stack as a drawing: how long it took, a scale on which that fits, and what a unit was at at each moment. Pure.
 */
#ifndef UPFRONT_UI_STARTUP_BARS_H
#define UPFRONT_UI_STARTUP_BARS_H

#include "ui/model.h"
#include "ui/theme.h"

/* What a unit is at. X(sign, role, words for the legend, the same where there is little room) */
#define STARTUP_SIGNS(X)                                 \
	X('.', ROLE_IDLE, "waits for another", "waits")  \
	X('~', ROLE_BUSY, "starts", "starts")            \
	X('p', ROLE_WARN, "probed, not ready", "probed") \
	X('#', ROLE_GOOD, "ready", "ready")              \
	X('=', ROLE_IDLE, "done", "done")                \
	X('!', ROLE_BAD, "failed", "failed")

/* A column stands for so much time that all of the start fits; a tick every so many columns. */
struct startup_scale {
	int64_t total_ms, column_ms, tick_ms;
	unsigned columns; /* that the bars take */
};

/* How long the start took, or has taken until now. */
int64_t startup_total_ms(const struct stack_model *model);
/* When what others wait for was there: it was ready, or has ended as it should; -1: not yet. */
int64_t startup_there_ms(const struct unit_model *unit);
/* It was there, and has failed for good while the start went on. */
bool startup_has_failed(const struct stack_model *model, const struct unit_model *unit);
struct startup_scale startup_scale_make(int64_t total_ms, unsigned columns);
/* What the unit was at in a column: a sign of the table, or ' '. */
char startup_sign(const struct stack_model *model, const struct unit_model *unit, const struct startup_scale *scale,
		  unsigned column);
enum theme_role startup_sign_role(char sign);
/* The number at a tick: "0s", "0.5s", "90s" as "1m30s". */
void startup_tick_label(const struct startup_scale *scale, int64_t time_ms, char *text, size_t size_bytes);

#endif
