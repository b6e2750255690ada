/* SPDX-License-Identifier: MIT */
/*
 * Compose's merge rules: maps merge key by key, lists are appended, scalars replaced; what differs from that stands in the
 * tables. Nodes are shared between the result and what it is made of, never changed.
 */
#include "config/pool.h"
#include "config/stack_load.h"

#include <string.h>

enum merge_how {
	MERGE_DEEP,
	MERGE_REPLACE,
	MERGE_UNIQUE, /* lists: appended, an item that says the same thing replaces the earlier one in its place */
	MERGE_LOGGING, /* deep, unless the driver differs */
	MERGE_PROBE, /* deep, but one kind of probe only */
};

struct merge_rule {
	const char *key; /* "*": any other */
	enum merge_how how;
	const struct merge_rule *below; /* for maps */
	const char *const *identity; /* MERGE_UNIQUE: fields that make two maps of a list the same thing */
};

#define END                                  \
	{                                    \
		NULL, MERGE_DEEP, NULL, NULL \
	}

static const char *const by_port[] = {"host_ip", "published", "target", "protocol", NULL};
static const char *const by_target[] = {"target", NULL};
static const char *const by_device[] = {"target", NULL}; /* or the second part of SOURCE:TARGET:PERMISSIONS */
static const char *const by_mount[] = {"source", "target", NULL};
static const char *const by_path[] = {"path", NULL};
static const char *const by_key[] = {"key", NULL};
static const char *const by_to[] = {"to", NULL};

static const struct merge_rule replace_each[] = {{"*", MERGE_REPLACE, NULL, NULL}, END};
static const struct merge_rule replace_each_in_each[] = {{"*", MERGE_DEEP, replace_each, NULL}, END};
static const struct merge_rule replace_each_3[] = {{"*", MERGE_DEEP, replace_each_in_each, NULL}, END};

static const struct merge_rule healthcheck_rules[] = {{"test", MERGE_REPLACE, NULL, NULL}, END};

static const struct merge_rule service_upfront_rules[] = {
	{"version", MERGE_REPLACE, NULL, NULL},
	{"ready", MERGE_PROBE, replace_each, NULL},
	{"on_withdraw", MERGE_REPLACE, NULL, NULL},
	END,
};

static const struct merge_rule service_rules[] = {
	{"cap_add", MERGE_UNIQUE, NULL, NULL},
	{"cap_drop", MERGE_UNIQUE, NULL, NULL},
	{"command", MERGE_REPLACE, NULL, NULL},
	{"configs", MERGE_UNIQUE, NULL, by_mount},
	{"devices", MERGE_UNIQUE, NULL, by_device},
	{"dns", MERGE_UNIQUE, NULL, NULL},
	{"dns_opt", MERGE_UNIQUE, NULL, NULL},
	{"dns_search", MERGE_UNIQUE, NULL, NULL},
	{"entrypoint", MERGE_REPLACE, NULL, NULL},
	{"env_file", MERGE_UNIQUE, NULL, by_path},
	{"expose", MERGE_UNIQUE, NULL, NULL},
	{"external_links", MERGE_UNIQUE, NULL, NULL},
	{"extra_hosts", MERGE_UNIQUE, NULL, NULL},
	{"group_add", MERGE_UNIQUE, NULL, NULL},
	{"healthcheck", MERGE_DEEP, healthcheck_rules, NULL},
	{"label_file", MERGE_UNIQUE, NULL, NULL},
	{"links", MERGE_UNIQUE, NULL, NULL},
	{"logging", MERGE_LOGGING, NULL, NULL},
	{"ports", MERGE_UNIQUE, NULL, by_port},
	{"profiles", MERGE_UNIQUE, NULL, NULL},
	{"secrets", MERGE_UNIQUE, NULL, by_mount},
	{"security_opt", MERGE_UNIQUE, NULL, NULL},
	{"tmpfs", MERGE_UNIQUE, NULL, NULL},
	{"ulimits", MERGE_DEEP, replace_each, NULL},
	{"volumes", MERGE_UNIQUE, NULL, by_target},
	{"x-upfront", MERGE_DEEP, service_upfront_rules, NULL},
	END,
};

static const struct merge_rule telemetry_rules[] = {
	{"server_start", MERGE_DEEP, replace_each, NULL},
	{"common", MERGE_DEEP, replace_each, NULL},
	{"services", MERGE_DEEP, replace_each_in_each, NULL},
	{"routes", MERGE_UNIQUE, NULL, NULL},
	{"origins", MERGE_UNIQUE, NULL, NULL},
	{"commands", MERGE_DEEP, replace_each_3, NULL},
	{"on_withdraw", MERGE_REPLACE, NULL, NULL},
	END,
};

static const struct merge_rule upfront_rules[] = {
	{"setup", MERGE_UNIQUE, NULL, by_key},
	{"files", MERGE_UNIQUE, NULL, by_to},
	{"telemetry", MERGE_DEEP, telemetry_rules, NULL},
	END,
};

static const struct merge_rule each_service[] = {{"*", MERGE_DEEP, service_rules, NULL}, END};

static const struct merge_rule file_rules[] = {
	{"services", MERGE_DEEP, each_service, NULL},
	{"x-upfront", MERGE_DEEP, upfront_rules, NULL},
	END,
};

static const struct merge_rule deep = END;

static const struct merge_rule *rule_for(const struct merge_rule *rules, const char *key)
{
	for (; rules && rules->key; rules++) {
		if (strcmp(rules->key, "*") == 0 || strcmp(rules->key, key) == 0)
			return rules;
	}
	return &deep;
}

