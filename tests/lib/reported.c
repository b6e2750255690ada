/* SPDX-License-Identifier: MIT */
#include "tests/lib/reported.h"

#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SENDER "upfront-telemetry"
#define SENDER_GONE_MS 3000

void reported_begun(const struct world *world)
{
	const int64_t since_ms = world_now_ms();
	bool begun = false;

	while (!begun) {
		char *text = world_read(world, REPORTED_FILE);

		begun = text != NULL && strstr(text, "\"server_start\"") != NULL;
		free(text);
		if (!begun)
			world_pause(since_ms, RUN_DEADLINE_MS, "the report of the start");
	}
}

void reported_up(const struct world *world, const char *flag)
{
	struct run run;

	run_upfront(&run, world, "-q", "up", "-d", "--wait", flag, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	if (strcmp(flag, "--telemetry=on") == 0)
		reported_begun(world);
}

void reported_down(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "-q", "down", "-t", "0", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, SENDER, SENDER_GONE_MS);
}

static void put_metrics(FILE *out, const cJSON *properties)
{
	const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(properties, "job_count");
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(properties, "object_counts"), *count;
	const char *gap = "|";

	if (!cJSON_IsNumber(jobs) && !cJSON_IsObject(counts))
		return;
	fputc('|', out);
	if (cJSON_IsNumber(jobs))
		fprintf(out, "%.0f", jobs->valuedouble);
	cJSON_ArrayForEach(count, counts)
	{
		fprintf(out, "%s%s=%.0f", gap, count->string, count->valuedouble);
		gap = " ";
	}
}

static void put_command(FILE *out, const cJSON *properties)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(properties, "error_type"), *arg;
	const cJSON *success = cJSON_GetObjectItemCaseSensitive(properties, "success");
	const cJSON *duration = cJSON_GetObjectItemCaseSensitive(properties, "duration_ms");
	const char *gap = "|";

	assert_true(cJSON_IsNumber(duration) && duration->valuedouble >= 0 && duration->valuedouble < RUN_DEADLINE_MS);
	assert_int_equal(cJSON_IsTrue(success), !cJSON_IsString(error));
	fputs(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(properties, "command")), out);
	cJSON_ArrayForEach(arg, cJSON_GetObjectItemCaseSensitive(properties, "command_args"))
	{
		fprintf(out, "%s%s", gap, arg->valuestring);
		gap = " ";
	}
	fprintf(out, "%s|%s", gap[0] == '|' ? "|" : "", cJSON_IsString(error) ? error->valuestring : "ok");
	put_metrics(out, properties);
	fputc('\n', out);
}

static void put_batch(FILE *out, const char *line)
{
	cJSON *body = cJSON_Parse(line);
	const cJSON *event;

	assert_non_null(body);
	cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(body, "batch"))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));

		if (strcmp(name, "cli_command") == 0)
			put_command(out, cJSON_GetObjectItemCaseSensitive(event, "properties"));
	}
	cJSON_Delete(body);
}

char *reported_commands(const struct world *world)
{
	char *file = world_read(world, REPORTED_FILE), *text = NULL, *rest = NULL, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	line = file != NULL ? strtok_r(file, "\n", &rest) : NULL;
	for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
		put_batch(out, line);
	fclose(out);
	free(file);
	return text;
}

void reported_assert(const struct world *world, const char *lines)
{
	char *text = reported_commands(world);

	if (strcmp(text, lines) != 0)
		fail_msg("reported:\n%s\nand not:\n%s", text, lines);
	free(text);
}

void reported_assert_never(const struct world *world, const char *text)
{
	const char *argv[] = {"grep", "-rlaF", "--", text, REPORTED_FILE, "../state/upfront/.apps", NULL};
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = argv});
	if (run.out.size_bytes > 0)
		fail_msg("'%s' stands in %s", text, run.out.bytes);
	run_finish(&run);
}
