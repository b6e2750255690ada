/* SPDX-License-Identifier: MIT */
/* What trees of processes use, measured again and again: right as a reading of all is, and without one while they rest. */
#include "launcher/process/proc_watch.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A tree that does what it is told, a letter each, and answers with a byte: its top is told by `to`. */
struct tree {
	pid_t top;
	int to[2], from[2];
};

static void burn(void)
{
	for (volatile unsigned i = 0; i < 30000000u; i++)
		continue;
}

static void rest(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* c: another child, that rests; e: the last one ends; b: burns */
static void act(const struct tree *tree)
{
	pid_t last = 0;
	char letter;

	while (read(tree->to[0], &letter, 1) == 1) {
		if (letter == 'c') {
			last = fork();
			if (last == 0)
				rest();
		} else if (letter == 'e') {
			kill(last, SIGKILL);
			waitpid(last, NULL, 0);
		} else if (letter == 'b') {
			burn();
		}
		if (write(tree->from[1], &letter, 1) != 1)
			return;
	}
}

static void tree_begin(struct tree *self)
{
	assert_int_equal(pipe(self->to), 0);
	assert_int_equal(pipe(self->from), 0);
	self->top = fork();
	assert_true(self->top >= 0);
	if (self->top != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setsid();
	close(self->to[1]);
	act(self);
	_exit(0);
}

static void tell(const struct tree *self, char letter)
{
	char answer;

	assert_int_equal(write(self->to[1], &letter, 1), 1);
	assert_true(children_readable(self->from[0], CHILDREN_DEADLINE_MS));
	assert_int_equal(read(self->from[0], &answer, 1), 1);
}

static void tree_end(struct tree *self)
{
	kill(self->top, SIGKILL);
	assert_int_equal(children_wait(self->top), 128 + SIGKILL);
	for (size_t i = 0; i < 2; i++) {
		close(self->to[i]);
		close(self->from[i]);
	}
}

static struct proc_watch_usage measure(struct proc_watch *watch, pid_t root, int64_t now_ms)
{
	struct proc_watch_usage usage;

	assert_int_equal(proc_watch_measure(watch, &root, 1, now_ms, &usage), 0);
	return usage;
}

/* Measured until it is read no more: the top may still be on its way to sleep. */
static void rests(struct proc_watch *watch, pid_t root)
{
	const int64_t deadline_ms = children_now_ms() + CHILDREN_DEADLINE_MS;
	size_t before;

	do {
		assert_true(children_now_ms() < deadline_ms);
		before = proc_watch_reads(watch);
		(void)measure(watch, root, 2);
	} while (proc_watch_reads(watch) != before);
}

static void test_what_rests_is_not_read(void **state)
{
	struct proc_watch *watch = proc_watch_create();
	struct proc_watch_usage first, usage;
	struct tree tree;
	size_t reads;

	(void)state;
	tree_begin(&tree);
	tell(&tree, 'c');
	first = measure(watch, tree.top, 1);
	assert_int_equal(first.processes, 2);
	assert_true(first.rss_bytes > 0);
	rests(watch, tree.top);
	reads = proc_watch_reads(watch);
	usage = measure(watch, tree.top, 3);
	assert_int_equal(proc_watch_reads(watch), reads);
	assert_int_equal(usage.processes, 2);
	assert_true(usage.rss_bytes > 0);
	/* Now and then all is read all the same. */
	usage = measure(watch, tree.top, 1 + PROC_WATCH_WHOLE_MS);
	assert_true(proc_watch_reads(watch) > reads + 2);
	assert_int_equal(usage.processes, 2);
	tell(&tree, 'e');
	tree_end(&tree);
	proc_watch_destroy(watch);
}

static void test_who_comes_and_goes_is_seen(void **state)
{
	struct proc_watch *watch = proc_watch_create();
	struct tree tree;

	(void)state;
	tree_begin(&tree);
	assert_int_equal(measure(watch, tree.top, 1).processes, 1);
	rests(watch, tree.top);
	tell(&tree, 'c');
	assert_int_equal(measure(watch, tree.top, 2).processes, 2);
	rests(watch, tree.top);
	tell(&tree, 'e');
	assert_int_equal(measure(watch, tree.top, 3).processes, 1);
	tell(&tree, 'c');
	tell(&tree, 'e');
	assert_int_equal(measure(watch, tree.top, 4).processes, 1);
	tree_end(&tree);
	assert_int_equal(measure(watch, tree.top, 5).processes, 0);
	assert_int_equal(measure(watch, tree.top, 6).rss_bytes, 0);
	proc_watch_destroy(watch);
}

/* Time on the processor is known far finer than in ticks: what burns is seen, and what rests has used nothing. */
static void test_time_is_told(void **state)
{
	struct proc_watch *watch = proc_watch_create();
	struct proc_watch_usage before, after;
	struct tree tree;

	(void)state;
	tree_begin(&tree);
	(void)measure(watch, tree.top, 1);
	rests(watch, tree.top);
	before = measure(watch, tree.top, 2);
	assert_int_equal(measure(watch, tree.top, 2).cpu_us, before.cpu_us);
	tell(&tree, 'b');
	after = measure(watch, tree.top, 3);
	assert_true(after.cpu_us > before.cpu_us + 1000);
	tree_end(&tree);
	proc_watch_destroy(watch);
}

/* Several at once, in any order, with places nobody is asked for at; and then others. */
static void test_each_gets_its_own(void **state)
{
	struct proc_watch *watch = proc_watch_create();
	struct proc_watch_usage usages[3];
	struct tree one, two;

	(void)state;
	tree_begin(&one);
	tree_begin(&two);
	tell(&two, 'c');
	assert_int_equal(proc_watch_measure(watch, (pid_t[]){two.top, 0, one.top}, 3, 1, usages), 0);
	assert_int_equal(usages[0].processes, 2);
	assert_int_equal(usages[1].processes, 0);
	assert_int_equal(usages[2].processes, 1);
	/* It was a stranger until now. */
	assert_int_equal(proc_watch_measure(watch, (pid_t[]){one.top}, 1, 2, usages), 0);
	assert_int_equal(usages[0].processes, 1);
	assert_int_equal(proc_watch_measure(watch, (pid_t[]){0, two.top}, 2, 3, usages), 0);
	assert_int_equal(usages[0].processes, 0);
	assert_int_equal(usages[1].processes, 2);
	assert_int_equal(proc_watch_measure(watch, NULL, 0, 4, usages), 0);
	tell(&two, 'e');
	tree_end(&one);
	tree_end(&two);
	proc_watch_destroy(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_rests_is_not_read),
		cmocka_unit_test(test_who_comes_and_goes_is_seen),
		cmocka_unit_test(test_time_is_told),
		cmocka_unit_test(test_each_gets_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
