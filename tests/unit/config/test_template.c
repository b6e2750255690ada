/* SPDX-License-Identifier: MIT */
/* Files made from templates: what is filled in, what is kept, and that nothing outside of the stack's folder is touched. */
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/template.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *find(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "A") == 0 ? "one" : NULL;
}

static void test_filling(void **state)
{
	static const struct {
		const char *text, *filled; /* NULL: wrong */
		int line, column;
		const char *said;
	} cases[] = {
		{"", "", 0, 0, NULL},
		{"a: ${A}\r\nb: ${B:-two}$$A\n", "a: one\r\nb: two$A\n", 0, 0, NULL},
		{"no end ${B}", "no end ", 0, 0, NULL},
		{"fine\n  key: ${A:}\n", NULL, 2, 8, ":"},
		{"\n\n${B:?say it}", NULL, 3, 1, "required variable 'B' is not set: say it"},
		{"x ${A\n}\n", NULL, 1, 3, "'${' has no closing '}'"},
	};
	const struct interpolate_source source = {find, NULL, NULL, NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		char *filled = NULL;
		size_t size = 0;
		int result =
			template_fill("t.yaml", cases[i].text, strlen(cases[i].text), &source, &filled, &size, &err);

		if (cases[i].filled) {
			assert_int_equal(result, 0);
			assert_string_equal(filled, cases[i].filled);
			assert_int_equal(size, strlen(cases[i].filled));
		} else {
			assert_true(result < 0);
			assert_string_equal(err.items[0].file, "t.yaml");
			assert_int_equal(err.items[0].line, cases[i].line);
			assert_int_equal(err.items[0].column, cases[i].column);
			assert_non_null(strstr(err.items[0].message, cases[i].said));
		}
		free(filled);
		err_finish(&err);
	}
}

static void test_what_is_no_text(void **state)
{
	const struct interpolate_source source = {find, NULL, NULL, NULL};
	struct err err = ERR_INIT;
	char *filled = NULL;
	size_t size;

	(void)state;
	assert_true(template_fill("t", "a\0b", 3, &source, &filled, &size, &err) < 0);
	assert_null(filled);
	assert_non_null(strstr(err.items[0].message, "this is no text"));
	err_finish(&err);
}

/* ---- On disk ---- */

struct scene {
	struct stack_source *source;
	struct setup *setup;
	struct strmap environment;
	struct err err, warnings;
};

static void scene_open(struct scene *self, const struct world *world, const char *files)
{
	struct stack_options options = {.directory = world->stack, .environment = &self->environment};
	char text[1000];

	snprintf(text, sizeof(text), "name: My Shop\nx-upfront: {files: %s}\n", files);
	world_write(world, "upfront.yaml", text);
	strmap_init(&self->environment);
	err_init(&self->err);
	err_init(&self->warnings);
	self->setup = NULL;
	assert_int_equal(stack_source_open(&options, &self->source, &self->err), 0);
	(void)setup_read(self->source, &self->setup, &self->err);
}

static void scene_close(struct scene *self)
{
	setup_destroy(self->setup);
	stack_source_destroy(self->source);
	strmap_finish(&self->environment);
	err_finish(&self->err);
	err_finish(&self->warnings);
}

static int make(struct scene *self, size_t index, bool *made)
{
	return template_make(self->source, self->setup->project, &self->setup->templates[index], made, &self->warnings,
			     &self->err);
}

