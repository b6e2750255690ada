/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include "config/figure.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PIECES_MAX (UNIT_STATE_COUNT + 4u)
#define PIECE_BYTES 160u
#define MARGIN 1u

/* A few words that belong together. */
struct piece {
	char text[PIECE_BYTES];
	enum theme_role role;
};

struct line {
	struct piece pieces[PIECES_MAX];
	size_t count;
	unsigned gap; /* blanks between two pieces */
};

enum telemetry_words { TELEMETRY_NONE, TELEMETRY_ANSWER, TELEMETRY_KEY, TELEMETRY_WHOLE };

/* How much is said: from all down to the least, and the first that fits is drawn. What is wrong gives way last. */
struct brevity {
	enum telemetry_words telemetry;
	bool version, total;
	unsigned gap;
	unsigned detail; /* 2: everything; 1: short; 0: shortest */
};
static const struct brevity brevities[] = {
	{TELEMETRY_WHOLE, true, true, 3, 2},   {TELEMETRY_KEY, true, true, 3, 2},
	{TELEMETRY_ANSWER, true, true, 3, 2},  {TELEMETRY_ANSWER, true, true, 2, 2},
	{TELEMETRY_ANSWER, true, false, 2, 2}, {TELEMETRY_ANSWER, false, false, 2, 2},
	{TELEMETRY_NONE, false, false, 2, 2},  {TELEMETRY_NONE, false, false, 2, 1},
	{TELEMETRY_NONE, false, false, 1, 0},
};
#define BREVITIES (sizeof(brevities) / sizeof(brevities[0]))

struct census {
	size_t states[UNIT_STATE_COUNT];
	size_t units, services, problems;
	size_t well; /* ready, running or done */
	size_t ended; /* stopped, done or failed */
};

static struct census census_make(const struct stack_model *model)
{
	struct census self = {.units = model->unit_count};

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		self.states[unit->state]++;
		self.services += services_first_replica(model, i) == i;
		self.problems += unit_state_is_problem(unit->state);
	}
	self.well = self.states[UNIT_READY] + self.states[UNIT_RUNNING] + self.states[UNIT_DONE];
	self.ended = self.states[UNIT_STOPPED] + self.states[UNIT_DONE] + self.states[UNIT_FAILED];
	return self;
}

static bool is_calm(const struct stack_model *model, const struct census *census)
{
	return model->state == STACK_UP && census->units > 0 && census->well == census->units && !model->engine.away;
}

static bool is_starting(const struct stack_model *model, const struct census *census)
{
	return model->state == STACK_STARTING && census->problems == 0 && census->units > 0;
}

bool services_header_counts(const struct stack_model *model)
{
	struct census census = census_make(model);

	return is_starting(model, &census) || model->engine.away;
}

__attribute__((format(printf, 3, 4))) static void add(struct line *line, enum theme_role role, const char *format, ...)
{
	va_list arguments;

	if (line->count == PIECES_MAX)
		return;
	struct piece *piece = &line->pieces[line->count++];
	va_start(arguments, format);
	vsnprintf(piece->text, sizeof(piece->text), format, arguments);
	va_end(arguments);
	piece->role = role;
}

/* "6 services", with the replicas when there are more of them. */
static void spell_total(const struct census *census, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%zu service%s", census->services, census->services == 1 ? "" : "s");

	if (census->units > census->services)
		snprintf(text + used, size - used, " (%zu replicas)", census->units);
}

/* ---- What is said of the stack ---- */

static const char *short_word(enum unit_state state)
{
	switch (state) {
	case UNIT_STARTING:
		return "start";
	case UNIT_WAITING:
		return "wait";
	case UNIT_RUNNING:
		return "run";
	default:
		return unit_state_word(state);
	}
}

