/* SPDX-License-Identifier: MIT */
/* Answers to what is asked in line mode. */
#include "config/err.h"
#include "config/figure.h"
#include "ui/detail_lines.h"
#include "ui/graph_rows.h"
#include "ui/line_private.h"
#include "ui/screen_parts.h"
#include "ui/screen_startup.h"

#include <stdlib.h>
#include <string.h>

/* ---- Status ---- */

/* "1 FAILED, 1 starting, 2 ready": the worst first. */
static void spell_counts(const struct stack_model *model, struct parts_text *text)
{
	const char *between = "";

	for (unsigned state = 0; state < UNIT_STATE_COUNT; state++) {
		size_t count = 0;

		for (size_t i = 0; i < model->unit_count; i++)
			count += model->units[i].state == (enum unit_state)state ? 1 : 0;
		if (count == 0)
			continue;
		parts_add(text, "%s%zu %s", between, count,
			  state == UNIT_FAILED ? "FAILED" : unit_state_word((enum unit_state)state));
		between = ", ";
	}
}

static bool all_is_well(const struct stack_model *model)
{
	for (size_t i = 0; i < model->unit_count; i++)
		if (model->units[i].state < UNIT_READY || model->units[i].state == UNIT_STOPPED)
			return false;
	return model->state == STACK_UP && !model->engine.away;
}

static void spell_stack(const struct stack_model *model, struct parts_text *text)
{
	char since[FIGURE_BYTES];

	if (model->state == STACK_STARTING)
		figure_duration(model->now_ms - model->begin_ms, since, sizeof(since));
	else
		figure_uptime(model->now_ms - model->begin_ms, since, sizeof(since));
	if (model->state == STACK_STARTING)
		parts_add(text, ", starting for %s", since);
	else if (model->state == STACK_STOPPING)
		parts_add(text, ", stopping");
	else if (model->state == STACK_OVER)
		parts_add(text, ", over");
	else if (model->state == STACK_LOST)
		parts_add(text, ", but its supervisor does not answer");
	else
		parts_add(text, ", up for %s%s", since[0] == '<' ? "less than " : "", since + (since[0] == '<'));
}

void line_tell_unit(struct line_dash *self, const struct unit_model *unit)
{
	char bytes[512], figure[FIGURE_BYTES];
	struct parts_text text = {.text = bytes, .size_bytes = sizeof(bytes)};

	parts_add(&text, "%s: %s", unit->name, unit_state_word(unit->state));
	if (unit->why != NULL && unit->why[0] != '\0')
		parts_add(&text, ", %s", unit->why);
	if (unit->restarts > 0)
		parts_add(&text, ", restarted %d time%s", unit->restarts, unit->restarts == 1 ? "" : "s");
	if (unit->started_ms >= 0) {
		figure_uptime(self->model->now_ms - unit->started_ms, figure, sizeof(figure));
		parts_add(&text, ", runs for %s%s", figure[0] == '<' ? "less than " : "", figure + (figure[0] == '<'));
	}
	if (unit->cpu_percent >= 0) {
		figure_cpu(unit->cpu_percent, figure, sizeof(figure));
		parts_add(&text, ", cpu %s %%", figure);
	}
	if (unit->rss_bytes >= 0) {
		figure_bytes(unit->rss_bytes, figure, sizeof(figure));
		parts_add(&text, ", memory %s", figure);
	}
	if (unit->ports != NULL && unit->ports[0] != '\0')
		parts_add(&text, ", port %s", unit->ports);
	if (unit->open != NULL)
		parts_add(&text, ", %s", unit->open);
	line_add(self, "%s", bytes);
}

void line_tell_status(struct line_dash *self)
{
	const struct stack_model *model = self->model;
	char bytes[512];
	struct parts_text text = {.text = bytes, .size_bytes = sizeof(bytes)};

	parts_add(&text, "%s%s%s: ", model->app, model->version != NULL ? " " : "",
		  model->version != NULL ? model->version : "");
	if (all_is_well(model))
		parts_add(&text, "all is well, ");
	spell_counts(model, &text);
	spell_stack(model, &text);
	line_add(self, "%s.", bytes);
	if (model->engine.away)
		line_add(self, "%s does not answer%s%s; containers are told of as they were",
			 model->engine.name != NULL ? model->engine.name : "the container engine",
			 model->engine.why != NULL ? ": " : "", model->engine.why != NULL ? model->engine.why : "");
	for (unsigned rank = 0; rank < UNIT_STATE_COUNT; rank++)
		for (size_t i = 0; i < model->unit_count; i++)
			if (unit_state_rank(model->units[i].state) == rank)
				line_tell_unit(self, &model->units[i]);
	if (model->telemetry != NULL)
		line_add(self, "usage statistics: %s", model->telemetry);
	if (model->changed_file != NULL)
		line_add(self, "the stack file differs from what runs: %s; reload applies it", model->changed_file);
}

