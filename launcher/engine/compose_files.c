/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_files.h"

#include "config/dotenv.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_source.h"
#include "config/stack_yaml.h"
#include "config/strmap.h"
#include "launcher/engine/compose_cli.h"
#include "launcher/engine/compose_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The environment ---- */

/* These choose what is read, and how what is done is told: that is settled by us. */
static const char *const settled[] = {"COMPOSE_FILE",      "COMPOSE_PATH_SEPARATOR",   "COMPOSE_PROFILES",
				      "COMPOSE_ENV_FILES", "COMPOSE_DISABLE_ENV_FILE", NULL};
static const char *const told[][2] = {{"COMPOSE_ANSI", "never"},
				      {"COMPOSE_PROGRESS", "plain"},
				      {"COMPOSE_MENU", "false"},
				      {"COMPOSE_STATUS_STDOUT", "false"},
				      {"BUILDKIT_PROGRESS", "plain"}};

/* What the client reads itself: from a shell it is meant, in an .env file the stack's own. */
static const char *const of_client[] = {"DOCKER_HOST",        "DOCKER_CONTEXT",    "DOCKER_CONFIG",
					"DOCKER_TLS",         "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
					"DOCKER_API_VERSION", "CONTAINER_HOST",    NULL};

static bool is_among(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

const char *compose_kept_back(const struct compose_files_options *options)
{
	const struct strmap *asked = &options->stack->asked;

	for (size_t i = 0; i < asked->count; i++) {
		const char *name = asked->entries[i].key;

		if (stack_source_variable(options->source, name) != NULL &&
		    (is_among(name, settled) ||
		     (is_among(name, of_client) && strmap_find(options->environment, name) == NULL)))
			return name;
	}
	return NULL;
}

/* Names without a value in a map: the Compose program looks for them in its environment. */
static int note_nulls(const struct node *map, struct strmap *names)
{
	int result = 0;

	for (size_t i = 0; result == 0 && map != NULL && map->kind == NODE_MAP && i < map->count; i++)
		if (map->pairs[i].value->kind == NODE_NULL)
			result = strmap_set(names, map->pairs[i].key, NULL);
	return result;
}

/* What secrets and configs are made from. */
static int note_sources(const struct node *section, struct strmap *names)
{
	int result = 0;

	for (size_t i = 0; result == 0 && section != NULL && section->kind == NODE_MAP && i < section->count; i++) {
		const struct node *variable = node_find(section->pairs[i].value, "environment");

		if (variable != NULL && variable->kind == NODE_SCALAR)
			result = strmap_set(names, variable->text, NULL);
	}
	return result;
}

/* The variables that the Compose program may look up for this stack. */
static int note_names(const struct stack *stack, struct strmap *names)
{
	const struct node *services = node_find(stack->root, "services");
	int result = strmap_merge(names, &stack->asked);

	for (size_t i = 0; result == 0 && services != NULL && i < services->count; i++)
		result = note_nulls(node_find(node_find(services->pairs[i].value, "build"), "args"), names);
	if (result == 0)
		result = note_sources(node_find(stack->root, "secrets"), names);
	if (result == 0)
		result = note_sources(node_find(stack->root, "configs"), names);
	return result;
}

static const char *find_variable(void *context, const char *name)
{
	return stack_source_variable(context, name);
}

/*
 * Of what .env files say only what the stack asks for, and the Compose program's own settings: the rest is not for the programs that bring
 * containers up, and a DOCKER_HOST in it less than anything.
 */
static int add_dotenv(const struct strmap *from, const struct strmap *names, struct strmap *out)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < from->count; i++) {
		const struct strmap_entry *entry = &from->entries[i];
		const bool asked = strmap_has(names, entry->key) || strncmp(entry->key, "COMPOSE_", 8) == 0;

		if (asked && entry->value != NULL && !is_among(entry->key, of_client) && !strmap_has(out, entry->key))
			result = strmap_set(out, entry->key, entry->value);
	}
	return result;
}

