/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_routes.h"

#include "config/err.h"
#include "config/signal_name.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_stream.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define NAMES_MAX 1000u
#define BODY_DEPTH_MAX 16

/* One request on its way to an answer. */
struct call {
	struct evhttp_request *request;
	struct supervisor *supervisor;
	struct ctl_streams *streams;
	char *name; /* {name} of the path, decoded; NULL: the route has none */
	struct evkeyvalq query;
	cJSON *body; /* an object, or NULL when none was sent */
};

/* ---- Answers ---- */

static const char *status_text(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 202:
		return "Accepted";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

/* Deletes `object`. */
static void answer_json(struct evhttp_request *request, int status, cJSON *object)
{
	char *text = object != NULL ? cJSON_PrintUnformatted(object) : NULL;
	struct evbuffer *body = evbuffer_new();

	if (text == NULL || body == NULL) {
		evhttp_send_error(request, 500, "Internal Server Error");
		goto out;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evbuffer_add(body, text, strlen(text));
	evbuffer_add(body, "\n", 1);
	evhttp_send_reply(request, status, status_text(status), body);
out:
	if (body != NULL)
		evbuffer_free(body);
	free(text);
	cJSON_Delete(object);
}

/* Deletes `object`, a plain one, after its version was put in front. */
static void answer_versioned(struct evhttp_request *request, int status, cJSON *object)
{
	cJSON *version = object != NULL ? cJSON_AddNumberToObject(object, "version", CTL_JSON_VERSION) : NULL;

	if (version != NULL)
		cJSON_InsertItemInArray(object, 0, cJSON_DetachItemViaPointer(object, version));
	answer_json(request, status, object);
}

static void answer_err(struct evhttp_request *request, int status, const struct err *err)
{
	answer_json(request, status, ctl_json_error(err));
}

static void refuse_service(struct evhttp_request *request, const char *name)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_USAGE, "no such service: '%s'", name);
	err_hint(&err, "upfront ps shows the services");
	answer_err(request, 404, &err);
	err_finish(&err);
}

void ctl_routes_refuse(struct evhttp_request *request, int status, const char *message)
{
	struct err err = ERR_INIT;

	err_set(&err, status == 503 ? ERR_FAILED : ERR_USAGE, "%s", message);
	answer_err(request, status, &err);
	err_finish(&err);
}

static void answer_accepted(struct evhttp_request *request)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddBoolToObject(object, "accepted", true);
	answer_versioned(request, 202, object);
}

/* ---- Reading ---- */

static void get_stack(struct call *call)
{
	answer_versioned(call->request, 200, ctl_json_stack(call->supervisor));
}

static void get_services(struct call *call)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "project", supervisor_stack(call->supervisor)->name);
	cJSON_AddItemToObject(object, "services", ctl_json_units(call->supervisor));
	answer_versioned(call->request, 200, object);
}

