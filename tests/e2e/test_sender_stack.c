/* SPDX-License-Identifier: MIT */
/*
 * A whole stack whose telemetry goes to a receiver that does wrong. Whatever that is: what upfront writes and how it ends is what it is
 * without telemetry, byte for byte but for measured times; what was sent is clean; the sender is gone a second after the stack. And the
 * ways that work: plain, and https with an authority of one's own.
 */
#include "tests/lib/children.h"
#include "tests/lib/run.h"
#include "tests/lib/sender_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENDER "upfront-telemetry"
#define GONE_WITHIN_MS 1000

static const char stack_text[] = "name: shop\n"
				 "x-upfront: {app: Shop, telemetry: {host: '${TELEMETRY_HOST}', key: phc_test}}\n"
				 "services:\n"
				 "  a: {command: sleep 1000}\n"
				 "  b: {command: sleep 1000, depends_on: [a]}\n";

struct mode {
	const char *mode, *scheme, *tls;
	bool arrives; /* an event is taken */
	const char *options[3];
};

static const struct mode modes[] = {
	{"ok", "http", NULL, true, {NULL}},
	{"ok", "https", "good", true, {NULL}},
	{"500", "http", NULL, false, {NULL}},
	{"503", "http", NULL, false, {NULL}},
	{"429", "http", NULL, false, {NULL}},
	{"429", "http", NULL, false, {"--retry-after", "20"}},
	{"413", "http", NULL, false, {NULL}},
	{"401", "http", NULL, false, {NULL}},
	{"302", "http", NULL, false, {NULL}},
	{"307", "http", NULL, false, {NULL}},
	{"deaf", "http", NULL, false, {NULL}},
	{"hang", "http", NULL, false, {NULL}},
	{"drip", "http", NULL, false, {NULL}},
	{"reset", "http", NULL, false, {NULL}},
	{"close", "http", NULL, false, {NULL}},
	{"garbage", "http", NULL, false, {NULL}},
	{"flood", "http", NULL, false, {NULL}},
	{"interim", "http", NULL, false, {NULL}},
	{"cut", "http", NULL, true, {NULL}},
	{"huge", "http", NULL, true, {NULL}},
	{"slow-body", "http", NULL, true, {NULL}},
	{"chunked", "http", NULL, true, {NULL}},
	{"stored-500", "http", NULL, true, {NULL}},
	{"stored-reset", "http", NULL, true, {NULL}},
	{"ok", "https", "wrong-name", false, {NULL}},
	{"ok", "https", "expired", false, {NULL}},
	{"ok", "https", "self-signed", false, {NULL}},
	{"ok", "https", "tls1.1", false, {NULL}},
	{"ok", "https", NULL, false, {NULL}},
	{"hang", "https", NULL, false, {NULL}},
};

static void receive(struct world *world, struct receiver *receiver, const struct mode *mode)
{
	char authority[WORLD_PATH_MAX], host[64];
	const char *options[8] = {NULL};
	size_t count = 0;

	snprintf(authority, sizeof(authority), "%s/authority.pem", world->dir);
	for (; mode->options[count]; count++)
		options[count] = mode->options[count];
	if (mode->tls) {
		options[count++] = "--tls";
		options[count++] = mode->tls;
		options[count++] = "--authority";
		options[count++] = authority;
	}
	receiver_start(receiver, world->dir, mode->mode, 0, options);
	snprintf(host, sizeof(host), "%s://localhost:%d", mode->scheme, receiver->port);
	world_setenv(world, "TELEMETRY_HOST", host);
	world_setenv(world, "SSL_CERT_FILE", authority);
}

/* Measured times are not compared: "(0.3 s)" becomes "(# s)". The one line that tells the answer goes. */
static char *comparable(const char *text)
{
	char *copy = strdup(text), *to = copy;

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n") + (strchr(line, '\n') != NULL);

		if (memmem(line, length, "sage statistics", 15) == NULL) {
			for (size_t i = 0; i < length; i++) {
				size_t number = strspn(line + i, "0123456789.");

				if (number > 0 && (strncmp(line + i + number, " s", 2) == 0 ||
						   strncmp(line + i + number, " ms", 3) == 0)) {
					*to++ = '#';
					i += number - 1;
				} else {
					*to++ = line[i];
				}
			}
		}
		line += length;
	}
	*to = '\0';
	return copy;
}

/* All that a person or a script sees of one life of the stack. */
struct seen {
	char *text;
};

static void see(struct seen *self, const struct run *run)
{
	char *out = comparable(run->out.bytes), *err = comparable(run->err.bytes), *longer;

	assert_true(asprintf(&longer, "%s[code %d]\n--- stdout\n%s--- stderr\n%s", self->text ? self->text : "",
			     run->code, out, err) > 0);
	free(self->text);
	free(out);
	free(err);
	self->text = longer;
}

/* `met`: waits until the receiver has noted that (NULL: it never will), so that the trouble is there when the end comes. */
static void meet(const struct receiver *receiver, const char *met)
{
	if (met)
		receiver_expect(receiver, met, 1);
}

static void live_in_foreground(const struct world *world, const char *answer, const struct receiver *receiver,
			       const char *met, struct seen *seen)
{
	const char *const argv[] = {"upfront", "up", answer, NULL};
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_expect(&run, "is up");
	meet(receiver, met);
	run_signal(&run, SIGINT);
	run_wait(&run);
	see(seen, &run);
	run_finish(&run);
	world_wait_gone(world, SENDER, GONE_WITHIN_MS);
}

