/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_detail.h"

#include "config/err.h"
#include "config/figure.h"
#include "launcher/client/detail.h"
#include "launcher/client/view.h"
#include "launcher/logs/log_end.h"
#include "launcher/screen/unit_words.h"
#include "ui/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct screen_detail {
	struct detail detail;
	struct detail_model model;
	struct probe_answer answers[DETAIL_ANSWERS_MAX];
	struct unit_exit exits[DETAIL_EXITS_MAX];
	char how[DETAIL_EXITS_MAX][32];
	struct process_model processes[DETAIL_PROCESSES_MAX];
	struct unit_need *needs;
	const char **needed_by;
	struct variable_model *variables;
	char why[2 * UNIT_WORDS_MAX], restart[96], stop[96], probe[512], place[512];
	char *last_words[SCREEN_LAST_WORDS + 1];
	size_t word_count;
};

static const char *const nobody[] = {NULL};

struct screen_detail *screen_detail_create(void)
{
	struct screen_detail *self = calloc(1, sizeof(*self));

	if (self != NULL)
		detail_init(&self->detail);
	return self;
}

static void forget_last_words(struct screen_detail *self)
{
	for (size_t i = 0; i < self->word_count; i++)
		free(self->last_words[i]);
	self->word_count = 0;
	memset(self->last_words, 0, sizeof(self->last_words));
}

void screen_detail_destroy(struct screen_detail *self)
{
	if (self == NULL)
		return;
	detail_finish(&self->detail);
	forget_last_words(self);
	free(self->needs);
	free(self->needed_by);
	free(self->variables);
	free(self);
}

/* ---- Sentences ---- */

static void say_restart(struct screen_detail *self)
{
	const struct detail *from = &self->detail;

	if (from->restart != NULL && from->restart_limit > 0)
		snprintf(self->restart, sizeof(self->restart), "%s, at most %d times", from->restart,
			 from->restart_limit);
	else
		snprintf(self->restart, sizeof(self->restart), "%s", from->restart != NULL ? from->restart : "");
}

static void say_stop(struct screen_detail *self)
{
	char grace[FIGURE_BYTES];

	figure_duration(self->detail.stop_grace_ms, grace, sizeof(grace));
	snprintf(self->stop, sizeof(self->stop), "%s, SIGKILL after %s",
		 self->detail.stop_signal != NULL ? self->detail.stop_signal : "SIGTERM", grace);
}

static const char *say_probe(struct screen_detail *self)
{
	const struct detail *from = &self->detail;
	char every[FIGURE_BYTES];

	if (from->probe_kind == NULL)
		return NULL;
	/* When it asks is its own matter. */
	if (strcmp(from->probe_kind, "engine") == 0)
		return "the container's health check, asked by its engine";
	figure_duration(from->probe_interval_ms, every, sizeof(every));
	/* A URL says itself that it is http. */
	const bool is_url = from->probe_target != NULL && strncmp(from->probe_target, "http://", 7) == 0;
	snprintf(self->probe, sizeof(self->probe), "%s%s%s every %s", is_url ? "" : from->probe_kind,
		 from->probe_target != NULL && !is_url ? " " : "", from->probe_target != NULL ? from->probe_target : "",
		 every);
	return self->probe;
}

static const char *say_place(struct screen_detail *self)
{
	const char *slash = self->detail.file != NULL ? strrchr(self->detail.file, '/') : NULL;

	if (self->detail.file == NULL)
		return NULL;
	snprintf(self->place, sizeof(self->place), "%s:%d", slash != NULL ? slash + 1 : self->detail.file,
		 self->detail.line);
	return self->place;
}

static const char *say_why(struct screen_detail *self, const struct view_unit *unit)
{
	/* What happens next is said apart. */
	if (unit->why != NULL && unit->why[0] != '\0')
		snprintf(self->why, sizeof(self->why), "%s", unit->why);
	else
		unit_words_why(unit, self->why, sizeof(self->why));
	return self->why[0] != '\0' ? self->why : NULL;
}

/* ---- The end of the log ---- */

static void take_last_word(void *context, const char *bytes, size_t size_bytes)
{
	struct screen_detail *self = context;

	if (self->word_count < SCREEN_LAST_WORDS)
		self->last_words[self->word_count++] = strndup(bytes, size_bytes);
}

/* ---- Lists ---- */

