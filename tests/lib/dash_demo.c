/* SPDX-License-Identifier: MIT */
#include "tests/lib/dash_demo.h"

#include "tests/lib/dash_scene.h"
#include "tests/lib/golden.h"
#include "ui/term.h"

#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell(void)
{
	if (write(STDOUT_FILENO, ".", 1) != 1)
		exit(1);
}

static void take_keys(struct dash_scene *scene, struct term *term)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	uint32_t key;
	int got;

	while (poll(&input, 1, -1) == 1) {
		while ((got = term_read_key(term, &key)) > 0) {
			dash_scene_press(scene, key);
			term_show(term, &scene->frame);
			tell();
		}
		if (got < 0)
			return;
	}
}

int dash_demo_main(int argc, char **argv)
{
	struct golden golden;
	struct dash_scene scene;
	struct term *term;

	if (argc != 2 || setlocale(LC_CTYPE, "") == NULL)
		return 2;
	setenv("TZ", "UTC", 1);
	golden_load(&golden, argv[1]);
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = golden.sample,
							      .rows = golden.rows,
							      .columns = golden.columns,
							      .ascii = strcmp(golden.locale, "C") == 0,
							      .mono = strcmp(golden.theme, "mono") == 0});
	if (term_open(getenv("TERM"), &term) < 0)
		return 2;
	term_use_theme(term, &scene.theme);
	term_take_text(term, true);
	term_take_mouse(term, true);
	term_show(term, &scene.frame);
	tell();
	take_keys(&scene, term);
	term_close(term);
	dash_scene_end(&scene);
	golden_finish(&golden);
	return 0;
}
