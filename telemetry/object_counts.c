/* SPDX-License-Identifier: MIT */
#include "telemetry/object_counts.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Beyond this not every whole number is one in JSON. */
#define COUNT_MAX 9007199254740991.0

bool object_count_is_valid(const cJSON *number)
{
	return cJSON_IsNumber(number) && number->valuedouble >= 0 && number->valuedouble <= COUNT_MAX &&
	       number->valuedouble == (double)(int64_t)number->valuedouble;
}

static bool is_name(const char *name)
{
	size_t length = strnlen(name, OBJECT_COUNT_NAME_BYTES_MAX + 1);

	return length <= OBJECT_COUNT_NAME_BYTES_MAX && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

bool object_counts_read(const cJSON *object, struct telemetry_count counts[OBJECT_COUNTS_MAX], size_t *count)
{
	const cJSON *member;
	size_t used = 0;

	if (!cJSON_IsObject(object))
		return false;
	cJSON_ArrayForEach(member, object)
	{
		const char *name = member->string;

		if (used == OBJECT_COUNTS_MAX || !is_name(name) || !object_count_is_valid(member) ||
		    cJSON_GetObjectItemCaseSensitive(object, name) != member)
			return false;
		counts[used++] = (struct telemetry_count){name, (int64_t)member->valuedouble};
	}
	*count = used;
	return true;
}
