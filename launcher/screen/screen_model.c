/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_model.h"

#include "config/clock.h"
#include "launcher/client/view.h"
#include "launcher/screen/screen_needs.h"
#include "launcher/screen/unit_spark.h"
#include "launcher/screen/unit_words.h"
#include "launcher/supervisor/supervisor.h"
#include "ui/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of one unit that the view does not have as they are shown. */
struct unit_texts {
	char why[UNIT_WORDS_MAX], outlook[2 * UNIT_WORDS_MAX], exit[64], ports[128];
	struct unit_need need;
	int64_t stop_ms; /* since when it stops; 0: it does not */
};

struct kept_event {
	int64_t time_wall_ms;
	char *unit, *text;
	enum unit_state state;
};

struct screen_model {
	struct screen_model_options options;
	struct stack_model model;
	struct unit_model *units;
	struct unit_texts *texts;
	size_t capacity;
	struct unit_sparks sparks;
	struct screen_needs needs;
	struct kept_event kept[SCREEN_EVENTS_MAX]; /* a ring: `first` is the oldest */
	size_t first, kept_count;
	char phase[16]; /* of the stack, as it went among the events last */
	struct event_model events[SCREEN_EVENTS_MAX];
	char telemetry[128];
	char *changed;
	bool lost;
	int64_t stop_ms;
};

struct screen_model *screen_model_create(const struct screen_model_options *options)
{
	struct screen_model *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->options = *options;
	self->stop_ms = -1;
	self->model = (struct stack_model){.up_after_ms = -1, .stop_ms = -1};
	unit_sparks_init(&self->sparks);
	return self;
}

static void event_finish(struct kept_event *self)
{
	free(self->unit);
	free(self->text);
	*self = (struct kept_event){0};
}

void screen_model_destroy(struct screen_model *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < SCREEN_EVENTS_MAX; i++)
		event_finish(&self->kept[i]);
	unit_sparks_finish(&self->sparks);
	screen_needs_finish(&self->needs);
	free(self->units);
	free(self->texts);
	free(self->changed);
	free(self);
}

/* ---- What happens ---- */

static struct kept_event *event_at(struct screen_model *self, size_t index)
{
	return &self->kept[(self->first + index) % SCREEN_EVENTS_MAX];
}

/* A snapshot tells in the order of the stack file of what has happened in another. */
static void sort_last(struct screen_model *self)
{
	for (size_t i = self->kept_count - 1; i > 0; i--) {
		struct kept_event *event = event_at(self, i), *before = event_at(self, i - 1), swapped = *before;

		if (before->time_wall_ms <= event->time_wall_ms)
			break;
		*before = *event;
		*event = swapped;
	}
}

static void keep_event(struct screen_model *self, const struct kept_event *happened)
{
	struct kept_event *event;

	if (self->kept_count == SCREEN_EVENTS_MAX) {
		event_finish(event_at(self, 0));
		self->first = (self->first + 1) % SCREEN_EVENTS_MAX;
		self->kept_count--;
	}
	event = event_at(self, self->kept_count++);
	*event = *happened;
	event->unit = happened->unit != NULL ? strdup(happened->unit) : NULL;
	event->text = strdup(happened->text);
	sort_last(self);
}

/* Much is told of the stack beside what becomes of it. */
static void note_stack(struct screen_model *self, const struct view *view)
{
	struct kept_event happened = {.time_wall_ms = clock_wall_ms(), .state = UNIT_READY};

	if (strcmp(view->phase, self->phase) == 0)
		return;
	/* Who comes to look at a stack that has long been up was not there when that happened. */
	if (self->phase[0] == '\0' && view_is(view, "up") && view->begin_ms > 0 && view->up_after_ms >= 0)
		happened.time_wall_ms = view->begin_ms + view->up_after_ms;
	snprintf(self->phase, sizeof(self->phase), "%s", view->phase);
	happened.text = self->phase;
	keep_event(self, &happened);
}

void screen_model_note(struct screen_model *self, const struct view *view, const struct view_unit *unit)
{
	char why[UNIT_WORDS_MAX];

	if (unit == NULL) {
		note_stack(self, view);
		return;
	}
	if (strcmp(unit->state, unit->before) == 0)
		return;
	unit_words_why(unit, why, sizeof(why));
	keep_event(self, &(struct kept_event){
				 .time_wall_ms = unit->changed_ms > 0 ? unit->changed_ms : clock_wall_ms(),
				 .unit = unit->name,
				 .text = why,
				 .state = unit_words_state(unit),
			 });
}

