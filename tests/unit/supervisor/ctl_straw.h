/* SPDX-License-Identifier: MIT */
/*
 * A supervisor of straw for the control API: it says what it is told to say and notes what it is asked. Included once by a program:
 * it defines the supervisor's functions.
 */
#ifndef UPFRONT_TESTS_CTL_STRAW_H
#define UPFRONT_TESTS_CTL_STRAW_H

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/supervisor_private.h"
#include "launcher/supervisor/unit_story.h"
#include "telemetry/object_counts.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
	struct supervisor supervisor;
	struct service services[2];
	struct stack stack;
	struct svc svcs[2];
	const char *whys[2];
	struct unit_story *stories[2];
	const struct dependency *waits_for[2];
	struct unit_start starts[2];
	pid_t pid; /* of the first unit; 0: 4711 */
	struct strmap environment; /* of every unit */
	struct engine_sample samples[2];
	int samples_taken, samples_ended;
	char asked[128]; /* the last action that reached it */
	const struct supervisor_engine *engine; /* of containers; NULL: none */
	bool drops_volumes;
	char noted[1024]; /* what is reported of requests and commands */
	struct terminal_modes modes; /* of the first unit's terminal */
	int terminal_refusal; /* -errno of all that is asked of a terminal */
	bool told;
	bool gone; /* units are being taken away */
	struct event_base *base;
	struct ctl *ctl;
	int listen_fd;
	char *folder, *path;
	bool late;
};

static struct scene *scene;

size_t supervisor_unit_count(const struct supervisor *self)
{
	(void)self;
	return 2;
}

void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit)
{
	(void)self;
	*unit = (struct supervisor_unit){.id = (unsigned)index,
					 .name = scene->services[index].name,
					 .service = &scene->services[index],
					 .replica = 1,
					 .svc = &scene->svcs[index],
					 .pid = index > 0         ? 0
						: scene->pid != 0 ? scene->pid
								  : 4711,
					 .why = scene->whys[index],
					 .changed_ms = 1000,
					 .waits_for = scene->waits_for[index],
					 .start = &scene->starts[index],
					 .waited_for = index == 1 ? "web" : NULL,
					 .story = scene->stories[index]};
}

bool supervisor_find_unit(const struct supervisor *self, size_t id, struct supervisor_unit *unit)
{
	if (id >= 2)
		return false;
	supervisor_unit(self, id, unit);
	unit->gone = scene->gone;
	return true;
}

/* The second unit needs the first. */
bool supervisor_unit_need(const struct supervisor *self, unsigned id, size_t index, struct supervisor_need *need)
{
	static const struct dependency web = {.service = "web", .condition = DEPEND_HEALTHY, .required = true};

	(void)self;
	*need = (struct supervisor_need){.dependency = &web, .state = svc_state_name(scene->svcs[0].state)};
	return id == 1 && index == 0;
}

int supervisor_unit_environment(const struct supervisor *self, unsigned id, struct strmap *environment,
				const struct strmap **told)
{
	(void)id;
	*told = &self->telemetry_environment;
	return strmap_merge(environment, &scene->environment) < 0 ? -ENOMEM : strmap_merge(environment, *told);
}

void supervisor_show_starts(const struct supervisor *self, struct supervisor_starts *starts)
{
	*starts = self->starts;
	starts->begin_ms = self->begin_wall_ms;
	starts->up_after_ms = self->up_after_ms;
}

bool supervisor_show_engine(const struct supervisor *self, struct supervisor_engine *shown)
{
	(void)self;
	if (scene->engine == NULL)
		return false;
	*shown = *scene->engine;
	return true;
}

void supervisor_drop_volumes(struct supervisor *self)
{
	(void)self;
	scene->drops_volumes = true;
}

const struct stack *supervisor_stack(const struct supervisor *self)
{
	(void)self;
	return &scene->stack;
}

const struct consent_decision *supervisor_consent(const struct supervisor *self)
{
	return &self->consent;
}

