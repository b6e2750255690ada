/* SPDX-License-Identifier: MIT */
/* The setup form on a real terminal: every golden screen of it, a whole set-up typed, the ways out, line mode. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/golden.h"
#include "tests/lib/setup_demo.h"
#include "tests/lib/term.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static const struct vt_options ordinary = {0};

/* The form says so once keys count, line mode has asked its first question by then. */
static bool asks(const struct vt *vt, const void *argument)
{
	(void)argument;
	return vt_shows(vt, "Enter goes on") || vt_shows(vt, "Enter: next") || vt_shows(vt, "custom):");
}

static struct vt *start(const struct vt_options *options, const char *first, const char *second)
{
	const char *const argv[] = {"/proc/self/exe", "setup", first, second, NULL};
	struct vt *vt = vt_start(argv, options);

	vt_wait(vt, asks, "the form");
	return vt;
}

static void expect(struct vt *vt, const char *said)
{
	consent_demo_expect(vt, said);
}

static bool was_written(const struct vt *vt, const char *text)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	return memmem(bytes, size, text, strlen(text)) != NULL;
}

static bool looks_like(const struct vt *vt, const void *argument)
{
	char *shot = vt_shot(vt);
	bool same = strcmp(shot, argument) == 0;

	free(shot);
	return same;
}

static void check(const char *path)
{
	struct golden golden;
	char lang[64], term[64];

	golden_load(&golden, path);
	snprintf(lang, sizeof(lang), "LANG=%s", golden.locale);
	snprintf(term, sizeof(term), "TERM=%s", golden.term);
	const char *const environment[] = {term, lang, NULL};
	struct vt_options options = {.rows = golden.rows, .columns = golden.columns, .environment = environment};
	struct vt *vt = start(&options, golden.sample, NULL);
	for (size_t i = 0; i < golden.key_count; i++) {
		/* Esc must be told from the beginning of a key's bytes. */
		bool escape = strcmp(golden.keys[i].name, "Esc") == 0;
		vt_send(vt, golden.keys[i].bytes);
		if (escape)
			vt_wait_text(vt, golden.columns < 80 ? "Not saved!" : "Leave without saving?");
	}
	vt_wait(vt, looks_like, golden.screen);
	vt_send(vt, "\003");
	expect(vt, "quit, signal 0\n");
	golden_finish(&golden);
}

