/* SPDX-License-Identifier: MIT */
/* What was sent, for the person to read and to remove. Neither starts a program or needs a yes; `forget` speaks to running stacks, and to nobody else. */
#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/json_out.h"
#include "launcher/command/since.h"
#include "launcher/command/telemetry.h"
#include "launcher/command/telemetry_end.h"
#include "launcher/project.h"
#include "telemetry/records.h"
#include "ui/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct log {
	bool verbose;
	size_t count;
};

/* "refused (too_large)" */
static void print_human(const struct log *self, const struct telemetry_sent *sent, const char *name)
{
	time_t seconds = (time_t)(sent->time_ms / 1000);
	struct tm parts = {0};
	char time[32], result[64], *clean_name = text_harmless(name), *clean_endpoint = text_harmless(sent->endpoint);

	localtime_r(&seconds, &parts);
	strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", &parts);
	snprintf(result, sizeof(result), "%s%s%.40s%s", sent->result, sent->reason ? " (" : "",
		 sent->reason ? sent->reason : "", sent->reason ? ")" : "");
	printf("%s  %-24s  %-20s  %s\n", time, result, clean_name ? clean_name : "",
	       clean_endpoint ? clean_endpoint : "");
	if (self->verbose)
		puts(sent->event);
	free(clean_name);
	free(clean_endpoint);
}

/*
 * A line each: {"version": 1, "time", "time_ms": of the last attempt, "name": of the event, "result": delivered, waiting, refused, deleted or sending,
 * "reason": a word or null, "status": of the last answer or null, "attempts", "endpoint", "text": the event byte for byte, as a string,
 * "event": the same as an object}
 */
static void print_json(const struct telemetry_sent *sent, const char *name)
{
	cJSON *object = json_out_create();
	char *line;

	cJSON_AddStringToObject(object, "time", sent->time);
	cJSON_AddNumberToObject(object, "time_ms", (double)sent->time_ms);
	cJSON_AddStringToObject(object, "name", name);
	cJSON_AddStringToObject(object, "result", sent->result);
	cJSON_AddItemToObject(object, "reason", sent->reason ? cJSON_CreateString(sent->reason) : cJSON_CreateNull());
	cJSON_AddItemToObject(object, "status", sent->status ? cJSON_CreateNumber(sent->status) : cJSON_CreateNull());
	cJSON_AddNumberToObject(object, "attempts", sent->attempts);
	cJSON_AddStringToObject(object, "endpoint", sent->endpoint);
	cJSON_AddStringToObject(object, "text", sent->event);
	cJSON_AddRawToObject(object, "event", sent->event);
	line = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	if (line != NULL)
		puts(line);
	free(line);
}

static const char *name_in(const cJSON *event)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));

	return name != NULL ? name : "-";
}

static bool print_as_json(void *context, const struct telemetry_sent *sent)
{
	cJSON *event = cJSON_Parse(sent->event);

	(void)context;
	print_json(sent, name_in(event));
	cJSON_Delete(event);
	return ferror(stdout) == 0;
}

static bool print_for_person(void *context, const struct telemetry_sent *sent)
{
	struct log *log = context;
	cJSON *event = cJSON_Parse(sent->event);

	print_human(log, sent, name_in(event));
	log->count++;
	cJSON_Delete(event);
	return ferror(stdout) == 0;
}

int telemetry_log(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct telemetry_options *options = context->options;
	struct log log = {.verbose = context->globals.verbose};
	const char *app = project->stack->app;
	int64_t since_ms = 0;
	int damaged;

	if (options->since != NULL && !since_parse(options->since, clock_wall_ms(), &since_ms))
		return err_set(
			err, ERR_USAGE,
			"--since: wanted a time such as 2026-01-31T09:00:00Z or a duration such as 10m, found '%s'",
			options->since);
	damaged = telemetry_ledger_each(app, since_ms, context->globals.json ? print_as_json : print_for_person, &log,
					err);
	if (damaged < 0)
		return damaged;
	if (!context->globals.json && log.count == 0)
		printf("nothing was sent for %s%s\n", app, options->since != NULL ? " since then" : "");
	if (damaged > 0)
		fprintf(stderr, "upfront: %d damaged line%s in the record of what was sent: passed over\n", damaged,
			damaged == 1 ? "" : "s");
	return 0;
}

static void print_forgotten_json(const char *app, bool removed, const struct strmap *ended, struct err *err)
{
	cJSON *object = json_out_create(), *list;

	cJSON_AddStringToObject(object, "app", app);
	cJSON_AddBoolToObject(object, "removed", removed);
	list = cJSON_AddArrayToObject(object, "ended");
	for (size_t i = 0; i < ended->count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(ended->entries[i].key));
	json_out_print(object, err);
}

static void print_forgotten(const char *app, bool removed, const struct strmap *ended)
{
	if (removed)
		printf("Forgotten for %s: the record of what was sent, the receipts of your answers, the kept id, and "
		       "what was waiting",
		       app);
	else
		printf("There was nothing to forget for %s", app);
	for (size_t i = 0; i < ended->count; i++)
		printf("%s '%s'",
		       i > 0               ? ","
		       : ended->count == 1 ? "; and ended the statistics of the running project"
					   : "; and ended the statistics of the running projects",
		       ended->entries[i].key);
	puts(".");
}

/* What is forgotten is not begun anew by a stack that runs: its yes was forgotten, too. The next start asks. */
int telemetry_forget_all(const struct cli_context *context, const struct project *project, struct err *err)
{
	const char *app = project->stack->app;
	struct telemetry_end end = {.app = app, .remove = telemetry_forget};

	telemetry_end_now(&end, err);
	if (err_is_set(err))
		fprintf(stderr, "Forgotten for %s, but something is left:\n", app);
	else if (context->globals.json)
		print_forgotten_json(app, end.removed > 0, &end.ended, err);
	else
		print_forgotten(app, end.removed > 0, &end.ended);
	telemetry_end_finish(&end);
	return err_is_set(err) ? -EIO : 0;
}