static void assert_holds(const struct world *world, const char *name, const char *text, unsigned mode)
{
	char *found = world_read(world, name);
	struct stat status;

	assert_non_null(found);
	assert_string_equal(found, text);
	free(found);
	assert_int_equal(stat(world_path(world, name), &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

static void test_missing_files_are_made(void **state)
{
	struct world *world = *state;
	struct scene scene;
	bool made;

	world_write(world, ".env", "MODEL=gpt\n");
	world_write(world, "in/a.yaml", "model: ${MODEL}\nof: ${COMPOSE_PROJECT_NAME}\nno: '${NONE}'\n");
	scene_open(&scene, world,
		   "[{from: in/a.yaml, to: out/deep/a.yaml, mode: '0600'}, {from: in/a.yaml, to: b.yaml}]");
	assert_int_equal(make(&scene, 0, &made), 0);
	assert_true(made);
	assert_holds(world, "out/deep/a.yaml", "model: gpt\nof: myshop\nno: ''\n", 0600);
	assert_int_equal(scene.warnings.count, 1);
	assert_string_equal(scene.warnings.items[0].message, "variable 'NONE' is not set: nothing stands in its place");
	assert_int_equal(scene.warnings.items[0].line, 3);
	assert_int_equal(scene.warnings.items[0].column, 6);
	assert_int_equal(make(&scene, 1, &made), 0);
	assert_holds(world, "b.yaml", "model: gpt\nof: myshop\nno: ''\n", 0644);
	/* From now on it is the person's, and the template is not wanted. */
	world_write(world, "b.yaml", "mine\n");
	assert_int_equal(unlink(world_path(world, "in/a.yaml")), 0);
	assert_int_equal(make(&scene, 1, &made), 0);
	assert_false(made);
	assert_holds(world, "b.yaml", "mine\n", 0644);
	scene_close(&scene);
}

static void test_what_is_in_the_way(void **state)
{
	static const struct {
		const char *files, *said;
	} cases[] = {
		{"[{from: none.yaml, to: a.yaml}]",
		 "cannot make a.yaml: cannot read its template none.yaml: No such file or directory"},
		{"[{from: out/t.yaml, to: a.yaml}]", "out/t.yaml: a link, or what is no folder, is in the way"},
		{"[{from: link.yaml, to: a.yaml}]", "link.yaml: a link, or what is no folder, is in the way"},
		{"[{from: t.yaml, to: out/a.yaml}]",
		 "cannot make out/a.yaml: a link, or what is no folder, is in the way"},
		{"[{from: in, to: a.yaml}]", "it is a folder"},
		{"[{from: pipe, to: a.yaml}]", "it is neither a file nor a pipe"},
		{"[{from: wrong.yaml, to: a.yaml}]", "'${' has no closing '}'"},
	};
	struct world *world = *state;
	char outside[WORLD_PATH_MAX], path[WORLD_PATH_MAX + 16];
	bool made = true;

	snprintf(outside, sizeof(outside), "%s/outside", world->dir);
	assert_int_equal(mkdir(outside, 0700), 0);
	world_write(world, "t.yaml", "fine\n");
	world_write(world, "wrong.yaml", "${\n");
	world_write(world, "in/t.yaml", "fine\n");
	assert_int_equal(symlink(outside, world_path(world, "out")), 0);
	assert_int_equal(symlink("t.yaml", world_path(world, "link.yaml")), 0);
	assert_int_equal(mkfifo(world_path(world, "pipe"), 0600), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		scene_open(&scene, world, cases[i].files);
		assert_true(make(&scene, 0, &made) < 0);
		assert_false(made);
		assert_int_equal(scene.err.code, ERR_CONFIG);
		if (!strstr(scene.err.items[0].message, cases[i].said))
			fail_msg("'%s' instead of '%s'", scene.err.items[0].message, cases[i].said);
		assert_false(world_has(world, "a.yaml"));
		scene_close(&scene);
	}
	snprintf(path, sizeof(path), "%s/a.yaml", outside);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(rmdir(outside), 0);
}

/* A link that leads nowhere is somebody's as well. */
static void test_a_link_is_kept(void **state)
{
	struct world *world = *state;
	struct scene scene;
	bool made = true;

	world_write(world, "t.yaml", "fine\n");
	assert_int_equal(symlink("/nowhere/at/all", world_path(world, "a.yaml")), 0);
	scene_open(&scene, world, "[{from: t.yaml, to: a.yaml}]");
	assert_int_equal(make(&scene, 0, &made), 0);
	assert_false(made);
	scene_close(&scene);
}

static void test_declarations(void **state)
{
	static const struct {
		const char *files, *said; /* NULL: fine */
	} cases[] = {
		{"[{from: ./a/../b, to: c}]", "'from': wanted a path below the stack's folder, without '..'"},
		{"[{from: a, to: ../c}]", "'to': wanted a path below the stack's folder"},
		{"[{from: a, to: /c}]", "'to': wanted a path below"},
		{"[{from: a, to: c/}]", "'to': wanted a path below"},
		{"[{from: a, to: ''}]", "'to': wanted a path below"},
		{"[{from: a, to: \"c\\td\"}]", "'to': wanted a path below"},
		{"[{from: a, to: c, mode: '0999'}]", "'mode': wanted a mode such as"},
		{"[{from: a, to: c, mode: '4755'}]", "'mode': wanted a mode such as"},
		{"[{from: a, to: c}, {from: b, to: c}]", "'c' is made twice"},
		{"[{from: a}]", "wanted both 'from' and 'to'"},
		{"[{from: ./a..b/..c, to: ...}, null]", NULL},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		scene_open(&scene, world, cases[i].files);
		if (!cases[i].said)
			assert_non_null(scene.setup);
		else if (scene.setup || !strstr(scene.err.items[0].message, cases[i].said))
			fail_msg("%s: '%s'", cases[i].files, scene.setup ? "" : scene.err.items[0].message);
		scene_close(&scene);
	}
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filling),        cmocka_unit_test(test_what_is_no_text),
		IN_WORLD(test_missing_files_are_made), IN_WORLD(test_what_is_in_the_way),
		IN_WORLD(test_a_link_is_kept),         IN_WORLD(test_declarations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
