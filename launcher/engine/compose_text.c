/* SPDX-License-Identifier: MIT */
/* The two texts: the override of the user's own files, and the one file of a stack that these cannot say. */
#include "config/node.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_print.h"
#include "config/stack_yaml.h"
#include "config/strmap.h"
#include "launcher/engine/compose_files.h"
#include "launcher/engine/compose_keys.h"
#include "launcher/engine/compose_tree.h"

#include <stdlib.h>
#include <string.h>

static const struct err_place nowhere;

static void set(struct pool *pool, struct node *map, const char *key, struct node *value)
{
	node_set(pool, map, pool_strdup(pool, key), nowhere, value);
}

static struct node *text_node(struct pool *pool, const char *text)
{
	struct node *node = node_scalar(pool, pool_strdup(pool, text), nowhere);

	node->style = NODE_QUOTED;
	return node;
}

/* Variables as a map; one without a value is named without one. */
static void set_variables(struct pool *pool, struct node *map, const struct strmap *variables)
{
	for (size_t i = 0; variables != NULL && i < variables->count; i++) {
		const struct strmap_entry *entry = &variables->entries[i];

		set(pool, map, entry->key,
		    entry->value != NULL ? text_node(pool, entry->value) : node_create(pool, NODE_NULL, nowhere));
	}
}

/* ---- The override ---- */

char *compose_override_text(const struct stack *stack, const struct strmap *telemetry)
{
	struct pool *pool = pool_create();
	struct node *root = node_create(pool, NODE_MAP, nowhere);
	struct node *services = node_create(pool, NODE_MAP, nowhere);
	char *text;

	for (size_t i = 0; i < stack->service_count; i++) {
		struct node *service = node_create(pool, NODE_MAP, nowhere);
		struct node *environment = node_create(pool, NODE_MAP, nowhere);

		if (stack->services[i].kind != SERVICE_CONTAINER)
			continue;
		set_variables(pool, environment, telemetry);
		set(pool, service, "environment", environment);
		set(pool, services, stack->services[i].name, service);
	}
	set(pool, root, "services", services);
	stack_print_escape(pool, root);
	text = stack_yaml_print(root);
	pool_destroy(pool);
	return text;
}

/* ---- The one file ---- */

/* Whether what is named here is there for the Compose program. */
static bool is_container(const struct stack *stack, const char *name)
{
	const struct service *service = stack_find_service(stack, name);

	return service != NULL && service->kind == SERVICE_CONTAINER;
}

static bool is_mixed(const struct stack *stack)
{
	for (size_t i = 0; i < stack->service_count; i++)
		if (stack->services[i].kind != SERVICE_CONTAINER)
			return true;
	return false;
}

static const char *text_of(const struct node *map, const char *key)
{
	const struct node *value = node_find(map, key);

	return value != NULL && value->kind == NODE_SCALAR ? value->text : NULL;
}

/* What is gone for the Compose program is waited for by others than it, or not at all. */
static void drop_depends(const struct stack *stack, int major, struct node *service)
{
	struct node *map = node_find(service, "depends_on");

	for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count;) {
		if (!is_container(stack, map->pairs[i].key)) {
			node_remove(map, map->pairs[i].key);
			continue;
		}
		/* All that are left are there. */
		node_remove(map->pairs[i].value, "required");
		/* That is for who restarts them, and this one does not. */
		if (major < 2)
			node_remove(map->pairs[i].value, "restart");
		i++;
	}
	if (map != NULL && map->count == 0)
		node_remove(service, "depends_on");
}

/* "service" or "service:alias". */
static void drop_links(struct pool *pool, const struct stack *stack, struct node *service)
{
	const struct node *links = node_find(service, "links");
	struct node *kept;

	if (links == NULL || links->kind != NODE_LIST)
		return;
	kept = node_create(pool, NODE_LIST, nowhere);
	for (size_t i = 0; i < links->count; i++) {
		struct node *link = links->items[i];
		const char *text = link->kind == NODE_SCALAR ? link->text : "";

		if (is_container(stack, pool_strndup(pool, text, strcspn(text, ":"))))
			node_append(pool, kept, link);
	}
	if (kept->count > 0)
		set(pool, service, "links", kept);
	else
		node_remove(service, "links");
}

