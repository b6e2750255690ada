/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINES (sizeof((struct supervisor *)NULL)->engines / sizeof(struct unit_engine))

/* ---- Life ---- */

static int make(struct supervisor *self, enum service_kind kind, const struct engine_ops *ops,
		const struct engine_options *options, struct err *err)
{
	struct unit_engine *made = &self->engines[kind];

	made->ops = ops;
	made->engine = ops->create(options, err);
	return made->engine == NULL ? -EIO : 0;
}

int engines_make(struct supervisor *self, struct err *err)
{
	const struct supervisor_options *given = self->options;
	struct engine_options options = {.base = self->base,
					 .stack = self->stack,
					 .environment = &self->environment,
					 .telemetry = &self->telemetry_environment,
					 .users = self->users,
					 .events = &unit_engine_events,
					 .context = self};
	int rc;

	if (given->marker_value != NULL && asprintf(&self->marker, "UPFRONT_STACK=%s", given->marker_value) < 0) {
		self->marker = NULL;
		return err_set(err, ERR_INTERNAL, "cannot prepare to run services: out of memory");
	}
	options.marker = self->marker;
	rc = make(self, SERVICE_NATIVE, &engine_native, &options, err);
	if (rc < 0 || given->compose == NULL)
		return rc;
	rc = containers_prepare(self, err);
	if (rc < 0)
		return rc;
	if (self->containers.stack != NULL)
		options.stack = self->containers.stack;
	options.telemetry = &self->containers.told;
	options.interpolation = &self->containers.block;
	options.compose = given->compose;
	options.source = given->source;
	options.state_dir = given->state_dir;
	options.runtime_dir = self->containers.dir;
	return make(self, SERVICE_CONTAINER, given->compose_ops, &options, err);
}

void engines_destroy(struct supervisor *self)
{
	for (size_t i = ENGINES; i > 0; i--) {
		struct unit_engine *gone = &self->engines[i - 1];

		if (gone->engine != NULL)
			gone->ops->destroy(gone->engine);
		gone->engine = NULL;
	}
}

bool engines_drive_containers(const struct supervisor *self)
{
	return self->engines[SERVICE_CONTAINER].engine != NULL;
}

/* ---- What goes to both ---- */

bool engines_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how)
{
	for (size_t i = 0; i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];

		if (at->engine != NULL && at->ops->reaped(at->engine, pid, how))
			return true;
	}
	return false;
}

bool engines_own(const struct supervisor *self, pid_t pid)
{
	for (size_t i = 0; i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];

		if (at->engine != NULL && at->ops->owns != NULL && at->ops->owns(at->engine, pid))
			return true;
	}
	return false;
}

void engines_ending(struct supervisor *self)
{
	for (size_t i = 0; i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];

		if (at->engine != NULL)
			at->ops->ending(at->engine);
	}
}

void engines_renew(struct supervisor *self)
{
	const struct stack_source *source =
		self->generation->source != NULL ? self->generation->source : self->options->source;

	for (size_t i = 0; i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];

		const struct stack *theirs = i == SERVICE_CONTAINER ? self->containers.stack : NULL;

		if (at->engine != NULL && at->ops->renew != NULL)
			at->ops->renew(at->engine, theirs != NULL ? theirs : self->stack, source);
	}
}

/* ---- What they use ---- */

/* The units that are this engine's: their ids, and their places among all. */
static size_t list_units(const struct supervisor *self, size_t kind, unsigned *ids, size_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < self->unit_count; i++) {
		if ((size_t)self->units[i]->definition->kind != kind)
			continue;
		ids[count] = self->units[i]->id;
		places[count++] = i;
	}
	return count;
}

/* Asks each for its own; what one cannot say leaves the others' as they are. */
struct asking {
	unsigned *ids;
	size_t *places;
	void *answers;
};

static bool asking_begin(struct asking *self, size_t count, size_t answer_bytes)
{
	*self = (struct asking){calloc(count + 1, sizeof *self->ids), calloc(count + 1, sizeof *self->places),
				calloc(count + 1, answer_bytes)};
	return self->ids != NULL && self->places != NULL && self->answers != NULL;
}

