/* SPDX-License-Identifier: MIT */
/* Every golden screen on a real terminal: the question on a pty, the keys as a terminal sends them, the screen through libvterm. */
#include "tests/lib/consent_demo.h"
#include "tests/lib/golden.h"
#include "tests/lib/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static bool as_golden(const struct vt *vt, const void *screen)
{
	char *shot = vt_shot(vt);
	bool same = strcmp(shot, screen) == 0;

	free(shot);
	return same;
}

static void check(const char *path)
{
	struct golden golden;
	char locale[64], term[64];

	golden_load(&golden, path);
	snprintf(locale, sizeof(locale), "LANG=%s", golden.locale);
	snprintf(term, sizeof(term), "TERM=%s", golden.term);
	const char *const environment[] = {locale, term, NULL};
	const char *const argv[] = {"/proc/self/exe", "ask", golden.sample, NULL};
	struct vt *vt = vt_start(argv, &(struct vt_options){
					       .rows = golden.rows,
					       .columns = golden.columns,
					       .environment = environment,
				       });
	vt_wait_text(vt, "Nothing is chosen");
	for (size_t i = 0; i < golden.key_count; i++) {
		vt_send(vt, golden.keys[i].bytes);
		/* Keys may come as fast as they like, but Esc with a key behind it would be that key with Alt. */
		if (strcmp(golden.keys[i].name, "Esc") == 0)
			vt_wait_text(vt, "Yes, send");
	}
	vt_wait(vt, as_golden, golden.screen);
	vt_send(vt, "\003");
	assert_int_equal(vt_wait_exit(vt), 0);
	assert_non_null(strstr(vt_stdout(vt), "answer quit"));
	vt_finish(vt);
	golden_finish(&golden);
}

static void every_golden_screen_is_shown(void **state)
{
	size_t count;
	char **paths = golden_paths(GOLDEN_QUESTIONS, &count);

	(void)state;
	assert_true(count >= 30);
	for (size_t i = 0; i < count; i++)
		check(paths[i]);
	golden_paths_free(paths);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_screen_is_shown),
	};

	if (argc > 1 && strcmp(argv[1], "ask") == 0)
		return consent_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
