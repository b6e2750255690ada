/* SPDX-License-Identifier: MIT */
/* Whose container a process is in, and who else is, by control groups as different engines and versions spell them. */
#include "launcher/process/cgroup.h"

#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PID 4242

struct scene {
	char *folder, proc[200], root[200];
	struct cgroup_sources sources;
};

static void write_at(const char *path, const char *text)
{
	char folder[600];
	FILE *file;

	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		(void)mkdir(folder, 0700);
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void scene_open(struct scene *self, const char *groups)
{
	char path[300];

	self->folder = children_make_folder();
	snprintf(self->proc, sizeof(self->proc), "%s/proc", self->folder);
	snprintf(self->root, sizeof(self->root), "%s/cgroup", self->folder);
	self->sources = (struct cgroup_sources){self->proc, self->root};
	snprintf(path, sizeof(path), "%s/%d/cgroup", self->proc, PID);
	write_at(path, groups);
}

static void scene_close(struct scene *self)
{
	children_remove_folder(self->folder);
}

static void test_spellings(void **state)
{
	static const struct {
		const char *groups;
		bool named;
	} cases[] = {
		{"12:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", true},
		{"0::/system.slice/docker-" ID ".scope\n", true},
		{"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container\n", true},
		{"0::/machine.slice/libpod-" ID ".scope\n", true},
		{"3:cpu,cpuacct:/libpod_parent/libpod-" ID "\n", true},
		{"0::/../" ID "\n", true},
		{"0::/\n", false},
		{"0::/docker/a" ID "\n", false},
		{"0::/docker/" ID "0\n", false},
		{"0::/docker/0123456789ab\n", false},
		{ID, false},
		{"0:" ID ":/\n", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		scene_open(&scene, cases[i].groups);
		assert_int_equal(cgroup_names(&scene.sources, PID, ID), cases[i].named);
		assert_false(cgroup_names(&scene.sources, PID + 1, ID));
		assert_false(cgroup_names(&scene.sources, PID, ""));
		assert_false(cgroup_names(&scene.sources, 0, ID));
		scene_close(&scene);
	}
	assert_false(cgroup_names(NULL, getpid(), ID));
}

static void test_list(void **state)
{
	static const struct {
		const char *groups, *file;
		int found;
	} cases[] = {
		{"0::/docker/" ID "\n", "docker/" ID, 0},
		{"7:name=systemd:/docker/" ID "\n", "systemd/docker/" ID, 0},
		{"6:freezer:/x\n7:cpu,cpuacct:/docker/" ID "\n", "cpu,cpuacct/docker/" ID, 0},
		/* The first that can be read. */
		{"6:pids:/docker/" ID "\n7:memory:/docker/" ID "\n", "memory/docker/" ID, 0},
		{"6:pids:/\n0::/docker/" ID "\n", "unified/docker/" ID, 0},
		{"6:pids:/docker/" ID "\n", "memory/docker/" ID, -ENOENT},
		{"6:pids:/docker/\n", "pids/docker/" ID, -ESRCH},
	};
	char path[CGROUP_PATH_BYTES];
	pid_t pids[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char file[500];
		struct scene scene;

		scene_open(&scene, cases[i].groups);
		snprintf(file, sizeof(file), "%s/%s/cgroup.procs", scene.root, cases[i].file);
		write_at(file, "77\n5\n0\n1234\n");
		assert_int_equal(cgroup_find_list(&scene.sources, PID, ID, path), cases[i].found);
		if (cases[i].found == 0) {
			assert_string_equal(path, file);
			assert_int_equal(cgroup_read_list(path, pids, 8), 3);
			assert_true(pids[0] == 5 && pids[1] == 77 && pids[2] == 1234);
			assert_int_equal(cgroup_read_list(path, pids, 3), 3);
			assert_int_equal(cgroup_read_list(path, pids, 2), -E2BIG);
		}
		scene_close(&scene);
	}
	assert_int_equal(cgroup_read_list("/nowhere/cgroup.procs", pids, 8), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
