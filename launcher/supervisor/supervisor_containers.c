/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/containers_end.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the end of what was made for containers is waited for; and how long an engine that is away, when only containers are left. */
#define CLOSE_LIMIT_MS 15000
#define LOST_LIMIT_MS 10000
#define SWEEP_LIMIT_MS 1500

/* ---- Before and after ---- */

/* Beside the control socket, in a folder that is ours alone. */
static char *make_dir_path(const char *socket_path, const char *project)
{
	const char *slash = socket_path != NULL ? strrchr(socket_path, '/') : NULL;
	char *path = NULL;

	if (slash == NULL || asprintf(&path, "%.*s/%s.compose", (int)(slash - socket_path), socket_path, project) < 0)
		return NULL;
	return path;
}

void containers_init(struct supervisor *self)
{
	strmap_init(&self->containers.told);
	strmap_init(&self->containers.before);
	strmap_init(&self->containers.off);
	strmap_init(&self->containers.block);
	strmap_init(&self->containers.block_off);
}

int containers_prepare(struct supervisor *self, struct err *err)
{
	struct containers *containers = &self->containers;

	containers->dir = make_dir_path(self->options->socket_path, self->stack->name);
	if (containers->dir == NULL)
		return err_set(err, ERR_INTERNAL, "cannot prepare to run containers: out of memory");
	return paths_make_private(containers->dir, err);
}

void containers_finish(struct supervisor *self)
{
	struct containers *containers = &self->containers;

	/* Its files are the engine's to remove. */
	if (containers->dir != NULL)
		(void)rmdir(containers->dir);
	free(containers->dir);
	free(containers->away);
	containers->dir = containers->away = NULL;
	strmap_finish(&containers->told);
	strmap_finish(&containers->before);
	strmap_finish(&containers->off);
	strmap_finish(&containers->block);
	strmap_finish(&containers->block_off);
}

void supervisor_remove_files(const char *socket_path, const char *project)
{
	char *path = make_dir_path(socket_path, project);
	DIR *dir = path != NULL ? opendir(path) : NULL;
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL) {
		closedir(dir);
		(void)rmdir(path);
	}
	free(path);
}

int containers_check(const struct supervisor *self, const struct service *service, struct err *err)
{
	if (service->kind != SERVICE_CONTAINER || engines_drive_containers(self))
		return 0;
	err_at(err, ERR_MISSING, service->place,
	       "service '%s' needs a container engine, and this stack was started without any", service->name);
	err_hint(err, "take it down and start it again: down, then up");
	return -ENOENT;
}

/* ---- Whether their engine is there ---- */

void containers_on_reachable(void *context, const struct err *why)
{
	struct supervisor *self = context;
	struct containers *containers = &self->containers;
	const bool was_away = containers->away != NULL;

	free(containers->away);
	containers->away = NULL;
	if (why != NULL) {
		containers->away = strdup(why->count > 0 ? why->items[0].message : "no reason is known");
		if (!was_away)
			containers->away_since_ms = clock_monotonic_ms();
	}
	supervisor_changed(self, SIZE_MAX);
	supervisor_touch(self);
}

static bool only_containers_are_left(const struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		if (!svc_is_gone(&self->units[i]->svc) && self->units[i]->definition->kind != SERVICE_CONTAINER)
			return false;
	}
	return true;
}

static void fail(struct supervisor *self, const char *why)
{
	err_set(&self->failure, ERR_FAILED, "cannot end the containers of project '%s': %s", self->stack->name, why);
	err_hint(&self->failure,
		 "the next upfront command on this project ends them, once their engine can be reached");
	supervisor_changed(self, SIZE_MAX);
}

/* In the engine's own words: it knows what is left, and why. */
static void take_failure(struct supervisor *self, const struct err *why)
{
	for (size_t i = 0; i < why->count; i++) {
		err_set(&self->failure, ERR_FAILED, "%s", why->items[i].message);
		if (why->items[i].hint != NULL)
			err_hint(&self->failure, "%s", why->items[i].hint);
	}
	if (!err_is_set(&self->failure))
		fail(self, "no reason is known");
	supervisor_changed(self, SIZE_MAX);
}

bool containers_are_lost(struct supervisor *self, int64_t now_ms)
{
	struct containers *containers = &self->containers;
	int64_t since_ms = containers->away_since_ms;

	if (containers->end != CONTAINERS_OPEN || containers->away == NULL || !only_containers_are_left(self))
		return false;
	if (since_ms < self->stopping_ms)
		since_ms = self->stopping_ms;
	containers->due_ms = since_ms + LOST_LIMIT_MS;
	if (now_ms < containers->due_ms)
		return false;
	fail(self, containers->away);
	containers_give_up(self);
	return true;
}

/* ---- The end ---- */

void containers_give_up(struct supervisor *self)
{
	self->containers.end = CONTAINERS_CLOSED;
	self->containers.due_ms = 0;
}

void containers_on_closed(void *context, const struct err *why)
{
	struct supervisor *self = context;

	if (self->containers.end != CONTAINERS_CLOSING)
		return;
	containers_give_up(self);
	if (why != NULL)
		take_failure(self, why);
	supervisor_touch(self);
}

bool containers_close(struct supervisor *self, int64_t now_ms)
{
	const struct unit_engine *at = &self->engines[SERVICE_CONTAINER];
	struct containers *containers = &self->containers;

	if (at->engine == NULL || at->ops->close == NULL)
		containers->end = CONTAINERS_CLOSED;
	if (containers->end == CONTAINERS_OPEN) {
		containers->end = CONTAINERS_CLOSING;
		containers->due_ms = now_ms + CLOSE_LIMIT_MS;
		at->ops->close(at->engine, containers->volumes);
	} else if (containers->end == CONTAINERS_CLOSING && now_ms >= containers->due_ms) {
		fail(self, containers->away != NULL ? containers->away : "their engine did not answer in time");
		containers_give_up(self);
	}
	return containers->end == CONTAINERS_CLOSED;
}

void containers_sweep_last(const struct supervisor *self)
{
	const struct supervisor_options *options = self->options;
	size_t ended;

	if (options->compose == NULL)
		return;
	supervisor_remove_files(options->socket_path, self->stack->name);
	if (options->state_dir != NULL)
		(void)containers_sweep(options->state_dir, options->environment, SWEEP_LIMIT_MS, &ended, NULL);
}

/* ---- What is shown ---- */

void supervisor_drop_volumes(struct supervisor *self)
{
	self->containers.volumes = true;
}

/* After a yes: they were to report through the relay, and cannot reach it. */
static const char *why_untold(const struct supervisor *self)
{
	const char *told = strmap_find(&self->containers.told, "UPFRONT_TELEMETRY");
	const bool off = told != NULL && strcmp(told, "off") == 0;

	return self->consent.state == CONSENT_ON && off && self->bridge_trouble[0] != '\0' ? self->bridge_trouble
											   : NULL;
}

bool supervisor_show_engine(const struct supervisor *self, struct supervisor_engine *shown)
{
	const struct compose_setup *setup = self->options->compose;

	if (setup == NULL)
		return false;
	*shown = (struct supervisor_engine){.name = setup->endpoint.podman ? "podman" : "docker",
					    .version = setup->version,
					    .address = setup->endpoint.shown,
					    .compose = setup->cli.shown,
					    .compose_version = setup->cli.version,
					    .reachable = self->containers.away == NULL,
					    .why = self->containers.away,
					    .untold_why = why_untold(self)};
	return true;
}
