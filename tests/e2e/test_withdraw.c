/* SPDX-License-Identifier: MIT */
/* After a yes: how it is taken back while the stack runs, and what a start tells that was not waited for to its end. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SENDER "upfront-telemetry"

/* The file's folder is not there, so that the event waits; once it is there, every attempt would succeed. */
static const char waiting[] = "name: ask\n"
			      "x-upfront: {app: Ask, telemetry: {host: 'file:later/events.jsonl', key: k}}\n"
			      "services: {a: {command: sleep 1001}}\n";

static void up(const struct world *world, const char *folder)
{
	static const char *const argv[] = {"upfront", "-q", "up", "-d", "--wait", "--telemetry=on", NULL};
	struct run run;

	run_command(&run, world, &(struct run_options){.argv = argv, .directory = folder});
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void down(const struct world *world, const char *project)
{
	struct run run;

	run_upfront(&run, world, "-p", project, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* The answer of a running project's control API. The caller deletes it. */
static cJSON *ask(const struct world *world, const char *project, const char *method, const char *target)
{
	char file[128], url[128];
	const char *argv[] = {"curl", "-sS", "-X", method, "--unix-socket", NULL, url, NULL};
	struct run run;
	cJSON *answer;
	char *path;

	snprintf(file, sizeof(file), "../state/upfront/%s/socket", project);
	path = world_read(world, file);
	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	argv[5] = path;
	snprintf(url, sizeof(url), "http://upfront%s", target);
	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	answer = cJSON_Parse(run.out.bytes);
	assert_non_null(answer);
	run_finish(&run);
	free(path);
	return answer;
}

static void assert_telemetry(const struct world *world, const char *project, const char *state)
{
	cJSON *answer = ask(world, project, "GET", "/v1/telemetry");

	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "state")), state);
	cJSON_Delete(answer);
}

/* ---- Nothing more is sent ---- */

static bool was_tried(const struct world *world)
{
	static const char *const names[] = {"../state/upfront/.apps/ask/ledger.jsonl",
					    "../state/upfront/.apps/ask/ledger.1.jsonl"};
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		const char *path = world_path(world, names[i]);
		FILE *file = fopen(path, "re");
		char bytes[262144];
		size_t size_bytes = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

		found = found || memmem(bytes, size_bytes, "server_start", strlen("server_start")) != NULL;
		if (file)
			fclose(file);
	}
	return found;
}

static void by_command(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "telemetry", "off", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "off for Ask until you change it");
	run_finish(&run);
}

static void by_api(const struct world *world)
{
	cJSON_Delete(ask(world, "ask", "POST", "/v1/telemetry/withdraw"));
}

/* Whichever way it is taken back, and wherever the event waits: it was tried, it could be delivered now, and never is. */
static void check_withdrawal(const struct world *world, void (*withdraw)(const struct world *world))
{
	int64_t since = world_now_ms();
	pid_t sender;

	world_write(world, "compose.yaml", waiting);
	up(world, NULL);
	while (!was_tried(world))
		world_pause(since, 10000, "the first attempt");
	/* No attempt between the folder and the withdrawal. */
	sender = world_find(world, SENDER);
	assert_true(sender > 0);
	assert_int_equal(kill(sender, SIGSTOP), 0);
	assert_int_equal(mkdir(world_path(world, "later"), 0700), 0);
	withdraw(world);
	assert_telemetry(world, "ask", "off");
	if (world_find(world, SENDER) == sender)
		kill(sender, SIGCONT);
	world_wait_gone(world, SENDER, 2000);
	assert_null(world_search(world, "outbox.db"));
	assert_false(world_has(world, "later/events.jsonl"));
	assert_true(world_find(world, "sleep 1001") > 0);
	down(world, "ask");
	assert_false(world_has(world, "later/events.jsonl"));
}

static void test_a_queue_on_disk_is_not_sent(void **state)
{
	check_withdrawal(*state, by_api);
}

static void test_a_queue_on_disk_is_wiped(void **state)
{
	check_withdrawal(*state, by_command);
}

