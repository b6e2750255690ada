/* SPDX-License-Identifier: MIT */
/* log and exec probes: what is matched, what a command's end is told as, and that nothing of it is left. */
#include "tests/unit/process/probe_scene.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launcher/process/descendants.h"

/* ---- log ---- */

static void test_log_lines(void **state)
{
	(void)state;
	static const struct {
		const char *regex;
		const char *feeds[5];
		bool well;
	} cases[] = {
		{"ready", {"server is ready\n"}, true},
		{"ready", {"server is ready"}, false}, /* the line has not ended */
		{"ready", {"server is re", "ady to ser", "ve\n"}, true},
		{"^ready$", {"not ready\nready\n"}, true},
		{"^ready$", {"not ready\nready!\n"}, false},
		{"^ready$", {"ready\r\n"}, true},
		{"ready on [0-9]+", {"a\nb\n", "ready on 8080\nc\n"}, true},
		{"(up|ready)$", {"up\n"}, true},
		{"a.b", {"a\nb\n"}, false},
		{"^$", {"x\n\n"}, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		scene_open(&scene, PROBE_LOG);
		scene.spec.regex = cases[i].regex;
		scene.spec.timeout_ms = cases[i].well ? CHILDREN_DEADLINE_MS : 20;
		scene_make(&scene);
		probe_attempt(scene.probe);
		for (size_t n = 0; n < 5 && cases[i].feeds[n]; n++)
			probe_feed(scene.probe, cases[i].feeds[n], strlen(cases[i].feeds[n]));
		scene_await(&scene);
		assert_int_equal(scene.well, cases[i].well);
		assert_non_null(
			strstr(scene.detail, cases[i].well ? "a line matched" : "no line of its output has matched '"));
		scene_close(&scene);
	}
}

static void test_log_bytes_of_any_kind(void **state)
{
	(void)state;
	struct scene scene;
	static char flood[100000];
	scene_open(&scene, PROBE_LOG);
	scene.spec.regex = "^behind zero$|xneedle";
	scene_make(&scene);
	probe_attempt(scene.probe);
	probe_feed(scene.probe, "in\0front\n", 9);
	/* No line end for long: looked at in pieces, so what is in one of them is found at once. */
	memset(flood, 'x', sizeof flood);
	memcpy(flood + 40000, "needle", 6);
	probe_feed(scene.probe, flood, sizeof flood);
	scene_await(&scene);
	assert_answer(&scene, true, "a line matched");
	scene_close(&scene);
}

/* Said before it was asked: reported at once, and to every later attempt, until the run is over. */
static void test_log_match_between_attempts(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, PROBE_LOG);
	scene.spec.regex = "ready";
	scene_make(&scene);
	probe_feed(scene.probe, "ready\n", 6);
	scene_await(&scene);
	assert_true(scene.well);
	probe_feed(scene.probe, "ready\n", 6); /* no second report */
	scene_ask(&scene);
	assert_true(scene.well);
	probe_cancel(scene.probe);
	scene.spec.timeout_ms = 20;
	probe_feed(scene.probe, "rea", 3);
	scene_ask(&scene);
	assert_false(scene.well);
	probe_feed(scene.probe, "dy\n", 3); /* a line outlives the attempt that was waiting for it */
	scene_await(&scene);
	assert_true(scene.well);
	assert_int_equal(scene.results, 4);
	scene_close(&scene);
}

/* ---- exec ---- */

static void test_exec_answers(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		bool well;
		const char *detail;
	} cases[] = {
		{"exit 0", true, "exit code 0"},
		{"echo fine", true, "exit code 0: fine"},
		{"exit 3", false, "exit code 3"},
		{"echo one; echo two >&2; exit 1", false, "exit code 1: two"},
		{"printf 'one\\ntwo\\n\\n \\n'; exit 1", false, "exit code 1: two"},
		{"printf 'no line end'; exit 1", false, "exit code 1: no line end"},
		{"printf '\\033[31mred\\377'; exit 1", false, "exit code 1: ?[31mred?"},
		{"kill -SEGV $$", false, "killed by SIGSEGV"},
		{"echo $COLOUR $(pwd)", true, "exit code 0: green /usr"},
		{"test -z \"$(cat)\" && echo no stdin", true, "exit code 0: no stdin"},
		{"sleep 1000 & echo left something", true, "exit code 0: left something"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		const char *argv[] = {"sh", "-c", cases[i].script, NULL};
		scene_open(&scene, PROBE_EXEC);
		scene.spec.argv = argv;
		struct probe_options options = {
			.base = scene.base,
			.spec = &scene.spec,
			.environment = probe_environment,
			.cwd = "/usr",
			.result = on_result,
			.context = &scene,
		};
		scene.probe = probe_create(&options, NULL);
		scene_ask(&scene);
		assert_answer(&scene, cases[i].well, cases[i].detail);
		scene_close(&scene);
	}
}

