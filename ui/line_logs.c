/* SPDX-License-Identifier: MIT */
/* Logs in line mode: their end, what matches, and what is written from now on. */
#include "ui/line_private.h"
#include "ui/log_text.h"
#include "ui/screen_parts.h"

#include <stdlib.h>
#include <string.h>

#define FIND_LINES 20
/* What is followed comes at most so many lines at a time, so that typing goes on in between. */
#define FOLLOW_LINES 500
/* Looking back for so many lines may take some slices of work. */
#define SLICES_MAX 20
#define SLICE_US 4000

/* NULL: said why. */
static struct log_text *open_log(struct line_dash *self, char *const *words)
{
	const struct actions *actions = self->options.actions;
	const char *names[LINE_ARGUMENTS_MAX + 1], *why = "logs cannot be read from here";
	const bool all = strcmp(words[0], "all") == 0;
	struct log_text *text = NULL;

	if (!all && !line_find_names(self, words, names))
		return NULL;
	if (actions->open_log != NULL)
		text = actions->open_log(actions->context, all ? NULL : names, &why);
	if (text == NULL)
		line_add(self, "There is no log to show: %s.", why);
	return text;
}

static void close_log(struct line_dash *self, struct log_text **text)
{
	if (*text != NULL)
		self->options.actions->close_log(self->options.actions->context, *text);
	*text = NULL;
}

static void tell_line(struct line_dash *self, const struct log_text *text, const struct log_text_line *line)
{
	char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	if (out == NULL)
		return;
	if (text->merged)
		fprintf(out, "%s: ", line->service);
	fwrite(line->bytes, 1, line->size_bytes, out);
	if (fclose(out) == 0)
		line_add_source(self, bytes, size);
	free(bytes);
}

/* What is not known at once is worked for, a little. */
static enum log_text_found find_before(struct log_text *text, int64_t at, unsigned wanted, struct log_text_line *line)
{
	enum log_text_found found = text->ops->find_before(text, at, wanted, line);

	for (int i = 0; found == LOG_TEXT_LATER && i < SLICES_MAX; i++) {
		text->ops->work(text, SLICE_US);
		found = text->ops->find_before(text, at, wanted, line);
	}
	return found;
}

/* ---- log ---- */

void line_log(struct line_dash *self, const char *name, long count)
{
	char *const words[] = {(char *)name, NULL};
	struct log_text *text = open_log(self, words);
	struct log_text_line line;
	int64_t at;

	if (text == NULL)
		return;
	at = text->ops->end(text);
	for (long i = 0; i < count && find_before(text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE; i++)
		at = line.at;
	if (at == text->ops->end(text))
		line_add(self, "%s: nothing was written yet.", text->title);
	for (; at < text->ops->end(text) && text->ops->line(text, at, &line) == LOG_TEXT_THERE; at = line.next) {
		tell_line(self, text, &line);
		if (line.next <= at)
			break;
	}
	close_log(self, &text);
}

/* ---- find ---- */

void line_close_found(struct line_dash *self)
{
	close_log(self, &self->found);
}

void line_find(struct line_dash *self, const char *name, const char *pattern)
{
	char *const words[] = {(char *)name, NULL};
	char problem[128];

	self->found = open_log(self, words);
	if (self->found == NULL)
		return;
	self->found_end = self->found->ops->end(self->found);
	if (self->found->ops->search(self->found, pattern, strlen(pattern), self->found_end, problem,
				     sizeof(problem)) == 0)
		return;
	line_add(self, "That is no regular expression: %s.", problem);
	line_close_found(self);
}

/* The count is known: the last ones are shown, oldest first. */
static void tell_found(struct line_dash *self, int64_t hits)
{
	struct log_text *text = self->found;
	struct log_text_line line;
	int64_t at = self->found_end;
	long shown = 0;

	for (; shown < FIND_LINES && find_before(text, at, LOG_TEXT_HIT, &line) == LOG_TEXT_THERE; shown++)
		at = line.at;
	if (shown > 0 && text->ops->line(text, at, &line) == LOG_TEXT_THERE)
		tell_line(self, text, &line);
	for (long i = 1; i < shown && text->ops->find_next(text, at, LOG_TEXT_HIT, &line) == LOG_TEXT_THERE; i++) {
		at = line.at;
		tell_line(self, text, &line);
	}
	if (hits > shown)
		line_add(self, "%s: %lld lines match, the last %ld are shown.", text->title, (long long)hits, shown);
	else
		line_add(self, "%s: %lld line%s.", text->title, (long long)hits, hits == 1 ? " matches" : "s match");
}

static bool work_on_found(struct line_dash *self, int64_t budget_us)
{
	struct log_text_status status;
	bool more;

	if (self->found == NULL)
		return false;
	more = self->found->ops->work(self->found, budget_us);
	self->found->ops->status(self->found, &status);
	if (more && !status.hits_final)
		return true;
	tell_found(self, status.hits);
	line_close_found(self);
	return false;
}

/* ---- follow ---- */

void line_quiet(struct line_dash *self, bool say)
{
	if (say)
		line_add(self, self->followed != NULL ? "Quiet." : "It is quiet already.");
	close_log(self, &self->followed);
}

void line_follow(struct line_dash *self, char *const *words)
{
	struct log_text *text = open_log(self, words);

	if (text == NULL)
		return;
	close_log(self, &self->followed);
	self->followed = text;
	self->followed_at = text->ops->end(text);
	line_add(self, "Following; quiet ends it.");
}

static bool follow_on(struct line_dash *self)
{
	struct log_text *text = self->followed;
	struct log_text_line line;

	if (text == NULL)
		return false;
	text->ops->refresh(text);
	for (int i = 0; i < FOLLOW_LINES; i++) {
		const int64_t end = text->ops->end(text);

		if (self->followed_at >= end || text->ops->line(text, self->followed_at, &line) != LOG_TEXT_THERE)
			return false;
		/* A line that is being written is shown when it is whole. */
		if (line.partial && line.next >= end)
			return false;
		tell_line(self, text, &line);
		if (line.next <= self->followed_at)
			return false;
		self->followed_at = line.next;
	}
	return true;
}

void line_dash_take_logs(struct line_dash *self)
{
	follow_on(self);
}

bool line_dash_work(struct line_dash *self, int64_t budget_us)
{
	const bool follows = follow_on(self);

	return work_on_found(self, budget_us) || follows;
}
