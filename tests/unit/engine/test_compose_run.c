/* SPDX-License-Identifier: MIT */
/* One run of a Compose program: its lines, what it complains of, its end and that of all it has started. */
#include "launcher/engine/compose_cli.h"
#include "launcher/engine/compose_complaint.h"

#include "config/err.h"
#include "tests/lib/children.h"
#include "tests/lib/world.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

/* ---- Text ---- */

static void collect(void *context, const char *line)
{
	char *lines = context;
	size_t used = strlen(lines);

	snprintf(lines + used, 8192 - used, "%s|", line);
}

static void test_lines(void **state)
{
	static const struct {
		const char *bytes, *lines;
	} cases[] = {
		{"a\nb\r\n\n c", "a|b| c|"},
		{"Creating x ... \rCreating x ... done\r\n", "Creating x ...|Creating x ... done|"},
		{"\033[1mbold\033[0m\033[2K\033[1A x\n", "bold x|"},
		{"\033]0;title\007a\033]8;;u\033\\b\033(Bc\033P1$r\033\\d\n", "abcd|"},
		{"a\033[31\nb\n", "a|b|"},
		{"a\tb\001\177c\302\233d\303\251\302\251\n", "a bcd\303\251\302\251|"},
		{"a\302\001\205b\302\302\233c\n", "a\205bc|"},
		{"\033", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compose_lines whole = {.size = 0}, bytewise = {.size = 0};
		char lines[8192] = "", again[8192] = "";

		compose_lines_take(&whole, cases[i].bytes, strlen(cases[i].bytes), collect, lines);
		compose_lines_end(&whole, collect, lines);
		for (const char *at = cases[i].bytes; *at; at++)
			compose_lines_take(&bytewise, at, 1, collect, again);
		compose_lines_end(&bytewise, collect, again);
		assert_string_equal(lines, cases[i].lines);
		assert_string_equal(again, cases[i].lines);
	}
}

static void keep_size(void *context, const char *line)
{
	size_t *size = context;

	*size = strlen(line);
}

static void test_long_line(void **state)
{
	struct compose_lines lines = {.size = 0};
	size_t size = 0;

	(void)state;
	compose_lines_take(&lines, "a", 1, keep_size, &size);
	for (size_t i = 0; i < COMPOSE_LINE_BYTES_MAX; i++)
		compose_lines_take(&lines, "\303\244", 2, keep_size, &size);
	compose_lines_take(&lines, "\n", 1, keep_size, &size);
	/* No half of a character at its end. */
	assert_int_equal(size, COMPOSE_LINE_BYTES_MAX - 1);
}

/* As version 1.29.2 and version 2.29.7 say it. */
static void test_complaint(void **state)
{
	static const struct {
		const char *lines, *complaint;
	} cases[] = {
		{"Creating shop_web_1 ... \nHost is already in use by another container\nCreating shop_web_1 ... "
		 "error\n"
		 "ERROR: for shop_web_1  Cannot start service web: Bind for 127.0.0.1:80 failed: port is already "
		 "allocated\n"
		 "ERROR: for web  Cannot start service web: Bind for 127.0.0.1:80 failed: port is already allocated\n"
		 "Encountered errors while bringing up the project.\n",
		 "Cannot start service web: Bind for 127.0.0.1:80 failed: port is already allocated"},
		{" Container shop-web-1  Creating\n Container shop-web-1  Starting\n"
		 "Error response from daemon: Bind for 127.0.0.1:80 failed: port is already allocated\n",
		 "Error response from daemon: Bind for 127.0.0.1:80 failed: port is already allocated"},
		{"Pulling gone (nosuch.invalid/x:1)...\nGet \"https://nosuch.invalid/v2/\": no such host\n",
		 "Get \"https://nosuch.invalid/v2/\": no such host"},
		{"The Compose file './compose.yaml' is invalid because:\nUnsupported config option for services.web: "
		 "'x'\n",
		 "The Compose file './compose.yaml' is invalid because:; Unsupported config option for services.web: "
		 "'x'"},
		{"time=\"2026-11-21T22:49:14Z\" level=warning msg=\"`version` is obsolete\"\n"
		 "service \"web\" depends on undefined service \"y\": invalid compose project\n",
		 "service \"web\" depends on undefined service \"y\": invalid compose project"},
		{"ERROR: for web  Cannot start\nit went\nwrong\nERROR: for db  Cannot create\n",
		 "Cannot start it went wrong; Cannot create"},
		{"#1 [web internal] load build definition\n#1 ERROR: x\nfailed to solve: no such file\n",
		 "failed to solve: no such file"},
		{"Creating network \"a\" with the default driver\nCreating a_web_1 ... done\n", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compose_complaint complaint = {.open = false};
		char *lines = strdup(cases[i].lines), *rest = NULL;

		for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			compose_complaint_line(&complaint, line);
		assert_string_equal(compose_complaint_text(&complaint, true), cases[i].complaint);
		free(lines);
	}
}

/* What is complained of has a limit, and so has each line of it. */
static void test_complaint_limit(void **state)
{
	struct compose_complaint complaint = {.open = false};
	char line[COMPOSE_LINE_BYTES_MAX + 1];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	compose_complaint_line(&complaint, line);
	assert_string_equal(compose_complaint_text(&complaint, false), "");
	assert_int_equal(strlen(compose_complaint_text(&complaint, true)), COMPOSE_COMPLAINT_BYTES_MAX - 1);
	memcpy(line, "Error", 5);
	for (int i = 0; i < 3; i++) {
		line[5] = (char)('a' + i);
		compose_complaint_line(&complaint, line);
	}
	assert_int_equal(strlen(compose_complaint_text(&complaint, false)), COMPOSE_COMPLAINT_BYTES_MAX - 1);
}

/* ---- A run ---- */

struct scene {
	struct world world;
	struct event_base *base;
	struct event *child, *deadline;
	struct compose_cli cli;
	struct compose_run *run;
	char lines[8192];
	const char *stop_at; /* a line that ends the loop; NULL: none */
	int ended, code;
};

static void on_child(evutil_socket_t fd, short what, void *context)
{
	struct scene *scene = context;
	int status;
	pid_t pid;

	(void)fd;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		compose_run_reaped(scene->run, pid, WIFSIGNALED(status),
				   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	fail_msg("the run did not end");
}

static void on_line(void *context, const char *line)
{
	struct scene *scene = context;

	collect(scene->lines, line);
	if (scene->stop_at && strcmp(line, scene->stop_at) == 0)
		event_base_loopbreak(scene->base);
}

static void on_done(void *context, int code, const struct err *why)
{
	struct scene *scene = context;

	assert_null(why);
	scene->ended++;
	scene->code = code;
	event_base_loopbreak(scene->base);
}

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct timeval limit = {CHILDREN_DEADLINE_MS / 1000, 0};

	world_begin(&scene->world);
	scene->base = event_base_new();
	scene->child = evsignal_new(scene->base, SIGCHLD, on_child, scene);
	scene->deadline = evtimer_new(scene->base, on_deadline, scene);
	event_add(scene->child, NULL);
	event_add(scene->deadline, &limit);
	scene->cli.shown = (char *)"compose";
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	compose_run_destroy(scene->run);
	world_wait_gone(&scene->world, "", 2000);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	assert_true(children_none_left());
	event_free(scene->child);
	event_free(scene->deadline);
	event_base_free(scene->base);
	world_end(&scene->world);
	free(scene);
	return 0;
}

static void start(struct scene *scene, const char *script)
{
	static const char *const args[] = {"-p", "shop", "up", NULL};
	char **environment = strmap_to_environ(&scene->world.environment);
	struct compose_run_options options = {.base = scene->base,
					      .cli = &scene->cli,
					      .args = args,
					      .environment = environment,
					      .cwd = scene->world.stack,
					      .line = on_line,
					      .done = on_done,
					      .context = scene};
	struct err err = ERR_INIT;

	world_write(&scene->world, "program", script);
	scene->cli.argv[0] = (char *)(uintptr_t)world_path(&scene->world, "program");
	scene->cli.argv[1] = (char *)"compose";
	scene->run = compose_run_start(&options, &err);
	assert_non_null(scene->run);
	free(environment);
	assert_int_equal(scene->ended, 0);
}

static void test_run(void **state)
{
	struct scene *scene = *state;

	start(scene, "#!/bin/sh\necho \"$@\"; pwd | grep -o stack; echo Error: no >&2; cat; exit 3\n");
	event_base_dispatch(scene->base);
	assert_int_equal(scene->ended, 1);
	assert_int_equal(scene->code, 3);
	assert_non_null(strstr(scene->lines, "compose -p shop up|stack|"));
	assert_string_equal(compose_run_complaint(scene->run), "Error: no");
	assert_false(compose_run_is(scene->run, 0));
}

/* All that it wrote is there by the time its end is told, however much, and whoever still holds its output. */
static void test_output_first(void **state)
{
	struct scene *scene = *state;

	start(scene, "#!/bin/sh\nsleep 1000 &\ni=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done; printf last\n");
	event_base_dispatch(scene->base);
	assert_int_equal(scene->code, 0);
	assert_non_null(strstr(scene->lines, "|499|last|"));
	assert_string_equal(compose_run_complaint(scene->run), "");
	world_wait_gone(&scene->world, "sleep", 2000);
}

static void test_stop(void **state)
{
	struct scene *scene = *state;

	start(scene, "#!/bin/sh\ntrap 'echo asked; exit 7' TERM\necho here\nsleep 1000 &\nwait\n");
	scene->stop_at = "here";
	event_base_dispatch(scene->base);
	compose_run_stop(scene->run, false);
	event_base_dispatch(scene->base);
	assert_int_equal(scene->code, 7);
	assert_string_equal(scene->lines, "here|asked|");
	compose_run_stop(scene->run, true); /* it has ended: nobody else is meant */
}

static void test_stop_hard(void **state)
{
	struct scene *scene = *state;

	start(scene, "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho here\nwait\n");
	scene->stop_at = "here";
	event_base_dispatch(scene->base);
	compose_run_stop(scene->run, false);
	compose_run_stop(scene->run, true);
	event_base_dispatch(scene->base);
	assert_int_equal(scene->code, 128 + SIGKILL);
	world_wait_gone(&scene->world, "sleep", 2000);
}

/* Given up: it goes with all it has started, and says nothing more. */
static void test_destroy(void **state)
{
	struct scene *scene = *state;

	start(scene, "#!/bin/sh\nsleep 1000 &\necho here\nwait\n");
	scene->stop_at = "here";
	event_base_dispatch(scene->base);
	compose_run_destroy(scene->run);
	scene->run = NULL;
	world_wait_gone(&scene->world, "", 2000);
	assert_int_equal(scene->ended, 0);
}

static void test_not_started(void **state)
{
	struct scene *scene = *state;
	static const char *const args[] = {NULL};
	char *const environment[] = {NULL};
	struct compose_run_options options = {.base = scene->base,
					      .cli = &scene->cli,
					      .args = args,
					      .environment = environment,
					      .done = on_done,
					      .context = scene};
	struct err err = ERR_INIT;

	scene->cli.argv[0] = (char *)"/no/such/program";
	assert_null(compose_run_start(&options, &err));
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.items[0].message, "/no/such/program"));
	err_finish(&err);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_complaint),
		cmocka_unit_test(test_complaint_limit),
		SCENE(test_run),
		SCENE(test_output_first),
		SCENE(test_stop),
		SCENE(test_stop_hard),
		SCENE(test_destroy),
		SCENE(test_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
