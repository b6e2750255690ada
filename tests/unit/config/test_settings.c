/* SPDX-License-Identifier: MIT */
/* The settings files: what is read from them, and edits that leave everything else as it was. */
#include "config/err.h"
#include "config/settings.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char *folder;
	char path[200];
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->folder = children_make_folder();
	snprintf(world->path, sizeof(world->path), "%s/config.yaml", world->folder);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	children_remove_folder(world->folder);
	free(world);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void assert_file(const struct world *world, const char *expected)
{
	size_t size;
	char *text = children_slurp(world->folder, "config.yaml", &size);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_what_is_read(void **state)
{
	static const struct {
		const char *text;
		bool off, invalid;
		const char *apps; /* "a,b" */
		const char *warning;
	} cases[] = {
		{"", false, false, "", NULL},
		{"# nothing yet\n", false, false, "", NULL},
		{"colour: blue\n", false, false, "", NULL},
		{"telemetry_enabled: false\n", true, false, "", NULL},
		{"telemetry_enabled: no\n", true, false, "", NULL},
		{"telemetry_enabled: true\n", false, false, "", NULL}, /* says nothing: nobody is asked less for it */
		{"telemetry_off: [WrenAI, 'shop']\n", false, false, "WrenAI,shop", NULL},
		{"telemetry_off:\n", false, false, "", NULL},
		{"telemetry_off: []\ntelemetry_enabled: true\n", false, false, "", NULL},
		{"{\"telemetry_enabled\": false, \"telemetry_off\": [\"a\"]}", true, false, "a", NULL},
		/* What cannot be understood is off. */
		{"telemetry_enabled: maybe\n", true, true, "",
		 ":1:20: 'telemetry_enabled' says neither true nor false; telemetry counts as off"},
		{"telemetry_enabled: 'true'\n", true, true, "", "neither true nor false"},
		{"telemetry_enabled:\n", true, true, "", "neither true nor false"},
		{"telemetry_enabled: 1\n", true, true, "", "neither true nor false"},
		{"telemetry_enabled: [true]\n", true, true, "", "neither true nor false"},
		{"telemetry_enabled: true\ntelemetry_enabled: false\n", true, true, "", "given twice"},
		{"telemetry_off: all\n", true, true, "", "'telemetry_off' must be a list of apps, found text"},
		{"telemetry_off: [[a]]\n", true, true, "",
		 "'telemetry_off' must be a list of apps, found a list in it"},
		{"- telemetry_enabled\n", true, true, "", "settings must be a map, found a list"},
		{"telemetry_enabled: [true\n", true, true, "", "not valid YAML"},
		{"telemetry_enabled true\n\xff", true, true, "", "not UTF-8"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err warning = ERR_INIT;
		struct settings settings;
		char apps[100] = "";

		put(world->path, cases[i].text);
		settings_read(&settings, world->path, &warning);
		assert_true(settings.exists);
		assert_string_equal(settings.path, world->path);
		if (settings.off != cases[i].off || settings.invalid != cases[i].invalid)
			fail_msg("%s: off %d, invalid %d", cases[i].text, settings.off, settings.invalid);
		for (char **app = settings.telemetry_off; app && *app; app++) {
			strcat(apps, *apps ? "," : "");
			strcat(apps, *app);
		}
		if (!cases[i].invalid)
			assert_string_equal(apps, cases[i].apps);
		assert_int_equal(warning.count, cases[i].warning ? 1 : 0);
		if (cases[i].warning) {
			char *text = err_render(&warning, "upfront");

			if (!strstr(text, cases[i].warning))
				assert_string_equal(text, cases[i].warning);
			assert_non_null(strstr(text, world->path));
			free(text);
		}
		settings_finish(&settings);
		err_finish(&warning);
	}
}

static void assert_unreadable(const char *path, const char *why)
{
	struct err warning = ERR_INIT;
	struct settings settings;

	settings_read(&settings, path, &warning);
	assert_true(settings.exists && settings.off && settings.invalid);
	assert_int_equal(warning.count, 1);
	assert_non_null(strstr(warning.items[0].message, why));
	settings_finish(&settings);
	settings_read(&settings, path, NULL);
	assert_true(settings.off);
	settings_finish(&settings);
	err_finish(&warning);
}

static void test_missing_and_unreadable(void **state)
{
	struct world *world = *state;
	struct err warning = ERR_INIT;
	struct settings settings;
	char below[300];

	settings_read(&settings, NULL, &warning);
	assert_false(settings.exists || settings.off);
	settings_finish(&settings);
	settings_read(&settings, world->path, &warning);
	assert_false(settings.exists || settings.off);
	settings_finish(&settings);
	assert_false(err_is_set(&warning));
	assert_unreadable(world->folder, "cannot be read: it is a folder; telemetry counts as off");
	put(world->path, "telemetry_enabled: true\n");
	/* A file where a folder is looked for: no settings can be there. */
	snprintf(below, sizeof(below), "%s/config.yaml", world->path);
	settings_read(&settings, below, &warning);
	assert_false(settings.exists || settings.off);
	settings_finish(&settings);
	assert_int_equal(truncate(world->path, 50L * 1024 * 1024), 0);
	assert_unreadable(world->path, "cannot be read: it is too large; telemetry counts as off");
	if (geteuid() != 0) {
		assert_int_equal(chmod(world->path, 0), 0);
		assert_unreadable(world->path, "cannot be read: Permission denied");
	}
}

static void test_apps_compare_without_case(void **state)
{
	struct world *world = *state;
	struct settings settings;

	put(world->path, "telemetry_off: [WrenAI]\n");
	settings_read(&settings, world->path, NULL);
	assert_true(settings_has_off(&settings, "WrenAI"));
	assert_true(settings_has_off(&settings, "wrenai"));
	assert_false(settings_has_off(&settings, "Wren"));
	settings_finish(&settings);
	assert_false(settings_has_off(&settings, "WrenAI"));
}

static void test_edits_touch_nothing_else(void **state)
{
	static const struct {
		const char *before, *app;
		bool off;
		const char *after;
	} cases[] = {
		/* All apps: telemetry_enabled. */
		{"", NULL, true, "telemetry_enabled: false\n"},
		{"# mine\n", NULL, true, "# mine\ntelemetry_enabled: false\n"},
		{"# mine", NULL, true, "# mine\ntelemetry_enabled: false\n"},
		{"---\n", NULL, true, "---\ntelemetry_enabled: false\n"},
		{"colour: blue # c\n\n# end\n", NULL, true, "colour: blue # c\n\n# end\ntelemetry_enabled: false\n"},
		{"colour: blue", NULL, true, "colour: blue\ntelemetry_enabled: false\n"},
		{"  colour: blue\n", NULL, true, "  colour: blue\n  telemetry_enabled: false\n"},
		{"a: 1\r\nb: 2\r\n", NULL, true, "a: 1\r\nb: 2\r\ntelemetry_enabled: false\r\n"},
		{"\xef\xbb\xbf"
		 "a: 1\n",
		 NULL, true,
		 "\xef\xbb\xbf"
		 "a: 1\ntelemetry_enabled: false\n"},
		{"a: 1\ntelemetry_enabled: true # why not\nb: 2\n", NULL, true,
		 "a: 1\ntelemetry_enabled: false # why not\nb: 2\n"},
		{"telemetry_enabled: 'true'\n", NULL, true, "telemetry_enabled: false\n"},
		{"\"telemetry_enabled\": \"x\\\"y\" # c\n", NULL, true, "\"telemetry_enabled\": false # c\n"},
		{"'telemetry_enabled': 'it''s'\n", NULL, true, "'telemetry_enabled': false\n"},
		{"telemetry_enabled: # soon\n", NULL, true, "telemetry_enabled: false # soon\n"},
		{"telemetry_enabled: ~\nb: 1\n", NULL, true, "telemetry_enabled: false\nb: 1\n"},
		{"telemetry_enabled: null\n", NULL, true, "telemetry_enabled: false\n"},
		{"ö: é\ntelemetry_enabled: wäre # ü\n", NULL, true, "ö: é\ntelemetry_enabled: false # ü\n"},
		{"telemetry_enabled: no\n", NULL, true, "telemetry_enabled: no\n"},
		{"{}", NULL, true, "{\"telemetry_enabled\": false}"},
		{"{\n  \"a\": 1\n}\n", NULL, true, "{\"telemetry_enabled\": false, \n  \"a\": 1\n}\n"},
		{"{a: 1, telemetry_enabled: true, b: 2}\n", NULL, true, "{a: 1, telemetry_enabled: false, b: 2}\n"},
		/* And back. */
		{"", NULL, false, ""},
		{"telemetry_enabled: true\n", NULL, false, "telemetry_enabled: true\n"},
		{"telemetry_enabled: false\n", NULL, false, ""},
		{"# top\ntelemetry_enabled: false # c\n# about b\nb: 2\n", NULL, false, "# top\n# about b\nb: 2\n"},
		{"a: 1\ntelemetry_enabled: maybe\n\n# end\n", NULL, false, "a: 1\n\n# end\n"},
		{"a: 1\ntelemetry_enabled:\n  - x # y\n  - z\nb: 2\n", NULL, false, "a: 1\nb: 2\n"},
		{"a: 1\ntelemetry_enabled: |\n  text\n\n  more\n\nb: 2\n", NULL, false, "a: 1\n\nb: 2\n"},
		{"{telemetry_enabled: false}", NULL, false, "{}"},
		{"{a: 1, telemetry_enabled: false}", NULL, false, "{a: 1}"},
		{"{\"telemetry_enabled\": false, \"b\": 1}", NULL, false, "{\"b\": 1}"},
		{"{\n  \"a\": 1,\n  \"telemetry_enabled\": false\n}\n", NULL, false, "{\n  \"a\": 1\n}\n"},
		/* One app: telemetry_off. */
		{"", "shop", true, "telemetry_off: [\"shop\"]\n"},
		{"a: 1 # c\n", "My: app \"x\"", true, "a: 1 # c\ntelemetry_off: [\"My: app \\\"x\\\"\"]\n"},
		{"telemetry_off:\na: 1\n", "shop", true, "telemetry_off: [\"shop\"]\na: 1\n"},
		{"telemetry_off: ~ # none\n", "shop", true, "telemetry_off: [\"shop\"] # none\n"},
		{"telemetry_off: []\n", "shop", true, "telemetry_off: [\"shop\"]\n"},
		{"telemetry_off: [a, 'b' ] # c\n", "shop", true, "telemetry_off: [a, 'b', \"shop\" ] # c\n"},
		{"telemetry_off:\n  # first\n  - a # one\n  - \"b\" # two\n# end\nz: 1\n", "shop", true,
		 "telemetry_off:\n  # first\n  - a # one\n  - \"b\" # two\n  - \"shop\"\n# end\nz: 1\n"},
		{"telemetry_off:\n- a", "shop", true, "telemetry_off:\n- a\n- \"shop\"\n"},
		{"telemetry_off: [Shop]\n", "sHOP", true, "telemetry_off: [Shop]\n"},
		{"{\"a\": 1}", "shop", true, "{\"telemetry_off\": [\"shop\"], \"a\": 1}"},
		{"", "true", true, "telemetry_off: [\"true\"]\n"},
		/* And back. */
		{"telemetry_off: [a]\n", "b", false, "telemetry_off: [a]\n"},
		{"telemetry_off: [A]\nb: 1\n", "a", false, "b: 1\n"},
		{"telemetry_off: [a, b, c] # x\n", "a", false, "telemetry_off: [b, c] # x\n"},
		{"telemetry_off: [a, \"b\", c] # x\n", "b", false, "telemetry_off: [a, c] # x\n"},
		{"telemetry_off: [a, b, c ] # x\n", "c", false, "telemetry_off: [a, b ] # x\n"},
		{"telemetry_off: [a, b, A, c]\n", "a", false, "telemetry_off: [b, c]\n"},
		{"telemetry_off:\n  - a # one\n  - b # two\n  - c # three\n", "b", false,
		 "telemetry_off:\n  - a # one\n  - c # three\n"},
		{"x: 1\ntelemetry_off:\n  - a # one\n\n# y\ny: 2\n", "a", false, "x: 1\n\n# y\ny: 2\n"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct settings settings;

		put(world->path, cases[i].before);
		if (settings_edit(world->path, cases[i].app, cases[i].off, &err) < 0)
			fail_msg("%s: %s", cases[i].before, err.items[0].message);
		assert_file(world, cases[i].after);
		/* And it says what it was edited to say. */
		settings_read(&settings, world->path, NULL);
		if (cases[i].app)
			assert_int_equal(settings_has_off(&settings, cases[i].app), cases[i].off);
		else
			assert_int_equal(settings.off, cases[i].off);
		settings_finish(&settings);
	}
}

static void test_files_that_are_left_alone(void **state)
{
	static const struct {
		const char *text, *app;
		bool off;
	} cases[] = {
		{"a: [1\n", NULL, true},
		{"a: [1\n", "shop", true},
		{"- a\n", NULL, true},
		{"text\n", NULL, true},
		{"a: 1\na: 2\n", NULL, true},
		{"telemetry_off: all\n", "shop", true},
		{"telemetry_enabled: [x]\n", NULL, true},
		/* An alias: what would change stands at another key. */
		{"a: &x yes please\ntelemetry_enabled: *x\n", NULL, true},
		{"a: &x [b]\ntelemetry_off: *x\n", "shop", true},
		{"a: &x {telemetry_enabled: maybe}\n<<: *x\n", NULL, true},
		{"a: 1\n...\n", NULL, true},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		put(world->path, cases[i].text);
		assert_int_equal(settings_edit(world->path, cases[i].app, cases[i].off, &err), -EINVAL);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_non_null(err.items[err.count - 1].hint);
		assert_file(world, cases[i].text);
		err_finish(&err);
	}
}

static void test_folder_and_mode(void **state)
{
	struct world *world = *state;
	struct settings settings;
	struct stat status;
	char deep[300], link[300];

	snprintf(deep, sizeof(deep), "%s/new/upfront/config.yaml", world->folder);
	/* Nothing to lift: nothing is made. */
	assert_int_equal(settings_edit(deep, "shop", false, NULL), 0);
	assert_int_equal(stat(deep, &status), -1);
	assert_int_equal(settings_edit(deep, "shop", true, NULL), 0);
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	/* The mode of a file that was there is kept; a link stays a link. */
	put(world->path, "");
	assert_int_equal(chmod(world->path, 0640), 0);
	snprintf(link, sizeof(link), "%s/link.yaml", world->folder);
	assert_int_equal(symlink("config.yaml", link), 0);
	assert_int_equal(settings_edit(link, NULL, true, NULL), 0);
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(stat(link, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	settings_read(&settings, world->path, NULL);
	assert_true(settings.off && !settings.invalid);
	settings_finish(&settings);
}

static void test_folder_that_cannot_be_made(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	char below[300];

	put(world->path, "x: 1\n");
	snprintf(below, sizeof(below), "%s/upfront/config.yaml", world->path);
	assert_true(settings_edit(below, NULL, true, &err) < 0);
	assert_true(err_is_set(&err));
	assert_file(world, "x: 1\n");
	err_finish(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_and_unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_apps_compare_without_case, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edits_touch_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_that_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_and_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_that_cannot_be_made, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
