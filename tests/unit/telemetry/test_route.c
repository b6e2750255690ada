/* SPDX-License-Identifier: MIT */
#include "telemetry/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const templates[] = {
	"/",
	"/mills",
	"/mills/{id}",
	"/mills/busy",
	"/mills/{id}/bolts",
	"/mills/{mill}/{bolt}",
	"/mills/busy/{bolt}/cut",
	"/cloth/{path...}",
	"/cloth/linen/{path...}",
	"/cloth/{kind}/price",
	"/v1/looms",
	"/50%/off",
	"/pulse",
	"/odd/{rest...}/end",
	"/odd/{}",
};
static const char *const untracked[] = {"/pulse", "/cloth/linen/{path...}", "/inner/{path...}"};

static const struct {
	const char *target, *route;
} cases[] = {
	{"/", "/"},
	{"//", "/"},
	{"/?next=/mills", "/"},
	{"/mills", "/mills"},
	{"/mills/", "/mills"},
	{"//mills///7//", "/mills/{id}"},
	{"/mills?owner=ana", "/mills"},
	{"/mills#ana", "/mills"},
	{"/mills/7?x#y?z", "/mills/{id}"},
	{"/Mills", ROUTE_UNMATCHED},
	{"/mill", ROUTE_UNMATCHED},
	{"/mills/7/bolts/3", ROUTE_UNMATCHED},
	/* A parameter takes any segment. */
	{"/mills/ana@example.org", "/mills/{id}"},
	{"/mills/ana%40example.org", "/mills/{id}"},
	{"/mills/9f3c-4b", "/mills/{id}"},
	{"/mills/%E7%B9%94", "/mills/{id}"},
	{"/mills/a%2Fb", "/mills/{id}"},
	{"/mills/a%252Fb", "/mills/{id}"},
	{"/mills/a%00b", "/mills/{id}"},
	{"/mills/a%", "/mills/{id}"},
	{"/mills/a%zz", "/mills/{id}"},
	{"/mills/7.json", "/mills/{id}"},
	{"/mills/7\\bolts", "/mills/{id}"},
	{"/mills/...", "/mills/{id}"},
	{"/mills/{id}", "/mills/{id}"},
	/* A static segment first, then a parameter, then the rest. */
	{"/mills/busy", "/mills/busy"},
	{"/mills/bus%79", "/mills/busy"},
	{"/mills/busy/bolts", "/mills/{id}/bolts"},
	{"/mills/busy/7", "/mills/{mill}/{bolt}"},
	{"/mills/busy/7/cut", "/mills/busy/{bolt}/cut"},
	{"/mills/7/bolts", "/mills/{id}/bolts"},
	{"/cloth/wool/price", "/cloth/{kind}/price"},
	{"/cloth/linen/price", "/cloth/linen/{path...}"},
	{"/cloth/wool/price/1", "/cloth/{path...}"},
	{"/cloth/a/b/c", "/cloth/{path...}"},
	{"/cloth", ROUTE_UNMATCHED},
	{"/cloth/", ROUTE_UNMATCHED},
	{"/odd/1/end", ROUTE_UNMATCHED},
	{"/odd/1", "/odd/{}"},
	/* Static segments are decoded once, and only what is an escape. */
	{"/%6dills", "/mills"},
	{"/%6Dills/%37", "/mills/{id}"},
	{"/%256dills", ROUTE_UNMATCHED},
	{"/mills%", ROUTE_UNMATCHED},
	{"/mills%6", ROUTE_UNMATCHED},
	{"/mills%00", ROUTE_UNMATCHED},
	{"/mills%2F7", ROUTE_UNMATCHED},
	{"/mills%3F", ROUTE_UNMATCHED},
	{"/50%/off", "/50%/off"},
	{"/50%25/off", "/50%/off"},
	{"/v1+looms", ROUTE_UNMATCHED},
	/* Parameters of a segment. */
	{"/mills;v=2", "/mills"},
	{"/mills;v=2/7;owner=ana", "/mills/{id}"},
	{"/;x/mills/;y", "/mills"},
	{"/mills%3Bv=2", ROUTE_UNMATCHED},
	/* Nobody guesses what dots were meant to be. */
	{"/mills/.", ROUTE_UNMATCHED},
	{"/mills/../v1/looms", ROUTE_UNMATCHED},
	{"/mills/%2e", ROUTE_UNMATCHED},
	{"/mills/%2E%2e", ROUTE_UNMATCHED},
	{"/mills/.%2e;x", ROUTE_UNMATCHED},
	{"/cloth/a/../b", ROUTE_UNMATCHED},
	{"/mills/%252e%252e", "/mills/{id}"},
	/* Other forms of a target. */
	{"http://ana:pw@mill.example:8080/mills/7?x", "/mills/{id}"},
	{"HTTPS://mill.example/mills", "/mills"},
	{"ws+x://mill.example//mills", "/mills"},
	{"http://mill.example", "/"},
	{"http://mill.example?x", "/"},
	{"http:///mills", "/mills"},
	{"mill.example:443", ROUTE_UNMATCHED},
	{"mills", ROUTE_UNMATCHED},
	{"://mills", ROUTE_UNMATCHED},
	{"http:/mills", ROUTE_UNMATCHED},
	{"*", ROUTE_UNMATCHED},
	{"", ROUTE_UNMATCHED},
	{"?x", ROUTE_UNMATCHED},
	{"\\mills", ROUTE_UNMATCHED},
	{" /mills", ROUTE_UNMATCHED},
};

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* Exactly as long as it is said to be: reading on is seen. */
		size_t size = strlen(cases[i].target);
		char *target = memcpy(malloc(size + 1), cases[i].target, size);
		const char *route = route_match(templates, COUNT(templates), target, size);

		if (strcmp(route, cases[i].route) != 0)
			fail_msg("%s: %s instead of %s", cases[i].target, route, cases[i].route);
		free(target);
	}
	assert_string_equal(route_match(templates, COUNT(templates), "/mills\0/7", 9), ROUTE_UNMATCHED);
	assert_string_equal(route_match(NULL, 0, "/", 1), ROUTE_UNMATCHED);
}

