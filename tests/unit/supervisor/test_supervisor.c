/* SPDX-License-Identifier: MIT */
/*
 * The supervisor as the process it is: runs small stacks with real programs in a forked child, with everything below it real.
 * Services write what they do into one file, "trace", whose lines tell the order; the exit code and the control by signals
 * and leash tell the rest. Nothing may be left when it has ended.
 */
#include "launcher/supervisor/supervisor.h"

#include "config/err.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/supervisor/ctl.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVICES_MAX 6
#define DEPENDS_MAX 3

struct play {
	char *folder;
	struct stack stack;
	struct service services[SERVICES_MAX];
	struct dependency dependencies[SERVICES_MAX][DEPENDS_MAX];
	const char *argv[SERVICES_MAX][4];
	struct strmap environment;
	bool member[SERVICES_MAX];
	bool select;
	int leash[2]; /* [0] the supervisor's */
	int guard_fd;
	int listen_fd;
	char socket_path[128];
	char mark[64];
	pid_t pid;
	int64_t begin_ms;
};

/* ---- Making a stack by hand ---- */

static int setup(void **state)
{
	struct play *play = calloc(1, sizeof *play);
	char path[128];

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	play->folder = children_make_folder();
	play->stack = (struct stack){
		.name = "play", .app = "play", .dir = play->folder, .services = play->services, .warnings = ERR_INIT};
	play->leash[0] = play->leash[1] = play->guard_fd = play->listen_fd = -1;
	strmap_init(&play->environment);
	strmap_set(&play->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&play->environment, "HOME", play->folder);
	snprintf(path, sizeof path, "%s/trace", play->folder);
	strmap_set(&play->environment, "TRACE", path);
	snprintf(play->mark, sizeof play->mark, "UPFRONT_STACK=%s", play->folder);
	snprintf(play->socket_path, sizeof play->socket_path, "%s/control.sock", play->folder);
	*state = play;
	return 0;
}

/* A script as a service. `$TRACE` is the common file; `say WORD` appends a line to it. */
static struct service *add(struct play *play, const char *name, const char *script)
{
	size_t index = play->stack.service_count++;
	struct service *service = &play->services[index];
	char *text;

	assert_true(asprintf(&text, "say() { echo \"$*\" >>\"$TRACE\"; }\n%s", script) > 0);
	play->argv[index][0] = "/bin/sh";
	play->argv[index][1] = "-c";
	play->argv[index][2] = text;
	*service = (struct service){
		.name = name,
		.argv = play->argv[index],
		.working_dir = play->folder,
		.depends_on = play->dependencies[index],
		.restart = {RESTART_NO, 0, 50, 400, 60000, false},
		.stop = {SIGTERM, 10000},
		.replicas = 1,
		.log_max_size_bytes = 1 << 20,
		.log_max_files = 2,
		.place = {"compose.yaml", (int)index + 1, 1},
	};
	strmap_init(&service->environment);
	return service;
}

static void depends(struct play *play, size_t from, size_t on, enum depend_condition condition)
{
	struct service *service = &play->services[from];

	play->dependencies[from][service->depends_on_count++] = (struct dependency){
		.service = play->services[on].name, .index = on, .condition = condition, .required = true};
}

static struct probe_spec file_probe(const char *const *argv)
{
	return (struct probe_spec){.kind = PROBE_EXEC,
				   .argv = argv,
				   .interval_ms = 100,
				   .start_interval_ms = 50,
				   .timeout_ms = 5000,
				   .retries = 3};
}

/* Stays until it is told to end, and says both. */
#define SERVER(name) "trap 'say " name " ends; exit 0' TERM; say " name " runs; while :; do sleep 0.02; done"

/* ---- Running it ---- */

static void begin(struct play *play)
{
	play->begin_ms = children_now_ms();
	play->pid = fork();
	assert_true(play->pid >= 0);
	if (play->pid == 0) {
		const struct supervisor_options options = {
			.stack = &play->stack,
			.environment = &play->environment,
			.member = play->select ? play->member : NULL,
			.state_dir = play->folder,
			.listen_fd = play->listen_fd,
			.socket_path = play->socket_path,
			.leash_fd = play->leash[0],
			.guard_fd = play->guard_fd,
			.lock_fd = -1,
			.consent = {.state = CONSENT_OFF, .reason = CONSENT_BY_NO_ENDPOINT},
			.marker_value = play->folder,
			.begin_ms = play->begin_ms,
		};

		if (play->leash[1] >= 0)
			close(play->leash[1]);
		_exit(supervisor_run(&options));
	}
	if (play->leash[0] >= 0)
		close(play->leash[0]);
	play->leash[0] = -1;
}