/* The first unit of this name: "web", "web-2". */
static size_t find_unit(const struct call *call, const char *name)
{
	struct supervisor_unit unit;

	for (size_t i = 0; i < supervisor_unit_count(call->supervisor); i++) {
		supervisor_unit(call->supervisor, i, &unit);
		if (strcmp(unit.name, name) == 0 || strcmp(unit.service->name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void get_service(struct call *call)
{
	size_t index = find_unit(call, call->name);
	struct supervisor_unit unit;

	if (index == SIZE_MAX) {
		refuse_service(call->request, call->name);
		return;
	}
	supervisor_unit(call->supervisor, index, &unit);
	answer_versioned(call->request, 200, ctl_json_unit(&unit));
}

static void get_telemetry(struct call *call)
{
	answer_versioned(call->request, 200, ctl_json_telemetry(call->supervisor));
}

/* ---- Streams ---- */

static void answer_stream_result(struct call *call, int result)
{
	if (result == -EBUSY)
		ctl_routes_refuse(call->request, 503, "too many streams are open");
	else if (result < 0)
		ctl_routes_refuse(call->request, 500, "out of memory");
}

static void get_events(struct call *call)
{
	answer_stream_result(call, ctl_streams_events(call->streams, call->request));
}

static bool parse_count(const char *text, size_t *count)
{
	char *end;
	unsigned long long value;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || value > INT_MAX)
		return false;
	*count = (size_t)value;
	return true;
}

/* service=NAME (repeatable), follow=0|1, tail=N|all. Returns what is wrong with it, or NULL; *stranger is a name nobody has. */
static const char *parse_log_query(struct call *call, struct ctl_log_query *query, const char **names,
				   const char **stranger)
{
	const struct evkeyval *pair;
	size_t count = 0;

	TAILQ_FOREACH(pair, &call->query, next)
	{
		if (strcmp(pair->key, "service") == 0) {
			if (count + 1 >= NAMES_MAX)
				return "too many services named";
			if (find_unit(call, pair->value) == SIZE_MAX)
				return *stranger = pair->value;
			names[count++] = pair->value;
		} else if (strcmp(pair->key, "follow") == 0) {
			query->follow = strcmp(pair->value, "1") == 0 || strcmp(pair->value, "true") == 0;
		} else if (strcmp(pair->key, "tail") == 0) {
			query->has_tail = strcmp(pair->value, "all") != 0;
			if (query->has_tail && !parse_count(pair->value, &query->tail))
				return "tail: a number or 'all' is wanted";
		} else {
			return "unknown query parameter";
		}
	}
	query->services = count > 0 ? names : NULL;
	return NULL;
}

static void get_logs(struct call *call)
{
	struct ctl_log_query query = {0};
	const char **names = calloc(NAMES_MAX, sizeof(*names));
	const char *stranger = NULL;
	const char *problem = names == NULL ? "out of memory" : parse_log_query(call, &query, names, &stranger);

	if (stranger != NULL)
		refuse_service(call->request, stranger);
	else if (problem != NULL)
		ctl_routes_refuse(call->request, 400, problem);
	else
		answer_stream_result(call, ctl_streams_logs(call->streams, call->request, &query));
	free(names);
}

/* ---- Acting ---- */

static void post_down(struct call *call)
{
	const cJSON *grace = cJSON_GetObjectItemCaseSensitive(call->body, "grace_ms");
	const cJSON *reason = cJSON_GetObjectItemCaseSensitive(call->body, "reason");
	int64_t grace_ms = -1;

	if (reason != NULL && (!cJSON_IsString(reason) || strcmp(reason->valuestring, "timeout") != 0)) {
		ctl_routes_refuse(call->request, 400, "reason: only 'timeout' is known");
		return;
	}

	if (grace != NULL) {
		if (!cJSON_IsNumber(grace) || grace->valuedouble < 0 || grace->valuedouble > 1e12) {
			ctl_routes_refuse(call->request, 400, "grace_ms: a number of milliseconds is wanted");
			return;
		}
		grace_ms = (int64_t)grace->valuedouble;
	}
	answer_accepted(call->request);
	supervisor_down(call->supervisor, reason != NULL ? DOWN_TIMED_OUT : DOWN_ASKED, grace_ms);
}

static void post_detach(struct call *call)
{
	supervisor_detach(call->supervisor);
	answer_accepted(call->request);
}

static void post_withdraw(struct call *call)
{
	supervisor_withdraw(call->supervisor);
	get_telemetry(call);
}

/* ---- Acting on services ---- */

static void answer_refusal(struct call *call, const struct err *err)
{
	answer_err(call->request, err->code == ERR_USAGE ? 404 : err->code == ERR_CONFIG ? 400 : 409, err);
}

/* A list of texts, borrowed from the body, in an array that ends with NULL and is the caller's. False when it is something else. */
static bool read_texts(const struct call *call, const char *name, const char ***texts)
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

static bool read_flag(const struct call *call, const char *name, bool *flag)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->body, name);

	*flag = cJSON_IsTrue(value);
	return value == NULL || cJSON_IsBool(value);
}

static bool read_duration(const struct call *call, const char *name, int64_t *duration_ms)
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
static bool read_signal(const struct call *call, int *signal)
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
static const char *read_request(const struct call *call, struct supervisor_request *request)
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

static void answer_names(struct call *call, const char *const *names, bool dry_run)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddBoolToObject(object, "accepted", true);
	list = cJSON_AddArrayToObject(object, "services");
	for (; list != NULL && *names != NULL; names++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*names));
	answer_versioned(call->request, dry_run ? 200 : 202, object);
}

static void act(struct call *call, act_function *action, const char *const *services)
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

static void act_on_one(struct call *call, act_function *action)
{
	const char *const names[] = {call->name, NULL};

	act(call, action, names);
}

static void act_on_several(struct call *call, act_function *action)
{
	const char **services;

	if (read_texts(call, "services", &services))
		act(call, action, services);
	else
		ctl_routes_refuse(call->request, 400, "services: a list of names is wanted");
	free(services);
}

static void post_start(struct call *call)
{
	act_on_one(call, supervisor_start);
}

static void post_stop(struct call *call)
{
	act_on_one(call, supervisor_stop);
}

static void post_restart(struct call *call)
{
	act_on_one(call, supervisor_restart);
}

static void post_kill(struct call *call)
{
	act_on_one(call, supervisor_signal);
}

static void post_stack_start(struct call *call)
{
	act_on_several(call, supervisor_start);
}

static void post_stack_stop(struct call *call)
{
	act_on_several(call, supervisor_stop);
}

static void post_stack_restart(struct call *call)
{
	act_on_several(call, supervisor_restart);
}

static void post_stack_kill(struct call *call)
{
	act_on_several(call, supervisor_signal);
}

static void post_scale(struct call *call)
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
		answer_accepted(call->request);
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

static const char *read_reload(struct call *call, const char **lists[3], bool *dry_run)
{
	if (!read_texts(call, "files", &lists[0]) || !all_absolute((const char *const *)lists[0]))
		return "files: a list of absolute paths is wanted";
	if (!read_texts(call, "env_files", &lists[1]) || !all_absolute((const char *const *)lists[1]))
		return "env_files: a list of absolute paths is wanted";
	if (!read_texts(call, "profiles", &lists[2]))
		return "profiles: a list of names is wanted";
	return read_flag(call, "dry_run", dry_run) ? NULL : "dry_run: true or false is wanted";
}

