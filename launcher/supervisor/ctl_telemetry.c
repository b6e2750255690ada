/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_telemetry.h"

#include "config/clock.h"
#include "config/decide.h"
#include "config/strmap.h"
#include "launcher/supervisor/ctl_call.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/supervisor.h"
#include "telemetry/object_counts.h"
#include "telemetry/route.h"
#include "telemetry/sanitize.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <event2/http.h>
#include <string.h>

/* ---- What holds ---- */

static void add_counts(cJSON *object, const struct telemetry_counts *counts)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
		{"queued", counts->queued},
		{"delivered", counts->delivered},
		{"refused", counts->refused},
		{"evicted", counts->evicted},
		{"relayed", counts->relayed},
		{"relay_dropped", counts->relay_dropped},
		{"relay_refused", counts->relay_refused},
	};
	cJSON *list = cJSON_AddObjectToObject(object, "counts");

	for (size_t i = 0; list != NULL && i < sizeof members / sizeof members[0]; i++)
		cJSON_AddNumberToObject(list, members[i].name, (double)members[i].value);
}

/* Without the token: what services are told, which holds it, stands in their environment. */
static void add_relay(cJSON *object, const struct supervisor_telemetry *shown)
{
	cJSON *relay = cJSON_AddObjectToObject(object, "relay"), *containers;

	cJSON_AddStringToObject(relay, "state", shown->relay);
	ctl_json_add_text(relay, "address", shown->relay_address);
	ctl_json_add_text(relay, "why", shown->relay_why);
	if (shown->bridge_address == NULL && shown->bridge_why == NULL) {
		cJSON_AddNullToObject(relay, "containers");
		return;
	}
	containers = cJSON_AddObjectToObject(relay, "containers");
	ctl_json_add_text(containers, "address", shown->bridge_address);
	ctl_json_add_text(containers, "why", shown->bridge_why);
}

/* With what services are told, so that a one-off command can be told the same. */
static cJSON *telemetry_object(const struct supervisor *supervisor)
{
	const struct strmap *told = supervisor_telemetry_environment(supervisor);
	cJSON *object = ctl_json_consent(supervisor_consent(supervisor));
	struct supervisor_telemetry shown;
	cJSON *environment;

	supervisor_show_telemetry(supervisor, &shown);
	cJSON_AddNumberToObject(object, "dropped", (double)shown.counts.dropped);
	add_counts(object, &shown.counts);
	add_relay(object, &shown);
	environment = cJSON_AddObjectToObject(object, "environment");
	for (size_t i = 0; environment != NULL && i < told->count; i++)
		ctl_json_add_text(environment, told->entries[i].key, told->entries[i].value);
	return object;
}

void ctl_telemetry_head(struct evhttp_request *request, const struct supervisor *supervisor)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_remove_header(headers, CTL_TELEMETRY_HEADER);
	if (supervisor_is_reporting(supervisor))
		evhttp_add_header(headers, CTL_TELEMETRY_HEADER, "on");
}

void ctl_get_telemetry(struct ctl_call *call)
{
	ctl_answer_versioned(call->request, 200, telemetry_object(call->supervisor));
}

/* What is wrong with it, or NULL. Without a reason it is the person's own no. */
static const char *read_withdrawal(const cJSON *body, enum consent_reason *reason)
{
	const cJSON *word = body != NULL ? body->child : NULL;

	*reason = CONSENT_BY_ANSWER;
	if (word == NULL)
		return NULL;
	if (word->next != NULL || strcmp(word->string, "reason") != 0)
		return "no member but one reason is known";
	if (!cJSON_IsString(word) || !consent_off_by_word(word->valuestring, reason))
		return "reason: wanted the word of a source that says off, or none for your own no";
	return NULL;
}

void ctl_post_withdraw(struct ctl_call *call)
{
	enum consent_reason reason;
	const char *problem = read_withdrawal(call->body, &reason);

	if (problem != NULL) {
		ctl_routes_refuse(call->request, 400, problem);
		return;
	}
	supervisor_withdraw(call->supervisor, reason);
	ctl_telemetry_head(call->request, call->supervisor);
	ctl_get_telemetry(call);
}

/* ---- A command that has ended ---- */

/* A command on its way from JSON; texts are the body's. */
struct command {
	struct telemetry_command told;
	const char *args[SANITIZE_TOKENS_MAX + 1];
	struct telemetry_count counts[OBJECT_COUNTS_MAX];
};

static bool is_absent(const cJSON *value)
{
	return value == NULL || cJSON_IsNull(value);
}