/* ---- Why ---- */

static void take_detail_line(void *taker, const struct detail_line *line)
{
	size_t left_out;

	const bool label = line->label[0] != '\0', value = line->value != NULL && line->value[0] != '\0';

	/* There it names a key. */
	if (!label && value && sscanf(line->value, "... %zu more, ", &left_out) == 1) {
		line_add(taker, "%*s... %zu more; why NAME all tells them", (int)line->indent, "", left_out);
		return;
	}
	line_add(taker, "%*s%s%s%s%s", (int)line->indent, "", line->label, label ? ":" : "", value ? " " : "",
		 value ? line->value : "");
}

static void tell_story(struct line_dash *self, const struct unit_model *unit, const struct detail_model *detail)
{
	struct theme theme = theme_make(self->options.utf8, false);
	const struct screen_context context = {
		.model = self->model, .theme = &theme, .actions = self->options.actions, .unit = unit->id};

	line_tell_unit(self, unit);
	detail_lines_walk(&context, unit, detail, self->detail_all, take_detail_line, self);
}

void line_tell_why(struct line_dash *self, const char *name, bool all)
{
	const struct actions *actions = self->options.actions;
	const struct unit_model *unit = line_find_unit(self, name);

	if (unit == NULL)
		return;
	self->detail_all = all;
	if (actions->look_at_unit == NULL) {
		tell_story(self, unit, NULL);
		return;
	}
	self->detail = unit->id;
	self->wanted |= LINE_WANTS_DETAIL;
	actions->look_at_unit(actions->context, unit->name);
}

void line_tell_detail(struct line_dash *self)
{
	const struct unit_model *unit = screen_unit(self->model, self->detail);

	if (unit != NULL)
		tell_story(self, unit, self->model->detail);
}

/* ---- Start-up, graph, events ---- */

static void tell_last_starts(struct line_dash *self)
{
	const struct stack_model *model = self->model;
	char bytes[256], figure[FIGURE_BYTES];
	struct parts_text text = {.text = bytes, .size_bytes = sizeof(bytes)};

	if (model->start_count < 2)
		return;
	for (size_t i = 0; i < model->start_count; i++) {
		figure_duration(model->starts_ms[i], figure, sizeof(figure));
		parts_add(&text, "%s%s", i > 0 ? ", " : "", figure);
	}
	line_add(self, "The last starts, this one last: %s.", bytes);
}

void line_tell_startup(struct line_dash *self)
{
	const struct stack_model *model = self->model;
	const struct unit_model *chain[STARTUP_CHAIN_MAX];
	const size_t count = startup_chain(model, chain);
	char figure[FIGURE_BYTES], story[1024];

	if (model->up_after_ms >= 0) {
		figure_duration(model->up_after_ms, figure, sizeof(figure));
		line_add(self, "%s was ready in %s.", model->app, figure);
	} else {
		line_add(self, "%s is not ready yet.", model->app);
	}
	if (count > 1) {
		struct parts_text text = {.text = story, .size_bytes = sizeof(story)};

		for (size_t i = 0; i < count; i++)
			parts_add(&text, "%s%s", i > 0 ? ", then " : "", chain[i]->name);
		line_add(self, "The slowest chain: %s.", story);
	}
	for (size_t i = 0; i < model->unit_count; i++) {
		startup_story(model, &model->units[i], story, sizeof(story));
		if (story[0] != '\0')
			line_add(self, "%s", story);
	}
	tell_last_starts(self);
}