static int make_room(struct screen_detail *self)
{
	const struct detail *from = &self->detail;
	struct unit_need *needs = reallocarray(self->needs, from->need_count + 1, sizeof(*needs));
	const char **needed_by;
	struct variable_model *variables;

	if (needs != NULL)
		self->needs = needs;
	needed_by = reallocarray(self->needed_by, from->needed_by_count + 1, sizeof(*needed_by));
	if (needed_by != NULL)
		self->needed_by = needed_by;
	variables = reallocarray(self->variables, from->variable_count + 1, sizeof(*variables));
	if (variables != NULL)
		self->variables = variables;
	return needs != NULL && needed_by != NULL && variables != NULL ? 0 : -ENOMEM;
}

static void take_history(struct screen_detail *self)
{
	const struct detail *from = &self->detail;

	for (size_t i = 0; i < from->answer_count; i++)
		self->answers[i] = (struct probe_answer){
			.time_wall_ms = from->answers[i].time_ms,
			.ok = from->answers[i].ok,
			.text = from->answers[i].text,
			.count = (unsigned)from->answers[i].count,
		};
	for (size_t i = 0; i < from->exit_count; i++) {
		if (from->exits[i].signal != NULL)
			snprintf(self->how[i], sizeof(self->how[i]), "%s", from->exits[i].signal);
		else
			snprintf(self->how[i], sizeof(self->how[i]), "code %d", from->exits[i].code);
		self->exits[i] = (struct unit_exit){from->exits[i].time_ms, from->exits[i].ran_ms, self->how[i]};
	}
}

static void take_lists(struct screen_detail *self)
{
	const struct detail *from = &self->detail;

	for (size_t i = 0; i < from->process_count; i++)
		self->processes[i] = (struct process_model){from->processes[i].pid, from->processes[i].name,
							    from->processes[i].rss_bytes};
	for (size_t i = 0; i < from->need_count; i++)
		self->needs[i] = (struct unit_need){from->needs[i].service,
						    unit_words_condition(from->needs[i].condition), from->needs[i].met};
	for (size_t i = 0; i < from->needed_by_count; i++)
		self->needed_by[i] = from->needed_by[i];
	self->needed_by[from->needed_by_count] = NULL;
	for (size_t i = 0; i < from->variable_count; i++)
		self->variables[i] = (struct variable_model){from->variables[i].name, from->variables[i].value,
							     from->variables[i].secret, from->variables[i].telemetry,
							     from->variables[i].declared};
}

const struct detail_model *screen_detail_take(struct screen_detail *self, const struct view_unit *unit,
					      const char *logs, const char *answer, size_t size_bytes, struct err *err)
{
	struct detail detail;

	detail_init(&detail);
	if (detail_read(&detail, answer, size_bytes, err) < 0)
		return NULL;
	if (strcmp(detail.name, unit->name) != 0) {
		err_set(err, ERR_FAILED, "the answer is about %s, not about %s", detail.name, unit->name);
		detail_finish(&detail);
		return NULL;
	}
	detail_finish(&self->detail);
	self->detail = detail;
	forget_last_words(self);
	if (make_room(self) < 0) {
		/* What it pointed at is gone: it is nobody's story now. */
		self->model =
			(struct detail_model){.needed_by = nobody, .last_words = (const char *const *)self->last_words};
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	say_restart(self);
	say_stop(self);
	take_history(self);
	take_lists(self);
	log_end_each(logs, unit->name, SCREEN_LAST_WORDS, take_last_word, self);
	self->model = (struct detail_model){
		.unit = unit->id + 1,
		.why = say_why(self, unit),
		.command = detail.command,
		.dir = detail.dir,
		.user = detail.user,
		.version = detail.service_version,
		.restart = self->restart[0] != '\0' ? self->restart : NULL,
		.stop = self->stop,
		.probe = say_probe(self),
		.answers = self->answers,
		.answer_count = detail.answer_count,
		.exits = self->exits,
		.exit_count = detail.exit_count,
		.needs = self->needs,
		.need_count = detail.need_count,
		.needed_by = self->needed_by,
		.processes = self->processes,
		.process_count = detail.process_count,
		.processes_left_out = detail.more_processes > 0 ? (size_t)detail.more_processes : 0,
		.variables = self->variables,
		.variable_count = detail.variable_count,
		.log_path = detail.log_path,
		.log_bytes = detail.log_bytes,
		.place = say_place(self),
		.last_words = (const char *const *)self->last_words,
	};
	return &self->model;
}
