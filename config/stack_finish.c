/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"
#include "config/strmap.h"
#include "config/words.h"

#include <stdlib.h>
#include <string.h>

static bool truth(const struct node *node)
{
	struct node plain;
	bool value = false;

	if (!node || node->kind != NODE_SCALAR)
		return false;
	plain = *node;
	plain.style = NODE_PLAIN;
	return node_is_bool(&plain, &value) && value;
}

/* Tags have done their work when files are merged: nothing read or printed after that knows them. */
static void drop_tags(struct node *node)
{
	node->tag = NODE_TAG_NONE;
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count;) {
		if (node->pairs[i].value->tag == NODE_TAG_RESET) {
			node_remove(node, node->pairs[i].key);
			continue;
		}
		drop_tags(node->pairs[i].value);
		i++;
	}
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		drop_tags(node->items[i]);
}

/* ---- Profiles ---- */

static bool profile_is_active(const struct stack_load *load, const char *name)
{
	const char *const *active = load->source->profiles;

	for (; *active; active++) {
		if (strcmp(*active, name) == 0 || strcmp(*active, "*") == 0)
			return true;
	}
	return false;
}

static bool service_is_active(const struct stack_load *load, const char *name, const struct node *service)
{
	const struct node *profiles = node_find(service, "profiles");

	if (!profiles || profiles->kind != NODE_LIST || profiles->count == 0)
		return true;
	/* Whoever names it wants it, as with Compose. */
	for (const char *const *named = load->source->services; *named; named++) {
		if (strcmp(*named, name) == 0)
			return true;
	}
	for (size_t i = 0; i < profiles->count; i++) {
		if (profiles->items[i]->kind == NODE_SCALAR && profile_is_active(load, profiles->items[i]->text))
			return true;
	}
	return false;
}

/* ---- One service ---- */

static void split_command(struct stack_load *load, struct node *service, const char *key, bool native, const char *name)
{
	const struct node *text = node_find(service, key);
	struct node *list;
	struct words words;
	const char *problem;

	if (!text || text->kind != NODE_SCALAR)
		return;
	if (words_split(load->pool, text->text, &words, &problem) < 0) {
		err_at(load->err, ERR_CONFIG, text->place, "%s of service '%s': %s", key, name, problem);
		/* Read on as if it were fine: one message is enough, and the line itself may hold a secret. */
		words = (struct words){&text->text, 1, NULL};
	} else if (native && words.operator_word && load->warnings) {
		err_at(load->warnings, ERR_CONFIG, text->place,
		       "%s of service '%s': '%s' is handed to the program as it is: no shell runs it", key, name,
		       words.operator_word);
		err_hint(load->warnings, "for a shell line, say x-upfront: {shell: true}");
	}
	list = node_create(load->pool, NODE_LIST, text->place);
	for (size_t i = 0; i < words.count; i++) {
		struct node *word = node_scalar(load->pool, words.argv[i], text->place);

		word->style = NODE_QUOTED;
		node_append(load->pool, list, word);
	}
	stack_load_count(load, words.count, text->place);
	node_set(load->pool, service, key, text->place, list);
}

/* The folder that relative paths of a file mean. */
static const char *dir_of(const struct stack_load *load, const char *file)
{
	for (const struct stack_document *document = load->documents; document; document = document->next) {
		if (document->root->place.file == file)
			return document->scope->dir;
	}
	return load->source->dir;
}

static void set_working_dir(struct stack_load *load, struct node *service)
{
	const struct node *given = node_find(service, "working_dir");
	const char *home = strmap_find(&load->source->environment, "HOME");
	struct node *made;
	const char *dir;

	if (given && given->kind != NODE_SCALAR && given->kind != NODE_NULL)
		return;
	if (given && given->kind == NODE_SCALAR && *given->text)
		dir = stack_path_join(load->pool, dir_of(load, given->place.file), given->text, home);
	else
		dir = dir_of(load, service->place.file);
	made = node_scalar(load->pool, dir, given ? given->place : service->place);
	node_set(load->pool, service, "working_dir", made->place, made);
}

/* ---- What a container needs without saying depends_on ---- */

static void set_plain(struct stack_load *load, struct node *map, const char *key, const char *text)
{
	node_set(load->pool, map, key, map->place, node_scalar(load->pool, text, map->place));
}

