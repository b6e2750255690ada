/* SPDX-License-Identifier: MIT */
/*
 * golden - screens beside the keystrokes that made them: plain text files under tests/golden, each a header
 *
 *   # what it shows
 *   sample shop          the question (tests/lib/consent_sample.h), the stack (dash_scene.h) or the form (setup_demo.h)
 *   size 80x24           columns x rows
 *   locale C.UTF-8
 *   term xterm           of the question
 *   theme color          of the dashboard: color (letters are those of roles) or mono (what is left of them: B bold, R reverse, U underlined)
 *   keys Tab Down v      names as in golden_key, or letters
 *
 * and what shot.h makes of the screen. They are written anew only when GOLDEN=1 is in the environment.
 */
#ifndef UPFRONT_TESTS_GOLDEN_H
#define UPFRONT_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GOLDEN_QUESTIONS "tests/golden/ui"
#define GOLDEN_DASH "tests/golden/ui/dash"
#define GOLDEN_FORMS "tests/golden/ui/form"

#define GOLDEN_KEYS_MAX 32

struct golden_key {
	const char *name;
	uint32_t key; /* as screens know it */
	const char *bytes; /* as a terminal of xterm's kind sends it */
};

struct golden {
	char path[256];
	char *header; /* as in the file, up to the screen */
	char *screen; /* the rest */
	char sample[32], locale[32], term[32], theme[32];
	unsigned rows, columns;
	struct golden_key keys[GOLDEN_KEYS_MAX];
	char letters[GOLDEN_KEYS_MAX][2]; /* what `bytes` of a letter points to */
	size_t key_count;
};

/* Paths of all golden files of a folder, sorted, NULL-terminated; the caller frees with golden_paths_free. */
char **golden_paths(const char *folder, size_t *count);
void golden_paths_free(char **paths);

/* Fails the test when the file can't be read or understood. */
void golden_load(struct golden *self, const char *path);
void golden_finish(struct golden *self);
/* Compares; a difference fails the test and prints both. With `may_write` and GOLDEN=1 the file is written instead. */
void golden_check(const struct golden *self, const char *screen, bool may_write);

#endif
