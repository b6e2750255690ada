/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_pulls.h"

#include "launcher/client/news.h"
#include "launcher/client/view.h"
#include "launcher/screen/unit_words.h"
#include "ui/model.h"
#include "ui/unit_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_BYTES 160u

/* Of one unit. */
struct pull_told {
	unsigned unit;
	enum unit_work work; /* under way, and told of */
	char *image; /* what is pulled; NULL: not known */
	int64_t since_ms, said_ms, ended_ms; /* ended_ms 0: it goes on */
};

static struct pull_told *find_or_add(struct up_pulls *self, unsigned unit)
{
	struct pull_told *grown;

	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].unit == unit)
			return &self->items[i];
	grown = reallocarray(self->items, self->count + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	self->items = grown;
	grown[self->count] = (struct pull_told){.unit = unit};
	return &grown[self->count++];
}

/* Another service waits for the same image, and speaks of it. */
static bool is_told(const struct up_pulls *self, const struct unit_progress *progress)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].work == progress->work && self->items[i].image != NULL && progress->text != NULL &&
		    strcmp(self->items[i].image, progress->text) == 0)
			return true;
	return false;
}

static bool takes_time(enum unit_work work)
{
	return work == WORK_PULLING || work == WORK_BUILDING;
}

static void forget(struct pull_told *told)
{
	free(told->image);
	told->image = NULL;
	told->work = WORK_NONE;
	told->ended_ms = 0;
}

static bool is_state(const struct view_unit *unit, const char *state)
{
	return strcmp(unit->state, state) == 0;
}

/* Nobody works on it any more: whether it has come about is told by what the unit does once its container is made, too. */
static char *say_end(struct pull_told *told, const struct view_unit *unit, enum unit_work next, int64_t now_ms)
{
	char took[32], *line = NULL;

	if (told->ended_ms == 0)
		told->ended_ms = now_ms;
	if (!takes_time(next) && (is_state(unit, "starting") || is_state(unit, "waiting")) && !view_unit_runs(unit))
		return NULL;
	news_duration(told->ended_ms - told->since_ms, took, sizeof(took));
	/* Why not is told by others. */
	if (!is_state(unit, "failed") && !is_state(unit, "stopped") && !is_state(unit, "stopping") &&
	    asprintf(&line, "%s: its image is %s (%s)", unit->name, told->work == WORK_PULLING ? "here" : "built",
		     took) < 0)
		line = NULL;
	forget(told);
	return line;
}

static char *say_begin(struct pull_told *told, const struct view_unit *unit, const struct unit_progress *progress,
		       int64_t now_ms)
{
	char *line = NULL;

	told->work = progress->work;
	told->image = progress->text != NULL ? strdup(progress->text) : NULL;
	told->since_ms = told->said_ms = now_ms;
	if (asprintf(&line, "%s: %s %s", unit->name, progress->work == WORK_PULLING ? "pulling" : "building",
		     progress->work == WORK_PULLING && progress->text != NULL ? progress->text : "its image") < 0)
		line = NULL;
	return line;
}

static char *say_more(struct pull_told *told, const struct view_unit *unit, const struct unit_progress *progress,
		      int64_t now_ms)
{
	char words[WORDS_BYTES], *line = NULL;

	told->ended_ms = 0;
	if (now_ms - told->said_ms < UP_PULLS_EVERY_MS)
		return NULL;
	told->said_ms = now_ms;
	unit_progress_words(progress, words, sizeof(words));
	if (asprintf(&line, "%s: %s", unit->name, words) < 0)
		line = NULL;
	return line;
}

char *up_pulls_take(struct up_pulls *self, const struct view_unit *unit, int64_t now_ms)
{
	const struct unit_progress progress = unit_words_progress(unit);
	struct pull_told *told;

	/* Most units are never in here. */
	if (!takes_time(progress.work) && self->count == 0)
		return NULL;
	told = find_or_add(self, unit->id);
	if (told == NULL)
		return NULL;
	if (takes_time(told->work) && told->work == progress.work)
		return say_more(told, unit, &progress, now_ms);
	if (takes_time(told->work))
		return say_end(told, unit, progress.work, now_ms);
	if (!takes_time(progress.work) || is_told(self, &progress))
		return NULL;
	return say_begin(told, unit, &progress, now_ms);
}

void up_pulls_finish(struct up_pulls *self)
{
	for (size_t i = 0; i < self->count; i++)
		forget(&self->items[i]);
	free(self->items);
	*self = (struct up_pulls){.count = 0};
}
