/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"
#include "telemetry/notice.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_values(cJSON *object, const char *name, const char *const *values)
{
	cJSON *array = values ? cJSON_AddArrayToObject(object, name) : NULL;

	for (; values && *values; values++)
		cJSON_AddItemToArray(array, cJSON_CreateString(*values));
}

static cJSON *row_json(const char *name, const struct catalog_property *row)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", name);
	cJSON_AddStringToObject(object, "type", catalog_kind_name(row->kind));
	add_values(object, "values", row->values);
	cJSON_AddStringToObject(object, "purpose", row->purpose);
	cJSON_AddStringToObject(object, "since", row->since);
	return object;
}

/* With what the stack file says of it. */
static cJSON *entry_json(const struct stack *stack, const struct catalog_entry *entry)
{
	cJSON *object = row_json(entry->name, entry->row);

	if (entry->declared)
		cJSON_AddStringToObject(object, "declared_source", telemetry_source_name(entry->declared->source));
	if (entry->field)
		add_values(object, "values", entry->field->words);
	if (entry->row->kind == CATALOG_ROUTE && stack && stack->telemetry)
		add_values(object, "declared_routes", stack->telemetry->routes);
	return object;
}

/* An entry, and behind it the members if it is an object: "memory_usage", "memory_usage.rss"... */
static void add_entry(cJSON *array, const struct stack *stack, const struct catalog_entry *entry)
{
	size_t count, prefix = strlen(entry->row->name);
	const struct catalog_property *rows = catalog_properties(&count);

	cJSON_AddItemToArray(array, entry_json(stack, entry));
	for (size_t i = 0; entry->row->kind == CATALOG_OBJECT && i < count; i++) {
		char *name;

		if (strncmp(rows[i].name, entry->row->name, prefix) != 0 || rows[i].name[prefix] != '.')
			continue;
		if (asprintf(&name, "%s%s", entry->name, rows[i].name + prefix) < 0)
			continue;
		cJSON_AddItemToArray(array, row_json(name, &rows[i]));
		free(name);
	}
}

/* Those that every event has are listed once: `of_all` takes them, else the event's own are taken. Finishes the list. */
static cJSON *properties_json(const struct stack *stack, struct catalog_list *list, bool of_all)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = of_all ? 0 : list->common_count; i < list->count; i++)
		add_entry(array, stack, &list->entries[i]);
	catalog_list_finish(list);
	return array;
}

static void add_envelope(cJSON *schema)
{
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);
	cJSON *array = cJSON_AddArrayToObject(schema, "envelope");

	for (size_t i = 0; i < count; i++) {
		if (rows[i].scope & CATALOG_ENVELOPE)
			cJSON_AddItemToArray(array, row_json(rows[i].name, &rows[i]));
	}
}

static cJSON *add_event(cJSON *array, const char *name, const char *when, const char *since)
{
	cJSON *event = cJSON_CreateObject();

	cJSON_AddStringToObject(event, "name", name);
	cJSON_AddStringToObject(event, "when", when);
	if (since)
		cJSON_AddStringToObject(event, "since", since);
	cJSON_AddItemToArray(array, event);
	return event;
}

static void add_events(cJSON *array, const struct stack *stack)
{
	size_t count;
	const struct catalog_event *events = catalog_events(&count);

	for (size_t i = 0; i < count; i++) {
		cJSON *event = add_event(array, events[i].name, events[i].when, events[i].since);
		struct catalog_list list = {0};

		if (catalog_list_make(stack, events[i].scope, &list) == 0)
			cJSON_AddItemToObject(event, "properties", properties_json(stack, &list, false));
	}
}

/* Of the services: their version is the stack file's. */
static void add_declared_events(cJSON *array, const struct stack *stack)
{
	const struct telemetry_decl *decl = stack ? stack->telemetry : NULL;

	for (size_t i = 0; decl && i < decl->event_count; i++) {
		cJSON *event = add_event(array, decl->events[i].name, "when a service reports it", NULL);
		struct catalog_list list = {0};

		cJSON_AddTrueToObject(event, "of_services");
		if (catalog_list_make_declared(stack, &decl->events[i], &list) == 0)
			cJSON_AddItemToObject(event, "properties", properties_json(stack, &list, false));
	}
}

static cJSON *schema_tree(const struct stack *stack)
{
	cJSON *schema = cJSON_CreateObject(), *array;
	struct catalog_list common = {0};

	add_envelope(schema);
	if (catalog_list_make(stack, CATALOG_COMMON, &common) == 0)
		cJSON_AddItemToObject(schema, "common", properties_json(stack, &common, true));
	array = cJSON_AddArrayToObject(schema, "events");
	add_events(array, stack);
	add_declared_events(array, stack);
	return schema;
}

char *telemetry_schema_json(const struct stack *stack)
{
	cJSON *schema = schema_tree(stack);
	char *text = cJSON_Print(schema);

	cJSON_Delete(schema);
	return text;
}

static const char *member_text(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? member->valuestring : "";
}

/* Names and purposes may hold what a table takes for its own. */
static void write_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '\\')
			fputc('\\', out);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
}

static void write_values(FILE *out, const cJSON *values, const char *separator)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, values)
	{
		fprintf(out, "%s`", separator);
		write_cell(out, value->valuestring);
		fputc('`', out);
		separator = ", ";
	}
}

static void write_table(FILE *out, const cJSON *rows)
{
	const cJSON *row;

	fputs("| property | value | why | since |\n|---|---|---|---|\n", out);
	cJSON_ArrayForEach(row, rows)
	{
		fputs("| `", out);
		write_cell(out, member_text(row, "name"));
		fputs("` | ", out);
		write_cell(out, member_text(row, "type"));
		write_values(out, cJSON_GetObjectItemCaseSensitive(row, "values"), ": ");
		write_values(out, cJSON_GetObjectItemCaseSensitive(row, "declared_routes"), "; of services: ");
		fputs(" | ", out);
		write_cell(out, member_text(row, "purpose"));
		fprintf(out, " | %s |\n", member_text(row, "since"));
	}
	fputc('\n', out);
}

char *telemetry_schema_markdown(const struct stack *stack)
{
	cJSON *schema = schema_tree(stack);
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	const cJSON *event;

	if (!out)
		goto out;
	fputs("### Every event\n\n", out);
	write_table(out, cJSON_GetObjectItemCaseSensitive(schema, "envelope"));
	fputs("### Properties of every event\n\n", out);
	write_table(out, cJSON_GetObjectItemCaseSensitive(schema, "common"));
	cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(schema, "events"))
	{
		fputs("### `", out);
		write_cell(out, member_text(event, "name"));
		fprintf(out, "`: %s\n\n", member_text(event, "when"));
		write_table(out, cJSON_GetObjectItemCaseSensitive(event, "properties"));
	}
	if (fclose(out) != 0) {
		free(text);
		text = NULL;
	}
out:
	cJSON_Delete(schema);
	return text;
}
