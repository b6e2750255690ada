/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_usage.h"

#include "config/clock.h"
#include "config/figure.h"
#include "launcher/engine/engine.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Over less than this the processor says nothing. */
#define SPAN_MIN_MS 200
/*
 * A move of more than this jumps: points, or a share of what was, but no less than a point. The time of children that have ended is known
 * in hundredths of a second, and one of those that comes or does not come is no change.
 */
#define JUMP_POINTS 10
#define JUMP_SHARE 0.5
#define JUMP_LEAST 1
#define UNKNOWN (-1)
/* Whoever begins to ask waits for the snapshot, and has a first frame to draw: what takes longer than both comes behind. */
#define FIRST_LOOK_MS 20

/* What is known of one process tree. */
struct followed {
	unsigned unit; /* id */
	pid_t pid; /* that it is known of; 0: it does not run */
	int64_t cpu_us, at_ms; /* monotonic: of the last look */
	double percent; /* UNKNOWN before two looks */
	int64_t rss_bytes;
	int processes;
	double shown_percent; /* as it was told; UNKNOWN: not yet */
	int64_t shown_bytes;
	bool moved; /* at the last measuring */
	int attempts; /* of the probe that has not said yes, as it was told; 0: none */
	bool asked; /* it was asked again since */
};

struct ctl_usage {
	struct supervisor *supervisor;
	ctl_usage_measured *measured;
	void *context;
	struct event *timer;
	int64_t interval_ms; /* 0: nobody asks */
	int64_t last_ms; /* monotonic: of the last measuring; 0: none yet */
	int64_t time_ms; /* wall clock, of the same */
	struct followed *units; /* by index, as they were then */
	size_t count;
	struct followed own;
};

/* ---- Figures ---- */

static void forget(struct followed *self, pid_t pid)
{
	*self = (struct followed){.unit = self->unit,
				  .pid = pid,
				  .percent = UNKNOWN,
				  .rss_bytes = UNKNOWN,
				  .shown_percent = UNKNOWN,
				  .shown_bytes = UNKNOWN};
}

static double take_in(double percent, double measured)
{
	const double left = measured > percent ? measured - percent : percent - measured;

	if (percent < 0 || left > JUMP_POINTS || (left > JUMP_LEAST && left > JUMP_SHARE * percent))
		return measured;
	return (percent + measured) / 2;
}

/* Time that has gone down has left with somebody: nothing is known of what was used since. */
static void take_cpu(struct followed *self, int64_t cpu_us, int64_t now_ms)
{
	const int64_t span_ms = now_ms - self->at_ms;

	if (self->at_ms > 0 && span_ms < SPAN_MIN_MS)
		return;
	if (self->at_ms > 0)
		self->percent =
			take_in(self->percent,
				cpu_us > self->cpu_us ? (double)(cpu_us - self->cpu_us) / (double)span_ms / 10 : 0);
	self->cpu_us = cpu_us;
	self->at_ms = now_ms;
}

/* Told is the value itself, so that whoever prints it prints the same. Without a processor's figure there is none at all yet. */
static void show(struct followed *self)
{
	self->moved = false;
	if (self->percent < 0)
		return;
	if (figure_cpu_moves(self->shown_percent, self->percent)) {
		self->shown_percent = self->percent;
		self->moved = true;
	}
	if (figure_bytes_moves(self->shown_bytes, self->rss_bytes)) {
		self->shown_bytes = self->rss_bytes;
		self->moved = true;
	}
}

/* A probe that says no once more changes no state, but whoever waits for the unit wants to see that it is asked. */
static void take_probe(struct followed *self, const struct supervisor_unit *unit)
{
	const bool starts = unit->svc->state == SVC_STARTING || unit->svc->state == SVC_RUNNING;
	const bool waits = starts && unit->svc->probe_attempts > 0;

	self->asked = waits && unit->svc->probe_attempts != self->attempts;
	self->attempts = waits ? unit->svc->probe_attempts : 0;
}

static void take_sample(struct followed *self, const struct engine_sample *sample, int64_t now_ms)
{
	take_cpu(self, sample->cpu_us, now_ms);
	self->rss_bytes = sample->rss_bytes;
	self->processes = sample->processes;
	show(self);
}

/* ---- Measuring ---- */

static struct followed *find(const struct ctl_usage *self, size_t index, unsigned unit)
{
	/* Mostly nothing has come or gone since. */
	if (index < self->count && self->units[index].unit == unit)
		return &self->units[index];
	for (size_t i = 0; i < self->count; i++) {
		if (self->units[i].unit == unit)
			return &self->units[i];
	}
	return NULL;
}

/* As it was the last time; one that has started since had used nothing then. */
static struct followed follow(const struct ctl_usage *self, size_t index, const struct supervisor_unit *unit)
{
	const struct followed *known = find(self, index, unit->id);
	struct followed followed;

	followed.unit = unit->id;
	if (known != NULL && known->pid == unit->pid)
		return *known;
	forget(&followed, unit->pid);
	if (self->last_ms > 0 && unit->svc->started_ms > self->last_ms)
		followed.at_ms = unit->svc->started_ms;
	return followed;
}

