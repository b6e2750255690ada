/* SPDX-License-Identifier: MIT */
/* Whether the user's own files are all that the Compose program needs, and it can read them. */
#include "config/node.h"
#include "config/pool.h"
#include "config/procfile.h"
#include "config/stack.h"
#include "config/stack_source.h"
#include "config/strmap.h"
#include "launcher/engine/compose_cli.h"
#include "launcher/engine/compose_files.h"
#include "launcher/engine/compose_keys.h"
#include "launcher/engine/compose_tree.h"
#include "launcher/engine/compose_version.h"

#include <string.h>

#define TAGS_SINCE "2.24.0" /* !reset, !override */
#define PROFILES_SINCE "1.28.0"

struct search {
	struct pool *pool;
	const struct compose_files_options *options;
	struct compose_own *own;
	struct node *runnable; /* services that are containers in some file, by name */
	struct node *named; /* all of them */
	bool profiles; /* some service has some */
};

static bool is_old(const struct search *self)
{
	return self->options->cli->major < 2;
}

static const char *program(const struct search *self)
{
	return pool_printf(self->pool, "%s %s", self->options->cli->shown, self->options->cli->version);
}

/* ---- Files that carry others ---- */

static bool says_upfront_only(const struct node *service)
{
	for (size_t i = 0; service->kind == NODE_MAP && i < service->count; i++)
		if (strcmp(service->pairs[i].key, "x-upfront") != 0)
			return false;
	return service->kind == NODE_MAP && service->count > 0;
}

/* True for a file that says nothing to an engine: it includes others, and speaks to us. */
static bool is_carrier(const struct node *root)
{
	for (size_t i = 0; i < root->count; i++) {
		const struct node_pair *pair = &root->pairs[i];

		if (strcmp(pair->key, "services") == 0) {
			for (size_t k = 0; pair->value->kind == NODE_MAP && k < pair->value->count; k++)
				if (!says_upfront_only(pair->value->pairs[k].value))
					return false;
			if (pair->value->kind != NODE_MAP && pair->value->kind != NODE_NULL)
				return false;
		} else if (strcmp(pair->key, "include") != 0 && strcmp(pair->key, "name") != 0 &&
			   strcmp(pair->key, "version") != 0 && strncmp(pair->key, "x-", 2) != 0) {
			return false;
		}
	}
	return true;
}

/* ---- What a version reads otherwise than we do ---- */

/* Version 1 takes "${A:-${B}}" for another thing, and "${A:+b}" for none. */
static bool is_simple_variable(const char *text)
{
	size_t length;

	for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at, '$')) {
		if (at[1] != '{') {
			at += at[1] == '$' ? 2 : 1;
			continue;
		}
		at += 2;
		at += strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
		if (*at == '}')
			continue;
		at += *at == ':';
		length = strcspn(at, "}");
		if ((*at != '-' && *at != '?') || memchr(at, '$', length) != NULL)
			return false;
		at += length;
	}
	return true;
}

/* The first node of the tree for which `wrong` holds; NULL: none. What begins with x- at the top is nobody's. */
static const struct node *find_node(const struct node *node, bool top, bool (*wrong)(const struct node *))
{
	const struct node *found = wrong(node) ? node : NULL;

	for (size_t i = 0; found == NULL && node->kind == NODE_LIST && i < node->count; i++)
		found = find_node(node->items[i], false, wrong);
	for (size_t i = 0; found == NULL && node->kind == NODE_MAP && i < node->count; i++)
		if (!top || strncmp(node->pairs[i].key, "x-", 2) != 0)
			found = find_node(node->pairs[i].value, false, wrong);
	return found;
}

static bool has_hard_variable(const struct node *node)
{
	return node->kind == NODE_SCALAR && !is_simple_variable(node->text);
}

static bool has_tag(const struct node *node)
{
	return node->tag != NODE_TAG_NONE;
}

static const char *says(struct search *self, const struct stack_file *file, const char *what, int line)
{
	return pool_printf(self->pool, "%s does not know %s (%s:%d)", program(self), what, file->shown, line);
}