const char *stack_phase_name(enum stack_phase phase)
{
	return phase == PHASE_OVER ? "over" : "up";
}

enum stack_phase supervisor_phase(const struct supervisor *self)
{
	return self->phase;
}

const struct err *supervisor_failure(const struct supervisor *self)
{
	return err_is_set(&self->failure) ? &self->failure : NULL;
}

const char *supervisor_failed_unit(const struct supervisor *self)
{
	return err_is_set(&self->failure) ? "web" : NULL;
}

/* "start web alone 500 dry" */
static inline int note(const char *action, const struct supervisor_request *request, const char ***names,
		       struct err *err)
{
	const char *name = request->names != NULL && request->names[0] != NULL ? request->names[0] : "all";
	char *at = scene->asked, *end = scene->asked + sizeof(scene->asked);

	if (strcmp(name, "web") != 0 && strcmp(name, "all") != 0)
		return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	at += snprintf(at, (size_t)(end - at), "%s %s", action, name);
	if (request->alone)
		at += snprintf(at, (size_t)(end - at), " alone");
	if (request->grace_limit_ms >= 0)
		at += snprintf(at, (size_t)(end - at), " within %lld", (long long)request->grace_limit_ms);
	if (strcmp(action, "signal") == 0)
		at += snprintf(at, (size_t)(end - at), " %d", request->signal);
	if (request->dry_run)
		snprintf(at, (size_t)(end - at), " dry");
	*names = calloc(2, sizeof(**names));
	(*names)[0] = "web";
	return 0;
}

int supervisor_start(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		     struct err *err)
{
	(void)self;
	return note("start", request, names, err);
}

int supervisor_stop(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		    struct err *err)
{
	(void)self;
	return note("stop", request, names, err);
}

int supervisor_restart(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		       struct err *err)
{
	(void)self;
	return note("restart", request, names, err);
}

int supervisor_signal(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		      struct err *err)
{
	(void)self;
	return note("signal", request, names, err);
}

int supervisor_scale(struct supervisor *self, const char *name, size_t replicas, int64_t grace_limit_ms,
		     struct err *err)
{
	(void)self;
	if (strcmp(name, "web") != 0)
		return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	if (replicas > 4096)
		return err_set(err, ERR_CONFIG, "too many");
	snprintf(scene->asked, sizeof(scene->asked), "scale %s %zu %lld", name, replicas, (long long)grace_limit_ms);
	return 0;
}

static inline int refuse_terminal(size_t id, struct err *err)
{
	if (scene->terminal_refusal == 0)
		return 0;
	err_set(err, ERR_FAILED, "no terminal of %zu", id);
	return scene->terminal_refusal;
}

int supervisor_check_terminal(const struct supervisor *self, size_t id, struct err *err)
{
	(void)self;
	return refuse_terminal(id, err);
}

const struct terminal_modes *supervisor_terminal_modes(const struct supervisor *self, size_t id)
{
	(void)self;
	return id == 0 ? &scene->modes : NULL;
}

int supervisor_type(struct supervisor *self, size_t id, const char *bytes, size_t size_bytes, struct err *err)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "type %zu %zu %.*s", id, size_bytes,
		 size_bytes < 60 ? (int)size_bytes : 60, bytes);
	return refuse_terminal(id, err);
}

int supervisor_resize(struct supervisor *self, size_t id, unsigned rows, unsigned columns, struct err *err)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "resize %zu %ux%u", id, rows, columns);
	return refuse_terminal(id, err);
}

