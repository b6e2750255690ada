/* SPDX-License-Identifier: MIT */
/*
 * The address at which services' own clients are listened for: who serves it from the start of a stack to its end, and what comes
 * of it when the person says no in between.
 */
#include "tests/lib/ctl_ask.h"
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SENDER "upfront-telemetry"
#define URL_BYTES 128
#define BODY_BYTES (1024u * 1024u)
#define PROMISED_MS 100
/* A second where a tenth is promised: other tests run beside this one. What it took is printed. */
#define WITHDRAWN_MS 1000

#define SERVICES      \
	"services:\n" \
	"  a:\n"      \
	"    command: [sh, -c, 'echo \"$$UPFRONT_TELEMETRY $$WORD $$POSTHOG_HOST\" >>told; exec sleep 1001']\n"
/* `waits`: it never gets ready, so that there is no event that would start the sender. */
#define ASKING(host, more, waits)                  \
	"name: ask\n"                              \
	"x-upfront:\n"                             \
	"  app: Ask\n"                             \
	"  telemetry:\n"                           \
	"    host: " host "\n"                     \
	"    key: phc_ask\n"                       \
	"    services: {asked: {success: bool}}\n" \
	"    env: {on: {POSTHOG_HOST: '${relay}', WORD: 'yes'}, off: {WORD: 'no'}}\n" more SERVICES waits
#define WAITS "    x-upfront: {ready: {log: never}}\n"
#define FILE_HOST "'file:events.jsonl'"

static void start(const struct world *world, const char *text, bool wait)
{
	const char *argv[] = {"upfront", "-q", "up", "-d", "--telemetry=on", wait ? "--wait" : NULL, NULL};
	struct run run;

	world_write(world, "compose.yaml", text);
	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* In the foreground: no command has ended yet that could be told of. */
static void start_in_front(struct run *up, const struct world *world, const char *text)
{
	static const char *const argv[] = {"upfront", "-q", "up", "--telemetry=on", NULL};

	world_write(world, "compose.yaml", text);
	run_begin(up, world, &(struct run_options){.argv = argv});
}

static void down(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "-p", "ask", "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static char *last_line(const struct world *world, const char *file, size_t at_least)
{
	int64_t since = world_now_ms();

	for (;;) {
		char *text = world_has(world, file) ? world_read(world, file) : NULL;
		size_t lines = 0;

		for (const char *at = text; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
			lines++;
		if (lines >= at_least && text[strlen(text) - 1] == '\n') {
			char *line, *begin;

			text[strlen(text) - 1] = '\0';
			begin = strrchr(text, '\n');
			line = strdup(begin != NULL ? begin + 1 : text);
			free(text);
			return line;
		}
		free(text);
		world_pause(since, 10000, file);
	}
}

/* As the service was told. */
static void learn_url(const struct world *world, char url[URL_BYTES])
{
	char *line = last_line(world, "told", 1);

	if (sscanf(line, "on yes %127s", url) != 1)
		fail_msg("the service was told: %s", line);
	free(line);
}

static struct sockaddr_in name_of(const char *url)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int port;

	assert_int_equal(sscanf(url, "http://127.0.0.1:%d/r/", &port), 1);
	name.sin_port = htons((uint16_t)port);
	return name;
}

/* What curl was answered with a body of that size; 0: nothing within the time. */
static int post(const struct world *world, const char *url, size_t size_bytes, const char *limit_s)
{
	char target[URL_BYTES + 16], data[WORLD_PATH_MAX + 8], *body = malloc(size_bytes);
	const char *argv[] = {"curl",         "-sS",           "-m", limit_s, "-o", "/dev/null", "-w",
			      "%{http_code}", "--data-binary", data, target,  NULL};
	struct run run;
	int status;

	memset(body, 'x', size_bytes);
	world_write_bytes(world, "body", body, size_bytes);
	free(body);
	snprintf(data, sizeof(data), "@%s", world_path(world, "body"));
	snprintf(target, sizeof(target), "%s/batch/", url);
	run_command(&run, world, &(struct run_options){.argv = argv});
	status = atoi(run.out.bytes);
	run_finish(&run);
	return status;
}

static char *socket_path(const struct world *world)
{
	char *path = world_read(world, "../state/upfront/ask/socket");

	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	return path;
}

/* The body of an answer. */
static cJSON *ask(const struct world *world, const char *method, const char *target)
{
	char *path = socket_path(world), *answer = ctl_ask(path, method, target, "");
	cJSON *json;

	assert_non_null(answer);
	json = cJSON_Parse(strstr(answer, "\r\n\r\n"));
	assert_non_null(json);
	free(answer);
	free(path);
	return json;
}

static void assert_relay(const struct world *world, const char *state, const char *why)
{
	cJSON *answer = ask(world, "GET", "/v1/telemetry");
	const cJSON *relay = cJSON_GetObjectItem(answer, "relay");
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItem(relay, "why"));

	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(relay, "state")), state);
	if (why == NULL)
		assert_null(said);
	else if (said == NULL || strstr(said, why) == NULL)
		fail_msg("why: %s", said != NULL ? said : "null");
	cJSON_Delete(answer);
}

