/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_routes.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/reserve.h"
#include "launcher/supervisor/ctl_call.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_stream.h"
#include "launcher/supervisor/ctl_telemetry.h"
#include "launcher/supervisor/ctl_usage.h"
#include "launcher/supervisor/supervisor.h"
#include "telemetry/route.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 1000u
#define BODY_DEPTH_MAX 16

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
	case 413:
		return "Payload Too Large";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

/*
 * Deletes `object`. cJSON goes on without what it has no memory for, and only malloc tells (errno was 0 when the request came): what
 * was asked to be seen is shown whole or not at all.
 */
static void answer_json(struct evhttp_request *request, int status, cJSON *object)
{
	const bool whole = status != 200 || errno != ENOMEM;
	char *text = object != NULL ? cJSON_PrintUnformatted(object) : NULL;
	struct evbuffer *body = evbuffer_new();

	if (!whole || text == NULL || body == NULL) {
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

void ctl_answer_versioned(struct evhttp_request *request, int status, cJSON *object)
{
	cJSON *version = object != NULL ? cJSON_AddNumberToObject(object, "version", CTL_JSON_VERSION) : NULL;

	if (version != NULL)
		cJSON_InsertItemInArray(object, 0, cJSON_DetachItemViaPointer(object, version));
	answer_json(request, status, object);
}

void ctl_answer_err(struct evhttp_request *request, int status, const struct err *err)
{
	answer_json(request, status, ctl_json_error(err));
}

void ctl_answer_unknown_service(struct evhttp_request *request, const char *name)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_USAGE, "no such service: '%s'", name);
	err_hint(&err, "ps shows the services");
	ctl_answer_err(request, 404, &err);
	err_finish(&err);
}

void ctl_routes_refuse(struct evhttp_request *request, int status, const char *message)
{
	struct err err = ERR_INIT;

	err_set(&err, status == 503 ? ERR_FAILED : ERR_USAGE, "%s", message);
	ctl_answer_err(request, status, &err);
	err_finish(&err);
}

void ctl_answer_accepted(struct evhttp_request *request)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddBoolToObject(object, "accepted", true);
	ctl_answer_versioned(request, 202, object);
}

/* ---- Reading ---- */

static void get_stack(struct ctl_call *call)
{
	ctl_answer_versioned(call->request, 200, ctl_json_stack(call->supervisor));
}

static void get_services(struct ctl_call *call)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "project", supervisor_stack(call->supervisor)->name);
	ctl_json_add_engine(object, call->supervisor);
	cJSON_AddItemToObject(object, "services", ctl_json_units(call->supervisor));
	ctl_answer_versioned(call->request, 200, object);
}

