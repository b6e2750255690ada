/* SPDX-License-Identifier: MIT */
#include "launcher/screen/unit_words.h"

#include "config/figure.h"
#include "launcher/client/view.h"
#include "ui/unit_progress.h"

#include <stdio.h>
#include <string.h>

static bool is_state(const struct view_unit *unit, const char *state)
{
	return strcmp(unit->state, state) == 0;
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text != NULL && text[0] != '\0' ? text : otherwise;
}

struct unit_progress unit_words_progress(const struct view_unit *unit)
{
	static const char *const words[] = {[WORK_NONE] = "",
					    [WORK_PULLING] = "pulling",
					    [WORK_BUILDING] = "building",
					    [WORK_CREATING] = "creating"};
	struct unit_progress progress = {
		.done = unit->progress.done, .total = unit->progress.total, .text = unit->progress.text};

	for (size_t i = 0; unit->is_container && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(unit->progress.work, words[i]) == 0)
			progress.work = (enum unit_work)i;
	return progress;
}

enum unit_state unit_words_state(const struct view_unit *unit)
{
	static const struct {
		const char *name;
		enum unit_state state;
	} states[] = {
		{"waiting", UNIT_WAITING}, {"starting", UNIT_STARTING},   {"ready", UNIT_READY},
		{"running", UNIT_RUNNING}, {"unhealthy", UNIT_UNHEALTHY}, {"stopping", UNIT_STOPPING},
		{"completed", UNIT_DONE},  {"failed", UNIT_FAILED},       {"stopped", UNIT_STOPPED},
	};

	/* Who fails again and again has failed, as far as anybody who looks is concerned. */
	if (is_state(unit, "back-off"))
		return unit->crash_exits > 0 ? UNIT_FAILED : UNIT_RESTARTING;
	/* Its process is there, its probe has not said yes. */
	if (is_state(unit, "running") && unit->has_probe)
		return UNIT_STARTING;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (is_state(unit, states[i].name))
			return states[i].state;
	return UNIT_STOPPED;
}

const char *unit_words_condition(const char *condition)
{
	if (condition != NULL && strcmp(condition, "service_healthy") == 0)
		return "ready";
	if (condition != NULL && strcmp(condition, "service_completed_successfully") == 0)
		return "done";
	return "started";
}

void unit_words_exit(const struct view_unit *unit, char *text, size_t size_bytes)
{
	const char *signal = unit->has_exited && unit->exit_signaled ? sigabbrev_np(unit->exit_value) : NULL;
	/* Of a container a code may be all that is left of a signal. */
	const char *behind = unit->has_exited && !unit->exit_signaled && unit->is_container && unit->exit_value > 128
				     ? sigabbrev_np(unit->exit_value - 128)
				     : NULL;

	text[0] = '\0';
	if (signal != NULL)
		snprintf(text, size_bytes, "SIG%s", signal);
	else if (unit->has_exited && unit->exit_signaled)
		snprintf(text, size_bytes, "signal %d", unit->exit_value);
	else if (behind != NULL)
		snprintf(text, size_bytes, "exit %d, SIG%s", unit->exit_value, behind);
	else if (unit->has_exited)
		snprintf(text, size_bytes, "exit %d", unit->exit_value);
}

static void say_waiting(const struct view_unit *unit, char *text, size_t size_bytes)
{
	const char *condition = unit_words_condition(unit->waits_condition);

	if (unit->waits_for == NULL)
		return;
	if (strcmp(condition, "started") == 0)
		snprintf(text, size_bytes, "for %s to start", unit->waits_for);
	else
		snprintf(text, size_bytes, "for %s to be %s", unit->waits_for, condition);
}

static void say_back_off(const struct view_unit *unit, char *text, size_t size_bytes)
{
	const int64_t delay_ms = unit->crash_exits > 0 ? unit->next_try_ms : unit->backoff_ms;
	char how[64], after[FIGURE_BYTES];

	unit_words_exit(unit, how, sizeof(how));
	/* Of a container its engine knows, and nobody else. */
	if (delay_ms < 0) {
		snprintf(text, size_bytes, "%s, its engine starts it again", or_else(how, or_else(unit->why, "ended")));
		return;
	}
	figure_duration(delay_ms > 0 ? delay_ms : 0, after, sizeof(after));
	if (unit->is_container) {
		snprintf(text, size_bytes, "%s, its engine starts it again", or_else(how, or_else(unit->why, "ended")));
		return;
	}
	if (unit->crash_exits > 0)
		snprintf(text, size_bytes, "%s, try %d after %s", or_else(how, or_else(unit->why, "ended")),
			 unit->crash_exits + 1, after);
	else
		snprintf(text, size_bytes, "%s, again after %s", or_else(how, or_else(unit->why, "ended")), after);
}