/* Where its file cannot be made the outbox is in memory. */
static void test_a_queue_in_memory_is_not_sent(void **state)
{
	const struct world *world = *state;

	world_write(world, "../state/upfront/.apps/ask/x", "");
	assert_int_equal(chmod(world_path(world, "../state/upfront/.apps/ask"), 0700), 0);
	assert_int_equal(symlink("/nonexistent", world_path(world, "../state/upfront/.apps/ask/outbox.db")), 0);
	check_withdrawal(world, by_command);
}

/* ---- What is no person's no leaves what waits ---- */

static cJSON *assert_reason(const struct world *world, const char *reason)
{
	cJSON *answer = ask(world, "ask", "GET", "/v1/telemetry");

	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "state")), "off");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "reason")), reason);
	return answer;
}

static void begin_and_end_by_do_not_track(struct world *world)
{
	int64_t since = world_now_ms();
	struct run run;

	world_write(world, "compose.yaml",
		    "name: ask\n"
		    "x-upfront: {app: Ask, telemetry: {host: 'file:later/events.jsonl', key: k, identity: install}}\n"
		    "services: {a: {command: sleep 1001}}\n");
	up(world, NULL);
	while (!was_tried(world))
		world_pause(since, 10000, "the first attempt");
	world_setenv(world, "DO_NOT_TRACK", "1");
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "off for the rest of this run (DO_NOT_TRACK is set)");
	run_finish(&run);
	world_wait_gone(world, SENDER, 2000);
	assert_int_equal(mkdir(world_path(world, "later"), 0700), 0);
}

static void test_an_off_of_the_surroundings_leaves_what_waits(void **state)
{
	struct world *world = *state;
	int64_t since;
	cJSON *answer;
	struct run run;
	bool sent = false;

	begin_and_end_by_do_not_track(world);
	answer = assert_reason(world, "do_not_track");
	/* It waits on, and is not said not to. */
	assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(answer, "counts"), "queued")) > 0);
	cJSON_Delete(answer);
	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "usage statistics off for this run (DO_NOT_TRACK is set)"));
	run_finish(&run);
	assert_non_null(world_search(world, "outbox.db"));
	assert_non_null(world_search(world, "id"));
	down(world, "ask");
	assert_false(world_has(world, "later/events.jsonl"));
	/* The next yes sends it, and its own start. */
	world_setenv(world, "DO_NOT_TRACK", "0");
	up(world, NULL);
	for (since = world_now_ms(); !sent; world_pause(since, 10000, "what waited")) {
		char *text = world_has(world, "later/events.jsonl") ? world_read(world, "later/events.jsonl") : NULL;
		const char *first = text != NULL ? strstr(text, "\"server_start\"") : NULL;

		sent = first != NULL && strstr(first + 1, "\"server_start\"") != NULL;
		free(text);
	}
	down(world, "ask");
}

/* Whatever has ended them before. */
static void test_a_persons_no_wipes_what_another_off_has_left(void **state)
{
	struct world *world = *state;

	begin_and_end_by_do_not_track(world);
	assert_non_null(world_search(world, "outbox.db"));
	by_command(world);
	cJSON_Delete(assert_reason(world, "do_not_track"));
	assert_null(world_search(world, "outbox.db"));
	assert_null(world_search(world, "id"));
	down(world, "ask");
	assert_false(world_has(world, "later/events.jsonl"));
}

/* ---- Every stack of the app, and no other ---- */

static void start_project(const struct world *world, const char *name, const char *app)
{
	char file[64], text[512];

	snprintf(file, sizeof(file), "%s/compose.yaml", name);
	snprintf(text, sizeof(text),
		 "name: %s\n"
		 "x-upfront: {app: %s, telemetry: {host: 'file:events.jsonl', key: k}}\n"
		 "services: {a: {command: sleep 1001}}\n",
		 name, app);
	world_write(world, file, text);
	up(world, world_path(world, name));
	assert_telemetry(world, name, "on");
}

static void telemetry_off(struct run *run, const struct world *world, const char *folder, const char *option)
{
	const char *const argv[] = {"upfront", "telemetry", "off", option, NULL};

	run_command(run, world, &(struct run_options){.argv = argv, .directory = world_path(world, folder)});
}

