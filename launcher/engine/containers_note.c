/* SPDX-License-Identifier: MIT */
#include "launcher/engine/containers_end.h"

#include "config/err.h"
#include "config/paths.h"
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_BYTES_MAX 65536u

static char *note_path(const char *state_dir)
{
	char *path = NULL;

	return asprintf(&path, "%s/" CONTAINERS_NOTE, state_dir) >= 0 ? path : NULL;
}

/* ---- Written ---- */

static const char *const dials[] = {[DIAL_UNIX] = "unix", [DIAL_TCP] = "tcp", [DIAL_CLIENT] = "client"};

static bool add_text(cJSON *object, const char *name, const char *text)
{
	return text == NULL || cJSON_AddStringToObject(object, name, text) != NULL;
}

/* NULL: out of memory. */
static char *write_text(const struct docker_endpoint *endpoint, const char *project, const char *dir,
			const char *marker)
{
	cJSON *note = cJSON_CreateObject(), *where = cJSON_AddObjectToObject(note, "endpoint");
	char *text = NULL, *line = NULL;

	if (where != NULL && add_text(note, "project", project) && add_text(note, "folder", dir) &&
	    add_text(note, "marker", marker) && add_text(where, "dial", dials[endpoint->dial]) &&
	    add_text(where, "path", endpoint->path) && add_text(where, "host", endpoint->host) &&
	    add_text(where, "client", endpoint->client) && add_text(where, "context", endpoint->context) &&
	    add_text(where, "shown", endpoint->shown) && add_text(where, "host_variable", endpoint->host_variable) &&
	    add_text(where, "why", endpoint->why) && cJSON_AddNumberToObject(where, "port", endpoint->port) != NULL &&
	    cJSON_AddBoolToObject(where, "podman", endpoint->podman) != NULL &&
	    cJSON_AddBoolToObject(where, "local", endpoint->local) != NULL)
		text = cJSON_PrintUnformatted(note);
	if (text != NULL && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	cJSON_Delete(note);
	free(text);
	return line;
}

int containers_note_write(const char *state_dir, const struct docker_endpoint *endpoint, const char *project,
			  const char *dir, const char *marker, struct err *err)
{
	char *path = note_path(state_dir), *line = write_text(endpoint, project, dir, marker);
	const char *flaw = NULL;
	struct stat status;
	int result = -ENOMEM;

	if (path != NULL && lstat(path, &status) == 0)
		flaw = paths_flaw(&status);
	/* A loop waits that has other things to do than to wait for the disk. */
	if (flaw != NULL)
		result = -EPERM;
	else if (path != NULL && line != NULL)
		result = paths_write_passing(path, line, strlen(line), 0600);
	if (result < 0)
		err_set(err, ERR_FAILED, "cannot write %s/" CONTAINERS_NOTE ", which says where containers run: %s",
			state_dir, flaw != NULL ? flaw : strerror(-result));
	free(path);
	free(line);
	return result;
}

/* ---- Read ---- */

static char *copy_text(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL ? strdup(text) : NULL;
}

static bool read_endpoint(struct docker_endpoint *self, const cJSON *where)
{
	const char *dial = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(where, "dial"));
	const cJSON *port = cJSON_GetObjectItemCaseSensitive(where, "port");
	bool found = false;

	for (size_t i = 0; dial != NULL && i < sizeof(dials) / sizeof(dials[0]); i++)
		if (strcmp(dial, dials[i]) == 0) {
			self->dial = (enum docker_dial)i;
			found = true;
		}
	self->path = copy_text(where, "path");
	self->host = copy_text(where, "host");
	self->client = copy_text(where, "client");
	self->context = copy_text(where, "context");
	self->shown = copy_text(where, "shown");
	self->host_variable = copy_text(where, "host_variable");
	self->why = copy_text(where, "why");
	self->port = cJSON_IsNumber(port) ? port->valueint : 0;
	self->podman = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(where, "podman"));
	self->local = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(where, "local"));
	return found && self->shown != NULL && self->why != NULL && (self->dial != DIAL_UNIX || self->path != NULL) &&
	       (self->dial != DIAL_TCP || (self->host != NULL && self->port > 0 && self->port <= 65535)) &&
	       (self->dial != DIAL_CLIENT || self->client != NULL);
}

