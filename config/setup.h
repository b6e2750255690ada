/* SPDX-License-Identifier: MIT */
/*
 * setup - a stack's setup questions and the answers as they are: read before the stack is resolved, for without the answers it may be
 * none. What counts as answered:
 *
 *   - the variable is in the environment: its value is the answer, and .env cannot change it;
 *   - .env gives it a value that is not empty, or an empty one where the question's pattern lets it be empty;
 *   - else a default that the files given have for it, `${KEY:-text}` or `${KEY-text}`.
 *
 * A question applies while what its `when` names holds; a `port` is never asked.
 */
#ifndef UPFRONT_CONFIG_SETUP_H
#define UPFRONT_CONFIG_SETUP_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct pool;
struct setup_question;
struct stack_template;
struct stack_source;

enum setup_from { SETUP_UNANSWERED, SETUP_FROM_ENVIRONMENT, SETUP_FROM_ENV_FILE, SETUP_FROM_DEFAULT };

struct setup_answer {
	const char *text; /* NULL: none */
	enum setup_from from;
};

struct setup {
	struct pool *pool;
	const char *app; /* x-upfront.app, else the project's name */
	const struct setup_question *questions; /* config/stack.h */
	const struct setup_answer *answers; /* one for each */
	size_t count;
	const struct stack_template *templates; /* x-upfront.files, as the answers make them (config/template.h) */
	size_t template_count;
	const char *project; /* the stack's name */
	const char *dir; /* real path of its folder */
	const char
		*env_path; /* the file that answers are kept in: the last --env-file, else .env beside the first file */
	const char *env_shown; /* the same, for messages */
};

/* `source` must outlive it. ERR_CONFIG for questions that are wrong; what else the files say is not looked at. */
int setup_read(struct stack_source *source, struct setup **setup, struct err *err);
void setup_destroy(struct setup *self);

/* With the answers as they are. */
bool setup_applies(const struct setup *self, size_t index);
/* It applies, is to be asked, and has no answer. */
bool setup_is_missing(const struct setup *self, size_t index);
size_t setup_missing_count(const struct setup *self);

/* The pattern matches (NULL: anything but nothing does). */
bool setup_text_fits(const char *pattern, const char *text);

#endif