static void assert_port_is_kept(const char *url)
{
	struct sockaddr_in name = name_of(url);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
}

/* ---- Who serves it ---- */

static void await_sender(const struct world *world)
{
	int64_t since = world_now_ms();

	while (world_find(world, SENDER) == 0)
		world_pause(since, 10000, "the sender");
}

static void test_the_first_client_starts_the_sender(void **state)
{
	const struct world *world = *state;
	char url[URL_BYTES];
	struct run up;

	start_in_front(&up, world, ASKING(FILE_HOST, "", WAITS));
	learn_url(world, url);
	assert_int_equal(world_find(world, SENDER), 0);
	assert_relay(world, "serving", NULL);
	assert_int_equal(world_find(world, SENDER), 0);
	assert_int_equal(post(world, url, 2, "20"), 400);
	await_sender(world);
	assert_relay(world, "serving", NULL);
	assert_port_is_kept(url);
	down(world);
	run_wait(&up);
	run_finish(&up);
}

static void test_a_killed_sender_comes_back(void **state)
{
	const struct world *world = *state;
	char url[URL_BYTES];
	pid_t first;

	start(world, ASKING(FILE_HOST, "", ""), true);
	learn_url(world, url);
	await_sender(world);
	first = world_find(world, SENDER);
	assert_int_equal(kill(first, SIGKILL), 0);
	world_wait_gone(world, SENDER, 1000);
	assert_port_is_kept(url);
	/* Nobody races for clients meanwhile: they wait for the next one, which finds no event in what this one sends. */
	assert_relay(world, "serving", NULL);
	assert_int_equal(post(world, url, 2, "20"), 400);
	await_sender(world);
	assert_int_not_equal(world_find(world, SENDER), first);
	assert_relay(world, "serving", NULL);
	down(world);
}

/* Where it cannot be started any more clients are not left hanging. */
static void test_a_sender_that_is_gone_for_good_is_answered_for(void **state)
{
	static const char *const programs[] = {"upfront", SENDER};
	struct world *world = *state;
	char url[URL_BYTES];
	struct run up;

	for (size_t i = 0; i < 2; i++) {
		char from[WORLD_PATH_MAX + 32];
		const char *argv[] = {"cp", from, NULL, NULL};
		struct run run;

		snprintf(from, sizeof(from), "%s/%s", world->bin_dir, programs[i]);
		argv[2] = world_path(world, programs[i]);
		run_command(&run, world, &(struct run_options){.argv = argv});
		run_assert_code(&run, 0);
		run_finish(&run);
	}
	snprintf(world->bin_dir, sizeof(world->bin_dir), "%s", world->stack);
	start_in_front(&up, world, ASKING(FILE_HOST, "", WAITS));
	learn_url(world, url);
	assert_int_equal(unlink(world_path(world, SENDER)), 0);
	assert_int_equal(post(world, url, BODY_BYTES, "5"), 200);
	assert_int_equal(post(world, url, 2, "5"), 200);
	assert_relay(world, "answering", "what they send is lost");
	assert_port_is_kept(url);
	down(world);
	run_wait(&up);
	run_finish(&up);
}

