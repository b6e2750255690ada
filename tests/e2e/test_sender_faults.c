/* SPDX-License-Identifier: MIT */
/*
 * The program `upfront-telemetry` and a network, or a receiver, that does wrong: each kind of trouble first, then the same endpoint well again
 * under a second run. In all of them: nothing that was sent is invalid, indiscreet or another event than before; an event arrives as
 * it was given, or waits, or is refused for good; and the process is gone a second after the stack's end.
 */
#include "tests/lib/children.h"
#include "tests/lib/sender_scene.h"
#include "tests/lib/skip.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int setup(void **state)
{
	int result = sender_scene_setup(state);
	const struct sender_scene *self = *state;

	setenv("SSL_CERT_FILE", self->authority, 1);
	return result;
}

/* `tls` NULL: plain text, whatever the scheme is. */
static void receive(struct sender_scene *self, const char *mode, int port, const char *scheme, const char *tls,
		    const char *const *more)
{
	const char *options[8] = {NULL};
	size_t count = 0;

	for (; more && more[count]; count++)
		options[count] = more[count];
	if (tls) {
		options[count++] = "--tls";
		options[count++] = tls;
		options[count++] = "--authority";
		options[count++] = self->authority;
	}
	receiver_start(&self->receiver, self->folder, mode, port, options);
	snprintf(self->host, sizeof(self->host), "%s://localhost:%d", scheme, self->receiver.port);
}

/* What arrived is what was given: uuid, timestamp and all. And nothing that came was worth a remark. */
static void assert_clean(const struct sender_scene *self)
{
	cJSON *events = receiver_notes(&self->receiver, "event"), *given = cJSON_Parse(self->event), *findings;
	cJSON *requests = receiver_notes(&self->receiver, "request");
	char *given_text = cJSON_PrintUnformatted(given);
	const cJSON *item;

	cJSON_ArrayForEach(item, events)
	{
		char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(item, "event"));

		assert_string_equal(text, given_text);
		free(text);
	}
	cJSON_ArrayForEach(item, requests)
	{
		assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "valid")));
		assert_string_equal(cJSON_GetObjectItemCaseSensitive(item, "path")->valuestring, "/batch/");
		assert_string_equal(cJSON_GetObjectItemCaseSensitive(item, "method")->valuestring, "POST");
	}
	findings = receiver_notes(&self->receiver, "finding");
	if (cJSON_GetArraySize(findings) > 0)
		fail_msg("%s", cJSON_PrintUnformatted(findings));
	cJSON_Delete(findings);
	cJSON_Delete(requests);
	cJSON_Delete(given);
	cJSON_Delete(events);
	free(given_text);
}

enum fate {
	WAITS, /* not there, tried again by the next run */
	ARRIVES, /* there, and known to be */
	STORED, /* there, but denied: comes again, the same */
	REFUSED /* will never be taken: nobody tries again */
};

struct fault {
	const char *mode, *scheme, *tls;
	enum fate fate;
	int requests; /* of the first run at least; 0: none can be seen, -1: exactly one, however long it runs */
	const char *options[3];
};

static const struct fault faults[] = {
	{"500", "http", NULL, WAITS, 1, {NULL}},
	{"503", "http", NULL, WAITS, 1, {NULL}},
	{"408", "http", NULL, WAITS, 1, {NULL}},
	{"429", "http", NULL, WAITS, 1, {NULL}},
	/* Asked to be left alone, also by the attempt at the end. */
	{"429", "http", NULL, WAITS, -1, {"--retry-after", "20"}},
	{"429", "http", NULL, WAITS, -1, {"--retry-date", "20"}},
	{"503", "http", NULL, WAITS, -1, {"--retry-after", "20"}},
	{"400", "http", NULL, REFUSED, -1, {NULL}},
	{"401", "http", NULL, REFUSED, -1, {NULL}},
	{"403", "http", NULL, REFUSED, -1, {NULL}},
	{"413", "http", NULL, REFUSED, -1, {NULL}},
	{"302", "http", NULL, REFUSED, -1, {NULL}},
	{"307", "http", NULL, REFUSED, -1, {NULL}},
	{"chunked", "http", NULL, ARRIVES, -1, {NULL}},
	{"cut", "http", NULL, ARRIVES, -1, {NULL}},
	{"huge", "http", NULL, ARRIVES, -1, {NULL}},
	{"slow-body", "http", NULL, ARRIVES, -1, {NULL}},
	{"stored-500", "http", NULL, STORED, 1, {NULL}},
	{"stored-reset", "http", NULL, STORED, 1, {NULL}},
	{"hang", "http", NULL, WAITS, 0, {NULL}},
	{"deaf", "http", NULL, WAITS, 0, {NULL}},
	{"drip", "http", NULL, WAITS, 0, {NULL}},
	{"reset", "http", NULL, WAITS, 0, {NULL}},
	{"close", "http", NULL, WAITS, 0, {NULL}},
	{"garbage", "http", NULL, WAITS, 0, {NULL}},
	{"flood", "http", NULL, WAITS, 0, {NULL}},
	{"interim", "http", NULL, WAITS, 0, {NULL}},
	{"ok", "https", "good", ARRIVES, -1, {NULL}},
	{"500", "https", "good", WAITS, 1, {NULL}},
	{"cut", "https", "good", ARRIVES, -1, {NULL}},
	{"ok", "https", "wrong-name", WAITS, 0, {NULL}},
	{"ok", "https", "expired", WAITS, 0, {NULL}},
	{"ok", "https", "self-signed", WAITS, 0, {NULL}},
	{"ok", "https", "tls1.1", WAITS, 0, {NULL}},
	/* Plain text where TLS was expected, and a handshake that is never answered. */
	{"ok", "https", NULL, WAITS, 0, {NULL}},
	{"hang", "https", NULL, WAITS, 0, {NULL}},
};

