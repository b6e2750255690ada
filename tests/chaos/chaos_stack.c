/* SPDX-License-Identifier: MIT */
#include "tests/chaos/chaos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROMPT "backoff: {initial: 10ms, max: 80ms, reset: 10s}"

const struct chaos_service chaos_services[] = {
	{"prepare", 1, false, false, {{0}}, "command: $PART --end 10 0\n"},
	{"database",
	 1,
	 false,
	 false,
	 {{"prepare", "service_completed_successfully", false}},
	 "command: $PART --tcp $TCP_PORT --children 2\n"
	 "restart: always\n"
	 "x-upfront: {" PROMPT ", ready: {tcp: '127.0.0.1:$TCP_PORT', interval: 60ms, timeout: 1s, retries: 5}}\n"},
	{"cache",
	 1,
	 false,
	 false,
	 {{0}},
	 "command: $PART --children 1\n"
	 "restart: unless-stopped\n"
	 "healthcheck: {test: [CMD, test, -d, .], interval: 80ms, timeout: 2s, retries: 5}\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"migrate",
	 1,
	 false,
	 false,
	 {{"database", "service_healthy", false}, {"cache", "service_healthy", false}},
	 "command: $PART --end 15 0 --say migrated\n"
	 "restart: on-failure:3\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"api",
	 1,
	 false,
	 false,
	 {{"migrate", "service_completed_successfully", false}, {"database", "service_healthy", false}},
	 "command: $PART --http $HTTP_PORT --children 1\n"
	 "restart: always\n"
	 "x-upfront: {" PROMPT
	 ", ready: {http: 'http://127.0.0.1:$HTTP_PORT/', interval: 60ms, timeout: 1s, retries: 5}}\n"},
	{"worker",
	 3,
	 false,
	 false,
	 {{"api", "service_started", false}, {"cache", "service_healthy", false}},
	 "command: $PART --children 1\n"
	 "restart: on-failure\n"
	 "deploy: {replicas: 3}\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"web",
	 1,
	 false,
	 false,
	 {{"api", "service_healthy", false}},
	 "command: $PART --say 'listening now'\n"
	 "restart: always\n"
	 "x-upfront: {" PROMPT ", ready: {log: 'listening now', interval: 50ms}}\n"},
	{"runaway",
	 1,
	 false,
	 false,
	 {{"cache", "service_started", false}},
	 "command: $PART --daemon --children 1\n"
	 "restart: always\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"deaf",
	 1,
	 false,
	 false,
	 {{0}},
	 "command: $PART --deaf --daemon\n"
	 "restart: on-failure\n"
	 "stop_grace_period: 100ms\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"crasher",
	 1,
	 true,
	 true,
	 {{"prepare", "service_completed_successfully", false}, {"once", "service_started", true}},
	 "command: $PART --crash 200 --children 1\n"
	 "restart: always\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"leaver",
	 1,
	 false,
	 false,
	 {{0}},
	 "command: $PART --daemon --end 40 0\n"
	 "restart: on-failure:2\n"
	 "x-upfront: {" PROMPT "}\n"},
	{"once", 1, false, false, {{0}}, "command: $PART --chatter\nrestart: 'no'\n"},
};
const size_t chaos_service_count = sizeof(chaos_services) / sizeof(*chaos_services);

const struct chaos_service *chaos_service_find(const char *name)
{
	for (size_t i = 0; i < chaos_service_count; i++)
		if (strcmp(chaos_services[i].name, name) == 0)
			return &chaos_services[i];
	return NULL;
}

/* Each line of `body` indented below its service. */
static void put_body(FILE *file, const char *body)
{
	for (const char *line = body; *line != '\0';) {
		size_t size = strcspn(line, "\n") + 1;

		fprintf(file, "    %.*s", (int)size, line);
		line += size;
	}
}

void chaos_write_stack(const struct world *world, unsigned edition, const struct chaos_service *changed,
		       const struct chaos_service *absent)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("name: chaos\nservices:\n", file);
	for (size_t i = 0; i < chaos_service_count; i++) {
		const struct chaos_service *service = &chaos_services[i];

		if (service == absent)
			continue;
		fprintf(file, "  %s:\n    environment: {TEST_SERVICE: %s, EDITION: %u}\n", service->name, service->name,
			service == changed ? edition : 0);
		if (strstr(service->body, "stop_grace_period") == NULL)
			fputs("    stop_grace_period: 400ms\n", file);
		put_body(file, service->body);
		if (service->depends_on[0].service != NULL)
			fputs("    depends_on:\n", file);
		for (const struct chaos_dependency *on = service->depends_on; on->service != NULL; on++)
			fprintf(file, "      %s: {condition: %s, required: %s}\n", on->service, on->condition,
				on->optional ? "false" : "true");
	}
	fclose(file);
	world_write(world, "compose.yaml", text);
	free(text);
}