static bool knows_members(const cJSON *body)
{
	static const char *const known[] = {"command",    "command_args", "duration_ms",   "success",
					    "error_type", "job_count",    "object_counts", NULL};
	const cJSON *member;

	cJSON_ArrayForEach(member, body)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], member->string) != 0)
			i++;
		if (known[i] == NULL)
			return false;
	}
	return true;
}

static bool read_args(const cJSON *list, struct command *command)
{
	const cJSON *item;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)SANITIZE_TOKENS_MAX + 1)
		return false;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			return false;
		command->args[command->told.arg_count++] = item->valuestring;
	}
	command->told.args = command->args;
	return true;
}

static bool read_error_type(const cJSON *value, struct command *command)
{
	static const char *const words[] = {
#define ERROR_WORD(name, text) text,
		TELEMETRY_SHARED_ERRORS(ERROR_WORD) TELEMETRY_COMMAND_ERRORS(ERROR_WORD)
#undef ERROR_WORD
	};

	if (is_absent(value))
		return true;
	for (size_t i = 0; cJSON_IsString(value) && i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i], value->valuestring) == 0)
			command->told.error_type = words[i];
	}
	return command->told.error_type != NULL;
}

static bool read_counts(const cJSON *object, struct command *command)
{
	if (is_absent(object))
		return true;
	command->told.object_counts = command->counts;
	return object_counts_read(object, command->counts, &command->told.object_count);
}

/* What is wrong with it, or NULL. */
static const char *read_command(const cJSON *body, struct command *command)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(body, "command");
	const cJSON *duration = cJSON_GetObjectItemCaseSensitive(body, "duration_ms");
	const cJSON *success = cJSON_GetObjectItemCaseSensitive(body, "success");
	const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(body, "job_count");

	if (!knows_members(body))
		return "a member is not known";
	if (!cJSON_IsString(name))
		return "command: a text is wanted";
	if (!read_args(cJSON_GetObjectItemCaseSensitive(body, "command_args"), command))
		return "command_args: a list of at most 33 texts is wanted";
	if (!object_count_is_valid(duration))
		return "duration_ms: a whole number of milliseconds is wanted";
	if (!cJSON_IsBool(success))
		return "success: true or false is wanted";
	if (!read_error_type(cJSON_GetObjectItemCaseSensitive(body, "error_type"), command))
		return "error_type: no such type";
	if (!is_absent(jobs) && !object_count_is_valid(jobs))
		return "job_count: a whole number is wanted";
	if (!read_counts(cJSON_GetObjectItemCaseSensitive(body, "object_counts"), command))
		return "object_counts: at most 32 whole numbers by short lower-case names are wanted";
	command->told.command = name->valuestring;
	command->told.duration_ms = (int64_t)duration->valuedouble;
	command->told.success = cJSON_IsTrue(success);
	command->told.job_count = is_absent(jobs) ? -1 : (int64_t)jobs->valuedouble;
	return NULL;
}

/* After a no there is nothing to be right or wrong about: nothing is looked at. */
void ctl_post_command(struct ctl_call *call)
{
	struct command command = {0};
	const char *problem = NULL;

	if (supervisor_is_reporting(call->supervisor)) {
		problem = read_command(call->body, &command);
		if (problem == NULL && !supervisor_knows_command(call->supervisor, &command.told))
			problem = "command: no command line comes to that";
		if (problem == NULL)
			supervisor_note_command(call->supervisor, &command.told);
	}
	if (problem != NULL)
		ctl_routes_refuse(call->request, 400, problem);
	else
		evhttp_send_reply(call->request, 204, "No Content", NULL);
}

/* ---- Requests ---- */

static const char *method_name(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	default:
		return "";
	}
}

static bool is_about_telemetry(const char *path)
{
	static const char own[] = "/v1/telemetry";
	const size_t length = sizeof own - 1;

	return strncmp(path, own, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

struct ctl_noted ctl_noted_begin(struct evhttp_request *request, const char *path, const char *endpoint)
{
	const char *client = evhttp_find_header(evhttp_request_get_input_headers(request), CTL_CLIENT_HEADER);

	if (is_about_telemetry(path) || (client != NULL && strcmp(client, CTL_CLIENT_SCREEN) == 0))
		return (struct ctl_noted){0};
	return (struct ctl_noted){endpoint, route_method(method_name(request)), clock_monotonic_ms()};
}

void ctl_noted_end(const struct ctl_noted *self, struct supervisor *supervisor, int status)
{
	if (self->endpoint == NULL)
		return;
	supervisor_note_request(supervisor,
				&(struct telemetry_request){.endpoint = self->endpoint,
							    .method = self->method,
							    .status_code = status,
							    .duration_ms = clock_monotonic_ms() - self->begin_ms});
}