static void suffer(struct sender_scene *self, const struct fault *fault)
{
	int requests;

	receive(self, fault->mode, 0, fault->scheme, fault->tls, fault->options);
	sender_scene_start(self);
	sender_scene_give(self, 1);
	if (fault->requests != 0)
		receiver_expect(&self->receiver, "request", 1);
	else if (strcmp(fault->mode, "deaf") != 0)
		receiver_expect(&self->receiver, "connection", 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_clean(self);
	requests = receiver_count(&self->receiver, "request");
	if (fault->requests <= 0)
		assert_int_equal(requests, -fault->requests);
	if (fault->fate == ARRIVES)
		assert_int_equal(receiver_count(&self->receiver, "event"), 1);
	else if (fault->fate == STORED)
		assert_int_equal(receiver_count(&self->receiver, "event"), requests);
	else
		assert_int_equal(receiver_count(&self->receiver, "event"), 0);
	assert_int_equal(sender_keeps(self->folder, self->uuid), fault->fate == WAITS || fault->fate == STORED);
}

/* The same endpoint, well again: it gets what waits, and nothing else. */
static void recover(struct sender_scene *self, const struct fault *fault)
{
	int waiting = fault->fate == WAITS || fault->fate == STORED, port = self->receiver.port;

	receiver_stop(&self->receiver);
	receive(self, "ok", port, fault->scheme, strcmp(fault->scheme, "https") == 0 ? "good" : NULL, NULL);
	sender_scene_start(self);
	receiver_expect(&self->receiver, "event", waiting);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_clean(self);
	assert_int_equal(receiver_count(&self->receiver, "event"), waiting);
	assert_int_equal(receiver_count(&self->receiver, "request"), waiting);
	assert_false(sender_keeps(self->folder, self->uuid));
	receiver_stop(&self->receiver);
}

static void test_every_trouble_ends_in_time_and_loses_nothing(void **state)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		print_message("  %s %s %s %s\n", faults[i].scheme, faults[i].tls ? faults[i].tls : "plain",
			      faults[i].mode, faults[i].options[0] ? faults[i].options[0] : "");
		suffer(*state, &faults[i]);
		recover(*state, &faults[i]);
	}
}

static void test_what_is_too_large_even_alone_is_refused(void **state)
{
	static const char *const options[] = {"--max-events", "0", NULL};
	struct sender_scene *self = *state;
	char uuids[7][37];

	receive(self, "ok", 0, "http", NULL, options);
	sender_scene_start(self);
	for (int i = 0; i < 7; i++) {
		sender_scene_give(self, 1);
		memcpy(uuids[i], self->uuid, sizeof(uuids[i]));
	}
	/* Together, by three, and each alone, at least. */
	receiver_expect(&self->receiver, "request", 7);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_int_equal(receiver_count(&self->receiver, "event"), 0);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
	assert_in_range(receiver_count(&self->receiver, "request"), 7, 14);
	for (int i = 0; i < 7; i++)
		assert_false(sender_keeps(self->folder, uuids[i]));
	receiver_stop(&self->receiver);
}

