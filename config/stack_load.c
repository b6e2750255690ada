/* SPDX-License-Identifier: MIT */
#include "config/stack_load.h"

#include "config/dotenv.h"
#include "config/interpolate.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_source.h"
#include "config/strmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The includes that led here, for the message about a cycle. */
struct include_chain {
	const struct include_chain *above;
	const struct stack_file *file;
	unsigned depth;
};

static int load_file(struct stack_load *self, const struct stack_file *file, const struct stack_scope *scope,
		     const struct include_chain *above, struct node **root);

bool stack_load_count(struct stack_load *self, size_t nodes, struct err_place place)
{
	bool within = self->nodes <= STACK_NODES_MAX;

	self->nodes += nodes;
	if (self->nodes <= STACK_NODES_MAX)
		return true;
	if (within)
		err_at(self->err, ERR_CONFIG, place,
		       "this stack is larger than %u values once extends and includes are resolved", STACK_NODES_MAX);
	return false;
}

/* All files that took part, each once. */
static void note_file(struct stack_load *self, const struct stack_file *file)
{
	for (size_t i = 0; i < self->file_count; i++) {
		if (strcmp(self->files[i], file->path) == 0)
			return;
	}
	self->files[self->file_count++] = pool_strdup(self->pool, file->path);
}

static bool scope_is_same(const struct stack_scope *a, const struct stack_scope *b)
{
	return a == b || (a->parent == b->parent && a->dotenv == b->dotenv && strcmp(a->dir, b->dir) == 0);
}

/* Places outlive the source: the stack keeps its own copy of the name. */
static void rename_places(struct node *node, const char *from, const char *to)
{
	if (node->place.file == from)
		node->place.file = to;
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == NODE_MAP && node->pairs[i].key_place.file == from)
			node->pairs[i].key_place.file = to;
		rename_places(node->kind == NODE_MAP ? node->pairs[i].value : node->items[i], from, to);
	}
}

int stack_load_document(struct stack_load *self, const struct stack_file *file, const struct stack_scope *scope,
			struct stack_document **document)
{
	struct stack_document *made;
	int result;

	for (made = self->documents; made; made = made->next) {
		if (made->file == file && scope_is_same(made->scope, scope)) {
			*document = made;
			return 0;
		}
	}
	made = pool_alloc(self->pool, sizeof(*made));
	made->file = file;
	made->scope = scope;
	result = stack_fill(self, file->procfile ? NULL : scope, file->root, &made->root);
	if (result < 0)
		return result;
	rename_places(made->root, file->root->place.file, pool_strdup(self->kept, file->shown));
	made->extended = node_create(self->pool, NODE_MAP, made->root->place);
	stack_normal(self, made->root, scope);
	made->next = self->documents;
	self->documents = made;
	*document = made;
	note_file(self, file);
	return self->nodes > STACK_NODES_MAX ? -EINVAL : 0;
}

/* ---- include ---- */

/* What an include adds to the variables: its own .env below everything that is already there. */
static const char *include_variable(void *context, const char *name)
{
	const void *const *parts = context;

	return stack_load_variable(parts[0], parts[1], name);
}

static int include_env_file(struct stack_load *self, const struct stack_scope *scope, const char *path, bool required,
			    struct err_place place, struct strmap *values)
{
	const void *const parts[] = {self, scope};
	struct interpolate_source variables = {include_variable, NULL, (void *)(uintptr_t)parts, NULL};
	int result = dotenv_read(path, &variables, values, self->err);

	if (result == -ENOENT && !required)
		return 0;
	if (result == -ENOENT)
		err_at(self->err, ERR_CONFIG, place, "cannot read %s: %s", path, strerror(ENOENT));
	return result;
}

/* A path or a list of paths below `key`, absolute from `dir`. Empty when there are none. */
static int include_paths(struct stack_load *self, const struct node *entry, const char *key, const char *dir,
			 struct node **paths)
{
	const char *home = strmap_find(&self->source->environment, "HOME");
	const struct node *value = entry->kind == NODE_MAP ? node_find(entry, key) : entry;
	struct node *list = node_create(self->pool, NODE_LIST, entry->place);
	size_t count = value && value->kind == NODE_LIST ? value->count : 1;

