/* SPDX-License-Identifier: MIT */
#include "tests/lib/golden.h"

#include "ui/keys.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN_BYTES_MAX (1 << 20)

static const struct golden_key named_keys[] = {
	{"Tab", UI_KEY_TAB, "\t"},
	{"BackTab", UI_KEY_BACK_TAB, "\033[Z"},
	{"Enter", UI_KEY_ENTER, "\r"},
	{"Space", ' ', " "},
	{"Esc", UI_KEY_ESC, "\033"},
	{"Up", UI_KEY_UP, "\033OA"},
	{"Down", UI_KEY_DOWN, "\033OB"},
	{"Right", UI_KEY_RIGHT, "\033OC"},
	{"Left", UI_KEY_LEFT, "\033OD"},
	{"Home", UI_KEY_HOME, "\033OH"},
	{"End", UI_KEY_END, "\033OF"},
	{"PgUp", UI_KEY_PAGE_UP, "\033[5~"},
	{"PgDn", UI_KEY_PAGE_DOWN, "\033[6~"},
	{"Backspace", UI_KEY_BACKSPACE, "\177"},
	{"F1", UI_KEY_F1, "\033OP"},
	{"Ctrl-C", UI_KEY_CTRL('c'), "\003"},
	{"Ctrl-D", UI_KEY_CTRL('d'), "\004"},
	{"Ctrl-N", UI_KEY_CTRL('n'), "\016"},
	{"Ctrl-P", UI_KEY_CTRL('p'), "\020"},
	{"Ctrl-T", UI_KEY_CTRL('t'), "\024"},
	{"Ctrl-U", UI_KEY_CTRL('u'), "\025"},
};

char **golden_paths(const char *folder, size_t *count)
{
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*.golden", folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	char **paths = calloc(found.gl_pathc + 1, sizeof(*paths));
	assert_non_null(paths);
	for (size_t i = 0; i < found.gl_pathc; i++)
		assert_non_null(paths[i] = strdup(found.gl_pathv[i]));
	*count = found.gl_pathc;
	globfree(&found);
	return paths;
}

void golden_paths_free(char **paths)
{
	for (size_t i = 0; paths[i] != NULL; i++)
		free(paths[i]);
	free(paths);
}

static void add_key(struct golden *self, const char *name)
{
	assert_true(self->key_count < GOLDEN_KEYS_MAX);
	struct golden_key *key = &self->keys[self->key_count];
	for (size_t i = 0; i < sizeof(named_keys) / sizeof(named_keys[0]); i++) {
		if (strcmp(named_keys[i].name, name) == 0) {
			*key = named_keys[i];
			self->key_count++;
			return;
		}
	}
	if (strlen(name) != 1)
		fail_msg("%s: unknown key %s", self->path, name);
	char *letter = self->letters[self->key_count++];
	letter[0] = name[0];
	*key = (struct golden_key){.name = letter, .key = (unsigned char)name[0], .bytes = letter};
}

static void read_header_line(struct golden *self, char *line)
{
	char *save, *word = strtok_r(line, " ", &save), *value;

	if (word == NULL || word[0] == '#')
		return;
	if (strcmp(word, "keys") == 0) {
		while ((value = strtok_r(NULL, " ", &save)) != NULL)
			add_key(self, value);
		return;
	}
	value = strtok_r(NULL, " ", &save);
	if (value == NULL)
		fail_msg("%s: '%s' has no value", self->path, word);
	else if (strcmp(word, "sample") == 0)
		snprintf(self->sample, sizeof(self->sample), "%s", value);
	else if (strcmp(word, "locale") == 0)
		snprintf(self->locale, sizeof(self->locale), "%s", value);
	else if (strcmp(word, "term") == 0)
		snprintf(self->term, sizeof(self->term), "%s", value);
	else if (strcmp(word, "theme") == 0)
		snprintf(self->theme, sizeof(self->theme), "%s", value);
	else if (strcmp(word, "size") != 0 || sscanf(value, "%ux%u", &self->columns, &self->rows) != 2)
		fail_msg("%s: cannot read '%s'", self->path, word);
}

void golden_load(struct golden *self, const char *path)
{
	char *save, *text = calloc(1, GOLDEN_BYTES_MAX);
	FILE *file = fopen(path, "r");

	memset(self, 0, sizeof(*self));
	snprintf(self->path, sizeof(self->path), "%s", path);
	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, GOLDEN_BYTES_MAX - 1, file) > 0);
	fclose(file);
	char *screen = strstr(text, "\nscreen\n");
	self->screen = strdup(screen != NULL ? screen + 1 : "");
	if (screen != NULL)
		screen[1] = '\0';
	self->header = strdup(text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char copy[512];
		snprintf(copy, sizeof(copy), "%s", line);
		read_header_line(self, copy);
	}
	free(text);
	assert_true(self->rows > 0 && self->columns > 0 && self->sample[0] != '\0' && self->locale[0] != '\0');
}

void golden_finish(struct golden *self)
{
	free(self->header);
	free(self->screen);
}

/* By hand, or by `make golden`. */
static bool is_asked_for(void)
{
	const char *by_hand = getenv("GOLDEN"), *by_make = getenv("UPDATE_GOLDEN");

	return (by_hand != NULL && strcmp(by_hand, "1") == 0) || (by_make != NULL && strcmp(by_make, "1") == 0);
}

void golden_check(const struct golden *self, const char *screen, bool may_write)
{
	if (may_write && is_asked_for()) {
		FILE *file = fopen(self->path, "w");
		assert_non_null(file);
		fprintf(file, "%s%s", self->header, screen);
		assert_int_equal(fclose(file), 0);
		return;
	}
	if (strcmp(self->screen, screen) != 0)
		fail_msg("%s differs\n--- golden\n%s--- seen\n%s", self->path, self->screen, screen);
}
