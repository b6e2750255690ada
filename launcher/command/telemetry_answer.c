/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/settings.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/project.h"
#include "telemetry/telemetry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The running stack's telemetry ends at once; a stack that is not there has none. */
static void withdraw(const struct project *project)
{
	struct ctl_client client = {NULL};
	struct err absent = ERR_INIT;
	char *answer = NULL;
	int status;

	if (project_connect(project, &client, &absent) == 0)
		ctl_client_call(&client, "POST", "/v1/telemetry/withdraw", NULL, CALL_TIMEOUT_MS, &status, &answer,
				&absent);
	free(answer);
	ctl_client_close(&client);
	err_finish(&absent);
}

/* Calls `visit` for each sub-folder's name of a folder that may not be there. */
static void each_folder(const char *path, void (*visit)(const char *name, struct err *err), struct err *err)
{
	DIR *folder = opendir(path);

	if (folder == NULL)
		return;
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			visit(entry->d_name, err);
	closedir(folder);
}

static void wipe_app(const char *name, struct err *err)
{
	telemetry_wipe(name, err);
}

static void withdraw_project(const char *name, struct err *err)
{
	struct project project;

	project_init(&project);
	project.name = strdup(name);
	if (project.name != NULL && paths_state(name, &project.state_dir, err) == 0)
		withdraw(&project);
	project_finish(&project);
}

/* Every product and every project there is state of. */
static void end_everywhere(struct err *err)
{
	char *state = NULL, *apps = NULL, *last;

	/* The folder of all projects is the parent of any one's. */
	if (paths_state("x", &state, err) < 0)
		return;
	last = strrchr(state, '/');
	if (last != NULL)
		*last = '\0';
	if (asprintf(&apps, "%s/.apps", state) < 0)
		apps = NULL;
	if (apps != NULL)
		each_folder(apps, wipe_app, err);
	each_folder(state, withdraw_project, err);
	free(apps);
	free(state);
}

int telemetry_off(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	const char *app = options->all ? NULL : project->stack->app;
	int result = edit(app, true, err);

	if (result < 0)
		return result;
	if (options->all) {
		end_everywhere(err);
	} else {
		withdraw(project);
		telemetry_wipe(app, err);
	}
	if (!err_is_set(err) && !context->globals.quiet)
		fprintf(stderr, "Usage statistics: off for %s until you change it. Change: upfront telemetry ask%s\n",
			options->all ? "every product" : app, options->all ? " --all" : "");
	return err_is_set(err) ? -EIO : 0;
}

int telemetry_ask(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	const char *app = options->all ? NULL : project->stack->app;
	int result = edit(app, false, err);

	if (result == 0 && !context->globals.quiet)
		fprintf(stderr, "Usage statistics: the next up of %s asks again. Change: upfront telemetry off%s\n",
			options->all ? "a product that is not off by itself" : app, options->all ? " --all" : "");
	return result;
}
