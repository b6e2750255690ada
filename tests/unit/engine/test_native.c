/* SPDX-License-Identifier: MIT */
/* The native engine with real processes: what is reported and when, output, signals, and what a service leaves behind. */
#include "launcher/engine/engine.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/process/notify.h"
#include "launcher/process/oom.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UNITS 4
#define TEXT_BYTES 8192

struct seen {
	char events[256]; /* "started exited(3) output_ended" */
	char text[2][TEXT_BYTES]; /* by stream; what does not fit is only counted */
	size_t bytes[2];
	char failure[512], status[64];
	enum err_code failure_code;
	struct engine_exit exit;
	pid_t pid;
	int ended; /* number of reports that a run has ended */
	bool cleared, output_ended;
};

struct bench {
	struct event_base *base;
	struct event *signals;
	int signal_fd;
	struct engine *engine;
	struct service service[UNITS];
	struct seen seen[UNITS];
	struct stack stack;
	struct strmap environment, telemetry;
	bool hold; /* output is refused */
	bool in_start;
	int strangers;
};

/* ---- What the engine reports ---- */

static struct seen *note(struct bench *bench, unsigned unit, const char *event)
{
	struct seen *seen = &bench->seen[unit];
	size_t used = strlen(seen->events);

	assert_false(bench->in_start); /* reports come from the loop */
	snprintf(seen->events + used, sizeof seen->events - used, "%s%s", used > 0 ? " " : "", event);
	return seen;
}

static void on_started(void *context, unsigned unit, pid_t pid)
{
	note(context, unit, "started")->pid = pid;
}

static void on_start_failed(void *context, unsigned unit, const struct err *why)
{
	struct seen *seen = note(context, unit, "failed");

	assert_true(why->count > 0);
	snprintf(seen->failure, sizeof seen->failure, "%s", why->items[0].message);
	seen->failure_code = why->code;
	seen->ended++;
}

static void on_exited(void *context, unsigned unit, const struct engine_exit *how)
{
	char event[64];
	struct seen *seen;

	snprintf(event, sizeof event, "%s(%d)%s", how->signaled ? "killed" : "exited",
		 how->signaled ? how->signal : how->code, how->leftovers ? "+" : "");
	seen = note(context, unit, event);
	seen->exit = *how;
	seen->ended++;
}

static void on_cleared(void *context, unsigned unit)
{
	note(context, unit, "cleared")->cleared = true;
}

static void on_notified(void *context, unsigned unit, const struct notify_message *message)
{
	struct seen *seen = note(context, unit, message->ready ? "ready" : "said");

	snprintf(seen->status, sizeof seen->status, "%.60s", message->status);
}

static bool on_output(void *context, unsigned unit, enum engine_stream stream, const char *bytes, size_t size_bytes)
{
	struct bench *bench = context;
	struct seen *seen = &bench->seen[unit];
	size_t used = strlen(seen->text[stream]), room = TEXT_BYTES - 1 - used;

	memcpy(seen->text[stream] + used, bytes, size_bytes < room ? size_bytes : room);
	seen->bytes[stream] += size_bytes;
	return !bench->hold;
}

static void on_output_ended(void *context, unsigned unit)
{
	note(context, unit, "output_ended")->output_ended = true;
}

static const struct engine_events events = {.started = on_started,
					    .start_failed = on_start_failed,
					    .exited = on_exited,
					    .cleared = on_cleared,
					    .notified = on_notified,
					    .output = on_output,
					    .output_ended = on_output_ended};

/* ---- The loop around it ---- */

static void on_signal(evutil_socket_t fd, short what, void *context)
{
	struct bench *bench = context;
	struct signalfd_siginfo info;
	siginfo_t child = {0};

	(void)what;
	while (read(fd, &info, sizeof info) > 0)
		;
	while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG) == 0 && child.si_pid != 0) {
		struct engine_exit how = {.signaled = child.si_code != CLD_EXITED};

		if (how.signaled)
			how.signal = child.si_status;
		else
			how.code = child.si_status;
		if (!engine_native.reaped(bench->engine, child.si_pid, &how))
			bench->strangers++;
		child.si_pid = 0;
	}
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct engine_options options = {.marker = "UPFRONT_STACK=test", .events = &events, .context = bench};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bench->base = event_base_new();
	bench->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	bench->signals = event_new(bench->base, bench->signal_fd, EV_READ | EV_PERSIST, on_signal, bench);
	event_add(bench->signals, NULL);
	strmap_init(&bench->environment);
	strmap_init(&bench->telemetry);
	strmap_set(&bench->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&bench->environment, "SHARED", "of up");
	strmap_set(&bench->environment, "UPFRONT_TELEMETRY", "of up");
	strmap_set(&bench->telemetry, "UPFRONT_TELEMETRY", "off");
	for (size_t i = 0; i < UNITS; i++)
		strmap_init(&bench->service[i].environment);
	bench->stack.services = bench->service;
	bench->stack.service_count = UNITS;
	options.base = bench->base;
	options.stack = &bench->stack;
	options.environment = &bench->environment;
	options.telemetry = &bench->telemetry;
	bench->engine = engine_native.create(&options, NULL);
	assert_non_null(bench->engine);
	*state = bench;
	return 0;
}