static void live_detached(const struct world *world, const char *answer, const struct receiver *receiver,
			  const char *met, struct seen *seen)
{
	const char *const up[] = {"upfront", "up", "-d", "--wait", answer, NULL};
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = up});
	see(seen, &run);
	run_finish(&run);
	meet(receiver, met);
	run_upfront(&run, world, "down", NULL);
	see(seen, &run);
	run_finish(&run);
	world_wait_gone(world, SENDER, GONE_WITHIN_MS);
}

static void assert_clean(const struct receiver *receiver, const struct mode *mode)
{
	cJSON *requests = receiver_notes(receiver, "request"), *findings = receiver_notes(receiver, "finding");
	const cJSON *request;

	cJSON_ArrayForEach(request, requests)
		assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "valid")));
	cJSON_ArrayForEach(request, findings)
		fail_msg("%s", cJSON_GetObjectItemCaseSensitive(request, "text")->valuestring);
	assert_int_equal(receiver_count(receiver, "event") > 0, mode->arrives);
	cJSON_Delete(requests);
	cJSON_Delete(findings);
}

static void without(struct world *world, struct seen seen[2])
{
	struct receiver receiver;

	receive(world, &receiver, &modes[0]);
	live_in_foreground(world, "--no-telemetry", &receiver, NULL, &seen[0]);
	live_detached(world, "--no-telemetry", &receiver, NULL, &seen[1]);
	/* After a no there is no connection, not even to an endpoint that would be glad of one. */
	assert_int_equal(receiver_count(&receiver, "connection"), 0);
	receiver_stop(&receiver);
	assert_non_null(strstr(seen[0].text, "is up"));
}

static void test_no_receiver_changes_what_upfront_says(void **state)
{
	struct world *world = *state;
	struct seen base[2] = {{NULL}, {NULL}};

	world_write(world, "compose.yaml", stack_text);
	without(world, base);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct seen seen[2] = {{NULL}, {NULL}};
		const char *met = strcmp(modes[i].mode, "deaf") == 0 ? NULL : modes[i].arrives ? "event" : "connection";

		print_message("  %s %s %s %s\n", modes[i].scheme, modes[i].tls ? modes[i].tls : "plain", modes[i].mode,
			      modes[i].options[0] ? modes[i].options[0] : "");
		for (int life = 0; life < 2; life++) {
			struct receiver receiver;

			receive(world, &receiver, &modes[i]);
			(life == 0 ? live_in_foreground : live_detached)(world, "--telemetry=on", &receiver, met,
									 &seen[life]);
			assert_string_equal(seen[life].text, base[life].text);
			assert_clean(&receiver, &modes[i]);
			receiver_stop(&receiver);
			free(seen[life].text);
		}
	}
	free(base[0].text);
	free(base[1].text);
}

/* The services come first: until the first event there is no process of telemetry at all. */
static void test_the_sender_is_not_started_before_the_first_event(void **state)
{
	struct world *world = *state;
	struct receiver receiver;
	struct run run;

	world_write(
		world, "compose.yaml",
		"name: shop\n"
		"x-upfront: {app: Shop, telemetry: {host: '${TELEMETRY_HOST}', key: phc_test}}\n"
		"services:\n"
		"  a:\n"
		"    command: sh -c 'echo begun; until [ -e go ]; do sleep 0.02; done; echo went; exec sleep 1000'\n"
		"    x-upfront: {ready: {log: ^went}}\n");
	receive(world, &receiver, &modes[0]);
	run_begin(&run, world,
		  &(struct run_options){.argv = (const char *const[]){"upfront", "up", "--telemetry=on", NULL}});
	run_expect(&run, "begun");
	assert_int_equal(world_processes(world, SENDER, NULL, 0), 0);
	assert_int_equal(receiver_count(&receiver, "connection"), 0);
	world_write(world, "go", "");
	receiver_expect(&receiver, "event", 1);
	assert_int_equal(world_processes(world, SENDER, NULL, 0), 1);
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_finish(&run);
	world_wait_gone(world, SENDER, GONE_WITHIN_MS);
	assert_clean(&receiver, &modes[0]);
	receiver_stop(&receiver);
}

/* Proxy and authority come from the environment of the `up`; the proxy's password stays between the two of them. */
static void test_the_way_through_a_proxy(void **state)
{
	struct world *world = *state;
	struct receiver receiver, proxy;
	char url[128];
	struct run run;

	world_write(world, "compose.yaml", stack_text);
	receive(world, &receiver, &modes[1]);
	receiver_start_proxy(&proxy, world->dir, "ok");
	snprintf(url, sizeof(url), "http://me:s3cretword@127.0.0.1:%d", proxy.port);
	world_setenv(world, "https_proxy", url);
	snprintf(url, sizeof(url), "https://shop.localhost:%d", receiver.port);
	world_setenv(world, "TELEMETRY_HOST", url);
	run_upfront(&run, world, "up", "-d", "--wait", "--telemetry=on", NULL);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "s3cretword");
	run_finish(&run);
	receiver_expect(&receiver, "event", 1);
	assert_in_range(receiver_count(&proxy, "connect"), 1, 2);
	assert_clean(&receiver, &modes[1]);
	assert_int_equal(world_processes(world, "s3cretword", NULL, 0), 0);
	run_upfront(&run, world, "down", NULL);
	run_finish(&run);
	world_wait_gone(world, SENDER, GONE_WITHIN_MS);
	/* No file of this run holds it: no log, no outbox, no ledger. */
	run_command(
		&run, world,
		&(struct run_options){.argv = (const char *const[]){"grep", "-rl", "s3cretword", world->dir, NULL}});
	assert_string_equal(run.out.bytes, "");
	run_finish(&run);
	receiver_stop(&proxy);
	receiver_stop(&receiver);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_no_receiver_changes_what_upfront_says),
		CASE(test_the_way_through_a_proxy),
		CASE(test_the_sender_is_not_started_before_the_first_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