size_t ctl_find_unit(const struct ctl_call *call, const char *name)
{
	struct supervisor_unit unit;

	for (size_t i = 0; i < supervisor_unit_count(call->supervisor); i++) {
		supervisor_unit(call->supervisor, i, &unit);
		if (strcmp(unit.name, name) == 0 || strcmp(unit.service->name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void get_service(struct ctl_call *call)
{
	size_t index = ctl_find_unit(call, call->name);
	struct supervisor_unit unit;

	if (index == SIZE_MAX) {
		ctl_answer_unknown_service(call->request, call->name);
		return;
	}
	supervisor_unit(call->supervisor, index, &unit);
	ctl_answer_versioned(call->request, 200, ctl_json_unit(call->supervisor, &unit));
}

static void get_graph(struct ctl_call *call)
{
	ctl_answer_versioned(call->request, 200, ctl_json_graph(supervisor_stack(call->supervisor)));
}

static void get_detail(struct ctl_call *call)
{
	size_t index = ctl_find_unit(call, call->name);
	struct supervisor_unit unit;

	if (index == SIZE_MAX) {
		ctl_answer_unknown_service(call->request, call->name);
		return;
	}
	supervisor_unit(call->supervisor, index, &unit);
	ctl_answer_versioned(call->request, 200, ctl_json_detail(call->supervisor, &unit));
}

static void get_stats(struct ctl_call *call)
{
	ctl_answer_versioned(call->request, 200, ctl_json_stats(call->supervisor));
}

/* ---- Streams ---- */

void ctl_answer_stream_result(struct ctl_call *call, int result)
{
	if (result == -EBUSY)
		ctl_routes_refuse(call->request, 503,
				  "too many look at this stack already: leave a screen, or a command that follows it, "
				  "and try again");
	else if (result < 0)
		ctl_routes_refuse(call->request, 500, "out of memory");
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

/* usage=MS; anything else is passed over. */
static void get_events(struct ctl_call *call)
{
	const char *usage = evhttp_find_header(&call->query, "usage");
	size_t usage_ms = 0;

	if (usage != NULL &&
	    (!parse_count(usage, &usage_ms) || usage_ms < CTL_USAGE_MIN_MS || usage_ms > CTL_USAGE_MAX_MS)) {
		ctl_routes_refuse(call->request, 400, "usage: a number of milliseconds from 500 to 60000 is wanted");
		return;
	}
	ctl_answer_stream_result(call, ctl_streams_events(call->streams, call->request, (int64_t)usage_ms));
}

/* service=NAME (repeatable), follow=0|1, wake=0|1, tail=N|all. Returns what is wrong with it, or NULL; *stranger is a name nobody has. */
static const char *parse_log_query(struct ctl_call *call, struct ctl_log_query *query, const char **names,
				   const char **stranger)
{
	const struct evkeyval *pair;
	size_t count = 0;

	TAILQ_FOREACH(pair, &call->query, next)
	{
		if (strcmp(pair->key, "service") == 0) {
			if (count + 1 >= NAMES_MAX)
				return "too many services named";
			/* One of which none runs has written all the same, and may run again. */
			if (ctl_find_unit(call, pair->value) == SIZE_MAX &&
			    stack_find_service(supervisor_stack(call->supervisor), pair->value) == NULL)
				return *stranger = pair->value;
			names[count++] = pair->value;
		} else if (strcmp(pair->key, "follow") == 0) {
			query->follow = strcmp(pair->value, "1") == 0 || strcmp(pair->value, "true") == 0;
		} else if (strcmp(pair->key, "wake") == 0) {
			query->wake = strcmp(pair->value, "1") == 0 || strcmp(pair->value, "true") == 0;
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

static void get_logs(struct ctl_call *call)
{
	struct ctl_log_query query = {0};
	const char **names = calloc(NAMES_MAX, sizeof(*names));
	const char *stranger = NULL;
	const char *problem = names == NULL ? "out of memory" : parse_log_query(call, &query, names, &stranger);

	if (stranger != NULL)
		ctl_answer_unknown_service(call->request, stranger);
	else if (problem != NULL)
		ctl_routes_refuse(call->request, 400, problem);
	else
		ctl_answer_stream_result(call, ctl_streams_logs(call->streams, call->request, &query));
	free(names);
}

/* ---- Acting ---- */

static void post_down(struct ctl_call *call)
{
	const cJSON *grace = cJSON_GetObjectItemCaseSensitive(call->body, "grace_ms");
	const cJSON *reason = cJSON_GetObjectItemCaseSensitive(call->body, "reason");
	const cJSON *volumes = cJSON_GetObjectItemCaseSensitive(call->body, "volumes");
	int64_t grace_ms = -1;

	if (volumes != NULL && !cJSON_IsBool(volumes)) {
		ctl_routes_refuse(call->request, 400, "volumes: true or false is wanted");
		return;
	}
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
	ctl_answer_accepted(call->request);
	if (cJSON_IsTrue(volumes))
		supervisor_drop_volumes(call->supervisor);
	supervisor_down(call->supervisor, reason != NULL ? DOWN_TIMED_OUT : DOWN_ASKED, grace_ms);
}

static void post_detach(struct ctl_call *call)
{
	supervisor_detach(call->supervisor);
	ctl_answer_accepted(call->request);
}

/* ---- The table ---- */

static const struct route {
	const char *name; /* method and template */
	enum evhttp_cmd_type method;
	void (*answer)(struct ctl_call *call);
} routes[] = {
	{"GET /v1/stack", EVHTTP_REQ_GET, get_stack},
	{"POST /v1/stack/down", EVHTTP_REQ_POST, post_down},
	{"POST /v1/stack/detach", EVHTTP_REQ_POST, post_detach},
	{"POST /v1/stack/start", EVHTTP_REQ_POST, ctl_post_stack_start},
	{"POST /v1/stack/stop", EVHTTP_REQ_POST, ctl_post_stack_stop},
	{"POST /v1/stack/restart", EVHTTP_REQ_POST, ctl_post_stack_restart},
	{"POST /v1/stack/kill", EVHTTP_REQ_POST, ctl_post_stack_kill},
	{"POST /v1/stack/reload", EVHTTP_REQ_POST, ctl_post_reload},
	{"GET /v1/services", EVHTTP_REQ_GET, get_services},
	{"GET /v1/services/{name}", EVHTTP_REQ_GET, get_service},
	{"GET /v1/services/{name}/detail", EVHTTP_REQ_GET, get_detail},
	{"POST /v1/services/{name}/start", EVHTTP_REQ_POST, ctl_post_start},
	{"POST /v1/services/{name}/stop", EVHTTP_REQ_POST, ctl_post_stop},
	{"POST /v1/services/{name}/restart", EVHTTP_REQ_POST, ctl_post_restart},
	{"POST /v1/services/{name}/kill", EVHTTP_REQ_POST, ctl_post_kill},
	{"POST /v1/services/{name}/scale", EVHTTP_REQ_POST, ctl_post_scale},
	{"GET /v1/services/{name}/terminal", EVHTTP_REQ_GET, ctl_get_terminal},
	{"POST /v1/services/{name}/terminal", EVHTTP_REQ_POST, ctl_post_terminal},
	{"POST /v1/services/{name}/terminal/size", EVHTTP_REQ_POST, ctl_post_terminal_size},
	{"GET /v1/graph", EVHTTP_REQ_GET, get_graph},
	{"GET /v1/stats", EVHTTP_REQ_GET, get_stats},
	{"GET /v1/events", EVHTTP_REQ_GET, get_events},
	{"GET /v1/logs", EVHTTP_REQ_GET, get_logs},
	{"GET /v1/telemetry", EVHTTP_REQ_GET, ctl_get_telemetry},
	{"POST /v1/telemetry/withdraw", EVHTTP_REQ_POST, ctl_post_withdraw},
	{"POST /v1/telemetry/command", EVHTTP_REQ_POST, ctl_post_command},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

const char *ctl_routes_name(size_t index)
{
	return index < ROUTE_COUNT ? routes[index].name : NULL;
}

/* Its body is no JSON object: the answer reads it. */
static bool takes_bytes(const struct route *route)
{
	return route->answer == ctl_post_terminal;
}

/* Matches `path` against a template; {name} stands for one segment, returned decoded in *name (libevent's: reserve_free). */
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
	/* A NUL in it would make the rest invisible, and the name another one's. */
	if (*name != NULL && strlen(*name) != decoded) {
		free(*name);
		*name = NULL;
	}
	return *name != NULL;
}

static const char *template_of(const struct route *route)
{
	return strchr(route->name, '/');
}

/* The route, or NULL; *template is that of the path, whatever the method, or ROUTE_UNMATCHED. */
static const struct route *find_route(const char *path, enum evhttp_cmd_type method, char **name, const char **template)
{
	*template = ROUTE_UNMATCHED;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!match_path(template_of(&routes[i]), path, name))
			continue;
		*template = template_of(&routes[i]);
		if (routes[i].method == method)
			return &routes[i];
		reserve_free(*name);
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
static bool read_body(struct ctl_call *call)
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
	const char *wanted = uri != NULL ? evhttp_uri_get_path(uri) : NULL, *path = wanted != NULL ? wanted : "";
	const char *query = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
	struct ctl_call call = {.request = request, .supervisor = supervisor, .streams = streams};
	const struct route *route;
	const char *template;
	struct ctl_noted noted;
	size_t open_streams = ctl_streams_count(streams);

	errno = 0;
	TAILQ_INIT(&call.query);
	route = find_route(path, evhttp_request_get_command(request), &call.name, &template);
	noted = ctl_noted_begin(request, path, template);
	if (route == NULL && strcmp(template, ROUTE_UNMATCHED) != 0)
		ctl_routes_refuse(request, 405, "wrong method");
	else if (route == NULL)
		ctl_routes_refuse(request, 404, "no such endpoint");
	else if (!takes_bytes(route) && !read_body(&call))
		ctl_routes_refuse(request, 400, "the body is no JSON object");
	else if (query != NULL && evhttp_parse_query_str(query, &call.query) < 0)
		ctl_routes_refuse(request, 400, "malformed query");
	else
		route->answer(&call);
	if (ctl_streams_count(streams) > open_streams)
		ctl_streams_note(streams, request, &noted);
	else
		ctl_noted_end(&noted, supervisor, evhttp_request_get_response_code(request));
	evhttp_clear_headers(&call.query);
	cJSON_Delete(call.body);
	reserve_free(call.name);
}
