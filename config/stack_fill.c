/* SPDX-License-Identifier: MIT */
#include "config/interpolate.h"
#include "config/pool.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where in the tree we are, as far as it matters. */
enum fill_where { FILL_TOP, FILL_UPFRONT, FILL_TELEMETRY, FILL_ELSEWHERE };

struct fill {
	struct stack_load *load;
	const struct stack_scope *scope;
	bool failed;
};

static const char *scope_find(const struct stack_scope *scope, const char *name)
{
	const char *value;

	if (!scope)
		return NULL;
	value = scope_find(scope->parent, name);
	return value || !scope->dotenv ? value : strmap_find(scope->dotenv, name);
}

void stack_load_ask(const struct stack_load *self, const char *name)
{
	if (self->asked && !strmap_has(self->asked, name) && strmap_set(self->asked, name, NULL) < 0)
		err_set(self->err, ERR_INTERNAL, "out of memory");
}

const char *stack_load_variable(const struct stack_load *self, const struct stack_scope *scope, const char *name)
{
	const char *value = NULL;

	stack_load_ask(self, name);
	if (self->overrides)
		value = strmap_find(self->overrides, name);
	if (!value && strcmp(name, "COMPOSE_PROJECT_NAME") == 0)
		value = self->project_spelled;
	if (!value)
		value = stack_source_variable(self->source, name);
	return value ? value : scope_find(scope, name);
}

static const char *fill_find(void *context, const char *name)
{
	struct fill *self = context;

	const bool secret = stack_load_is_secret(self->load, name);
	const char *value;

	/* Also when it is unset: a default may be the secret. */
	if (self->load->mask && secret)
		return SECRETS_MASK;
	value = stack_load_variable(self->load, self->scope, name);
	if (value && secret && self->load->secrets)
		secrets_add(self->load->secrets, self->load->kept, value);
	return value;
}

static void fill_defaulted(void *context, const char *name, const char *text)
{
	struct fill *self = context;

	if (self->load->secrets && stack_load_is_secret(self->load, name))
		secrets_add(self->load->secrets, self->load->kept, text);
}

/* What x-upfront.telemetry.env of the files given sets: it waits for an answer, and is there by the time services start. */
static bool is_awaited(const struct stack_load *load, const char *name)
{
	static const char *const sides[] = {"on", "off"};

	for (size_t i = 0; i < load->source->given_count; i++) {
		const struct node *upfront = node_find(load->source->given[i]->root, "x-upfront");
		const struct node *env = node_find(node_find(upfront, "telemetry"), "env");

		for (size_t side = 0; side < sizeof(sides) / sizeof(*sides); side++)
			if (node_find(node_find(env, sides[side]), name))
				return true;
	}
	return false;
}

static void fill_unset(void *context, const char *name, struct err_place place)
{
	struct fill *self = context;
	struct stack_load *load = self->load;

	if (!load->warnings || node_find(load->warned, name) || is_awaited(load, name))
		return;
	node_set(load->pool, load->warned, name, place, node_create(load->pool, NODE_NULL, place));
	err_at(load->warnings, ERR_CONFIG, place, "the variable %s is not set: taken as empty", name);
}

static const char *fill_text(struct fill *self, const char *text, struct err_place place)
{
	struct interpolate_source source = {fill_find, fill_unset, self, fill_defaulted};
	struct stack_load *load = self->load;
	const char *kept;
	char *filled = NULL;

	if (interpolate_text(text, place, &source, &filled, load->err) < 0) {
		self->failed = true;
		return "";
	}
	load->text_bytes += strlen(filled);
	if (load->text_bytes > STACK_TEXT_BYTES_MAX) {
		if (!self->failed)
			err_at(load->err, ERR_CONFIG, place, "variables make this stack larger than %u MB",
			       STACK_TEXT_BYTES_MAX >> 20);
		self->failed = true;
		free(filled);
		return "";
	}
	kept = pool_strdup(load->pool, filled);
	free(filled);
	return kept;
}

/* In x-upfront.telemetry, `env` waits for values that exist only after a yes. */
static enum fill_where where_below(enum fill_where where, const char *key)
{
	if (where == FILL_TOP && strcmp(key, "x-upfront") == 0)
		return FILL_UPFRONT;
	if (where == FILL_UPFRONT && strcmp(key, "telemetry") == 0)
		return FILL_TELEMETRY;
	return FILL_ELSEWHERE;
}

static struct node *fill_node(struct fill *self, const struct node *from, enum fill_where where, bool verbatim)
{
	struct pool *pool = self->load->pool;
	struct node *node = node_create(pool, from->kind, from->place);

	node->style = from->style;
	node->tag = from->tag;
	if (from->kind == NODE_SCALAR && !verbatim && strchr(from->text, '$')) {
		node->text = fill_text(self, from->text, from->place);
		node->filled = true;
		/* A value that comes from outside is text, whatever it looks like. */
		node->style = NODE_QUOTED;
	} else if (from->kind == NODE_SCALAR) {
		node->text = pool_strdup(pool, from->text);
	}
	for (size_t i = 0; i < from->count && from->kind == NODE_LIST; i++)
		node_append(pool, node, fill_node(self, from->items[i], FILL_ELSEWHERE, verbatim));
	for (size_t i = 0; i < from->count && from->kind == NODE_MAP; i++) {
		const struct node_pair *pair = &from->pairs[i];
		bool env = where == FILL_TELEMETRY && strcmp(pair->key, "env") == 0;

		node_set(pool, node, pair->key, pair->key_place,
			 fill_node(self, pair->value, where_below(where, pair->key), verbatim || env));
	}
	stack_load_count(self->load, 1, from->place);
	return node;
}

int stack_fill(struct stack_load *self, const struct stack_scope *scope, const struct node *from, struct node **filled)
{
	struct fill fill = {self, scope, false};
	/* A scope exists only for files that are interpolated; a Procfile has none. */
	struct node *node = fill_node(&fill, from, FILL_TOP, scope == NULL);

	if (fill.failed)
		return -EINVAL;
	*filled = node;
	return 0;
}

const char *stack_fill_text(struct stack_load *self, const struct stack_scope *scope, const char *text,
			    struct err_place place)
{
	struct fill fill = {self, scope, false};
	const char *filled = fill_text(&fill, text, place);

	return fill.failed ? NULL : filled;
}
