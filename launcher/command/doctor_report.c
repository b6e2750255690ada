/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/command/doctor.h"
#include "launcher/command/json_out.h"
#include "launcher/command/table.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 2000u

static const char *state_word(enum doctor_state state)
{
#define DOCTOR_WORD(name, word) [name] = (word),
	static const char *const words[] = {DOCTOR_STATES(DOCTOR_WORD)};
#undef DOCTOR_WORD

	return words[state];
}

void doctor_add(struct doctor *self, const char *check, const char *subject, enum doctor_state state, const char *hint,
		const char *found, ...)
{
	struct doctor_row *grown = NULL, *row;
	va_list arguments;

	if (self->count < ROWS_MAX)
		grown = reallocarray(self->rows, self->count + 1, sizeof(*grown));
	if (grown == NULL) {
		self->failed = true;
		return;
	}
	self->rows = grown;
	row = &grown[self->count];
	*row = (struct doctor_row){.check = check, .state = state};
	va_start(arguments, found);
	if (vasprintf(&row->found, found, arguments) < 0)
		row->found = NULL;
	va_end(arguments);
	row->subject = subject != NULL ? strdup(subject) : NULL;
	row->hint = hint != NULL ? strdup(hint) : NULL;
	if (row->found == NULL)
		self->failed = true;
	self->count++;
}

void doctor_take(struct doctor *self, const char *check, const char *subject, enum doctor_state state, struct err *err)
{
	if (self->project.stack != NULL)
		secrets_mask_err(&self->project.stack->secrets, err);
	for (size_t i = 0; i < err->count; i++)
		doctor_add(self, check, subject, state, err->items[i].hint, "%s", err->items[i].message);
	err_finish(err);
	err_init(err);
}

size_t doctor_count(const struct doctor *self, enum doctor_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++)
		count += self->rows[i].state == state ? 1 : 0;
	return count;
}

void doctor_finish_rows(struct doctor *self)
{
	for (size_t i = 0; i < self->count; i++) {
		free(self->rows[i].subject);
		free(self->rows[i].found);
		free(self->rows[i].hint);
	}
	free(self->rows);
	self->rows = NULL;
	self->count = 0;
}

/* ---- For people ---- */

static void add_row(struct table *table, const struct doctor_row *row)
{
	const char *cells[] = {NULL, state_word(row->state), row->found};
	char *name = NULL, *hint = NULL, *blank;

	if (asprintf(&name, "%s%s%s", row->check, row->subject != NULL ? " " : "",
		     row->subject != NULL ? row->subject : "") < 0)
		return;
	/* "state_folder" is a word for programs. */
	for (char *at = name; *at != '\0' && at < name + strlen(row->check); at++)
		*at = *at == '_' ? ' ' : *at;
	cells[0] = name;
	table_add(table, cells);
	free(name);
	if (row->hint == NULL || asprintf(&hint, "  hint: %s", row->hint) < 0)
		return;
	for (blank = hint; (blank = strchr(blank, '\n')) != NULL;)
		*blank = ' ';
	table_add(table, (const char *const[]){"", "", hint});
	free(hint);
}

void doctor_print_table(const struct doctor *self, bool quiet)
{
	static const struct table_column columns[] = {
		{.title = "CHECK", .limit = 32}, {.title = "STATE"}, {.title = "FOUND"}};
	struct table table;
	size_t shown = 0;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < self->count; i++) {
		if (quiet && self->rows[i].state == DOCTOR_OK)
			continue;
		add_row(&table, &self->rows[i]);
		shown++;
	}
	if (shown > 0 || !quiet)
		table_print(&table, stdout);
	table_finish(&table);
}

/* ---- For programs ---- */

static void add_text(cJSON *object, const char *name, const char *text)
{
	if (text != NULL)
		cJSON_AddStringToObject(object, name, text);
	else
		cJSON_AddNullToObject(object, name);
}

/*
 * {"version": 1, "project": NAME or null, "missing": N, "warnings": N,
 *  "checks": [{"check": WORD, "subject": TEXT or null, "state": "ok" "warn" "missing" "wrong", "found": TEXT, "hint": TEXT or null}, ...]}
 */
int doctor_print_json(const struct doctor *self, struct err *err)
{
	cJSON *object = json_out_create(), *checks;

	add_text(object, "project", self->project.name);
	cJSON_AddNumberToObject(object, "missing", (double)doctor_count(self, DOCTOR_MISSING));
	cJSON_AddNumberToObject(object, "warnings", (double)doctor_count(self, DOCTOR_WARN));
	checks = cJSON_AddArrayToObject(object, "checks");
	for (size_t i = 0; i < self->count; i++) {
		const struct doctor_row *row = &self->rows[i];
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "check", row->check);
		add_text(item, "subject", row->subject);
		cJSON_AddStringToObject(item, "state", state_word(row->state));
		add_text(item, "found", row->found);
		add_text(item, "hint", row->hint);
		cJSON_AddItemToArray(checks, item);
	}
	return json_out_print(object, err);
}
