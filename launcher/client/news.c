/* SPDX-License-Identifier: MIT */
#include "launcher/client/news.h"

#include "launcher/client/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void news_duration(int64_t duration_ms, char *text, size_t size_bytes)
{
	long long seconds = duration_ms / 1000;

	if (duration_ms < 0)
		snprintf(text, size_bytes, "-");
	else if (duration_ms < 10000)
		snprintf(text, size_bytes, "%lld.%lld s", seconds, (long long)(duration_ms % 1000) / 100);
	else if (seconds < 60)
		snprintf(text, size_bytes, "%lld s", seconds);
	else if (seconds < 3600)
		snprintf(text, size_bytes, "%lld min %lld s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		snprintf(text, size_bytes, "%lld h %lld min", seconds / 3600, seconds % 3600 / 60);
	else
		snprintf(text, size_bytes, "%lld d %lld h", seconds / 86400, seconds % 86400 / 3600);
}

void news_crash_loop(const struct view_unit *unit, char *text, size_t size_bytes)
{
	char within[32], next[32];

	news_duration(unit->crash_within_ms, within, sizeof(within));
	if (unit->next_try_ms < 0) {
		snprintf(text, size_bytes, "crash loop: %d exits in %s, its engine tries again", unit->crash_exits,
			 within);
		return;
	}
	news_duration(unit->next_try_ms, next, sizeof(next));
	snprintf(text, size_bytes, "crash loop: %d exits in %s, next try in %s", unit->crash_exits, within, next);
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text != NULL && text[0] != '\0' ? text : otherwise;
}

static bool is_state(const struct view_unit *unit, const char *state)
{
	return strcmp(unit->state, state) == 0;
}

/* A running unit with a probe is worth a line only once it is ready. */
static int format_up(const struct view_unit *unit, char **text)
{
	char after[32] = "";

	if (unit->ready_after_ms >= 0) {
		after[0] = ' ';
		after[1] = '(';
		news_duration(unit->ready_after_ms, after + 2, sizeof(after) - 3);
		strcat(after, ")");
	}
	return asprintf(text, "%s is %s%s", unit->name, unit->has_probe ? "ready" : "running",
			unit->has_probe ? after : "");
}

/* By itself, and it is started anew without a pause: one that is stopped passes through another state. */
static bool starts_again_at_once(const struct view_unit *unit)
{
	static const char *const from[] = {"starting", "running", "ready", "unhealthy"};

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (strcmp(unit->before, from[i]) == 0)
			return is_state(unit, "waiting") && unit->has_exited;
	return false;
}

static bool was_up(const struct view_unit *unit)
{
	return strcmp(unit->before, "ready") == 0 || strcmp(unit->before, "running") == 0;
}

char *news_of_unit(const struct view_unit *unit)
{
	char *text = NULL;
	char delay[32], loop[NEWS_CRASH_LOOP_MAX];
	int result = -1;

	if (strcmp(unit->state, unit->before) == 0)
		return NULL;
	if (is_state(unit, "ready") || (is_state(unit, "running") && !unit->has_probe)) {
		/* In a crash loop a start says no more than the end that follows. */
		if (!was_up(unit) && (unit->has_probe || unit->crash_exits == 0))
			result = format_up(unit, &text);
	} else if (is_state(unit, "unhealthy")) {
		result = asprintf(&text, "%s is unhealthy: %s%s%s", unit->name, or_else(unit->why, "its probe fails"),
				  unit->status != NULL ? "; it says: " : "", or_else(unit->status, ""));
	} else if (is_state(unit, "failed")) {
		/* Why is said once, at the end. */
		result = asprintf(&text, "%s has failed", unit->name);
	} else if (is_state(unit, "completed")) {
		result = asprintf(&text, "%s has completed", unit->name);
	} else if (is_state(unit, "back-off") && unit->crash_exits > 0) {
		news_crash_loop(unit, loop, sizeof(loop));
		result = asprintf(&text, "%s: %s (%s)", unit->name, loop, or_else(unit->why, "no reason known"));
	} else if (starts_again_at_once(unit)) {
		result = asprintf(&text, "%s ended (%s), starts again", unit->name,
				  or_else(unit->why, "no reason known"));
	} else if (is_state(unit, "back-off") && unit->is_container) {
		result = asprintf(&text, "%s ended (%s), its engine starts it again", unit->name,
				  or_else(unit->why, "no reason known"));
	} else if (is_state(unit, "back-off")) {
		news_duration(unit->backoff_ms, delay, sizeof(delay));
		result = asprintf(&text, "%s ended (%s), starts again in %s", unit->name,
				  or_else(unit->why, "no reason known"), delay);
	} else if (is_state(unit, "stopped") && unit->before[0] != '\0' && strcmp(unit->before, "waiting") != 0) {
		result = asprintf(&text, "%s has stopped%s", unit->name, view_unit_was_killed(unit) ? " (killed)" : "");
	}
	return result >= 0 ? text : NULL;
}

char *news_of_end(const struct view_unit *unit)
{
	const char *signal = unit->has_exited && unit->exit_signaled ? sigabbrev_np(unit->exit_value) : NULL;
	char *text = NULL;
	int result;

	if (signal != NULL)
		result = asprintf(&text, "%s was ended by SIG%s", unit->name, signal);
	else if (unit->has_exited && unit->exit_signaled)
		result = asprintf(&text, "%s was ended by signal %d", unit->name, unit->exit_value);
	else if (unit->has_exited)
		result = asprintf(&text, "%s exited with code %d", unit->name, unit->exit_value);
	else if (is_state(unit, "failed"))
		result = asprintf(&text, "%s was not started: %s", unit->name, or_else(unit->why, "no reason known"));
	else
		result = asprintf(&text, "%s is not running", unit->name);
	return result >= 0 ? text : NULL;
}

char *news_why_not_ready(const struct view_unit *unit)
{
	char *text = NULL;
	int result;

	if (unit->probe_kind != NULL && strcmp(unit->probe_kind, "notify") == 0)
		result = asprintf(&text, "%s is %s: %s%s%s", unit->name, unit->state,
				  or_else(unit->why, "it has not said READY=1 (sd_notify) yet"),
				  unit->status != NULL ? "; it says: " : "", or_else(unit->status, ""));
	else if (unit->has_probe && unit->probe_attempts > 0)
		result = asprintf(&text, "%s is %s: probe %s%s%s was asked %d time%s, last answer: %s", unit->name,
				  unit->state, or_else(unit->probe_kind, ""), unit->probe_target != NULL ? " " : "",
				  or_else(unit->probe_target, ""), unit->probe_attempts,
				  unit->probe_attempts == 1 ? "" : "s", or_else(unit->why, "none"));
	else if (unit->has_probe)
		result = asprintf(&text, "%s is %s: probe %s%s%s has given no answer yet", unit->name, unit->state,
				  or_else(unit->probe_kind, ""), unit->probe_target != NULL ? " " : "",
				  or_else(unit->probe_target, ""));
	else
		result = asprintf(&text, "%s is %s%s%s", unit->name, unit->state, unit->why != NULL ? ": " : "",
				  or_else(unit->why, ""));
	return result >= 0 ? text : NULL;
}

void news_size(double size_bytes, char *text, size_t text_bytes)
{
	static const char *const names[] = {"kB", "MB", "GB", "TB"};
	size_t i = 0;

	if (size_bytes < 1000) {
		snprintf(text, text_bytes, "%.0f byte%s", size_bytes, size_bytes < 1.5 && size_bytes > 0.5 ? "" : "s");
		return;
	}
	for (size_bytes /= 1000; size_bytes >= 999.95 && i < 3; i++)
		size_bytes /= 1000;
	snprintf(text, text_bytes, "%.1f %s", size_bytes, names[i]);
}

char *news_of_loss(const struct view_unit *unit)
{
	const char *why = unit->log_trouble;
	char size[32], *text;

	if (unit->log_bytes_lost == 0)
		return NULL;
	news_size((double)unit->log_bytes_lost, size, sizeof(size));
	return asprintf(&text, "logs of %s: %s could not be written%s%s", unit->name, size, why[0] != '\0' ? ": " : "",
			why) >= 0
		       ? text
		       : NULL;
}

char *news_of_trouble(const struct view_unit *unit)
{
	const bool now = unit->log_trouble[0] != '\0', before = unit->log_trouble_before[0] != '\0';
	char size[32], *text = NULL;
	int result = -1;

	if (now && !before) {
		result = asprintf(&text, "logs of %s cannot be written, its output is lost meanwhile: %s", unit->name,
				  unit->log_trouble);
	} else if (before && !now) {
		news_size((double)unit->log_bytes_lost, size, sizeof(size));
		result = asprintf(&text, "logs of %s are written again, %s could not be written: %s", unit->name, size,
				  unit->log_trouble_before);
	}
	return result >= 0 ? text : NULL;
}

char *news_engine_away(const struct view_engine *engine)
{
	char *text = NULL;

	if (engine->away && asprintf(&text, "%s; containers are shown as they were last heard of",
				     engine->why != NULL ? engine->why : "the container engine cannot be reached") < 0)
		text = NULL;
	return text;
}

char *news_of_engine(const struct view_engine *engine)
{
	if (engine->away && !engine->was_away)
		return news_engine_away(engine);
	return engine->was_away && !engine->away ? strdup("the container engine can be reached again") : NULL;
}

char *news_untold(const struct view_engine *engine)
{
	char *text = NULL;

	if (engine->untold_why != NULL &&
	    asprintf(&text, "containers are told that usage statistics are off, as they cannot reach the relay: %s",
		     engine->untold_why) < 0)
		text = NULL;
	return text;
}
