/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_report.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/client/slow_stop.h"
#include "launcher/project.h"
#include "launcher/screen/screen.h"
#include "launcher/screen/screen_farewell.h"
#include "ui/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GAPS_MS 1000
#define UNREADY_MAX 5u

/* ---- Saying ---- */

static void say(struct follow *self, const char *line)
{
	char *text = text_harmless(line);

	if (text == NULL)
		return;
	outlet_put(&self->news, "upfront: ", strlen("upfront: "));
	outlet_put(&self->news, text, strlen(text));
	outlet_put(&self->news, "\n", 1);
	free(text);
}

void follow_say(struct follow *self, const char *line)
{
	if (self->screen != NULL)
		screen_tell(self->screen, line);
	else if (!self->options->context->globals.quiet)
		say(self, line);
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

void follow_say_engine(struct follow *self)
{
	char *line = news_of_engine(&self->view.engine);

	/* The same view is told again with each unit of a snapshot. */
	if (line != NULL && self->engine_said_away != self->view.engine.away)
		follow_say(self, line);
	self->engine_said_away = self->view.engine.away;
	free(line);
}

void follow_say_up(struct follow *self)
{
	char after[32], *line = NULL;

	follow_end_block(self);
	news_duration(clock_monotonic_ms() - self->options->begin_ms, after, sizeof(after));
	if (asprintf(&line, "%s is up (%s)%s%s", self->options->project->name, after,
		     self->view.open != NULL ? ": " : "", self->view.open != NULL ? self->view.open : "") < 0)
		return;
	follow_say(self, line);
	free(line);
	say_left_out(self);
}

void follow_open_page(struct follow *self)
{
	const struct up_follow_options *options = self->options;
	const char *url = options->open != UP_OPEN_NEVER ? up_open_url(&self->view, options->named) : NULL;
	/* The dashboard has no room for the stack's URL all the time. */
	const bool told = self->screen == NULL && url != NULL && url == self->view.open;
	char *line = NULL;

	if (url != NULL)
		line = up_open_page(options->context, options->open, url, told);
	else if (options->open == UP_OPEN_ASKED)
		follow_say(self, "there is no page to open: x-upfront.open names it in the stack file");
	if (line != NULL)
		follow_say(self, line);
	free(line);
}

void follow_say_unopened(struct follow *self)
{
	if (self->options->open == UP_OPEN_ASKED)
		follow_say(self, "--open opened no page, as not everything is ready yet: with --wait it does");
}

void follow_say_started(struct follow *self)
{
	char *line = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&line, &size);

	follow_end_block(self);
	if (out == NULL)
		return;
	fprintf(out, "%s is started", self->options->project->name);
	for (size_t i = 0; i < self->view.count; i++) {
		const struct view_unit *unit = &self->view.units[i];

		if (!unit->wanted || unit->settled)
			continue;
		if (count < UNREADY_MAX)
			fprintf(out, "%s%s", count == 0 ? ", not ready yet: " : ", ", unit->name);
		count++;
	}
	if (count > UNREADY_MAX)
		fprintf(out, " and %zu more", count - UNREADY_MAX);
	if (count > 0)
		fprintf(out, " (upfront%s ps)", project_option(self->options->project));
	if (fclose(out) == 0)
		follow_say(self, line);
	free(line);
}

static void print_plain(struct follow *self, struct outlet *to, const struct plain_line *line)
{
	rewind(self->format);
	plain_write(&self->plain, line);
	if (fflush(self->format) == 0)
		outlet_put(to, self->text, self->text_bytes);
}

