/* SPDX-License-Identifier: MIT */
/* After a yes: what a running stack tells of requests and of commands, and whom it tells of a no. */
#include "config/command_table.h"
#include "config/err.h"
#include "config/stack.h"
#include "telemetry/sanitize.h"
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"
#include "tests/lib/play.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct telemetry_decl plain = {.enabled = true, .notice = 1, .host = "file:/nowhere", .key = "phc_test"};

/* As after a yes, but printed instead of sent. */
static void consent(struct play *play, const struct telemetry_decl *decl)
{
	play->stack.telemetry = decl;
	assert_int_equal(pipe2(play->leash, O_CLOEXEC), 0);
	play->consent = (struct consent_decision){.state = CONSENT_ON, .reason = CONSENT_BY_ANSWER};
	strmap_set(&play->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	strmap_set(&play->environment, "XDG_STATE_HOME", play->folder);
	/* Where it would look for what there is to wipe. */
	assert_int_equal(setenv("XDG_STATE_HOME", play->folder, 1), 0);
}

static void post(const struct play *play, const char *target, const char *body, const char *wanted)
{
	ctl_ask_post(play->socket_path, target, body, wanted);
}

static char *get(const struct play *play, const char *target)
{
	char *answer = ctl_ask(play->socket_path, "GET", target, "");

	assert_non_null(answer);
	return answer;
}

static int told(const struct play *play, const char *event)
{
	return play_count(play, "errors", event);
}

static const struct command_option json = {.name = "--json", .kind = COMMAND_BOOL};
static const struct command_entry entries[] = {{.name = "ps"}, {.name = "up"}};
static const struct command_table own = {.options = &json, .option_count = 1, .entries = entries, .entry_count = 2};
static const struct command_entry dbt_entries[] = {{.name = "run"}};
static const struct command_table dbt = {.program = "dbt", .entries = dbt_entries, .entry_count = 1};
static const struct telemetry_decl with_commands = {
	.enabled = true, .notice = 1, .host = "file:/nowhere", .key = "phc_test", .commands = &dbt, .command_count = 1};

/* ---- Requests ---- */

static void requests_are_told_by_their_route(void **state)
{
	struct play *play = *state;

	consent(play, &plain);
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	free(get(play, "/v1/services/canary?canary=1"));
	play_await_in(play, "errors", "\"event\":\"api_request\"", 1);
	assert_int_equal(told(play, "\"endpoint\":\"/v1/services/{name}\""), 1);
	assert_int_equal(told(play, "\"status_code\":404"), 1);
	assert_int_equal(told(play, "\"method\":\"GET\""), 1);
	free(get(play, "/v1/telemetry"));
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
	assert_int_equal(told(play, "\"event\":\"api_request\""), 2);
	assert_int_equal(told(play, "canary"), 0);
}

/* People were shown the event of the start as the first one. */
static void what_is_asked_during_a_start_is_told_after_it(void **state)
{
	struct play *play = *state;
	char *errors, *start;

	consent(play, &with_commands);
	play->commands = &own;
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	play->services[0].ready = (struct probe_spec){.kind = PROBE_LOG, .regex = "^never", .timeout_ms = 1000};
	play_begin(play);
	play_await(play, "runs", 1);
	free(get(play, "/v1/stack"));
	post(play, "/v1/telemetry/command",
	     "{\"command\":\"ps\",\"command_args\":[\"--json\"],\"duration_ms\":5,\"success\":true,"
	     "\"job_count\":7,\"object_counts\":{\"charts\":2}}",
	     "HTTP/1.1 204");
	assert_int_equal(told(play, "\"event\""), 0);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 143);
	errors = children_slurp(play->folder, "errors", NULL);
	start = strstr(errors, "\"event\":\"server_start_failed\"");
	assert_non_null(start);
	assert_null(memmem(errors, (size_t)(start - errors), "\"cli_command\"", 13));
	assert_non_null(strstr(start, "\"endpoint\":\"/v1/stack\""));
	assert_non_null(strstr(start, "\"command\":\"ps\",\"command_args\":[\"--json\"]"));
	assert_non_null(strstr(start, "\"charts\":2"));
	free(errors);
}

