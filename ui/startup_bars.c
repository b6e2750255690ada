/* SPDX-License-Identifier: MIT */
#include "ui/startup_bars.h"

#include <stdio.h>
#include <string.h>

/* A tick's number and a blank behind it fit. */
#define TICK_COLUMNS_MIN 5u

/* Steps that people count time in. */
static const int64_t steps_ms[] = {
	1,         2,         5,         10,         20,         50,         100,      200,      500,
	1000,      2000,      5000,      10000,      20000,      30000,      60000,    120000,   300000,
	600000,    1200000,   1800000,   3600000,    7200000,    10800000,   21600000, 43200000, 86400000,
	172800000, 432000000, 864000000, 1728000000, 4320000000, 8640000000,
};
#define STEP_COUNT (sizeof(steps_ms) / sizeof(steps_ms[0]))

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t startup_total_ms(const struct stack_model *model)
{
	int64_t last_ms = 0;

	if (model->up_after_ms >= 0)
		return later(model->up_after_ms, 1);
	if (model->state == STACK_STARTING)
		return later(model->now_ms - model->begin_ms, 1);
	/* It was stopped before it was up: as far as it came. */
	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_start *start = &model->units[i].start;
		last_ms = later(last_ms, later(later(start->launched_ms, start->probed_ms),
					       later(start->ready_ms, start->ended_ms)));
	}
	return later(last_ms, 1);
}

int64_t startup_there_ms(const struct unit_model *unit)
{
	if (unit->start.ready_ms >= 0)
		return unit->start.ready_ms;
	return unit->state == UNIT_DONE ? unit->start.ended_ms : -1;
}

bool startup_has_failed(const struct stack_model *model, const struct unit_model *unit)
{
	return model->up_after_ms < 0 && unit->state == UNIT_FAILED && unit->start.ready_ms >= 0;
}

struct startup_scale startup_scale_make(int64_t total_ms, unsigned columns)
{
	struct startup_scale self = {.total_ms = total_ms > 0 ? total_ms : 1};
	size_t step = 0;

	if (columns < 2)
		columns = 2;
	while (step + 1 < STEP_COUNT && (self.total_ms - 1) / steps_ms[step] + 2 > columns)
		step++;
	self.column_ms = steps_ms[step];
	self.columns = (unsigned)later(1, (self.total_ms - 1) / self.column_ms + 2);
	if (self.columns > columns)
		self.columns = columns;
	while (step + 1 < STEP_COUNT &&
	       (steps_ms[step] < TICK_COLUMNS_MIN * self.column_ms || steps_ms[step] % self.column_ms != 0))
		step++;
	self.tick_ms = steps_ms[step];
	return self;
}

/* Of one that has ended: others went on because it had, so it ended as it should, whatever it is now. */
static bool has_released(const struct stack_model *model, const struct unit_model *unit)
{
	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_start *start = &model->units[i].start;
		if (start->waited_for != NULL && start->launched_ms >= unit->start.ended_ms &&
		    strcmp(start->waited_for, unit->service) == 0)
			return true;
	}
	return false;
}

/* The time that a column shows; the last one shows the end. */
static int64_t column_time(const struct startup_scale *scale, unsigned column)
{
	int64_t time_ms = (int64_t)column * scale->column_ms;

	return time_ms < scale->total_ms ? time_ms : scale->total_ms;
}

static bool is_past(int64_t moment_ms, int64_t now_ms)
{
	return moment_ms >= 0 && moment_ms <= now_ms;
}

char startup_sign(const struct stack_model *model, const struct unit_model *unit, const struct startup_scale *scale,
		  unsigned column)
{
	const struct unit_start *start = &unit->start;
	int64_t now_ms = column_time(scale, column);

	/* The last column may repeat the end: it shows nothing that the one before it did not. */
	if (is_past(start->ended_ms, now_ms)) {
		if (column > 0 && is_past(start->ended_ms, column_time(scale, column - 1)))
			return ' ';
		return unit->state == UNIT_DONE || (unit->state != UNIT_FAILED && has_released(model, unit)) ? '='
													     : '!';
	}
	/* When it failed is not kept; that it has is what the end shows. */
	if (column + 1 == scale->columns && startup_has_failed(model, unit))
		return '!';
	if (is_past(start->ready_ms, now_ms))
		return '#';
	if (is_past(start->probed_ms, now_ms))
		return 'p';
	if (is_past(start->launched_ms, now_ms))
		return '~';
	/* Started by hand when all else was there, or not to be started: it kept nobody waiting. */
	if (start->launched_ms > scale->total_ms ||
	    (start->launched_ms < 0 && (unit->state == UNIT_STOPPED || unit->state == UNIT_DONE)))
		return ' ';
	return '.';
}

enum theme_role startup_sign_role(char sign)
{
#define SIGN_ROLE(letter, role, words, brief) \
	if (sign == letter)                   \
		return role;
	STARTUP_SIGNS(SIGN_ROLE)
#undef SIGN_ROLE
	return ROLE_PLAIN;
}

void startup_tick_label(const struct startup_scale *scale, int64_t time_ms, char *text, size_t size_bytes)
{
	const int decimals = scale->tick_ms < 10 ? 3 : scale->tick_ms < 100 ? 2 : 1;
	const long long seconds = time_ms / 1000;

	if (scale->tick_ms < 1000 && time_ms > 0)
		snprintf(text, size_bytes, "%.*fs", decimals, (double)time_ms / 1000);
	else if (seconds < 60)
		snprintf(text, size_bytes, "%llds", seconds);
	else if (seconds % 60 != 0)
		snprintf(text, size_bytes, "%lldm%02llds", seconds / 60, seconds % 60);
	else if (seconds % 3600 != 0)
		snprintf(text, size_bytes, "%lldm", seconds / 60);
	else
		snprintf(text, size_bytes, "%lldh", seconds / 3600);
}
