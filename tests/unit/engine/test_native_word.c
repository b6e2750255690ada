/* SPDX-License-Identifier: MIT */
/* The native engine with services that speak for themselves, and with those the kernel ends for want of memory. */
#include "launcher/process/oom.h"
#include "tests/unit/engine/native_scene.h"

/* Unit 0 as the program that speaks sd_notify; arguments end with NULL. */
static void start_notifier(struct bench *bench, ...)
{
	char *path = children_helper("notifier");
	const char *argv[16] = {path};
	va_list list;

	va_start(list, bench);
	for (size_t i = 1; i < 15 && (argv[i] = va_arg(list, const char *)) != NULL; i++)
		;
	va_end(list);
	start(bench, 0, argv);
	free(path);
}

static void its_own_word_comes_before_its_end(void **state)
{
	struct bench *bench = *state;

	bench->service[0].ready.kind = PROBE_NOTIFY;
	for (int i = 0; i < 30; i++) {
		bench->seen[0] = (struct seen){0};
		start_notifier(bench, "send", "READY=1", "fork", "STATUS=the end", "exit", "3", NULL);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].status, "the end");
		/* Two messages are told of one by one or together. */
		if (strncmp(bench->seen[0].events, "started ready ", 14) != 0 ||
		    strstr(bench->seen[0].events, "exited(3)") == NULL)
			fail_msg("%s", bench->seen[0].events);
		run_loop_until(bench, output_has_ended);
	}
}

/* One that talks much is heard after rests: its end falls into one of them, and the last word is still in the queue. */
static void last_words_after_many_are_not_lost(void **state)
{
	struct bench *bench = *state;

	bench->service[0].ready.kind = PROBE_NOTIFY;
	for (int i = 0; i < 10; i++) {
		bench->seen[0] = (struct seen){0};
		start_notifier(bench, "flood", "400", "WATCHDOG=0", "fork", "STATUS=the end", "exit", "3", NULL);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].status, "the end");
		run_loop_until(bench, output_has_ended);
	}
}

static void assert_shown(const char *folder, const char *file, const char *wanted)
{
	char *text = children_slurp(folder, file, NULL);

	assert_non_null(text);
	if (strcmp(text, wanted) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", file, text, wanted);
	free(text);
}

static void what_it_needs_to_say_so_is_in_its_environment(void **state)
{
	static const struct {
		enum probe_kind kind, health;
		int64_t watchdog_ms;
		bool socket;
		const char *interval;
	} cases[] = {
		{PROBE_NOTIFY, PROBE_NONE, 1500, true, "1500000"},
		{PROBE_NOTIFY, PROBE_NONE, 0, true, "(unset)"},
		{PROBE_NOTIFY, PROBE_TCP, 1500, true, "(unset)"}, /* the health check is asked instead */
		{PROBE_LOG, PROBE_NONE, 0, false, "(unset)"},
	};
	struct bench *bench = *state;
	char *folder = children_make_folder(), pid[16];

	bench->service[0].working_dir = folder;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *socket;

		bench->seen[0] = (struct seen){0};
		bench->service[0].ready =
			(struct probe_spec){.kind = cases[i].kind, .watchdog_ms = cases[i].watchdog_ms};
		bench->service[0].healthcheck.kind = cases[i].health;
		start_notifier(bench, "show", "NOTIFY_SOCKET", "socket", "show", "WATCHDOG_USEC", "interval", "show",
			       "WATCHDOG_PID", "pid", NULL);
		run_loop_until(bench, output_has_ended);
		assert_shown(folder, "interval", cases[i].interval);
		snprintf(pid, sizeof pid, "%d", (int)bench->seen[0].pid);
		assert_shown(folder, "pid", cases[i].interval[0] != '(' ? pid : "(unset)");
		socket = children_slurp(folder, "socket", NULL);
		assert_int_equal(socket[0], cases[i].socket ? '@' : '(');
		free(socket);
	}
	children_remove_folder(folder);
}

static void a_word_costs_no_descriptor_once_the_run_is_over(void **state)
{
	struct bench *bench = *state;
	int before = 0;

	bench->service[0].ready.kind = PROBE_NOTIFY;
	for (int i = 0; i < 5; i++) {
		bench->seen[0] = (struct seen){0};
		start_notifier(bench, "send", "READY=1", NULL);
		run_loop_until(bench, output_has_ended);
		assert_string_equal(bench->seen[0].events, "started ready exited(0) output_ended");
		before = i == 0 ? children_count_fds() : before;
		assert_int_equal(children_count_fds(), before);
	}
}

static void count_kills(const char *path, int kills)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "oom_kill %d\n", kills);
	fclose(file);
}

static void a_kill_for_want_of_memory_is_told_from_others(void **state)
{
	enum { NOBODY_COUNTED, COUNTED, BY_SIGNAL, BY_KILL, OTHER_SIGNAL, CASES };
	struct bench *bench = *state;
	char *folder = children_make_folder(), none[128], path[128];
	const struct oom_sources sources = {.groups = none, .vmstat = path};
	struct engine *usual = bench->engine;

	snprintf(path, sizeof path, "%s/vmstat", folder);
	snprintf(none, sizeof none, "%s/none", folder);
	count_kills(path, 7);
	bench->engine = engine_native.create(&(struct engine_options){.base = bench->base,
								      .stack = &bench->stack,
								      .environment = &bench->environment,
								      .telemetry = &bench->telemetry,
								      .oom = &sources,
								      .events = &events,
								      .context = bench},
					     NULL);
	for (int i = 0; i < CASES; i++) {
		bench->seen[0] = (struct seen){0};
		START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
		run_loop_until(bench, has_said_ready);
		count_kills(path, 7 + i); /* but for the first there was one, whoever it was for */
		if (i == BY_SIGNAL)
			engine_native.signal(bench->engine, 0, SIGKILL);
		else if (i == BY_KILL)
			engine_native.kill(bench->engine, 0);
		else
			kill(bench->seen[0].pid, i == OTHER_SIGNAL ? SIGTERM : SIGKILL);
		run_loop_until(bench, output_has_ended);
		assert_true(bench->seen[0].exit.signaled);
		assert_int_equal(bench->seen[0].exit.oom, i == COUNTED);
	}
	engine_native.destroy(bench->engine);
	bench->engine = usual;
	children_remove_folder(folder);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(its_own_word_comes_before_its_end),
		TEST(last_words_after_many_are_not_lost),
		TEST(what_it_needs_to_say_so_is_in_its_environment),
		TEST(a_word_costs_no_descriptor_once_the_run_is_over),
		TEST(a_kill_for_want_of_memory_is_told_from_others),
	};
#undef TEST

	return cmocka_run_group_tests_name("native: its own word", tests, NULL, NULL);
}