/* "2", "3", "3.8", in quotes; without it at least one of the sections that make it no file of format 1. */
static bool has_good_version(const struct node *root)
{
	const struct node *version = node_find(root, "version");
	const char *text = version != NULL && version->kind == NODE_SCALAR ? version->text : "";

	if (version == NULL || version->kind == NODE_NULL)
		return node_find(root, "services") != NULL || node_find(root, "networks") != NULL ||
		       node_find(root, "volumes") != NULL;
	return version->style == NODE_QUOTED && (*text == '2' || *text == '3') &&
	       (text[1] == '\0' ||
		(text[1] == '.' && text[2] != '\0' && text[2 + strspn(text + 2, "0123456789")] == '\0'));
}

static const struct node_pair *find_null(const struct node *services)
{
	for (size_t i = 0; services != NULL && services->kind == NODE_MAP && i < services->count; i++) {
		const struct node *service = services->pairs[i].value;

		for (size_t k = 0; service->kind == NODE_MAP && k < service->count; k++)
			if (service->pairs[k].value->kind == NODE_NULL)
				return &service->pairs[k];
	}
	return NULL;
}

static const char *check_old(struct search *self, const struct stack_file *file)
{
	const struct node_pair *pair = compose_keys_unknown(file->root);
	const struct node *node;

	if (pair != NULL)
		return says(self, file, pool_printf(self->pool, "'%s' here", pair->key), pair->key_place.line);
	if (!has_good_version(file->root))
		return says(self, file, "files of this 'version'", 1);
	pair = find_null(node_find(file->root, "services"));
	if (pair != NULL)
		return says(self, file, pool_printf(self->pool, "'%s' without a value", pair->key),
			    pair->key_place.line);
	node = find_node(file->root, true, has_hard_variable);
	return node != NULL ? says(self, file, "variables within variables", node->place.line) : NULL;
}

static const char *check_service(struct search *self, const struct stack_file *file, const struct node_pair *pair)
{
	const struct node *service = pair->value;
	const struct node *policy = node_find(service, "pull_policy");
	const struct node_pair *upfront = node_find_pair(service, "x-upfront");

	node_set(self->pool, self->named, pair->key, pair->key_place, pair->value);
	if (node_find(service, "image") != NULL || node_find(service, "build") != NULL ||
	    node_find(service, "extends") != NULL)
		node_set(self->pool, self->runnable, pair->key, pair->key_place, pair->value);
	self->profiles = self->profiles || node_find(service, "profiles") != NULL;
	if (upfront != NULL)
		return pool_printf(self->pool, "%s:%d holds 'x-upfront'", file->shown, upfront->key_place.line);
	/* It copies less than what is meant by now. */
	if (is_old(self) && node_find(service, "extends") != NULL)
		return says(self, file, "all that 'extends' means", pair->key_place.line);
	if (is_old(self) && policy != NULL && policy->kind == NODE_SCALAR && strcmp(policy->text, "missing") == 0)
		return says(self, file, "'pull_policy: missing'", policy->place.line);
	return NULL;
}

static const char *check_file(struct search *self, const struct stack_file *file)
{
	const struct node *root = file->root, *services = node_find(root, "services"), *tag;
	const char *why = NULL;

	if (file->procfile)
		return pool_printf(self->pool, "%s is a Procfile", file->shown);
	if (*file->path != '/')
		return "the stack file came from standard input";
	if (node_find(root, "x-upfront") != NULL)
		return pool_printf(self->pool, "%s holds 'x-upfront'", file->shown);
	if (node_find(root, "include") != NULL)
		return pool_printf(self->pool, "%s includes others", file->shown);
	tag = find_node(root, true, has_tag);
	if (tag != NULL && compose_version_is_before(self->options->cli->version, TAGS_SINCE))
		return says(self, file, "'!reset' and '!override'", tag->place.line);
	for (size_t i = 0; why == NULL && services != NULL && services->kind == NODE_MAP && i < services->count; i++)
		why = check_service(self, file, &services->pairs[i]);
	return why == NULL && is_old(self) ? check_old(self, file) : why;
}

/* ---- All files ---- */

