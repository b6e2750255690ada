/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"

#include "telemetry/telemetry.h"

#include <string.h>

#define STARTS CATALOG_STARTS

static const char *const no_address[] = {"0.0.0.0", NULL};
static const char *const library_name[] = {"upfront", NULL};
static const char *const platforms[] = {"linux", NULL};
static const char *const node_architectures[] = {"x64",     "ia32", "arm64",  "arm",     "ppc64", "s390x",
						 "riscv64", "mips", "mipsel", "loong64", "other", NULL};
#define ERROR_TYPE_NAME(name, text) text,
static const char *const error_types[] = {TELEMETRY_ERRORS(ERROR_TYPE_NAME)};
static const char *const start_errors[] = {TELEMETRY_START_ERRORS(ERROR_TYPE_NAME)
						   TELEMETRY_SHARED_ERRORS(ERROR_TYPE_NAME) NULL};
static const char *const command_errors[] = {TELEMETRY_SHARED_ERRORS(ERROR_TYPE_NAME)
						     TELEMETRY_COMMAND_ERRORS(ERROR_TYPE_NAME) NULL};
#undef ERROR_TYPE_NAME
/* As route_method says them (telemetry/route.h). */
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER", NULL};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct catalog_event events[] = {
	[TELEMETRY_SERVER_START] = {"server_start", CATALOG_SERVER_START,
				    "once per `up`, when all services it named are ready", "0.1.0"},
	[TELEMETRY_SERVER_START_FAILED] = {"server_start_failed", CATALOG_SERVER_START_FAILED,
					   "once per `up`, when the stack could not come up", "0.1.0"},
	[TELEMETRY_CLI_COMMAND] =
		{"cli_command", CATALOG_CLI_COMMAND,
		 "when a command has reached the running stack, or a `run` under it or its own `up` ends", "0.1.0"},
	[TELEMETRY_API_REQUEST] =
		{"api_request", CATALOG_API_REQUEST,
		 "when a request to the control API was answered, not of upfront's own screens; or one to the "
		 "product's API, if a service reports it",
		 "0.1.0"},
};
_Static_assert(COUNT(events) == TELEMETRY_API_REQUEST + 1, "every kind of event has its row");
_Static_assert(COUNT(error_types) == TELEMETRY_ERROR_COUNT, "every error has its word");