/* True when the map says nothing beside these. */
static bool has_only(const struct node *map, const char *const *keys)
{
	for (size_t i = 0; i < map->count; i++) {
		const char *const *key = keys;

		while (*key != NULL && strcmp(*key, map->pairs[i].key) != 0)
			key++;
		if (*key == NULL)
			return false;
	}
	return true;
}

/* The short form, which all versions read in the same way; NULL: it cannot say this. */
static const char *short_port(struct pool *pool, const struct node *port)
{
	static const char *const keys[] = {"mode", "host_ip", "target", "published", "protocol", NULL};
	const char *mode = text_of(port, "mode"), *host = text_of(port, "host_ip"), *target = text_of(port, "target");
	const char *published = text_of(port, "published"), *protocol = text_of(port, "protocol");
	const char *open = host != NULL && strchr(host, ':') != NULL && *host != '[' ? "[" : "";

	if (port->kind != NODE_MAP || !has_only(port, keys) || target == NULL ||
	    (mode != NULL && strcmp(mode, "ingress") != 0))
		return NULL;
	return pool_printf(pool, "%s%s%s%s%s%s%s%s%s", open, host != NULL ? host : "", *open != '\0' ? "]" : "",
			   host != NULL ? ":" : "", published != NULL ? published : "",
			   published != NULL || host != NULL ? ":" : "", target, protocol != NULL ? "/" : "",
			   protocol != NULL ? protocol : "");
}

static void shorten_ports(struct pool *pool, struct node *service)
{
	struct node *ports = node_find(service, "ports");

	for (size_t i = 0; ports != NULL && ports->kind == NODE_LIST && i < ports->count; i++) {
		const char *text = short_port(pool, ports->items[i]);

		if (text != NULL)
			ports->items[i] = text_node(pool, text);
	}
}

/*
 * Version 1 makes a missing folder of this machine for the short form only, and knows neither that nor labels of SELinux in the long one.
 * NULL: the short form cannot say this.
 */
static const char *short_volume(struct pool *pool, const struct node *volume)
{
	static const char *const keys[] = {"type", "source", "target", "read_only", "bind", NULL};
	static const char *const bind_keys[] = {"create_host_path", "selinux", "propagation", NULL};
	const struct node *bind = node_find(volume, "bind");
	const char *source = text_of(volume, "source"), *target = text_of(volume, "target");
	const char *read_only = text_of(volume, "read_only"), *make = text_of(bind, "create_host_path");
	const char *type = text_of(volume, "type"), *selinux = text_of(bind, "selinux");
	const char *propagation = text_of(bind, "propagation");

	if (type == NULL || strcmp(type, "bind") != 0 || source == NULL || target == NULL || !has_only(volume, keys) ||
	    bind == NULL || bind->kind != NODE_MAP || !has_only(bind, bind_keys) || strchr(source, ':') != NULL ||
	    strchr(target, ':') != NULL || make == NULL || strcmp(make, "true") != 0)
		return NULL;
	return pool_printf(pool, "%s:%s:%s%s%s%s%s", source, target,
			   read_only != NULL && strcmp(read_only, "true") == 0 ? "ro" : "rw",
			   selinux != NULL ? "," : "", selinux != NULL ? selinux : "", propagation != NULL ? "," : "",
			   propagation != NULL ? propagation : "");
}

static void shorten_volumes(struct pool *pool, struct node *service)
{
	struct node *volumes = node_find(service, "volumes");

	for (size_t i = 0; volumes != NULL && volumes->kind == NODE_LIST && i < volumes->count; i++) {
		const char *text = short_volume(pool, volumes->items[i]);

		if (text != NULL)
			volumes->items[i] = text_node(pool, text);
	}
}

static bool names_host(const struct node *hosts)
{
	size_t length = strlen(COMPOSE_HOST_NAME);

	for (size_t i = 0; hosts->kind == NODE_LIST && i < hosts->count; i++) {
		const struct node *host = hosts->items[i];

		if (host->kind == NODE_SCALAR && strncmp(host->text, COMPOSE_HOST_NAME, length) == 0 &&
		    (host->text[length] == ':' || host->text[length] == '='))
			return true;
	}
	return node_find(hosts, COMPOSE_HOST_NAME) != NULL;
}