/* True when something moved. What cannot be measured, for want of memory, is measured the next time. */
static bool measure(struct ctl_usage *self)
{
	const size_t count = supervisor_unit_count(self->supervisor);
	struct engine_sample *samples = calloc(count + 1, sizeof(*samples));
	struct followed *units = calloc(count + 1, sizeof(*units));
	const int64_t now_ms = clock_monotonic_ms();
	struct engine_sample own;
	bool moved = false;

	if (samples == NULL || units == NULL || supervisor_sample(self->supervisor, samples) < 0) {
		free(samples);
		free(units);
		for (size_t i = 0; i < self->count; i++)
			self->units[i].moved = self->units[i].asked = false;
		self->own.moved = false;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct supervisor_unit unit;

		supervisor_unit(self->supervisor, i, &unit);
		units[i] = follow(self, i, &unit);
		units[i].moved = false;
		if (units[i].pid != 0)
			take_sample(&units[i], &samples[i], now_ms);
		take_probe(&units[i], &unit);
		moved = moved || units[i].moved || units[i].asked;
	}
	self->own.moved = false;
	if (supervisor_sample_self(self->supervisor, &own) == 0)
		take_sample(&self->own, &own, now_ms);
	free(samples);
	free(self->units);
	self->units = units;
	self->count = count;
	self->last_ms = now_ms;
	self->time_ms = clock_wall_ms();
	return moved || self->own.moved;
}

static void look_in(struct ctl_usage *self, int64_t wait_ms)
{
	event_add(self->timer, &(struct timeval){.tv_sec = (time_t)(wait_ms / 1000),
						 .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)});
}

static void arm(struct ctl_usage *self)
{
	const bool first = !ctl_usage_is_known(self);

	look_in(self, first && self->interval_ms > CTL_USAGE_MIN_MS ? CTL_USAGE_MIN_MS : self->interval_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct ctl_usage *self = context;
	bool moved;

	(void)fd;
	(void)what;
	if (self->interval_ms == 0)
		return;
	moved = measure(self);
	arm(self);
	if (ctl_usage_is_known(self))
		self->measured(self->context, moved);
}

/* ---- Telling ---- */

bool ctl_usage_is_known(const struct ctl_usage *self)
{
	return self->own.shown_percent >= 0;
}

/* As many digits as anybody prints: the rest is noise, and long. */
static void add_figures(cJSON *object, const struct followed *followed)
{
	char text[32];

	snprintf(text, sizeof text, "%.2f", followed->shown_percent);
	cJSON_AddRawToObject(object, "cpu_percent", text);
	ctl_json_add_time(object, "rss_bytes", true, followed->shown_bytes);
}

static void add_probe(const struct ctl_usage *self, cJSON *object, const struct followed *followed)
{
	struct supervisor_unit unit;
	cJSON *probe;

	if (followed->attempts == 0 || !supervisor_find_unit(self->supervisor, followed->unit, &unit))
		return;
	probe = cJSON_AddObjectToObject(object, "probe");
	cJSON_AddNumberToObject(probe, "attempts", followed->attempts);
	ctl_json_add_text(probe, "why", unit.why);
}

cJSON *ctl_usage_line(const struct ctl_usage *self, bool all)
{
	cJSON *object = cJSON_CreateObject(), *list, *own;

	cJSON_AddStringToObject(object, "event", "usage");
	ctl_json_add_time(object, "time_ms", true, self->time_ms);
	list = cJSON_AddArrayToObject(object, "units");
	for (size_t i = 0; i < self->count; i++) {
		const struct followed *unit = &self->units[i];
		cJSON *item;

		if (!(all || unit->moved || unit->asked) || (unit->shown_percent < 0 && !unit->asked))
			continue;
		item = cJSON_CreateObject();
		cJSON_AddNumberToObject(item, "id", unit->unit);
		if (unit->shown_percent >= 0) {
			add_figures(item, unit);
			cJSON_AddNumberToObject(item, "processes", unit->processes);
		}
		add_probe(self, item, unit);
		cJSON_AddItemToArray(list, item);
	}
	own = cJSON_AddObjectToObject(object, "supervisor");
	add_figures(own, &self->own);
	return object;
}

/* ---- Life ---- */

struct ctl_usage *ctl_usage_create(struct event_base *base, struct supervisor *supervisor, ctl_usage_measured *measured,
				   void *context)
{
	struct ctl_usage *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	*self = (struct ctl_usage){.supervisor = supervisor, .measured = measured, .context = context};
	forget(&self->own, getpid());
	self->timer = event_new(base, -1, 0, on_timer, self);
	if (self->timer != NULL)
		return self;
	free(self);
	return NULL;
}

static void rest(struct ctl_usage *self)
{
	(void)event_del(self->timer);
	(void)supervisor_sample(self->supervisor, NULL);
	free(self->units);
	self->units = NULL;
	self->count = 0;
	self->last_ms = 0;
	forget(&self->own, getpid());
}

void ctl_usage_every(struct ctl_usage *self, int64_t interval_ms)
{
	if (interval_ms == self->interval_ms)
		return;
	self->interval_ms = interval_ms;
	if (interval_ms == 0) {
		rest(self);
		return;
	}
	if (self->last_ms == 0)
		look_in(self, FIRST_LOOK_MS);
	else
		arm(self);
}

void ctl_usage_destroy(struct ctl_usage *self)
{
	if (self == NULL)
		return;
	event_free(self->timer);
	free(self->units);
	free(self);
}