/* While the stack runs: how long a silent peer is borne, seen from its side. */
static void test_an_attempt_takes_a_second_at_most(void **state)
{
	struct sender_scene *self = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	struct pollfd wait = {.events = POLLIN};
	int64_t since;
	char bytes[4096];

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	snprintf(self->host, sizeof(self->host), "http://127.0.0.1:%d", ntohs(address.sin_port));
	sender_scene_start(self);
	sender_scene_give(self, 1);
	wait.fd = listener;
	assert_int_equal(poll(&wait, 1, CHILDREN_DEADLINE_MS), 1);
	since = children_now_ms();
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	wait.fd = peer;
	do
		assert_int_equal(poll(&wait, 1, CHILDREN_DEADLINE_MS), 1);
	while (recv(peer, bytes, sizeof(bytes), 0) > 0);
	assert_in_range(children_now_ms() - since, 900, 1400);
	close(peer);
	close(listener);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_true(sender_keeps(self->folder, self->uuid));
}

static void test_a_port_that_refuses(void **state)
{
	struct sender_scene *self = *state;

	snprintf(self->host, sizeof(self->host), "http://127.0.0.1:%d", world_free_port());
	sender_scene_start(self);
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_true(sender_keeps(self->folder, self->uuid));
}

static void test_a_name_that_nobody_knows(void **state)
{
	struct sender_scene *self = *state;

	snprintf(self->host, sizeof(self->host), "https://statistics.invalid");
	sender_scene_start(self);
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
	assert_true(sender_keeps(self->folder, self->uuid));
}

static void test_a_resolver_that_never_answers(void **state)
{
	struct sender_scene *self = *state;
	struct sender_setup silent = {.host = "https://statistics.example.org", .silent_resolver = true};

	sender_start(&self->sender, self->folder, &silent);
	if (self->sender.refused) {
		skip_because("no network namespace to be had");
	}
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 400, SENDER_GONE_WITHIN_MS);
	assert_true(sender_keeps(self->folder, self->uuid));
}

/* What is not allowed as an endpoint is never contacted; the events wait for nobody. */
static void test_plain_http_to_elsewhere_is_refused(void **state)
{
	struct sender_scene *self = *state;

	snprintf(self->host, sizeof(self->host), "http://192.0.2.1");
	sender_scene_start(self);
	sender_scene_give(self, 1);
	assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
}

static void assert_nowhere_in_files(const struct sender_scene *self, const char *secret)
{
	static const char *const names[] = {"outbox.db", "outbox.db-wal", "ledger.jsonl", "ledger.jsonl-wal", "noise"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size_bytes = 0;
		char *bytes = children_slurp(self->folder, names[i], &size_bytes);

		assert_false(bytes && memmem(bytes, size_bytes, secret, strlen(secret)));
		free(bytes);
	}
}

/* By the environment alone, as any program; its password is nobody else's business. A proxy that hangs is one more dead network. */
static void test_a_proxy_and_its_password(void **state)
{
	static const char *const modes[] = {"ok", "hang", "407"};
	struct sender_scene *self = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		bool leads = strcmp(modes[i], "ok") == 0;
		struct receiver proxy;
		char url[128], path[64], line[256] = "";
		int fd;

		receiver_start_proxy(&proxy, self->folder, modes[i]);
		snprintf(url, sizeof(url), "http://me:s3cretword@127.0.0.1:%d", proxy.port);
		setenv("HTTPS_PROXY", url, 1);
		receive(self, "ok", 0, "https", "good", NULL);
		snprintf(self->host, sizeof(self->host), "https://shop.localhost:%d", self->receiver.port);
		sender_scene_start(self);
		sender_scene_give(self, 1);
		receiver_expect(&proxy, "connect", 1);
		receiver_expect(&self->receiver, "event", leads);
		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)self->sender.pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(read(fd, line, sizeof(line) - 1) > 0);
		close(fd);
		assert_string_equal(line, "upfront-telemetry");
		assert_in_range(sender_end(&self->sender), 0, SENDER_GONE_WITHIN_MS);
		assert_clean(self);
		assert_int_equal(receiver_count(&self->receiver, "connection"), leads);
		assert_int_equal(sender_keeps(self->folder, self->uuid), !leads);
		assert_nowhere_in_files(self, "s3cretword");
		receiver_stop(&self->receiver);
		receiver_stop(&proxy);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, sender_scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_every_trouble_ends_in_time_and_loses_nothing),
		CASE(test_what_is_too_large_even_alone_is_refused),
		CASE(test_an_attempt_takes_a_second_at_most),
		CASE(test_a_port_that_refuses),
		CASE(test_a_name_that_nobody_knows),
		CASE(test_a_resolver_that_never_answers),
		CASE(test_plain_http_to_elsewhere_is_refused),
		CASE(test_a_proxy_and_its_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
