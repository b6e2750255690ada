/* SPDX-License-Identifier: MIT */
/* The slowest chain of a start, and one unit's part in it in words. */
#include "ui/screen_parts.h"
#include "ui/screen_startup.h"
#include "ui/startup_bars.h"

#include "config/figure.h"

#include <string.h>

/* By how much the first probe's time of day may be off what the stack's clock says. */
#define PROBE_SLACK_MS 1000

/* ---- The chain ---- */

/* The replica of the service that was there last: others waited for all of them. */
static const struct unit_model *last_of_service(const struct stack_model *model, const char *service)
{
	const struct unit_model *last = NULL;

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		if (strcmp(unit->service, service) == 0 &&
		    (last == NULL || startup_there_ms(unit) > startup_there_ms(last)))
			last = unit;
	}
	return last;
}

/* Launched, and not yet what others wait for. */
static bool is_on_its_way(const struct unit_model *unit)
{
	return unit->start.launched_ms >= 0 && startup_there_ms(unit) < 0 && unit->state != UNIT_STOPPED;
}

/* The one that the start waits for, or has waited for last; NULL: none has begun. */
static const struct unit_model *slowest(const struct stack_model *model)
{
	const struct unit_model *pending = NULL, *last = NULL;

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		int64_t there_ms = startup_there_ms(unit);

		if (is_on_its_way(unit) && (pending == NULL || unit->start.launched_ms < pending->start.launched_ms))
			pending = unit;
		/* What was started by hand later is no part of the start. */
		if (there_ms >= 0 && (model->up_after_ms < 0 || there_ms <= model->up_after_ms) &&
		    (last == NULL || there_ms > startup_there_ms(last)))
			last = unit;
	}
	return model->up_after_ms < 0 && pending != NULL ? pending : last;
}

/* Who let it go; NULL: nobody. Times only go back, so a cycle ends. */
static const struct unit_model *released_by(const struct stack_model *model, const struct unit_model *unit)
{
	const struct unit_model *other;

	if (unit->start.waited_for == NULL || unit->start.launched_ms < 0)
		return NULL;
	other = last_of_service(model, unit->start.waited_for);
	return other != NULL && other->start.launched_ms >= 0 && other->start.launched_ms < unit->start.launched_ms
		       ? other
		       : NULL;
}

size_t startup_chain(const struct stack_model *model, const struct unit_model *chain[STARTUP_CHAIN_MAX])
{
	const struct unit_model *unit = slowest(model);
	size_t count = 0;

	for (; unit != NULL && count < STARTUP_CHAIN_MAX; unit = released_by(model, unit))
		chain[count++] = unit;
	for (size_t i = 0; i < count / 2; i++) {
		const struct unit_model *swapped = chain[i];
		chain[i] = chain[count - 1 - i];
		chain[count - 1 - i] = swapped;
	}
	return count;
}

/* ---- The story ---- */

static void add_duration(struct parts_text *text, const char *before, int64_t duration_ms, const char *after)
{
	char figure[FIGURE_BYTES];

	figure_duration(duration_ms > 0 ? duration_ms : 0, figure, sizeof(figure));
	parts_add(text, "%s%s%s", before, figure, after);
}

static const char *answer_text(const struct probe_answer *answer)
{
	return answer->text != NULL && answer->text[0] != '\0' ? answer->text : answer->ok ? "well" : "no answer";
}

/* The answers that are kept are the last ones: these reach back to the first probe of the start. */
static bool tells_of_start(const struct stack_model *model, const struct unit_model *unit)
{
	const struct detail_model *detail = model->detail;
	int64_t off_ms;

	if (unit->start.probed_ms < 0 || unit->restarts > 0 || model->begin_wall_ms == 0 || detail->answer_count == 0)
		return false;
	off_ms = detail->answers[0].time_wall_ms - model->begin_wall_ms - unit->start.probed_ms;
	return off_ms >= -PROBE_SLACK_MS && off_ms <= PROBE_SLACK_MS;
}

