/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_answer.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

/* A page's client is told that there is nothing to do but to send events; what it does not find here it would do by default. */
#define SETTINGS                                                                                                       \
	"\"supportedCompression\":[\"gzip\",\"gzip-js\"],\"hasFeatureFlags\":false,\"sessionRecording\":false,"        \
	"\"surveys\":false,\"productTours\":false,\"heatmaps\":false,\"conversations\":false,\"siteApps\":[],"         \
	"\"capturePerformance\":false,\"captureDeadClicks\":false,\"autocapture_opt_out\":true,"                       \
	"\"autocaptureExceptions\":false,\"errorTracking\":{\"autocaptureExceptions\":false,\"suppressionRules\":[]}," \
	"\"logs\":{\"captureConsoleLogs\":false},\"analytics\":{\"endpoint\":\"/i/v0/e/\"},"                           \
	"\"elementsChainAsString\":true,\"defaultIdentifiedOnly\":true,\"toolbarParams\":{},\"isAuthenticated\":false"
#define NO_FLAGS                                                                                \
	"\"featureFlagPayloads\":{},\"errorsWhileComputingFlags\":false,\"quotaLimited\":null," \
	"\"requestId\":\"00000000-0000-0000-0000-000000000000\""

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 204:
		return "No Content";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Payload Too Large";
	case 421:
		return "Misdirected Request";
	default:
		return "Service Unavailable";
	}
}

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void send_text(struct evhttp_request *request, int status, const char *type, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body)
		evbuffer_add(body, text, strlen(text));
	add_header(request, "Content-Type", type);
	evhttp_send_reply(request, status, reason_of(status), body);
	if (body)
		evbuffer_free(body);
}

static void send_json(struct evhttp_request *request, const char *text)
{
	send_text(request, 200, "application/json", text);
}

void relay_answer_error(struct evhttp_request *request, int status, const char *text, int retry_after_s)
{
	char seconds[16];

	if (retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", retry_after_s);
		add_header(request, "Retry-After", seconds);
	}
	send_text(request, status, "text/plain; charset=utf-8", text);
}

/* The value of one of the query's parameters, into `value`; "" when it is not there. */
static void find_parameter(const char *query, const char *name, char *value, size_t size)
{
	struct evkeyvalq parameters = {0};
	const char *found = NULL;

	value[0] = '\0';
	TAILQ_INIT(&parameters);
	if (!query || evhttp_parse_query_str(query, &parameters) < 0)
		return;
	found = evhttp_find_header(&parameters, name);
	if (found)
		snprintf(value, size, "%s", found);
	evhttp_clear_headers(&parameters);
}

void relay_answer_taken(struct evhttp_request *request, const char *query)
{
	char beacon[4];

	find_parameter(query, "beacon", beacon, sizeof(beacon));
	if (strcmp(beacon, "1") == 0)
		evhttp_send_reply(request, 204, reason_of(204), NULL);
	else
		send_json(request, "{\"status\":\"Ok\"}");
}

/* The oldest form is a list of names. */
static void send_flags(struct evhttp_request *request, enum relay_route route, const char *query)
{
	char version[4];

	find_parameter(query, "v", version, sizeof(version));
	if (route == RELAY_DECIDE && (version[0] == '\0' || strcmp(version, "1") == 0))
		send_json(request, "{\"featureFlags\":[]," NO_FLAGS "," SETTINGS "}");
	else
		send_json(request, "{\"flags\":{},\"featureFlags\":{}," NO_FLAGS "," SETTINGS "}");
}

static void send_settings_script(struct evhttp_request *request, const struct relay_target *target)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "(function(){var all=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
		 "all[\"%.*s\"]={config:{" SETTINGS "},siteApps:[]};})();\n",
		 (int)target->key_size, target->key);
	send_text(request, 200, "application/javascript", text);
}

void relay_answer_none(struct evhttp_request *request, const struct relay_target *target, const char *query)
{
	switch (target->route) {
	case RELAY_FLAGS:
	case RELAY_DECIDE:
		send_flags(request, target->route, query);
		break;
	case RELAY_DEFINITIONS:
		send_json(request, "{\"flags\":[],\"group_type_mapping\":{},\"cohorts\":{}}");
		break;
	case RELAY_SETTINGS:
		send_json(request, "{" SETTINGS "}");
		break;
	case RELAY_SETTINGS_SCRIPT:
		send_settings_script(request, target);
		break;
	case RELAY_SCRIPT:
		send_text(request, 200, "application/javascript", "\n");
		break;
	case RELAY_SURVEYS:
		send_json(request,
			  "{\"surveys\":[],\"product_tours\":[],\"earlyAccessFeatures\":[],\"experiments\":[]}");
		break;
	case RELAY_DISCARD:
		relay_answer_taken(request, query);
		break;
	default:
		relay_answer_error(request, 404, "there is nothing at this address", 0);
	}
}

void relay_answer_admit(struct evhttp_request *request, const char *origin)
{
	add_header(request, "Access-Control-Allow-Origin", origin);
	add_header(request, "Access-Control-Allow-Credentials", "true");
	add_header(request, "Vary", "Origin");
}

/* Clients send headers of their own: those that the page asks for are allowed. */
void relay_answer_preflight(struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const char *wanted = evhttp_find_header(headers, "Access-Control-Request-Headers");

	add_header(request, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
	if (wanted)
		add_header(request, "Access-Control-Allow-Headers", wanted);
	if (evhttp_find_header(headers, "Access-Control-Request-Private-Network"))
		add_header(request, "Access-Control-Allow-Private-Network", "true");
	add_header(request, "Access-Control-Max-Age", "600");
	evhttp_send_reply(request, 204, reason_of(204), NULL);
}
