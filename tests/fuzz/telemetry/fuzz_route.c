/* SPDX-License-Identifier: MIT */
/* Any bytes as a request's target: what comes out is one of the templates or the placeholder, by its address. */
#include "telemetry/route.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const templates[] = {"/",       "/mills",           "/mills/{id}",         "/mills/{id}/bolts",
					"/m/busy", "/cloth/{path...}", "/cloth/{kind}/price", "/50%/off"};
static const char *const untracked[] = {"/m/busy", "/inner/{path...}"};

static bool is_template(const char *route)
{
	for (size_t i = 0; i < COUNT(templates); i++)
		if (route == templates[i])
			return true;
	return strcmp(route, ROUTE_UNMATCHED) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Not zero-terminated, and exactly as long as it is said to be: reading on is seen. */
	char *target = malloc(size ? size : 1), *method = strndup((const char *)data, size);
	const char *route, *tracked;
	bool inside;

	memcpy(target, data, size);
	route = route_match(templates, COUNT(templates), target, size);
	tracked = route_match_tracked(templates, COUNT(templates), untracked, COUNT(untracked), target, size);
	inside = (uintptr_t)route >= (uintptr_t)target && (uintptr_t)route < (uintptr_t)target + size;
	if (inside || !is_template(route) || (tracked != NULL && tracked != route))
		abort();
	if (size > ROUTE_BYTES_MAX && strcmp(route, ROUTE_UNMATCHED) != 0)
		abort();
	if (strlen(route_method(method)) > strlen("OPTIONS") || route_method(method) == method)
		abort();
	free(target);
	free(method);
	return 0;
}