	*paths = list;
	if (!value || value->kind == NODE_NULL)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
		struct node *path;

		if (item->kind != NODE_SCALAR || !*item->text)
			return err_at(self->err, ERR_CONFIG, item->place, "include: '%s': wanted a path, found %s", key,
				      node_kind_name(item));
		path = node_scalar(self->pool, stack_path_join(self->pool, dir, item->text, home), item->place);
		node_append(self->pool, list, path);
	}
	return 0;
}

static int include_check(struct stack_load *self, const struct node *entry)
{
	static const char *const keys[] = {"path", "project_directory", "env_file", NULL};

	if (entry->kind == NODE_SCALAR)
		return 0;
	if (entry->kind != NODE_MAP)
		return err_at(self->err, ERR_CONFIG, entry->place,
			      "include: wanted a path or a map with 'path', found %s", node_kind_name(entry));
	for (size_t i = 0; i < entry->count; i++) {
		const struct node_pair *pair = &entry->pairs[i];
		const char *nearest = err_nearest(pair->key, keys);

		if (nearest && strcmp(nearest, pair->key) == 0)
			continue;
		return err_at(self->err, ERR_CONFIG, pair->key_place, "unknown key '%s' in 'include'%s%s%s", pair->key,
			      nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
	}
	return 0;
}

/* Folder and variables of one include. */
static int include_scope(struct stack_load *self, const struct node *entry, const struct stack_scope *outer,
			 const char *first, struct stack_scope **scope)
{
	struct stack_scope *made = pool_alloc(self->pool, sizeof(*made));
	struct strmap *values;
	struct node *dirs;
	struct node *envs = NULL;
	int result = 0;

	made->parent = outer;
	made->dir = stack_path_dir(self->pool, first);
	if (entry->kind == NODE_MAP) {
		result = include_paths(self, entry, "project_directory", outer->dir, &dirs);
		if (result == 0 && dirs->count == 1)
			made->dir = dirs->items[0]->text;
		if (result == 0)
			result = include_paths(self, entry, "env_file", outer->dir, &envs);
	}
	if (result < 0)
		return result;
	if (self->include_env_count == STACK_FILES_MAX)
		return err_at(self->err, ERR_CONFIG, entry->place, "more than %u includes", STACK_FILES_MAX);
	values = &self->include_envs[self->include_env_count++];
	strmap_init(values);
	if (!envs || envs->count == 0)
		result = include_env_file(self, outer, stack_path_join(self->pool, made->dir, ".env", NULL), false,
					  entry->place, values);
	for (size_t i = 0; envs && i < envs->count && result == 0; i++) {
		/* Compose: /dev/null says that there is no .env. */
		if (strcmp(envs->items[i]->text, "/dev/null") != 0)
			result = include_env_file(self, outer, envs->items[i]->text, true, envs->items[i]->place,
						  values);
	}
	made->dotenv = values;
	*scope = made;
	return result;
}

/* What an engine knows nothing of can be added to a service by who includes it. */
static bool is_upfront_only(const struct node *service)
{
	return service->kind == NODE_MAP && service->count == 1 && strcmp(service->pairs[0].key, "x-upfront") == 0;
}

/*
 * What two files say of one thing must not be left to chance: an include adds, it does not override. `includer`: `have` is the file that
 * includes.
 */
static int include_conflicts(struct stack_load *self, const struct node *have, const struct node *add, bool includer)
{
	static const char *const sections[] = {"services", "networks", "volumes", "configs", "secrets"};
	int result = 0;

	for (size_t s = 0; s < sizeof(sections) / sizeof(*sections); s++) {
		const struct node *mine = node_find(have, sections[s]);
		const struct node *theirs = node_find(add, sections[s]);

		/* Networks and volumes are shared by naming them on both sides. */
		for (size_t i = 0; s == 0 && mine && theirs && mine->kind == NODE_MAP && theirs->kind == NODE_MAP &&
				   i < theirs->count;
		     i++) {
			const struct node_pair *pair = &theirs->pairs[i];
			const struct node *twin = node_find(mine, pair->key);

			if (twin && includer && is_upfront_only(twin))
				continue;
			if (twin && (strcmp(twin->place.file, pair->value->place.file) != 0 ||
				     twin->place.line != pair->value->place.line))
				result = err_at(self->err, ERR_CONFIG, twin->place,
						"service '%s' is also in %s:%d, which is included here", pair->key,
						pair->key_place.file, pair->key_place.line);
		}
	}
	return result;
}

/* Only these travel through an include; a name or an x-upfront of the included file is its own. */
static struct node *include_content(struct stack_load *self, const struct node *root)
{
	static const char *const sections[] = {"services", "networks", "volumes", "configs", "secrets", "models"};
	struct node *content = node_create(self->pool, NODE_MAP, root->place);

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		struct node *section = node_find(root, sections[i]);

		if (section)
			node_set(self->pool, content, sections[i], section->place, section);
	}
	return content;
}

