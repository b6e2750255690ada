/* SPDX-License-Identifier: MIT */
/* What others ask of a running supervisor - the control API's requests - and what a start tells telemetry. */
#include "config/err.h"
#include "config/stack.h"
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

/* ---- What the control API asks ---- */

/* One request on the control socket; the whole answer. The caller frees. */
static char *ask(const struct play *play, const char *method, const char *target, const char *body)
{
	char *answer = ctl_ask(play->socket_path, method, target, body);

	assert_non_null(answer);
	return answer;
}

static void assert_answer(const struct play *play, const char *method, const char *target, const char *wanted)
{
	char *answer = ask(play, method, target, "");

	if (strstr(answer, wanted) == NULL)
		fail_msg("%s %s: \"%s\" is not in\n%s", method, target, wanted, answer);
	free(answer);
}

static void services_are_stopped_with_their_dependents_and_started_with_their_needs(void **state)
{
	struct play *play = *state;

	play_serve(play, "db", "web", "other", NULL);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_begin(play);
	play_await(play, "runs", 3);
	assert_answer(play, "POST", "/v1/services/db/stop", "HTTP/1.1 20");
	play_await(play, "web ends\ndb ends\n", 1);
	assert_false(play_traced(play, "other ends", 1));
	assert_answer(play, "POST", "/v1/services/web/start", "HTTP/1.1 20");
	play_await(play, "db runs", 2);
	play_await(play, "web runs", 2);
	play_down(play);
}

static void restart_takes_along_who_declares_it(void **state)
{
	struct play *play = *state;

	play_serve(play, "db", "web", "other", NULL);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_depends(play, 2, 0, DEPEND_STARTED);
	play->dependencies[1][0].restart = true;
	play_begin(play);
	play_await(play, "runs", 3);
	assert_answer(play, "POST", "/v1/services/db/restart", "HTTP/1.1 20");
	play_await(play, "web ends\ndb ends\n", 1);
	play_await(play, "db runs", 2);
	play_await(play, "web runs", 2);
	assert_false(play_traced(play, "other ends", 1));
	play_down(play);
}

/* Before a person's eyes what fails is there to be mended, and what waits for it goes on as soon as it is. */
static void what_fails_before_a_person_stays_until_it_is_mended(void **state)
{
	struct play *play = *state;
	char path[160];

	play_add(play, "db", "say db tries; [ -e mended ] || exit 3; " PLAY_SERVER("db"));
	play_add(play, "job", "say job tries; [ -e mended ]");
	play_serve(play, "web", NULL);
	play_depends(play, 2, 0, DEPEND_STARTED);
	play_depends(play, 2, 1, DEPEND_COMPLETED);
	play->watched = true;
	play_begin(play);
	play_await(play, "job tries", 1);
	play_await(play, "db tries", 1);
	assert_answer(play, "GET", "/v1/services/web", "\"waiting\"");
	assert_answer(play, "GET", "/v1/stack", "\"starting\"");
	snprintf(path, sizeof path, "%s/mended", play->folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_answer(play, "POST", "/v1/services/db/restart", "HTTP/1.1 20");
	play_await(play, "db runs", 1);
	assert_answer(play, "GET", "/v1/services/web", "\"waiting\"");
	assert_answer(play, "POST", "/v1/services/job/start", "HTTP/1.1 20");
	play_await(play, "web runs", 1);
	play_down(play);
}

static void one_replica_is_named_by_its_number(void **state)
{
	struct play *play = *state;

	play_serve(play, "web", NULL);
	play->services[0].replicas = 2;
	play_begin(play);
	play_await(play, "runs", 2);
	assert_answer(play, "POST", "/v1/services/web-2/restart", "HTTP/1.1 20");
	play_await(play, "runs", 3);
	assert_false(play_traced(play, "ends", 2));
	assert_answer(play, "POST", "/v1/services/web-3/restart", "HTTP/1.1 4");
	play_down(play);
}

static void a_signal_from_outside_is_a_crash_like_any_other(void **state)
{
	struct play *play = *state;
	char *answer;

	play_serve(play, "web", NULL);
	play->services[0].restart.when = RESTART_ALWAYS;
	play_begin(play);
	play_await(play, "runs", 1);
	answer = ask(play, "POST", "/v1/services/web/kill", "{\"signal\":\"SIGKILL\"}");
	free(answer);
	play_await(play, "runs", 2);
	play_down(play);
}

static void a_client_that_comes_late_still_hears_why(void **state)
{
	struct play *play = *state;
	char *answer;

	play_listen(play);
	play_add(play, "web", "exit 3");
	play_begin(play);
	/* Connected at once or a moment after all is over: the stream ends with the failure and its unit. */
	answer = ask(play, "GET", "/v1/events", "");
	if (strstr(answer, "exited with code 3") == NULL || strstr(answer, "\"failed_unit\":\"web\"") == NULL ||
	    strstr(answer, "\"over\"") == NULL)
		fail_msg("%s", answer);
	free(answer);
	assert_int_equal(play_end(play), 1);
}

static void a_detached_stack_outlives_the_terminal_and_a_stop_of_all(void **state)
{
	struct play *play = *state;

	play_listen(play);
	assert_int_equal(pipe2(play->leash, O_CLOEXEC), 0);
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "runs", 1);
	assert_answer(play, "POST", "/v1/stack/detach", "HTTP/1.1 20");
	close(play->leash[1]);
	play->leash[1] = -1;
	assert_answer(play, "POST", "/v1/services/web/stop", "HTTP/1.1 20");
	play_await(play, "web ends", 1);
	assert_answer(play, "POST", "/v1/services/web/start", "HTTP/1.1 20");
	play_await(play, "web runs", 2);
	play_down(play);
}

