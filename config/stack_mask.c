/* SPDX-License-Identifier: MIT */
#include "config/node.h"
#include "config/pool.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <stdlib.h>
#include <string.h>

/* ---- Names ---- */

struct node *stack_load_declared(struct stack_load *self)
{
	struct node *declared = NULL;

	for (size_t i = 0; i < self->source->given_count; i++) {
		const struct node *root = self->source->given[i]->root;
		const struct node *setup = node_find(node_find(root, "x-upfront"), "setup");

		for (size_t k = 0; setup && setup->kind == NODE_LIST && k < setup->count; k++) {
			const struct node *key = node_find(setup->items[k], "key");
			const struct node *secret = node_find(setup->items[k], "secret");
			bool value = false;

			if (!key || key->kind != NODE_SCALAR || !secret || !node_is_bool(secret, &value) || !value)
				continue;
			if (!declared)
				declared = node_create(self->pool, NODE_MAP, setup->place);
			node_set(self->pool, declared, key->text, key->place,
				 node_create(self->pool, NODE_NULL, key->place));
		}
	}
	return declared;
}

bool stack_load_is_secret(const struct stack_load *self, const char *name)
{
	return stack_name_is_secret(name) || node_find(self->declared, name) != NULL;
}

/* ---- Stars by place ---- */

/* With the passwords of URLs starred; NULL when there is none. */
static const char *url_masked(struct pool *pool, const char *text)
{
	const char *masked = NULL, *end;

	for (const char *at = text, *password; (password = secrets_url_password(at, &end)) != NULL; at = end)
		masked = pool_printf(pool, "%s%.*s%s", masked ? masked : "", (int)(password - at), at, SECRETS_MASK);
	return masked ? pool_printf(pool, "%s%s", masked, end) : NULL;
}

static void mask_value(struct stack_load *load, const char *name, struct node *value)
{
	const char *masked;

	if (value->kind != NODE_SCALAR || !*value->text)
		return;
	masked = stack_load_is_secret(load, name) ? SECRETS_MASK : url_masked(load->pool, value->text);
	if (masked)
		value->text = masked;
}

/* A secret may stand in any text: the words of a command, the address a probe asks. */
static void mask_urls(struct stack_load *load, struct node *node)
{
	const char *masked = node->kind == NODE_SCALAR ? url_masked(load->pool, node->text) : NULL;

	if (masked)
		node->text = masked;
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		mask_urls(load, node->pairs[i].value);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		mask_urls(load, node->items[i]);
}

static void mask_entries(struct stack_load *load, struct node *map)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
		mask_value(load, map->pairs[i].key, map->pairs[i].value);
}

/* In the file's own extensions anything may be an environment: maps, and lists of NAME=value. */
static void mask_everywhere(struct stack_load *load, struct node *node)
{
	mask_entries(load, node);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		mask_everywhere(load, node->pairs[i].value);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++) {
		struct node *item = node->items[i];
		const char *equals = item->kind == NODE_SCALAR ? strchr(item->text, '=') : NULL;
		char *name = equals ? pool_strndup(load->pool, item->text, (size_t)(equals - item->text)) : NULL;

		if (name && stack_load_is_secret(load, name))
			item->text = pool_printf(load->pool, "%s=%s", name, SECRETS_MASK);
		mask_everywhere(load, item);
	}
}

void stack_mask_service(struct stack_load *load, struct node *service)
{
	mask_entries(load, node_find(service, "environment"));
	mask_entries(load, node_find(node_find(service, "build"), "args"));
	for (size_t i = 0; i < service->count; i++)
		if (strncmp(service->pairs[i].key, "x-", 2) == 0 && strcmp(service->pairs[i].key, "x-upfront") != 0)
			mask_everywhere(load, service->pairs[i].value);
	mask_urls(load, service);
}

void stack_mask_section(struct stack_load *load, const char *key, struct node *section)
{
	if (strncmp(key, "x-", 2) == 0 && strcmp(key, "x-upfront") != 0)
		mask_everywhere(load, section);
	mask_urls(load, section);
}

/* ---- Values ---- */

static void collect_entries(struct stack_load *load, const struct strmap *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		const char *name = entries->entries[i].key, *value = entries->entries[i].value;

		if (!stack_load_is_secret(load, name))
			continue;
		/* Named without a value: what the services inherit. */
		if (!value)
			value = stack_source_variable(load->source, name);
		if (value)
			secrets_add(load->secrets, load->kept, value);
	}
}

static void collect_urls(struct stack_load *load, const struct node *node)
{
	if (node->kind == NODE_SCALAR)
		secrets_add_urls(load->secrets, load->kept, node->text);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		collect_urls(load, node->pairs[i].value);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		collect_urls(load, node->items[i]);
}

void stack_mask_collect(struct stack_load *self, const struct stack *stack)
{
	collect_entries(self, &self->source->dotenv);
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct strmap *environment = &stack->services[i].environment;

		collect_entries(self, environment);
		for (size_t k = 0; k < environment->count; k++)
			if (environment->entries[k].value)
				secrets_add_urls(self->secrets, self->kept, environment->entries[k].value);
	}
	if (stack->root)
		collect_urls(self, stack->root);
	/* Shown anyway, and a stack without its names cannot be read. */
	for (size_t i = 0; i < stack->service_count; i++)
		if (stack->services[i].name)
			secrets_drop(self->secrets, stack->services[i].name);
	if (stack->name)
		secrets_drop(self->secrets, stack->name);
}

/* What names a thing is no place for a secret: a password that is as well an image's name ("postgres") leaves it alone. */
static bool is_name(const char *key)
{
	static const char *const names[] = {"image", "user", "name", "profiles", "depends_on"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(key, names[i]) == 0)
			return true;
	}
	return false;
}

void stack_mask_values(struct pool *pool, const struct secrets *secrets, struct node *node)
{
	if (node->kind == NODE_SCALAR) {
		char *masked = secrets_mask(secrets, node->text);

		if (masked)
			node->text = pool_strdup(pool, masked);
		free(masked);
	}
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		if (!is_name(node->pairs[i].key))
			stack_mask_values(pool, secrets, node->pairs[i].value);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		stack_mask_values(pool, secrets, node->items[i]);
}
