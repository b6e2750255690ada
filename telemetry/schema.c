/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *row_json(const char *name, const struct catalog_property *row, const struct telemetry_property *declared)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", name);
	cJSON_AddStringToObject(object, "type", catalog_kind_name(row->kind));
	if (row->values) {
		cJSON *values = cJSON_AddArrayToObject(object, "values");

		for (const char *const *value = row->values; *value; value++)
			cJSON_AddItemToArray(values, cJSON_CreateString(*value));
	}
	cJSON_AddStringToObject(object, "purpose", row->purpose);
	cJSON_AddStringToObject(object, "since", row->since);
	if (declared)
		cJSON_AddStringToObject(object, "declared_source", telemetry_source_name(declared->source));
	return object;
}

/* An entry, and behind it the members if it is an object: "memory_usage", "memory_usage.rss"... */
static void add_entry(cJSON *array, const struct catalog_entry *entry)
{
	size_t count, prefix = strlen(entry->row->name);
	const struct catalog_property *rows = catalog_properties(&count);

	cJSON_AddItemToArray(array, row_json(entry->name, entry->row, entry->declared));
	for (size_t i = 0; entry->row->kind == CATALOG_OBJECT && i < count; i++) {
		char *name;

		if (strncmp(rows[i].name, entry->row->name, prefix) != 0 || rows[i].name[prefix] != '.')
			continue;
		if (asprintf(&name, "%s%s", entry->name, rows[i].name + prefix) < 0)
			continue;
		cJSON_AddItemToArray(array, row_json(name, &rows[i], NULL));
		free(name);
	}
}

/* Properties of `scope`; those that every event has are listed once, under CATALOG_COMMON. */
static cJSON *properties_json(const struct stack *stack, unsigned scope)
{
	struct catalog_list common = {0}, list = {0};
	cJSON *array = cJSON_CreateArray();

	if (catalog_list_make(stack, CATALOG_COMMON, &common) < 0 || catalog_list_make(stack, scope, &list) < 0)
		goto out;
	for (size_t i = scope == CATALOG_COMMON ? 0 : common.count; i < list.count; i++)
		add_entry(array, &list.entries[i]);
out:
	catalog_list_finish(&common);
	catalog_list_finish(&list);
	return array;
}

static cJSON *schema_tree(const struct stack *stack)
{
	cJSON *schema = cJSON_CreateObject(), *array;
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);
	const struct catalog_event *events;

	array = cJSON_AddArrayToObject(schema, "envelope");
	for (size_t i = 0; i < count; i++) {
		if (rows[i].scope & CATALOG_ENVELOPE)
			cJSON_AddItemToArray(array, row_json(rows[i].name, &rows[i], NULL));
	}
	cJSON_AddItemToObject(schema, "common", properties_json(stack, CATALOG_COMMON));
	array = cJSON_AddArrayToObject(schema, "events");
	events = catalog_events(&count);
	for (size_t i = 0; i < count; i++) {
		cJSON *event = cJSON_CreateObject();

		cJSON_AddStringToObject(event, "name", events[i].name);
		cJSON_AddStringToObject(event, "when", events[i].when);
		cJSON_AddStringToObject(event, "since", events[i].since);
		cJSON_AddItemToObject(event, "properties", properties_json(stack, events[i].scope));
		cJSON_AddItemToArray(array, event);
	}
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

static void write_values(FILE *out, const cJSON *row)
{
	const cJSON *value;
	const char *separator = ": ";

	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(row, "values"))
	{
		fprintf(out, "%s`%s`", separator, value->valuestring);
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
		write_values(out, row);
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
		fprintf(out, "### `%s`: %s\n\n", member_text(event, "name"), member_text(event, "when"));
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