/* The same as that of a map with this target. */
static const char *device_identity(struct stack_load *load, const char *text)
{
	const char *target = strchr(text, ':');

	target = target ? target + 1 : text;
	return pool_printf(load->pool, "\n%.*s", (int)strcspn(target, ":"), target);
}

/* What makes an item of a list the same as another; NULL: nothing does. */
static const char *identity_of(struct stack_load *load, const struct node *item, const struct merge_rule *rule)
{
	const char *text = "";
	bool any = false;

	if (item->kind == NODE_SCALAR && rule->identity == by_device)
		return device_identity(load, item->text);
	if (item->kind == NODE_SCALAR)
		return item->text;
	for (size_t i = 0; item->kind == NODE_MAP && rule->identity && rule->identity[i]; i++) {
		const struct node *field = node_find(item, rule->identity[i]);
		bool said = field && field->kind == NODE_SCALAR;

		any = any || said;
		text = pool_printf(load->pool, "%s\n%s", text, said ? field->text : "");
	}
	return any ? text : NULL;
}

static void add_items(struct stack_load *load, struct node *list, struct node *seen, const struct node *from,
		      const struct merge_rule *rule)
{
	for (size_t i = 0; i < from->count; i++) {
		struct node *item = from->items[i];
		const char *identity = rule->how == MERGE_UNIQUE ? identity_of(load, item, rule) : NULL;
		const struct node *earlier = identity ? node_find(seen, identity) : NULL;

		if (earlier) {
			/* The set remembers the place in the list as the node's "line". */
			list->items[earlier->place.line] = item;
			continue;
		}
		if (identity)
			node_set(load->pool, seen, identity, item->place,
				 node_create(load->pool, NODE_NULL, (struct err_place){NULL, (int)list->count, 0}));
		node_append(load->pool, list, item);
	}
}

static struct node *merge_lists(struct stack_load *load, const struct node *base, const struct node *over,
				const struct merge_rule *rule)
{
	struct node *list = node_create(load->pool, NODE_LIST, over->place);
	struct node *seen = node_create(load->pool, NODE_MAP, over->place);

	if (!stack_load_count(load, base->count + over->count, over->place))
		return list;
	add_items(load, list, seen, base, rule);
	add_items(load, list, seen, over, rule);
	return list;
}

static bool same_text(const struct node *a, const struct node *b)
{
	return a && b && a->kind == NODE_SCALAR && b->kind == NODE_SCALAR && strcmp(a->text, b->text) == 0;
}

static bool is_probe_kind(const char *key)
{
	static const char *const kinds[] = {"http", "tcp", "unix", "log", "exec", "notify"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i], key) == 0)
			return true;
	}
	return false;
}

static bool declares_probe(const struct node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		if (is_probe_kind(map->pairs[i].key))
			return true;
	}
	return false;
}

static struct node *merge_nodes(struct stack_load *load, struct node *base, struct node *over,
				const struct merge_rule *rule);

static struct node *merge_maps(struct stack_load *load, const struct node *base, const struct node *over,
			       const struct merge_rule *rule)
{
	struct node *map = node_create(load->pool, NODE_MAP, base->place);
	bool other_probe = rule->how == MERGE_PROBE && declares_probe(over);

	if (!stack_load_count(load, base->count + over->count, over->place))
		return map;
	for (size_t i = 0; i < base->count; i++) {
		const struct node_pair *pair = &base->pairs[i];

		if (!other_probe || !is_probe_kind(pair->key))
			node_set(load->pool, map, pair->key, pair->key_place, pair->value);
	}
	for (size_t i = 0; i < over->count; i++) {
		const struct node_pair *pair = &over->pairs[i];
		struct node *earlier = node_find(map, pair->key);
		struct node *value = pair->value;

		if (value->tag == NODE_TAG_RESET) {
			node_remove(map, pair->key);
			continue;
		}
		if (earlier)
			value = merge_nodes(load, earlier, value, rule_for(rule->below, pair->key));
		node_set(load->pool, map, pair->key, pair->key_place, value);
	}
	return map;
}

static struct node *merge_nodes(struct stack_load *load, struct node *base, struct node *over,
				const struct merge_rule *rule)
{
	const struct node *driver = node_find(over, "driver");

	if (over->tag == NODE_TAG_OVERRIDE || rule->how == MERGE_REPLACE)
		return over;
	/* `environment:` with nothing behind it takes nothing back. */
	if (over->kind == NODE_NULL && base->kind != NODE_SCALAR)
		return base;
	if (rule->how == MERGE_LOGGING && driver && !same_text(driver, node_find(base, "driver")))
		return over;
	if (base->kind == NODE_MAP && over->kind == NODE_MAP)
		return merge_maps(load, base, over, rule);
	if (base->kind == NODE_LIST && over->kind == NODE_LIST)
		return merge_lists(load, base, over, rule);
	return over;
}

struct node *stack_merge(struct stack_load *self, const struct node *base, const struct node *over)
{
	static const struct merge_rule rule = {NULL, MERGE_DEEP, file_rules, NULL};

	return merge_maps(self, base, over, &rule);
}

struct node *stack_merge_service(struct stack_load *self, const struct node *base, const struct node *over)
{
	static const struct merge_rule rule = {NULL, MERGE_DEEP, service_rules, NULL};

	return merge_maps(self, base, over, &rule);
}
