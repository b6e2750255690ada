/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_call.h"

#include "config/err.h"
#include "config/signal_name.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdlib.h>

/* ---- Acting on services ---- */

static void answer_refusal(struct ctl_call *call, const struct err *err)
{
	ctl_answer_err(call->request, err->code == ERR_USAGE ? 404 : err->code == ERR_CONFIG ? 400 : 409, err);
}

/* A list of texts, borrowed from the body, in an array that ends with NULL and is the caller's. False when it is something else. */
static bool read_texts(const struct ctl_call *call, const char *name, const char ***texts)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(call->body, name);
	const cJSON *item;
	size_t count = 0;

	*texts = NULL;
	if (list == NULL)
		return true;
	if (!cJSON_IsArray(list))
		return false;
	*texts = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(**texts));
	if (*texts == NULL)
		return false;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			return false;
		(*texts)[count++] = item->valuestring;
	}
	return true;
}

static bool read_flag(const struct ctl_call *call, const char *name, bool *flag)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->body, name);

	*flag = cJSON_IsTrue(value);
	return value == NULL || cJSON_IsBool(value);
}

static bool read_duration(const struct ctl_call *call, const char *name, int64_t *duration_ms)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->body, name);

	*duration_ms = -1;
	if (value == NULL)
		return true;
	if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= 1e12))
		return false;
	*duration_ms = (int64_t)value->valuedouble;
	return true;
}

/* "SIGTERM", "TERM", "15", 15; left out: SIGKILL. */
static bool read_signal(const struct ctl_call *call, int *signal)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->body, "signal");

	*signal = SIGKILL;
	if (value == NULL)
		return true;
	if (cJSON_IsNumber(value)) {
		*signal = value->valuedouble >= 1 && value->valuedouble < NSIG ? (int)value->valuedouble : 0;
		return *signal != 0;
	}
	return cJSON_IsString(value) && signal_parse(value->valuestring, signal);
}

/* What the body asks for, but for the names; or what is wrong with it. */
static const char *read_request(const struct ctl_call *call, struct supervisor_request *request)
{
	if (!read_flag(call, "no_deps", &request->alone))
		return "no_deps: true or false is wanted";
	if (!read_flag(call, "dry_run", &request->dry_run))
		return "dry_run: true or false is wanted";
	if (!read_duration(call, "timeout_ms", &request->grace_limit_ms))
		return "timeout_ms: a number of milliseconds is wanted";
	if (!read_signal(call, &request->signal))
		return "signal: unknown signal";
	return NULL;
}

typedef int act_function(struct supervisor *supervisor, const struct supervisor_request *request, const char ***names,
			 struct err *err);

static void answer_names(struct ctl_call *call, const char *const *names, bool dry_run)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddBoolToObject(object, "accepted", true);
	list = cJSON_AddArrayToObject(object, "services");
	for (; list != NULL && *names != NULL; names++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*names));
	ctl_answer_versioned(call->request, dry_run ? 200 : 202, object);
}

static void act(struct ctl_call *call, act_function *action, const char *const *services)
{
	struct supervisor_request request = {.names = services};
	const char *problem = read_request(call, &request);
	const char **names = NULL;
	struct err err = ERR_INIT;

	if (problem != NULL)
		ctl_routes_refuse(call->request, 400, problem);
	else if (action(call->supervisor, &request, &names, &err) < 0)
		answer_refusal(call, &err);
	else
		answer_names(call, names, request.dry_run);
	free(names);
	err_finish(&err);
}

static void act_on_one(struct ctl_call *call, act_function *action)
{
	const char *const names[] = {call->name, NULL};

	act(call, action, names);
}

static void act_on_several(struct ctl_call *call, act_function *action)
{
	const char **services;

	if (read_texts(call, "services", &services))
		act(call, action, services);
	else
		ctl_routes_refuse(call->request, 400, "services: a list of names is wanted");
	free(services);
}

void ctl_post_start(struct ctl_call *call)
{
	act_on_one(call, supervisor_start);
}

void ctl_post_stop(struct ctl_call *call)
{
	act_on_one(call, supervisor_stop);
}

void ctl_post_restart(struct ctl_call *call)
{
	act_on_one(call, supervisor_restart);
}

void ctl_post_kill(struct ctl_call *call)
{
	act_on_one(call, supervisor_signal);
}

void ctl_post_stack_start(struct ctl_call *call)
{
	act_on_several(call, supervisor_start);
}

void ctl_post_stack_stop(struct ctl_call *call)
{
	act_on_several(call, supervisor_stop);
}

void ctl_post_stack_restart(struct ctl_call *call)
{
	act_on_several(call, supervisor_restart);
}

void ctl_post_stack_kill(struct ctl_call *call)
{
	act_on_several(call, supervisor_signal);
}

void ctl_post_scale(struct ctl_call *call)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->body, "replicas");
	struct err err = ERR_INIT;
	int64_t grace_limit_ms;

	if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= 1e9) ||
	    value->valuedouble != (double)(size_t)value->valuedouble)
		ctl_routes_refuse(call->request, 400, "replicas: a whole number, 0 or more, is wanted");
	else if (!read_duration(call, "timeout_ms", &grace_limit_ms))
		ctl_routes_refuse(call->request, 400, "timeout_ms: a number of milliseconds is wanted");
	else if (supervisor_scale(call->supervisor, call->name, (size_t)value->valuedouble, grace_limit_ms, &err) < 0)
		answer_refusal(call, &err);
	else
		ctl_answer_accepted(call->request);
	err_finish(&err);
}

/* ---- Another stack ---- */

static void take_changes(void *context, const struct supervisor_changes *changes)
{
	*(cJSON **)context = ctl_json_changes(changes);
}

static bool all_absolute(const char *const *paths)
{
	while (paths != NULL && *paths != NULL && **paths == '/')
		paths++;
	return paths == NULL || *paths == NULL;
}

static const char *read_reload(struct ctl_call *call, const char **lists[3], bool *dry_run)
{
	if (!read_texts(call, "files", &lists[0]) || !all_absolute((const char *const *)lists[0]))
		return "files: a list of absolute paths is wanted";
	if (!read_texts(call, "env_files", &lists[1]) || !all_absolute((const char *const *)lists[1]))
		return "env_files: a list of absolute paths is wanted";
	if (!read_texts(call, "profiles", &lists[2]))
		return "profiles: a list of names is wanted";
	return read_flag(call, "dry_run", dry_run) ? NULL : "dry_run: true or false is wanted";
}

void ctl_post_reload(struct ctl_call *call)
{
	const char **lists[3] = {NULL, NULL, NULL};
	struct supervisor_reload request = {0};
	const char *problem = read_reload(call, lists, &request.dry_run);
	struct err err = ERR_INIT;
	cJSON *changes = NULL;

	request.files = (const char *const *)lists[0];
	request.env_files = (const char *const *)lists[1];
	request.profiles = (const char *const *)lists[2];
	if (problem != NULL) {
		ctl_routes_refuse(call->request, 400, problem);
	} else if (supervisor_reload(call->supervisor, &request, take_changes, &changes, &err) < 0) {
		cJSON_Delete(changes);
		answer_refusal(call, &err);
	} else {
		ctl_answer_versioned(call->request, 200, changes);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		free(lists[i]);
	err_finish(&err);
}
