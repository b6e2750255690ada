/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/json_out.h"
#include "launcher/command/telemetry_running.h"
#include "launcher/project.h"
#include "ui/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_COUNT 8

/* One row of the table of sources (design: who decides), in its order. */
struct source {
	const char *word; /* stable, for programs */
	char name[192];
	char value[128];
	const char *says; /* "off", "on", "ask" or "nothing" */
};

static void set_source(struct source *source, enum consent_reason reason, const char *says)
{
	source->word = consent_reason_word(reason);
	source->says = says;
}

static void describe_settings(const struct settings *settings, char *value, size_t size_bytes)
{
	if (!settings->exists)
		snprintf(value, size_bytes, "no such file");
	else if (settings->invalid)
		snprintf(value, size_bytes, "cannot be understood, counts as off");
	else if (settings->off)
		snprintf(value, size_bytes, "telemetry_enabled: false");
	else
		snprintf(value, size_bytes, "does not say off");
}

static void describe_variable(const struct cli_context *context, struct source *source, const char *name)
{
	const char *value = strmap_find(&context->environment, name);

	snprintf(source->name, sizeof(source->name), "%s", name);
	snprintf(source->value, sizeof(source->value), "%s", value != NULL ? value : "not set");
}

static const char *off_or_nothing(bool off)
{
	return off ? "off" : "nothing";
}

static void describe_all(const struct cli_context *context, const struct stack *stack,
			 const struct consent_sources *sources, struct source rows[SOURCE_COUNT])
{
	const struct consent_inputs *inputs = &sources->inputs;

	set_source(&rows[0], CONSENT_BY_POLICY, off_or_nothing(inputs->policy_off));
	snprintf(rows[0].name, sizeof(rows[0].name), "managed policy %s", paths_policy());
	describe_settings(&sources->policy, rows[0].value, sizeof(rows[0].value));
	set_source(&rows[1], CONSENT_BY_FLAG_OFF, "nothing");
	snprintf(rows[1].name, sizeof(rows[1].name), "--telemetry=off, --no-telemetry, --disable-telemetry");
	snprintf(rows[1].value, sizeof(rows[1].value), "said per run, to up");
	set_source(&rows[2], CONSENT_BY_UPFRONT_ENV, off_or_nothing(inputs->upfront_env_off));
	describe_variable(context, &rows[2], "UPFRONT_TELEMETRY_DISABLED");
	set_source(&rows[3], CONSENT_BY_APP_ENV, off_or_nothing(inputs->app_env_off));
	describe_variable(context, &rows[3], sources->app_variable);
	set_source(&rows[4], CONSENT_BY_DO_NOT_TRACK, off_or_nothing(inputs->do_not_track));
	describe_variable(context, &rows[4], "DO_NOT_TRACK");
	set_source(&rows[5], CONSENT_BY_PROJECT, off_or_nothing(inputs->project_off));
	snprintf(rows[5].name, sizeof(rows[5].name), "stack file %s", stack->files[0]);
	snprintf(rows[5].value, sizeof(rows[5].value), "%s",
		 stack->telemetry == NULL ? "declares no telemetry"
		 : inputs->project_off    ? "x-upfront.telemetry.enabled: false"
					  : "does not say off");
	set_source(&rows[6], CONSENT_BY_USER, off_or_nothing(inputs->user_off));
	snprintf(rows[6].name, sizeof(rows[6].name), "your settings %s",
		 sources->user_path != NULL ? sources->user_path : "(no home folder)");
	describe_settings(&sources->user, rows[6].value, sizeof(rows[6].value));
	if (!sources->user.off && settings_has_off(&sources->user, stack->app))
		snprintf(rows[6].value, sizeof(rows[6].value), "telemetry_off lists %.80s", stack->app);
	set_source(&rows[7], CONSENT_BY_FLAG_ON, "nothing");
	snprintf(rows[7].name, sizeof(rows[7].name), "--telemetry=on, --telemetry=on@%d", inputs->notice);
	snprintf(rows[7].value, sizeof(rows[7].value), "said per run, to up");
}

static const char *state_word(const struct consent_decision *decision)
{
	return decision->state == CONSENT_ASK ? "ask" : decision->state == CONSENT_ON ? "on" : "off";
}

static void add_declared(cJSON *object, const struct stack *stack)
{
	const struct telemetry_decl *declared = stack->telemetry;
	cJSON *endpoint;

	cJSON_AddStringToObject(object, "app", stack->app);
	if (declared == NULL || declared->host == NULL) {
		cJSON_AddNullToObject(object, "endpoint");
		return;
	}
	endpoint = cJSON_AddObjectToObject(object, "endpoint");
	cJSON_AddStringToObject(endpoint, "host", declared->host);
	cJSON_AddBoolToObject(endpoint, "has_key", declared->key != NULL);
	if (declared->controller != NULL)
		cJSON_AddStringToObject(endpoint, "controller", declared->controller);
	cJSON_AddNumberToObject(endpoint, "notice", declared->notice);
}

/* The environment that services are told is left to the control API. */
static void add_running(cJSON *object, const cJSON *running)
{
	static const char *const taken_over[] = {"dropped", "counts", "relay"};
	cJSON *shown;

	if (running == NULL) {
		cJSON_AddNullToObject(object, "running");
		return;
	}
	shown = cJSON_AddObjectToObject(object, "running");
	cJSON_AddStringToObject(shown, "state", telemetry_running_state(running));
	cJSON_AddStringToObject(shown, "because", telemetry_running_why(running));
	for (size_t i = 0; i < sizeof(taken_over) / sizeof(*taken_over); i++) {
		const cJSON *member = cJSON_GetObjectItemCaseSensitive(running, taken_over[i]);

		if (member != NULL)
			cJSON_AddItemToObject(shown, taken_over[i], cJSON_Duplicate(member, true));
	}
}

