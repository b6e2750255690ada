/* SPDX-License-Identifier: MIT */
/*
 * Every call that upfront's processes make of the kernel while a stack comes up, works and ends, failing: each in turn, the first
 * time, the second ... until it is no longer made. What cannot be done is told, with one message; what can be done without
 * is done; a service that runs goes on running; and the next start finds nothing in its way.
 */
#include "tests/lib/fault.h"
#include "tests/lib/run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A job, what waits for it, a probe of each cheap kind. */
static const char stack_text[] = "services:\n"
				 "  job: {command: sh -c 'echo job is done'}\n"
				 "  web:\n"
				 "    command: sh -c 'echo web is well; exec sleep 1001'\n"
				 "    depends_on: {job: {condition: service_completed_successfully}}\n"
				 "    x-upfront: {ready: {log: well}}\n"
				 "  api:\n"
				 "    command: sh -c 'echo api is there; exec sleep 1002'\n"
				 "    depends_on: {web: {condition: service_healthy}}\n"
				 "    x-upfront: {ready: {exec: [/bin/true]}}\n";

enum { ONCE = 0, SWEEP = 1, EVERY_7TH = 7, MAY_LOSE_OUTPUT = 1 << 8, STEP = 0xff };

/* The fault may hit this very answer; not the next one, though. */
static void assert_answered(const struct fault_scene *scene, const char *command)
{
	struct run run;
	int tries = 0;

	do {
		run_upfront(&run, &scene->world, command, NULL);
		if (run.code == 0 || ++tries == 3)
			break;
		run_finish(&run);
	} while (true);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void assert_running(struct fault_scene *scene)
{
	fault_set(scene, NULL);
	fault_wait_process(scene, "sleep 1001");
	fault_wait_process(scene, "sleep 1002");
	assert_answered(scene, "ps");
	if ((scene->fault->variant & MAY_LOSE_OUTPUT) == 0) {
		fault_wait_text(scene, "../state/upfront/stack/logs/job.log", "job is done\n");
		fault_wait_text(scene, "../state/upfront/stack/logs/web.log", "web is well\n");
		fault_wait_text(scene, "../state/upfront/stack/logs/api.log", "api is there\n");
	}
	assert_answered(scene, "down");
}

/* One start with the fault at its nth call; false when it was not hit, which is then no more than an ordinary run. */
static bool play_nth(struct fault_scene *scene, unsigned nth)
{
	char fault[256], *at;
	struct run run;
	bool hit;

	/* "call:what:N..." with the number in place of N */
	snprintf(fault, sizeof(fault), "%s", scene->fault->fault);
	at = strchr(strchr(fault, ':') + 1, ':') + 1;
	snprintf(at, sizeof(fault) - (size_t)(at - fault), "%u%s", nth,
		 strchr(strchr(scene->fault->fault, ':') + 1, ':') + 2);
	fault_set(scene, fault);
	run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", "--wait-timeout", "7", NULL);
	if (run.code < 0 || getenv("FAULT_SHOW") != NULL)
		print_message("%s: code %d: %s\n", fault, run.code, run.err.bytes);
	hit = fault_hits(scene, 0) > 0;
	fault_assert_end(&run, hit ? scene->fault->ends : ENDS_WELL);
	if (run.code == 0) {
		assert_running(scene);
		fault_assert_nothing_left(scene);
	} else {
		fault_assert_recovered(scene);
	}
	run_finish(&run);
	return hit;
}

static void play(struct fault_scene *scene)
{
	unsigned step = (unsigned)scene->fault->variant & STEP;
	unsigned nth = 1;

	fault_write_stack(scene, stack_text);
	assert_true(play_nth(scene, nth)); /* a fault that is never hit is no fault */
	if (step == ONCE)
		return;
	if (!fault_full())
		step *= 7;
	for (nth += step; play_nth(scene, nth); nth += step)
		;
	fault_assert_recovered(scene);
}

/* The supervisor is gone, and the guard, which is to end all that is left, fails at its nth call of a kind. */
static void play_sweep(struct fault_scene *scene)
{
	const unsigned first = scene->fault->variant > 0 ? (unsigned)scene->fault->variant : 1;
	size_t hits = 0;

	for (unsigned nth = first; nth < first + (fault_full() ? 40u : 6u); nth++) {
		char fault[128];

		/* One that dies with the supervisor, and one that does not. */
		fault_write_stack(scene, "services: {web: {command: sh -c 'setsid -f sleep 1001; exec sleep 1002'}}\n");
		snprintf(fault, sizeof(fault), "%s:%u:2@guard", scene->fault->fault, nth);
		fault_set(scene, fault);
		fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
		fault_wait_process(scene, "sleep 1001");
		kill(fault_family(scene, "sleep 1002").supervisor, SIGKILL);
		fault_assert_nothing_left(scene);
		hits += fault_hits(scene, 0);
		if (fault_hits(scene, 0) == 0)
			break;
	}
	assert_int_not_equal(hits, 0);
	fault_assert_recovered(scene);
}

/* What a service has left may not be signalled by the supervisor: the stack ends all the same, and the guard does what it can. */
static void play_not_permitted(struct fault_scene *scene)
{
	fault_write_stack(scene,
			  "services:\n"
			  "  web: {command: sh -c 'setsid -f sleep 1001; exec sleep 1002', stop_grace_period: 0s}\n"
			  "  other: {command: sleep 1003}\n");
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	fault_wait_process(scene, "sleep 1001");
	fault_upfront(scene, 0, "stop", "web", NULL);
	fault_assert_hit(scene, 1);
	assert_answered(scene, "ps");
	fault_wait_process(scene, "sleep 1003");
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_nothing_left(scene);
	fault_assert_recovered(scene);
}

static const char asking[] = "name: stack\n"
			     "x-upfront:\n"
			     "  app: Ask\n"
			     "  telemetry: {host: 'file:events.jsonl', key: k, env: {on: {POSTHOG_HOST: '${relay}'}}}\n"
			     "services: {a: {command: [sh, -c, 'echo \"told $$UPFRONT_TELEMETRY $$POSTHOG_HOST\" "
			     ">told; exec sleep 1001']}}\n";

static void assert_status(const struct fault_scene *scene, const char *text)
{
	struct run run;

	run_upfront(&run, &scene->world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	if (strstr(run.out.bytes, text) == NULL)
		fail_msg("status: %s", run.out.bytes);
	run_finish(&run);
}

/* Services that ask for the relay are told off, and it is said why. */
static void play_no_port(struct fault_scene *scene)
{
	fault_write_stack(scene, asking);
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", "--wait", "--telemetry=on", NULL);
	fault_assert_hit(scene, 1);
	fault_wait_text(scene, "told", "told off \n");
	assert_status(scene, "no port could be opened on 127.0.0.1 (");
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_nothing_left(scene);
	fault_assert_recovered(scene);
}

/* It is there, and cannot be seen: that is what is said. */
static void play_unseen(struct fault_scene *scene)
{
	struct run run;

	fault_write_stack(scene, stack_text);
	fault_set(scene, scene->fault->fault);
	run_upfront(&run, &scene->world, "up", "-d", NULL);
	run_assert_code(&run, 3);
	run_assert_one_error(&run);
	run_assert_says(&run, "cannot look for a stack file: ");
	run_assert_says(&run, "/compose.yaml: Input/output error");
	run_finish(&run);
	fault_assert_hit(scene, 1);
	fault_assert_recovered(scene);
}

#define ANY_END (ENDS_WELL | ENDS_FAILED | ENDS_MISSING | ENDS_CONFIG | ENDS_NO_STACK | ENDS_INTERNAL)
#define AT(CALL, WHAT, ROLE, REST, EXPECTED, ENDS, VARIANT)                                \
	FAULT(CALL "-" WHAT "-" ROLE, CALL " gives " WHAT " in the " ROLE, EXPECTED, play, \
	      .fault = CALL ":" WHAT ":N" REST, .ends = (ENDS), .variant = (VARIANT))
#define CALLS(CALL, WHAT, ROLE, EXPECTED, ENDS) AT(CALL, WHAT, ROLE, "@" ROLE, EXPECTED, ENDS, SWEEP)

static const struct fault_case table[] = {
	CALLS("open", "EMFILE", "terminal", "told or done without", ANY_END),
	CALLS("open", "EMFILE", "guard", "told or done without", ANY_END),
	CALLS("open", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("read", "EIO", "terminal", "told or done without", ANY_END),
	CALLS("read", "EINTR", "terminal", "told or done without", ANY_END),
	CALLS("read", "EINTR", "supervisor", "told or done without", ANY_END),
	AT("read", "EIO", "supervisor", "@supervisor", "told or done without", ANY_END | ENDS_TIMED_OUT,
	   SWEEP | MAY_LOSE_OUTPUT),
	CALLS("write", "EIO", "terminal", "told or done without", ANY_END),
	CALLS("write", "ENOSPC", "supervisor", "told or done without", ANY_END),
	CALLS("write", "EINTR", "supervisor", "told or done without", ANY_END),
	CALLS("write", "short", "supervisor", "told or done without", ANY_END),
	CALLS("read", "short", "supervisor", "told or done without", ANY_END),
	CALLS("pipe2", "EMFILE", "terminal", "told or done without", ANY_END),
	CALLS("pipe2", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("fork", "EAGAIN", "terminal", "told or done without", ANY_END),
	CALLS("fork", "EAGAIN", "guard", "told or done without", ANY_END),
	CALLS("clone", "EAGAIN", "supervisor", "told or done without", ANY_END),
	CALLS("clone", "ENOMEM", "supervisor", "told or done without", ANY_END),
	CALLS("dup2", "EMFILE", "child", "told or done without", ANY_END),
	CALLS("dup2", "EMFILE", "guard", "told or done without", ANY_END),
	CALLS("setsid", "EPERM", "child", "told or done without", ANY_END),
	CALLS("setsid", "EPERM", "guard", "told or done without", ANY_END),
	CALLS("close_range", "EINVAL", "child", "told or done without", ANY_END),
	CALLS("close_range", "ENOMEM", "guard", "told or done without", ANY_END),
	CALLS("prctl", "EINVAL", "terminal", "told or done without", ANY_END),
	CALLS("prctl", "EINVAL", "guard", "told or done without", ANY_END),
	CALLS("prctl", "EINVAL", "supervisor", "told or done without", ANY_END),
	CALLS("prctl", "EINVAL", "child", "told or done without", ANY_END),
	CALLS("execve", "ENOMEM", "child", "told or done without", ANY_END),
	CALLS("pidfd_open", "EMFILE", "terminal", "told or done without", ANY_END),
	CALLS("pidfd_open", "EMFILE", "guard", "told or done without", ANY_END),
	CALLS("socket", "EMFILE", "terminal", "told or done without", ANY_END),
	CALLS("bind", "EADDRINUSE", "terminal", "told or done without", ANY_END),
	CALLS("listen", "EADDRINUSE", "terminal", "told or done without", ANY_END),
	CALLS("connect", "ECONNREFUSED", "terminal", "told or done without", ANY_END),
	CALLS("accept4", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("accept4", "ECONNABORTED", "supervisor", "told or done without", ANY_END),
	CALLS("send", "EINTR", "terminal", "told or done without", ANY_END),
	CALLS("send", "EPIPE", "terminal", "told or done without", ANY_END),
	CALLS("recv", "ECONNRESET", "terminal", "told or done without", ANY_END),
	CALLS("recv", "EINTR", "terminal", "told or done without", ANY_END),
	CALLS("recv", "short", "terminal", "told or done without", ANY_END),
	CALLS("writev", "EPIPE", "supervisor", "told or done without", ANY_END),
	CALLS("readv", "ECONNRESET", "supervisor", "told or done without", ANY_END),
	CALLS("epoll_create1", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("epoll_ctl", "ENOMEM", "supervisor", "told or done without", ANY_END),
	CALLS("epoll_wait", "EINTR", "supervisor", "told or done without", ANY_END),
	CALLS("epoll_wait", "EIO", "supervisor", "told or done without", ANY_END),
	CALLS("timerfd_create", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("signalfd", "EMFILE", "terminal", "told or done without", ANY_END),
	CALLS("signalfd", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("poll", "EINTR", "terminal", "told or done without", ANY_END),
	CALLS("poll", "ENOMEM", "terminal", "told or done without", ANY_END),
	CALLS("fcntl", "EMFILE", "supervisor", "told or done without", ANY_END),
	CALLS("waitid", "EINTR", "supervisor", "told or done without", ANY_END),
	CALLS("mkdir", "ENOSPC", "terminal", "told or done without", ANY_END),
	CALLS("mkdir", "EACCES", "supervisor", "told or done without", ANY_END),
	CALLS("rename", "EROFS", "terminal", "told or done without", ANY_END),
	CALLS("fstat", "EIO", "supervisor", "told or done without", ANY_END),
	CALLS("lstat", "EIO", "terminal", "told or done without", ANY_END),
	CALLS("flock", "EINTR", "terminal", "told or done without", ANY_END),
	CALLS("flock", "ENOLCK", "terminal", "told or done without", ANY_END),
	CALLS("unlink", "EACCES", "terminal", "told or done without", ANY_END),
	CALLS("fstat", "EIO", "terminal", "told or done without", ANY_END),
	CALLS("realpath", "EACCES", "terminal", "told or done without", ANY_END),
	AT("malloc", "ENOMEM", "terminal", "@terminal", "told or done without", ANY_END | ENDS_INTERNAL, EVERY_7TH),
	FAULT("lstat-stack-file", "the stack file cannot be looked at", "it is said why", play_unseen,
	      .fault = "lstat:EIO:1:0@terminal~/compose.yaml"),
	FAULT("sweep-malloc", "the guard sweeps without memory", "all ended within 2 s", play_sweep,
	      .fault = "malloc:ENOMEM"),
	FAULT("sweep-open", "the guard sweeps without descriptors", "all ended within 2 s", play_sweep,
	      .fault = "open:EMFILE", .variant = 3),
	FAULT("sweep-read", "the guard sweeps, /proc cannot be read", "all ended within 2 s", play_sweep,
	      .fault = "read:EIO"),
	FAULT("sweep-pidfd", "the guard sweeps without pidfds", "all ended within 2 s", play_sweep,
	      .fault = "pidfd_open:EMFILE", .variant = 2),
	FAULT("sweep-not-permitted", "the guard sweeps, some may not be signalled for a moment", "all ended within 2 s",
	      play_sweep, .fault = "pidfd_send_signal:EPERM"),
	FAULT("relay-no-port", "no port can be had for services' own events", "they are told off, status says why",
	      play_no_port, .fault = "listen:EADDRINUSE:1:0@supervisor"),
	FAULT("left-not-permitted", "what a service has left may not be signalled", "it is not waited for",
	      play_not_permitted, .fault = "pidfd_send_signal:EPERM:1:0@supervisor"),
	AT("malloc", "ENOMEM", "supervisor", "@supervisor", "told or done without", ANY_END | ENDS_TIMED_OUT,
	   EVERY_7TH | MAY_LOSE_OUTPUT),
};

int main(int argc, char **argv)
{
	return fault_main(table, sizeof(table) / sizeof(*table), argc, argv);
}