static void assert_size(size_t segments, size_t bytes, const char *expected)
{
	char *target = malloc(bytes + 1);

	/* "/cloth", segments of one byte, and the last as long as it takes. */
	memset(target, 'x', bytes);
	memcpy(target, "/cloth", 6);
	for (size_t i = 1; i < segments; i++)
		target[4 + i * 2] = '/';
	assert_string_equal(route_match(templates, COUNT(templates), target, bytes), expected);
	free(target);
}

static void test_limits(void **state)
{
	(void)state;
	assert_size(ROUTE_SEGMENTS_MAX, 200, "/cloth/{path...}");
	assert_size(ROUTE_SEGMENTS_MAX + 1, 200, ROUTE_UNMATCHED);
	assert_size(2, ROUTE_BYTES_MAX, "/cloth/{path...}");
	assert_size(2, ROUTE_BYTES_MAX + 1, ROUTE_UNMATCHED);
	assert_size(2, 1 << 20, ROUTE_UNMATCHED);
}

static const char *match_tracked(const char *target)
{
	return route_match_tracked(templates, COUNT(templates), untracked, COUNT(untracked), target, strlen(target));
}

static void test_some_routes_are_not_told_of(void **state)
{
	(void)state;
	assert_null(match_tracked("/pulse"));
	assert_null(match_tracked("/%70ulse/?x"));
	assert_null(match_tracked("/cloth/linen/a"));
	assert_null(match_tracked("/inner/a/b")); /* stands among the untracked only */
	assert_string_equal(match_tracked("/cloth/wool/a"), "/cloth/{path...}");
	assert_string_equal(match_tracked("/pulse/7"), ROUTE_UNMATCHED);
	assert_string_equal(match_tracked("/pulse/.."), ROUTE_UNMATCHED);
}

static void test_methods(void **state)
{
	static const char *const others[] = {"get", "Get", "CONNECT", "TRACE", "GET ", "", "ANA\n"};
	static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		assert_string_equal(route_method(known[i]), known[i]);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_string_equal(route_method(others[i]), "OTHER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_some_routes_are_not_told_of),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
