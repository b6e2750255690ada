/* SPDX-License-Identifier: MIT */
/* A service of a consented stack reports by the address in its environment: from the stack file to what arrives, through all of upfront. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack[] =
	"name: shop\n"
	"x-upfront:\n"
	"  app: Shop\n"
	"  telemetry:\n"
	"    host: 'file:events.jsonl'\n"
	"    key: phc_test\n"
	"    common: {plan: {value: pro}}\n"
	"    services: {page_opened: {page: [home, chart], count: int, dark: bool, ratio: number}}\n"
	"    routes: ['/api/charts/{id}']\n"
	"    env: {on: {POSTHOG_HOST: '${relay}'}}\n"
	"services:\n"
	"  web:\n"
	"    command: ['sh', 'report.sh']\n";

static const char report[] = "#!/bin/sh\n"
			     "curl -sS --retry 20 --retry-connrefused --retry-delay 1 -H 'Content-Type: "
			     "application/json' --data-binary @batch.json "
			     "\"$POSTHOG_HOST/batch/\" >answer 2>&1\n"
			     "exec sleep 1001\n";

static const char batch[] =
	"{\"api_key\":\"canary\",\"batch\":["
	"{\"event\":\"page_opened\",\"distinct_id\":\"canary\",\"uuid\":\"0190c0de-1111-7000-8000-00000000cafe\","
	"\"properties\":"
	"{\"page\":\"chart\",\"count\":3,\"dark\":true,\"ratio\":0.5,\"canary\":\"canary\",\"$ip\":\"canary\"}},"
	"{\"event\":\"api_request\",\"properties\":{\"endpoint\":\"/api/charts/canary?canary\",\"method\":\"GET\","
	"\"status_code\":200,\"duration_ms\":12}},"
	"{\"event\":\"canary\",\"properties\":{}}]}";

/* The event of that name in what has been sent so far; the caller deletes it. */
static cJSON *find_event(const struct world *world, const char *name)
{
	char *text = world_read(world, "events.jsonl"), *rest = NULL;
	cJSON *found = NULL;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *body = cJSON_Parse(line);
		const cJSON *event;

		cJSON_ArrayForEach(event, cJSON_GetObjectItem(body, "batch"))
		{
			if (!found && strcmp(cJSON_GetObjectItem(event, "event")->valuestring, name) == 0)
				found = cJSON_Duplicate(event, 1);
		}
		cJSON_Delete(body);
	}
	free(text);
	return found;
}

static cJSON *await_event(const struct world *world, const char *name)
{
	int64_t since = world_now_ms();
	cJSON *event;

	while (!(event = find_event(world, name)))
		world_pause(since, RUN_DEADLINE_MS, name);
	return event;
}

/* Its properties from the first that is its own on. */
static void assert_own(const cJSON *event, const char *wanted)
{
	const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(event, "properties"), "plan");
	cJSON *own = cJSON_CreateObject();
	char *text;

	assert_non_null(item);
	for (item = item->next; item; item = item->next)
		cJSON_AddItemToObject(own, item->string, cJSON_Duplicate(item, 1));
	text = cJSON_PrintUnformatted(own);
	assert_string_equal(text, wanted);
	free(text);
	cJSON_Delete(own);
}

static const char *text_of(const cJSON *event, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(event, name));
}

static void test_a_service_reports_by_its_environment_alone(void **state)
{
	struct world *world = *state;
	cJSON *start, *page, *request;
	struct run run;
	char *text;

	world_write(world, "compose.yaml", stack);
	world_write(world, "report.sh", report);
	world_write(world, "batch.json", batch);
	run_upfront(&run, world, "-q", "up", "-d", "--wait", "--telemetry=on", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	start = await_event(world, "server_start");
	page = await_event(world, "page_opened");
	request = await_event(world, "api_request");
	assert_own(page, "{\"page\":\"chart\",\"count\":3,\"dark\":true,\"ratio\":0.5}");
	assert_own(request,
		   "{\"endpoint\":\"/api/charts/{id}\",\"method\":\"GET\",\"status_code\":200,\"duration_ms\":12}");
	assert_string_equal(text_of(page, "distinct_id"), text_of(start, "distinct_id"));
	assert_string_equal(text_of(cJSON_GetObjectItem(page, "properties"), "session_id"),
			    text_of(cJSON_GetObjectItem(start, "properties"), "session_id"));
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	text = world_read(world, "events.jsonl");
	assert_null(strstr(text, "canary"));
	free(text);
	text = world_read(world, "answer");
	assert_string_equal(text, "{\"status\":\"Ok\"}");
	free(text);
	cJSON_Delete(start);
	cJSON_Delete(page);
	cJSON_Delete(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_service_reports_by_its_environment_alone, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