/* A stack that declares more than any socket takes at once; the caller frees. */
static char *declare_too_much(const char *waits)
{
	char *text;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);

	fprintf(out, "x-words: &words [");
	for (int i = 0; i < 100; i++)
		fprintf(out, "%sword-%055d", i > 0 ? ", " : "", i);
	fprintf(out, "]\nname: ask\n"
		     "x-upfront:\n"
		     "  app: Ask\n"
		     "  telemetry:\n"
		     "    host: " FILE_HOST "\n"
		     "    key: phc_ask\n"
		     "    env: {on: {POSTHOG_HOST: '${relay}', WORD: 'yes'}}\n"
		     "    services:\n");
	for (int i = 0; i < 200; i++)
		fprintf(out, "      event_%d: {word: *words}\n", i);
	fprintf(out, "%s%s", SERVICES, waits);
	fclose(out);
	return text;
}

/* Nor where it cannot be told all that the stack declares; what is upfront's own is sent all the same. */
static void test_a_stack_that_declares_too_much_is_answered_for(void **state)
{
	const struct world *world = *state;
	char url[URL_BYTES], *text = declare_too_much("");

	start(world, text, true);
	free(text);
	learn_url(world, url);
	await_sender(world);
	assert_relay(world, "answering", "declares more");
	assert_int_equal(post(world, url, 2, "5"), 200);
	free(last_line(world, "events.jsonl", 1));
	text = world_read(world, "events.jsonl");
	assert_non_null(strstr(text, "\"server_start\""));
	free(text);
	down(world);
}

static void test_its_first_client_is_answered_too(void **state)
{
	const struct world *world = *state;
	char url[URL_BYTES], *text = declare_too_much(WAITS);
	struct run up;

	start_in_front(&up, world, text);
	free(text);
	learn_url(world, url);
	assert_int_equal(post(world, url, 2, "5"), 200);
	assert_relay(world, "answering", "declares more");
	down(world);
	run_wait(&up);
	run_finish(&up);
}

/* ---- After a no ---- */

/* The receiver's notes, beside the stack folder. */
#define NOTES "../received.jsonl"

static size_t count_notes(const struct world *world)
{
	char *notes = world_read(world, NOTES);
	size_t found = 0;

	for (const char *at = notes; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
		found++;
	free(notes);
	return found;
}

static bool has_received(void *world)
{
	return count_notes(world) > 0;
}

static int receiver_begin(struct run *run, const struct world *world)
{
	char program[WORLD_PATH_MAX + 64], notes[WORLD_PATH_MAX];
	const char *argv[] = {program, "ok", notes, "--key", "phc_ask", NULL};

	snprintf(program, sizeof(program), "%s/tests/helpers/posthog_server", world->bin_dir);
	snprintf(notes, sizeof(notes), "%s", world_path(world, NOTES));
	run_begin(run, world, &(struct run_options){.argv = argv, .input_kind = RUN_STDIN_OPEN});
	run_expect(run, "\n");
	return atoi(run->out.bytes);
}

static int64_t withdraw(const struct world *world)
{
	int64_t began_ms = world_now_ms();
	cJSON *answer = ask(world, "POST", "/v1/telemetry/withdraw");

	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "state")), "off");
	cJSON_Delete(answer);
	world_wait_gone(world, SENDER, WITHDRAWN_MS);
	return world_now_ms() - began_ms;
}

static void test_after_a_no_the_port_answers_and_nothing_is_sent(void **state)
{
	const struct world *world = *state;
	char text[2048], url[URL_BYTES];
	struct run receiver;
	size_t before;
	int port;

	port = receiver_begin(&receiver, world);
	snprintf(text, sizeof(text), ASKING("'http://127.0.0.1:%d'", "", ""), port);
	start(world, text, true);
	learn_url(world, url);
	run_until(&receiver, has_received, *state, "the event of the start");
	assert_relay(world, "serving", NULL);
	print_message("withdrawn after %lld ms\n", (long long)withdraw(world));
	assert_null(world_search(world, "outbox.db"));
	before = count_notes(world);
	for (int i = 0; i < 3; i++)
		assert_int_equal(post(world, url, i == 1 ? BODY_BYTES : 2, "5"), 200);
	assert_relay(world, "answering", "off");
	assert_port_is_kept(url);
	assert_int_equal(world_find(world, SENDER), 0);
	down(world);
	assert_int_equal(count_notes(world), before);
	assert_null(world_search(world, "outbox.db"));
	run_finish(&receiver);
}

