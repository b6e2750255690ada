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
	char socket_path[100]; /* fits an address */
	char mark[64];
	char errors[128]; /* what it says on stderr */
	struct consent_decision consent;
	struct stack_source *source;
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
	snprintf(play->errors, sizeof play->errors, "%s/errors", play->folder);
	play->consent = (struct consent_decision){.state = CONSENT_OFF, .reason = CONSENT_BY_NO_ENDPOINT};
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
	fflush(NULL); /* the child ends by exit(), so that a leak checker sees it */
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
			.consent = play->consent,
			.source = play->source,
			.marker_value = play->folder,
			.begin_ms = play->begin_ms,
		};

		if (play->leash[1] >= 0)
			close(play->leash[1]);
		assert_non_null(freopen(play->errors, "a", stderr));
		setvbuf(stderr, NULL, _IONBF, 0);
		exit(supervisor_run(&options));
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

static int count_in(const struct play *play, const char *file, const char *text)
{
	char *all = children_slurp(play->folder, file, NULL);
	int count = 0;

	for (const char *at = all != NULL ? strstr(all, text) : NULL; at != NULL; at = strstr(at + 1, text))
		count++;
	free(all);
	return count;
}

static bool trace_has(const struct play *play, const char *text, int times)
{
	return count_in(play, "trace", text) >= times;
}

/* Waits for the folder to change until the file in it holds `text` so many times. */
static void await_in(const struct play *play, const char *file, const char *text, int times)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];

	assert_true(inotify_add_watch(fd, play->folder, IN_MODIFY | IN_CREATE) >= 0);
	while (count_in(play, file, text) < times) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (children_now_ms() > deadline)
			fail_msg("never said: %s", text);
		poll(&poll_fd, 1, 1000);
		while (read(fd, events, sizeof events) > 0)
			;
	}
	close(fd);
}