/* In the order of rank, which is the order of enum unit_state; what is wrong in capitals. */
static void add_counts(struct line *line, const struct census *census, const struct brevity *brevity)
{
	for (enum unit_state state = 0; state < UNIT_STATE_COUNT; state++) {
		char word[16];
		if (census->states[state] == 0)
			continue;
		snprintf(word, sizeof(word), "%s", brevity->detail > 0 ? unit_state_word(state) : short_word(state));
		for (char *at = word; unit_state_is_problem(state) && *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
		add(line, unit_state_role(state), "%zu %s", census->states[state], word);
	}
}

static void add_calm(struct line *line, const struct stack_model *model, const struct census *census,
		     const struct brevity *brevity)
{
	const char *all = census->states[UNIT_DONE] == census->units ? "done" : "ready";
	char total[64], took[FIGURE_BYTES], in[FIGURE_BYTES + 8] = "";

	spell_total(census, total, sizeof(total));
	figure_duration(model->up_after_ms, took, sizeof(took));
	if (took[0] != '\0' && brevity->detail > 0)
		snprintf(in, sizeof(in), " in %s", took);
	if (brevity->detail == 2)
		add(line, ROLE_GOOD, "%s, %s%s%s", total, census->units > 1 ? "all " : "", all, in);
	else
		add(line, ROLE_GOOD, "%zu %s%s", census->units, all, in);
}

/* The one that has been starting for longest: the others wait for it, or will be there before it. */
static const struct unit_model *find_awaited(const struct stack_model *model)
{
	const struct unit_model *awaited = NULL;

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		if (unit->state == UNIT_STARTING && (awaited == NULL || unit->started_ms < awaited->started_ms))
			awaited = unit;
	}
	return awaited;
}

static void add_awaited(struct line *line, const struct unit_model *awaited, const struct brevity *brevity)
{
	const char *why = awaited->why != NULL ? awaited->why : "";
	int size = (int)strcspn(why, ":"); /* "probe 4 of 10: refused" */

	if (brevity->detail == 2 && size > 0)
		add(line, ROLE_PLAIN, "waiting for %s (%.*s)", awaited->name, size, why);
	else if (brevity->detail > 0)
		add(line, ROLE_PLAIN, "waiting for %s", awaited->name);
}

static void add_start(struct line *line, const struct stack_model *model, const struct census *census,
		      const struct brevity *brevity)
{
	const struct unit_model *awaited = find_awaited(model);
	int64_t since_ms = model->now_ms - model->begin_ms;
	char since[FIGURE_BYTES];

	/* Whole seconds: tenths would be a change ten times a second. */
	if (since_ms < 10000)
		snprintf(since, sizeof(since), "%llds", (long long)(since_ms > 0 ? since_ms / 1000 : 0));
	else
		figure_duration(since_ms, since, sizeof(since));
	add(line, ROLE_BUSY, "%zu of %zu ready", census->well, census->units);
	add(line, ROLE_PLAIN, "%s", since);
	if (awaited != NULL)
		add_awaited(line, awaited, brevity);
}

static void add_end(struct line *line, const struct stack_model *model, const struct census *census,
		    const struct brevity *brevity)
{
	add(line, ROLE_TITLE, "%s", model->state == STACK_STOPPING ? "Stopping..." : "Stopped");
	add(line, ROLE_PLAIN, "%zu of %zu stopped", census->ended, census->units);
	if (brevity->detail > 0 && census->states[UNIT_FAILED] > 0)
		add(line, unit_state_role(UNIT_FAILED), "%zu FAILED", census->states[UNIT_FAILED]);
}

/* Whole seconds, by which it is drawn anew. */
static void add_engine(struct line *line, const struct stack_model *model, const struct brevity *brevity)
{
	const char *name = model->engine.name != NULL ? model->engine.name : "the container engine";
	char since[FIGURE_BYTES];

	figure_duration((model->now_ms - model->engine.away_ms) / 1000 * 1000, since, sizeof(since));
	if (brevity->detail == 2 && model->now_ms - model->engine.away_ms >= 10000)
		add(line, ROLE_BAD, "%s does not answer since %s", name, since);
	else if (brevity->detail == 2 && model->now_ms - model->engine.away_ms >= 1000)
		add(line, ROLE_BAD, "%s does not answer since %llds", name,
		    (long long)(model->now_ms - model->engine.away_ms) / 1000);
	else
		add(line, ROLE_BAD, brevity->detail > 0 ? "%s does not answer" : "%s away", name);
}

static void add_stack(struct line *line, const struct stack_model *model, const struct census *census,
		      const struct brevity *brevity)
{
	char total[64];

	if (model->engine.away && model->state != STACK_LOST && model->state != STACK_OVER)
		add_engine(line, model, brevity);
	if (model->state == STACK_LOST) {
		add(line, ROLE_BAD, "the supervisor does not answer");
		if (brevity->detail == 2 && census->units > 0) {
			add(line, ROLE_PLAIN, "last known:");
			add_counts(line, census, brevity);
		}
	} else if (census->units == 0) {
		add(line, ROLE_PLAIN, "no services");
	} else if (model->state == STACK_STOPPING || model->state == STACK_OVER) {
		add_end(line, model, census, brevity);
	} else if (is_calm(model, census)) {
		add_calm(line, model, census, brevity);
	} else if (is_starting(model, census)) {
		add_start(line, model, census, brevity);
	} else {
		spell_total(census, total, sizeof(total));
		if (brevity->total)
			add(line, ROLE_PLAIN, "%s:", total);
		add_counts(line, census, brevity);
	}
}

