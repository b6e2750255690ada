/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry_end.h"

#include "config/err.h"
#include "config/paths.h"
#include "launcher/client/view.h"
#include "launcher/project.h"
#include "telemetry/records.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CALL_TIMEOUT_MS 5000

/* ---- Running stacks ---- */

static int call(const struct ctl_client *client, const char *method, const char *target, char **answer, struct err *err)
{
	int status, result = ctl_client_call(client, method, target, NULL, CALL_TIMEOUT_MS, &status, answer, err);

	if (result == 0 && status != 200) {
		view_take_error(*answer, status, err);
		result = -EIO;
	}
	return result;
}

/* Apps are one whatever the case they are written in. */
static bool runs_app(const struct ctl_client *client, const char *app, bool *is_on, struct err *err)
{
	char *answer = NULL;
	cJSON *stack = NULL;
	const char *running, *state;
	bool result;

	if (call(client, "GET", "/v1/stack", &answer, err) < 0)
		return false;
	stack = cJSON_Parse(answer);
	running = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(stack, "app"));
	state = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(stack, "consent"), "state"));
	*is_on = state != NULL && strcmp(state, "on") == 0;
	result = app == NULL || (running != NULL && strcasecmp(running, app) == 0);
	cJSON_Delete(stack);
	free(answer);
	return result;
}

/* Ends the telemetry of a running project if it runs that app. One that does not run has none. */
static void withdraw(const struct project *project, struct telemetry_end *self, struct err *err)
{
	struct ctl_client client = {0};
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	bool was_on = false;

	if (!project_is_running(project))
		return;
	if (project_connect(project, &client, &trouble) == 0 && runs_app(&client, self->app, &was_on, &trouble) &&
	    call(&client, "POST", "/v1/telemetry/withdraw", &answer, &trouble) == 0 && was_on &&
	    strmap_set(&self->ended, project->name, NULL) < 0)
		err_set(err, ERR_INTERNAL, "out of memory");
	/* Nobody listens where the question is still open, or where all has ended meanwhile. */
	if (err_is_set(&trouble) && trouble.code != ERR_NOT_RUNNING && project_is_running(project)) {
		err_context(&trouble, "cannot end the usage statistics of the running project '%s'", project->name);
		err_hint(&trouble, "end the stack itself with: upfront -p %s down", project->name);
		err_move(err, &trouble);
	}
	free(answer);
	ctl_client_close(&client);
	err_finish(&trouble);
}

/* ---- Every project, every app ---- */

typedef void visit_folder(const char *name, void *context, struct err *err);

/* Calls `visit` for each sub-folder's name of a folder that may not be there. */
static void each_folder(const char *path, visit_folder *visit, void *context, struct err *err)
{
	DIR *folder = opendir(path);

	if (folder == NULL) {
		if (errno != ENOENT)
			err_set(err, ERR_FAILED, "cannot look for what telemetry kept: %s: %s", path, strerror(errno));
		return;
	}
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			visit(entry->d_name, context, err);
	closedir(folder);
}

/* The folder of all projects: the parent of any one's. The caller frees; NULL with `err`. */
static char *projects_folder(struct err *err)
{
	char *path = NULL, *last;

	if (paths_state("x", &path, err) < 0)
		return NULL;
	last = strrchr(path, '/');
	if (last != NULL)
		*last = '\0';
	return path;
}

static void withdraw_project(const char *name, void *context, struct err *err)
{
	struct project project;

	project_init(&project);
	project.name = strdup(name);
	if (project.name == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (paths_state(name, &project.state_dir, err) == 0)
		withdraw(&project, context, err);
	project_finish(&project);
}

static void visit_app(const char *name, void *context, struct err *err)
{
	telemetry_visit_app *const *visit = context;

	(*visit)(name, err);
}

void telemetry_each_app(telemetry_visit_app *visit, struct err *err)
{
	char *state = projects_folder(err), *apps = NULL;

	if (state == NULL)
		return;
	if (asprintf(&apps, "%s/.apps", state) < 0) {
		err_set(err, ERR_INTERNAL, "out of memory");
	} else {
		each_folder(apps, visit_app, &visit, err);
		free(apps);
	}
	free(state);
}

/* ---- The end ---- */

static void remove_kept(struct telemetry_end *self, struct err *err)
{
	int removed;

	if (self->app == NULL) {
		telemetry_each_app(self->remove, err);
		return;
	}
	removed = self->remove(self->app, err);
	self->removed += removed > 0 ? removed : 0;
}

/*
 * What waits on disk goes first: a sender that sees its outbox gone sends nothing more. Then the running stacks, and what one
 * of them may have written in between.
 */
void telemetry_end_now(struct telemetry_end *self, struct err *err)
{
	char *state = projects_folder(err);

	strmap_init(&self->ended);
	if (state == NULL)
		return;
	remove_kept(self, NULL);
	each_folder(state, withdraw_project, self, err);
	remove_kept(self, err);
	free(state);
}

void telemetry_end_finish(struct telemetry_end *self)
{
	strmap_finish(&self->ended);
}
