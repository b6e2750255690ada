/* SPDX-License-Identifier: MIT */
#include "tests/lib/setup_demo.h"

#include "tests/lib/shot.h"
#include "ui/keys.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const providers[] = {"openai", "azure", "custom", NULL};
static const char *const models[] = {"gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o-2024-08-06", NULL};

#define ALWAYS .when = SETUP_ALWAYS
#define ONLY(index, text) .when = (index), .when_value = (text)

static const struct setup_field wren[] = {
	{.key = "LLM_PROVIDER", .label = "LLM provider", .choices = providers, ALWAYS},
	{.key = "OPENAI_API_KEY", .label = "OpenAI API key", .secret = true, .pattern = "^sk-", ONLY(0, "openai")},
	{.key = "MODEL", .label = "Model", .choices = models, ONLY(0, "openai")},
	{.key = "ENDPOINT", .label = "Endpoint", .pattern = "^https?://", ONLY(0, "custom")},
	{.key = "GREETING", .label = "What the first page says", ALWAYS},
};

static const struct setup_field again[] = {
	{.key = "LLM_PROVIDER", .label = "LLM provider", .choices = providers, ALWAYS, .value = "openai"},
	{.key = "OPENAI_API_KEY",
	 .label = "OpenAI API key",
	 .secret = true,
	 .pattern = "^sk-",
	 ONLY(0, "openai"),
	 .value = "sk-before"},
	{.key = "MODEL", .label = "Model", .choices = models, ONLY(0, "openai"), .value = "gpt-3"},
	{.key = "ENDPOINT", .label = "Endpoint", .pattern = "^https?://", ONLY(0, "custom")},
	{.key = "GREETING", .label = "What the first page says", ALWAYS, .value = "Hello", .fixed = true},
	{.key = "NOTE", .label = "A note", ALWAYS, .value = "two\nlines"},
};

#define QUESTION(number)                                               \
	{                                                              \
		.key = "Q" number, .label = "Question " number, ALWAYS \
	}
static const struct setup_field many[] = {
	QUESTION("1"), QUESTION("2"), QUESTION("3"), QUESTION("4"),  QUESTION("5"),  QUESTION("6"),
	QUESTION("7"), QUESTION("8"), QUESTION("9"), QUESTION("10"), QUESTION("11"), QUESTION("12"),
};

static const char *const odd[] = {"\033[31mred", "\u65e5\u672c\u8a9e", "\u202eabc", NULL};
static const struct setup_field hostile[] = {
	{.key = "A",
	 .label = "\033]0;owned\007 \033[2J a question \u202e that turns and goes on and on beyond what any screen "
		  "has room for, to be cut",
	 .choices = odd,
	 ALWAYS},
	{.key = "B", .label = "\u65e5\u672c\u8a9e\u306e\u8cea\u554f e\u0301", .pattern = "^\033\\[31m$", ALWAYS},
	{.key = "C", .label = "\xff\xfe", ALWAYS, .value = "\033[2Jx", .fixed = true},
};

static const struct setup_field checks[] = {
	{.key = "KEY", .label = "API key", .secret = true, .pattern = "^sk-", ALWAYS, .checked = true},
	{.key = "PLACE", .label = "Place", ALWAYS, .checked = true, .value = "here"},
};

/* ---- A checker that needs no program ---- */

static int check_fds[2] = {-1, -1}; /* there is something to be read in it once a check has ended */
static bool check_refuses;

static void stop_check(void *context)
{
	(void)context;
	for (int i = 0; i < 2; i++) {
		if (check_fds[i] >= 0)
			close(check_fds[i]);
		check_fds[i] = -1;
	}
}

static bool begin_check(void *context, size_t index, const char *answer, char *words, size_t size_bytes)
{
	(void)index;
	stop_check(context);
	check_refuses = strstr(answer, "bad") != NULL;
	if (strstr(answer, "none") != NULL || pipe(check_fds) != 0) {
		snprintf(words, size_bytes, "there is nobody to ask");
		return false;
	}
	return strstr(answer, "slow") != NULL || write(check_fds[1], "", 1) == 1;
}

static int check_fd(void *context)
{
	(void)context;
	return check_fds[0];
}

static enum setup_verdict step_check(void *context, char *words, size_t size_bytes)
{
	stop_check(context);
	snprintf(words, size_bytes, "the service does not know it");
	return check_refuses ? SETUP_CHECK_REFUSED : SETUP_CHECK_FINE;
}

