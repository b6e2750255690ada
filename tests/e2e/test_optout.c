/* SPDX-License-Identifier: MIT */
/* After a no a service has every opt-out variable that `upfront telemetry env` names, whatever the stack file gave it; after a yes none. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack_text[] = "x-upfront: {app: Told, telemetry: {host: 'file:events.jsonl', key: k, env: {off: "
				 "{GX_ANALYTICS_ENABLED: 'no'}}}}\n"
				 "services:\n"
				 "  job:\n"
				 "    command: sh -c 'env >told'\n"
				 "    environment: {NEXT_TELEMETRY_DISABLED: '0', TELEMETRY_ENABLED: 'true'}\n";

static int optout_setup(void **state)
{
	world_setup(state);
	world_write(*state, "compose.yaml", stack_text);
	return 0;
}

static cJSON *read_table(const struct world *world)
{
	struct run run;
	cJSON *json;

	run_upfront(&run, world, "telemetry", "env", "--json", NULL);
	run_assert_code(&run, 0);
	json = cJSON_Parse(run.out.bytes);
	assert_non_null(json);
	run_finish(&run);
	return json;
}

/* What the service's environment holds, with a line end in front of each variable. The caller frees. */
static char *told_by_up(const struct world *world, const char *answer)
{
	struct run run;
	char *told, *lines = NULL;

	run_upfront(&run, world, "up", answer, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	told = world_read(world, "told");
	assert_non_null(told);
	assert_true(asprintf(&lines, "\n%s", told) > 0);
	free(told);
	return lines;
}

static const char *text_of(const cJSON *row, const char *name)
{
	const cJSON *value = cJSON_GetObjectItem(row, name);

	assert_true(cJSON_IsString(value) && *value->valuestring);
	return value->valuestring;
}

static void test_after_a_no_a_service_has_them_all(void **state)
{
	cJSON *json = read_table(*state);
	char *told = told_by_up(*state, "--no-telemetry");
	const cJSON *row;
	size_t count = 0;

	cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, "variables"))
	{
		const char *name = text_of(row, "name");
		char line[256];

		/* The one that the stack file knows better. */
		snprintf(line, sizeof(line), "\n%s=%s\n", name,
			 strcmp(name, "GX_ANALYTICS_ENABLED") == 0 ? "no" : text_of(row, "value"));
		if (!strstr(told, line))
			fail_msg("the service was not given %s", line + 1);
		text_of(row, "product");
		text_of(row, "source");
		count++;
	}
	assert_true(count >= 60);
	free(told);
	cJSON_Delete(json);
}

static void test_after_a_yes_it_has_what_the_stack_file_gave_it(void **state)
{
	cJSON *json = read_table(*state);
	char *told = told_by_up(*state, "--telemetry=on");
	const cJSON *row;

	cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, "variables"))
	{
		const char *name = text_of(row, "name");
		char line[256];

		snprintf(line, sizeof(line), "\n%s=", name);
		if (strcmp(name, "NEXT_TELEMETRY_DISABLED") != 0 && strcmp(name, "TELEMETRY_ENABLED") != 0)
			assert_null(strstr(told, line));
	}
	assert_non_null(strstr(told, "\nNEXT_TELEMETRY_DISABLED=0\n"));
	assert_non_null(strstr(told, "\nTELEMETRY_ENABLED=true\n"));
	free(told);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_after_a_no_a_service_has_them_all, optout_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_after_a_yes_it_has_what_the_stack_file_gave_it, optout_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