static void assert_answered(const char *url)
{
	static const char request[] = "POST /batch/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
	struct sockaddr_in name = name_of(url);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[64] = "";

	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	assert_true(recv(fd, answer, sizeof(answer) - 1, 0) > 0);
	assert_memory_equal(answer, "HTTP/1.1 200", 12);
	close(fd);
}

/* By the best of some turns, as others run beside this one: what waits for anything takes as long in each. */
static void test_a_no_takes_less_than_a_tenth_of_a_second(void **state)
{
	const struct world *world = *state;
	int64_t best_ms = WITHDRAWN_MS;
	char url[URL_BYTES];

	for (int turn = 0; turn < 10 && best_ms > PROMISED_MS; turn++) {
		int64_t began_ms, took_ms;

		unlink(world_path(world, "told"));
		start(world, ASKING(FILE_HOST, "", ""), true);
		learn_url(world, url);
		await_sender(world);
		began_ms = world_now_ms();
		withdraw(world);
		assert_answered(url);
		took_ms = world_now_ms() - began_ms;
		best_ms = took_ms < best_ms ? took_ms : best_ms;
		down(world);
	}
	print_message("withdrawn, and a client answered, after %lld ms\n", (long long)best_ms);
	assert_in_range(best_ms, 0, PROMISED_MS);
}

/* Clients that keep their connection, send on and on or say nothing cost neither the others nor the stack anything. */
static void test_after_a_no_rude_clients_are_borne(void **state)
{
	const struct world *world = *state;
	struct sockaddr_in name;
	char url[URL_BYTES];
	int clients[100];

	start(world, ASKING(FILE_HOST, "", WAITS), false);
	learn_url(world, url);
	name = name_of(url);
	(void)withdraw(world);
	for (int i = 0; i < 100; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&name, sizeof(name)), 0);
		/* Every fifth says nothing at all. */
		if (i % 5 != 0)
			assert_int_equal(send(clients[i], "P", 1, MSG_NOSIGNAL), 1);
	}
	assert_int_equal(post(world, url, 2, "20"), 200);
	assert_relay(world, "answering", "off");
	for (int i = 0; i < 100; i++)
		close(clients[i]);
	assert_int_equal(post(world, url, 2, "5"), 200);
	down(world);
}

#define NOTICES "    on_withdraw: {exec: [sh, -c, 'echo \"all $$UPFRONT_TELEMETRY $$WORD $$PWD\" >>noticed']}\n"

static void test_services_are_told_of_a_no(void **state)
{
	static const char more[] =
		"  b:\n"
		"    command: [sh, -c, 'trap \"echo signalled >>noticed\" USR1; echo up >>b; while :; do sleep 0.05; "
		"done']\n"
		"    x-upfront: {on_withdraw: {signal: SIGUSR1}}\n"
		"  c:\n"
		"    command: sleep 1002\n"
		"    x-upfront: {on_withdraw: {exec: [sh, -c, 'echo own $$DO_NOT_TRACK >>noticed']}}\n"
		"  d:\n"
		"    command: sleep 1003\n"
		"  gone:\n"
		"    command: 'true'\n"
		"    x-upfront: {on_withdraw: {exec: [sh, -c, 'echo gone >>noticed']}}\n";
	const struct world *world = *state;
	char text[4096], wanted[WORLD_PATH_MAX * 2], *noticed, *line;

	snprintf(text, sizeof(text), "%s%s", ASKING(FILE_HOST, NOTICES, ""), more);
	start(world, text, true);
	free(last_line(world, "b", 1));
	(void)withdraw(world);
	line = last_line(world, "noticed", 3);
	free(line);
	down(world);
	noticed = world_read(world, "noticed");
	snprintf(wanted, sizeof(wanted), "all off no %s\n", world->stack);
	assert_non_null(strstr(noticed, wanted));
	assert_non_null(strstr(noticed, "own 1\n"));
	assert_non_null(strstr(noticed, "signalled\n"));
	/* Once for all that name none, and not for what does not run. */
	assert_int_equal(strlen(noticed), strlen(wanted) + strlen("own 1\n") + strlen("signalled\n"));
	free(noticed);
}

