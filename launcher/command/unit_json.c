/* SPDX-License-Identifier: MIT */
#include "launcher/command/unit_json.h"

#include "launcher/client/view.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_text(cJSON *object, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		cJSON_AddStringToObject(object, name, text);
	else
		cJSON_AddNullToObject(object, name);
}

static void add_end(cJSON *object, const struct view_unit *unit)
{
	const char *abbreviation = unit->exit_signaled ? sigabbrev_np(unit->exit_value) : NULL;
	char signal[24] = "";

	if (unit->has_exited && unit->exit_signaled && abbreviation != NULL)
		snprintf(signal, sizeof(signal), "SIG%s", abbreviation);
	else if (unit->has_exited && unit->exit_signaled)
		snprintf(signal, sizeof(signal), "%d", unit->exit_value);
	if (unit->has_exited && !unit->exit_signaled)
		cJSON_AddNumberToObject(object, "code", unit->exit_value);
	else
		cJSON_AddNullToObject(object, "code");
	add_text(object, "signal", signal);
}

void unit_json_add(struct cJSON *object, const struct view_unit *unit)
{
	add_text(object, "name", unit->name);
	add_text(object, "service", unit->service);
	add_text(object, "state", unit->state);
	add_end(object, unit);
	cJSON_AddNumberToObject(object, "restarts", unit->restarts);
	if (unit->ready_after_ms >= 0)
		cJSON_AddNumberToObject(object, "ready_after_ms", (double)unit->ready_after_ms);
	else
		cJSON_AddNullToObject(object, "ready_after_ms");
	add_text(object, "why", unit->why);
}

void unit_json_print(struct cJSON *object)
{
	char *text = object != NULL ? cJSON_PrintUnformatted(object) : NULL;

	if (text != NULL)
		puts(text);
	fflush(stdout);
	free(text);
	cJSON_Delete(object);
}