/* The prefix is what a line without text looks like; made once for each service. */
static const struct log_prefix *prefix_of(struct follow *self, const char *name, size_t index)
{
	const struct view_unit *unit;
	struct log_prefix *grown, *prefix;

	if (index >= self->prefix_count) {
		grown = reallocarray(self->prefixes, index + 1, sizeof(*grown));
		if (grown == NULL)
			return NULL;
		memset(grown + self->prefix_count, 0, (index + 1 - self->prefix_count) * sizeof(*grown));
		self->prefixes = grown;
		self->prefix_count = index + 1;
	}
	prefix = &self->prefixes[index];
	if (prefix->bytes != NULL)
		return prefix;
	unit = view_find_name(&self->view, name);
	prefix->unit = unit != NULL ? unit->id : (unsigned)index;
	rewind(self->format);
	plain_write(&self->plain, &(struct plain_line){.service = name, .index = prefix->unit, .bytes = ""});
	if (fflush(self->format) != 0 || self->text_bytes == 0 || (prefix->bytes = malloc(self->text_bytes)) == NULL)
		return NULL;
	prefix->size_bytes = self->text_bytes - 1;
	memcpy(prefix->bytes, self->text, prefix->size_bytes);
	return prefix;
}

void follow_print_line(struct follow *self, const struct log_archive_line *from)
{
	const struct log_prefix *prefix = prefix_of(self, from->unit, from->index);
	const struct plain_line line = {
		.service = from->unit,
		.index = prefix != NULL ? prefix->unit : (unsigned)from->index,
		.bytes = from->bytes,
		.size_bytes = from->size_bytes,
		.time_ms = from->time_ms,
		.partial = from->partial,
	};

	if (prefix == NULL || self->plain.timestamps ||
	    (self->plain.terminal && (from->partial || !plain_is_clean(from->bytes, from->size_bytes)))) {
		print_plain(self, &self->out, &line);
		return;
	}
	outlet_put_line(&self->out, prefix->bytes, prefix->size_bytes, from->bytes, from->size_bytes);
}

void follow_add_gap(struct follow *self, const char *service, uint64_t size_bytes)
{
	struct log_gap *grown;

	for (size_t i = 0; i < self->gap_count; i++) {
		if (strcmp(self->gaps[i].name, service) == 0) {
			self->gaps[i].size_bytes += size_bytes;
			return;
		}
	}
	grown = reallocarray(self->gaps, self->gap_count + 1, sizeof(*grown));
	if (grown == NULL)
		return;
	self->gaps = grown;
	grown[self->gap_count] = (struct log_gap){strdup(service), size_bytes};
	self->gap_count += grown[self->gap_count].name != NULL ? 1 : 0;
}

static void say_gap(struct follow *self, struct log_gap *gap)
{
	char size[32], *line = NULL;

	news_size((double)gap->size_bytes, size, sizeof(size));
	gap->size_bytes = 0;
	if (asprintf(&line, "%s of %s were left out here: they came faster than they could be shown", size, gap->name) <
	    0)
		return;
	say(self, line);
	free(line);
}

