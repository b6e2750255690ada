/* SPDX-License-Identifier: MIT */
/* Members of what the supervisor says, taken with care: what is missing or of the wrong kind becomes a harmless value. */
#ifndef UPFRONT_LAUNCHER_CLIENT_JSON_MEMBER_H
#define UPFRONT_LAUNCHER_CLIENT_JSON_MEMBER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline const cJSON *json_member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* NULL when it is none; the object's. */
static inline const char *json_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(json_member(object, name));
}

/* NULL when it is none; the caller frees. */
static inline char *json_copy(const cJSON *object, const char *name)
{
	const char *text = json_text(object, name);

	return text != NULL ? strdup(text) : NULL;
}

static inline int64_t json_number(const cJSON *object, const char *name, int64_t otherwise)
{
	const cJSON *item = json_member(object, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble > -9e15 && item->valuedouble < 9e15))
		return otherwise;
	return (int64_t)item->valuedouble;
}

/* 0 for all that is no positive int. */
static inline int json_int(const cJSON *object, const char *name)
{
	int64_t value = json_number(object, name, 0);

	return value > 0 && value < INT32_MAX ? (int)value : 0;
}

static inline bool json_truth(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(json_member(object, name));
}

#endif