static char *trace(const struct play *play)
{
	char *text = children_slurp(play->folder, "trace", NULL);

	return text != NULL ? text : strdup("");
}

static bool trace_has(const struct play *play, const char *text, int times)
{
	char *all = trace(play);
	int count = 0;

	for (const char *at = strstr(all, text); at != NULL; at = strstr(at + 1, text))
		count++;
	free(all);
	return count >= times;
}

/* Waits for the folder to change until the trace holds `text` so many times. */
static void await(const struct play *play, const char *text, int times)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];

	assert_true(inotify_add_watch(fd, play->folder, IN_MODIFY | IN_CREATE) >= 0);
	while (!trace_has(play, text, times)) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (children_now_ms() > deadline)
			fail_msg("never said: %s", text);
		poll(&poll_fd, 1, 1000);
		while (read(fd, events, sizeof events) > 0)
			;
	}
	close(fd);
}

static void assert_trace(const struct play *play, const char *wanted)
{
	char *text = trace(play);

	if (strcmp(text, wanted) != 0)
		fail_msg("the trace is\n%s\nwanted\n%s", text, wanted);
	free(text);
}

/* Its exit code; nothing marked as of this stack lives any more. */
static int end_of(struct play *play)
{
	struct proc_list list = {0};
	int code = children_wait(play->pid);

	play->pid = 0;
	assert_int_equal(descendants_find(0, play->mark, &list), 0);
	if (list.count != 0)
		fail_msg("%zu processes are left", list.count);
	proc_list_finish(&list);
	assert_int_not_equal(access(play->socket_path, F_OK), 0);
	return code;
}

static int teardown(void **state)
{
	struct play *play = *state;

	if (play->pid > 0)
		kill(play->pid, SIGKILL);
	guard_sweep(NULL, 5000);
	for (size_t i = 0; i < play->stack.service_count; i++) {
		strmap_finish(&play->services[i].environment);
		free((char *)play->argv[i][2]);
	}
	for (int i = 0; i < 2; i++) {
		if (play->leash[i] >= 0)
			close(play->leash[i]);
	}
	if (play->listen_fd >= 0)
		close(play->listen_fd);
	strmap_finish(&play->environment);
	children_remove_folder(play->folder);
	free(play);
	return 0;
}

/* ---- Order ---- */

static void jobs_come_before_those_who_wait_for_them(void **state)
{
	struct play *play = *state;

	add(play, "web", "say web");
	add(play, "migrate", "say migrate");
	add(play, "init", "sleep 0.1; say init");
	depends(play, 0, 1, DEPEND_COMPLETED);
	depends(play, 1, 2, DEPEND_COMPLETED);
	begin(play);
	assert_int_equal(end_of(play), 0); /* all jobs, all well: over by itself */
	assert_trace(play, "init\nmigrate\nweb\n");
}

static void independent_services_start_side_by_side(void **state)
{
	struct play *play = *state;

	/* Each waits for the other's word: started one after the other they would wait for ever. */
	add(play, "a", "say a; until grep -q b \"$TRACE\"; do sleep 0.01; done");
	add(play, "b", "until grep -q a \"$TRACE\"; do sleep 0.01; done; say b");
	begin(play);
	assert_int_equal(end_of(play), 0);
}

