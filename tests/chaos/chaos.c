/* SPDX-License-Identifier: MIT */
#include "tests/chaos/chaos.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUNS_MAX 100000
#define STEPS_MIN 6
#define STEPS_MAX 18
#define GONE_MS 2000

/* The longest that anything of a stack outlived its end, over all runs. */
static int64_t longest_ms;
static bool own_network;

/* ---- Beginning ---- */

static void set_port(struct chaos *self, const char *name, int port)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", own_network ? port : world_free_port());
	world_setenv(&self->world, name, text);
}

static int chaos_setup(void **state)
{
	struct chaos *self = calloc(1, sizeof(*self));
	char part[WORLD_PATH_MAX * 2];

	assert_non_null(self);
	self->seed = *(uint64_t *)*state;
	self->random = (self->seed + 1) * 0x9e3779b97f4a7c15u;
	*state = self;
	world_begin(&self->world);
	snprintf(part, sizeof(part), "%s/tests/helpers/chaos_part", self->world.bin_dir);
	world_setenv(&self->world, "PART", part);
	set_port(self, "TCP_PORT", 7001);
	set_port(self, "HTTP_PORT", 7002);
	chaos_write_stack(&self->world, 0, NULL, NULL);
	return 0;
}

static void begin(struct chaos *self)
{
	static const char *const foreground[] = {"upfront", "up", NULL};
	struct run run;

	self->detached = self->seed % 2 == 0;
	self->began_ms = world_now_ms();
	chaos_log(self, self->detached ? "up -d" : "up");
	if (self->detached) {
		run_upfront(&run, &self->world, "up", "-d", NULL);
		run_assert_code(&run, 0);
		run_finish(&run);
	} else {
		run_begin(&self->terminal, &self->world,
			  &(struct run_options){.argv = foreground, .deadline_ms = 120000});
		self->has_terminal = true;
	}
	chaos_connect(self);
}

/* ---- End ---- */

struct pids {
	pid_t terminal, guard, supervisor;
};