static const struct catalog_property properties[] = {
	{CATALOG_ENVELOPE, "uuid", CATALOG_UUID7, CATALOG_FROM_UUID, NULL,
	 "tells an event that arrives twice from two events", "0.1.0"},
	{CATALOG_ENVELOPE, "event", CATALOG_EVENT, CATALOG_FROM_NAME, NULL, "what happened", "0.1.0"},
	{CATALOG_ENVELOPE, "distinct_id", CATALOG_UUID4, CATALOG_FROM_DISTINCT_ID, NULL,
	 "random number that the receiver counts by; of this run only, unless the stack keeps one", "0.1.0"},
	{CATALOG_ENVELOPE, "timestamp", CATALOG_TIME, CATALOG_FROM_TIMESTAMP, NULL, "when it happened", "0.1.0"},
	{CATALOG_ENVELOPE, "properties", CATALOG_OBJECT, CATALOG_FROM_PROPERTIES, NULL, "the properties below",
	 "0.1.0"},

	{CATALOG_COMMON, "$geoip_disable", CATALOG_TRUE, CATALOG_FROM_CONSTANT, NULL,
	 "asks the receiver not to look up a place", "0.1.0"},
	{CATALOG_COMMON, "$process_person_profile", CATALOG_FALSE, CATALOG_FROM_CONSTANT, NULL,
	 "asks the receiver not to make a person's profile", "0.1.0"},
	{CATALOG_COMMON, "$ip", CATALOG_CONSTANT, CATALOG_FROM_CONSTANT, no_address,
	 "keeps the receiver from storing the sender's address in the event", "0.1.0"},
	{CATALOG_COMMON, "$lib", CATALOG_CONSTANT, CATALOG_FROM_CONSTANT, library_name, "which program made the event",
	 "0.1.0"},
	{CATALOG_COMMON, "$lib_version", CATALOG_TOKEN, SOURCE_LAUNCHER_VERSION, NULL, "which version of it", "0.1.0"},
	{CATALOG_COMMON, "app_version", CATALOG_TEXT, SOURCE_APP_VERSION, NULL, "which versions are in use", "0.1.0"},
	{CATALOG_COMMON, "launcher_version", CATALOG_TOKEN, SOURCE_LAUNCHER_VERSION, NULL,
	 "which versions of upfront are in use", "0.1.0"},
	{CATALOG_COMMON, "platform", CATALOG_WORD, SOURCE_PLATFORM, platforms, "which systems to support", "0.1.0"},
	{CATALOG_COMMON, "platform_version", CATALOG_TOKEN, SOURCE_PLATFORM_VERSION, NULL,
	 "which kernels to support (the first two numbers)", "0.1.0"},
	{CATALOG_COMMON, "arch", CATALOG_TOKEN, SOURCE_ARCH, NULL, "which processor types to support", "0.1.0"},
	{CATALOG_COMMON, "is_ci", CATALOG_BOOL, SOURCE_IS_CI, NULL, "tells automated runs from people's", "0.1.0"},
	{CATALOG_COMMON, "session_id", CATALOG_UUID4, CATALOG_FROM_SESSION_ID, NULL,
	 "random number of this run: which events belong together", "0.1.0"},

	{STARTS, "<service>-version", CATALOG_TEXT, SOURCE_VERSION, NULL,
	 "which versions of the parts are in use together", "0.1.0"},
	{STARTS, "memory_usage", CATALOG_OBJECT, SOURCE_MEMORY, NULL, "what upfront itself costs in memory, bytes",
	 "0.1.0"},
	{STARTS, "memory_usage.rss", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "resident memory", "0.1.0"},
	{STARTS, "memory_usage.heapTotal", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "heap taken from the system",
	 "0.1.0"},
	{STARTS, "memory_usage.heapUsed", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "heap in use", "0.1.0"},
	{STARTS, "memory_usage.external", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "memory mapped beside the heap",
	 "0.1.0"},
	{STARTS, "memory_usage.arrayBuffers", CATALOG_ZERO, CATALOG_FROM_MEMBER, NULL,
	 "a name of Node's, for receivers that expect it", "0.1.0"},
	{STARTS, "cpu_usage", CATALOG_OBJECT, SOURCE_CPU, NULL,
	 "what upfront itself costs in processor time, microseconds", "0.1.0"},
	{STARTS, "cpu_usage.user", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "in the program", "0.1.0"},
	{STARTS, "cpu_usage.system", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "in the kernel for it", "0.1.0"},
	{STARTS, "services", CATALOG_OBJECT, SOURCE_SERVICES, NULL,
	 "how big stacks are, and how long they take to start", "0.1.0"},
	{STARTS, "services.count", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "services started", "0.1.0"},
	{STARTS, "services.native", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "of them processes of this machine",
	 "0.1.0"},
	{STARTS, "services.container", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "of them containers", "0.1.0"},
	{STARTS, "services.ready_ms", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL,
	 "milliseconds from the answer until all were ready", "0.1.0"},
	{STARTS, "services.rss", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "resident memory of all, bytes", "0.1.0"},
	{STARTS, "services.cpu_user", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL, "processor time of all, microseconds",
	 "0.1.0"},
	{STARTS, "services.cpu_system", CATALOG_INTEGER, CATALOG_FROM_MEMBER, NULL,
	 "the same in the kernel, microseconds", "0.1.0"},
	{STARTS, "time", CATALOG_TIME, SOURCE_TIME, NULL, "when the start was over", "0.1.0"},
	{CATALOG_SERVER_START_FAILED, "error_type", CATALOG_WORD, CATALOG_FROM_ERROR_TYPE, start_errors,
	 "what keeps stacks from starting", "0.1.0"},
	{CATALOG_SERVER_START_FAILED, "services_ready", CATALOG_INTEGER, CATALOG_FROM_SERVICES_READY, NULL,
	 "how far the start came", "0.1.0"},

	{CATALOG_CLI_COMMAND, "command", CATALOG_COMMAND, CATALOG_FROM_COMMAND, NULL, "which commands are used",
	 "0.1.0"},
	{CATALOG_CLI_COMMAND, "command_args", CATALOG_TOKENS, CATALOG_FROM_COMMAND_ARGS, NULL,
	 "which options are used; in place of each value its kind", "0.1.0"},
	{CATALOG_CLI_COMMAND, "duration_ms", CATALOG_INTEGER, CATALOG_FROM_COMMAND_DURATION, NULL,
	 "which commands are slow, milliseconds", "0.1.0"},
	{CATALOG_CLI_COMMAND, "success", CATALOG_BOOL, CATALOG_FROM_COMMAND_SUCCESS, NULL, "which commands fail",
	 "0.1.0"},
	{CATALOG_CLI_COMMAND, "error_type", CATALOG_WORD_OR_NULL, CATALOG_FROM_COMMAND_ERROR, command_errors,
	 "what they fail of", "0.1.0"},
	{CATALOG_CLI_COMMAND, "job_count", CATALOG_INTEGER_OR_NULL, CATALOG_FROM_JOB_COUNT, NULL,
	 "how much work a command of the product did, if it says so", "0.1.0"},
	{CATALOG_CLI_COMMAND, "object_counts", CATALOG_COUNTS, CATALOG_FROM_OBJECT_COUNTS, NULL,
	 "how many things of which kind it worked on, if it says so", "0.1.0"},

	{CATALOG_API_REQUEST, "endpoint", CATALOG_ROUTE, CATALOG_FROM_ENDPOINT, NULL, "which parts of the API are used",
	 "0.1.0"},
	{CATALOG_API_REQUEST, "method", CATALOG_WORD, CATALOG_FROM_METHOD, methods, "how they are used", "0.1.0"},
	{CATALOG_API_REQUEST, "status_code", CATALOG_STATUS, CATALOG_FROM_STATUS, NULL, "which requests fail", "0.1.0"},
	{CATALOG_API_REQUEST, "duration_ms", CATALOG_INTEGER, CATALOG_FROM_REQUEST_DURATION, NULL,
	 "which requests are slow, milliseconds", "0.1.0"},

	{CATALOG_DECLARED, "node_arch", CATALOG_WORD, SOURCE_NODE_ARCH, node_architectures,
	 "processor type as Node names it", "0.1.0"},
	{CATALOG_DECLARED, "value", CATALOG_TEXT, SOURCE_VALUE, NULL, "text from the stack file", "0.1.0"},
	{CATALOG_DECLARED, "exec", CATALOG_TEXT, SOURCE_EXEC, NULL, "what a command of the stack file prints", "0.1.0"},

	{CATALOG_REPORTED, "bool", CATALOG_BOOL, CATALOG_FROM_SERVICE + KIND_BOOL, NULL, "told by a service", "0.1.0"},
	{CATALOG_REPORTED, "number", CATALOG_NUMBER, CATALOG_FROM_SERVICE + KIND_NUMBER, NULL, "told by a service",
	 "0.1.0"},
	{CATALOG_REPORTED, "int", CATALOG_WHOLE, CATALOG_FROM_SERVICE + KIND_INT, NULL, "told by a service", "0.1.0"},
	{CATALOG_REPORTED, "enum", CATALOG_WORD, CATALOG_FROM_SERVICE + KIND_WORD, NULL, "told by a service", "0.1.0"},
};

