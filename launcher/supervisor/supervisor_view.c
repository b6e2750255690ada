/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "launcher/process/output.h"

#include <errno.h>
#include <stdlib.h>

const char *stack_phase_name(enum stack_phase phase)
{
	static const char *const names[] = {
#define PHASE_NAME(name, text) [name] = text,
		STACK_PHASES(PHASE_NAME)
#undef PHASE_NAME
	};

	return (size_t)phase < sizeof names / sizeof names[0] ? names[phase] : "unknown";
}

size_t supervisor_unit_count(const struct supervisor *self)
{
	return self->unit_count;
}

static void show(const struct unit *from, struct supervisor_unit *unit)
{
	const struct supervisor *self = from->supervisor;

	*unit = (struct supervisor_unit){.id = from->id,
					 .name = from->name,
					 .service = unit_service(from),
					 .replica = from->replica,
					 .svc = &from->svc,
					 .pid = from->pid,
					 .container = from->container,
					 .why = from->why,
					 .passed_over = from->passed_over && from->svc.state == SVC_FAILED,
					 .status = from->word.text,
					 .changed_ms = from->changed_ms,
					 .gone = from->gone,
					 .waits_for = unit_waits_for(from),
					 .start = &from->start,
					 .definition = from->definition,
					 .story = from->story};

	if (from->progress.is_known) {
		unit->working = (struct engine_progress){from->progress.work, from->progress.done, from->progress.total,
							 from->progress.text};
		unit->progress = &unit->working;
	}
	if (from->waited_for < self->id_limit && self->by_id[from->waited_for] != NULL)
		unit->waited_for = unit_service(self->by_id[from->waited_for])->name;
	if (self->output != NULL)
		unit->log_error = output_loss(self->output, from->id, &unit->log_bytes_lost);
}

void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit)
{
	show(self->units[index], unit);
}

bool supervisor_find_unit(const struct supervisor *self, size_t id, struct supervisor_unit *unit)
{
	if (id >= self->id_limit || self->by_id[id] == NULL)
		return false;
	show(self->by_id[id], unit);
	return true;
}

int supervisor_unit_environment(const struct supervisor *self, unsigned id, struct strmap *environment,
				const struct strmap **told)
{
	static const struct strmap nothing = {0};
	const struct unit *unit = id < self->id_limit ? self->by_id[id] : NULL;
	bool here, before;

	if (unit == NULL)
		return -ESRCH;
	here = unit->definition->kind == SERVICE_NATIVE; /* a container has nothing of this machine's */
	/* Who runs since before a withdrawal has what it was given then. */
	before = unit->svc.has_process && unit->svc.started_ms < self->told_off_ms;
	if (here)
		*told = before ? &self->telemetry_before : &self->telemetry_environment;
	else
		*told = before ? &self->containers.before : &self->containers.told;
	return service_environment(unit->definition, here ? &self->environment : &nothing, *told, environment);
}

const struct stack *supervisor_stack(const struct supervisor *self)
{
	return self->stack;
}

const struct consent_decision *supervisor_consent(const struct supervisor *self)
{
	return &self->consent;
}

const struct strmap *supervisor_telemetry_environment(const struct supervisor *self)
{
	return &self->telemetry_environment;
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
	return self->failed;
}

struct output *supervisor_output(struct supervisor *self)
{
	return self->output;
}

void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context)
{
	self->observer = observer;
	self->observer_context = context;
}

void supervisor_told(struct supervisor *self)
{
	if (self->phase != PHASE_OVER)
		return;
	self->listener_gone = true;
	supervisor_touch(self);
}
