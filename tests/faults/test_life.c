/* SPDX-License-Identifier: MIT */
/*
 * Processes that are killed, stopped and told to end, upfront's own and the services', in every state a stack can be in: what
 * is left of upfront ends what is left of the stack, and the next start finds nothing in its way.
 */
#include "tests/lib/fault.h"
#include "tests/lib/run.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PLAIN "services: {plain: {command: sleep 1001}}\n"

/* ---- A stack in a state ---- */

enum state { STARTING, UP, STOPPING };
#define COMMON                             \
	"services:\n"                      \
	"  plain: {command: sleep 1001}\n" \
	"  runaway: {command: sh -c 'setsid -f sleep 1002; exec sleep 1003'}\n"
static const char *const stacks[] = {
	[STARTING] = COMMON "  slow:\n    command: sleep 1004\n"
			    "    x-upfront: {ready: {exec: [/bin/false], interval: 100ms, retries: 100000}}\n",
	[UP] = COMMON "  slow: {command: sleep 1004}\n",
	[STOPPING] = COMMON "  slow:\n    command: sh -c 'trap \"\" TERM; while :; do sleep 1004; done'\n"
			    "    stop_grace_period: 60s\n",
};

struct stage {
	struct run run; /* `up`, or with a detached stack that is stopping `down` */
	struct fault_family family;
	bool runs; /* `run` is under way */
};

static void begin_program(struct fault_scene *scene, struct stage *stage, const char *command)
{
	const char *const argv[] = {"upfront", command, NULL};

	run_begin(&stage->run, &scene->world, &(struct run_options){.argv = argv});
	stage->runs = true;
}

static void wait_services(const struct fault_scene *scene)
{
	fault_wait_process(scene, "sleep 1001");
	fault_wait_process(scene, "sleep 1002");
	fault_wait_process(scene, "sleep 1003");
	fault_wait_process(scene, "sleep 1004");
}

static void begin(struct fault_scene *scene, struct stage *stage, enum state state, bool detached)
{
	memset(stage, 0, sizeof(*stage));
	fault_write_stack(scene, stacks[state]);
	if (!detached)
		begin_program(scene, stage, "up");
	else
		fault_upfront(scene, 0, "up", "-d", NULL);
	wait_services(scene);
	if (!detached && state != STARTING)
		run_expect(&stage->run, "stack is up");
	stage->family = fault_family(scene, "sleep 1001");
	if (state != STOPPING)
		return;
	if (!detached)
		run_signal(&stage->run, SIGTERM);
	else
		begin_program(scene, stage, "down");
	world_wait_gone(&scene->world, "sleep 1001", 10000);
}

static void end_run(struct stage *stage)
{
	if (stage->runs)
		run_finish(&stage->run);
	stage->runs = false;
}

static void assert_recovered(struct fault_scene *scene)
{
	fault_assert_nothing_left(scene);
	fault_write_stack(scene, PLAIN);
	fault_assert_recovered(scene);
}

/* ---- kill -9 ---- */

enum { TERMINAL = 1, GUARD = 2, SUPERVISOR = 4, DETACHED = 8, IN_STATE = 16 };

/* None of those that are left knows of the services: what had left its session is ended, and named, by the next command. */
static void assert_named_by_the_next_command(struct fault_scene *scene, const char *left)
{
	static const char *const argv[] = {"upfront", "ps", NULL};
	struct run run;

	world_wait_gone(&scene->world, "sleep 1001", 2000);
	world_wait_gone(&scene->world, "sleep 1003", 2000);
	assert_int_not_equal(world_find(&scene->world, left), 0);
	/* One that may not be signalled is named too, and looked for again. */
	fault_set(scene, "pidfd_send_signal:EPERM:1:0@terminal");
	run_command(&run, &scene->world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 6);
	run_assert_says(&run, "not permitted to end what an earlier run of project 'stack' had left: ");
	run_assert_says(&run, "end them as that user, or as root");
	run_finish(&run);
	fault_assert_hit(scene, 1);
	fault_set(scene, NULL);
	run_command(&run, &scene->world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 6);
	run_assert_says(&run, "ended what an earlier run of project 'stack' had left: ");
	run_assert_says(&run, "sleep (");
	run_finish(&run);
}