/* ", 9 probes of http://localhost:3000/ (refused x8, then 200)" */
static void add_probes(struct parts_text *text, const struct stack_model *model, const struct unit_model *unit)
{
	const struct detail_model *detail = model->detail;
	unsigned count = 1;
	size_t ill = 0;

	if (detail == NULL || detail->unit != unit->id || detail->probe == NULL)
		return;
	while (ill < detail->answer_count && !detail->answers[ill].ok)
		count += detail->answers[ill++].count;
	if (!tells_of_start(model, unit) || ill == detail->answer_count) {
		parts_add(text, ", probed by %s", detail->probe);
		return;
	}
	parts_add(text, ", %u probes of %s (", count, detail->probe);
	for (size_t i = 0; i < ill; i++)
		parts_add(text, "%s x%u, ", answer_text(&detail->answers[i]), detail->answers[i].count);
	parts_add(text, "then %s)", answer_text(&detail->answers[ill]));
}

/* "exit 3, try 3 in 8s" behind what it is about. */
static void add_why(struct parts_text *text, const struct unit_model *unit)
{
	if (unit->why != NULL && unit->why[0] != '\0')
		parts_add(text, ": %s", unit->why);
}

static void add_own_part(struct parts_text *text, const struct stack_model *model, const struct unit_model *unit)
{
	const struct unit_start *start = &unit->start;

	parts_add(text, "%s: ", unit->name);
	if (start->launched_ms < 0) {
		if (unit->state == UNIT_WAITING && unit->why != NULL && strncmp(unit->why, "for ", 4) == 0)
			parts_add(text, "waits %s", unit->why);
		else
			parts_add(text, unit->state == UNIT_WAITING ? "waits" : "was not started");
	} else if (startup_has_failed(model, unit)) {
		parts_add(text, "has failed since");
		add_why(text, unit);
	} else if (start->ready_ms >= 0) {
		add_duration(text, "", start->ready_ms - start->launched_ms, " from start to ready");
		add_probes(text, model, unit);
	} else if (start->ended_ms >= 0) {
		add_duration(text, unit->state == UNIT_FAILED ? "failed " : "ran for ",
			     start->ended_ms - start->launched_ms,
			     unit->state == UNIT_FAILED ? " after its start" : "");
		add_why(text, unit->state == UNIT_FAILED ? unit : &(struct unit_model){.why = NULL});
	} else if (model->state == STACK_STARTING) {
		int64_t since_ms = model->now_ms - model->begin_ms - start->launched_ms;
		char figure[FIGURE_BYTES];
		/* Seconds would not tell more after a minute, but change all the time. */
		(since_ms < 60000 ? figure_duration : figure_uptime)(since_ms, figure, sizeof(figure));
		parts_add(text, "started %s ago, not ready yet", figure);
		add_why(text, unit);
	} else {
		parts_add(text, "was not ready before the end");
	}
}

static void add_waits(struct parts_text *text, const struct stack_model *model, const struct unit_model *unit)
{
	const struct unit_model *other;
	size_t count = 0;

	while (unit->start.waited_for != NULL && unit->start.launched_ms > 0 && count < STARTUP_CHAIN_MAX) {
		add_duration(text, count == 0 ? " Before that it waited " : ", which waited ", unit->start.launched_ms,
			     " for ");
		parts_add(text, "%s", unit->start.waited_for);
		count++;
		other = released_by(model, unit);
		if (other == NULL)
			break;
		unit = other;
	}
	if (count > 0)
		parts_add(text, ".");
}

void startup_story(const struct stack_model *model, const struct unit_model *unit, char *text, size_t size_bytes)
{
	struct parts_text story = {.text = text, .size_bytes = size_bytes};

	if (size_bytes == 0)
		return;
	text[0] = '\0';
	add_own_part(&story, model, unit);
	parts_add(&story, ".");
	if (unit->start.launched_ms >= 0)
		add_waits(&story, model, unit);
}
