/* SPDX-License-Identifier: MIT */
/* Where the relay listens: on this machine, and where containers find it if they can. */
#include "launcher/engine/compose.h"
#include "launcher/supervisor/supervisor_private.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_relay_is_where_services_find_it(void **state)
{
	static const struct {
		const char *bridge, *bridge_why;
		bool containers;
		const char *address, *why; /* what they begin with; NULL: there is none */
	} cases[] = {
		{NULL, NULL, false, NULL, NULL}, /* no containers at all */
		{"127.0.0.2", NULL, true, "127.0.0.2:", NULL},
		{NULL, "the engine runs on another machine", true, NULL, "the engine runs on another machine"},
		{NULL, NULL, true, NULL, "nothing leads from them to this machine"},
		{"192.0.2.1", NULL, true, NULL, "no port could be opened on 192.0.2.1 ("}, /* an address of nobody's */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct compose_setup setup = {.bridge = (char *)cases[i].bridge,
						    .bridge_why = (char *)cases[i].bridge_why};
		const struct supervisor_options options = {.compose = cases[i].containers ? &setup : NULL};
		struct supervisor supervisor = {.options = &options, .base = event_base_new()};
		struct supervisor_telemetry shown = {0};
		char *url, *theirs;

		assert_int_equal(relay_open(&supervisor), 0);
		relay_show(&supervisor, &shown);
		url = relay_url(&supervisor, SERVICE_NATIVE);
		theirs = relay_url(&supervisor, SERVICE_CONTAINER);
		assert_ptr_equal(strstr(url, "http://127.0.0.1:"), url);
		assert_ptr_equal(strstr(shown.relay_address, "127.0.0.1:"), shown.relay_address);
		assert_int_equal(theirs != NULL, cases[i].address != NULL);
		assert_int_equal(relay_reaches_containers(&supervisor), cases[i].address != NULL);
		if (cases[i].address != NULL) {
			assert_ptr_equal(strstr(shown.bridge_address, cases[i].address), shown.bridge_address);
			assert_non_null(strstr(theirs, shown.bridge_address));
			assert_string_equal(strstr(theirs, "/r/"), strstr(url, "/r/")); /* one token */
		} else {
			assert_null(shown.bridge_address);
		}
		if (cases[i].why != NULL)
			assert_ptr_equal(strstr(shown.bridge_why, cases[i].why), shown.bridge_why);
		else
			assert_null(shown.bridge_why);
		free(url);
		free(theirs);
		relay_close(&supervisor);
		event_base_free(supervisor.base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_relay_is_where_services_find_it),
	};

	return cmocka_run_group_tests_name("supervisor, the relay's addresses", tests, NULL, NULL);
}