/* The engine's end kills what still runs; then nothing may be left of any test. */
static int teardown(void **state)
{
	struct bench *bench = *state;
	int64_t deadline = children_now_ms() + 5000;
	bool none;

	engine_native.destroy(bench->engine);
	do {
		struct signalfd_siginfo info;

		while (waitpid(-1, NULL, WNOHANG) > 0 || read(bench->signal_fd, &info, sizeof info) > 0)
			;
		none = children_none_left();
	} while (!none && children_now_ms() < deadline &&
		 children_readable(bench->signal_fd, (int)(deadline - children_now_ms())));
	guard_sweep(NULL, 2000);
	event_free(bench->signals);
	event_base_free(bench->base);
	close(bench->signal_fd);
	for (size_t i = 0; i < UNITS; i++)
		strmap_finish(&bench->service[i].environment);
	strmap_finish(&bench->environment);
	strmap_finish(&bench->telemetry);
	free(bench);
	return none ? 0 : -1;
}

static void run_loop_until(struct bench *bench, bool (*holds)(const struct bench *bench))
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;

	while (!holds(bench)) {
		struct timeval second = {.tv_sec = 1};

		if (children_now_ms() > deadline)
			fail_msg("waited in vain; unit 0: %s; said \"%s\"", bench->seen[0].events,
				 bench->seen[0].text[ENGINE_STDOUT]);
		event_base_loopexit(bench->base, &second);
		event_base_loop(bench->base, EVLOOP_ONCE);
	}
}

static bool has_ended(const struct bench *bench)
{
	return bench->seen[0].ended > 0;
}

static bool output_has_ended(const struct bench *bench)
{
	return bench->seen[0].output_ended;
}

static bool is_cleared(const struct bench *bench)
{
	return bench->seen[0].cleared;
}

static bool has_said_ready(const struct bench *bench)
{
	return strstr(bench->seen[0].text[ENGINE_STDOUT], "ready") != NULL;
}

static void start(struct bench *bench, unsigned unit, const char *const *argv)
{
	bench->service[unit].name = "test";
	bench->service[unit].argv = argv;
	bench->in_start = true;
	engine_native.start(bench->engine, unit, &bench->service[unit], 1);
	bench->in_start = false;
}

/* Unit 0 as a shell script. The array lives in the caller's frame: the engine reads argv only while starting. */
#define START_SCRIPT(bench, unit, script)                                         \
	do {                                                                      \
		const char *const start_argv[] = {"/bin/sh", "-c", script, NULL}; \
		start(bench, unit, start_argv);                                   \
	} while (0)

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

/* ---- Life ---- */

static void reports_come_in_order_with_all_output_before_the_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "echo out; echo err >&2; printf 'part'; exit 3");
	assert_string_equal(bench->seen[0].events, "");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "out\npart");
	assert_string_equal(bench->seen[0].text[ENGINE_STDERR], "err\n");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(3) output_ended");
	assert_true(bench->seen[0].pid > 0);
}

static void an_end_by_a_signal_is_told_as_one(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "kill -SEGV $$");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(11) output_ended");
}

static void last_words_are_never_lost(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 100; i++) {
		bench->seen[0] = (struct seen){0};
		START_SCRIPT(bench, 0, "printf 'line\nlast words'; kill -KILL $$");
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "line\nlast words");
	}
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

static void what_cannot_start_is_told_as_what_it_is(void **state)
{
	static const struct {
		const char *argv[2];
		const char *working_dir, *user;
		const char *message;
	} cases[] = {
		{{"no-such-program", NULL}, NULL, NULL, "no-such-program"},
		{{"/etc/passwd", NULL}, NULL, NULL, "/etc/passwd"},
		{{"true", NULL}, "/no/such/folder", NULL, "/no/such/folder"},
		{{"true", NULL}, NULL, "no-such-user", "no-such-user"},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bench->seen[0] = (struct seen){0};
		bench->service[0].working_dir = cases[i].working_dir;
		bench->service[0].user = cases[i].user;
		start(bench, 0, cases[i].argv);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].events, "failed");
		assert_int_equal(bench->seen[0].failure_code, ERR_MISSING);
		if (strstr(bench->seen[0].failure, cases[i].message) == NULL)
			fail_msg("\"%s\" does not name %s", bench->seen[0].failure, cases[i].message);
	}
}

