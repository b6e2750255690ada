/* SPDX-License-Identifier: MIT */
/* The question in line mode: when it is used, what is typed, what is said. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAID(answer) "answer " answer ", signal 0, handlers as before\n"

static const struct vt_options ordinary = {0};

static bool wrote(const struct vt *vt, char byte)
{
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	return memchr(bytes, byte, size) != NULL;
}

static void plain_terminals_get_line_mode(void **state)
{
	static const struct {
		const char *term;
		unsigned rows, columns;
		const char *argument;
		bool line_mode;
	} table[] = {
		{"TERM=xterm", 24, 80, "--plain", true}, {"TERM=dumb", 24, 80, NULL, true},
		{"TERM=", 24, 80, NULL, true},           {"TERM=no-such-terminal", 24, 80, NULL, true},
		{"TERM=xterm", 24, 39, NULL, true},      {"TERM=xterm", 11, 80, NULL, true},
		{"TERM=xterm", 3, 10, NULL, true},       {"TERM=xterm", 12, 40, NULL, false},
		{"TERM=vt100", 24, 80, NULL, false},     {"TERM=linux", 24, 80, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		/* ncurses 6.4 does not free all it had made when it finds that it does not know a terminal. */
		const char *const environment[] = {table[i].term, "ASAN_OPTIONS=detect_leaks=0", NULL};
		struct vt_options options = {
			.rows = table[i].rows, .columns = table[i].columns, .environment = environment};
		const char *const argv[] = {"/proc/self/exe", "ask", table[i].argument, NULL};
		struct vt *vt = vt_start(argv, &options);
		vt_wait_text(vt, table[i].line_mode ? "Enter:" : "Nothing is chosen");
		/* Line mode writes no escape sequence at all. */
		assert_int_equal(wrote(vt, '\033'), !table[i].line_mode);
		vt_send(vt, "n\n");
		consent_demo_expect(vt, SAID("no"));
	}
}

static void words_answer(void **state)
{
	static const struct {
		const char *typed;
		const char *said;
	} table[] = {
		{"yes\n", SAID("yes")},
		{"Y\n", SAID("yes")},
		{"  no \n", SAID("no")},
		{"N\n", SAID("no")},
		{"never\n", SAID("never")},
		{"D\n", SAID("never")},
		{"\nyes\n", SAID("yes")}, /* an empty line asks once more */
		{"\n\n", SAID("not-this-run")}, /* and then is no answer */
		{"\004", SAID("not-this-run")},
		{"yes\004\004", SAID("not-this-run")}, /* a line that was never ended */
		{"maybe\nyes\n", SAID("yes")},
		{"ja\nsi\noui\nda\nhai\n\004", SAID("not-this-run")},
		{"1\n2\n3\n4\n5\n6\n", SAID("not-this-run")}, /* five are explained */
		{"yesno\nno\n", SAID("no")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = consent_demo_start(&ordinary, "--plain", NULL);
		vt_send(vt, table[i].typed);
		consent_demo_expect(vt, table[i].said);
	}
}

static void control_c_quits(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&ordinary, "--plain", NULL);

	vt_send(vt, "ye\003");
	consent_demo_expect(vt, SAID("quit"));
}

static void it_says_the_same_words(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){.rows = 40}, "--plain", NULL);

	static const char *const sentences[] = {
		"Usage statistics - notice 3",
		"May Shop send usage statistics while it runs this time?",
		"  - versions, memory and CPU use of it, OS, kernel and CPU type, CI or not",
		"Change it at any",
		"never: no, and don't ask again.",
		"Type yes, no, view or notice, then Enter:",
	};
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		assert_true(vt_shows(vt, sentences[i]));
	vt_send(vt, "sure\n");
	vt_wait_text(vt, "'sure' is not an answer. The words are yes, no, view, notice and never.");
	vt_send(vt, "no\n");
	consent_demo_expect(vt, SAID("no"));
}

static void texts_are_shown_on_request(void **state)
{
	static const struct {
		const char *word;
		const char *seen;
	} table[] = {
		{"view\n", "\"distinct_id\": \"(made only after yes)\","},
		{"V\n", "\"distinct_id\": \"(made only after yes)\","},
		{"notice\n", "It goes to Shop Ltd."},
		{"p\n", "It goes to Shop Ltd."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){.rows = 80}, "--plain", NULL);
		vt_send(vt, table[i].word);
		vt_wait_text(vt, table[i].seen);
		vt_send(vt, "no\n");
		consent_demo_expect(vt, SAID("no"));
	}
}

static void hostile_text_and_input_are_harmless(void **state)
{
	static const char *const environment[] = {"TERM=dumb", NULL};
	(void)state;
	struct vt *vt =
		consent_demo_start(&(struct vt_options){.rows = 60, .environment = environment}, "hostile", NULL);

	vt_send(vt, "view\n");
	vt_wait_text(vt, "\"name\": \"^[[2J^[[HShop^M^G^?\\x9b\\u202eevil\\u2066");
	assert_false(wrote(vt, '\033'));
	assert_false(wrote(vt, '\a'));
	/* The terminal itself shows a typed Esc as ^[; said back it is the same. */
	vt_send(vt, "\033[2Jx\n");
	vt_wait_text(vt, "'^[[2Jx' is not an answer.");
	vt_send(vt, "a word that goes on for much longer than anybody would want to have it read back to them\n");
	vt_wait_text(vt, "'a word that goes on for much l...'");
	vt_send(vt, "no\n");
	consent_demo_expect(vt, SAID("no"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_terminals_get_line_mode),
		cmocka_unit_test(words_answer),
		cmocka_unit_test(control_c_quits),
		cmocka_unit_test(it_says_the_same_words),
		cmocka_unit_test(texts_are_shown_on_request),
		cmocka_unit_test(hostile_text_and_input_are_harmless),
	};

	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return consent_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
