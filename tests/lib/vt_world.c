/* SPDX-License-Identifier: MIT */
#include "tests/lib/vt_world.h"

#include "tests/lib/term.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16u
#define VARIABLES_MAX 30u

static struct vt *run(const struct world *world, unsigned rows, unsigned columns, const char *command,
		      const char *const *argv)
{
	const struct strmap *from = &world->environment;
	char *variables[VARIABLES_MAX + 1] = {NULL};
	const char *all[ARGUMENTS_MAX] = {"/bin/sh", "-c", command, world->stack};
	const struct vt_options options = {
		.rows = rows, .columns = columns, .environment = (const char *const *)variables};
	size_t count = 4;
	struct vt *vt;

	do {
		assert_true(count < ARGUMENTS_MAX);
		all[count++] = *argv;
	} while (*argv++ != NULL);
	assert_true(from->count <= VARIABLES_MAX);
	for (size_t i = 0; i < from->count; i++)
		assert_true(asprintf(&variables[i], "%s=%s", from->entries[i].key, from->entries[i].value) > 0);
	vt = vt_start(all, &options);
	for (size_t i = 0; i < from->count; i++)
		free(variables[i]);
	return vt;
}

struct vt *vt_world_run(const struct world *world, unsigned rows, unsigned columns, const char *const *argv)
{
	return run(world, rows, columns, "cd \"$0\" && exec \"$@\" >&2", argv);
}

static struct vt *start(const struct world *world, unsigned rows, unsigned columns, const char *command, va_list list)
{
	const char *argv[ARGUMENTS_MAX];
	char program[WORLD_PATH_MAX + 16];
	size_t count = 0;

	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	argv[count++] = program;
	do {
		assert_true(count < ARGUMENTS_MAX);
		argv[count] = va_arg(list, const char *);
	} while (argv[count++] != NULL);
	return run(world, rows, columns, command, argv);
}

struct vt *vt_world_start(const struct world *world, unsigned rows, unsigned columns, ...)
{
	struct vt *vt;
	va_list list;

	va_start(list, columns);
	vt = start(world, rows, columns, "cd \"$0\" && exec \"$@\" >&2", list);
	va_end(list);
	return vt;
}

struct vt *vt_world_start_mute(const struct world *world, unsigned rows, unsigned columns, ...)
{
	struct vt *vt;
	va_list list;

	va_start(list, columns);
	vt = start(world, rows, columns, "cd \"$0\" && exec \"$@\" >&2 </dev/null", list);
	va_end(list);
	return vt;
}

/* The screen alone, up to its last row that is not empty. The caller frees. */
static char *text_of(const struct vt *vt)
{
	char *shot = vt_shot(vt), *end = strstr(shot, "\nattributes\n"), *text = strchr(shot, '\n') + 1;

	assert_non_null(end);
	*end = '\0';
	for (end = text + strlen(text); end > text && end[-1] == '\n';)
		*--end = '\0';
	text = strdup(text);
	free(shot);
	return text;
}

unsigned vt_world_count(const struct vt *vt, const char *text)
{
	char *screen = text_of(vt);
	unsigned count = 0;

	for (const char *at = screen; (at = strstr(at, text)) != NULL; at++)
		count++;
	free(screen);
	return count;
}