static int print_json(const struct stack *stack, const struct consent_sources *sources,
		      const struct consent_decision *decision, const cJSON *running,
		      const struct source rows[SOURCE_COUNT], struct err *err)
{
	cJSON *object = json_out_create(), *list;

	cJSON_AddStringToObject(object, "state", state_word(decision));
	cJSON_AddStringToObject(object, "reason",
				decision->state == CONSENT_ASK ? "ask" : consent_reason_word(decision->reason));
	cJSON_AddBoolToObject(object, "interactive", sources->inputs.interactive);
	if (sources->not_interactive != NULL)
		cJSON_AddStringToObject(object, "not_interactive_because", sources->not_interactive);
	add_running(object, running);
	add_declared(object, stack);
	list = cJSON_AddArrayToObject(object, "sources");
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddStringToObject(row, "source", rows[i].word);
		cJSON_AddStringToObject(row, "name", rows[i].name);
		cJSON_AddStringToObject(row, "value", rows[i].value);
		cJSON_AddStringToObject(row, "says", rows[i].says);
		cJSON_AddItemToArray(list, row);
	}
	return json_out_print(object, err);
}

static long long number_at(const cJSON *object, const char *name)
{
	return (long long)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *text_at(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL ? text : "";
}

/* They find the relay elsewhere, or not at all. */
static void print_containers(const cJSON *containers)
{
	const char *address = text_at(containers, "address");

	if (*address != '\0')
		printf("  containers' own: through %s\n", address);
	else if (cJSON_IsObject(containers))
		printf("  containers' own: none (%s); those that ask for the relay are told off\n",
		       text_at(containers, "why"));
}

/* What has become of the events of this run, and where services can send theirs. */
static void print_running(const cJSON *running)
{
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(running, "counts");
	const cJSON *relay = cJSON_GetObjectItemCaseSensitive(running, "relay");
	const char *state = text_at(relay, "state");

	if (cJSON_IsObject(counts))
		printf("  events: %lld delivered, %lld waiting, %lld refused, %lld lost\n",
		       number_at(counts, "delivered"), number_at(counts, "queued"), number_at(counts, "refused"),
		       number_at(running, "dropped") + number_at(counts, "evicted"));
	if (strcmp(state, "serving") == 0)
		printf("  services' own: through %s; %lld taken, %lld not as declared, %lld requests turned away\n",
		       text_at(relay, "address"), number_at(counts, "relayed"), number_at(counts, "relay_dropped"),
		       number_at(counts, "relay_refused"));
	else if (strcmp(state, "answering") == 0)
		printf("  services' own: none leave; %s is kept (%s)\n", text_at(relay, "address"),
		       text_at(relay, "why"));
	else if (*state != '\0')
		printf("  services' own: none (%s)\n", text_at(relay, "why"));
	print_containers(cJSON_GetObjectItemCaseSensitive(relay, "containers"));
}

static void print_summary(const struct stack *stack, const struct consent_sources *sources,
			  const struct consent_decision *decision, const cJSON *running)
{
	const struct telemetry_decl *declared = stack->telemetry;
	char *controller =
		declared != NULL && declared->controller != NULL ? text_harmless(declared->controller) : NULL;

	if (running != NULL)
		printf("%s is running: usage statistics %s for this run (%s).\n", stack->app,
		       telemetry_running_state(running), telemetry_running_why(running));
	print_running(running);
	if (decision->state == CONSENT_ASK)
		printf("%s: the next up asks; nothing is sent without a yes.\n", stack->app);
	else if (decision->reason == CONSENT_BY_NOT_INTERACTIVE)
		printf("%s: off at the next up from here: nobody could be asked (%s). On a terminal, up asks.\n",
		       stack->app, sources->not_interactive != NULL ? sources->not_interactive : "no terminal");
	else
		printf("%s: off at the next up: %s.\n", stack->app, consent_reason_text(decision->reason));
	if (declared != NULL && declared->host != NULL)
		printf("Would go to %s (%s), notice %d.\n", declared->host,
		       controller != NULL ? controller : "recipient not declared", declared->notice);
	free(controller);
}

static void print_table(const struct source rows[SOURCE_COUNT])
{
	size_t widths[2] = {0, 0};

	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		widths[0] = strlen(rows[i].name) > widths[0] ? strlen(rows[i].name) : widths[0];
		widths[1] = strlen(rows[i].value) > widths[1] ? strlen(rows[i].value) : widths[1];
	}
	printf("\nAny \"off\" wins:\n");
	for (size_t i = 0; i < SOURCE_COUNT; i++)
		printf("  %zu  %-*s  %-*s  %s\n", i + 1, (int)widths[0], rows[i].name, (int)widths[1], rows[i].value,
		       rows[i].says);
	printf("\nChange: upfront telemetry off|ask. What would be sent: upfront telemetry show\n");
}

int telemetry_status(const struct cli_context *context, const struct project *project, struct err *err)
{
	const struct stack *stack = project->stack;
	struct source rows[SOURCE_COUNT] = {0};
	struct consent_sources sources;
	struct consent_decision decision;
	cJSON *running = NULL;
	int result = consent_sources_read(&sources, context, stack, NULL, err);

	if (result < 0)
		goto out;
	decision = consent_decide(&sources.inputs);
	running = telemetry_running(project);
	describe_all(context, stack, &sources, rows);
	consent_say_trouble(&sources.trouble);
	if (context->globals.json) {
		result = print_json(stack, &sources, &decision, running, rows, err);
	} else {
		print_summary(stack, &sources, &decision, running);
		print_table(rows);
	}
out:
	cJSON_Delete(running);
	consent_sources_finish(&sources);
	return result;
}
