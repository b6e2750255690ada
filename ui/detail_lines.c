/* SPDX-License-Identifier: MIT */
#include "ui/detail_lines.h"

#include "config/figure.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 13u
#define NAME_COLUMNS_MAX 24u
/* So many of a list are shown before it is unfolded. */
#define FOLDED_MAX 3u
/* The same of variables that the stack file declares or upfront lays over. */
#define FOLDED_OWN_MAX 12u
#define VALUE_BYTES 1024u

struct walk {
	const struct screen_context *screen;
	const struct unit_model *unit;
	const struct detail_model *detail;
	bool unfolded;
	detail_take *take;
	void *taker;
};

static bool is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void give_role(const struct walk *self, const char *label, const char *value, enum theme_role role)
{
	struct detail_line line = {
		.label = label, .value = value, .copied = value, .label_columns = LABEL_COLUMNS, .role = role};

	if (is_said(value))
		self->take(self->taker, &line);
}

static void give(const struct walk *self, const char *label, const char *value)
{
	give_role(self, label, value, ROLE_PLAIN);
}

/* A line below the label of its section. */
static void give_below(const struct walk *self, const char *value)
{
	struct detail_line line = {.label = "", .value = value, .copied = value, .indent = 2};

	self->take(self->taker, &line);
}

static void give_fold(const struct walk *self, size_t left_out)
{
	char text[64], key[KEY_NAME_MAX];

	snprintf(text, sizeof(text), "... %zu more, %s", left_out,
		 parts_key(self->screen, KEY_SCREEN_DETAIL, ACTION_CHOOSE, key));
	if (left_out > 0)
		give_below(self, text);
}

static size_t shown_of(const struct walk *self, size_t count)
{
	/* Nobody is served by "1 more". */
	return self->unfolded || count <= FOLDED_MAX + 1 ? count : FOLDED_MAX;
}

/* ---- Sections ---- */

static void give_why(const struct walk *self)
{
	const char *why = self->detail != NULL && is_said(self->detail->why) ? self->detail->why : self->unit->why;
	const char *next = self->unit->outlook;

	give_role(self, "Why", why,
		  unit_state_is_problem(self->unit->state) ? unit_state_role(self->unit->state) : ROLE_PLAIN);
	/* The sentence begins with what stands above already. */
	const char *again = is_said(why) && is_said(next) ? strstr(next, why) : NULL;
	if (again != NULL)
		next = again + strlen(why) + strspn(again + strlen(why), ". ");
	give(self, "Next", next);
	if (self->detail == NULL || self->detail->exit_count == 0)
		give(self, "Last end", self->unit->last_exit);
}

static void give_last_words(const struct walk *self)
{
	const char *const *words = self->detail->last_words;

	if (words[0] == NULL)
		return;
	give(self, "Last words", " ");
	for (; *words != NULL; words++)
		give_below(self, *words);
}

static const char *probe_words(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	bool ever = self->unit->start.ready_ms >= 0 || self->unit->state == UNIT_READY;

	for (size_t i = 0; i < detail->answer_count; i++)
		ever = ever || detail->answers[i].ok;
	if (ever)
		return "";
	return detail->answer_count > 0 ? " - never answered well" : " - never answered";
}

/* "refused x5", and from when to when. */
static void give_answers(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	size_t shown = shown_of(self, detail->answer_count);

	for (size_t i = detail->answer_count - shown; i < detail->answer_count; i++) {
		const struct probe_answer *answer = &detail->answers[i];
		struct parts_text text = {.text = (char[VALUE_BYTES]){""}, .size_bytes = VALUE_BYTES};
		char from[PARTS_CLOCK_BYTES], to[PARTS_CLOCK_BYTES];

		parts_clock(answer->time_wall_ms, from);
		parts_add(&text, "%s", is_said(answer->text) ? answer->text : answer->ok ? "well" : "no answer");
		if (answer->count > 1)
			parts_add(&text, " x%u", answer->count);
		parts_add(&text, answer->count > 1 && i + 1 == detail->answer_count ? "  since %s" : "  %s", from);
		if (answer->count > 1 && i + 1 < detail->answer_count) {
			parts_clock(detail->answers[i + 1].time_wall_ms, to);
			if (strcmp(from, to) != 0)
				parts_add(&text, " to %s", to);
		}
		give_below(self, text.text);
	}
	give_fold(self, detail->answer_count - shown);
}

static void give_probe(const struct walk *self)
{
	char value[VALUE_BYTES];

	if (is_said(self->detail->probe)) {
		snprintf(value, sizeof(value), "%s%s", self->detail->probe, probe_words(self));
		struct detail_line line = {.label = "Probe",
					   .value = value,
					   .copied = self->detail->probe,
					   .label_columns = LABEL_COLUMNS};
		self->take(self->taker, &line);
	} else if (self->unit->container && self->detail->answer_count > 0) {
		give(self, "Probe", "its health check, which the container engine runs");
	}
	give_answers(self);
}