static void nothing_to_run_is_no_crash(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, NULL);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "failed");

	bench->seen[0] = (struct seen){0};
	bench->service[0].kind = SERVICE_CONTAINER;
	start(bench, 0, NULL);
	run_loop_until(bench, has_ended);
	assert_int_equal(bench->seen[0].failure_code, ERR_MISSING);
	assert_non_null(strstr(bench->seen[0].failure, "container engine"));
}

static void environment_is_laid_in_order(void **state)
{
	static const char script[] = "echo \"$SHARED|$OWN|$UPFRONT_TELEMETRY|$UPFRONT_STACK|${UPFRONT_UNIT:+set}\"";
	struct bench *bench = *state;

	strmap_set(&bench->service[0].environment, "SHARED", "of service");
	strmap_set(&bench->service[0].environment, "OWN", "own");
	strmap_set(&bench->service[0].environment, "UPFRONT_TELEMETRY", "on"); /* cannot be turned by a service */
	START_SCRIPT(bench, 0, script);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "of service|own|off|test|set\n");
}

static void units_get_the_file_limit_we_had(void **state)
{
	struct bench *bench = *state;
	struct rlimit limit;

	/* Creating the engine raised ours to the hard limit; units still get the soft one of before. */
	engine_native.destroy(bench->engine);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 333;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	bench->engine = engine_native.create(&(struct engine_options){.base = bench->base,
								      .stack = &bench->stack,
								      .environment = &bench->environment,
								      .telemetry = &bench->telemetry,
								      .events = &events,
								      .context = bench},
					     NULL);
	START_SCRIPT(bench, 0, "ulimit -Sn");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "333\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur == limit.rlim_max);
}

static void a_unit_runs_again_and_again_without_losing_descriptors(void **state)
{
	struct bench *bench = *state;
	int before = 0;

	for (int i = 0; i < 60; i++) {
		if (i == 2)
			before = children_count_fds();
		bench->seen[0] = (struct seen){0};
		if (i % 3 == 0)
			start(bench, 0, (const char *const[]){"no-such-program", NULL});
		else
			START_SCRIPT(bench, 0, "exit 0");
		run_loop_until(bench, has_ended);
	}
	bench->seen[0] = (struct seen){0};
	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	assert_true(children_count_fds() <= before + 2); /* the pipes of the one that runs */
}

static void a_second_start_of_a_running_unit_is_ignored(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	START_SCRIPT(bench, 0, "echo second");
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\n");
	assert_string_equal(bench->seen[0].events, "started killed(15) output_ended");
}

/* ---- Streams ---- */

static void stdin_is_empty_unless_held_open(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, (const char *const[]){"cat", NULL});
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");

	bench->seen[0] = (struct seen){0};
	bench->service[0].stdin_open = true;
	START_SCRIPT(bench, 0, "echo ready; read line || exit 9; echo got");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGKILL), 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(9) output_ended");
}

static void a_tty_service_gets_a_terminal(void **state)
{
	struct bench *bench = *state;

	bench->service[0].tty = true;
	START_SCRIPT(bench, 0, "test -t 0 && test -t 1 && test -t 2 && stty size && : </dev/tty && echo ready");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "24 80\r\nready\r\n");
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");
}

static bool other_has_said_hello(const struct bench *bench)
{
	return strstr(bench->seen[1].text[ENGINE_STDOUT], "hello") != NULL;
}

static void a_flood_does_not_drown_the_others(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, (const char *const[]){"yes", NULL});
	START_SCRIPT(bench, 1, "echo hello; exec sleep 1000");
	run_loop_until(bench, other_has_said_hello);
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(9) output_ended");
}

static bool nothing(const struct bench *bench)
{
	static int turns;

	(void)bench;
	return ++turns % 5 == 0;
}

static void held_output_waits_in_the_pipe(void **state)
{
	struct bench *bench = *state;
	size_t held;

	bench->hold = true;
	START_SCRIPT(bench, 0, "head -c 1000000 /dev/zero | tr '\\0' x; echo ready");
	while (bench->seen[0].bytes[ENGINE_STDOUT] == 0)
		run_loop_until(bench, nothing);
	held = bench->seen[0].bytes[ENGINE_STDOUT];
	run_loop_until(bench, nothing);
	assert_int_equal(bench->seen[0].bytes[ENGINE_STDOUT], held);
	bench->hold = false;
	engine_native.resume_output(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	assert_int_equal(bench->seen[0].bytes[ENGINE_STDOUT], 1000000 + strlen("ready\n"));
}

static void who_holds_the_pipe_does_not_delay_the_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "sleep 1000 & echo ready; exit 5");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(5)+");
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\n");
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	run_loop_until(bench, is_cleared);
}

/* ---- Signals and what is left behind ---- */