/* ---- The line ---- */

static void make_line(struct line *line, const struct stack_model *model, const struct census *census,
		      const struct brevity *brevity)
{
	bool version = brevity->version && model->version != NULL && model->version[0] != '\0';
	const char *app = model->app != NULL ? model->app : model->project != NULL ? model->project : "";

	*line = (struct line){.gap = brevity->gap};
	add(line, ROLE_TITLE, "%s%s%s%s", app, version ? " " : "", version ? model->version : "",
	    model->attached && brevity->detail > 0 ? ", attached" : "");
	add_stack(line, model, census, brevity);
}

static void spell_telemetry(const struct screen_context *context, enum telemetry_words words, char *text, size_t size)
{
	const char *says = context->model->telemetry;
	char key[KEY_NAME_MAX];
	bool has_key =
		words >= TELEMETRY_KEY && keymap_key(context->keys, KEY_SCREEN_SERVICES, ACTION_SHOW_TELEMETRY, key);

	text[0] = '\0';
	if (says == NULL || words == TELEMETRY_NONE)
		return;
	int length = words == TELEMETRY_WHOLE ? (int)strlen(says) : (int)strcspn(says, ",");
	snprintf(text, size, "telemetry: %.*s%s%s%s", length, says, has_key ? " (" : "", has_key ? key : "",
		 has_key ? ")" : "");
}

/* With at most `app` columns of the first piece. */
static unsigned line_columns(const struct line *line, unsigned app, bool utf8)
{
	unsigned columns = 0;

	for (size_t i = 0; i < line->count; i++) {
		unsigned wanted = services_columns_of(line->pieces[i].text, utf8);
		columns += i > 0 ? line->gap + wanted : wanted < app ? wanted : app;
	}
	return columns;
}

static void draw_line(const struct line *line, unsigned app, struct frame *frame, struct frame_area area, bool utf8)
{
	unsigned at = area.column, end = area.column + area.columns;

	for (size_t i = 0; i < line->count && at < end; i++) {
		const struct piece *piece = &line->pieces[i];
		unsigned room = end - at;
		if (i == 0 && room > app)
			room = app;
		at += frame_label(frame, area.row, at, room, piece->text, piece->role, utf8) + line->gap;
	}
}

static void draw_words(const struct screen_context *context, struct frame *frame, struct frame_area area)
{
	struct census census = census_make(context->model);
	bool utf8 = context->theme->utf8;
	char telemetry[PIECE_BYTES] = "";
	struct line line;
	unsigned right = 0, app = area.columns;

	for (size_t i = 0; i < BREVITIES; i++) {
		make_line(&line, context->model, &census, &brevities[i]);
		spell_telemetry(context, brevities[i].telemetry, telemetry, sizeof(telemetry));
		right = services_columns_of(telemetry, utf8);
		if (line_columns(&line, app, utf8) + (right > 0 ? right + 2 : 0) <= area.columns)
			break;
	}
	/* A long name must not push the news off the line; then what is well gives way to what is not. */
	if (line_columns(&line, app, utf8) > area.columns)
		app = area.columns / 3;
	while (line.count > 2 && line_columns(&line, app, utf8) > area.columns)
		line.count--;
	if (right > 0)
		frame_label(frame, area.row, area.column + area.columns - right, right, telemetry,
			    context->model->telemetry_on ? ROLE_NOTE : ROLE_PLAIN, utf8);
	draw_line(&line, app, frame, area, utf8);
}

void services_draw_header(const struct screen_context *context, struct frame *frame, struct frame_area area)
{
	struct frame_area words = area;

	if (area.rows == 0)
		return;
	if (area.columns > 2 * MARGIN + 8) {
		words.column += MARGIN;
		words.columns -= 2 * MARGIN;
	}
	draw_words(context, frame, words);
	for (unsigned i = 0; area.rows > 1 && i < area.columns; i++)
		frame_put(frame, area.row + 1, area.column + i, context->theme->horizontal, ROLE_FRAME);
}
