/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <errno.h>
#include <string.h>

/* The services being extended, from the one that asked to the one at hand: for the message about a cycle. */
struct chain {
	const struct chain *above;
	const struct stack_document *document;
	const char *service;
	unsigned depth;
};

static int resolve_service(struct stack_load *load, struct stack_document *document, const char *name,
			   const struct chain *above, struct node **resolved);

/* "a -> b -> a", oldest first. */
static const char *chain_text(struct stack_load *load, const struct chain *chain, const struct chain *first,
			      const char *last)
{
	const char *text = last;

	for (; chain; chain = chain->above) {
		text = pool_printf(load->pool, "%s -> %s", chain->service, text);
		if (chain == first)
			break;
	}
	return text;
}

static int check_chain(struct stack_load *load, const struct chain *chain, const struct stack_document *document,
		       const char *name, struct err_place place)
{
	if (chain && chain->depth >= STACK_NESTING_MAX)
		return err_at(load->err, ERR_CONFIG, place, "'extends' is nested deeper than %u services",
			      STACK_NESTING_MAX);
	for (const struct chain *link = chain; link; link = link->above) {
		if (link->document == document && strcmp(link->service, name) == 0)
			return err_at(load->err, ERR_CONFIG, place, "'extends' goes round in a circle: %s",
				      chain_text(load, chain, link, name));
	}
	return 0;
}

static int no_such_service(struct stack_load *load, const struct stack_document *document, const char *name,
			   struct err_place place)
{
	const struct node *services = node_find(document->root, "services");
	/* Only messages that are kept need a hint. */
	size_t count = services && services->kind == NODE_MAP && load->err->count < ERR_ITEMS_MAX ? services->count : 0;
	const char **names = pool_array(load->pool, count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		names[i] = services->pairs[i].key;
	nearest = err_nearest(name, names);
	err_at(load->err, ERR_CONFIG, place, "'extends' names service '%s', which is not in %s%s%s%s", name,
	       document->file->shown, nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
	return -EINVAL;
}

/* The document `extends.file` names: this one, or another one, whose paths are relative to where it lies. */
static int other_document(struct stack_load *load, struct stack_document *document, const struct node *file,
			  struct stack_document **other)
{
	const struct stack_file *found;
	struct stack_scope *scope;
	int result;

	*other = document;
	if (!file || file->kind == NODE_NULL)
		return 0;
	if (file->kind != NODE_SCALAR)
		return err_at(load->err, ERR_CONFIG, file->place, "'extends.file': wanted a path, found %s",
			      node_kind_name(file));
	result = stack_source_file(load->source, file->text, file->place, &found, load->err);
	if (result < 0 || found == document->file)
		return result;
	scope = pool_alloc(load->pool, sizeof(*scope));
	*scope = *document->scope;
	scope->dir = found->dir;
	return stack_load_document(load, found, scope, other);
}

static int check_keys(struct stack_load *load, const struct node *extends)
{
	static const char *const keys[] = {"service", "file", NULL};

	if (extends->kind != NODE_MAP)
		return err_at(load->err, ERR_CONFIG, extends->place,
			      "'extends': wanted a service or {service, file}, found %s", node_kind_name(extends));
	for (size_t i = 0; i < extends->count; i++) {
		const struct node_pair *pair = &extends->pairs[i];
		const char *nearest;

		if (strcmp(pair->key, keys[0]) == 0 || strcmp(pair->key, keys[1]) == 0)
			continue;
		nearest = err_nearest(pair->key, keys);
		return err_at(load->err, ERR_CONFIG, pair->key_place, "unknown key '%s' in 'extends'%s%s%s", pair->key,
			      nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
	}
	return 0;
}

static int resolve_extends(struct stack_load *load, struct stack_document *document, const struct node *service,
			   const struct node *extends, const struct chain *chain, struct node **resolved)
{
	const struct node *name = node_find(extends, "service");
	struct stack_document *other;
	struct node *base;
	int result = check_keys(load, extends);

	if (result < 0)
		return result;
	if (!name || name->kind != NODE_SCALAR)
		return err_at(load->err, ERR_CONFIG, extends->place, "'extends' names no service");
	result = other_document(load, document, node_find(extends, "file"), &other);
	if (result < 0)
		return result;
	result = check_chain(load, chain, other, name->text, name->place);
	if (result < 0)
		return result;
	if (!node_find(node_find(other->root, "services"), name->text))
		return no_such_service(load, other, name->text, name->place);
	result = resolve_service(load, other, name->text, chain, &base);
	if (result < 0)
		return result;
	*resolved = stack_merge_service(load, base, service);
	node_remove(*resolved, "extends");
	(*resolved)->place = service->place;
	return 0;
}

static int resolve_service(struct stack_load *load, struct stack_document *document, const char *name,
			   const struct chain *above, struct node **resolved)
{
	struct node *service = node_find(node_find(document->root, "services"), name);
	struct node *done = node_find(document->extended, name);
	struct chain chain = {above, document, name, above ? above->depth + 1 : 1};
	const struct node *extends;
	int result = 0;

	if (done) {
		*resolved = done;
		return 0;
	}
	if (service->kind == NODE_NULL)
		service = node_create(load->pool, NODE_MAP, service->place);
	extends = node_find(service, "extends");
	if (!extends || extends->kind == NODE_NULL || extends->tag == NODE_TAG_RESET)
		*resolved = service;
	else
		result = resolve_extends(load, document, service, extends, &chain, resolved);
	if (result == 0)
		node_set(load->pool, document->extended, name, service->place, *resolved);
	return result;
}

int stack_extends(struct stack_load *self, struct stack_document *document)
{
	struct node *services = node_find(document->root, "services");
	int result = 0;

	for (size_t i = 0; services && services->kind == NODE_MAP && i < services->count; i++) {
		struct node_pair *pair = &services->pairs[i];
		struct node *resolved;
		int one;

		if (pair->value->kind != NODE_MAP || !node_find(pair->value, "extends"))
			continue;
		one = resolve_service(self, document, pair->key, NULL, &resolved);
		if (one < 0)
			result = one;
		else
			pair->value = resolved;
	}
	return result;
}
