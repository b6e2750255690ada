/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/stack_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define RANGE_MAX 1000 /* a range is spelled out, port by port */

struct range {
	int first, last;
};

/* One port of the short form, its parts as they stand there. */
struct short_port {
	char *host; /* NULL: any */
	char *published; /* NULL: none */
	char *target;
	const char *protocol;
};

static bool port_number(const char *text, size_t length, int *port)
{
	int value = 0;

	if (length == 0 || length > 5)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*port = value;
	return value >= 1 && value <= PORT_MAX;
}

/* "80" or "8000-8010"; an error says what is wrong. */
static bool port_range(struct stack_load *load, const char *text, struct err_place place, struct range *range)
{
	const char *dash = strchr(text, '-');
	size_t length = dash ? (size_t)(dash - text) : strlen(text);

	range->last = 0;
	if (!port_number(text, length, &range->first) ||
	    (dash && !port_number(dash + 1, strlen(dash + 1), &range->last))) {
		/* Named whole: a part of a secret would not be recognised as one. */
		err_at(load->err, ERR_CONFIG, place, "'%s' is no port%s: wanted a number from 1 to %d", text,
		       dash ? " range" : "", PORT_MAX);
		return false;
	}
	if (!dash)
		range->last = range->first;
	if (range->last < range->first) {
		err_at(load->err, ERR_CONFIG, place, "the port range '%s' ends before it begins", text);
		return false;
	}
	return true;
}

/* [HOST:][PUBLISHED:]TARGET[/PROTOCOL], taken apart from its end: the host may be an IPv6 address. */
static void short_split(struct pool *pool, const char *text, struct short_port *port)
{
	char *copy = pool_strdup(pool, text);
	char *slash = strchr(copy, '/');
	char *colon;
	size_t length;

	*port = (struct short_port){NULL, NULL, copy, "tcp"};
	if (slash) {
		*slash = '\0';
		port->protocol = slash + 1;
	}
	colon = strrchr(copy, ':');
	if (!colon)
		return;
	*colon = '\0';
	port->target = colon + 1;
	port->published = copy;
	colon = strrchr(copy, ':');
	if (!colon)
		return;
	*colon = '\0';
	port->published = colon + 1;
	port->host = copy;
	length = strlen(copy);
	if (length >= 2 && copy[0] == '[' && copy[length - 1] == ']') {
		copy[length - 1] = '\0';
		port->host = copy + 1;
	}
}

static bool host_is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static void set_text(struct stack_load *load, struct node *map, const char *key, const char *text,
		     enum node_style style)
{
	struct node *value = node_scalar(load->pool, text, map->place);

	value->style = style;
	node_set(load->pool, map, key, map->place, value);
}

static void add_port(struct stack_load *load, struct node *list, const struct short_port *port, const char *published,
		     int target, struct err_place place)
{
	struct node *map = node_create(load->pool, NODE_MAP, place);

	set_text(load, map, "mode", "ingress", NODE_PLAIN);
	if (port->host)
		set_text(load, map, "host_ip", port->host, NODE_PLAIN);
	set_text(load, map, "target", pool_printf(load->pool, "%d", target), NODE_PLAIN);
	if (published)
		set_text(load, map, "published", published, NODE_QUOTED);
	set_text(load, map, "protocol", port->protocol, NODE_PLAIN);
	node_append(load->pool, list, map);
	stack_load_count(load, 6, place);
}

static void short_expand(struct stack_load *load, struct node *list, const struct node *item)
{
	struct short_port port;
	struct range published = {0, 0};
	struct range target;

	short_split(load->pool, item->text, &port);
	if (strcmp(port.protocol, "tcp") != 0 && strcmp(port.protocol, "udp") != 0) {
		err_at(load->err, ERR_CONFIG, item->place, "unknown protocol '%s' of port '%s': wanted tcp or udp",
		       port.protocol, item->text);
		return;
	}
	if (port.host && *port.host && !host_is_address(port.host)) {
		err_at(load->err, ERR_CONFIG, item->place, "'%s' is no address to bind a port to: wanted an IP address",
		       port.host);
		return;
	}
	if (port.host && !*port.host)
		port.host = NULL;
	if (!port_range(load, port.target, item->place, &target))
		return;
	if (target.last - target.first >= RANGE_MAX) {
		err_at(load->err, ERR_CONFIG, item->place, "the port range '%s' is longer than %d ports", port.target,
		       RANGE_MAX);
		return;
	}
	if (!port.published || (!*port.published && port.host)) {
		for (int i = target.first; i <= target.last; i++)
			add_port(load, list, &port, NULL, i, item->place);
		return;
	}
	if (!port_range(load, port.published, item->place, &published))
		return;
	if (target.first == target.last) {
		add_port(load, list, &port, port.published, target.first, item->place);
		return;
	}
	if (published.last - published.first != target.last - target.first) {
		err_at(load->err, ERR_CONFIG, item->place, "the port ranges '%s' and '%s' differ in length",
		       port.published, port.target);
		return;
	}
	for (int i = 0; i <= target.last - target.first; i++)
		add_port(load, list, &port, pool_printf(load->pool, "%d", published.first + i), target.first + i,
			 item->place);
}

/* The long form, with what it leaves out; whether its values are right is for the reader of services. */
static void long_complete(struct stack_load *load, struct node *list, struct node *item)
{
	struct node *published = node_find(item, "published");

	if (!node_find(item, "mode"))
		set_text(load, item, "mode", "ingress", NODE_PLAIN);
	if (!node_find(item, "protocol"))
		set_text(load, item, "protocol", "tcp", NODE_PLAIN);
	if (published && published->kind == NODE_SCALAR)
		published->style = NODE_QUOTED;
	node_append(load->pool, list, item);
}

/* A port said twice is one. */
static struct node *each_once(struct stack_load *load, const struct node *ports)
{
	static const char *const fields[] = {"host_ip", "published", "target", "protocol"};
	struct node *list = node_create(load->pool, NODE_LIST, ports->place);
	struct node *seen = node_create(load->pool, NODE_MAP, ports->place);

	list->tag = ports->tag;
	for (size_t i = 0; i < ports->count; i++) {
		struct node *port = ports->items[i];
		const char *identity = "";

		for (size_t k = 0; k < sizeof(fields) / sizeof(*fields); k++) {
			const struct node *field = node_find(port, fields[k]);

			identity = pool_printf(load->pool, "%s\n%s", identity,
					       field && field->kind == NODE_SCALAR ? field->text : "");
		}
		if (node_find_pair(seen, identity))
			continue;
		node_set(load->pool, seen, identity, port->place, port);
		node_append(load->pool, list, port);
	}
	return list;
}

struct node *stack_normal_ports(struct stack_load *self, const struct node *ports)
{
	struct node *list = node_create(self->pool, NODE_LIST, ports->place);

	list->tag = ports->tag;
	for (size_t i = 0; i < ports->count; i++) {
		struct node *item = ports->items[i];

		if (item->kind == NODE_MAP)
			long_complete(self, list, item);
		else if (item->kind == NODE_SCALAR)
			short_expand(self, list, item);
		else
			err_at(self->err, ERR_CONFIG, item->place,
			       "a port wants text such as \"8080:80\" or a map, found %s", node_kind_name(item));
	}
	return each_once(self, list);
}
