/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_report.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/log_reader.h"
#include "launcher/command/news.h"
#include "launcher/project.h"
#include "ui/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Saying ---- */

void follow_say(struct follow *self, const char *line)
{
	char *text = self->options->context->globals.quiet ? NULL : text_harmless(line);

	if (text == NULL)
		return;
	outlet_put(&self->news, "upfront: ", strlen("upfront: "));
	outlet_put(&self->news, text, strlen(text));
	outlet_put(&self->news, "\n", 1);
	free(text);
}

/* Who failed and was not needed: before the stack was up it could still have been the end of it. */
static void say_left_out(struct follow *self)
{
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];
		char *line = unit->wanted && !unit->settled ? news_why_not_ready(unit) : NULL;

		if (line != NULL) {
			follow_say(self, line);
			strmap_set(&self->left_out, unit->name, "");
		}
		free(line);
	}
}

void follow_say_up(struct follow *self)
{
	char after[32], *line = NULL;

	news_duration(clock_monotonic_ms() - self->options->begin_ms, after, sizeof(after));
	if (asprintf(&line, "%s is up (%s)%s%s", self->options->project->name, after,
		     self->view.open != NULL ? ": " : "", self->view.open != NULL ? self->view.open : "") < 0)
		return;
	follow_say(self, line);
	free(line);
	say_left_out(self);
}

void follow_print_line(struct follow *self, struct outlet *to, const char *service, const struct log_frame *frame)
{
	const struct plain_line line = {
		.service = service,
		.index = frame->unit,
		.bytes = frame->bytes,
		.size_bytes = frame->size_bytes,
		.time_ms = frame->time_ms,
		.partial = frame->partial,
	};

	rewind(self->format);
	plain_write(&self->plain, &line);
	if (fflush(self->format) == 0)
		outlet_put(to, self->text, self->text_bytes);
}

/* With -v: what is no news by itself, back-off and waiting included. */
static char *every_change(const struct view_unit *unit)
{
	const bool why = unit->why != NULL && unit->why[0] != '\0';
	char *line;

	if (strcmp(unit->state, unit->before) == 0)
		return NULL;
	return asprintf(&line, "%s is %s%s%s", unit->name, unit->state, why ? ": " : "", why ? unit->why : "") >= 0
		       ? line
		       : NULL;
}

void follow_say_change(struct follow *self, const struct view_unit *unit)
{
	char *line = news_of_unit(unit);

	if (line == NULL && self->options->context->globals.verbose)
		line = every_change(unit);
	if (line != NULL)
		follow_say(self, line);
	free(line);
}

void follow_say_abort(struct follow *self, const struct view_unit *unit)
{
	char *end = news_of_end(unit), *line = NULL;

	if (end != NULL && asprintf(&line, "%s, so the stack is taken down", end) >= 0)
		follow_say(self, line);
	free(line);
	free(end);
}

/* ---- Not ready in time ---- */

/* Probes that only fail again change no state and make no event: the latest answers are asked for. */
static void refresh(struct follow *self)
{
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	int status;

	if (ctl_client_call(&self->options->client, "GET", "/v1/services", NULL, FOLLOW_CALL_MS, &status, &answer,
			    &trouble) == 0)
		view_take_services(&self->view, answer, &trouble);
	free(answer);
	err_finish(&trouble);
}

void follow_add_unready(struct follow *self)
{
	char limit[32];

	refresh(self);
	news_duration(self->options->wait_timeout_ms, limit, sizeof(limit));
	err_set(self->err, ERR_TIMEOUT, "project '%s' was not ready after %s, so it was taken down",
		self->options->project->name, limit);
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];
		char *text = unit->wanted && !unit->settled ? news_why_not_ready(unit) : NULL;

		if (text != NULL)
			err_set(self->err, ERR_TIMEOUT, "%s", text);
		free(text);
	}
	err_hint(self->err, "upfront logs shows what the services wrote");
}

/* ---- The end ---- */

static void put_last_word(void *context, const char *bytes, size_t size_bytes)
{
	struct follow *self = context;
	const struct log_frame frame = {.bytes = bytes, .size_bytes = size_bytes};

	follow_print_line(self, &self->news, NULL, &frame);
}

/* A foreground `up` has shown everything already. */
static void show_last_words(struct follow *self)
{
	const struct view_unit *unit = view_find_name(&self->view, self->view.failed_unit);
	char *line = NULL;

	if (!self->options->detach || unit == NULL || last_words_count(&self->last_words, unit->id) == 0 ||
	    asprintf(&line, "the last lines of %s:", unit->name) < 0)
		return;
	follow_say(self, line);
	free(line);
	/* They belong to the error, and so to stderr. */
	self->plain.prefix = false;
	self->plain.terminal = isatty(STDERR_FILENO) == 1;
	last_words_each(&self->last_words, unit->id, put_last_word, self);
}

static int report_crash(struct follow *self, const char *who)
{
	err_set(self->err, ERR_INTERNAL, "the %s ended unexpectedly; every service was ended", who);
	err_hint(self->err, "start the stack again with: upfront up");
	return ERR_INTERNAL;
}

/* Its own words of the one failure that ended the stack; others that failed have had a short line only. */
static void say_failure(struct follow *self)
{
	char *text = err_render(&self->view.failure, "upfront");

	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];
		char *line = NULL;

		if (strcmp(unit->state, "failed") != 0 || unit->why == NULL ||
		    strmap_has(&self->left_out, unit->name) ||
		    (self->view.failed_unit != NULL && strcmp(unit->name, self->view.failed_unit) == 0))
			continue;
		if (asprintf(&line, "%s failed: %s", unit->name, unit->why) >= 0)
			follow_say(self, line);
		free(line);
	}
	if (text != NULL && err_is_set(&self->view.failure))
		outlet_put(&self->news, text, strlen(text));
	free(text);
}

int follow_report_over(struct follow *self)
{
	const bool guard_well = self->guard_end.si_code == CLD_EXITED;
	const int code = guard_well ? self->guard_end.si_status : ERR_INTERNAL;

	if (!guard_well)
		return report_crash(self, "guard process");
	if (code != 0 && !view_is(&self->view, "over") && !err_is_set(&self->view.failure))
		return report_crash(self, "supervisor process");
	if (self->timed_out)
		return ERR_TIMEOUT;
	if (self->stop_signal == 0 && !self->reader_gone)
		show_last_words(self);
	say_failure(self);
	if (self->stop_signal != 0)
		return self->was_up ? 0 : 128 + self->stop_signal;
	if (self->reader_gone)
		return 0;
	if (up_abort_code(&self->abort, -1) >= 0)
		return up_abort_code(&self->abort, code);
	if (code != 0 && code < 128 && !err_is_set(&self->view.failure))
		err_set(self->err, ERR_FAILED, "project '%s' ended with code %d", self->options->project->name, code);
	return code;
}