void line_tell_graph(struct line_dash *self)
{
	struct graph_rows rows;

	if (graph_rows_make(&rows, self->model, false) != 0) {
		line_add(self, "There is not enough memory for that.");
		return;
	}
	for (size_t i = 0; i < rows.count; i++) {
		const struct graph_row *row = &rows.rows[i];
		const int depth = row->depth < 20 ? (int)row->depth : 20;

		line_add(self, "%*s%s%s%s%s%s%s%s%s", 2 * depth, "", row->depth > 0 ? "needs " : "", row->service,
			 row->condition != NULL ? " " : "", row->condition != NULL ? row->condition : "",
			 row->condition != NULL && !row->met ? ", not yet" : "", row->unit != NULL ? ": " : "",
			 row->unit != NULL ? unit_state_word(row->unit->state) : "", row->above ? " (as above)" : "");
	}
	graph_rows_finish(&rows);
}

void line_tell_events(struct line_dash *self, long count)
{
	const struct stack_model *model = self->model;
	const size_t wanted = (size_t)count < model->event_count ? (size_t)count : model->event_count;

	if (model->event_count == 0)
		line_add(self, "Nothing has happened since you look.");
	for (size_t i = model->event_count - wanted; i < model->event_count; i++) {
		const struct event_model *event = &model->events[i];
		char clock[PARTS_CLOCK_BYTES];

		parts_clock(event->time_wall_ms, clock);
		if (event->unit == NULL)
			line_add(self, "%s %s: %s", clock, model->app, event->text);
		else
			line_add(self, "%s %s: %s%s%s", clock, event->unit, unit_state_word(event->state),
				 event->text[0] != '\0' ? ", " : "", event->text);
	}
}

/* ---- Telemetry ---- */

void line_tell_telemetry(struct line_dash *self)
{
	const struct telemetry_model *reported = self->model->reported;

	line_add(self, "Usage statistics are %s%s%s", reported->on ? "on" : "off", reported->why != NULL ? ": " : ".",
		 reported->why != NULL ? reported->why : "");
	if (reported->endpoint != NULL)
		line_add(self, "They go to %s.", reported->endpoint);
	for (size_t i = 0; i < reported->source_count; i++)
		line_add(self, "%s says %s%s", reported->sources[i].source, reported->sources[i].says,
			 reported->sources[i].decides ? ", which decides" : "");
	line_add(self, "%zu events were sent or wait in this run; %lld wait, %lld were lost.", reported->event_count,
		 (long long)reported->waiting, (long long)reported->dropped);
	if (reported->ledger_path != NULL)
		line_add(self, "All that was sent stands in %s; sent shows it here.", reported->ledger_path);
	if (reported->on)
		line_add(self, "withdraw ends it at once.");
}

static const char *result_word(enum telemetry_result result)
{
	static const char *const words[] = {
		[TELEMETRY_SENT] = "sent", [TELEMETRY_WAITING] = "waits", [TELEMETRY_REFUSED] = "refused"};

	return words[result];
}

void line_tell_sent(struct line_dash *self)
{
	const struct telemetry_model *reported = self->model->reported;

	if (reported->event_count == 0 || self->sent > reported->event_count) {
		line_add(self, self->sent > 0 ? "There is no such event." : "Nothing was sent in this run.");
		return;
	}
	for (size_t i = 0; i < reported->event_count; i++) {
		const struct sent_event *event = &reported->events[i];
		char clock[PARTS_CLOCK_BYTES];

		if (self->sent != 0 && i + 1 != self->sent)
			continue;
		parts_clock(event->time_wall_ms, clock);
		line_add(self, "%zu: %s %s, %s%s%s", i + 1, clock, event->name, result_word(event->result),
			 event->result_text != NULL ? ", " : "", event->result_text != NULL ? event->result_text : "");
		if (self->sent != 0)
			line_add(self, "%s", event->bytes);
	}
	if (self->sent == 0)
		line_add(self, "sent and a number shows one of them, byte for byte.");
}

/* ---- Help ---- */

void line_tell_help(struct line_dash *self, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < LINE_WORD_COUNT; i++) {
		const struct line_word_row *row = &line_words[i];

		if (word != NULL && strncasecmp(row->word, word, strlen(word)) != 0)
			continue;
		line_add(self, "%s%s%s: %s", row->word, row->arguments[0] != '\0' ? " " : "", row->arguments,
			 row->help);
		count++;
	}
	if (count == 0)
		line_add(self, "There is no word %s.", word);
	if (word == NULL)
		line_add(self, "Words and names may be shortened. Ctrl-D asks how to leave%s.",
			 self->model->attached ? "" : "; Ctrl-C stops the stack");
}
