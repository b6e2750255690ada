/* SPDX-License-Identifier: MIT */
/* What the dashboard hands the terminal to: pager, editor, a service's terminal, the question; and the browser, which needs none. */
#include "config/decide.h"
#include "config/err.h"
#include "launcher/process/browser.h"
#include "launcher/process/fd.h"
#include "launcher/screen/screen_private.h"
#include "launcher/screen/screen_temp.h"
#include "ui/dash.h"
#include "ui/log_text.h"
#include "ui/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 16u
/* Around the line that is looked at, of a log that is no single file. */
#define PAGE_BYTES_MAX (8u * 1024u * 1024u)

/* Runs in the foreground; on failure the screen comes back and says why. */
static void run(struct screen *self, enum outside_kind kind, const char *const *argv, char *remove)
{
	struct err err = ERR_INIT;

	screen_give_terminal(self);
	if (outside_run(&self->outside, kind, argv, self->options.environment, remove, &err) < 0) {
		screen_take_terminal(self);
		screen_tell(self, err.items[0].message);
	}
	err_finish(&err);
}

/* "less -R" of $PAGER as words; room for three more and the end. */
static bool split_program(const char *text, char *copy, size_t copy_bytes, const char *argv[WORDS_MAX + 4],
			  size_t *count)
{
	char *rest = NULL;

	*count = 0;
	snprintf(copy, copy_bytes, "%s", text);
	for (char *word = strtok_r(copy, " \t", &rest); word != NULL && *count < WORDS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		argv[(*count)++] = word;
	argv[*count] = NULL;
	return *count > 0;
}

static const char *program_of(const char *first, const char *second, const char *otherwise)
{
	const char *value = getenv(first);

	if ((value == NULL || value[0] == '\0') && second != NULL)
		value = getenv(second);
	return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* ---- Pager and editor ---- */

/* Back from `at`, half as much as is put into a file. */
static int64_t excerpt_from(struct log_text *text, int64_t at)
{
	struct log_text_line line;
	size_t size = 0;

	while (size < PAGE_BYTES_MAX / 2 && text->ops->find_before(text, at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE) {
		at = line.at;
		size += line.size_bytes + 1;
	}
	return at;
}

/* A piece of the log as a file of its own; *number is that of the line at `at` in it. The caller frees the path. */
static int make_excerpt(struct log_text *text, int64_t at, int64_t *number, char **path)
{
	int64_t from = excerpt_from(text, at);
	struct log_text_line line;
	size_t size = 0;
	FILE *out;
	int result = screen_temp_open("upfront-log", path, &out);

	if (result < 0)
		return result;
	*number = 1;
	while (size < PAGE_BYTES_MAX && text->ops->line(text, from, &line) == LOG_TEXT_THERE) {
		if (text->merged)
			fprintf(out, "%s | ", line.service);
		fwrite(line.bytes, 1, line.size_bytes, out);
		fputc('\n', out);
		*number += line.at < at ? 1 : 0;
		size += line.size_bytes + 1;
		if (line.next <= from)
			break;
		from = line.next;
	}
	result = screen_temp_close(out, *path);
	if (result < 0) {
		free(*path);
		*path = NULL;
	}
	return result;
}

static void page_log(void *context, struct log_text *text, int64_t at)
{
	struct screen *self = context;
	char copy[512], place[32];
	const char *argv[WORDS_MAX + 4];
	int64_t number = 1;
	size_t count;
	char *path = NULL;
	int result = make_excerpt(text, at, &number, &path);

	if (result < 0) {
		screen_tell_format(self, "the log cannot be put into a file: %s", strerror(-result));
		return;
	}
	/* Whoever has named an editor wants that; both know "+LINE". */
	if (!split_program(program_of("VISUAL", "EDITOR", program_of("PAGER", NULL, "less -R")), copy, sizeof(copy),
			   argv, &count)) {
		unlink(path);
		free(path);
		return;
	}
	snprintf(place, sizeof(place), "+%lld", (long long)number);
	argv[count++] = place;
	argv[count++] = path;
	argv[count] = NULL;
	run(self, OUTSIDE_PROGRAM, argv, path);
}

static void edit_stack(void *context)
{
	struct screen *self = context;
	const char *argv[WORDS_MAX + 4];
	char copy[512];
	size_t count;

	if (self->options.file == NULL ||
	    !split_program(program_of("VISUAL", "EDITOR", "vi"), copy, sizeof(copy), argv, &count)) {
		screen_tell(self, "there is no stack file to edit");
		return;
	}
	argv[count++] = self->options.file;
	argv[count] = NULL;
	run(self, OUTSIDE_EDIT, argv, NULL);
}

/* ---- A service's terminal ---- */

static void type_into(void *context, const char *name)
{
	struct screen *self = context;
	const char *const argv[] = {"/proc/self/exe", "-p", self->options.project, "attach", "--", name, NULL};

	run(self, OUTSIDE_PROGRAM, argv, NULL);
}

/* ---- The question ---- */

static void show_question(void *context)
{
	struct screen *self = context;
	struct err err = ERR_INIT;

	if (self->options.question == NULL) {
		screen_tell(self, "this stack has nothing to ask");
		return;
	}
	screen_give_terminal(self);
	if (outside_call(&self->outside, OUTSIDE_QUESTION, self->options.question, self->options.question_context,
			 &err) < 0) {
		screen_take_terminal(self);
		screen_tell(self, err.items[0].message);
	}
	err_finish(&err);
}

/* A yes cannot be given to a run that has begun: the start is when it counts. */
static void take_answer(struct screen *self, int answer)
{
	switch (answer) {
	case CONSENT_NO:
	case CONSENT_NO_FOR_GOOD:
		self->actions.withdraw(self);
		break;
	case CONSENT_YES:
		screen_tell(self, "a yes counts from the start of a run: this one goes on as it was begun");
		break;
	default:
		break;
	}
}

/* ---- The browser ---- */

static void open_url(void *context, const char *url)
{
	struct screen *self = context;
	int result;

	fd_close(&self->browser_fd);
	result = browser_open(url, self->options.environment, &self->browser_fd);
	if (result == 0)
		screen_tell_format(self, "opened %s", url);
	else if (result == -EINVAL)
		screen_tell_format(self, "only web addresses are opened, and this is none: %s", url);
	else if (result == -ENOENT)
		screen_tell(self,
			    "xdg-open was not found, so no browser was opened; y copies the URL in the unit's story");
	else
		screen_tell_format(self, "no browser here: %s", url);
}

void screen_browser_ready(struct screen *self)
{
	const int result = browser_result(self->browser_fd);

	if (result == -EAGAIN)
		return;
	fd_close(&self->browser_fd);
	if (result < 0)
		screen_tell_format(self, "the browser could not be started: %s", strerror(-result));
}

/* ---- Coming back ---- */

void screen_outside_ready(struct screen *self)
{
	const enum outside_kind kind = self->outside.kind;
	int code;

	if (kind == OUTSIDE_NOTHING || !outside_step(&self->outside, &code))
		return;
	screen_take_terminal(self);
	if (kind == OUTSIDE_EDIT)
		self->actions.reload(self, true);
	else if (kind == OUTSIDE_QUESTION)
		take_answer(self, code);
	else if (code == OUTSIDE_NOT_RUN)
		screen_tell(self, "the program was not found: PAGER, EDITOR and VISUAL say which one is run");
}

void screen_fill_outside_actions(struct screen *self)
{
	self->actions.page_log = page_log;
	self->actions.edit_stack = edit_stack;
	self->actions.type_into = type_into;
	self->actions.open_url = open_url;
	if (self->options.question != NULL)
		self->actions.show_question = show_question;
}
