/* SPDX-License-Identifier: MIT */
/* What the dashboard hands the terminal to: pager, editor, a service's terminal, the question; and the browser, which needs none. */
#include "config/decide.h"
#include "config/err.h"
#include "launcher/screen/screen_private.h"
#include "ui/dash.h"
#include "ui/log_text.h"
#include "ui/model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

/* A piece of the log as a file of its own; *line is the number of the line at `at` in it. The caller frees the path. */
static char *make_excerpt(struct log_text *text, int64_t at, int64_t *number)
{
	const char *dir = getenv("TMPDIR");
	struct log_text_line line;
	int64_t from = at;
	size_t size = 0;
	char *path = NULL;
	FILE *out;
	int fd;

	if (asprintf(&path, "%s/upfront-log-XXXXXX", dir != NULL && dir[0] == '/' ? dir : "/tmp") < 0)
		return NULL;
	fd = mkstemp(path);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (out == NULL) {
		free(path);
		return NULL;
	}
	while (size < PAGE_BYTES_MAX / 2 && text->ops->find_before(text, from, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE) {
		from = line.at;
		size += line.size_bytes + 1;
	}
	*number = 1;
	size = 0;
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
	fclose(out);
	return path;
}

static void page_log(void *context, struct log_text *text, int64_t at)
{
	struct screen *self = context;
	char copy[512], place[32];
	const char *argv[WORDS_MAX + 4];
	int64_t number = 1;
	size_t count;
	char *path = make_excerpt(text, at, &number);

	if (path == NULL) {
		screen_tell_format(self, "the log cannot be put into a file: %s", strerror(errno));
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

static bool has_browser(void)
{
	const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY"), *ssh = getenv("SSH_CONNECTION");

	return ssh == NULL && ((display != NULL && display[0] != '\0') || (wayland != NULL && wayland[0] != '\0'));
}

/* In the child: its own session, no terminal, signals as any program finds them. */
static _Noreturn void be_browser(const struct screen *self, const char *const *argv)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvpe(argv[0], (char *const *)argv, (char *const *)self->options.environment);
	_exit(OUTSIDE_NOT_RUN);
}

void screen_reap_browsers(struct screen *self)
{
	for (size_t i = 0; i < BROWSERS_MAX; i++)
		if (self->browsers[i] > 0 && waitpid(self->browsers[i], NULL, WNOHANG) != 0)
			self->browsers[i] = 0;
}

/* Nobody waits for it, but it is reaped when it has ended. */
static bool start_browser(struct screen *self, const char *url)
{
	const char *const argv[] = {"xdg-open", url, NULL};
	size_t place = 0;
	pid_t pid;

	while (place < BROWSERS_MAX && self->browsers[place] > 0)
		place++;
	if (place == BROWSERS_MAX)
		return false;
	pid = fork();
	if (pid == 0)
		be_browser(self, argv);
	self->browsers[place] = pid > 0 ? pid : 0;
	return pid > 0;
}

static void open_url(void *context, const char *url)
{
	struct screen *self = context;

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		screen_tell_format(self, "only web addresses are opened, and this is none: %s", url);
	else if (has_browser() && start_browser(self, url))
		screen_tell_format(self, "opened %s", url);
	else
		screen_tell_format(self, "no browser here: %s", url);
}

/* ---- Coming back ---- */

void screen_outside_ready(struct screen *self)
{
	const enum outside_kind kind = self->outside.kind;
	int code;

	if (!outside_step(&self->outside, &code))
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
