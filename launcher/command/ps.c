/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/client/news.h"
#include "launcher/command/table.h"
#include "launcher/client/view.h"
#include "launcher/project.h"
#include "launcher/screen/unit_words.h"
#include "ui/model.h"
#include "ui/unit_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_TIMEOUT_MS 10000

enum {
	COLUMN_NAME,
	COLUMN_STATE,
	COLUMN_PID,
	COLUMN_RESTARTS,
	COLUMN_UPTIME,
	COLUMN_PORTS,
	COLUMN_IMAGE, /* only where there are containers */
	COLUMN_WHY,
	COLUMN_COUNT
};
#define IMAGE_COLUMNS 32u
#define PROGRESS_BYTES 160u

#define COLUMNS_OF_ALL                                                                                       \
	{.title = "NAME"}, {.title = "STATE"}, {.title = "PID"}, {.title = "RESTARTS"}, {.title = "UPTIME"}, \
	{                                                                                                    \
		.title = "PORTS"                                                                             \
	}

static const struct table_column columns[] = {COLUMNS_OF_ALL, {.title = "WHY"}};
static const struct table_column columns_with_image[COLUMN_COUNT] = {
	COLUMNS_OF_ALL, {.title = "IMAGE", .limit = IMAGE_COLUMNS}, {.title = "WHY"}};

/*
 * What a probe last heard from a service that is well explains nothing; what it says of itself may. It ends its story in `why`, so
 * that is all there is to read of one that has ended.
 */
static const char *why_of(const struct view_unit *unit)
{
	const bool well = strcmp(unit->state, "ready") == 0;
	const bool said = unit->status != NULL && unit->pid > 0;
	const bool why = unit->why != NULL && unit->why[0] != '\0';

	if (said && (well || !why || strcmp(unit->state, "stopping") == 0))
		return unit->status;
	return why && !well ? unit->why : NULL;
}

static void add_row(struct table *table, const struct view_unit *unit, bool images)
{
	const struct unit_progress progress = unit_words_progress(unit);
	char pid[16] = "-", restarts[16], uptime[32], loop[NEWS_CRASH_LOOP_MAX], words[PROGRESS_BYTES], *text = NULL;
	const char *cells[COLUMN_COUNT] = {
		[COLUMN_NAME] = unit->name,   [COLUMN_STATE] = unit->state, [COLUMN_PID] = pid,
		[COLUMN_RESTARTS] = restarts, [COLUMN_UPTIME] = uptime,     [COLUMN_PORTS] = NULL,
		[COLUMN_IMAGE] = unit->image, [COLUMN_WHY] = NULL,
	};

	if (unit->pid > 0)
		snprintf(pid, sizeof(pid), "%d", (int)unit->pid);
	snprintf(restarts, sizeof(restarts), "%d", unit->restarts);
	news_duration(unit->uptime_ms, uptime, sizeof(uptime));
	if (unit->ports != NULL && unit->ports[0] != '\0')
		cells[COLUMN_PORTS] = unit->ports;
	cells[COLUMN_WHY] = why_of(unit);
	unit_progress_words(&progress, words, sizeof(words));
	if (words[0] != '\0') {
		cells[COLUMN_WHY] = words;
	} else if (unit->crash_exits > 0) {
		news_crash_loop(unit, loop, sizeof(loop));
		if (asprintf(&text, "%s%s%s", loop, unit->why != NULL ? "; last: " : "",
			     unit->why != NULL ? unit->why : "") >= 0)
			cells[COLUMN_WHY] = text;
	} else if (unit->kill_ms > 0 && cells[COLUMN_WHY] == NULL) {
		news_duration(unit->kill_ms - clock_monotonic_ms(), loop, sizeof(loop));
		if (asprintf(&text, "killed in %s", loop) >= 0)
			cells[COLUMN_WHY] = text;
	}
	if (!images)
		cells[COLUMN_IMAGE] = cells[COLUMN_WHY];
	table_add(table, cells);
	free(text);
}

static bool has_containers(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->units[i].is_container)
			return true;
	return false;
}

static void print_table(const struct view *view)
{
	const bool images = has_containers(view);
	struct table table;

	if (images)
		table_init(&table, columns_with_image, COLUMN_COUNT);
	else
		table_init(&table, columns, COLUMN_COUNT - 1);
	for (size_t i = 0; i < view->count; i++)
		add_row(&table, &view->units[i], images);
	table_print(&table, stdout);
	table_finish(&table);
}

static void print_line(char *line)
{
	if (line != NULL)
		printf("%s\n", line);
	free(line);
}

/* Below the table: what it is not worth a column, and the reader must know all the same. */
static void print_notes(const struct view *view)
{
	print_line(news_engine_away(&view->engine));
	print_line(news_untold(&view->engine));
	/* What is missing in the logs. */
	for (size_t i = 0; i < view->count; i++)
		print_line(news_of_loss(&view->units[i]));
}

static int ps_run(struct cli_context *context, struct err *err)
{
	struct ctl_client client = {0};
	struct project project;
	struct view view;
	char *answer = NULL;
	int status = 0;

	project_init(&project);
	view_init(&view);
	if (project_find(&project, context, err) < 0 || project_connect(&project, &client, err) < 0 ||
	    ctl_client_call(&client, "GET", "/v1/services", NULL, CALL_TIMEOUT_MS, &status, &answer, err) < 0)
		goto out;
	if (status != 200)
		view_take_error(answer, status, err);
	else if (view_take_services(&view, answer, err) == 0 && context->globals.json)
		fputs(answer, stdout);
	else if (!err_is_set(err)) {
		print_table(&view);
		print_notes(&view);
	}
out:
	free(answer);
	view_finish(&view);
	ctl_client_close(&client);
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_ps = {
	.name = "ps",
	.args = "",
	.summary = "show the services of the running stack",
	.text = "With --json: the answer of the control API, {\"version\": 1, \"project\": ..., \"engine\": ..., "
		"\"services\": [...]}.\n"
		"Exit code 6 when nothing runs.",
	.run = ps_run,
};
