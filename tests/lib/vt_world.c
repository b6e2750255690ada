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

struct vt *vt_world_start(const struct world *world, unsigned rows, unsigned columns, ...)
{
	const struct strmap *from = &world->environment;
	char *variables[VARIABLES_MAX + 1] = {NULL}, program[WORLD_PATH_MAX + 16];
	const char *argv[ARGUMENTS_MAX] = {"/bin/sh", "-c", "exec \"$0\" \"$@\" >&2", program, "-C", world->stack};
	const struct vt_options options = {
		.rows = rows, .columns = columns, .environment = (const char *const *)variables};
	size_t count = 6;
	va_list list;
	struct vt *vt;

	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	va_start(list, columns);
	do {
		assert_true(count < ARGUMENTS_MAX);
		argv[count] = va_arg(list, const char *);
	} while (argv[count++] != NULL);
	va_end(list);
	assert_true(from->count <= VARIABLES_MAX);
	for (size_t i = 0; i < from->count; i++)
		assert_true(asprintf(&variables[i], "%s=%s", from->entries[i].key, from->entries[i].value) > 0);
	vt = vt_start(argv, &options);
	for (size_t i = 0; i < from->count; i++)
		free(variables[i]);
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

static bool is_text(const struct vt *vt, const void *wanted)
{
	char *text = text_of(vt);
	const bool same = strcmp(text, wanted) == 0;

	free(text);
	return same;
}

void vt_world_expect(struct vt *vt, const char *wanted)
{
	/* vt_wait prints the screen when it fails. */
	vt_wait(vt, is_text, wanted);
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
