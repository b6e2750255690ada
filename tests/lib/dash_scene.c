/* SPDX-License-Identifier: MIT */
#include "tests/lib/dash_scene.h"

#include "tests/lib/dash_sample.h"
#include "tests/lib/log_sample.h"
#include "tests/lib/shot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- What is asked for ---- */

__attribute__((format(printf, 2, 3))) static void note(struct dash_scene *self, const char *format, ...)
{
	size_t used = strlen(self->journal);
	va_list list;

	va_start(list, format);
	vsnprintf(self->journal + used, sizeof(self->journal) - used, format, list);
	va_end(list);
}

static const char *joined(const char *const *names)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	if (names == NULL)
		return "all";
	for (size_t i = 0; names[i] != NULL && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? "," : "", names[i]);
	return text;
}

static const char *request_text(const struct act_request *request)
{
	static const char *const verbs[] = {"start", "stop", "restart", "restart-all", "kill", "scale"};
	static char text[600];

	if (request->act == ACT_KILL || request->act == ACT_SCALE)
		snprintf(text, sizeof(text), "%s %s %d", verbs[request->act], joined(request->names), request->number);
	else
		snprintf(text, sizeof(text), "%s %s", verbs[request->act], joined(request->names));
	return text;
}

static void on_act(void *context, const struct act_request *request)
{
	note(context, "act %s\n", request_text(request));
}

static void on_ask_along(void *context, const struct act_request *request)
{
	note(context, "along %s\n", request_text(request));
}

static void on_leave(void *context, enum leave_how how)
{
	static const char *const words[] = {"stop", "kill", "detach", "attached"};

	note(context, "leave %s\n", words[how]);
}

static void on_suspend(void *context)
{
	note(context, "suspend\n");
}

static struct log_sample *log_of(const char *name)
{
	struct log_sample *log = log_sample_scene(name);

	if (log != NULL)
		return log;
	log = log_sample_create(name, false);
	log_sample_time(log, 1000);
	log_sample_note(log, name, "= started, pid 4700");
	log_sample_add(log, name, "listening");
	return log;
}

static struct log_text *on_open_log(void *context, const char *const *names, const char **why)
{
	struct dash_scene *self = context;

	note(self, "log %s\n", joined(names));
	if (names != NULL && strcmp(names[0], "worker") == 0) {
		*why = "worker has not run yet";
		return NULL;
	}
	self->logs_open++;
	struct log_text *text = log_sample_text(log_of(names == NULL || names[1] != NULL ? "merged" : names[0]));
	text->ops->refresh(text);
	self->last_log = text;
	return text;
}

static void on_close_log(void *context, struct log_text *text)
{
	struct dash_scene *self = context;

	note(self, "close %s\n", text->title);
	self->logs_open--;
	log_sample_destroy(log_sample_of(text));
}

static void on_save_log(void *context, struct log_text *text, int64_t from, int64_t to, const char *path)
{
	(void)from;
	(void)to;
	note(context, "save %s %s\n", text->title, path);
}

static void on_page_log(void *context, struct log_text *text, int64_t at)
{
	(void)at;
	note(context, "page %s\n", text->title);
}

static void on_print_log(void *context, struct log_text *text)
{
	note(context, "print %s\n", text->title);
}

static void on_copy(void *context, const char *bytes, size_t size_bytes, int64_t lines)
{
	(void)lines;
	note(context, "copy %.*s\n", (int)size_bytes, bytes);
}

static void on_copy_log(void *context, struct log_text *text, int64_t from, int64_t to)
{
	note(context, "copy-log %s %d\n", text->title, to > from);
}

static void on_open_url(void *context, const char *url)
{
	note(context, "url %s\n", url);
}

static void on_look_at_unit(void *context, const char *name)
{
	struct dash_scene *self = context;

	note(self, "look %s\n", name);
	self->model->detail = strcmp(name, "api") == 0 ? dash_sample_detail() : NULL;
	self->must_tell = true;
}

static void on_look_at_telemetry(void *context, bool on)
{
	struct dash_scene *self = context;

	note(self, "telemetry %s\n", on ? "seen" : "unseen");
	self->model->reported = on ? dash_sample_telemetry(self->model->telemetry_on) : NULL;
	self->must_tell = true;
}

