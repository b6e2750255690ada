/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/build_line.h"

#include <stdio.h>
#include <string.h>

static void tell(const struct part *part, const struct engine_progress *progress)
{
	const struct engine_options *options = &part->engine->options;

	if (options->events->progress != NULL)
		options->events->progress(options->context, part->id, progress);
}

/* The call is to start it, and its image may be made for that. */
static bool is_built(const struct part *part)
{
	return part != NULL && part->state == PART_CALLED && part->service != NULL && part->service->has_build;
}

static bool is_of(const struct part *part, const char *service)
{
	return *service == '\0' || strcmp(part->service->name, service) == 0;
}

/* True when a service of that name is built by this call. */
static bool builds(const struct engine *self, const char *service)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (is_built(self->parts[i]) && strcmp(self->parts[i]->service->name, service) == 0)
			return true;
	return false;
}

const char *compose_build_failed(const struct engine *self, const char *line)
{
	static const char begin[] = " > [";
	size_t size;

	if (strncmp(line, begin, sizeof begin - 1) != 0)
		return NULL;
	line += sizeof begin - 1;
	size = strcspn(line, " ]");
	for (size_t i = 0; i < self->part_count; i++)
		if (is_built(self->parts[i]) && strlen(self->parts[i]->service->name) == size &&
		    strncmp(self->parts[i]->service->name, line, size) == 0)
			return self->parts[i]->service->name;
	return NULL;
}

const char *compose_build_only(const struct engine *self)
{
	const char *only = NULL;

	for (size_t i = 0; i < self->part_count; i++) {
		if (!is_built(self->parts[i]))
			continue;
		if (only != NULL && strcmp(only, self->parts[i]->service->name) != 0)
			return NULL;
		only = self->parts[i]->service->name;
	}
	return only;
}

void compose_build_begin(struct engine *self, struct part *const *parts, size_t count)
{
	self->building[0] = '\0';
	memset(&self->fault, 0, sizeof(self->fault));
	for (size_t i = 0; i < count; i++) {
		parts[i]->stages.count = 0;
		parts[i]->unfetched = false;
	}
}

/* Version 1 builds one after the other: the one before it is made. */
static void begin(struct engine *self, const char *service)
{
	for (size_t i = 0; i < self->part_count && self->building[0] != '\0'; i++)
		if (is_built(self->parts[i]) && is_of(self->parts[i], self->building))
			tell(self->parts[i], NULL);
	snprintf(self->building, sizeof(self->building), "%s", builds(self, service) ? service : "");
	for (size_t i = 0; i < self->part_count && self->building[0] != '\0'; i++)
		if (is_built(self->parts[i]) && is_of(self->parts[i], self->building))
			self->parts[i]->stages.count = 0;
}

/* Stages are built side by side, and each counts its own steps. */
static void note_step(struct compose_stages *stages, const char *stage, const struct build_line *line)
{
	size_t i = 0;

	while (i < stages->count && strcmp(stages->items[i].name, stage) != 0)
		i++;
	if (i == COMPOSE_STAGES_MAX)
		return;
	if (i == stages->count) {
		memset(&stages->items[i], 0, sizeof(stages->items[i]));
		snprintf(stages->items[i].name, sizeof(stages->items[i].name), "%s", stage);
		stages->count++;
	}
	stages->items[i].total = line->steps;
	if (line->step - 1 > stages->items[i].done)
		stages->items[i].done = line->step - 1;
}

static void tell_step(struct part *part, const char *stage, const struct build_line *line)
{
	struct engine_progress progress = {.work = ENGINE_BUILDING, .text = line->text};

	note_step(&part->stages, stage, line);
	for (size_t i = 0; i < part->stages.count; i++) {
		progress.done += part->stages.items[i].done;
		progress.total += part->stages.items[i].total;
	}
	tell(part, &progress);
}

void compose_pull_line(struct engine *self, const char *line)
{
	struct build_line read;
	const char *service = self->building, *stage;
	char name[sizeof(self->parts[0]->stages.items[0].name)];

	build_fault_line(&self->fault, line);
	build_line_read(&read, line);
	if (read.kind == BUILD_BEGINS)
		begin(self, read.words[0]);
	if (read.kind != BUILD_STEP)
		return;
	if (read.word_count > 0 && builds(self, read.words[0]))
		service = read.words[0];
	stage = read.word_count > 0 ? read.words[read.word_count - 1] : "";
	/* Cut as it is kept. */
	snprintf(name, sizeof(name), "%.31s", stage == service ? "" : stage);
	for (size_t i = 0; i < self->part_count; i++)
		if (is_built(self->parts[i]) && is_of(self->parts[i], service))
			tell_step(self->parts[i], name, &read);
}