static int load_include(struct stack_load *self, const struct node *entry, const struct stack_scope *scope,
			const struct include_chain *chain, struct node **added)
{
	struct stack_scope *inner = NULL;
	struct node *paths = NULL;
	int result = include_check(self, entry);

	if (result == 0)
		result = include_paths(self, entry, "path", scope->dir, &paths);
	if (result == 0 && paths->count == 0)
		result = err_at(self->err, ERR_CONFIG, entry->place, "include: no 'path'");
	if (result == 0)
		result = include_scope(self, entry, scope, paths->items[0]->text, &inner);
	for (size_t i = 0; result == 0 && i < paths->count; i++) {
		const struct stack_file *file;
		struct node *root;

		result = stack_source_file(self->source, paths->items[i]->text, paths->items[i]->place, &file,
					   self->err);
		for (const struct include_chain *link = chain; result == 0 && link; link = link->above) {
			if (link->file == file)
				result = err_at(self->err, ERR_CONFIG, paths->items[i]->place,
						"'include' goes round in a circle: %s includes %s", chain->file->shown,
						file->shown);
		}
		if (result == 0)
			result = load_file(self, file, inner, chain, &root);
		if (result == 0)
			*added = *added ? stack_merge(self, *added, root) : root;
	}
	return result;
}

static int load_includes(struct stack_load *self, const struct stack_document *document,
			 const struct include_chain *chain, struct node **root)
{
	const struct node *includes = node_find(document->root, "include");
	struct node *all = NULL;
	int result = 0;

	if (!includes || includes->kind == NODE_NULL)
		return 0;
	if (includes->kind != NODE_LIST)
		return err_at(self->err, ERR_CONFIG, includes->place, "'include': wanted a list of paths, found %s",
			      node_kind_name(includes));
	if (chain->depth > STACK_NESTING_MAX)
		return err_at(self->err, ERR_CONFIG, includes->place, "'include' is nested deeper than %u files",
			      STACK_NESTING_MAX);
	for (size_t i = 0; i < includes->count && result == 0; i++) {
		struct node *added = NULL;

		result = load_include(self, includes->items[i], document->scope, chain, &added);
		if (result < 0)
			break;
		added = include_content(self, added);
		if (all)
			result = include_conflicts(self, added, all, false);
		all = all ? stack_merge(self, all, added) : added;
	}
	if (result == 0 && all) {
		result = include_conflicts(self, *root, all, true);
		*root = stack_merge(self, all, *root);
	}
	return result;
}

static int load_file(struct stack_load *self, const struct stack_file *file, const struct stack_scope *scope,
		     const struct include_chain *above, struct node **root)
{
	struct include_chain chain = {above, file, above ? above->depth + 1 : 1};
	struct stack_document *document;
	int result = stack_load_document(self, file, scope, &document);

	if (result < 0)
		return result;
	result = stack_extends(self, document);
	if (result < 0)
		return result;
	*root = document->root;
	return load_includes(self, document, &chain, root);
}

/* ---- The whole ---- */

