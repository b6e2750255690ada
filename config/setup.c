/* SPDX-License-Identifier: MIT */
#include "config/setup.h"

#include "config/pool.h"
#include "config/reader.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

bool setup_text_fits(const char *pattern, const char *text)
{
	regex_t compiled;
	bool fits;

	if (!pattern)
		return *text != '\0';
	/* Checked to compile when it was read: what fails now is memory, and then nothing can be said against the text. */
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return true;
	fits = regexec(&compiled, text, 0, NULL, 0) != REG_NOMATCH;
	regfree(&compiled);
	return fits;
}

/* ---- Defaults ---- */

/* The first `${KEY:-text}` of a text, as far as its text holds no variable itself. In the pool. */
static const char *default_in(struct pool *pool, const char *text, const char *key)
{
	const size_t length = strlen(key);

	for (const char *at = strstr(text, "${"); at; at = strstr(at + 2, "${")) {
		const char *begin = at + 2 + length;
		size_t size;

		if ((at > text && at[-1] == '$') || strncmp(at + 2, key, length) != 0)
			continue;
		if (*begin == ':')
			begin++;
		if (*begin++ != '-')
			continue;
		size = strcspn(begin, "}$");
		if (begin[size] == '}' && size > 0 && size <= SETUP_ANSWER_BYTES_MAX)
			return pool_strndup(pool, begin, size);
	}
	return NULL;
}

static const char *find_default(struct pool *pool, const struct node *node, const char *key)
{
	const char *found = NULL;

	if (node->kind == NODE_SCALAR)
		return strchr(node->text, '$') ? default_in(pool, node->text, key) : NULL;
	for (size_t i = 0; !found && node->kind == NODE_LIST && i < node->count; i++)
		found = find_default(pool, node->items[i], key);
	for (size_t i = 0; !found && node->kind == NODE_MAP && i < node->count; i++)
		found = find_default(pool, node->pairs[i].value, key);
	return found;
}

/* ---- Answers ---- */

static struct setup_answer find_answer(struct pool *pool, const struct stack_source *source,
				       const struct setup_question *question)
{
	const char *text = strmap_find(&source->environment, question->key);

	if (text)
		return (struct setup_answer){text, SETUP_FROM_ENVIRONMENT};
	text = strmap_find(&source->dotenv, question->key);
	if (text && (*text || (question->pattern && setup_text_fits(question->pattern, text))))
		return (struct setup_answer){text, SETUP_FROM_ENV_FILE};
	text = NULL;
	for (size_t i = 0; !text && i < source->given_count; i++)
		if (source->given[i]->root && !source->given[i]->procfile)
			text = find_default(pool, source->given[i]->root, question->key);
	return (struct setup_answer){text, text ? SETUP_FROM_DEFAULT : SETUP_UNANSWERED};
}

static void find_answers(struct setup *self, const struct stack_source *source)
{
	struct setup_answer *answers = pool_array(self->pool, self->count + 1, sizeof(*answers));
	size_t files = 0;

	for (size_t i = 0; i < self->count; i++)
		answers[i] = find_answer(self->pool, source, &self->questions[i]);
	self->answers = answers;
	while (source->env_files && source->env_files[files])
		files++;
	self->env_path = files ? source->env_files[files - 1] : pool_printf(self->pool, "%s/.env", source->dir);
	self->env_shown = stack_source_shown(source, self->env_path);
}

/* Spelled as the stack's is. */
static const char *project_name(struct pool *pool, const char *project)
{
	char *name = stack_project_name(project);
	const char *kept = pool_strdup(pool, name ? name : "");

	free(name);
	return kept;
}

int setup_read(struct stack_source *source, struct setup **setup, struct err *err)
{
	static const char *const keys[] = {"app", "setup", "files", NULL};
	struct pool *pool = pool_create();
	struct stack *stack = pool_alloc(pool, sizeof(*stack));
	struct setup *self = pool_alloc(pool, sizeof(*self));
	struct err found = ERR_INIT;
	struct stack_load load = {.source = source, .pool = pool, .kept = pool, .err = &found};
	struct reader reader = {.load = &load, .pool = pool, .stack = stack, .err = &found};
	const struct node *upfront = stack_load_upfront(&load, keys);
	int result = -EINVAL;

	if (upfront)
		reader_map(&reader, "x-upfront", upfront, &table_upfront, stack);
	if (err_is_set(&found)) {
		if (err)
			err_move(err, &found);
		pool_destroy(pool);
		goto out;
	}
	*self = (struct setup){.pool = pool, .questions = stack->setup, .count = stack->setup_count};
	self->templates = stack->templates;
	self->template_count = stack->template_count;
	self->project = project_name(pool, load.project);
	self->dir = pool_strdup(pool, source->dir);
	self->app = stack->app ? stack->app : *self->project ? self->project : "this stack";
	find_answers(self, source);
	*setup = self;
	result = 0;
out:
	err_finish(&found);
	return result;
}

void setup_destroy(struct setup *self)
{
	if (self)
		pool_destroy(self->pool);
}

static bool applies(const struct setup *self, const struct setup_question *question, size_t before)
{
	if (!question->when_key)
		return true;
	/* It names one before it, so this ends. */
	for (size_t i = 0; i < before; i++)
		if (strcmp(self->questions[i].key, question->when_key) == 0)
			return self->answers[i].text && strcmp(self->answers[i].text, question->when_value) == 0 &&
			       applies(self, &self->questions[i], i);
	return false;
}

bool setup_applies(const struct setup *self, size_t index)
{
	return applies(self, &self->questions[index], index);
}

bool setup_is_missing(const struct setup *self, size_t index)
{
	return self->questions[index].ask && !self->answers[index].text && setup_applies(self, index);
}

size_t setup_missing_count(const struct setup *self)
{
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++)
		count += setup_is_missing(self, i);
	return count;
}