static void on_withdraw(void *context)
{
	note(context, "withdraw\n");
}

static void on_show_question(void *context)
{
	note(context, "question\n");
}

static void on_edit_stack(void *context)
{
	note(context, "edit\n");
}

static void on_reload(void *context, bool dry_run)
{
	note(context, "reload%s\n", dry_run ? " dry" : "");
}

static void on_type_into(void *context, const char *name)
{
	note(context, "type %s\n", name);
}

static void on_take_mouse(void *context, bool on)
{
	note(context, "mouse %s\n", on ? "on" : "off");
}

static const struct actions all_actions = {
	.act = on_act,
	.ask_along = on_ask_along,
	.leave = on_leave,
	.suspend = on_suspend,
	.open_log = on_open_log,
	.close_log = on_close_log,
	.save_log = on_save_log,
	.page_log = on_page_log,
	.print_log = on_print_log,
	.copy = on_copy,
	.copy_log = on_copy_log,
	.open_url = on_open_url,
	.look_at_unit = on_look_at_unit,
	.look_at_telemetry = on_look_at_telemetry,
	.withdraw = on_withdraw,
	.show_question = on_show_question,
	.edit_stack = on_edit_stack,
	.reload = on_reload,
	.type_into = on_type_into,
	.take_mouse = on_take_mouse,
};

/* ---- The scene ---- */

static const struct event_model events[] = {
	{DASH_SAMPLE_WALL_MS - 720000, NULL, UNIT_STARTING, "begins"},
	{DASH_SAMPLE_WALL_MS - 718000, "db", UNIT_READY, "ready after 2.0s"},
	{DASH_SAMPLE_WALL_MS - 714800, "migrate", UNIT_DONE, "exited with code 0"},
	{DASH_SAMPLE_WALL_MS - 42000, "api", UNIT_FAILED, "exited with code 3"},
	{DASH_SAMPLE_WALL_MS - 38000, "api", UNIT_STARTING, "started, pid 4711"},
	{DASH_SAMPLE_WALL_MS - 37800, "api", UNIT_FAILED, "exited with code 3"},
};

static struct stack_model *model_of(const char *sample)
{
	struct stack_model *model = NULL;

	if (strcmp(sample, "trouble") == 0 || strcmp(sample, "attached") == 0 || strcmp(sample, "changed") == 0)
		model = dash_sample();
	else if (strcmp(sample, "calm") == 0 || strcmp(sample, "reported") == 0)
		model = dash_sample_calm();
	else if (strcmp(sample, "starting") == 0)
		model = dash_sample_starting();
	else if (strcmp(sample, "containers") == 0)
		model = dash_sample_containers();
	else if (strcmp(sample, "away") == 0)
		model = dash_sample_away();
	else if (strcmp(sample, "stopping") == 0)
		model = dash_sample_stopping();
	else if (strcmp(sample, "many") == 0)
		model = dash_sample_many(200);
	else
		fail_msg("there is no stack called '%s'", sample);
	model->attached = strcmp(sample, "attached") == 0;
	model->events = events;
	model->event_count = sizeof(events) / sizeof(events[0]);
	if (strcmp(sample, "changed") == 0) {
		model->file = "/srv/wren/compose.yaml";
		model->changed_file = "api, db";
	}
	if (strcmp(sample, "reported") == 0) {
		model->telemetry_on = true;
		model->telemetry = "on, you said yes";
	}
	return model;
}

void dash_scene_start(struct dash_scene *self, const struct dash_scene_options *options)
{
	char problem[256];

	memset(self, 0, sizeof(*self));
	self->mono = options->mono;
	self->model = model_of(options->sample);
	self->theme = theme_make(!options->ascii, !options->ascii);
	if (!options->mono)
		assert_int_equal(theme_dress(&self->theme, 8, NULL, problem, sizeof(problem)), 0);
	assert_int_equal(keymap_init(&self->keys, NULL, problem, sizeof(problem)), 0);
	self->actions = all_actions;
	self->actions.context = self;
	self->dash = dash_create(&(struct dash_options){.theme = &self->theme,
							.keys = &self->keys,
							.actions = &self->actions,
							.mouse = true,
							.asks_to_leave = !options->never_asks});
	assert_non_null(self->dash);
	dash_take_size(self->dash, options->rows > 0 ? options->rows : 24,
		       options->columns > 0 ? options->columns : 80);
	assert_int_equal(frame_init(&self->frame, options->rows > 0 ? options->rows : 24,
				    options->columns > 0 ? options->columns : 80),
			 0);
	dash_scene_tell(self);
}

