/* SPDX-License-Identifier: MIT */
#include "launcher/command/telemetry_running.h"

#include "config/decide.h"
#include "config/err.h"
#include "launcher/project.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define CALL_TIMEOUT_MS 5000

cJSON *telemetry_running(const struct project *project)
{
	struct ctl_client client = {0};
	struct err absent = ERR_INIT;
	char *answer = NULL;
	cJSON *running = NULL;
	int status;

	if (project_connect(project, &client, &absent) == 0 &&
	    ctl_client_call(&client, "GET", "/v1/telemetry", NULL, CALL_TIMEOUT_MS, &status, &answer, &absent) == 0 &&
	    status == 200)
		running = cJSON_Parse(answer);
	free(answer);
	ctl_client_close(&client);
	err_finish(&absent);
	return running;
}

static const char *text_of(const cJSON *running, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(running, name));

	return text != NULL ? text : "";
}

const char *telemetry_running_state(const cJSON *running)
{
	return strcmp(text_of(running, "state"), "on") == 0 ? "on" : "off";
}

const char *telemetry_running_why(const cJSON *running)
{
	const char *word = text_of(running, "reason");

	if (strcmp(word, consent_reason_word(CONSENT_BY_FLAG_ON)) == 0)
		return "--telemetry=on";
	if (strcmp(word, consent_reason_word(CONSENT_BY_ANSWER)) == 0)
		return strcmp(telemetry_running_state(running), "on") == 0 ? "you answered yes" : "you said no";
	return text_of(running, "text");
}
