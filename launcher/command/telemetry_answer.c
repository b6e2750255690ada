/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/settings.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/telemetry_end.h"
#include "launcher/project.h"
#include "telemetry/records.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The no that can be shown later; it was not given to any text. */
static void keep_receipt(const struct stack *stack)
{
	const struct telemetry_receipt receipt = {.answer = CONSENT_NO_FOR_GOOD, .method = CONSENT_BY_USER};
	struct err trouble = ERR_INIT;

	telemetry_receipt_append(stack, &receipt, &trouble);
	consent_say_trouble(&trouble);
}

/* A no for all is kept with every app that an answer was kept of, by the name that one gave; of others there is nothing to take back. */
static int keep_receipt_of(const char *app, struct err *err)
{
	char *text = telemetry_receipts_json(app, 1);
	cJSON *receipts = cJSON_Parse(text != NULL ? text : "");
	const cJSON *last = cJSON_GetArrayItem(receipts, 0);
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(last, "app"));
	const struct stack stack = {.app = name != NULL ? name : app};

	(void)err;
	if (last != NULL)
		keep_receipt(&stack);
	cJSON_Delete(receipts);
	free(text);
	return 0;
}

static void keep_receipts(void)
{
	struct err trouble = ERR_INIT;

	telemetry_each_app(keep_receipt_of, &trouble);
	consent_say_trouble(&trouble);
}

int telemetry_off(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	const char *app = options->all ? NULL : project->stack->app;
	const char *whose = app != NULL ? app : "every product";
	struct telemetry_end end = {.app = app, .remove = telemetry_wipe};
	int result = edit(app, true, err);

	if (result < 0)
		return result;
	if (app != NULL)
		keep_receipt(project->stack);
	else
		keep_receipts();
	telemetry_end_now(&end, err);
	for (size_t i = 0; i < end.ended.count && !context->globals.quiet; i++)
		fprintf(stderr,
			"Usage statistics: ended for the running project '%s'. Services that run hear of it by "
			"on_withdraw, or when they are restarted: upfront -p %s restart\n",
			end.ended.entries[i].key, end.ended.entries[i].key);
	telemetry_end_finish(&end);
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