void follow_say_gaps(struct follow *self, bool at_once)
{
	int64_t now_ms = self->gap_count > 0 ? clock_monotonic_ms() : 0;

	if (self->gap_count == 0 || (!at_once && self->gaps_said_ms != 0 && now_ms - self->gaps_said_ms < GAPS_MS))
		return;
	for (size_t i = 0; i < self->gap_count; i++) {
		if (self->gaps[i].size_bytes == 0)
			continue;
		say_gap(self, &self->gaps[i]);
		self->gaps_said_ms = now_ms;
	}
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

/* Of a stack that stays up the end is far away, or never comes: why one of it failed is said at once. */
static char *news_of_failure(struct follow *self, const struct view_unit *unit)
{
	char *line;

	if (!view_is(&self->view, "up") || strcmp(unit->state, "failed") != 0 || strcmp(unit->before, "failed") == 0 ||
	    unit->why == NULL || asprintf(&line, "%s has failed: %s", unit->name, unit->why) < 0)
		return NULL;
	strmap_set(&self->left_out, unit->name, "");
	return line;
}

/* What the block shows as well; trouble is told in any case, for it may have passed before anybody has seen it there. */
static bool is_shown(const struct follow *self, const struct view_unit *unit)
{
	static const char *const good[] = {"ready", "running", "completed", "stopped"};

	for (size_t i = 0; block_is_on(self->live.block) && i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(unit->state, good[i]) == 0)
			return true;
	return false;
}

void follow_say_change(struct follow *self, const struct view_unit *unit)
{
	char *line = news_of_trouble(unit);

	if (line != NULL)
		follow_say(self, line);
	free(line);
	/* The block has a bar for it. */
	line = block_is_on(self->live.block) ? NULL : up_pulls_take(&self->pulls, unit, clock_monotonic_ms());
	if (line != NULL)
		follow_say(self, line);
	free(line);
	line = news_of_failure(self, unit);
	if (line == NULL && !is_shown(self, unit))
		line = news_of_unit(unit);
	if (line == NULL && self->options->context->globals.verbose)
		line = every_change(unit);
	if (line != NULL)
		follow_say(self, line);
	free(line);
}

void follow_say_slow(struct follow *self)
{
	char *line = slow_stop_line(&self->view, clock_monotonic_ms());

	/* The block counts down to it. */
	if (line != NULL && !block_is_on(self->live.block))
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
	err_hint(self->err, "upfront%s logs shows what the services wrote", project_option(self->options->project));
}

/* ---- The end ---- */

static void put_last_word(void *context, const char *bytes, size_t size_bytes)
{
	struct follow *self = context;
	print_plain(self, &self->news, &(struct plain_line){.bytes = bytes, .size_bytes = size_bytes});
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
	err_hint(self->err, "start the stack again with: upfront%s up", project_option(self->options->project));
	return ERR_INTERNAL;
}

/* It ended of its own will before it could answer anybody: what it had to say stands in the state folder. */
static int report_no_beginning(struct follow *self, int code)
{
	char *why = project_last_end(self->options->project);

	if (why == NULL)
		return report_crash(self, "supervisor process");
	err_set(self->err, (enum err_code)code, "%s", why);
	free(why);
	return code;
}

void follow_say_farewell(struct follow *self)
{
	const struct farewell farewell = {
		.view = &self->view,
		.name = self->options->project->name,
		.project_option = project_option(self->options->project),
		.logs = self->options->logs,
		.now_wall_ms = clock_wall_ms(),
		.goes_on = self->end == FOLLOW_LEFT,
		.terminal = true,
	};

	rewind(self->format);
	farewell_write(&farewell, self->format);
	if (fflush(self->format) == 0)
		outlet_put(&self->news, self->text, self->text_bytes);
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

/* Tests that never began must not look like tests that passed. */
static int report_never_ran(struct follow *self)
{
	err_set(self->err, ERR_FAILED, "--exit-code-from: %s never ran: the stack ended before it was its turn",
		self->abort.from);
	err_hint(self->err, "what has to end well first is said by depends_on: {NAME: {condition: "
			    "service_completed_successfully}}");
	return ERR_FAILED;
}

int follow_report_over(struct follow *self)
{
	const bool guard_well = self->guard_end.si_code == CLD_EXITED;
	const int code = guard_well ? self->guard_end.si_status : ERR_INTERNAL;

	if (!guard_well)
		return report_crash(self, "guard process");
	if (self->timed_out)
		return ERR_TIMEOUT;
	if (code != 0 && !view_is(&self->view, "over") && !err_is_set(&self->view.failure))
		return report_no_beginning(self, code);
	if (self->stop_signal == 0 && !self->reader_gone)
		show_last_words(self);
	say_failure(self);
	/* A service that has failed is no reason not to end well; that something could not be ended is. */
	if (self->stop_signal != 0 && self->was_up)
		return err_is_set(&self->view.failure) && self->view.failed_unit == NULL ? code : 0;
	if (self->stop_signal != 0)
		return 128 + self->stop_signal;
	if (self->reader_gone)
		return 0;
	if (code == 0 && up_abort_never_ran(&self->abort))
		return report_never_ran(self);
	if (up_abort_code(&self->abort, -1) >= 0)
		return up_abort_code(&self->abort, code);
	if (code != 0 && code < 128 && !err_is_set(&self->view.failure))
		err_set(self->err, ERR_FAILED, "project '%s' ended with code %d", self->options->project->name, code);
	return code;
}