/* What ${COMPOSE_PROJECT_NAME} stands for in the files is the name that networks and containers get. */
static int spell_project(struct stack_load *self)
{
	char *spelled = stack_project_name(self->project);

	if (!spelled)
		return err_set(self->err, ERR_INTERNAL, "out of memory");
	self->project_spelled = pool_strdup(self->pool, spelled);
	free(spelled);
	return 0;
}

/* The name has to be known before anything is filled: the files may use ${COMPOSE_PROJECT_NAME}. */
static int find_project(struct stack_load *self, const struct stack_scope *scope)
{
	if (!self->project)
		self->project = self->source->project;
	for (size_t i = self->source->given_count; i-- > 0 && !self->project;) {
		const struct node *name = node_find(self->source->given[i]->root, "name");
		int64_t number;

		if (!name || name->kind != NODE_SCALAR || !*name->text)
			continue;
		if (node_is_int(name, &number))
			return err_at(self->err, ERR_CONFIG, name->place,
				      "'name': wanted text: put it in quotes, \"%s\"", name->text);
		self->project_place = name->place;
		self->project = stack_fill_text(self, scope, name->text, name->place);
		if (!self->project)
			return -EINVAL;
	}
	if (!self->project || !*self->project) {
		const char *slash = strrchr(self->source->dir, '/');

		self->project = pool_strdup(self->pool, slash ? slash + 1 : self->source->dir);
	}
	return spell_project(self);
}

struct node *stack_load_tree(struct stack_load *self)
{
	struct stack_scope *scope = pool_alloc(self->pool, sizeof(*scope));
	struct node *merged = NULL;
	struct err_place nowhere = {NULL, 0, 0};

	scope->dir = self->source->dir;
	self->warned = node_create(self->pool, NODE_MAP, nowhere);
	self->files = pool_array(self->pool, STACK_FILES_MAX + 1, sizeof(*self->files));
	self->include_envs = calloc(STACK_FILES_MAX, sizeof(*self->include_envs));
	if (!self->include_envs) {
		err_set(self->err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	if (find_project(self, scope) < 0)
		return NULL;
	for (size_t i = 0; i < self->source->given_count; i++) {
		struct node *root;

		if (load_file(self, self->source->given[i], scope, NULL, &root) < 0)
			return NULL;
		merged = merged ? stack_merge(self, merged, root) : root;
	}
	return self->nodes > STACK_NODES_MAX ? NULL : merged;
}

/* What x-upfront of one file says of these keys. */
static struct node *upfront_part(struct stack_load *self, const struct node *root, const char *const *keys)
{
	const struct node *upfront = node_find(root, "x-upfront");
	struct node *part = node_create(self->pool, NODE_MAP, root->place), *kept;

	if (!upfront || upfront->kind != NODE_MAP)
		return part;
	kept = node_create(self->pool, NODE_MAP, upfront->place);
	for (size_t i = 0; keys[i]; i++) {
		const struct node_pair *pair = node_find_pair(upfront, keys[i]);

		if (pair)
			node_set(self->pool, kept, pair->key, pair->key_place, pair->value);
	}
	node_set(self->pool, part, "x-upfront", upfront->place, kept);
	return part;
}

struct node *stack_load_upfront(struct stack_load *self, const char *const *keys)
{
	struct stack_scope scope = {.dir = self->source->dir};
	struct node *merged = NULL;

	if (find_project(self, &scope) < 0)
		return NULL;
	for (size_t i = 0; i < self->source->given_count; i++) {
		const struct stack_file *file = self->source->given[i];
		struct node *filled;

		if (stack_fill(self, file->procfile ? NULL : &scope, upfront_part(self, file->root, keys), &filled) < 0)
			return NULL;
		merged = merged ? stack_merge(self, merged, filled) : filled;
	}
	return node_find(merged, "x-upfront");
}

void stack_load_finish(struct stack_load *self)
{
	for (size_t i = 0; i < self->include_env_count; i++)
		strmap_finish(&self->include_envs[i]);
	free(self->include_envs);
	self->include_envs = NULL;
	self->include_env_count = 0;
}