/* .env beside included files is below all else. */
static int add_dotenv_of(const struct compose_files_options *options, const char *dir, const struct strmap *names,
			 struct strmap *out)
{
	struct interpolate_source variables = {find_variable, NULL, (void *)(uintptr_t)options->source, NULL};
	struct strmap values;
	char *path = NULL;
	int result;

	strmap_init(&values);
	result = asprintf(&path, "%s/.env", dir) < 0 ? -ENOMEM : dotenv_read(path, &variables, &values, NULL);
	/* One that cannot be read has been heard of when the stack was resolved. */
	if (result != -ENOMEM)
		result = add_dotenv(&values, names, out);
	free(path);
	strmap_finish(&values);
	return result;
}

static int lay_over(const struct compose_files_options *options, struct strmap *out)
{
	int result = options->interpolation != NULL ? strmap_merge(out, options->interpolation) : 0;

	/* A variable that is told without a value is to be unset, and not what the shell had. */
	for (size_t i = 0; options->telemetry != NULL && i < options->telemetry->count; i++) {
		const struct strmap_entry *entry = &options->telemetry->entries[i];

		if (entry->value == NULL &&
		    (options->interpolation == NULL || strmap_find(options->interpolation, entry->key) == NULL))
			strmap_remove(out, entry->key);
	}
	for (const char *const *name = settled; *name != NULL; name++)
		strmap_remove(out, *name);
	for (size_t i = 0; result == 0 && i < sizeof told / sizeof *told; i++)
		result = strmap_set(out, told[i][0], told[i][1]);
	/* Files may ask for it: version 1 fills in nothing else. */
	if (result == 0)
		result = strmap_set(out, "COMPOSE_PROJECT_NAME", options->stack->name);
	if (result == 0 && options->host_variable != NULL) {
		strmap_remove(out, "DOCKER_CONTEXT");
		result = strmap_set(out, "DOCKER_HOST", options->host_variable);
	}
	return result;
}

static int make_environment(const struct compose_files_options *options, const char *dir, struct compose_files *self)
{
	const struct stack_source *source = options->source;
	struct strmap names, out;
	int result;

	strmap_init(&names);
	strmap_init(&out);
	result = note_names(options->stack, &names);
	if (result == 0)
		result = strmap_merge(&out, options->environment);
	if (result == 0 && source != NULL)
		result = add_dotenv(&source->dotenv, &names, &out);
	if (result == 0 && source != NULL && dir != NULL && strcmp(dir, source->dir) != 0)
		result = add_dotenv_of(options, dir, &names, &out);
	if (result == 0)
		result = lay_over(options, &out);
	if (result == 0)
		self->environment = strmap_to_environ(&out);
	strmap_finish(&names);
	strmap_finish(&out);
	return result == 0 && self->environment != NULL ? 0 : -ENOMEM;
}

/* ---- Arguments ---- */

struct args {
	struct compose_files *files;
	size_t count, capacity;
	bool failed;
};

static void arg(struct args *self, const char *text)
{
	char **grown = self->files->args;

	if (self->count + 2 > self->capacity) {
		grown = realloc(grown, 2 * (self->capacity + 8) * sizeof(*grown));
		if (grown == NULL) {
			self->failed = true;
			return;
		}
		self->files->args = grown;
		self->capacity = 2 * (self->capacity + 8);
	}
	grown[self->count] = strdup(text);
	self->failed = self->failed || grown[self->count] == NULL;
	grown[++self->count] = NULL;
}

static void arg_pair(struct args *self, const char *option, const char *value)
{
	arg(self, option);
	arg(self, value);
}

static int make_args(const struct compose_files_options *options, const struct compose_own *own, const char *empty,
		     struct compose_files *self)
{
	const char *const *profiles = self->own ? options->source->profiles : NULL;
	struct args args = {.files = self};

	arg_pair(&args, "-p", options->stack->name);
	arg_pair(&args, "--project-directory", self->dir);
	/* All variables are in the environment: no other .env than those that we have read is to be found. */
	arg_pair(&args, "--env-file", empty);
	for (size_t i = 0; self->own && i < own->count; i++)
		arg_pair(&args, "-f", own->paths[i]);
	arg_pair(&args, "-f", self->override_path);
	for (; profiles != NULL && *profiles != NULL; profiles++)
		arg_pair(&args, "--profile", *profiles);
	return args.failed ? -ENOMEM : 0;
}

