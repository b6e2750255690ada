/* SPDX-License-Identifier: MIT */
/* The stack file is read below this folder, and yet must know what this folder takes for itself. */
#include "telemetry/catalog.h"
#include "telemetry/route.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What `name` is told when services declare it: as an event, or as a property. */
static void assert_refused(const char *before, const char *name, const char *after, const char *why)
{
	struct stack_text text;
	char yaml[512];

	snprintf(yaml, sizeof(yaml), "x-upfront: {telemetry: {services: {%s%s%s}}}\nservices: {w: {command: a}}\n",
		 before, name, after);
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text, why);
	stack_text_finish(&text);
}

static void test_events_of_the_table_are_not_for_services(void **state)
{
	size_t count;
	const struct catalog_event *events = catalog_events(&count);

	(void)state;
	assert_true(count >= 2);
	for (size_t i = 0; i < count; i++)
		assert_refused("", events[i].name, ": {}", "is upfront's own");
}

static void test_what_every_event_has_is_not_for_services(void **state)
{
	size_t count, tried = 0;
	const struct catalog_property *rows = catalog_properties(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if ((rows[i].scope & CATALOG_COMMON) == 0)
			continue;
		assert_refused("a: {", rows[i].name, ": int}", "is one of upfront's own");
		tried++;
	}
	assert_true(tried >= 10);
}

static void test_limits_agree(void **state)
{
	(void)state;
	assert_int_equal(ROUTE_SEGMENTS_MAX, TELEMETRY_ROUTE_SEGMENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_of_the_table_are_not_for_services),
		cmocka_unit_test(test_what_every_event_has_is_not_for_services),
		cmocka_unit_test(test_limits_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