static void test_exec_that_cannot_start(void **state)
{
	(void)state;
	const char *argv[] = {"no-such-probe", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_ask(&scene);
	assert_answer(&scene, false, "cannot start 'no-such-probe': command not found");
	scene_ask(&scene);
	assert_int_equal(scene.results, 2);
	scene_close(&scene);
}

/* Megabytes of output are read, its end is told. */
static void test_exec_flood(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "flood", "20000000", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_ask(&scene);
	assert_true(scene.well);
	assert_int_equal(strlen(scene.detail), strlen("exit code 0: ") + 99);
	scene_close(&scene);
	free(helper);
}

static size_t count_descendants(void)
{
	struct proc_list list = {0};
	assert_int_equal(descendants_find(getpid(), NULL, &list), 0);
	size_t count = list.count;
	proc_list_finish(&list);
	return count;
}

/*
 * Its family goes, however stubborn - all but the daemon, which has cut every tie and is left to the guard. Until it is reaped no
 * second one is started.
 */
static void test_exec_timeout_ends_the_session(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "tree", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene.spec.timeout_ms = 300;
	scene.reap = false;
	scene_ask(&scene);
	assert_answer(&scene, false, "timed out after 300 ms");
	int64_t family_deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	while (count_descendants() > 1 && children_now_ms() < family_deadline)
		;
	assert_int_equal(count_descendants(), 1);
	scene_ask(&scene);
	assert_answer(&scene, false, "the command of the last attempt has not ended yet");
	scene.reap = true;
	on_child(SIGCHLD, 0, &scene);
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	scene.spec.timeout_ms = 300;
	do
		scene_ask(&scene);
	while (strcmp(scene.detail, "timed out after 300 ms") != 0 && children_now_ms() < deadline);
	assert_answer(&scene, false, "timed out after 300 ms");
	scene_close(&scene);
	free(helper);
}

static void test_exec_cancelled(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	const char *argv[] = {helper, "stubborn", NULL};
	struct scene scene;
	scene_open(&scene, PROBE_EXEC);
	scene.spec.argv = argv;
	scene_make(&scene);
	probe_attempt(scene.probe);
	probe_cancel(scene.probe);
	/* Only a killed one ends. */
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	while (!children_none_left() && children_now_ms() < deadline)
		event_base_loop(scene.base, EVLOOP_ONCE);
	assert_true(children_none_left());
	assert_int_equal(scene.results, 0);
	scene_close(&scene);
	free(helper);
}

/* ---- what holds for all ---- */

static void test_failure_is_told_from_the_loop(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, PROBE_UNIX);
	scene.spec.path = "/no/such/socket";
	scene_make(&scene);
	probe_attempt(scene.probe);
	assert_int_equal(scene.results, 0);
	scene_await(&scene);
	assert_answer(&scene, false, "the socket is not there");
	scene_close(&scene);
}

static void test_specs_that_cannot_be(void **state)
{
	(void)state;
	const struct {
		struct probe_spec spec;
		enum err_code code;
		const char *message;
	} cases[] = {
		{{.kind = PROBE_NOTIFY}, ERR_INTERNAL, "no kind"},
		{{.kind = PROBE_NONE}, ERR_INTERNAL, "no kind"},
		{{.kind = PROBE_TCP, .host = "x"}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_TCP, .port = 1}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_TCP, .host = "x", .port = 65536}, ERR_CONFIG, "host and a port"},
		{{.kind = PROBE_UNIX}, ERR_CONFIG, "path of a socket"},
		{{.kind = PROBE_EXEC}, ERR_CONFIG, "needs a command"},
		{{.kind = PROBE_LOG, .regex = "a("}, ERR_CONFIG, "regular expression 'a('"},
		{{.kind = PROBE_HTTP, .host = "x\r\nEvil: 1", .port = 80}, ERR_CONFIG, "blanks and control characters"},
		{{.kind = PROBE_HTTP, .host = "x", .port = 80, .path = "/ HTTP/1.1"}, ERR_CONFIG, "blanks and control"},
	};
	struct event_base *base = event_base_new();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct probe_spec spec = cases[i].spec;
		spec.place = (struct err_place){"compose.yaml", 7, 3};
		struct probe_options options = {.base = base, .spec = &spec, .result = on_result};
		assert_null(probe_create(&options, &err));
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(err.items[0].line, 7);
		if (!strstr(err.items[0].message, cases[i].message))
			fail_msg("\"%s\"", err.items[0].message);
		err_finish(&err);
	}
	event_base_free(base);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_bytes_of_any_kind),
		cmocka_unit_test(test_log_match_between_attempts),
		cmocka_unit_test(test_exec_answers),
		cmocka_unit_test(test_exec_that_cannot_start),
		cmocka_unit_test(test_exec_flood),
		cmocka_unit_test(test_exec_timeout_ends_the_session),
		cmocka_unit_test(test_exec_cancelled),
		cmocka_unit_test(test_failure_is_told_from_the_loop),
		cmocka_unit_test(test_specs_that_cannot_be),
	};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