void dash_scene_end(struct dash_scene *self)
{
	dash_destroy(self->dash);
	frame_finish(&self->frame);
	assert_int_equal(self->logs_open, 0);
}

void dash_scene_draw(struct dash_scene *self)
{
	dash_draw(self->dash, &self->frame);
	assert_false(dash_is_dirty(self->dash));
}

void dash_scene_tell(struct dash_scene *self)
{
	do {
		self->must_tell = false;
		dash_take_model(self->dash, self->model);
	} while (self->must_tell);
	dash_scene_draw(self);
}

void dash_scene_press(struct dash_scene *self, uint32_t key)
{
	dash_take_key(self->dash, key);
	if (self->must_tell)
		dash_scene_tell(self);
	while (dash_work(self->dash, 1000000))
		;
	dash_scene_draw(self);
}

void dash_scene_type(struct dash_scene *self, const char *letters)
{
	for (; *letters != '\0'; letters++)
		dash_scene_press(self, (unsigned char)*letters);
}

void dash_scene_size(struct dash_scene *self, unsigned rows, unsigned columns)
{
	dash_take_size(self->dash, rows, columns);
	frame_finish(&self->frame);
	assert_int_equal(frame_init(&self->frame, rows, columns), 0);
	dash_scene_draw(self);
}

const char *dash_scene_row(const struct dash_scene *self, unsigned row)
{
	static char text[DASH_SCENE_ROW_BYTES];
	size_t used = 0;

	for (unsigned column = 0; column < self->frame.columns; column++) {
		const struct frame_cell *cell = frame_at(&self->frame, row, column);
		if (cell == NULL || cell->columns == 0)
			continue;
		/* What is beyond ASCII is of no interest to whoever looks for words. */
		text[used++] = cell->points[0] < 0x80 ? (char)cell->points[0] : '?';
	}
	while (used > 0 && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
	return text;
}

int dash_scene_find(const struct dash_scene *self, const char *text)
{
	for (unsigned row = 0; row < self->frame.rows; row++)
		if (strstr(dash_scene_row(self, row), text) != NULL)
			return (int)row;
	return -1;
}

/* What is left of a role without colour. */
static char mono_letter(const struct theme *theme, const struct frame_cell *cell)
{
	unsigned attributes =
		cell->role == ROLE_SOURCE ? cell->style.attributes : theme_style(theme, cell->role).attributes;

	if ((attributes & THEME_REVERSE) != 0)
		return 'R';
	if ((attributes & THEME_BOLD) != 0)
		return 'B';
	return (attributes & THEME_UNDERLINE) != 0 ? 'U' : '.';
}

static void shot_cell_of(const void *subject, unsigned row, unsigned column, struct shot_cell *cell)
{
	const struct dash_scene *self = subject;
	const struct frame_cell *seen = frame_at(&self->frame, row, column);

	cell->count = seen->columns == 0 ? 0 : seen->count;
	memcpy(cell->points, seen->points, sizeof(seen->points));
	cell->letter = self->mono ? mono_letter(&self->theme, seen) : theme_letter(seen->role);
}

char *dash_scene_shot(struct dash_scene *self)
{
	dash_scene_draw(self);
	return shot_make(&(struct shot_source){
		.rows = self->frame.rows,
		.columns = self->frame.columns,
		.cursor_row = self->frame.cursor_row,
		.cursor_column = self->frame.cursor_column,
		.cell = shot_cell_of,
		.subject = self,
	});
}

const char *dash_scene_told(struct dash_scene *self)
{
	static char told[sizeof(self->journal)];

	memcpy(told, self->journal, sizeof(told));
	self->journal[0] = '\0';
	return told;
}
