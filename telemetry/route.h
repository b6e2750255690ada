/* SPDX-License-Identifier: MIT */
/*
 * A request's target reduced to the route it matched. Templates: "/api/charts/{id}" ({id}: one segment, whatever its bytes),
 * "/assets/{path...}" (all the rest, at least one segment). Scheme and authority of an absolute target go, then all from the first '?' or '#';
 * empty segments are folded, ";parameters" cut; static segments are percent-decoded once and compared byte by byte (an escape that is none stays as
 * it is). A '.' or '..' segment (encoded too), more than ROUTE_SEGMENTS_MAX segments, a target of more than ROUTE_BYTES_MAX bytes, or one that is no path
 * ("*", "host:443"): unmatched. A static segment beats a parameter at the same depth, a parameter the rest; of two alike the first in the table. No
 * regular expressions, linear in the target for a table of fixed size.
 */
#ifndef UPFRONT_TELEMETRY_ROUTE_H
#define UPFRONT_TELEMETRY_ROUTE_H

#include <stddef.h>

#define ROUTE_UNMATCHED "<unmatched>"
#define ROUTE_SEGMENTS_MAX 32u
#define ROUTE_BYTES_MAX 8192u

/* The template (the caller's own pointer) that `target` matches, or ROUTE_UNMATCHED. */
const char *route_match(const char *const *templates, size_t count, const char *target, size_t size_bytes);

/*
 * The same where some routes are not to be reported at all, whether they stand among the templates or not: NULL when one of `untracked` fits
 * at least as closely as the best of the templates.
 */
const char *route_match_tracked(const char *const *templates, size_t count, const char *const *untracked,
				size_t untracked_count, const char *target, size_t size_bytes);

/* GET HEAD POST PUT PATCH DELETE OPTIONS, case-sensitive, or "OTHER". Static. */
const char *route_method(const char *method);

#endif
