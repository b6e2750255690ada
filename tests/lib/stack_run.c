/* SPDX-License-Identifier: MIT */
#include "tests/lib/stack_run.h"

#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void stack_begin(const struct world *world, const char *text)
{
	struct run run;

	if (text != NULL)
		world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

void stack_begin_ready(const struct world *world, const char *text)
{
	struct run run;

	if (text != NULL)
		world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "-q", "up", "-d", "--wait", "--wait-timeout", "20", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

void stack_end(const struct world *world, int grace_s)
{
	char grace[16];
	struct run run;

	snprintf(grace, sizeof(grace), "%d", grace_s);
	run_upfront(&run, world, "down", "-t", grace, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

cJSON *stack_unit(const struct world *world, const char *name)
{
	const cJSON *item;
	cJSON *answer, *found = NULL;
	struct run run;

	run_upfront(&run, world, "ps", "--json", NULL);
	run_assert_code(&run, 0);
	answer = cJSON_Parse(run.out.bytes);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(answer, "services"))
	{
		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")), name) == 0)
			found = cJSON_Duplicate(item, true);
	}
	cJSON_Delete(answer);
	run_finish(&run);
	if (found == NULL)
		fail_msg("ps knows no '%s'", name);
	return found;
}