void screen_model_take_usage(struct screen_model *self, const struct view_unit *unit, int64_t now_ms)
{
	/* That it was probed again says nothing of what it uses. */
	if (unit->usage.cpu_percent < 0 && view_unit_runs(unit))
		return;
	unit_sparks_take(&self->sparks, unit->id, unit->usage.cpu_percent, unit->usage.rss_bytes, now_ms);
}

void screen_model_set_detail(struct screen_model *self, const struct detail_model *detail)
{
	self->model.detail = detail;
}

void screen_model_set_telemetry(struct screen_model *self, const struct telemetry_model *telemetry)
{
	self->model.reported = telemetry;
}

void screen_model_set_lost(struct screen_model *self, bool lost)
{
	self->lost = lost;
}

void screen_model_set_changed(struct screen_model *self, const char *text)
{
	free(self->changed);
	self->changed = text != NULL ? strdup(text) : NULL;
}

void screen_model_take_graph(struct screen_model *self, const char *answer)
{
	screen_needs_take(&self->needs, answer);
}

/* ---- Filling ---- */

static bool make_room(struct screen_model *self, size_t count)
{
	struct unit_model *units;
	struct unit_texts *texts;

	if (count <= self->capacity)
		return true;
	units = reallocarray(self->units, count, sizeof(*units));
	if (units != NULL)
		self->units = units;
	texts = reallocarray(self->texts, count, sizeof(*texts));
	if (texts != NULL)
		self->texts = texts;
	if (units == NULL || texts == NULL)
		return false;
	memset(self->texts + self->capacity, 0, (count - self->capacity) * sizeof(*texts));
	self->capacity = count;
	return true;
}

/* "8080, 5432/udp" as ":8080, :5432/udp", which a row has room for. */
static void spell_ports(const char *ports, char *text, size_t size_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (const char *at = ports; at != NULL && *at != '\0' && used < size_bytes;) {
		size_t length = strcspn(at, ",");
		static const char own[] = "127.0.0.1:";

		/* Of this machine alone, as nearly all are. */
		if (strncmp(at, own, sizeof(own) - 1) == 0) {
			at += sizeof(own) - 1;
			length -= sizeof(own) - 1;
		}
		const bool has_host = memchr(at, ':', length) != NULL;
		int count = snprintf(text + used, size_bytes - used, "%s%s%.*s", used > 0 ? ", " : "",
				     has_host ? "" : ":", (int)length, at);

		if (count < 0)
			return;
		used += (size_t)count;
		at += length;
		at += strspn(at, ", ");
	}
}

/* Replicas stand together. */
static int replicas_of(const struct view *view, size_t index)
{
	const char *service = view->units[index].service;
	size_t first = index, last = index;

	while (first > 0 && strcmp(view->units[first - 1].service, service) == 0)
		first--;
	while (last + 1 < view->count && strcmp(view->units[last + 1].service, service) == 0)
		last++;
	return (int)(last - first + 1);
}

/* Until it is known who needs whom: at least what it waits for. */
static void take_need(struct unit_model *unit, const struct view_unit *from, struct unit_texts *texts)
{
	if (from->waits_for == NULL)
		return;
	texts->need = (struct unit_need){.service = from->waits_for,
					 .condition = unit_words_condition(from->waits_condition)};
	unit->needs = &texts->need;
	unit->need_count = 1;
}

static void fill_unit(struct screen_model *self, const struct view *view, size_t index, int64_t now_ms)
{
	const struct view_unit *from = &view->units[index];
	struct unit_texts *texts = &self->texts[index];
	const enum unit_state state = unit_words_state(from);
	const bool runs = view_unit_runs(from);

	unit_words_why(from, texts->why, sizeof(texts->why));
	unit_words_outlook(from, texts->outlook, sizeof(texts->outlook));
	unit_words_exit(from, texts->exit, sizeof(texts->exit));
	spell_ports(from->ports, texts->ports, sizeof(texts->ports));
	if (state != UNIT_STOPPING)
		texts->stop_ms = 0;
	else if (texts->stop_ms == 0)
		texts->stop_ms = now_ms;
	self->units[index] = (struct unit_model){
		.id = from->id + 1,
		.name = from->name,
		.service = from->service,
		.state = state,
		.why = texts->why[0] != '\0' ? texts->why : NULL,
		.outlook = texts->outlook[0] != '\0' ? texts->outlook : NULL,
		.last_exit = texts->exit[0] != '\0' ? texts->exit : NULL,
		.restarts = from->restarts,
		.started_ms = runs ? from->settles_ms - SUPERVISOR_SETTLE_MS : -1,
		.kill_ms = from->kill_ms > 0 ? from->kill_ms : -1,
		.stop_ms = texts->stop_ms > 0 ? texts->stop_ms : -1,
		.cpu_percent = from->usage.cpu_percent,
		.rss_bytes = from->usage.rss_bytes,
		.ports = texts->ports,
		.open = from->open,
		.replicas = replicas_of(view, index),
		.container = from->is_container,
		.image = from->image,
		.container_id = from->container,
		.progress = unit_words_progress(from),
		.takes_input = from->tty && from->stdin_open && runs,
		.pid = from->pid > 0 ? from->pid : -1,
		.start = {from->start.launched_ms, from->start.probed_ms, from->start.ready_ms, from->start.ended_ms,
			  from->start.waited_for},
	};
	if (!runs && (state == UNIT_DONE || state == UNIT_STOPPED || (state == UNIT_FAILED && from->crash_exits == 0)))
		unit_sparks_forget(&self->sparks, from->id);
	unit_sparks_fill(&self->sparks, from->id, now_ms, &self->units[index].cpu, &self->units[index].memory);
	take_need(&self->units[index], from, texts);
}

