/* SPDX-License-Identifier: MIT */
/*
 * What a service, a probe's program, a version's program and a one-off command find inside themselves: three descriptors, signals as
 * they come, the umask, niceness and out-of-memory score of whoever typed `upfront up`, the limits declared, and of upfront
 * no more than what the manual page names.
 */
#include "tests/lib/children.h"
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 20000
#define NICE 3
#define UMASK 027
#define SPARE_FD 57

/* Each writes what it finds to a file of its name. */
static const char stack_text[] =
	"x-upfront:\n"
	"  telemetry: {host: 'file:%s', key: phc_inside, server_start: {v: {version: versioned}}}\n"
	"services:\n"
	"  service:\n"
	"    command: [%s, service, stay]\n"
	"    ulimits: {nofile: {soft: 77, hard: 99}}\n"
	"  user:\n"
	"    command: [%s, user, stay]\n"
	"    user: '%u:%u'\n"
	"  probed:\n"
	"    command: sleep 1007\n"
	"    x-upfront: {ready: {exec: [%s, probe]}}\n"
	"  versioned:\n"
	"    command: sleep 1008\n"
	"    x-upfront: {version: {exec: [%s, version]}}\n";

static const char *find_line(const char *text, const char *start)
{
	for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (strncmp(at, start, strlen(start)) == 0)
			return at;
	return NULL;
}

static char *wait_for_file(const struct world *world, const char *name)
{
	const int64_t since_ms = world_now_ms();

	while (!world_has(world, name))
		world_pause(since_ms, LIMIT_MS, name);
	return world_read(world, name);
}

static void expect_line(const char *text, const char *who, const char *wanted)
{
	const char *at = find_line(text, wanted);

	if (at == NULL || at[strlen(wanted)] != '\n')
		fail_msg("%s: no line '%s' in\n%s", who, wanted, text);
}

/* Of upfront's own variables only those that are documented; its socket and its state are nobody's business. */
static void expect_no_trace(const struct world *world, const char *text, const char *who)
{
	/* The last are the tests' own. */
	static const char *const documented[] = {
		"UPFRONT_STACK=", "UPFRONT_UNIT=", "UPFRONT_TELEMETRY=", "UPFRONT_METRICS=", "UPFRONT_TEST_"};

	for (const char *at = text; (at = strstr(at, "\nenv: UPFRONT_")) != NULL; at++) {
		bool known = false;

		for (size_t i = 0; i < sizeof(documented) / sizeof(*documented); i++)
			known = known || strncmp(at + strlen("\nenv: "), documented[i], strlen(documented[i])) == 0;
		if (!known)
			fail_msg("%s: unknown variable in\n%s", who, text);
	}
	if (strstr(text, ".sock") != NULL || strstr(text, world->state) != NULL)
		fail_msg("%s: knows where upfront keeps things:\n%s", who, text);
	/* The user's own variables are theirs. */
	if (strstr(text, "\nenv: XDG_RUNTIME_DIR=") == NULL)
		fail_msg("%s: XDG_RUNTIME_DIR is gone in\n%s", who, text);
}

static void raise_oom_score(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	assert_non_null(file);
	fputs("50", file);
	assert_int_equal(fclose(file), 0);
}

/* The tree may lie where only its owner may go; nobody gets a copy within reach. The caller frees the path. */
static char *copy_helper(const struct world *world)
{
	char *helper = children_helper("inside"), *bytes, *path = NULL;
	size_t size_bytes = 0;

	bytes = children_slurp("/", helper + 1, &size_bytes);
	assert_non_null(bytes);
	world_write_bytes(world, "inside", bytes, size_bytes);
	assert_true(asprintf(&path, "%s", world_path(world, "inside")) > 0);
	assert_int_equal(chmod(path, 0755), 0);
	free(bytes);
	free(helper);
	return path;
}

/* The signals that libc keeps for itself are ignored in what some programs start; sigaction would refuse them. */
static void set_hidden_signals(void (*handler)(int))
{
	const unsigned long action[8] = {(unsigned long)handler};

	for (int number = __SIGRTMIN; number < SIGRTMIN; number++)
		assert_int_equal(syscall(SYS_rt_sigaction, number, action, NULL, NSIG / 8), 0);
}

static void test_inside(void **state)
{
	static const struct {
		const char *who, *also;
	} cases[] = {
		{"service", "nofile: 77"}, {"user", "parent_death: 9"}, {"probe", NULL},
		{"version", NULL},         {"one-off", NULL},
	};
	struct world *world = *state;
	char *helper = copy_helper(world), *yaml = NULL, *fds;
	char events[WORLD_PATH_MAX];
	const unsigned uid = geteuid() == 0 ? 65534 : geteuid(), gid = geteuid() == 0 ? 65534 : getegid();
	const mode_t old_umask = umask(UMASK);
	struct run run;
	sigset_t mask, old_mask;

	snprintf(events, sizeof(events), "%s/events", world->dir);
	assert_true(asprintf(&yaml, stack_text, events, helper, helper, uid, gid, helper, helper) > 0);
	world_write(world, "compose.yaml", yaml);
	free(yaml);
	if (geteuid() == 0)
		assert_int_equal(chmod(world->dir, 0711) | chmod(world->stack, 0777), 0);
	assert_int_equal(dup2(STDERR_FILENO, SPARE_FD), SPARE_FD);
	signal(SIGUSR2, SIG_IGN);
	set_hidden_signals(SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old_mask);
	raise_oom_score();
	assert_int_equal(setpriority(PRIO_PROCESS, 0, NICE), 0);
	run_upfront(&run, world, "--telemetry=on", "up", "-d", "--wait", NULL);
	close(SPARE_FD);
	signal(SIGUSR2, SIG_DFL);
	set_hidden_signals(SIG_DFL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "run", "--", helper, "one-off", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	/* A one-off command takes upfront's place: it has what upfront was given, and nothing of upfront's own. */
	run_command(&run, world, &(struct run_options){.argv = (const char *const[]){helper, "plain", NULL}});
	run_assert_code(&run, 0);
	run_finish(&run);
	umask(old_umask);
	fds = world_read(world, "plain");
	*strchr(fds, '\n') = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = wait_for_file(world, cases[i].who);

		expect_line(text, cases[i].who, strcmp(cases[i].who, "one-off") == 0 ? fds : "fds: 0 1 2");
		expect_line(text, cases[i].who, "blocked: 0");
		expect_line(text, cases[i].who, "ignored: 0");
		expect_line(text, cases[i].who, "umask: 27");
		expect_line(text, cases[i].who, "nice: 3");
		expect_line(text, cases[i].who, "oom_score_adj: 50");
		if (cases[i].also != NULL)
			expect_line(text, cases[i].who, cases[i].also);
		expect_no_trace(world, text, cases[i].who);
		free(text);
	}
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	free(fds);
	free(helper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_inside, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
