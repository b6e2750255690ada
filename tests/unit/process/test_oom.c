/* SPDX-License-Identifier: MIT */
/* Whether the kernel ended a process for want of memory: by counts written here, and by a group that really has none. */
#include "launcher/process/oom.h"

#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"

struct world {
	char *folder;
	char groups[128], vmstat[128];
	struct oom_sources sources;
};

static void put(const struct world *world, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", world->folder, name);
	for (char *slash = strchr(path + strlen(world->folder) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	world->folder = children_make_folder();
	snprintf(world->groups, sizeof world->groups, "%s/groups", world->folder);
	snprintf(world->vmstat, sizeof world->vmstat, "%s/vmstat", world->folder);
	world->sources = (struct oom_sources){world->groups, world->folder, world->vmstat};
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	children_remove_folder(world->folder);
	free(world);
	return 0;
}

/* The file each of these is to be counted by. */
static void test_where_it_is_counted(void **state)
{
	static const struct {
		const char *groups, *counts;
	} cases[] = {
		{"0::/\n", "memory.events"},
		{"0::/user.slice/a b:c\n", "user.slice/a b:c/memory.events"},
		{"9:name=systemd:/x\n4:memory:/y\n0::/\n", "memory/y/memory.oom_control"},
		{"3:cpu,memory:/y", "memory/y/memory.oom_control"},
		{"3:memorycpu,x:/y\n", "vmstat"},
		{"nonsense\n:\n1:2\n", "vmstat"},
		{"", "vmstat"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct oom oom;

		put(world, "groups", cases[i].groups);
		put(world, "vmstat", "pgfault 1\noom_kill 5\n");
		put(world, cases[i].counts, "oom 9\noom_kill 5\n");
		oom_init(&oom, &world->sources);
		assert_false(oom_claim(&oom, 100));
		put(world, cases[i].counts, "oom 9\noom_kill 6\n");
		if (!oom_claim(&oom, 100))
			fail_msg("\"%s\": not counted by %s, but by \"%s\"", cases[i].groups, cases[i].counts,
				 oom.path);
		assert_false(oom_claim(&oom, 100));
	}
}

static void test_a_group_that_does_not_count_leaves_it_to_the_machine(void **state)
{
	struct world *world = *state;
	struct oom oom;

	put(world, "groups", "4:memory:/y\n0::/z\n");
	put(world, "memory/y/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n"); /* a kernel before 4.13 */
	put(world, "vmstat", "nr_free_pages 12\noom_kill 0\n");
	oom_init(&oom, &world->sources);
	put(world, "vmstat", "nr_free_pages 12\noom_kill 1\n");
	assert_true(oom_claim(&oom, 0));
}

static void test_each_kill_is_for_one_death(void **state)
{
	struct world *world = *state;
	struct oom oom;

	put(world, "vmstat", "oom_kill 1\n");
	oom_init(&oom, &world->sources);
	put(world, "vmstat", "oom_kill 4\n");
	assert_true(oom_claim(&oom, 1000));
	assert_true(oom_claim(&oom, 1001));
	/* The third was of somebody nobody asked about: it is not kept for a death long after. */
	assert_false(oom_claim(&oom, 5000));
	put(world, "vmstat", "oom_kill 5\n");
	assert_true(oom_claim(&oom, 5001));
	assert_false(oom_claim(&oom, 5002));
}

static void test_nothing_counts(void **state)
{
	struct world *world = *state;
	struct oom oom;

	oom_init(&oom, &world->sources);
	assert_false(oom_claim(&oom, 0));
	put(world, "vmstat", "oom_kill 1\n"); /* it began after us: what it counted is not known */
	assert_false(oom_claim(&oom, 0));
}

static void test_this_machine_counts(void **state)
{
	struct oom oom;

	(void)state;
	oom_init(&oom, NULL);
	if (oom.path[0] == '\0')
		skip_because("this kernel counts no kills for memory");
	assert_false(oom_claim(&oom, children_now_ms()));
}

/* Ended by the kernel, or by itself when there was memory after all. */
static pid_t eat_in(const char *procs)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	FILE *file = fopen(procs, "w");

	if (file == NULL || fprintf(file, "%d", (int)getpid()) < 0 || fclose(file) != 0)
		_exit(97);
	for (int i = 0; i < 256; i++)
		memset(malloc(1 << 20), 1, 1 << 20);
	_exit(0);
}

static void put_in(const char *group, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", group, name);
	file = fopen(path, "w");
	if (file == NULL)
		return; /* of the other version */
	fputs(text, file);
	fclose(file);
}

/* Groups are not ours to make anywhere: only below a folder that whoever runs the test has given for it. */
static void test_a_group_without_memory(void **state)
{
	const char *given = getenv("UPFRONT_TEST_MEMORY_GROUP");
	struct oom oom = {.seen = 0};
	char group[256], path[300];
	bool for_memory;
	int code;

	(void)state;
	if (given == NULL)
		skip_because("UPFRONT_TEST_MEMORY_GROUP names no folder in which memory control groups may be made");
	snprintf(group, sizeof group, "%s/uft-%d", given, (int)getpid());
	assert_int_equal(mkdir(group, 0700), 0);
	put_in(group, "memory.max", "33554432");
	put_in(group, "memory.swap.max", "0");
	put_in(group, "memory.limit_in_bytes", "33554432");
	snprintf(oom.path, sizeof oom.path, "%s/memory.events", group);
	if (access(oom.path, F_OK) < 0)
		snprintf(oom.path, sizeof oom.path, "%s/memory.oom_control", group);
	snprintf(path, sizeof path, "%s/cgroup.procs", group);
	code = children_wait(eat_in(path));
	for_memory = oom_claim(&oom, children_now_ms());
	assert_int_equal(rmdir(group), 0);
	assert_int_equal(code, 128 + SIGKILL);
	assert_true(for_memory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_where_it_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_group_that_does_not_count_leaves_it_to_the_machine, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_each_kill_is_for_one_death, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_counts, setup, teardown),
		cmocka_unit_test(test_this_machine_counts),
		cmocka_unit_test(test_a_group_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