static void play_kill(struct fault_scene *scene)
{
	const int variant = scene->fault->variant;
	const bool detached = (variant & DETACHED) != 0;
	struct stage stage;
	pid_t pids[3] = {0};
	bool nobody_left;

	begin(scene, &stage, (enum state)(variant / IN_STATE), detached);
	pids[0] = detached ? 0 : stage.run.pid;
	pids[1] = stage.family.guard;
	pids[2] = stage.family.supervisor;
	nobody_left =
		(variant & (GUARD | SUPERVISOR)) == (GUARD | SUPERVISOR) && (detached || (variant & TERMINAL) != 0);
	/* Stopped first, so that they die in the same instant and none reacts to the death of another. */
	for (int i = 0; i < 3; i++)
		if ((variant & 1 << i) != 0)
			assert_int_equal(kill(pids[i], SIGSTOP), 0);
	for (int i = 0; i < 3; i++)
		if ((variant & 1 << i) != 0)
			assert_int_equal(kill(pids[i], SIGKILL), 0);
	if (stage.runs) {
		run_wait(&stage.run);
		if ((variant & TERMINAL) != 0)
			assert_int_equal(stage.run.signal, SIGKILL);
		else if (!detached)
			run_assert_code(&stage.run, 70);
		else
			assert_true(stage.run.code >= 0);
		end_run(&stage);
	}
	if (nobody_left) /* who had left the session is told to end by an orderly stop; the deaf one's child is not */
		assert_named_by_the_next_command(scene, variant / IN_STATE == STOPPING ? "sleep 1004" : "sleep 1002");
	assert_recovered(scene);
}

static void telemetry_stack(struct fault_scene *scene)
{
	fault_write_stack(scene, "x-upfront: {app: Fault, telemetry: {host: 'file:events.jsonl', key: k}}\n"
				 "services: {plain: {command: sleep 1001}}\n");
}

