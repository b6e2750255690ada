/* SPDX-License-Identifier: MIT */
/* What is sent to the terminal: sizes that change, repainting, no colour, nothing without need. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/term.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAID(answer) "answer " answer ", signal 0, handlers as before\n"

static void the_dialog_follows_the_size(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	vt_send(vt, "\t\t");
	vt_wait_text(vt, "> N   No, do not send <");
	vt_resize(vt, 12, 40);
	vt_wait_text(vt, ">N< No, don't send");
	vt_resize(vt, 50, 132);
	vt_wait_text(vt, "> N   No, do not send <");
	/* Centred: thirteen empty rows, then the title after 26 columns. */
	char *row = vt_row(vt, 13);
	assert_int_equal(strspn(row, " "), 26);
	assert_non_null(strstr(row, "Usage statistics - notice 3"));
	free(row);
	vt_send(vt, "\r");
	consent_demo_expect(vt, SAID("no"));
}

static void the_pager_follows_the_size(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){.rows = 12, .columns = 40}, NULL, NULL);

	vt_send(vt, "v\033[6~");
	vt_wait_text(vt, "lines 9-17 of 25");
	/* Line numbers are others in a wider window; what was read stays at the top. */
	char *before = vt_row(vt, 1);
	assert_non_null(strstr(before, "\"$process_person_profile\":"));
	free(before);
	vt_resize(vt, 13, 76);
	vt_wait_text(vt, "lines 7-16 of 18");
	char *after = vt_row(vt, 1);
	assert_non_null(strstr(after, "\"$process_person_profile\": false,"));
	free(after);
	vt_send(vt, "q");
	vt_wait_text(vt, "Nothing is chosen");
	vt_send(vt, "n");
	consent_demo_expect(vt, SAID("no"));
}

static void too_small_a_terminal_goes_on_in_line_mode(void **state)
{
	static const char *const before[] = {"", "v"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);
		vt_send(vt, before[i]);
		if (before[i][0] != '\0')
			vt_wait_text(vt, "server_start");
		vt_resize(vt, 8, 60);
		vt_wait_text(vt, "Type yes, no, view or notice, then Enter:");
		assert_false(vt_alternate_screen(vt));
		vt_send(vt, "never\n");
		consent_demo_expect(vt, SAID("never"));
	}
}

static void control_l_draws_everything_anew(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	vt_scribble(vt, "\033[5;20Hrubbish from elsewhere");
	vt_wait_text(vt, "rubbish");
	vt_send(vt, "\f");
	vt_wait_gone(vt, "rubbish");
	vt_wait_text(vt, "- that the stack started or failed to, how many services, and how fast");
	vt_send(vt, "n");
	consent_demo_expect(vt, SAID("no"));
}

/* All that is written when `keys` are pressed; the caller frees. */
static char *written_for(const char *keys)
{
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);
	size_t size;

	for (; *keys != '\0'; keys++) {
		vt_send(vt, (const char[]){*keys, '\0'});
		if (*keys == 'x')
			vt_wait_text(vt, "That key does nothing here.");
	}
	vt_wait_exit(vt);
	char *copy = strdup(vt_bytes(vt, &size));
	vt_finish(vt);
	return copy;
}

static void nothing_is_written_when_nothing_changed(void **state)
{
	(void)state;
	char *once = written_for("xn"), *often = written_for("xxxxxn");

	assert_string_equal(once, often);
	free(once);
	free(often);
}

static void no_colour_is_used(void **state)
{
	static const char *const environments[][2] = {
		{NULL, NULL}, {"NO_COLOR=1", NULL}, {"TERM=xterm-256color", NULL}};
	regex_t color;
	size_t size;

	(void)state;
	/* SGR 30 to 37 and 40 to 47 name a colour, 38 and 48 begin one, 90 to 107 are the bright ones. */
	assert_int_equal(regcomp(&color, "\033\\[([0-9]*;)*([34][0-8]|9[0-7]|10[0-7])(;[0-9]*)*m", REG_EXTENDED), 0);
	assert_int_equal(regexec(&color, "\033[1;31m", 0, NULL, 0), 0);
	for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); i++) {
		struct vt_options options = {.environment = environments[i]};
		struct vt *vt = consent_demo_start(&options, NULL, NULL);
		vt_send(vt, "\t");
		vt_wait_text(vt, "> Y   Yes, send");
		assert_int_equal(regexec(&color, vt_bytes(vt, &size), 0, NULL, 0), REG_NOMATCH);
		vt_send(vt, "n");
		consent_demo_expect(vt, SAID("no"));
	}
	regfree(&color);
}

static bool cursor_stands(const struct vt *vt, const void *place)
{
	char *shot = vt_shot(vt);
	bool there = strstr(shot, place) != NULL;

	free(shot);
	return there;
}

static void the_cursor_is_on_what_has_focus(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	assert_true(vt_cursor_visible(vt));
	vt_send(vt, "\t");
	vt_wait_text(vt, "> Y   Yes, send       <");
	vt_wait(vt, cursor_stands, "cursor 15,14");
	vt_send(vt, "n");
	consent_demo_expect(vt, SAID("no"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dialog_follows_the_size),
		cmocka_unit_test(the_pager_follows_the_size),
		cmocka_unit_test(too_small_a_terminal_goes_on_in_line_mode),
		cmocka_unit_test(control_l_draws_everything_anew),
		cmocka_unit_test(nothing_is_written_when_nothing_changed),
		cmocka_unit_test(no_colour_is_used),
		cmocka_unit_test(the_cursor_is_on_what_has_focus),
	};

	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return consent_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