static void give_ends(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	size_t shown = shown_of(self, detail->exit_count);
	char value[VALUE_BYTES], clock[PARTS_CLOCK_BYTES], ran[FIGURE_BYTES];

	if (self->unit->restarts > 0) {
		snprintf(value, sizeof(value), "%d", self->unit->restarts);
		give(self, "Restarts", value);
	}
	if (detail->exit_count == 0)
		return;
	give(self, "Ends", " ");
	for (size_t i = detail->exit_count - shown; i < detail->exit_count; i++) {
		parts_clock(detail->exits[i].time_wall_ms, clock);
		figure_duration(detail->exits[i].ran_ms, ran, sizeof(ran));
		snprintf(value, sizeof(value), "%s  %s%s%s", clock,
			 detail->exits[i].how != NULL ? detail->exits[i].how : "ended", ran[0] != '\0' ? " after " : "",
			 ran);
		give_below(self, value);
	}
	give_fold(self, detail->exit_count - shown);
}

/* Of the replicas the one that is worst; NULL: there is none. */
static const struct unit_model *worst_of(const struct stack_model *model, const char *service)
{
	const struct unit_model *worst = NULL;

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		if ((strcmp(unit->service, service) == 0 || strcmp(unit->name, service) == 0) &&
		    (worst == NULL || unit_state_rank(unit->state) < unit_state_rank(worst->state)))
			worst = unit;
	}
	return worst;
}

/* "migrate = done" */
static void add_state(const struct walk *self, struct parts_text *text, const char *service)
{
	const struct unit_model *unit = worst_of(self->screen->model, service);
	char sign[5] = "";

	if (unit != NULL)
		sign[text_encode(unit_state_sign(unit->state, self->screen->theme), sign)] = '\0';
	parts_add(text, "%s %s %s", service, unit != NULL ? sign : "?",
		  unit != NULL ? unit_state_word(unit->state) : "not there");
}

static void give_needs(const struct walk *self)
{
	const struct unit_need *needs = self->detail != NULL ? self->detail->needs : self->unit->needs;
	size_t count = self->detail != NULL ? self->detail->need_count : self->unit->need_count;

	for (size_t i = 0; i < count; i++) {
		struct parts_text text = {.text = (char[VALUE_BYTES]){""}, .size_bytes = VALUE_BYTES};

		add_state(self, &text, needs[i].service);
		parts_add(&text, ", has to be %s: %s", needs[i].condition, needs[i].met ? "yes" : "not yet");
		struct detail_line line = {.label = i == 0 ? "Needs" : "",
					   .value = text.text,
					   .copied = needs[i].service,
					   .label_columns = LABEL_COLUMNS,
					   .role = needs[i].met ? ROLE_PLAIN : ROLE_WARN};
		self->take(self->taker, &line);
	}
}

static void give_needed_by(const struct walk *self)
{
	for (size_t i = 0; self->detail->needed_by[i] != NULL; i++) {
		struct parts_text text = {.text = (char[VALUE_BYTES]){""}, .size_bytes = VALUE_BYTES};

		add_state(self, &text, self->detail->needed_by[i]);
		struct detail_line line = {.label = i == 0 ? "Needed by" : "",
					   .value = text.text,
					   .copied = self->detail->needed_by[i],
					   .label_columns = LABEL_COLUMNS};
		self->take(self->taker, &line);
	}
}

static void give_process(const struct walk *self, const char *label, const struct process_model *process)
{
	char value[VALUE_BYTES], bytes[FIGURE_BYTES], pid[FIGURE_BYTES];

	figure_bytes(process->rss_bytes, bytes, sizeof(bytes));
	snprintf(pid, sizeof(pid), "%lld", (long long)process->pid);
	snprintf(value, sizeof(value), "%s%s%s%s%s", pid, process->name != NULL ? " " : "",
		 process->name != NULL ? process->name : "", process->rss_bytes >= 0 ? "  " : "",
		 process->rss_bytes >= 0 ? bytes : "");
	struct detail_line line = {.label = label, .value = value, .copied = pid, .label_columns = LABEL_COLUMNS};
	self->take(self->taker, &line);
}