/* ---- Files ---- */

static int write_text(const char *path, const char *text, struct err *err)
{
	int result = paths_write_passing(path, text, strlen(text), 0600);

	if (result < 0)
		err_set(err, ERR_FAILED, "cannot write %s: %s", path, strerror(-result));
	return result;
}

static char *make_text(struct pool *pool, const struct compose_files_options *options, struct compose_files *self)
{
	const char *left_out = "";
	char *text;

	if (self->own)
		return compose_override_text(options->stack, options->telemetry);
	text = stack_yaml_print(
		compose_generated_tree(pool, options->stack, options->telemetry, options->cli->major, &left_out));
	if (*left_out == '\0')
		return text;
	self->left_out = strdup(left_out);
	if (self->left_out != NULL)
		return text;
	free(text);
	return NULL;
}

/* *text: what is to be written. */
static int choose(struct pool *pool, const struct compose_files_options *options, struct compose_files *self,
		  struct compose_own *own, char **text)
{
	const char *why = compose_own_find(pool, options, own);

	self->own = why == NULL;
	self->why = why != NULL ? strdup(why) : NULL;
	*text = make_text(pool, options, self);
	return *text != NULL && (self->own || self->why != NULL) ? 0 : -ENOMEM;
}

static int write_all(struct pool *pool, const struct compose_files_options *options, struct compose_files *self,
		     struct err *err)
{
	struct compose_own own;
	char *text = NULL;
	int result = choose(pool, options, self, &own, &text);

	if (asprintf(&self->override_path, "%s/%s.compose.yaml", options->dir, options->stack->name) < 0)
		self->override_path = NULL;
	if (asprintf(&self->env_path, "%s/%s.compose.env", options->dir, options->stack->name) < 0)
		self->env_path = NULL;
	if (result == 0)
		self->dir = strdup(self->own ? own.dir : options->stack->dir);
	if (self->override_path == NULL || self->env_path == NULL || self->dir == NULL)
		result = -ENOMEM;
	if (result == 0)
		result = make_environment(options, self->own ? own.dir : NULL, self);
	if (result == 0)
		result = make_args(options, &own, self->env_path, self);
	if (result < 0)
		err_set(err, ERR_INTERNAL, "out of memory");
	if (result == 0)
		result = paths_make_private(options->dir, err);
	if (result == 0)
		result = write_text(self->override_path, text, err);
	if (result == 0)
		result = write_text(self->env_path, "", err);
	free(text);
	return result;
}

int compose_files_choose(const struct compose_files_options *options, struct compose_files *self, struct err *err)
{
	struct pool *pool = pool_create();
	struct compose_own own;
	char *text = NULL;
	int result;

	*self = (struct compose_files){.own = false};
	result = choose(pool, options, self, &own, &text);
	free(text);
	pool_destroy(pool);
	if (result < 0) {
		compose_files_finish(self);
		err_set(err, ERR_INTERNAL, "out of memory");
	}
	return result;
}

int compose_files_write(const struct compose_files_options *options, struct compose_files *self, struct err *err)
{
	struct pool *pool = pool_create();
	int result;

	*self = (struct compose_files){.own = false};
	result = write_all(pool, options, self, err);
	pool_destroy(pool);
	if (result < 0)
		compose_files_finish(self);
	return result;
}

void compose_files_finish(struct compose_files *self)
{
	if (self->override_path != NULL)
		(void)unlink(self->override_path);
	if (self->env_path != NULL)
		(void)unlink(self->env_path);
	for (size_t i = 0; self->args != NULL && self->args[i] != NULL; i++)
		free(self->args[i]);
	free(self->args);
	free(self->environment);
	free(self->dir);
	free(self->override_path);
	free(self->env_path);
	free(self->why);
	free(self->left_out);
	*self = (struct compose_files){.own = false};
}
