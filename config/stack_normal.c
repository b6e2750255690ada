/* SPDX-License-Identifier: MIT */
/*
 * The forms a value may take become one, so that files can be merged and readers are simple. What has a wrong type altogether
 * stays as it is: the reader of that key says what it wanted.
 */
#include "config/pool.h"
#include "config/stack_load.h"
#include "config/stack_source.h"
#include "config/strmap.h"

#include <string.h>

struct normal {
	struct stack_load *load;
	const struct stack_scope *scope;
	const char *dir;
	const char *home;
};

typedef struct node *normal_form(struct normal *self, const char *key, struct node *value);

static const char *absolute(struct normal *self, const char *path)
{
	return stack_path_join(self->load->pool, self->dir, path, self->home);
}

static struct node *wrap_list(struct normal *self, struct node *value)
{
	struct node *list = node_create(self->load->pool, NODE_LIST, value->place);

	list->tag = value->tag;
	value->tag = NODE_TAG_NONE;
	node_append(self->load->pool, list, value);
	return list;
}

static struct node *form_list(struct normal *self, const char *key, struct node *value)
{
	(void)key;
	return value->kind == NODE_SCALAR ? wrap_list(self, value) : value;
}

static void entry_from_text(struct normal *self, struct node *map, const char *key, const struct node *item)
{
	struct pool *pool = self->load->pool;
	const char *equals = strchr(item->text, '=');
	const char *name = equals ? pool_strndup(pool, item->text, (size_t)(equals - item->text)) : item->text;
	struct node *value =
		equals ? node_scalar(pool, equals + 1, item->place) : node_create(pool, NODE_NULL, item->place);

	value->style = NODE_QUOTED;
	if (!*name)
		err_at(self->load->err, ERR_CONFIG, item->place, "%s: '%s' has no name: wanted NAME=value", key,
		       item->text);
	else
		node_set(pool, map, name, item->place, value);
	stack_load_count(self->load, 1, item->place);
}

/* "NAME=value" lists and maps: a map from name to text. */
static struct node *form_entries(struct normal *self, const char *key, struct node *value)
{
	struct node *map;

	if (value->kind == NODE_MAP) {
		for (size_t i = 0; i < value->count; i++) {
			struct node *each = value->pairs[i].value;

			if (each->kind != NODE_SCALAR)
				continue;
			each->text = node_text(self->load->pool, each);
			each->style = NODE_QUOTED;
		}
		return value;
	}
	if (value->kind != NODE_LIST)
		return value;
	map = node_create(self->load->pool, NODE_MAP, value->place);
	map->tag = value->tag;
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];

		if (item->kind == NODE_SCALAR)
			entry_from_text(self, map, key, item);
		else
			err_at(self->load->err, ERR_CONFIG, item->place, "%s: wanted NAME=value, found %s", key,
			       node_kind_name(item));
	}
	return map;
}

/* Labels without a value have an empty one. */
static struct node *form_labels(struct normal *self, const char *key, struct node *value)
{
	value = form_entries(self, key, value);
	for (size_t i = 0; value->kind == NODE_MAP && i < value->count; i++) {
		struct node *each = value->pairs[i].value;

		if (each->kind != NODE_NULL || each->tag != NODE_TAG_NONE)
			continue;
		value->pairs[i].value = node_scalar(self->load->pool, "", each->place);
		value->pairs[i].value->style = NODE_QUOTED;
	}
	return value;
}

/* Lists of names: a map from name to nothing, or to what `entry` makes. */
static struct node *names_to_map(struct normal *self, const char *key, struct node *value,
				 struct node *(*entry)(struct normal *, struct err_place))
{
	struct pool *pool = self->load->pool;
	struct node *map;

	if (value->kind != NODE_LIST)
		return value;
	map = node_create(pool, NODE_MAP, value->place);
	map->tag = value->tag;
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];

		if (item->kind != NODE_SCALAR)
			err_at(self->load->err, ERR_CONFIG, item->place, "%s: wanted a name, found %s", key,
			       node_kind_name(item));
		else if (node_find(map, item->text))
			err_at(self->load->err, ERR_CONFIG, item->place, "%s: '%s' is there twice", key, item->text);
		else
			node_set(pool, map, item->text, item->place, entry(self, item->place));
	}
	return map;
}

static struct node *no_entry(struct normal *self, struct err_place place)
{
	return node_create(self->load->pool, NODE_NULL, place);
}

static struct node *form_names(struct normal *self, const char *key, struct node *value)
{
	return names_to_map(self, key, value, no_entry);
}

static void set_default(struct normal *self, struct node *map, const char *key, const char *text)
{
	if (!node_find(map, key))
		node_set(self->load->pool, map, key, map->place, node_scalar(self->load->pool, text, map->place));
}

static struct node *depend_entry(struct normal *self, struct err_place place)
{
	struct node *map = node_create(self->load->pool, NODE_MAP, place);

	set_default(self, map, "condition", "service_started");
	set_default(self, map, "required", "true");
	return map;
}

static struct node *form_depends(struct normal *self, const char *key, struct node *value)
{
	value = names_to_map(self, key, value, depend_entry);
	for (size_t i = 0; value->kind == NODE_MAP && i < value->count; i++) {
		struct node_pair *pair = &value->pairs[i];

		if (pair->value->kind == NODE_NULL)
			pair->value = depend_entry(self, pair->value->place);
		if (pair->value->kind != NODE_MAP)
			continue;
		set_default(self, pair->value, "condition", "service_started");
		set_default(self, pair->value, "required", "true");
	}
	return value;
}

/* A list of {path, required}, paths absolute. */
static struct node *form_env_file(struct normal *self, const char *key, struct node *value)
{
	struct pool *pool = self->load->pool;

