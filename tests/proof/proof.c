/* SPDX-License-Identifier: MIT */
#include "tests/proof/proof.h"

#include "tests/lib/children.h"
#include "tests/lib/skip.h"
#include "tests/lib/stack_procs.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Shared by the processes that play the parts. */
static struct proof_result *result;

static bool is_full(void)
{
	const char *form = getenv("PROOF");

	return form == NULL || strcmp(form, "quick") != 0;
}

/* ---- Off ---- */

static void print_found(const char *name, const struct proof_found *found, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		if (found->count[i] > 0)
			print_message("%s: %zu x %s\n", name, found->count[i], found->first[i]);
}

static void test_every_command_is_proven(void **state)
{
	(void)state;
	proof_assert_commands();
}

static void test_off(void **state)
{
	const struct proof_way *way = *state;
	struct proof_row *row = &result->ways[way - proof_ways], played = {.commands = 0};

	if (way->policy && (geteuid() != 0 || !proof_own_mounts(0)))
		skip_because("the policy's place is /etc, and no mount namespace is to be had");
	if (way->probed && !stack_own_network())
		skip_because("no network of its own to be had");
	proof_play(way, is_full() || way->scripted, &played);
	*row = played;
	print_found(way->name, &row->found, LOOK_COUNT);
	for (size_t i = 0; i < LOOK_COUNT; i++)
		assert_int_equal(row->found.count[i], 0);
}

static void test_a_yes_is_seen(void **state)
{
	struct proof_row played = {.commands = 0};

	(void)state;
	proof_play(&proof_yes, false, &played);
	result->yes = played;
	print_found("a yes", &played.found, LOOK_COUNT);
	for (size_t i = 0; i < LOOK_COUNT; i++) {
		assert_true(played.found.count[i] > 0);
		result->yes.found.first[i][0] = '\0'; /* as it must be */
	}
}

static int play_off(void)
{
	struct CMUnitTest tests[34] = {
		cmocka_unit_test(test_every_command_is_proven),
		cmocka_unit_test(test_a_yes_is_seen),
	};

	for (size_t i = 0; i < proof_way_count; i++)
		tests[2 + i] = (struct CMUnitTest){proof_ways[i].name, test_off, NULL, NULL,
						   (void *)(uintptr_t)&proof_ways[i]};
	result->own_network = unshare(CLONE_NEWNET) == 0;
	if (!result->own_network)
		print_message("skipped: the network namespace: %s\n", strerror(errno));
	return _cmocka_run_group_tests("off", tests, 2 + proof_way_count, NULL, NULL);
}

/* ---- On ---- */

static void test_no_word_gets_out(void **state)
{
	(void)state;
	proof_words(result->words);
	for (size_t i = 0; i < proof_word_count; i++) {
		print_found(proof_word_places[i], &result->words[i].found, PLACE_COUNT);
		for (size_t p = 0; p < PLACE_COUNT; p++)
			assert_int_equal(result->words[i].found.count[p], 0);
	}
}

static int play_on(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_word_gets_out)};

	return cmocka_run_group_tests_name("on", tests, NULL, NULL);
}

/* ---- The result ---- */

static char *text_of(const struct proof_result *what)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	proof_write(to, what);
	assert_int_equal(fclose(to), 0);
	return text;
}

static bool is_all_tried(void)
{
	bool tried = result->own_network && result->yes.commands > 0;

	for (size_t i = 0; i < proof_way_count; i++)
		tried = tried && result->ways[i].commands > 0;
	for (size_t i = 0; i < proof_word_count; i++)
		tried = tried && result->words[i].commands > 0;
	return tried;
}

static void test_readme_says_what_was_found(void **state)
{
	char *text = text_of(result), *readme;
	char path[4096] = "";
	FILE *report;
	size_t commands = 0;

	(void)state;
	/* Beside this program. */
	assert_in_range(readlink("/proc/self/exe", path, sizeof(path) - sizeof("report.txt")), 1, sizeof(path));
	strcpy(strrchr(path, '/') + 1, "report.txt");
	report = fopen(path, "we");
	assert_non_null(report);
	for (size_t i = 0; i < proof_way_count; i++)
		commands += result->ways[i].commands;
	fprintf(report, "%s\n(%zu commands traced with statistics off.)\n", text, commands);
	fclose(report);
	print_message("%zu commands traced with statistics off; the report: %s\n", commands, path);
	readme = children_slurp(".", "README.md", NULL);
	if (!is_all_tried()) {
		free(text);
		free(readme);
		skip_because("not all could be tried here");
	}
	assert_non_null(readme);
	assert_non_null(strstr(readme, text));
	free(readme);
	free(text);
}

/* Each part in a process of its own: namespaces cannot be left. */
static int in_child(int (*part)(void))
{
	pid_t pid;
	int status = 0;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int failed = part();

		fflush(NULL);
		_exit(failed != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return status != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest last[] = {cmocka_unit_test(test_readme_says_what_was_found)};
	int failed = 0;

	if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
		struct proof_result expected;

		proof_expect(&expected);
		proof_write(stdout, &expected);
		return 0;
	}
	if (argc > 1)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		return 1;
	failed += in_child(play_off);
	failed += in_child(play_on);
	failed += cmocka_run_group_tests_name("report", last, NULL, NULL);
	return failed != 0;
}