static void asking_end(struct asking *self)
{
	free(self->ids);
	free(self->places);
	free(self->answers);
}

int engines_stats(const struct supervisor *self, struct engine_stats *stats)
{
	struct asking asking;
	int result = asking_begin(&asking, self->unit_count, sizeof *stats) ? -ESRCH : -ENOMEM;

	memset(stats, 0, self->unit_count * sizeof *stats);
	for (size_t i = 0; result != -ENOMEM && i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];
		size_t count = list_units(self, i, asking.ids, asking.places);
		const struct engine_stats *answers = asking.answers;
		int rc;

		if (at->engine == NULL || (count == 0 && result == 0))
			continue;
		rc = at->ops->stats(at->engine, asking.ids, count, asking.answers);
		result = result == 0 ? 0 : rc;
		for (size_t u = 0; rc == 0 && u < count; u++)
			stats[asking.places[u]] = answers[u];
	}
	asking_end(&asking);
	return result;
}

static int nobody_asks(struct supervisor *self)
{
	int result = -ESRCH;

	for (size_t i = 0; i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];

		if (at->engine != NULL)
			result = at->ops->sample(at->engine, NULL, 0, NULL);
	}
	return result;
}

int engines_sample(struct supervisor *self, struct engine_sample *samples)
{
	struct asking asking;
	int result;

	if (samples == NULL)
		return nobody_asks(self);
	result = asking_begin(&asking, self->unit_count, sizeof *samples) ? -ESRCH : -ENOMEM;
	memset(samples, 0, self->unit_count * sizeof *samples);
	for (size_t i = 0; result != -ENOMEM && i < ENGINES; i++) {
		const struct unit_engine *at = &self->engines[i];
		size_t count = list_units(self, i, asking.ids, asking.places);
		const struct engine_sample *answers = asking.answers;
		int rc;

		if (at->engine == NULL || (count == 0 && result == 0))
			continue;
		rc = at->ops->sample(at->engine, asking.ids, count, asking.answers);
		result = result == 0 ? 0 : rc;
		for (size_t u = 0; rc == 0 && u < count; u++)
			samples[asking.places[u]] = answers[u];
	}
	asking_end(&asking);
	return result;
}

/* ---- One unit ---- */

/* Where there is none for containers the other says, of each that is to start, what is missing. NULL: not made yet. */
static const struct unit_engine *engine_of(const struct unit *unit)
{
	const struct unit_engine *engines = unit->supervisor->engines;
	const struct unit_engine *own = &engines[unit->definition->kind];

	if (own->engine == NULL)
		own = &engines[SERVICE_NATIVE];
	return own->engine != NULL ? own : NULL;
}

void unit_engine_start(const struct unit *self)
{
	const struct unit_engine *at = engine_of(self);

	if (at != NULL)
		at->ops->start(at->engine, self->id, unit_service(self), self->replica);
}

int unit_engine_stop(const struct unit *self, int signal, int64_t grace_ms)
{
	const struct unit_engine *at = engine_of(self);

	return at != NULL ? at->ops->stop(at->engine, self->id, signal, grace_ms) : -ESRCH;
}

int unit_engine_signal(const struct unit *self, int signal)
{
	const struct unit_engine *at = engine_of(self);

	return at != NULL ? at->ops->signal(at->engine, self->id, signal) : -ESRCH;
}

void unit_engine_kill(const struct unit *self)
{
	const struct unit_engine *at = engine_of(self);

	if (at != NULL)
		at->ops->kill(at->engine, self->id);
}

void unit_engine_forget(const struct unit *self)
{
	const struct unit_engine *at = engine_of(self);

	if (at != NULL && at->ops->forget != NULL)
		at->ops->forget(at->engine, self->id);
}

int unit_engine_type(const struct unit *self, const char *bytes, size_t size_bytes)
{
	const struct unit_engine *at = engine_of(self);

	return at != NULL ? at->ops->type(at->engine, self->id, bytes, size_bytes) : -ESRCH;
}

int unit_engine_resize(const struct unit *self, unsigned rows, unsigned columns)
{
	const struct unit_engine *at = engine_of(self);

	return at != NULL ? at->ops->resize(at->engine, self->id, rows, columns) : -ESRCH;
}