/* ---- Telemetry ---- */

static const char *const version_argv[] = {"sh", "-c", "echo v1.2.3; echo more", NULL};
static const char *const slow_argv[] = {"sleep", "1000", NULL};
static const struct telemetry_property declared[] = {
	{.name = "tool", .source = SOURCE_EXEC, .argv = version_argv, .pattern = "^v[0-9.]+$"},
	{.name = "wrong", .source = SOURCE_EXEC, .argv = version_argv, .pattern = "^never$"},
	{.name = "late", .source = SOURCE_EXEC, .argv = slow_argv, .pattern = "."},
};
static const struct telemetry_decl decl = {.enabled = true,
					   .notice = 1,
					   .controller = "Nobody",
					   .host = "file:/nowhere",
					   .key = "phc_test",
					   .server_start = declared,
					   .server_start_count = 3};

/* As after a yes, but printed instead of sent. */
static void consent(struct play *play)
{
	play->stack.telemetry = &decl;
	play->consent = (struct consent_decision){.state = CONSENT_ON, .reason = CONSENT_BY_ANSWER};
	strmap_set(&play->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	strmap_set(&play->environment, "XDG_STATE_HOME", play->folder);
}

static void a_start_is_told_once_with_what_the_sources_say(void **state)
{
	struct play *play = *state;
	char *errors;

	consent(play);
	play_add(play, "web", "say \"$UPFRONT_TELEMETRY ${DO_NOT_TRACK:-unset}\"; " PLAY_SERVER("web"));
	play->services[0].version.argv = version_argv; /* without a pattern: what looks like a version */
	play_begin(play);
	/* The slow source is given up after its second; then the event is there. */
	play_await_in(play, "errors", "\n", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_true(play_traced(play, "on unset\n", 1));
	errors = children_slurp(play->folder, "errors", NULL);
	assert_int_equal(play_count(play, "errors", "\"server_start\""), 1);
	assert_non_null(strstr(errors, "\"tool\":\"v1.2.3\""));
	assert_non_null(strstr(errors, "\"wrong\":null"));
	assert_non_null(strstr(errors, "\"late\":null"));
	assert_non_null(strstr(errors, "\"web-version\":\"v1.2.3\""));
	free(errors);
}

static void a_failed_start_is_told_with_its_kind(void **state)
{
	struct play *play = *state;

	consent(play);
	play_add(play, "web", "exit 3");
	play_add(play, "job", "sleep 1000");
	play_add(play, "late", "say late");
	play_depends(play, 2, 1, DEPEND_COMPLETED);
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "\"server_start_failed\"");
	play_assert_said(play, "\"error_type\":\"exited\"");
}

static void what_failed_before_a_person_is_told_when_it_was_left_so(void **state)
{
	struct play *play = *state;

	consent(play);
	play_listen(play);
	play_add(play, "web", "say web fails; exit 3");
	play_add(play, "late", "say late");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play->watched = true;
	play_begin(play);
	play_await(play, "web fails", 1);
	assert_answer(play, "GET", "/v1/stack", "\"starting\"");
	free(ask(play, "POST", "/v1/stack/down", ""));
	play_end(play);
	play_assert_said(play, "\"error_type\":\"exited\"");
}

/* Each way a start can fail has its own word, and none is guessed. */
static void a_folder_that_is_not_there_is_told_as_that(void **state)
{
	struct play *play = *state;

	consent(play);
	play_add(play, "web", "exit 0");
	play->services[0].working_dir = "/nowhere/at/all";
	play_begin(play);
	assert_int_equal(play_end(play), ERR_MISSING);
	play_assert_said(play, "\"error_type\":\"working_dir_unusable\"");
}

static void a_command_that_is_not_there_is_told_as_that(void **state)
{
	struct play *play = *state;

	consent(play);
	play_add(play, "web", "exit 0");
	play->argv[0][0] = "no-such-command";
	play_begin(play);
	assert_int_equal(play_end(play), ERR_MISSING);
	play_assert_said(play, "\"error_type\":\"command_not_found\"");
}

static void a_file_that_cannot_be_run_is_told_as_that(void **state)
{
	struct play *play = *state;

	consent(play);
	play_add(play, "web", "exit 0");
	play->argv[0][0] = "/etc/passwd";
	play_begin(play);
	assert_int_equal(play_end(play), ERR_MISSING);
	play_assert_said(play, "\"error_type\":\"not_executable\"");
}

static void taken_down_before_it_is_up(struct play *play, const char *body, const char *wanted)
{
	char *answer;

	consent(play);
	play_serve(play, "web", NULL);
	play_add(play, "late", "say late");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play_add(play, "other", PLAY_SERVER("other"));
	play_begin(play);
	play_await(play, "runs", 2);
	answer = ask(play, "POST", "/v1/stack/down", body);
	assert_non_null(strstr(answer, "HTTP/1.1 202"));
	free(answer);
	play_end(play);
	play_assert_said(play, wanted);
	/* Who was ready is who was ready when it was given up, not when it was told. */
	play_assert_said(play, "\"services_ready\":1");
}

static void a_start_that_is_not_waited_for_any_longer_is_told_as_that(void **state)
{
	taken_down_before_it_is_up(*state, "{\"reason\":\"timeout\"}", "\"error_type\":\"start_timeout\"");
}

static void a_start_that_somebody_ends_is_told_as_that(void **state)
{
	taken_down_before_it_is_up(*state, "", "\"error_type\":\"stopped\"");
}

static void what_is_printed_comes_to_an_end_while_the_stack_runs(void **state)
{
	struct play *play = *state;
	char text[16384];
	int ends[2];

	consent(play);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	play->print_fd = ends[1];
	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	close(ends[1]);
	/* To its end: nobody holds it any more. */
	children_read(ends[0], NULL, text, sizeof text);
	close(ends[0]);
	assert_non_null(strstr(text, "\"server_start\""));
	assert_int_equal(kill(play->pid, 0), 0);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

static void a_start_that_ends_at_once_is_told_all_the_same(void **state)
{
	struct play *play = *state;

	consent(play);
	play_add(play, "web", "exit 0");
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	assert_true(children_now_ms() - play->begin_ms < 900); /* nobody waits for the slow source */
	play_assert_said(play, "\"server_start\"");
}

static void the_answer_is_a_source_of_the_stack_file(void **state)
{
	static const char file[] = "services:\n"
				   "  web:\n"
				   "    command: [sh, -c, 'echo ${UPFRONT_TELEMETRY} ${DO_NOT_TRACK} >>$$TRACE']\n"
				   "    environment:\n"
				   "      UPFRONT_TELEMETRY: forged\n";
	struct play *play = *state;
	struct stack_options options = {.directory = play->folder, .environment = &play->environment};
	struct err err = ERR_INIT;
	struct stack *shown = NULL;
	char path[160];
	FILE *out;

	strmap_set(&play->environment, "DO_NOT_TRACK", "0"); /* the answer stands above the shell */
	snprintf(path, sizeof path, "%s/compose.yaml", play->folder);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(file, out);
	fclose(out);
	options.files = (const char *const[]){path, NULL};
	if (stack_source_open(&options, &play->source, &err) < 0 ||
	    stack_resolve(play->source, &(struct stack_resolve_options){0}, &shown, &err) < 0)
		fail_msg("%s", err.items[0].message);
	play->stack = *shown;
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "off 1\n");
	play->stack.service_count = 0; /* teardown frees what was made by hand */
	stack_destroy(shown);
	stack_source_destroy(play->source);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_fails_before_a_person_stays_until_it_is_mended),
		TEST(services_are_stopped_with_their_dependents_and_started_with_their_needs),
		TEST(restart_takes_along_who_declares_it),
		TEST(one_replica_is_named_by_its_number),
		TEST(a_signal_from_outside_is_a_crash_like_any_other),
		TEST(a_client_that_comes_late_still_hears_why),
		TEST(a_detached_stack_outlives_the_terminal_and_a_stop_of_all),
		TEST(a_start_is_told_once_with_what_the_sources_say),
		TEST(a_failed_start_is_told_with_its_kind),
		TEST(what_failed_before_a_person_is_told_when_it_was_left_so),
		TEST(a_folder_that_is_not_there_is_told_as_that),
		TEST(a_command_that_is_not_there_is_told_as_that),
		TEST(a_file_that_cannot_be_run_is_told_as_that),
		TEST(a_start_that_is_not_waited_for_any_longer_is_told_as_that),
		TEST(a_start_that_somebody_ends_is_told_as_that),
		TEST(what_is_printed_comes_to_an_end_while_the_stack_runs),
		TEST(a_start_that_ends_at_once_is_told_all_the_same),
		TEST(the_answer_is_a_source_of_the_stack_file),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervisor_asked", tests, NULL, NULL);
}
