/* SPDX-License-Identifier: MIT */
/*
 * What may be in an event that the relay made: every text of it is one of a closed set, so nothing that a client said can be among them. Whatever
 * else is found aborts.
 */
#ifndef UPFRONT_TESTS_FUZZ_SENDER_RELAY_CHECK_H
#define UPFRONT_TESTS_FUZZ_SENDER_RELAY_CHECK_H

#include "telemetry/id.h"
#include "tests/unit/sender/relay_scene.h"

#include <math.h>

static inline void relay_demand(bool holds)
{
	if (!holds)
		abort();
}

static inline bool relay_is_one_of(const cJSON *item, const char *const *texts)
{
	for (; cJSON_IsString(item) && *texts; texts++) {
		if (strcmp(item->valuestring, *texts) == 0)
			return true;
	}
	return false;
}

static inline bool relay_is_declared(const char *event, const cJSON *item)
{
	static const char *const pages[] = {"home", "chart", "a \"b\"", NULL};
	static const char *const endpoints[] = {"/api/charts/{id}", "/api/health", "<unmatched>", NULL};
	static const char *const methods[] = {"GET",    "HEAD",    "POST",  "PUT", "PATCH",
					      "DELETE", "OPTIONS", "OTHER", NULL};
	bool page = strcmp(event, "page_opened") == 0, request = strcmp(event, "api_request") == 0;

	if (strcmp(item->string, "page") == 0)
		return page && relay_is_one_of(item, pages);
	if (strcmp(item->string, "count") == 0)
		return page && cJSON_IsNumber(item) && item->valuedouble == floor(item->valuedouble);
	if (strcmp(item->string, "ratio") == 0)
		return page && cJSON_IsNumber(item) && isfinite(item->valuedouble);
	if (strcmp(item->string, "dark") == 0)
		return page && cJSON_IsBool(item);
	if (strcmp(item->string, "endpoint") == 0)
		return request && relay_is_one_of(item, endpoints);
	if (strcmp(item->string, "method") == 0)
		return request && relay_is_one_of(item, methods);
	if (strcmp(item->string, "status_code") == 0)
		return request && cJSON_IsNumber(item) && item->valuedouble >= 100 && item->valuedouble < 600;
	return strcmp(item->string, "duration_ms") == 0 && request && cJSON_IsNumber(item) && item->valuedouble >= 0;
}

/* The text as a whole: this way round, so that what cJSON would not see is seen. */
static inline void relay_check_text(const cJSON *event, const char *text)
{
	char *again = cJSON_PrintUnformatted(event);
	const char *last = strstr(text, SCENE_COMMON);
	cJSON *rest;

	relay_demand(last != NULL && again != NULL);
	/* Numbers may be written in another way; names, words and their order may not. */
	rest = cJSON_Parse(again);
	relay_demand(cJSON_Compare(rest, event, 1));
	relay_demand(strncmp(text, "{\"uuid\":\"", 9) == 0 && strncmp(again, text, 90) == 0);
	for (const char *at = text; *at; at++)
		relay_demand((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
	cJSON_Delete(rest);
	free(again);
}

static inline void relay_check_event(const char *text)
{
	static const char *const names[] = {"page_opened", "started", "api_request", NULL};
	static const char *const envelope[] = {"uuid", "event", "distinct_id", "timestamp", "properties"};
	cJSON *event = cJSON_ParseWithOpts(text, NULL, 1), *common = cJSON_Parse("{" SCENE_COMMON "}");
	const cJSON *item, *expected = common->child, *name = cJSON_GetObjectItem(event, "event");
	size_t place = 0;

	cJSON_ArrayForEach(item, event)
	{
		relay_demand(place < 5 && strcmp(item->string, envelope[place]) == 0);
		place++;
	}
	relay_demand(place == 5 && relay_is_one_of(name, names));
	relay_demand(id_is_valid(cJSON_GetObjectItem(event, "uuid")->valuestring, 7));
	relay_demand(time_is_valid(cJSON_GetObjectItem(event, "timestamp")->valuestring));
	relay_demand(strcmp(cJSON_GetObjectItem(event, "distinct_id")->valuestring, SCENE_ID) == 0);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(event, "properties"))
	{
		if (expected) {
			relay_demand(strcmp(item->string, expected->string) == 0 && cJSON_Compare(item, expected, 1));
			expected = expected->next;
			continue;
		}
		relay_demand(relay_is_declared(name->valuestring, item));
		for (const cJSON *later = item->next; later; later = later->next)
			relay_demand(strcmp(later->string, item->string) != 0);
	}
	relay_demand(!expected);
	relay_check_text(event, text);
	cJSON_Delete(common);
	cJSON_Delete(event);
}

#endif
