/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_farewell.h"

#include "config/figure.h"
#include "launcher/client/view.h"
#include "launcher/logs/log_end.h"
#include "launcher/screen/unit_words.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct farewell *self)
{
	return self->view->app != NULL ? self->view->app : self->name;
}

static void write_goes_on(const struct farewell *self, FILE *out)
{
	fprintf(out, "%s goes on: upfront%s attach; stop it: upfront%s down\n", name_of(self), self->project_option,
		self->project_option);
}

/* Who was told to stop has not failed; who was failing until then has. */
static bool has_failed(const struct view_unit *unit)
{
	const bool by_itself =
		unit->has_exited && (unit->exit_signaled ? unit->exit_value != SIGTERM && unit->exit_value != SIGINT &&
								   unit->exit_value != SIGKILL
							 : unit->exit_value != 0 && unit->exit_value != 128 + SIGTERM &&
								   unit->exit_value != 128 + SIGINT);

	if (strcmp(unit->state, "failed") == 0 || (strcmp(unit->state, "back-off") == 0 && unit->crash_exits > 0))
		return true;
	return strcmp(unit->state, "stopped") == 0 && unit->restarts > 0 && by_itself;
}

static const char *service_of(const struct view_unit *unit)
{
	return unit->service != NULL ? unit->service : unit->name;
}

/* "WrenAI ran for 12m: 6 services, 1 of them failed." */
static void write_summary(const struct farewell *self, FILE *out)
{
	const struct view *view = self->view;
	size_t failed = 0, services = 0;
	char ran[FIGURE_BYTES] = "";

	/* Replicas stand together. */
	for (size_t i = 0; i < view->count; i++) {
		failed += has_failed(&view->units[i]) ? 1 : 0;
		services += i == 0 || strcmp(service_of(&view->units[i]), service_of(&view->units[i - 1])) != 0 ? 1 : 0;
	}
	if (view->begin_ms > 0)
		figure_duration(self->now_wall_ms - view->begin_ms, ran, sizeof(ran));
	fprintf(out, "%s %s%s: %zu service%s", name_of(self), ran[0] != '\0' ? "ran for " : "has ended", ran, services,
		services == 1 ? "" : "s");
	if (view->count > services)
		fprintf(out, " (%zu replicas)", view->count);
	if (failed > 0)
		fprintf(out, ", %zu of them failed", failed);
	fputs("\n", out);
}

struct last_words {
	FILE *out;
	bool terminal;
};

static void write_line(void *context, const char *bytes, size_t size_bytes)
{
	const struct last_words *words = context;
	struct plain plain = {.out = words->out, .terminal = words->terminal};

	fputs("    ", words->out);
	plain_write(&plain, &(struct plain_line){.bytes = bytes, .size_bytes = size_bytes});
}

static void write_failure(const struct farewell *self, const struct view_unit *unit, FILE *out)
{
	struct last_words words = {out, self->terminal};
	char how[UNIT_WORDS_MAX];

	unit_words_exit(unit, how, sizeof(how));
	if (how[0] == '\0')
		snprintf(how, sizeof(how), "%s", unit->why != NULL ? unit->why : "why is not known");
	fprintf(out, "%s failed: %s", unit->name, how);
	if (unit->restarts > 0)
		fprintf(out, ", after %d restart%s", unit->restarts, unit->restarts == 1 ? "" : "s");
	fputs("\n", out);
	log_end_each(self->logs, unit->name, FAREWELL_LINES_MAX, write_line, &words);
}

void farewell_write(const struct farewell *self, FILE *out)
{
	size_t told = 0;

	if (self->goes_on) {
		write_goes_on(self, out);
		return;
	}
	write_summary(self, out);
	for (size_t i = 0; i < self->view->count && told < FAREWELL_UNITS_MAX; i++) {
		if (!has_failed(&self->view->units[i]))
			continue;
		write_failure(self, &self->view->units[i], out);
		told++;
	}
	fprintf(out, "read on: upfront%s logs; start again: upfront%s\n", self->project_option, self->project_option);
}