/* Its end costs telemetry; it is started again. */
static void play_kill_sender(struct fault_scene *scene)
{
	pid_t service, sender;
	int64_t began_ms = world_now_ms();

	telemetry_stack(scene);
	fault_upfront(scene, 0, "up", "-d", "--wait", "--telemetry=on", NULL);
	service = fault_wait_process(scene, "sleep 1001");
	sender = fault_wait_process(scene, "upfront-telemetry");
	assert_int_equal(kill(sender, SIGKILL), 0);
	for (;;) {
		pid_t next = world_find(&scene->world, "upfront-telemetry");

		if (next != 0 && next != sender)
			break;
		world_pause(began_ms, RUN_DEADLINE_MS, "another sender");
	}
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

static void play_kill_client(struct fault_scene *scene)
{
	static const char *const argv[] = {"upfront", "logs", "-f", NULL};
	struct run run;
	pid_t service;

	fault_write_stack(scene, "services: {plain: {command: sh -c 'echo here I am; exec sleep 1001'}}\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	service = fault_wait_process(scene, "sleep 1001");
	for (int i = 0; i < (fault_full() ? 80 : 8); i++) { /* in the end more than may be connected at once */
		run_begin(&run, &scene->world, &(struct run_options){.argv = argv});
		run_expect(&run, "here I am");
		run_signal(&run, SIGKILL);
		run_wait(&run);
		run_finish(&run);
	}
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* ---- Signals ---- */

static void play_signal(struct fault_scene *scene)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	const enum state state = (enum state)(scene->fault->variant / IN_STATE);
	const int number = signals[scene->fault->variant % IN_STATE];
	struct stage stage;

	begin(scene, &stage, state, false);
	run_signal(&stage.run, number);
	run_wait(&stage.run);
	run_assert_code(&stage.run, state == STARTING ? 128 + number : 0);
	assert_true(stage.run.took_ms < 20000); /* and not the grace period, where it was asked twice */
	end_run(&stage);
	assert_recovered(scene);
}

/* The guard passes SIGTERM on, the supervisor takes it: an orderly stop. Every other is not for them. */
static void play_signal_within(struct fault_scene *scene)
{
	static const int ignored[] = {SIGINT, SIGHUP, SIGPIPE, SIGCHLD};
	struct stage stage;
	pid_t pid;

	begin(scene, &stage, UP, true);
	pid = scene->fault->variant == GUARD ? stage.family.guard : stage.family.supervisor;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		assert_int_equal(kill(pid, ignored[i]), 0);
	fault_upfront(scene, 0, "ps", NULL);
	assert_int_equal(kill(pid, SIGTERM), 0);
	world_wait_gone(&scene->world, "sleep", 2000);
	world_wait_gone(&scene->world, "", 5000); /* a young one stays a little, so that a client can hear of it */
	assert_recovered(scene);
}

static void play_stop_and_continue(struct fault_scene *scene)
{
	struct stage stage;
	pid_t pids[4];
	const int who = scene->fault->variant;

	begin(scene, &stage, UP, false);
	pids[0] = stage.run.pid;
	pids[1] = stage.family.guard;
	pids[2] = stage.family.supervisor;
	pids[3] = world_find(&scene->world, "sleep 1001");
	for (int i = 0; i < 4; i++)
		if ((who & 1 << i) != 0)
			assert_int_equal(kill(pids[i], SIGSTOP), 0);
	if ((who & SUPERVISOR) == 0)
		fault_upfront(scene, 0, "ps", NULL);
	for (int i = 0; i < 4; i++)
		if ((who & 1 << i) != 0)
			assert_int_equal(kill(pids[i], SIGCONT), 0);
	fault_upfront(scene, 0, "ps", NULL);
	assert_int_equal(world_find(&scene->world, "sleep 1001"), pids[3]);
	run_signal(&stage.run, SIGTERM);
	run_wait(&stage.run);
	run_assert_code(&stage.run, 0);
	end_run(&stage);
	assert_recovered(scene);
}

/* A service that does not run is ended all the same. */
static void play_stopped_service_ends(struct fault_scene *scene)
{
	fault_write_stack(scene, "services: {plain: {command: sleep 1001, stop_grace_period: 300ms}}\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	assert_int_equal(kill(fault_wait_process(scene, "sleep 1001"), SIGSTOP), 0);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

/* The machine slept for a day: nothing happened, so nothing is to happen. */
static void play_suspend(struct fault_scene *scene)
{
	struct stage stage;
	pid_t service;

	fault_set(scene, "clock:+86400:12:0@supervisor,clock:+86400:6:0@terminal");
	begin(scene, &stage, UP, false);
	service = world_find(&scene->world, "sleep 1001");
	for (int round = 0; round < 3; round++) {
		const pid_t pids[] = {stage.run.pid, stage.family.guard, stage.family.supervisor};

		for (int i = 0; i < 3; i++)
			assert_int_equal(kill(pids[i], SIGSTOP), 0);
		for (int i = 2; i >= 0; i--)
			assert_int_equal(kill(pids[i], SIGCONT), 0);
		fault_upfront(scene, 0, "ps", NULL);
		fault_upfront(scene, 0, "logs", NULL);
	}
	assert_int_equal(world_find(&scene->world, "sleep 1001"), service);
	run_signal(&stage.run, SIGTERM);
	run_wait(&stage.run);
	run_assert_code(&stage.run, 0);
	end_run(&stage);
	fault_assert_hit(scene, 1);
	assert_recovered(scene);
}

/* ---- Services that do as they like ---- */

/* `child VERB` by its absolute path, where also another user may run it. */
static const char *helper(struct fault_scene *scene)
{
	static char path[WORLD_PATH_MAX * 2];
	char command[WORLD_PATH_MAX * 4];

	snprintf(path, sizeof(path), "%s", world_path(&scene->world, "child"));
	snprintf(command, sizeof(command), "cp '%s/tests/helpers/child' '%s'", scene->world.bin_dir, path);
	assert_int_equal(system(command), 0);
	return path;
}

static void helper_stack(struct fault_scene *scene, const char *verb, const char *more)
{
	char text[WORLD_PATH_MAX * 3];

	snprintf(text, sizeof(text), "services:\n  web:\n    command: ['%s', %s]\n    stop_grace_period: 300ms\n%s",
		 helper(scene), verb, more);
	fault_write_stack(scene, text);
}

static void up_and_down(struct fault_scene *scene, const char *log)
{
	struct run run;

	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	if (log != NULL)
		fault_wait_text(scene, "../state/upfront/stack/logs/web.log", log);
	run_upfront(&run, &scene->world, "down", NULL);
	run_assert_code(&run, 0);
	assert_true(run.took_ms < 15000);
	run_finish(&run);
	assert_recovered(scene);
}

static void play_ignores_term(struct fault_scene *scene)
{
	helper_stack(scene, "stubborn", "");
	up_and_down(scene, "ready");
}

static void play_tree(struct fault_scene *scene)
{
	helper_stack(scene, "tree", "");
	up_and_down(scene, "ready");
}

/* The leader goes at TERM, what it left in its group does not care. */
static void play_leader_leaves(struct fault_scene *scene)
{
	fault_write_stack(scene, "services:\n  web:\n"
				 "    command: sh -c '(trap \"\" TERM; echo ready; while :; do sleep 1005; done) & "
				 "exec sleep 1006'\n"
				 "    stop_grace_period: 300ms\n");
	up_and_down(scene, "ready");
}

static void play_leaves_a_daemon(struct fault_scene *scene)
{
	helper_stack(scene, "leave", "  other: {command: sleep 1001}\n");
	up_and_down(scene, NULL);
}

static void play_bomb(struct fault_scene *scene)
{
	struct stage stage = {.runs = false};

	if (geteuid() != 0)
		skip_because("the limit of processes must hold for nobody but the bomb");
	helper_stack(scene, "bomb", "    user: '64321:64321'\n    ulimits: {nproc: 150}\n");
	begin_program(scene, &stage, "up");
	while (world_processes(&scene->world, "bomb", NULL, 0) < 100)
		world_pause(stage.run.began_ms, RUN_DEADLINE_MS, "a hundred processes of the bomb");
	run_signal(&stage.run, SIGTERM);
	run_wait(&stage.run);
	run_assert_code(&stage.run, 0);
	end_run(&stage);
	assert_recovered(scene);
}

static void play_child_holds_output(struct fault_scene *scene)
{
	struct run run;

	helper_stack(scene, "hold", "");
	run_upfront(&run, &scene->world, "-q", "up", NULL);
	run_assert_code(&run, 0);
	assert_true(run.took_ms < 10000);
	run_finish(&run);
	assert_recovered(scene);
}

static void play_closes_output(struct fault_scene *scene)
{
	helper_stack(scene, "mute", "");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	fault_wait_process(scene, "child mute");
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

static void play_orphans(struct fault_scene *scene)
{
	struct run run;

	helper_stack(scene, "orphans, '2000'", "");
	run_upfront(&run, &scene->world, "-q", "up", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "code 7"); /* the one status that counts is not lost among two thousand */
	run_finish(&run);
	assert_recovered(scene);
}

/* ---- What cannot be executed ---- */

static const struct {
	const char *command, *says, *more;
} unfit[] = {
	{"no-such-program", "no-such-program", ""},
	{"./data", "./data", ""},
	{"./folder", "./folder", ""},
	{"./script", "./script", ""},
	{"./garbage", "./garbage", ""},
	{"sleep 1001", "no-such-folder", "    working_dir: no-such-folder\n"},
	{"sleep 1001", "data", "    working_dir: data\n"},
};

static void play_unfit(struct fault_scene *scene)
{
	const int which = scene->fault->variant;
	char text[512];
	struct run run;

	world_write(&scene->world, "data", "no program\n");
	world_write(&scene->world, "folder/file", "");
	world_write(&scene->world, "script", "#!/no/such/interpreter\n");
	world_write(&scene->world, "garbage", "#!");
	world_write(&scene->world, "garbage",
		    "\x7f"
		    "ELF, as it were");
	snprintf(text, sizeof(text), "services:\n  web:\n    command: %s\n%s", unfit[which].command, unfit[which].more);
	fault_write_stack(scene, text);
	run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", NULL);
	fault_assert_end(&run, scene->fault->ends);
	run_assert_says(&run, "service 'web'");
	run_assert_says(&run, unfit[which].says);
	print_message("%s", run.err.bytes);
	run_finish(&run);
	assert_recovered(scene);
}

/* ---- Crash loops and waiting ---- */

static void play_crash_loop(struct fault_scene *scene)
{
	struct run run;

	fault_write_stack(scene, "services:\n  web:\n    command: sh -c 'echo one more >>starts; exit 3'\n"
				 "    restart: on-failure:3\n"
				 "    x-upfront: {backoff: {initial: 10ms, max: 20ms}, ready: {log: never}}\n");
	run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "code 3");
	run_finish(&run);
	fault_wait_text(scene, "starts", "one more\none more\none more\none more\n");
	char *starts = world_read(&scene->world, "starts");
	assert_int_equal(strlen(starts), 4 * strlen("one more\n"));
	free(starts);
	assert_recovered(scene);
}

static void play_crash_counter(struct fault_scene *scene)
{
	fault_write_stack(scene, "services:\n  web:\n    command: sh -c 'echo one more >>starts; sleep 1.1; exit 3'\n"
				 "    restart: on-failure:2\n"
				 "    x-upfront: {backoff: {initial: 10ms, max: 20ms, reset: 100ms}}\n");
	fault_upfront(scene, 0, "up", "-d", NULL);
	fault_wait_text(scene, "starts", "one more\none more\none more\none more\n");
	fault_upfront(scene, 0, "down", NULL);
	assert_recovered(scene);
}

static const char *const waits[] = {
	/* in back-off */
	"services: {web: {command: sh -c 'echo x >began; exit 3', restart: always, x-upfront: {backoff: {max: 60s, "
	"initial: "
	"60s}}}, "
	"other: {command: sleep 1001}}\n",
	/* in a probe that hangs */
	"services: {web: {command: sleep 1001, x-upfront: {ready: {exec: [sh, -c, 'echo x >began; exec sleep 1007'], "
	"timeout: 60s}}}}\n",
	/* waiting for a dependency */
	"services: {job: {command: sh -c 'echo x >began; exec sleep 1001'}, "
	"web: {command: sleep 1002, depends_on: {job: {condition: service_completed_successfully}}}}\n",
	/* a probe that forks and ignores TERM */
	"services: {web: {command: sleep 1001, x-upfront: {ready: {exec: [sh, -c, 'trap \"\" TERM; setsid -f sleep "
	"1007; "
	"echo x >began; sleep 1008'], timeout: 60s}}}}\n",
	/* a probe that floods */
	"services: {web: {command: sleep 1001, x-upfront: {ready: {exec: [sh, -c, 'echo x >began; exec yes'], "
	"timeout: 60s}}}}\n",
};

static void play_stop_while_waiting(struct fault_scene *scene)
{
	fault_write_stack(scene, waits[scene->fault->variant]);
	static const char *const argv[] = {"upfront", "up", "-d", NULL};
	struct run up, down;

	run_begin(&up, &scene->world, &(struct run_options){.argv = argv});
	fault_wait_text(scene, "began", "x");
	run_upfront(&down, &scene->world, "down", NULL);
	run_assert_code(&down, 0);
	assert_true(down.took_ms < 9000); /* and not the 10 s of grace, or the 60 s waited for */
	run_wait(&up);
	assert_true(up.code >= 0);
	run_finish(&up);
	run_finish(&down);
	assert_recovered(scene);
}

/* Stop, start and a second stop while the first still waits for a stubborn service. */
static void play_down_during_down(struct fault_scene *scene)
{
	struct run first, second;
	static const char *const argv[] = {"upfront", "down", NULL};

	fault_write_stack(scene,
			  "services:\n  web:\n    command: sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 1001; "
			  "done'\n    stop_grace_period: 700ms\n  other: {command: sleep 1002}\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	fault_wait_text(scene, "../state/upfront/stack/logs/web.log", "deaf");
	run_begin(&first, &scene->world, &(struct run_options){.argv = argv});
	world_wait_gone(&scene->world, "sleep 1002", 10000);
	run_begin(&second, &scene->world, &(struct run_options){.argv = argv});
	run_wait(&second);
	run_wait(&first);
	run_assert_code(&first, 0);
	run_assert_code(&second, 0);
	run_finish(&first);
	run_finish(&second);
	assert_recovered(scene);
}

static void play_up_during_down(struct fault_scene *scene)
{
	struct stage stage;
	struct run run;

	begin(scene, &stage, STOPPING, false);
	run_upfront(&run, &scene->world, "-q", "up", "-d", NULL);
	fault_assert_end(&run, ENDS_MISSING);
	run_finish(&run);
	run_signal(&stage.run, SIGTERM);
	run_wait(&stage.run);
	run_assert_code(&stage.run, 0);
	end_run(&stage);
	assert_recovered(scene);
}

static void play_twenty_stubborn(struct fault_scene *scene)
{
	struct run run;

	fault_write_stack(scene, "services:\n  web:\n"
				 "    command: sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 1001; done'\n"
				 "    scale: 20\n    stop_grace_period: 1s\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	while (world_processes(&scene->world, "sleep 1001", NULL, 0) < 20)
		;
	run_upfront(&run, &scene->world, "down", NULL);
	run_assert_code(&run, 0);
	assert_in_range(run.took_ms, 900, 8000);
	run_finish(&run);
	assert_recovered(scene);
}

/* Upfront never signals a service by a number that might be somebody else's by now. */
static void play_no_bare_pids(struct fault_scene *scene)
{
	struct stage stage;
	char *hits;

	fault_set(scene, "kill:see:1:0,pidfd_send_signal:see:1:0");
	begin(scene, &stage, UP, false);
	run_signal(&stage.run, SIGTERM);
	run_wait(&stage.run);
	end_run(&stage);
	hits = world_read(&scene->world, "../faults-hit");
	assert_non_null(hits);
	for (const char *line = strtok(hits, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		long argument = strtol(strrchr(line, ' '), NULL, 10);

		/* 0 and less: a group, ours while a member we hold lives; the guard may end its own child, not yet reaped. */
		if (strncmp(line, "0 kill ", 7) == 0 && argument > 0)
			assert_int_equal(argument, stage.family.supervisor);
	}
	free(hits);
	fault_assert_hit(scene, 1);
	assert_recovered(scene);
}

#define IN(NAME, STATE, INJECTED, EXPECTED, PLAY, WHICH) \
	FAULT(NAME, INJECTED, EXPECTED, PLAY, .variant = (WHICH) + (STATE)*IN_STATE)
#define KILL(NAME, WHO, EXPECTED)                                                                     \
	IN("kill-9-" NAME "-starting", STARTING, "kill -9 while starting", EXPECTED, play_kill, WHO), \
		IN("kill-9-" NAME "-up", UP, "kill -9 while up", EXPECTED, play_kill, WHO),           \
		IN("kill-9-" NAME "-stopping", STOPPING, "kill -9 while stopping", EXPECTED, play_kill, WHO)
#define SIGNAL(NAME, WHICH)                                                                                         \
	IN("signal-" NAME "-starting", STARTING, NAME " while starting", "orderly stop, 128 + signal", play_signal, \
	   WHICH),                                                                                                  \
		IN("signal-" NAME "-up", UP, NAME " while up", "orderly stop, 0", play_signal, WHICH),              \
		IN("signal-" NAME "-stopping", STOPPING, NAME " while stopping", "at once, 0", play_signal, WHICH)

#define ENDED "70, all ended within 2 s"
#define NAMED "services end, the next command ends and names what ran away"

static const struct fault_case table[] = {
	KILL("terminal", TERMINAL, "all ended within 2 s"),
	KILL("guard", GUARD, ENDED),
	KILL("supervisor", SUPERVISOR, ENDED),
	KILL("terminal-guard", TERMINAL | GUARD, "all ended within 2 s"),
	KILL("terminal-supervisor", TERMINAL | SUPERVISOR, "all ended within 2 s"),
	KILL("guard-supervisor", GUARD | SUPERVISOR, ENDED),
	KILL("all-three", TERMINAL | GUARD | SUPERVISOR, NAMED),
	KILL("detached-guard", DETACHED | GUARD, "all ended within 2 s"),
	KILL("detached-supervisor", DETACHED | SUPERVISOR, "all ended within 2 s"),
	KILL("detached-both", DETACHED | GUARD | SUPERVISOR, NAMED),
	FAULT("kill-9-sender", "kill -9 of the sender", "another one is started, the stack stays", play_kill_sender),
	FAULT("kill-9-clients", "kill -9 of 80 times logs -f", "the stack stays", play_kill_client),
	SIGNAL("TERM", 0),
	SIGNAL("INT", 1),
	SIGNAL("HUP", 2),
	FAULT("signals-guard", "INT, HUP, PIPE, then TERM to the guard", "only TERM counts: orderly stop",
	      play_signal_within, .variant = GUARD),
	FAULT("signals-supervisor", "INT, HUP, PIPE, then TERM to the supervisor", "only TERM counts: orderly stop",
	      play_signal_within, .variant = SUPERVISOR),
	FAULT("stop-cont-terminal", "STOP and CONT", "as if nothing had been", play_stop_and_continue,
	      .variant = TERMINAL),
	FAULT("stop-cont-guard", "STOP and CONT", "as if nothing had been", play_stop_and_continue, .variant = GUARD),
	FAULT("stop-cont-supervisor", "STOP and CONT", "as if nothing had been", play_stop_and_continue,
	      .variant = SUPERVISOR),
	FAULT("stop-cont-all", "STOP and CONT", "as if nothing had been", play_stop_and_continue,
	      .variant = TERMINAL | GUARD | SUPERVISOR),
	FAULT("stop-cont-service", "STOP and CONT of a service", "as if nothing had been", play_stop_and_continue,
	      .variant = 8),
	FAULT("stopped-service-ends", "down while a service is stopped", "it ends after its grace period",
	      play_stopped_service_ends),
	FAULT("suspend", "the machine sleeps for a day", "as if nothing had been", play_suspend),
	FAULT("ignores-TERM", "a service that ignores TERM", "killed after its grace period", play_ignores_term),
	FAULT("tree", "a tree of deaf processes, some of other sessions", "all ended", play_tree),
	FAULT("leader-leaves", "the leader ends, its group ignores TERM", "all ended", play_leader_leaves),
	FAULT("daemon", "a service that leaves a daemon and ends", "ended with the stack", play_leaves_a_daemon),
	FAULT("fork-bomb", "a fork bomb under a limit of processes", "all ended", play_bomb),
	FAULT("child-holds-output", "the service ends, its child holds the pipe", "completed, child ended",
	      play_child_holds_output),
	FAULT("closes-output", "a service closes its streams", "runs on", play_closes_output),
	FAULT("orphans", "2,000 orphans at once", "all reaped", play_orphans),
	FAULT("exec-missing", "no such program", "told", play_unfit, .ends = ENDS_MISSING, .variant = 0),
	FAULT("exec-mode", "a file without x", "told", play_unfit, .ends = ENDS_MISSING, .variant = 1),
	FAULT("exec-folder", "a folder", "told", play_unfit, .ends = ENDS_MISSING, .variant = 2),
	FAULT("exec-interpreter", "an interpreter that is not there", "told", play_unfit, .ends = ENDS_MISSING,
	      .variant = 3),
	FAULT("exec-format", "no program at all", "told", play_unfit, .ends = ENDS_FAILED | ENDS_MISSING, .variant = 4),
	FAULT("exec-no-cwd", "no such working folder", "told", play_unfit, .ends = ENDS_MISSING, .variant = 5),
	FAULT("exec-file-cwd", "a file as working folder", "told", play_unfit, .ends = ENDS_MISSING, .variant = 6),
	FAULT("crash-loop", "a service that always crashes", "three restarts, then failed", play_crash_loop),
	FAULT("crash-counter", "it crashes after having been well", "the count begins anew", play_crash_counter),
	FAULT("down-in-backoff", "down during back-off", "at once", play_stop_while_waiting, .variant = 0),
	FAULT("down-in-probe", "down during a probe that hangs", "at once", play_stop_while_waiting, .variant = 1),
	FAULT("down-in-wait", "down while waiting for a dependency", "at once", play_stop_while_waiting, .variant = 2),
	FAULT("down-in-forking-probe", "down during a probe that forked", "its processes end, too",
	      play_stop_while_waiting, .variant = 3),
	FAULT("down-in-flooding-probe", "down during a probe that floods", "at once", play_stop_while_waiting,
	      .variant = 4),
	FAULT("down-during-down", "a second down", "both end well", play_down_during_down),
	FAULT("up-during-down", "up while the stack stops", "refused, 4", play_up_during_down),
	FAULT("twenty-stubborn", "20 services that ignore TERM", "one grace period for all", play_twenty_stubborn),
	FAULT("no-bare-pids", "every signal looked at", "services only by pidfd or group", play_no_bare_pids),
};

int main(int argc, char **argv)
{
	return fault_main(table, sizeof(table) / sizeof(*table), argc, argv);
}
