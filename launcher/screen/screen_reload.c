/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_reload.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void put_keys(FILE *out, const cJSON *keys)
{
	const cJSON *key;
	const char *before = ": ";

	cJSON_ArrayForEach(key, keys)
	{
		const char *name = cJSON_GetStringValue(key);

		if (name == NULL)
			continue;
		fprintf(out, "%s%s", before, name);
		before = ", ";
	}
}

static const char *name_of(const cJSON *item)
{
	const char *name = cJSON_GetStringValue(item);

	if (name == NULL)
		name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "service"));
	return name != NULL ? name : "?";
}

static const struct {
	const char *list, *sentence, *word;
} changes[] = {
	{"changed", "is restarted", "changed"},
	{"added", "is new and is started", "new"},
	{"removed", "is stopped: it is no longer in the file", "gone"},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static char *close_text(FILE *out, char **text, bool any)
{
	if (fclose(out) == 0 && any)
		return *text;
	free(*text);
	return NULL;
}

char *screen_reload_text(const char *answer)
{
	cJSON *root = cJSON_Parse(answer);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool any = false;

	for (size_t i = 0; i < CHANGES && out != NULL; i++) {
		const cJSON *item;

		cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, changes[i].list))
		{
			fprintf(out, "%s%s %s", any ? "\n" : "", name_of(item), changes[i].sentence);
			put_keys(out, cJSON_GetObjectItemCaseSensitive(item, "keys"));
			any = true;
		}
	}
	if (out != NULL && any && cJSON_HasObjectItem(root, "telemetry"))
		fputs("\nthe telemetry block is heard at the next start", out);
	cJSON_Delete(root);
	return out != NULL ? close_text(out, &text, any) : NULL;
}

char *screen_reload_brief(const char *answer)
{
	cJSON *root = cJSON_Parse(answer);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool any = false;

	for (size_t i = 0; i < CHANGES && out != NULL; i++) {
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, changes[i].list), *item;
		const char *between = any ? "; " : "";

		cJSON_ArrayForEach(item, list)
		{
			fprintf(out, "%s%s", between, name_of(item));
			between = ", ";
			any = true;
		}
		if (cJSON_GetArraySize(list) > 0)
			fprintf(out, " %s", changes[i].word);
	}
	cJSON_Delete(root);
	return out != NULL ? close_text(out, &text, any) : NULL;
}
