/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/settings.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/view.h"
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

static int edit(const char *app, bool off, struct err *err)
{
	char *path = paths_user_settings();
	int result;

	if (path == NULL) {
		err_set(err, ERR_CONFIG, "there is no home folder to keep the answer in");
		err_hint(err, "set HOME or XDG_CONFIG_HOME, or UPFRONT_TELEMETRY_DISABLED=1");
		return -EINVAL;
	}
	result = settings_edit(path, app, off, err);
	free(path);
	return result;
}

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

/* Whose no it is, and how it is told. */
struct no {
	const char *app; /* NULL: every app */
	bool quiet;
};

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
static void withdraw(const struct project *project, const struct no *no, struct err *err)
{
	struct ctl_client client = {0};
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	bool was_on = false;

	if (!project_is_running(project))
		return;
	if (project_connect(project, &client, &trouble) == 0 && runs_app(&client, no->app, &was_on, &trouble) &&
	    call(&client, "POST", "/v1/telemetry/withdraw", &answer, &trouble) == 0 && was_on && !no->quiet)
		fprintf(stderr,
			"Usage statistics: ended for the running project '%s'. Services that run hear of it by "
			"on_withdraw, or when they are restarted: upfront -p %s restart\n",
			project->name, project->name);
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

/* Calls `visit` for each sub-folder's name of a folder that may not be there. */
static void each_folder(const char *path, void (*visit)(const char *name, const struct no *no, struct err *err),
			const struct no *no, struct err *err)
{
	DIR *folder = opendir(path);

	if (folder == NULL) {
		if (errno != ENOENT)
			err_set(err, ERR_FAILED, "cannot look for what telemetry kept: %s: %s", path, strerror(errno));
		return;
	}
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			visit(entry->d_name, no, err);
	closedir(folder);
}

static void withdraw_project(const char *name, const struct no *no, struct err *err)
{
	struct project project;

	project_init(&project);
	project.name = strdup(name);
	if (project.name == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (paths_state(name, &project.state_dir, err) == 0)
		withdraw(&project, no, err);
	project_finish(&project);
}

static void wipe_app(const char *name, const struct no *no, struct err *err)
{
	(void)no;
	telemetry_wipe(name, err);
}

static void wipe(const char *state, const struct no *no, struct err *err)
{
	char *apps = NULL;

	if (no->app != NULL) {
		telemetry_wipe(no->app, err);
	} else if (asprintf(&apps, "%s/.apps", state) < 0) {
		err_set(err, ERR_INTERNAL, "out of memory");
	} else {
		each_folder(apps, wipe_app, no, err);
		free(apps);
	}
}

/*
 * What waits on disk goes first: a sender that sees its outbox gone sends nothing more. Then the running stacks, and what one
 * of them may have written in between.
 */
static void end_now(const struct no *no, struct err *err)
{
	char *state = NULL, *last;

	/* The folder of all projects is the parent of any one's. */
	if (paths_state("x", &state, err) < 0)
		return;
	last = strrchr(state, '/');
	if (last != NULL)
		*last = '\0';
	wipe(state, no, NULL);
	each_folder(state, withdraw_project, no, err);
	wipe(state, no, err);
	free(state);
}

/* The no that can be shown later; it was not given to any text. One for all is kept in the settings alone. */
static void keep_receipt(const struct stack *stack)
{
	const struct telemetry_receipt receipt = {.answer = CONSENT_NO_FOR_GOOD, .method = CONSENT_BY_USER};
	struct err trouble = ERR_INIT;

	telemetry_receipt_append(stack, &receipt, &trouble);
	consent_say_trouble(&trouble);
}

int telemetry_off(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	const char *app = options->all ? NULL : project->stack->app;
	const char *whose = app != NULL ? app : "every product";
	const struct no no = {.app = app, .quiet = context->globals.quiet};
	int result = edit(app, true, err);

	if (result < 0)
		return result;
	if (app != NULL)
		keep_receipt(project->stack);
	end_now(&no, err);
	if (err_is_set(err)) {
		fprintf(stderr, "Usage statistics: off for %s from the next start on; for now something is left:\n",
			whose);
		return -EIO;
	}
	if (!context->globals.quiet)
		fprintf(stderr, "Usage statistics: off for %s until you change it. Change: upfront telemetry ask%s\n",
			whose, options->all ? " --all" : "");
	return 0;
}

int telemetry_ask(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	const char *app = options->all ? NULL : project->stack->app;
	char still[1024];
	int result = edit(app, false, err);

	if (result == 0)
		result = telemetry_still_off(context, project->stack, still, sizeof(still), err);
	if (result < 0 || context->globals.quiet)
		return result;
	if (still[0] != '\0')
		fprintf(stderr, "Usage statistics: your no is lifted, but they are still off: %s\n", still);
	else if (options->all)
		fputs("Usage statistics: every product asks again at its next start, except those you switched off one "
		      "by one. "
		      "Change: upfront telemetry off --all\n",
		      stderr);
	else
		fprintf(stderr, "Usage statistics: the next up of %s asks again. Change: upfront telemetry off\n", app);
	return 0;
}