static const struct setup_checker checker = {NULL, begin_check, check_fd, step_check, stop_check};

#define MODEL(name, fields)                                                                           \
	{                                                                                             \
		name,                                                                                 \
		{                                                                                     \
			"Set up Wren", ".env", fields, sizeof(fields) / sizeof((fields)[0]), &checker \
		}                                                                                     \
	}
static const struct {
	const char *name;
	struct setup_model model;
} samples[] = {
	MODEL("wren", wren),       MODEL("again", again),   MODEL("many", many),
	MODEL("hostile", hostile), MODEL("checks", checks),
};

const struct setup_model *setup_sample(const char *name)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i].model;
	return NULL;
}

/* ---- Without a terminal ---- */

void setup_scene_start(struct setup_scene *self, const char *sample, unsigned rows, unsigned columns, bool ascii)
{
	const struct setup_model *model = setup_sample(sample);

	memset(self, 0, sizeof(*self));
	assert_non_null(model);
	assert_int_equal(setup_form_init(&self->form, model), 0);
	self->theme = theme_make(!ascii, !ascii);
	form_begin(&self->form, &self->view);
	self->view.ready = true;
	form_resize(&self->form, &self->view, rows, columns);
	setup_scene_draw(self);
}

void setup_scene_end(struct setup_scene *self)
{
	setup_form_finish(&self->form);
	frame_finish(&self->frame);
}

void setup_scene_draw(struct setup_scene *self)
{
	frame_finish(&self->frame);
	assert_int_equal(frame_init(&self->frame, self->view.rows, self->view.columns), 0);
	form_draw(&self->form, &self->view, &self->theme, NULL, &self->frame);
}

void setup_scene_press(struct setup_scene *self, uint32_t key)
{
	self->move = form_step(&self->form, &self->view, NULL, key);
	setup_scene_draw(self);
}

void setup_scene_type(struct setup_scene *self, const char *letters)
{
	for (; *letters != '\0'; letters++)
		setup_scene_press(self, (unsigned char)*letters);
}

/* As the terminal shows it without colours. */
static void cell_of(const void *subject, unsigned row, unsigned column, struct shot_cell *cell)
{
	const struct setup_scene *self = subject;
	const struct frame_cell *seen = frame_at(&self->frame, row, column);
	uint8_t attributes = theme_style(&self->theme, seen->role).attributes;

	cell->count = seen->columns == 0 ? 0 : seen->count;
	memcpy(cell->points, seen->points, sizeof(seen->points));
	cell->letter = (attributes & THEME_REVERSE) != 0 ? 'R' : (attributes & THEME_BOLD) != 0 ? 'B' : '.';
}

char *setup_scene_shot(const struct setup_scene *self)
{
	struct shot_source source = {
		.rows = self->frame.rows,
		.columns = self->frame.columns,
		.cursor_row = self->frame.cursor_row,
		.cursor_column = self->frame.cursor_column,
		.cell = cell_of,
		.subject = self,
	};

	return shot_make(&source);
}

int setup_scene_find(const struct setup_scene *self, const char *text)
{
	char *shot = setup_scene_shot(self), *end = strstr(shot, "\nattributes\n"), *at;
	int row = -1;

	*end = '\0';
	at = strstr(shot, text);
	for (char *c = shot; at != NULL && c < at; c++)
		row += *c == '\n';
	free(shot);
	return row;
}

/* ---- On a terminal ---- */

int setup_demo_main(int argc, char **argv)
{
	static const char *const ends[] = {[SETUP_SAVE] = "save", [SETUP_LEFT] = "left", [SETUP_QUIT] = "quit"};
	struct ui_options options = {.term = getenv("TERM")};
	const char *sample = "wren";
	struct setup_form form;
	int fatal_signal = -1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--plain") == 0)
			options.plain = true;
		else
			sample = argv[i];
	}
	if (setup_sample(sample) == NULL || setup_form_init(&form, setup_sample(sample)) != 0)
		return 2;
	enum setup_end end = ui_ask_setup(&form, &options, &fatal_signal);
	printf("%s, signal %d\n", ends[end], fatal_signal);
	for (size_t i = 0; end == SETUP_SAVE && i < form.model->count; i++)
		if (setup_form_answer(&form, i) != NULL)
			printf("%s=%s\n", form.model->fields[i].key, setup_form_answer(&form, i));
	setup_form_finish(&form);
	return fflush(stdout) == 0 ? 0 : 1;
}