/* `depends_on` is the service's own from here on: what it is merged from may be shared. */
static void need(struct stack_load *load, struct node *service, const char *name, bool restart, struct err_place place)
{
	const struct node *said = node_find(service, "depends_on");
	struct node *all = node_create(load->pool, NODE_MAP, place), *one;

	if (said && said->kind != NODE_MAP && said->kind != NODE_NULL)
		return;
	if (!*name || node_find(said, name))
		return;
	for (size_t i = 0; said && i < said->count; i++)
		node_set(load->pool, all, said->pairs[i].key, said->pairs[i].key_place, said->pairs[i].value);
	one = node_create(load->pool, NODE_MAP, place);
	set_plain(load, one, "condition", "service_started");
	if (restart)
		set_plain(load, one, "restart", "true");
	set_plain(load, one, "required", "true");
	node_set(load->pool, all, name, place, one);
	node_set(load->pool, service, "depends_on", place, all);
}

/* "SERVICE:ALIAS", "SERVICE:ro": what stands before the colon. */
static void need_each(struct stack_load *load, struct node *service, const char *key, bool restart)
{
	const struct node *list = node_find(service, key);

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *item = list->items[i];

		if (item->kind == NODE_SCALAR && strncmp(item->text, "container:", strlen("container:")) != 0)
			need(load, service, pool_strndup(load->pool, item->text, strcspn(item->text, ":")), restart,
			     item->place);
	}
}

/* As Compose does it: whose network or files a container uses must be there before it. */
static void add_needs(struct stack_load *load, struct node *service)
{
	static const char *const spaces[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};
	static const char prefix[] = "service:";

	need_each(load, service, "links", true);
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		const struct node *mode = node_find(service, spaces[i]);

		if (mode && mode->kind == NODE_SCALAR && strncmp(mode->text, prefix, sizeof(prefix) - 1) == 0)
			need(load, service, mode->text + sizeof(prefix) - 1, true, mode->place);
	}
	need_each(load, service, "volumes_from", false);
}

static struct node *finish_service(struct stack_load *load, const char *name, const struct node *from)
{
	struct node *service = node_create(load->pool, NODE_MAP, from->place);
	bool native = !node_find(from, "image") && !node_find(from, "build");

	for (size_t i = 0; i < from->count; i++)
		node_set(load->pool, service, from->pairs[i].key, from->pairs[i].key_place, from->pairs[i].value);
	if (!native || !truth(node_find(node_find(service, "x-upfront"), "shell")))
		split_command(load, service, "command", native, name);
	split_command(load, service, "entrypoint", native, name);
	if (native)
		set_working_dir(load, service);
	else
		add_needs(load, service);
	if (load->mask)
		stack_mask_service(load, service);
	return service;
}

static struct node *finish_services(struct stack_load *load, const struct node *services)
{
	struct node *active = node_create(load->pool, NODE_MAP, services->place);

	for (size_t i = 0; i < services->count; i++) {
		const struct node_pair *pair = &services->pairs[i];
		struct node *service = pair->value;

		if (service->kind == NODE_NULL)
			service = node_create(load->pool, NODE_MAP, service->place);
		if (service->kind == NODE_MAP)
			service = finish_service(load, pair->key, service);
		node_set(load->pool, service_is_active(load, pair->key, service) ? active : load->inactive, pair->key,
			 pair->key_place, service);
	}
	return active;
}

struct node *stack_finish(struct stack_load *self, const struct node *merged)
{
	struct node *root = node_create(self->pool, NODE_MAP, merged->place);
	char *name = stack_project_name(self->project);
	struct node *title = node_scalar(self->pool, name ? name : "", merged->place);

	free(name);
	self->inactive = node_create(self->pool, NODE_MAP, merged->place);
	node_set(self->pool, root, "name", title->place, title);
	for (size_t i = 0; i < merged->count; i++) {
		const struct node_pair *pair = &merged->pairs[i];
		struct node *value = pair->value;

		/* The first is taken from elsewhere, the others have done their work. */
		if (strcmp(pair->key, "name") == 0 || strcmp(pair->key, "version") == 0 ||
		    strcmp(pair->key, "include") == 0)
			continue;
		if (value->tag == NODE_TAG_RESET)
			continue;
		drop_tags(value);
		if (strcmp(pair->key, "services") == 0 && value->kind == NODE_MAP)
			value = finish_services(self, value);
		if (self->mask && strcmp(pair->key, "services") != 0)
			stack_mask_section(self, pair->key, value);
		node_set(self->pool, root, pair->key, pair->key_place, value);
	}
	return root;
}