static void test_off_reaches_every_stack_of_the_app(void **state)
{
	const struct world *world = *state;
	struct run run;

	start_project(world, "one", "Ask");
	start_project(world, "two", "ASK");
	start_project(world, "three", "Other");
	telemetry_off(&run, world, "one", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_telemetry(world, "one", "off");
	assert_telemetry(world, "two", "off");
	assert_telemetry(world, "three", "on");
	telemetry_off(&run, world, "one", "--all");
	run_assert_code(&run, 0);
	run_assert_says(&run, "off for every product until you change it");
	run_finish(&run);
	assert_telemetry(world, "three", "off");
	down(world, "one");
	down(world, "two");
	down(world, "three");
}

/* The parent of its service. */
static pid_t supervisor_of(const struct world *world, const char *service)
{
	char path[64], line[256];
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)world_find(world, service));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(sscanf(strrchr(line, ')') + 1, " %*c %d", &parent), 1);
	return parent;
}

static void test_off_says_what_it_could_not_end(void **state)
{
	static const char *const argv[] = {"upfront", "telemetry", "forget", NULL};
	const struct world *world = *state;
	struct run run, forget;
	pid_t deaf;

	start_project(world, "one", "Ask");
	deaf = supervisor_of(world, "sleep 1001");
	assert_int_equal(kill(deaf, SIGSTOP), 0);
	run_command(&forget, world, &(struct run_options){.argv = argv, .directory = world_path(world, "one")});
	telemetry_off(&run, world, "one", "--all");
	assert_int_equal(kill(deaf, SIGCONT), 0);
	assert_int_not_equal(forget.code, 0);
	run_assert_says(&forget, "Forgotten for Ask, but something is left:");
	run_assert_says(&forget, "cannot end the usage statistics of the running project 'one'");
	run_finish(&forget);
	assert_int_not_equal(run.code, 0);
	run_assert_says(&run, "cannot end the usage statistics of the running project 'one'");
	run_assert_says(&run, "upfront -p one down");
	run_assert_says(&run, "from the next start on");
	run_assert_silent(&run, "until you change it");
	run_finish(&run);
	/* The no itself holds. */
	run_upfront(&run, world, "-f", world_path(world, "one/compose.yaml"), "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Ask: off"));
	run_finish(&run);
	down(world, "one");
}

/* ---- What is started afterwards is told so ---- */

#define TELLING(more)                                                                                                \
	"name: ask\n"                                                                                                \
	"x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k, env: {on: {WORD: 'yes'}, off: {WORD: " \
	"'no'}}}}\n"                                                                                                 \
	"services:\n"                                                                                                \
	"  a:\n"                                                                                                     \
	"    command: [sh, -c, 'echo \"$$UPFRONT_TELEMETRY,$$WORD,$$DO_NOT_TRACK,$$ASK_TELEMETRY_DISABLED,"          \
	"$$NEXT_TELEMETRY_DISABLED,$$SAID\" >>told; exec sleep 1001']\n"                                             \
	"    environment: {SAID: 'file says ${WORD}'" more "}\n"

/* Waits until `told` ends with this line. */
static void await_told(const struct world *world, const char *line)
{
	int64_t since = world_now_ms();

	for (;;) {
		char *text = world_has(world, "told") ? world_read(world, "told") : NULL;
		size_t size = text != NULL ? strlen(text) : 0;
		bool found = size >= strlen(line) && strcmp(text + size - strlen(line), line) == 0;

		free(text);
		if (found)
			return;
		world_pause(since, 10000, line);
	}
}

static void test_what_is_started_afterwards_is_told_off(void **state)
{
	const struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", TELLING(""));
	up(world, NULL);
	await_told(world, "on,yes,,,,file says yes\n");
	by_api(world);
	assert_true(world_find(world, "sleep 1001") > 0);
	cJSON_Delete(ask(world, "ask", "POST", "/v1/services/a/restart"));
	await_told(world, "off,no,1,true,1,file says no\n");
	run_upfront(&run, world, "run", "--", "sh", "-c", "echo $UPFRONT_TELEMETRY,$WORD,$DO_NOT_TRACK", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "off,no,1\n");
	run_finish(&run);
	world_write(world, "compose.yaml", TELLING(", MORE: x"));
	cJSON_Delete(ask(world, "ask", "POST", "/v1/stack/reload"));
	await_told(world, "off,no,1,true,1,file says no\n");
	down(world, "ask");
}