/* It neither holds up the end of the stack nor outlives it. */
static void test_a_notice_that_hangs_ends_with_the_stack(void **state)
{
	const struct world *world = *state;
	int64_t since;

	start(world, ASKING(FILE_HOST, "    on_withdraw: {exec: [sleep, '1009']}\n", ""), true);
	(void)withdraw(world);
	since = world_now_ms();
	while (world_find(world, "sleep 1009") == 0)
		world_pause(since, 10000, "the notice");
	down(world);
	world_wait_gone(world, "", 2000);
}

/* ---- Who sees the address, and where there is none ---- */

static void assert_hidden(const struct world *world, const char *token, const char *const *argv)
{
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	run_assert_silent(&run, token);
	run_finish(&run);
}

static void test_the_token_is_for_services_only(void **state)
{
	static const char *const commands[][6] = {
		{"upfront", "config", NULL},
		{"upfront", "--json", "ps", NULL},
		{"upfront", "telemetry", "status", NULL},
		{"upfront", "--json", "telemetry", "status", NULL},
		{"ps", "-eo", "args", NULL},
	};
	const struct world *world = *state;
	char url[URL_BYTES];
	const char *token;
	cJSON *answer;

	start(world,
	      ASKING(FILE_HOST, "",
		     "    x-upfront: {open: 'http://localhost/?${POSTHOG_HOST}'}\n"
		     "    environment: {AGAIN: '${POSTHOG_HOST}'}\n"),
	      true);
	learn_url(world, url);
	token = strstr(url, "/r/") + 3;
	assert_int_equal(strlen(token), 32);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_hidden(world, token, commands[i]);
	answer = ask(world, "GET", "/v1/services/a");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "open")) +
				    strlen("http://localhost/?http://127.0.0.1:") +
				    strcspn(url + strlen("http://127.0.0.1:"), "/"),
			    "/r/********");
	cJSON_Delete(answer);
	down(world);
	answer = NULL;
	if (world_has(world, "events.jsonl")) {
		char *events = world_read(world, "events.jsonl");

		assert_null(strstr(events, token));
		free(events);
	}
}

static void test_printing_serves_no_relay(void **state)
{
	struct world *world = *state;
	struct run run;
	char *line;

	world_setenv(world, "UPFRONT_TELEMETRY_PRINT", "1");
	start(world, ASKING(FILE_HOST, "", ""), true);
	line = last_line(world, "told", 1);
	assert_string_equal(line, "off no ");
	free(line);
	assert_relay(world, "none", "UPFRONT_TELEMETRY_PRINT=1");
	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "UPFRONT_TELEMETRY_PRINT=1"));
	run_finish(&run);
	down(world);
}

static void test_a_stack_that_declares_nothing_has_none(void **state)
{
	const struct world *world = *state;

	start(world,
	      "name: ask\n"
	      "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
	      "services: {a: {command: sleep 1001}}\n",
	      true);
	assert_relay(world, "none", "declares nothing");
	down(world);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_the_first_client_starts_the_sender),
		IN_WORLD(test_a_killed_sender_comes_back),
		IN_WORLD(test_a_sender_that_is_gone_for_good_is_answered_for),
		IN_WORLD(test_a_stack_that_declares_too_much_is_answered_for),
		IN_WORLD(test_its_first_client_is_answered_too),
		IN_WORLD(test_after_a_no_the_port_answers_and_nothing_is_sent),
		IN_WORLD(test_a_no_takes_less_than_a_tenth_of_a_second),
		IN_WORLD(test_after_a_no_rude_clients_are_borne),
		IN_WORLD(test_services_are_told_of_a_no),
		IN_WORLD(test_a_notice_that_hangs_ends_with_the_stack),
		IN_WORLD(test_the_token_is_for_services_only),
		IN_WORLD(test_printing_serves_no_relay),
		IN_WORLD(test_a_stack_that_declares_nothing_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