static void give_processes(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	const struct process_model own = {self->unit->pid, NULL, self->unit->rss_bytes};
	size_t count = detail != NULL ? detail->process_count : 0, shown = shown_of(self, count);

	for (size_t i = 0; i < shown; i++)
		give_process(self, i == 0 ? "Processes" : "", &detail->processes[i]);
	if (count > shown) {
		give_fold(self, count - shown + detail->processes_left_out);
	} else if (count > 0 && detail->processes_left_out > 0) {
		char text[64];
		snprintf(text, sizeof(text), "and %zu more", detail->processes_left_out);
		give_below(self, text);
	}
	if (count == 0 && own.pid >= 0)
		give_process(self, "Process", &own);
	if (count == 0 && own.pid < 0 && self->unit->start.launched_ms >= 0)
		give(self, "Process", "none runs now");
}

static void give_log(const struct walk *self)
{
	char value[VALUE_BYTES], bytes[FIGURE_BYTES];

	if (!is_said(self->detail->log_path))
		return;
	figure_bytes(self->detail->log_bytes, bytes, sizeof(bytes));
	snprintf(value, sizeof(value), "%s  %s", self->detail->log_path, bytes);
	struct detail_line line = {
		.label = "Log", .value = value, .copied = self->detail->log_path, .label_columns = LABEL_COLUMNS};
	self->take(self->taker, &line);
}

static unsigned names_columns(const struct walk *self, size_t count)
{
	unsigned longest = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = self->detail->variables[i].name;
		unsigned own = text_columns(name, strlen(name), self->screen->theme->utf8);
		if (own <= NAME_COLUMNS_MAX && own > longest)
			longest = own;
	}
	return longest + 2;
}

/* What is inherited is the same for all services: it is not what one looks for. */
static size_t variables_shown(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	size_t own = 0;

	while (own < detail->variable_count && own < FOLDED_OWN_MAX &&
	       (detail->variables[own].declared || detail->variables[own].telemetry))
		own++;
	if (self->unfolded || own + 1 == detail->variable_count)
		return detail->variable_count;
	return own > 0 ? own : shown_of(self, detail->variable_count);
}

static void give_environment(const struct walk *self)
{
	const struct detail_model *detail = self->detail;
	size_t shown = variables_shown(self), secret = 0;
	unsigned columns = names_columns(self, detail->variable_count);
	char value[64];

	if (detail->variable_count == 0)
		return;
	for (size_t i = 0; i < detail->variable_count; i++)
		secret += detail->variables[i].secret;
	snprintf(value, sizeof(value), secret > 0 ? "%zu values, %zu secret" : "%zu values", detail->variable_count,
		 secret);
	give(self, "Environment", value);
	for (size_t i = 0; i < shown; i++) {
		const struct variable_model *variable = &detail->variables[i];
		const char *text = variable->value != NULL ? variable->value : "";
		struct detail_line line = {.label = variable->name,
					   .value = text,
					   .copied = text,
					   .indent = 2,
					   .label_columns = columns,
					   .role = variable->telemetry ? ROLE_NOTE : ROLE_PLAIN,
					   .secret = variable->secret && text[0] != '\0' &&
						     strspn(text, "*") == strlen(text)};
		self->take(self->taker, &line);
	}
	give_fold(self, detail->variable_count - shown);
}

/* What the model of all units says of it. */
static void give_figures(const struct walk *self)
{
	const struct unit_model *unit = self->unit;
	char value[64];

	if (unit->started_ms >= 0) {
		figure_uptime(self->screen->model->now_ms - unit->started_ms, value, sizeof(value));
		give(self, "Up", value);
	}
	give(self, "Ports", unit->ports);
	give(self, "URL", unit->open);
}

void detail_lines_walk(const struct screen_context *context, const struct unit_model *unit,
		       const struct detail_model *detail, bool unfolded, detail_take *take, void *taker)
{
	const struct walk self = {
		.screen = context, .unit = unit, .detail = detail, .unfolded = unfolded, .take = take, .taker = taker};
	/* Of one that is well they explain nothing: what it is stands first. */
	const bool is_problem = unit_state_is_problem(unit->state);

	give_why(&self);
	if (detail != NULL) {
		if (is_problem)
			give_last_words(&self);
		give(&self, "Image", unit->image);
		give(&self, "Container", unit->container_id);
		give(&self, "Command", detail->command);
		give(&self, "Folder", detail->dir);
		give(&self, "User", detail->user);
		give(&self, "Version", detail->version);
		give_probe(&self);
		give_ends(&self);
		give(&self, "Restart", detail->restart);
		give(&self, "Stop", detail->stop);
	}
	give_needs(&self);
	if (detail != NULL)
		give_needed_by(&self);
	give_processes(&self);
	give_figures(&self);
	if (detail == NULL) {
		give(&self, "The rest", "asking...");
		return;
	}
	give_log(&self);
	give(&self, "Stack file", detail->place);
	if (!is_problem)
		give_last_words(&self);
	give_environment(&self);
}
