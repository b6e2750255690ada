/* SPDX-License-Identifier: MIT */
#include "tests/lib/dash_run.h"

#include "tests/lib/stack_procs.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

/* On a narrow terminal the keys alone. */
static bool is_main(const struct vt *vt, const void *unused)
{
	(void)unused;
	/* The first frame is there before anything has been heard of the stack. */
	return (vt_shows(vt, "q leave") || vt_shows(vt, "? q")) && !vt_shows(vt, "no services");
}

void dash_run_expect_main(struct vt *vt)
{
	vt_wait(vt, is_main, "the main view");
}

struct vt *dash_run_up(const struct world *world, unsigned rows, unsigned columns)
{
	struct vt *vt = vt_world_start(world, rows, columns, "up", NULL);

	dash_run_expect_main(vt);
	return vt;
}

struct vt *dash_run_attach(const struct world *world, unsigned rows, unsigned columns)
{
	struct vt *vt = vt_world_start(world, rows, columns, "attach", NULL);

	dash_run_expect_main(vt);
	return vt;
}

int dash_run_mode(const struct vt *vt, unsigned mode)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);
	char begin[32];
	int result = 0;

	snprintf(begin, sizeof(begin), "\033[?%u", mode);
	for (const char *at = bytes; (at = memmem(at, (size_t)(bytes + size - at), begin, strlen(begin))) != NULL;) {
		at += strlen(begin);
		if (*at == 'h')
			result = 1;
		else if (*at == 'l' || *at == 'r')
			result = 0;
	}
	return result;
}

void dash_run_assert_restored(const struct vt *vt)
{
	static const unsigned modes[] = {1, 1000, 1002, 1003, 1006, 1007, 2004, 2026};
	const struct termios *before = vt_modes_before(vt);
	struct termios after;

	assert_int_equal(vt_modes(vt, &after), 0);
	assert_int_equal(after.c_iflag, before->c_iflag);
	assert_int_equal(after.c_oflag, before->c_oflag);
	assert_int_equal(after.c_cflag, before->c_cflag);
	assert_int_equal(after.c_lflag, before->c_lflag);
	assert_memory_equal(after.c_cc, before->c_cc, sizeof(after.c_cc));
	assert_false(vt_alternate_screen(vt));
	assert_true(vt_cursor_visible(vt));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (dash_run_mode(vt, modes[i]) != 0)
			fail_msg("mode %u is still set", modes[i]);
}

void dash_run_expect_exit(struct vt *vt, int code)
{
	const int status = vt_wait_exit(vt);

	if (!WIFEXITED(status))
		fail_msg("ended by signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), code);
	dash_run_assert_restored(vt);
	vt_finish(vt);
}

pid_t dash_run_supervisor(const struct world *world, const char *service)
{
	const int64_t begin_ms = world_now_ms();
	pid_t pid;

	while ((pid = world_find(world, service)) == 0)
		world_pause(begin_ms, 5000, service);
	pid = stack_process_parent(pid);
	assert_true(pid > 1);
	return pid;
}

pid_t dash_run_guard(const struct world *world, const char *service)
{
	const pid_t pid = stack_process_parent(dash_run_supervisor(world, service));

	assert_true(pid > 1);
	return pid;
}
