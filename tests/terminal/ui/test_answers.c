/* SPDX-License-Identifier: MIT */
/* What is and what is not an answer, on a real terminal. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAID(answer) "answer " answer ", signal 0, handlers as before\n"

static void keys_answer(void **state)
{
	static const struct {
		const char *keys;
		const char *said;
	} table[] = {
		{"y", SAID("yes")},
		{"Y", SAID("yes")},
		{"n", SAID("no")},
		{"N", SAID("no")},
		{"d", SAID("never")},
		{"D", SAID("never")},
		{"\033", SAID("not-this-run")},
		{"\004", SAID("not-this-run")},
		{"\003", SAID("quit")},
		/* Enter and Space act on what has focus; letters act wherever focus is. */
		{"\t\r", SAID("yes")},
		{"\t ", SAID("yes")},
		{"\t\t\r", SAID("no")},
		{"\033[Z\r", SAID("never")},
		{"\033OC\033OC\n", SAID("no")},
		{"\033[C\033[C\033[D\n", SAID("yes")},
		{"\ty", SAID("yes")},
		{"\tn", SAID("no")},
		{"\t\ty", SAID("yes")},
		/* Out of a pager and on; its Esc is not the answer. */
		{"vqn", SAID("no")},
		{"pqy", SAID("yes")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);
		vt_send(vt, table[i].keys);
		consent_demo_expect(vt, table[i].said);
	}
}

static void keys_that_answer_nothing(void **state)
{
	static const char *const table[] = {
		"\r",       "\n",           " ",        "\r\r\r\r",  "x", "q",
		"1",        "\033OB\033OA", "\t\033OB", "\033[1;5C", /* a key that this TERM does not describe is not Esc and letters */
		"\033[99~", "\033[I",       "\033Oj",   "\033y", /* Alt with y is not y */
		"\303\277", /* a letter of two bytes */
		"\377",     "vyYnNdD\r q", /* nothing is answered in a pager */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);
		vt_send(vt, table[i]);
		/* D is an answer that none of them could have given. */
		vt_send(vt, "d");
		consent_demo_expect(vt, SAID("never"));
	}
}

static void control_c_quits_from_the_pager(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	vt_send(vt, "v");
	vt_wait_text(vt, "server_start");
	vt_send(vt, "\003");
	consent_demo_expect(vt, SAID("quit"));
}

static void typed_ahead_answers_nothing(void **state)
{
	static const char *const arguments[] = {NULL, "--plain"};
	static const char *const answers[] = {"n", "no\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vt_options options = {.typed_ahead = "y\ryes\r\nY\033\n"};
		struct vt *vt = consent_demo_start(&options, arguments[i], NULL);
		vt_send(vt, answers[i]);
		consent_demo_expect(vt, SAID("no"));
	}
}

/* Attribute letters of a piece of a row; the caller frees. */
static char *letters_of(const struct vt *vt, const char *text, size_t width)
{
	char *shot = vt_shot(vt), *letters = strstr(shot, "\nattributes\n") + 1, *result = malloc(width + 1);
	unsigned row = 0, column = 0;

	/* Columns are counted in an ASCII screen, so that bytes are columns. */
	char *found = strstr(shot, text);
	assert_non_null(found);
	assert_non_null(result);
	for (char *at = strchr(shot, '\n') + 1; at < found; at++) {
		column++;
		if (*at == '\n') {
			row++;
			column = 0;
		}
	}
	letters = strchr(letters, '\n') + 1;
	for (; row > 0; row--)
		letters = strchr(letters, '\n') + 1;
	size_t length = strcspn(letters, "\n");
	for (size_t i = 0; i < width; i++)
		result[i] = column + i < length ? letters[column + i] : '.';
	result[width] = '\0';
	free(shot);
	return result;
}

static void check_same_weight(struct vt *vt, const char *yes, const char *no)
{
	assert_int_equal(strlen(yes), strlen(no));
	char *yes_letters = letters_of(vt, yes, strlen(yes)), *no_letters = letters_of(vt, no, strlen(no));
	assert_string_equal(yes_letters, no_letters);
	free(yes_letters);
	free(no_letters);
}

static void both_answers_have_the_same_weight(void **state)
{
	static const char *const environment[] = {"LANG=C", "TERM=tmux", NULL};
	struct vt_options large = {.environment = environment};
	struct vt_options small = {.environment = environment, .rows = 12, .columns = 40};
	(void)state;

	struct vt *vt = consent_demo_start(&large, NULL, NULL);
	check_same_weight(vt, "[ Y   Yes, send       ]", "[ N   No, do not send ]");
	vt_send(vt, "\t");
	vt_wait_text(vt, "> Y   Yes, send       <");
	char *yes = letters_of(vt, "> Y   Yes, send       <", 23);
	vt_send(vt, "\t");
	vt_wait_text(vt, "> N   No, do not send <");
	char *no = letters_of(vt, "> N   No, do not send <", 23);
	assert_string_equal(yes, "RRRRRRRRRRRRRRRRRRRRRRR");
	assert_string_equal(yes, no);
	free(yes);
	free(no);
	vt_send(vt, "y");
	consent_demo_expect(vt, SAID("yes"));

	vt = consent_demo_start(&small, NULL, NULL);
	check_same_weight(vt, "[Y] Yes, send     ", "[N] No, don't send");
	vt_send(vt, "n");
	consent_demo_expect(vt, SAID("no"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_answer),
		cmocka_unit_test(keys_that_answer_nothing),
		cmocka_unit_test(control_c_quits_from_the_pager),
		cmocka_unit_test(typed_ahead_answers_nothing),
		cmocka_unit_test(both_answers_have_the_same_weight),
	};

	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return consent_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
