/* SPDX-License-Identifier: MIT */
#include "tests/lib/fault.h"

#include "tests/lib/run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG "../faults-hit"
#define ARGS_MAX 16

bool fault_full(void)
{
	const char *form = getenv("FAULTS");

	return form == NULL || strcmp(form, "quick") != 0;
}

void fault_set(struct fault_scene *self, const char *fault)
{
	char shim[WORLD_PATH_MAX * 2];

	snprintf(shim, sizeof(shim), "%s/tests/faults/shim.so", self->world.bin_dir);
	assert_int_equal(access(shim, R_OK), 0);
	unlink(world_path(&self->world, LOG));
	world_setenv(&self->world, "LD_PRELOAD", fault != NULL ? shim : NULL);
	world_setenv(&self->world, "FAULT", fault);
	world_setenv(&self->world, "FAULT_LOG", fault != NULL ? world_path(&self->world, LOG) : NULL);
}

size_t fault_hits(const struct fault_scene *self, unsigned index)
{
	char *text = world_read(&self->world, LOG);
	size_t count = 0;

	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
		if (strtoul(line, NULL, 10) == index)
			count++;
		if (strchr(line, '\n') == NULL)
			break;
	}
	free(text);
	return count;
}

void fault_assert_hit(const struct fault_scene *self, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (fault_hits(self, i) == 0)
			fail_msg("fault %u of %s was never hit", i, self->fault->name);
}

void fault_assert_nothing_left(const struct fault_scene *self)
{
	world_wait_gone(&self->world, "", 2000);
	assert_int_equal(world_sockets(&self->world), 0);
}

void fault_assert_recovered(struct fault_scene *self)
{
	fault_assert_nothing_left(self);
	fault_set(self, NULL);
	fault_upfront(self, 0, "up", "-d", "--wait", "--wait-timeout", "20", NULL);
	fault_upfront(self, 0, "down", NULL);
	fault_assert_nothing_left(self);
}

void fault_upfront(struct fault_scene *self, int code, ...)
{
	const char *argv[ARGS_MAX + 2] = {"upfront"};
	struct run run;
	va_list list;

	va_start(list, code);
	for (size_t i = 1; i <= ARGS_MAX && (argv[i] = va_arg(list, const char *)) != NULL; i++)
		;
	va_end(list);
	run_command(&run, &self->world, &(struct run_options){.argv = argv});
	run_assert_code(&run, code);
	run_finish(&run);
}

void fault_write_stack(const struct fault_scene *self, const char *text)
{
	world_write(&self->world, "compose.yaml", text);
}

void fault_wait_text(const struct fault_scene *self, const char *name, const char *text)
{
	int64_t began_ms = world_now_ms();

	for (;;) {
		char *have = world_read(&self->world, name);
		bool found = have != NULL && strstr(have, text) != NULL;

		free(have);
		if (found)
			return;
		world_pause(began_ms, RUN_DEADLINE_MS, text);
	}
}

long fault_status(pid_t pid, const char *name)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && value < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	if (file != NULL)
		fclose(file);
	return value;
}

struct fault_family fault_family(const struct fault_scene *self, const char *text)
{
	struct fault_family family;

	family.supervisor = (pid_t)fault_status(fault_wait_process(self, text), "PPid:");
	family.guard = (pid_t)fault_status(family.supervisor, "PPid:");
	assert_true(family.supervisor > 1 && family.guard > 1);
	return family;
}

pid_t fault_wait_process(const struct fault_scene *self, const char *text)
{
	int64_t began_ms = world_now_ms();
	pid_t pid;

	while ((pid = world_find(&self->world, text)) == 0)
		world_pause(began_ms, RUN_DEADLINE_MS, text);
	return pid;
}

void fault_assert_end(const struct run *run, unsigned ends)
{
	static const struct {
		unsigned end;
		int code;
	} codes[] = {{ENDS_WELL, 0},      {ENDS_FAILED, 1},   {ENDS_CONFIG, 3},   {ENDS_MISSING, 4},
		     {ENDS_TIMED_OUT, 5}, {ENDS_NO_STACK, 6}, {ENDS_INTERNAL, 70}};

	if (run->code < 0 && run->signal == SIGKILL && (ends & ENDS_KILLED) != 0)
		return;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (run->code != codes[i].code || (ends & codes[i].end) == 0)
			continue;
		if (run->code != 0 && run->code != 5) /* after a timeout each service that was awaited has its line */
			run_assert_one_error(run);
		return;
	}
	print_error("ended with code %d, signal %d\n--- stdout\n%s\n--- stderr\n%s\n", run->code, run->signal,
		    run->out.bytes, run->err.bytes);
	fail();
}

static int scene_setup(void **state)
{
	struct fault_scene *self = calloc(1, sizeof(*self));

	assert_non_null(self);
	self->fault = *state;
	world_begin(&self->world);
	*state = self;
	return 0;
}

static int scene_teardown(void **state)
{
	struct fault_scene *self = *state;

	*state = NULL;
	world_end(&self->world);
	free(self);
	return 0;
}

static void scene_play(void **state)
{
	struct fault_scene *self = *state;

	self->fault->play(self);
}

int fault_main(const struct fault_case *table, size_t count, int argc, char **argv)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	char(*names)[256] = calloc(count, sizeof(*names));
	int result;

	if (tests == NULL || names == NULL)
		return 1;
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "%s: %s -> %s", table[i].name, table[i].injected,
			 table[i].expected);
		tests[i] = (struct CMUnitTest){.name = names[i],
					       .test_func = scene_play,
					       .setup_func = scene_setup,
					       .teardown_func = scene_teardown,
					       .initial_state = (void *)&table[i]};
	}
	result = _cmocka_run_group_tests("faults", tests, count, NULL, NULL);
	free(names);
	free(tests);
	return result;
}