static void a_signal_reaches_the_whole_group(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "sleep 1000 & sleep 1001 & echo ready; wait");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, output_has_ended); /* all three have let go of the pipe */
	if (bench->seen[0].exit.leftovers)
		run_loop_until(bench, is_cleared);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), -ESRCH);
	assert_int_equal(engine_native.signal(bench->engine, 99, SIGTERM), -ESRCH);
}

static void a_stopped_process_still_hears_that_it_should_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "trap 'exit 4' TERM; echo ready; kill -STOP $$; while :; do sleep 0.01; done");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, has_ended);
	assert_int_equal(bench->seen[0].exit.code, 4);
}

static void what_is_left_behind_is_signalled_once(void **state)
{
	struct bench *bench = *state;

	/* The shell ends at TERM; its child counts how often it hears it and goes at the first, a little later. */
	START_SCRIPT(bench, 0,
		     "sh -c 'n=0; trap \"n=\\$((n+1))\" TERM; echo ready;"
		     " while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.2; echo heard $n' & wait");
	run_loop_until(bench, has_said_ready);
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(15)+");
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, is_cleared);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\nheard 1\n");
}

static void those_that_left_the_group_are_found_and_killed(void **state)
{
	static const char *const scripts[] = {
		/* in a session of its own, the parent between ended */
		"setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait",
		"sh -c 'setsid sh -c \"trap : TERM; echo ready; while :; do sleep 0.05; done\" &'; exec sleep 1000",
		/* without the environment that would name it */
		"env -i setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait",
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		bench->seen[0] = (struct seen){0};
		bench->service[0].name = "test";
		START_SCRIPT(bench, 0, scripts[i]);
		run_loop_until(bench, has_said_ready);
		engine_native.signal(bench->engine, 0, SIGTERM);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].events, "started killed(15)+");
		engine_native.kill(bench->engine, 0);
		run_loop_until(bench, is_cleared);
		run_loop_until(bench, output_has_ended);
	}
}

static void what_a_killed_leftover_leaves_is_killed_too(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "setsid sh -c 'setsid sleep 1000 & setsid sleep 1001 & echo ready; wait' & sleep 1002");
	run_loop_until(bench, has_said_ready);
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, has_ended);
	if (bench->seen[0].exit.leftovers)
		run_loop_until(bench, is_cleared);
	run_loop_until(bench, output_has_ended);
}

static void a_running_unit_is_no_leftover_of_another(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 1, "echo hello; sleep 1000");
	run_loop_until(bench, other_has_said_hello);
	START_SCRIPT(bench, 0, "exit 0");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");
	assert_string_equal(bench->seen[1].events, "started");
}

static bool stranger_was_seen(const struct bench *bench)
{
	return bench->strangers > 0;
}

static void strangers_are_not_ours(void **state)
{
	struct bench *bench = *state;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	run_loop_until(bench, stranger_was_seen);
	assert_int_equal(bench->strangers, 1);
}

static void usage_is_that_of_the_whole_tree(void **state)
{
	struct bench *bench = *state;
	struct engine_stats stats;

	assert_int_equal(engine_native.stats(bench->engine, 0, &stats), -ESRCH);
	START_SCRIPT(bench, 0, "sleep 1000 & echo ready; wait");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.stats(bench->engine, 0, &stats), 0);
	assert_in_range(stats.processes, 1, 2);
	assert_true(stats.rss_bytes > 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(reports_come_in_order_with_all_output_before_the_end),
		TEST(an_end_by_a_signal_is_told_as_one),
		TEST(last_words_are_never_lost),
		TEST(its_own_word_comes_before_its_end),
		TEST(what_it_needs_to_say_so_is_in_its_environment),
		TEST(a_word_costs_no_descriptor_once_the_run_is_over),
		TEST(a_kill_for_want_of_memory_is_told_from_others),
		TEST(what_cannot_start_is_told_as_what_it_is),
		TEST(nothing_to_run_is_no_crash),
		TEST(environment_is_laid_in_order),
		TEST(units_get_the_file_limit_we_had),
		TEST(a_unit_runs_again_and_again_without_losing_descriptors),
		TEST(a_second_start_of_a_running_unit_is_ignored),
		TEST(stdin_is_empty_unless_held_open),
		TEST(a_tty_service_gets_a_terminal),
		TEST(a_flood_does_not_drown_the_others),
		TEST(held_output_waits_in_the_pipe),
		TEST(who_holds_the_pipe_does_not_delay_the_end),
		TEST(a_signal_reaches_the_whole_group),
		TEST(a_stopped_process_still_hears_that_it_should_end),
		TEST(what_is_left_behind_is_signalled_once),
		TEST(those_that_left_the_group_are_found_and_killed),
		TEST(what_a_killed_leftover_leaves_is_killed_too),
		TEST(a_running_unit_is_no_leftover_of_another),
		TEST(strangers_are_not_ours),
		TEST(usage_is_that_of_the_whole_tree),
	};
#undef TEST

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