static void every_golden_screen_is_shown(void **state)
{
	size_t count;
	char **paths = golden_paths(GOLDEN_FORMS, &count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		check(paths[i]);
	golden_paths_free(paths);
}

static void a_whole_set_up_is_typed(void **state)
{
	struct vt *vt = start(&ordinary, NULL, NULL);

	(void)state;
	vt_send(vt, "o\r");
	vt_wait_text(vt, "OpenAI API key");
	vt_send(vt, "wrong");
	vt_wait_text(vt, "does not look right: it must match ^sk-");
	vt_send(vt, "\025sk-s3cret\r");
	vt_wait_gone(vt, "does not look right");
	vt_send(vt, "\033OC\rGr\303\274\303\237e\r");
	vt_wait_text(vt, "Every question is answered.");
	assert_false(was_written(vt, "s3cret"));
	vt_send(vt, "\r");
	expect(vt,
	       "save, signal 0\nLLM_PROVIDER=openai\nOPENAI_API_KEY=sk-s3cret\nMODEL=gpt-4.1\nGREETING=Gr\303\274\303"
	       "\237e\n");
}

static void a_secret_is_pasted_and_never_written(void **state)
{
	struct vt *vt = start(&ordinary, NULL, NULL);

	(void)state;
	vt_send(vt, "o\t");
	vt_wait_text(vt, "OpenAI API key");
	vt_send(vt, "\033[200~sk-pasted\r\n\033[201~");
	vt_wait_text(vt, "*********");
	vt_resize(vt, 12, 40);
	vt_wait_text(vt, "Ctrl-T: show");
	vt_resize(vt, 30, 100);
	vt_wait_text(vt, "Still missing: Model, What the first page says");
	vt_send(vt, "\003");
	vt_wait_exit(vt);
	assert_false(was_written(vt, "pasted"));
	expect(vt, "quit, signal 0\n");
}

static void ways_out(void **state)
{
	static const struct {
		const char *keys, *shows, *more, *said;
	} table[] = {
		{"\003", NULL, NULL, "quit, signal 0\n"},
		{"\033", NULL, NULL, "left, signal 0\n"},
		{"o\033", "Leave without saving?", "\033", "left, signal 0\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = start(&ordinary, NULL, NULL);
		vt_send(vt, table[i].keys);
		if (table[i].shows != NULL) {
			vt_wait_text(vt, table[i].shows);
			vt_send(vt, table[i].more);
		}
		expect(vt, table[i].said);
	}
}

static void signals_give_the_terminal_back(void **state)
{
	struct vt *vt = start(&ordinary, NULL, NULL);

	(void)state;
	kill(vt_pid(vt), SIGTERM);
	expect(vt, "left, signal 15\n");
	vt = start(&ordinary, "--plain", NULL);
	vt_send(vt, "openai\n");
	vt_wait_text(vt, "not shown while you type");
	kill(vt_pid(vt), SIGTERM);
	expect(vt, "left, signal 15\n");
}

static void it_is_suspended(void **state)
{
	struct vt *vt = start(&ordinary, NULL, NULL);

	(void)state;
	vt_send(vt, "c");
	vt_wait_text(vt, "Endpoint");
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	consent_demo_check_restored(vt);
	vt_continue(vt);
	vt_wait_text(vt, "Endpoint");
	vt_send(vt, "\thttp://x");
	vt_wait_text(vt, "http://x");
	vt_send(vt, "\003");
	expect(vt, "quit, signal 0\n");
}

struct below {
	char words[80]; /* first, so that a wait in vain tells them */
	const char *prompt;
};

static bool asks_below(const struct vt *vt, const void *argument)
{
	const struct below *wanted = argument;
	char *shot = vt_shot(vt), *words = strstr(shot, wanted->words);
	bool asked = words != NULL && strstr(words, wanted->prompt) != NULL;

	free(shot);
	return asked;
}

/* The words stand on the screen, and it is asked once more below them: what is typed before is not behind a question. */
static void wait_below(struct vt *vt, const char *words, const char *prompt)
{
	struct below wanted = {.prompt = prompt};

	snprintf(wanted.words, sizeof(wanted.words), "%s", words);
	vt_wait(vt, asks_below, &wanted);
}

static void line_mode_asks_the_same(void **state)
{
	static const char *const dumb[] = {"TERM=dumb", NULL};
	const struct vt_options options = {.rows = 24, .columns = 80, .environment = dumb};
	struct vt *vt = start(&options, NULL, NULL);

	(void)state;
	vt_send(vt, "x\n");
	wait_below(vt, "'x' is not an answer.", "custom):");
	vt_send(vt, "op\n");
	vt_wait_text(vt, "OpenAI API key (not shown while you type):");
	vt_send(vt, "pk-s3cret\n");
	wait_below(vt, "does not look right: it must match ^sk-", "(not shown while you type):");
	vt_send(vt, "sk-s3cret\n");
	vt_wait_text(vt, "gpt-4o-2024-08-06):");
	vt_send(vt, "\n");
	wait_below(vt, "please choose", "gpt-4o-2024-08-06):");
	vt_send(vt, "gpt-4o\n");
	vt_wait_text(vt, "What the first page says:");
	vt_send(vt, "Hi\n");
	wait_below(vt, "- OpenAI API key: ********", "then Enter:");
	/* Once more, and another answer: what was said before stands in brackets. */
	vt_send(vt, "again\n");
	vt_wait_text(vt, "custom) [openai]:");
	vt_send(vt, "\n");
	vt_wait_text(vt, "[kept as it is]:");
	vt_send(vt, "\n");
	vt_wait_text(vt, "[gpt-4o-2024-08-06]:");
	vt_send(vt, "\n");
	vt_wait_text(vt, "says [Hi]:");
	vt_send(vt, "Hello\n");
	wait_below(vt, "says: Hello", "then Enter:");
	vt_send(vt, "yes\n");
	vt_wait_exit(vt);
	assert_false(was_written(vt, "s3cret"));
	assert_false(was_written(vt, "\033"));
	expect(vt, "save, signal 0\nLLM_PROVIDER=openai\nOPENAI_API_KEY=sk-s3cret\nMODEL=gpt-4o-2024-08-06\n"
		   "GREETING=Hello\n");
}

/* The form stays alive while a program looks at the answers; nothing is saved that was refused. */
static void answers_are_checked(void **state)
{
	struct vt *vt = start(&ordinary, "checks", NULL);

	(void)state;
	vt_send(vt, "sk-slow\t\t\r");
	vt_wait_text(vt, "Checking the answers. Esc stops it");
	vt_send(vt, "x");
	vt_resize(vt, 12, 40);
	vt_wait_text(vt, "Checking. Esc: stop.");
	vt_resize(vt, 24, 80);
	vt_send(vt, "\033");
	vt_wait_text(vt, "The check was stopped.");
	vt_send(vt, "\r");
	vt_wait_text(vt, "Checking the answers. Esc stops it");
	vt_send(vt, "\003");
	vt_wait_text(vt, "The check was stopped.");
	vt_send(vt, "\033[Z\033[Z\025sk-bad\t\t\r");
	/* Until then other answers may be looked at. */
	vt_wait_text(vt, "Not accepted: API key");
	assert_true(vt_shows(vt, "the service does not know it"));
	assert_false(was_written(vt, "sk-"));
	/* The answer that was refused has focus. */
	vt_send(vt, "\025sk-good");
	vt_wait_gone(vt, "the service does not know it");
	vt_send(vt, "\t\t\r");
	expect(vt, "save, signal 0\nKEY=sk-good\n");
	vt = start(&ordinary, "checks", NULL);
	vt_send(vt, "sk-slow\t\t\r");
	vt_wait_text(vt, "Checking the answers. Esc stops it");
	kill(vt_pid(vt), SIGTERM);
	expect(vt, "left, signal 15\n");
}

static struct vt *answer_in_lines(const char *key)
{
	const char *const argv[] = {"/proc/self/exe", "setup", "--plain", "checks", NULL};
	struct vt *vt = vt_start(argv, &ordinary);

	vt_wait_text(vt, "API key (not shown while you type):");
	vt_send(vt, key);
	vt_wait_text(vt, "Place [here]:");
	vt_send(vt, "\n");
	vt_wait_text(vt, "then Enter:");
	vt_send(vt, "yes\n");
	return vt;
}

static void line_mode_checks(void **state)
{
	struct vt *vt = answer_in_lines("sk-bad\n");

	(void)state;
	/* Only what was refused is asked again, and Enter alone tries it once more. */
	wait_below(vt, "API key: the service does not know it", "[kept as it is]:");
	vt_send(vt, "\n");
	wait_below(vt, "[kept as it is]:", "then Enter:");
	vt_send(vt, "yes\n");
	wait_below(vt, "then Enter: yes", "[kept as it is]:");
	vt_send(vt, "sk-good\n");
	vt_wait_text(vt, "Place: here");
	wait_below(vt, "[kept as it is]:", "then Enter:");
	vt_send(vt, "yes\n");
	expect(vt, "save, signal 0\nKEY=sk-good\n");
	vt = answer_in_lines("sk-slow\n");
	vt_wait_text(vt, "Checking your answers; Ctrl-C stops it.");
	vt_send(vt, "\003");
	wait_below(vt, "The check was stopped. Nothing is saved.", "then Enter:");
	vt_send(vt, "no\n");
	expect(vt, "left, signal 0\n");
}

static void line_mode_ends(void **state)
{
	static const struct {
		const char *typed, *said;
	} table[] = {
		{"\003", "quit, signal 0\n"},
		{"\004", "left, signal 0\n"},
		{"c\n\003", "quit, signal 0\n"},
		{"a\nHi\nno\n", "left, signal 0\n"},
		{"x\nx\nx\nx\nx\n", "left, signal 0\n"}, /* nobody there who reads */
		{"o\nx\nx\nx\nx\nx\n", "left, signal 0\n"}, /* in the middle of a secret */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = start(&ordinary, "--plain", NULL);
		vt_send(vt, table[i].typed);
		expect(vt, table[i].said);
	}
}

/* Too small in the middle of it: line mode goes on with what was typed. */
static void a_terminal_that_becomes_too_small(void **state)
{
	struct vt *vt = start(&ordinary, NULL, NULL);

	(void)state;
	vt_send(vt, "c");
	vt_wait_text(vt, "Endpoint");
	vt_resize(vt, 10, 60);
	vt_wait_text(vt, "[custom]:");
	vt_send(vt, "\003");
	expect(vt, "quit, signal 0\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_screen_is_shown),
		cmocka_unit_test(a_whole_set_up_is_typed),
		cmocka_unit_test(a_secret_is_pasted_and_never_written),
		cmocka_unit_test(ways_out),
		cmocka_unit_test(signals_give_the_terminal_back),
		cmocka_unit_test(it_is_suspended),
		cmocka_unit_test(line_mode_asks_the_same),
		cmocka_unit_test(answers_are_checked),
		cmocka_unit_test(line_mode_checks),
		cmocka_unit_test(line_mode_ends),
		cmocka_unit_test(a_terminal_that_becomes_too_small),
	};

	if (argc > 1 && strcmp(argv[1], "setup") == 0)
		return setup_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