static const char *add_file(struct search *self, const struct stack_file *file, const char *dir)
{
	struct compose_own *own = self->own;
	const char *why = check_file(self, file);

	if (why != NULL)
		return why;
	if (own->dir != NULL && strcmp(own->dir, dir) != 0)
		return "the files that are included lie in different folders";
	for (size_t i = 0; i < own->count; i++)
		if (strcmp(own->paths[i], file->path) == 0)
			return NULL;
	if (own->count == STACK_FILES_MAX)
		return "there are too many files";
	own->dir = dir;
	own->paths[own->count++] = file->path;
	return NULL;
}

static const struct stack_file *find_file(const struct stack_source *source, const char *path)
{
	for (const struct stack_file *file = source->files; file != NULL; file = file->next)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}

/* The path of an include that says no more than that; NULL: it does. */
static const char *plain_include(const struct node *item)
{
	if (item->kind == NODE_MAP && item->count == 1)
		item = node_find(item, "path");
	if (item != NULL && item->kind == NODE_LIST && item->count == 1)
		item = item->items[0];
	return item != NULL && item->kind == NODE_SCALAR && strchr(item->text, '$') == NULL ? item->text : NULL;
}

static const char *add_includes(struct search *self, const struct stack_file *file)
{
	const struct stack_source *source = self->options->source;
	const struct node *includes = node_find(file->root, "include");
	const char *why = NULL;

	for (size_t i = 0; why == NULL && includes != NULL && includes->kind == NODE_LIST && i < includes->count; i++) {
		const char *text = plain_include(includes->items[i]);
		const char *path = text != NULL ? stack_path_join(self->pool, source->dir, text,
								  strmap_find(&source->environment, "HOME"))
						: NULL;
		const struct stack_file *included = path != NULL ? find_file(source, path) : NULL;

		why = included != NULL ? add_file(self, included, stack_path_dir(self->pool, path))
				       : pool_printf(self->pool, "an include in %s says more than a path", file->shown);
	}
	return why;
}

/* What holds for the stack, whatever its files look like. */
static const char *check_stack(const struct search *self)
{
	const struct stack_source *source = self->options->source;
	const struct stack *stack = self->options->stack;
	const char *kept_back;

	for (size_t i = 0; i < stack->service_count; i++)
		if (stack->services[i].kind != SERVICE_CONTAINER)
			return pool_printf(self->pool, "service '%s' runs on this machine", stack->services[i].name);
	if (source == NULL || source->trees == NULL)
		return "what its files say is not kept";
	kept_back = compose_kept_back(self->options);
	return kept_back != NULL ? pool_printf(self->pool, "its files are filled in with %s", kept_back) : NULL;
}

static const char *check_services(const struct search *self)
{
	const char *const *active = self->options->source->profiles;

	for (size_t i = 0; i < self->named->count; i++)
		if (node_find(self->runnable, self->named->pairs[i].key) == NULL)
			return pool_printf(self->pool, "service '%s' has no image", self->named->pairs[i].key);
	if (self->profiles && compose_version_is_before(self->options->cli->version, PROFILES_SINCE))
		return pool_printf(self->pool, "%s does not know profiles", program(self));
	for (; is_old(self) && *active != NULL; active++)
		if (strcmp(*active, "*") == 0)
			return pool_printf(self->pool, "%s does not know the profile '*'", program(self));
	return self->own->count == 0 ? "no file is left that holds services" : NULL;
}

const char *compose_own_find(struct pool *pool, const struct compose_files_options *options, struct compose_own *self)
{
	struct search search = {.pool = pool, .options = options, .own = self};
	const struct stack_source *source = options->source;
	const char *why = check_stack(&search);

	*self = (struct compose_own){.paths = NULL};
	if (why != NULL)
		return why;
	self->paths = pool_array(pool, STACK_FILES_MAX, sizeof(*self->paths));
	search.runnable = node_create(pool, NODE_MAP, (struct err_place){NULL, 0, 0});
	search.named = node_create(pool, NODE_MAP, (struct err_place){NULL, 0, 0});
	for (size_t i = 0; why == NULL && i < source->given_count; i++) {
		const struct stack_file *file = source->given[i];

		why = !file->procfile && is_carrier(file->root) ? add_includes(&search, file)
								: add_file(&search, file, source->dir);
	}
	return why != NULL ? why : check_services(&search);
}