static void await(const struct play *play, const char *text, int times)
{
	await_in(play, "trace", text, times);
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

static void assert_said(const struct play *play, const char *text)
{
	char *errors = children_slurp(play->folder, "errors", NULL);

	if (errors == NULL || strstr(errors, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, errors != NULL ? errors : "");
	free(errors);
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
		static const char *const names[] = {"a", "b", "c", "d"};

		add(play, names[i], "trap '' TERM; say runs; while :; do sleep 0.05; done");
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
	assert_said(play, "service 'web' failed: exited with code 3");
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
	assert_said(play, "service 'web': ");
	assert_said(play, "no-such-command");
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
	assert_said(play, "service 'web' did not get ready: 'false': asked ");
	assert_said(play, "last answer: exit");
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
	assert_said(play, "service 'migrate' failed: exited with code 1");
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
	assert_said(play, "a -> b -> a");
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
	assert_said(play, "service 'bad' failed: exited with code 7");
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
	static const char *const check[] = {"sh", "-c", "test ! -e ill && echo well >>\"$TRACE\"", NULL};
	struct play *play = *state;
	char path[160];

	add(play, "web", "rm -f ill; " SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	play->services[0].restart.on_unhealthy = true;
	begin(play);
	/* The second "well" comes from a unit that is ready: before that ill health would fail the start. */
	await(play, "well", 2);
	snprintf(path, sizeof path, "%s/ill", play->folder);
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

/* ---- What the control API asks ---- */

/* One request on the control socket; the whole answer. The caller frees. */
static char *ask(const struct play *play, const char *method, const char *target, const char *body)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *answer = calloc(1, 65536);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", play->socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	dprintf(fd, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method, target,
		strlen(body), body);
	children_read(fd, NULL, answer, 65536);
	close(fd);
	return answer;
}

static void assert_answer(const struct play *play, const char *method, const char *target, const char *wanted)
{
	char *answer = ask(play, method, target, "");

	if (strstr(answer, wanted) == NULL)
		fail_msg("%s %s: \"%s\" is not in\n%s", method, target, wanted, answer);
	free(answer);
}

static void listen_for(struct play *play)
{
	play->listen_fd = ctl_listen(play->socket_path, NULL);
	assert_true(play->listen_fd >= 0);
}

static void services_are_stopped_with_their_dependents_and_started_with_their_needs(void **state)
{
	struct play *play = *state;

	listen_for(play);
	add(play, "db", SERVER("db"));
	add(play, "web", SERVER("web"));
	add(play, "other", SERVER("other"));
	depends(play, 1, 0, DEPEND_STARTED);
	begin(play);
	await(play, "runs", 3);
	assert_answer(play, "POST", "/v1/services/db/stop", "HTTP/1.1 20");
	await(play, "web ends\ndb ends\n", 1);
	assert_false(trace_has(play, "other ends", 1));
	assert_answer(play, "POST", "/v1/services/web/start", "HTTP/1.1 20");
	await(play, "db runs", 2);
	await(play, "web runs", 2);
	assert_answer(play, "POST", "/v1/stack/down", "HTTP/1.1 202");
	assert_int_equal(end_of(play), 0);
}

static void restart_takes_along_who_declares_it(void **state)
{
	struct play *play = *state;

	listen_for(play);
	add(play, "db", SERVER("db"));
	add(play, "web", SERVER("web"));
	add(play, "other", SERVER("other"));
	depends(play, 1, 0, DEPEND_STARTED);
	depends(play, 2, 0, DEPEND_STARTED);
	play->dependencies[1][0].restart = true;
	begin(play);
	await(play, "runs", 3);
	assert_answer(play, "POST", "/v1/services/db/restart", "HTTP/1.1 20");
	await(play, "web ends\ndb ends\n", 1);
	await(play, "db runs", 2);
	await(play, "web runs", 2);
	assert_false(trace_has(play, "other ends", 1));
	assert_answer(play, "POST", "/v1/stack/down", "HTTP/1.1 202");
	assert_int_equal(end_of(play), 0);
}

static void one_replica_is_named_by_its_number(void **state)
{
	struct play *play = *state;

	listen_for(play);
	add(play, "web", SERVER("web"));
	play->services[0].replicas = 2;
	begin(play);
	await(play, "runs", 2);
	assert_answer(play, "POST", "/v1/services/web-2/restart", "HTTP/1.1 20");
	await(play, "runs", 3);
	assert_false(trace_has(play, "ends", 2));
	assert_answer(play, "POST", "/v1/services/web-3/restart", "HTTP/1.1 4");
	assert_answer(play, "POST", "/v1/stack/down", "HTTP/1.1 202");
	assert_int_equal(end_of(play), 0);
}

static void a_signal_from_outside_is_a_crash_like_any_other(void **state)
{
	struct play *play = *state;
	char *answer;

	listen_for(play);
	add(play, "web", SERVER("web"));
	play->services[0].restart.when = RESTART_ALWAYS;
	begin(play);
	await(play, "runs", 1);
	answer = ask(play, "POST", "/v1/services/web/kill", "{\"signal\":\"SIGKILL\"}");
	free(answer);
	await(play, "runs", 2);
	assert_answer(play, "POST", "/v1/stack/down", "HTTP/1.1 202");
	assert_int_equal(end_of(play), 0);
}

static void a_client_that_comes_late_still_hears_why(void **state)
{
	struct play *play = *state;
	char *answer;

	listen_for(play);
	add(play, "web", "exit 3");
	begin(play);
	/* Connected at once or a moment after all is over: the stream ends with the failure and its unit. */
	answer = ask(play, "GET", "/v1/events", "");
	if (strstr(answer, "exited with code 3") == NULL || strstr(answer, "\"failed_unit\":\"web\"") == NULL ||
	    strstr(answer, "\"over\"") == NULL)
		fail_msg("%s", answer);
	free(answer);
	assert_int_equal(end_of(play), 1);
}

static void a_detached_stack_outlives_the_terminal_and_a_stop_of_all(void **state)
{
	struct play *play = *state;

	listen_for(play);
	assert_int_equal(pipe2(play->leash, O_CLOEXEC), 0);
	add(play, "web", SERVER("web"));
	begin(play);
	await(play, "runs", 1);
	assert_answer(play, "POST", "/v1/stack/detach", "HTTP/1.1 20");
	close(play->leash[1]);
	play->leash[1] = -1;
	assert_answer(play, "POST", "/v1/services/web/stop", "HTTP/1.1 20");
	await(play, "web ends", 1);
	assert_answer(play, "POST", "/v1/services/web/start", "HTTP/1.1 20");
	await(play, "web runs", 2);
	assert_answer(play, "POST", "/v1/stack/down", "HTTP/1.1 202");
	assert_int_equal(end_of(play), 0);
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
	add(play, "web", "say \"$UPFRONT_TELEMETRY ${DO_NOT_TRACK:-unset}\"; " SERVER("web"));
	play->services[0].version.argv = version_argv; /* without a pattern: what looks like a version */
	begin(play);
	/* The slow source is given up after its second; then the event is there. */
	await_in(play, "errors", "\n", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(end_of(play), 0);
	assert_true(trace_has(play, "on unset\n", 1));
	errors = children_slurp(play->folder, "errors", NULL);
	assert_int_equal(count_in(play, "errors", "\"server_start\""), 1);
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
	add(play, "web", "exit 3");
	add(play, "job", "sleep 1000");
	add(play, "late", "say late");
	depends(play, 2, 1, DEPEND_COMPLETED);
	begin(play);
	assert_int_equal(end_of(play), 1);
	assert_said(play, "\"server_start_failed\"");
	assert_said(play, "\"error_type\":\"exited\"");
}

static void a_start_that_ends_at_once_is_told_all_the_same(void **state)
{
	struct play *play = *state;

	consent(play);
	add(play, "web", "exit 0");
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_true(children_now_ms() - play->begin_ms < 900); /* nobody waits for the slow source */
	assert_said(play, "\"server_start\"");
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
	struct stack *shown;
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
	begin(play);
	assert_int_equal(end_of(play), 0);
	assert_trace(play, "off 1\n");
	play->stack.service_count = 0; /* teardown frees what was made by hand */
	stack_destroy(shown);
	stack_source_destroy(play->source);
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
		TEST(services_are_stopped_with_their_dependents_and_started_with_their_needs),
		TEST(restart_takes_along_who_declares_it),
		TEST(one_replica_is_named_by_its_number),
		TEST(a_signal_from_outside_is_a_crash_like_any_other),
		TEST(a_client_that_comes_late_still_hears_why),
		TEST(a_detached_stack_outlives_the_terminal_and_a_stop_of_all),
		TEST(a_start_is_told_once_with_what_the_sources_say),
		TEST(a_failed_start_is_told_with_its_kind),
		TEST(a_start_that_ends_at_once_is_told_all_the_same),
		TEST(the_answer_is_a_source_of_the_stack_file),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