/* A program that could not even be started has never exited: then the reason is all there is. */
static void say_ended(const struct view_unit *unit, char *text, size_t size_bytes)
{
	const int64_t ran_ms = unit->start.launched_ms >= 0 && unit->start.ended_ms >= unit->start.launched_ms
				       ? unit->start.ended_ms - unit->start.launched_ms
				       : -1;
	char how[64], after[FIGURE_BYTES];

	unit_words_exit(unit, how, sizeof(how));
	figure_duration(ran_ms, after, sizeof(after));
	if (how[0] == '\0')
		snprintf(text, size_bytes, "%s", or_else(unit->why, ""));
	else if (ran_ms >= 0 && unit->restarts == 0)
		snprintf(text, size_bytes, "%s after %s", how, after);
	else
		snprintf(text, size_bytes, "%s", how);
}

static void say_probe(const struct view_unit *unit, char *text, size_t size_bytes)
{
	if (unit->probe_attempts > 0)
		snprintf(text, size_bytes, "probe %d: %s", unit->probe_attempts, or_else(unit->why, "no answer yet"));
	else
		snprintf(text, size_bytes, "%s", or_else(unit->why, "not asked yet"));
}

/* What its engine is busy with before it can start. */
static void say_progress(const struct view_progress *progress, char *text, size_t size_bytes)
{
	const char *what = or_else(progress->text, "");
	const bool pulls = strcmp(progress->work, "pulling") == 0;

	if (pulls && progress->total > 0)
		snprintf(text, size_bytes, "pulling %s, %d %%", what,
			 (int)(100.0 * (double)progress->done / (double)progress->total));
	else if (strcmp(progress->work, "building") == 0 && progress->total > 0)
		snprintf(text, size_bytes, "building, step %lld of %lld", (long long)progress->done,
			 (long long)progress->total);
	else
		snprintf(text, size_bytes, "%s%s%s", progress->work, pulls ? " " : "", pulls ? what : "");
}

void unit_words_why(const struct view_unit *unit, char *text, size_t size_bytes)
{
	const struct unit_progress progress = unit_words_progress(unit);

	text[0] = '\0';
	if (progress.work != WORK_NONE)
		unit_progress_words(&progress, text, size_bytes);
	else if (is_state(unit, "waiting"))
		say_waiting(unit, text, size_bytes);
	else if (is_state(unit, "starting") && unit->progress.work[0] != '\0')
		say_progress(&unit->progress, text, size_bytes);
	else if (is_state(unit, "back-off"))
		say_back_off(unit, text, size_bytes);
	else if (is_state(unit, "failed") || is_state(unit, "completed"))
		say_ended(unit, text, size_bytes);
	else if (is_state(unit, "stopping"))
		snprintf(text, size_bytes, "%s", or_else(unit->why, "told to stop"));
	else if (is_state(unit, "unhealthy"))
		snprintf(text, size_bytes, "%s", or_else(unit->why, "its probe fails"));
	else if (unit_words_state(unit) == UNIT_STARTING && unit->has_probe)
		say_probe(unit, text, size_bytes);
	else if (unit->status != NULL)
		snprintf(text, size_bytes, "%s", unit->status);
	if (unit->log_trouble[0] != '\0' && text[0] == '\0')
		snprintf(text, size_bytes, "its log cannot be written: %s", unit->log_trouble);
}

static void spell_again(int64_t delay_ms, char *text, size_t size_bytes)
{
	char after[FIGURE_BYTES];

	figure_duration(delay_ms, after, sizeof(after));
	if (delay_ms < 0)
		snprintf(text, size_bytes, "Its engine starts it again");
	else
		snprintf(text, size_bytes, "It is started again after %s", after);
}

void unit_words_outlook(const struct view_unit *unit, char *text, size_t size_bytes)
{
	char how[64], within[FIGURE_BYTES], next[64];

	unit_words_exit(unit, how, sizeof(how));
	text[0] = '\0';
	if (is_state(unit, "back-off") && unit->is_container) {
		snprintf(text, size_bytes, "%s ended (%s). Its container engine starts it again.", unit->name,
			 or_else(how, or_else(unit->why, "why is not known")));
	} else if (is_state(unit, "back-off") && unit->crash_exits > 0) {
		figure_duration(unit->crash_within_ms, within, sizeof(within));
		spell_again(unit->next_try_ms, next, sizeof(next));
		snprintf(text, size_bytes, "%s ended %d times in %s (%s). %s.", unit->name, unit->crash_exits, within,
			 or_else(how, or_else(unit->why, "why is not known")), next);
	} else if (is_state(unit, "back-off")) {
		spell_again(unit->backoff_ms, next, sizeof(next));
		snprintf(text, size_bytes, "%s ended (%s). %s.", unit->name,
			 or_else(how, or_else(unit->why, "why is not known")), next);
	} else if (is_state(unit, "failed")) {
		snprintf(text, size_bytes, "%s failed: %s. It stays down.", unit->name,
			 or_else(unit->why, or_else(how, "why is not known")));
	} else if (is_state(unit, "unhealthy")) {
		snprintf(text, size_bytes, "%s runs, but does not answer well: %s.", unit->name,
			 or_else(unit->why, "its probe fails"));
	}
}