static void no_more_than_a_hundred_are_told_a_minute(void **state)
{
	struct play *play = *state;
	char *answer;

	consent(play, &plain);
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	play_await_in(play, "errors", "\"event\":\"server_start\"", 1);
	for (int i = 0; i < 150; i++)
		free(get(play, "/v1/stack"));
	answer = get(play, "/v1/telemetry");
	/* What a slow machine takes for 150 requests lets a few more pass. */
	assert_in_range(atoi(strstr(answer, "\"dropped\":") + strlen("\"dropped\":")), 30, 50);
	free(answer);
	assert_in_range(told(play, "\"event\":\"api_request\""), 100, 120);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

/* ---- Commands ---- */

#define TOLD(command, more) \
	"{\"command\":\"" command "\",\"command_args\":[" more "],\"duration_ms\":5,\"success\":true}"

static void commands_are_taken_that_a_table_could_have_made(void **state)
{
	struct play *play = *state;

	consent(play, &with_commands);
	play->commands = &own;
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	play_await_in(play, "errors", "\"event\":\"server_start\"", 1);
	post(play, "/v1/telemetry/command", TOLD("ps", "\"--json\""), "HTTP/1.1 204");
	post(play, "/v1/telemetry/command", TOLD("dbt run", ""), "HTTP/1.1 204");
	post(play, "/v1/telemetry/command", TOLD("run", ""), "HTTP/1.1 400");
	post(play, "/v1/telemetry/command", TOLD("ps", "\"--canary\""), "HTTP/1.1 400");
	post(play, "/v1/telemetry/command", TOLD("ps", "\"/home/canary\""), "HTTP/1.1 400");
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 2);
	assert_int_equal(told(play, "\"command\":\"dbt run\""), 1);
	post(play, "/v1/telemetry/withdraw", "", "HTTP/1.1 200");
	post(play, "/v1/telemetry/command", TOLD("ps", ""), "HTTP/1.1 204");
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 2);
	assert_int_equal(told(play, "canary"), 0);
}

static const struct sanitized typed = {.tracked = true, .command = "up", .args = {"--json"}, .arg_count = 1};

static void an_up_is_told_when_its_stack_ends(void **state)
{
	struct play *play = *state;

	consent(play, &plain);
	play->command = &typed;
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	play_await_in(play, "errors", "\"event\":\"server_start\"", 1);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 0);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 1);
	assert_int_equal(told(play, "\"command\":\"up\",\"command_args\":[\"--json\"]"), 1);
	assert_int_equal(told(play, "\"success\":true,\"error_type\":null"), 1);
}

static void an_up_that_failed_is_told_with_the_kind_of_its_failure(void **state)
{
	struct play *play = *state;

	consent(play, &plain);
	play->command = &typed;
	play_add(play, "web", "exit 3");
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 1);
	assert_int_equal(told(play, "\"success\":false,\"error_type\":\"exited\""), 1);
}

static void an_up_that_let_go_of_its_stack_tells_of_itself(void **state)
{
	struct play *play = *state;

	consent(play, &plain);
	play->command = &typed;
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	post(play, "/v1/stack/detach", "", "HTTP/1.1 202");
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 0);
}

static const struct probe_spec never = {
	.kind = PROBE_LOG, .regex = "nobody says this", .interval_ms = 10000, .timeout_ms = 10000, .retries = 3};

/* As `up -d` has it, which waits for a start that fails, and so comes too late to tell. */
static void a_failed_up_that_would_have_let_go_is_told(void **state)
{
	struct play *play = *state;

	consent(play, &plain);
	play->command = &typed;
	play_listen(play);
	play_add(play, "slow", PLAY_SERVER("slow"))->ready = never;
	play_begin(play);
	play_await(play, "runs", 1);
	post(play, "/v1/stack/detach", "", "HTTP/1.1 202");
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	play_end(play);
	assert_int_equal(told(play, "\"event\":\"cli_command\""), 1);
	assert_int_equal(told(play, "\"success\":false,\"error_type\":\"interrupted\""), 1);
}

/* ---- A no ---- */

#define LOOP "while :; do sleep 0.02; done"
/* A service with a child that would take the signal for its own. */
#define TELLS(name)                                                                                  \
	"(trap 'say " name "-child told' USR1; say " name "-child runs; " LOOP ") & trap 'say " name \
	" told' USR1; say " name " runs; " LOOP

static const char *const say_all[] = {"/bin/sh", "-c", "echo \"all $UPFRONT_TELEMETRY $DO_NOT_TRACK\" >>\"$TRACE\"",
				      NULL};
static const char *const say_own[] = {"/bin/sh", "-c", "echo own told >>\"$TRACE\"", NULL};
static const char *const say_never[] = {"/bin/sh", "-c", "echo wrongly told >>\"$TRACE\"", NULL};
static const struct withdraw_notice by_signal = {.signal = SIGUSR1}, by_program = {.argv = say_own},
				    to_nobody = {.argv = say_never}, none = {0};