/* What runs is left alone by a no; the next reading of the file brings it to what holds, and nothing else. */
static void test_a_reload_brings_what_runs_to_the_no(void **state)
{
	const struct world *world = *state;
	pid_t other;

	world_write(world, "compose.yaml", TELLING("") "  b: {command: sleep 1002}\n");
	up(world, NULL);
	await_told(world, "on,yes,,,,file says yes\n");
	other = world_find(world, "sleep 1002");
	by_api(world);
	cJSON_Delete(ask(world, "ask", "POST", "/v1/stack/reload"));
	await_told(world, "off,no,1,true,1,file says no\n");
	assert_int_equal(world_find(world, "sleep 1002"), other);
	down(world, "ask");
}

/* A no after a reload means the stack as it is by then. */
static void test_a_no_after_a_reload_means_the_file_as_it_is(void **state)
{
	static const char text[] = TELLING("");
	const char *says = strstr(text, "says $");
	const struct world *world = *state;
	char changed[sizeof(text) + 8];

	world_write(world, "compose.yaml", text);
	up(world, NULL);
	await_told(world, "on,yes,,,,file says yes\n");
	snprintf(changed, sizeof(changed), "%.*snow %s", (int)(says - text), text, says);
	world_write(world, "compose.yaml", changed);
	cJSON_Delete(ask(world, "ask", "POST", "/v1/stack/reload"));
	await_told(world, "on,yes,,,,file now says yes\n");
	by_api(world);
	cJSON_Delete(ask(world, "ask", "POST", "/v1/services/a/restart"));
	await_told(world, "off,no,1,true,1,file now says no\n");
	down(world, "ask");
}

/* ---- What a start tells ---- */

static void test_a_start_that_took_too_long_is_told_as_that(void **state)
{
	const struct world *world = *state;
	struct run run;
	char *text;

	world_write(world, "compose.yaml",
		    "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
		    "services: {a: {command: sleep 1001, x-upfront: {ready: {log: never}}}}\n");
	run_upfront(&run, world, "up", "-d", "--wait", "--wait-timeout", "1", "--telemetry=on", NULL);
	run_assert_code(&run, 5);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
	text = world_read(world, "events.jsonl");
	assert_non_null(text);
	assert_non_null(strstr(text, "\"server_start_failed\""));
	assert_non_null(strstr(text, "\"error_type\":\"start_timeout\""));
	free(text);
}

/* A detached stack has no stderr: that of its `up` gets the event, and is let go then. */
static void test_printing_reaches_the_up_that_went_on(void **state)
{
	struct world *world = *state;
	struct run run;

	world_setenv(world, "UPFRONT_TELEMETRY_PRINT", "1");
	world_write(world, "compose.yaml", waiting);
	run_upfront(&run, world, "-q", "up", "-d", "--wait", "--telemetry=on", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "\"event\":\"server_start\"");
	run_finish(&run);
	assert_true(world_find(world, "sleep 1001") > 0);
	down(world, "ask");
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_a_queue_on_disk_is_not_sent),
		IN_WORLD(test_a_queue_on_disk_is_wiped),
		IN_WORLD(test_a_queue_in_memory_is_not_sent),
		IN_WORLD(test_an_off_of_the_surroundings_leaves_what_waits),
		IN_WORLD(test_a_persons_no_wipes_what_another_off_has_left),
		IN_WORLD(test_off_reaches_every_stack_of_the_app),
		IN_WORLD(test_off_says_what_it_could_not_end),
		IN_WORLD(test_what_is_started_afterwards_is_told_off),
		IN_WORLD(test_a_reload_brings_what_runs_to_the_no),
		IN_WORLD(test_a_no_after_a_reload_means_the_file_as_it_is),
		IN_WORLD(test_a_start_that_took_too_long_is_told_as_that),
		IN_WORLD(test_printing_reaches_the_up_that_went_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
