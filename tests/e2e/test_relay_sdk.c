/* SPDX-License-Identifier: MIT */
/*
 * PostHog's own clients, as their users install them, against the built sender: set by host and key alone they find what they look for, and
 * what they send arrives as declared, at a receiver as strict as PostHog. Each is skipped where its package is not to be had. posthog-js
 * runs in Chromium where there is one, in pages of the listed origin and of another one; else in jsdom.
 */
#include "telemetry/wire.h"
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 25

/* All clients are at it at once: what takes its time is that they are installed. */
static struct client {
	const char *name;
	char *folder;
	struct receiver receiver;
	struct relay_run relay;
	FILE *output;
} clients[] = {{.name = "node"}, {.name = "python"}, {.name = "go"}, {.name = "js"}};
#define CLIENTS (sizeof(clients) / sizeof(clients[0]))

static int begin(void **state)
{
	char cache[PATH_MAX];

	(void)state;
	relay_run_cache(cache);
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *self = &clients[i];
		char host[64], *command;

		self->folder = children_make_folder();
		receiver_start(&self->receiver, self->folder, "ok", 0, NULL);
		snprintf(host, sizeof(host), "http://127.0.0.1:%d", self->receiver.port);
		relay_run_start(&self->relay, self->folder, host);
		assert_true(asprintf(&command, "exec tests/sdk/run.sh '%s' %s %s %d 2>&1", cache, self->name,
				     self->relay.url, EVENTS) > 0);
		self->output = popen(command, "re");
		assert_non_null(self->output);
		free(command);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < CLIENTS; i++) {
		relay_run_end(&clients[i].relay);
		receiver_stop(&clients[i].receiver);
		children_remove_folder(clients[i].folder);
	}
	return children_none_left() ? 0 : -1;
}

/* Its exit code; what it printed goes to `said`. */
static int finish_client(struct client *self, char *said, size_t size)
{
	size_t used = fread(said, 1, size - 1, self->output);
	int status;

	said[used] = '\0';
	/* It may have more to say, and ends when it has been heard. */
	while (fgetc(self->output) != EOF)
		;
	status = pclose(self->output);
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

		assert_in_range(number, 0, EVENTS - 1);
		assert_string_equal(cJSON_GetObjectItem(event, "event")->valuestring, "page_opened");
		assert_string_equal(cJSON_GetObjectItem(event, "distinct_id")->valuestring, RELAY_RUN_ID);
		assert_string_equal(cJSON_GetObjectItem(properties, "page")->valuestring, "home");
		assert_true(cJSON_IsTrue(cJSON_GetObjectItem(properties, "dark")));
		assert_int_equal(cJSON_GetArraySize(properties), 7 + 3);
		assert_false(seen[number]);
		seen[number] = true;
	}
	assert_int_equal(cJSON_GetArraySize(notes), EVENTS);
	cJSON_Delete(notes);
}

/* What upfront is told of it: what was not declared counts, and so does what a page of another origin wanted. */
static void check_counts(const struct client *self, bool has_stranger)
{
	int relayed = 0, dropped = 0, refused = 0;

	while (relayed < EVENTS || dropped == 0 || (has_stranger && refused < 3)) {
		char message[1024];
		cJSON *counts;
		ssize_t count;

		assert_true(children_readable(self->relay.fd, CHILDREN_DEADLINE_MS));
		count = recv(self->relay.fd, message, sizeof(message) - 1, 0);
		assert_true(count > 1);
		message[count] = '\0';
		if (message[0] != WIRE_COUNTS)
			continue;
		counts = cJSON_Parse(message + 1);
		relayed = cJSON_GetObjectItem(counts, "relayed")->valueint;
		dropped = cJSON_GetObjectItem(counts, "relay_dropped")->valueint;
		refused = cJSON_GetObjectItem(counts, "relay_refused")->valueint;
		cJSON_Delete(counts);
	}
	assert_int_equal(relayed, EVENTS);
	if (!has_stranger)
		assert_int_equal(refused, 0);
}

static void check_client(const char *name)
{
	struct client *self = clients;
	char said[4096], *notes;
	size_t size_bytes;
	int code;

	while (strcmp(self->name, name) != 0)
		self++;
	code = finish_client(self, said, sizeof(said));
	if (code == 77) {
		said[strcspn(said, "\n")] = '\0';
		skip_because(said);
	}
	if (code != 0)
		fail_msg("%s: exit code %d: %s", name, code, said);
	receiver_expect(&self->receiver, "event", EVENTS);
	check_events(&self->receiver);
	check_counts(self, strstr(said, "a page of another origin") != NULL);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	notes = children_slurp(self->folder, strrchr(self->receiver.notes, '/') + 1, &size_bytes);
	assert_null(memmem(notes, size_bytes, "canary", 6));
	free(notes);
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

	return cmocka_run_group_tests(tests, begin, end);
}
