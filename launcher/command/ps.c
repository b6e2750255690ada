/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/utf8.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/news.h"
#include "launcher/command/view.h"
#include "launcher/project.h"
#include "ui/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CALL_TIMEOUT_MS 10000

enum { COLUMN_NAME, COLUMN_STATE, COLUMN_PID, COLUMN_RESTARTS, COLUMN_UPTIME, COLUMN_PORTS, COLUMN_WHY, COLUMN_COUNT };

struct row {
	char *cells[COLUMN_COUNT];
};

/* Columns a text takes on the screen: wide characters take two, and what the locale cannot tell counts as one a character. */
static int display_width(const char *text)
{
	size_t count = utf8_count(text, strlen(text));
	wchar_t *wide = calloc(count + 1, sizeof(*wide));
	int width = -1;

	if (wide != NULL && mbstowcs(wide, text, count + 1) != (size_t)-1)
		width = wcswidth(wide, count);
	free(wide);
	return width >= 0 ? width : (int)count;
}

static char *format_number(long long number)
{
	char *text;

	return asprintf(&text, "%lld", number) >= 0 ? text : NULL;
}

static char *format_uptime(int64_t uptime_ms)
{
	char text[32];

	news_duration(uptime_ms, text, sizeof(text));
	return strdup(text);
}

/*
 * What a probe last heard from a service that is well explains nothing; what it says of itself may. It ends its story in `why`, so
 * that is all there is to read of one that has ended.
 */
static char *format_why(const struct view_unit *unit)
{
	const bool well = strcmp(unit->state, "ready") == 0;
	const bool said = unit->status != NULL && unit->pid > 0;
	char loop[NEWS_CRASH_LOOP_MAX], *text = NULL, *clean;

	if (unit->crash_exits > 0) {
		news_crash_loop(unit, loop, sizeof(loop));
		if (asprintf(&text, "%s%s%s", loop, unit->why != NULL ? "; last: " : "",
			     unit->why != NULL ? unit->why : "") < 0)
			return NULL;
		clean = text_harmless(text);
		free(text);
		return clean;
	}
	if (said && (well || unit->why == NULL || unit->why[0] == '\0' || strcmp(unit->state, "stopping") == 0))
		return text_harmless(unit->status);
	if (unit->why == NULL || unit->why[0] == '\0' || well)
		return strdup("-");
	return text_harmless(unit->why);
}

static void fill_row(struct row *row, const struct view_unit *unit)
{
	row->cells[COLUMN_NAME] = strdup(unit->name);
	row->cells[COLUMN_STATE] = strdup(unit->state);
	row->cells[COLUMN_PID] = unit->pid > 0 ? format_number(unit->pid) : strdup("-");
	row->cells[COLUMN_RESTARTS] = format_number(unit->restarts);
	row->cells[COLUMN_UPTIME] = format_uptime(unit->uptime_ms);
	row->cells[COLUMN_PORTS] = strdup(unit->ports != NULL && unit->ports[0] != '\0' ? unit->ports : "-");
	row->cells[COLUMN_WHY] = format_why(unit);
}

static const char *cell(const struct row *row, size_t column)
{
	return row->cells[column] != NULL ? row->cells[column] : "";
}

static void print_row(const struct row *row, const int widths[COLUMN_COUNT])
{
	size_t last = COLUMN_COUNT - 1;

	while (last > 0 && cell(row, last)[0] == '\0')
		last--;
	for (size_t i = 0; i < last; i++)
		printf("%s%*s", cell(row, i), widths[i] - display_width(cell(row, i)) + 2, "");
	printf("%s\n", cell(row, last));
}

static void print_table(const struct view *view)
{
	static const char *const titles[COLUMN_COUNT] = {"NAME", "STATE", "PID", "RESTARTS", "UPTIME", "PORTS", "WHY"};
	struct row *rows = calloc(view->count + 1, sizeof(*rows));
	int widths[COLUMN_COUNT] = {0};

	if (rows == NULL)
		return;
	for (size_t column = 0; column < COLUMN_COUNT; column++)
		rows[0].cells[column] = strdup(titles[column]);
	for (size_t i = 0; i < view->count; i++)
		fill_row(&rows[i + 1], &view->units[i]);
	for (size_t i = 0; i <= view->count; i++)
		for (size_t column = 0; column < COLUMN_COUNT; column++)
			if (display_width(cell(&rows[i], column)) > widths[column])
				widths[column] = display_width(cell(&rows[i], column));
	for (size_t i = 0; i <= view->count; i++)
		print_row(&rows[i], widths);
	for (size_t i = 0; i <= view->count; i++)
		for (size_t column = 0; column < COLUMN_COUNT; column++)
			free(rows[i].cells[column]);
	free(rows);
}

static int ps_run(struct cli_context *context, struct err *err)
{
	struct ctl_client client = {NULL};
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
	else if (!err_is_set(err))
		print_table(&view);
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
	.text = "With --json: the answer of the control API, {\"version\": 1, \"project\": ..., \"services\": [...]}.\n"
		"Exit code 6 when nothing runs.",
	.run = ps_run,
};