static void end_by_command(struct chaos *self, const struct pids *pids)
{
	struct run run;

	(void)pids;
	run_upfront(&run, &self->world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void end_by_api(struct chaos *self, const struct pids *pids)
{
	(void)pids;
	assert_true(chaos_call(self, "POST", "/v1/stack/down", "{\"grace_ms\":300}"));
}

static void end_by_signal(struct chaos *self, const struct pids *pids)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	if (self->detached)
		kill(chaos_random(self, 2) == 0 ? pids->guard : pids->supervisor, SIGTERM);
	else
		kill(pids->terminal, signals[chaos_random(self, 3)]);
}

/*
 * One, or two if all three are there - those in the same instant: stopped first, so that none can react to the death of another
 * and die at it.
 */
static void end_by_kill(struct chaos *self, const struct pids *pids)
{
	const pid_t all[] = {pids->guard, pids->supervisor, pids->terminal};
	unsigned count = self->detached ? 2 : 3;
	unsigned first = chaos_random(self, count);
	unsigned second = self->detached ? first : chaos_random(self, count);
	bool frozen = second != first || chaos_random(self, 2) == 0;

	chaos_log(self, "  kill -9 of number %u and %u%s", first, second, frozen ? ", frozen before" : "");
	for (unsigned i = 0; frozen && i < count; i++)
		kill(all[i], SIGSTOP);
	kill(all[first], SIGKILL);
	if (second != first)
		kill(all[second], SIGKILL);
	for (unsigned i = 0; frozen && i < count; i++)
		if (i != first && i != second)
			kill(all[i], SIGCONT);
}

static const struct {
	const char *name;
	void (*end)(struct chaos *self, const struct pids *pids);
	bool at_once; /* nobody stops anything in order */
} ends[] = {
	{"down", end_by_command, false},    {"POST /v1/stack/down", end_by_api, false},
	{"a signal", end_by_signal, false}, {"kill -9", end_by_kill, true},
	{"kill -9", end_by_kill, true},     {"kill -9", end_by_kill, true},
};

static bool is_alive(pid_t pid)
{
	return pid > 0 && stack_process_parent(pid) > 0;
}

static void wait_for_end(struct chaos *self, const struct pids *pids)
{
	int64_t began_ms = world_now_ms();

	if (self->has_terminal) {
		run_wait(&self->terminal);
		return;
	}
	/* A detached stack stays a moment for a client that is only about to connect. */
	while (is_alive(pids->guard) || is_alive(pids->supervisor))
		world_pause(began_ms, CHAOS_DEADLINE_MS, "guard and supervisor to end");
}

static void end(struct chaos *self)
{
	unsigned way = chaos_random(self, sizeof(ends) / sizeof(*ends));
	struct chaos_api api;
	struct pids pids;
	int64_t ended_ms;

	assert_true(chaos_look(self, &api));
	pids = (struct pids){self->has_terminal ? self->terminal.pid : 0, stack_process_parent(api.supervisor),
			     api.supervisor};
	assert_true(pids.guard > 1);
	chaos_log(self, "end by %s", ends[way].name);
	ended_ms = world_now_ms();
	ends[way].end(self, &pids);
	if (!ends[way].at_once) {
		wait_for_end(self, &pids);
		ended_ms = world_now_ms();
	}
	chaos_disconnect(self);
	/* The terminal has things to say to the end, and somebody reads them. */
	if (self->has_terminal && ends[way].at_once)
		run_wait(&self->terminal);
	world_wait_gone(&self->world, "", (int)(ended_ms + GONE_MS - world_now_ms()));
	if (world_now_ms() - ended_ms > longest_ms)
		longest_ms = world_now_ms() - ended_ms;
	assert_int_equal(world_sockets(&self->world), 0);
	if (self->has_terminal)
		run_wait(&self->terminal);
	/* A supervisor that dies on its way out has left nothing, and yet it died. */
	if (self->has_terminal && !ends[way].at_once)
		run_assert_code(&self->terminal, 0);
}

/* ---- A run ---- */

static bool is_up(struct chaos *self, const struct chaos_api *api, const void *unused)
{
	(void)self;
	(void)unused;
	return strcmp(api->phase, "up") == 0;
}

static void test_run(void **state)
{
	struct chaos *self = *state;
	unsigned steps = STEPS_MIN + chaos_random(self, STEPS_MAX - STEPS_MIN);

	begin(self);
	for (unsigned i = chaos_random(self, 5); i > 1; i--) {
		chaos_act(self, true);
		chaos_holds(self);
	}
	chaos_until(self, is_up, NULL, "the stack to be up");
	chaos_log(self, "it is up");
	for (unsigned i = 0; i < steps; i++) {
		chaos_act(self, false);
		/* At times the next thing happens before this one is over. */
		if (chaos_random(self, 4) > 0)
			chaos_holds(self);
		if (self->has_terminal)
			run_forget(&self->terminal);
	}
	if (chaos_random(self, 2) == 0) {
		chaos_mend(self);
		chaos_holds(self);
	}
	end(self);
	self->passed = true;
}

static void tell(const struct chaos *self)
{
	print_error("--- seed %llu, %s\n", (unsigned long long)self->seed,
		    self->detached ? "detached" : "in the foreground");
	for (size_t i = 0; i < self->log_count; i++)
		print_error("%s\n", self->log[i]);
	if (self->flaw[0] != '\0')
		print_error("--- what was seen last that should not be: %s\n", self->flaw);
	print_error("--- the API's last answer:\n%s\n", self->answer != NULL ? self->answer : "none");
	if (self->has_terminal)
		print_error("--- the terminal said last:\n%s%s\n", self->terminal.out.bytes, self->terminal.err.bytes);
	print_error("---\n");
}

static int chaos_teardown(void **state)
{
	struct chaos *self = *state;

	*state = NULL;
	if (!self->passed || getenv("CHAOS_TELL") != NULL)
		tell(self);
	chaos_disconnect(self);
	if (self->has_terminal)
		run_finish(&self->terminal);
	world_end(&self->world);
	free(self->answer);
	free(self);
	return 0;
}

static uint64_t number_from(const char *variable, uint64_t otherwise, uint64_t most)
{
	const char *text = getenv(variable);
	uint64_t number = text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;

	return number < most ? number : most;
}

int main(void)
{
	size_t runs = number_from("RUNS", 15, RUNS_MAX);
	uint64_t seed = number_from("SEED", 1, UINT64_MAX / 2);
	struct CMUnitTest *tests = calloc(runs + 1, sizeof(*tests));
	uint64_t *seeds = calloc(runs + 1, sizeof(*seeds));
	int failed = 1;

	if (tests == NULL || seeds == NULL)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	own_network = stack_own_network();
	for (size_t i = 0; i < runs; i++) {
		char *name = NULL;

		seeds[i] = seed + i;
		if (asprintf(&name, "seed %llu", (unsigned long long)seeds[i]) < 0)
			goto out;
		tests[i] = (struct CMUnitTest){name, test_run, chaos_setup, chaos_teardown, &seeds[i]};
	}
	failed = _cmocka_run_group_tests("chaos", tests, runs, NULL, NULL);
	print_message("the longest that anything was left after the end: %lld ms\n", (long long)longest_ms);
out:
	for (size_t i = 0; tests != NULL && i < runs; i++)
		free((char *)(uintptr_t)tests[i].name);
	free(tests);
	free(seeds);
	return failed > 0;
}