static void post_reload(struct call *call)
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
		answer_versioned(call->request, 200, changes);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		free(lists[i]);
	err_finish(&err);
}

/* ---- The table ---- */

static const struct route {
	const char *name; /* method and template */
	enum evhttp_cmd_type method;
	void (*answer)(struct call *call);
} routes[] = {
	{"GET /v1/stack", EVHTTP_REQ_GET, get_stack},
	{"POST /v1/stack/down", EVHTTP_REQ_POST, post_down},
	{"POST /v1/stack/detach", EVHTTP_REQ_POST, post_detach},
	{"POST /v1/stack/start", EVHTTP_REQ_POST, post_stack_start},
	{"POST /v1/stack/stop", EVHTTP_REQ_POST, post_stack_stop},
	{"POST /v1/stack/restart", EVHTTP_REQ_POST, post_stack_restart},
	{"POST /v1/stack/kill", EVHTTP_REQ_POST, post_stack_kill},
	{"POST /v1/stack/reload", EVHTTP_REQ_POST, post_reload},
	{"GET /v1/services", EVHTTP_REQ_GET, get_services},
	{"GET /v1/services/{name}", EVHTTP_REQ_GET, get_service},
	{"POST /v1/services/{name}/start", EVHTTP_REQ_POST, post_start},
	{"POST /v1/services/{name}/stop", EVHTTP_REQ_POST, post_stop},
	{"POST /v1/services/{name}/restart", EVHTTP_REQ_POST, post_restart},
	{"POST /v1/services/{name}/kill", EVHTTP_REQ_POST, post_kill},
	{"POST /v1/services/{name}/scale", EVHTTP_REQ_POST, post_scale},
	{"GET /v1/events", EVHTTP_REQ_GET, get_events},
	{"GET /v1/logs", EVHTTP_REQ_GET, get_logs},
	{"GET /v1/telemetry", EVHTTP_REQ_GET, get_telemetry},
	{"POST /v1/telemetry/withdraw", EVHTTP_REQ_POST, post_withdraw},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

const char *ctl_routes_name(size_t index)
{
	return index < ROUTE_COUNT ? routes[index].name : NULL;
}

/* Matches `path` against a template; {name} stands for one segment, returned decoded in *name (the caller frees). */
static bool match_path(const char *template, const char *path, char **name)
{
	const char *hole = strstr(template, "{name}");
	size_t head = hole != NULL ? (size_t)(hole - template) : 0;
	const char *rest;
	char *segment;
	size_t decoded;

	if (hole == NULL)
		return strcmp(template, path) == 0;
	if (strncmp(template, path, head) != 0)
		return false;
	rest = path + head + strcspn(path + head, "/");
	if (rest == path + head || strcmp(rest, hole + strlen("{name}")) != 0)
		return false;
	segment = strndup(path + head, (size_t)(rest - path) - head);
	if (segment == NULL)
		return false;
	*name = evhttp_uridecode(segment, 0, &decoded);
	free(segment);
	return *name != NULL;
}

/* The route, or NULL with *known set when only the method is wrong. */
static const struct route *find_route(const char *path, enum evhttp_cmd_type method, char **name, bool *known)
{
	*known = false;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!match_path(strchr(routes[i].name, '/'), path, name))
			continue;
		if (routes[i].method == method)
			return &routes[i];
		*known = true;
		free(*name);
		*name = NULL;
	}
	return NULL;
}

/* Looked at before it is parsed, for what a parser that calls itself would have to go through; brackets in strings are text. */
static bool shallow(const char *text, size_t size_bytes)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!in_string && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > BODY_DEPTH_MAX)
			return false;
	}
	return true;
}

/* No body, or one JSON object. */
static bool read_body(struct call *call)
{
	struct evbuffer *buffer = evhttp_request_get_input_buffer(call->request);
	size_t length = evbuffer_get_length(buffer);
	const char *text;

	if (length == 0)
		return true;
	text = (const char *)evbuffer_pullup(buffer, -1);
	if (text == NULL || !shallow(text, length))
		return false;
	call->body = cJSON_ParseWithLength(text, length);
	return cJSON_IsObject(call->body);
}

void ctl_routes_answer(struct evhttp_request *request, struct supervisor *supervisor, struct ctl_streams *streams)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
	struct call call = {.request = request, .supervisor = supervisor, .streams = streams};
	const struct route *route;
	bool known;

	TAILQ_INIT(&call.query);
	route = find_route(path != NULL ? path : "", evhttp_request_get_command(request), &call.name, &known);
	if (route == NULL)
		ctl_routes_refuse(request, known ? 405 : 404, known ? "wrong method" : "no such endpoint");
	else if (!read_body(&call))
		ctl_routes_refuse(request, 400, "the body is no JSON object");
	else if (query != NULL && evhttp_parse_query_str(query, &call.query) < 0)
		ctl_routes_refuse(request, 400, "malformed query");
	else
		route->answer(&call);
	evhttp_clear_headers(&call.query);
	cJSON_Delete(call.body);
	free(call.name);
}
