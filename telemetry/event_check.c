/* SPDX-License-Identifier: MIT */
#include "telemetry/event.h"

#include "config/utf8.h"
#include "telemetry/catalog.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Listed and present must be the same set, in the same order: the builder makes it so, and nothing else may. */
static int check_properties(const struct stack *stack, unsigned scope, const cJSON *properties, const char **reason)
{
	struct catalog_list list = {0};
	const cJSON *property;
	size_t count = 0;
	int result = -EINVAL;

	*reason = "out of memory";
	if (catalog_list_make(stack, scope, &list) < 0)
		return -EINVAL;
	cJSON_ArrayForEach(property, properties)
	{
		*reason = property->string;
		if (count == list.count || strcmp(list.entries[count].name, property->string) != 0 ||
		    !catalog_allows(list.entries[count].row, property))
			goto out;
		count++;
	}
	*reason = "a listed property is missing";
	if (count == list.count)
		result = 0;
out:
	catalog_list_finish(&list);
	return result;
}

int event_check(const struct stack *stack, const cJSON *event, const char **reason)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(event, "event"), *member;
	const struct catalog_event *kind;
	const char *ignored;
	size_t members = 0, rows = 0, count;
	const struct catalog_property *table = catalog_properties(&count);

	if (!reason)
		reason = &ignored;
	*reason = "event";
	kind = cJSON_IsString(name) ? catalog_find_event(name->valuestring) : NULL;
	if (!kind)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		rows += table[i].scope == CATALOG_ENVELOPE;
	cJSON_ArrayForEach(member, event)
	{
		const struct catalog_property *row = catalog_find(CATALOG_ENVELOPE, member->string);

		*reason = member->string;
		if (!row || (row->kind != CATALOG_OBJECT && !catalog_allows(row, member)))
			return -EINVAL;
		members++;
	}
	*reason = "properties";
	member = cJSON_GetObjectItemCaseSensitive(event, "properties");
	if (members != rows || !cJSON_IsObject(member))
		return -EINVAL;
	return check_properties(stack, kind->scope, member, reason);
}

char *event_print(const struct stack *stack, const cJSON *event)
{
	char *text;
	size_t size_bytes;

	if (event_check(stack, event, NULL) < 0)
		return NULL;
	text = cJSON_PrintUnformatted(event);
	if (!text)
		return NULL;
	size_bytes = strlen(text);
	if (size_bytes > EVENT_BYTES_MAX || utf8_valid(text, size_bytes) != size_bytes) {
		free(text);
		return NULL;
	}
	return text;
}