static enum stack_state state_of(const struct view *view)
{
	if (view_is(view, "up"))
		return STACK_UP;
	if (view_is(view, "stopping"))
		return STACK_STOPPING;
	return view_is(view, "over") ? STACK_OVER : STACK_STARTING;
}

static void fill_events(struct screen_model *self)
{
	for (size_t i = 0; i < self->kept_count; i++) {
		const struct kept_event *from = event_at(self, i);

		self->events[i] = (struct event_model){.time_wall_ms = from->time_wall_ms,
						       .unit = from->unit,
						       .state = from->state,
						       .text = from->text != NULL ? from->text : ""};
	}
	self->model.events = self->events;
	self->model.event_count = self->kept_count;
}

static void fill_telemetry(struct screen_model *self, const struct view *view)
{
	struct stack_model *model = &self->model;

	model->telemetry_on = strcmp(view->consent_state, "on") == 0;
	model->telemetry = NULL;
	if (view->consent_state[0] == '\0' || strcmp(view->consent_reason, "no_endpoint") == 0)
		return;
	snprintf(self->telemetry, sizeof(self->telemetry), "%s%s%s", view->consent_state,
		 view->consent_text != NULL ? ", " : "", view->consent_text != NULL ? view->consent_text : "");
	model->telemetry = self->telemetry;
}

/* By its name as people write it. */
static void fill_engine(struct engine_model *to, const struct view_engine *from)
{
	*to = (struct engine_model){.version = from->version,
				    .compose = from->compose,
				    .away = from->name != NULL && from->away,
				    .why = from->why,
				    .away_ms = from->away ? from->away_ms : -1};
	if (from->name != NULL && strcmp(from->name, "docker") == 0)
		to->name = "Docker";
	else if (from->name != NULL && strcmp(from->name, "podman") == 0)
		to->name = "Podman";
	else
		to->name = from->name;
}

static void fill_stack(struct screen_model *self, const struct view *view, int64_t now_ms)
{
	struct stack_model *model = &self->model;

	model->now_ms = now_ms;
	model->app = view->app != NULL ? view->app : self->options.app;
	model->version = view->app_version != NULL ? view->app_version : self->options.version;
	model->project = self->options.project;
	model->file = self->options.file;
	model->attached = self->options.attached;
	model->state = state_of(view);
	if (self->lost && model->state != STACK_OVER)
		model->state = STACK_LOST;
	/* Told in wall clock; the screen counts in a clock that nobody sets. */
	model->begin_ms = view->begin_ms > 0 ? now_ms - (clock_wall_ms() - view->begin_ms) : now_ms;
	model->begin_wall_ms = view->begin_ms;
	model->up_after_ms = view->up_after_ms;
	model->start_count = view->start_count < STACK_STARTS_MAX ? view->start_count : STACK_STARTS_MAX;
	memcpy(model->starts_ms, view->starts_ms, model->start_count * sizeof(model->starts_ms[0]));
	if (model->state != STACK_STOPPING)
		self->stop_ms = -1;
	else if (self->stop_ms < 0)
		self->stop_ms = now_ms;
	model->stop_ms = self->stop_ms;
	model->changed_file = self->changed;
	fill_engine(&model->engine, &view->engine);
}

const struct stack_model *screen_model_fill(struct screen_model *self, const struct view *view, int64_t now_ms)
{
	/* Without room the old rows cannot stay either: their texts may be gone with the view's. */
	self->model.unit_count = make_room(self, view->count) ? view->count : 0;
	for (size_t i = 0; i < self->model.unit_count; i++)
		fill_unit(self, view, i, now_ms);
	screen_needs_fill(&self->needs, self->units, self->model.unit_count);
	self->model.units = self->units;
	fill_stack(self, view, now_ms);
	fill_telemetry(self, view);
	fill_events(self);
	return &self->model;
}
