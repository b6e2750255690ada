/* SPDX-License-Identifier: MIT */
#include "telemetry/route.h"

#include "config/hex.h"

#include <stdbool.h>
#include <string.h>

struct segment {
	const char *bytes;
	size_t size;
};

struct path {
	struct segment segments[ROUTE_SEGMENTS_MAX];
	size_t count;
};

/* ---- The target ---- */

/* The byte at `at` after one decoding; `at` moves behind it. */
static char decode(const struct segment *segment, size_t *at)
{
	const char *bytes = segment->bytes + *at;
	size_t left = segment->size - *at;

	if (left >= 3 && bytes[0] == '%' && hex_digit(bytes[1]) >= 0 && hex_digit(bytes[2]) >= 0) {
		*at += 3;
		return (char)(hex_digit(bytes[1]) * 16 + hex_digit(bytes[2]));
	}
	*at += 1;
	return bytes[0];
}

static bool decodes_to(const struct segment *segment, const char *text, size_t size)
{
	size_t at = 0, n = 0;

	while (at < segment->size && n < size)
		if (decode(segment, &at) != text[n++])
			return false;
	return at == segment->size && n == size;
}

static size_t find_any(const char *bytes, size_t size, const char *stops)
{
	size_t at = 0;

	while (at < size && (bytes[at] == '\0' || strchr(stops, bytes[at]) == NULL))
		at++;
	return at;
}

/* Length of "scheme://authority", 0 when the target begins with a path. */
static size_t authority_end(const char *target, size_t size)
{
	size_t scheme = find_any(target, size, ":/?#");

	if (scheme == 0 || size - scheme < 3 || memcmp(target + scheme, "://", 3) != 0)
		return 0;
	return scheme + 3 + find_any(target + scheme + 3, size - scheme - 3, "/?#");
}

/* False: nothing may match it. */
static bool path_read(struct path *path, const char *target, size_t size)
{
	size_t at;

	path->count = 0;
	if (size > ROUTE_BYTES_MAX)
		return false;
	at = authority_end(target, size);
	if (at == 0 && (size == 0 || target[0] != '/'))
		return false;
	size = at + find_any(target + at, size - at, "?#");
	while (at < size) {
		struct segment segment = {target + at, find_any(target + at, size - at, "/")};

		at += segment.size + 1;
		segment.size = find_any(segment.bytes, segment.size, ";");
		if (segment.size == 0)
			continue;
		if (decodes_to(&segment, ".", 1) || decodes_to(&segment, "..", 2) || path->count == ROUTE_SEGMENTS_MAX)
			return false;
		path->segments[path->count++] = segment;
	}
	return true;
}

/* ---- Templates ---- */

enum part { PART_NONE, PART_REST, PART_PARAMETER, PART_STATIC };

/* The next segment of a template, which is moved behind it. */
static enum part next_part(const char **route, struct segment *segment)
{
	*route += strspn(*route, "/");
	*segment = (struct segment){*route, strcspn(*route, "/")};
	*route += segment->size;
	if (segment->size == 0)
		return PART_NONE;
	if (segment->size < 2 || segment->bytes[0] != '{' || segment->bytes[segment->size - 1] != '}')
		return PART_STATIC;
	if (segment->size >= 5 && memcmp(segment->bytes + segment->size - 4, "...}", 4) == 0)
		return PART_REST;
	return PART_PARAMETER;
}

static bool matches(const char *route, const struct path *path)
{
	size_t at = 0;

	for (;;) {
		struct segment segment;
		enum part part = next_part(&route, &segment);

		if (part == PART_NONE || at == path->count)
			return part == PART_NONE && at == path->count;
		if (part == PART_REST)
			return next_part(&route, &segment) == PART_NONE;
		if (part == PART_STATIC && !decodes_to(&path->segments[at], segment.bytes, segment.size))
			return false;
		at++;
	}
}

/* Of two that match one target: true when `route` says more of it, which shows at the first depth where they differ in kind. */
static bool is_closer(const char *route, const char *other)
{
	for (;;) {
		struct segment segment;
		enum part part = next_part(&route, &segment), others = next_part(&other, &segment);

		if (part != others)
			return part > others;
		if (part == PART_NONE)
			return false;
	}
}

static const char *best(const char *const *templates, size_t count, const struct path *path)
{
	const char *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (matches(templates[i], path) && (found == NULL || is_closer(templates[i], found)))
			found = templates[i];
	return found;
}

const char *route_match_tracked(const char *const *templates, size_t count, const char *const *untracked,
				size_t untracked_count, const char *target, size_t size_bytes)
{
	const char *found, *hidden;
	struct path path;

	if (!path_read(&path, target, size_bytes))
		return ROUTE_UNMATCHED;
	found = best(templates, count, &path);
	hidden = best(untracked, untracked_count, &path);
	if (hidden != NULL && (found == NULL || !is_closer(found, hidden)))
		return NULL;
	return found != NULL ? found : ROUTE_UNMATCHED;
}

const char *route_match(const char *const *templates, size_t count, const char *target, size_t size_bytes)
{
	return route_match_tracked(templates, count, NULL, 0, target, size_bytes);
}

const char *route_method(const char *method)
{
	static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (strcmp(method, methods[i]) == 0)
			return methods[i];
	return "OTHER";
}