int supervisor_reload(struct supervisor *self, const struct supervisor_reload *request, supervisor_tell_changes *tell,
		      void *context, struct err *err)
{
	static const char *const added[] = {"new", NULL}, *const removed[] = {NULL}, *const keys[] = {"command", NULL};
	const struct supervisor_change changed = {"web", keys};

	(void)self;
	if (request->files != NULL && strcmp(request->files[0], "/wrong.yaml") == 0)
		return err_at(err, ERR_CONFIG, (struct err_place){"/wrong.yaml", 3, 7}, "unknown key 'comand'");
	snprintf(scene->asked, sizeof(scene->asked), "reload %s%s", request->files != NULL ? request->files[0] : "-",
		 request->dry_run ? " dry" : "");
	tell(context, &(struct supervisor_changes){added, removed, &changed, 1, 3, true});
	return 0;
}

void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "down %lld%s", (long long)grace_limit_ms,
		 reason == DOWN_TIMED_OUT ? " timeout" : "");
}

int supervisor_measure(const struct supervisor *self, struct engine_stats *stats)
{
	(void)self;
	(void)stats;
	return -ESRCH;
}

int64_t supervisor_started_ms(const struct supervisor *self)
{
	return self->started_ms;
}

/* Services use what the scene says. */
int supervisor_sample(struct supervisor *self, struct engine_sample *samples)
{
	(void)self;
	if (samples == NULL)
		scene->samples_ended++;
	else
		memcpy(samples, scene->samples, sizeof(scene->samples));
	scene->samples_taken += samples != NULL;
	return 0;
}

int supervisor_sample_self(const struct supervisor *self, struct engine_sample *sample)
{
	(void)self;
	*sample = (struct engine_sample){.rss_bytes = 3 << 20, .processes = 1};
	return 0;
}

const struct strmap *supervisor_telemetry_environment(const struct supervisor *self)
{
	return &self->telemetry_environment;
}

void supervisor_show_telemetry(const struct supervisor *self, struct supervisor_telemetry *shown)
{
	*shown = (struct supervisor_telemetry){
		.relay = "serving", .relay_address = "127.0.0.1:4711", .counts = self->telemetry_counts};
}

bool supervisor_is_reporting(const struct supervisor *self)
{
	return self->consent.state == CONSENT_ON;
}

/* Behind what is noted already, as far as there is room. */
static inline void note_down(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void note_down(const char *format, ...)
{
	size_t length = strlen(scene->noted);
	va_list values;

	va_start(values, format);
	vsnprintf(scene->noted + length, sizeof(scene->noted) - length, format, values);
	va_end(values);
}

/* "GET /v1/stack 200", a line each */
void supervisor_note_request(struct supervisor *self, const struct telemetry_request *request)
{
	if (supervisor_is_reporting(self))
		note_down("%s %s %d\n", request->method, request->endpoint, request->status_code);
}

bool supervisor_knows_command(const struct supervisor *self, const struct telemetry_command *command)
{
	(void)self;
	return strcmp(command->command, "ps") == 0;
}

/* "ps --json 12 ok 3 charts=2" */
void supervisor_note_command(struct supervisor *self, const struct telemetry_command *command)
{
	const char *end = command->success ? "ok" : "failed";

	(void)self;
	scene->noted[0] = '\0';
	note_down("%s", command->command);
	for (size_t i = 0; i < command->arg_count; i++)
		note_down(" %s", command->args[i]);
	note_down(" %lld %s %lld", (long long)command->duration_ms,
		  command->error_type != NULL ? command->error_type : end, (long long)command->job_count);
	for (size_t i = 0; i < command->object_count; i++)
		note_down(" %s=%lld", command->object_counts[i].name, (long long)command->object_counts[i].count);
}

void supervisor_detach(struct supervisor *self)
{
	(void)self;
	snprintf(scene->asked, sizeof(scene->asked), "detach");
}

void supervisor_withdraw(struct supervisor *self, enum consent_reason reason)
{
	self->consent = (struct consent_decision){.state = CONSENT_OFF, .reason = reason};
}

void supervisor_told(struct supervisor *self)
{
	(void)self;
	scene->told = true;
}

void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context)
{
	self->observer = observer;
	self->observer_context = context;
}

struct output *supervisor_output(struct supervisor *self)
{
	return self->output;
}

#endif