static void health_is_waited_for(void **state)
{
	static const char *const check[] = {"test", "-e", "healthy", NULL};
	struct play *play = *state;

	add(play, "db", "say db; sleep 0.15; say db healthy; : >healthy; exec sleep 1000");
	add(play, "web", "say web; exec sleep 1000");
	play->services[0].healthcheck = file_probe(check);
	depends(play, 1, 0, DEPEND_HEALTHY);
	begin(play);
	await(play, "web", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_trace(play, "db\ndb healthy\nweb\n");
}

static void a_log_line_makes_ready(void **state)
{
	struct play *play = *state;

	add(play, "db", "say db; echo starting; echo 'now ready to serve'; exec sleep 1000");
	add(play, "web", "say web; exec sleep 1000");
	play->services[0].ready = (struct probe_spec){
		.kind = PROBE_LOG, .regex = "ready to [a-z]+", .interval_ms = 10000, .timeout_ms = 10000, .retries = 3};
	depends(play, 1, 0, DEPEND_HEALTHY);
	begin(play);
	await(play, "web", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
}

static void stop_goes_in_reverse(void **state)
{
	struct play *play = *state;

	add(play, "web", SERVER("web"));
	add(play, "api", SERVER("api"));
	add(play, "db", SERVER("db"));
	depends(play, 0, 1, DEPEND_STARTED);
	depends(play, 1, 2, DEPEND_STARTED);
	begin(play);
	await(play, "runs", 3);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_true(trace_has(play, "web ends\napi ends\ndb ends\n", 1));
}

static void dependencies_wait_for_what_a_dependent_left_behind(void **state)
{
	struct play *play = *state;

	/* The shell of "web" ends at once, its child takes its time to say good-bye. */
	add(play, "web",
	    "(trap 'sleep 0.2; say web ends; exit' TERM; say web runs; while :; do sleep 0.02; done) & wait");
	add(play, "db", SERVER("db"));
	depends(play, 0, 1, DEPEND_STARTED);
	begin(play);
	await(play, "runs", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_true(trace_has(play, "web ends\ndb ends\n", 1));
}

static void stubborn_services_are_killed_in_one_grace_period_not_in_many(void **state)
{
	struct play *play = *state;
	int64_t before;

	for (int i = 0; i < 4; i++) {
		add(play, "stubborn", "trap '' TERM; say runs; while :; do sleep 0.05; done");
		play->services[i].stop.grace_ms = 300;
	}
	begin(play);
	await(play, "runs", 4);
	before = children_now_ms();
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_in_range(children_now_ms() - before, 300, 1100);
}

static void only_what_was_selected_runs(void **state)
{
	struct play *play = *state;

	add(play, "db", "say db");
	add(play, "web", "say web");
	add(play, "other", "say other");
	depends(play, 1, 0, DEPEND_COMPLETED);
	play->select = true;
	play->member[1] = true; /* alone, as with --no-deps: nobody waits for what is not there */
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_trace(play, "web\n");
}

static void replicas_are_units_of_their_own(void **state)
{
	struct play *play = *state;

	add(play, "worker", "say worker");
	play->services[0].replicas = 3;
	add(play, "after", "say after");
	depends(play, 1, 0, DEPEND_COMPLETED);
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_trace(play, "worker\nworker\nworker\nafter\n");
}

static void services_know_neither_our_variables_nor_more_than_they_are_told(void **state)
{
	struct play *play = *state;

	strmap_set(&play->environment, "UPFRONT_METRICS", "/of/another");
	strmap_set(&play->environment, "UPFRONT_STACK", "another");
	add(play, "web", "say \"${UPFRONT_METRICS:-none} $UPFRONT_STACK $UPFRONT_TELEMETRY $DO_NOT_TRACK\"");
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_true(trace_has(play, "none /tmp/", 1));
	assert_true(trace_has(play, " off 1\n", 1));
}

static void output_is_kept_to_the_last_byte(void **state)
{
	struct play *play = *state;
	char *log;

	add(play, "web", "echo out; echo err >&2; printf last");
	begin(play);
	assert_int_equal(end_of(play), 0);
	log = children_slurp(play->folder, "logs/web.log", NULL);
	assert_non_null(log);
	assert_non_null(strstr(log, "out\n"));
	assert_non_null(strstr(log, "err\n"));
	assert_int_equal(strlen(log), strlen("out\nerr\nlast"));
	free(log);
}

/* ---- Failure ---- */

static void a_service_that_fails_at_once_takes_the_start_down(void **state)
{
	struct play *play = *state;

	add(play, "db", SERVER("db"));
	add(play, "web", "until grep -q 'db runs' \"$TRACE\"; do sleep 0.01; done; exit 3");
	depends(play, 1, 0, DEPEND_STARTED);
	add(play, "job", "sleep 1000"); /* keeps the stack from being up */
	add(play, "late", "say late");
	depends(play, 3, 2, DEPEND_COMPLETED);
	begin(play);
	assert_int_equal(end_of(play), 1);
	assert_trace(play, "db runs\ndb ends\n");
}

static void a_missing_command_is_told_as_missing_whatever_the_restart_policy(void **state)
{
	struct play *play = *state;

	add(play, "web", "");
	play->argv[0][0] = "no-such-command";
	play->services[0].restart.when = RESTART_ALWAYS;
	begin(play);
	assert_int_equal(end_of(play), ERR_MISSING);
}

static void never_ready_fails_after_its_retries(void **state)
{
	static const char *const check[] = {"false", NULL};
	struct play *play = *state;

	add(play, "web", SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	begin(play);
	assert_int_equal(end_of(play), 1);
	assert_in_range(children_now_ms() - play->begin_ms, 300, 5000);
	assert_trace(play, "web runs\nweb ends\n");
}

static void a_failed_job_fails_those_who_wait_for_it(void **state)
{
	struct play *play = *state;

	add(play, "migrate", "exit 1");
	add(play, "web", "say web");
	depends(play, 1, 0, DEPEND_COMPLETED);
	begin(play);
	assert_int_equal(end_of(play), 1);
	assert_trace(play, "");
}

static void an_optional_dependency_may_fail_later_but_stops_nobody(void **state)
{
	struct play *play = *state;

	add(play, "web", "say web");
	play->dependencies[0][0] = (struct dependency){.service = "gone", .index = SIZE_MAX};
	play->services[0].depends_on_count = 1;
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_trace(play, "web\n");
}

static void a_cycle_starts_nothing(void **state)
{
	struct play *play = *state;

	add(play, "a", "say a");
	add(play, "b", "say b");
	depends(play, 0, 1, DEPEND_STARTED);
	depends(play, 1, 0, DEPEND_STARTED);
	begin(play);
	assert_int_equal(end_of(play), ERR_CONFIG);
	assert_trace(play, "");
}

static void a_failure_after_the_start_counts_when_the_stack_ends_by_itself(void **state)
{
	struct play *play = *state;

	/* Both run (and so the stack is up) before either ends. */
	add(play, "bad", "say up; until grep -q go \"$TRACE\"; do sleep 0.01; done; exit 7");
	add(play, "good", "say up; sleep 0.2; say go; sleep 0.2; say good ends");
	begin(play);
	assert_int_equal(end_of(play), 1);
	assert_true(trace_has(play, "good ends", 1)); /* the failure of one did not end the other */
}

/* ---- Restart ---- */

static void a_crash_is_mended_at_once_and_a_loop_slows_down(void **state)
{
	struct play *play = *state;
	int64_t took;

	add(play, "web", "say web; exit 1");
	play->services[0].restart.when = RESTART_ON_FAILURE;
	play->services[0].restart.limit = 4;
	begin(play);
	assert_int_equal(end_of(play), 1);
	took = children_now_ms() - play->begin_ms;
	assert_true(trace_has(play, "web\n", 5));
	assert_false(trace_has(play, "web\n", 6));
	assert_in_range(took, 0 + 50 + 100 + 200, 3000); /* the delays of four restarts */
}

static void a_killed_service_comes_back(void **state)
{
	struct play *play = *state;

	add(play, "web", "say $$; exec sleep 1000");
	play->services[0].restart.when = RESTART_ALWAYS;
	begin(play);
	await(play, "\n", 1);
	char *first = trace(play);
	kill((pid_t)atoi(first), SIGKILL);
	free(first);
	await(play, "\n", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
}

static void ill_health_restarts_where_that_is_asked_for(void **state)
{
	static const char *const check[] = {"test", "!", "-e", "ill", NULL};
	struct play *play = *state;

	add(play, "web", "rm -f ill; " SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	play->services[0].restart.on_unhealthy = true;
	begin(play);
	await(play, "web runs", 1);
	char path[160];
	snprintf(path, sizeof path, "%s/ill", play->folder);
	/* Only a unit that has been ready is restarted: before that it would fail the start. */
	char *log = NULL;
	for (int64_t deadline = children_now_ms() + 5000; log == NULL && children_now_ms() < deadline;)
		log = children_slurp(play->folder, "logs/web.log", NULL);
	free(log);
	poll(NULL, 0, 300);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	await(play, "web runs", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_true(trace_has(play, "web ends", 2));
}

/* ---- Who else may die ---- */

static void when_the_terminal_dies_all_is_gone_within_two_seconds(void **state)
{
	struct play *play = *state;
	int64_t before;

	assert_int_equal(pipe2(play->leash, O_CLOEXEC), 0);
	/* Three stubborn ones in a chain, and one that left its session. */
	for (int i = 0; i < 3; i++) {
		add(play,
		    i == 0   ? "a"
		    : i == 1 ? "b"
			     : "c",
		    "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & say runs;"
		    " while :; do sleep 0.1; done");
		if (i > 0)
			depends(play, (size_t)i, (size_t)i - 1, DEPEND_STARTED);
	}
	begin(play);
	await(play, "runs", 3);
	before = children_now_ms();
	close(play->leash[1]);
	play->leash[1] = -1;
	assert_int_equal(end_of(play), 0);
	assert_true(children_now_ms() - before < 2000);
}

static void when_the_guard_dies_all_is_gone_at_once(void **state)
{
	struct play *play = *state;
	int guard[2];
	int64_t before;

	/* A pipe in the place of the pidfd: readable is all it takes. */
	assert_int_equal(pipe2(guard, O_CLOEXEC), 0);
	play->guard_fd = guard[0];
	add(play, "a", "trap '' TERM; say runs; while :; do sleep 0.1; done");
	begin(play);
	await(play, "runs", 1);
	before = children_now_ms();
	assert_int_equal(write(guard[1], "x", 1), 1);
	assert_int_equal(end_of(play), 1);
	assert_true(children_now_ms() - before < 1500);
	close(guard[0]);
	close(guard[1]);
	play->guard_fd = -1;
}

static void term_before_the_stack_is_up_is_told(void **state)
{
	struct play *play = *state;

	add(play, "job", "say job; exec sleep 1000");
	add(play, "web", "say web");
	depends(play, 1, 0, DEPEND_COMPLETED);
	begin(play);
	await(play, "job", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 143);
	assert_trace(play, "job\n");
}

static void hang_up_interrupt_and_broken_pipes_do_not_matter(void **state)
{
	struct play *play = *state;

	add(play, "web", SERVER("web"));
	begin(play);
	await(play, "web runs", 1);
	kill(play->pid, SIGHUP);
	kill(play->pid, SIGINT);
	kill(play->pid, SIGPIPE);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(jobs_come_before_those_who_wait_for_them),
		TEST(independent_services_start_side_by_side),
		TEST(health_is_waited_for),
		TEST(a_log_line_makes_ready),
		TEST(stop_goes_in_reverse),
		TEST(dependencies_wait_for_what_a_dependent_left_behind),
		TEST(stubborn_services_are_killed_in_one_grace_period_not_in_many),
		TEST(only_what_was_selected_runs),
		TEST(replicas_are_units_of_their_own),
		TEST(services_know_neither_our_variables_nor_more_than_they_are_told),
		TEST(output_is_kept_to_the_last_byte),
		TEST(a_service_that_fails_at_once_takes_the_start_down),
		TEST(a_missing_command_is_told_as_missing_whatever_the_restart_policy),
		TEST(never_ready_fails_after_its_retries),
		TEST(a_failed_job_fails_those_who_wait_for_it),
		TEST(an_optional_dependency_may_fail_later_but_stops_nobody),
		TEST(a_cycle_starts_nothing),
		TEST(a_failure_after_the_start_counts_when_the_stack_ends_by_itself),
		TEST(a_crash_is_mended_at_once_and_a_loop_slows_down),
		TEST(a_killed_service_comes_back),
		TEST(ill_health_restarts_where_that_is_asked_for),
		TEST(when_the_terminal_dies_all_is_gone_within_two_seconds),
		TEST(when_the_guard_dies_all_is_gone_at_once),
		TEST(term_before_the_stack_is_up_is_told),
		TEST(hang_up_interrupt_and_broken_pipes_do_not_matter),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
