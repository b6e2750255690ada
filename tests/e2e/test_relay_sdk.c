/* SPDX-License-Identifier: MIT */
/*
 * PostHog's own clients, as their users install them, against the built sender: set by host and key alone they find what they look for, and
 * what they send arrives as declared, at a receiver as strict as PostHog. Each is skipped where its package is not to be had.
 */
#include "tests/lib/children.h"
#include "tests/lib/relay_run.h"
#include "tests/lib/sender_run.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 25

/* Its exit code; what it printed goes to `said`. */
static int run_client(const char *client, const char *url, char *said, size_t size)
{
	char cache[PATH_MAX], *command;
	size_t used;
	FILE *output;
	int status;

	relay_run_cache(cache);
	assert_true(asprintf(&command, "exec tests/sdk/run.sh '%s' %s %s %d 2>&1", cache, client, url, EVENTS) > 0);
	output = popen(command, "re");
	assert_non_null(output);
	used = fread(said, 1, size - 1, output);
	said[used] = '\0';
	status = pclose(output);
	free(command);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* All of them came once, each with its number, and with nothing that was not declared. */
static void check_events(const struct receiver *receiver)
{
	cJSON *notes = receiver_notes(receiver, "event");
	const cJSON *note;
	bool seen[EVENTS] = {false};

	cJSON_ArrayForEach(note, notes)
	{
		const cJSON *event = cJSON_GetObjectItem(note, "event"),
			    *properties = cJSON_GetObjectItem(event, "properties");
		int number = cJSON_GetObjectItem(properties, "count")->valueint;

		assert_string_equal(cJSON_GetObjectItem(event, "event")->valuestring, "page_opened");
		assert_string_equal(cJSON_GetObjectItem(event, "distinct_id")->valuestring, RELAY_RUN_ID);
		assert_string_equal(cJSON_GetObjectItem(properties, "page")->valuestring, "home");
		assert_true(cJSON_IsTrue(cJSON_GetObjectItem(properties, "dark")));
		assert_int_equal(cJSON_GetArraySize(properties), 7 + 3);
		assert_in_range(number, 0, EVENTS - 1);
		assert_false(seen[number]);
		seen[number] = true;
	}
	assert_int_equal(cJSON_GetArraySize(notes), EVENTS);
	cJSON_Delete(notes);
}

static void check_client(const char *client)
{
	char *folder = children_make_folder(), host[64], said[4096], *notes;
	struct receiver receiver;
	struct relay_run relay;
	size_t size_bytes;
	int code;

	receiver_start(&receiver, folder, "ok", 0, NULL);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d", receiver.port);
	relay_run_start(&relay, folder, host);
	code = run_client(client, relay.url, said, sizeof(said));
	if (code == 0) {
		receiver_expect(&receiver, "event", EVENTS);
		check_events(&receiver);
		assert_int_equal(receiver_count(&receiver, "finding"), 0);
		notes = children_slurp(folder, strrchr(receiver.notes, '/') + 1, &size_bytes);
		assert_null(memmem(notes, size_bytes, "canary", 6));
		free(notes);
	}
	relay_run_end(&relay);
	receiver_stop(&receiver);
	children_remove_folder(folder);
	assert_true(children_none_left());
	if (code == 77) {
		said[strcspn(said, "\n")] = '\0';
		skip_because(said);
	}
	if (code != 0)
		fail_msg("%s: exit code %d: %s", client, code, said);
}

static void test_posthog_node(void **state)
{
	(void)state;
	check_client("node");
}

static void test_posthog_python(void **state)
{
	(void)state;
	check_client("python");
}

static void test_posthog_go(void **state)
{
	(void)state;
	check_client("go");
}

static void test_posthog_js(void **state)
{
	(void)state;
	check_client("js");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posthog_node),
		cmocka_unit_test(test_posthog_python),
		cmocka_unit_test(test_posthog_go),
		cmocka_unit_test(test_posthog_js),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