int containers_note_read(const char *state_dir, struct containers_note *self)
{
	struct containers_note note = {0};
	char *path = note_path(state_dir), *bytes = NULL;
	const char *flaw = NULL;
	size_t size = 0;
	cJSON *json = NULL;
	int result = -ENOMEM;

	if (path != NULL)
		result = paths_read_own(path, NOTE_BYTES_MAX, &bytes, &size, &flaw);
	if (result < 0)
		goto out;
	json = cJSON_ParseWithLength(bytes, size);
	note.project = copy_text(json, "project");
	note.dir = copy_text(json, "folder");
	note.marker = copy_text(json, "marker");
	result = read_endpoint(&note.endpoint, cJSON_GetObjectItemCaseSensitive(json, "endpoint")) &&
				 note.project != NULL && note.project[0] != '\0'
			 ? 0
			 : -EBADMSG;
out:
	if (result == 0)
		*self = note;
	else
		containers_note_finish(&note);
	cJSON_Delete(json);
	free(bytes);
	free(path);
	return result;
}

void containers_note_finish(struct containers_note *self)
{
	docker_endpoint_finish(&self->endpoint);
	free(self->project);
	free(self->dir);
	free(self->marker);
	*self = (struct containers_note){0};
}

void containers_note_remove(const char *state_dir)
{
	char *path = note_path(state_dir);

	if (path != NULL)
		unlink(path);
	free(path);
}

/* ---- What it speaks of is ended ---- */

struct sweep {
	size_t ended;
	bool is_over, clear;
	struct containers_end *end;
	struct err *err;
};

static void on_swept(void *context, size_t ended, const struct err *why)
{
	struct sweep *self = context;

	self->is_over = true;
	self->ended = ended;
	self->clear = containers_end_is_clear(self->end);
	for (size_t i = 0; why != NULL && i < why->count; i++) {
		err_set(self->err, why->code, "%s", why->items[i].message);
		if (why->items[i].hint != NULL)
			err_hint(self->err, "%s", why->items[i].hint);
	}
}

/* Within the time that is left nobody can be asked to end: killed. */
static int sweep_project(const struct containers_note *note, const struct strmap *environment, int limit_ms,
			 struct sweep *sweep)
{
	const struct containers_end_options options = {.project = note->project, .dir = note->dir, .kill = true};
	struct event_base *base = event_base_new();
	struct docker *docker = base != NULL ? docker_create_still(base, &note->endpoint, environment) : NULL;
	int result = 0;

	if (docker != NULL)
		sweep->end = containers_end_begin(docker, &options, on_swept, sweep);
	if (sweep->end == NULL) {
		result = -ENOMEM;
		err_set(sweep->err, ERR_INTERNAL, "out of memory");
	} else if (!docker_wait(base, &sweep->is_over, limit_ms)) {
		containers_end_cancel(sweep->end);
		result = -ETIMEDOUT;
		err_set(sweep->err, ERR_TIMEOUT, "containers of project '%s' at %s could not be ended within %d ms",
			note->project, note->endpoint.shown, limit_ms);
	} else if (!sweep->clear) {
		result = -EREMOTEIO;
	}
	docker_destroy(docker);
	if (base != NULL)
		event_base_free(base);
	return result;
}

int containers_sweep(const char *state_dir, const struct strmap *environment, int limit_ms, size_t *ended,
		     struct err *err)
{
	struct sweep sweep = {.err = err};
	struct containers_note note;
	int result = containers_note_read(state_dir, &note);

	*ended = 0;
	if (result == -ENOENT || result == -ENOTDIR)
		return 0;
	if (result < 0) {
		err_set(err, ERR_FAILED, "cannot read %s/" CONTAINERS_NOTE ", which says where containers run: %s",
			state_dir, result == -EBADMSG ? "it is no such note" : strerror(-result));
		err_hint(err, "see `docker ps` for what is left, then remove that file");
		return result;
	}
	result = sweep_project(&note, environment, limit_ms, &sweep);
	*ended = sweep.ended;
	if (result == 0)
		containers_note_remove(state_dir);
	containers_note_finish(&note);
	return result;
}