const char *telemetry_error_name(enum telemetry_error error)
{
	return error < TELEMETRY_ERROR_COUNT ? error_types[error] : error_types[ERROR_OTHER];
}

enum telemetry_error telemetry_error_of(enum err_code code)
{
	switch (code) {
	case ERR_USAGE:
		return ERROR_USAGE;
	case ERR_CONFIG:
		return ERROR_CONFIG;
	case ERR_MISSING:
		return ERROR_MISSING;
	case ERR_TIMEOUT:
		return ERROR_TIMEOUT;
	case ERR_NOT_RUNNING:
		return ERROR_NOT_RUNNING;
	case ERR_INTERNAL:
		return ERROR_INTERNAL;
	case ERR_NONE:
	case ERR_FAILED:
		break;
	}
	return ERROR_OTHER;
}

const struct catalog_event *catalog_events(size_t *count)
{
	*count = COUNT(events);
	return events;
}

const struct catalog_event *catalog_find_event(const char *name)
{
	for (size_t i = 0; i < COUNT(events); i++) {
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	}
	return NULL;
}

const struct telemetry_event_decl *catalog_find_declared(const struct stack *stack, const char *name)
{
	const struct telemetry_decl *decl = stack->telemetry;

	for (size_t i = 0; decl && i < decl->event_count; i++) {
		if (strcmp(decl->events[i].name, name) == 0)
			return &decl->events[i];
	}
	return NULL;
}

const struct catalog_property *catalog_properties(size_t *count)
{
	*count = COUNT(properties);
	return properties;
}

const struct catalog_property *catalog_find(unsigned scope, const char *name)
{
	for (size_t i = 0; i < COUNT(properties); i++) {
		if ((properties[i].scope & scope) && strcmp(properties[i].name, name) == 0)
			return &properties[i];
	}
	return NULL;
}

const struct catalog_property *catalog_of_source(int source)
{
	/* Two rows come from launcher_version; they describe the same values. */
	for (size_t i = 0; i < COUNT(properties); i++) {
		if (properties[i].source == source)
			return &properties[i];
	}
	return NULL;
}

const char *catalog_kind_name(enum catalog_kind kind)
{
#define KIND_NAME(name, text) text,
	static const char *const names[] = {CATALOG_KINDS(KIND_NAME)};
#undef KIND_NAME
	return names[kind];
}