/* A name for this machine, where the native services are. A container in another's network has that one's names. */
static void add_host(struct pool *pool, struct node *service)
{
	struct node *hosts = node_find(service, "extra_hosts");
	const char *mode = text_of(service, "network_mode");

	if (mode != NULL && (strncmp(mode, "service:", 8) == 0 || strncmp(mode, "container:", 10) == 0))
		return;
	if (hosts == NULL || (hosts->kind != NODE_LIST && hosts->kind != NODE_MAP)) {
		hosts = node_create(pool, NODE_LIST, nowhere);
		set(pool, service, "extra_hosts", hosts);
	}
	if (names_host(hosts))
		return;
	if (hosts->kind == NODE_MAP)
		set(pool, hosts, COMPOSE_HOST_NAME, text_node(pool, COMPOSE_HOST_ADDRESS));
	else
		node_append(pool, hosts, text_node(pool, COMPOSE_HOST_NAME ":" COMPOSE_HOST_ADDRESS));
}

/* What was taken from several places stands in the environment by now; all profiles that count are active. */
static void set_environment(struct pool *pool, const struct stack *stack, const char *name,
			    const struct strmap *telemetry, struct node *node)
{
	struct node *environment = node_create(pool, NODE_MAP, nowhere);
	const struct service *service = stack_find_service(stack, name);

	node_remove(node, "env_file");
	node_remove(node, "environment");
	if (service != NULL)
		set_variables(pool, environment, &service->environment);
	set_variables(pool, environment, telemetry);
	if (environment->count > 0)
		set(pool, node, "environment", environment);
}

/* A key without a value says nothing, and version 1 refuses it. */
static void drop_nulls(struct node *map)
{
	for (size_t i = 0; i < map->count;) {
		if (map->pairs[i].value->kind == NODE_NULL)
			node_remove(map, map->pairs[i].key);
		else
			i++;
	}
}

static void make_service(struct pool *pool, const struct stack *stack, const char *name, const struct strmap *telemetry,
			 int major, struct node *service)
{
	const char *policy = text_of(service, "pull_policy");

	node_remove(service, "x-upfront");
	node_remove(service, "profiles");
	drop_nulls(service);
	set_environment(pool, stack, name, telemetry, service);
	drop_depends(stack, major, service);
	drop_links(pool, stack, service);
	shorten_ports(pool, service);
	if (is_mixed(stack))
		add_host(pool, service);
	if (major > 1)
		return;
	shorten_volumes(pool, service);
	if (policy != NULL && strcmp(policy, "missing") == 0)
		set(pool, service, "pull_policy", text_node(pool, "if_not_present"));
	else if (policy != NULL && strcmp(policy, "always") != 0 && strcmp(policy, "never") != 0 &&
		 strcmp(policy, "build") != 0)
		node_remove(service, "pull_policy");
}

static struct node *make_services(struct pool *pool, const struct stack *stack, const struct strmap *telemetry,
				  int major, const struct node *from)
{
	struct node *services = node_create(pool, NODE_MAP, nowhere);

	for (size_t i = 0; from != NULL && from->kind == NODE_MAP && i < from->count; i++) {
		const struct node_pair *pair = &from->pairs[i];

		if (!is_container(stack, pair->key) || pair->value->kind != NODE_MAP)
			continue;
		make_service(pool, stack, pair->key, telemetry, major, pair->value);
		set(pool, services, pair->key, pair->value);
	}
	return services;
}

struct node *compose_generated_tree(struct pool *pool, const struct stack *stack, const struct strmap *telemetry,
				    int major, const char **left_out)
{
	struct node *from = node_copy(pool, stack->root);
	struct node *root = node_create(pool, NODE_MAP, nowhere);

	/* The name is said on the command line; what begins with x- is for others. */
	for (size_t i = 0; i < from->count; i++) {
		const struct node_pair *pair = &from->pairs[i];

		if (strcmp(pair->key, "name") == 0 || strncmp(pair->key, "x-", 2) == 0 ||
		    pair->value->kind == NODE_NULL)
			continue;
		set(pool, root, pair->key,
		    strcmp(pair->key, "services") == 0 ? make_services(pool, stack, telemetry, major, pair->value)
						       : pair->value);
	}
	compose_keys_type(root);
	*left_out = major > 1 ? "" : compose_keys_strip(pool, root);
	stack_print_escape(pool, root);
	return root;
}

char *compose_generated_text(const struct stack *stack, const struct strmap *telemetry, int major)
{
	struct pool *pool = pool_create();
	const char *left_out;
	char *text = stack_yaml_print(compose_generated_tree(pool, stack, telemetry, major, &left_out));

	pool_destroy(pool);
	return text;
}
