/* SPDX-License-Identifier: MIT */
#include "tests/lib/consent_demo.h"

#include "tests/lib/consent_sample.h"
#include "tests/lib/term.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char *answer_name(enum consent_answer answer)
{
	switch (answer) {
	case CONSENT_YES:
		return "yes";
	case CONSENT_NO:
		return "no";
	case CONSENT_NO_FOR_GOOD:
		return "never";
	case CONSENT_NOT_THIS_RUN:
		return "not-this-run";
	case CONSENT_QUIT:
		return "quit";
	case CONSENT_UNASKED:
		break;
	}
	return "unasked";
}

/* What a signal does in this process; compared before and after. */
struct dispositions {
	struct sigaction actions[32];
	sigset_t mask;
};

static void remember(struct dispositions *self)
{
	memset(self, 0, sizeof(*self));
	for (int number = 1; number < 32; number++)
		sigaction(number, NULL, &self->actions[number]);
	sigprocmask(SIG_BLOCK, NULL, &self->mask);
}

static bool same(const struct dispositions *a, const struct dispositions *b)
{
	for (int number = 1; number < 32; number++) {
		if (a->actions[number].sa_handler != b->actions[number].sa_handler ||
		    sigismember(&a->mask, number) != sigismember(&b->mask, number))
			return false;
	}
	return true;
}

int consent_demo_main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR"), *sample = "shop";
	struct ui_options options = {.term = getenv("TERM"), .no_color = no_color != NULL && *no_color != '\0'};
	struct dispositions before, after;
	int fatal_signal = -1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--plain") == 0)
			options.plain = true;
		else
			sample = argv[i];
	}
	const struct consent_model *model = consent_sample(sample);
	if (model == NULL)
		return 2;
	remember(&before);
	enum consent_answer answer = ui_ask_consent(model, &options, &fatal_signal);
	remember(&after);
	printf("answer %s, signal %d, handlers %s\n", answer_name(answer), fatal_signal,
	       same(&before, &after) ? "as before" : "changed");
	return fflush(stdout) == 0 ? 0 : 1;
}

static bool asks(const struct vt *vt, const void *argument)
{
	(void)argument;
	return vt_shows(vt, "Nothing is chosen") || vt_shows(vt, "then Enter:");
}

struct vt *consent_demo_start(const struct vt_options *options, const char *first, const char *second)
{
	const char *const argv[] = {"/proc/self/exe", "ask", first, second, NULL};
	struct vt *vt = vt_start(argv, options);

	vt_wait(vt, asks, "the question");
	return vt;
}

void consent_demo_check_restored(const struct vt *vt)
{
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
}

void consent_demo_expect(struct vt *vt, const char *line)
{
	int status = vt_wait_exit(vt);

	assert_string_equal(vt_stdout(vt), line);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	consent_demo_check_restored(vt);
	vt_finish(vt);
}
