/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_route.h"

#include <string.h>

#define KEY_BYTES_MAX 64u

/* '*' stands for one segment: a key, or the file name of a script. */
static const struct row {
	const char *path;
	enum relay_route route;
} rows[] = {
	{"batch", RELAY_CAPTURE},
	{"capture", RELAY_CAPTURE},
	{"e", RELAY_CAPTURE},
	{"i/v0/e", RELAY_CAPTURE},
	{"track", RELAY_CAPTURE},
	{"engage", RELAY_CAPTURE},
	{"flags", RELAY_FLAGS},
	{"decide", RELAY_DECIDE},
	{"flags/definitions", RELAY_DEFINITIONS},
	{"api/feature_flag/local_evaluation", RELAY_DEFINITIONS},
	{"array/*/config", RELAY_SETTINGS},
	{"array/*/config.js", RELAY_SETTINGS_SCRIPT},
	{"array/*/array.js", RELAY_SCRIPT},
	{"static/*", RELAY_SCRIPT},
	{"static/*/*", RELAY_SCRIPT},
	{"api/surveys", RELAY_SURVEYS},
	{"api/product_tours", RELAY_SURVEYS},
	{"api/early_access_features", RELAY_SURVEYS},
	{"api/web_experiments", RELAY_SURVEYS},
	{"s", RELAY_DISCARD},
	{"i/v1/logs", RELAY_DISCARD},
	{"i/v1/metrics", RELAY_DISCARD},
};

static size_t key_length(const char *at)
{
	return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

/* `path` without slashes around it. */
static int matches(const char *row, const char *path, size_t size, const char **segment, size_t *segment_size)
{
	const char *end = path + size;

	while (*row) {
		if (*row == '*') {
			*segment = path;
			while (path < end && *path != '/')
				path++;
			*segment_size = (size_t)(path - *segment);
			if (*segment_size == 0)
				return 0;
			row++;
		} else if (path == end || *row++ != *path++) {
			return 0;
		}
	}
	return path == end;
}

static int ends_in_js(const char *segment, size_t size)
{
	return size > 3 && memcmp(segment + size - 3, ".js", 3) == 0;
}

void relay_route_find(const char *path, struct relay_target *target)
{
	size_t size;

	*target = (struct relay_target){.route = RELAY_NOWHERE};
	path += *path == '/';
	size = strlen(path);
	if (size > 0 && path[size - 1] == '/')
		size--;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *segment = NULL;
		size_t segment_size = 0;

		if (!matches(rows[i].path, path, size, &segment, &segment_size))
			continue;
		if (rows[i].route == RELAY_SCRIPT && path[0] == 's' && !ends_in_js(segment, segment_size))
			return;
		if (rows[i].route == RELAY_SETTINGS_SCRIPT &&
		    (segment_size > KEY_BYTES_MAX || key_length(segment) < segment_size))
			return;
		*target = (struct relay_target){rows[i].route, segment, segment_size};
		return;
	}
}
