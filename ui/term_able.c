/* SPDX-License-Identifier: MIT */
/* A file of its own because the library's <term.h> has a `struct term` as well. */
#include "ui/term_able.h"

#include <curses.h>
#include <stddef.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* tigetstr gives (char *)-1 for "no such capability" and NULL for "not on this terminal". */
static bool has(const char *name)
{
	const char *value = tigetstr((char *)(uintptr_t)name);

	return value != NULL && value != (char *)-1;
}

bool term_is_able(const char *type)
{
	TERMINAL *before = cur_term;
	bool able;
	int found;

	if (type == NULL || type[0] == '\0' || strcmp(type, "dumb") == 0)
		return false;
	if (setupterm(type, STDERR_FILENO, &found) != OK)
		return false;
	able = has("cup") && has("clear");
	del_curterm(cur_term);
	set_curterm(before);
	return able;
}