static const struct telemetry_decl with_notice = {
	.enabled = true, .notice = 1, .host = "file:/nowhere", .key = "phc_test", .on_withdraw = {.argv = say_all}};

static void services_are_told_of_a_no_as_they_asked(void **state)
{
	struct play *play = *state;

	consent(play, &with_notice);
	play_listen(play);
	play_add(play, "signalled", TELLS("signalled"))->on_withdraw = &by_signal;
	play_add(play, "own", PLAY_SERVER("own"))->on_withdraw = &by_program;
	play_add(play, "quiet", PLAY_SERVER("quiet"))->on_withdraw = &none;
	play_add(play, "ended", "say ended runs")->on_withdraw = &to_nobody;
	play_add(play, "one", PLAY_SERVER("one"));
	play_add(play, "other", PLAY_SERVER("other"));
	play_begin(play);
	play_await(play, "runs", 7);
	post(play, "/v1/telemetry/withdraw", "", "\"off\"");
	play_await(play, "signalled told\n", 1);
	play_await(play, "own told\n", 1);
	play_await(play, "all off 1\n", 1);
	/* A second no is none. */
	post(play, "/v1/telemetry/withdraw", "", "\"off\"");
	post(play, "/v1/stack/down", "{\"grace_ms\":100}", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
	assert_int_equal(play_count(play, "trace", "signalled told\n"), 1);
	assert_int_equal(play_count(play, "trace", "signalled-child told\n"), 0);
	assert_int_equal(play_count(play, "trace", "own told\n"), 1);
	assert_int_equal(play_count(play, "trace", "all off 1\n"), 1);
	assert_int_equal(play_count(play, "trace", "wrongly told\n"), 0);
}

static void a_no_wipes_what_waits(void **state)
{
	static const char *const kept[] = {"outbox.db", "outbox.db-wal", "id"};
	struct play *play = *state;
	char path[512];

	consent(play, &plain);
	play_listen(play);
	play_add(play, "web", PLAY_SERVER("web"));
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "mkdir -p '%s/upfront/.apps/play' && : >'%s/upfront/.apps/play/%s'",
			 play->folder, play->folder, kept[i]);
		assert_int_equal(system(path), 0);
	}
	play_begin(play);
	play_await(play, "runs", 1);
	post(play, "/v1/telemetry/withdraw", "", "\"off\"");
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/upfront/.apps/play/%s", play->folder, kept[i]);
		assert_int_equal(access(path, F_OK), -1);
	}
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

/* What a process was given is told of it, whatever holds by now: only its next start is told off. */
static void a_no_does_not_change_what_was_given(void **state)
{
	static const char on[] =
		"{\"name\":\"UPFRONT_TELEMETRY\",\"value\":\"on\",\"secret\":false,\"telemetry\":true}";
	static const char off[] =
		"{\"name\":\"UPFRONT_TELEMETRY\",\"value\":\"off\",\"secret\":false,\"telemetry\":true}";
	struct play *play = *state;
	char *answer;

	play_serve(play, "web", NULL);
	consent(play, &plain);
	play_begin(play);
	play_await(play, "web runs", 1);
	answer = get(play, "/v1/services/web/detail");
	assert_non_null(strstr(answer, on));
	free(answer);
	post(play, "/v1/telemetry/withdraw", "", "\"off\"");
	answer = get(play, "/v1/services/web/detail");
	assert_non_null(strstr(answer, on));
	free(answer);
	post(play, "/v1/services/web/restart", "", "accepted");
	play_await(play, "web runs", 2);
	answer = get(play, "/v1/services/web/detail");
	assert_non_null(strstr(answer, off));
	free(answer);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)
	const struct CMUnitTest tests[] = {
		TEST(requests_are_told_by_their_route),
		TEST(what_is_asked_during_a_start_is_told_after_it),
		TEST(no_more_than_a_hundred_are_told_a_minute),
		TEST(commands_are_taken_that_a_table_could_have_made),
		TEST(an_up_is_told_when_its_stack_ends),
		TEST(an_up_that_failed_is_told_with_the_kind_of_its_failure),
		TEST(an_up_that_let_go_of_its_stack_tells_of_itself),
		TEST(a_failed_up_that_would_have_let_go_is_told),
		TEST(services_are_told_of_a_no_as_they_asked),
		TEST(a_no_wipes_what_waits),
		TEST(a_no_does_not_change_what_was_given),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervisor_told", tests, NULL, NULL);
}
