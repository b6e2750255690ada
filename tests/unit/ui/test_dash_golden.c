/* SPDX-License-Identifier: MIT */
/* Every golden screen of the dashboard: the keys that stand in the file, pressed on the stack it names. GOLDEN=1 writes them anew. */
#include "tests/lib/dash_scene.h"
#include "tests/lib/golden.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *path)
{
	struct golden golden;
	struct dash_scene scene;

	golden_load(&golden, path);
	assert_non_null(setlocale(LC_CTYPE, golden.locale));
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = golden.sample,
							      .rows = golden.rows,
							      .columns = golden.columns,
							      .ascii = strcmp(golden.locale, "C") == 0,
							      .mono = strcmp(golden.theme, "mono") == 0});
	for (size_t i = 0; i < golden.key_count; i++)
		dash_scene_press(&scene, golden.keys[i].key);
	char *shot = dash_scene_shot(&scene);
	golden_check(&golden, shot, true);
	free(shot);
	dash_scene_end(&scene);
	golden_finish(&golden);
}

static void every_golden_screen_is_drawn(void **state)
{
	size_t count;
	char **paths = golden_paths(GOLDEN_DASH, &count);

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	for (size_t i = 0; i < count; i++)
		check(paths[i]);
	golden_paths_free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_screen_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
