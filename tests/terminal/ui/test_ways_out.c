/* SPDX-License-Identifier: MIT */
/* The terminal is as it was before, however the dialog is left; and while it is left for a moment. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/term.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static void signals_end_the_dialog(void **state)
{
	static const struct {
		int number;
		const char *said;
	} table[] = {
		{SIGTERM, "answer not-this-run, signal 15, handlers as before\n"},
		{SIGHUP, "answer not-this-run, signal 1, handlers as before\n"},
		{SIGQUIT, "answer not-this-run, signal 3, handlers as before\n"},
		{SIGINT, "answer quit, signal 0, handlers as before\n"},
	};
	static const char *const arguments[] = {NULL, "--plain"};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t j = 0; j < 2; j++) {
			struct vt *vt = consent_demo_start(&(struct vt_options){0}, arguments[j], NULL);
			kill(vt_pid(vt), table[i].number);
			consent_demo_expect(vt, table[i].said);
		}
	}
}

static void a_crash_restores_the_terminal(void **state)
{
	static const int table[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
	/* With the sanitizer's own handlers out of the way the signal is what ends the program. */
	static const char *const environment[] = {
		"ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_sigtrap=0", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){.environment = environment}, NULL, NULL);
		assert_true(vt_alternate_screen(vt));
		kill(vt_pid(vt), table[i]);
		int status = vt_wait_exit(vt);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), table[i]);
		consent_demo_check_restored(vt);
		vt_finish(vt);
	}
}

static void a_terminal_that_goes_away_is_no_answer(void **state)
{
	static const char *const arguments[] = {NULL, "--plain"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vt *vt = consent_demo_start(&(struct vt_options){0}, arguments[i], NULL);
		vt_hang_up(vt);
		assert_true(WIFEXITED(vt_wait_exit(vt)));
		assert_non_null(strstr(vt_stdout(vt), "answer not-this-run, "));
		vt_finish(vt);
	}
}

static void a_suspended_dialog_gives_the_terminal_back(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	/* One after the other: Ctrl-Z throws away what was typed and not read. */
	vt_send(vt, "\t");
	vt_wait_text(vt, "> Y   Yes, send");
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	consent_demo_check_restored(vt);
	vt_resize(vt, 12, 40);
	vt_scribble(vt, "$ another program's output\r\n");
	vt_continue(vt);
	/* It is laid out for the new size, focus is where it was. */
	vt_wait_text(vt, ">Y< Yes, send     [N] No, don't send");
	assert_true(vt_alternate_screen(vt));
	assert_false(vt_shows(vt, "another program"));
	/* And again: the second time is as good as the first. */
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	consent_demo_check_restored(vt);
	vt_continue(vt);
	vt_wait_text(vt, ">Y< Yes, send");
	vt_send(vt, "n");
	consent_demo_expect(vt, "answer no, signal 0, handlers as before\n");
}

static void a_suspended_dialog_can_be_ended(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	consent_demo_check_restored(vt);
	/* The signal waits until the program runs again; the question is not drawn once more for it. */
	vt_scribble(vt, "\033[2J\033[H$ kill %1\r\n");
	kill(vt_pid(vt), SIGTERM);
	vt_continue(vt);
	consent_demo_expect(vt, "answer not-this-run, signal 15, handlers as before\n");
}

static void the_pager_is_suspended_as_well(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	vt_send(vt, "v");
	vt_wait_text(vt, "server_start");
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	consent_demo_check_restored(vt);
	vt_continue(vt);
	vt_wait_text(vt, "server_start");
	vt_send(vt, "q");
	vt_wait_text(vt, "Nothing is chosen");
	vt_send(vt, "n");
	consent_demo_expect(vt, "answer no, signal 0, handlers as before\n");
}

static void being_stopped_from_outside_is_survived(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, NULL, NULL);

	kill(vt_pid(vt), SIGSTOP);
	vt_wait_stopped(vt);
	vt_scribble(vt, "\033[2J\033[Hrubbish");
	vt_wait_text(vt, "rubbish");
	vt_continue(vt);
	vt_wait_gone(vt, "rubbish");
	vt_wait_text(vt, "Nothing is chosen");
	vt_send(vt, "n");
	consent_demo_expect(vt, "answer no, signal 0, handlers as before\n");
}

static void line_mode_is_suspended_too(void **state)
{
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){0}, "--plain", NULL);

	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	vt_scribble(vt, "\033[2J\033[H$ fg\r\n");
	vt_wait_gone(vt, "then Enter:");
	vt_continue(vt);
	vt_wait_text(vt, "then Enter:");
	vt_send(vt, "no\n");
	consent_demo_expect(vt, "answer no, signal 0, handlers as before\n");
}

static void a_terminal_without_a_second_screen_is_left_in_order(void **state)
{
	static const char *const environment[] = {"TERM=vt100", NULL};
	(void)state;
	struct vt *vt = consent_demo_start(&(struct vt_options){.environment = environment}, NULL, NULL);

	vt_send(vt, "n");
	consent_demo_expect(vt, "answer no, signal 0, handlers as before\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_end_the_dialog),
		cmocka_unit_test(a_crash_restores_the_terminal),
		cmocka_unit_test(a_terminal_that_goes_away_is_no_answer),
		cmocka_unit_test(a_suspended_dialog_gives_the_terminal_back),
		cmocka_unit_test(a_suspended_dialog_can_be_ended),
		cmocka_unit_test(the_pager_is_suspended_as_well),
		cmocka_unit_test(being_stopped_from_outside_is_survived),
		cmocka_unit_test(line_mode_is_suspended_too),
		cmocka_unit_test(a_terminal_without_a_second_screen_is_left_in_order),
	};

	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return consent_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
