/* SPDX-License-Identifier: MIT */
/*
 * The dashboard under any keys, sizes, models, clicks and logs: it draws whatever happens, Esc again and again comes back to the services, and
 * Ctrl-C then leaves. Nothing is asked for without a name, and no log is left open.
 */
#include "tests/lib/dash_sample.h"
#include "tests/lib/log_sample.h"
#include "ui/actions.h"
#include "ui/dash.h"
#include "ui/dash_private.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/term.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEPS_MAX 300u
/* Esc ends one thing at a time: what is typed, sought, searched, filtered, marked, in each view of the pile. */
#define ESC_ENOUGH 60u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

struct world {
	struct dash *dash;
	struct stack_model *model;
	struct frame frame;
	struct actions actions;
	struct log_text *last_log;
	int logs, left;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static unsigned next(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* ---- What is asked for ---- */

static void check_request(const struct act_request *request)
{
	must(request->names != NULL && request->names[0] != NULL);
	must(request->act != ACT_SCALE || request->number >= 1);
}

static void on_act(void *context, const struct act_request *request)
{
	(void)context;
	check_request(request);
}

static void on_leave(void *context, enum leave_how how)
{
	(void)how;
	((struct world *)context)->left++;
}

static struct log_text *on_open_log(void *context, const char *const *names, const char **why)
{
	static const char *const scenes[] = {"api", "merged", "colors", "long"};
	struct world *self = context;
	size_t length = names != NULL ? strlen(names[0]) : 1;

	if (length == 6) {
		*why = "it has not run yet";
		return NULL;
	}
	struct log_sample *log = log_sample_scene(scenes[length % 4]);
	if (length % 2 == 0)
		log_sample_slices(log, 3);
	self->logs++;
	self->last_log = log_sample_text(log);
	return self->last_log;
}

static void on_close_log(void *context, struct log_text *text)
{
	struct world *self = context;

	self->logs--;
	if (self->last_log == text)
		self->last_log = NULL;
	log_sample_destroy(log_sample_of(text));
}

static void on_copy(void *context, const char *bytes, size_t size_bytes, int64_t lines)
{
	(void)context;
	(void)lines;
	must(size_bytes == 0 || memchr(bytes, bytes[0], size_bytes) != NULL);
}

static void on_unit(void *context, const char *name)
{
	struct world *self = context;

	self->model->detail = strcmp(name, "api") == 0 ? dash_sample_detail() : NULL;
}

static void on_telemetry(void *context, bool on)
{
	struct world *self = context;

	self->model->reported = on ? dash_sample_telemetry(self->model->telemetry_on) : NULL;
}

static void on_url(void *context, const char *url)
{
	(void)context;
	must(url[0] != '\0');
}

/* ---- What happens ---- */

static void draw(struct world *self)
{
	if (dash_is_dirty(self->dash))
		dash_draw(self->dash, &self->frame);
	must(self->frame.cursor_row < self->frame.rows && self->frame.cursor_column < self->frame.columns);
}

static void resize(struct world *self, unsigned rows, unsigned columns)
{
	dash_take_size(self->dash, rows, columns);
	frame_finish(&self->frame);
	must(frame_init(&self->frame, rows, columns) == 0);
	dash_draw(self->dash, &self->frame);
}

static struct stack_model *some_model(unsigned which)
{
	switch (which % 7) {
	case 0:
		return dash_sample_calm();
	case 1:
		return dash_sample_starting();
	case 2:
		return dash_sample_stopping();
	case 3:
		return dash_sample_many(6 + which);
	case 4: {
		/* Nothing runs, nothing is known. */
		struct stack_model *model = dash_sample();
		model->unit_count = 0;
		return model;
	}
	default:
		return dash_sample();
	}
}

static void take_model(struct world *self, struct input *input)
{
	unsigned which = next(input), changes = next(input);

	self->model = some_model(which);
	self->model->attached = (changes & 1) != 0;
	self->model->telemetry_on = (changes & 2) != 0;
	if ((changes & 4) != 0)
		self->model->state = (enum stack_state)(which % (STACK_LOST + 1));
	self->model->now_ms += (int64_t)changes * 997;
	if ((changes & 8) != 0)
		self->model->changed_file = "api";
	if (self->model->unit_count > 2 && (changes & 16) != 0) {
		struct unit_model *unit = &dash_sample_units()[which % self->model->unit_count];
		unit->state = (enum unit_state)(changes % UNIT_STATE_COUNT);
		unit->id += 1000;
		unit->takes_input = true;
		unit->open = "http://localhost:1 http://localhost:2";
	}
	if (self->model->unit_count > 0 && (changes & 32) != 0) {
		struct unit_model *unit = &dash_sample_units()[changes % self->model->unit_count];
		unit->progress =
			(struct unit_progress){(enum unit_work)(which % (WORK_CREATING + 1)),
					       (int64_t)(int8_t)which * INT64_C(0x0101010101010101),
					       (int64_t)(int8_t)changes * INT64_C(0x0101010101010101), "image"};
		unit->image = unit->container_id = "image";
		self->model->engine = (struct engine_model){
			.name = "Docker", .away = (changes & 64) != 0, .away_ms = self->model->now_ms - changes};
	}
	dash_take_model(self->dash, self->model);
}

static void mouse(struct world *self, struct input *input)
{
	struct term_mouse mouse = {.kind = (enum term_mouse_kind)(next(input) % 5)};

	mouse.row = next(input) % (self->frame.rows + 2);
	mouse.column = next(input) % (self->frame.columns + 2);
	dash_take_mouse(self->dash, &mouse);
}

static void grow_log(struct world *self, unsigned how)
{
	if (self->last_log == NULL)
		return;
	struct log_sample *log = log_sample_of(self->last_log);
	size_t count = log_sample_count(log), some = how % 16 < count ? how % 16 : count;
	if (how % 4 == 0)
		log_sample_drop_first(log, some);
	else if (how % 4 == 1)
		log_sample_drop_last(log, some);
	else
		log_sample_flood(log, "api", how % 50);
	dash_take_logs(self->dash);
}

static void take_answer(struct world *self, unsigned which)
{
	static const char *const nobody[] = {NULL};
	static const char *const some[] = {"api", "worker", "db", "ui", "engine", "migrate", NULL};

	if (which % 4 == 0)
		dash_take_along(self->dash, nobody);
	else if (which % 4 == 1)
		dash_take_along(self->dash, some);
	else if (which % 4 == 2)
		dash_ask_reload(self->dash, "api is restarted\ndb is removed\n");
	else
		dash_say(self->dash, "something has happened", which > 128);
}

static void step(struct world *self, struct input *input)
{
	unsigned what = next(input);

	/* Most of what happens is keys. */
	if (what < 0x80) {
		dash_take_key(self->dash, what);
	} else if (what < 0xc0) {
		dash_take_key(self->dash, UI_KEY_OTHER + what % 26);
	} else if (what < 0xd0) {
		mouse(self, input);
	} else if (what < 0xd8) {
		take_model(self, input);
	} else if (what < 0xe0) {
		/* Large ones cost time, and are rare. */
		unsigned rows = next(input), columns = next(input);
		resize(self, what == 0xd8 ? 1 + rows * 499 / 255 : 1 + rows % 50,
		       what == 0xd8 ? 1 + columns * 199 / 255 : 1 + columns % 130);
	} else if (what < 0xe8) {
		grow_log(self, next(input));
	} else if (what < 0xf0) {
		take_answer(self, next(input));
	} else if (what < 0xf8) {
		dash_work(self->dash, 1000);
	} else {
		dash_take_key(self->dash, 0x3b1 + next(input));
	}
	(void)dash_take_wishes(self->dash);
	must(dash_due_ms(self->dash) >= -1);
	draw(self);
}

static void come_back(struct world *self)
{
	dash_take_key(self->dash, UI_KEY_PASTE_END);
	for (unsigned i = 0; i < ESC_ENOUGH; i++)
		dash_take_key(self->dash, UI_KEY_ESC);
	must(dash_place(self->dash) == KEY_SCREEN_SERVICES);
	must(self->dash->front == FRONT_NOTHING && !dash_is_typing(self->dash));
	self->left = 0;
	dash_take_key(self->dash, UI_KEY_CTRL('c'));
	must(self->left == 1);
	draw(self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, data + size};
	unsigned how = next(&input);
	struct theme theme = theme_make((how & 1) != 0, (how & 2) != 0);
	struct world self = {.model = dash_sample()};
	struct keymap keys;
	char problem[256];

	setlocale(LC_CTYPE, "C.UTF-8");
	must(theme_dress(&theme, (how & 4) != 0 ? 256 : 0, NULL, problem, sizeof(problem)) == 0);
	must(keymap_init(&keys, NULL, problem, sizeof(problem)) == 0);
	self.actions = (struct actions){
		.context = &self,
		.act = (how & 8) != 0 ? NULL : on_act,
		.ask_along = (how & 16) != 0 ? NULL : on_act,
		.leave = on_leave,
		.open_log = (how & 32) != 0 ? NULL : on_open_log,
		.close_log = on_close_log,
		.copy = on_copy,
		.open_url = on_url,
		.look_at_unit = on_unit,
		.look_at_telemetry = on_telemetry,
	};
	self.dash = dash_create(&(struct dash_options){
		.theme = &theme, .keys = &keys, .actions = &self.actions, .asks_to_leave = (how & 64) != 0});
	must(self.dash != NULL && frame_init(&self.frame, 24, 80) == 0);
	dash_take_model(self.dash, self.model);
	for (unsigned i = 0; i < STEPS_MAX && input.at < input.end; i++)
		step(&self, &input);
	come_back(&self);
	dash_destroy(self.dash);
	must(self.logs == 0);
	frame_finish(&self.frame);
	return 0;
}