	value = form_list(self, key, value);
	for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++) {
		struct node *item = value->items[i];
		struct node *path;

		if (item->kind == NODE_SCALAR) {
			struct node *map = node_create(pool, NODE_MAP, item->place);

			node_set(pool, map, "path", item->place, item);
			value->items[i] = item = map;
		}
		if (item->kind != NODE_MAP)
			continue;
		path = node_find(item, "path");
		if (path && path->kind == NODE_SCALAR && *path->text)
			path->text = absolute(self, path->text);
		set_default(self, item, "required", "true");
	}
	return value;
}

static struct node *form_ports(struct normal *self, const char *key, struct node *value)
{
	(void)key;
	return value->kind == NODE_LIST ? stack_normal_ports(self->load, value) : value;
}

static struct node *form_volumes(struct normal *self, const char *key, struct node *value)
{
	(void)key;
	return value->kind == NODE_LIST ? stack_normal_volumes(self->load, value, self->dir) : value;
}

static void apply_form(struct normal *self, struct node *map, const char *key, normal_form *form)
{
	struct node *value = node_find(map, key);

	if (value && value->kind != NODE_NULL && value->tag != NODE_TAG_RESET)
		node_set(self->load->pool, map, key, value->place, form(self, key, value));
}

/* An argument without a value has that of the variable of its name. */
static struct node *form_args(struct normal *self, const char *key, struct node *value)
{
	value = form_entries(self, key, value);
	for (size_t i = 0; value->kind == NODE_MAP && i < value->count; i++) {
		struct node_pair *pair = &value->pairs[i];
		const char *text;

		if (pair->value->kind != NODE_NULL || pair->value->tag != NODE_TAG_NONE)
			continue;
		text = stack_load_variable(self->load, self->scope, pair->key);
		if (!text)
			continue;
		pair->value = node_scalar(self->load->pool, text, pair->value->place);
		pair->value->style = NODE_QUOTED;
	}
	return value;
}

static struct node *form_build(struct normal *self, const char *key, struct node *value)
{
	struct node *context;

	(void)key;
	if (value->kind == NODE_SCALAR) {
		struct node *map = node_create(self->load->pool, NODE_MAP, value->place);

		node_set(self->load->pool, map, "context", value->place, value);
		value = map;
	}
	if (value->kind != NODE_MAP)
		return value;
	context = node_find(value, "context");
	/* A context may be a repository or an image as well. */
	if (context && context->kind == NODE_SCALAR && !strstr(context->text, "://") &&
	    strncmp(context->text, "git@", 4) != 0)
		context->text = absolute(self, context->text);
	apply_form(self, value, "args", form_args);
	apply_form(self, value, "labels", form_labels);
	return value;
}

static struct node *form_deploy(struct normal *self, const char *key, struct node *value)
{
	(void)key;
	if (value->kind == NODE_MAP)
		apply_form(self, value, "labels", form_labels);
	return value;
}

static struct node *form_healthcheck(struct normal *self, const char *key, struct node *value)
{
	struct node *test = node_find(value, "test");
	struct node *list;

	(void)key;
	if (!test || test->kind != NODE_SCALAR)
		return value;
	list = node_create(self->load->pool, NODE_LIST, test->place);
	node_append(self->load->pool, list, node_scalar(self->load->pool, "CMD-SHELL", test->place));
	node_append(self->load->pool, list, test);
	node_set(self->load->pool, value, "test", test->place, list);
	return value;
}

static struct node *form_extends(struct normal *self, const char *key, struct node *value)
{
	struct node *file;

	(void)key;
	if (value->kind == NODE_SCALAR) {
		struct node *map = node_create(self->load->pool, NODE_MAP, value->place);

		node_set(self->load->pool, map, "service", value->place, value);
		value = map;
	}
	file = node_find(value, "file");
	if (file && file->kind == NODE_SCALAR)
		file->text = absolute(self, file->text);
	return value;
}

static const struct {
	const char *key;
	normal_form *form;
} service_forms[] = {
	{"annotations", form_labels}, {"build", form_build},       {"depends_on", form_depends},
	{"deploy", form_deploy},      {"dns", form_list},          {"dns_opt", form_list},
	{"dns_search", form_list},    {"env_file", form_env_file}, {"environment", form_entries},
	{"extends", form_extends},    {"label_file", form_list},   {"labels", form_labels},
	{"networks", form_names},     {"ports", form_ports},       {"sysctls", form_entries},
	{"tmpfs", form_list},         {"volumes", form_volumes},   {"healthcheck", form_healthcheck},
};

static void normal_services(struct normal *self, const struct node *services)
{
	for (size_t i = 0; services && services->kind == NODE_MAP && i < services->count; i++) {
		struct node *service = services->pairs[i].value;

		for (size_t k = 0; service->kind == NODE_MAP && k < sizeof(service_forms) / sizeof(*service_forms); k++)
			apply_form(self, service, service_forms[k].key, service_forms[k].form);
	}
}

/* Files that configs and secrets are made from. */
static void normal_files(struct normal *self, const struct node *map)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
		struct node *file = node_find(map->pairs[i].value, "file");

		if (file && file->kind == NODE_SCALAR)
			file->text = absolute(self, file->text);
	}
}

void stack_normal(struct stack_load *self, struct node *root, const struct stack_scope *scope)
{
	struct normal normal = {self, scope, scope->dir, strmap_find(&self->source->environment, "HOME")};

	normal_services(&normal, node_find(root, "services"));
	normal_files(&normal, node_find(root, "configs"));
	normal_files(&normal, node_find(root, "secrets"));
}
